"""What all connections share: the rooms, the subscriptions, and the stream of what the database commits."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from local.project import Project
from local.realtime.authorization import Authorizer
from local.realtime.changes import ChangeReader
from local.realtime.pgoutput import Change, Operation
from local.realtime.protocol import ProtocolError
from local.realtime.replication import Batch, ReplicationStream
from local.realtime.rooms import Room, Rooms
from local.realtime.subscriptions import SubscriptionFactory, Subscriptions

log = logging.getLogger(__name__)

ROLE = "supabase_admin"
POOL_SIZE = 4
# How long a join waits for a connection before it is told to come back.
POOL_TIMEOUT = 5
PARTITIONS_EVERY_SECONDS = 3600
PARTITIONS_RETRY_SECONDS = 5
MESSAGES_SCHEMA, MESSAGES_TABLE = "realtime", "messages"


class Service:
    """One project's Realtime. The answer to a refused join is held back for `refusal_delay` seconds."""

    def __init__(self, project: Project, refusal_delay: float) -> None:
        dsn = project.dsn(ROLE)
        self.project = project
        self.refusal_delay = refusal_delay
        self.pool: AsyncConnectionPool[AsyncConnection] = AsyncConnectionPool(
            dsn,
            min_size=1,
            max_size=POOL_SIZE,
            timeout=POOL_TIMEOUT,
            open=False,
            kwargs={"autocommit": True},
            check=AsyncConnectionPool.check_connection,
        )
        self.rooms = Rooms()
        self.subscriptions = Subscriptions()
        self.subscription_factory = SubscriptionFactory(self.pool)
        self.authorizer = Authorizer(self.pool)
        self._changes = ChangeReader(dsn, self.subscriptions)
        self._stream = ReplicationStream(dsn, self._on_start, self._on_changes)
        self._ready = asyncio.Event()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow the database while the context lasts; entered once changes are being followed."""
        await self.pool.open()
        tasks = [asyncio.create_task(work) for work in (self._stream.run(), self._keep_partitions())]
        try:
            await self._ready.wait()
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._changes.close()
            await self.pool.close()

    async def _on_start(self) -> None:
        await self._changes.open()
        if self._ready.is_set():
            # The slot is a new one. What was committed between the two is lost to subscribers, so tell them.
            self.subscriptions.announce()
        self._ready.set()

    async def _on_changes(self, batch: Batch) -> None:
        deliveries = await self._changes.read(batch)
        for change, its_deliveries in zip(batch, deliveries, strict=True):
            if _is_message(change):
                self._broadcast(change)
            for delivery in its_deliveries:
                delivery.send()

    def _broadcast(self, change: Change) -> None:
        row = change.new or {}
        if row["extension"] != "broadcast" or row["event"] is None:
            return
        if row["binary_payload"] is not None:
            payload = bytes.fromhex(str(row["binary_payload"]).removeprefix("\\x"))
        else:
            payload = json.loads(str(row["payload"] or "{}"))
        room = Room(str(row["topic"]), row["private"] == "t")
        try:
            self.rooms.broadcast(room, str(row["event"]), payload, metadata={"id": str(row["id"])})
        except ProtocolError as error:
            log.warning("message %s cannot be broadcast: %s", row["id"], error)

    async def _keep_partitions(self) -> None:
        while True:
            pause = PARTITIONS_EVERY_SECONDS
            try:
                async with self.pool.connection() as connection:
                    await connection.execute("select realtime.keep_message_partitions()")
            except psycopg.Error as error:
                log.warning("the partitions of realtime.messages were not kept up: %s", error)
                pause = PARTITIONS_RETRY_SECONDS
            await asyncio.sleep(pause)


def _is_message(change: Change) -> bool:
    """Whether a change is a new row of realtime.messages; the log names the partition it went to."""
    relation = change.relation
    return (
        change.operation is Operation.INSERT
        and relation.schema == MESSAGES_SCHEMA
        and relation.name.startswith(MESSAGES_TABLE)
    )
