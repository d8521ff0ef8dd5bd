"""What every answer has in common: ids, headers, limits, logs, figures; and the document that tells of it."""

import json
import logging
import re
import time
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog

from api import create_app, logs, openapi
from api.config import Config
from api.db import Database as ApiDatabase
from api.limits import Limits
from api.services import Services
from tests.conftest import Server
from tests.http.conftest import APP_URL, CRON_SECRET, ENVIRONMENT, JWT_SECRET, Api, body_of, refusal_of, token
from tests.support.database import Database
from tests.support.waiting import wait_until

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.json"


def test_the_committed_document_is_what_the_code_serves(offline: Api) -> None:
    committed = DOCUMENT.read_text()
    assert committed == openapi.render(openapi.document(offline.app)), "run: python docs/make_openapi.py"
    assert offline.get("/api/openapi.json").text == committed


def test_every_endpoint_is_in_the_document(offline: Api) -> None:
    described = set(json.loads(DOCUMENT.read_text())["paths"])
    served = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule) for rule in offline.app.url_map.iter_rules()}
    undescribed = {"/api/docs", "/api/docs/{name}", "/api/openapi.json", "/metrics"}
    assert served - described == undescribed


def test_the_documentation_page_needs_nothing_from_elsewhere(offline: Api) -> None:
    page = offline.get("/api/docs")
    assert "https://" not in page.text
    for address in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        with offline.get(f"/api/{address}") as asset:
            assert asset.status_code == 200
    assert (
        "'unsafe-inline'" not in page.headers["Content-Security-Policy"].split("script-src")[1].split(";")[0]
    )


def test_the_process_is_well_without_a_database_but_not_ready(offline: Api, api: Api) -> None:
    assert body_of(offline.get("/api/health"), 200) == {"status": "ok"}
    assert refusal_of(offline.get("/api/ready")) == (503, "UNAVAILABLE")
    assert body_of(api.get("/api/ready"), 200) == {"status": "ok"}


def test_without_a_database_the_answer_is_to_come_back(offline: Api) -> None:
    refused = offline.get("/api/chats", as_=uuid.uuid4())
    assert refusal_of(refused) == (503, "UNAVAILABLE")
    assert refused.headers["Retry-After"]


def test_an_unknown_path_and_a_wrong_method_are_answered_as_everything_is(offline: Api) -> None:
    for unknown in ("/api/nothing-here", "/api//health", "//api/health"):
        nothing = offline.get(unknown)
        assert refusal_of(nothing) == (404, "NOT_FOUND")
        assert json.loads(nothing.data)["error"] == "There is nothing here."
    wrong = offline.get("/api/messages")
    assert refusal_of(wrong) == (405, "METHOD_NOT_ALLOWED")
    assert "POST" in wrong.headers["Allow"]
    assert json.loads(wrong.data)["error"] == "This path does not take this method."


def test_a_request_id_is_given_back_if_it_is_one_and_made_if_not(offline: Api) -> None:
    given = offline.get("/api/health", headers={"X-Request-Id": "my-request-0001"})
    assert given.headers["X-Request-Id"] == "my-request-0001"
    for bad in ("short", "x" * 65, "spaces are not for ids", 'quote"quote"'):
        made = offline.get("/api/nope", headers={"X-Request-Id": bad})
        assert re.fullmatch(r"[0-9a-f]{32}", made.headers["X-Request-Id"])
        assert json.loads(made.data)["request_id"] == made.headers["X-Request-Id"]


