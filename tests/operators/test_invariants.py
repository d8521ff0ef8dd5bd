"""check_invariants, which the doctor asks of a live database: each rule is found broken when it is."""

import re
from pathlib import Path

import pytest

from tests.operators.support import broken_invariants, held
from tests.support.database import Database

# What somebody with a SQL console, or a bug, could do to a healthy database; constraints that forbid it are dropped first.
FAULTS = {
    "a chat is held exactly while a segment is open": "update public.chat_assignments set released_at = now(), release_reason = 'lost'",
    "an operator is free exactly while available without a chat": "update public.operators set free_since = now()",
    "only an active, available operator holds a chat": "update public.operators set is_available = false",
    "time on duty is counted exactly while available": "delete from public.operator_availability",
    "a closed chat is not held": "alter table public.chats drop constraint chats_closed_do_not_wait;"
    " update public.chats set is_active = false",
    "a closed chat does not wait": "alter table public.chats drop constraint chats_closed_do_not_wait;"
    " update public.chats set is_active = false",
    "an operator holds one chat at most": "drop index public.chats_one_per_operator;"
    " update public.chats set assigned_operator_id = (select id from public.operators)",
    "a chat has one open segment at most": "drop index public.chat_assignments_open_chat;"
    " insert into public.chat_assignments (chat_id, operator_id) select chat_id, operator_id from public.chat_assignments",
    "seq counts 1, 2, 3 … and the counters of a chat are its messages": "update public.messages set seq = 7",
    "a chat waits exactly while a message of the user is unanswered": "update public.chats set waiting_since = null",
    "a chat is in the queue exactly while it waits and nobody holds it": "delete from private.chat_queue;"
    " update public.messages set created_at = created_at - interval '2 days'",
    "nobody holds a chat asleep": "update public.chats set assignment_time = now() - interval '8 minutes';"
    " update public.operator_activity set last_activity = now() - interval '8 minutes'",
}


@pytest.fixture(autouse=True)
def a_held_and_a_waiting_chat(db: Database) -> None:
    db.waiting_chat()
    db.owner.call("assign_chat_to_operator", db.operator(available=True))
    db.waiting_chat()
    assert broken_invariants(db, 0) == []


@pytest.mark.parametrize("invariant", FAULTS)
def test_a_broken_rule_is_found(db: Database, invariant: str) -> None:
    db.owner.conn.execute(FAULTS[invariant].encode())
    assert invariant in broken_invariants(db)


def test_a_chat_that_waits_while_somebody_is_free_is_a_fault_once_a_sweep_should_have_come(
    db: Database,
) -> None:
    db.operator("free", available=True)
    assert broken_invariants(db) == []
    db.owner.execute(
        "update public.chats set waiting_since = now() - interval '5 minutes', updated_at = now()"
    )
    db.owner.execute(
        "update public.operators set free_since = now() - interval '5 minutes' where free_since is not null"
    )
    assert broken_invariants(db) == []
    db.owner.execute("update public.chats set updated_at = now() - interval '3 minutes'")
    assert broken_invariants(db) == ["no chat waits while an operator is free"]


def test_an_operator_who_went_silent_is_nobody_to_wait_for(db: Database) -> None:
    db.operator("silent", available=True)
    assert broken_invariants(db, 0) == ["no chat waits while an operator is free"]
    db.owner.execute(
        "update public.operators set last_heartbeat_at = now() - interval '2 minutes' where free_since is not null"
    )
    assert broken_invariants(db, 0) == []


@pytest.mark.parametrize(
    "by_hand",
    [
        "update public.chats set waiting_since = null",
        "update public.chats set waiting_since = waiting_since - interval '1 hour'",
        "update public.chats set assigned_operator_id = null",
        "update public.chats set assigned_operator_id = null, waiting_since = null",
        "update public.chats set assigned_operator_id = case when assigned_operator_id is null then operators.id end"
        " from public.operators",
        "insert into public.chats (real_user_id, fictional_user_id, waiting_since)"
        " select u.id, f.id, now() from public.real_users u, public.fictional_users f on conflict do nothing",
        "delete from public.operators",
        "delete from public.chats",
    ],
)
def test_the_queue_follows_the_chats_whoever_changed_them(db: Database, by_hand: str) -> None:
    db.owner.execute(by_hand)
    queue = db.owner.rows("select chat_id, waiting_since from private.chat_queue order by chat_id")
    assert queue == db.owner.rows(
        "select id as chat_id, waiting_since from public.chats"
        " where waiting_since is not null and assigned_operator_id is null order by id"
    )


@pytest.mark.parametrize("who_looks", ["assign_chat_to_operator", "sweep_idle_assignments"])
@pytest.mark.parametrize(
    "truth", ["assigned_operator_id = (select id from public.operators limit 1)", "waiting_since = null"]
)
def test_a_place_in_the_queue_that_is_wrong_is_passed_over(db: Database, truth: str, who_looks: str) -> None:
    """Written with triggers switched off: the chat is the truth, and what waits behind it is given."""
    db.owner.execute("update public.chats set assigned_operator_id = null, waiting_since = null")
    wrong, behind = db.waiting_chat(), db.waiting_chat()
    free = db.operator("free", available=True)
    db.owner.execute("alter table public.chats disable trigger chats_keep_queue")
    db.owner.execute(f"update public.chats set {truth} where id = %s", wrong)
    if who_looks == "assign_chat_to_operator":
        db.owner.call(who_looks, free)
    else:
        db.owner.rows("select * from public.sweep_idle_assignments()")
    assert held(db, free) == behind


def test_the_queue_is_filled_anew_as_the_page_says(db: Database) -> None:
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    (repair,) = (block for block in re.findall(r"```sql\n(.*?)```", page, re.DOTALL) if "chat_queue" in block)
    db.owner.conn.execute(
        FAULTS["a chat is in the queue exactly while it waits and nobody holds it"].encode()
    )
    db.owner.conn.execute(repair.encode())
    assert broken_invariants(db) == []
