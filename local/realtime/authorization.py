"""Who a token speaks for, and what the policies on realtime.messages let them do on a private topic.

Realtime asks the policies by example: in a transaction that is rolled back it inserts a row as the owner and
looks whether the client may select it (may listen), or inserts one as the client (may send).
"""

import json
import logging
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import uuid4

import jwt
import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from local import tokens
from local.project import Project

log = logging.getLogger(__name__)

SET_CLAIMS = """
select set_config('role', %(role)s, true), set_config('realtime.topic', %(topic)s, true),
  set_config('request.jwt.claims', %(claims)s, true), set_config('request.jwt.claim.sub', %(sub)s, true),
  set_config('request.jwt.claim.role', %(role)s, true), set_config('request.headers', '{}', true)
"""
INSERT_PROBE = "insert into realtime.messages (id, topic, extension, private) values (%s, %s, %s, true)"


class TokenRefused(Exception):
    """A token that does not let its bearer in; `str()` is the reason as the host words it."""


class Extension(StrEnum):
    """What a policy on realtime.messages tells apart."""

    BROADCAST = "broadcast"
    PRESENCE = "presence"


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a verified token speaks for. Equal claims make equal identities."""

    role: str
    claims: str
    expires_at: int

    @property
    def subject(self) -> str:
        return str(json.loads(self.claims).get("sub") or "")


def identify(project: Project, token: str) -> Identity:
    """The identity in a token; raises TokenRefused."""
    try:
        claims = tokens.verify(project, token)
    except jwt.ExpiredSignatureError as error:
        raise TokenRefused(f"InvalidJWTToken: {expiry_notice(_unverified(token)['exp'])}") from error
    except jwt.InvalidSignatureError as error:
        raise TokenRefused("JwtSignatureError: Failed to validate JWT signature") from error
    except jwt.InvalidTokenError as error:
        raise TokenRefused("MalformedJWT: The token provided is not a valid JWT") from error
    if not isinstance(claims.get("role"), str) or not isinstance(claims.get("exp"), int | float):
        raise TokenRefused("InvalidJWTToken: Fields `role` and `exp` are required in JWT")
    return Identity(claims["role"], json.dumps(claims, sort_keys=True), int(claims["exp"]))


def expiry_notice(expires_at: int) -> str:
    """How the host says that a token has expired."""
    return f"Token has expired {max(0, int(time.time()) - expires_at)} seconds ago"


def _unverified(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


class Authorizer:
    """Asks the database what an identity may do on a private topic. An error in a policy means no."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection]) -> None:
        self._pool = pool

    async def readable(self, identity: Identity, topic: str) -> frozenset[Extension]:
        """The extensions whose messages the identity may receive."""
        probes = {uuid4(): extension for extension in Extension}
        async with self._pool.connection() as connection, connection.transaction(force_rollback=True):
            try:
                for probe, extension in probes.items():
                    await connection.execute(INSERT_PROBE, [probe, topic, extension])
                await self._act_as(connection, identity, topic)
                rows = await connection.execute(
                    "select id from realtime.messages where id = any(%s)", [list(probes)]
                )
                return frozenset([probes[row[0]] for row in await rows.fetchall()])
            except psycopg.OperationalError:
                raise
            except psycopg.Error as error:
                log.warning("no reading of %s for role %s: %s", topic, identity.role, error)
                return frozenset()

    async def may_write(self, identity: Identity, topic: str, extension: Extension) -> bool:
        """Whether the identity may send messages of this extension."""
        async with self._pool.connection() as connection, connection.transaction(force_rollback=True):
            try:
                await self._act_as(connection, identity, topic)
                await connection.execute(INSERT_PROBE, [uuid4(), topic, extension])
            except psycopg.OperationalError:
                raise
            except psycopg.Error as error:
                log.info("no writing of %s to %s for role %s: %s", extension, topic, identity.role, error)
                return False
        return True

    @staticmethod
    async def _act_as(connection: AsyncConnection, identity: Identity, topic: str) -> None:
        parameters = {
            "role": identity.role,
            "topic": topic,
            "claims": identity.claims,
            "sub": identity.subject,
        }
        await connection.execute(SET_CLAIMS, parameters)
