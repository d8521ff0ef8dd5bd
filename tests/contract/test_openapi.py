"""Whatever is asked, well formed or not, and whoever asks it: the answer is one that the OpenAPI document promises."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import Phase, given, settings
from limits import RateLimitItem
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from api import connect, create_app
from api.config import Config
from api.limits import Limits
from local.ports import free_port
from local.project import Project
from tests.conftest import PASSWORDS, Server
from tests.http.conftest import CRON_SECRET, ENVIRONMENT, token
from tests.support.database import Database
from tests.support.paystack import running_stand_in
from tests.support.supabase import running_gateway

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "openapi.json"
SCHEMA = schemathesis.openapi.from_path(DOCUMENT)
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]  # type: ignore[union-attr]
KINDS = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
PROMISES = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.unsupported_method,
    checks.allow_header_conformance,
]
RANDOM_CASES = (
    5  # good ones of each operation, beside those that try each bound and each type in the document
)
# What a request made up from the document cannot know; other tests do, and hold those answers to the document too.
NEVER_REACHED = {
    "POST /api/auth/sign-in": "an account's password",
    "POST /api/webhooks/paystack": "Paystack's signature",
    "POST /api/webhooks/paystack/verify": "the reference of a payment that came through",
}


class Unlimited(Limits):
    """Nobody has asked too often: that is refused in other tests, and would hide every other answer here."""

    def allows(self, limit: RateLimitItem, *key: str) -> bool:
        return True


@dataclass(frozen=True)
class World:
    """Everybody's bearer tokens, by the scheme the document has for them, and what there is, by its names for it."""

    app: Flask
    tokens: dict[str, list[str]]
    things: dict[str, str]

    def try_out(self, case: Case[Any]) -> bool:
        """Hold the answers to the document, about made-up things and about what there is. Whether one was a success."""
        answers = [
            version.call_and_validate(app=self.app, headers=headers, checks=PROMISES)
            for version in (case, *self._about_what_there_is(case))
            for headers in self._callers(case)
        ]
        # Some cases try a method the document does not have for this path.
        return case.method == case.operation.method.upper() and any(
            answer.status_code < 400 for answer in answers
        )

    def _callers(self, case: Case[Any]) -> Iterator[dict[str, str]]:
        """What everybody sends who has a token for this operation, and what one sends who has none."""
        for scheme in (
            name for wanted in case.operation.definition.raw.get("security", []) for name in wanted
        ):
            yield from ({"Authorization": f"Bearer {token}"} for token in self.tokens[scheme])
        yield {}

    def _about_what_there_is(self, case: Case[Any]) -> Iterator[Case[Any]]:
        """A good case again, with the things that exist in the place of made-up ones."""
        if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
            return
        known = case.derive()
        named = [self._name_things_in(part) for part in (known.path_parameters, known.query, known.body)]
        if any(named):
            yield known

    def _name_things_in(self, values: object) -> bool:
        names = self.things.keys() & values.keys() if isinstance(values, dict) else set()
        for name in names:
            values[name] = self.things[name]  # type: ignore[index]
        return bool(names)


@pytest.fixture(scope="module")
def app(
    server: Server, module_clone: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Flask, Config]]:
    """The API with all it needs: its database, an Auth, and a Paystack whose webhooks reach nobody."""
    project = Project.create(
        url=f"http://127.0.0.1:{free_port()}",
        db_port=server.cluster.port,
        superuser_password=server.cluster.password,
        database=module_clone,
    )
    project = replace(project, passwords={**project.passwords, **PASSWORDS})
    with (
        running_gateway(project),
        running_stand_in(tmp_path_factory.mktemp("paystack"), "http://127.0.0.1:9/webhook") as paystack,
    ):
        config = Config.from_env(
            {
                **ENVIRONMENT,
                "SUPABASE_URL": project.url,
                "SUPABASE_ANON_KEY": project.publishable_key,
                "SUPABASE_SERVICE_ROLE_KEY": project.secret_key,
                "DATABASE_URL": server.dsn(module_clone, "fantooo_api"),
            }
        )
        services = replace(connect(config), limits=Unlimited("memory://"), paystack=paystack.client())
        yield create_app(services=services), config
        services.db.close()


@pytest.fixture
def world(app: tuple[Flask, Config], shared: Database) -> World:
    """People of this test's own: a user whose paid message waits, the operator who holds the chat, and the rest."""
    flask, config = app
    user, stranger = shared.user(credits=1000), shared.auth_user(f"{uuid.uuid4()}@elsewhere.test")
    operator, idle_operator, admin = shared.operator(available=True), shared.operator(), shared.admin()
    profile = shared.profile()
    chat = shared.chat(user, profile)
    shared.owner.call("send_user_message", user, chat, "hello")
    shared.owner.call("reassign_chat", admin, chat, operator)
    answer = shared.owner.call("send_operator_message", operator, chat, "hello you", uuid.uuid4())
    shared.owner.call("send_user_message", user, chat, "how are you?")
    shared.owner.call("set_operator_availability", idle_operator, True)
    things = {
        "chat_id": chat,
        "chatId": chat,
        "profile_id": profile,
        "fictionalUserId": profile,
        "operator_id": operator,
        "user_id": user,
        "senderId": user,
        "report_id": shared.browser(user).call("report_message", answer["message"]["id"], "rude"),
        "reference": shared.owner.call("create_payment", user, "credits-10")["reference"],
        "email": f"{uuid.uuid4()}@new.test",
    }
    people = (user, operator, idle_operator, admin, stranger)
    return World(
        flask,
        {"user": [token(person, iss=config.token_issuer) for person in people], "cron": [CRON_SECRET]},
        {name: str(value) for name, value in things.items()},
    )


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_every_answer_is_one_the_document_promises(
    operation: APIOperation[Any, Any, Any, Any], world: World
) -> None:
    @given(case=operation.as_strategy())
    @settings(
        max_examples=RANDOM_CASES, derandomize=True, database=None, deadline=None, phases=[Phase.generate]
    )
    def try_random_cases(case: Case[Any]) -> None:
        world.try_out(case)

    succeeded = [
        world.try_out(case)
        for case in SCHEMA.iter_coverage_cases(
            operation,
            generation_modes=KINDS,
            generation_config=SCHEMA.config.generation_for(operation=operation),
        )
    ]
    assert any(succeeded) or operation.label in NEVER_REACHED
    try_random_cases()
