"""Sessions: access tokens with the project's hook, refresh tokens with rotation."""

from __future__ import annotations

import secrets
import string
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from local.auth import users
from local.auth.errors import AuthError, unexpected_failure
from local.auth.users import Connection, Row
from local.project import Project
from local.tokens import sign

ACCESS_TOKEN_SECONDS = 3600
REUSE_SECONDS = 10
HOOK_TIMEOUT_MS = 2000
REFRESH_ALPHABET = string.ascii_lowercase + string.digits
CLAIMS_A_HOOK_MUST_KEEP = (
    "aud",
    "exp",
    "iat",
    "sub",
    "email",
    "phone",
    "role",
    "aal",
    "session_id",
    "is_anonymous",
)


@dataclass(frozen=True)
class Origin:
    """Where a sign-in came from, kept on its session."""

    user_agent: str
    ip: str | None


async def start(db: Connection, project: Project, user: Row, method: str, origin: Origin) -> dict[str, Any]:
    """A new session for the user, as the answer to a sign-in. `method` is how they proved who they are."""
    session_id = uuid4()
    await db.execute(
        """
        insert into auth.sessions (id, user_id, created_at, updated_at, aal, user_agent, ip)
        values (%s, %s, now(), now(), 'aal1', %s, %s)
        """,
        [session_id, user["id"], origin.user_agent, origin.ip],
    )
    await db.execute(
        """
        insert into auth.mfa_amr_claims (id, session_id, created_at, updated_at, authentication_method)
        values (%s, %s, now(), now(), %s)
        """,
        [uuid4(), session_id, method],
    )
    await db.execute(
        "update auth.users set last_sign_in_at = now(), updated_at = now() where id = %s", [user["id"]]
    )
    refresh_token = await _issue_refresh_token(db, user["id"], session_id, parent=None)
    return await _answer(db, project, user["id"], session_id, method, refresh_token)


async def refresh(db: Connection, project: Project, refresh_token: str) -> dict[str, Any] | None:
    """The session that the token belongs to, with new tokens; None when the token was used before.

    A token may be used again for a few seconds, and for as long as its one child has not been used: a client may
    not have got the answer. Any other reuse means that somebody has a copy, and ends the session: None is
    returned rather than an error raised, so that the caller commits that.

    Raises AuthError when the token is unknown, or its session or user may not go on.
    """
    session = await _lock_session_of(db, refresh_token)
    if session is None:
        message = "Invalid Refresh Token: Refresh Token Not Found"
        raise AuthError(400, "refresh_token_not_found", message)
    user = await users.find(db, session["user_id"])
    assert user is not None, "auth.sessions references auth.users"
    if users.is_banned(user):
        raise AuthError(400, "user_banned", "Invalid Refresh Token: User Banned")
    if session["is_over"]:
        raise AuthError(400, "session_expired", "Invalid Refresh Token: Session Expired")

    next_token = None
    if session["revoked"]:
        if session["active_parent"] == refresh_token:
            next_token = session["active_token"]
        elif not session["is_fresh"]:
            await db.execute(
                "update auth.refresh_tokens set revoked = true, updated_at = now() where session_id = %s and not revoked",
                [session["id"]],
            )
            return None
    if next_token is None:
        await db.execute(
            "update auth.refresh_tokens set revoked = true, updated_at = now() where token = %s and not revoked",
            [refresh_token],
        )
        next_token = await _issue_refresh_token(db, user["id"], session["id"], parent=refresh_token)
    await db.execute(
        "update auth.sessions set refreshed_at = now() at time zone 'utc', updated_at = now() where id = %s",
        [session["id"]],
    )
    return await _answer(db, project, user["id"], session["id"], "token_refresh", next_token)


async def exists(db: Connection, session_id: UUID) -> bool:
    cursor = await db.execute("select 1 from auth.sessions where id = %s", [session_id])
    return await cursor.fetchone() is not None


async def end(db: Connection, user_id: UUID, session_id: str | None, scope: str) -> None:
    """Sign out: `global` ends all of the user's sessions, `local` this one, `others` all but this one."""
    condition = {"global": "true", "local": "id = %s", "others": "id is distinct from %s"}[scope]
    arguments = [user_id] if scope == "global" else [user_id, session_id]
    await db.execute(f"delete from auth.sessions where user_id = %s and {condition}", arguments)


