"""The schema cache: the catalog in memory, read again when somebody says that it changed or a name is missing."""

import asyncio
import logging
import time

import psycopg
from psycopg_pool import AsyncConnectionPool

from local.rest.catalog import Catalog, read_catalog

CHANNEL = "pgrst"
RETRY_SECONDS = 1.0

log = logging.getLogger(__name__)


class SchemaCache:
    def __init__(self, pool: AsyncConnectionPool, dsn: str) -> None:
        self._pool = pool
        self._dsn = dsn
        self._catalog: Catalog | None = None
        self._read_at = 0.0
        self._lock = asyncio.Lock()

    async def current(self) -> Catalog:
        """The catalog as last read. Raises psycopg.Error when it was never read and cannot be."""
        return self._catalog or await self.refresh()

    async def refresh(self) -> Catalog:
        """Read the catalog again. Raises psycopg.Error, and then keeps the old one."""
        async with self._lock:
            return await self._read()

    async def refresh_if_old(self) -> Catalog:
        """For a request that names what the cache lacks: read again, but at most once a second."""
        async with self._lock:
            if self._catalog and time.monotonic() - self._read_at < RETRY_SECONDS:
                return self._catalog
            return await self._read()

    async def _read(self) -> Catalog:
        async with self._pool.connection() as connection:
            self._catalog = await read_catalog(connection)
        self._read_at = time.monotonic()
        return self._catalog

    async def follow(self) -> None:
        """Refresh after every `notify pgrst`, until cancelled; a lost connection is made anew."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._dsn, autocommit=True) as connection:
                    await connection.execute(f"listen {CHANNEL}")
                    await self.refresh()  # what changed while nobody listened
                    async for _ in connection.notifies():
                        await self.refresh()
            except psycopg.Error as error:
                log.warning("the schema cache does not hear of changes: %s", error)
                await asyncio.sleep(RETRY_SECONDS)
