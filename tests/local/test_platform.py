"""What a project's owner finds in a new database, and may and may not do there, as on the host."""

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from psycopg import errors

from local import platform
from local.cluster import Cluster
from local.errors import SetupError
from local.project import Project
from tests.support.supabase import new_project, running_cluster

Connection = psycopg.Connection


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("platform")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def project(cluster: Cluster) -> Project:
    return new_project(cluster)


@pytest.fixture
def owner(project: Project) -> Iterator[Connection]:
    """The project's owner, whose changes are undone."""
    with psycopg.connect(project.dsn("postgres")) as connection, connection.transaction(force_rollback=True):
        yield connection


def value(connection: Connection, query: str) -> object:
    row = connection.execute(query).fetchone()
    assert row
    return row[0]


def test_roles_and_database_are_made_once_however_often_asked(cluster: Cluster, project: Project) -> None:
    with psycopg.connect(project.dsn("postgres")) as connection:
        connection.execute("create table kept (id int)")
    platform.create_roles(cluster.dsn())
    platform.create_database(cluster.dsn(), project.database)
    with psycopg.connect(project.dsn("postgres")) as connection:
        assert value(connection, "select count(*) from kept") == 0


def test_a_database_of_another_version_is_refused_and_not_half_changed(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = new_project(cluster)
    monkeypatch.setattr(platform, "DATABASE_PARTS", ("extensions", "auth"))
    with pytest.raises(SetupError, match="made by another version"):
        platform.create_database(cluster.dsn(), project.database)


def test_roles_have_their_attributes_on_the_host(owner: Connection) -> None:
    rows = owner.execute(
        """
        select rolname, rolcanlogin, rolinherit, rolbypassrls, rolcreaterole from pg_roles
        where rolname in ('anon', 'authenticated', 'service_role', 'authenticator', 'postgres', 'supabase_auth_admin')
          and not rolsuper order by rolname
        """
    ).fetchall()
    assert rows == [
        ("anon", False, False, False, False),
        ("authenticated", False, False, False, False),
        ("authenticator", True, False, False, False),
        ("postgres", True, True, True, True),
        ("service_role", False, False, True, False),
        ("supabase_auth_admin", True, False, False, False),
    ]


@pytest.mark.parametrize(
    ("role", "limit"), [("anon", "3s"), ("authenticated", "8s"), ("authenticator", "8s")]
)
def test_the_api_s_roles_have_short_statement_timeouts(owner: Connection, role: str, limit: str) -> None:
    config = value(owner, f"select rolconfig from pg_roles where rolname = '{role}'")
    assert f"statement_timeout={limit}" in str(config)


def test_auth_users_has_the_host_s_35_columns(owner: Connection) -> None:
    query = "select count(*) from pg_attribute where attrelid = 'auth.users'::regclass and attnum > 0"
    assert value(owner, query) == 35


def test_row_level_security_is_on_for_every_table_of_the_platform(owner: Connection) -> None:
    query = """
        select array_agg(oid::regclass::text) from pg_class
        where relnamespace in ('auth'::regnamespace, 'realtime'::regnamespace)
          and relkind in ('r', 'p') and not relrowsecurity and not relispartition
    """
    assert value(owner, query) is None


@pytest.mark.parametrize(
    "statement",
    [
        "create policy x on realtime.messages for select to authenticated using (realtime.topic() = 'room')",
        "create trigger x after insert on auth.users execute function suppress_redundant_updates_trigger()",
        "create table mine (id uuid primary key references auth.users on delete cascade)",
        "alter publication supabase_realtime set (publish = 'insert')",
        "alter role authenticated set statement_timeout = '9s'",
        "create role somebody login",
        "set session_replication_role = replica",
        "create extension citext with schema extensions",
    ],
)
def test_the_owner_may(owner: Connection, statement: str) -> None:
    owner.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "create table auth.mine (id int)",
        "alter table auth.users add column mine int",
        "create table realtime.mine (id int)",
        "alter table realtime.messages add column mine int",
        "alter table realtime.messages disable row level security",
        "create index on realtime.messages (topic)",
        "create trigger x before update on realtime.messages for each row "
        "execute function suppress_redundant_updates_trigger()",
        "drop table realtime.messages",
        "drop function realtime.topic()",
        "alter role service_role superuser",
        "set role supabase_realtime_admin",
        "set role supabase_auth_admin",
        "create role boss superuser",
    ],
)
def test_the_owner_may_not(owner: Connection, statement: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        owner.execute(statement)


def test_a_policy_of_the_owner_s_can_be_changed_and_dropped_again(owner: Connection) -> None:
    owner.execute("create policy x on realtime.messages for select using (true)")
    owner.execute("alter policy x on realtime.messages using (false)")
    owner.execute("drop policy x on realtime.messages")
    assert value(owner, "select count(*) from pg_policies where schemaname = 'realtime'") == 0


def rights_on_a_new_table(project: Project) -> set[str]:
    with psycopg.connect(project.dsn("postgres")) as owner, owner.transaction(force_rollback=True):
        owner.execute("create table fresh (id int)")
        rows = owner.execute(
            """
            select role from unnest(array['anon', 'authenticated', 'service_role']) role
            where has_table_privilege(role, 'fresh', 'select, insert, update, delete')
            """
        ).fetchall()
    return {role for (role,) in rows}


def test_an_older_project_grants_everything_new_to_the_api_s_roles(project: Project) -> None:
    assert rights_on_a_new_table(project) == {"anon", "authenticated", "service_role"}


def test_a_newer_project_grants_nothing_new_to_anybody(cluster: Cluster) -> None:
    assert rights_on_a_new_table(new_project(cluster, legacy_default_privileges=False)) == set()


def test_claims_are_read_from_the_request(owner: Connection) -> None:
    user_id = uuid4()
    claims = f'{{"sub": "{user_id}", "role": "authenticated", "email": "a@b.c"}}'
    owner.execute("select set_config('request.jwt.claims', %s, true)", [claims])
    row = owner.execute("select auth.uid(), auth.role(), auth.email(), auth.jwt() ->> 'sub'").fetchone()
    assert row == (user_id, "authenticated", "a@b.c", str(user_id))


def test_without_claims_nobody_is_signed_in(owner: Connection) -> None:
    # What the setting reads after a transaction that had set it.
    owner.execute("select set_config('request.jwt.claims', '', true)")
    assert owner.execute("select auth.uid(), auth.jwt()").fetchone() == (None, None)


def test_send_stores_a_private_broadcast_with_an_id_in_its_payload(owner: Connection) -> None:
    owner.execute("""select realtime.send('{"a": 1}', 'greeting', 'room:1')""")
    row = owner.execute(
        "select payload, event, topic, private, extension, id from realtime.messages"
    ).fetchone()
    assert row
    payload, *rest, message_id = row
    assert payload == {"a": 1, "id": str(message_id)}
    assert rest == ["greeting", "room:1", True, "broadcast"]


def test_send_keeps_an_id_that_the_payload_has(owner: Connection) -> None:
    owner.execute("""select realtime.send('{"id": 7}', 'greeting', 'room:1')""")
    assert value(owner, "select payload from realtime.messages") == {"id": 7}


def test_send_without_the_right_to_loses_the_message_with_a_mere_warning(owner: Connection) -> None:
    warnings: list[str | None] = []
    owner.add_notice_handler(lambda notice: warnings.append(notice.message_primary))
    owner.execute("set local role authenticated")
    owner.execute("select realtime.send('{}', 'greeting', 'room:1')")
    owner.execute("reset role")
    assert value(owner, "select count(*) from realtime.messages") == 0
    assert [warning for warning in warnings if warning and warning.startswith("WarnSendingBroadcastMessage")]


def test_the_topic_is_what_send_was_last_called_with(owner: Connection) -> None:
    assert value(owner, "select realtime.topic()") is None
    owner.execute("select realtime.send('{}', 'greeting', 'room:1')")
    assert value(owner, "select realtime.topic()") == "room:1"


def test_broadcast_changes_sends_both_rows_and_where_they_belong(owner: Connection) -> None:
    owner.execute("create table pets (name text)")
    owner.execute(
        """
        create function announce() returns trigger language plpgsql as $$
        begin
          perform realtime.broadcast_changes('pets', tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
          return null;
        end $$
        """
    )
    owner.execute("create trigger announce after update on pets for each row execute function announce()")
    owner.execute("insert into pets values ('Rex')")
    owner.execute("update pets set name = 'Max'")
    payload = value(owner, "select payload - 'id' from realtime.messages")
    assert payload == {
        "record": {"name": "Max"},
        "old_record": {"name": "Rex"},
        "operation": "UPDATE",
        "table": "pets",
        "schema": "public",
    }


def test_broadcast_changes_refuses_statement_triggers(owner: Connection) -> None:
    with pytest.raises(errors.RaiseException):
        owner.execute(
            "select realtime.broadcast_changes('t', 'e', 'INSERT', 't', 's', null, null, 'STATEMENT')"
        )


def test_message_partitions_are_made_ahead_and_dropped_when_old(project: Project) -> None:
    with psycopg.connect(project.dsn("supabase_admin")) as admin, admin.transaction(force_rollback=True):
        admin.execute(
            "create table realtime.messages_2020_01_01 partition of realtime.messages "
            "for values from ('2020-01-01') to ('2020-01-02')"
        )
        admin.execute("select realtime.keep_message_partitions()")
        rows = admin.execute(
            """
            select to_date(right(c.relname, 10), 'YYYY_MM_DD') - current_date
            from pg_inherits join pg_class c on c.oid = inhrelid
            where inhparent = 'realtime.messages'::regclass order by 1
            """
        ).fetchall()
    assert [offset for (offset,) in rows] == [-1, 0, 1, 2, 3]


def test_the_publications_are_there_and_the_owner_s_is_empty(owner: Connection) -> None:
    rows = owner.execute(
        "select p.pubname, pubowner::regrole::text, t.tablename from pg_publication p "
        "left join pg_publication_tables t on t.pubname = p.pubname and t.tablename !~ '_' order by 1"
    ).fetchall()
    assert [row[0] for row in rows] == ["supabase_realtime", "supabase_realtime_messages_publication"]
    assert rows[0][1:] == ("postgres", None)
