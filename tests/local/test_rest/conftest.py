"""A REST server over a scratch database, as the gateway mounts it."""

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from local import platform, rest, tokens
from local.cluster import Cluster
from local.project import LOGIN_ROLES, Project

SCHEMA = Path(__file__).with_name("schema.sql")
ANN, BOB = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class BearerAsState:
    """What the gateway does for the sub-app, without API keys: the bearer token goes into the request's state."""

    def __init__(self, app: ASGIApp, anonymous: str) -> None:
        self.app = app
        self.anonymous = anonymous

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = dict(scope["headers"]).get(b"authorization", b"").decode().removeprefix("Bearer ")
        scope["state"] = {**scope.get("state", {}), "token": given or self.anonymous}
        await self.app(scope, receive, send)


@dataclass(frozen=True)
class Rest:
    """A running server, and the database behind it."""

    url: str
    project: Project
    owner_dsn: str

    def as_(self, role: str | None = None, sub: str = ANN, **headers: str) -> httpx.Client:
        """An HTTP client with a token of `role`; without a role, one without a token."""
        if role:
            headers["Authorization"] = f"Bearer {self.token(role, sub)}"
        return httpx.Client(base_url=self.url, headers=headers)

    def token(self, role: str, sub: str = ANN, expires_in: int = 3600) -> str:
        return tokens.sign(self.project, {"role": role, "sub": sub, "exp": int(time.time()) + expires_in})

    def sql(self, statement: str) -> list[tuple]:
        with psycopg.connect(self.owner_dsn, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="session")
def rest_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("rest"), _free_port())
    cluster.init()
    cluster.start(fsync=False)
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def server(rest_cluster: Cluster) -> Iterator[Rest]:
    project = Project.create(
        url="http://127.0.0.1", db_port=rest_cluster.port, superuser_password=rest_cluster.password
    )
    admin = rest_cluster.dsn()
    passwords = {
        role: project.passwords[role] for role in LOGIN_ROLES if role not in ("supabase_admin", "fantooo_api")
    }
    platform.create_roles(admin, passwords)
    platform.create_database(admin, project.database)
    with psycopg.connect(project.dsn("postgres")) as connection:
        connection.execute(SCHEMA.read_bytes())
    sub = rest.create_app(project)
    app = Starlette(
        routes=[Mount("/rest/v1", app=BearerAsState(sub, project.anon_key))],
        lifespan=lambda _: sub.router.lifespan_context(sub),
    )
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    running = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/rest/v1"
    while not running.started and thread.is_alive():
        time.sleep(0.01)
    yield Rest(url, project, project.dsn("postgres"))
    running.should_exit = True
    thread.join()


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
