"""The linter's rules: nothing is found in our schema, a look-alike does not fire, the fault does, the fix ends it."""

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from cli import lint
from tests.conftest import Server

RULES = sorted(path.stem for path in lint.LINTS_DIR.glob("*.sql"))


@dataclass(frozen=True)
class Case:
    """SQL of a look-alike, of the fault, and of its fix; and what the finding is about."""

    look_alike: str
    fault: str
    fix: str
    object: str
    as_superuser: bool = False


CASES: dict[str, Case] = {
    "unindexed_foreign_keys": Case(
        """create table public.parent (id integer primary key, a integer, b integer, unique (a, b));
        create table public.child (id integer primary key, parent_id integer references public.parent,
          a integer, b integer, foreign key (a, b) references public.parent (a, b));
        create index on public.child (parent_id) where parent_id is not null;
        create index on public.child (b, a, id)""",
        """create table public.orphan (id integer primary key, parent_id integer references public.parent);
        create index on public.orphan (id, parent_id);
        create index on public.orphan (parent_id) where id > 5""",
        "create index on public.orphan (parent_id)",
        "orphan.orphan_parent_id_fkey",
    ),
    "auth_users_exposed": Case(
        """create view public.mine with (security_invoker = true) as select id from public.real_users;
        grant select on public.mine to authenticated;
        create view public.hidden with (security_invoker = true) as select email from auth.users""",
        """create view public.people with (security_invoker = true) as select email from auth.users;
        grant select on public.people to authenticated""",
        "revoke select on public.people from authenticated",
        "people",
    ),
    "auth_rls_initplan": Case(
        """create policy look_alike on public.job_runs for select to supabase_auth_admin
          using (job = (select auth.uid())::text and (select auth.role()) = 'x' and (select auth.jwt() ->> 'a') = 'b')""",
        "create policy each_row on public.job_runs for delete to authenticated using (job = auth.uid()::text)",
        """drop policy each_row on public.job_runs;
        create policy each_row on public.job_runs for delete to authenticated using (job = (select auth.uid())::text)""",
        "public.job_runs each_row",
    ),
    "no_primary_key": Case(
        "create table public.keyed (id integer primary key)",
        "create table public.keyless (id integer unique not null)",
        "alter table public.keyless add primary key (id)",
        "keyless",
    ),
    "multiple_permissive_policies": Case(
        """create policy other_role on public.job_runs for select to supabase_auth_admin using (false);
        create policy another_role on public.job_runs for all to fantooo_api using (false);
        create policy restricts on public.job_runs as restrictive for select to authenticated using (false)""",
        "create policy one_more on public.job_runs for all to authenticated using (false)",
        """drop policy one_more on public.job_runs;
        create policy one_more on public.job_runs for insert to authenticated with check (false)""",
        "job_runs authenticated SELECT",
    ),
    "policy_exists_rls_disabled": Case(
        "create table private.bare (id integer primary key)",
        "alter table public.job_runs disable row level security",
        "alter table public.job_runs enable row level security",
        "job_runs",
    ),
    "rls_enabled_no_policy": Case(
        "create table private.closed (id integer primary key); alter table private.closed enable row level security",
        "create table public.closed (id integer primary key); alter table public.closed enable row level security",
        "create policy none on public.closed for select to authenticated using (false)",
        "closed",
    ),
    "duplicate_index": Case(
        """create table public.indexed (id integer primary key, a integer, b integer);
        create index on public.indexed (a); create index on public.indexed (a desc);
        create index on public.indexed (a, b); create index on public.indexed (a) where b > 0;
        create unique index on public.indexed (a)""",
        "create index again on public.indexed (a)",
        "drop index public.again",
        "indexed",
    ),
    "security_definer_view": Case(
        """create view public.asks_as_the_caller with (security_invoker = on) as select 1 as one;
        create view private.helper as select 1 as one""",
        "create view public.asks_as_the_owner as select 1 as one",
        "alter view public.asks_as_the_owner set (security_invoker = true)",
        "asks_as_the_owner",
    ),
    "function_search_path_mutable": Case(
        "create function private.pinned() returns integer language sql set search_path = '' as 'select 1'",
        "create function public.loose() returns integer language sql as 'select 1'",
        "alter function public.loose() set search_path = ''",
        "loose()",
    ),
    "rls_disabled_in_public": Case(
        "create table private.internal (id integer primary key)",
        "create table public.open (id integer primary key)",
        "alter table public.open enable row level security",
        "open",
    ),
    "extension_in_public": Case(
        "create extension unaccent schema extensions",
        "create extension citext schema public",
        "alter extension citext set schema extensions",
        "citext",
        as_superuser=True,
    ),
    "rls_references_user_metadata": Case(
        """create policy by_app_metadata on public.job_runs for delete to authenticated
          using (((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'x')""",
        """create policy by_user_metadata on public.job_runs for insert to authenticated
          with check (((select auth.jwt()) -> 'user_metadata' ->> 'role') = 'x')""",
        "drop policy by_user_metadata on public.job_runs",
        "public.job_runs by_user_metadata",
    ),
    "materialized_view_in_api": Case(
        "create materialized view public.kept as select 1 as one",
        "create materialized view public.shown as select 1 as one; grant select on public.shown to anon",
        "revoke select on public.shown from anon",
        "shown",
    ),
    "fkey_to_auth_unique": Case(
        "create table public.account (id uuid primary key references auth.users)",
        "create table public.phone (id integer primary key, phone text references auth.users (phone))",
        "alter table public.phone drop constraint phone_phone_fkey",
        "phone.phone_phone_fkey",
    ),
    "sensitive_columns_exposed": Case(
        """create table public.safe (id integer primary key, api_key text);
        alter table public.safe enable row level security; grant select on public.safe to authenticated;
        create table public.partly (id integer primary key, password text); grant select (id) on public.partly to anon""",
        "create table public.leaky (id integer primary key, api_key text); grant select on public.leaky to authenticated",
        "alter table public.leaky enable row level security",
        "leaky.api_key",
    ),
    "rls_policy_always_true": Case(
        """create policy read_all on public.favorites for select to anon using (true);
        create policy for_a_service on public.job_runs for insert to supabase_auth_admin with check (true)""",
        "create policy write_all on public.job_runs for insert to authenticated with check (true)",
        "drop policy write_all on public.job_runs",
        "public.job_runs write_all",
    ),
    "anon_security_definer_function_executable": Case(
        """create function public.as_caller() returns integer language sql set search_path = '' as 'select 1';
        grant execute on function public.as_caller() to anon;
        create function private.helper() returns integer language sql security definer set search_path = '' as 'select 1';
        grant execute on function private.helper() to anon""",
        """create function public.as_owner() returns integer language sql security definer set search_path = '' as 'select 1';
        grant execute on function public.as_owner() to public""",
        "revoke execute on function public.as_owner() from public",
        "as_owner()",
    ),
    "authenticated_security_definer_function_executable": Case(
        """create function public.for_the_api() returns integer language sql security definer set search_path = '' as 'select 1';
        grant execute on function public.for_the_api() to service_role, fantooo_api""",
        """create function public.as_owner() returns integer language sql security definer set search_path = '' as 'select 1';
        grant execute on function public.as_owner() to authenticated""",
        "alter function public.as_owner() security invoker",
        "as_owner()",
    ),
}


