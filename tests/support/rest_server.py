"""A REST server over a scratch database, as the gateway mounts it."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from local import platform, rest, tokens
from local.cluster import Cluster
from local.project import LOGIN_ROLES, Project

SCHEMA = Path(__file__).with_name("rest_schema.sql")
ANN, BOB = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"


def free_port() -> int:
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


@contextmanager
def running_cluster(data_dir: Path) -> Iterator[Cluster]:
    cluster = Cluster(data_dir, free_port())
    cluster.init()
    cluster.start(fsync=False)
    try:
        yield cluster
    finally:
        cluster.stop()


def create_project(cluster: Cluster, database: str = "postgres", algorithm: str = "ES256") -> Project:
    """A project in `cluster` whose database holds the scratch schema."""
    project = Project.create(
        url="http://127.0.0.1",
        db_port=cluster.port,
        superuser_password=cluster.password,
        database=database,
        algorithm=algorithm,
    )
    there = set(LOGIN_ROLES) - {"supabase_admin", "fantooo_api"}
    platform.create_roles(cluster.dsn(), {role: project.passwords[role] for role in there})
    platform.create_database(cluster.dsn(), database)
    load_schema(project)
    return project


def load_schema(project: Project) -> None:
    with psycopg.connect(project.dsn("postgres")) as connection:
        connection.execute(SCHEMA.read_bytes())


@contextmanager
def running_rest(project: Project) -> Iterator[Rest]:
    sub = rest.create_app(project)
    app = Starlette(
        routes=[Mount("/rest/v1", app=BearerAsState(sub, project.anon_key))],
        lifespan=lambda _: sub.router.lifespan_context(sub),
    )
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        running = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
        thread.start()
        while not running.started and thread.is_alive():
            time.sleep(0.01)
        try:
            yield Rest(
                f"http://127.0.0.1:{listener.getsockname()[1]}/rest/v1", project, project.dsn("postgres")
            )
        finally:
            running.should_exit = True
            thread.join()
