"""A Realtime on a free port with a database of its own, and a client that sees every frame."""

import asyncio
import itertools
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg
import uvicorn
from websockets.asyncio.client import ClientConnection, connect

from local import platform, realtime, tokens
from local.cluster import Cluster
from local.gateway import ApiKeys, RequireApiKey
from local.project import Project
from tests.support.waiting import wait_until

TIMEOUT = 15
V1, V2 = "1.0.0", "2.0.0"


@dataclass(frozen=True)
class RunningRealtime:
    """A Realtime that answers at `port`, for one project."""

    project: Project
    port: int

    @property
    def websocket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/websocket"

    def execute(self, statement: str, parameters: Any = None) -> list[Any]:
        """Run and commit one statement; its rows, if it has any."""
        with psycopg.connect(self.project.dsn("supabase_admin"), autocommit=True) as connection:
            cursor = connection.execute(statement, parameters)
            return cursor.fetchall() if cursor.description is not None else []

    def token(self, user_id: str, *, expires_in: float = 3600, **claims: Any) -> str:
        """A signed-in user's access token."""
        expires_at = int(time.time() + expires_in)
        return tokens.sign(
            self.project, {"sub": user_id, "role": "authenticated", "exp": expires_at, **claims}
        )

    @asynccontextmanager
    async def socket(
        self, version: str = V2, *, key: str | None = None, **options: Any
    ) -> AsyncIterator["Socket"]:
        """A connected WebSocket client."""
        url = f"{self.websocket_url}?apikey={key or self.project.anon_key}&vsn={version}"
        async with connect(url, max_size=None, **options) as connection:
            yield Socket(connection, version)


@dataclass(frozen=True)
class Received:
    """A message from the server."""

    topic: str
    event: str
    payload: Any
    ref: str | None
    join_ref: str | None


class Socket:
    """Speaks either version of the protocol and keeps what nobody has asked for yet."""

    def __init__(self, connection: ClientConnection, version: str) -> None:
        self.connection = connection
        self._version = version
        self._refs = itertools.count(1)
        self._kept: list[Received] = []
        self.join_refs: dict[str, str] = {}

    async def push(self, topic: str, event: str, payload: Mapping[str, Any] | None = None) -> str:
        """Send one message and return its ref."""
        ref = str(next(self._refs))
        if event == "phx_join":
            self.join_refs[topic] = ref
        join_ref = self.join_refs.get(topic)
        if self._version == V2:
            await self.connection.send(json.dumps([join_ref, ref, topic, event, payload or {}]))
        else:
            message = {"topic": topic, "event": event, "payload": payload or {}, "ref": ref}
            await self.connection.send(json.dumps(message | {"join_ref": join_ref}))
        return ref

    async def call(self, topic: str, event: str, payload: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Send one message and return the payload of its reply."""
        ref = await self.push(topic, event, payload)
        return dict((await self.receive("phx_reply", ref=ref)).payload)

    async def join(self, topic: str, *, token: str | None = None, **config: Any) -> dict[str, Any]:
        """Join, and return the reply's payload."""
        payload: dict[str, Any] = {"config": config}
        if token:
            payload["access_token"] = token
        return await self.call(topic, "phx_join", payload)

    async def subscribe(self, topic: str, *changes: Mapping[str, Any], token: str | None = None) -> list[int]:
        """Join for changes, wait until they flow, and return the ids of the bindings."""
        reply = await self.join(topic, token=token, postgres_changes=list(changes))
        assert reply["status"] == "ok", reply
        system = await self.receive("system")
        assert system.payload["status"] == "ok", system
        return [binding["id"] for binding in reply["response"]["postgres_changes"]]

    async def receive(self, event: str, *, ref: str | None = None) -> Received:
        """The next message of this event (and ref) that was not asked for before."""
        position = 0
        async with asyncio.timeout(TIMEOUT):
            while True:
                while position == len(self._kept):
                    self._kept.append(self._parsed(await self.connection.recv()))
                message = self._kept[position]
                if message.event == event and ref in (None, message.ref):
                    return self._kept.pop(position)
                position += 1

    async def raw(self) -> bytes | str:
        """The next frame, as it came."""
        async with asyncio.timeout(TIMEOUT):
            return await self.connection.recv()

    async def changed(self) -> dict[str, Any]:
        """The data of the next postgres_changes message."""
        return dict((await self.receive("postgres_changes")).payload["data"])

    def _parsed(self, frame: str | bytes) -> Received:
        parts = json.loads(frame)
        if self._version == V2:
            join_ref, ref, topic, event, payload = parts
            return Received(topic, event, payload, ref, join_ref)
        return Received(parts["topic"], parts["event"], parts["payload"], parts["ref"], None)


def new_project(cluster: Cluster) -> Project:
    """A project with an empty platform database of its own; only supabase_admin's password is right."""
    project = Project.create(
        url="http://127.0.0.1:1",
        db_port=cluster.port,
        superuser_password=cluster.password,
        database=f"realtime_{uuid4().hex}",
    )
    platform.create_roles(cluster.dsn())
    platform.create_database(cluster.dsn(), project.database)
    return project


@contextmanager
def running_realtime(project: Project) -> Iterator[RunningRealtime]:
    """Realtime behind the gateway's key check, in a thread, for as long as the block runs."""
    service = realtime.create_app(project, refusal_delay=0)
    app = RequireApiKey(service, ApiKeys(project))
    config = uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)

    async def serve() -> None:
        async with service.router.lifespan_context(service):
            await server.serve(sockets=[listener])

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=asyncio.run, args=[serve()], name="realtime")
        thread.start()
        try:
            wait_until(lambda: server.started or not thread.is_alive())
            assert server.started, "Realtime did not start"
            yield RunningRealtime(project, listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()
