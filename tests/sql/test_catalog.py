"""What the database itself says: every function compiles, pins its search_path, and has a file of its name."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import dict_row

from cli import schema
from tests.conftest import Server
from tests.support.database import Session


@pytest.fixture(scope="module")
def owner(server: Server, template: str) -> Iterator[Session]:
    """The template, for reading."""
    with psycopg.connect(server.dsn(template), autocommit=True, row_factory=dict_row) as conn:
        yield Session(conn)


def test_every_function_body_compiles(owner: Session) -> None:
    """A push leaves bodies unchecked so that the order of files says nothing; here each is checked."""
    owner.begin()
    try:
        owner.execute("set local check_function_bodies = on")
        for file in schema.repeatables():
            if file.path.startswith("functions/"):
                owner.conn.execute(file.text.encode())
    finally:
        owner.rollback()


def test_every_function_has_a_file_of_its_name_and_every_file_a_function(owner: Session) -> None:
    rows = owner.rows(
        "select pronamespace::regnamespace::text as schema, proname from pg_proc"
        " where pronamespace in ('public'::regnamespace, 'private'::regnamespace)"
    )
    files = [Path(file.path) for file in schema.repeatables() if file.path.startswith("functions/")]
    assert sorted(f"{row['schema']}/{row['proname']}" for row in rows) == sorted(
        f"{file.parent.name}/{file.stem}" for file in files
    )


def test_every_function_pins_its_search_path(owner: Session) -> None:
    rows = owner.rows(
        "select oid::regprocedure::text as name from pg_proc"
        " where pronamespace in ('public'::regnamespace, 'private'::regnamespace)"
        " and not coalesce('search_path=\"\"' = any (proconfig), false)"
    )
    assert rows == []


def test_every_table_has_row_level_security(owner: Session) -> None:
    rows = owner.rows(
        "select oid::regclass::text as name from pg_class where relkind in ('r', 'p') and not relrowsecurity"
        " and relnamespace in ('public'::regnamespace, 'private'::regnamespace)"
    )
    assert rows == []
