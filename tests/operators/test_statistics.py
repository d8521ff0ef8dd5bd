"""What operators did: counted from segments, messages and time on duty, for themselves and for admins."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.operators.support import refused_and_nothing_changed
from tests.support.database import Database

STATS = "operator_daily_stats"
TODAY = datetime.now(UTC).date()
MIDDAY = datetime.combine(TODAY - timedelta(days=1), datetime.min.time(), UTC) + timedelta(hours=12)


@pytest.fixture
def operator(db: Database) -> UUID:
    return db.operator()


def segment(
    db: Database,
    operator: UUID,
    at: datetime,
    reason: str | None = "completed",
    responded_after: int | None = None,
) -> None:
    """A time that the operator held some chat."""
    db.owner.execute(
        "insert into public.chat_assignments (chat_id, operator_id, assigned_at, first_response_at, released_at, release_reason)"
        " values (%s, %s, %s, %s, %s, %s)",
        db.chat(db.user()),
        operator,
        at,
        at + timedelta(seconds=responded_after) if responded_after is not None else None,
        at + timedelta(minutes=5) if reason else None,
        reason,
    )


def answer(db: Database, operator: UUID, at: datetime, after: int) -> None:
    """A message of the operator's, to a user who had waited so many seconds."""
    db.owner.execute(
        "insert into public.messages (chat_id, seq, sender_type, content, handled_by_operator_id, created_at, answered_waiting_since)"
        " values (%s, 1, 'fictional', 'hello', %s, %s, %s)",
        db.chat(db.user()),
        operator,
        at,
        at - timedelta(seconds=after),
    )


def yesterday(db: Database, operator: UUID) -> dict[str, Any]:
    (day,) = db.owner.call(STATS, operator, MIDDAY.date(), MIDDAY.date())["stats"]
    assert isinstance(day, dict)
    return day


def test_a_day_counts_segments_messages_and_how_fast_they_were(db: Database, operator: UUID) -> None:
    segment(db, operator, MIDDAY, responded_after=20)
    segment(db, operator, MIDDAY + timedelta(hours=1), reason="idle_timeout")
    segment(db, operator, MIDDAY + timedelta(hours=2), responded_after=40)
    for after in (10, 30, 500):
        answer(db, operator, MIDDAY, after)
    assert yesterday(db, operator) == {
        "date": MIDDAY.date().isoformat(),
        "messages_sent": 3,
        "chats_handled": 3,
        "first_response_seconds": 30,
        "median_response_seconds": 30,
        "available_seconds": 0,
        "releases": {"completed": 2, "idle_timeout": 1},
    }


def test_the_counts_come_from_what_happened_and_not_from_counters_that_drift(
    db: Database, operator: UUID
) -> None:
    segment(db, operator, MIDDAY)
    db.owner.execute(
        "insert into public.operator_stats (operator_id, date, messages_sent, chats_handled) values (%s, %s, 99, 99)",
        operator,
        MIDDAY.date(),
    )
    assert (yesterday(db, operator)["messages_sent"], yesterday(db, operator)["chats_handled"]) == (0, 1)


def test_time_on_duty_is_cut_at_midnight_and_counts_until_now(db: Database, operator: UUID) -> None:
    midnight = datetime.combine(TODAY, datetime.min.time(), UTC)
    db.owner.execute(
        "insert into public.operator_availability (operator_id, started_at, ended_at, end_reason) values"
        " (%s, %s, %s, 'operator_left')",
        operator,
        midnight - timedelta(hours=2),
        midnight + timedelta(seconds=1),
    )
    before, today = db.owner.call(STATS, operator, MIDDAY.date(), TODAY)["stats"]
    assert (before["available_seconds"], today["available_seconds"]) == (7200, 1)


def test_a_day_on_which_nothing_happened_is_told_as_such(db: Database, operator: UUID) -> None:
    days = db.owner.call(STATS, operator, TODAY - timedelta(days=6), TODAY)["stats"]
    assert [day["date"] for day in days] == [
        (TODAY - timedelta(days=n)).isoformat() for n in range(6, -1, -1)
    ]
    assert {day["chats_handled"] for day in days} == {0}
    assert days[0]["median_response_seconds"] is None
    assert days[0]["releases"] == {}


def test_what_really_happens_is_counted(db: Database) -> None:
    operator, chat = db.operator("olga", available=True), db.waiting_chat()
    db.owner.call("assign_chat_to_operator", operator)
    db.owner.call("send_operator_message", operator, chat, "hello")
    db.owner.call("complete_chat", operator, chat)
    (today,) = db.owner.call(STATS, operator, TODAY, TODAY)["stats"]
    assert (today["messages_sent"], today["chats_handled"], today["releases"]) == (1, 1, {"completed": 1})


@pytest.mark.parametrize(
    ("first", "last"),
    [(TODAY, TODAY - timedelta(days=1)), (TODAY - timedelta(days=366), TODAY), (None, TODAY)],
)
def test_a_period_is_one_day_to_a_year(db: Database, operator: UUID, first: object, last: object) -> None:
    with refused_and_nothing_changed(db, "INVALID_INPUT", 400):
        db.owner.call(STATS, operator, first, last)


def test_there_are_no_statistics_of_who_is_no_operator(db: Database) -> None:
    with refused_and_nothing_changed(db, "OPERATOR_NOT_FOUND", 404):
        db.owner.call(STATS, uuid.uuid4(), TODAY, TODAY)


def test_admins_see_what_every_operator_is_doing_now(db: Database, operator: UUID) -> None:
    admin = db.admin()
    busy, chat = db.operator("busy", available=True), db.waiting_chat()
    db.owner.call("assign_chat_to_operator", busy)
    db.owner.execute(
        "update public.operators set last_heartbeat_at = now() - interval '2 minutes' where id = %s", busy
    )
    listed = {row["id"]: row for row in db.owner.call("admin_list_operators", admin)["operators"]}
    assert listed[str(busy)]["chat_id"] == str(chat)
    assert (listed[str(busy)]["is_available"], listed[str(busy)]["is_reachable"]) == (True, False)
    assert (listed[str(operator)]["chat_id"], listed[str(operator)]["is_available"]) == (None, False)
    with refused_and_nothing_changed(db, "NOT_AN_ADMIN", 403):
        db.owner.call("admin_list_operators", busy)
