"""What users do: sign up, sign in, stay signed in, change themselves, sign out."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlencode

import psycopg
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from local.auth import bodies, sessions, users
from local.auth.access import signed_in
from local.auth.context import project_of, transaction
from local.auth.errors import AuthError, unexpected_failure, validation_failed
from local.auth.users import Connection, Row

log = logging.getLogger("local.auth")

SIGN_OUT_SCOPES = ("global", "local", "others")
ONE_TIME_TYPES = ("recovery", "magiclink", "email")


async def sign_up(request: Request) -> Response:
    body = await bodies.read(request, bodies.Credentials)
    if body.phone:
        raise AuthError(400, "phone_provider_disabled", "Phone signups are disabled")
    if not body.email:
        if body.password:
            raise validation_failed("To signup, please provide your email")
        raise AuthError(422, "anonymous_provider_disabled", "Anonymous sign-ins are disabled")
    if not body.password:
        raise validation_failed("Signup requires a valid password")
    email = bodies.valid_email(body.email)
    password_hash = await users.hash_password(bodies.valid_password(body.password))
    try:
        async with transaction(request) as db:
            user_id = await users.create(
                db, email=email, password_hash=password_hash, user_metadata=body.data or {}
            )
            await users.take_identity_data(db, user_id, email)
            await users.confirm(db, user_id)
    except psycopg.Error as error:
        if users.address_is_taken(error):
            raise AuthError(422, "user_already_exists", "User already registered") from error
        log.warning("sign-up failed in the database: %s", error)
        raise unexpected_failure("Database error saving new user") from error
    async with transaction(request) as db:
        user = await users.find(db, user_id)
        assert user is not None, "made just now"
        return JSONResponse(await sessions.start(db, project_of(request), user, "password", _origin(request)))


async def token(request: Request) -> Response:
    grant = request.query_params.get("grant_type")
    if grant == "password":
        return await _password_grant(request)
    if grant == "refresh_token":
        return await _refresh_grant(request)
    raise AuthError(400, "invalid_credentials", "unsupported_grant_type")


async def show_user(request: Request) -> Response:
    async with transaction(request) as db:
        caller = await signed_in(db, project_of(request), request)
        return JSONResponse(await users.as_json(db, caller.user["id"]))


async def change_user(request: Request) -> Response:
    body = await bodies.read(request, bodies.UserChanges)
    async with transaction(request) as db:
        caller = await signed_in(db, project_of(request), request)
        user_id = caller.user["id"]
        if body.password is not None:
            if await users.has_password(caller.user, bodies.valid_password(body.password)):
                message = "New password should be different from the old password."
                raise AuthError(422, "same_password", message)
            password_hash = await users.hash_password(body.password)
            await users.set_columns(db, user_id, encrypted_password=password_hash)
            await sessions.end(db, user_id, caller.session_id, "others")
        if body.data:
            await users.merge_metadata(db, user_id, "raw_user_meta_data", body.data)
        if body.email and body.email.lower() != caller.user["email"]:
            await _change_email(db, caller.user, bodies.valid_email(body.email))
        return JSONResponse(await users.as_json(db, user_id))


async def sign_out(request: Request) -> Response:
    scope = request.query_params.get("scope", "global")
    if scope not in SIGN_OUT_SCOPES:
        raise validation_failed(f'Unsupported logout scope "{scope}"')
    async with transaction(request) as db:
        caller = await signed_in(db, project_of(request), request)
        await sessions.end(db, caller.user["id"], caller.session_id, scope)
    return Response(status_code=204)


async def recover(request: Request) -> Response:
    """Start a password recovery. There is no mail here: the link and the code go to the log."""
    body = await bodies.read(request, bodies.Recovery)
    if not body.email:
        raise validation_failed("Password recovery requires an email")
    email = bodies.valid_email(body.email)
    async with transaction(request) as db:
        if user := await users.find_by_email(db, email):
            code, token_hash = await users.start_recovery(db, user)
            link = one_time_link(request, token_hash, "recovery", request.query_params.get("redirect_to"))
            log.warning("password recovery for %s: code %s, link %s", email, code, link)
    # The same answer for everybody: it must not tell who has an account.
    return JSONResponse({})


async def verify_code(request: Request) -> Response:
    body = await bodies.read(request, bodies.Verification)
    if body.type not in ONE_TIME_TYPES:
        raise validation_failed("Verify requires a verification type")
    token_hash = body.token_hash or users.one_time_hash(body.email, body.token)
    return JSONResponse(await _redeem(request, token_hash))


async def follow_link(request: Request) -> Response:
    """What a link in a mail leads to: the page asked for, with the session in its fragment."""
    session = await _redeem(request, request.query_params.get("token", ""))
    kind = request.query_params.get("type", "")
    names = ("access_token", "expires_at", "expires_in", "refresh_token", "token_type")
    fragment = urlencode({name: session[name] for name in names} | {"type": kind})
    return RedirectResponse(f"{request.query_params.get('redirect_to', '/')}#{fragment}", 303)


def one_time_link(request: Request, token_hash: str, kind: str, redirect_to: str | None) -> str:
    """The address at which `follow_link` takes this token."""
    query = {"token": token_hash, "type": kind} | ({"redirect_to": redirect_to} if redirect_to else {})
    return f"{project_of(request).url}/auth/v1/verify?{urlencode(query)}"


async def _password_grant(request: Request) -> Response:
    body = await bodies.read(request, bodies.Credentials)
    wrong = AuthError(400, "invalid_credentials", "Invalid login credentials")
    if not body.email:
        raise validation_failed("missing email or phone")
    async with transaction(request) as db:
        user = await users.find_by_email(db, body.email)
        if user is None or not await users.has_password(user, body.password or ""):
            raise wrong
        if users.is_banned(user):
            raise AuthError(400, "user_banned", "User is banned")
        if user["email_confirmed_at"] is None:
            raise AuthError(400, "email_not_confirmed", "Email not confirmed")
        return JSONResponse(await sessions.start(db, project_of(request), user, "password", _origin(request)))


async def _refresh_grant(request: Request) -> Response:
    body = await bodies.read(request, bodies.RefreshGrant)
    if not body.refresh_token:
        raise validation_failed("refresh_token required")
    async with transaction(request) as db:
        session = await sessions.refresh(db, project_of(request), body.refresh_token)
    if session is None:
        raise AuthError(400, "refresh_token_already_used", "Invalid Refresh Token: Already Used")
    return JSONResponse(session)


async def _change_email(db: Connection, user: Row, email: str) -> None:
    try:
        await users.change_email(db, user["id"], email)
    except psycopg.errors.UniqueViolation as error:
        raise email_exists() from error


def email_exists() -> AuthError:
    return AuthError(422, "email_exists", "A user with this email address has already been registered")


async def _redeem(request: Request, token_hash: str) -> dict[str, Any]:
    async with transaction(request) as db:
        user = await users.find_by_recovery_token(db, token_hash)
        if user is None:
            raise AuthError(403, "otp_expired", "Token has expired or is invalid")
        await users.set_columns(db, user["id"], recovery_token="")
        await users.confirm(db, user["id"])
        return await sessions.start(db, project_of(request), user, "otp", _origin(request))


def _origin(request: Request) -> sessions.Origin:
    ip = request.client.host if request.client else None
    return sessions.Origin(request.headers.get("user-agent", ""), ip)
