"""What is asked every few seconds finds its rows by an index, however much has piled up."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.conftest import Server
from tests.support.database import Database

GROWING = {
    "chats",
    "messages",
    "chat_assignments",
    "operator_activity",
    "operator_availability",
    "real_users",
}


@pytest.fixture(scope="module")
def crowded(shared: Database) -> Database:
    """Four thousand chats with history, a hundred of them waiting, fifty held."""
    shared.owner.conn.execute(
        b"""
        insert into auth.users (id, aud, role, email, raw_app_meta_data, raw_user_meta_data, is_sso_user, is_anonymous)
        select gen_random_uuid(), 'authenticated', 'authenticated',
          case when n <= 4000 then 'user_' || n || '@fantooo.com' else 'operator_' || n || '@staff.example' end, '{}',
          case when n <= 4000 then jsonb_build_object('name', 'user_' || n, 'display_name', 'U', 'location', 'Nairobi',
            'gender', 'male', 'looking_for', 'female', 'age', 30) else '{}' end, false, false
        from generate_series(1, 4050) n;
        insert into public.fictional_users (name, age, gender, location) values ('Amara', 27, 'female', 'Mombasa');
        insert into public.chats (real_user_id, fictional_user_id, last_seq, waiting_since)
        select u.id, f.id, 1, case when row_number() over () <= 100 then now() end
        from public.real_users u, public.fictional_users f;
        insert into public.operators (id, name, email)
        select u.id, u.email, u.email from auth.users u where u.email like 'operator\\_%';
        insert into public.chat_assignments (chat_id, operator_id, assigned_at, released_at, release_reason)
        select c.id, o.id, now() - n * interval '1 hour', now(), 'completed'
        from public.chats c, generate_series(1, 3) n, lateral (select id from public.operators limit 1) o;
        insert into public.operator_activity (chat_id, operator_id)
        select c.id, o.id from public.chats c, lateral (select id from public.operators limit 10) o;
        insert into public.operator_availability (operator_id, started_at, ended_at, end_reason)
        select o.id, now() - n * interval '1 hour', now() - n * interval '1 hour', 'operator_left'
        from public.operators o, generate_series(1, 80) n;
        insert into public.messages (chat_id, seq, sender_type, content, created_at)
        select c.id, 1, 'real', 'hello', now() - interval '1 day' from public.chats c;
        """
    )
    shared.owner.rows("select public.set_operator_availability(id, true) from public.operators")
    shared.owner.rows(
        "select public.assign_chat_to_operator(id) from (select id from public.operators limit 40) as busy"
    )
    shared.owner.conn.execute("analyze")
    return shared


def scans(plan: dict[str, Any]) -> Iterator[str]:
    """The tables that a plan reads from end to end."""
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for child in plan.get("Plans", []):
        yield from scans(child)


def rows_met(plan: dict[str, Any]) -> Iterator[int]:
    """How many rows of a growing table each step of a plan gave on or threw away."""
    if plan.get("Relation Name") in GROWING:
        yield plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
    for child in plan.get("Plans", []):
        yield from rows_met(child)


def plans(superuser: str, call: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
    """The plan of every statement that a call runs, in the functions it calls too. Only superusers may load auto_explain."""
    notices: list[str] = []
    with psycopg.connect(superuser, autocommit=True) as conn:
        conn.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
        conn.execute("load 'auto_explain'")
        for setting in (
            "log_min_duration = 0",
            "log_nested_statements = on",
            "log_analyze = on",
            "log_format = json",
            "log_level = notice",
        ):
            conn.execute(f"set auto_explain.{setting}".encode())
        with conn.transaction(force_rollback=True):
            conn.execute(call.encode(), arguments)
    return [json.loads(notice.partition("plan:")[2])["Plan"] for notice in notices if "plan:" in notice]


@pytest.mark.parametrize(
    "call",
    [
        "select public.assign_chat_to_operator(%(free)s)",
        "select public.assign_next_chat(%(free)s)",
        "select public.record_heartbeat(%(busy)s, %(chat)s, now())",
        "select public.record_heartbeat(%(free)s)",
        "select public.complete_chat(%(busy)s, %(chat)s)",
        "select public.release_chat(%(busy)s, %(chat)s)",
        "select public.get_operator_chat(%(busy)s)",
        "select public.send_operator_message(%(busy)s, %(chat)s, 'hello')",
        "select * from public.sweep_idle_assignments()",
        "select public.queue_status()",
    ],
)
def test_no_growing_table_is_read_from_end_to_end(server: Server, crowded: Database, call: str) -> None:
    held = crowded.owner.rows(
        "select id, assigned_operator_id from public.chats where assigned_operator_id is not null limit 1"
    )
    arguments = {
        "free": crowded.owner.value("select id from public.operators where free_since is not null limit 1"),
        "busy": held[0]["assigned_operator_id"],
        "chat": held[0]["id"],
    }
    seen = plans(server.dsn(crowded.owner.conn.info.dbname, "supabase_admin"), call, arguments)
    assert len(seen) > 1, "no plan of a nested statement was seen"
    assert {table for plan in seen for table in scans(plan)} & GROWING == set()


def test_whether_anybody_is_in_line_is_asked_of_an_index_of_those_who_are(crowded: Database) -> None:
    """Every message in a chat that nobody holds asks it, and nearly always nobody is."""
    with crowded.owner.conn.transaction():
        crowded.owner.execute("set local enable_seqscan = off")
        plan = crowded.owner.rows(
            "explain select exists (select from public.operators o where o.asked_at is not null)"
        )
    assert any("operators_in_line" in step["QUERY PLAN"] for step in plan)


def test_a_heartbeat_looks_at_no_chat_but_its_own(server: Server, crowded: Database) -> None:
    """Forty chats are held. Heartbeats are the most frequent call of all, and must not cost more the more operators there are."""
    (held,) = crowded.owner.rows(
        "select id, assigned_operator_id from public.chats where assigned_operator_id is not null limit 1"
    )
    seen = plans(
        server.dsn(crowded.owner.conn.info.dbname, "supabase_admin"),
        "select public.record_heartbeat(%(busy)s, %(chat)s, now())",
        {"busy": held["assigned_operator_id"], "chat": held["id"]},
    )
    assert max(rows for plan in seen for rows in rows_met(plan)) == 1


def test_refunds_look_at_no_chat_that_does_not_wait(server: Server, crowded: Database) -> None:
    with crowded.owner.conn.transaction(force_rollback=True):
        seen = plans(
            server.dsn(crowded.owner.conn.info.dbname, "supabase_admin"),
            "do $$ begin"
            " update public.chats set waiting_since = waiting_since - interval '2 days' where waiting_since is not null;"
            " perform public.refund_unanswered_messages();"
            " end $$",
            {},
        )
    looks = [plan for plan in seen if plan["Node Type"] != "ModifyTable"]
    assert max(rows for plan in looks for rows in rows_met(plan)) <= 100
