"""`python -m clients.generate`: clients/typescript/database.ts, the type `Database` that supabase-js takes.

What `supabase gen types` prints for schema public, without a project to ask or Docker to run it in.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.support.scratch import scratch_database

Row = dict[str, Any]

PATH = Path(__file__).parent / "typescript" / "database.ts"

# https://github.com/supabase/postgres-meta, src/server/templates/typescript.ts: what has no line there is unknown.
TYPES = {
    **dict.fromkeys(("int2", "int4", "int8", "float4", "float8", "numeric"), "number"),
    **dict.fromkeys(("bytea", "bpchar", "varchar", "text", "citext", "uuid"), "string"),
    **dict.fromkeys(("date", "time", "timetz", "timestamp", "timestamptz"), "string"),
    **dict.fromkeys(("json", "jsonb"), "Json"),
    "bool": "boolean",
    "void": "undefined",
    "record": "Record<string, unknown>",
}

COLUMNS = """
select c.relname as table, a.attname as name, t.typname as type, not a.attnotnull as nullable,
  a.atthasdef or a.attidentity <> '' as has_default, a.attidentity = 'a' or a.attgenerated <> '' as is_generated
from pg_catalog.pg_class c
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_catalog.pg_type t on t.oid = a.atttypid
where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
order by c.relname, a.attname
"""

# A relationship is to one when its columns are unique in the table that has the foreign key.
RELATIONSHIPS = """
select c.conrelid::regclass::name as table, c.conname as name, c.confrelid::regclass::name as target,
  (select array_agg(attname::text order by n) from unnest(c.conkey) with ordinality as k (attnum, n)
   join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.attnum) as columns,
  (select array_agg(attname::text order by n) from unnest(c.confkey) with ordinality as k (attnum, n)
   join pg_catalog.pg_attribute a on a.attrelid = c.confrelid and a.attnum = k.attnum) as target_columns,
  exists (select from pg_catalog.pg_index i where i.indrelid = c.conrelid and i.indisunique and i.indpred is null
    and i.indnkeyatts = array_length(c.conkey, 1) and i.indkey::int2[] <@ c.conkey) as is_one_to_one
from pg_catalog.pg_constraint c
join pg_catalog.pg_class target on target.oid = c.confrelid
where c.contype = 'f' and c.connamespace = 'public'::regnamespace
  and target.relnamespace = 'public'::regnamespace
order by c.conname
"""

# Arguments and, for `returns table (…)`, result columns; a trigger's function cannot be called.
FUNCTIONS = """
select p.proname as name, p.proretset as is_set, returned.typname as returns,
  (select relname from pg_catalog.pg_class where oid = returned.typrelid and relkind = 'r') as returned_table,
  p.pronargdefaults as defaults,
  (select coalesce(json_agg(json_build_object('name', coalesce(p.proargnames[n], ''), 'type', t.typname,
      'is_input', coalesce(p.proargmodes[n], 'i') in ('i', 'b', 'v')) order by n), '[]')
   from unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) with ordinality as argument (type, n)
   join pg_catalog.pg_type t on t.oid = argument.type) as arguments
from pg_catalog.pg_proc p
join pg_catalog.pg_type returned on returned.oid = p.prorettype
where p.pronamespace = 'public'::regnamespace and p.prokind = 'f' and returned.typname <> 'trigger'
order by p.proname
"""

HEAD = """\
// Written by `make types` from sql/: what the tables and functions of schema public hold and take.

export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[]

