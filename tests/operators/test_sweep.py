"""sweep_idle_assignments: nobody holds a chat asleep, and none waits while somebody is free: design 3.8."""

from uuid import UUID

import pytest

from tests.operators.support import (
    beats,
    broadcasts,
    broken_invariants,
    held,
    holder,
    segments,
    sweep,
    unchanged,
)
from tests.support.database import Database


@pytest.fixture
def operator(db: Database) -> UUID:
    return db.operator(available=True)


@pytest.fixture
def chat(db: Database, operator: UUID) -> UUID:
    """A chat the operator holds, with a message unanswered."""
    chat = db.waiting_chat()
    assert db.owner.call("assign_chat_to_operator", operator) == chat
    return chat


def idles(db: Database, operator: UUID, chat: UUID, seconds: int) -> None:
    """So many seconds pass in which the app beats and nobody moves."""
    while seconds > 0:
        db.passes(min(60, seconds), chat)
        beats(db, operator, chat, moved=False)
        seconds -= 60


def test_a_sweep_that_finds_nothing_to_do_changes_nothing(db: Database, operator: UUID, chat: UUID) -> None:
    idles(db, operator, chat, 239)
    with unchanged(db):
        assert sweep(db) == []


def test_four_minutes_without_a_movement_are_warned_of_once(db: Database, operator: UUID, chat: UUID) -> None:
    idles(db, operator, chat, 245)
    assert sweep(db) == [("warned", chat, operator, "idle")]
    assert sweep(db) == []
    assert broadcasts(db, f"operator:{operator}", "idle_warning") == [
        {"chat_id": str(chat), "seconds_left": 55}
    ]
    assert beats(db, operator, chat, moved=False)["state"] == "warning"


def test_who_moves_after_a_warning_is_warned_again_next_time(
    db: Database, operator: UUID, chat: UUID
) -> None:
    idles(db, operator, chat, 245)
    sweep(db)
    beats(db, operator, chat)
    assert sweep(db) == []
    idles(db, operator, chat, 245)
    assert sweep(db) == [("warned", chat, operator, "idle")]


def test_five_minutes_without_a_movement_take_the_chat_to_somebody_else(
    db: Database, operator: UUID, chat: UUID
) -> None:
    since = db.chat_row(chat)["waiting_since"]
    idles(db, operator, chat, 299)
    assert holder(db, chat) == operator
    idles(db, operator, chat, 1)
    other = db.operator("other", available=True)
    assert sweep(db) == [("released", chat, operator, "idle_timeout"), ("assigned", chat, other, "sweep")]
    assert segments(db, chat) == [(operator, "idle_timeout"), (other, None)]
    assert (since - db.chat_row(chat)["waiting_since"]).total_seconds() == 300
    assert broadcasts(db, f"operator:{operator}", "released")[0]["reason"] == "idle_timeout"
    assert broken_invariants(db, 0) == []


def test_an_answer_is_a_movement(db: Database, operator: UUID, chat: UUID) -> None:
    idles(db, operator, chat, 290)
    db.owner.call("send_operator_message", operator, chat, "hello")
    idles(db, operator, chat, 200)
    assert sweep(db) == []


def test_ninety_seconds_without_a_heartbeat_take_chat_and_duty(
    db: Database, operator: UUID, chat: UUID
) -> None:
    db.passes(89, chat)
    assert sweep(db) == []
    db.passes(1, chat)
    other = db.operator("other", available=True)
    assert sweep(db) == [("paused", chat, operator, "operator_lost"), ("assigned", chat, other, "sweep")]
    row = db.operator_row(operator)
    assert (row["is_available"], row["unavailable_reason"], row["free_since"]) == (
        False,
        "operator_lost",
        None,
    )
    assert db.owner.value(
        "select end_reason from public.operator_availability where operator_id = %s", operator
    ) == ("operator_lost")
    assert broken_invariants(db, 0) == []


def test_who_was_lost_comes_back_by_saying_so(db: Database, operator: UUID, chat: UUID) -> None:
    db.passes(100, chat)
    sweep(db)
    assert beats(db, operator, chat)["state"] == "released"
    assert sweep(db) == []
    db.owner.call("set_operator_availability", operator, True)
    assert sweep(db) == [("assigned", chat, operator, "sweep")]


def test_an_operator_without_a_chat_who_goes_silent_is_no_longer_available(
    db: Database, operator: UUID
) -> None:
    db.owner.execute("update public.operators set last_heartbeat_at = now() - interval '91 seconds'")
    assert sweep(db) == [("lost", None, operator, "operator_lost")]
    assert db.operator_row(operator)["is_available"] is False
    assert sweep(db) == []
    assert broken_invariants(db, 0) == []


def test_a_message_left_unanswered_for_ten_minutes_is_taken_from_who_only_moves_the_mouse(
    db: Database, operator: UUID, chat: UUID
) -> None:
    for _ in range(9):
        db.passes(60, chat)
        beats(db, operator, chat)
        assert sweep(db) == []
    db.passes(60, chat)
    beats(db, operator, chat)
    other = db.operator("other", available=True)
    assert sweep(db) == [("released", chat, operator, "answer_timeout"), ("assigned", chat, other, "sweep")]


