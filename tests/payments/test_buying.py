"""Buying credits over HTTP: what a payment is worth, who decides that, and Paystack being away."""

import threading
import uuid
from typing import Any

import pytest

from tests.payments.shop import CREDITS, PRICE, Shop, at_once
from tests.support.paystack import PUBLIC_KEY
from tests.support.waiting import wait_until

FAR_MORE = {"credits": 1_000_000}


class TestAPurchaseOfOurs:
    def test_the_browser_gets_what_either_inline_flow_needs(self, shop: Shop) -> None:
        buyer = shop.buyer()
        answer = shop.post("/api/payments/initialize", {"packageId": "credits-10"}, buyer)
        assert answer.status_code == 201
        told = answer.json()
        [registered] = shop.paystack.control("GET", "/transactions")
        assert told["reference"] == registered["reference"]
        assert told["access_code"] == registered["access_code"]
        assert told["authorization_url"] == f"{shop.paystack.url}/checkout/{registered['access_code']}"
        assert (told["amount_minor"], told["currency"], told["credits"]) == (PRICE, "KES", CREDITS)
        assert told["public_key"] == PUBLIC_KEY
        assert told["email"] == registered["email"]

    def test_nothing_of_the_person_but_their_address_goes_to_paystack(self, shop: Shop) -> None:
        shop.begin(shop.buyer())
        [registered] = shop.paystack.control("GET", "/transactions")
        assert registered["metadata"] == ""

    @pytest.mark.parametrize("channel", ["card", "mobile_money"])
    def test_the_webhook_credits_what_was_bought(self, shop: Shop, channel: str) -> None:
        buyer = shop.buyer()
        reference = shop.begin(buyer, "credits-25")
        shop.pay(reference, channel=channel)
        assert shop.db.credits(buyer) == 25
        assert (shop.state(reference), shop.payment(reference)["channel"]) == (("success", None), channel)
        assert shop.outcomes() == ["credited"]

    def test_fees_passed_on_to_the_payer_do_not_count(self, shop: Shop) -> None:
        buyer = shop.buyer()
        reference = shop.begin(buyer)
        shop.pay(reference, payer_bears_fees=True)
        assert shop.db.credits(buyer) == CREDITS

    @pytest.mark.parametrize("off_by", [-1, 1])
    def test_one_minor_unit_off_credits_nothing_whoever_says_so(self, shop: Shop, off_by: int) -> None:
        buyer = shop.buyer()
        reference = shop.begin(buyer)
        shop.paystack.set_faults(paid_amount_off_by=off_by)
        shop.pay(reference)
        assert shop.ask(buyer, reference).json()["status"] == "failed"
        shop.time_passes(reference, hours=1)
        assert shop.reconcile()["failed"] == 1
        assert shop.db.credits(buyer) == 0
        assert shop.state(reference) == ("failed", "WRONG_AMOUNT")

    def test_part_of_the_price_credits_nothing(self, shop: Shop) -> None:
        """A partial debit: asked for in full, paid less."""
        buyer = shop.buyer()
        reference = shop.begin(buyer)
        shop.paystack.set_faults(drop_webhooks=True)
        shop.pay(reference)
        shop.paystack.control("PATCH", f"/transactions/{reference}", amount=PRICE - 1)
        assert shop.ask(buyer, reference).json()["status"] == "failed"
        assert shop.state(reference) == ("failed", "WRONG_AMOUNT")

    def test_the_same_number_in_another_currency_credits_nothing(self, shop: Shop) -> None:
        buyer = shop.buyer()
        reference = shop.begin(buyer)
        shop.paystack.set_faults(paid_currency="NGN")
        shop.pay(reference)
        assert shop.ask(buyer, reference).json()["status"] == "failed"
        assert shop.db.credits(buyer) == 0
        assert shop.state(reference) == ("failed", "WRONG_CURRENCY")

    @pytest.mark.parametrize(
        "metadata",
        ["", "text", '{"credits": 1000000}', None, 0, 1e300, True, [], FAR_MORE, {"x": "y" * 100_000}],
        ids=["empty", "text", "json text", "null", "zero", "float", "true", "list", "credits", "huge"],
    )
    def test_metadata_decides_nothing_and_breaks_nothing(self, shop: Shop, metadata: Any) -> None:
        buyer = shop.buyer()
        reference = shop.begin(buyer)
        shop.paystack.control("PATCH", f"/transactions/{reference}", metadata=metadata)
        shop.pay(reference)
        assert shop.db.credits(buyer) == CREDITS
        assert shop.outcomes() == ["credited"]

    def test_a_second_currency_needs_only_a_package(self, shop: Shop) -> None:
        shop.db.owner.execute(
            "insert into public.credit_packages (id, credits, price_minor, currency) values ('dollars', 700, %s, 'USD')",
            PRICE,
        )
        by_us, by_the_browser = shop.buyer(), shop.buyer()
        shop.buy(by_us, "dollars")
        shop.browser_pays(PRICE, currency="USD", metadata={"user_id": str(by_the_browser)})
        assert (shop.db.credits(by_us), shop.db.credits(by_the_browser)) == (700, 700)

    def test_a_currency_paystack_does_not_take_from_us_is_our_mistake(self, shop: Shop) -> None:
        shop.db.owner.execute(
            "insert into public.credit_packages (id, credits, price_minor, currency) values ('naira', 7, %s, 'NGN')",
            PRICE,
        )
        answer = shop.post("/api/payments/initialize", {"packageId": "naira"}, shop.buyer())
        assert (answer.status_code, answer.json()["code"]) == (502, "PAYMENT_REFUSED")
        assert shop.db.owner.value("select status from public.transactions") == "failed"

    def test_a_package_that_is_not_sold_any_more_is_still_credited_to_who_began_before(
        self, shop: Shop
    ) -> None:
        buyer = shop.buyer()
        reference = shop.begin(buyer)
        shop.db.owner.execute(
            "update public.credit_packages set is_active = false, credits = 1, price_minor = 1"
        )
        shop.pay(reference)
        assert shop.db.credits(buyer) == CREDITS

    def test_a_declined_payment_can_still_come_through(self, shop: Shop) -> None:
        buyer = shop.buyer()
        reference = shop.begin(buyer)
        shop.paystack.control("POST", f"/transactions/{reference}/fail")
        assert shop.ask(buyer, reference).json()["status"] == "failed"
        assert shop.state(reference) == ("failed", "DECLINED")
        shop.pay(reference)
        assert shop.db.credits(buyer) == CREDITS
        assert shop.state(reference) == ("success", None)

    def test_charge_of_the_other_mode_is_worth_nothing(self, shop: Shop) -> None:
        buyer = shop.buyer()
        reference = shop.begin(buyer)
        shop.paystack.control("PATCH", f"/transactions/{reference}", domain="live")
        shop.pay(reference)
        assert shop.ask(buyer, reference).json()["code"] == "WRONG_MODE"
        shop.time_passes(reference, hours=1)
        assert shop.reconcile()["refused"] == 1
        assert shop.db.credits(buyer) == 0
        assert shop.outcomes() == ["wrong_mode"]


