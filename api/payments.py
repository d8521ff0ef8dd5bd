"""Buying credits: what there is to buy, beginning a payment, and asking what became of it."""

from __future__ import annotations

from api import models
from api.auth import Caller
from api.chats import USERS_ONLY
from api.providers import paystack
from api.routing import Resource
from api.services import services

payments = Resource("Payments", __name__)


@payments.operation("GET", "/packages", answers={200: models.Packages})
def list_packages(caller: Caller) -> models.Row:
    """What credits can be bought in, and for how much."""
    return services().db.call("list_packages", repeatable=True)


@payments.operation(
    "POST",
    "/payments/initialize",
    body=models.Purchase,
    answers={201: models.Checkout},
    refusals={
        403: USERS_ONLY,
        404: ("PACKAGE_NOT_FOUND",),
        502: ("PAYMENT_REFUSED",),
        503: ("PAYMENTS_UNAVAILABLE",),
    },
)
def initialize(caller: Caller, body: models.Purchase) -> tuple[models.Row, int]:
    """Begin a payment: the browser goes on to authorization_url, or opens access_code with Paystack's popup."""
    purchase = services().db.call("create_payment", user_id=caller.id, package_id=body.package_id)
    reference = purchase["reference"]
    try:
        checkout = services().paystack.initialize(
            reference=reference,
            email=purchase["email"],
            amount_minor=purchase["amount_minor"],
            currency=purchase["currency"],
            callback_url=f"{services().config.app_url}/credits",
        )
    except paystack.OutcomeUnknown:
        # It may exist, and be paid: reconciliation asks.
        raise
    except paystack.PaystackError as error:
        services().db.call("fail_payment", repeatable=True, reference=reference, reason=str(error))
        raise
    return {
        "reference": reference,
        "access_code": checkout.access_code,
        "authorization_url": checkout.authorization_url,
        "public_key": services().config.paystack_public_key,
        **{key: purchase[key] for key in ("amount_minor", "currency", "email", "credits", "package_id")},
    }, 201


@payments.operation(
    "POST",
    "/webhooks/paystack/verify",
    body=models.PaymentReference,
    answers={200: models.PaymentState},
    refusals={
        403: USERS_ONLY,
        404: ("PAYMENT_NOT_FOUND",),
        502: ("PAYMENT_REFUSED",),
        503: ("PAYMENTS_UNAVAILABLE",),
    },
)
def verify(caller: Caller, body: models.PaymentReference) -> models.Row:
    """Ask Paystack about a payment of the caller's, and credit it if it came through and was not credited yet.

    status says success, pending or failed, and credits the balance now: a client announces what it bought only
    when it reads success.
    """
    payment = services().db.call("payment_of", repeatable=True, user_id=caller.id, reference=body.reference)
    if payment["status"] != "success":
        try:
            charge = services().paystack.verify(body.reference)
        except paystack.NotFound:
            if payment["status"] == "unknown":
                raise
            # Ours, and Paystack has not heard of it (yet): it is as it was.
            return payment
        payment = services().db.call(
            "settle_payment",
            repeatable=True,
            reference=body.reference,
            amount_minor=charge.amount_minor,
            currency=charge.currency,
            charge=charge.payload,
            mode=services().paystack.mode,
            payer_id=caller.id,
        )
    return payment