def test_an_answered_chat_may_be_held_as_long_as_somebody_moves(
    db: Database, operator: UUID, chat: UUID
) -> None:
    db.owner.call("send_operator_message", operator, chat, "hello")
    for _ in range(15):
        db.passes(60, chat)
        beats(db, operator, chat)
    assert sweep(db) == []


def test_the_time_to_answer_begins_anew_with_each_operator(db: Database, operator: UUID, chat: UUID) -> None:
    db.passes(0, chat)
    db.owner.execute("update public.chats set waiting_since = waiting_since - interval '1 hour'")
    assert sweep(db) == []


def test_the_only_operator_gets_the_chat_back_and_is_paused_the_second_time(
    db: Database, operator: UUID, chat: UUID
) -> None:
    """Never stranded while one operator is there; never asleep with one who is not."""
    idles(db, operator, chat, 300)
    assert sweep(db) == [("released", chat, operator, "idle_timeout"), ("assigned", chat, operator, "sweep")]
    idles(db, operator, chat, 300)
    assert sweep(db) == [("paused", chat, operator, "idle_timeout")]
    row = db.operator_row(operator)
    assert (row["is_available"], row["unavailable_reason"]) == (False, "paused")
    assert beats(db, operator, chat) | {"released": None} == {
        "state": "released",
        "seconds_left": 0,
        "chat_id": None,
        "is_available": False,
        "released": None,
    }
    assert broken_invariants(db, 0) == []
    db.owner.call("set_operator_availability", operator, True)
    assert sweep(db) == [("assigned", chat, operator, "sweep")]
    assert db.operator_row(operator)["idle_releases"] == 0


def test_an_answer_forgives_an_idle_release(db: Database, operator: UUID, chat: UUID) -> None:
    idles(db, operator, chat, 300)
    sweep(db)
    db.owner.call("send_operator_message", operator, chat, "sorry, I am back")
    idles(db, operator, chat, 300)
    assert sweep(db) == [("released", chat, operator, "idle_timeout")]


def test_waiting_chats_go_to_free_operators_in_the_order_of_the_queue(db: Database) -> None:
    chats = [db.waiting_chat() for _ in range(3)]
    operators = [db.operator(f"operator {n}", available=True) for n in range(2)]
    assert sweep(db) == [
        ("assigned", chats[0], operators[0], "sweep"),
        ("assigned", chats[1], operators[1], "sweep"),
    ]
    assert holder(db, chats[2]) is None
    assert sweep(db) == []


def test_a_chat_given_by_the_sweep_is_picked_up_by_asking(db: Database, operator: UUID) -> None:
    chat = db.waiting_chat()
    sweep(db)
    assert db.owner.call("assign_chat_to_operator", operator) == chat


def test_one_sweep_sees_to_everybody(db: Database) -> None:
    """A warned, an idle, a lost and a busy operator at once, one of them free again for what was taken."""
    operators = [db.operator(name, available=True) for name in ("warned", "idle", "lost", "busy")]
    chats = [db.waiting_chat() for _ in operators]
    for operator, chat in zip(operators, chats, strict=True):
        assert db.owner.call("assign_chat_to_operator", operator) == chat
    warned, idle, lost, _ = operators
    idles(db, warned, chats[0], 245)
    idles(db, idle, chats[1], 305)
    db.passes(95, chats[2])
    assert sorted(sweep(db), key=lambda done: (done[0], str(done[1]))) == sorted(
        [
            ("warned", chats[0], warned, "idle"),
            ("released", chats[1], idle, "idle_timeout"),
            ("paused", chats[2], lost, "operator_lost"),
            # The idle one is the only one free: they get the older of the two chats, though it was theirs.
            ("assigned", chats[1], idle, "sweep"),
        ],
        key=lambda done: (done[0], str(done[1])),
    )
    assert [held(db, operator) for operator in operators] == [chats[0], chats[1], None, chats[3]]
    assert broken_invariants(db, 0) == []


def test_of_many_warned_and_released_at_once_each_is_told_of_their_own_chat(db: Database) -> None:
    operators = [db.operator(f"operator {n}", available=True) for n in range(6)]
    chats = [db.waiting_chat() for _ in operators]
    for operator, chat in zip(operators, chats, strict=True):
        assert db.owner.call("assign_chat_to_operator", operator) == chat
        idles(db, operator, chat, 250)
    sweep(db)
    for operator, chat in zip(operators, chats, strict=True):
        assert broadcasts(db, f"operator:{operator}", "idle_warning") == [
            {"chat_id": str(chat), "seconds_left": 50}
        ]
        idles(db, operator, chat, 60)
    sweep(db)
    for operator, chat in zip(operators, chats, strict=True):
        (told,) = broadcasts(db, f"operator:{operator}", "released")
        assert (told["chat_id"], told["reason"]) == (str(chat), "idle_timeout")
    assert broken_invariants(db, 0) == []


def test_rules_changed_by_an_admin_hold_from_the_next_sweep(db: Database, operator: UUID, chat: UUID) -> None:
    idles(db, operator, chat, 30)
    db.setting(idle_warning_seconds=10, idle_release_seconds=20)
    assert sweep(db)[0] == ("released", chat, operator, "idle_timeout")