@pytest.fixture
def conn(server: Server, module_clone: str, request: pytest.FixtureRequest) -> Iterator[psycopg.Connection]:
    """A transaction in a database as after a push, rolled back."""
    case = (
        CASES.get(request.node.callspec.params.get("rule", "")) if hasattr(request.node, "callspec") else None
    )
    role = "supabase_admin" if case and case.as_superuser else "postgres"
    with (
        psycopg.connect(server.dsn(module_clone, role)) as connection,
        connection.transaction(force_rollback=True),
    ):
        yield connection


def found(conn: psycopg.Connection, rule: str) -> list[str]:
    """What a rule finds now."""
    return [finding.object for finding in lint.run(conn) if finding.name == rule]


def test_the_schema_is_clean(conn: psycopg.Connection) -> None:
    assert lint.run(conn) == []


def test_every_rule_has_a_case() -> None:
    assert sorted(CASES) == RULES


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_fires_at_the_fault_and_only_then(conn: psycopg.Connection, rule: str) -> None:
    case = CASES[rule]
    assert found(conn, rule) == []
    conn.execute(case.look_alike.encode())
    assert found(conn, rule) == []
    conn.execute(case.fault.encode())
    assert found(conn, rule) == [case.object]
    conn.execute(case.fix.encode())
    assert found(conn, rule) == []


def test_everything_justified_is_there_to_be_justified(conn: psycopg.Connection) -> None:
    """What the list allows and nobody finds any more would allow it again unseen."""
    justified = {
        (finding.name, finding.object) for finding in lint.every_finding(conn) if finding.is_justified
    }
    assert justified == {(name, item) for name, items in lint.JUSTIFIED.items() for item in items}


def test_every_exception_is_explained_to_readers() -> None:
    text = (lint.LINTS_DIR.parent.parent / "docs" / "security.md").read_text()
    functions = {item.partition("(")[0] for items in lint.JUSTIFIED.values() for item in items}
    assert [name for name in functions if f"`{name}`" not in text] == []


def test_findings_say_where_and_what_to_do_the_worst_first(conn: psycopg.Connection) -> None:
    conn.execute("create table public.careless (id integer)")
    findings = lint.run(conn)
    assert [(finding.level, finding.name) for finding in findings] == [
        ("ERROR", "rls_disabled_in_public"),
        ("INFO", "no_primary_key"),
    ]
    assert findings[0].remedy == "alter table careless enable row level security"
