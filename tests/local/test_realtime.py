"""Realtime as its clients see it, over a real socket and a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus

from local.cluster import Cluster
from local.ports import free_port
from tests.conftest import Server
from tests.support.realtime import V1, V2, RunningRealtime, Socket, new_project, running_realtime
from tests.support.waiting import wait_until

pytestmark = pytest.mark.anyio

SCHEMA = """
create type public.mood as enum ('calm', 'cross');
create table public.notes (
  id bigint generated always as identity primary key,
  owner_id uuid not null,
  room text not null,
  body text,
  secret text,
  price numeric,
  mood public.mood,
  tags text[],
  details jsonb,
  written_at timestamptz
);
alter table public.notes enable row level security;
revoke all on public.notes from anon, authenticated;
grant select (id, owner_id, room, body, price, mood, tags, details, written_at) on public.notes
  to authenticated;
create policy read_own on public.notes for select to authenticated using (owner_id = (select auth.uid()));

create table public.open_notes (id int primary key, body text);
alter table public.open_notes replica identity full;
grant select on public.open_notes to authenticated;
create table public.keyless (body text);
alter table public.keyless enable row level security;
create policy read_all on public.keyless for select using (true);
create table public.locked (id int primary key, body text);
alter table public.locked enable row level security;
revoke all on public.locked from anon, authenticated;
grant select (body) on public.locked to authenticated;
create table public.diary (id int primary key, body text);
alter table public.diary enable row level security;
alter table public.diary replica identity full;
grant select on public.diary to authenticated;
create table public.unpublished (id int primary key);
alter publication supabase_realtime add table public.notes, public.open_notes, public.keyless,
  public.locked, public.diary;

create table public.members (room text, user_id uuid, may_send boolean);
grant select on public.members to authenticated;
create policy members_listen on realtime.messages for select to authenticated using (exists (
  select from public.members m
  where m.room = (select realtime.topic()) and m.user_id = (select auth.uid())));
create policy lobby_presence on realtime.messages for select to authenticated
  using (extension = 'presence' and (select realtime.topic()) like 'lobby:%');
create policy members_send on realtime.messages for insert to authenticated with check (exists (
  select from public.members m
  where m.room = (select realtime.topic()) and m.user_id = (select auth.uid()) and m.may_send));
