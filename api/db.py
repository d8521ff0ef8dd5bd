"""The one road to the database: a pool of connections, and calls of SQL functions over it.

Every call is one statement on an autocommit connection, so one round trip and one transaction.
"""

from __future__ import annotations

import logging
import random
import select
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb, set_json_loads
from psycopg_pool import ConnectionPool, PoolTimeout, TooManyRequests
from pydantic_core import from_json

from api.config import Config

log = logging.getLogger(__name__)

CONNECT_TIMEOUT = 5  # seconds
POOL_TIMEOUT = 5.0  # seconds a request waits for a free connection before it is told to come back later
STATEMENT_TIMEOUT = 10  # seconds
ATTEMPTS = 4
FIRST_BACKOFF = 0.02  # seconds, doubled for each further attempt

SERIALIZATION_FAILURES = frozenset({"40001", "40P01"})  # serialization failure, deadlock
# The server went away, or is starting or stopping. None is libpq's own "the connection is gone".
CONNECTION_FAILURES = frozenset(
    {None, "08000", "08001", "08003", "08004", "08006", "57P01", "57P02", "57P03"}
)

# A connection used a moment ago is not looked at: under load that would be at every call.
RESTED_AFTER = 1.0  # seconds

Observer = Callable[[str, float, float], None]
"""Told of each call: the function's name, seconds waited for a connection, seconds in the database."""


class _Connection(psycopg.Connection[DictRow]):
    used_at = 0.0
    """When its last call ended, by time.time(): other clocks stand still while a machine sleeps."""


class _LastUsedFirst(ConnectionPool[_Connection]):
    """Hands out the connection that came back last, for its server process has warm caches. psycopg's own rotates."""

    def _get_ready_connection(self, timeout: float | None) -> _Connection | None:
        # Taken from the left, come back at the right; what is left over at the left is closed first when there are too many.
        self._pool.rotate(1)
        return super()._get_ready_connection(timeout)


