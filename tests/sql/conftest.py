"""What the tests of rights, Realtime and bad input share: everybody, with rows of everybody in every table."""

from collections.abc import Iterator

import pytest

from tests.conftest import Server
from tests.sql.world import World, build
from tests.support.database import Database


@pytest.fixture(scope="module")
def world(shared: Database, server: Server, module_clone: str) -> Iterator[World]:
    """A populated database of the module's own."""
    built = build(shared, server.dsn(module_clone, "supabase_admin"))
    yield built
    built.stage.conn.close()
