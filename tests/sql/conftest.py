"""What the tests of sql/ share: a database that lasts for a module."""

import itertools
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from tests.conftest import Server
from tests.support.database import Database, Session

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def module_clone(server: Server, template: str) -> Iterator[str]:
    """The name of a database of this module's own, as after a push: what one test commits, the next one sees."""
    name = f"module_{next(_numbers)}"
    identifiers = sql.Identifier(name), sql.Identifier(template)
    server.execute(
        sql.SQL("create database {} template {} strategy file_copy owner postgres").format(*identifiers)
    )
    yield name
    server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def shared(server: Server, module_clone: str) -> Iterator[Database]:
    """The Database of a module."""
    dsn = server.dsn(module_clone)
    database = Database(dsn, Session(psycopg.connect(dsn, autocommit=True, row_factory=dict_row)))
    yield database
    database.close()
