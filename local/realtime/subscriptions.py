"""Who asked for which changes, found by the rows they are for.

A change is looked up by table and, for the usual `column=eq.value` filter, by value, so that those who watch
other rows cost nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import psycopg
from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier, Literal
from psycopg_pool import AsyncConnectionPool

from local.realtime.authorization import Identity
from local.realtime.filters import PATTERNS, Condition, FilterError, parse
from local.realtime.pgoutput import Change, Operation, Row
from local.realtime.protocol import to_json
from local.realtime.tables import Table, describe_published

SUBSCRIBED = "Subscribed to PostgreSQL"
# Types of which two values are equal exactly when PostgreSQL writes them alike.
INDEXED_TYPES = {"uuid", "text", "varchar", "int2", "int4", "int8", "bool"}


class SubscriptionRefused(Exception):
    """Parameters that cannot be subscribed to; `str()` is what the host tells the client."""


class Subscriber(Protocol):
    """A channel that wants changes, as far as this module needs to know it."""

    def push_change(self, ids: list[int], data: str) -> None:
        """Tell of a changed row: `ids` are the bindings it matched, `data` is the change as JSON."""

    def push_system(self, extension: str, status: str, message: str) -> None:
        """Say how the subscription fares."""


@dataclass(eq=False, slots=True)
class Subscription:
    """One binding of one channel. `key` is a column and the value it must have, `conditions` is the rest."""

    id: int
    subscriber: Subscriber
    identity: Identity
    event: str
    schema: str
    table: str | None
    key: tuple[str, str] | None = None
    conditions: tuple[Condition, ...] = ()
    select: frozenset[str] | None = None

    def wants(self, operation: Operation) -> bool:
        """Whether this binding is for such operations."""
        return self.event in ("*", operation)


@dataclass(slots=True)
class TableIndex:
    """The subscriptions to one table."""

    unkeyed: set[Subscription] = field(default_factory=set)
    keyed: dict[str, dict[str, set[Subscription]]] = field(default_factory=dict)

    def add(self, subscription: Subscription) -> None:
        if subscription.key is None:
            self.unkeyed.add(subscription)
        else:
            column, value = subscription.key
            self.keyed.setdefault(column, {}).setdefault(value, set()).add(subscription)

    def remove(self, subscription: Subscription) -> None:
        if subscription.key is None:
            self.unkeyed.discard(subscription)
            return
        column, value = subscription.key
        by_value = self.keyed[column]
        by_value[value].discard(subscription)
        if not by_value[value]:
            del by_value[value]
        if not by_value:
            del self.keyed[column]

    def matching(self, row: Row) -> set[Subscription]:
        found = set(self.unkeyed)
        for column, by_value in self.keyed.items():
            value = row.get(column)
            if isinstance(value, str):
                found |= by_value.get(value, set())
        return found

    def all(self) -> Iterator[Subscription]:
        yield from self.unkeyed
        for by_value in self.keyed.values():
            for subscriptions in by_value.values():
                yield from subscriptions

    def __bool__(self) -> bool:
        return bool(self.unkeyed or self.keyed)


class Subscriptions:
    """Every live subscription, found by the rows it is for."""

    def __init__(self) -> None:
        self._tables: dict[tuple[str, str | None], TableIndex] = {}

    def add(self, subscriptions: Iterable[Subscription]) -> None:
        """Begin to deliver to these."""
        for subscription in subscriptions:
            self._tables.setdefault((subscription.schema, subscription.table), TableIndex()).add(subscription)

    def remove(self, subscriptions: Iterable[Subscription]) -> None:
        """Deliver to these no more."""
        for subscription in subscriptions:
            place = (subscription.schema, subscription.table)
            self._tables[place].remove(subscription)
            if not self._tables[place]:
                del self._tables[place]

    def announce(self) -> None:
        """Tell every subscriber that what is committed from now on is delivered."""
        subscribers = {
            subscription.subscriber for index in self._tables.values() for subscription in index.all()
        }
        for subscriber in subscribers:
            subscriber.push_system("postgres_changes", "ok", SUBSCRIBED)

    def interested_in(self, change: Change) -> list[Subscription]:
        """The subscriptions that may match; their conditions are yet to be evaluated."""
        row = change.row
        return [
            subscription
            for place in ((change.relation.schema, change.relation.name), (change.relation.schema, None))
            if place in self._tables
            for subscription in self._tables[place].matching(row)
            if subscription.wants(change.operation)
        ]


class SubscriptionFactory:
    """Checks what clients ask for against the catalog and makes subscriptions of it."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection]) -> None:
        self._pool = pool
        self._ids = itertools.count(1)

    def next_id(self) -> int:
        """An id for a binding: never 0, which clients take for none."""
        return next(self._ids)

    async def subscription(
        self, id_: int, parameters: Mapping[str, Any], identity: Identity, subscriber: Subscriber
    ) -> Subscription:
        """A subscription for one `postgres_changes` entry; raises SubscriptionRefused."""
        schema = parameters.get("schema") or "public"
        table = parameters.get("table")
        table = None if table in (None, "", "*") else table
        try:
            conditions = parse(parameters["filter"]) if parameters.get("filter") else ()
        except FilterError as error:
            raise SubscriptionRefused(f"Error parsing `filter` params: {to_json([str(error)])}") from error
        select = parameters.get("select")
        refusal = SubscriptionRefused(
            "Unable to subscribe to changes with given parameters. Please check Realtime is enabled for the"
            f" given connect parameters: [event: {parameters.get('event', '*')}, schema: {schema},"
            f" table: {table or '*'}, filters: [{parameters.get('filter') or ''}]]"
        )
        async with self._pool.connection() as connection:
            tables = await describe_published(connection, schema, table, identity.role)
            if not tables or (table is None and (conditions or select)):
                raise refusal
            described = tables[0]
            named = {condition.column for condition in conditions} | set(select or ())
            if not named <= {column.name for column in described.readable(identity.role)}:
                raise refusal
            try:
                key, conditions = await _indexed(connection, described, conditions)
            except psycopg.DataError as error:
                raise refusal from error
        chosen = frozenset(select) | {column.name for column in described.keys} if select else None
        event = str(parameters.get("event", "*")).upper()
        return Subscription(id_, subscriber, identity, event, schema, table, key, conditions, chosen)


async def _indexed(
    connection: AsyncConnection, table: Table, conditions: tuple[Condition, ...]
) -> tuple[tuple[str, str] | None, tuple[Condition, ...]]:
    """The first condition that can be a key, its value as PostgreSQL writes it, and the rest, tried out."""
    columns = {column.name: column for column in table.columns}
    key, rest = None, []
    for condition in conditions:
        column = columns[condition.column]
        if (
            key is None
            and condition.operator == "eq"
            and not condition.negated
            and column.type in INDEXED_TYPES
        ):
            value = SQL("select ({}::{})::text").format(Literal(condition.values[0]), SQL(column.cast))
            row = await (await connection.execute(value)).fetchone()
            assert row is not None
            key = (condition.column, row[0])
        else:
            rest.append(condition)
            # A pattern is only looked at when there is a text to hold against it.
            sample = SQL("''::text") if condition.operator in PATTERNS else SQL("null::" + column.cast)
            trial = SQL("select {} from (select {} as {}) r").format(
                condition.sql(table.casts), sample, Identifier(column.name)
            )
            await connection.execute(trial)
    return key, tuple(rest)
