"""Bring a database to what sql/ says: migrations once, functions and policies whole, in one transaction.

Everything is applied by the project's own `postgres` role, which is no superuser. A push with anything to do
drops our policies and every right of the API roles first, so that what has no file has no effect any more.
Migrations are recorded in supabase_migrations.schema_migrations, the table of the Supabase CLI.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

SQL_DIR = Path(__file__).resolve().parent.parent / "sql"
API_ROLES = ("anon", "authenticated", "service_role", "fantooo_api", "supabase_auth_admin")
LOCK_TIMEOUT = "5s"


class SchemaError(Exception):
    """A push that must not go on; its text says what to do."""


@dataclass(frozen=True)
class SqlFile:
    """One file below sql/, by its path there."""

    path: str
    text: str

    @property
    def sha256(self) -> str:
        """The hash under which an applied file is remembered."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def version(self) -> str:
        """Of a migration: the number it is recorded by."""
        return Path(self.path).name.partition("_")[0]

    @property
    def name(self) -> str:
        """Of a migration: what becomes true, as its name says."""
        return Path(self.path).stem.partition("_")[2]


@dataclass
class Plan:
    """What a push would do, and where the database was changed behind its back."""

    pending: list[SqlFile] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    drift: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether a push would do nothing."""
        return not (self.pending or self.changed or self.removed or self.drift)


def migrations(directory: Path = SQL_DIR) -> list[SqlFile]:
    """The migrations, in order. SchemaError for a name that is not NUMBER_what.sql, or a number used twice."""
    files = _read(directory, sorted((directory / "migrations").glob("*.sql")))
    seen: dict[str, str] = {}
    for file in files:
        if not re.fullmatch(r"migrations/[0-9]+_[a-z0-9_]+\.sql", file.path):
            raise SchemaError(f"{file.path} is not named NUMBER_what_becomes_true.sql.")
        if file.version in seen:
            raise SchemaError(
                f"{seen[file.version]} and {file.path} have the same number: renumber the newer one."
            )
        seen[file.version] = file.path
    return files


def repeatables(directory: Path = SQL_DIR) -> list[SqlFile]:
    """Functions, then policies: what is applied whole whenever any of it changed."""
    return _read(
        directory,
        [*sorted((directory / "functions").rglob("*.sql")), *sorted((directory / "policies").rglob("*.sql"))],
    )


def plan(conn: psycopg.Connection, directory: Path = SQL_DIR) -> Plan:
    """What `push` would do now. SchemaError when an applied migration was changed or one is out of order."""
    applied = _applied_versions(conn)
    hashes = _applied_hashes(conn)
    result = Plan()
    for file in migrations(directory):
        if file.version not in applied:
            if applied and file.version < max(applied):
                raise SchemaError(
                    f"{file.path} comes before {max(applied)}, which is applied already: give it a later number."
                )
            result.pending.append(file)
        elif hashes.get(file.path, file.sha256) != file.sha256:
            raise SchemaError(
                f"{file.path} was changed after it was applied. Restore it, and put the change into a new migration."
            )
    current = {file.path: file.sha256 for file in repeatables(directory)}
    known = {path: digest for path, digest in hashes.items() if not path.startswith("migrations/")}
    result.changed = [path for path, digest in current.items() if known.get(path) != digest]
    result.removed = [path for path in known if path not in current]
    if hashes:
        result.drift = _drift(conn)
    return result


def push(conn: psycopg.Connection, directory: Path = SQL_DIR) -> Plan:
    """Apply what is pending and return what was done; nothing at all when nothing changed.

    One transaction under an advisory lock, so a second push waits and then finds nothing to do. Raises SchemaError,
    or psycopg.Error with everything rolled back.
    """
    with conn.transaction():
        conn.execute(sql.SQL("set local lock_timeout = {}").format(sql.Literal(LOCK_TIMEOUT)))
        conn.execute("set local client_min_messages = warning")
        conn.execute("select pg_advisory_xact_lock(hashtextextended('fantooo db push', 0))")
        todo = plan(conn, directory)
        if todo.is_empty:
            return todo
        _drop_policies(conn)
        conn.execute("create schema if not exists supabase_migrations")
        conn.execute(
            "create table if not exists supabase_migrations.schema_migrations"
            " (version text primary key, statements text[], name text)"
        )
        for migration in todo.pending:
            _run(conn, migration)
            conn.execute(
                "insert into supabase_migrations.schema_migrations (version, statements, name) values (%s, %s, %s)",
                [migration.version, [migration.text], migration.name],
            )
        _revoke_rights(conn)
        # Bodies are not checked while they are made, so the order of the files says nothing.
        conn.execute("set local check_function_bodies = off")
        for file in repeatables(directory):
            _run(conn, file)
        _remember(conn, [*migrations(directory), *repeatables(directory)])
        # PostgREST reads the schema again.
        conn.execute("notify pgrst, 'reload schema'")
        return todo


def reset(conn: psycopg.Connection, directory: Path = SQL_DIR) -> Plan:
    """Drop everything of ours with all data and Auth users, and push from nothing."""
    with conn.transaction():
        conn.execute("drop schema if exists private cascade")
        conn.execute("drop schema public cascade")
        conn.execute("create schema public")
        conn.execute("drop table if exists supabase_migrations.schema_migrations")
        _drop_policies(conn)
        conn.execute("delete from auth.users")
        return push(conn, directory)


def set_api_password(conn: psycopg.Connection, password: str) -> None:
    """Give fantooo_api the password that the API logs in with."""
    conn.execute(sql.SQL("alter role fantooo_api password {}").format(sql.Literal(password)))


def _read(directory: Path, paths: Iterable[Path]) -> list[SqlFile]:
    return [SqlFile(path.relative_to(directory).as_posix(), path.read_text()) for path in paths]


def _run(conn: psycopg.Connection, file: SqlFile) -> None:
    try:
        # The files are ours, and a string without parameters may hold many statements.
        conn.execute(file.text.encode())
    except psycopg.Error as error:
        error.add_note(f"in sql/{file.path}")
        raise


def _exists(conn: psycopg.Connection, relation: str) -> bool:
    row = conn.execute("select to_regclass(%s) is not null", [relation]).fetchone()
    return bool(row and row[0])


def _applied_versions(conn: psycopg.Connection) -> set[str]:
    if not _exists(conn, "supabase_migrations.schema_migrations"):
        return set()
    rows = conn.execute("select version from supabase_migrations.schema_migrations").fetchall()
    return {row[0] for row in rows}


def _applied_hashes(conn: psycopg.Connection) -> dict[str, str]:
    if not _exists(conn, "private.schema_files"):
        return {}
    return dict(conn.execute("select path, sha256 from private.schema_files").fetchall())


def _drop_policies(conn: psycopg.Connection) -> None:
    rows = conn.execute(
        "select schemaname, tablename, policyname from pg_policies"
        " where schemaname = 'public' or (schemaname = 'realtime' and policyname like 'fantooo%')"
    ).fetchall()
    for schema, table, policy in rows:
        conn.execute(
            sql.SQL("drop policy {} on {}").format(sql.Identifier(policy), sql.Identifier(schema, table))
        )


def _revoke_rights(conn: psycopg.Connection) -> None:
    roles = sql.SQL(", ").join([sql.SQL("public"), *map(sql.Identifier, API_ROLES)])
    for schema in ("public", "private"):
        conn.execute(sql.SQL("revoke all on schema {} from {}").format(sql.Identifier(schema), roles))
        for kind in ("tables", "sequences", "functions"):
            conn.execute(
                sql.SQL("revoke all on all {} in schema {} from {}").format(
                    sql.SQL(kind), sql.Identifier(schema), roles
                )
            )


def _remember(conn: psycopg.Connection, files: list[SqlFile]) -> None:
    conn.execute(
        "create table if not exists private.schema_files"
        " (path text primary key, sha256 text not null, applied_at timestamptz not null default now())"
    )
    conn.execute("create table if not exists private.schema_snapshot (line text primary key)")
    conn.execute("alter table private.schema_files enable row level security")
    conn.execute("alter table private.schema_snapshot enable row level security")
    conn.execute("delete from private.schema_files where not path = any(%s)", [[file.path for file in files]])
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into private.schema_files (path, sha256) values (%s, %s)"
            " on conflict (path) do update set sha256 = excluded.sha256, applied_at = now()"
            " where schema_files.sha256 <> excluded.sha256",
            [(file.path, file.sha256) for file in files],
        )
    conn.execute("delete from private.schema_snapshot")
    conn.execute(f"insert into private.schema_snapshot {_SNAPSHOT}")


def _drift(conn: psycopg.Connection) -> list[str]:
    """What differs from the catalog as the last push left it: "+" came since, "-" is gone."""
    rows = conn.execute(
        f"with now as ({_SNAPSHOT})"
        " select '+ ' || line from now where line not in (select line from private.schema_snapshot)"
        " union all select '- ' || line from private.schema_snapshot where line not in (select line from now)"
        " order by 1"
    ).fetchall()
    return [row[0] for row in rows]


# The catalog of what is ours, a line an object. Function bodies by their hash.
_SNAPSHOT = """
select format('policy %s on %s.%s: %s to %s using %s check %s',
         policyname, schemaname, tablename, cmd, array_to_string(roles, ','), qual, with_check) as line
