"""Operators, chats and sweeps at the same moment: two sessions, written out step by step: design 3.7 and 3.8.

Each test begins one transaction, lets the other run into it, and commits. A deadlock, or a wait where there must be
none, fails the test.
"""

from uuid import UUID

import psycopg
import pytest

from tests.operators.support import beats, broken_invariants, held, holder, segments
from tests.support.database import Database, Session, refused

ASSIGN = "assign_chat_to_operator"
SWEEP = "select * from public.sweep_idle_assignments()"


@pytest.fixture
def first(db: Database) -> Session:
    return db.session()


@pytest.fixture
def second(db: Database) -> Session:
    return db.session()


@pytest.fixture
def operator(db: Database) -> UUID:
    return db.operator(available=True)


@pytest.fixture
def chat(db: Database, operator: UUID) -> UUID:
    """A chat the operator holds, with a message unanswered."""
    chat = db.waiting_chat()
    assert db.owner.call(ASSIGN, operator) == chat
    return chat


@pytest.fixture
def idle_chat(db: Database, operator: UUID, chat: UUID) -> UUID:
    """A held chat whose operator has not moved for five minutes, though their app beats."""
    db.passes(300, chat)
    beats(db, operator, chat, moved=False)
    return chat


@pytest.fixture(autouse=True)
def every_invariant_holds_afterwards(db: Database) -> object:
    yield
    assert broken_invariants(db) == []


# Assigning


def test_two_assigns_of_one_operator_give_one_chat(
    db: Database, first: Session, second: Session, operator: UUID
) -> None:
    """Design 3.7: the second waits for the first and is then refused."""
    older, newer = db.waiting_chat(), db.waiting_chat()
    first.begin()
    assert first.call(ASSIGN, operator) == older
    waiting = second.start(ASSIGN, operator)
    db.wait_until_blocked(second)
    first.commit()
    with refused("ALREADY_ASSIGNED", 409):
        waiting.result(10)
    assert holder(db, newer) is None


def test_two_operators_at_one_chat_do_not_wait_for_each_other(
    db: Database, first: Session, second: Session, operator: UUID
) -> None:
    other, chat = db.operator("other", available=True), db.waiting_chat()
    first.begin()
    assert first.call(ASSIGN, operator) == chat
    assert second.call(ASSIGN, other) is None
    first.commit()
    assert segments(db, chat) == [(operator, None)]
    assert db.operator_row(other)["asked_at"] is not None


@pytest.mark.parametrize("function", [ASSIGN, "sweep_idle_assignments"])
def test_a_chat_given_away_between_the_look_at_the_queue_and_the_lock_is_left_alone(
    db: Database, first: Session, second: Session, operator: UUID, function: str
) -> None:
    """One of them is made to wait where it has a snapshot in which the chat still waits, and no lock yet."""
    slow, chat = db.operator("slow", available=True), db.waiting_chat()
    given = db.owner.value("select pg_get_functiondef(%s::regproc)", f"public.{function}")
    look = "where coalesce("
    pause = "(current_setting('test.slow', true) is distinct from 'on' or pg_advisory_lock_shared(7)::text is not null)"
    assert given.count(look) == 1
    db.owner.execute(given.replace(look, f"where {pause} and coalesce("))
    db.owner.execute("select pg_advisory_lock(7)")
    second.execute("set test.slow = 'on'")
    second.begin()
    looking = second.start_work(
        lambda: second.call(ASSIGN, slow) if function == ASSIGN else second.rows(SWEEP)
    )
    db.wait_until_blocked(second)
    assert first.call(ASSIGN, operator) == chat
    db.owner.execute("select pg_advisory_unlock(7)")
    assert not looking.result(10)
    assert segments(db, chat) == [(operator, None)]
    # Nor did they lock it in passing.
    db.owner.execute("select from public.chats where id = %s for no key update nowait", chat)
    second.commit()


