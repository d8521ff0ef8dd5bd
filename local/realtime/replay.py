"""Broadcasts from the database, sent again to a private channel that asks for those it missed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

MAX_MESSAGES = 25
WINDOW_SECONDS = 72 * 3600

LATEST_MESSAGES = """
select * from (
  select id, event, payload, inserted_at from realtime.messages
  where topic = %(topic)s and extension = 'broadcast' and private and payload is not null
    and inserted_at >= to_timestamp(%(since)s) at time zone 'UTC'
  order by inserted_at desc limit %(limit)s
) latest order by inserted_at
"""


class ReplayRefused(Exception):
    """A replay that cannot be had; `str()` is the reason as the host words it."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What to send again: the latest `limit` messages, of those after `since` (seconds since the epoch)."""

    since: float
    limit: int

    @classmethod
    def of(cls, parameters: object, *, private: bool) -> Replay:
        """The replay a join asks for; raises ReplayRefused."""
        if not private:
            raise ReplayRefused("UnableToReplayMessages: Replay is not allowed for public channels")
        values: dict[str, Any] = parameters if isinstance(parameters, dict) else {}
        since, limit = values.get("since"), values.get("limit", MAX_MESSAGES)
        if type(since) is not int or type(limit) is not int or not 1 <= limit <= MAX_MESSAGES:
            raise ReplayRefused("UnableToReplayMessages: Replay params are not valid")
        return cls(max(since / 1000, time.time() - WINDOW_SECONDS), limit)

    async def messages(self, pool: AsyncConnectionPool[AsyncConnection], topic: str) -> list[dict[str, Any]]:
        """The broadcasts, oldest first, each marked as replayed."""
        async with pool.connection() as connection:
            cursor = await connection.execute(
                LATEST_MESSAGES, {"topic": topic, "since": self.since, "limit": self.limit}
            )
            return [
                {
                    "type": "broadcast",
                    "event": event,
                    "payload": payload,
                    "meta": {"replayed": True, "id": str(id_)},
                }
                for id_, event, payload, _ in await cursor.fetchall()
            ]
