"""What the exposed schema holds, read from PostgreSQL's catalog: tables, how they relate, and functions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import psycopg
from psycopg.rows import dict_row

EXPOSED_SCHEMA = "public"

Row = dict[str, Any]


@dataclass(frozen=True)
class TableColumn:
    name: str
    type: str  # SQL text, schema-qualified and quoted by PostgreSQL
    default: str | None  # likewise


@dataclass(frozen=True)
class Table:
    name: str
    columns: Mapping[str, TableColumn]
    primary_key: tuple[str, ...]


@dataclass(frozen=True)
class Junction:
    """The table between two others of a many-to-many relationship, and its columns that point at each."""

    table: str
    to_source: tuple[tuple[str, str], ...]  # (junction's column, source's column)
    to_target: tuple[tuple[str, str], ...]


class Cardinality(Enum):
    MANY_TO_ONE = "many-to-one"
    ONE_TO_MANY = "one-to-many"
    ONE_TO_ONE = "one-to-one"
    MANY_TO_MANY = "many-to-many"


@dataclass(frozen=True)
class Relationship:
    source: str
    target: str
    cardinality: Cardinality
    constraint: str  # of a many-to-many: the junction's two, with "and" between
    columns: tuple[tuple[str, str], ...] = ()  # (source's column, target's column)
    junction: Junction | None = None

    @property
    def to_one(self) -> bool:
        return self.cardinality in (Cardinality.MANY_TO_ONE, Cardinality.ONE_TO_ONE)

    @property
    def source_columns(self) -> tuple[str, ...]:
        """The source's columns that the join reads."""
        if self.junction:
            return tuple(column for _, column in self.junction.to_source)
        return tuple(column for column, _ in self.columns)


@dataclass(frozen=True)
class Parameter:
    name: str  # "" when it has none
    type: str  # SQL text, as TableColumn.type
    required: bool
    variadic: bool


class Result(Enum):
    """What a function hands back: how it is called and how its answer is shaped."""

    VOID = "void"
    SCALAR = "scalar"
    ROW = "row"
    SET_OF_SCALARS = "set of scalars"
    SET_OF_ROWS = "set of rows"

    @property
    def is_scalar(self) -> bool:
        return self in (Result.VOID, Result.SCALAR, Result.SET_OF_SCALARS)

    @property
    def is_set(self) -> bool:
        return self in (Result.SET_OF_SCALARS, Result.SET_OF_ROWS)


@dataclass(frozen=True)
class Function:
    name: str
    parameters: tuple[Parameter, ...]
    result: Result
    result_table: str | None  # the exposed table whose rows it returns
    volatile: bool
    settings: tuple[tuple[str, str], ...]  # to put in force before the call: statement_timeout


@dataclass(frozen=True)
class Catalog:
    tables: Mapping[str, Table]
    relationships: Mapping[str, tuple[Relationship, ...]]  # by source
    functions: Mapping[str, tuple[Function, ...]]  # overloads by name
    role_settings: Mapping[str, tuple[tuple[str, str], ...]]  # by role


_TABLES = """
select c.relname as name,
       coalesce(json_agg(json_build_object(
           'name', a.attname,
           'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
           'default', case
               when a.attidentity = 'd' then
                   format('pg_catalog.nextval(%%L)', pg_catalog.pg_get_serial_sequence(c.oid::regclass::text, a.attname))
               when a.attgenerated = '' then pg_catalog.pg_get_expr(d.adbin, d.adrelid)
           end) order by a.attnum) filter (where a.attname is not null), '[]') as columns,
       coalesce((
           select json_agg(k.attname order by array_position(i.indkey::int2[], k.attnum))
           from pg_catalog.pg_index i
           join pg_catalog.pg_attribute k on k.attrelid = c.oid and k.attnum = any (i.indkey)
           where i.indrelid = c.oid and i.indisprimary), '[]') as primary_key
from pg_catalog.pg_class c
left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_catalog.pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where c.relnamespace = %(schema)s::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
group by c.oid, c.relname
"""

# A foreign key of a partition only repeats its parent's. "is_unique": no two rows may refer to the same one.
_FOREIGN_KEYS = """
select f.conname as name, source.relname as source, target.relname as target,
       (select json_agg(json_build_array(s.attname, t.attname) order by k.position)
        from unnest(f.conkey, f.confkey) with ordinality as k (source, target, position)
        join pg_catalog.pg_attribute s on s.attrelid = f.conrelid and s.attnum = k.source
        join pg_catalog.pg_attribute t on t.attrelid = f.confrelid and t.attnum = k.target) as columns,
       exists (
           select from pg_catalog.pg_constraint u
           where u.conrelid = f.conrelid and u.contype in ('p', 'u')
             and u.conkey <@ f.conkey and u.conkey @> f.conkey) as is_unique
from pg_catalog.pg_constraint f
join pg_catalog.pg_class source on source.oid = f.conrelid
join pg_catalog.pg_class target on target.oid = f.confrelid
where f.contype = 'f' and f.conparentid = 0
  and source.relnamespace = %(schema)s::regnamespace and target.relnamespace = %(schema)s::regnamespace
order by f.conname
"""

