"""cli.schema: a push does all of it or nothing, once, by a role that is no superuser."""

import itertools
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from cli import schema
from local import platform
from tests.conftest import Server
from tests.support.database import Database, Session, refused

Conn = psycopg.Connection[tuple[object, ...]]
LATER = "9001_later.sql"
_numbers = itertools.count(1)


@pytest.fixture
def project(server: Server) -> Iterator[str]:
    """The name of a project's database before its first push."""
    name = f"project_{next(_numbers)}"
    platform.create_database(server.cluster.dsn(), name)
    yield name
    server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def conn(server: Server, clone: str) -> Iterator[Conn]:
    """The project owner's connection to a database that was pushed to."""
    with psycopg.connect(server.dsn(clone), autocommit=True) as connection:
        yield connection


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A copy of sql/ to change."""
    return Path(shutil.copytree(schema.SQL_DIR, tmp_path / "sql"))


def state(conn: Conn) -> list[tuple[object, ...]]:
    """Everything a push makes, and what it remembers."""
    return (
        conn.execute("select line, 'now' from private.schema_snapshot order by 1").fetchall()
        + conn.execute("select path, sha256 from private.schema_files order by 1").fetchall()
        + conn.execute(
            "select version, name from supabase_migrations.schema_migrations order by 1"
        ).fetchall()
        + [(line, "drift") for line in schema.plan(conn).drift]
    )


def test_the_pusher_is_no_superuser(conn: Conn) -> None:
    assert conn.execute("select current_user, current_setting('is_superuser')").fetchone() == (
        "postgres",
        "off",
    )


def test_the_first_push_says_what_it_did_and_the_second_does_nothing(server: Server, project: str) -> None:
    with psycopg.connect(server.dsn(project), autocommit=True) as conn:
        done = schema.push(conn)
        assert done.pending == schema.migrations()
        assert done.changed == [file.path for file in schema.repeatables()]
        before = state(conn), conn.execute("select max(applied_at) from private.schema_files").fetchone()
        assert schema.push(conn).is_empty
        assert (
            state(conn),
            conn.execute("select max(applied_at) from private.schema_files").fetchone(),
        ) == before


def test_migrations_are_recorded_where_the_supabase_cli_looks(conn: Conn) -> None:
    rows = conn.execute(
        "select version, name, statements from supabase_migrations.schema_migrations order by 1"
    )
    assert rows.fetchall() == [(file.version, file.name, [file.text]) for file in schema.migrations()]


@pytest.mark.parametrize(
    "path", ["migrations/9002_fails.sql", "functions/public/fails.sql", "policies/public/zz_fails.sql"]
)
def test_a_file_that_fails_takes_everything_back_and_is_named(conn: Conn, directory: Path, path: str) -> None:
    before = state(conn)
    (directory / "migrations" / LATER).write_text("create table public.later (id integer primary key)")
    (directory / "policies/public/favorites.sql").unlink()
    (directory / path).write_text("select 1 / 0")
    with pytest.raises(psycopg.errors.DivisionByZero) as caught:
        schema.push(conn, directory)
    assert caught.value.__notes__ == [f"in sql/{path}"]
    assert state(conn) == before
    assert conn.execute("select to_regclass('public.later')").fetchone() == (None,)


def test_a_function_that_changed_is_applied_and_said(conn: Conn, directory: Path) -> None:
    path = directory / "functions/public/get_disclosure.sql"
    path.write_text(path.read_text().replace("'version', s.disclosure_version,", "'version', 'changed',"))
    assert schema.plan(conn, directory).changed == ["functions/public/get_disclosure.sql"]
    assert schema.push(conn, directory).changed == ["functions/public/get_disclosure.sql"]
    assert conn.execute("select public.get_disclosure() ->> 'version'").fetchone() == ("changed",)
    assert schema.plan(conn, directory).is_empty


def test_a_deleted_policy_file_is_a_deleted_policy_and_a_lost_right(conn: Conn, directory: Path) -> None:
    (directory / "policies/public/favorites.sql").unlink()
    done = schema.push(conn, directory)
    assert done.removed == ["policies/public/favorites.sql"]
    assert conn.execute("select count(*) from pg_policies where tablename = 'favorites'").fetchone() == (0,)
    assert conn.execute(
        "select has_any_column_privilege('authenticated', 'public.favorites', 'select, insert')"
    ).fetchone() == (False,)
    assert conn.execute("select count(*) from pg_policies where tablename = 'blocks'").fetchone() == (2,)


def test_a_deleted_line_of_a_file_is_a_lost_right(conn: Conn, directory: Path) -> None:
    path = directory / "policies/public/blocks.sql"
    path.write_text(path.read_text().replace("grant delete on public.blocks to authenticated;", ""))
    schema.push(conn, directory)
    assert conn.execute(
        "select has_table_privilege('authenticated', 'public.blocks', 'delete')"
    ).fetchone() == (False,)


def test_a_migration_changed_after_it_was_applied_is_refused(conn: Conn, directory: Path) -> None:
    before = state(conn)
    path = next(iter(sorted((directory / "migrations").glob("*.sql"))))
    path.write_text(path.read_text() + "-- a second thought\n")
    for look in (schema.plan, schema.push):
        with pytest.raises(
            schema.SchemaError, match=f"migrations/{path.name} was changed after it was applied"
        ):
            look(conn, directory)
    assert state(conn) == before


def test_a_migration_that_comes_before_an_applied_one_is_refused(conn: Conn, directory: Path) -> None:
    before = state(conn)
    (directory / "migrations/0000_too_late.sql").write_text(
        "create table public.late (id integer primary key)"
    )
    with pytest.raises(schema.SchemaError, match=r"0000_too_late\.sql comes before"):
        schema.push(conn, directory)
    assert state(conn) == before


@pytest.mark.parametrize(
    "name", ["later.sql", "9001-later.sql", "9001_Later.sql", "9001_later_.SQL.sql", "9001_.sql"]
)
def test_a_migration_says_its_number_and_what_becomes_true(directory: Path, name: str) -> None:
    (directory / "migrations" / name).write_text("select 1")
    with pytest.raises(schema.SchemaError, match="is not named NUMBER_what"):
        schema.migrations(directory)


def test_two_migrations_of_one_number_are_refused(directory: Path) -> None:
    for name in ("9001_one.sql", "9001_two.sql"):
        (directory / "migrations" / name).write_text("select 1")
    with pytest.raises(schema.SchemaError, match="have the same number"):
        schema.migrations(directory)


@pytest.mark.parametrize(
    ("by_hand", "shown"),
    [
        ("create policy mine on public.blocks for update to anon using (true)", "+ policy mine on public.blocks"),
        ("drop policy select_admin on public.job_runs", "- policy select_admin on public.job_runs"),
        ("grant select on public.job_runs to anon", "+ table job_runs"),
        ("grant update (credits) on public.real_users to authenticated", "+ column real_users.credits"),
        ("grant execute on function public.audit_credits() to anon", "+ function audit_credits()"),
        ("create function public.mine() returns integer language sql as 'select 1'", "+ function mine()"),
        ("alter table public.blocks disable row level security", "+ table blocks"),
        ("drop index public.chats_fictional_user", "- index"),
        ("alter table public.chats add column mine integer", "+ column chats.mine"),
        ("drop trigger messages_broadcast on public.messages", "- trigger"),
        ("alter table public.messages disable trigger messages_broadcast", "+ trigger"),
        ("alter publication supabase_realtime drop table public.chats", "- published public.chats"),
        ("create policy fantooo_mine on realtime.messages for select to anon using (true)", "+ policy fantooo_mine"),
    ],
)  # fmt: skip
def test_what_was_changed_by_hand_is_shown(conn: Conn, by_hand: str, shown: str) -> None:
    assert schema.plan(conn).is_empty
    conn.execute(by_hand.encode())
    assert any(line.startswith(shown) for line in schema.plan(conn).drift)


def test_rights_policies_and_functions_changed_by_hand_are_put_back(conn: Conn) -> None:
    before = state(conn)
    for by_hand in (
        "create policy mine on public.blocks for update to anon using (true)",
        "create policy fantooo_mine on realtime.messages for select to anon using (true)",
        "grant all on public.real_users to anon",
        "grant update (credits) on public.real_users to authenticated",
        "grant execute on function public.audit_credits() to public",
        "create or replace function public.get_email_domain() returns text language sql as $$ select 'mine' $$",
        "alter table public.messages disable trigger messages_broadcast",
    ):
        conn.execute(by_hand.encode())
    assert schema.push(conn).drift
    assert state(conn) == before


def test_two_pushes_at_once_are_one(server: Server, project: str, db: Database) -> None:
    with (
        psycopg.connect(server.dsn(project)) as first,
        psycopg.connect(server.dsn(project), autocommit=True) as other,
    ):
        # An open transaction around the first push keeps its lock until told.
        first.execute("select 1")
        assert schema.push(first).pending
        second = Session(other)  # type: ignore[arg-type]
        waiting = second.start_work(lambda: schema.push(other))
        db.wait_until_blocked(second)
        first.commit()
        assert waiting.result(20).is_empty


def test_a_push_gives_up_soon_when_somebody_holds_a_table(
    conn: Conn, directory: Path, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would otherwise stand in line, and everybody else behind it."""
    monkeypatch.setattr(schema, "LOCK_TIMEOUT", "50ms")
    before = state(conn)
    reader = db.session()
    reader.begin()
    reader.rows("select * from public.favorites")
    (directory / "migrations" / LATER).write_text("alter table public.favorites add column later integer")
    with pytest.raises(psycopg.errors.LockNotAvailable):
        schema.push(conn, directory)
    reader.rollback()
    assert state(conn) == before


