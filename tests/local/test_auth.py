"""Auth as the published client sees it, and as GoTrue's answers are on the wire."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
import requests
from supabase import Client, ClientOptions, create_client
from supabase_auth.errors import AuthApiError, AuthWeakPasswordError

from local.cluster import Cluster
from local.project import Project
from local.tokens import sign, verify
from tests.support.supabase import new_project, running_cluster, running_gateway

PASSWORD = "a good password"
HOOK = "public.custom_access_token_hook"
VERSION = {"X-Supabase-Api-Version": "2024-01-01"}
SCHEMA = """
    create table profiles (id uuid primary key, name text, role_seen text, confirmed_seen boolean, app_seen jsonb);
    grant select on profiles to supabase_auth_admin;

    create function handle_new_user() returns trigger language plpgsql security definer set search_path = '' as $$
    begin
      if new.raw_user_meta_data ->> 'name' = 'refused' then
        raise sqlstate 'PT400' using message = 'not you';
      end if;
      insert into public.profiles values (
        new.id, new.raw_user_meta_data ->> 'name', new.role, new.email_confirmed_at is not null, new.raw_app_meta_data);
      return new;
    end $$;
    create trigger handle_new_user after insert on auth.users
      for each row execute function public.handle_new_user();

    create function custom_access_token_hook(event jsonb) returns jsonb language plpgsql stable as $$
    declare
      v_name text := (select name from public.profiles where id = (event ->> 'user_id')::uuid);
    begin
      case v_name
        when 'slow' then perform pg_sleep(10);
        when 'broken' then raise 'out of order';
        when 'unwelcome' then
          return '{"error": {"http_code": 403, "message": "You are not welcome"}}';
        when 'thief' then return '{"claims": {"sub": "nobody"}}';
        else null;
      end case;
      return jsonb_set(event, '{claims,hook}', jsonb_build_object(
        'as', current_user, 'method', event -> 'authentication_method', 'limit', current_setting('statement_timeout')));
    end $$;
    grant execute on function custom_access_token_hook(jsonb) to supabase_auth_admin;
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("auth")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def project(cluster: Cluster) -> Iterator[Project]:
    project = new_project(cluster, access_token_hook=HOOK)
    with psycopg.connect(project.dsn("postgres")) as owner:
        owner.execute(SCHEMA)
    with running_gateway(project):
        yield project


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client() as http:
        yield http


def new_client(project: Project, key: str, http: httpx.Client) -> Client:
    return create_client(project.url, key, ClientOptions(auto_refresh_token=False, httpx_client=http))


@pytest.fixture
def client(project: Project, http: httpx.Client) -> Client:
    """A browser that remembers nothing from another test."""
    return new_client(project, project.publishable_key, http)


@pytest.fixture
def admin(project: Project, http: httpx.Client) -> Client:
    return new_client(project, project.secret_key, http)


@pytest.fixture
def email() -> str:
    return f"{uuid4().hex}@fantooo.com"


def sign_up(client: Client, email: str, **data: Any) -> Any:
    return client.auth.sign_up({"email": email, "password": PASSWORD, "options": {"data": data}})


def sign_in(client: Client, email: str, password: str = PASSWORD) -> Any:
    return client.auth.sign_in_with_password({"email": email, "password": password})


def post(project: Project, path: str, body: Any, **headers: str) -> requests.Response:
    headers = {"apikey": project.publishable_key, **headers}
    return requests.post(f"{project.url}/auth/v1{path}", json=body, headers=headers, timeout=20)


def rows(project: Project, query: str, *arguments: Any) -> list[Any]:
    with psycopg.connect(project.dsn("postgres"), autocommit=True) as owner:
        cursor = owner.execute(query.encode(), arguments)
        return cursor.fetchall() if cursor.description else []


def refusal(project: Project, path: str, body: Any, **headers: str) -> tuple[int, str, str]:
    """The status, code and message of an answer, which must be the same in both forms GoTrue has."""
    old = post(project, path, body, **headers)
    new = post(project, path, body, **headers, **VERSION)
    assert old.status_code == new.status_code == old.json()["code"]
    assert new.headers["X-Supabase-Api-Version"] == "2024-01-01"
    assert old.json()["error_code"] == new.json()["code"] == new.headers["x-sb-error-code"]
    assert old.json()["msg"] == new.json()["message"]
    return new.status_code, new.json()["code"], new.json()["message"]


