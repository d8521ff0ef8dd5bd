"""Who is calling: Supabase access tokens, verified here without asking anyone."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jwt
import requests
import structlog
from pydantic import BaseModel

from api.config import Config
from api.errors import ApiError

log = structlog.get_logger("api.auth")

AUDIENCE = "authenticated"
LEEWAY = 10  # seconds our clock and Auth's may differ
JWKS_TIMEOUT = (3, 5)  # seconds to connect, to answer
KEYS_STALE_AFTER = 600  # seconds: Auth's own edge caches them as long
KEYS_ASKED_AT_MOST_EVERY = 30  # seconds, however many tokens name a key we do not know
CACHED_TOKENS = 10_000
NEVER = float("-inf")

# Which algorithm a public key is for is decided by the key, never by the token that names it.
ALGORITHMS: dict[tuple[Any, Any], str] = {("EC", "P-256"): "ES256", ("RSA", None): "RS256"}


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose token it is. What they may do is decided by the tables, in SQL, at each call."""

    id: UUID


class _Jwks(BaseModel):
    keys: list[dict[str, Any]]


class KeySet:
    """The project's public signing keys, by key id, kept while the server that publishes them is away."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._clock = clock
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._fetched_at = self._asked_at = NEVER
        self._asking = threading.Lock()

    def find(self, key_id: str) -> jwt.PyJWK | None:
        """The key of that id, asking for the newest keys when it is unknown or the ones we have are old."""
        now = self._clock()
        key = self._keys.get(key_id)
        if self._fetched_at == NEVER or (
            (key is None or now - self._fetched_at > KEYS_STALE_AFTER) and self._may_ask(now)
        ):
            self._refresh(now)
            key = self._keys.get(key_id)
        if self._fetched_at == NEVER:
            raise ApiError(
                503, "AUTH_UNAVAILABLE", "Sign-in cannot be checked just now.", {"Retry-After": "5"}
            )
        return key

    def _may_ask(self, now: float) -> bool:
        # Until there are keys nobody gets in, so ask sooner.
        return now - self._asked_at > (1 if self._fetched_at == NEVER else KEYS_ASKED_AT_MOST_EVERY)

    def _refresh(self, now: float) -> None:
        # One thread asks. The others go on with the keys there are, and wait only for the first ones.
        if not self._asking.acquire(blocking=self._fetched_at == NEVER):
            return
        try:
            if not self._may_ask(now):
                return
            self._asked_at = now
            self._keys = _public_keys(self._url)
            self._fetched_at = now
        except (requests.RequestException, jwt.PyJWTError, ValueError) as error:
            log.warning("signing keys not refreshed", url=self._url, reason=type(error).__name__)
        finally:
            self._asking.release()


def _public_keys(url: str) -> dict[str, jwt.PyJWK]:
    response = requests.get(url, timeout=JWKS_TIMEOUT)
    response.raise_for_status()
    keys = {}
    for entry in _Jwks.model_validate_json(response.content).keys:
        algorithm = ALGORITHMS.get((entry.get("kty"), entry.get("crv")))
        if algorithm and "kid" in entry:
            keys[entry["kid"]] = jwt.PyJWK(entry, algorithm=algorithm)
    return keys


class TokenVerifier:
    """Turns an access token into a Caller, or raises jwt.PyJWTError."""

    def __init__(self, issuer: str, keys: KeySet, *, shared_secret: str | None = None) -> None:
        """`shared_secret` is given only for projects that still sign with HS256; without it HS256 is refused."""
        self._issuer = issuer
        self._keys = keys
        self._shared_secret = shared_secret
        self._verified: OrderedDict[bytes, tuple[Caller, float]] = OrderedDict()
        self._lock = threading.Lock()

    @classmethod
    def from_config(cls, config: Config) -> TokenVerifier:
        secret = config.supabase_jwt_secret
        return cls(
            config.token_issuer,
            KeySet(f"{config.token_issuer}/.well-known/jwks.json"),
            shared_secret=secret.get_secret_value() if secret else None,
        )

    def verify(self, token: str) -> Caller:
        digest = hashlib.sha256(token.encode()).digest()
        caller, good_until = self._verified.get(digest, (None, 0.0))
        if caller is None or good_until <= time.time():
            caller, good_until = self._decode(token)
            self._remember(digest, caller, good_until)
        return caller

    def _decode(self, token: str) -> tuple[Caller, float]:
        key, algorithm = self._key_for(jwt.get_unverified_header(token))
        claims = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=AUDIENCE,
            issuer=self._issuer,
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "sub", "aud", "iss"]},
        )
        # The legacy anon and service keys are tokens of the same project, but nobody's.
        if claims.get("role") != "authenticated":
            raise jwt.InvalidTokenError("not a user's token")
        try:
            caller = Caller(UUID(claims["sub"]))
        except ValueError as error:
            raise jwt.InvalidTokenError("the subject is not a user") from error
        # Looked at again now and then, so that a key taken back by the project ends what it signed.
        return caller, min(claims["exp"], time.time() + KEYS_STALE_AFTER)

    def _key_for(self, header: Mapping[str, Any]) -> tuple[Any, str]:
        algorithm = header.get("alg")
        if algorithm == "HS256":
            if self._shared_secret is None:
                raise jwt.InvalidAlgorithmError("HS256 is not used by this project")
            return self._shared_secret, "HS256"
        key = self._keys.find(str(header.get("kid")))
        if key is None or key.algorithm_name != algorithm:
            raise jwt.InvalidKeyError("not signed by a key of this project")
        return key, key.algorithm_name

    def _remember(self, digest: bytes, caller: Caller, good_until: float) -> None:
        with self._lock:
            self._verified[digest] = caller, good_until
            if len(self._verified) > CACHED_TOKENS:
                self._verified.popitem(last=False)