def test_reset_begins_anew(conn: Conn, db: Database) -> None:
    db.user(credits=5)
    before = state(conn)
    schema.reset(conn)
    assert state(conn) == before
    assert db.owner.value("select count(*) from auth.users") == 0
    assert db.owner.value("select count(*) from public.credit_ledger") == 0
    assert db.user(credits=3)


def test_a_database_in_use_is_brought_to_the_next_schema_with_its_data(
    db: Database, conn: Conn, directory: Path
) -> None:
    """The previous schema is today's; the next one adds a column that an old row needs, and a function that reads it."""
    user = db.user("wanjiku", credits=5)
    chat = db.waiting_chat(user)
    before = db.owner.rows("select * from public.real_users")
    (directory / "migrations" / LATER).write_text(
        "alter table public.real_users add column language text not null default 'sw';\n"
        "alter table public.real_users add constraint real_users_language check (language ~ '^[a-z]{2}$');\n"
        "update public.real_users set language = 'en' where location = 'Nairobi';\n"
    )
    (directory / "functions/public/my_language.sql").write_text(
        "create or replace function public.my_language() returns text language sql stable set search_path = ''\n"
        "as $$ select u.language from public.real_users u where u.id = auth.uid() $$;\n"
        "grant execute on function public.my_language() to authenticated;\n"
    )
    (directory / "functions/public/my_credit_history.sql").unlink()
    assert [file.path for file in schema.push(conn, directory).pending] == [f"migrations/{LATER}"]
    assert [{**row, "language": "en"} for row in before] == db.owner.rows("select * from public.real_users")
    assert db.browser(user).call("my_language") == "en"
    assert db.owner.call("send_user_message", user, chat, "still here")["message"]["seq"] == 2
    db.assert_books_balance()
    # A function without a file stays, for code that still calls it, but nobody may any more.
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        db.browser(user).rows("select * from public.my_credit_history()")
    assert schema.plan(conn, directory).is_empty