# -- Signing up


def test_a_sign_up_gives_a_session_and_a_confirmed_user(client: Client, email: str) -> None:
    answer = sign_up(client, email, name="amina")
    assert answer.session.expires_in == 3600
    assert answer.user.email_confirmed_at
    assert answer.user.app_metadata == {"provider": "email", "providers": ["email"]}
    assert answer.user.user_metadata == {
        "name": "amina",
        "sub": answer.user.id,
        "email": email,
        "email_verified": True,
        "phone_verified": False,
    }
    assert [identity.provider for identity in answer.user.identities] == ["email"]


def test_a_trigger_on_insert_sees_the_metadata_but_neither_role_nor_confirmation(
    project: Project, client: Client, email: str
) -> None:
    user = sign_up(client, email, name="amina").user
    seen = rows(project, "select name, role_seen, confirmed_seen from profiles where id = %s", user.id)
    assert seen == [("amina", "", False)]


def test_what_an_admin_puts_into_app_metadata_comes_after_the_trigger(
    project: Project, admin: Client, email: str
) -> None:
    user = admin.auth.admin.create_user({"email": email, "app_metadata": {"user_role": "operator"}}).user
    assert user.app_metadata["user_role"] == "operator"
    seen = rows(project, "select app_seen from profiles where id = %s", user.id)
    assert seen == [({"provider": "email", "providers": ["email"]},)]


def test_the_address_is_kept_in_small_letters(client: Client) -> None:
    name = uuid4().hex.upper()
    assert sign_up(client, f"{name}@Fantooo.COM").user.email == f"{name.lower()}@fantooo.com"


def test_a_trigger_that_raises_fails_the_sign_up_and_leaves_no_user(project: Project, email: str) -> None:
    body = {"email": email, "password": PASSWORD, "data": {"name": "refused"}}
    assert refusal(project, "/signup", body) == (500, "unexpected_failure", "Database error saving new user")
    assert rows(project, "select id from auth.users where email = %s", email) == []


def test_passwords_are_kept_as_bcrypt_hashes_of_gotrue_s_kind(
    project: Project, client: Client, email: str
) -> None:
    sign_up(client, email)
    [(stored,)] = rows(project, "select encrypted_password from auth.users where email = %s", email)
    assert stored.startswith("$2a$10$")
    fits = "select extensions.crypt(%s, %s) = %s"
    assert rows(project, fits, PASSWORD, stored, stored) == [(True,)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"email": "a@b.c"}, (400, "validation_failed", "Signup requires a valid password")),
        (
            {"email": "a@b.c", "password": "short"},
            (422, "weak_password", "Password should be at least 6 characters."),
        ),
        (
            {"email": "a@b.c", "password": "x" * 73},
            (400, "validation_failed", "Password cannot be longer than 72 characters"),
        ),
        (
            {"email": "not an address", "password": PASSWORD},
            (400, "validation_failed", "Unable to validate email address: invalid format"),
        ),
        ({}, (422, "anonymous_provider_disabled", "Anonymous sign-ins are disabled")),
        (
            {"phone": "+254700000000", "password": PASSWORD},
            (400, "phone_provider_disabled", "Phone signups are disabled"),
        ),
    ],
)
def test_a_sign_up_is_refused(project: Project, body: Any, expected: tuple[int, str, str]) -> None:
    assert refusal(project, "/signup", body) == expected


def test_a_taken_address_is_refused_at_sign_up(project: Project, client: Client, email: str) -> None:
    sign_up(client, email)
    taken = (422, "user_already_exists", "User already registered")
    assert refusal(project, "/signup", {"email": email.upper(), "password": PASSWORD}) == taken


def test_a_weak_password_says_why_as_the_python_client_needs_it(client: Client, email: str) -> None:
    with pytest.raises(AuthWeakPasswordError) as caught:
        client.auth.sign_up({"email": email, "password": "short"})
    assert caught.value.reasons == ["length"]


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"email": 3}', b'{"email": "\\u0000"}', b'{"data": "x"}'])
def test_a_body_that_is_not_what_it_should_be_is_bad_json(project: Project, body: bytes) -> None:
    headers = {"apikey": project.publishable_key}
    answer = requests.post(f"{project.url}/auth/v1/signup", data=body, headers=headers, timeout=20)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "bad_json")


# -- Signing in


