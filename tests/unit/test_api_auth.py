"""Which tokens are believed: those this project's Auth signed for its users, now, and no others."""

import base64
import hmac
import json
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from api.auth import CACHED_TOKENS, KEYS_ASKED_AT_MOST_EVERY, KEYS_STALE_AFTER, Caller, KeySet, TokenVerifier
from api.errors import ApiError

ISSUER = "https://project.test/auth/v1"
SECRET = "the-shared-secret-of-the-project-0123456789"
USER = uuid.UUID("4b0c38a6-71a2-4b29-8f9f-0d0a5f2b6a11")


class Key:
    """A signing key of Auth's."""

    def __init__(self, kid: str, algorithm: str = "ES256") -> None:
        self.kid = kid
        self.algorithm = algorithm
        self.private: Any = (
            ec.generate_private_key(ec.SECP256R1())
            if algorithm == "ES256"
            else rsa.generate_private_key(public_exponent=65537, key_size=2048)
        )

    @property
    def public(self) -> dict[str, Any]:
        converter = ECAlgorithm if self.algorithm == "ES256" else RSAAlgorithm
        return {**converter.to_jwk(self.private.public_key(), as_dict=True), "kid": self.kid, "use": "sig"}

    def sign(self, headers: dict[str, Any] | None = None, **claims: Any) -> str:
        return jwt.encode(
            claims_of_user(**claims),
            self.private,
            self.algorithm,
            headers={"kid": self.kid, **(headers or {})},
        )


def claims_of_user(**claims: Any) -> dict[str, Any]:
    now = int(time.time())
    standard = {
        "sub": str(USER),
        "aud": "authenticated",
        "role": "authenticated",
        "iss": ISSUER,
        "iat": now,
        "exp": now + 3600,
    }
    return {name: value for name, value in {**standard, **claims}.items() if value is not None}


class KeyServer:
    """Auth's JWKS endpoint."""

    def __init__(self) -> None:
        self.keys: list[Key] = []
        self.status = 200
        self.body: bytes | None = None
        self.asked = 0
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.asked += 1
                body = owner.body or json.dumps({"keys": [key.public for key in owner.keys]}).encode()
                self.send_response(owner.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing to look at."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/jwks.json"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def key_server() -> Iterator[KeyServer]:
    running = KeyServer()
    thread = threading.Thread(target=running.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield running
    running.server.shutdown()
    thread.join()
    running.server.server_close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def key() -> Key:
    return Key("first")


@pytest.fixture
def verifier(key_server: KeyServer, clock: Clock, key: Key) -> TokenVerifier:
    key_server.keys = [key]
    return TokenVerifier(ISSUER, KeySet(key_server.url, clock=clock))


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_a_token_signed_by_a_published_key_names_its_user(
    verifier: TokenVerifier, key_server: KeyServer, algorithm: str
) -> None:
    key = Key("another", algorithm)
    key_server.keys.append(key)
    assert verifier.verify(key.sign()).id == USER


def test_keys_are_fetched_once_for_many_tokens(
    verifier: TokenVerifier, key_server: KeyServer, key: Key
) -> None:
    for number in range(5):
        verifier.verify(key.sign(session_id=str(number)))
    assert key_server.asked == 1


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 946_684_800},  # the year 2000
        {"nbf": 4_102_444_800},  # the year 2100
        {"iat": 4_102_444_800},
        {"aud": "somebody-else"},
        {"aud": None},
        {"iss": "https://another-project.test/auth/v1"},
        {"iss": None},
        {"exp": None},
        {"sub": None},
        {"sub": "not-a-user"},
        {"role": "service_role"},
        {"role": "anon"},
        {"role": None},
    ],
    ids=str,
)
def test_a_token_with_other_claims_is_refused(
    verifier: TokenVerifier, key: Key, claims: dict[str, Any]
) -> None:
    with pytest.raises(jwt.PyJWTError):
        verifier.verify(key.sign(**claims))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJFUzI1NiJ9..", "é.é.é", "." * 50])
def test_what_is_no_token_is_refused(verifier: TokenVerifier, token: str) -> None:
    with pytest.raises(jwt.PyJWTError):
        verifier.verify(token)


def test_another_projects_key_is_refused_though_it_has_the_same_id(verifier: TokenVerifier) -> None:
    with pytest.raises(jwt.InvalidSignatureError):
        verifier.verify(Key("first").sign())


def test_an_unsigned_token_is_refused(verifier: TokenVerifier) -> None:
    unsigned = jwt.encode(claims_of_user(), "", algorithm="none", headers={"kid": "first"})
    with pytest.raises(jwt.PyJWTError):
        verifier.verify(unsigned)


