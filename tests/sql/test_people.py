"""Who becomes who: handle_new_user, custom_access_token_hook, and what sign-up metadata cannot do."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.conftest import Server
from tests.support.database import Database, Session, denied, refused

SIGN_UP = {
    "name": "wanjiku_1",
    "display_name": "Wanjiku",
    "location": "Nairobi",
    "gender": "female",
    "looking_for": "male",
    "age": 29,
    "accepts_fictional_profiles": True,
}
EMAIL = "wanjiku_1@fantooo.com"


def test_a_sign_up_makes_a_user_without_credits(db: Database) -> None:
    user = db.auth_user(EMAIL, SIGN_UP)
    (row,) = db.owner.rows("select * from public.real_users")
    assert (row["id"], row["name"], row["email"], row["credits"]) == (user, "wanjiku_1", EMAIL, 0)
    assert (row["display_name"], row["age"], row["is_active"]) == ("Wanjiku", 29, True)
    assert row["disclosure_version"] == "1"
    assert row["disclosure_accepted_at"] is not None


@pytest.mark.parametrize("accepts", [False, None, "true", 1])
def test_only_a_plain_yes_accepts_the_disclosure(db: Database, accepts: Any) -> None:
    db.auth_user(EMAIL, {**SIGN_UP, "accepts_fictional_profiles": accepts})
    assert db.owner.value("select disclosure_version from public.real_users") is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "Wanjiku"}, "INVALID_NAME"),
        ({"name": "ab"}, "INVALID_NAME"),
        ({"name": "a" * 21}, "INVALID_NAME"),
        ({"name": "wan jiku"}, "INVALID_NAME"),
        ({"name": "wanjiku\n"}, "INVALID_NAME"),
        ({"name": None}, "INVALID_NAME"),
        ({"name": "somebody_else"}, "INVALID_EMAIL"),
        ({"age": 17}, "INVALID_AGE"),
        ({"age": 101}, "INVALID_AGE"),
        ({"age": "old"}, "INVALID_AGE"),
        ({"age": -29}, "INVALID_AGE"),
        ({"age": 29.5}, "INVALID_AGE"),
        ({"age": None}, "INVALID_AGE"),
        ({"display_name": "<b></b>"}, "INVALID_SIGN_UP"),
        ({"display_name": "x" * 51}, "INVALID_SIGN_UP"),
        ({"display_name": None}, "INVALID_SIGN_UP"),
        ({"location": ""}, "INVALID_SIGN_UP"),
        ({"location": "x" * 101}, "INVALID_SIGN_UP"),
        ({"gender": "other"}, "INVALID_SIGN_UP"),
        ({"gender": None}, "INVALID_SIGN_UP"),
        ({"looking_for": ["male"]}, "INVALID_SIGN_UP"),
    ],
)
def test_a_sign_up_that_is_not_right_makes_nobody(
    shared: Database, change: dict[str, Any], code: str
) -> None:
    with refused(code, 400):
        shared.auth_user(EMAIL, {**SIGN_UP, **change})
    assert shared.owner.value("select count(*) from auth.users") == 0


def test_a_name_is_taken_once(db: Database) -> None:
    db.auth_user(EMAIL, SIGN_UP)
    with pytest.raises(psycopg.errors.UniqueViolation):
        db.auth_user(EMAIL, SIGN_UP)
    assert db.owner.value("select count(*) from auth.users") == 1


def test_tags_do_not_get_into_a_profile(db: Database) -> None:
    db.auth_user(EMAIL, {**SIGN_UP, "display_name": "<i>Wanjiku</i>", "location": " <p>Nairobi "})
    (row,) = db.owner.rows("select display_name, location from public.real_users")
    assert row == {"display_name": "Wanjiku", "location": "Nairobi"}
    browser = db.browser(db.owner.value("select id from public.real_users"))
    browser.execute("update public.real_users set display_name = '<u>Shiku</u>'")
    assert db.owner.value("select display_name from public.real_users") == "Shiku"


def test_metadata_gives_no_role(db: Database) -> None:
    """What a user writes about themselves in metadata makes them neither staff nor rich."""
    claims = {
        "role": "admin",
        "is_admin": True,
        "is_super_admin": True,
        "user_role": "operator",
        "credits": 1000,
    }
    db.auth_user(EMAIL, {**SIGN_UP, **claims})
    db.auth_user("staff@elsewhere.example", claims)
    assert db.owner.value("select count(*) from public.admins") == 0
    assert db.owner.value("select count(*) from public.operators") == 0
    assert [row["credits"] for row in db.owner.rows("select credits from public.real_users")] == [0]


def test_an_account_without_a_name_is_nobody_here(db: Database) -> None:
    user = db.auth_user("staff@elsewhere.example", {"display_name": "Not a sign-up"})
    with refused("USER_NOT_FOUND", 404):
        db.owner.call("get_account", user)


def test_changed_metadata_changes_nobody(db: Database) -> None:
    """Auth writes a user in two steps, and lets users write their metadata later."""
    user = db.auth_user(EMAIL, SIGN_UP)
    db.owner.execute(
        "update auth.users set raw_user_meta_data = raw_user_meta_data || %s",
        json.dumps({"age": 90, "credits": 5}),
    )
    (row,) = db.owner.rows("select age, credits from public.real_users where id = %s", user)
    assert row == {"age": 29, "credits": 0}


@pytest.fixture
def auth(server: Server, clone: str) -> Iterator[Session]:
    """Auth's own connection."""
    dsn = server.dsn(clone, "supabase_auth_admin")
    with psycopg.connect(dsn, autocommit=True, row_factory=dict_row) as conn:
        yield Session(conn)


