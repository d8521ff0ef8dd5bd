"""How often one caller may ask: exact sliding windows, counted where RATE_LIMIT_STORAGE_URL says.

Where a Redis is shared it is `limits` that counts, the engine of Flask-Limiter. Its counting in memory is not used:
measured with a few thousand callers it took half of the API's time, starting a thread at every request to look through
all of them, and it keeps every caller for ever.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import cast

import structlog
from flask import g, request
from limits import RateLimitItem, parse
from limits.storage import Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from api.config import Config
from api.errors import ApiError
from api.headers import OF_THIS_ANSWER

log = structlog.get_logger("api.limits")

# A Redis that hangs must not hold up every request for as long as its client would wait by itself.
STORAGE_TIMEOUT = 1.0  # seconds

# The seed's figures.
SIGN_IN = parse("5 per 15 minutes")
MESSAGES = parse("30 per minute")
EVERYTHING = parse("100 per minute")
# A forged webhook is kept as evidence, but is not to fill the disk.
FORGED_WEBHOOKS = parse("10 per minute")


@dataclass(frozen=True, slots=True)
class Count:
    """Whether a request was allowed, how many more are, and seconds until the oldest counts no more."""

    allowed: bool
    remaining: int
    reset_after: float


class Limits:
    """Counts requests. While the shared storage is away each process counts for itself, rather than not at all."""

    def __init__(self, storage_url: str) -> None:
        is_shared = not _is_memory(storage_url)
        self._shared = MovingWindowRateLimiter(_storage(storage_url)) if is_shared else None
        self._own = Windows()

    def spend(self, limit: RateLimitItem, *key: str) -> None:
        """Count one request. Raises 429 RATE_LIMITED when there have been enough; that one is not counted."""
        if not self.allows(limit, *key):
            raise ApiError(429, "RATE_LIMITED", "Too many requests. Please try again later.")

    def allows(self, limit: RateLimitItem, *key: str) -> bool:
        count = self._count(limit, key)
        seconds = str(max(1, math.ceil(count.reset_after)))
        headers = [
            ("RateLimit-Limit", str(limit.amount)),
            ("RateLimit-Remaining", str(count.remaining)),
            ("RateLimit-Reset", seconds),
        ]
        if not count.allowed:
            headers.append(("Retry-After", seconds))
        g.rate_limit_headers = headers
        return count.allowed

    def _count(self, limit: RateLimitItem, key: tuple[str, ...]) -> Count:
        if self._shared is None:
            return self._own.hit(limit, key)
        try:
            allowed = self._shared.hit(limit, *key)
            window = self._shared.get_window_stats(limit, *key)
        except self._shared.storage.base_exceptions as error:
            log.warning(
                "rate limit storage unreachable, counting in this process", reason=type(error).__name__
            )
            return self._own.hit(limit, key)
        return Count(allowed, window.remaining, window.reset_time - time.time())


class Windows:
    """The sliding windows of one process."""

    def __init__(self) -> None:
        self._times: dict[tuple[int, int, tuple[str, ...]], deque[float]] = {}
        self._lock = threading.Lock()
        self._tidy_at = 1024

    def hit(self, limit: RateLimitItem, key: tuple[str, ...]) -> Count:
        """Count one request, unless there have been enough."""
        now = time.monotonic()
        length = limit.get_expiry()
        with self._lock:
            if len(self._times) >= self._tidy_at:
                self._forget_the_silent(now)
            times = self._times.setdefault((length, limit.amount, key), deque())
            while times and times[0] <= now - length:
                times.popleft()
            allowed = len(times) < limit.amount
            if allowed:
                times.append(now)
            return Count(allowed, limit.amount - len(times), times[0] + length - now)

    def _forget_the_silent(self, now: float) -> None:
        self._times = {key: times for key, times in self._times.items() if times[-1] > now - key[0]}
        # At twice as many again, so that on the whole a request pays for one look.
        self._tidy_at = max(1024, 2 * len(self._times))


def address() -> str:
    """Where the request came from, as far as TRUSTED_PROXIES allows to tell."""
    return request.remote_addr or "unknown"


def warn_if_not_shared(config: Config) -> None:
    """Say at start-up when the limits are not what they seem."""
    if _is_memory(config.rate_limit_storage_url) and config.worker_count > 1:
        log.warning(
            "each worker counts its own requests, so the limits are that many times as wide; "
            "set RATE_LIMIT_STORAGE_URL to a Redis to share them",
            workers=config.worker_count,
        )


def show() -> None:
    """Put the figures of whichever limit was counted last into the answer."""
    request.environ[OF_THIS_ANSWER] += g.pop("rate_limit_headers", ())


def _storage(url: str) -> Storage:
    found = storage_from_string(url, socket_timeout=STORAGE_TIMEOUT, socket_connect_timeout=STORAGE_TIMEOUT)
    return cast("Storage", found)


def _is_memory(storage_url: str) -> bool:
    return storage_url.startswith("memory:")
