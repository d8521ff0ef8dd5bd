"""The JSON Paystack speaks: transactions as webhooks and as API answers show them, refunds, disputes and errors.

The field sets, their order and their odd values (a verified M-PESA payment has `log.success` false) are those of the
bodies in tests/fixtures/paystack, which were captured from or published by Paystack.
"""

import json
from datetime import UTC, datetime
from typing import Any, TypedDict

Json = dict[str, Any]

INTEGRATION = 100001


class Error(TypedDict):
    """What Paystack answers to a request it does not carry out, beside `"status": false`."""

    http: int
    message: str
    next_step: str
    type: str
    code: str


# The codes of invalid_amount, invalid_reference, unsupported_currency and invalid_transaction are inferred; the
# rest was observed.
ERRORS: dict[str, Error] = {
    name: Error(http=http, message=message, next_step=next_step, type=kind, code=code)
    for name, http, message, next_step, kind, code in [
        ("invalid_key", 401, "Invalid key",
         "Ensure that you provide the correct authorization key for the request", "validation_error", "invalid_Key"),
        ("missing_email", 400, "Email Address is required",
         "Provide the customer's email address", "validation_error", "missing_params"),
        ("invalid_email", 400, "Invalid Email Address Passed",
         "Provide a valid email address", "validation_error", "invalid_email_address"),
        ("invalid_amount", 400, "Invalid Amount Sent",
         "Provide a whole amount in the currency's subunit, not below its minimum", "validation_error",
         "invalid_amount"),
        ("invalid_reference", 400, "Invalid transaction reference",
         "Use only letters, digits, and - . =", "validation_error", "invalid_reference"),
        ("unsupported_currency", 400, "Currency not supported by merchant",
         "Use a currency your integration supports", "validation_error", "unsupported_currency"),
        ("duplicate_reference", 400, "Duplicate Transaction Reference",
         "Try and create the Transaction or Charge with a new reference", "validation_error", "duplicate_reference"),
        ("transaction_not_found", 400, "Transaction reference not found.",
         "Ensure that you're passing the reference of a transaction that exists on this integration",
         "validation_error", "transaction_not_found"),
        ("invalid_id", 400, "Transaction ID should be numeric.",
         "Provide the transaction's id", "validation_error", "invalid_params"),
        ("not_refundable", 400, "Transaction has not been paid, or has been fully reversed",
         "Refund only what was paid", "validation_error", "invalid_transaction"),
        ("rate_limited", 429, "Rate limit exceeded!",
         "Wait a few minutes and try the API call again", "api_error", "rate_limited"),
        ("internal", 500, "An error occurred", "Try again later", "api_error", "unknown"),
    ]
}  # fmt: skip


def error(name: str) -> Json:
    """The body of one of `ERRORS`."""
    told = ERRORS[name]
    return {
        "status": False,
        "message": told["message"],
        "meta": {"nextStep": told["next_step"]},
        "type": told["type"],
        "code": told["code"],
    }


def answer(message: str, data: Any, **more: Any) -> Json:
    """The envelope of a good answer."""
    return {"status": True, "message": message, "data": data, **more}


def compact(value: Any) -> bytes:
    """JSON as JavaScript's JSON.stringify writes it, which is what Paystack signs."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def moment(at: datetime | None = None) -> str:
    """A time as Paystack writes it, to the millisecond."""
    return (at or datetime.now(UTC)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parsed(text: str) -> datetime:
    """A time as a client may write it: with an offset, or without one (then UTC), or only a day."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


class Transaction(TypedDict):
    """What the stand-in keeps of a transaction; the bodies are made from it."""

    id: int
    domain: str
    reference: str
    access_code: str
    status: str
    requested_amount: int
    amount: int
    currency: str
    email: str
    metadata: Any
    callback_url: str | None
    entry_point: str
    channel: str
    gateway_response: str
    created_at: str
    paid_at: str | None
    fees: int | None


def _authorization(transaction: Transaction) -> Json:
    if transaction["paid_at"] is None:
        return {}
    number = transaction["id"]
    if transaction["channel"] == "mobile_money":
        return {
            "authorization_code": f"AUTH_{number}", "bin": "071XXX", "last4": "X000", "exp_month": "12",
            "exp_year": "9999", "channel": "mobile_money", "card_type": "", "bank": "M-PESA",
            "country_code": "KE", "brand": "M-pesa", "reusable": False, "signature": None,
            "account_name": None, "mobile_money_number": "0710000000", "receiver_bank_account_number": None,
            "receiver_bank": None,
        }  # fmt: skip
    return {
        "authorization_code": f"AUTH_{number}", "bin": "408408", "last4": "4081", "exp_month": "12",
        "exp_year": "2030", "channel": "card", "card_type": "visa ", "bank": "TEST BANK",
        "country_code": "KE", "brand": "visa", "reusable": True, "signature": f"SIG_{number}",
        "account_name": None, "receiver_bank_account_number": None, "receiver_bank": None,
    }  # fmt: skip


def _customer(transaction: Transaction) -> Json:
    return {
        "id": 100000001, "first_name": None, "last_name": None, "email": transaction["email"],
        "customer_code": "CUS_local00000000001", "phone": None, "metadata": None, "risk_action": "default",
        "international_format_phone": None,
    }  # fmt: skip


