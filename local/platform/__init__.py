"""What Supabase provides before a project's first migration, and just as unsafe by default."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg import sql

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

    The roles must exist. A database that has the platform already is left as it is. With
    `legacy_default_privileges`, as on projects made before mid-2026, whatever postgres makes in public is granted
    to anon, authenticated and service_role; without, to nobody.
    """
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        if not connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    with psycopg.connect(superuser_dsn, dbname=name) as connection:
        if connection.execute("select to_regnamespace('auth')").fetchone() != (None,):
            return
        connection.execute(sql.SQL("alter database {} owner to postgres").format(sql.Identifier(name)))
        for part in DATABASE_PARTS:
            _run(connection, part)
        if legacy_default_privileges:
            _run(connection, "legacy_default_privileges")


def set_password(connection: psycopg.Connection, role: str, password: str) -> None:
    """Let `role` log in with `password`; what is sent and logged is the SCRAM verifier, not the password."""
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    statement = sql.SQL("alter role {} login password {}").format(sql.Identifier(role), sql.Literal(verifier))
    connection.execute(statement)


def _run(connection: psycopg.Connection, part: str) -> None:
    connection.execute((HERE / f"{part}.sql").read_bytes())