def test_an_assign_that_is_rolled_back_leaves_the_chat_to_the_sweep(
    db: Database, first: Session, second: Session, operator: UUID
) -> None:
    other, chat = db.operator("other", available=True), db.waiting_chat()
    first.begin()
    first.call(ASSIGN, operator)
    assert second.call(ASSIGN, other) is None
    first.rollback()
    assert second.rows(SWEEP)[0]["operator_id"] == operator
    assert holder(db, chat) == operator


def test_a_sweep_passes_over_an_operator_who_is_assigning(
    db: Database, first: Session, second: Session, operator: UUID
) -> None:
    older, newer = db.waiting_chat(), db.waiting_chat()
    other = db.operator("other", available=True)
    first.begin()
    assert first.call(ASSIGN, operator) == older
    assert [(row["chat_id"], row["operator_id"]) for row in second.rows(SWEEP)] == [(newer, other)]
    first.commit()
    assert [holder(db, older), holder(db, newer)] == [operator, other]


def test_an_operator_whom_a_sweep_gives_a_chat_is_not_given_another(
    db: Database, first: Session, second: Session, operator: UUID
) -> None:
    chat, _ = db.waiting_chat(), db.waiting_chat()
    first.begin()
    assert first.rows(SWEEP)[0]["chat_id"] == chat
    waiting = second.start(ASSIGN, operator)
    db.wait_until_blocked(second)
    first.commit()
    assert waiting.result(10) == chat


def test_a_message_and_an_assign_at_once_leave_no_chat_behind_the_next_sweep(
    db: Database, first: Session, second: Session, operator: UUID
) -> None:
    """Neither sees the other: the operator finds no chat, the message nobody in line; the sweep brings them together."""
    user = db.user()
    chat = db.chat(user)
    first.begin()
    first.call("send_user_message", user, chat, "hello")
    assert second.call(ASSIGN, operator) is None
    first.commit()
    assert holder(db, chat) is None
    assert db.owner.rows(SWEEP)[0]["operator_id"] == operator


def test_two_messages_at_once_are_not_given_to_the_one_operator_in_line(
    db: Database, first: Session, second: Session, operator: UUID
) -> None:
    assert db.owner.call(ASSIGN, operator) is None
    users = [db.user(), db.user()]
    chats = [db.chat(user) for user in users]
    first.begin()
    first.call("send_user_message", users[0], chats[0], "hello")
    second.call("send_user_message", users[1], chats[1], "hello")
    first.commit()
    assert [holder(db, chat) for chat in chats] == [operator, None]


# Sweeping


def test_two_sweeps_at_once_do_everything_once(
    db: Database, first: Session, second: Session, operator: UUID, idle_chat: UUID
) -> None:
    waiting = db.waiting_chat()
    other = db.operator("other", available=True)
    first.begin()
    done = [(row["action"], row["chat_id"]) for row in first.rows(SWEEP)]
    assert second.rows(SWEEP) == []
    first.commit()
    assert done == [("released", idle_chat), ("assigned", idle_chat), ("assigned", waiting)]
    assert [holder(db, idle_chat), holder(db, waiting)] == [other, operator]
    assert db.operator_row(operator)["idle_releases"] == 1


def test_a_sweep_passes_over_a_chat_whose_operator_is_just_beating(
    db: Database, first: Session, second: Session, operator: UUID, idle_chat: UUID
) -> None:
    first.begin()
    assert beats_in(first, operator, idle_chat)["state"] == "active"
    assert second.rows(SWEEP) == []
    first.commit()
    assert second.rows(SWEEP) == []
    assert holder(db, idle_chat) == operator


def test_a_heartbeat_that_comes_while_a_sweep_takes_the_chat_is_told_why(
    db: Database, first: Session, second: Session, operator: UUID, idle_chat: UUID
) -> None:
    db.operator("other", available=True)
    first.begin()
    assert first.rows(SWEEP)[0]["action"] == "released"
    waiting = second.start("record_heartbeat", operator, idle_chat, "now")
    db.wait_until_blocked(second)
    first.commit()
    answer = waiting.result(10)
    assert (answer["state"], answer["chat_id"]) == ("released", None)
    assert answer["released"]["reason"] == "idle_timeout"


