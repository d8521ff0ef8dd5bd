"""Signing up and in, against an Auth that answers as Supabase's does."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests

from api.config import Config
from api.services import Services
from api.supabase_auth import SupabaseAuth
from local.ports import free_port
from local.project import Project
from tests.conftest import PASSWORDS, Server
from tests.http.conftest import APP_URL, ENVIRONMENT, Api, body_of, refusal_of
from tests.support.database import Database
from tests.support.supabase import running_gateway

SIGN_UP = {
    "name": "john_doe",
    "password": "correct horse",
    "displayName": "John",
    "location": "Nairobi",
    "gender": "male",
    "lookingFor": "female",
    "age": 25,
    "acceptsFictionalProfiles": True,
}


@pytest.fixture
def project(server: Server, clone: str) -> Iterator[Project]:
    """A running Auth over this test's database."""
    made = Project.create(
        url=f"http://127.0.0.1:{free_port()}",
        db_port=server.cluster.port,
        superuser_password=server.cluster.password,
        database=clone,
    )
    made = replace(made, passwords={**made.passwords, **PASSWORDS})
    with running_gateway(made):
        yield made


@pytest.fixture
def config(server: Server, clone: str, project: Project) -> Config:
    return Config.from_env(
        {
            **ENVIRONMENT,
            "SUPABASE_URL": project.url,
            "SUPABASE_ANON_KEY": project.publishable_key,
            "SUPABASE_SERVICE_ROLE_KEY": project.secret_key,
            "DATABASE_URL": server.dsn(clone, "fantooo_api"),
        }
    )


def auth_users(db: Database) -> list[str]:
    return [row["email"] for row in db.owner.rows("select email from auth.users order by email")]


def test_a_sign_up_makes_an_account_that_can_be_used_at_once(api: Api, db: Database) -> None:
    made = body_of(api.post("/api/auth/sign-up", SIGN_UP), 201)
    assert made["role"] == "real_user"
    assert (made["user"]["name"], made["user"]["email"]) == ("john_doe", "john_doe@fantooo.com")
    assert (made["user"]["credits"], made["disclosure_required"]) == (0, False)
    bearer = {"Authorization": f"Bearer {made['session']['access_token']}"}
    account = body_of(api.get("/api/account", headers=bearer), 200)
    assert account["user"]["id"] == made["user"]["id"]


def test_one_signs_in_by_name_and_by_email_address(api: Api) -> None:
    api.post("/api/auth/sign-up", SIGN_UP)
    for who in ({"name": "john_doe"}, {"email": "john_doe@fantooo.com"}):
        signed_in = body_of(api.post("/api/auth/sign-in", {**who, "password": SIGN_UP["password"]}), 200)
        assert signed_in["session"]["refresh_token"]
        assert signed_in["user"]["name"] == "john_doe"


@pytest.mark.parametrize("who", [{"name": "john_doe"}, {"name": "nobody"}, {"email": "nobody@fantooo.com"}])
def test_a_wrong_password_and_an_unknown_name_are_answered_alike(api: Api, who: dict[str, str]) -> None:
    api.post("/api/auth/sign-up", SIGN_UP)
    refused = api.post("/api/auth/sign-in", {**who, "password": "wrong"})
    assert refusal_of(refused) == (401, "INVALID_CREDENTIALS")


def test_a_name_is_given_once(api: Api, db: Database) -> None:
    body_of(api.post("/api/auth/sign-up", SIGN_UP), 201)
    assert refusal_of(api.post("/api/auth/sign-up", SIGN_UP)) == (409, "NAME_TAKEN")
    assert auth_users(db) == ["john_doe@fantooo.com"]


def test_who_did_not_accept_the_disclosure_is_told_that_it_is_required(api: Api) -> None:
    made = body_of(api.post("/api/auth/sign-up", {**SIGN_UP, "acceptsFictionalProfiles": False}), 201)
    assert made["disclosure_required"] is True


def test_a_sign_up_that_fails_half_way_leaves_nothing_behind(
    api: Api, db: Database, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: Any) -> None:
        raise requests.ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr(SupabaseAuth, "sign_in", unreachable)
        failed = api.post("/api/auth/sign-up", SIGN_UP)
    assert failed.status_code == 503
    assert auth_users(db) == []
    body_of(api.post("/api/auth/sign-up", SIGN_UP), 201)


