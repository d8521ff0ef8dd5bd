"""docs/schema.sql is the schema of today, so that a diff shows what a change does to it."""

from cli.db import schema_dump
from tests.conftest import Server
from tests.support.schema_dump import PATH


def test_the_dump_in_docs_is_current(server: Server, template: str) -> None:
    assert schema_dump(server.dsn(template)) == PATH.read_text(), "run: make schema"