def test_the_password_signs_in_whatever_the_case_of_the_address(client: Client, email: str) -> None:
    user = sign_up(client, email).user
    assert sign_in(client, email.upper()).user.id == user.id


def test_a_wrong_password_and_an_unknown_address_get_one_answer(
    project: Project, client: Client, email: str
) -> None:
    sign_up(client, email)
    wrong = (400, "invalid_credentials", "Invalid login credentials")
    path = "/token?grant_type=password"
    assert refusal(project, path, {"email": email, "password": "wrong password"}) == wrong
    assert refusal(project, path, {"email": f"x{email}", "password": PASSWORD}) == wrong


def test_an_unconfirmed_user_cannot_sign_in(project: Project, admin: Client, email: str) -> None:
    admin.auth.admin.create_user({"email": email, "password": PASSWORD})
    body = {"email": email, "password": PASSWORD}
    assert refusal(project, "/token?grant_type=password", body)[:2] == (400, "email_not_confirmed")


def test_another_grant_is_refused(project: Project) -> None:
    expected = (400, "invalid_credentials", "unsupported_grant_type")
    assert refusal(project, "/token?grant_type=telepathy", {}) == expected


def test_a_token_has_the_host_s_claims_and_the_hook_s(project: Project, client: Client, email: str) -> None:
    session = sign_up(client, email).session
    claims = verify(project, session.access_token)
    assert claims["iss"] == f"{project.url}/auth/v1"
    assert claims["sub"] == session.user.id
    assert claims["exp"] - claims["iat"] == 3600
    assert session.expires_at == claims["exp"]
    assert [method["method"] for method in claims["amr"]] == ["password"]
    kept = ("aud", "role", "email", "phone", "aal", "is_anonymous")
    assert [claims[name] for name in kept] == ["authenticated", "authenticated", email, "", "aal1", False]
    assert claims["hook"] == {"as": "supabase_auth_admin", "method": "password", "limit": "2s"}


def test_the_client_verifies_tokens_by_the_published_keys_alone(
    client: Client, project: Project, email: str
) -> None:
    session = sign_up(client, email).session
    rows(project, "delete from auth.users where id = %s", session.user.id)
    answer = client.auth.get_claims()
    assert answer
    assert answer["headers"]["alg"] == "ES256"
    assert answer["claims"]["sub"] == session.user.id


def test_the_published_keys_hold_no_private_part(project: Project) -> None:
    answer = requests.get(f"{project.url}/auth/v1/.well-known/jwks.json", timeout=20).json()
    assert [set(key) for key in answer["keys"]] == [{"kty", "crv", "x", "y", "kid", "alg", "use"}]


def test_a_project_with_a_shared_secret_signs_by_it_and_publishes_no_key(
    cluster: Cluster, http: httpx.Client, email: str
) -> None:
    project = new_project(cluster, algorithm="HS256")
    with running_gateway(project):
        client = new_client(project, project.anon_key, http)
        sign_up(client, email)
        answer = client.auth.get_claims()
        assert answer
        assert answer["headers"]["alg"] == "HS256"
        keys = requests.get(f"{project.url}/auth/v1/.well-known/jwks.json", timeout=20).json()
    assert keys == {"keys": []}


# -- The access token hook


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("unwelcome", (403, "You are not welcome")),
        ("slow", (422, "Failed to reach hook within maximum time of 2.000000 seconds")),
        (
            "broken",
            (500, "Error running hook URI: pg-functions://postgres/public/custom_access_token_hook"),
        ),
    ],
)
def test_a_hook_that_refuses_or_fails_gives_no_token(
    project: Project, email: str, name: str, expected: tuple[int, str]
) -> None:
    body = {"email": email, "password": PASSWORD, "data": {"name": name}}
    answer = post(project, "/signup", body)
    assert (answer.status_code, answer.json()["msg"]) == expected
    sessions = "select s.id from auth.sessions s join auth.users u on u.id = s.user_id where u.email = %s"
    assert rows(project, sessions, email) == []


def test_a_hook_must_keep_the_claims_everything_relies_on(project: Project, email: str) -> None:
    body = {"email": email, "password": PASSWORD, "data": {"name": "thief"}}
    answer = post(project, "/signup", body)
    assert answer.status_code == 500
    assert "(root): aud is required" in answer.json()["msg"]


# -- Staying signed in


def refresh(project: Project, token: str) -> Any:
    return post(project, "/token?grant_type=refresh_token", {"refresh_token": token})


