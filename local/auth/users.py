"""The users in `auth.users` and their identities, written in the steps in which GoTrue writes them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import bcrypt
import psycopg
from psycopg.types.json import Jsonb

from local.auth.errors import AuthError

AUDIENCE = "authenticated"
BCRYPT_COST = 10
EMAIL_PROVIDER = {"provider": "email", "providers": ["email"]}
EMAIL_INDEX = "users_email_partial_key"
NO_INSTANCE = UUID(int=0)

Row = dict[str, Any]
Connection = psycopg.AsyncConnection[Row]


async def hash_password(password: str) -> str:
    """The bcrypt hash, with the `$2a$` prefix that GoTrue writes."""
    salt = bcrypt.gensalt(BCRYPT_COST, prefix=b"2a")
    return (await asyncio.to_thread(bcrypt.hashpw, password.encode(), salt)).decode()


async def has_password(user: Row, password: str) -> bool:
    """Whether it is the user's password; a user without one has none that fits."""
    stored = user["encrypted_password"]
    if not stored or len(password.encode()) > 72:
        return False
    return await asyncio.to_thread(bcrypt.checkpw, password.encode(), stored.encode())


async def find(db: Connection, user_id: UUID | str) -> Row | None:
    return await _one(db, "select * from auth.users where id = %s", user_id)


async def find_by_email(db: Connection, email: str) -> Row | None:
    query = "select * from auth.users where email = lower(%s) and aud = %s and not is_sso_user"
    return await _one(db, query, email, AUDIENCE)


async def find_by_recovery_token(db: Connection, token_hash: str) -> Row | None:
    query = (
        "select * from auth.users where recovery_token = %s and recovery_sent_at > now() - interval '1 hour'"
    )
    return await _one(db, query, token_hash) if token_hash else None


async def page_of(db: Connection, page: int, per_page: int) -> tuple[list[Row], int]:
    """One page of all users, newest first, and how many there are."""
    query = "select * from auth.users order by created_at desc, id limit %s offset %s"
    cursor = await db.execute(query, [per_page, (page - 1) * per_page])
    rows = await cursor.fetchall()
    total = await _one(db, "select count(*) from auth.users")
    return rows, total["count"] if total else 0


async def create(
    db: Connection,
    *,
    email: str,
    password_hash: str,
    user_metadata: dict[str, Any],
    user_id: UUID | None = None,
) -> UUID:
    """Insert a user with an e-mail identity.

    As on the host only these columns are there when an AFTER INSERT trigger runs: the role, the confirmation and
    what an administrator puts into `app_metadata` come by later updates in the same transaction.

    Raises psycopg.errors.UniqueViolation on EMAIL_INDEX when the address is taken.
    """
    user_id = user_id or uuid4()
    await db.execute(
        """
        insert into auth.users (
          instance_id, id, aud, role, email, encrypted_password, confirmation_token, recovery_token,
          email_change_token_new, email_change, raw_app_meta_data, raw_user_meta_data, created_at, updated_at
        ) values (%s, %s, %s, '', %s, %s, '', '', '', '', %s, %s, now(), now())
        """,
        [
            NO_INSTANCE,
            user_id,
            AUDIENCE,
            email,
            password_hash,
            Jsonb(EMAIL_PROVIDER),
            Jsonb(user_metadata),
        ],
    )
    await db.execute(
        """
        insert into auth.identities (
          provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at
        ) values (%s, %s, %s, 'email', now(), now(), now())
        """,
        [str(user_id), user_id, Jsonb(_identity_data(user_id, email))],
    )
    await set_columns(db, user_id, role=AUDIENCE)
    return user_id


async def take_identity_data(db: Connection, user_id: UUID, email: str) -> None:
    """Lay the identity's data over the user's metadata, as a sign-up does."""
    await merge_metadata(db, user_id, "raw_user_meta_data", _identity_data(user_id, email))


async def confirm(db: Connection, user_id: UUID) -> None:
    """Take the user's e-mail address as confirmed."""
    await merge_metadata(db, user_id, "raw_user_meta_data", {"email_verified": True})
    await db.execute(
        """
        update auth.users
        set email_confirmed_at = coalesce(email_confirmed_at, now()), confirmation_token = '', updated_at = now()
        where id = %s
        """,
        [user_id],
    )


