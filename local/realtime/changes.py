"""postgres_changes: what each interested channel is told of a change.

The database is asked for everything that is its own to know: whether filters match, by the column's type;
how `to_jsonb` writes the values; and whether row level security lets each reader see the row as it is now.
Readers with equal claims are asked about once.
"""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.sql import SQL, Composable, Identifier, Literal

from local.realtime.authorization import Identity
from local.realtime.pgoutput import Change, Operation, Row, Unchanged
from local.realtime.protocol import to_json
from local.realtime.subscriptions import Subscriber, Subscription, Subscriptions
from local.realtime.tables import Table, describe

log = logging.getLogger(__name__)

MAX_CHANGE_BYTES = 1 << 20
MAX_VALUE_BYTES_WHEN_TOO_LARGE = 64
STATEMENT_TIMEOUT = "10s"

# For each reader, numbered from 0, the queries (`select exists (…)`, numbered likewise) that find their row.
# A policy that raises, or a role that is none, hides the row from that reader only.
MAKE_VISIBILITY_FUNCTION = """
create function pg_temp.visible_rows(p_readers jsonb, p_queries text[]) returns table (reader int, query int)
  language plpgsql
as $$
declare
  v_reader jsonb;
  v_found boolean;
begin
  for v_number in 0 .. jsonb_array_length(p_readers) - 1 loop
    v_reader := p_readers -> v_number;
    reader := v_number;
    begin
      perform set_config('role', v_reader ->> 'role', true),
        set_config('request.jwt.claims', v_reader ->> 'claims', true);
      for query in select q::int from jsonb_array_elements_text(v_reader -> 'queries') q loop
        execute p_queries[query + 1] into v_found;
        if v_found then
          return next;
        end if;
      end loop;
    exception when others then
      raise warning 'nothing is shown to %: %', v_reader ->> 'role', sqlerrm;
    end;
    perform set_config('role', 'none', true);
  end loop;
end;
$$
"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A change, ready for one channel."""

    subscriber: Subscriber
    ids: list[int]
    data: str

    def send(self) -> None:
        self.subscriber.push_change(self.ids, self.data)


class ChangeReader:
    """Works out, over a connection of its own, what each interested channel is told of a batch of changes."""

    def __init__(self, dsn: str, subscriptions: Subscriptions) -> None:
        self._dsn = dsn
        self._subscriptions = subscriptions
        self._connection: AsyncConnection | None = None

    async def open(self) -> None:
        """(Re)connect; needed before anything is read, and after an error of the connection."""
        await self.close()
        self._connection = await AsyncConnection.connect(self._dsn, autocommit=True)
        await self._connection.execute(SQL("set statement_timeout = {}").format(STATEMENT_TIMEOUT))
        await self._connection.execute(MAKE_VISIBILITY_FUNCTION)

    async def close(self) -> None:
        """Give the connection back; nothing happens when there is none."""
        if self._connection is not None:
            await self._connection.close()

    async def read(self, changes: Sequence[Change]) -> list[list[Delivery]]:
        """For each change the deliveries it leads to."""
        interested = {
            number: subscriptions
            for number, change in enumerate(changes)
            if (subscriptions := self._subscriptions.interested_in(change))
        }
        deliveries: list[list[Delivery]] = [[] for _ in changes]
        if not interested:
            return deliveries
        assert self._connection is not None
        roles = {subscription.identity.role for found in interested.values() for subscription in found}
        tables = await describe(
            self._connection, {changes[number].relation.oid for number in interested}, roles
        )
        rendered: dict[int, tuple[Rendered, list[Subscription]]] = {}
        for number, subscriptions in interested.items():
            table = tables.get(changes[number].relation.oid)
            if table and (result := await self._render(changes[number], table, subscriptions)):
                rendered[number] = result
        seen = await self._visible({number: (changes[number], *rendered[number]) for number in rendered})
        for number, (record, subscriptions) in rendered.items():
            allowed = [one for one in subscriptions if (number, one.identity) in seen]
            deliveries[number] = record.deliveries(allowed)
        return deliveries

    async def _render(
        self, change: Change, table: Table, subscriptions: list[Subscription]
    ) -> tuple[Rendered, list[Subscription]] | None:
        """The change's values as JSON, and those of the subscriptions whose conditions it meets."""
        assert self._connection is not None
        row = change.row
        conditions = [
            condition
            for condition in {condition: None for one in subscriptions for condition in one.conditions}
            if row.get(condition.column, Unchanged.VALUE) is not Unchanged.VALUE
        ]
        statement = SQL(
            "select (select to_jsonb(r) from ({new}) r), (select to_jsonb(r) from ({old}) r),"
            " (select array[{conditions}]::boolean[] from ({row}) r)"
        ).format(
            new=_select(change.new or {}, table),
            old=_select(_old_values(change), table),
            row=_select(row, table),
            conditions=SQL(",").join(condition.sql(table.casts) for condition in conditions),
        )
        try:
            cursor = await self._connection.execute(statement)
            values = await cursor.fetchone()
        except (psycopg.DataError, psycopg.ProgrammingError, psycopg.errors.QueryCanceled) as error:
            log.warning("a change of %s.%s cannot be read: %s", table.schema, table.name, error)
            if not conditions:
                return None
            # A pattern may fail on this row only. That is no reason to keep it from those who did not ask for it.
            return await self._render(change, table, [one for one in subscriptions if not one.conditions])
        assert values is not None
        new, old, results = values
        met = {condition for condition, result in zip(conditions, results, strict=True) if result}
        matching = [one for one in subscriptions if met.issuperset(one.conditions)]
        return Rendered(change, table, new, old), matching

    async def _visible(
        self, rendered: dict[int, tuple[Change, Rendered, list[Subscription]]]
    ) -> set[tuple[int, Identity]]:
        """Which identities may be told of which change."""
        assert self._connection is not None
        seen: set[tuple[int, Identity]] = set()
        queries: list[str] = []
        changes: list[int] = []
        asked: dict[Identity, list[int]] = defaultdict(list)
        for number, (change, record, subscriptions) in rendered.items():
            identities = {one.identity for one in subscriptions}
            if not record.needs_row_check:
                seen |= {(number, identity) for identity in identities}
                continue
            for identity in identities:
                if record.error_for(identity.role):
                    seen.add((number, identity))
                else:
                    asked[identity].append(len(queries))
            queries.append(_exists(change, record.table).as_string(self._connection))
            changes.append(number)
        if asked:
            identities_asked = list(asked)
            readers = [
                {"role": identity.role, "claims": identity.claims, "queries": asked[identity]}
                for identity in identities_asked
            ]
            cursor = await self._connection.execute(
                "select reader, query from pg_temp.visible_rows(%s, %s)", [json.dumps(readers), queries]
            )
            seen |= {(changes[query], identities_asked[reader]) for reader, query in await cursor.fetchall()}
        return seen