class TestAPaymentBegunInTheBrowser:
    """The seed's inline flow: reference, amount and metadata are made up in the browser."""

    @pytest.mark.parametrize("as_text", [False, True])
    def test_it_is_credited_by_what_was_paid(self, shop: Shop, as_text: bool) -> None:
        buyer = shop.buyer()
        claimed: Any = {"user_id": str(buyer), **FAR_MORE}
        reference = shop.browser_pays(
            25_000, metadata=claimed if not as_text else f'{{"user_id": "{buyer}"}}'
        )
        assert shop.db.credits(buyer) == 25
        assert shop.payment(reference)["package_id"] == "credits-25"
        assert shop.outcomes() == ["credited"]

    def test_the_payers_own_question_settles_it_when_the_webhook_is_lost(self, shop: Shop) -> None:
        buyer = shop.buyer()
        shop.paystack.set_faults(drop_webhooks=True)
        reference = shop.browser_pays(PRICE, metadata={"user_id": str(buyer)})
        answer = shop.ask(buyer, reference)
        assert (answer.status_code, answer.json()["status"], answer.json()["credits"]) == (
            200,
            "success",
            CREDITS,
        )
        assert shop.ask(buyer, reference).json()["credits"] == CREDITS

    @pytest.mark.parametrize("off_by", [-1, 1])
    def test_one_minor_unit_off_buys_no_package(self, shop: Shop, off_by: int) -> None:
        buyer = shop.buyer()
        shop.browser_pays(PRICE + off_by, metadata={"user_id": str(buyer), **FAR_MORE})
        assert shop.db.credits(buyer) == 0
        assert shop.outcomes() == ["unknown_reference"]

    @pytest.mark.parametrize(
        "metadata", [{"user_id": str(uuid.uuid4())}, {"user_id": "me"}, {"user_id": 7}, {}, "", None, 0, []]
    )
    def test_for_nobody_we_know_it_is_kept_and_credits_nobody(self, shop: Shop, metadata: Any) -> None:
        buyer = shop.buyer()
        shop.browser_pays(PRICE, metadata=metadata)
        assert shop.outcomes() == ["unknown_reference"]
        assert shop.db.owner.value("select count(*) from public.transactions") == 0
        assert shop.db.credits(buyer) == 0

    def test_nobody_can_claim_what_another_paid(self, shop: Shop) -> None:
        buyer, thief = shop.buyer(), shop.buyer()
        shop.paystack.set_faults(drop_webhooks=True)
        reference = shop.browser_pays(PRICE, metadata={"user_id": str(buyer)})
        assert shop.ask(thief, reference).json()["code"] == "PAYMENT_NOT_FOUND"
        assert (shop.db.credits(thief), shop.db.credits(buyer)) == (0, 0)
        assert shop.ask(buyer, reference).status_code == 200

    def test_our_reference_with_a_smaller_amount_is_worth_nothing(self, shop: Shop) -> None:
        """A reference of ours that never reached Paystack, then paid for less from devtools."""
        buyer = shop.buyer()
        shop.paystack.set_faults(failures=[{"kind": "500"}])
        assert shop.post("/api/payments/initialize", {"packageId": "credits-100"}, buyer).status_code == 503
        [payment] = shop.db.owner.rows("select * from public.transactions")
        shop.paystack.browser_pays(payment["paystack_reference"], 300, metadata={"user_id": str(buyer)})
        shop.paystack.wait_for_deliveries()
        assert shop.db.credits(buyer) == 0
        assert shop.state(payment["paystack_reference"]) == ("failed", "WRONG_AMOUNT")


