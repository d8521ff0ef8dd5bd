"""Who may execute what, as one list to read; and the same rights whatever a project granted by default."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import dict_row

from cli import schema
from local import platform
from tests.conftest import Server
from tests.support.database import Database, Session, denied

API = ("fantooo_api", "service_role")
BROWSERS = ("authenticated",)

# A function not named is for its owner only. private is not exposed: REST does not reach what policies call there.
EXECUTE: dict[str, tuple[str, ...]] = {
    "private.is_admin()": BROWSERS,
    "private.may_listen(text)": BROWSERS,
    "private.may_send(text,text)": BROWSERS,
    "private.my_chat_id()": BROWSERS,
    "private.my_chat_ids()": BROWSERS,
    "private.my_user_id()": BROWSERS,
    "public.accept_disclosure(text)": BROWSERS,
    "public.block_profile(uuid)": BROWSERS,
    "public.get_assigned_chat()": BROWSERS,
    "public.mark_messages_read(uuid,integer)": BROWSERS,
    "public.messages_after(uuid,integer)": BROWSERS,
    "public.my_credit_history(integer,bigint)": BROWSERS,
    "public.report_message(uuid,text)": BROWSERS,
    "public.get_disclosure()": ("anon", "authenticated", *API),
    "public.custom_access_token_hook(jsonb)": ("supabase_auth_admin",),
    "public.adjust_credits(uuid,uuid,integer,text,uuid)": API,
    "public.admin_list_audit(uuid,jsonb,bigint,integer)": API,
    "public.admin_list_chats(uuid,jsonb,timestamptz,integer)": API,
    "public.admin_list_operators(uuid)": API,
    "public.admin_list_payments(uuid,jsonb,timestamptz,integer)": API,
    "public.admin_list_profiles(uuid,jsonb,timestamptz,integer)": API,
    "public.admin_list_reports(uuid,jsonb,timestamptz,integer)": API,
    "public.admin_list_users(uuid,jsonb,timestamptz,integer)": API,
    "public.admin_platform_stats(uuid,date,date)": API,
    "public.assign_chat_to_operator(uuid,uuid)": API,
    "public.assign_next_chat(uuid)": API,
    "public.audit_credits()": API,
    "public.check_invariants(integer)": API,
    "public.claim_payments_to_check(integer)": API,
    "public.close_chat(uuid,uuid)": API,
    "public.complete_and_continue(uuid,uuid)": API,
    "public.complete_chat(uuid,uuid)": API,
    "public.create_admin(uuid,uuid,text,text,boolean)": API,
    "public.create_operator(uuid,uuid,text,text)": API,
    "public.create_payment(uuid,text)": API,
    "public.deactivate_operator(uuid,uuid)": API,
    "public.fail_payment(text,text)": API,
    "public.find_admin(text)": API,
    "public.get_account(uuid)": API,
    "public.get_email_domain()": API,
    "public.get_operator_chat(uuid)": API,
    "public.get_profile(uuid,uuid)": API,
    "public.get_settings(uuid)": API,
    "public.handle_payment_event(bigint,text)": API,
    "public.handle_pending_payment_events(integer,text)": API,
    "public.job_status()": API,
    "public.list_chats(uuid,timestamptz,integer)": API,
    "public.list_messages(uuid,uuid,integer,integer,integer)": API,
    "public.list_packages()": API,
    "public.list_profiles(uuid,text,text,integer)": API,
    "public.open_chat(uuid,uuid)": API,
    "public.operator_daily_stats(uuid,date,date)": API,
    "public.payment_of(uuid,text)": API,
    "public.queue_status()": API,
    "public.reactivate_operator(uuid,uuid)": API,
    "public.reassign_chat(uuid,uuid,uuid)": API,
    "public.receive_payment_event(bytea,boolean,text)": API,
    "public.record_heartbeat(uuid,uuid,timestamptz)": API,
    "public.record_job_run(text,jsonb)": API,
    "public.refund_unanswered_messages()": API,
    "public.reinstate_user(uuid,uuid)": API,
    "public.release_and_reassign_chat(uuid,text)": API,
    "public.release_chat(uuid,uuid)": API,
    "public.reopen_chat(uuid,uuid)": API,
    "public.resolve_report(uuid,uuid,text)": API,
    "public.reverse_payment(text,text,text,bigint,text)": API,
    "public.save_chat_notes(uuid,uuid,integer,text,text)": API,
    "public.save_profile(uuid,uuid,jsonb)": API,
    "public.send_operator_message(uuid,uuid,text,uuid)": API,
    "public.send_user_message(uuid,uuid,text,uuid)": API,
    "public.set_operator_availability(uuid,boolean)": API,
    "public.settle_payment(text,bigint,text,jsonb,text,uuid)": API,
    "public.suspend_user(uuid,uuid,text)": API,
    "public.sweep_idle_assignments()": API,
    "public.update_settings(uuid,jsonb)": API,
}

# Every right to anything of ours, a row each, whoever has it.
RIGHTS = """
select 'schema ' || n.nspname as object, r.rolname as grantee, a.privilege_type
from pg_namespace n
cross join lateral aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
left join pg_roles r on r.oid = a.grantee
where n.nspname in ('public', 'private', 'supabase_migrations')
union all
select 'function ' || p.oid::regprocedure, r.rolname, a.privilege_type
from pg_proc p
cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
left join pg_roles r on r.oid = a.grantee
where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
union all
select 'relation ' || c.oid::regclass, r.rolname, a.privilege_type
from pg_class c
cross join lateral aclexplode(coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner))) a
left join pg_roles r on r.oid = a.grantee
where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm', 'S')
union all
select 'column ' || t.attrelid::regclass || '.' || t.attname, r.rolname, a.privilege_type
from pg_attribute t
join pg_class c on c.oid = t.attrelid
cross join lateral aclexplode(t.attacl) a
left join pg_roles r on r.oid = a.grantee
where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
union all
select 'what postgres makes in ' || coalesce(n.nspname, 'any schema') || ': ' || d.defaclobjtype::text, r.rolname, a.privilege_type
from pg_default_acl d
left join pg_namespace n on n.oid = d.defaclnamespace
cross join lateral aclexplode(d.defaclacl) a
left join pg_roles r on r.oid = a.grantee
where d.defaclrole = 'postgres'::regrole and a.grantee <> d.defaclrole
union all
select 'policy ' || policyname || ' on ' || schemaname || '.' || tablename, array_to_string(roles, ','),
  concat_ws(' ', cmd, qual, with_check)
