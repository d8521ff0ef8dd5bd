"""Finish what webhooks left undone, and ask Paystack about payments nobody has told us of: every few minutes.

Money that was paid must be credited though every webhook was lost, so this job alone is enough to settle everything;
webhooks and the payer's own question are only quicker. Each payment is claimed by one SQL call, asked about outside
any transaction, and settled by another SQL call, so runs may overlap, and one that is killed loses nothing: what it
had claimed is due again within minutes.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import Any

import psycopg
import structlog

from api.db import Database
from api.providers.paystack import (
    Charge,
    InvalidKey,
    InvalidReference,
    Mode,
    NotFound,
    Paystack,
    RateLimited,
    Rejected,
    Unavailable,
)

log = structlog.get_logger(__name__)

NAME = "reconcile-payments"

BATCH = 10
# No payment is asked about after this many seconds, so that a cron request ends in time. The next run goes on.
SECONDS = 40.0
# Paystack is taken to be down after so many payments in a row without an answer.
PATIENCE = 3


def run(db: Database, paystack: Paystack, *, seconds: float = SECONDS) -> dict[str, Any]:
    """Handle stored events and ask about due payments, oldest first, for about `seconds`. Runs may overlap.

    Returns how many events were handled or could not be, how many payments were asked about, and what came of them:
    credited, settled (by somebody else meanwhile), failed, pending, not_found, refused (by Paystack or by
    settle_payment; the log says why) or unanswered. Raises InvalidKey, as nothing can be asked with a wrong key (the record of the run says so), and psycopg.Error.
    """
    ends_at = time.monotonic() + seconds
    result: Counter[str] = Counter()
    _handle_events(db, paystack.mode, result, ends_at)
    try:
        _ask_about_payments(db, paystack, result, ends_at)
    except InvalidKey:
        db.value("record_job_run", job=NAME, result={**result, "error": "PAYMENT_REFUSED"})
        raise
    db.value("record_job_run", job=NAME, result=dict(result))
    return {"job": NAME, **result}


def settle(db: Database, charge: Charge, mode: Mode) -> dict[str, Any]:
    """Have the database act on what Paystack says of a payment; its answer is settle_payment's."""
    settled: dict[str, Any] = db.call(
        "settle_payment",
        repeatable=True,
        reference=charge.reference,
        amount_minor=charge.amount_minor,
        currency=charge.currency,
        charge=charge.payload,
        mode=mode,
    )
    return settled


def _handle_events(db: Database, mode: Mode, result: Counter[str], ends_at: float) -> None:
    """Small batches, because the accounts of one batch stay locked until its end."""
    while time.monotonic() < ends_at:
        batch = db.call("handle_pending_payment_events", repeatable=True, limit=BATCH, mode=mode)
        result["events_handled"] += batch["handled"]
        result["events_failed"] += batch["failed"]
        # Those that failed come after all others, and would only fail again.
        if batch["failed"] or batch["handled"] < BATCH:
            return


def _ask_about_payments(db: Database, paystack: Paystack, result: Counter[str], ends_at: float) -> None:
    unanswered_in_a_row = 0
    claimed: list[dict[str, str]] = []
    while time.monotonic() < ends_at:
        if not claimed:
            # Not repeated when the connection breaks: a claim that was made would put those payments off unasked.
            claimed = db.call("claim_payments_to_check", limit=BATCH)["payments"]
        if not claimed:
            return
        reference = claimed.pop(0)["reference"]
        result["asked"] += 1
        try:
            result[_settle_by_asking(db, paystack, reference)] += 1
            unanswered_in_a_row = 0
        except Unavailable as error:
            log.warning("payment_not_answered", reference=reference, reason=str(error))
            result["unanswered"] += 1
            unanswered_in_a_row += 1
            if isinstance(error, RateLimited) or unanswered_in_a_row == PATIENCE:
                return


def _settle_by_asking(db: Database, paystack: Paystack, reference: str) -> str:
    """What came of asking about one payment. Raises Unavailable and InvalidKey, which concern others as well."""
    try:
        settled = settle(db, paystack.verify(reference), paystack.mode)
    except NotFound:
        # Never registered, or not visible yet; asked again until it expires.
        return "not_found"
    except (Rejected, InvalidReference) as error:
        log.error("payment_refused", reference=reference, reason=str(error))
        return "refused"
    except psycopg.Error as error:
        if not (error.sqlstate or "").startswith("PT4"):
            raise
        log.error("payment_refused", reference=reference, reason=error.diag.message_hint)
        return "refused"
    if settled["granted"]:
        return "credited"
    return "settled" if settled["status"] == "success" else str(settled["status"])


if __name__ == "__main__":
    from cli.job import job

    job([NAME, *sys.argv[1:]], prog_name="fantooo job")
