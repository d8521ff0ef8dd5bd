"""A REST server over a scratch database."""

from collections.abc import Iterator

import httpx
import pytest

from tests.support.rest_server import ANN, Rest, create_project, running_cluster, running_rest


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rest]:
    with (
        running_cluster(tmp_path_factory.mktemp("rest")) as cluster,
        running_rest(create_project(cluster)) as server,
    ):
        yield server


@pytest.fixture
def anyone(server: Rest) -> Iterator[httpx.Client]:
    with server.as_() as client:
        yield client


@pytest.fixture
def ann(server: Rest) -> Iterator[httpx.Client]:
    with server.as_("authenticated", ANN) as client:
        yield client


@pytest.fixture
def service(server: Rest) -> Iterator[httpx.Client]:
    """A client that may write; what it wrote is undone after the test."""
    with server.as_("service_role") as client:
        yield client
    server.sql(_RESTORE)


_RESTORE = """
delete from books where id > 4;
delete from genres where id > 2;
delete from accounts where id > 2;
update books set price = 5, title = 'Alpha', pages = 100 where id = 1;
"""
