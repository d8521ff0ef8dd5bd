"""The API against a database of the test's own, and people who call it. Every answer is held against the document."""

import json
import logging
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api import connect, create_app, models, openapi, routing
from api.config import Config
from api.db import Database as ApiDatabase
from api.services import Services
from tests.conftest import Server
from tests.support.database import Database

SUPABASE_URL = "http://supabase.test"
JWT_SECRET = "a-shared-secret-of-this-test-run-0123456789"
CRON_SECRET = "cron-secret-of-this-test-run"
APP_URL = "https://app.test"

ENVIRONMENT = {
    "SUPABASE_URL": SUPABASE_URL,
    "SUPABASE_ANON_KEY": "sb_publishable_of_this_test_run",
    "SUPABASE_SERVICE_ROLE_KEY": "sb_secret_of_this_test_run",
    "SUPABASE_JWT_SECRET": JWT_SECRET,
    "PAYSTACK_SECRET_KEY": "sk_test_fixture_not_a_real_key",
    "PAYSTACK_PUBLIC_KEY": "pk_test_fixture_not_a_real_key",
    "PAYSTACK_BASE_URL": "http://127.0.0.1:9",
    "CRON_SECRET": CRON_SECRET,
    "APP_URL": APP_URL,
}


def token(user_id: uuid.UUID, **claims: Any) -> str:
    """An access token as this project's Auth signs it."""
    now = int(time.time())
    claims = {
        "sub": str(user_id),
        "aud": "authenticated",
        "role": "authenticated",
        "iss": f"{SUPABASE_URL}/auth/v1",
        "iat": now,
        "exp": now + 3600,
        **claims,
    }
    return jwt.encode(claims, JWT_SECRET, algorithm="HS256")


class Api:
    """A client of the app. `as_` names the user whose token is sent; answers nobody documented fail the test."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        self._operations = {(path, method): operation for path, method, operation in routing.operations(app)}
        self._document = openapi.document(app)

    def request(
        self,
        method: str,
        path: str,
        *,
        as_: uuid.UUID | None = None,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> TestResponse:
        sent = dict(headers or {})
        if as_ is not None:
            sent["Authorization"] = f"Bearer {token(as_)}"
        response = self.client.open(path, method=method, headers=sent, **options)
        self._assert_documented(method.lower(), path, response)
        return response

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.request("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self.request("POST", path, **({"json": body} if body is not None else {}), **options)

    def patch(self, path: str, body: Any, **options: Any) -> TestResponse:
        return self.request("PATCH", path, json=body, **options)

    def _assert_documented(self, method: str, path: str, response: TestResponse) -> None:
        assert response.headers["X-Request-Id"]
        with self.app.test_request_context(path, method=method) as context:
            rule = context.request.url_rule.rule if context.request.url_rule else None
        operation = self._operations.get((rule or "", method))
        if response.status_code >= 400:
            models.Error.model_validate_json(response.data)
        if operation is None:
            return
        documented = {
            int(status)
            for item in self._document["paths"].values()
            for described in item.values()
            if described["operationId"] == operation.view.__name__
            for status in described["responses"]
        }
        assert response.status_code in documented, (
            f"{method} {path} answered {response.status_code}: {response.text}"
        )
        model = operation.answers.get(response.status_code)
        if model:
            model.model_validate_json(response.data)


def body_of(response: TestResponse, status: int) -> Any:
    """The JSON of an answer that must have this status."""
    assert response.status_code == status, response.text
    return json.loads(response.data)


def refusal_of(response: TestResponse) -> tuple[int, str]:
    return response.status_code, json.loads(response.data)["code"]


@pytest.fixture
def config(server: Server, clone: str) -> Config:
    return Config.from_env({**ENVIRONMENT, "DATABASE_URL": server.dsn(clone, "fantooo_api")})


@pytest.fixture
def services(config: Config) -> Services:
    """What the app reaches. Tests that need another Auth or Paystack override this fixture."""
    return connect(config)


@pytest.fixture
def api(services: Services) -> Iterator[Api]:
    app = create_app(services=services)
    yield Api(app)
    services.db.close()


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """The API without any database, for what has to be decided before one is asked."""
    monkeypatch.setattr(logging.getLogger("psycopg.pool"), "disabled", True)
    nowhere = "postgresql://fantooo_api@127.0.0.1:9/none"
    services = connect(Config.from_env({**ENVIRONMENT, "DATABASE_URL": nowhere}))
    services = replace(services, db=ApiDatabase(nowhere, pool_timeout=0.1))
    yield Api(create_app(services=services))
    services.db.close()


@pytest.fixture
def person(db: Database) -> uuid.UUID:
    """A user who has accepted the disclosure and has no credits."""
    return db.user()
