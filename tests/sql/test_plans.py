"""What users ask finds its rows by an index, in the functions and through the policies, however much has piled up."""

import hashlib
import json
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.conftest import Server

USERS = 4000
CROWDED = "crowded"

# What grows with use. The profiles, the packages, the settings and the staff do not.
GROWING = {
    "blocks",
    "chat_assignments",
    "chats",
    "credit_ledger",
    "messages",
    "payment_events",
    "payment_reversals",
    "real_users",
    "transactions",
}

# Set-based, and as replication does it: the data is made to fit. Ids are md5(kind || number).
FILL = """
alter table public.chats enable always trigger chats_enter_queue;
set session_replication_role = replica;
insert into auth.users (id, aud, role, email, is_sso_user, is_anonymous)
select md5('user' || n)::uuid, 'authenticated', 'authenticated', 'user' || n || '@fantooo.com', false, false
from generate_series(1, {users}) n;
insert into public.real_users
  (id, name, display_name, email, location, gender, looking_for, age, credits, disclosure_version)
select md5('user' || n)::uuid, 'user' || n, 'U', 'user' || n || '@fantooo.com', 'Nairobi', 'male', 'female', 30, 100, '1'
from generate_series(1, {users}) n;
insert into public.credit_ledger (user_id, delta, balance_after, reason, request_id)
select md5('user' || n)::uuid, case r when 1 then 98 else 1 end, 97 + r, 'adjustment', gen_random_uuid()
from generate_series(1, 3) r, generate_series(1, {users}) n;
insert into public.fictional_users (id, name, age, gender, location, created_at)
select md5('profile' || n)::uuid, 'Amara', 27, 'female', 'Mombasa', now() - n * interval '1 hour' from generate_series(1, 300) n;
insert into public.chats
  (id, real_user_id, fictional_user_id, message_count, real_message_count, last_seq, last_answered_seq, waiting_since)
select md5('chat' || n || '-' || f)::uuid, md5('user' || n)::uuid, md5('profile' || f)::uuid, 8, 4, 8,
  case when n % 50 = 0 then 6 else 8 end, case when n % 50 = 0 then now() - interval '1 hour' end
from generate_series(1, {users}) n, generate_series(1, 2) f;
insert into public.messages (chat_id, seq, sender_type, content, client_message_id, is_free_message, created_at)
select md5('chat' || n || '-' || f)::uuid, s, case when s % 2 = 1 or n % 50 = 0 and s = 8 then 'real' else 'fictional' end,
  'hello', gen_random_uuid(), s < 4, now() - s * interval '1 day'
from generate_series(1, {users}) n, generate_series(1, 2) f, generate_series(1, 8) s;
insert into public.transactions (real_user_id, package_id, amount_minor, currency, credits_purchased, paystack_reference)
select md5('user' || n)::uuid, 'credits-10', 10000, 'KES', 10, 'paid-' || n from generate_series(1, {users}) n;
insert into public.payment_events (dedupe_key, event, reference, signature_valid, body, body_sha256, handled_at)
select 'charge.success:' || n, 'charge.success', 'paid-' || n, true, '', '', now() from generate_series(1, {users}) n;
insert into public.payment_reversals (reference, reversal_key, kind, amount_minor, state)
select 'paid-' || n, 'key', 'refund', 1, 'undone' from generate_series(1, {users}) n;
insert into public.blocks (real_user_id, fictional_user_id)
select md5('user' || n)::uuid, md5('profile300')::uuid from generate_series(1, {users}) n;
set session_replication_role = origin;
vacuum analyze;
"""


def made(kind: str, number: int | str) -> str:
    return f"md5('{kind}{number}')::uuid"


USER, CHAT, PROFILE = made("user", 7), made("chat", "7-1"), made("profile", 9)

AS_API = {
    "a send": f"select public.send_user_message({USER}, {CHAT}, 'hello', gen_random_uuid())",
    "the newest messages": f"select public.list_messages({USER}, {CHAT})",
    "older messages": f"select public.list_messages({USER}, {CHAT}, p_before => 6, p_limit => 3)",
    "the messages after one": f"select public.list_messages({USER}, {CHAT}, p_after => 5)",
    "the chats of a user": f"select public.list_chats({USER})",
    "profiles": f"select public.list_profiles({USER})",
    "the next page of profiles": f"select public.list_profiles({USER}, p_cursor => {PROFILE}::text)",
    "opening a chat": f"select public.open_chat({USER}, {PROFILE})",
    "a payment begun": f"select public.create_payment({USER}, 'credits-10')",
    "a payment settled": "select public.settle_payment('paid-7', 10000, 'KES')",
    "a webhook stored": "select public.receive_payment_event('{}', true)",
    "payments to ask about": "select public.claim_payments_to_check(10)",
    "refunds of what nobody answered": "select * from public.refund_unanswered_messages()",
    "the account": f"select public.get_account({USER})",
}