async def change_email(db: Connection, user_id: UUID, email: str) -> None:
    """Give the user another address, confirmed at once. Raises as `create` does when it is taken."""
    await set_columns(db, user_id, email=email, email_change="")
    verified = Jsonb({"email": email, "email_verified": True})
    query = "update auth.identities set identity_data = identity_data || %s, updated_at = now() where user_id = %s"
    await db.execute(query, [verified, user_id])
    await merge_metadata(db, user_id, "raw_user_meta_data", {"email": email, "email_verified": True})


async def merge_metadata(db: Connection, user_id: UUID, column: str, changes: dict[str, Any]) -> None:
    """Merge `changes` into a metadata column, key by key; a key whose value is null goes."""
    removed = [key for key, value in changes.items() if value is None]
    kept = {key: value for key, value in changes.items() if value is not None}
    query = psycopg.sql.SQL(
        "update auth.users set {0} = (coalesce({0}, '{{}}') || %s) - %s::text[], updated_at = now() where id = %s"
    ).format(psycopg.sql.Identifier(column))
    await db.execute(query, [Jsonb(kept), removed, user_id])


async def set_columns(db: Connection, user_id: UUID, **values: Any) -> None:
    """Write the given columns of one user."""
    assignments = psycopg.sql.SQL(", ").join(
        psycopg.sql.SQL("{} = {}").format(psycopg.sql.Identifier(name), psycopg.sql.Placeholder())
        for name in values
    )
    query = psycopg.sql.SQL("update auth.users set {}, updated_at = now() where id = %s").format(assignments)
    await db.execute(query, [*values.values(), user_id])


async def start_recovery(db: Connection, user: Row) -> tuple[str, str]:
    """A new one-time code for the user and the hash that goes into links."""
    code = f"{secrets.randbelow(10**6):06}"
    token_hash = one_time_hash(user["email"], code)
    query = "update auth.users set recovery_token = %s, recovery_sent_at = now(), updated_at = now() where id = %s"
    await db.execute(query, [token_hash, user["id"]])
    return code, token_hash


def one_time_hash(email: str, code: str) -> str:
    """What is stored of a one-time code."""
    return hashlib.sha224((email.lower() + code).encode()).hexdigest()


def is_banned(user: Row) -> bool:
    until: datetime | None = user["banned_until"]
    return until is not None and until > datetime.now(until.tzinfo)


def address_is_taken(error: psycopg.Error) -> bool:
    """Whether a write failed because another user has the e-mail address."""
    return error.diag.constraint_name == EMAIL_INDEX


async def as_json(db: Connection, user_id: UUID) -> dict[str, Any]:
    """The user as Auth shows it, identities included."""
    user = await find(db, user_id)
    if user is None:
        raise AuthError(404, "user_not_found", "User not found")
    cursor = await db.execute(
        "select * from auth.identities where user_id = %s order by created_at", [user_id]
    )
    shown = {
        "id": user["id"],
        "aud": user["aud"],
        "role": user["role"],
        "email": user["email"] or "",
        "email_confirmed_at": user["email_confirmed_at"],
        "phone": user["phone"] or "",
        "confirmed_at": user["confirmed_at"],
        "recovery_sent_at": user["recovery_sent_at"],
        "last_sign_in_at": user["last_sign_in_at"],
        "app_metadata": user["raw_app_meta_data"] or {},
        "user_metadata": user["raw_user_meta_data"] or {},
        "identities": [_identity_json(identity) for identity in await cursor.fetchall()],
        "created_at": user["created_at"],
        "updated_at": user["updated_at"],
        "banned_until": user["banned_until"],
        "is_anonymous": user["is_anonymous"],
    }
    present: dict[str, Any] = {name: value for name, value in shown.items() if value is not None}
    return _plain(present)


def _identity_json(identity: Row) -> Row:
    return {
        "identity_id": identity["id"],
        "id": identity["provider_id"],
        "user_id": identity["user_id"],
        "identity_data": identity["identity_data"],
        "provider": identity["provider"],
        "last_sign_in_at": identity["last_sign_in_at"],
        "created_at": identity["created_at"],
        "updated_at": identity["updated_at"],
        "email": identity["email"],
    }


def _identity_data(user_id: UUID, email: str) -> dict[str, Any]:
    return {"sub": str(user_id), "email": email, "email_verified": False, "phone_verified": False}


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    """The value with times and ids written as JSON has them."""
    plain: dict[str, Any] = json.loads(json.dumps(value, default=_write))
    return plain


def _write(value: object) -> str:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)


async def _one(db: Connection, query: str, *arguments: Any) -> Row | None:
    return await (await db.execute(query, arguments)).fetchone()
