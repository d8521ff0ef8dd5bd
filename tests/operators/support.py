"""What the tests of the operator side look at: segments of a chat, broadcasts, and whether anything changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from tests.support.database import Database, Refusal, refused

TABLES = (
    "operators",
    "chats",
    "chat_assignments",
    "operator_activity",
    "operator_availability",
    "operator_stats",
    "chat_notes",
    "messages",
)


def everything(db: Database) -> dict[str, list[dict[str, Any]]]:
    """Every row of what operators work with."""
    return {table: db.owner.rows(f"select * from public.{table} order by 1") for table in TABLES}


@contextmanager
def unchanged(db: Database) -> Iterator[None]:
    """Nothing of what operators work with may be different after the block."""
    before = everything(db)
    yield
    assert everything(db) == before


@contextmanager
def refused_and_nothing_changed(db: Database, code: str, status: int) -> Iterator[Refusal]:
    """The block must end in this refusal, and must have changed nothing."""
    with unchanged(db), refused(code, status) as refusal:
        yield refusal


def segments(db: Database, chat_id: UUID) -> list[tuple[UUID, str | None]]:
    """(operator, why it ended) of each time somebody held the chat, oldest first."""
    rows = db.owner.rows(
        "select operator_id, release_reason from public.chat_assignments where chat_id = %s order by assigned_at",
        chat_id,
    )
    return [(row["operator_id"], row["release_reason"]) for row in rows]


def holder(db: Database, chat_id: UUID) -> UUID | None:
    operator: UUID | None = db.chat_row(chat_id)["assigned_operator_id"]
    return operator


def held(db: Database, operator_id: UUID) -> UUID | None:
    """The chat an operator holds."""
    rows = db.owner.rows("select id from public.chats where assigned_operator_id = %s", operator_id)
    return rows[0]["id"] if rows else None


def broadcasts(db: Database, topic: str, event: str) -> list[dict[str, Any]]:
    """The payloads sent on a private topic, oldest first, without the id Realtime adds."""
    rows = db.owner.rows(
        "select payload from realtime.messages where topic = %s and event = %s and private order by inserted_at",
        topic,
        event,
    )
    return [{key: value for key, value in row["payload"].items() if key != "id"} for row in rows]


def sweep(db: Database) -> list[tuple[str, UUID | None, UUID | None, str]]:
    """What a sweep did: (action, chat, operator, reason)."""
    rows = db.owner.rows("select * from public.sweep_idle_assignments()")
    return [(row["action"], row["chat_id"], row["operator_id"], row["reason"]) for row in rows]


def beats(
    db: Database, operator_id: UUID, chat_id: UUID | None = None, *, moved: bool = True
) -> dict[str, Any]:
    """A heartbeat, from somebody who moved just now or has not moved at all."""
    moment = db.owner.value("select clock_timestamp()") if moved else None
    answer: dict[str, Any] = db.owner.call("record_heartbeat", operator_id, chat_id, moment)
    return answer


def broken_invariants(db: Database, sweep_seconds: int = 120) -> list[str]:
    """The rules that do not hold."""
    rows = db.owner.rows("select invariant from public.check_invariants(%s)", sweep_seconds)
    return [row["invariant"] for row in rows]
