"""How a view is declared: who may call it, what it takes, what it answers. Requests are checked against that
declaration, and the OpenAPI document is written from it.

flask-openapi3 was tried and left: it checks the body before anybody has looked at the token, builds a JSON schema at
each request with a query, and takes broken JSON and a wrong content type for a missing body.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import wraps
from typing import Any, TypeVar, cast

import jwt
from flask import Blueprint, Flask, g, request
from limits import RateLimitItem
from pydantic import BaseModel

from api import limits
from api.auth import Caller
from api.errors import CHALLENGE, ApiError
from api.services import services

Model = TypeVar("Model", bound=BaseModel)
View = Callable[..., Any]


class Access(Enum):
    ANYONE = "anyone"
    SIGNED_IN = "signed in"
    CRON = "the cron secret"


class LimitBy(Enum):
    CALLER = "caller"
    ADDRESS = "address"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Operation:
    """One endpoint, as the OpenAPI document tells it."""

    tag: str
    view: View
    access: Access
    limited: bool
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    answers: Mapping[int, type[BaseModel] | None]
    refusals: Mapping[int, tuple[str, ...]]
    headers: tuple[str, ...]


class Resource(Blueprint):
    """A blueprint whose views are declared with `operation`."""

    def __init__(self, tag: str, import_name: str) -> None:
        super().__init__(tag.lower(), import_name, url_prefix="/api")
        self.tag = tag

    def operation(
        self,
        method: str,
        rule: str,
        *,
        answers: Mapping[int, type[BaseModel] | None],
        access: Access = Access.SIGNED_IN,
        body: type[BaseModel] | None = None,
        query: type[BaseModel] | None = None,
        refusals: Mapping[int, tuple[str, ...]] | None = None,
        headers: tuple[str, ...] = (),
        limit: RateLimitItem = limits.EVERYTHING,
        limit_by: LimitBy = LimitBy.CALLER,
    ) -> Callable[[View], View]:
        """Serve a view. It is called with the parts of its path and, as declared, `caller`, `body` and `query`.

        `refusals` are the codes by status that this view adds to those every such endpoint has.
        """

        def declare(view: View) -> View:
            operation = Operation(
                self.tag,
                view,
                access,
                limit_by is not LimitBy.NOTHING,
                body,
                query,
                answers,
                refusals or {},
                headers,
            )

            @wraps(view)
            def checked(**inputs: Any) -> Any:
                if limit_by is not LimitBy.NOTHING:
                    services().limits.spend(limit, *_subject(limit_by))
                if access is Access.SIGNED_IN:
                    inputs["caller"] = signed_in_caller()
                elif access is Access.CRON:
                    require_cron_secret()
                if query is not None:
                    inputs["query"] = query.model_validate(request.args.to_dict())
                if body is not None:
                    inputs["body"] = read_body(body)
                return view(**inputs)

            checked.operation = operation  # type: ignore[attr-defined]
            self.add_url_rule(rule, endpoint=view.__name__, view_func=checked, methods=[method])
            return view

        return declare


def signed_in_caller() -> Caller:
    """Who sent this request. Raises 401 when nobody can be told, jwt.PyJWTError when the token is not good."""
    found = _caller_or_none()
    if found is None:
        raise ApiError(401, "UNAUTHENTICATED", "Sign in first.", CHALLENGE)
    return found


def _caller_or_none() -> Caller | None:
    # Behind the proxy, which looks for it anew at each attribute.
    known = g._get_current_object()
    if "caller" not in known:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        token = token.strip()
        known.caller = services().tokens.verify(token) if scheme.lower() == "bearer" and token else None
    return cast("Caller | None", known.caller)


def _subject(limit_by: LimitBy) -> tuple[str, str]:
    """Whom to count a request for: the user the token names, or the address where there is no (good) token."""
    if limit_by is LimitBy.CALLER:
        try:
            caller = _caller_or_none()
        except jwt.PyJWTError:
            caller = None
        if caller:
            return "user", str(caller.id)
    return "address", limits.address()


def read_body(model: type[Model]) -> Model:
    """The request's JSON body. Raises 415 for another content type, pydantic.ValidationError for another content."""
    if not request.is_json:
        raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json.")
    return model.model_validate_json(request.get_data())


def require_cron_secret() -> None:
    """Raises 401 unless the caller knows CRON_SECRET, in time that tells nothing about it."""
    expected = f"Bearer {services().config.cron_secret.get_secret_value()}"
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise ApiError(401, "UNAUTHENTICATED", "This needs the cron secret as bearer token.", CHALLENGE)


def operations(app: Flask) -> list[tuple[str, str, Operation]]:
    """(path, method, operation) of everything declared, in a stable order."""
    found = []
    for rule in app.url_map.iter_rules():
        operation = getattr(app.view_functions[rule.endpoint], "operation", None)
        if operation:
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                found.append((rule.rule, method.lower(), operation))
    return sorted(found, key=lambda item: (item[0], item[1]))