async def _lock_session_of(db: Connection, refresh_token: str) -> Row | None:
    """The session of a token and what its rotation needs to know, locked against a second refresh at once."""
    lock = """
        select s.id from auth.refresh_tokens t join auth.sessions s on s.id = t.session_id
        where t.token = %s for update of s
    """
    if await (await db.execute(lock, [refresh_token])).fetchone() is None:
        return None
    # Read only now: what the holder of the lock did must be seen.
    query = """
        select s.id, s.user_id, coalesce(s.not_after < now(), false) as is_over,
          t.revoked, t.updated_at > now() - make_interval(secs => %s) as is_fresh,
          active.token as active_token, active.parent as active_parent
        from auth.refresh_tokens t
        join auth.sessions s on s.id = t.session_id
        left join lateral (
          select a.token, a.parent from auth.refresh_tokens a
          where a.session_id = s.id and not a.revoked order by a.id desc limit 1
        ) active on true
        where t.token = %s
    """
    return await (await db.execute(query, [REUSE_SECONDS, refresh_token])).fetchone()


async def _issue_refresh_token(db: Connection, user_id: UUID, session_id: UUID, parent: str | None) -> str:
    token = "".join(secrets.choice(REFRESH_ALPHABET) for _ in range(12))
    await db.execute(
        """
        insert into auth.refresh_tokens (
          instance_id, token, user_id, revoked, created_at, updated_at, parent, session_id
        ) values (%s, %s, %s, false, now(), now(), %s, %s)
        """,
        [users.NO_INSTANCE, token, str(user_id), parent, session_id],
    )
    return token


async def _answer(
    db: Connection, project: Project, user_id: UUID, session_id: UUID, method: str, refresh_token: str
) -> dict[str, Any]:
    user = await users.as_json(db, user_id)
    cursor = await db.execute(
        """
        select authentication_method as method, extract(epoch from created_at)::bigint as timestamp
        from auth.mfa_amr_claims where session_id = %s order by created_at desc
        """,
        [session_id],
    )
    now = int(time.time())
    claims = {
        "iss": f"{project.url}/auth/v1",
        "sub": user["id"],
        "aud": user["aud"],
        "exp": now + ACCESS_TOKEN_SECONDS,
        "iat": now,
        "email": user["email"],
        "phone": user["phone"],
        "app_metadata": user["app_metadata"],
        "user_metadata": user["user_metadata"],
        "role": user["role"],
        "aal": "aal1",
        "amr": await cursor.fetchall(),
        "session_id": str(session_id),
        "is_anonymous": user["is_anonymous"],
    }
    if project.access_token_hook:
        claims = await _run_hook(db, project.access_token_hook, claims, method)
    return {
        "access_token": sign(project, claims),
        "token_type": "bearer",
        "expires_in": ACCESS_TOKEN_SECONDS,
        "expires_at": claims["exp"],
        "refresh_token": refresh_token,
        "user": user,
    }


async def _run_hook(db: Connection, name: str, claims: dict[str, Any], method: str) -> dict[str, Any]:
    """The claims as the project's custom access token hook wants them.

    It runs as GoTrue runs it: by this role, in the transaction that issues the token, for two seconds at most.
    """
    event = {"user_id": claims["sub"], "claims": claims, "authentication_method": method}
    call = sql.SQL("select {}(%s) as output").format(sql.Identifier(*name.split(".")))
    try:
        await db.execute(f"set local statement_timeout = {HOOK_TIMEOUT_MS}")
        row = await (await db.execute(call, [Jsonb(event)])).fetchone()
        await db.execute("set local statement_timeout to default")
    except psycopg.errors.QueryCanceled as error:
        message = f"Failed to reach hook within maximum time of {HOOK_TIMEOUT_MS / 1000:f} seconds"
        raise AuthError(422, "hook_timeout", message) from error
    except psycopg.Error as error:
        uri = f"pg-functions://postgres/{name.replace('.', '/')}"
        raise unexpected_failure(f"Error running hook URI: {uri}") from error
    output = (row or {}).get("output") or {}
    if refusal := output.get("error"):
        raise AuthError(refusal.get("http_code") or 500, "unexpected_failure", refusal.get("message") or "")
    changed = output.get("claims")
    if not isinstance(changed, dict):
        raise unexpected_failure("output claims field is missing")
    missing = [claim for claim in CLAIMS_A_HOOK_MUST_KEEP if claim not in changed]
    if missing:
        reasons = "".join(f"\n- (root): {claim} is required" for claim in missing)
        raise unexpected_failure(f"output claims do not conform to the expected schema: {reasons}\n")
    return changed