def test_a_user_whom_auth_made_without_our_hearing_of_it_is_removed_again(
    api: Api, db: Database, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = sign_in_staff(api, db, project)
    send = requests.Session.request

    def answer_is_lost(self: requests.Session, method: str, url: str, **options: Any) -> requests.Response:
        answer = send(self, method, url, **options)
        if (method, url) == ("POST", f"{project.url}/auth/v1/admin/users"):
            assert answer.ok
            raise requests.ReadTimeout
        return answer

    staff = {"name": "Olga", "email": "olga@staff.example", "password": "correct horse"}
    with monkeypatch.context() as broken:
        broken.setattr(requests.Session, "request", answer_is_lost)
        assert refusal_of(api.post("/api/auth/sign-up", SIGN_UP)) == (503, "AUTH_UNAVAILABLE")
        made = api.post("/api/admin/operators", staff, headers=ada)
        assert refusal_of(made) == (503, "AUTH_UNAVAILABLE")
    assert auth_users(db) == ["ada@staff.example"]
    body_of(api.post("/api/auth/sign-up", SIGN_UP), 201)
    body_of(api.post("/api/admin/operators", staff, headers=ada), 201)


def test_when_auth_has_had_enough_requests_the_answer_says_when_to_come_back(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = requests.Response()
    busy.status_code = 429
    busy._content = (
        b'{"code": 429, "error_code": "over_request_rate_limit", "msg": "Request rate limit reached"}'
    )
    monkeypatch.setattr(requests.Session, "request", lambda *_args, **_options: busy)
    refused = api.post("/api/auth/sign-in", {"name": "john_doe", "password": "correct horse"})
    assert refusal_of(refused) == (429, "RATE_LIMITED")
    assert int(refused.headers["Retry-After"]) >= 1


def test_a_sixth_attempt_within_15_minutes_is_refused_whatever_name_it_is_for(api: Api) -> None:
    for number in range(5):
        api.post("/api/auth/sign-in", {"name": f"guess_{number}", "password": "wrong"})
    refused = api.post("/api/auth/sign-in", {"name": "john_doe", "password": "wrong"})
    assert refusal_of(refused) == (429, "RATE_LIMITED")
    assert 60 < int(refused.headers["Retry-After"]) <= 900
    assert refusal_of(api.post("/api/auth/sign-up", SIGN_UP)) == (429, "RATE_LIMITED")


def test_while_auth_is_away_the_answer_is_to_come_back(services: Services, config: Config, api: Api) -> None:
    away = SupabaseAuth("http://127.0.0.1:9/auth/v1", "anon", "service")
    api.app.extensions["fantooo"] = replace(services, auth=away)
    refused = api.post("/api/auth/sign-up", SIGN_UP)
    assert refusal_of(refused) == (503, "AUTH_UNAVAILABLE")
    assert refused.headers["Retry-After"]


def test_an_account_without_a_role_here_is_told_so(api: Api, project: Project, db: Database) -> None:
    requests.post(
        f"{project.url}/auth/v1/admin/users",
        headers={"apikey": project.secret_key},
        json={"email": "stranger@elsewhere.test", "password": "correct horse", "email_confirm": True},
        timeout=10,
    ).raise_for_status()
    refused = api.post("/api/auth/sign-in", {"email": "stranger@elsewhere.test", "password": "correct horse"})
    assert refusal_of(refused) == (404, "USER_NOT_FOUND")


def test_an_admin_makes_an_operator_who_can_sign_in(
    api: Api, db: Database, project: Project, config: Config
) -> None:
    ada = sign_in_staff(api, db, project)
    body = {"name": "Olga", "email": "olga@staff.example", "password": "correct horse"}
    made = body_of(api.post("/api/admin/operators", body, headers=ada), 201)
    assert made["operator"]["name"] == "Olga"
    signed_in = body_of(
        api.post("/api/auth/sign-in", {"email": body["email"], "password": body["password"]}), 200
    )
    assert signed_in["role"] == "operator"


def test_who_is_no_admin_makes_no_operator_and_no_account(api: Api, db: Database) -> None:
    john = body_of(api.post("/api/auth/sign-up", SIGN_UP), 201)
    bearer = {"Authorization": f"Bearer {john['session']['access_token']}"}
    body = {"name": "Olga", "email": "olga@staff.example", "password": "correct horse"}
    assert refusal_of(api.post("/api/admin/operators", body, headers=bearer)) == (403, "NOT_AN_ADMIN")
    assert refusal_of(api.post("/api/admin/admins", body, headers=bearer)) == (403, "NOT_AN_ADMIN")
    assert auth_users(db) == ["john_doe@fantooo.com"]


def sign_in_staff(api: Api, db: Database, project: Project) -> dict[str, str]:
    """The headers of an admin who has just signed in."""
    made = requests.post(
        f"{project.url}/auth/v1/admin/users",
        headers={"apikey": project.secret_key},
        json={"email": "ada@staff.example", "password": "correct horse", "email_confirm": True},
        timeout=10,
    ).json()
    db.owner.call("create_admin", None, uuid.UUID(made["id"]), "Ada", "ada@staff.example", True)
    signed_in = body_of(
        api.post("/api/auth/sign-in", {"email": "ada@staff.example", "password": "correct horse"}), 200
    )
    return {"Authorization": f"Bearer {signed_in['session']['access_token']}"}


@pytest.mark.parametrize("next_", ["//evil.test", "https://evil.test", "/\\evil.test"])
def test_the_callback_never_leads_out_of_the_app(api: Api, next_: str) -> None:
    answer = api.get("/api/auth/callback", query_string={"code": "x", "next": next_})
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{APP_URL}/#error=INVALID_CODE"


def test_the_callback_exchanges_the_code_with_the_browsers_verifier(
    api: Api, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchanged: list[tuple[str, str]] = []

    def exchange(_self: SupabaseAuth, code: str, verifier: str) -> dict[str, Any]:
        exchanged.append((code, verifier))
        return {"access_token": "a", "refresh_token": "r", "expires_in": 3600, "user": {"id": "u"}}

    monkeypatch.setattr(SupabaseAuth, "exchange_code", exchange)
    cookie = "sb-127-auth-token-code-verifier"
    for value in ('"secret"', "%22secret/PASSWORD_RECOVERY%22", "base64-InNlY3JldCI"):
        api.client.set_cookie(cookie, value)
        answer = api.get("/api/auth/callback", query_string={"code": "c", "next": "/chat"})
        assert answer.headers["Location"] == f"{APP_URL}/chat#access_token=a&refresh_token=r&expires_in=3600"
    assert exchanged == [("c", "secret")] * 3
