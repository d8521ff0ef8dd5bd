"""One PostgreSQL for the session, one template with everything pushed, and a clone of it for each test that writes."""

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from cli import schema
from local import platform
from local.cluster import Cluster
from local.ports import free_port
from tests.support.database import Database, Session

PLATFORM_PASSWORDS = {
    role: f"{role}-password" for role in ("postgres", "authenticator", "supabase_auth_admin")
}
PASSWORDS = {**PLATFORM_PASSWORDS, "fantooo_api": "fantooo_api-password"}
TEMPLATE = "template_fantooo"

# Databases are made by the thousand here, and thrown away: in memory, where the system has a place for that.
MEMORY = Path("/dev/shm")
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 4 << 30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@dataclass(frozen=True)
class Server:
    """The test server: where it is, and how its roles log in."""

    cluster: Cluster

    def dsn(self, database: str, role: str = "postgres") -> str:
        """A connection string, as a role that logs in."""
        if role == "supabase_admin":
            return self.cluster.dsn(database)
        return f"postgresql://{role}:{PASSWORDS[role]}@127.0.0.1:{self.cluster.port}/{database}"

    def execute(self, statement: sql.Composed) -> None:
        """One statement as superuser, outside a transaction."""
        with psycopg.connect(self.cluster.dsn("postgres"), autocommit=True) as conn:
            conn.execute(statement)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A PostgreSQL of this test run, with Supabase's roles. Not durable: it is thrown away."""
    cluster = Cluster(Path(tmp_path_factory.mktemp("cluster")), free_port())
    cluster.init()
    cluster.start(fsync=False)
    try:
        platform.create_roles(cluster.dsn(), PLATFORM_PASSWORDS)
        yield Server(cluster)
    finally:
        cluster.stop()


@pytest.fixture(scope="session")
def template(server: Server) -> str:
    """The name of a database with the platform and our schema pushed; cloned, never written."""
    platform.create_database(server.cluster.dsn(), TEMPLATE)
    with psycopg.connect(server.dsn(TEMPLATE), autocommit=True) as conn:
        schema.push(conn)
        schema.set_api_password(conn, PASSWORDS["fantooo_api"])
    server.execute(sql.SQL("alter database {} is_template true").format(sql.Identifier(TEMPLATE)))
    return TEMPLATE


_clones = itertools.count(1)


@contextmanager
def cloned(server: Server, template: str) -> Iterator[str]:
    """The name of a database as after a push, for as long as the block runs."""
    name = f"clone_{next(_clones)}"
    identifiers = sql.Identifier(name), sql.Identifier(template)
    server.execute(
        sql.SQL("create database {} template {} strategy file_copy owner postgres").format(*identifiers)
    )
    try:
        yield name
    finally:
        server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@contextmanager
def opened(server: Server, clone: str) -> Iterator[Database]:
    """That database with everything committing, for as long as the block runs."""
    dsn = server.dsn(clone)
    database = Database(dsn, Session(psycopg.connect(dsn, autocommit=True, row_factory=dict_row)))
    try:
        yield database
    finally:
        database.close()


@pytest.fixture
def clone(server: Server, template: str) -> Iterator[str]:
    """The name of a database of this test's own, as after a push."""
    with cloned(server, template) as name:
        yield name


@pytest.fixture
def db(server: Server, clone: str) -> Iterator[Database]:
    """A Database of this test's own: everything commits."""
    with opened(server, clone) as database:
        yield database


@pytest.fixture(scope="module")
def module_clone(server: Server, template: str) -> Iterator[str]:
    """The name of a database of this module's own, as after a push: what one test commits, the next one sees."""
    with cloned(server, template) as name:
        yield name


@pytest.fixture(scope="module")
def shared(server: Server, module_clone: str) -> Iterator[Database]:
    """The Database of a module."""
    with opened(server, module_clone) as database:
        yield database
