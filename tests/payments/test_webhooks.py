"""The webhook endpoint: what it believes, what it keeps, and what it answers."""

import io
import json
import re
from dataclasses import replace
from typing import Any

import pytest

from api import logs
from local.ports import free_port
from tests.conftest import Server
from tests.payments.shop import CREDITS, PRICE, Shop, at_once, environment, running_api, signature
from tests.support.paystack import SECRET_KEY


def paid_but_not_announced(shop: Shop) -> tuple[Any, str, bytes]:
    """(buyer, reference, the webhook's body) of a payment whose webhook is still to come."""
    buyer = shop.buyer()
    reference = shop.begin(buyer)
    shop.paystack.set_faults(hold_webhooks=True)
    shop.pay(reference)
    [body] = shop.bodies("charge.success")
    return buyer, reference, body


class TestSignature:
    def test_the_very_bytes_are_signed(self, shop: Shop) -> None:
        buyer, reference, body = paid_but_not_announced(shop)
        signed = signature(body)
        for forged in (
            json.dumps(json.loads(body)).encode(),
            body.replace(b"KES", b"NGN"),
            body + b" ",
            body[:-1],
            b"",
        ):
            assert shop.webhook(forged, signed).status_code == 401
        assert shop.state(reference) == ("pending", None)
        assert shop.outcomes() == ["bad_signature"] * 5
        assert shop.webhook(body, signed).status_code == 200
        assert shop.db.credits(buyer) == CREDITS

    def test_a_body_in_any_json_spelling_is_taken_if_signed(self, shop: Shop) -> None:
        buyer, _, body = paid_but_not_announced(shop)
        spelled = json.dumps(json.loads(body), indent=1).replace("/", "\\/").encode()
        assert shop.webhook(spelled).status_code == 200
        assert shop.db.credits(buyer) == CREDITS

    @pytest.mark.parametrize(
        "signed",
        [None, "0" * 128, "é" * 128, signature(b"another body"), "sk_test_other"],
        ids=["missing", "zeros", "not ascii", "of another body", "a key"],
    )
    def test_a_bad_signature_is_told_apart_and_kept(self, shop: Shop, signed: str | None) -> None:
        _, reference, body = paid_but_not_announced(shop)
        answer = shop.webhook(body, signed.encode("latin-1") if signed else None)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["code"]) == (401, "INVALID_SIGNATURE")
        assert shop.state(reference) == ("pending", None)
        assert shop.outcomes() == ["bad_signature"]
        assert shop.webhook(body).status_code == 200

    def test_another_key_does_not_sign_for_us(self, shop: Shop) -> None:
        _, _, body = paid_but_not_announced(shop)
        assert shop.webhook(body, signature(body, "sk_test_other")).status_code == 401
        assert shop.webhook(body, signature(body, "")).status_code == 401
        assert shop.webhook(body).status_code == 200

    def test_while_keys_are_changed_both_sign(self, shop: Shop, server: Server, clone: str) -> None:
        _, _, body = paid_but_not_announced(shop)
        new_key = "sk_test_the_new_one"
        settings = environment(
            server.dsn(clone, "fantooo_api"),
            shop.paystack.url,
            PAYSTACK_SECRET_KEY=new_key,
            PAYSTACK_PREVIOUS_SECRET_KEY=SECRET_KEY,
        )
        port = free_port()
        with running_api(settings, port):
            changed = replace(shop, url=f"http://127.0.0.1:{port}")
            assert changed.webhook(body, signature(body, SECRET_KEY)).status_code == 200
            assert changed.webhook(body, signature(body, new_key)).status_code == 200
            assert changed.webhook(body, signature(body, "sk_test_older")).status_code == 401

    @pytest.mark.parametrize(
        "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
    )
    def test_the_content_type_does_not_matter(self, shop: Shop, content_type: str) -> None:
        buyer, _, body = paid_but_not_announced(shop)
        assert shop.webhook(body, content_type=content_type).status_code == 200
        assert shop.db.credits(buyer) == CREDITS