def test_a_heartbeat_that_comes_while_a_chat_is_given_does_not_answer_waiting(
    db: Database, first: Session, second: Session, operator: UUID
) -> None:
    chat = db.waiting_chat()
    first.begin()
    first.call(ASSIGN, operator)
    waiting = second.start("record_heartbeat", operator, None, "now")
    db.wait_until_blocked(second)
    first.commit()
    with pytest.raises(psycopg.errors.SerializationFailure):
        waiting.result(10)
    assert second.call("record_heartbeat", operator, None, "now")["chat_id"] == str(chat)


@pytest.mark.parametrize("pick_up", [ASSIGN, "get_operator_chat"])
def test_picking_a_chat_up_while_a_sweep_takes_it_is_no_deadlock(
    db: Database, first: Session, second: Session, operator: UUID, pick_up: str
) -> None:
    """The operator locks themselves and then their segment: the sweep must not hold the segment and want the operator."""
    assert db.owner.call(ASSIGN, operator) is None
    chat = db.waiting_chat()
    db.passes(300, chat)
    beats(db, operator, None, moved=False)
    other = db.session()
    other.begin()
    other.execute("select from public.operators where id = %s for no key update", operator)
    sweeping = first.start("release_and_reassign_chat", chat, "idle_timeout")
    db.wait_until_blocked(first)
    other.call(pick_up, operator)
    other.commit()
    assert sweeping.result(10) == operator
    assert segments(db, chat) == [(operator, "idle_timeout"), (operator, None)]


# Taking a chat while it is written in


def test_an_answer_that_comes_while_the_chat_is_taken_is_refused(
    db: Database, first: Session, second: Session, operator: UUID, chat: UUID
) -> None:
    other = db.operator("other", available=True)
    first.begin()
    assert first.call("release_and_reassign_chat", chat, "idle_timeout") == other
    waiting = second.start("send_operator_message", operator, chat, "too late")
    db.wait_until_blocked(second)
    first.commit()
    with refused("CHAT_NOT_ASSIGNED", 403):
        waiting.result(10)
    assert [message["sender_type"] for message in db.messages(chat)] == ["real"]


def test_a_chat_that_is_being_answered_is_not_taken(
    db: Database, first: Session, second: Session, operator: UUID, idle_chat: UUID
) -> None:
    first.begin()
    first.call("send_operator_message", operator, idle_chat, "just in time")
    assert second.rows(SWEEP) == []
    first.commit()
    assert second.rows(SWEEP) == []
    assert holder(db, idle_chat) == operator


def test_a_message_that_comes_while_its_chat_is_released_is_not_lost(
    db: Database, first: Session, second: Session, operator: UUID, chat: UUID
) -> None:
    """The operator has answered and releases; the user's next words must find the queue or somebody in line."""
    db.owner.call("send_operator_message", operator, chat, "hello")
    in_line = db.operator("in line", available=True)
    assert db.owner.call(ASSIGN, in_line) is None
    user = db.chat_row(chat)["real_user_id"]
    first.begin()
    first.call("release_chat", operator, chat)
    waiting = second.start("send_user_message", user, chat, "wait!")
    db.wait_until_blocked(second)
    first.commit()
    waiting.result(10)
    assert holder(db, chat) == in_line


def test_completing_a_chat_while_its_user_writes_leaves_the_message_in_the_queue(
    db: Database, first: Session, second: Session, operator: UUID, chat: UUID
) -> None:
    db.owner.call("send_operator_message", operator, chat, "hello")
    user = db.chat_row(chat)["real_user_id"]
    first.begin()
    first.call("send_user_message", user, chat, "wait!")
    waiting = second.start("complete_chat", operator, chat)
    db.wait_until_blocked(second)
    first.commit()
    assert waiting.result(10) is None
    assert db.chat_row(chat)["waiting_since"] is not None
    assert segments(db, chat) == [(operator, "completed")]


# Completing, leaving and being deactivated