@dataclass(frozen=True, slots=True)
class Rendered:
    """A change with its values as JSON, before what each role may not see is taken out."""

    change: Change
    table: Table
    new: dict[str, Any]
    old: dict[str, Any]

    @property
    def needs_row_check(self) -> bool:
        """Deleted rows are there for nobody's policy to be asked about."""
        return self.table.has_row_security and self.change.operation is not Operation.DELETE

    def error_for(self, role: str) -> str | None:
        """Why this role gets no values, or None."""
        keys = self.table.keys
        if self.change.operation is Operation.DELETE:
            return None
        if not keys:
            return "Error 400: Bad Request, no primary key"
        if any(role not in column.roles for column in keys):
            return "Error 401: Unauthorized"
        return None

    def deliveries(self, subscriptions: Iterable[Subscription]) -> list[Delivery]:
        """One delivery for each channel, or for each column selection in it."""
        ids: dict[tuple[Subscriber, str, frozenset[str] | None], list[int]] = defaultdict(list)
        for one in subscriptions:
            ids[one.subscriber, one.identity.role, one.select].append(one.id)
        data: dict[tuple[str, frozenset[str] | None], str] = {}
        deliveries = []
        for (subscriber, role, select), matching in ids.items():
            if (role, select) not in data:
                data[role, select] = to_json(self._data(role, select))
            deliveries.append(Delivery(subscriber, matching, data[role, select]))
        return deliveries

    def _data(self, role: str, select: frozenset[str] | None) -> dict[str, Any]:
        operation = self.change.operation
        error = self.error_for(role)
        columns = [] if error else self.table.readable(role)
        if select is not None:
            columns = [column for column in columns if column.name in select]
        names = {column.name for column in columns}
        new = {name: value for name, value in self.new.items() if name in names}
        if operation is Operation.DELETE and self.table.has_row_security:
            names &= {column.name for column in self.table.keys}
        old = {name: value for name, value in self.old.items() if name in names}
        if len(to_json([new, old]).encode()) > MAX_CHANGE_BYTES:
            error = "Error 413: Payload Too Large"
            new, old = _small_values(new), _small_values(old)
        data: dict[str, Any] = {
            "schema": self.table.schema,
            "table": self.table.name,
            "commit_timestamp": self.change.committed_at.isoformat(timespec="milliseconds")[:-6] + "Z",
            "type": operation,
            "errors": [error] if error else None,
            "columns": [{"name": column.name, "type": column.type} for column in columns],
        }
        if operation is not Operation.DELETE:
            data["record"] = new
        if operation is not Operation.INSERT:
            data["old_record"] = old
        return data


def _old_values(change: Change) -> Row:
    """The old row as far as it is known: its key, where an UPDATE left that alone and so did not log it."""
    if change.old is not None or change.new is None:
        return change.old or {}
    return {name: value for name, value in change.new.items() if name in change.relation.key_columns}


def _select(row: Row, table: Table) -> Composable:
    """`select 'a'::uuid as id, …`: the row with its types, less what the log left out."""
    casts = table.casts
    return SQL("select {}").format(
        SQL(", ").join(
            SQL("{}::{} as {}").format(Literal(value), SQL(casts[name]), Identifier(name))
            for name, value in row.items()
            if name in casts and value is not Unchanged.VALUE
        )
    )


def _exists(change: Change, table: Table) -> Composable:
    row = change.row
    keys = SQL(" and ").join(
        SQL("{} = {}::{}").format(Identifier(key.name), Literal(row.get(key.name)), SQL(key.cast))
        for key in table.keys
    )
    return SQL("select exists (select from {} where {})").format(Identifier(table.schema, table.name), keys)


def _small_values(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in row.items()
        if len(to_json(value).encode()) <= MAX_VALUE_BYTES_WHEN_TOO_LARGE
    }