class TestBodies:
    @pytest.mark.parametrize(
        ("body", "outcome"),
        [
            (b"", "unusable"),
            (b"{", "unusable"),
            (b"null", "unusable"),
            (b"[]", "unusable"),
            (b'"charge.success"', "unusable"),
            (b"\xff\xfe", "unusable"),
            (b"[" * 100_000, "unusable"),
            (b'{"event":"charge.success"}', "unusable"),
            (b'{"event":"charge.success","data":null}', "unusable"),
            (b'{"event":"charge.success","data":"x"}', "unusable"),
            (b'{"event":null,"data":{}}', "unusable"),
            (b'{"event":{"a":1},"data":{}}', "ignored"),
            (b'{"event":"charge.success","data":{"domain":"test"}}', "unusable"),
            (b'{"event":"charge.success","data":{"domain":"test","reference":7}}', "unknown_reference"),
            (b'{"event":"charge.success","data":{"domain":"test","reference":"../1"}}', "unusable"),
            (b'{"event":"charge.success","data":{"domain":"test","reference":"a\\u0000"}}', "unusable"),
            (b'{"event":"charge.success","data":{"reference":"cr-1"}}', "wrong_mode"),
            (b'{"event":"charge.success","data":{"domain":"live","reference":"cr-1"}}', "wrong_mode"),
            (b'{"event":"charge.success","data":{"domain":"test","reference":"cr-1"}}', "unknown_reference"),
            (
                b'{"event":"refund.processed","data":{"domain":"test","transaction_reference":"cr-1"}}',
                "ignored",
            ),
            (b'{"event":"charge.dispute.create","data":{"domain":"test","id":1}}', "unusable"),
            (b'{"event":"charge.failed","data":{"domain":"test","reference":"cr-1","amount":1}}', "ignored"),
            (b'{"event":"transfer.success","data":{"reference":"cr-1"}}', "ignored"),
            (b'{"event":"subscription.create","data":{}}', "ignored"),
        ],
    )
    def test_what_is_signed_is_kept_as_it_came_and_answered_200(
        self, shop: Shop, body: bytes, outcome: str
    ) -> None:
        for _ in range(2):
            answer = shop.webhook(body)
            assert (answer.status_code, answer.json()) == (200, {"received": True})
        [event] = shop.events()
        assert bytes(event["body"]) == body
        assert (event["outcome"], event["deliveries"], event["signature_valid"]) == (outcome, 2, True)

    @pytest.mark.parametrize("changes", [
        {"amount": None}, {"amount": "much"}, {"amount": 1e300}, {"amount": -PRICE}, {"amount": 99.5},
        {"currency": None}, {"currency": 7}, {"requested_amount": 1}, {"status": "failed"}, {"status": None},
    ])  # fmt: skip
    def test_a_success_without_the_right_facts_credits_nothing(
        self, shop: Shop, changes: dict[str, Any]
    ) -> None:
        """Signed, and still not what was asked for."""
        buyer = shop.buyer()
        reference = shop.begin(buyer)
        fields = {
            "id": 5, "domain": "test", "status": "success", "reference": reference, "amount": PRICE, "currency": "KES"
        }  # fmt: skip
        body = json.dumps({"event": "charge.success", "data": fields | changes}).encode()
        assert shop.webhook(body).status_code == 200
        assert shop.db.credits(buyer) == 0
        assert shop.outcomes() == ["not_settled"]

    def test_the_least_a_success_must_say_is_enough(self, shop: Shop) -> None:
        buyer, reference, _ = paid_but_not_announced(shop)
        fields = {
            "domain": "test",
            "status": "success",
            "reference": reference,
            "amount": PRICE,
            "currency": "KES",
        }
        assert (
            shop.webhook(json.dumps({"event": "charge.success", "data": fields}).encode()).status_code == 200
        )
        assert shop.db.credits(buyer) == CREDITS

    def test_two_events_that_share_their_key_are_both_kept(self, shop: Shop) -> None:
        """Paystack's events have no id of their own."""
        buyer, _, body = paid_but_not_announced(shop)
        other = body.replace(b'"Successful"', b'"Approved by Financial Institution"')
        answers = at_once(*[lambda sent=sent: shop.webhook(sent).status_code for sent in (body, other) * 10])
        assert answers == [200] * 20
        assert sorted(bytes(event["body"]) for event in shop.events()) == sorted([body, other])
        assert sum(event["deliveries"] for event in shop.events()) == 20
        assert shop.db.credits(buyer) == CREDITS

    def test_too_large_a_body_is_refused_and_the_payment_found_by_asking(self, shop: Shop) -> None:
        buyer = shop.buyer()
        reference = shop.begin(buyer)
        shop.paystack.set_faults(hold_webhooks=True)
        shop.paystack.control("PATCH", f"/transactions/{reference}", metadata="x" * 300_000)
        shop.pay(reference)
        [body] = shop.bodies("charge.success")
        assert shop.webhook(body).status_code == 413
        assert shop.ask(buyer, reference).json()["credits"] == CREDITS


