"""record_heartbeat: what the operator's app says every 30 seconds, and what it learns: design 3.8."""

import uuid
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tests.operators.support import beats, refused_and_nothing_changed, sweep
from tests.support.database import Database


@pytest.fixture
def operator(db: Database) -> UUID:
    return db.operator(available=True)


@pytest.fixture
def chat(db: Database, operator: UUID) -> UUID:
    """A chat the operator holds."""
    chat = db.waiting_chat()
    assert db.owner.call("assign_chat_to_operator", operator) == chat
    return chat


def activity(db: Database, chat: UUID) -> datetime:
    moment: datetime = db.owner.value(
        "select last_activity from public.operator_activity where chat_id = %s", chat
    )
    return moment


def test_a_heartbeat_says_how_long_the_chat_is_theirs(db: Database, operator: UUID, chat: UUID) -> None:
    answer = beats(db, operator, chat)
    assert answer == {
        "state": "active",
        "seconds_left": 300,
        "chat_id": str(chat),
        "is_available": True,
        "released": None,
    }
    db.passes(100, chat)
    assert beats(db, operator, chat, moved=False)["seconds_left"] == 200


def test_a_heartbeat_without_movement_is_no_activity(db: Database, operator: UUID, chat: UUID) -> None:
    """A client that leaves lastActivity out would otherwise keep its chat for ever."""
    db.passes(200, chat)
    before = activity(db, chat)
    assert beats(db, operator, chat, moved=False)["seconds_left"] == 100
    assert activity(db, chat) == before
    assert db.operator_row(operator)["last_heartbeat_at"] > datetime.now(UTC) - timedelta(seconds=60)


def test_a_movement_in_the_future_is_one_of_now(db: Database, operator: UUID, chat: UUID) -> None:
    """Design 3.8: a client's clock cannot keep a chat for ever."""
    for future in (datetime.now(UTC) + timedelta(days=1), "infinity"):
        answer = db.owner.call("record_heartbeat", operator, chat, future)
        assert answer["seconds_left"] == 300
        assert activity(db, chat) <= db.owner.value("select clock_timestamp()")
    db.passes(250, chat)
    assert beats(db, operator, chat, moved=False)["state"] == "warning"


@pytest.mark.parametrize("past", [datetime(2020, 1, 1, tzinfo=UTC), "-infinity"])
def test_a_movement_in_the_past_takes_nothing_back(
    db: Database, operator: UUID, chat: UUID, past: datetime | str
) -> None:
    before = activity(db, chat), db.operator_row(operator)["last_activity"]
    assert db.owner.call("record_heartbeat", operator, chat, past)["seconds_left"] == 300
    assert (activity(db, chat), db.operator_row(operator)["last_activity"]) == before


def test_what_came_before_the_chat_was_given_neither_helps_nor_harms(db: Database, operator: UUID) -> None:
    db.owner.execute(
        "update public.operators set last_activity = now() - interval '1 hour' where id = %s", operator
    )
    chat = db.waiting_chat()
    db.owner.call("assign_chat_to_operator", operator)
    answer = db.owner.call("record_heartbeat", operator, chat, datetime.now(UTC) - timedelta(minutes=10))
    assert (answer["state"], answer["seconds_left"]) == ("active", 300)


def test_the_waiting_page_beats_without_a_chat(db: Database, operator: UUID) -> None:
    assert beats(db, operator) == {
        "state": "waiting",
        "seconds_left": None,
        "chat_id": None,
        "is_available": True,
        "released": None,
    }


def test_the_waiting_page_learns_of_a_chat_it_has_not_heard_of(db: Database, operator: UUID) -> None:
    """The broadcast was missed: the next heartbeat names the chat, and does not count as picking it up."""
    assert db.owner.call("assign_chat_to_operator", operator) is None
    chat = db.waiting_chat()
    assert beats(db, operator)["chat_id"] == str(chat)
    assert db.owner.call("assign_chat_to_operator", operator) == chat


def test_moving_on_the_waiting_page_is_no_activity_in_the_chat(
    db: Database, operator: UUID, chat: UUID
) -> None:
    db.passes(200, chat)
    assert beats(db, operator, None)["seconds_left"] == 100


def test_an_operator_who_is_off_beats_without_coming_back(db: Database) -> None:
    operator = db.operator()
    assert beats(db, operator)["is_available"] is False
    assert db.operator_row(operator)["free_since"] is None


def test_a_warning_is_taken_back_by_moving(db: Database, operator: UUID, chat: UUID) -> None:
    db.passes(80, chat)
    for _ in range(2):
        db.passes(80, chat)
        beats(db, operator, chat, moved=False)
    assert beats(db, operator, chat, moved=False) == {
        "state": "warning",
        "seconds_left": 60,
        "chat_id": str(chat),
        "is_available": True,
        "released": None,
    }
    assert sweep(db) == [("warned", chat, operator, "idle")]
    assert beats(db, operator, chat)["state"] == "active"
    assert db.chat_row(chat)["idle_warned_at"] is None


def test_a_heartbeat_for_a_chat_that_was_taken_says_why_and_since_when(
    db: Database, operator: UUID, chat: UUID
) -> None:
    other = db.operator("other", available=True)
    assert db.owner.call("release_and_reassign_chat", chat, "idle_timeout") == other
    released_at = db.owner.value(
        "select released_at from public.chat_assignments where released_at is not null"
    )
    answer = beats(db, operator, chat)
    assert (answer["state"], answer["seconds_left"], answer["chat_id"]) == ("released", 0, None)
    assert (answer["released"]["chat_id"], answer["released"]["reason"]) == (str(chat), "idle_timeout")
    assert datetime.fromisoformat(answer["released"]["at"]) == released_at


def test_who_was_given_another_chat_meanwhile_learns_of_both(
    db: Database, operator: UUID, chat: UUID
) -> None:
    db.owner.call("send_operator_message", operator, chat, "hello")
    db.owner.call("complete_chat", operator, chat)
    following = db.waiting_chat()
    answer = beats(db, operator, chat)
    assert (answer["state"], answer["released"]["reason"], answer["chat_id"]) == (
        "released",
        "completed",
        str(following),
    )


def test_a_chat_that_was_never_theirs_does_not_exist_for_them(
    db: Database, operator: UUID, chat: UUID
) -> None:
    stranger = db.operator("stranger", available=True)
    for unknown in (chat, uuid.uuid4()):
        with refused_and_nothing_changed(db, "CHAT_NOT_FOUND", 404):
            beats(db, stranger, unknown)