class Database:
    """SQL functions of schema public, called by name with arguments by name (without their `p_`)."""

    def __init__(
        self,
        dsn: str,
        *,
        pool_size: int = 8,
        prepare: bool = True,
        statement_timeout: int = STATEMENT_TIMEOUT,
        pool_timeout: float = POOL_TIMEOUT,
        observe: Observer | None = None,
    ) -> None:
        """`prepare` must be False behind a transaction-mode pooler, where a prepared statement may not be found."""
        connection: dict[str, Any] = {
            "autocommit": True,
            "row_factory": dict_row,
            "application_name": "fantooo",
            "connect_timeout": CONNECT_TIMEOUT,
            "keepalives_idle": 30,
            "tcp_user_timeout": (statement_timeout + 5) * 1000,
            # One statement per call and few different ones: worth preparing at once.
            "prepare_threshold": 0 if prepare else None,
        }
        if prepare:
            # A pooler takes no options from its clients; there the role's own statement_timeout stands.
            connection["options"] = f"-c statement_timeout={statement_timeout * 1000}"
        self._observe = observe
        self.pool = _LastUsedFirst(
            dsn,
            connection_class=_Connection,
            kwargs=connection,
            min_size=1,
            max_size=pool_size,
            max_waiting=pool_size * 8,
            timeout=pool_timeout,
            # Attempts come at doubling distances: give up early, and begin anew with the next request, or a
            # database that was down for an hour would be found again only minutes after its return.
            reconnect_timeout=pool_timeout,
            configure=_read_json_fast,
            check=self._refuse_if_hung_up,
            open=False,
            name="fantooo",
        )

    @classmethod
    def from_config(cls, config: Config, *, observe: Observer | None = None) -> Database:
        return cls(
            config.database_url.get_secret_value(),
            pool_size=config.database_pool_size,
            prepare=not config.behind_transaction_pooler,
            observe=observe,
        )

    def open(self) -> None:
        """Start connecting in the background. A database that is down delays nothing and is tried again."""
        self.pool.open()

    def close(self) -> None:
        self.pool.close()

    def call(self, function: str, /, *, repeatable: bool = False, **arguments: Any) -> dict[str, Any]:
        """The object that `public.<function>`, a json function, returns.

        `repeatable` says that a second run does no harm: only then is the call tried again when the connection
        broke under it and nobody knows whether it was done. Raises psycopg.Error.
        """
        found: dict[str, Any] = self.value(function, repeatable=repeatable, **arguments)
        return found

    def value(self, function: str, /, *, repeatable: bool = False, **arguments: Any) -> Any:
        """The one value a function returns, null for void. Otherwise as `call`."""
        return self._run("select", function, arguments, repeatable)[0][function]

    def rows(self, function: str, /, *, repeatable: bool = False, **arguments: Any) -> list[dict[str, Any]]:
        """The rows of a function that returns a set. Otherwise as `call`."""
        return self._run("select * from", function, arguments, repeatable)

    def ping(self) -> None:
        """Return when the database answers. Raises psycopg.Error when it does not."""
        with self.pool.connection() as connection:
            connection.execute("select 1")

    def _run(
        self, verb: str, function: str, arguments: dict[str, Any], repeatable: bool
    ) -> list[dict[str, Any]]:
        statement = _statement(verb, function, tuple(arguments))
        values = [Jsonb(value) if isinstance(value, dict) else value for value in arguments.values()]
        for attempt in range(ATTEMPTS):
            try:
                return self._once(function, statement, values)
            except psycopg.Error as error:
                passes = error.sqlstate in SERIALIZATION_FAILURES
                hung_up = is_connection_failure(error)
                if hung_up:
                    # On the others too, most likely: without them the next attempt has a new one.
                    self.pool.drain()
                is_last = attempt == ATTEMPTS - 1
                if is_last or not (passes or (repeatable and hung_up)):
                    raise
                log.warning("%s will be tried again: %s", function, error.sqlstate or type(error).__name__)
            # Two that ran into each other must not come back at the same moment.
            time.sleep(FIRST_BACKOFF * 2**attempt * random.uniform(0.5, 1.5))
        raise AssertionError("the last attempt either returns or raises")

    def _once(self, function: str, statement: str, values: list[Any]) -> list[dict[str, Any]]:
        asked = time.perf_counter()
        # Not pool.connection(), which ends with a commit: there is no transaction to end.
        connection = self.pool.getconn()
        got = time.perf_counter()
        try:
            return connection.execute(statement, values).fetchall()
        finally:
            done = time.perf_counter()
            connection.used_at = time.time()
            self.pool.putconn(connection)
            if self._observe:
                self._observe(function, got - asked, done - got)

    def _refuse_if_hung_up(self, connection: _Connection) -> None:
        """Refuse a pooled connection the server has closed while it rested, without a round trip to ask.

        An idle connection has nothing to read, unless the server said goodbye.
        """
        if time.time() - connection.used_at < RESTED_AFTER:
            return
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
        if poll.poll(0):
            connection.close()
            # The others as well, most likely: the pool would take them one by one, and longer from each to the next.
            self.pool.drain()
            raise psycopg.OperationalError("the server closed the connection")


def is_connection_failure(error: psycopg.Error) -> bool:
    """Whether a connection broke or could not be made, as against none being free and the server refusing."""
    return (
        isinstance(error, psycopg.OperationalError)
        and not isinstance(error, PoolTimeout | TooManyRequests)
        and error.sqlstate in CONNECTION_FAILURES
    )


@lru_cache(maxsize=256)
def _statement(verb: str, function: str, names: tuple[str, ...]) -> str:
    # All of them are literals of our own code; values travel beside the statement.
    arguments = ", ".join(f"p_{name} => %s" for name in names)
    return f"{verb} public.{function}({arguments})"


def _read_json_fast(connection: _Connection) -> None:
    # A message in a quarter of the time that Python's own takes.
    set_json_loads(from_json, context=connection)
