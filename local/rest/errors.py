"""Errors as PostgREST answers them: a JSON object of code, message, details and hint, and a status.

The codes and the statuses of SQLSTATEs are those of PostgREST's "Errors" reference.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus

import psycopg
from psycopg_pool import PoolTimeout


class ApiError(Exception):
    """A refusal, as the client will read it."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: object = None,
        hint: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.hint = hint
        self.headers = dict(headers or {})

    def body(self) -> dict[str, object]:
        return {"code": self.code, "message": self.message, "details": self.details, "hint": self.hint}


class NotInSchema(ApiError):
    """The request names a table, column, relationship or function that the schema cache does not hold."""


def invalid_token(code: str, message: str) -> ApiError:
    challenge = f'Bearer error="invalid_token", error_description="{message}"'
    return ApiError(401, code, message, headers={"WWW-Authenticate": challenge})


_STATUS_BY_SQLSTATE = {
    "23503": 409,
    "23505": 409,
    "25006": 405,
    "42883": 404,
    "42P01": 404,
    "42P17": 500,
    "57P01": 503,
    "P0001": 400,
    "53400": 500,
}
_STATUS_BY_CLASS = {
    "08": 503, "09": 500, "0L": 403, "0P": 403, "25": 500, "28": 403, "2D": 500, "38": 500, "39": 500,
    "3B": 500, "40": 500, "53": 503, "54": 500, "55": 500, "57": 500, "58": 500, "F0": 500, "HV": 500,
    "P0": 500, "XX": 500,
}  # fmt: skip


def from_database(error: psycopg.Error, *, anonymous: bool) -> ApiError:
    """What the client is told of an error of PostgreSQL or of the way to it.

    A missing privilege is 401 for someone who has not signed in (signing in may help) and 403 for others.
    """
    if isinstance(error, PoolTimeout):
        return ApiError(504, "PGRST003", "Timed out acquiring connection from connection pool.")
    if error.sqlstate is None:
        if isinstance(error, psycopg.DataError):  # psycopg refuses to send a NUL character
            return ApiError(400, "22021", str(error))
        return ApiError(503, "PGRST001", "Database client error. Retrying the connection.")
    if error.sqlstate == "PGRST":
        return _raised_as_json(error.diag.message_primary, error.diag.message_detail)
    message = error.diag.message_primary or ""
    status = _status(error.sqlstate, message, anonymous)
    return ApiError(
        status,
        error.sqlstate,
        message,
        error.diag.message_detail,
        error.diag.message_hint,
        {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else None,
    )


def _status(sqlstate: str, message: str, anonymous: bool) -> int:
    if sqlstate == "42501":
        return 401 if anonymous else 403
    if sqlstate == "21000":  # safeupdate's refusal is the client's fault, any other is the schema's
        return 400 if message.endswith("requires a WHERE clause") else 500
    if sqlstate == "22023":
        names_no_role = message.startswith("role") and message.endswith("does not exist")
        return 401 if names_no_role else 400
    if sqlstate.startswith("PT"):
        return _http_status(sqlstate[2:])
    return _STATUS_BY_SQLSTATE.get(sqlstate) or _STATUS_BY_CLASS.get(sqlstate[:2], 400)


def _http_status(digits: str) -> int:
    return int(digits) if digits.isdecimal() and 200 <= int(digits) <= 599 else 500


def _raised_as_json(message: str | None, detail: str | None) -> ApiError:
    """`raise sqlstate 'PGRST'`: the function states body, status and headers itself, as JSON."""
    try:
        body, answer = json.loads(message or ""), json.loads(detail or "")
        return ApiError(
            int(answer["status"]),
            body["code"],
            body["message"],
            body.get("details"),
            body.get("hint"),
            answer["headers"],
        )
    except (ValueError, KeyError, TypeError) as error:
        return ApiError(
            500,
            "PGRST121",
            "Could not parse JSON in the \"RAISE SQLSTATE 'PGRST'\" error",
            details=str(error),
        )