def test_a_public_key_is_never_taken_for_a_shared_secret(
    verifier: TokenVerifier, key: Key, key_server: KeyServer
) -> None:
    published = key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    # PyJWT itself refuses to sign like this, so the forgery is made by hand.
    def part(value: dict[str, Any]) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    signed = part({"alg": "HS256", "typ": "JWT", "kid": "first"}) + b"." + part(claims_of_user())
    forged = signed + b"." + base64.urlsafe_b64encode(hmac.digest(published, signed, "sha256")).rstrip(b"=")
    for possible in (verifier, TokenVerifier(ISSUER, KeySet(key_server.url), shared_secret=SECRET)):
        with pytest.raises(jwt.PyJWTError):
            possible.verify(forged.decode())


def test_the_key_and_not_the_token_says_which_algorithm_counts(verifier: TokenVerifier, key: Key) -> None:
    with pytest.raises(jwt.PyJWTError):
        verifier.verify(key.sign(headers={"alg": "ES384"}))


def test_a_shared_secret_counts_only_where_the_project_uses_one(
    key_server: KeyServer, verifier: TokenVerifier
) -> None:
    token = jwt.encode(claims_of_user(), SECRET, algorithm="HS256")
    with pytest.raises(jwt.PyJWTError):
        verifier.verify(token)
    legacy = TokenVerifier(ISSUER, KeySet(key_server.url), shared_secret=SECRET)
    assert legacy.verify(token).id == USER
    assert key_server.asked == 0


def test_a_new_key_is_fetched_when_a_token_names_it(
    verifier: TokenVerifier, key_server: KeyServer, key: Key, clock: Clock
) -> None:
    verifier.verify(key.sign())
    key_server.keys.append(rotated := Key("second"))
    clock.now += KEYS_ASKED_AT_MOST_EVERY + 1
    assert verifier.verify(rotated.sign()).id == USER


def test_made_up_key_ids_do_not_make_us_ask_again_and_again(
    verifier: TokenVerifier, key_server: KeyServer, key: Key
) -> None:
    verifier.verify(key.sign())
    for number in range(20):
        with pytest.raises(jwt.PyJWTError):
            verifier.verify(Key(f"made-up-{number}").sign())
    assert key_server.asked == 1


@pytest.mark.parametrize(
    ("status", "body"), [(500, None), (200, b"not json"), (200, b'{"keys": 5}'), (200, b"[]")]
)
def test_known_keys_go_on_while_their_server_fails(
    verifier: TokenVerifier, key_server: KeyServer, key: Key, clock: Clock, status: int, body: bytes | None
) -> None:
    verifier.verify(key.sign(session_id="before"))
    key_server.status, key_server.body = status, body
    clock.now += KEYS_STALE_AFTER + 1
    assert verifier.verify(key.sign(session_id="after")).id == USER
    assert key_server.asked == 2


def test_while_no_key_is_known_at_all_the_answer_is_to_come_back_later(
    verifier: TokenVerifier, key_server: KeyServer, key: Key, clock: Clock
) -> None:
    key_server.status = 500
    with pytest.raises(ApiError) as refused:
        verifier.verify(key.sign())
    assert (refused.value.failure.status, refused.value.failure.code) == (503, "AUTH_UNAVAILABLE")
    key_server.status = 200
    clock.now += 2
    assert verifier.verify(key.sign()).id == USER


def test_a_key_that_was_taken_back_no_longer_counts(
    verifier: TokenVerifier, key_server: KeyServer, key: Key, clock: Clock
) -> None:
    verifier.verify(key.sign(session_id="before"))
    key_server.keys = [Key("second")]
    clock.now += KEYS_STALE_AFTER + 1
    with pytest.raises(jwt.PyJWTError):
        verifier.verify(key.sign(session_id="after"))


def test_a_verified_token_is_refused_once_it_has_expired(
    verifier: TokenVerifier, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = key.sign()
    verifier.verify(token)
    later = time.time() + 4000
    monkeypatch.setattr("api.auth.time.time", lambda: later)
    monkeypatch.setattr("jwt.api_jwt.datetime", _Datetime(later))
    with pytest.raises(jwt.ExpiredSignatureError):
        verifier.verify(token)


class _Datetime:
    """Stands in for the datetime class PyJWT asks for the time."""

    def __init__(self, now: float) -> None:
        self._now = now

    def now(self, tz: Any) -> Any:
        return datetime.fromtimestamp(self._now, tz)


def test_no_more_than_so_many_verified_tokens_are_remembered(key_server: KeyServer) -> None:
    verifier = TokenVerifier(ISSUER, KeySet(key_server.url), shared_secret=SECRET)
    for number in range(CACHED_TOKENS + 5):
        verifier._remember(str(number).encode(), Caller(USER), 0)
    assert len(verifier._verified) == CACHED_TOKENS
