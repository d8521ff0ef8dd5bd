"""Who calls Auth, by the bearer token that the gateway passes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jwt
from starlette.requests import Request

from local.auth import sessions, users
from local.auth.errors import AuthError
from local.auth.users import Connection, Row
from local.project import Project
from local.tokens import verify

ADMIN_ROLES = ("service_role", "supabase_admin")


@dataclass(frozen=True)
class Caller:
    """A signed-in user and the session they call from, which old tokens may lack."""

    user: Row
    session_id: str | None


async def signed_in(db: Connection, project: Project, request: Request) -> Caller:
    """The user who calls. Raises AuthError when the token, its user or its session is no good."""
    claims = _claims(project, request)
    if not claims.get("sub"):
        raise AuthError(403, "bad_jwt", "invalid claim: missing sub claim")
    user = await users.find(db, _id(claims["sub"], "sub"))
    if user is None:
        raise AuthError(403, "user_not_found", "User from sub claim in JWT does not exist")
    if users.is_banned(user):
        raise AuthError(403, "user_banned", "User is banned")
    session_id = claims.get("session_id")
    if session_id and not await sessions.exists(db, _id(session_id, "session_id")):
        raise AuthError(403, "session_not_found", "Session from session_id claim in JWT does not exist")
    return Caller(user, session_id)


def require_admin(project: Project, request: Request) -> None:
    """Raise AuthError unless the caller holds the service role's key."""
    if _claims(project, request).get("role") not in ADMIN_ROLES:
        raise AuthError(403, "not_admin", "User not allowed")


def _claims(project: Project, request: Request) -> dict[str, Any]:
    token = getattr(request.state, "token", None)
    if not token:
        raise AuthError(401, "no_authorization", "This endpoint requires a valid Bearer token")
    try:
        return verify(project, token)
    except jwt.InvalidTokenError as error:
        reason = f"invalid JWT: unable to parse or verify signature, {error}"
        raise AuthError(403, "bad_jwt", reason) from error


def _id(value: Any, claim: str) -> UUID:
    try:
        return UUID(str(value))
    except ValueError as error:
        raise AuthError(403, "bad_jwt", f"invalid claim: {claim} claim must be a UUID") from error
