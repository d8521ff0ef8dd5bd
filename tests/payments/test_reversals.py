"""Refunds and disputes: credits go back as the money does, in whatever order it is told, and never below zero."""

import itertools
import json
from collections.abc import Sequence

import pytest

from tests.payments.shop import CREDITS, PRICE, Shop
from tests.support.waiting import wait_until


def finished_refund(shop: Shop, reference: str, outcome: str = "processed", **asked: int) -> None:
    """A refund that came to its outcome, and was told."""
    shop.paystack.set_faults(refund_outcome="pending")
    refund = shop.refund(reference, **asked)
    shop.paystack.control("POST", f"/refunds/{refund['id']}", status=outcome)
    shop.paystack.wait_for_deliveries()


def disputed(shop: Shop, reference: str, resolution: str) -> None:
    dispute = shop.paystack.control("POST", "/disputes", reference=reference)
    shop.paystack.control("POST", f"/disputes/{dispute['id']}/remind")
    shop.paystack.control("POST", f"/disputes/{dispute['id']}/resolve", resolution=resolution)
    shop.paystack.wait_for_deliveries()


def reversed_and_short(shop: Shop, reference: str) -> tuple[int, int]:
    payment = shop.payment(reference)
    return payment["credits_reversed"], payment["credits_shortfall"]


