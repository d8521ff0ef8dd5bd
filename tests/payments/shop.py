"""A running shop: database, API over HTTP, and Paystack's stand-in, with what a test of payments does and looks at."""

import hashlib
import hmac
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import requests
from werkzeug.serving import make_server

import api
from api.config import Config
from api.db import Database as ApiDatabase
from api.services import Services
from jobs import reconcile_payments
from tests.support.database import Database
from tests.support.paystack import PUBLIC_KEY, SECRET_KEY, StandIn

JWT_SECRET = "a-secret-of-this-test-run-and-of-nothing-else"
ISSUER = "http://127.0.0.1:1"
PRICE = 10_000  # minor units of KES: package credits-10
CREDITS = 10


def environment(database_url: str, paystack_url: str, **more: str) -> dict[str, str]:
    """The API's settings for a test."""
    return {
        "SUPABASE_URL": ISSUER,
        "SUPABASE_ANON_KEY": "sb_publishable_of_this_test",
        "SUPABASE_SERVICE_ROLE_KEY": "sb_secret_of_this_test",
        "SUPABASE_JWT_SECRET": JWT_SECRET,
        "DATABASE_URL": database_url,
        "PAYSTACK_SECRET_KEY": SECRET_KEY,
        "PAYSTACK_PUBLIC_KEY": PUBLIC_KEY,
        "PAYSTACK_BASE_URL": paystack_url,
        "CRON_SECRET": "a-cron-secret-of-this-test",
        "APP_URL": "http://localhost:3000",
        **more,
    }


def signature(body: bytes, key: str = SECRET_KEY) -> str:
    return hmac.new(key.encode(), body, hashlib.sha512).hexdigest()


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """The results of calls made by as many threads, which set off together."""
    barrier = threading.Barrier(len(calls))

    def set_off(call: Callable[[], Any]) -> Any:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(set_off, calls))


