"""The doctor beside a running stack: silent while nothing is wrong, and right about what is."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from cli import schema
from cli.doctor import doctor
from cli.environment import read_env_file
from cli.job import job
from local.ports import free_port
from local.stack import CHECKOUT, down
from tests.support.waiting import wait_until

Examine = Callable[..., Result]


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What a stack says of itself, once each of its jobs has run."""
    data_dir = Path(tmp_path_factory.mktemp("stack"))
    up = ["up", "--detach", "--data-dir", str(data_dir), "--port-base", str(free_port(4))]
    subprocess.run([sys.executable, "-m", "cli", *up], cwd=CHECKOUT, check=True, stdout=subprocess.DEVNULL)
    try:
        found = read_env_file(data_dir)
        done = CliRunner().invoke(job, ["refund-unanswered", "--once"], env=found)
        assert done.exit_code == 0, done.output
        with psycopg.connect(found["ADMIN_DATABASE_URL"], autocommit=True) as conn:
            jobs_run = "select count(*) = 3 from public.job_runs"
            wait_until(lambda: bool(conn.execute(jobs_run).fetchall()[0][0]))
        yield found
    finally:
        down(data_dir)


@pytest.fixture
def conn(variables: dict[str, str]) -> Iterator[psycopg.Connection]:
    """The project's owner."""
    with psycopg.connect(variables["ADMIN_DATABASE_URL"], autocommit=True) as conn:
        yield conn


@pytest.fixture
def examine(variables: dict[str, str]) -> Examine:
    """Run the doctor, with some variables set otherwise."""

    def run(**changes: str) -> Result:
        return CliRunner().invoke(doctor, ["--no-sign-in"], env=variables | changes)

    return run


@contextmanager
def for_now(conn: psycopg.Connection, change: str, undo: str) -> Iterator[None]:
    """One statement's effect, for as long as the block runs."""
    conn.execute(change.encode())
    try:
        yield
    finally:
        conn.execute(undo.encode())


def complaints(result: Result) -> dict[str, str]:
    """What failed, by name, each with what was found and what to do about it."""
    lines = [*result.output.splitlines(), ""]
    failed = [(line, following) for line, following in pairwise(lines) if line.startswith("✗ ")]
    assert result.exit_code == int(bool(failed)), result.output
    assert not isinstance(result.exception, Exception), result.output
    return {line[2:].partition(":")[0]: line + following for line, following in failed}


def test_nothing_is_wrong_with_a_stack_that_runs(variables: dict[str, str], conn: psycopg.Connection) -> None:
    result = CliRunner().invoke(doctor, env=variables)
    assert complaints(result) == {}
    assert result.output.endswith("Nothing is broken.\n")
    for healthy in (
        "fantooo_api",
        "schema",
        "linter",
        "Auth",
        "signing keys",
        "access token hook",
        "REST",
        "Realtime",
    ):
        assert f"✓ {healthy}: " in result.output
    for healthy in (
        "API",
        "Paystack",
        "idle-detection",
        "reconcile-payments",
        "refund-unanswered",
        "clocks",
        "invariants",
    ):
        assert f"✓ {healthy}: " in result.output
    left_behind = conn.execute("select count(*) from auth.users where email like 'doctor-%'").fetchall()
    assert left_behind == [(0,)], "the throwaway account outlived the examination"


def test_a_policy_dropped_by_hand_is_found_and_a_push_mends_it(
    examine: Examine, conn: psycopg.Connection
) -> None:
    ((policy,),) = conn.execute(
        "select policyname from pg_policies where schemaname = 'public' and tablename = 'messages' limit 1"
    ).fetchall()
    conn.execute(psycopg.sql.SQL("drop policy {} on public.messages").format(psycopg.sql.Identifier(policy)))
    found = complaints(examine())["schema"]
    assert "changed by hand" in found
    assert policy in found
    assert "fantooo db status" in found
    schema.push(conn)
    assert complaints(examine()) == {}


def test_a_wrong_password_of_the_api_is_found(examine: Examine, variables: dict[str, str]) -> None:
    login = psycopg.conninfo.conninfo_to_dict(variables["DATABASE_URL"])
    wrong = f"postgresql://fantooo_api:wrong@{login['host']}:{login['port']}/{login['dbname']}"
    found = complaints(examine(DATABASE_URL=wrong))
    assert list(found) == ["DATABASE_URL"]
    assert "password authentication failed" in found["DATABASE_URL"]
    assert "FANTOOO_API_PASSWORD=… fantooo db push" in found["DATABASE_URL"]


