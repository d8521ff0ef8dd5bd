"""The published Python client, unmodified, against the whole stack that run.sh started."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
import requests
from realtime import AsyncRealtimeChannel, RealtimePostgresChangesListenEvent, RealtimeSubscribeStates
from supabase import AsyncClient, AsyncClientOptions, create_async_client

# The client deprecates parameters that it passes itself.
pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore::DeprecationWarning:postgrest")]

API_URL = os.environ["API_URL"]
PATIENCE = 20


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def operator() -> AsyncIterator[AsyncClient]:
    """An operator who is on duty."""
    email, password = os.environ["DEMO_OPERATOR2_EMAIL"], os.environ["DEMO_OPERATOR2_PASSWORD"]
    async with signed_in(email, password) as client:
        await call(client, "POST", "/api/operator/availability", {"available": True})
        yield client
        await call(client, "POST", "/api/operator/availability", {"available": False})


@pytest.fixture
async def user() -> AsyncIterator[AsyncClient]:
    async with signed_in(os.environ["DEMO_USER2_EMAIL"], os.environ["DEMO_USER2_PASSWORD"]) as client:
        yield client


@asynccontextmanager
async def signed_in(email: str, password: str) -> AsyncIterator[AsyncClient]:
    """A client of somebody of the demo data."""
    async with httpx.AsyncClient() as http:
        options = AsyncClientOptions(httpx_client=http, auto_refresh_token=False)
        client = await create_async_client(
            os.environ["SUPABASE_URL"], os.environ["SUPABASE_ANON_KEY"], options
        )
        await client.auth.sign_in_with_password({"email": email, "password": password})
        yield client
        await client.realtime.close()


async def call(client: AsyncClient, method: str, path: str, body: Any = None) -> Any:
    """Call our API as whoever is signed in; anything but a success fails the test."""
    session = await client.auth.get_session()
    assert session
    headers = {"Authorization": f"Bearer {session.access_token}"}
    response = await asyncio.to_thread(
        requests.request, method, API_URL + path, json=body, headers=headers, timeout=PATIENCE
    )
    assert response.ok, f"{method} {path}: {response.status_code} {response.text}"
    return response.json()


async def subscribe(channel: AsyncRealtimeChannel) -> RealtimeSubscribeStates:
    """Subscribe and return the first state the client reports."""
    states: asyncio.Queue[RealtimeSubscribeStates] = asyncio.Queue()
    await channel.subscribe(lambda state, _error: states.put_nowait(state))
    return await asyncio.wait_for(states.get(), PATIENCE)


async def arrival(changes: asyncio.Queue[Any], message_id: str) -> Any:
    """The change that tells of this message. Realtime may tell of one from a moment before the subscription first."""
    while True:
        change = await asyncio.wait_for(changes.get(), PATIENCE)
        if change["data"]["record"]["id"] == message_id:
            return change["data"]["record"]


async def test_a_whole_conversation(user: AsyncClient, operator: AsyncClient) -> None:
    profiles = (await call(user, "GET", "/api/profiles"))["profiles"]
    chat_id = (await call(user, "POST", "/api/chats", {"fictionalUserId": profiles[0]["id"]}))["chat"]["id"]
    message = {"chatId": chat_id, "content": "Hello!", "clientMessageId": str(uuid4())}
    await call(user, "POST", "/api/messages", message)
    assert (await call(operator, "POST", "/api/operator/assign"))["chat"]["id"] == chat_id

    changes: asyncio.Queue[Any] = asyncio.Queue()
    flowing = asyncio.Event()
    channel = user.channel(f"chat:{chat_id}").on_postgres_changes(
        RealtimePostgresChangesListenEvent.Insert,
        changes.put_nowait,
        table="messages",
        schema="public",
        filter=f"chat_id=eq.{chat_id}",
    )
    channel.on_system(lambda _payload: flowing.set())
    assert await subscribe(channel) == RealtimeSubscribeStates.SUBSCRIBED
    await asyncio.wait_for(flowing.wait(), PATIENCE)
    answer = {"chatId": chat_id, "content": "Hello to you"}
    sent = (await call(operator, "POST", "/api/operator/messages", answer))["message"]
    record = await arrival(changes, sent["id"])
    assert record["content"] == "Hello to you"

    after = await user.rpc("messages_after", {"p_chat_id": chat_id, "p_seq": sent["seq"] - 1}).execute()
    assert isinstance(after.data, list)
    assert [dict(row)["id"] for row in after.data if isinstance(row, dict)] == [sent["id"]]