def make_older(project: Project, token: str) -> None:
    query = "update auth.refresh_tokens set updated_at = updated_at - interval '1 minute' where token = %s"
    rows(project, query, token)


def test_a_refresh_gives_the_same_session_new_tokens(project: Project, client: Client, email: str) -> None:
    first = sign_up(client, email).session
    second = client.auth.refresh_session().session
    assert second
    assert second.refresh_token != first.refresh_token
    before, after = verify(project, first.access_token), verify(project, second.access_token)
    assert after["session_id"] == before["session_id"]
    assert after["hook"]["method"] == "token_refresh"


def test_a_token_used_twice_at_once_is_forgiven(project: Project, client: Client, email: str) -> None:
    first = sign_up(client, email).session.refresh_token
    child = refresh(project, first).json()["refresh_token"]
    grandchild = refresh(project, child).json()["refresh_token"]
    assert refresh(project, first).status_code == 200
    assert refresh(project, grandchild).status_code == 200


def test_a_client_that_never_got_the_answer_gets_the_same_token_again(
    project: Project, client: Client, email: str
) -> None:
    first = sign_up(client, email).session.refresh_token
    child = refresh(project, first).json()["refresh_token"]
    make_older(project, first)
    assert refresh(project, first).json()["refresh_token"] == child


def test_a_stolen_token_ends_the_session_for_thief_and_owner(
    project: Project, client: Client, email: str
) -> None:
    first = sign_up(client, email).session.refresh_token
    child = refresh(project, first).json()["refresh_token"]
    grandchild = refresh(project, child).json()["refresh_token"]
    for used in (first, child):
        make_older(project, used)
    used_before = (400, "refresh_token_already_used", "Invalid Refresh Token: Already Used")
    assert refusal(project, "/token?grant_type=refresh_token", {"refresh_token": first}) == used_before
    make_older(project, grandchild)
    assert refusal(project, "/token?grant_type=refresh_token", {"refresh_token": grandchild}) == used_before