def _common(transaction: Transaction, log: Json | None) -> Json:
    """The fields webhooks and API answers share, in their order. `plan` and `source` differ and are set by each."""
    return {
        "id": transaction["id"],
        "domain": transaction["domain"],
        "status": transaction["status"],
        "reference": transaction["reference"],
        "amount": transaction["amount"],
        "message": None,
        "gateway_response": transaction["gateway_response"],
        "paid_at": transaction["paid_at"],
        "created_at": transaction["created_at"],
        "channel": transaction["channel"],
        "currency": transaction["currency"],
        "ip_address": "192.0.2.10",
        "metadata": transaction["metadata"],
        "fees_breakdown": None,
        "log": log,
        "fees": transaction["fees"],
        "fees_split": None,
        "authorization": _authorization(transaction),
        "customer": _customer(transaction),
        "plan": {},
        "subaccount": {},
        "split": {},
        "order_id": None,
        "paidAt": transaction["paid_at"],
        "requested_amount": transaction["requested_amount"],
        "pos_transaction_data": None,
        "source": None,
    }


def charge_success(transaction: Transaction) -> Json:
    """The `charge.success` webhook."""
    inline = transaction["entry_point"] == "request_inline"
    source = {
        "type": "web" if inline else "api",
        "source": "checkout" if inline else "merchant_api",
        "entry_point": transaction["entry_point"],
        "identifier": None,
    }
    return {"event": "charge.success", "data": _common(transaction, None) | {"source": source}}


def verified(transaction: Transaction) -> Json:
    """The transaction as verify, fetch and list answer it."""
    paid = transaction["paid_at"] is not None
    mobile = transaction["channel"] == "mobile_money"
    log = {
        "start_time": int(datetime.fromisoformat(transaction["created_at"]).timestamp()),
        "time_spent": 1,
        "attempts": 1,
        "errors": 0,
        "success": not mobile,
        "mobile": False,
        "input": [],
        "history": [
            {
                "type": "action",
                "message": f"Attempted to pay with {transaction['channel'].replace('_', ' ')}",
                "time": 1,
            }
        ],
    }
    return _common(transaction, log if paid else None) | {
        "plan": None,
        "receipt_number": "10101" if paid and mobile else None,
        "createdAt": transaction["created_at"],
        "connect": None,
        "transaction_date": transaction["created_at"],
        "plan_object": {},
    }


class Refund(TypedDict):
    """What the stand-in keeps of a refund."""

    id: int
    transaction: str
    amount: int
    currency: str
    domain: str
    status: str
    reference: str | None
    created_at: str


def refund_event(refund: Refund, email: str) -> Json:
    """A `refund.*` webhook. The amount is a string, but for a failed one; `refund_reference` comes late."""
    return {
        "event": f"refund.{refund['status']}",
        "data": {
            "status": refund["status"],
            "transaction_reference": refund["transaction"],
            "refund_reference": refund["reference"],
            "amount": refund["amount"] if refund["status"] == "failed" else str(refund["amount"]),
            "currency": refund["currency"],
            "processor": "local",
            "customer": {"first_name": "Test", "last_name": "Payer", "email": email},
            "integration": INTEGRATION,
            "domain": refund["domain"],
        },
    }


def refund(refund: Refund, transaction: Transaction) -> Json:
    """The refund as the API answers it."""
    return {
        "transaction": verified(transaction),
        "integration": INTEGRATION,
        "deducted_amount": 0,
        "channel": None,
        "merchant_note": f"Refund for transaction {refund['transaction']}",
        "customer_note": f"Refund for transaction {refund['transaction']}",
        "status": refund["status"],
        "refunded_by": "merchant@example.com",
        "expected_at": refund["created_at"],
        "currency": refund["currency"],
        "domain": refund["domain"],
        "amount": refund["amount"],
        "fully_deducted": False,
        "id": refund["id"],
        "createdAt": refund["created_at"],
        "updatedAt": refund["created_at"],
    }


class Dispute(TypedDict):
    """What the stand-in keeps of a dispute."""

    id: int
    transaction: str
    amount: int
    status: str
    resolution: str | None
    category: str
    created_at: str
    resolved_at: str | None


def dispute_event(name: str, dispute: Dispute, transaction: Transaction) -> Json:
    """A `charge.dispute.<name>` webhook: the payment's reference is in `data.transaction`, and nowhere else."""
    nested = _common(transaction, None) | {
        "ip_address": None,
        "metadata": "",
        "authorization": {},
        "customer": {"international_format_phone": None},
    }
    for absent in ("fees_breakdown", "source"):
        del nested[absent]
    return {
        "event": f"charge.dispute.{name}",
        "data": {
            "id": dispute["id"],
            "refund_amount": dispute["amount"],
            "currency": transaction["currency"],
            "status": dispute["status"],
            "resolution": dispute["resolution"],
            "domain": transaction["domain"],
            "transaction": nested,
            "transaction_reference": None,
            "category": dispute["category"],
            "customer": _customer(transaction),
            "bin": "408408",
            "last4": "4081",
            "dueAt": dispute["created_at"],
            "resolvedAt": dispute["resolved_at"],
            "evidence": None,
            "attachments": None,
            "note": None,
            "history": [
                {"status": "pending", "by": transaction["email"], "createdAt": dispute["created_at"]}
            ],
            "messages": [
                {
                    "sender": transaction["email"],
                    "body": "I did not buy this",
                    "createdAt": dispute["created_at"],
                }
            ],
            "created_at": dispute["created_at"],
            "updated_at": dispute["resolved_at"] or dispute["created_at"],
        },
    }
