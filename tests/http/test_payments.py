"""Buying credits over HTTP, against a stand-in for Paystack."""

import hmac
import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from werkzeug.test import TestResponse

from api.config import Config
from api.db import Database as ApiDatabase
from api.services import Services
from tests.conftest import Server
from tests.http.conftest import CRON_SECRET, ENVIRONMENT, Api, body_of, refusal_of
from tests.support.database import Database
from tests.support.paystack import SECRET_KEY, StandIn, running_stand_in

CRON = {"Authorization": f"Bearer {CRON_SECRET}"}


@pytest.fixture
def paystack(tmp_path: Path) -> Iterator[StandIn]:
    """Paystack, whose webhooks reach nobody: tests deliver them."""
    with running_stand_in(tmp_path, "http://127.0.0.1:9/webhook") as running:
        yield running


@pytest.fixture
def paying(services: Services, paystack: StandIn, api: Api) -> Api:
    """The API with that Paystack."""
    api.app.extensions["fantooo"] = replace(services, paystack=paystack.client())
    return api


def deliver(api: Api, event: Any, *, key: str = SECRET_KEY, **options: Any) -> TestResponse:
    """A webhook, signed as Paystack signs."""
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    signature = hmac.new(key.encode(), body, "sha512").hexdigest()
    headers = {"X-Paystack-Signature": signature}
    return api.request("POST", "/api/webhooks/paystack", data=body, headers=headers, **options)


def success_of(reference: str, paid: int, **fields: Any) -> dict[str, Any]:
    charge = {
        "id": 5000000001,
        "domain": "test",
        "status": "success",
        "reference": reference,
        "amount": paid,
        "requested_amount": paid,
        "currency": "KES",
        "channel": "card",
        "metadata": "",
        **fields,
    }
    return {"event": "charge.success", "data": charge}


def begin(api: Api, person: uuid.UUID, package: str = "credits-10") -> dict[str, Any]:
    checkout: dict[str, Any] = body_of(
        api.post("/api/payments/initialize", {"packageId": package}, as_=person), 201
    )
    return checkout


def test_packages_are_listed_with_their_prices(api: Api, person: uuid.UUID) -> None:
    packages = body_of(api.get("/api/packages", as_=person), 200)["packages"]
    assert [(package["credits"], package["price_minor"]) for package in packages] == [
        (10, 10000),
        (25, 25000),
        (50, 50000),
        (100, 100000),
    ]


def test_a_payment_is_begun_paid_and_verified_and_credited_once(
    paying: Api, db: Database, person: uuid.UUID, paystack: StandIn
) -> None:
    checkout = begin(paying, person)
    assert (checkout["amount_minor"], checkout["currency"], checkout["credits"]) == (10000, "KES", 10)
    assert checkout["authorization_url"].startswith("http")
    pending = paying.post("/api/webhooks/paystack/verify", {"reference": checkout["reference"]}, as_=person)
    assert (body_of(pending, 200)["status"], body_of(pending, 200)["credits"]) == ("pending", 0)

    paystack.pay(checkout["reference"])
    for _ in range(2):
        verified = paying.post(
            "/api/webhooks/paystack/verify", {"reference": checkout["reference"]}, as_=person
        )
        assert body_of(verified, 200)["status"] == "success"
    assert db.credits(person) == 10
    db.assert_books_balance()


def test_a_webhook_credits_what_was_paid_for_however_often_it_comes(
    paying: Api, db: Database, person: uuid.UUID
) -> None:
    reference = begin(paying, person)["reference"]
    for _ in range(3):
        assert body_of(deliver(paying, success_of(reference, 10000)), 200) == {"received": True}
    assert db.credits(person) == 10
    verified = paying.post("/api/webhooks/paystack/verify", {"reference": reference}, as_=person)
    assert body_of(verified, 200)["status"] == "success"
    db.assert_books_balance()


@pytest.mark.parametrize(
    "fields", [{"amount": 100}, {"currency": "NGN"}, {"status": "failed"}, {"domain": "live"}]
)
def test_a_webhook_that_does_not_pay_the_price_credits_nothing(
    paying: Api, db: Database, person: uuid.UUID, fields: dict[str, Any]
) -> None:
    reference = begin(paying, person)["reference"]
    event = success_of(reference, 10000, metadata={"credits": 1000, "user_id": str(person)}, **fields)
    body_of(deliver(paying, event), 200)
    assert db.credits(person) == 0


@pytest.mark.parametrize("key", ["sk_test_somebody_elses", ""])
def test_a_forged_webhook_is_refused_kept_as_evidence_and_does_nothing(
    paying: Api, db: Database, person: uuid.UUID, key: str
) -> None:
    reference = begin(paying, person)["reference"]
    forged = deliver(paying, success_of(reference, 10000), key=key)
    assert refusal_of(forged) == (401, "INVALID_SIGNATURE")
    assert db.credits(person) == 0
    events = db.owner.rows("select signature_valid, handled_at from public.payment_events")
    assert [event["signature_valid"] for event in events] == [False]


def test_forged_webhooks_cannot_fill_the_disk(paying: Api, db: Database) -> None:
    for number in range(30):
        assert deliver(paying, f"forged {number}".encode(), key="wrong").status_code == 401
    assert db.owner.value("select count(*) from public.payment_events") == 10


