"""Realtime from SQL: what is published, who is told what on which topic, who may join and send; and it never fails a write."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from tests.conftest import Server
from tests.sql.world import ADMINS, PEOPLE, World
from tests.support.database import Database, Session


@pytest.fixture(scope="module")
def held(world: World) -> uuid.UUID:
    """The chat of `user` that `operator` holds."""
    chat: uuid.UUID = world.db.owner.value(
        "select id from public.chats where assigned_operator_id = %s", world.ids["operator"]
    )
    return chat


def told(db: Database, topic: str) -> list[dict[str, Any]]:
    """What was broadcast on a topic, oldest first."""
    return db.owner.rows(
        "select event, payload, private, extension from realtime.messages where topic = %s order by inserted_at",
        topic,
    )


def forget(db: Database, server: Server, clone: str) -> None:
    """Empty the topics."""
    with platform(server, clone) as superuser:
        superuser.execute("delete from realtime.messages")


@contextmanager
def platform(server: Server, clone: str) -> Iterator[Session]:
    """The platform's own session: what a project may not do to Realtime, it may."""
    dsn = server.dsn(clone, "supabase_admin")
    with psycopg.connect(dsn, autocommit=True, row_factory=dict_row) as conn:
        yield Session(conn)


def test_clients_may_follow_messages_and_chats_and_nothing_else(world: World) -> None:
    rows = world.db.owner.rows(
        "select schemaname || '.' || tablename as name from pg_publication_tables where pubname = 'supabase_realtime'"
    )
    assert sorted(row["name"] for row in rows) == ["public.chats", "public.messages"]


def test_what_a_user_writes_goes_with_its_text_only_to_who_holds_the_chat(
    db: Database, server: Server, clone: str
) -> None:
    user, operator = db.user(), db.operator(available=True)
    chat = db.waiting_chat(user, "before anybody held it")
    (hint,) = told(db, f"chat:{chat}")
    assert (hint["event"], hint["private"], hint["extension"]) == ("message", True, "broadcast")
    assert "content" not in hint["payload"]["message"]
    assert hint["payload"]["message"]["seq"] == 1
    db.owner.call("assign_chat_to_operator", operator)
    forget(db, server, clone)
    db.owner.call("send_user_message", user, chat, "in private")
    (whole,) = told(db, f"operator:{operator}")
    assert (whole["event"], whole["payload"]["message"]["content"]) == ("message", "in private")
    assert "in private" not in json.dumps(told(db, f"chat:{chat}"))


def test_what_the_profile_writes_goes_to_the_chat_whole(db: Database) -> None:
    user, operator = db.user(), db.operator(available=True)
    chat = db.waiting_chat(user)
    db.owner.call("assign_chat_to_operator", operator)
    db.owner.call("send_operator_message", operator, chat, "hello you")
    message = told(db, f"chat:{chat}")[-1]["payload"]["message"]
    assert (message["content"], message["sender_type"], message["seq"]) == ("hello you", "fictional", 2)
    assert "handled_by_operator_id" not in message


def test_each_event_has_its_topic(db: Database) -> None:
    user, operator, admin = db.user(), db.operator(available=True), db.admin()
    chat = db.waiting_chat(user)
    assert [row["event"] for row in told(db, "operators")] == ["queue_changed"]
    db.owner.call("reassign_chat", admin, chat, operator)
    db.owner.call("send_operator_message", operator, chat, "hello you")
    db.browser(user).call("mark_messages_read", chat, 2)
    read = told(db, f"chat:{chat}")[-1]
    assert (read["event"], read["payload"]["reader"], read["payload"]["seq"]) == ("read", "real", 2)
    db.passes(250, chat)
    db.owner.execute("update public.operators set last_heartbeat_at = now()")
    db.owner.rows("select * from public.sweep_idle_assignments()")
    db.owner.call("close_chat", admin, chat)
    events = told(db, f"operator:{operator}")
    assert [row["event"] for row in events] == ["assigned", "idle_warning", "released"]
    assert {row["payload"]["chat_id"] for row in events} == {str(chat)}
    assert events[-1]["payload"]["reason"] == "chat_closed"


def test_what_is_rolled_back_is_told_to_nobody(db: Database) -> None:
    user = db.user()
    chat = db.chat(user)
    session = db.session()
    session.begin()
    session.call("send_user_message", user, chat, "never")
    session.rollback()
    assert told(db, f"chat:{chat}") == []