class TestRefunds:
    def test_a_refund_takes_the_credits_back(self, shop: Shop) -> None:
        buyer = shop.buyer()
        reference = shop.buy(buyer)
        finished_refund(shop, reference)
        assert shop.db.credits(buyer) == 0
        assert reversed_and_short(shop, reference) == (CREDITS, 0)
        assert [reason for _, _, reason in shop.db.ledger(buyer)] == ["purchase", "reversal"]

    def test_an_announced_refund_takes_nothing_yet(self, shop: Shop) -> None:
        buyer = shop.buyer()
        reference = shop.buy(buyer)
        shop.paystack.set_faults(refund_outcome="pending")
        shop.refund(reference)
        shop.paystack.wait_for_deliveries()
        assert shop.db.credits(buyer) == CREDITS
        assert shop.outcomes() == ["credited", "reversal_noted"]

    @pytest.mark.parametrize("outcome", ["failed", "needs-attention", "processing"])
    def test_a_refund_that_did_not_happen_takes_nothing(self, shop: Shop, outcome: str) -> None:
        buyer = shop.buyer()
        reference = shop.buy(buyer)
        finished_refund(shop, reference, outcome)
        assert shop.db.credits(buyer) == CREDITS

    def test_parts_take_their_share_rounded_in_the_users_favour(self, shop: Shop) -> None:
        buyer = shop.buyer()
        reference = shop.buy(buyer)
        finished_refund(shop, reference, amount=PRICE // 4)
        assert shop.db.credits(buyer) == 8
        finished_refund(shop, reference, amount=PRICE // 4)
        assert shop.db.credits(buyer) == 5
        finished_refund(shop, reference, amount=PRICE // 2)
        assert shop.db.credits(buyer) == 0
        assert reversed_and_short(shop, reference) == (CREDITS, 0)

    def test_spent_credits_are_a_shortfall_and_the_account_goes_on(self, shop: Shop) -> None:
        buyer = shop.buyer()
        reference = shop.buy(buyer)
        shop.spend_all(buyer)
        finished_refund(shop, reference)
        assert shop.db.credits(buyer) == 0
        assert reversed_and_short(shop, reference) == (0, CREDITS)
        shop.buy(buyer)
        assert shop.db.credits(buyer) == CREDITS

    def test_a_refund_known_before_the_payment_leaves_nothing(self, shop: Shop) -> None:
        buyer = shop.buyer()
        shop.paystack.set_faults(hold_webhooks=True)
        reference = shop.buy(buyer)
        finished_refund(shop, reference)
        shop.paystack.control("POST", "/webhooks/release", newest_first=True)
        shop.paystack.wait_for_deliveries()
        assert [event["event"] for event in shop.events()] == [
            "refund.processed",
            "refund.pending",
            "charge.success",
        ]
        assert shop.db.credits(buyer) == 0
        assert [delta for delta, _, _ in shop.db.ledger(buyer)] == [CREDITS, -CREDITS]

    def test_an_old_success_sent_again_after_a_refund_credits_nothing(self, shop: Shop) -> None:
        buyer = shop.buyer()
        reference = shop.buy(buyer)
        finished_refund(shop, reference)
        [body] = shop.bodies("charge.success")
        for again in (body, body.replace(b'"Successful"', b'"Approved"')):
            assert shop.webhook(again).status_code == 200
        assert shop.ask(buyer, reference).json()["credits"] == 0
        shop.time_passes(reference, hours=1)
        shop.reconcile()
        assert [delta for delta, _, _ in shop.db.ledger(buyer)] == [CREDITS, -CREDITS]

    def test_a_payment_first_heard_of_when_refunded_is_never_credited(self, shop: Shop) -> None:
        """All webhooks lost, then the old success comes after all."""
        buyer = shop.buyer()
        shop.paystack.set_faults(drop_webhooks=True)
        reference = shop.buy(buyer)
        finished_refund(shop, reference)
        shop.time_passes(reference, hours=1)
        assert shop.reconcile()["failed"] == 1
        assert shop.state(reference) == ("failed", "REVERSED")
        [body] = shop.bodies("charge.success")
        assert shop.webhook(body).status_code == 200
        assert shop.db.ledger(buyer) == []

    def test_a_refund_told_twice_counts_once(self, shop: Shop) -> None:
        buyer = shop.buyer()
        shop.buy(buyer)
        reference = shop.buy(buyer)
        finished_refund(shop, reference)
        [body] = shop.bodies("refund.processed")
        assert shop.webhook(body).status_code == 200
        assert shop.webhook(json.dumps(json.loads(body)).encode()).status_code == 200
        assert shop.db.credits(buyer) == CREDITS

    def test_a_refund_whose_amount_is_a_number_counts_as_well(self, shop: Shop) -> None:
        buyer = shop.buyer()
        reference = shop.buy(buyer)
        shop.paystack.set_faults(drop_webhooks=True)
        finished_refund(shop, reference)
        told = json.loads(shop.bodies("refund.processed")[0])
        told["data"]["amount"] = int(told["data"]["amount"])
        assert shop.webhook(json.dumps(told).encode()).status_code == 200
        assert shop.db.credits(buyer) == 0

    def test_a_refund_of_more_than_was_paid_takes_no_more_than_was_bought(self, shop: Shop) -> None:
        buyer = shop.buyer()
        shop.buy(buyer)
        reference = shop.buy(buyer)
        shop.paystack.set_faults(drop_webhooks=True)
        finished_refund(shop, reference)
        told = json.loads(shop.bodies("refund.processed")[0])
        for number in ("1", "2"):
            told["data"] |= {"amount": str(PRICE), "refund_reference": number}
            assert shop.webhook(json.dumps(told).encode()).status_code == 200
        assert shop.db.credits(buyer) == CREDITS

    def test_the_whole_way_by_itself(self, shop: Shop) -> None:
        """As it happens in the local stack: the outcome follows the announcement without help."""
        buyer = shop.buyer()
        reference = shop.buy(buyer)
        shop.paystack.set_faults(refund_seconds=0)
        shop.refund(reference)
        wait_until(lambda: shop.db.credits(buyer) == 0)
        shop.paystack.wait_for_deliveries()


class TestDisputes:
    def test_a_lost_one_takes_the_credits_back(self, shop: Shop) -> None:
        buyer = shop.buyer()
        reference = shop.buy(buyer)
        disputed(shop, reference, "merchant-accepted")
        assert shop.db.credits(buyer) == 0
        assert reversed_and_short(shop, reference) == (CREDITS, 0)
        assert shop.outcomes() == ["credited"] + ["reversal_noted"] * 3

    def test_a_lapsed_one_is_lost(self, shop: Shop) -> None:
        buyer = shop.buyer()
        disputed(shop, shop.buy(buyer), "auto-accepted")
        assert shop.db.credits(buyer) == 0

    def test_a_won_one_takes_nothing(self, shop: Shop) -> None:
        buyer = shop.buyer()
        disputed(shop, shop.buy(buyer), "declined")
        assert shop.db.credits(buyer) == CREDITS

    def test_an_open_one_takes_nothing_yet(self, shop: Shop) -> None:
        buyer = shop.buyer()
        reference = shop.buy(buyer)
        shop.paystack.control("POST", "/disputes", reference=reference)
        shop.paystack.wait_for_deliveries()
        assert shop.db.credits(buyer) == CREDITS


def orders(bodies: Sequence[bytes]) -> list[tuple[bytes, ...]]:
    """Every order of these events, the last of them told twice, at the start and at the end."""
    return [(order[-1], *order) for order in itertools.permutations(bodies)]


@pytest.mark.parametrize(
    ("story", "left", "state"),
    [
        (["charge.success", "refund.pending", "refund.processed"], 0, (CREDITS, 0)),
        (["charge.success", "refund.pending", "refund.failed"], CREDITS, (0, 0)),
        (
            ["charge.success", "charge.dispute.create", "charge.dispute.remind", "charge.dispute.resolve"],
            0,
            (CREDITS, 0),
        ),
    ],
    ids=["refunded", "refund failed", "dispute lost"],
)
def test_the_order_of_events_does_not_matter(
    shop: Shop, story: list[str], left: int, state: tuple[int, int]
) -> None:
    shop.paystack.set_faults(drop_webhooks=True, refund_outcome="pending")
    buyer = shop.buyer()
    template = shop.begin(buyer)
    shop.pay(template)
    bodies = shop.bodies("charge.success")
    if "charge.dispute.create" in story:
        disputed(shop, template, "auto-accepted")
    else:
        refund = shop.refund(template)
        shop.paystack.control("POST", f"/refunds/{refund['id']}", status=story[-1].removeprefix("refund."))
    bodies += [body for event in story[1:] for body in shop.bodies(event)]
    assert len(bodies) == len(story)

    for order in orders(bodies):
        payer = shop.buyer()
        reference = shop.begin(payer)
        shop.pay(reference)
        for body in order:
            assert shop.webhook(body.replace(template.encode(), reference.encode())).status_code == 200
        assert shop.db.credits(payer) == left, order
        assert reversed_and_short(shop, reference) == state
    # Nothing was told of the payment the events were taken from.
    shop.time_passes(template, hours=1)
    assert shop.reconcile()["asked"] >= 1
