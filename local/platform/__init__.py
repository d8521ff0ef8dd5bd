"""What Supabase provides before a project's first migration, and just as unsafe by default."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg import sql

from local.errors import SetupError

HERE = Path(__file__).parent
DATABASE_PARTS = ("extensions", "auth", "realtime", "public", "rest")


def create_roles(superuser_dsn: str, passwords: Mapping[str, str] | None = None) -> None:
    """Make the cluster's roles, if they are not there, and set the given passwords, by role."""
    with psycopg.connect(superuser_dsn) as connection:
        _run(connection, "roles")
        for role, password in (passwords or {}).items():
            set_password(connection, role, password)


def create_database(superuser_dsn: str, name: str, *, legacy_default_privileges: bool = True) -> None:
    """Make the database `name`, if it is not there, as a new hosted project's.

    The roles must exist. A database that has this platform already is left as it is. With
    `legacy_default_privileges`, as on projects made before mid-2026, whatever postgres makes in public is granted
    to anon, authenticated and service_role; without, to nobody.

    Raises SetupError when the database has the platform as another version of these files makes it.
    """
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        if not connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    with psycopg.connect(superuser_dsn, dbname=name) as connection:
        query = "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = 'auth'"
        found = connection.execute(query).fetchone()
        if found == (_version(),):
            return
        if found:
            raise SetupError(
                f"The database {name} was made by another version of the local stack: remove its data directory, "
                "or go back to that version."
            )
        connection.execute(sql.SQL("alter database {} owner to postgres").format(sql.Identifier(name)))
        for part in DATABASE_PARTS:
            _run(connection, part)
        if legacy_default_privileges:
            _run(connection, "legacy_default_privileges")
        connection.execute(sql.SQL("comment on schema auth is {}").format(sql.Literal(_version())))


def set_password(connection: psycopg.Connection, role: str, password: str) -> None:
    """Let `role` log in with `password`; what is sent and logged is the SCRAM verifier, not the password."""
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    statement = sql.SQL("alter role {} login password {}").format(sql.Identifier(role), sql.Literal(verifier))
    connection.execute(statement)


def _version() -> str:
    files = b"".join((HERE / f"{part}.sql").read_bytes() for part in DATABASE_PARTS)
    return f"local platform {hashlib.sha256(files).hexdigest()[:16]}"


def _run(connection: psycopg.Connection, part: str) -> None:
    connection.execute((HERE / f"{part}.sql").read_bytes())