from pg_catalog.pg_policies
where schemaname in ('public', 'private') or (schemaname = 'realtime' and policyname like 'fantooo%')
union all
select format('function %s: %s rights %s', p.oid::regprocedure, md5(pg_get_functiondef(p.oid)),
         (select string_agg(acl::text, ' ' order by acl::text) from unnest(p.proacl) as acl))
from pg_catalog.pg_proc p
where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace) and p.prokind = 'f'
  and not exists (select from pg_catalog.pg_depend d where d.objid = p.oid and d.deptype = 'e')
union all
select format('%s %s: row security %s rights %s', case c.relkind when 'r' then 'table' when 'v' then 'view' else 'relation' end,
         c.oid::regclass, c.relrowsecurity, (select string_agg(acl::text, ' ' order by acl::text) from unnest(c.relacl) as acl))
from pg_catalog.pg_class c
where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'v', 'm', 'p', 'S')
  and c.relname not in ('schema_files', 'schema_snapshot')
union all
select format('column %s.%s: %s%s default %s rights %s', a.attrelid::regclass, a.attname,
         format_type(a.atttypid, a.atttypmod), case when a.attnotnull then ' not null' else '' end,
         pg_get_expr(d.adbin, d.adrelid), a.attacl)
from pg_catalog.pg_attribute a
join pg_catalog.pg_class c on c.oid = a.attrelid
left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'v', 'm', 'p')
  and a.attnum > 0 and not a.attisdropped and c.relname not in ('schema_files', 'schema_snapshot')
union all
select format('constraint %s on %s: %s', c.conname, c.conrelid::regclass, pg_get_constraintdef(c.oid))
from pg_catalog.pg_constraint c
where c.connamespace = 'public'::regnamespace and c.contype <> 'n'
union all
select format('index %s', pg_get_indexdef(i.indexrelid))
from pg_catalog.pg_index i
join pg_catalog.pg_class c on c.oid = i.indrelid
where c.relnamespace = 'public'::regnamespace
union all
select format('trigger %s%s', pg_get_triggerdef(t.oid), case t.tgenabled when 'O' then '' else ': not always on' end)
from pg_catalog.pg_trigger t
join pg_catalog.pg_proc p on p.oid = t.tgfoid
where not t.tgisinternal and p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
union all
select format('published %s.%s', schemaname, tablename)
from pg_catalog.pg_publication_tables
where pubname = 'supabase_realtime' and schemaname = 'public'
"""
