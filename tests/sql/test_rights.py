"""Who may do what with which table: every table × actor × verb, allowed and denied.

People act as supabase-js does, services by their role. What an actor does not see is there all the same: each case
looks as the owner as well.
"""

from dataclasses import dataclass, field

import psycopg
import pytest

from tests.sql.world import ACTORS, ADMINS, PEOPLE, SERVICES, STAFF, USERS, World

# One actor for each role of the database: a right to a column or to truncate is the role's, not the person's.
ROLES = ("user", *SERVICES)
ALL = "true"
NONE = "false"
MY_CHATS = "select c.id from public.chats c where c.real_user_id = :me"
HELD_CHAT = "select c.id from public.chats c where c.assigned_operator_id = :me"


@dataclass(frozen=True)
class Rights:
    """Of one table: which rows an actor sees, changes and deletes, as a condition in which :me is the actor.

    An actor not named sees nothing; admins and service_role see everything unless named. Everything not named here
    is denied.
    """

    sees: dict[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    changes: dict[str, str] = field(default_factory=dict)
    inserts: tuple[str, ...] = ()
    deletes: dict[str, str] = field(default_factory=dict)

    def seen_by(self, actor: str) -> str | None:
        """The condition, or None when the actor has no right to the table at all."""
        if actor in self.sees:
            return self.sees[actor]
        if actor in (*ADMINS, "service_role"):
            return ALL
        return NONE if actor in PEOPLE else None


def own(column: str, *actors: str) -> dict[str, str]:
    """These actors, each their own rows."""
    return dict.fromkeys(actors, f"{column} = :me")


MATRIX: dict[str, Rights] = {
    "admin_audit_log": Rights(),
    "admins": Rights(),
    "app_settings": Rights(
        columns=(
            "free_messages",
            "messages_per_minute",
            "idle_warning_seconds",
            "idle_release_seconds",
            "lost_operator_seconds",
            "answer_within_seconds",
            "idle_releases_before_pause",
            "unanswered_refund_seconds",
            "email_domain",
            "disclosure_version",
            "disclosure_text",
            "currency",
        ),
        changes=dict.fromkeys(ADMINS, ALL),
    ),
    "blocks": Rights(sees=own("real_user_id", *USERS), deletes=own("real_user_id", *USERS)),
    "chat_assignments": Rights(sees=own("operator_id", *STAFF)),
    "chat_notes": Rights(
        sees={"operator": f"chat_id in ({HELD_CHAT})"},
        columns=("real_profile_notes", "fictional_profile_notes"),
        changes={"operator": f"chat_id in ({HELD_CHAT})"},
    ),
    "chats": Rights(sees={**own("real_user_id", *USERS), **own("assigned_operator_id", "operator")}),
    "credit_ledger": Rights(),
    "credit_packages": Rights(sees=dict.fromkeys((a for a in PEOPLE if a not in ADMINS), "is_active")),
    "favorites": Rights(
        sees=own("real_user_id", *USERS),
        inserts=("real_user_id", "fictional_user_id"),
        deletes=own("real_user_id", *USERS),
    ),
    "fictional_users": Rights(
        sees={
            **dict.fromkeys(USERS, "is_active"),
            "operator": f"id in (select fictional_user_id from public.chats where id in ({HELD_CHAT}))",
        }
    ),
    "job_runs": Rights(),
    "message_reports": Rights(sees=own("reporter_id", *USERS)),
    "messages": Rights(
        sees={**dict.fromkeys(USERS, f"chat_id in ({MY_CHATS})"), "operator": f"chat_id in ({HELD_CHAT})"},
        inserts=("chat_id", "sender_type", "content", "client_message_id"),
    ),
    "operator_activity": Rights(sees=own("operator_id", *STAFF)),
    "operator_availability": Rights(sees=own("operator_id", *STAFF)),
    "operator_stats": Rights(sees=own("operator_id", *STAFF)),
    "operators": Rights(sees=own("id", *STAFF)),
    "payment_events": Rights(),
    "payment_reversals": Rights(),
    "real_users": Rights(
        sees=own("id", *USERS, "suspended_user"),
        columns=("display_name", "location", "latitude", "longitude", "looking_for", "profile_picture"),
        changes=own("id", *USERS),
    ),
    "transactions": Rights(sees=own("real_user_id", *USERS)),
}

# What custom_access_token_hook reads as supabase_auth_admin.
READ_FOR_TOKENS = {"admins": ("id",), "operators": ("id", "is_active"), "real_users": ("id", "is_active")}


def rows_of(world: World, table: str, condition: str, actor: str) -> int:
    """How many rows there are for the owner."""
    person = world.ids.get(actor)
    condition = condition.replace(":me", f"'{person}'")
    count: int = world.db.owner.value(f"select count(*) from public.{table} where {condition}")
    return count


def attempt(world: World, actor: str, statement: str) -> int | None:
    """How many rows the statement touched; None when the actor has no right to it (42501)."""
    with world.acting(actor) as stage:
        try:
            return stage.execute(statement)
        except psycopg.errors.InsufficientPrivilege:
            return None


def columns_of(world: World, table: str) -> dict[str, str]:
    """Each column of a table, with an expression it can be set to without changing anything."""
    rows = world.db.owner.rows(
        "select attname, attgenerated <> '' or attidentity = 'a' as is_generated from pg_attribute"
        " where attrelid = %s::regclass and attnum > 0 and not attisdropped",
        f"public.{table}",
    )
    return {row["attname"]: "default" if row["is_generated"] else row["attname"] for row in rows}


def test_the_matrix_names_every_table_and_each_has_rows(world: World) -> None:
    tables = [
        row["relname"]
        for row in world.db.owner.rows(
            "select relname from pg_class where relnamespace = 'public'::regnamespace"
            " and relkind in ('r', 'p', 'v', 'm', 'f') order by 1"
        )
    ]
    assert tables == sorted(MATRIX)
    assert [table for table in tables if not rows_of(world, table, ALL, "anon")] == []


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("table", MATRIX)
def test_selecting(world: World, table: str, actor: str) -> None:
    condition = MATRIX[table].seen_by(actor)
    seen = attempt(world, actor, f"select * from public.{table}")
    if condition is None:
        assert seen is None
        return
    assert seen == rows_of(world, table, condition, actor)
    if condition not in (ALL, NONE):
        assert seen, "the actor has no row of their own: the case proves nothing"
    if condition != ALL:
        assert seen < rows_of(world, table, ALL, actor), "nothing is hidden: the case proves nothing"


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("table", MATRIX)
def test_updating_each_column(world: World, table: str, actor: str) -> None:
    rights = MATRIX[table]
    columns = columns_of(world, table)
    assert set(rights.columns) <= set(columns)
    changed = rows_of(world, table, rights.changes.get(actor, NONE), actor)
    expected = {
        column: changed if column in rights.columns and actor in PEOPLE else None for column in columns
    }
    if actor not in ROLES:
        # The same role as `user`, so the same columns: which rows of them is what differs.
        expected = dict.fromkeys(rights.columns, changed)
    found = {
        column: attempt(world, actor, f"update public.{table} set {column} = {columns[column]}")
        for column in expected
    }
    assert found == expected
    assert changed or actor not in rights.changes, "the actor has no row to change: the case proves nothing"


@pytest.mark.parametrize("actor", ROLES)
@pytest.mark.parametrize("table", MATRIX)
def test_inserting_each_column(world: World, table: str, actor: str) -> None:
    rights = MATRIX[table]
    allowed = rights.inserts if actor in PEOPLE else ()
    columns = [column for column in columns_of(world, table) if column not in allowed]
    assert {
        column: attempt(world, actor, f"insert into public.{table} ({column}) values (default)")
        for column in columns
    } == dict.fromkeys(columns)


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("table", MATRIX)
def test_deleting(world: World, table: str, actor: str) -> None:
    rights = MATRIX[table]
    expected = rows_of(world, table, rights.deletes.get(actor, NONE), actor)
    deleted = attempt(world, actor, f"delete from public.{table}")
    assert deleted == (expected if rights.deletes and actor in PEOPLE else None)
    assert expected or actor not in rights.deletes, "the actor has no row to delete: the case proves nothing"


@pytest.mark.parametrize("actor", ROLES)
@pytest.mark.parametrize("table", MATRIX)
def test_truncating(world: World, table: str, actor: str) -> None:
    assert attempt(world, actor, f"truncate public.{table} cascade") is None


@pytest.mark.parametrize("actor", ACTORS)
def test_what_is_private_is_for_nobody(world: World, actor: str) -> None:
    for table in ("private.chat_queue", "private.schema_files", "private.schema_snapshot"):
        assert world.db.owner.value(f"select count(*) from {table}") > 0
        for verb in (f"select * from {table}", f"delete from {table}", f"truncate {table}"):
            assert attempt(world, actor, verb) is None


@pytest.mark.parametrize("table", READ_FOR_TOKENS)
def test_auth_reads_who_is_what_and_nothing_else(world: World, table: str) -> None:
    everybody = rows_of(world, table, ALL, "anon")
    found = {
        column: attempt(world, "supabase_auth_admin", f"select {column} from public.{table}")
        for column in columns_of(world, table)
    }
    assert found == {column: everybody if column in READ_FOR_TOKENS[table] else None for column in found}


@pytest.mark.parametrize("actor", [actor for actor in PEOPLE if actor not in USERS])
def test_only_a_user_in_good_standing_has_favourites(world: World, actor: str) -> None:
    statement = (
        "insert into public.favorites (real_user_id, fictional_user_id)"
        f" select '{world.ids[actor]}', '{_a_profile(world)}'"
    )
    assert attempt(world, actor, statement) is None


def test_a_user_makes_favourites_of_their_own_only(world: World) -> None:
    statement = "insert into public.favorites (real_user_id, fictional_user_id) select '{}', '{}'"
    profile = _a_profile(world)
    assert attempt(world, "user", statement.format(world.ids["user"], profile)) == 1
    assert attempt(world, "user", statement.format(world.ids["other_user"], profile)) is None


@pytest.mark.parametrize("actor", [actor for actor in ACTORS if actor not in ("operator", *SERVICES)])
def test_nobody_but_who_holds_the_chat_writes_in_it(world: World, actor: str) -> None:
    """The trigger refuses with a code of ours before row level security is asked."""
    held = world.db.owner.value(
        "select id from public.chats where assigned_operator_id = %s", world.ids["operator"]
    )
    with (
        world.acting(actor) as stage,
        pytest.raises(psycopg.Error, match=r"not assigned to you|Only operators|deactivated"),
    ):
        stage.execute(
            "insert into public.messages (chat_id, sender_type, content) values (%s, 'fictional', 'hi')", held
        )


def _a_profile(world: World) -> str:
    """A profile that is nobody's favourite yet."""
    profile_id = world.db.owner.value(
        "select id from public.fictional_users f where f.is_active"
        " and not exists (select from public.favorites v where v.fictional_user_id = f.id) order by id limit 1"
    )
    return str(profile_id)
