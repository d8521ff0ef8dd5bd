"""Tables as the catalog describes them now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection

from local.realtime.replication import CHANGES_PUBLICATION

DESCRIBE_TABLES = """
select c.oid, n.nspname, c.relname, c.relrowsecurity,
  (select coalesce(json_agg(json_build_object(
      'name', a.attname, 'type', t.typname, 'cast', format_type(a.atttypid, null),
      'is_key', a.attnum = any(i.indkey),
      'roles', (select coalesce(json_agg(r.rolname), '[]') from pg_roles r where r.rolname = any(%(roles)s)
        and has_schema_privilege(r.oid, n.oid, 'usage')
        and has_column_privilege(r.oid, c.oid, a.attnum, 'select'))
    ) order by a.attnum), '[]')
    from pg_attribute a join pg_type t on t.oid = a.atttypid
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
left join pg_index i on i.indrelid = c.oid and i.indisprimary
"""
PUBLISHED_TABLE = """
where (n.nspname, c.relname) in (
  select p.schemaname, p.tablename from pg_publication_tables p
  where p.pubname = %(publication)s and p.schemaname = %(schema)s
    and p.tablename = coalesce(%(table)s, p.tablename))
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; `roles` are those, of the roles asked about, that may select it."""

    name: str
    type: str
    cast: str
    is_key: bool
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table as the catalog describes it now."""

    oid: int
    schema: str
    name: str
    has_row_security: bool
    columns: tuple[Column, ...]

    @property
    def keys(self) -> list[Column]:
        return [column for column in self.columns if column.is_key]

    @property
    def casts(self) -> dict[str, str]:
        return {column.name: column.cast for column in self.columns}

    def readable(self, role: str) -> list[Column]:
        return [column for column in self.columns if role in column.roles]


async def describe(
    connection: AsyncConnection, oids: Iterable[int], roles: Iterable[str]
) -> dict[int, Table]:
    """The tables of these oids that are still there, with what the roles may select."""
    cursor = await connection.execute(
        DESCRIBE_TABLES + "where c.oid = any(%(oids)s)", {"oids": list(oids), "roles": list(roles)}
    )
    return {row[0]: _table(row) for row in await cursor.fetchall()}


async def describe_published(
    connection: AsyncConnection, schema: str, table: str | None, role: str
) -> list[Table]:
    """The published tables of a schema, or the one named."""
    parameters = {"roles": [role], "publication": CHANGES_PUBLICATION, "schema": schema, "table": table}
    cursor = await connection.execute(DESCRIBE_TABLES + PUBLISHED_TABLE, parameters)
    return [_table(row) for row in await cursor.fetchall()]


def _table(row: Sequence[Any]) -> Table:
    oid, schema, name, has_row_security, columns = row
    return Table(
        oid,
        schema,
        name,
        has_row_security,
        tuple(
            Column(one["name"], one["type"], one["cast"], bool(one["is_key"]), frozenset(one["roles"]))
            for one in columns
        ),
    )
