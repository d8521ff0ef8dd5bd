"""The published Python client, unmodified, against our Realtime."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from realtime import (
    AsyncRealtimeChannel,
    AsyncRealtimeClient,
    RealtimeChannelOptions,
    RealtimePostgresChangesListenEvent,
    RealtimeSubscribeStates,
)

from tests.conftest import Server
from tests.support.realtime import TIMEOUT, RunningRealtime, new_project, running_realtime

pytestmark = pytest.mark.anyio

SCHEMA = """
create table public.notes (
  id bigint generated always as identity primary key, owner_id uuid not null, body text);
alter table public.notes enable row level security;
grant select on public.notes to authenticated;
create policy read_own on public.notes for select to authenticated using (owner_id = (select auth.uid()));
alter publication supabase_realtime add table public.notes;
create policy listen on realtime.messages for select to authenticated
  using ((select realtime.topic()) = 'user:' || (select auth.uid()));
"""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def realtime(server: Server) -> Iterator[RunningRealtime]:
    project = new_project(server.cluster)
    with psycopg.connect(project.dsn("supabase_admin")) as connection:
        connection.execute(SCHEMA)
    with running_realtime(project) as running:
        yield running


@pytest.fixture
def user() -> str:
    return str(uuid4())


@pytest.fixture
async def client(realtime: RunningRealtime, user: str) -> AsyncIterator[AsyncRealtimeClient]:
    async with connected(realtime, user) as client:
        yield client


class connected:
    """A client that is signed in, for as long as the block runs."""

    def __init__(self, realtime: RunningRealtime, user: str) -> None:
        url = realtime.websocket_url.removesuffix("/websocket")
        self._client = AsyncRealtimeClient(url, realtime.project.anon_key)
        self._token = realtime.token(user)

    async def __aenter__(self) -> AsyncRealtimeClient:
        await self._client.connect()
        await self._client.set_auth(self._token)
        return self._client

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()


async def subscribed(channel: AsyncRealtimeChannel) -> RealtimeSubscribeStates:
    """Subscribe and return the first state the client reports."""
    states: asyncio.Queue[RealtimeSubscribeStates] = asyncio.Queue()
    await channel.subscribe(lambda state, _error: states.put_nowait(state))
    return await asyncio.wait_for(states.get(), TIMEOUT)


async def test_its_changes_arrive(realtime: RunningRealtime, client: AsyncRealtimeClient, user: str) -> None:
    changes: asyncio.Queue[Any] = asyncio.Queue()
    flowing = asyncio.Event()
    channel = client.channel("notes")
    channel.on_postgres_changes(
        RealtimePostgresChangesListenEvent.All, changes.put_nowait, table="notes", schema="public"
    )
    channel.on_system(lambda _payload: flowing.set())
    assert await subscribed(channel) == RealtimeSubscribeStates.SUBSCRIBED
    await asyncio.wait_for(flowing.wait(), TIMEOUT)
    add = "insert into notes (owner_id, body) values (%s, %s)"
    realtime.execute(add, [str(uuid4()), "another's"])
    realtime.execute(add, [user, "mine"])
    change = await asyncio.wait_for(changes.get(), TIMEOUT)
    assert (change["data"]["type"], change["data"]["record"]["body"]) == ("INSERT", "mine")


async def test_its_broadcasts_arrive(realtime: RunningRealtime, client: AsyncRealtimeClient) -> None:
    heard: asyncio.Queue[Any] = asyncio.Queue()
    await subscribed(client.channel("room").on_broadcast("typing", heard.put_nowait))
    async with connected(realtime, str(uuid4())) as other:
        channel = other.channel("room")
        await subscribed(channel)
        await channel.send_broadcast("typing", {"who": "me"})
        assert (await asyncio.wait_for(heard.get(), TIMEOUT))["payload"] == {"who": "me"}


async def test_it_hears_the_database_on_a_private_channel(
    realtime: RunningRealtime, client: AsyncRealtimeClient, user: str
) -> None:
    heard: asyncio.Queue[Any] = asyncio.Queue()
    options: RealtimeChannelOptions = {"config": {"private": True}}  # type: ignore[typeddict-item]
    channel = client.channel(f"user:{user}", options).on_broadcast("news", heard.put_nowait)
    assert await subscribed(channel) == RealtimeSubscribeStates.SUBSCRIBED
    realtime.execute("select realtime.send('{\"n\": 1}', 'news', %s)", [f"user:{user}"])
    assert (await asyncio.wait_for(heard.get(), TIMEOUT))["payload"]["n"] == 1


async def test_it_is_told_that_a_private_channel_is_not_for_it(client: AsyncRealtimeClient) -> None:
    options: RealtimeChannelOptions = {"config": {"private": True}}  # type: ignore[typeddict-item]
    channel = client.channel("user:somebody-else", options)
    assert await subscribed(channel) == RealtimeSubscribeStates.CHANNEL_ERROR


async def test_it_sees_who_is_present(realtime: RunningRealtime, client: AsyncRealtimeClient) -> None:
    options: RealtimeChannelOptions = {"config": {"presence": {"key": "anna", "enabled": True}}}  # type: ignore[typeddict-item]
    synced: asyncio.Queue[None] = asyncio.Queue()
    channel = client.channel("lobby", options).on_presence_sync(lambda: synced.put_nowait(None))
    await subscribed(channel)
    await channel.track({"mood": "calm"})
    while "anna" not in channel.presence_state():
        await asyncio.wait_for(synced.get(), TIMEOUT)
    [presence] = channel.presence_state()["anna"]
    assert dict(presence)["mood"] == "calm"