@pytest.mark.parametrize("origin", [APP_URL, "https://evil.test"])
def test_only_our_app_may_call_from_a_browser(offline: Api, origin: str) -> None:
    """Whoever asks is told who may: a browser refuses everybody else."""
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type, idempotency-key",
    }
    headers = offline.client.options("/api/messages", headers=asked).headers
    assert headers["Access-Control-Allow-Origin"] == APP_URL
    assert "POST" in headers["Access-Control-Allow-Methods"].split(", ")
    allowed = {name.lower() for name in headers["Access-Control-Allow-Headers"].split(", ")}
    assert allowed >= {"authorization", "content-type", "idempotency-key", "x-request-id"}
    assert headers["Access-Control-Max-Age"] == "600"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/health", 200),
        ("/api/docs", 200),
        ("/api/openapi.json", 200),
        ("/api/messages", 405),
        ("/api/account", 401),
        ("/api/ready", 503),
        ("/api/nope", 404),
    ],
)
def test_every_answer_says_once_what_a_browser_may_do_with_it(offline: Api, path: str, status: int) -> None:
    answer = offline.get(path)
    assert answer.status_code == status
    names = [name.lower() for name, _ in answer.headers]
    assert len(names) == len(set(names))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Access-Control-Allow-Origin"] == APP_URL
    assert "X-Request-Id" in answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert ("no-store" in answer.headers["Cache-Control"]) == (path != "/api/openapi.json")
    assert not {"access-control-allow-methods", "strict-transport-security"} & set(names)


def test_over_tls_browsers_are_told_to_come_back_that_way(offline: Api) -> None:
    answer = offline.client.get("/api/health", base_url="https://localhost")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


def test_a_hundred_requests_a_minute_are_enough_for_one_caller(
    api: Api, db: Database, person: uuid.UUID
) -> None:
    answers = [api.get("/api/queue", as_=person) for _ in range(101)]
    assert [answer.status_code for answer in answers] == [200] * 100 + [429]
    assert answers[0].headers["RateLimit-Remaining"] == "99"
    assert refusal_of(answers[-1]) == (429, "RATE_LIMITED")
    assert int(answers[-1].headers["Retry-After"]) <= 60
    body_of(api.get("/api/queue", as_=db.user()), 200)


def attempt_sign_in(api: Api, forwarded_for: str) -> int:
    body = {"name": "john", "password": "x"}
    return api.post("/api/auth/sign-in", body, headers={"X-Forwarded-For": forwarded_for}).status_code


def test_a_forwarded_address_is_not_believed_without_a_proxy_of_ours(offline: Api) -> None:
    statuses = [attempt_sign_in(offline, f"203.0.113.{number}") for number in range(6)]
    assert statuses[-1] == 429


def test_behind_our_proxy_only_the_address_it_saw_counts(
    offline: Api, services: Services, server: Server
) -> None:
    config = Config.from_env({**ENVIRONMENT, "DATABASE_URL": server.dsn("postgres"), "TRUSTED_PROXIES": "1"})
    api = Api(create_app(services=replace(offline.app.extensions["fantooo"], config=config)))
    statuses = [attempt_sign_in(api, f"198.51.100.{number}, 203.0.113.7") for number in range(6)]
    assert statuses[-1] == 429
    assert attempt_sign_in(api, "203.0.113.8") != 429


def test_while_the_shared_storage_is_away_requests_are_still_counted(offline: Api) -> None:
    config = Config.from_env(
        {
            **ENVIRONMENT,
            "DATABASE_URL": "postgresql://x@127.0.0.1:9/x",
            "RATE_LIMIT_STORAGE_URL": "redis://127.0.0.1:9",
        }
    )
    services = offline.app.extensions["fantooo"]
    api = Api(
        create_app(services=replace(services, config=config, limits=Limits(config.rate_limit_storage_url)))
    )
    assert [attempt_sign_in(api, "") for _ in range(6)][-1] == 429


def test_several_workers_that_share_no_limits_are_warned_about(
    offline: Api, capfd: pytest.CaptureFixture[str]
) -> None:
    def start(**environ: str) -> str:
        config = Config.from_env({**ENVIRONMENT, "DATABASE_URL": "postgresql://x@127.0.0.1:9/x", **environ})
        create_app(services=replace(offline.app.extensions["fantooo"], config=config))
        return capfd.readouterr().out

    assert "RATE_LIMIT_STORAGE_URL" in start(WEB_CONCURRENCY="4")
    assert "RATE_LIMIT_STORAGE_URL" not in start(WEB_CONCURRENCY="1")