@dataclass
class Shop:
    """One test's shop. `services` are the API's own."""

    db: Database
    paystack: StandIn
    url: str
    services: Services

    # What people do.

    def buyer(self) -> uuid.UUID:
        """A user who has not spent a request of anybody else's rate limit, nor a credit."""
        return self.db.user()

    def post(self, path: str, body: Mapping[str, Any], user_id: uuid.UUID) -> requests.Response:
        now = datetime.now(UTC)
        claims = {
            "sub": str(user_id),
            "aud": "authenticated",
            "role": "authenticated",
            "iss": f"{ISSUER}/auth/v1",
            "iat": now,
            "exp": now + timedelta(hours=1),
        }
        token = jwt.encode(claims, JWT_SECRET, "HS256")
        headers = {"authorization": f"Bearer {token}"}
        return requests.post(self.url + path, json=body, headers=headers, timeout=30)

    def begin(self, user_id: uuid.UUID, package_id: str = "credits-10") -> str:
        """Begin a purchase as a browser does; the reference."""
        answer = self.post("/api/payments/initialize", {"packageId": package_id}, user_id)
        assert answer.status_code == 201, answer.text
        reference: str = answer.json()["reference"]
        return reference

    def buy(self, user_id: uuid.UUID, package_id: str = "credits-10") -> str:
        """Begin a purchase, pay, and wait for the webhook to be answered; the reference."""
        reference = self.begin(user_id, package_id)
        self.pay(reference)
        return reference

    def pay(self, reference: str, **how: Any) -> None:
        self.paystack.pay(reference, **how)
        self.paystack.wait_for_deliveries()

    def browser_pays(self, amount_minor: int, **fields: Any) -> str:
        """The seed's inline flow: a payment we never heard of, all of it made up in the browser; the reference."""
        reference = f"{datetime.now(UTC).timestamp() * 1000:.0f}-{uuid.uuid4()}"
        self.paystack.browser_pays(reference, amount_minor, **fields)
        self.paystack.wait_for_deliveries()
        return reference

    def ask(self, user_id: uuid.UUID, reference: str) -> requests.Response:
        """The payer's own question, after the popup."""
        return self.post("/api/webhooks/paystack/verify", {"reference": reference}, user_id)

    # What Paystack does.

    def webhook(
        self, body: bytes, signed: str | None = "", *, content_type: str = "application/json"
    ) -> requests.Response:
        """Deliver these bytes: well signed, or with `signed` as the header, or with none."""
        headers = {"content-type": content_type}
        if signed is not None:
            headers["x-paystack-signature"] = signed or signature(body)
        return requests.post(f"{self.url}/api/webhooks/paystack", data=body, headers=headers, timeout=30)

    def bodies(self, event: str) -> list[bytes]:
        """What the stand-in has sent, or would have sent, of an event."""
        return [each["body"].encode() for each in self.paystack.webhooks() if each["event"] == event]

    def refund(self, reference: str, **asked: Any) -> dict[str, Any]:
        """The merchant refunds in the dashboard, and it comes to the outcome set by the faults."""
        headers = {"authorization": f"Bearer {SECRET_KEY}"}
        answer = requests.post(
            f"{self.paystack.url}/refund",
            json={"transaction": reference, **asked},
            headers=headers,
            timeout=10,
        )
        assert answer.ok, answer.text
        refund: dict[str, Any] = answer.json()["data"]
        return refund

    # What we do.

    def reconcile(self) -> dict[str, Any]:
        """One run of the job, as the cron makes it."""
        return reconcile_payments.run(self.services.db, self.paystack.client())

    def time_passes(self, reference: str, **how_much: float) -> None:
        """A payment gets older, with all its times."""
        self.db.owner.execute(
            "update public.transactions set created_at = created_at - %s, next_check_at = next_check_at - %s"
            " where paystack_reference = %s",
            *[timedelta(**how_much)] * 2,
            reference,
        )

    def spend_all(self, user_id: uuid.UUID) -> None:
        """The user spends what they have."""
        self.db.owner.execute(
            "select private.move_credits(%s, -%s, 'adjustment', p_request_id => %s)",
            user_id,
            self.db.credits(user_id),
            uuid.uuid4(),
        )

    # What is so now.

    def payment(self, reference: str) -> dict[str, Any]:
        (row,) = self.db.owner.rows(
            "select * from public.transactions where paystack_reference = %s", reference
        )
        return row

    def state(self, reference: str) -> tuple[str, str | None]:
        """(status, failure_reason)"""
        payment = self.payment(reference)
        return payment["status"], payment["failure_reason"]

    def events(self) -> list[dict[str, Any]]:
        return self.db.owner.rows("select * from public.payment_events order by id")

    def outcomes(self) -> list[str | None]:
        """How each event was handled, oldest first."""
        return [event["outcome"] for event in self.events()]

    def purchases(self, user_id: uuid.UUID) -> list[int]:
        """The ledger's purchases of a user."""
        return [delta for delta, _, reason in self.db.ledger(user_id) if reason == "purchase"]

    def assert_accounts_agree(self) -> None:
        """What holds after every test: the books balance, every event is accounted for, and a payment is credited
        once if Paystack has its money in full, by Paystack's own books, and not at all otherwise."""
        self.db.assert_books_balance()
        assert [
            event for event in self.events() if event["outcome"] is None or event["handled_at"] is None
        ] == []
        at_paystack = {each["reference"]: each for each in self.paystack.control("GET", "/transactions")}
        for payment in self.db.owner.rows(
            "select t.*, (select coalesce(array_agg(l.delta), '{}') from public.credit_ledger l"
            "  where l.transaction_id = t.id and l.reason = 'purchase') as credited"
            " from public.transactions t"
        ):
            charge = at_paystack.get(payment["paystack_reference"])
            paid_in_full = (
                charge is not None
                and payment["failure_reason"] != "REVERSED"
                and charge["paid_at"] is not None
                and charge["domain"] == "test"
                and charge["currency"] == payment["currency"]
                and charge["requested_amount"] == payment["amount_minor"]
                and charge["amount"] >= payment["amount_minor"]
            )
            due = [payment["credits_purchased"]] if paid_in_full else []
            assert payment["credited"] == due, (payment, charge)
            assert (payment["status"] == "success") == paid_in_full, (payment, charge)


@contextmanager
def running_api(settings: Mapping[str, str], port: int, *, pool_timeout: float = 30) -> Iterator[Services]:
    """The API in threads of this process; `pool_timeout` is how many seconds it waits for a database connection."""
    config = Config.from_env(settings)
    database = ApiDatabase(config.database_url.get_secret_value(), pool_timeout=pool_timeout)
    services = replace(api.connect(config), db=database)
    app = api.create_app(services=services)
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, name="api")
    thread.start()
    try:
        yield services
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        services.db.close()
