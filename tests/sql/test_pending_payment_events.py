"""handle_pending_payment_events: what could not be handled holds up nobody else."""

import json

from tests.support.database import Database


def receive(db: Database, event: str, number: int) -> None:
    data = {
        "id": number,
        "domain": "test",
        "reference": f"ref-{number}",
        "amount": "100",
        "refund_reference": f"r-{number}",
    }
    body = json.dumps({"event": event, "data": data}).encode()
    db.owner.call("receive_payment_event", body, True)


def test_events_that_always_fail_do_not_starve_those_behind_them(db: Database) -> None:
    for number in range(12):
        receive(db, "refund.processed", number)
    receive(db, "subscription.create", 12)
    db.owner.execute(
        "create or replace function private.note_reversal(p_event public.payment_events, p_data jsonb) returns json"
        " language plpgsql as $$ begin raise 'broken'; end $$"
    )
    assert db.owner.call("handle_pending_payment_events", 10, "test") == {"handled": 0, "failed": 10}
    assert db.owner.call("handle_pending_payment_events", 10, "test")["handled"] == 1
    (unrelated,) = db.owner.rows(
        "select outcome, handled_at from public.payment_events where event = 'subscription.create'"
    )
    assert unrelated["outcome"] == "ignored"
    failed = db.owner.rows("select detail from public.payment_events where handled_at is null")
    assert [row["detail"] for row in failed] == ["P0001: broken"] * 12