def role_in_token(auth: Session, user_id: uuid.UUID) -> str | None:
    """The claim the hook adds; everything else of the token must come back as it was."""
    event = {"user_id": str(user_id), "claims": {"sub": str(user_id), "role": "authenticated"}}
    answer = auth.call("custom_access_token_hook", json.dumps(event))
    role: str | None = answer["claims"].pop("user_role")
    assert answer == event
    return role


def test_a_token_says_who_one_is_by_the_tables_and_at_once(db: Database, auth: Session) -> None:
    user, operator, admin = db.user(), db.operator(), db.admin()
    nobody = db.auth_user("nobody@elsewhere.example")
    everybody = [user, operator, admin, nobody, uuid.uuid4()]
    assert [role_in_token(auth, each) for each in everybody] == ["real_user", "operator", "admin", None, None]
    db.owner.call("suspend_user", admin, user, "spam")
    db.owner.call("deactivate_operator", admin, operator)
    assert [role_in_token(auth, each) for each in (user, operator)] == [None, None]


def test_auth_calls_the_hook_and_nothing_else_of_ours(db: Database, auth: Session) -> None:
    user = db.user()
    with denied():
        auth.call("get_account", user)
    with denied():
        db.browser(user).call("custom_access_token_hook", "{}")


def test_only_super_admins_make_admins_and_the_first_makes_itself(db: Database) -> None:
    call = db.owner.call
    first, second, third = (db.auth_user(f"{name}@staff.example") for name in ("a", "b", "c"))
    assert call("create_admin", None, first, "Ada", "a@staff.example")["admin"]["is_super_admin"] is True
    with refused("NOT_A_SUPER_ADMIN", 403):
        call("create_admin", None, second, "Bob", "b@staff.example")
    assert call("create_admin", first, second, "Bob", "b@staff.example")["admin"]["is_super_admin"] is False
    with refused("NOT_A_SUPER_ADMIN", 403):
        call("create_admin", second, third, "Cat", "c@staff.example")
    assert db.owner.value("select count(*) from public.admins") == 2


def test_two_first_admins_at_once_are_one(db: Database) -> None:
    one, two = (db.auth_user(f"{name}@staff.example") for name in ("a", "b"))
    first, second = db.session(), db.session()
    first.begin()
    first.call("create_admin", None, one, "Ada", "a@staff.example")
    waiting = second.start("create_admin", None, two, "Bob", "b@staff.example")
    db.wait_until_blocked(second)
    first.commit()
    with refused("NOT_A_SUPER_ADMIN", 403):
        waiting.result(10)


def test_nobody_is_two_things(db: Database) -> None:
    admin, user, operator = db.admin(), db.user(), db.operator()
    for person in (user, operator):
        with refused("HAS_ANOTHER_ROLE", 409):
            db.owner.call("create_admin", admin, person, "Name", "name@staff.example")
    for person in (user, admin):
        with refused("HAS_ANOTHER_ROLE", 409):
            db.owner.call("create_operator", admin, person, "Name", "name@staff.example")


def test_a_users_picture_is_an_https_address_since_operators_load_it(db: Database) -> None:
    user = db.user()
    save = "update public.real_users set profile_picture = %s where id = %s"
    browser = db.browser(user)
    assert browser.execute(save, "https://pictures.example/me.jpg", user) == 1
    for address in (
        "javascript:alert(1)",
        "http://tracker.example/x.png",
        'https://x.example/"onload=',
        "me.jpg",
        "https://x/" + "x" * 2000,
    ):
        with pytest.raises(psycopg.errors.CheckViolation):
            browser.execute(save, address, user)
    assert (
        db.owner.value("select profile_picture from public.real_users where id = %s", user)
        == "https://pictures.example/me.jpg"
    )