# The platform's probe: a row is written as admin, then looked for (join) or written (send) as the client.


def may_join(world: World, actor: str, topic: str, extension: str = "broadcast") -> bool:
    with world.stage.conn.transaction(force_rollback=True):
        probe = world.stage.value(
            "insert into realtime.messages (topic, extension, private) values (%s, %s, true) returning id",
            topic,
            extension,
        )
        become(world, actor, topic)
        return bool(world.stage.rows("select from realtime.messages where id = %s", probe))


def may_send(world: World, actor: str, topic: str, extension: str = "broadcast") -> bool:
    with world.stage.conn.transaction(force_rollback=True):
        become(world, actor, topic)
        try:
            world.stage.execute(
                "insert into realtime.messages (topic, extension, private) values (%s, %s, true)",
                topic,
                extension,
            )
        except psycopg.errors.InsufficientPrivilege:
            return False
        return True


def become(world: World, actor: str, topic: str) -> None:
    role = "authenticated" if actor in world.ids else actor
    claims = {"role": role, "sub": str(world.ids[actor])} if actor in world.ids else {"role": role}
    world.stage.conn.execute(
        sql.SQL("set local realtime.topic = {}; set local request.jwt.claims = {}; set local role {}").format(
            sql.Literal(topic), sql.Literal(json.dumps(claims)), sql.Identifier(role)
        )
    )


CLIENTS = (*PEOPLE, "anon")


def allowed(world: World, topic: str, what: Any, extension: str = "broadcast") -> set[str]:
    return {actor for actor in CLIENTS if what(world, actor, topic, extension)}


def test_who_may_join_and_send_on_a_chats_topics(world: World, held: uuid.UUID) -> None:
    both = {"user", "operator"}
    assert allowed(world, f"chat:{held}", may_join) == {*both, *ADMINS}
    assert allowed(world, f"chat:{held}", may_join, "presence") == {*both, *ADMINS}
    assert allowed(world, f"chat:{held}", may_send) == set()
    assert allowed(world, f"chat:{held}", may_send, "presence") == both
    assert allowed(world, f"typing:{held}", may_join) == both
    assert allowed(world, f"typing:{held}", may_send) == both
    assert allowed(world, f"typing:{held}", may_send, "presence") == set()


def test_who_may_join_the_operators_topics_and_nobody_sends_there(world: World) -> None:
    own = f"operator:{world.ids['operator']}"
    assert allowed(world, own, may_join) == {"operator"}
    assert allowed(world, f"operator:{world.ids['deactivated_operator']}", may_join) == set()
    assert allowed(world, f"operator:{world.ids['user']}", may_join) == set()
    assert allowed(world, "operators", may_join) == {"operator", "free_operator", *ADMINS}
    for topic in (own, "operators"):
        assert allowed(world, topic, may_send) == set()
        assert allowed(world, topic, may_send, "presence") == set()


@pytest.mark.parametrize(
    "topic",
    ["", "chat", "chat:", "chat:%", "typing:", "operator:", "operators:1", "room:1", "CHAT:1", "chat:null"],
)
def test_any_other_topic_is_closed(world: World, topic: str) -> None:
    """To all but admins, who may listen to whatever is called a chat."""
    assert allowed(world, topic, may_join) <= set(ADMINS)
    assert allowed(world, topic, may_send) == set()


def test_a_topic_that_only_looks_like_ones_own_is_closed(world: World, held: uuid.UUID) -> None:
    for topic in (
        f"chat: {held}",
        f"chat:{held} ",
        f"chat:{held}:x",
        f"chat:{str(held).upper()}",
        f"chat:x:{held}",
    ):
        assert may_join(world, "user", topic) is False
        assert may_send(world, "user", topic.replace("chat", "typing")) is False


def test_nobody_forges_by_calling_the_platforms_function(world: World, held: uuid.UUID) -> None:
    """realtime.send runs as its caller, and the database's topics take nothing from browsers, whatever the event."""
    with world.acting("user") as stage:
        for topic in ("chat", "typing"):
            stage.rows("select realtime.send('{}', 'forged', %s, true)", f"{topic}:{held}")
        stage.execute("reset role")
        arrived = stage.rows("select topic from realtime.messages where event = 'forged'")
    assert [row["topic"] for row in arrived] == [f"typing:{held}"]