"""
INSERT_NOTE = "insert into notes (owner_id, room, body) values (%s, %s, %s) returning id"
NOTES = {"event": "*", "schema": "public", "table": "notes"}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def realtime(server: Server) -> Iterator[RunningRealtime]:
    """A Realtime whose database has the tables above."""
    project = new_project(server.cluster)
    with psycopg.connect(project.dsn("supabase_admin")) as connection:
        connection.execute(SCHEMA)
    with running_realtime(project) as running:
        yield running


@pytest.fixture(params=[V1, V2])
async def client(request: pytest.FixtureRequest, realtime: RunningRealtime) -> AsyncIterator[Socket]:
    async with realtime.socket(request.param) as socket:
        yield socket


@pytest.fixture
def user() -> str:
    return str(uuid4())


@pytest.fixture
def room() -> str:
    """A room nobody else is in."""
    return f"room:{uuid4().hex}"


def add_member(realtime: RunningRealtime, room: str, user: str, *, may_send: bool = True) -> None:
    realtime.execute("insert into members values (%s, %s, %s)", [room, user, may_send])


# -- The connection


async def test_a_heartbeat_is_answered(client: Socket) -> None:
    assert await client.call("phoenix", "heartbeat") == {"status": "ok", "response": {}}


async def test_a_socket_without_a_good_key_is_refused(realtime: RunningRealtime) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with realtime.socket(key="sb_publishable_wrong"):
            pass
    assert refused.value.response.status_code == 401


async def test_an_unknown_serializer_version_is_refused(realtime: RunningRealtime) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with realtime.socket("3.0.0"):
            pass
    assert refused.value.response.status_code == 400


async def test_a_message_to_a_topic_not_joined_is_answered_with_an_error(client: Socket) -> None:
    reply = await client.call("realtime:nowhere", "broadcast", {})
    assert reply == {"status": "error", "response": {"reason": "unmatched topic"}}


async def test_leaving_is_confirmed_and_closes_the_channel(client: Socket, room: str) -> None:
    await client.join(f"realtime:{room}")
    assert (await client.call(f"realtime:{room}", "phx_leave"))["status"] == "ok"
    closed = await client.receive("phx_close")
    assert closed.payload == {}
    assert closed.ref == client.join_refs[f"realtime:{room}"]


async def test_joining_a_topic_again_closes_the_first_channel(client: Socket, room: str) -> None:
    await client.join(f"realtime:{room}")
    first = client.join_refs[f"realtime:{room}"]
    assert (await client.join(f"realtime:{room}"))["status"] == "ok"
    assert (await client.receive("phx_close")).ref == first


async def test_a_frame_that_is_no_message_closes_the_socket(client: Socket) -> None:
    await client.connection.send("{")
    with pytest.raises(ConnectionClosed):
        await client.raw()


async def test_the_hundred_and_first_channel_is_refused(realtime: RunningRealtime, room: str) -> None:
    async with realtime.socket() as client:
        for number in range(100):
            assert (await client.join(f"realtime:{room}:{number}"))["status"] == "ok"
        reply = await client.join(f"realtime:{room}:100")
    assert reply["response"]["reason"] == "ChannelRateLimitReached: Too many channels"


# -- Tokens


async def test_an_expired_token_may_not_join(realtime: RunningRealtime, client: Socket, user: str) -> None:
    reply = await client.join("realtime:room", token=realtime.token(user, expires_in=-30))
    assert reply["status"] == "error"
    reason = reply["response"]["reason"]
    assert reason.startswith("InvalidJWTToken: Token has expired 3") and reason.endswith(" seconds ago")


async def test_a_forged_token_may_not_join(realtime: RunningRealtime, client: Socket, user: str) -> None:
    header, claims, _ = realtime.token(user).split(".")
    _, _, signature = realtime.token(str(uuid4())).split(".")
    reply = await client.join("realtime:room", token=f"{header}.{claims}.{signature}")
    assert reply["response"]["reason"] == "JwtSignatureError: Failed to validate JWT signature"


async def test_what_is_not_a_token_may_not_join(client: Socket) -> None:
    reply = await client.join("realtime:room", token="nonsense")
    assert reply["response"]["reason"] == "MalformedJWT: The token provided is not a valid JWT"


async def test_a_token_must_name_a_role(realtime: RunningRealtime, client: Socket, user: str) -> None:
    reply = await client.join("realtime:room", token=realtime.token(user, role=None))
    assert reply["response"]["reason"] == "InvalidJWTToken: Fields `role` and `exp` are required in JWT"


async def test_a_channel_ends_when_its_token_does(
    realtime: RunningRealtime, client: Socket, user: str
) -> None:
    await client.join("realtime:room", token=realtime.token(user, expires_in=1))
    system = await client.receive("system")
    assert system.payload["status"] == "error"
    assert system.payload["message"].startswith("Token has expired ")
    await client.receive("phx_close")


async def test_a_new_token_keeps_the_channel_open(
    realtime: RunningRealtime, client: Socket, user: str
) -> None:
    ids = await client.subscribe("realtime:room", NOTES, token=realtime.token(user, expires_in=2))
    await client.push("realtime:room", "access_token", {"access_token": realtime.token(user, expires_in=60)})
    assert (await client.receive("system")).payload["message"] == "Subscribed to PostgreSQL"
    await asyncio.sleep(2)  # the first token's end
    realtime.execute(INSERT_NOTE, [user, "r", "still here"])
    change = await client.receive("postgres_changes")
    assert change.payload["ids"] == ids


async def test_a_bad_new_token_closes_the_channel(client: Socket) -> None:
    await client.join("realtime:room")
    await client.push("realtime:room", "access_token", {"access_token": "nonsense"})
    assert (await client.receive("system")).payload["status"] == "error"
    await client.receive("phx_close")


async def test_an_api_key_in_place_of_a_token_changes_nothing(
    realtime: RunningRealtime, client: Socket
) -> None:
    await client.join("realtime:room")
    await client.push("realtime:room", "access_token", {"access_token": realtime.project.publishable_key})
    await client.push("realtime:room", "access_token", {"access_token": None})
    assert (await client.call("realtime:room", "phx_leave"))["status"] == "ok"


# -- postgres_changes


async def test_the_bindings_come_back_in_order_with_ids(
    realtime: RunningRealtime, client: Socket, user: str
) -> None:
    asked = [{"event": "DELETE", "schema": "public", "table": "notes"}, {**NOTES, "filter": "room=eq.a"}]
    reply = await client.join("realtime:room", token=realtime.token(user), postgres_changes=asked)
    bindings = reply["response"]["postgres_changes"]
    ids = [binding.pop("id") for binding in bindings]
    assert bindings == asked
    assert all(isinstance(id_, int) and id_ > 0 for id_ in ids)


async def test_a_change_is_told_as_the_host_tells_it(
    realtime: RunningRealtime, client: Socket, user: str
) -> None:
    ids = await client.subscribe("realtime:room", NOTES, token=realtime.token(user))
    [(note,)] = realtime.execute(
        "insert into notes (owner_id, room, body, secret, price, mood, tags, details, written_at) values"
        " (%s, 'a', 'hello', 'hidden', 1.5, 'calm', '{x,y}', '{\"k\": [1]}', '2026-01-02 03:04:05.678+00')"
        " returning id",
        [user],
    )
    inserted = await client.receive("postgres_changes")
    assert inserted.payload["ids"] == ids
    data = inserted.payload["data"]
    assert data["commit_timestamp"].endswith("Z") and len(data.pop("commit_timestamp")) == 24
    columns = {column["name"]: column["type"] for column in data.pop("columns")}
    assert columns["id"] == "int8" and columns["tags"] == "_text" and columns["mood"] == "mood"
    assert "secret" not in columns
    record = {
        "id": note, "owner_id": user, "room": "a", "body": "hello", "price": 1.5, "mood": "calm",
        "tags": ["x", "y"], "details": {"k": [1]}, "written_at": "2026-01-02T03:04:05.678+00:00",
    }  # fmt: skip
    assert data == {"schema": "public", "table": "notes", "type": "INSERT", "errors": None, "record": record}

    realtime.execute("update notes set body = 'bye' where id = %s", [note])
    updated = await client.changed()
    assert (updated["type"], updated["record"]) == ("UPDATE", record | {"body": "bye"})
    assert updated["old_record"] == {"id": note}

    realtime.execute("delete from notes where id = %s", [note])
    deleted = await client.changed()
    assert (deleted["type"], deleted["old_record"]) == ("DELETE", {"id": note})
    assert "record" not in deleted


async def test_nobody_is_told_of_a_row_they_may_not_read(
    realtime: RunningRealtime, client: Socket, user: str
) -> None:
    await client.subscribe("realtime:room", NOTES, token=realtime.token(user))
    realtime.execute(INSERT_NOTE, [str(uuid4()), "a", "someone else's"])
    realtime.execute(INSERT_NOTE, [user, "a", "mine"])
    assert (await client.changed())["record"]["body"] == "mine"


async def test_an_update_that_takes_a_row_away_is_not_told(
    realtime: RunningRealtime, client: Socket, user: str
) -> None:
    await client.subscribe("realtime:room", NOTES, token=realtime.token(user))
    [(note,)] = realtime.execute(INSERT_NOTE, [user, "a", "mine"])
    assert (await client.changed())["record"]["body"] == "mine"
    realtime.execute("update notes set owner_id = %s where id = %s", [str(uuid4()), note])
    realtime.execute(INSERT_NOTE, [user, "a", "next"])
    assert (await client.changed())["record"]["body"] == "next"


async def test_the_signed_out_are_told_nothing_of_a_table_they_may_not_read(
    realtime: RunningRealtime, client: Socket, user: str
) -> None:
    await client.subscribe("realtime:room", NOTES, {**NOTES, "table": "open_notes"})
    realtime.execute(INSERT_NOTE, [user, "a", "mine"])
    change = await client.changed()
    assert (change["record"], change["columns"]) == ({}, [])
    assert change["errors"] == ["Error 401: Unauthorized"]


async def test_changes_arrive_in_commit_order(realtime: RunningRealtime, client: Socket, user: str) -> None:
    await client.subscribe("realtime:room", NOTES, token=realtime.token(user))
    with psycopg.connect(realtime.project.dsn("supabase_admin")) as first:
        first.execute(INSERT_NOTE, [user, "a", "written first, committed last"])
        realtime.execute(INSERT_NOTE, [user, "a", "written last, committed first"])
    bodies = [(await client.changed())["record"]["body"] for _ in range(2)]
    assert bodies == ["written last, committed first", "written first, committed last"]


async def test_what_is_rolled_back_is_not_told(realtime: RunningRealtime, client: Socket, user: str) -> None:
    await client.subscribe("realtime:room", NOTES, token=realtime.token(user))
    with psycopg.connect(realtime.project.dsn("supabase_admin")) as connection:
        connection.execute(INSERT_NOTE, [user, "a", "never"])
        connection.rollback()
    realtime.execute(INSERT_NOTE, [user, "a", "yes"])
    assert (await client.changed())["record"]["body"] == "yes"


@pytest.mark.parametrize(
    "text",
    [
        "room=eq.a",
        "room=neq.b",
        "room=in.(a,c)",
        "price=gt.9",
        "price=eq.10.0",
        "price=not.lt.10",
        "body=like.m%",
        "body=ilike.MATCH",
        "body=match.^ma.ch$",
        "details=is.null",
        "mood=isdistinct.cross",
        "room=not.eq.b",
        "room=eq.a,price=gte.10",
    ],
)
async def test_a_filter_lets_only_matching_rows_through(
    realtime: RunningRealtime, user: str, text: str
) -> None:
    async with realtime.socket() as client:
        await client.subscribe("realtime:room", {**NOTES, "filter": text}, token=realtime.token(user))
        add = "insert into notes (owner_id, room, body, price, mood, details) values (%s, %s, %s, %s, %s, %s)"
        realtime.execute(add, [user, "b", "other", 9, "cross", "{}"])
        realtime.execute(add, [user, "a", "match", 10, "calm", None])
        assert (await client.changed())["record"]["body"] == "match"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"filter": "nothing=eq.1"}, "Unable to subscribe"),
        ({"filter": "secret=eq.1"}, "Unable to subscribe"),
        ({"filter": "id=eq.one"}, "Unable to subscribe"),
        ({"filter": "body=match.(("}, "Unable to subscribe"),
        ({"filter": "id"}, "Error parsing `filter` params"),
        ({"table": "unpublished"}, "Unable to subscribe"),
        ({"table": "missing"}, "Unable to subscribe"),
        ({"table": "*", "filter": "id=eq.1"}, "Unable to subscribe"),
        ({"select": ["secret"]}, "Unable to subscribe"),
    ],
)
async def test_what_cannot_be_subscribed_to_is_said_after_the_join(
    realtime: RunningRealtime, user: str, changes: dict[str, Any], message: str
) -> None:
    async with realtime.socket() as client:
        reply = await client.join(
            "realtime:room", token=realtime.token(user), postgres_changes=[NOTES | changes]
        )
        assert reply["status"] == "ok"
        system = (await client.receive("system")).payload
    assert (system["status"], system["extension"], system["channel"]) == ("error", "postgres_changes", "room")
    assert system["message"].startswith(message)


async def test_each_channel_is_told_once_with_all_the_bindings_that_match(
    realtime: RunningRealtime, client: Socket, user: str
) -> None:
    bindings = [
        NOTES,
        NOTES | {"event": "INSERT"},
        NOTES | {"event": "DELETE"},
        NOTES | {"filter": "room=eq.a"},
    ]
    ids = await client.subscribe("realtime:room", *bindings, token=realtime.token(user))
    realtime.execute(INSERT_NOTE, [user, "a", "x"])
    change = await client.receive("postgres_changes")
    assert sorted(change.payload["ids"]) == [ids[0], ids[1], ids[3]]


async def test_a_binding_may_ask_for_some_columns(
    realtime: RunningRealtime, client: Socket, user: str
) -> None:
    await client.subscribe("realtime:room", NOTES | {"select": ["room"]}, token=realtime.token(user))
    [(note,)] = realtime.execute(INSERT_NOTE, [user, "a", "x"])
    assert (await client.changed())["record"] == {"id": note, "room": "a"}


async def test_a_whole_schema_can_be_watched(realtime: RunningRealtime, client: Socket, user: str) -> None:
    await client.subscribe(
        "realtime:room", {"event": "INSERT", "schema": "public"}, token=realtime.token(user)
    )
    realtime.execute(INSERT_NOTE, [user, "a", "x"])
    realtime.execute("insert into keyless values ('y')")
    assert [(await client.changed())["table"] for _ in range(2)] == ["notes", "keyless"]


async def test_without_row_security_the_full_old_row_is_told(
    realtime: RunningRealtime, client: Socket, user: str
) -> None:
    await client.subscribe("realtime:room", {**NOTES, "table": "open_notes"}, token=realtime.token(user))
    realtime.execute("insert into open_notes values (1, 'a')")
    realtime.execute("update open_notes set body = 'b'")
    realtime.execute("delete from open_notes")
    assert (await client.changed())["record"] == {"id": 1, "body": "a"}
    assert (await client.changed())["old_record"] == {"id": 1, "body": "a"}
    assert (await client.changed())["old_record"] == {"id": 1, "body": "b"}


async def test_of_a_deleted_row_under_row_security_only_the_key_is_told(
    realtime: RunningRealtime, client: Socket, user: str
) -> None:
    await client.subscribe("realtime:room", {**NOTES, "table": "diary"}, token=realtime.token(user))
    realtime.execute("insert into diary values (1, 'dear diary')")
    realtime.execute("delete from diary")
    deleted = await client.changed()
    assert (deleted["type"], deleted["old_record"]) == ("DELETE", {"id": 1})


async def test_a_table_without_a_key_is_told_as_an_error(
    realtime: RunningRealtime, client: Socket, user: str
) -> None:
    await client.subscribe("realtime:room", {**NOTES, "table": "keyless"}, token=realtime.token(user))
    realtime.execute("insert into keyless values ('a')")
    change = await client.changed()
    assert (change["record"], change["errors"]) == ({}, ["Error 400: Bad Request, no primary key"])


async def test_a_key_that_may_not_be_read_is_told_as_an_error(
    realtime: RunningRealtime, client: Socket, user: str
) -> None:
    await client.subscribe("realtime:room", {**NOTES, "table": "locked"}, token=realtime.token(user))
    realtime.execute("insert into locked values (%s, 'a')", [uuid4().int % 10**9])
    assert (await client.changed())["errors"] == ["Error 401: Unauthorized"]


async def test_of_a_row_too_large_only_the_small_values_are_told(
    realtime: RunningRealtime, client: Socket, user: str
) -> None:
    await client.subscribe("realtime:room", NOTES, token=realtime.token(user))
    [(note,)] = realtime.execute(INSERT_NOTE, [user, "a", "x" * (1 << 20)])
    change = await client.changed()
    assert change["errors"] == ["Error 413: Payload Too Large"]
    assert change["record"]["id"] == note and "body" not in change["record"]


async def test_a_new_token_decides_what_is_told_from_then_on(
    realtime: RunningRealtime, client: Socket, user: str
) -> None:
    await client.subscribe("realtime:room", NOTES, token=realtime.token(str(uuid4())))
    await client.push("realtime:room", "access_token", {"access_token": realtime.token(user)})
    await client.receive("system")
    realtime.execute(INSERT_NOTE, [user, "a", "mine now"])
    assert (await client.changed())["record"]["body"] == "mine now"


async def test_a_filter_that_fails_on_a_row_keeps_it_from_nobody_else(
    realtime: RunningRealtime, client: Socket, user: str
) -> None:
    ids = await client.subscribe(
        "realtime:room", NOTES, NOTES | {"filter": "body=like.ab\\"}, token=realtime.token(user)
    )
    realtime.execute(INSERT_NOTE, [user, "a", "abc"])
    assert (await client.receive("postgres_changes")).payload["ids"] == ids[:1]


# -- Broadcast


@pytest.mark.parametrize("private", [False, True])
async def test_a_broadcast_reaches_the_others_in_the_room(
    realtime: RunningRealtime, client: Socket, room: str, user: str, private: bool
) -> None:
    add_member(realtime, room, user)
    async with realtime.socket(V2) as other:
        for socket in (client, other):
            reply = await socket.join(f"realtime:{room}", token=realtime.token(user), private=private)
            assert reply["status"] == "ok", reply
        message = {"type": "broadcast", "event": "typing", "payload": {"who": "me"}}
        await client.push(f"realtime:{room}", "broadcast", message)
        assert (await other.receive("broadcast")).payload == message
        await other.push(f"realtime:{room}", "broadcast", message | {"event": "back"})
        assert (await client.receive("broadcast")).payload["event"] == "back"


async def test_a_sender_hears_itself_and_is_acknowledged_only_when_it_asks(
    realtime: RunningRealtime, client: Socket, room: str
) -> None:
    await client.join(f"realtime:{room}", broadcast={"self": True, "ack": True})
    reply = await client.call(f"realtime:{room}", "broadcast", {"event": "e", "payload": {"n": 1}})
    assert reply == {"status": "ok", "response": {}}
    assert (await client.receive("broadcast")).payload["payload"] == {"n": 1}


async def test_a_binary_push_is_delivered_as_text_to_both_versions(
    realtime: RunningRealtime, room: str
) -> None:
    async with realtime.socket(V1) as old, realtime.socket(V2) as new, realtime.socket(V2) as sender:
        for socket in (old, new, sender):
            await socket.join(f"realtime:{room}")
        topic = f"realtime:{room}".encode()
        await sender.connection.send(
            bytes([3, 1, 1, len(topic), 1, 0, 1]) + b"19" + topic + b"e" + b'{"n":1}'
        )
        expected = {"type": "broadcast", "event": "e", "payload": {"n": 1}}
        assert (await old.receive("broadcast")).payload == expected
        assert (await new.receive("broadcast")).payload == expected


async def test_raw_bytes_reach_version_2_as_they_were_sent(realtime: RunningRealtime, room: str) -> None:
    async with realtime.socket(V2) as receiver, realtime.socket(V2) as sender:
        for socket in (receiver, sender):
            await socket.join(f"realtime:{room}")
        topic = f"realtime:{room}".encode()
        await sender.connection.send(
            bytes([3, 1, 1, len(topic), 1, 0, 0]) + b"19" + topic + b"e" + b"\x00\xff"
        )
        assert await receiver.raw() == bytes([4, len(topic), 1, 0, 0]) + topic + b"e" + b"\x00\xff"


async def test_public_and_private_rooms_of_one_name_do_not_hear_each_other(
    realtime: RunningRealtime, client: Socket, room: str, user: str
) -> None:
    add_member(realtime, room, user)
    await client.join(f"realtime:{room}")
    realtime.execute("select realtime.send('{}', 'private', %s, true)", [room])
    realtime.execute("select realtime.send('{}', 'public', %s, false)", [room])
    assert (await client.receive("broadcast")).payload["event"] == "public"


async def test_a_broadcast_from_the_database_arrives_when_it_is_committed(
    realtime: RunningRealtime, client: Socket, room: str, user: str
) -> None:
    add_member(realtime, room, user)
    await client.join(f"realtime:{room}", token=realtime.token(user), private=True)
    with psycopg.connect(realtime.project.dsn("supabase_admin")) as connection:
        connection.execute("select realtime.send('{\"n\": 0}', 'no', %s)", [room])
        connection.rollback()
        connection.execute("select realtime.send('{\"n\": 1}', 'yes', %s)", [room])
    message = (await client.receive("broadcast")).payload
    assert (message["type"], message["event"], message["payload"]["n"]) == ("broadcast", "yes", 1)
    assert message["meta"] == {"id": message["payload"]["id"]}


async def test_a_message_that_no_frame_can_hold_stops_no_other(
    realtime: RunningRealtime, client: Socket, room: str, user: str
) -> None:
    await client.join(f"realtime:{room}")
    realtime.execute("select realtime.send_binary('\\x00', repeat('e', 300), %s, false)", [room])
    realtime.execute("select realtime.send('{}', 'next', %s, false)", [room])
    assert (await client.receive("broadcast")).payload["event"] == "next"


async def test_broadcast_changes_tells_the_whole_row(
    realtime: RunningRealtime, client: Socket, room: str, user: str
) -> None:
    add_member(realtime, room, user)
    await client.join(f"realtime:{room}", token=realtime.token(user), private=True)
    realtime.execute(
        "select realtime.broadcast_changes(%s, 'INSERT', 'INSERT', 'open_notes', 'public',"
        " row(7, 'x')::open_notes, null::open_notes)",
        [room],
    )
    message = (await client.receive("broadcast")).payload
    assert message["event"] == "INSERT"
    assert message["payload"]["record"] == {"id": 7, "body": "x"}


async def test_missed_broadcasts_are_replayed_to_a_private_channel_that_asks(
    realtime: RunningRealtime, client: Socket, room: str, user: str
) -> None:
    add_member(realtime, room, user)
    for number in range(3):
        realtime.execute(
            "select realtime.send(jsonb_build_object('n', %s::int), 'missed', %s)", [number, room]
        )
    replay = {"replay": {"since": 1, "limit": 2}}
    await client.join(f"realtime:{room}", token=realtime.token(user), private=True, broadcast=replay)
    messages = [(await client.receive("broadcast")).payload for _ in range(2)]
    assert [message["payload"]["n"] for message in messages] == [1, 2]
    assert all(message["meta"]["replayed"] for message in messages)


@pytest.mark.parametrize(("private", "limit"), [(False, 5), (True, 26), (True, 0)])
async def test_a_replay_that_cannot_be_had_is_refused(
    realtime: RunningRealtime, client: Socket, room: str, user: str, private: bool, limit: int
) -> None:
    add_member(realtime, room, user)
    broadcast = {"replay": {"since": 1, "limit": limit}}
    reply = await client.join(
        f"realtime:{room}", token=realtime.token(user), private=private, broadcast=broadcast
    )
    assert reply["response"]["reason"].startswith("UnableToReplayMessages: ")


# -- Private channels


async def test_a_stranger_may_not_join_a_private_channel(
    realtime: RunningRealtime, client: Socket, room: str, user: str
) -> None:
    reply = await client.join(f"realtime:{room}", token=realtime.token(user), private=True)
    reason = f"Unauthorized: You do not have permissions to read from this Channel topic: {room}"
    assert reply == {"status": "error", "response": {"reason": reason}}


async def test_asking_the_policies_leaves_no_rows_behind(
    realtime: RunningRealtime, client: Socket, room: str, user: str
) -> None:
    add_member(realtime, room, user)
    await client.join(f"realtime:{room}", token=realtime.token(user), private=True, broadcast={"ack": True})
    await client.call(f"realtime:{room}", "broadcast", {"event": "e", "payload": {}})
    assert realtime.execute("select from realtime.messages where topic = %s", [room]) == []


async def test_who_may_listen_but_not_send_is_not_heard(
    realtime: RunningRealtime, client: Socket, room: str, user: str
) -> None:
    listener = str(uuid4())
    add_member(realtime, room, user)
    add_member(realtime, room, listener, may_send=False)
    await client.join(f"realtime:{room}", token=realtime.token(user), private=True)
    async with realtime.socket() as quiet:
        await quiet.join(f"realtime:{room}", token=realtime.token(listener), private=True)
        await quiet.push(f"realtime:{room}", "broadcast", {"event": "forbidden", "payload": {}})
        assert (await quiet.call(f"realtime:{room}", "presence", {"event": "track", "payload": {}}))[
            "status"
        ] == "error"
    realtime.execute("select realtime.send('{}', 'allowed', %s)", [room])
    assert (await client.receive("broadcast")).payload["event"] == "allowed"


async def test_the_right_to_send_is_asked_about_again_with_a_new_token(
    realtime: RunningRealtime, client: Socket, room: str, user: str
) -> None:
    topic, message = f"realtime:{room}", {"event": "e", "payload": {}}
    add_member(realtime, room, user, may_send=False)
    await client.join(topic, token=realtime.token(user), private=True, broadcast={"self": True})
    await client.push(topic, "broadcast", message)
    await client.call("phoenix", "heartbeat")
    realtime.execute("update members set may_send = true where room = %s", [room])
    await client.push(topic, "access_token", {"access_token": realtime.token(user, expires_in=60)})
    await client.push(topic, "broadcast", message | {"payload": {"allowed": True}})
    assert (await client.receive("broadcast")).payload["payload"] == {"allowed": True}


async def test_who_may_only_see_presence_hears_no_broadcasts(
    realtime: RunningRealtime, client: Socket, room: str, user: str
) -> None:
    lobby = f"lobby:{room}"
    reply = await client.join(
        f"realtime:{lobby}", token=realtime.token(user), private=True, presence={"enabled": True}
    )
    assert reply["status"] == "ok"
    await client.receive("presence_state")
    await client.join(f"realtime:{room}")
    realtime.execute("select realtime.send('{}', 'private', %s)", [lobby])
    realtime.execute("select realtime.send('{}', 'public', %s, false)", [room])
    assert (await client.receive("broadcast")).payload["event"] == "public"


async def test_a_new_token_without_the_right_ends_a_private_channel(
    realtime: RunningRealtime, client: Socket, room: str, user: str
) -> None:
    add_member(realtime, room, user)
    await client.join(f"realtime:{room}", token=realtime.token(user), private=True)
    await client.push(f"realtime:{room}", "access_token", {"access_token": realtime.token(str(uuid4()))})
    assert "You do not have permissions" in (await client.receive("system")).payload["message"]
    await client.receive("phx_close")
    realtime.execute("select realtime.send('{}', 'secret', %s)", [room])
    realtime.execute("select realtime.send('{}', 'public', %s, false)", [f"{room}:public"])
    await client.join(f"realtime:{room}:public")
    realtime.execute("select realtime.send('{}', 'public', %s, false)", [f"{room}:public"])
    assert (await client.receive("broadcast")).payload["event"] == "public"


# -- Presence


async def test_who_comes_and_goes_is_told(realtime: RunningRealtime, client: Socket, room: str) -> None:
    topic = f"realtime:{room}"
    await client.join(topic, presence={"enabled": True, "key": "anna"})
    assert (await client.receive("presence_state")).payload == {}
    assert (await client.call(topic, "presence", {"event": "track", "payload": {"mood": "calm"}}))[
        "status"
    ] == "ok"
    joined = (await client.receive("presence_diff")).payload
    [meta] = joined["joins"]["anna"]["metas"]
    assert meta["mood"] == "calm" and meta["phx_ref"] and joined["leaves"] == {}

    async with realtime.socket() as other:
        await other.join(topic, presence={"enabled": True, "key": "ben"})
        state = (await other.receive("presence_state")).payload
        assert state == {"anna": {"metas": [meta]}}
        await other.call(topic, "presence", {"type": "presence", "event": "track", "payload": {}})
        assert list((await client.receive("presence_diff")).payload["joins"]) == ["ben"]
    left = (await client.receive("presence_diff")).payload
    assert (list(left["leaves"]), left["joins"]) == (["ben"], {})


async def test_a_changed_presence_names_the_one_it_replaces(client: Socket, room: str) -> None:
    topic = f"realtime:{room}"
    await client.join(topic, presence={"enabled": True, "key": "anna"})
    await client.call(topic, "presence", {"event": "track", "payload": {"typing": False}})
    await client.call(topic, "presence", {"event": "track", "payload": {"typing": False}})
    await client.call(topic, "presence", {"event": "track", "payload": {"typing": True}})
    [first] = (await client.receive("presence_diff")).payload["joins"]["anna"]["metas"]
    diff = (await client.receive("presence_diff")).payload
    [second] = diff["joins"]["anna"]["metas"]
    assert second["typing"] and second["phx_ref_prev"] == first["phx_ref"]
    assert diff["leaves"]["anna"]["metas"] == [first]
    await client.call(topic, "presence", {"event": "untrack"})
    assert list((await client.receive("presence_diff")).payload["leaves"]) == ["anna"]


async def test_a_presence_that_is_no_map_is_refused(client: Socket, room: str) -> None:
    await client.join(f"realtime:{room}", presence={"enabled": True})
    reply = await client.call(f"realtime:{room}", "presence", {"event": "track", "payload": [1]})
    assert reply == {"status": "error", "response": {"reason": "Presence track payload must be a map"}}


async def test_too_many_presence_calls_close_the_channel(client: Socket, room: str) -> None:
    topic = f"realtime:{room}"
    await client.join(topic, presence={"enabled": True})
    for number in range(6):
        await client.push(topic, "presence", {"event": "track", "payload": {"n": number}})
    assert (await client.receive("system")).payload["message"] == "Client presence rate limit exceeded"
    await client.receive("phx_close")


# -- REST


def post(
    realtime: RunningRealtime, path: str, *, token: str | None = None, **request: Any
) -> requests.Response:
    headers = {"apikey": realtime.project.anon_key, **request.pop("headers", {})}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    url = f"http://127.0.0.1:{realtime.port}/api/broadcast{path}"
    return requests.post(url, headers=headers, timeout=10, **request)


async def test_rest_broadcasts_what_the_caller_may_send(
    realtime: RunningRealtime, client: Socket, room: str, user: str
) -> None:
    add_member(realtime, room, user)
    await client.join(f"realtime:{room}", token=realtime.token(user), private=True)
    message = {"topic": room, "event": "e", "private": True}
    stranger = realtime.token(str(uuid4()))
    for token, n in ((stranger, 1), (realtime.token(user), 2)):
        body = {"messages": [message | {"payload": {"n": n}}]}
        response = await asyncio.to_thread(post, realtime, "", token=token, json=body)
        assert (response.status_code, response.content) == (202, b"")
    assert (await client.receive("broadcast")).payload["payload"] == {"n": 2}


async def test_rest_broadcasts_one_message_by_its_address(
    realtime: RunningRealtime, client: Socket, room: str, user: str
) -> None:
    await client.join(f"realtime:{room}")
    response = await asyncio.to_thread(post, realtime, f"/{room}/events/e", json={"n": 1})
    assert response.status_code == 202
    assert (await client.receive("broadcast")).payload["payload"] == {"n": 1}


async def test_rest_refuses_what_it_cannot_send(realtime: RunningRealtime, room: str, user: str) -> None:
    def status(path: str, **request: Any) -> int:
        return post(realtime, path, **request).status_code

    one = f"/{room}/events/e"
    assert status("", json={}) == 422
    assert status("", data="{") == 422
    assert status("", json={"messages": [{"topic": "a", "event": "b", "payload": "c"}]}) == 422
    assert status(f"{one}?private=true", json={}, token=realtime.token(user)) == 403
    assert status(one, data="a=b", headers={"content-type": "text/plain"}) == 415
    assert status(one, json={}, token=realtime.token(user, expires_in=-5)) == 401


# -- What goes wrong


async def test_a_client_that_does_not_read_is_cut_off_and_the_others_are_not(
    realtime: RunningRealtime, room: str
) -> None:
    topic = f"realtime:{room}"
    async with realtime.socket() as client, realtime.socket(max_queue=1, compression=None) as slow:
        await client.join(topic, broadcast={"self": True}, presence={"enabled": True})
        await slow.join(topic, presence={"enabled": True, "key": "slow"})
        await slow.call(topic, "presence", {"event": "track", "payload": {}})
        assert "slow" in (await client.receive("presence_diff")).payload["joins"]
        large = {"event": "e", "payload": {"text": "x" * 1_000_000}}
        for _ in range(40):
            await client.push(topic, "broadcast", large)
            await client.receive("broadcast")
        assert "slow" in (await client.receive("presence_diff")).payload["leaves"]
        slow.connection.transport.abort()


async def test_no_replication_slot_outlives_the_server(server: Server) -> None:
    project = new_project(server.cluster)
    slots = "select slot_name from pg_replication_slots where database = %s"
    with running_realtime(project) as running:
        assert len(running.execute(slots, [project.database])) == 1
    with psycopg.connect(server.cluster.dsn(), autocommit=True) as connection:
        wait_until(lambda: not connection.execute(slots, [project.database]).fetchall())


async def test_subscriptions_survive_a_restart_of_the_database(tmp_path: Path, user: str) -> None:
    cluster = Cluster(tmp_path, free_port())
    cluster.init()
    cluster.start(fsync=False)
    try:
        project = new_project(cluster)
        with running_realtime(project) as running:
            running.execute(SCHEMA)
            async with running.socket() as client:
                await client.subscribe("realtime:room", NOTES, token=running.token(user))
                await asyncio.to_thread(cluster.stop)
                reply = await client.join("realtime:other", postgres_changes=[NOTES])
                assert reply["response"]["reason"].startswith("InitializingProjectConnection")
                await asyncio.to_thread(cluster.start, fsync=False)
                system = await client.receive("system")
                assert system.payload["message"] == "Subscribed to PostgreSQL"
                running.execute(INSERT_NOTE, [user, "a", "after the restart"])
                assert (await client.changed())["record"]["body"] == "after the restart"
    finally:
        cluster.stop()