def test_an_unknown_refresh_token_is_refused(project: Project) -> None:
    expected = (400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found")
    assert refusal(project, "/token?grant_type=refresh_token", {"refresh_token": "nonsense"}) == expected


def test_a_session_past_its_time_cannot_be_refreshed(project: Project, client: Client, email: str) -> None:
    session = sign_up(client, email).session
    rows(project, "update auth.sessions set not_after = now() where user_id = %s", session.user.id)
    assert refresh(project, session.refresh_token).json()["error_code"] == "session_expired"


# -- Signing out


@pytest.mark.parametrize(
    ("scope", "this_one_lives", "the_other_lives"),
    [("global", False, False), ("local", False, True), ("others", True, False)],
)
def test_signing_out_ends_the_sessions_of_its_scope(
    project: Project, client: Client, email: str, scope: Any, this_one_lives: bool, the_other_lives: bool
) -> None:
    other = sign_up(client, email).session
    this = sign_in(client, email).session
    client.auth.sign_out({"scope": scope})
    lives = [refresh(project, session.refresh_token).ok for session in (this, other)]
    assert lives == [this_one_lives, the_other_lives]


def test_an_unknown_scope_signs_nobody_out(project: Project, client: Client, email: str) -> None:
    session = sign_up(client, email).session
    bearer = {"Authorization": f"Bearer {session.access_token}"}
    assert refusal(project, "/logout?scope=everyone", {}, **bearer)[:2] == (400, "validation_failed")
    assert refresh(project, session.refresh_token).ok


# -- One's own user


def who_am_i(project: Project, token: str | None) -> tuple[int, str | None]:
    headers = {"apikey": project.publishable_key} | ({"Authorization": f"Bearer {token}"} if token else {})
    answer = requests.get(f"{project.url}/auth/v1/user", headers=headers, timeout=20)
    return answer.status_code, answer.json().get("error_code")


def test_the_user_is_shown_to_themselves(client: Client, email: str) -> None:
    sign_up(client, email, name="amina")
    answer = client.auth.get_user()
    assert answer
    assert (answer.user.email, answer.user.user_metadata["name"]) == (email, "amina")


def test_tokens_that_are_no_good_get_gotrue_s_answers(project: Project, client: Client, email: str) -> None:
    session = sign_up(client, email).session
    claims = verify(project, session.access_token)
    stranger = sign(project, claims | {"sub": str(uuid4())})
    expired = sign(project, claims | {"exp": int(time.time()) - 1})
    forged = sign(replace(project, algorithm="HS256", jwt_secret="x" * 40), claims)
    assert who_am_i(project, session.access_token) == (200, None)
    assert who_am_i(project, None) == (403, "bad_jwt")
    assert who_am_i(project, "nonsense") == (403, "bad_jwt")
    assert who_am_i(project, expired) == (403, "bad_jwt")
    assert who_am_i(project, forged) == (403, "bad_jwt")
    assert who_am_i(project, stranger) == (403, "user_not_found")
    client.auth.sign_out()
    assert who_am_i(project, session.access_token) == (403, "session_not_found")


def test_metadata_is_merged_key_by_key_and_null_removes(client: Client, email: str) -> None:
    sign_up(client, email, name="amina", colour="red")
    user = client.auth.update_user({"data": {"colour": None, "town": "Nakuru"}}).user
    assert {key: user.user_metadata.get(key) for key in ("name", "colour", "town")} == {
        "name": "amina",
        "colour": None,
        "town": "Nakuru",
    }
    assert "colour" not in user.user_metadata


def test_a_new_password_works_and_ends_the_other_sessions(
    project: Project, client: Client, email: str
) -> None:
    other = sign_up(client, email).session
    this = sign_in(client, email).session
    client.auth.update_user({"password": "another password"})
    assert not refresh(project, other.refresh_token).ok
    assert refresh(project, this.refresh_token).ok
    assert sign_in(client, email, "another password").session
    with pytest.raises(AuthApiError) as caught:
        sign_in(client, email)
    assert caught.value.code == "invalid_credentials"


def test_the_same_password_is_no_new_one(client: Client, email: str) -> None:
    sign_up(client, email)
    with pytest.raises(AuthApiError) as caught:
        client.auth.update_user({"password": PASSWORD})
    assert (caught.value.status, caught.value.code) == (422, "same_password")


def test_an_address_can_be_changed_but_not_to_another_user_s(client: Client, email: str) -> None:
    sign_up(client, f"first-{email}")
    sign_up(client, email)
    assert client.auth.update_user({"email": f"new-{email}"}).user.email == f"new-{email}"
    assert sign_in(client, f"new-{email}").user
    with pytest.raises(AuthApiError) as caught:
        client.auth.update_user({"email": f"first-{email}"})
    assert (caught.value.status, caught.value.code) == (422, "email_exists")


def test_a_recovery_code_from_the_log_signs_in_once(
    client: Client, email: str, caplog: pytest.LogCaptureFixture
) -> None:
    sign_up(client, email)
    client.auth.reset_password_for_email(email)
    [message] = [record.getMessage() for record in caplog.records if "password recovery" in record.msg]
    code = message.split("code ")[1][:6]
    assert client.auth.verify_otp({"type": "recovery", "email": email, "token": code}).session
    with pytest.raises(AuthApiError) as caught:
        client.auth.verify_otp({"type": "recovery", "email": email, "token": code})
    assert caught.value.code == "otp_expired"


def test_recovery_does_not_tell_who_has_an_account(project: Project, client: Client, email: str) -> None:
    sign_up(client, email)
    known = post(project, "/recover", {"email": email})
    unknown = post(project, "/recover", {"email": f"x{email}"})
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text) == (200, "{}")


# -- Administering users


def test_an_admin_makes_shows_lists_and_deletes_users(admin: Client, email: str) -> None:
    attributes: Any = {"email": email, "password": PASSWORD, "email_confirm": True, "user_metadata": {"a": 1}}
    user = admin.auth.admin.create_user(attributes).user
    assert user.user_metadata == {"a": 1, "email_verified": True}
    assert admin.auth.admin.get_user_by_id(user.id).user.email == email
    assert user.id in [listed.id for listed in admin.auth.admin.list_users()]
    admin.auth.admin.delete_user(user.id)
    for gone in (admin.auth.admin.get_user_by_id, admin.auth.admin.delete_user):
        with pytest.raises(AuthApiError) as caught:
            gone(user.id)
        assert (caught.value.status, caught.value.code) == (404, "user_not_found")


