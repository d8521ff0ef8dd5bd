"""The calls of Supabase Auth that need a secret key or a server: making accounts, signing in, exchanging codes.

Plain requests: four small calls, for which the client library would bring its session store and retries.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import requests
import structlog
from requests.adapters import HTTPAdapter

from api.config import Config
from api.errors import ApiError

log = structlog.get_logger("api.supabase_auth")

TIMEOUT = (4, 15)  # seconds to connect, to answer
AUTH_DOWN = (
    503,
    "AUTH_UNAVAILABLE",
    "Sign-in is not available just now. Please try again.",
    {"Retry-After": "5"},
)

# Auth's error codes that are the caller's doing, as we answer them.
REFUSALS: dict[str, tuple[int, str, str] | tuple[int, str, str, dict[str, str]]] = {
    "invalid_credentials": (401, "INVALID_CREDENTIALS", "This name and password do not go together."),
    "email_not_confirmed": (403, "EMAIL_NOT_CONFIRMED", "This e-mail address has not been confirmed yet."),
    "user_banned": (403, "ACCOUNT_SUSPENDED", "This account has been suspended."),
    "email_exists": (409, "NAME_TAKEN", "This name is taken."),
    "user_already_exists": (409, "NAME_TAKEN", "This name is taken."),
    "weak_password": (400, "WEAK_PASSWORD", "This password is too easy to guess."),
    "validation_failed": (400, "INVALID_INPUT", "Sign-in does not accept these values."),
    "email_address_invalid": (400, "INVALID_INPUT", "This e-mail address is not accepted."),
    "user_not_found": (404, "USER_NOT_FOUND", "There is no such account."),
    "over_request_rate_limit": (
        429,
        "RATE_LIMITED",
        "Too many requests. Please try again later.",
        {"Retry-After": "60"},  # Auth does not say how long; its windows are minutes
    ),
    "bad_code_verifier": (
        400,
        "INVALID_CODE",
        "This link was opened in another browser. Please sign in again.",
    ),
    "flow_state_not_found": (400, "INVALID_CODE", "This link has been used already. Please sign in again."),
    "flow_state_expired": (400, "INVALID_CODE", "This link is too old. Please sign in again."),
}


class SupabaseAuth:
    """One project's Auth. Every method raises ApiError: its refusal in our words, or 503 when it does not answer."""

    def __init__(self, url: str, anon_key: str, service_role_key: str) -> None:
        self._url = url
        self._anon_key = anon_key
        self._service_role_key = service_role_key
        self._adapter = HTTPAdapter(pool_maxsize=16)

    @classmethod
    def from_config(cls, config: Config) -> SupabaseAuth:
        return cls(
            config.token_issuer,
            config.supabase_anon_key.get_secret_value(),
            config.supabase_service_role_key.get_secret_value(),
        )

    @contextmanager
    def new_user(self, email: str, password: str, metadata: dict[str, Any]) -> Iterator[str]:
        """The id of a new user, who stays if the block ends well and is removed again if anything fails.

        The e-mail address counts as confirmed: nobody can read mail sent to it. The id is chosen here, so that a user
        whom Auth made without our hearing of it can be removed too, and the address is free for another try.
        """
        user_id = str(uuid4())
        body = {
            "id": user_id,
            "email": email,
            "password": password,
            "email_confirm": True,
            "user_metadata": metadata,
        }
        try:
            self._call("POST", "/admin/users", self._service_role_key, json=body)
            yield user_id
        except BaseException:
            self._remove(user_id)
            raise

    def _remove(self, user_id: str) -> None:
        """Delete a user who may not be there; what failed before stays the answer."""
        try:
            self.delete_user(user_id)
        except ApiError as error:
            if error.failure.code != "USER_NOT_FOUND":
                log.exception("an auth user may have been left behind; remove it by hand", user_id=user_id)

    def delete_user(self, user_id: str) -> None:
        self._call(
            "DELETE", f"/admin/users/{user_id}", self._service_role_key, json={"should_soft_delete": False}
        )

    def sign_in(self, email: str, password: str) -> dict[str, Any]:
        """A session: access_token, refresh_token, expires_at and the Auth user."""
        body = {"email": email, "password": password}
        return self._call("POST", "/token?grant_type=password", self._anon_key, json=body)

    def exchange_code(self, code: str, verifier: str) -> dict[str, Any]:
        """The session a sign-in link's code stands for (PKCE)."""
        body = {"auth_code": code, "code_verifier": verifier}
        return self._call("POST", "/token?grant_type=pkce", self._anon_key, json=body)

    def _call(self, method: str, path: str, key: str, json: dict[str, Any]) -> dict[str, Any]:
        # A session of this call alone, over connections all calls share: sessions are not thread-safe.
        session = requests.Session()
        session.mount(self._url, self._adapter)
        headers = {"apikey": key, "Authorization": f"Bearer {key}"}
        try:
            response = session.request(
                method, self._url + path, json=json, headers=headers, timeout=TIMEOUT, allow_redirects=False
            )
            body = response.json()
        except requests.RequestException as error:
            log.warning("auth does not answer", reason=type(error).__name__)
            raise ApiError(*AUTH_DOWN) from error
        if response.ok and isinstance(body, dict):
            return body
        raise _refusal(response.status_code, body if isinstance(body, dict) else {})


def _refusal(status: int, body: dict[str, Any]) -> ApiError:
    # With an API version header Auth puts the code in "code", without one in "error_code".
    code = body.get("error_code") or body.get("code")
    if code in REFUSALS:
        return ApiError(*REFUSALS[code])
    if body.get("msg", body.get("message")) == "Database error saving new user":
        # All Auth tells of handle_new_user's refusal. What it checks was checked before, but for the name.
        return ApiError(*REFUSALS["user_already_exists"])
    log.error("auth refused", status=status, auth_code=code)
    return ApiError(*AUTH_DOWN)
