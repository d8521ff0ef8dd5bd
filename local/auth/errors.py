"""GoTrue's refusals and how they look on the wire."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

VERSION_HEADER = "x-supabase-api-version"
FIRST_VERSION_WITH_TEXT_CODES = "2024-01-01"


class AuthError(Exception):
    """A refusal: HTTP status, GoTrue's error code, a message, and what else the body carries."""

    def __init__(self, status: int, code: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details


def validation_failed(message: str) -> AuthError:
    return AuthError(400, "validation_failed", message)


def user_not_found() -> AuthError:
    return AuthError(404, "user_not_found", "User not found")


def unexpected_failure(message: str) -> AuthError:
    return AuthError(500, "unexpected_failure", message)


def respond(request: Request, error: AuthError) -> JSONResponse:
    """The refusal in the form of the API version that the request names."""
    headers = {"x-sb-error-code": error.code}
    body: dict[str, Any]
    if request.headers.get(VERSION_HEADER, "") >= FIRST_VERSION_WITH_TEXT_CODES:
        # Clients believe a textual code only when the answer says which version it is of.
        headers[VERSION_HEADER] = FIRST_VERSION_WITH_TEXT_CODES
        body = {"code": error.code, "message": error.message}
    else:
        body = {"code": error.status, "error_code": error.code, "msg": error.message}
    return JSONResponse(body | error.details, error.status, headers)
