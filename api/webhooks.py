"""What Paystack tells us."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

import psycopg
import structlog
from flask import request

from api import limits, models
from api.config import Network
from api.errors import ApiError, report
from api.metrics import WEBHOOKS
from api.providers import paystack
from api.routing import Access, LimitBy, Resource
from api.services import services

log = structlog.get_logger("api.webhooks")

webhooks = Resource("Webhooks", __name__)

LARGEST_BODY = 256 * 1024  # bytes


@webhooks.operation(
    "POST",
    "/webhooks/paystack",
    access=Access.ANYONE,
    limit_by=LimitBy.NOTHING,
    headers=("X-Paystack-Signature",),
    answers={200: models.Received},
    refusals={401: ("INVALID_SIGNATURE",), 403: ("FORBIDDEN",), 413: ("PAYLOAD_TOO_LARGE",)},
)
def paystack_webhook() -> models.Row:
    """Receive an event of Paystack's, signed over the body with our secret key.

    It is stored before anything is done about it. From then on the answer is 200: what cannot be handled now is
    handled by the reconcile-payments job, and sending it again would not help.
    """
    request.max_content_length = LARGEST_BODY
    body = request.get_data()
    _require_allowed_address()
    valid = paystack.verify_signature(
        body, request.headers.get("X-Paystack-Signature"), services().config.webhook_secrets
    )
    if not valid:
        WEBHOOKS.labels("bad_signature").inc()
        if services().limits.allows(limits.FORGED_WEBHOOKS, "webhook", limits.address()):
            _store(body, valid)
        raise ApiError(401, "INVALID_SIGNATURE", "The signature does not match.")

    event_id = _store(body, valid)
    try:
        handled = services().db.call(
            "handle_payment_event", repeatable=True, event_id=event_id, mode=services().paystack.mode
        )
    except psycopg.Error as error:
        report(error)
        WEBHOOKS.labels("put_off").inc()
    else:
        log.info("payment event", event_id=event_id, outcome=handled["outcome"])
        WEBHOOKS.labels(handled["outcome"]).inc()
    return {"received": True}


def _store(body: bytes, signature_valid: bool) -> int:
    stored = services().db.call(
        "receive_payment_event",
        repeatable=True,
        body=body,
        signature_valid=signature_valid,
        source_ip=limits.address(),
    )
    event_id: int = stored["event_id"]
    return event_id


def _require_allowed_address() -> None:
    allowed = services().config.paystack_allowed_ips
    if allowed and not _is_within(limits.address(), allowed):
        raise ApiError(403, "FORBIDDEN", "Webhooks are not accepted from this address.")


def _is_within(address: str, networks: Iterable[Network]) -> bool:
    try:
        found = ip_address(address)
    except ValueError:  # some proxies forward a port with it, or a word
        return False
    return any(found in network for network in networks)