def test_fifty_deliveries_at_once_credit_once(shop: Shop) -> None:
    buyer, reference, body = paid_but_not_announced(shop)
    answers = at_once(*[lambda: shop.webhook(body).status_code] * 50)
    assert answers == [200] * 50
    assert shop.purchases(buyer) == [CREDITS]
    [event] = shop.events()
    assert (event["deliveries"], event["outcome"]) == (50, "credited")
    assert shop.state(reference) == ("success", None)


def test_an_old_success_sent_again_changes_nothing(shop: Shop) -> None:
    buyer = shop.buyer()
    shop.buy(buyer)
    [webhook] = shop.paystack.webhooks()
    shop.paystack.control("POST", f"/webhooks/{webhook['id']}/resend")
    shop.paystack.wait_for_deliveries()
    assert shop.purchases(buyer) == [CREDITS]
    assert [event["deliveries"] for event in shop.events()] == [2]


def test_neither_key_nor_signature_nor_card_nor_payer_is_logged(shop: Shop) -> None:
    written = io.StringIO()
    logs.configure(written)
    buyer, reference, body = paid_but_not_announced(shop)
    shop.webhook(body, "0" * 128)
    shop.webhook(body)
    shop.ask(buyer, reference)
    shop.webhook(b'{"event":"charge.success","data":' + body)
    logged = written.getvalue()
    assert '"outcome":"credited"' in logged
    told = json.loads(body)["data"]
    for private in (
        SECRET_KEY,
        signature(body),
        "0" * 128,
        told["authorization"]["authorization_code"],
        told["authorization"]["signature"],
        told["customer"]["email"],
    ):
        assert private not in logged
    assert not re.search(r"\b408408\b", logged)


def test_what_we_keep_of_a_charge_is_nothing_of_the_card_or_the_person(shop: Shop) -> None:
    payment = shop.payment(shop.buy(shop.buyer()))
    assert set(payment["provider_payload"]) <= {
        "id", "domain", "status", "reference", "amount", "requested_amount", "currency", "channel", "fees",
        "gateway_response", "message", "paid_at", "created_at", "receipt_number",
    }  # fmt: skip


def test_two_bodies_of_one_event_arriving_together_wait_for_each_other(shop: Shop) -> None:
    _, _, body = paid_but_not_announced(shop)
    other = body.replace(b'"Successful"', b'"Approved"')
    first, second = shop.db.session(), shop.db.session()
    first.begin()
    first.call("receive_payment_event", body, True, None)
    waiting = second.start("receive_payment_event", other, True, None)
    shop.db.wait_until_blocked(second)
    first.commit()
    assert waiting.result()["repeated"] is False
    assert [bytes(event["body"]) for event in shop.events()] == [body, other]
    shop.reconcile()
