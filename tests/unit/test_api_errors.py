"""Every way in which a library can fail becomes one kind of answer."""

import inspect
from typing import Any

import jwt
import psycopg
import psycopg_pool
import pytest
import requests
import werkzeug.exceptions
from pydantic import BaseModel, ValidationError

from api.errors import HTTP_CODES, ApiError, failure_of
from api.providers import paystack


def database_error(sqlstate: str) -> psycopg.Error:
    """An error as the server raises it, though without its diagnostics."""
    try:
        kind = psycopg.errors.lookup(sqlstate)
    except KeyError:
        kind = psycopg.ProgrammingError
    error = kind("the row (secret text) fails")
    error.sqlstate = sqlstate
    return error


@pytest.mark.parametrize(
    ("sqlstate", "status", "code"),
    [
        ("23505", 409, "DUPLICATE"),
        ("23503", 404, "FOREIGN_KEY"),
        ("23502", 400, "INVALID_INPUT"),
        ("23514", 400, "INVALID_INPUT"),
        ("22P02", 400, "INVALID_INPUT"),
        ("22003", 400, "INVALID_INPUT"),
        ("22021", 400, "INVALID_INPUT"),
        ("42501", 403, "FORBIDDEN"),
        ("40001", 503, "BUSY"),
        ("40P01", 503, "BUSY"),
        ("55P03", 503, "BUSY"),
        ("57014", 503, "BUSY"),
        ("57P01", 503, "UNAVAILABLE"),
        ("53300", 503, "UNAVAILABLE"),
        ("08006", 503, "UNAVAILABLE"),
        ("42883", 500, "INTERNAL_ERROR"),
        ("42P01", 500, "INTERNAL_ERROR"),
        ("XX000", 500, "INTERNAL_ERROR"),
        ("P0001", 500, "INTERNAL_ERROR"),
        ("PTxyz", 500, "INTERNAL_ERROR"),
    ],
)
def test_a_database_error_is_answered_by_its_state_and_never_in_its_words(
    sqlstate: str, status: int, code: str
) -> None:
    failure = failure_of(database_error(sqlstate))
    assert (failure.status, failure.code) == (status, code)
    assert "secret" not in failure.message
    assert ("Retry-After" in failure.headers) is (status == 503)


@pytest.mark.parametrize(
    "error",
    [
        psycopg.OperationalError("connection refused"),
        psycopg.errors.ConnectionTimeout("timeout"),
        psycopg_pool.PoolTimeout("no connection"),
        psycopg_pool.TooManyRequests("too many"),
        psycopg_pool.PoolClosed("closed"),
    ],
)
def test_a_database_out_of_reach_is_answered_with_when_to_come_back(error: Exception) -> None:
    failure = failure_of(error)
    assert (failure.status, failure.code) == (503, "UNAVAILABLE")
    assert failure.headers["Retry-After"]


@pytest.mark.parametrize(
    "kind",
    [
        kind
        for _, kind in inspect.getmembers(jwt.exceptions, inspect.isclass)
        if issubclass(kind, jwt.PyJWTError)
    ],
)
def test_whatever_is_wrong_with_a_token_is_answered_401(kind: type[Any]) -> None:
    error = kind("claim") if kind is jwt.MissingRequiredClaimError else kind()
    failure = failure_of(error)
    assert failure.status == 401
    assert failure.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "kind", [requests.Timeout, requests.ConnectionError, requests.exceptions.ChunkedEncodingError]
)
def test_a_service_that_does_not_answer_is_answered_503(kind: type[Exception]) -> None:
    assert failure_of(kind("secret address")).status == 503


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (paystack.NotFound("x"), 404, "PAYMENT_NOT_FOUND"),
        (paystack.InvalidReference("x"), 400, "INVALID_INPUT"),
        (paystack.Unavailable("x"), 503, "PAYMENTS_UNAVAILABLE"),
        (paystack.OutcomeUnknown("x"), 503, "PAYMENTS_UNAVAILABLE"),
        (paystack.RateLimited(None), 503, "PAYMENTS_UNAVAILABLE"),
        (paystack.Rejected("x", "y"), 502, "PAYMENT_REFUSED"),
        (paystack.InvalidKey("x"), 502, "PAYMENT_REFUSED"),
        (paystack.DuplicateReference("x"), 502, "PAYMENT_REFUSED"),
    ],
)
def test_paystacks_failures_are_told_apart(error: Exception, status: int, code: str) -> None:
    failure = failure_of(error)
    assert (failure.status, failure.code) == (status, code)


def test_paystacks_rate_limit_is_passed_on() -> None:
    assert failure_of(paystack.RateLimited(12.5)).headers == {"Retry-After": "13"}


@pytest.mark.parametrize("status", sorted(werkzeug.exceptions.default_exceptions))
def test_every_http_error_has_a_code(status: int) -> None:
    failure = failure_of(werkzeug.exceptions.default_exceptions[status]())
    assert failure.code == (HTTP_CODES.get(status, "BAD_REQUEST") if status < 500 else "INTERNAL_ERROR")


def test_a_refused_method_names_those_that_are_allowed() -> None:
    failure = failure_of(werkzeug.exceptions.MethodNotAllowed(valid_methods=["GET"]))
    assert failure.headers["Allow"] == "GET"


class Login(BaseModel):
    password: int


def test_a_validation_error_names_the_field_and_not_its_value() -> None:
    with pytest.raises(ValidationError) as refused:
        Login.model_validate({"password": "hunter2"})
    failure = failure_of(refused.value)
    assert (failure.status, failure.code) == (400, "INVALID_INPUT")
    assert failure.message.startswith("password: ")
    assert "hunter2" not in failure.message


def test_an_error_of_ours_is_answered_as_it_says() -> None:
    failure = failure_of(ApiError(418, "TEAPOT", "I am one.", {"X-Tea": "yes"}))
    assert (failure.status, failure.code, failure.message) == (418, "TEAPOT", "I am one.")


@pytest.mark.parametrize("error", [KeyError("x"), RuntimeError("secret"), OSError("x"), RecursionError()])
def test_anything_else_is_our_fault_and_tells_nothing(error: Exception) -> None:
    failure = failure_of(error)
    assert (failure.status, failure.code, failure.unexpected) == (500, "INTERNAL_ERROR", True)
    assert "secret" not in failure.message