def test_completing_and_assigning_at_once_give_one_chat(
    db: Database, first: Session, second: Session, operator: UUID, chat: UUID
) -> None:
    db.owner.call("send_operator_message", operator, chat, "hello")
    following, further = db.waiting_chat(), db.waiting_chat()
    first.begin()
    assert first.call("complete_chat", operator, chat) == following
    waiting = second.start(ASSIGN, operator)
    db.wait_until_blocked(second)
    first.commit()
    with refused("ALREADY_ASSIGNED", 409):
        waiting.result(10)
    assert holder(db, further) is None


def test_completing_twice_at_once_releases_once(
    db: Database, first: Session, second: Session, operator: UUID, chat: UUID
) -> None:
    db.owner.call("send_operator_message", operator, chat, "hello")
    following = db.waiting_chat()
    first.begin()
    assert first.call("complete_chat", operator, chat) == following
    waiting = second.start("complete_chat", operator, chat)
    db.wait_until_blocked(second)
    first.commit()
    with refused("CHAT_NOT_ASSIGNED", 403):
        waiting.result(10)
    assert held(db, operator) == following


def test_deactivating_an_operator_who_is_assigning_is_tried_again_and_takes_the_chat(
    db: Database, first: Session, second: Session, operator: UUID
) -> None:
    admin, chat = db.admin(), db.waiting_chat()
    first.begin()
    first.call(ASSIGN, operator)
    waiting = second.start("deactivate_operator", admin, operator)
    db.wait_until_blocked(second)
    first.commit()
    with pytest.raises(psycopg.errors.SerializationFailure):
        waiting.result(10)
    assert second.call("deactivate_operator", admin, operator)["released_chat_id"] == str(chat)
    assert held(db, operator) is None


def test_an_operator_who_is_being_deactivated_is_given_nothing(
    db: Database, first: Session, second: Session, operator: UUID
) -> None:
    admin, chat = db.admin(), db.waiting_chat()
    first.begin()
    first.call("deactivate_operator", admin, operator)
    waiting = second.start(ASSIGN, operator)
    db.wait_until_blocked(second)
    assert db.owner.rows(SWEEP) == []
    first.commit()
    with refused("OPERATOR_INACTIVE", 403):
        waiting.result(10)
    assert holder(db, chat) is None


def test_a_chat_is_not_given_to_an_operator_who_is_leaving(
    db: Database, first: Session, second: Session, operator: UUID
) -> None:
    assert db.owner.call(ASSIGN, operator) is None
    user = db.user()
    chat = db.chat(user)
    first.begin()
    first.call("set_operator_availability", operator, False)
    second.call("send_user_message", user, chat, "hello")
    first.commit()
    assert holder(db, chat) is None


def test_an_operator_who_leaves_while_given_a_chat_is_told_to_try_again_and_gives_it_back(
    db: Database, first: Session, second: Session, operator: UUID
) -> None:
    assert db.owner.call(ASSIGN, operator) is None
    user = db.user()
    chat = db.chat(user)
    first.begin()
    first.call("send_user_message", user, chat, "hello")
    waiting = second.start("set_operator_availability", operator, False)
    db.wait_until_blocked(second)
    first.commit()
    with pytest.raises(psycopg.errors.SerializationFailure):
        waiting.result(10)
    assert second.call("set_operator_availability", operator, False)["released_chat_id"] == str(chat)
    assert holder(db, chat) is None


def test_two_who_save_the_notes_at_once_do_not_overwrite_each_other(
    db: Database, first: Session, second: Session, operator: UUID, chat: UUID
) -> None:
    first.begin()
    first.call("save_chat_notes", operator, chat, 1, "likes octopuses")
    waiting = second.start("save_chat_notes", operator, chat, 1, "likes tea")
    db.wait_until_blocked(second)
    first.commit()
    with refused("NOTES_CHANGED", 409):
        waiting.result(10)
    assert db.owner.value("select real_profile_notes from public.chat_notes where chat_id = %s", chat) == (
        "likes octopuses"
    )


def beats_in(session: Session, operator: UUID, chat: UUID) -> dict[str, object]:
    answer: dict[str, object] = session.call("record_heartbeat", operator, chat, "now")
    return answer