@pytest.mark.parametrize("signature", [None, "", "x", "é", "0" * 128])
def test_a_webhook_without_a_good_signature_is_refused(paying: Api, signature: str | None) -> None:
    headers = {"X-Paystack-Signature": signature} if signature is not None else {}
    refused = paying.request("POST", "/api/webhooks/paystack", data=b"{}", headers=headers)
    assert refusal_of(refused) == (401, "INVALID_SIGNATURE")


def test_the_previous_key_still_signs_while_keys_are_changed(
    paying: Api, db: Database, person: uuid.UUID, server: Server, clone: str
) -> None:
    old = "sk_test_the_previous_one"
    config = Config.from_env(
        {**ENVIRONMENT, "PAYSTACK_PREVIOUS_SECRET_KEY": old, "DATABASE_URL": server.dsn(clone, "fantooo_api")}
    )
    paying.app.extensions["fantooo"] = replace(paying.app.extensions["fantooo"], config=config)
    body_of(deliver(paying, success_of(begin(paying, person)["reference"], 10000), key=old), 200)
    assert db.credits(person) == 10


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"[]", b"null", b'{"event": 5}', b'{"event": "charge.success"}', b'{"event": "new.thing", "data": {}}', b'{"event": "charge.success", "data": {"reference": "\\u0000"}}', b"\xff\xfe"]
)  # fmt: skip
def test_a_signed_event_nobody_understands_is_stored_and_answered_200(
    paying: Api, db: Database, body: bytes
) -> None:
    body_of(deliver(paying, body), 200)
    assert db.owner.value("select count(*) from public.payment_events where signature_valid") == 1


def test_a_webhook_may_be_larger_than_other_requests_but_not_without_end(paying: Api) -> None:
    body_of(deliver(paying, {"event": "x", "data": {"note": "x" * 100_000}}), 200)
    assert refusal_of(deliver(paying, b"x" * 300_000)) == (413, "PAYLOAD_TOO_LARGE")


def test_an_event_that_cannot_be_handled_now_is_answered_200_and_handled_later(
    paying: Api, db: Database, person: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = begin(paying, person)["reference"]
    call = ApiDatabase.call

    def fails_to_handle(self: ApiDatabase, function: str, /, **arguments: Any) -> Any:
        if function == "handle_payment_event":
            raise psycopg.OperationalError("the database went away")
        return call(self, function, **arguments)

    with monkeypatch.context() as broken:
        broken.setattr(ApiDatabase, "call", fails_to_handle)
        body_of(deliver(paying, success_of(reference, 10000)), 200)
    assert db.credits(person) == 0

    done = body_of(paying.get("/api/cron/reconcile-payments", headers=CRON), 200)
    assert done["events_handled"] == 1
    assert db.credits(person) == 10


def test_an_event_that_cannot_be_stored_is_answered_503_so_that_it_comes_again(offline: Api) -> None:
    assert deliver(offline, success_of("x", 1)).status_code == 503


def test_webhooks_may_be_kept_to_paystacks_addresses(paying: Api, server: Server, clone: str) -> None:
    config = Config.from_env(
        {
            **ENVIRONMENT,
            "PAYSTACK_ALLOWED_IPS": "52.31.139.75, 10.0.0.0/8",
            "DATABASE_URL": server.dsn(clone, "fantooo_api"),
        }
    )
    paying.app.extensions["fantooo"] = replace(paying.app.extensions["fantooo"], config=config)
    event = success_of("x", 1)
    for elsewhere in ("203.0.113.9", "10.1.2.3:5678", "unknown", ""):
        refused = deliver(paying, event, environ_base={"REMOTE_ADDR": elsewhere})
        assert refusal_of(refused) == (403, "FORBIDDEN")
    body_of(deliver(paying, event, environ_base={"REMOTE_ADDR": "10.1.2.3"}), 200)


def test_somebody_elses_payment_looks_like_none(
    paying: Api, db: Database, person: uuid.UUID, paystack: StandIn
) -> None:
    reference = begin(paying, person)["reference"]
    paystack.pay(reference)
    nosy = paying.post("/api/webhooks/paystack/verify", {"reference": reference}, as_=db.user())
    assert refusal_of(nosy) == (404, "PAYMENT_NOT_FOUND")
    assert db.credits(person) == 0
    unknown = paying.post("/api/webhooks/paystack/verify", {"reference": "no-such-payment"}, as_=person)
    assert refusal_of(unknown) == (404, "PAYMENT_NOT_FOUND")


@pytest.mark.parametrize("reference", ["../4099260516", "a/b", "", "x" * 101, 7, None])
def test_a_reference_that_is_none_is_refused_before_anybody_is_asked(offline: Api, reference: object) -> None:
    refused = offline.post("/api/webhooks/paystack/verify", {"reference": reference}, as_=uuid.uuid4())
    assert refusal_of(refused) == (400, "INVALID_INPUT")


def test_while_paystack_is_away_the_payer_is_told_to_come_back(
    api: Api, db: Database, person: uuid.UUID
) -> None:
    refused = api.post("/api/payments/initialize", {"packageId": "credits-10"}, as_=person)
    assert refusal_of(refused) == (503, "PAYMENTS_UNAVAILABLE")
    assert refused.headers["Retry-After"]


def test_only_what_is_sold_can_be_bought(api: Api, person: uuid.UUID) -> None:
    refused = api.post("/api/payments/initialize", {"packageId": "credits-7"}, as_=person)
    assert refusal_of(refused) == (404, "PACKAGE_NOT_FOUND")