_FUNCTIONS = """
select p.proname as name,
       coalesce((
           select json_agg(json_build_object(
               'name', coalesce(p.proargnames[a.position], ''),
               'type', pg_catalog.format_type(a.type, null),
               'required', a.input_position <= p.pronargs - p.pronargdefaults,
               'variadic', a.mode = 'v') order by a.position)
           from (
               select type, position, mode, row_number() over (order by position) as input_position
               from (
                   select u.type, u.position, coalesce(p.proargmodes[u.position], 'i') as mode
                   from unnest(coalesce(p.proallargtypes, p.proargtypes::oid[]))
                        with ordinality as u (type, position)) as every
               where mode in ('i', 'b', 'v')) as a), '[]') as parameters,
       p.prorettype = 'pg_catalog.void'::regtype as is_void,
       p.proretset as is_set,
       t.typtype = 'c' or base.typtype = 'c' or p.prorettype = 'pg_catalog.record'::regtype
           or coalesce(p.proargmodes && '{o,b,t}', false) as is_row,
       case when rows.relnamespace = %(schema)s::regnamespace then rows.relname end as result_table,
       p.provolatile = 'v' as is_volatile,
       coalesce((
           select json_agg(setting) from unnest(p.proconfig) as setting
           where setting like 'statement\\_timeout=%%'), '[]') as settings
from pg_catalog.pg_proc p
join pg_catalog.pg_type t on t.oid = p.prorettype
left join pg_catalog.pg_type base on base.oid = t.typbasetype
left join pg_catalog.pg_class rows on rows.oid in (t.typrelid, base.typrelid) and rows.oid <> 0
where p.pronamespace = %(schema)s::regnamespace and p.prokind = 'f'
  and p.prorettype not in ('pg_catalog.trigger'::regtype, 'pg_catalog.event_trigger'::regtype)
order by p.oid
"""

# `set role` alone leaves the settings of the role that logged in; PostgREST puts the impersonated role's in force.
_ROLE_SETTINGS = """
select r.rolname as role, json_agg(s.setting) as settings
from pg_catalog.pg_roles r
cross join unnest(r.rolconfig) as s (setting)
join pg_catalog.pg_settings known on known.name = split_part(s.setting, '=', 1)
where pg_catalog.pg_has_role(r.oid, 'member') and r.rolname <> current_user
  and (known.context = 'user' or pg_catalog.has_parameter_privilege(known.name, 'set'))
group by r.rolname
"""


async def read_catalog(connection: psycopg.AsyncConnection) -> Catalog:
    """What `connection`'s role may see of the exposed schema: all of it, as names are no secret to PostgreSQL."""
    parameters = {"schema": EXPOSED_SCHEMA}
    async with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        # Nothing on the path: PostgreSQL then qualifies every type and default that it prints.
        await cursor.execute("set local search_path = ''")
        tables = await (await cursor.execute(_TABLES, parameters)).fetchall()
        foreign_keys = await (await cursor.execute(_FOREIGN_KEYS, parameters)).fetchall()
        functions = await (await cursor.execute(_FUNCTIONS, parameters)).fetchall()
        settings = await (await cursor.execute(_ROLE_SETTINGS)).fetchall()
    tables_by_name = {
        row["name"]: Table(
            row["name"],
            {column["name"]: TableColumn(**column) for column in row["columns"]},
            tuple(row["primary_key"]),
        )
        for row in tables
    }
    return Catalog(
        tables=tables_by_name,
        relationships=_by_source(_relationships(foreign_keys, tables_by_name)),
        functions=_overloads(functions),
        role_settings={row["role"]: _settings(row["settings"]) for row in settings},
    )


def _settings(texts: Iterable[str]) -> tuple[tuple[str, str], ...]:
    pairs = (text.partition("=") for text in texts)
    return tuple((name, value) for name, _, value in pairs)


def _overloads(rows: Iterable[Row]) -> dict[str, tuple[Function, ...]]:
    functions: dict[str, tuple[Function, ...]] = {}
    for row in rows:
        function = Function(
            row["name"],
            tuple(Parameter(**parameter) for parameter in row["parameters"]),
            _result(row),
            row["result_table"],
            row["is_volatile"],
            _settings(row["settings"]),
        )
        if len(function.parameters) == 1 or all(parameter.name for parameter in function.parameters):
            functions[function.name] = (*functions.get(function.name, ()), function)
    return functions


def _result(row: Row) -> Result:
    if row["is_void"]:
        return Result.VOID
    if row["is_row"]:
        return Result.SET_OF_ROWS if row["is_set"] else Result.ROW
    return Result.SET_OF_SCALARS if row["is_set"] else Result.SCALAR


def _by_source(relationships: Iterable[Relationship]) -> dict[str, tuple[Relationship, ...]]:
    grouped: dict[str, tuple[Relationship, ...]] = {}
    for relationship in relationships:
        grouped[relationship.source] = (*grouped.get(relationship.source, ()), relationship)
    return grouped


def _relationships(foreign_keys: list[Row], tables: Mapping[str, Table]) -> Iterable[Relationship]:
    for key in foreign_keys:
        columns = tuple((source, target) for source, target in key["columns"])
        there, back = (
            (Cardinality.ONE_TO_ONE, Cardinality.ONE_TO_ONE)
            if key["is_unique"]
            else (Cardinality.MANY_TO_ONE, Cardinality.ONE_TO_MANY)
        )
        yield Relationship(key["source"], key["target"], there, key["name"], columns)
        turned = tuple((target, source) for source, target in columns)
        yield Relationship(key["target"], key["source"], back, key["name"], turned)
    for first in foreign_keys:
        for second in foreign_keys:
            if first is not second and first["source"] == second["source"]:
                relationship = _many_to_many(first, second, tables[first["source"]])
                if relationship:
                    yield relationship


def _many_to_many(first: Row, second: Row, junction: Table) -> Relationship | None:
    """The way from `first`'s target to `second`'s through the table that holds both keys in its primary key."""
    to_source, to_target = (tuple((own, other) for own, other in key["columns"]) for key in (first, second))
    if not {own for own, _ in to_source + to_target} <= set(junction.primary_key):
        return None
    return Relationship(
        first["target"],
        second["target"],
        Cardinality.MANY_TO_MANY,
        f"{first['name']} and {second['name']}",
        junction=Junction(junction.name, to_source, to_target),
    )