def test_the_log_has_one_line_a_request_and_nothing_that_was_said(
    api: Api, db: Database, person: uuid.UUID, capfd: pytest.CaptureFixture[str]
) -> None:
    logs.configure()
    chat = db.chat(person)
    said = "a very private sentence"
    answer = api.post("/api/messages", {"chatId": str(chat), "content": said}, as_=person)
    api.post("/api/auth/sign-in", {"name": "john_doe", "password": "my-password-123"})
    written = capfd.readouterr().out
    for secret in (
        said,
        "my-password-123",
        token(person),
        JWT_SECRET,
        CRON_SECRET,
        "eyJ",
        "fantooo_api-password",
    ):
        assert secret not in written
    lines = [json.loads(line) for line in written.splitlines()]
    (line,) = [each for each in lines if each.get("route") == "/api/messages"]
    assert (line["status"], line["user_id"], line["method"]) == (201, str(person), "POST")
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert 0 < line["db_ms"] <= line["duration_ms"]


def test_an_error_nobody_foresaw_is_answered_500_and_logged_without_what_was_said(
    api: Api, db: Database, person: uuid.UUID, capfd: pytest.CaptureFixture[str]
) -> None:
    logs.configure()
    db.owner.execute(
        "create or replace function public.get_account(p_caller_id uuid) returns json language plpgsql as"
        " $$ begin raise exception 'internal name' using detail = 'a private sentence', errcode = 'XX000'; end $$"
    )
    failed = api.get("/api/account", as_=person)
    assert refusal_of(failed) == (500, "INTERNAL_ERROR")
    assert "internal name" not in failed.text
    written = capfd.readouterr().out
    (line,) = [json.loads(each) for each in written.splitlines() if "unexpected error" in each]
    assert (line["sqlstate"], line["request_id"]) == ("XX000", failed.headers["X-Request-Id"])
    assert "a private sentence" not in written


def test_what_looks_like_a_secret_is_removed_from_any_log_line(capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    log = logging.getLogger("some.library")
    for line in (
        "sending sk_live_abc",
        "to postgresql://me:word@host/db",
        "with sb_secret_abc",
        f"as {token(uuid.uuid4())}",
    ):
        log.warning(line)
    log.warning("keys:\nsk_live_abc\tsb_secret_abc, and 'postgresql://me:wo\"rd@host/db'")
    log.warning("ends in a backslash: https://there\\")
    structlog.get_logger("api").warning(
        "nested", found=["sk_test_abc", {"at": "redis://:word@cache"}], to="a@b"
    )
    log.warning("half a pair: \ud83d, \U0001f642")
    structlog.get_logger("api").warning("bytes", found=b"\xff sk_live_abc")
    written = capfd.readouterr().out
    for secret in ("live_abc", "secret_abc", "test_abc", "word", "rd@", "eyJ"):
        assert secret not in written
    lines = [json.loads(line) for line in written.splitlines()]
    assert [line["level"] for line in lines] == ["warning"] * 9
    assert lines[6]["to"] == "a@b"
    assert lines[7]["event"] == "half a pair: \ud83d, \U0001f642"
    assert lines[8]["found"] == repr(b"\xff [removed]")


def test_figures_are_for_this_machine_and_who_knows_the_cron_secret(api: Api, db: Database) -> None:
    db.waiting_chat()
    api.get("/api/health")
    figures = api.client.get("/metrics")
    assert figures.status_code == 200
    assert "fantooo_chats_waiting 1.0" in figures.text
    assert "fantooo_ledger_discrepancies 0.0" in figures.text
    assert 'route="/api/health"' in figures.text
    # Looked at once a second at most, and the first look may come before the first connection.
    has_connections = re.compile(r'fantooo_pool_connections{state="open"} [1-9]')
    wait_until(lambda: has_connections.search(api.client.get("/metrics").text))
    api.client.open("/api/health", method="MADEUP")
    assert "MADEUP" not in api.client.get("/metrics").text
    away = {"environ_base": {"REMOTE_ADDR": "203.0.113.9"}}
    assert api.client.get("/metrics", **away).status_code == 401
    assert api.client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 401
    allowed = api.client.get("/metrics", headers={"Authorization": f"Bearer {CRON_SECRET}"}, **away)
    assert allowed.status_code == 200


def test_without_a_database_the_figures_say_so(offline: Api) -> None:
    figures = offline.client.get("/metrics")
    assert figures.status_code == 200
    assert "fantooo_database_up 0.0" in figures.text


def test_a_connection_the_server_closed_is_not_used_again(api: Api, db: Database, person: uuid.UUID) -> None:
    chat = str(db.chat(person))
    for _ in range(3):
        db.owner.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'fantooo_api'"
        )
        body_of(api.post("/api/messages", {"chatId": chat, "content": "still here"}, as_=person), 201)
        assert refusal_of(api.post("/api/operator/assign", as_=person)) == (403, "NOT_AN_OPERATOR")


