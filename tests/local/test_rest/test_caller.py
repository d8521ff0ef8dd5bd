"""Every request runs as its caller: role, claims, privileges, policies and limits."""

import time
from collections.abc import Callable

import httpx
import jwt
import pytest

from tests.support.rest_server import ANN, BOB, Rest

ROWS = {"Prefer": "return=representation"}


def test_a_request_runs_with_the_role_and_the_claims_of_its_token(
    ann: httpx.Client, anyone: httpx.Client
) -> None:
    mine = ann.post("/rpc/whoami", json={}).json()
    assert (mine["role"], mine["sub"], mine["method"], mine["path"]) == (
        "authenticated",
        ANN,
        "POST",
        "/rpc/whoami",
    )
    assert anyone.post("/rpc/whoami", json={}).json()["role"] == "anon"


def test_the_time_limit_is_that_of_the_role(ann: httpx.Client, anyone: httpx.Client) -> None:
    assert anyone.get("/rpc/whoami").json()["timeout"] == "3s"
    assert ann.get("/rpc/whoami").json()["timeout"] == "8s"


def test_policies_choose_the_rows(rest: Rest) -> None:
    with rest.as_("authenticated", ANN) as ann, rest.as_("authenticated", BOB) as bob:
        assert [row["body"] for row in ann.get("/notes?order=id").json()] == ["a1", "a2"]
        assert [row["body"] for row in bob.get("/notes").json()] == ["b1"]
        assert bob.patch("/notes?body=eq.a1", json={"body": "stolen"}, headers=ROWS).json() == []
        assert bob.delete("/notes?body=eq.a1", headers=ROWS).json() == []
        assert bob.get("/notes", headers={"Prefer": "count=exact"}).headers["content-range"] == "0-0/1"
    assert rest.sql("select count(*) from notes where body = 'a1'") == [(1,)]


def test_a_row_of_someone_elses_cannot_be_inserted(ann: httpx.Client) -> None:
    answer = ann.post("/notes", json={"body": "x", "owner": BOB})
    assert (answer.status_code, answer.json()["code"]) == (403, "42501")


def test_column_privileges_hold_for_reading_filtering_and_returning(ann: httpx.Client) -> None:
    assert ann.get("/accounts?select=id,nickname&order=id&limit=1").json() == [{"id": 1, "nickname": "one"}]
    for path in ("/accounts", "/accounts?select=secret", "/accounts?select=id&secret=eq.hush"):
        assert (ann.get(path).status_code, ann.get(path).json()["code"]) == (403, "42501")
    assert ann.patch("/accounts?id=eq.1", json={"secret": "mine"}).json()["code"] == "42501"
    assert ann.patch("/accounts?id=eq.1", json={"nickname": "one"}, headers=ROWS).json()["code"] == "42501"


def test_a_write_that_answers_granted_columns_needs_no_other(ann: httpx.Client, rest: Rest) -> None:
    assert ann.post("/accounts", json={"id": 9, "nickname": "nine"}).status_code == 201
    assert ann.patch("/accounts?id=eq.9&select=id", json={"nickname": "IX"}, headers=ROWS).json() == [
        {"id": 9}
    ]
    assert rest.sql("select nickname from accounts where id = 9") == [("IX",)]
    assert ann.delete("/accounts?id=eq.9&select=nickname", headers=ROWS).json() == [{"nickname": "IX"}]


def test_a_missing_privilege_asks_the_anonymous_to_sign_in(anyone: httpx.Client) -> None:
    answer = anyone.get("/notes")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


FORGERIES: dict[str, tuple[Callable[[Rest], str], str]] = {
    "expired": (lambda rest: rest.token("authenticated", expires_in=-60), "PGRST303"),
    "garbage": (lambda _: "no.jwt.here", "PGRST301"),
    "other-key": (lambda _: jwt.encode({"role": "service_role"}, "x" * 40, algorithm="HS256"), "PGRST301"),
    "no-key": (lambda _: jwt.encode({"role": "service_role"}, "", algorithm="none"), "PGRST301"),
    "not-yet": (
        lambda rest: jwt.encode({"nbf": int(time.time()) + 600}, rest.project.jwt_secret, algorithm="HS256"),
        "PGRST303",
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_token_that_does_not_hold_is_refused(rest: Rest, name: str) -> None:
    make, code = FORGERIES[name]
    with rest.with_token(make(rest)) as client:
        answer = client.get("/books")
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert answer.headers["www-authenticate"].startswith('Bearer error="invalid_token"')


@pytest.mark.parametrize(
    ("role", "status"), [("postgres", 403), ("supabase_admin", 403), ("nobody_knows", 401)]
)
def test_a_role_the_api_may_not_take_is_refused(rest: Rest, role: str, status: int) -> None:
    with rest.as_(role) as client:
        assert client.get("/books").status_code == status


def test_nothing_of_a_caller_is_left_for_the_next(rest: Rest) -> None:
    with rest.as_("authenticated", ANN) as ann, rest.as_() as anyone:
        for _ in range(20):
            assert ann.get("/rpc/reads_claims").json() == ANN
            assert anyone.get("/rpc/reads_claims").json() is None