class TestAsking:
    def test_an_unpaid_payment_is_pending(self, shop: Shop) -> None:
        buyer = shop.buyer()
        reference = shop.begin(buyer)
        answer = shop.ask(buyer, reference)
        assert (answer.status_code, answer.json()["status"], answer.json()["credits"]) == (200, "pending", 0)
        assert shop.state(reference) == ("pending", None)

    @pytest.mark.parametrize(
        "status", ["abandoned", "ongoing", "pending", "processing", "queued", "new-in-2027"]
    )
    def test_only_success_grants(self, shop: Shop, status: str) -> None:
        """Every one of these answers has `status: true` at the top, and here even a time of payment."""
        buyer = shop.buyer()
        reference = shop.begin(buyer)
        shop.paystack.control("PATCH", f"/transactions/{reference}", status=status)
        assert shop.ask(buyer, reference).json()["status"] == "pending"
        assert shop.db.credits(buyer) == 0
        assert shop.state(reference) == ("pending", None)

    def test_somebody_elses_payment_is_nobodys_business(self, shop: Shop) -> None:
        buyer, stranger = shop.buyer(), shop.buyer()
        reference = shop.begin(buyer)
        shop.paystack.set_faults(drop_webhooks=True)
        shop.pay(reference)
        before = len(shop.paystack.calls())
        answer = shop.ask(stranger, reference)
        assert (answer.status_code, answer.json()["code"]) == (404, "PAYMENT_NOT_FOUND")
        assert len(shop.paystack.calls()) == before
        assert shop.ask(buyer, reference).status_code == 200

    def test_a_settled_payment_is_not_asked_about_again(self, shop: Shop) -> None:
        buyer = shop.buyer()
        reference = shop.buy(buyer)
        before = len(shop.paystack.calls())
        assert shop.ask(buyer, reference).json()["credits"] == CREDITS
        assert len(shop.paystack.calls()) == before

    @pytest.mark.parametrize(
        "reference", ["", "..", "../5000000001", "a/b", "a?b=c", "a b", "a" * 101, "é", "a_b"]
    )
    def test_what_cannot_be_a_reference_never_reaches_paystack(self, shop: Shop, reference: str) -> None:
        answer = shop.ask(shop.buyer(), reference)
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_INPUT")
        assert shop.paystack.calls() == []

    def test_a_payment_paystack_has_not_heard_of_is_as_it_was(self, shop: Shop) -> None:
        buyer = shop.buyer()
        reference = shop.db.owner.call("create_payment", buyer, "credits-10")["reference"]
        asked = shop.ask(buyer, reference)
        assert (asked.status_code, asked.json()["status"], asked.json()["granted"]) == (200, "pending", 0)

    def test_a_reference_nobody_knows(self, shop: Shop) -> None:
        answer = shop.ask(shop.buyer(), "cr-nothing")
        assert (answer.status_code, answer.json()["code"]) == (404, "PAYMENT_NOT_FOUND")


