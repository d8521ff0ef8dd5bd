"""What every answer tells a browser: which site may read it, and what else it may do with it.

Added to the list that goes to the server, not to Flask's response, where each of them is several calls of functions at
every answer (docs/performance.md). One site may read answers, so all that CORS has to say of them is constant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

IDEMPOTENCY_KEY = "Idempotency-Key"
REQUEST_ID = "X-Request-Id"

OF_THIS_ANSWER = "fantooo.headers"
"""Where in a request's environ the list of headers stands that its answer alone has."""

ALWAYS = [
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    (
        "Access-Control-Expose-Headers",
        f"ETag, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, {REQUEST_ID}",
    ),
]
# What a browser asks before it sends a request that a form could not send (a preflight).
TO_PREFLIGHTS = [
    ("Access-Control-Allow-Methods", "DELETE, GET, PATCH, POST, PUT"),
    ("Access-Control-Allow-Headers", f"Authorization, Content-Type, {IDEMPOTENCY_KEY}, {REQUEST_ID}"),
    ("Access-Control-Max-Age", "600"),
]
OVER_TLS = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")


class StandardHeaders:
    """WSGI middleware that adds the headers; of those that every answer has, one that a view has set itself stands."""

    def __init__(self, app: WSGIApplication, *, app_url: str) -> None:
        """`app_url` is the site whose pages may call."""
        self._app = app
        self._always = [*ALWAYS, ("Access-Control-Allow-Origin", app_url)]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Callable[[bytes], object]:
            own = {name for name, _ in headers}
            headers += [header for header in self._always if header[0] not in own]
            headers += environ.get(OF_THIS_ANSWER, ())
            if environ["REQUEST_METHOD"] == "OPTIONS":
                headers += TO_PREFLIGHTS
            if environ["wsgi.url_scheme"] == "https":
                headers.append(OVER_TLS)
            return start_response(status, headers, *error)

        return self._app(environ, start)