def test_an_admin_changes_users(admin: Client, client: Client, email: str) -> None:
    user = sign_up(client, email).user
    changes: Any = {
        "email": f"new-{email}",
        "password": "another password",
        "app_metadata": {"user_role": "x"},
    }
    changed = admin.auth.admin.update_user_by_id(user.id, changes).user
    assert changed.app_metadata == {"provider": "email", "providers": ["email"], "user_role": "x"}
    assert sign_in(client, f"new-{email}", "another password").user.id == user.id


def test_a_taken_address_is_refused_to_admins_too(admin: Client, client: Client, email: str) -> None:
    user = sign_up(client, f"first-{email}").user
    sign_up(client, email)
    with pytest.raises(AuthApiError) as creating:
        admin.auth.admin.create_user({"email": email})
    with pytest.raises(AuthApiError) as changing:
        admin.auth.admin.update_user_by_id(user.id, {"email": email})
    for refusal in (creating.value, changing.value):
        assert (refusal.status, refusal.code) == (422, "email_exists")


def test_a_banned_user_is_out_until_the_ban_is_lifted(
    project: Project, admin: Client, client: Client, email: str
) -> None:
    session = sign_up(client, email).session
    admin.auth.admin.update_user_by_id(session.user.id, {"ban_duration": "24h"})
    body = {"email": email, "password": PASSWORD}
    assert refusal(project, "/token?grant_type=password", body) == (400, "user_banned", "User is banned")
    assert who_am_i(project, session.access_token) == (403, "user_banned")
    assert refresh(project, session.refresh_token).json()["error_code"] == "user_banned"
    admin.auth.admin.update_user_by_id(session.user.id, {"ban_duration": "none"})
    assert sign_in(client, email).session


def test_a_ban_lasts_as_long_as_it_says(project: Project, admin: Client, email: str) -> None:
    user = admin.auth.admin.create_user({"email": email, "ban_duration": "1h30m"}).user
    query = "select banned_until - created_at from auth.users where id = %s"
    [(lasts,)] = rows(project, query, user.id)
    assert abs(lasts - timedelta(hours=1, minutes=30)) < timedelta(minutes=1)


def test_users_are_listed_by_pages_with_their_number(project: Project, admin: Client) -> None:
    for _ in range(3):
        admin.auth.admin.create_user({"email": f"{uuid4().hex}@fantooo.com"})
    headers = {"apikey": project.secret_key}
    url = f"{project.url}/auth/v1/admin/users?page=2&per_page=2"
    answer = requests.get(url, headers=headers, timeout=20)
    [(total,)] = rows(project, "select count(*) from auth.users")
    assert answer.headers["X-Total-Count"] == str(total)
    newest = rows(project, "select id::text from auth.users order by created_at desc, id limit 2 offset 2")
    assert [(user["id"],) for user in answer.json()["users"]] == newest


@pytest.mark.parametrize("query", ["page=0", "per_page=x"])
def test_a_page_that_cannot_be_is_refused(project: Project, query: str) -> None:
    headers = {"apikey": project.secret_key}
    answer = requests.get(f"{project.url}/auth/v1/admin/users?{query}", headers=headers, timeout=20)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "validation_failed")


def test_only_the_service_role_administers(project: Project, client: Client, email: str) -> None:
    sign_up(client, email)
    with pytest.raises(AuthApiError) as caught:
        client.auth.admin.list_users()
    assert (caught.value.status, caught.value.code) == (403, "not_admin")
    assert refusal(project, "/admin/users", {"email": f"x{email}"})[:2] == (403, "not_admin")


def test_a_generated_link_signs_in(project: Project, admin: Client, client: Client, email: str) -> None:
    sign_up(client, email)
    link = admin.auth.admin.generate_link({"type": "magiclink", "email": email}).properties
    answer = requests.get(link.action_link, allow_redirects=False, timeout=20)
    assert answer.status_code == 303
    assert "#access_token=" in answer.headers["location"]


def test_a_user_with_rows_that_may_not_go_is_not_deleted(
    project: Project, admin: Client, client: Client, email: str
) -> None:
    user = sign_up(client, email).user
    rows(project, "create table if not exists kept (user_id uuid references auth.users)")
    rows(project, "insert into kept values (%s)", user.id)
    with pytest.raises(AuthApiError) as caught:
        admin.auth.admin.delete_user(user.id)
    assert (caught.value.status, caught.value.message) == (500, "Database error deleting user")


def test_an_unknown_path_is_not_found_in_auth_s_own_form(project: Project) -> None:
    assert refusal(project, "/nowhere", {})[:2] == (404, "not_found")