class TestPaystackIsAway:
    @pytest.mark.parametrize("kind", ["429", "500", "502", "truncated"])
    def test_a_purchase_cannot_begin_and_does_no_harm(self, shop: Shop, kind: str) -> None:
        buyer = shop.buyer()
        shop.paystack.set_faults(failures=[{"kind": kind}])
        answer = shop.post("/api/payments/initialize", {"packageId": "credits-10"}, buyer)
        assert (answer.status_code, answer.json()["code"]) == (503, "PAYMENTS_UNAVAILABLE")
        assert len(shop.paystack.calls()) == 1
        assert shop.db.credits(buyer) == 0
        shop.buy(buyer)
        assert shop.db.credits(buyer) == CREDITS

    def test_a_purchase_whose_beginning_got_lost_can_be_paid_all_the_same(self, shop: Shop) -> None:
        buyer = shop.buyer()
        shop.paystack.set_faults(failures=[{"kind": "502", "applied": True}])
        assert shop.post("/api/payments/initialize", {"packageId": "credits-10"}, buyer).status_code == 503
        [registered] = shop.paystack.control("GET", "/transactions")
        shop.pay(registered["reference"])
        assert shop.db.credits(buyer) == CREDITS

    def test_the_webhook_may_come_before_the_answer_to_initialize(self, shop: Shop) -> None:
        buyer = shop.buyer()
        shop.paystack.set_faults(failures=[{"kind": "hang", "applied": True, "seconds": 60}])
        answers: list[int] = []
        beginning = threading.Thread(
            target=lambda: answers.append(
                shop.post("/api/payments/initialize", {"packageId": "credits-10"}, buyer).status_code
            )
        )
        beginning.start()
        wait_until(lambda: shop.paystack.control("GET", "/transactions"))
        [registered] = shop.paystack.control("GET", "/transactions")
        shop.pay(registered["reference"])
        assert answers == []
        assert shop.db.credits(buyer) == CREDITS
        shop.paystack.set_faults(failures=[])
        beginning.join()
        assert answers == [201]
        assert shop.outcomes() == ["credited"]

    def test_asking_is_repeated_and_then_says_come_back(self, shop: Shop) -> None:
        buyer = shop.buyer()
        reference = shop.begin(buyer)
        shop.paystack.set_faults(failures=[{"kind": "429", "times": 99, "seconds": 60}])
        answer = shop.ask(buyer, reference)
        assert (answer.status_code, answer.json()["code"]) == (503, "PAYMENTS_UNAVAILABLE")
        assert "Retry-After" in answer.headers
        assert shop.state(reference) == ("pending", None)


def test_several_payments_of_one_user_settle_at_once(shop: Shop) -> None:
    buyer = shop.buyer()
    shop.paystack.set_faults(hold_webhooks=True)
    for _ in range(10):
        shop.pay(shop.begin(buyer))
    bodies = shop.bodies("charge.success")
    answers = at_once(*[lambda body=body: shop.webhook(body).status_code for body in bodies])
    assert answers == [200] * 10
    assert shop.db.credits(buyer) == 10 * CREDITS
    assert shop.purchases(buyer) == [CREDITS] * 10
