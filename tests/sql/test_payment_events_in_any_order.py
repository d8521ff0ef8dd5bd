"""Paystack's events come late, twice and out of order: what they add up to is the same."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.database import Database

PRICE, CREDITS = 10_000, 10
EARLIER_CREDITS = 4


def charge_success() -> dict[str, Any]:
    return {
        "event": "charge.success",
        "data": {"id": 1, "status": "success", "domain": "test", "amount": PRICE, "currency": "KES"},
    }


def refund(status: str, amount: int, number: int) -> dict[str, Any]:
    data = {"status": status, "domain": "test", "amount": str(amount), "refund_reference": f"r{number}"}
    return {"event": f"refund.{status}", "data": data}


def dispute(step: str, amount: int, number: int, resolution: str | None = None) -> dict[str, Any]:
    data = {"id": number, "refund_amount": amount, "domain": "test", "resolution": resolution}
    return {"event": f"charge.dispute.{step}", "data": data}


# Each: everything Paystack says of one payment, and how much of it has gone back in the end.
STORIES = {
    "paid": ([charge_success()], 0),
    "refunded in part": ([refund("pending", 3000, 1), refund("processed", 3000, 1)], 3000),
    "refunded in full": ([refund("processing", PRICE, 1), refund("processed", PRICE, 1)], PRICE),
    "refunded twice over": ([refund("processed", 8000, 1), refund("processed", 8000, 2)], PRICE),
    "a refund that failed": ([refund("pending", PRICE, 1), refund("failed", PRICE, 1)], 0),
    "a refund that failed after all": ([refund("processed", 5000, 1), refund("failed", 5000, 1)], 0),
    "a dispute won": ([dispute("create", PRICE, 9), dispute("resolve", PRICE, 9, "declined")], 0),
    "a dispute lost": (
        [
            dispute("create", PRICE, 9),
            dispute("remind", PRICE, 9),
            dispute("resolve", PRICE, 9, "merchant-accepted"),
        ],
        PRICE,
    ),
    "a refund and a dispute": (
        [
            refund("processed", 3000, 1),
            dispute("create", 4000, 9),
            dispute("resolve", 4000, 9, "auto-accepted"),
        ],
        7000,
    ),
}


@given(story=st.sampled_from(sorted(STORIES)), data=st.data())
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def check_any_order(db: Database, story: str, data: st.DataObject) -> None:
    events, gone_back = STORIES[story]
    events = [charge_success(), *events]
    events += data.draw(st.lists(st.sampled_from(events), max_size=4), label="again")
    user = db.user(credits=EARLIER_CREDITS)
    reference = db.owner.call("create_payment", user, "credits-10")["reference"]
    for event in data.draw(st.permutations(events), label="order"):
        received = db.owner.call("receive_payment_event", body(event, reference), True, "203.0.113.9")
        db.owner.call("handle_payment_event", received["event_id"], "test")
    reversed_credits = CREDITS * gone_back // PRICE
    assert db.credits(user) == EARLIER_CREDITS + CREDITS - reversed_credits
    (row,) = db.owner.rows(
        "select status, credits_reversed, credits_shortfall from public.transactions where paystack_reference = %s",
        reference,
    )
    assert row == {"status": "success", "credits_reversed": reversed_credits, "credits_shortfall": 0}
    db.assert_books_balance()


def body(event: dict[str, Any], reference: str) -> bytes:
    """The webhook as it comes: each kind of event names the payment, and itself, in its own place."""
    data = dict(event["data"])
    if event["event"].startswith("refund."):
        data["transaction_reference"] = reference
        data["refund_reference"] += reference
    elif event["event"].startswith("charge.dispute."):
        data["transaction"] = {"reference": reference}
        data["id"] = f"{data['id']}-{reference}"
    else:
        data["reference"] = reference
        data["id"] = f"{data['id']}-{reference}"
    return json.dumps({"event": event["event"], "data": data}).encode()


def test_events_add_up_the_same_in_any_order_and_however_often_they_come(shared: Database) -> None:
    check_any_order(shared)


def test_each_event_is_kept_once_and_counted(db: Database) -> None:
    user = db.user()
    reference = db.owner.call("create_payment", user, "credits-10")["reference"]
    message = body(charge_success(), reference)
    first = db.owner.call("receive_payment_event", message, True)
    second = db.owner.call("receive_payment_event", message, True)
    assert (first["repeated"], second["repeated"]) == (False, True)
    outcomes = [db.owner.call("handle_payment_event", first["event_id"], "test")["outcome"] for _ in range(2)]
    assert outcomes == ["credited", "credited"]
    assert db.owner.value("select deliveries from public.payment_events") == 2
    assert db.credits(user) == CREDITS


def test_a_refund_heard_of_before_its_payment_is_taken_off_when_it_comes(db: Database) -> None:
    user = db.user()
    reference = db.owner.call("create_payment", user, "credits-10")["reference"]
    for event in (refund("processed", PRICE, 1), charge_success()):
        received = db.owner.call("receive_payment_event", body(event, reference), True)
        db.owner.call("handle_payment_event", received["event_id"], "test")
    assert [entry[0] for entry in db.ledger(user)] == [CREDITS, -CREDITS]


def test_spent_credits_are_a_shortfall_and_not_a_debt(db: Database) -> None:
    user, admin = db.user(), db.admin()
    reference = db.owner.call("create_payment", user, "credits-10")["reference"]
    db.owner.call("settle_payment", reference, PRICE, "KES")
    db.owner.call("adjust_credits", admin, user, -7, "spent")
    first = db.owner.call("reverse_payment", reference, "refund:1", "refund", PRICE, "done")
    assert (first["credits_reversed"], first["credits_shortfall"]) == (3, 7)
    undone = db.owner.call("reverse_payment", reference, "refund:1", "refund", PRICE, "undone")
    assert (undone["credits_reversed"], undone["credits_shortfall"]) == (0, 0)
    assert db.credits(user) == 3
    db.assert_books_balance()
