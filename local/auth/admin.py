"""What holders of the service role's key do with users."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from local.auth import bodies, sessions, users
from local.auth.access import require_admin
from local.auth.accounts import email_exists, one_time_link
from local.auth.context import project_of, transaction
from local.auth.errors import AuthError, unexpected_failure, user_not_found, validation_failed
from local.auth.users import Connection

log = logging.getLogger("local.auth")

DEFAULT_PAGE_SIZE = 50
LINK_TYPES = ("recovery", "magiclink")


async def create_user(request: Request) -> Response:
    require_admin(project_of(request), request)
    body = await bodies.read(request, bodies.AdminUser)
    if not body.email:
        raise validation_failed("Cannot create a user without either an email or phone")
    email = bodies.valid_email(body.email)
    password_hash = await _password_hash(body)
    try:
        async with transaction(request) as db:
            user_id = await users.create(
                db,
                email=email,
                password_hash=password_hash or "",
                user_metadata=body.user_metadata or {},
                user_id=body.id,
            )
            await _apply(db, user_id, body)
            return JSONResponse(await users.as_json(db, user_id))
    except psycopg.Error as error:
        if users.address_is_taken(error):
            raise email_exists() from error
        log.warning("creating a user failed in the database: %s", error)
        raise unexpected_failure("Database error creating new user") from error


async def list_users(request: Request) -> Response:
    require_admin(project_of(request), request)
    page = _number(request, "page", 1)
    per_page = _number(request, "per_page", DEFAULT_PAGE_SIZE)
    async with transaction(request) as db:
        rows, total = await users.page_of(db, page, per_page)
        shown = [await users.as_json(db, row["id"]) for row in rows]
    last = max(1, -(-total // per_page))
    links = [f'</admin/users?page={last}&per_page={per_page}>; rel="last"']
    if page < last:
        links.insert(0, f'</admin/users?page={page + 1}&per_page={per_page}>; rel="next"')
    headers = {"X-Total-Count": str(total), "Link": ", ".join(links)}
    return JSONResponse({"users": shown, "aud": users.AUDIENCE}, headers=headers)


async def show_user(request: Request) -> Response:
    require_admin(project_of(request), request)
    async with transaction(request) as db:
        return JSONResponse(await users.as_json(db, _user_id(request)))


async def change_user(request: Request) -> Response:
    require_admin(project_of(request), request)
    body = await bodies.read(request, bodies.AdminUser)
    user_id = _user_id(request)
    password_hash = await _password_hash(body)
    try:
        async with transaction(request) as db:
            user = await users.find(db, user_id)
            if user is None:
                raise user_not_found()
            if body.email and body.email.lower() != user["email"]:
                await users.change_email(db, user_id, bodies.valid_email(body.email))
            if password_hash:
                await users.set_columns(db, user_id, encrypted_password=password_hash)
                await sessions.end(db, user_id, None, "global")
            if body.user_metadata:
                await users.merge_metadata(db, user_id, "raw_user_meta_data", body.user_metadata)
            await _apply(db, user_id, body)
            return JSONResponse(await users.as_json(db, user_id))
    except psycopg.Error as error:
        if users.address_is_taken(error):
            raise email_exists() from error
        log.warning("changing a user failed in the database: %s", error)
        raise unexpected_failure("Error updating user") from error


async def delete_user(request: Request) -> Response:
    require_admin(project_of(request), request)
    body = await bodies.read(request, bodies.Deletion)
    if body.should_soft_delete:
        raise validation_failed("The local Auth deletes for good only")
    try:
        async with transaction(request) as db:
            query = "delete from auth.users where id = %s returning id"
            if await (await db.execute(query, [_user_id(request)])).fetchone() is None:
                raise user_not_found()
    except psycopg.Error as error:
        log.warning("deleting a user failed in the database: %s", error)
        raise unexpected_failure("Database error deleting user") from error
    return JSONResponse({})


async def generate_link(request: Request) -> Response:
    require_admin(project_of(request), request)
    body = await bodies.read(request, bodies.LinkRequest)
    if body.type not in LINK_TYPES:
        raise validation_failed(f"Invalid email action link type requested: {body.type}")
    email = bodies.valid_email(body.email)
    async with transaction(request) as db:
        user = await users.find_by_email(db, email)
        if user is None:
            raise AuthError(404, "user_not_found", "User with this email not found")
        code, token_hash = await users.start_recovery(db, user)
        shown = await users.as_json(db, user["id"])
    link = {
        "action_link": one_time_link(request, token_hash, body.type, body.redirect_to),
        "email_otp": code,
        "hashed_token": token_hash,
        "verification_type": body.type,
        "redirect_to": body.redirect_to or "",
    }
    return JSONResponse(shown | link)


async def _apply(db: Connection, user_id: UUID, body: bodies.AdminUser) -> None:
    """What an administrator may set on a new user and an old one alike, after the row is there."""
    if body.app_metadata:
        await users.merge_metadata(db, user_id, "raw_app_meta_data", body.app_metadata)
    if body.role:
        await users.set_columns(db, user_id, role=body.role)
    if body.email_confirm:
        await users.confirm(db, user_id)
    if body.ban_duration is not None:
        ban = bodies.valid_ban(body.ban_duration)
        await users.set_columns(db, user_id, banned_until=datetime.now(UTC) + ban if ban else None)


async def _password_hash(body: bodies.AdminUser) -> str | None:
    if body.password is not None:
        return await users.hash_password(bodies.valid_password(body.password))
    return body.password_hash


def _user_id(request: Request) -> UUID:
    try:
        return UUID(request.path_params["user_id"])
    except ValueError as error:
        raise AuthError(404, "validation_failed", "user_id must be an UUID") from error


def _number(request: Request, name: str, default: int) -> int:
    text: Any = request.query_params.get(name) or default
    if not str(text).isdecimal() or int(text) < 1:
        raise validation_failed(f"Bad Pagination Parameters: {name} must be a positive number")
    return int(text)
