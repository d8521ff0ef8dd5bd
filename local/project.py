"""One local Supabase project: its addresses, passwords and keys."""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

LOGIN_ROLES = ("supabase_admin", "postgres", "authenticator", "supabase_auth_admin", "fantooo_api")
LEGACY_KEY_LIFETIME = 10 * 365 * 24 * 3600


@dataclass(frozen=True)
class Project:
    """One local Supabase project: its keys and how to reach its database."""

    host: str
    db_port: int
    database: str
    passwords: dict[str, str]
    url: str
    jwt_secret: str
    algorithm: str
    signing_key: dict[str, Any]
    anon_key: str
    service_role_key: str
    publishable_key: str
    secret_key: str
    access_token_hook: str | None

    @classmethod
    def create(
        cls,
        *,
        url: str,
        db_port: int,
        superuser_password: str,
        host: str = "127.0.0.1",
        database: str = "postgres",
        algorithm: str = "ES256",
        access_token_hook: str | None = None,
    ) -> Project:
        """A project with new random passwords and keys.

        `algorithm` is how Auth signs user tokens: "ES256", as hosted projects do, or "HS256". The hook is
        "schema.function", or None when no access token hook is switched on.
        """
        jwt_secret = secrets.token_urlsafe(40)
        passwords = {role: secrets.token_urlsafe(18) for role in LOGIN_ROLES}
        return cls(
            host=host,
            db_port=db_port,
            database=database,
            passwords=passwords | {"supabase_admin": superuser_password},
            url=url,
            jwt_secret=jwt_secret,
            algorithm=algorithm,
            signing_key=_new_signing_key(),
            anon_key=_legacy_key(jwt_secret, "anon"),
            service_role_key=_legacy_key(jwt_secret, "service_role"),
            publishable_key=f"sb_publishable_{secrets.token_urlsafe(24)}",
            secret_key=f"sb_secret_{secrets.token_urlsafe(24)}",
            access_token_hook=access_token_hook,
        )

    @classmethod
    def load(cls, path: Path) -> Project:
        """The project saved at `path`."""
        return cls(**json.loads(path.read_text()))

    def save(self, path: Path) -> None:
        """Keep the project at `path`, readable by its owner only."""
        write_private(path, json.dumps(dataclasses.asdict(self), indent=2))

    def dsn(self, role: str) -> str:
        """How `role` connects to the project's database."""
        return f"postgresql://{role}:{self.passwords[role]}@{self.host}:{self.db_port}/{self.database}"


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def _new_signing_key() -> dict[str, Any]:
    key = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True)
    return {**key, "kid": secrets.token_hex(8), "alg": "ES256", "use": "sig"}


def _legacy_key(jwt_secret: str, role: str) -> str:
    now = int(time.time())
    claims = {"iss": "supabase", "ref": "local", "role": role, "iat": now, "exp": now + LEGACY_KEY_LIFETIME}
    return jwt.encode(claims, jwt_secret, algorithm="HS256")
