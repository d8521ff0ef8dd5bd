"""Test data by the million: made set-based, with ids that Python, SQL and pgbench can all work out."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import psycopg

from local import tokens
from local.project import Project

CREDITS = 1_000_000
LEDGER_ROWS = 5
TEXT = "Good evening! How was your day, did you make it to the market in time?"
"""What everybody writes."""


def make_id(kind: str, number: int | str) -> UUID:
    """The id of the number-th of its kind: md5(kind || number)::uuid in SQL."""
    return UUID(hashlib.md5(f"{kind}{number}".encode(), usedforsecurity=False).hexdigest())


def chat_id(user: int, profile: int) -> UUID:
    return make_id("chat", f"{user}-{profile}")


def access_token(project: Project, person: UUID) -> str:
    """A token as Auth gives it to this person, good for a day."""
    now = int(time.time())
    claims = {
        "sub": str(person),
        "aud": "authenticated",
        "role": "authenticated",
        "iss": f"{project.url}/auth/v1",
    }
    return tokens.sign(project, {**claims, "iat": now, "exp": now + 86_400, "email": f"{person}@fantooo.com"})


def add_people(conn: psycopg.Connection, *, users: int, operators: int, profiles: int) -> None:
    """Users who may chat and have credits, operators off duty, profiles."""
    _bulk(
        conn,
        f"""
        insert into auth.users (id, aud, role, email, is_sso_user, is_anonymous, created_at, updated_at)
        select md5(kind || n)::uuid, 'authenticated', 'authenticated', kind || n || '@fantooo.com', false, false, now(), now()
        from (select 'user' as kind, n from generate_series(1, {users}) as n
              union all select 'operator', n from generate_series(1, {operators}) as n) as people;

        insert into public.real_users
          (id, name, display_name, email, location, gender, looking_for, age, credits, disclosure_version, disclosure_accepted_at)
        select md5('user' || n)::uuid, 'user' || n, 'User ' || n, 'user' || n || '@fantooo.com', 'Nairobi', 'male', 'female', 30,
          {CREDITS + LEDGER_ROWS - 1}, '1', now()
        from generate_series(1, {users}) as n;

        insert into public.credit_ledger (user_id, delta, balance_after, reason, request_id)
        select md5('user' || n)::uuid, case r when 1 then {CREDITS} else 1 end, {CREDITS} + r - 1, 'adjustment', gen_random_uuid()
        from generate_series(1, {LEDGER_ROWS}) as r, generate_series(1, {users}) as n;

        insert into public.operators (id, name, email)
        select md5('operator' || n)::uuid, 'Operator ' || n, 'operator' || n || '@fantooo.com'
        from generate_series(1, {operators}) as n;

        insert into public.fictional_users (id, name, age, gender, location, bio, profile_pictures, created_at)
        select md5('profile' || n)::uuid, 'Profile ' || n, 27, case n % 4 when 0 then 'male' else 'female' end, 'Mombasa',
          repeat('Likes the sea. ', 10), array['https://pictures.example/' || n || '.jpg'], now() - n * interval '1 minute'
        from generate_series(1, {profiles}) as n;
        """,
    )


@contextmanager
def indexes_built_afterwards(conn: psycopg.Connection, table: str) -> Iterator[None]:
    """Keep the indexes of `table` out of the way while the block fills it by the million, and build them whole then."""
    conn.execute("update pg_index set indisready = false where indrelid = %s::regclass", [table])
    yield
    conn.execute("update pg_index set indisready = true where indrelid = %s::regclass", [table])
    conn.execute(f"reindex table {table}".encode())


def add_chats(conn: psycopg.Connection, *, users: int, profile: int, messages: int) -> None:
    """A chat of each user with this profile: `messages` (an even number) by turns, all answered."""
    # Triggers do not fire for replication, which _bulk passes for; this one must: whatever moves chats moves their places.
    conn.execute("alter table public.chats enable always trigger chats_keep_queue")
    _bulk(
        conn,
        f"""
        insert into public.chats
          (id, real_user_id, fictional_user_id, message_count, real_message_count, last_seq, last_answered_seq,
           last_message_at, created_at)
        select md5('chat' || n || '-{profile}')::uuid, md5('user' || n)::uuid, md5('profile{profile}')::uuid,
          {messages}, {messages // 2}, {messages}, {messages}, now() - n * interval '1 second', now() - interval '30 days'
        from generate_series(1, {users}) as n;

        insert into public.messages (id, chat_id, seq, sender_type, content, client_message_id, is_free_message, created_at)
        select md5('message' || n || '-{profile}-' || seq)::uuid, md5('chat' || n || '-{profile}')::uuid, seq,
          case seq % 2 when 1 then 'real' else 'fictional' end, '{TEXT}',
          case seq % 2 when 1 then md5('sent' || n || '-{profile}-' || seq)::uuid end, seq < 6,
          now() - interval '30 days' + seq * interval '1 day' + n * interval '1 millisecond'
        from generate_series(1, {messages}) as seq, generate_series(1, {users}) as n;
        """,
    )


def enqueue(conn: psycopg.Connection, *, users: int, profile: int) -> None:
    """Let the chats of the first `users` with this profile wait for an operator, user 1 the longest."""
    _bulk(
        conn,
        f"""
        update public.chats c
        set waiting_since = now() - interval '1 hour' + n * interval '1 millisecond', assigned_operator_id = null,
            assignment_time = null
        from generate_series(1, {users}) as n
        where c.id = md5('chat' || n || '-{profile}')::uuid
        """,
    )


def answer_everybody(conn: psycopg.Connection) -> None:
    """As after a minute in which every waiting chat was answered: the queue is empty, and nobody is near the rate limit."""
    conn.execute(
        "update public.chats set waiting_since = null where id in (select chat_id from private.chat_queue)"
    )
    conn.execute("vacuum private.chat_queue")
    forget_recent_sends(conn)


def put_on_duty(conn: psycopg.Connection, *, first: int, last: int) -> None:
    """These operators are available, free, and were heard of just now; whatever they held is forgotten."""
    _bulk(
        conn,
        f"""
        create temporary table chosen as select md5('operator' || n)::uuid as id from generate_series({first}, {last}) as n;
        update public.chats c set assigned_operator_id = null, assignment_time = null
        where c.assigned_operator_id in (select id from chosen);
        delete from public.chat_assignments a where a.operator_id in (select id from chosen);
        delete from public.operator_activity a where a.operator_id in (select id from chosen);
        update public.operators o
        set is_available = true, free_since = now(), asked_at = null, last_heartbeat_at = now(), last_activity = now()
        where o.id in (select id from chosen);
        drop table chosen;
        """,
    )


def take_off_duty(conn: psycopg.Connection, *, first: int, last: int) -> None:
    """These operators are not available and hold nothing."""
    put_on_duty(conn, first=first, last=last)
    conn.execute(
        f"""
        update public.operators o set is_available = false, free_since = null
        from generate_series({first}, {last}) as n where o.id = md5('operator' || n)::uuid
        """
    )


def hold(conn: psycopg.Connection, *, operators: int, profile: int, idle_seconds: int = 0) -> None:
    """Operator n holds the waiting chat of user n with this profile and moved `idle_seconds` ago, heard of just now."""
    moved = f"now() - interval '{idle_seconds} seconds'"
    _bulk(
        conn,
        f"""
        create temporary table pairs as
        select md5('operator' || n)::uuid as operator_id, md5('chat' || n || '-{profile}')::uuid as chat_id
        from generate_series(1, {operators}) as n;
        delete from public.chat_assignments a using pairs p where a.chat_id = p.chat_id;
        update public.operators o
        set is_available = true, free_since = null, asked_at = null, last_heartbeat_at = now(), last_activity = {moved},
            idle_releases = 0
        from pairs p where o.id = p.operator_id;
        update public.chats c
        set assigned_operator_id = p.operator_id, assignment_time = {moved}, waiting_since = now() - interval '1 second',
            idle_warned_at = null, last_released_from = null
        from pairs p where c.id = p.chat_id;
        insert into public.chat_assignments (chat_id, operator_id, assigned_at, accepted_at)
        select chat_id, operator_id, {moved}, {moved} from pairs;
        insert into public.operator_activity (chat_id, operator_id, last_activity)
        select chat_id, operator_id, {moved} from pairs
        on conflict (chat_id, operator_id) do update set last_activity = excluded.last_activity;
        drop table pairs;
        """,
    )


def forget_recent_sends(conn: psycopg.Connection) -> None:
    """As after a minute of silence: nobody is near the rate limit."""
    conn.execute("update public.real_users set recent_sends = '{}' where recent_sends <> '{}'")


def settle_down(conn: psycopg.Connection) -> None:
    """Statistics as autovacuum would have them, and nothing left to write out."""
    conn.execute("vacuum analyze")
    conn.execute("checkpoint")


def _bulk(conn: psycopg.Connection, statements: str) -> None:
    """Run as replication does: neither triggers nor foreign keys are looked at, for the data is made to fit."""
    with conn.transaction():
        conn.execute("set local session_replication_role = replica")
        # Many statements in one string, without parameters.
        conn.execute(statements.encode())


def add_seed_chats(conn: psycopg.Connection, *, users: int, messages: int) -> None:
    """The same people, chats and messages in the original design's tables."""
    _bulk(
        conn,
        f"""
        insert into public.fictional_users (id, name) values (md5('profile1')::uuid, 'Profile 1');

        insert into public.real_users (id, name, display_name, email, location, gender, looking_for, age, credits)
        select md5('user' || n)::uuid, 'user' || n, 'User ' || n, 'user' || n || '@fantooo.com', 'Nairobi', 'male', 'female', 30,
          {CREDITS}
        from generate_series(1, {users}) as n;

        insert into public.chats (id, real_user_id, fictional_user_id, message_count)
        select md5('chat' || n || '-1')::uuid, md5('user' || n)::uuid, md5('profile1')::uuid, {messages}
        from generate_series(1, {users}) as n;

        insert into public.messages (chat_id, sender_type, content, is_free_message, created_at)
        select md5('chat' || n || '-1')::uuid, case seq % 2 when 1 then 'real' else 'fictional' end, '{TEXT}', seq < 6,
          now() - interval '30 days' + seq * interval '1 day' + n * interval '1 millisecond'
        from generate_series(1, {messages}) as seq, generate_series(1, {users}) as n;
        """,
    )


def payment_reference(number: int) -> str:
    return f"bench-{number}"


def add_payments(conn: psycopg.Connection, *, payments: int, users: int) -> None:
    """Pending payments of 100 KES for 10 credits, by turns of the users."""
    _bulk(
        conn,
        f"""
        insert into public.transactions (real_user_id, package_id, amount_minor, currency, credits_purchased, paystack_reference)
        select md5('user' || (n % {users} + 1))::uuid, 'credits-10', 10000, 'KES', 10, 'bench-' || n
        from generate_series(1, {payments}) as n
        """,
    )
