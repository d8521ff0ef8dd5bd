"""The business behind the stand-in's API: one merchant's transactions, refunds and disputes."""

import asyncio
import re
import secrets
from collections.abc import Mapping
from typing import Any

from local.paystack import bodies
from local.paystack.bodies import Dispute, Json, Refund, Transaction, moment
from local.paystack.faults import Faults
from local.paystack.store import DuplicateKey, Store
from local.paystack.webhooks import Webhooks

# The smallest amounts in minor units.
MINIMUM = {"NGN": 5000, "USD": 200, "GHS": 10, "ZAR": 100, "KES": 300, "XOF": 100}
# Thousandths of the amount, as seen on Kenyan payments.
FEES = {"card": 29, "mobile_money": 15}
GATEWAY_RESPONSES = {"card": "Successful", "mobile_money": "Approved"}

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+\Z")
# Underscores are not documented, and yet seen.
_REFERENCE = re.compile(r"[A-Za-z0-9.=_-]+\Z")


class Refused(Exception):
    """Paystack would not do this; `name` is a key of `bodies.ERRORS`."""

    def __init__(self, name: str) -> None:
        super().__init__(bodies.ERRORS[name]["message"])
        self.name = name


class Integration:
    """One merchant's account: it keeps what happens in the store and tells the merchant through the webhooks."""

    def __init__(
        self, store: Store, webhooks: Webhooks, faults: Faults, *, mode: str, currencies: tuple[str, ...]
    ) -> None:
        """`currencies` are those the account accepts; the first is its own, used where a request names none."""
        self._store = store
        self._webhooks = webhooks
        self._faults = faults
        self._mode = mode
        self._currencies = currencies
        self._refunding: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Take up the refunds an earlier run left open."""
        for refund in self._store.all("refund"):
            if refund["status"] == "pending":
                self._finish_in_time(refund)

    async def stop(self) -> None:
        """Let no refund have its outcome by itself any more."""
        for task in self._refunding:
            task.cancel()
        await asyncio.gather(*self._refunding, return_exceptions=True)

    def initialize(
        self, asked: Mapping[str, Any], *, entry_point: str = "transaction_initialize"
    ) -> Transaction:
        """Make a transaction of a request's fields. Raises Refused."""
        email = asked.get("email")
        if not email:
            raise Refused("missing_email")
        if not isinstance(email, str) or not _EMAIL.match(email):
            raise Refused("invalid_email")
        currency = asked.get("currency") or self._currencies[0]
        if currency not in self._currencies:
            raise Refused("unsupported_currency")
        amount = _whole(asked.get("amount"))
        if amount is None or amount < MINIMUM[currency]:
            raise Refused("invalid_amount")
        reference = asked.get("reference") or secrets.token_hex(5)
        if not isinstance(reference, str) or not _REFERENCE.match(reference):
            raise Refused("invalid_reference")
        transaction = {
            "domain": self._mode,
            "reference": reference,
            "access_code": secrets.token_hex(8),
            "status": "abandoned",
            "requested_amount": amount,
            "amount": amount,
            "currency": currency,
            "email": email,
            # An integration that sends none gets "" back, as the official samples do.
            "metadata": asked.get("metadata", ""),
            "callback_url": asked.get("callback_url"),
            "entry_point": entry_point,
            "channel": "card",
            "gateway_response": "The transaction was not completed",
            "created_at": moment(),
            "paid_at": None,
            "fees": None,
        }
        try:
            added: Transaction = self._store.add("transaction", reference, transaction)
        except DuplicateKey as error:
            raise Refused("duplicate_reference") from error
        return added

    def transaction(self, reference: str) -> Transaction:
        """The transaction of a reference. Raises Refused."""
        found: Transaction | None = self._store.by_key("transaction", reference)
        if found is None:
            raise Refused("transaction_not_found")
        return found

    def transaction_by_id(self, transaction_id: str) -> Transaction:
        """The transaction of an id, as typed. Raises Refused."""
        if not transaction_id.isdecimal():
            raise Refused("invalid_id")
        found: Transaction | None = self._store.by_id("transaction", int(transaction_id))
        if found is None:
            raise Refused("transaction_not_found")
        return found

    def transaction_by_access_code(self, access_code: str) -> Transaction | None:
        """The transaction a pay page belongs to."""
        return next((each for each in self.transactions() if each["access_code"] == access_code), None)

    def transactions(self) -> list[Transaction]:
        """All transactions, newest first."""
        return list(reversed(self._store.all("transaction")))

    def save(self, transaction: Transaction) -> None:
        """Keep a transaction as changed by hand."""
        self._store.save("transaction", transaction)

    def pay(self, transaction: Transaction, channel: str, *, payer_bears_fees: bool = False) -> Transaction:
        """The payer pays, now or after failed attempts. Paying what is paid changes nothing."""
        if transaction["paid_at"] is not None:
            return transaction
        fees = transaction["requested_amount"] * FEES[channel] // 1000
        transaction["status"] = "success"
        transaction["channel"] = channel
        transaction["gateway_response"] = GATEWAY_RESPONSES[channel]
        transaction["amount"] = transaction["requested_amount"] + (fees if payer_bears_fees else 0)
        if self._faults.paid_amount_off_by:
            transaction["requested_amount"] += self._faults.paid_amount_off_by
            transaction["amount"] += self._faults.paid_amount_off_by
        transaction["currency"] = self._faults.paid_currency or transaction["currency"]
        transaction["fees"] = fees
        transaction["paid_at"] = moment()
        self.save(transaction)
        self._webhooks.send(bodies.charge_success(transaction))
        return transaction

    def fail(self, transaction: Transaction, channel: str) -> Transaction:
        """The payment is declined. There is no webhook for that, and the payer may try again."""
        if transaction["paid_at"] is None:
            transaction["status"] = "failed"
            transaction["channel"] = channel
            transaction["gateway_response"] = "Declined"
            self.save(transaction)
        return transaction

    def abandon(self, transaction: Transaction) -> Transaction:
        """The payer closes the page. Money may still arrive."""
        if transaction["paid_at"] is None:
            transaction["status"] = "abandoned"
            self.save(transaction)
        return transaction

    def refund(self, asked: Mapping[str, Any]) -> tuple[Refund, Transaction]:
        """Give money back: pending at once, its outcome later. Raises Refused."""
        named = str(asked.get("transaction", ""))
        paid: Transaction | None = self._store.by_key("transaction", named)
        transaction = paid or self.transaction_by_id(named)
        left = transaction["amount"] - sum(
            refund["amount"]
            for refund in self.refunds(transaction["reference"])
            if refund["status"] != "failed"
        )
        amount = _whole(asked["amount"]) if "amount" in asked else left
        if transaction["status"] != "success" or amount is None or not 0 < amount <= left:
            raise Refused("not_refundable")
        refund: Refund = self._store.add(
            "refund",
            secrets.token_hex(8),
            {
                "transaction": transaction["reference"],
                "amount": amount,
                "currency": transaction["currency"],
                "domain": self._mode,
                "status": "pending",
                "reference": None,
                "created_at": moment(),
            },
        )
        self._webhooks.send(bodies.refund_event(refund, transaction["email"]))
        self._finish_in_time(refund)
        return refund, transaction

    def refunds(self, reference: str | None = None) -> list[Refund]:
        """The refunds of a transaction, or all, oldest first."""
        return [each for each in self._store.all("refund") if reference in (None, each["transaction"])]

    def refund_by_id(self, refund_id: int) -> Refund | None:
        found: Refund | None = self._store.by_id("refund", refund_id)
        return found

    def finish_refund(self, refund: Refund, outcome: str) -> Refund:
        """Bring a refund to processed, failed or needs-attention."""
        transaction = self.transaction(refund["transaction"])
        refund["status"] = outcome
        refund["reference"] = str(132_000_000_000 + refund["id"])
        self._store.save("refund", refund)
        given_back = sum(
            each["amount"] for each in self.refunds(transaction["reference"]) if each["status"] == "processed"
        )
        if given_back >= transaction["amount"]:
            transaction["status"] = "reversed"
            self.save(transaction)
        self._webhooks.send(bodies.refund_event(refund, transaction["email"]))
        return refund

    def _finish_in_time(self, refund: Refund) -> None:
        async def finish() -> None:
            await asyncio.sleep(self._faults.refund_seconds)
            if self._faults.refund_outcome != "pending":
                self.finish_refund(refund, self._faults.refund_outcome)

        task = asyncio.create_task(finish())
        self._refunding.add(task)
        task.add_done_callback(self._refunding.discard)

    def dispute(
        self, transaction: Transaction, *, category: str = "chargeback", amount: int | None = None
    ) -> Dispute:
        """The payer's bank asks for the money back."""
        dispute: Dispute = self._store.add(
            "dispute",
            secrets.token_hex(8),
            {
                "transaction": transaction["reference"],
                "amount": amount if amount is not None else transaction["amount"],
                "status": "awaiting-merchant-feedback",
                "resolution": None,
                "category": category,
                "created_at": moment(),
                "resolved_at": None,
            },
        )
        self._webhooks.send(bodies.dispute_event("create", dispute, transaction))
        return dispute

    def dispute_by_id(self, dispute_id: int) -> Dispute | None:
        found: Dispute | None = self._store.by_id("dispute", dispute_id)
        return found

    def remind(self, dispute: Dispute) -> Dispute:
        """Nobody has answered the dispute yet."""
        self._webhooks.send(bodies.dispute_event("remind", dispute, self.transaction(dispute["transaction"])))
        return dispute

    def resolve(self, dispute: Dispute, resolution: str) -> Dispute:
        """The dispute ends: `declined` is won by the merchant, anything else (auto-accepted) is lost."""
        transaction = self.transaction(dispute["transaction"])
        dispute["status"] = "resolved"
        dispute["resolution"] = resolution
        dispute["resolved_at"] = moment()
        self._store.save("dispute", dispute)
        if resolution != "declined":
            transaction["status"] = "reversed"
            self.save(transaction)
        self._webhooks.send(bodies.dispute_event("resolve", dispute, transaction))
        return dispute


def _whole(value: Any) -> int | None:
    """An amount as Paystack accepts it: an integer, or one written as a string."""
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return None


def listed(transactions: list[Transaction], query: Mapping[str, str]) -> Json:
    """One page of transactions with its `meta`, by from, to, status, perPage and page."""
    since, until, status = (query.get(name) for name in ("from", "to", "status"))
    found = [
        each
        for each in transactions
        if (since is None or bodies.parsed(each["created_at"]) >= bodies.parsed(since))
        and (until is None or bodies.parsed(each["created_at"]) <= bodies.parsed(until))
        and status in (None, each["status"])
    ]
    per_page, page = int(query.get("perPage", 50)), int(query.get("page", 1))
    start = (page - 1) * per_page
    return bodies.answer(
        "Transactions retrieved",
        [bodies.verified(each) for each in found[start : start + per_page]],
        meta={
            "total": len(found),
            "skipped": start,
            "perPage": per_page,
            "page": page,
            "pageCount": -(-len(found) // per_page),
        },
    )