def test_an_api_that_logs_in_as_the_owner_is_found(examine: Examine, variables: dict[str, str]) -> None:
    found = complaints(examine(DATABASE_URL=variables["ADMIN_DATABASE_URL"]))
    assert "logs in as postgres" in found["DATABASE_URL"]


def test_a_table_missing_in_the_publication_is_found(examine: Examine, conn: psycopg.Connection) -> None:
    with for_now(
        conn,
        "alter publication supabase_realtime drop table public.messages",
        "alter publication supabase_realtime add table public.messages",
    ):
        found = complaints(examine())
    assert "alter publication supabase_realtime add table public.messages" in found["publication"]


def test_a_webhook_that_nobody_handles_is_found(examine: Examine, conn: psycopg.Connection) -> None:
    with (
        for_now(
            conn,
            "insert into public.payment_events (dedupe_key, signature_valid, body_sha256, received_at)"
            " values ('forgotten', true, '', now() - interval '11 minutes')",
            "delete from public.payment_events where dedupe_key = 'forgotten'",
        ),
        conn.transaction(),
    ):
        # The stack's own job passes over what somebody else is at.
        conn.execute("select from public.payment_events where dedupe_key = 'forgotten' for update")
        found = complaints(examine())
    assert "1 were stored and not handled" in found["webhooks"]
    assert "fantooo job reconcile-payments --once" in found["webhooks"]


@pytest.mark.parametrize("key", ["SUPABASE_ANON_KEY", "SUPABASE_SERVICE_ROLE_KEY"])
def test_a_key_of_another_project_is_found(examine: Examine, key: str) -> None:
    prefix = "sb_publishable_" if key == "SUPABASE_ANON_KEY" else "sb_secret_"
    found = complaints(examine(**{key: prefix + "of_another_project"}))
    assert "Copy it again" in found[key]


def test_a_supabase_that_is_away_is_found_and_the_rest_is_examined_all_the_same(examine: Examine) -> None:
    result = examine(SUPABASE_URL="http://127.0.0.1:9")
    assert {"auth service", "token keys", "rest service", "realtime service"} <= complaints(result).keys()
    assert "✓ schema: " in result.output
    assert "✓ invariants: " in result.output


def test_a_job_that_fell_silent_is_found(examine: Examine, conn: psycopg.Connection) -> None:
    with for_now(
        conn,
        "update public.job_runs set last_run_at = now() - interval '3 days' where job = 'refund-unanswered'",
        "update public.job_runs set last_run_at = now() where job = 'refund-unanswered'",
    ):
        found = complaints(examine())
    assert "last ran 3 d ago" in found["refund-unanswered"]
    assert "fantooo job refund-unanswered --once" in found["refund-unanswered"]


def test_a_balance_that_is_not_its_ledgers_is_found(
    examine: Examine, conn: psycopg.Connection, variables: dict[str, str]
) -> None:
    who = f"email = '{variables['DEMO_USER_EMAIL']}'"
    # What would refuse this at once has to look away.
    add = (
        "alter table public.real_users disable trigger user;"
        f" update public.real_users set credits = credits + (%d) where {who};"
        " alter table public.real_users enable trigger user"
    )
    with for_now(conn, add % 1, add % -1):
        found = complaints(examine())
    assert "docs/operations.md" in found["ledger"]


def test_an_operator_in_two_minds_is_found(
    examine: Examine, conn: psycopg.Connection, variables: dict[str, str]
) -> None:
    who = f"email = '{variables['DEMO_OPERATOR_EMAIL']}'"
    with for_now(
        conn,
        f"update public.operators set free_since = now() where {who}",
        f"update public.operators set free_since = null where {who}",
    ):
        found = complaints(examine())
    assert "an operator is free exactly while available" in found["invariant"]


def test_settings_that_are_not_there_are_named_without_examining_anything(examine: Examine) -> None:
    result = examine(CRON_SECRET="", ADMIN_DATABASE_URL="")
    assert result.exit_code == 1
    assert "CRON_SECRET is not set" in result.output
    assert examine(ADMIN_DATABASE_URL="").output.startswith("Error: ADMIN_DATABASE_URL is not set")
