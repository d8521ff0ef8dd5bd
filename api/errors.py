"""The one place where a failure becomes an answer: {"error": for people, "code": for programs, "request_id"}."""

from __future__ import annotations

import math
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import jwt
import psycopg
import requests
import sentry_sdk
import structlog
from flask import Flask, Response, g, has_app_context, jsonify
from psycopg_pool import PoolTimeout, TooManyRequests
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from api.db import SERIALIZATION_FAILURES, is_connection_failure
from api.providers import paystack
from api.providers.paystack import PaystackError

log = structlog.get_logger("api.errors")

RETRY_SOON = {"Retry-After": "2"}
CHALLENGE = {"WWW-Authenticate": "Bearer"}


class ApiError(Exception):
    """A refusal the API itself decided on."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.failure = Failure(status, code, message, headers or {})


@dataclass(frozen=True)
class Failure:
    """How a failure is answered. `unexpected` ones are logged with their traceback."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)
    unexpected: bool = False


INTERNAL_ERROR = Failure(500, "INTERNAL_ERROR", "Something went wrong on our side.", unexpected=True)
UNAVAILABLE = Failure(
    503, "UNAVAILABLE", "The service is not available just now. Please try again.", RETRY_SOON
)
BUSY = Failure(503, "BUSY", "Too much is happening at once. Please try again.", RETRY_SOON)
EXPIRED_TOKEN = Failure(401, "TOKEN_EXPIRED", "Sign in again: the access token has expired.", CHALLENGE)
INVALID_TOKEN = Failure(401, "INVALID_TOKEN", "Sign in again: the access token is not valid.", CHALLENGE)
PAYMENTS_UNAVAILABLE = Failure(
    503, "PAYMENTS_UNAVAILABLE", "Payments are not available just now. Please try again.", RETRY_SOON
)
INVALID_VALUE = Failure(400, "INVALID_INPUT", "A value is not valid.")

INTEGRITY_FAILURES = {
    "23505": Failure(409, "DUPLICATE", "This already exists."),
    "23503": Failure(404, "FOREIGN_KEY", "Something this refers to was not found."),
    "23502": INVALID_VALUE,
    "23514": INVALID_VALUE,
}

HTTP_CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHENTICATED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    408: "REQUEST_TIMEOUT",
    413: "PAYLOAD_TOO_LARGE",
    414: "URI_TOO_LONG",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "RATE_LIMITED",
    431: "HEADERS_TOO_LARGE",
}
HTTP_SENTENCES = {404: "There is nothing here.", 405: "This path does not take this method."}


def failure_of(error: Exception) -> Failure:
    """How `error`, of whatever library, is answered."""
    match error:
        case ApiError():
            return error.failure
        case psycopg.Error():
            return _of_database(error)
        case ValidationError():
            return _of_validation(error)
        case HTTPException():
            return _of_http(error)
        case jwt.ExpiredSignatureError():
            return EXPIRED_TOKEN
        case jwt.PyJWTError():
            return INVALID_TOKEN
        case PaystackError():
            return _of_paystack(error)
        case requests.RequestException():
            return Failure(
                503,
                "UPSTREAM_UNAVAILABLE",
                "A service we depend on did not answer. Please try again.",
                RETRY_SOON,
            )
        case _:
            return INTERNAL_ERROR


def _of_database(error: psycopg.Error) -> Failure:
    state = error.sqlstate or ""
    if state.startswith("PT") and state[2:].isdigit():
        # Raised by our own functions: the status, the code and the sentence are theirs.
        status = int(state[2:])
        headers = {}
        if status in (429, 503):
            # A rate limit says in its detail how many seconds are left.
            headers = {"Retry-After": error.diag.message_detail or RETRY_SOON["Retry-After"]}
        code = error.diag.message_hint or HTTP_CODES.get(status, "REFUSED")
        return Failure(status, code, error.diag.message_primary or "This was refused.", headers)
    if (
        is_connection_failure(error)
        or isinstance(error, PoolTimeout | TooManyRequests)
        or state.startswith("53")
    ):
        return UNAVAILABLE
    if state in SERIALIZATION_FAILURES or state in (
        "55P03",
        "57014",
    ):  # a lock or the statement took too long
        return BUSY
    if state in INTEGRITY_FAILURES:
        return INTEGRITY_FAILURES[state]
    if state.startswith("22"):
        return INVALID_VALUE
    if state == "42501":
        return Failure(403, "FORBIDDEN", "This is not allowed.")
    return INTERNAL_ERROR


def _of_paystack(error: PaystackError) -> Failure:
    match error:
        case paystack.RateLimited(retry_after=float() as seconds):
            return replace(PAYMENTS_UNAVAILABLE, headers={"Retry-After": str(math.ceil(seconds))})
        case paystack.Unavailable():
            return PAYMENTS_UNAVAILABLE
        case paystack.NotFound():
            return Failure(404, "PAYMENT_NOT_FOUND", "There is no such payment of yours.")
        case paystack.InvalidReference():
            return Failure(400, "INVALID_INPUT", "reference: this is not a payment's reference.")
        case _:
            # A wrong key, or a request that Paystack should not have been sent: somebody has to look.
            return Failure(
                502, "PAYMENT_REFUSED", "The payment service did not accept this.", unexpected=True
            )


def _of_validation(error: ValidationError) -> Failure:
    """Name the field and what is wrong with it; never the value, which may be a password."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        return Failure(400, "INVALID_JSON", "The body is not valid JSON.")
    name = ".".join(str(part) for part in first["loc"]) or "The body"
    problem = first["msg"].removeprefix("Value error, ")
    if not problem[:4].isupper():  # "UUID input should be …"
        problem = problem[:1].lower() + problem[1:]
    return Failure(400, "INVALID_INPUT", f"{name}: {problem}")


def _of_http(error: HTTPException) -> Failure:
    status = error.code or 500
    if status >= 500:
        return INTERNAL_ERROR
    headers = {
        name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After", "Location")
    }
    message = HTTP_SENTENCES.get(status) or error.description or error.name
    return Failure(status, HTTP_CODES.get(status, "BAD_REQUEST"), message, headers)


def answer(failure: Failure) -> Response:
    body = {"error": failure.message, "code": failure.code, "request_id": g.get("request_id")}
    response = jsonify(body)
    response.status_code = failure.status
    response.headers.update(failure.headers)
    g.code = failure.code
    return response


def init_app(app: Flask) -> None:
    """Answer every exception a view or Flask raises."""

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        failure = failure_of(error)
        if failure.unexpected:
            report(error)
        return answer(failure)


def report(error: Exception) -> None:
    """Send and log an error nobody foresaw: where it happened and, unless it may quote a user's text, what it says."""
    sentry_sdk.capture_exception(error)
    frames = traceback.extract_tb(error.__traceback__)
    log.error(
        "unexpected error",
        request_id=g.get("request_id") if has_app_context() else None,
        exception=type(error).__qualname__,
        # The database quotes rows in the details of an error, though not in its first line.
        detail=error.diag.message_primary if isinstance(error, psycopg.Error) else str(error)[:500],
        sqlstate=getattr(error, "sqlstate", None),
        frames=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    )
