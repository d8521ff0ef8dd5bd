"""What transactions commit, read from a logical replication slot by SQL functions.

The slot is temporary: it lives and dies with its session, so a server that is killed leaves none behind to
hold back the log. What commits while there is no slot is not seen: Realtime is a hint, the tables are the
truth.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from uuid import uuid4

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow, tuple_row

from local.realtime.pgoutput import Change, Decoder

log = logging.getLogger(__name__)

CHANGES_PUBLICATION = "supabase_realtime"
MESSAGES_PUBLICATION = "supabase_realtime_messages_publication"
PUBLICATIONS = f"{CHANGES_PUBLICATION},{MESSAGES_PUBLICATION}"

# Seconds between looks at the log: while it grows, while it rests, and after the database went away.
BUSY_PAUSE = 0.02
IDLE_PAUSE = 0.05
RECONNECT_PAUSE = 0.25

# A slot is read from the last snapshot the server happened to log: under load, have one logged this often.
SNAPSHOT_EVERY_BYTES = 1 << 20
CHANGES_PER_READ = 1000
CHANGES_PER_BATCH = 500

Batch = list[Change]


class ReplicationStream:
    """Reads one database's slot for as long as it runs, through restarts of the database.

    `on_start` is awaited each time a slot was made: what commits from then on is delivered. `on_changes` is
    awaited with every batch, in commit order; an error of its own connection starts the stream anew.
    """

    def __init__(
        self,
        dsn: str,
        on_start: Callable[[], Awaitable[None]],
        on_changes: Callable[[Batch], Awaitable[None]],
    ) -> None:
        self._dsn = dsn
        self._on_start = on_start
        self._on_changes = on_changes

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            try:
                async with await AsyncConnection.connect(self._dsn, autocommit=True) as connection:
                    await self._follow(connection)
            except psycopg.OperationalError as error:
                log.warning("realtime lost its replication slot and will make a new one: %s", error)
            except Exception:
                log.exception("realtime gave up its replication slot and will make a new one")
            await asyncio.sleep(RECONNECT_PAUSE)

    async def _follow(self, connection: AsyncConnection) -> None:
        slot = f"fantooo_realtime_{uuid4().hex}"
        await connection.execute("select pg_create_logical_replication_slot(%s, 'pgoutput', true)", [slot])
        await self._on_start()
        read_to = snapshot_at = 0
        while True:
            written_to = await self._end_of_log(connection)
            if written_to == read_to:
                await asyncio.sleep(IDLE_PAUSE)
                continue
            # Closed here, also when cancelled between two batches: else its transaction would outlive the connection.
            async with aclosing(self._read(connection, slot)) as batches:
                async for batch in batches:
                    await self._on_changes(batch)
            if written_to - snapshot_at > SNAPSHOT_EVERY_BYTES:
                await connection.execute("select pg_log_standby_snapshot()")
                snapshot_at = written_to
            read_to = written_to
            await asyncio.sleep(BUSY_PAUSE)

    @staticmethod
    async def _end_of_log(connection: AsyncConnection) -> int:
        async with connection.cursor(row_factory=tuple_row) as cursor:
            await cursor.execute("select (pg_current_wal_flush_lsn() - '0/0')::bigint")
            row = await cursor.fetchone()
        assert row is not None
        return int(row[0])

    @staticmethod
    async def _read(connection: AsyncConnection, slot: str) -> AsyncGenerator[Batch, None]:
        """What was committed since the last call, in parts: one transaction may hold millions of rows."""
        decoder = Decoder()
        async with connection.transaction():
            # Declared here and not by psycopg: its own cursor stays open when it is cancelled while it closes.
            await connection.execute(
                "declare changes no scroll cursor for select data from pg_logical_slot_get_binary_changes("
                "%s, null, %s, 'proto_version', '1', 'publication_names', %s)",
                [slot, CHANGES_PER_READ, PUBLICATIONS],
            )
            while rows := await ReplicationStream._next_changes(connection):
                if batch := list(decoder.decode(bytes(row[0]) for row in rows)):
                    yield batch

    @staticmethod
    async def _next_changes(connection: AsyncConnection) -> list[TupleRow]:
        fetched = await connection.execute(f"fetch {CHANGES_PER_BATCH} from changes", binary=True)
        return await fetched.fetchall()
