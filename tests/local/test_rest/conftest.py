"""The REST API over a scratch database."""

from collections.abc import Iterator

import httpx
import pytest

from tests.support.rest_server import ANN, Rest, running_rest, scratch_project
from tests.support.supabase import running_cluster


@pytest.fixture(scope="session")
def rest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rest]:
    with (
        running_cluster(tmp_path_factory.mktemp("rest")) as cluster,
        running_rest(scratch_project(cluster)) as rest,
    ):
        yield rest


@pytest.fixture
def anyone(rest: Rest) -> Iterator[httpx.Client]:
    with rest.as_() as client:
        yield client


@pytest.fixture
def ann(rest: Rest) -> Iterator[httpx.Client]:
    with rest.as_("authenticated", ANN) as client:
        yield client


@pytest.fixture
def service(rest: Rest) -> Iterator[httpx.Client]:
    """A client that may write; what it wrote is undone after the test."""
    with rest.as_("service_role") as client:
        yield client
    rest.sql(_RESTORE)


_RESTORE = """
delete from books where id > 4;
delete from genres where id > 2;
delete from accounts where id > 2;
update books set price = 5, title = 'Alpha', pages = 100 where id = 1;
"""