# Each names its owner, as Supabase advises: a policy alone ("mine, or I am an admin") leaves PostgreSQL no index to use.
AS_BROWSER = {
    "reading marked": f"select public.mark_messages_read({CHAT}, 8)",
    "the credit history": "select * from public.my_credit_history()",
    "an older page of it": "select * from public.my_credit_history(p_before => 5000)",
    "messages missed": f"select * from public.messages_after({CHAT}, 3)",
    "messages of a chat by the policy": f"select * from public.messages where chat_id = {CHAT} order by seq desc limit 50",
    "a message by the policy": f"select * from public.messages where chat_id = {CHAT} and seq = 5",
    "one's chats by the policy": f"select * from public.chats where real_user_id = {USER}",
    "one's own row by the policy": f"select * from public.real_users where id = {USER}",
    "one's payments by the policy": f"select * from public.transactions where real_user_id = {USER}",
    "one's blocks by the policy": f"select * from public.blocks where real_user_id = {USER}",
}


@dataclass(frozen=True)
class Crowded:
    """The database in which much has piled up: how a superuser connects to it."""

    superuser: str

    def plans(self, call: str, role: str) -> list[dict[str, Any]]:
        """The plan of every statement that `call` runs as `role`, in the functions it calls too.

        By auto_explain, which only superusers may load.
        """
        notices: list[str] = []
        with psycopg.connect(self.superuser, autocommit=True) as conn:
            conn.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
            conn.execute("load 'auto_explain'")
            for setting in ("min_duration = 0", "nested_statements = on", "format = json", "level = notice"):
                conn.execute(f"set auto_explain.log_{setting}".encode())
            claims = {"sub": str(user_id(7)), "role": "authenticated"}
            conn.execute("select set_config('request.jwt.claims', %s, false)", [json.dumps(claims)])
            with conn.transaction(force_rollback=True):
                conn.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
                notices.clear()
                conn.execute(call.encode())
        return [json.loads(notice.partition("plan:")[2])["Plan"] for notice in notices if "plan:" in notice]


def user_id(number: int) -> uuid.UUID:
    return uuid.UUID(hashlib.md5(f"user{number}".encode(), usedforsecurity=False).hexdigest())


@pytest.fixture(scope="module")
def crowded(server: Server, template: str) -> Iterator[Crowded]:
    """Four thousand users with two chats of eight messages each, and everything else to match."""
    names = sql.Identifier(CROWDED), sql.Identifier(template)
    server.execute(sql.SQL("create database {} template {} strategy file_copy owner postgres").format(*names))
    found = Crowded(server.dsn(CROWDED, "supabase_admin"))
    with closing(psycopg.connect(found.superuser, autocommit=True)) as conn:
        for statement in FILL.format(users=USERS).split(";\n"):
            conn.execute(statement.encode())
    yield found
    server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(CROWDED)))


def read_from_end_to_end(plan: dict[str, Any]) -> Iterator[str]:
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for child in plan.get("Plans", []):
        yield from read_from_end_to_end(child)


@pytest.mark.parametrize("call", AS_API.values(), ids=AS_API)
def test_what_the_api_asks_reads_no_growing_table_from_end_to_end(crowded: Crowded, call: str) -> None:
    seen = crowded.plans(call, "fantooo_api")
    assert len(seen) > 1, "no plan of a nested statement was seen"
    assert {table for plan in seen for table in read_from_end_to_end(plan)} & GROWING == set()


@pytest.mark.parametrize("call", AS_BROWSER.values(), ids=AS_BROWSER)
def test_what_a_browser_asks_reads_no_growing_table_from_end_to_end(crowded: Crowded, call: str) -> None:
    seen = crowded.plans(call, "authenticated")
    assert seen, "no plan was seen"
    assert {table for plan in seen for table in read_from_end_to_end(plan)} & GROWING == set()


def test_the_size_is_one_at_which_a_missing_index_shows(crowded: Crowded) -> None:
    (plan,) = crowded.plans("select count(*) from public.messages where content = 'hello'", "service_role")
    assert list(read_from_end_to_end(plan)) == ["messages"]