def test_the_connection_that_came_back_last_is_used_first(server: Server, clone: str) -> None:
    """Also held against a psycopg_pool whose insides have changed: there is no public way to ask for it."""
    found = ApiDatabase(server.dsn(clone, "fantooo_api"), pool_size=3)
    found.open()
    try:
        connections = [found.pool.getconn() for _ in range(3)]
        for connection in connections:
            found.pool.putconn(connection)
        taken = [found.pool.getconn() for _ in range(2)]
        assert taken == [connections[2], connections[1]]
        for connection in taken:
            found.pool.putconn(connection)
        assert found.pool.getconn() is connections[1]
        found.pool.putconn(connections[1])
    finally:
        found.close()


@pytest.mark.parametrize("rested", [True, False])
def test_a_server_that_hung_up_on_all_connections_is_found_again_at_once(
    server: Server, clone: str, db: Database, rested: bool
) -> None:
    """Those that rested are looked at; of those just used one fails, and the call is tried again with a new one."""
    found = ApiDatabase(server.dsn(clone, "fantooo_api"), pool_size=6)
    found.open()
    try:
        connections = [found.pool.getconn() for _ in range(6)]
        for connection in connections:
            connection.used_at = 0 if rested else time.time()
            found.pool.putconn(connection)
        db.owner.execute(
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity"
            " where usename = 'fantooo_api' and datname = %s",
            clone,
        )
        for _ in range(6):
            assert found.value("get_email_domain", repeatable=not rested) == "fantooo.com"
    finally:
        found.close()


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
def test_two_that_ran_into_each_other_try_again(
    services: Services, api: Api, monkeypatch: pytest.MonkeyPatch, sqlstate: str
) -> None:
    tried: list[int] = []
    execute = psycopg.Connection.execute

    def fails_twice(self: psycopg.Connection[Any], *args: Any, **options: Any) -> Any:
        tried.append(1)
        if len(tried) < 3:
            raise psycopg.errors.lookup(sqlstate)
        return execute(self, *args, **options)

    monkeypatch.setattr(psycopg.Connection, "execute", fails_twice)
    assert services.db.value("get_email_domain") == "fantooo.com"
    assert len(tried) == 3


def test_a_call_that_may_have_been_done_is_only_repeated_where_that_does_no_harm(
    services: Services, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def lost(*_: object, **__: object) -> None:
        tried.append(1)
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(psycopg.Connection, "execute", lost)
    with pytest.raises(psycopg.OperationalError):
        services.db.value("get_email_domain")
    assert len(tried) == 1
    with pytest.raises(psycopg.OperationalError):
        services.db.value("get_email_domain", repeatable=True)
    assert len(tried) == 5


@pytest.mark.parametrize("prepare", [True, False])
def test_behind_a_transaction_pooler_no_statement_is_prepared(
    server: Server, clone: str, prepare: bool
) -> None:
    database = ApiDatabase(server.dsn(clone, "fantooo_api"), pool_size=1, prepare=prepare)
    database.open()
    for _ in range(10):
        database.value("get_email_domain")
    with database.pool.connection() as connection:
        (row,) = connection.execute(
            "select count(*) as n from pg_prepared_statements where statement like '%get_email_domain%'",
            prepare=False,
        ).fetchall()
    database.close()
    assert row["n"] == (1 if prepare else 0)