from pg_policies
order by 1, 2, 3
"""


@pytest.fixture(scope="module")
def owner(shared: Database) -> Session:
    """On the default privileges of an older project, which grants everything to everybody."""
    return shared.owner


@pytest.fixture(scope="module")
def newer_project(server: Server) -> Iterator[Session]:
    """The same pushed to a project that grants nothing by default."""
    name = "newer_project"
    platform.create_database(server.cluster.dsn(), name, legacy_default_privileges=False)
    with psycopg.connect(server.dsn(name), autocommit=True) as conn:
        schema.push(conn)
    with psycopg.connect(server.dsn(name), autocommit=True, row_factory=dict_row) as conn:
        yield Session(conn)


def test_exactly_these_roles_execute_exactly_these_functions(owner: Session) -> None:
    rows = owner.rows(
        "select n.nspname || '.' || p.proname || '(' || coalesce((select string_agg(replace(t::regtype::text,"
        "   'timestamp with time zone', 'timestamptz'), ',' order by i)"
        "   from unnest(p.proargtypes::oid[]) with ordinality as args (t, i)), '') || ')' as function,"
        " array_agg(coalesce(r.rolname, 'PUBLIC')::text) as roles"
        " from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
        " cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a"
        " left join pg_roles r on r.oid = a.grantee"
        " where n.nspname in ('public', 'private') and a.grantee <> p.proowner group by 1"
    )
    found = {row["function"]: sorted(row["roles"]) for row in rows}
    assert found == {function: sorted(roles) for function, roles in EXECUTE.items()}


def test_every_right_is_the_same_on_older_and_newer_projects(owner: Session, newer_project: Session) -> None:
    older, newer = owner.rows(RIGHTS), newer_project.rows(RIGHTS)
    assert len(older) > 200
    assert older == newer


def test_nothing_made_later_is_open_by_default(owner: Session) -> None:
    """Neither on an older project nor by PostgreSQL's own EXECUTE for everybody."""
    owner.begin()
    try:
        owner.execute("create table public.later (id integer)")
        owner.execute("create function public.later_too() returns void language sql as ''")
        rows = owner.rows(
            "select r.rolname from pg_roles r where r.rolname = any (%s)"
            " and (has_table_privilege(r.oid, 'public.later', 'select, insert, update, delete, truncate')"
            "   or has_function_privilege(r.oid, 'public.later_too()', 'execute'))",
            ["anon", "authenticated", "service_role", "fantooo_api", "supabase_auth_admin"],
        )
    finally:
        owner.rollback()
    assert rows == []


def test_the_api_logs_in_and_executes_and_can_do_nothing_else(
    server: Server, db: Database, clone: str
) -> None:
    user = db.user()
    chat = db.chat(user)
    with psycopg.connect(server.dsn(clone, "fantooo_api"), autocommit=True, row_factory=dict_row) as conn:
        api = Session(conn, "fantooo_api")
        assert api.call("send_user_message", user, chat, "hello")["message"]["seq"] == 1
        with denied():
            api.rows("select * from public.messages")
        with denied():
            api.execute("create table public.mine (id integer)")
        with denied():
            api.execute("set role service_role")
        with denied():
            api.rows("select private.move_credits(%s, 1000, 'adjustment')", user)
    assert db.owner.value(
        "select not (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolinherit or rolreplication)"
        " from pg_roles where rolname = 'fantooo_api'"
    )


def test_nobody_signed_in_or_out_calls_what_takes_an_identity(db: Database) -> None:
    """A browser that could name its caller could be anybody."""
    user = db.user()
    chat = db.chat(user)
    for browser in (db.browser(user), db.browser(None)):
        with denied():
            browser.call("send_user_message", user, chat, "hello")
    assert db.messages(chat) == []