def test_the_schema_grows_migration_by_migration_under_data(
    server: Server, template: str, project: str, tmp_path: Path
) -> None:
    """Each migration is pushed on its own, rows of the one before included, and ends where one push from nothing ends."""
    few = tmp_path / "sql"
    (few / "migrations").mkdir(parents=True)
    with psycopg.connect(server.dsn(project), autocommit=True) as conn:
        for migration in schema.migrations():
            (few / migration.path).write_text(migration.text)
            assert [file.path for file in schema.push(conn, few).pending] == [migration.path]
            if migration.name == "people":
                user = uuid.uuid4()
                conn.execute("insert into auth.users (id) values (%s)", [user])
                conn.execute(
                    "insert into public.real_users (id, name, display_name, email, location, gender, looking_for, age)"
                    " values (%s, 'early', 'Early', 'early@fantooo.com', 'Nairobi', 'male', 'female', 30)",
                    [user],
                )
            elif migration.name == "operations":
                conn.execute(
                    "with profile as (insert into public.fictional_users (name, age, gender, location)"
                    " values ('Early', 27, 'female', 'Mombasa') returning id)"
                    " insert into public.chats (real_user_id, fictional_user_id, waiting_since) select %s, id, now() from profile",
                    [user],
                )
        assert not schema.push(conn).pending
        assert conn.execute("select count(*) from private.chat_queue").fetchone() == (1,)
        grown = conn.execute("select line from private.schema_snapshot order by 1").fetchall()
        chat = conn.execute(
            "insert into public.fictional_users (name, age, gender, location) values ('Amina', 27, 'female', 'Mombasa')"
            " returning public.open_chat(%s, id) #>> '{chat,id}'",
            [user],
        )
        assert chat.rowcount == 1
    with psycopg.connect(server.dsn(template), autocommit=True) as fresh:
        assert fresh.execute("select line from private.schema_snapshot order by 1").fetchall() == grown


def test_a_push_needs_no_empty_database(conn: Conn, db: Database) -> None:
    """Functions are applied again under live data whenever one of them changed."""
    user = db.user()
    conn.execute("delete from private.schema_files where path like 'functions/%'")
    assert len(schema.push(conn).changed) > 100
    with refused("CHAT_NOT_FOUND", 404):
        db.owner.call("send_user_message", user, uuid.uuid4(), "hello")