def test_who_is_told_with_many_others_gets_what_the_platforms_function_would_have_sent(db: Database) -> None:
    db.owner.rows("select realtime.send('{\"n\": 1}', 'event', 'alone', true)")
    db.owner.rows("select realtime.send('{\"id\": 1}', 'event', 'alone with an id', true)")
    db.owner.rows(
        "select private.notify_each(array['together', 'together with an id'], 'event', array['{\"n\": 1}', '{\"id\": 1}']::jsonb[])"
    )
    for topic in ("alone", "together"):
        (row,) = sent(db, topic)
        assert row["payload"] == {"n": 1, "id": str(row["id"])}
    for topic in ("alone with an id", "together with an id"):
        assert sent(db, topic)[0]["payload"] == {"id": 1}
    columns = [
        {key: value for key, value in sent(db, topic)[0].items() if key not in OF_ITS_OWN}
        for topic in ("alone", "together")
    ]
    assert columns[0] == columns[1]


OF_ITS_OWN = ("id", "topic", "payload", "inserted_at", "updated_at")


def sent(db: Database, topic: str) -> list[dict[str, Any]]:
    return db.owner.rows("select * from realtime.messages where topic = %s", topic)


def test_many_are_told_by_the_platforms_function_where_its_table_has_changed(
    db: Database, server: Server, clone: str
) -> None:
    with platform(server, clone) as superuser:
        superuser.execute(
            "alter table realtime.messages add column sent_by text;"
            " alter table realtime.messages add check (sent_by is not null) not valid;"
            "create or replace function realtime.send(payload jsonb, event text, topic text, private boolean default true)"
            " returns void language sql as $$ insert into realtime.messages (payload, event, topic, private, extension, sent_by)"
            " values (payload, event, topic, private, 'broadcast', 'the platform') $$"
        )
    notices: list[str] = []
    db.owner.conn.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
    db.owner.rows(
        "select private.notify_each(array['first', 'second'], 'event', array['{\"n\": 1}', '{\"n\": 2}']::jsonb[])"
    )
    assert [notice.partition(":")[0] for notice in notices] == [
        "2 notifications of event are sent one by one"
    ]
    assert [told(db, topic)[0]["payload"] for topic in ("first", "second")] == [{"n": 1}, {"n": 2}]


@pytest.mark.parametrize(
    "broken",
    [
        "alter table realtime.messages rename to messages_gone",
        "create or replace function realtime.send(payload jsonb, event text, topic text, private boolean default true)"
        " returns void language plpgsql as $$ begin raise exception 'Realtime is down'; end $$",
        "drop function realtime.send(jsonb, text, text, boolean)",
        "revoke all on realtime.messages from postgres; revoke supabase_realtime_admin from postgres",
        "revoke usage on schema realtime from postgres",
    ],
    ids=["no table", "it raises", "no function", "no right to the table", "no right to the schema"],
)
@pytest.mark.filterwarnings("ignore")
def test_a_realtime_that_fails_fails_no_write(db: Database, server: Server, clone: str, broken: str) -> None:
    user, operator, admin = db.user(), db.operator(available=True), db.admin()
    chat = db.chat(user)
    with platform(server, clone) as superuser:
        superuser.execute(broken)
        try:
            db.owner.call("send_user_message", user, chat, "hello")
            db.owner.call("assign_chat_to_operator", operator)
            db.owner.call("send_operator_message", operator, chat, "hello you")
            db.browser(user).call("mark_messages_read", chat, 2)
            for idle_seconds, swept in ((250, "warned"), (60, "released")):
                db.passes(idle_seconds, chat)
                db.owner.execute("update public.operators set last_heartbeat_at = now()")
                rows = db.owner.rows("select action from public.sweep_idle_assignments()")
                assert [row["action"] for row in rows] == [swept]
            db.owner.call("close_chat", admin, chat)
        finally:
            # Memberships are the cluster's, and the next test's.
            superuser.execute("grant supabase_realtime_admin to postgres with inherit true, set false")
    assert [message["content"] for message in db.messages(chat)] == ["hello", "hello you"]
    assert db.messages(chat)[1]["read_at"] is not None