"""
NOTHING = "{ [_ in never]: never }"


@dataclass(frozen=True)
class Member:
    """A line of a TypeScript object type."""

    name: str
    type: str
    optional: bool = False

    def __str__(self) -> str:
        return f"{self.name}{'?' if self.optional else ''}: {self.type}"


def database_types(dsn: str) -> str:
    """The TypeScript module for the schema public of a database."""
    with psycopg.connect(dsn, row_factory=dict_row) as conn:
        columns = conn.execute(COLUMNS).fetchall()
        relationships = conn.execute(RELATIONSHIPS).fetchall()
        functions = conn.execute(FUNCTIONS).fetchall()
    tables = {
        name: _table(
            [column for column in columns if column["table"] == name],
            [relationship for relationship in relationships if relationship["table"] == name],
        )
        for name in sorted({column["table"] for column in columns})
    }
    schema = _object(
        [
            Member("Tables", _object(Member(name, table) for name, table in tables.items())),
            Member("Views", NOTHING),
            Member("Functions", _object(Member(each["name"], _function(each)) for each in functions)),
            Member("Enums", NOTHING),
            Member("CompositeTypes", NOTHING),
        ]
    )
    return f"{HEAD}export type Database = {_object([Member('public', schema)])}\n"


def _table(columns: list[Row], relationships: list[Row]) -> str:
    types = {column["name"]: _type(column["type"]) + " | null" * column["nullable"] for column in columns}
    return _object(
        [
            Member("Row", _object(Member(name, type_) for name, type_ in types.items())),
            Member(
                "Insert",
                _object(
                    Member(
                        column["name"],
                        "never" if column["is_generated"] else types[column["name"]],
                        optional=column["is_generated"] or column["has_default"] or column["nullable"],
                    )
                    for column in columns
                ),
            ),
            Member(
                "Update",
                _object(
                    Member(
                        column["name"],
                        "never" if column["is_generated"] else types[column["name"]],
                        optional=True,
                    )
                    for column in columns
                ),
            ),
            Member("Relationships", _tuple(_relationship(each) for each in relationships)),
        ]
    )


def _relationship(relationship: Row) -> str:
    return _object(
        [
            Member("foreignKeyName", _literal(relationship["name"])),
            Member("columns", _list_literal(relationship["columns"])),
            Member("isOneToOne", str(relationship["is_one_to_one"]).lower()),
            Member("referencedRelation", _literal(relationship["target"])),
            Member("referencedColumns", _list_literal(relationship["target_columns"])),
        ]
    )


def _function(function: Row) -> str:
    inputs = [argument for argument in function["arguments"] if argument["is_input"]]
    outputs = [argument for argument in function["arguments"] if not argument["is_input"]]
    required = len(inputs) - function["defaults"]
    arguments = [
        Member(argument["name"], _type(argument["type"]), optional=number >= required)
        for number, argument in enumerate(inputs)
    ]
    if outputs:
        returns = _object(Member(output["name"], _type(output["type"])) for output in outputs)
    elif function["returned_table"]:
        returns = f'Database["public"]["Tables"]["{function["returned_table"]}"]["Row"]'
    else:
        returns = _type(function["returns"])
    return _object(
        [
            Member(
                "Args", _object(sorted(arguments, key=lambda member: member.name)) if arguments else "never"
            ),
            Member("Returns", returns + "[]" * function["is_set"]),
        ]
    )


def _type(name: str) -> str:
    return f"{_type(name[1:])}[]" if name.startswith("_") else TYPES.get(name, "unknown")


def _object(members: Iterable[Member]) -> str:
    return _block("{", [str(member) for member in members], "}")


def _tuple(items: Iterable[str]) -> str:
    found = [f"{item}," for item in items]
    return _block("[", found, "]") if found else "[]"


def _block(opening: str, lines: list[str], closing: str) -> str:
    inner = "\n".join(lines).replace("\n", "\n  ")
    return f"{opening}\n  {inner}\n{closing}"


def _literal(text: str) -> str:
    return f'"{text}"'


def _list_literal(texts: list[str]) -> str:
    return f"[{', '.join(map(_literal, texts))}]"


def main() -> None:
    """Write the types of the schema in sql/."""
    with scratch_database() as dsn:
        PATH.write_text(database_types(dsn))
    print(f"Wrote {PATH.relative_to(Path.cwd())}.")


if __name__ == "__main__":
    main()
