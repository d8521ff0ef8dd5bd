"""A load generator for HTTP that costs little itself: one thread, keep-alive sockets, requests as ready bytes."""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from local.cluster import HOST

MakeRequest = Callable[[int], bytes]
"""The n-th request of a run, whole."""

CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def http_request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """The bytes of an HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Outcome:
    """What came of a run. Latencies in seconds, of the requests answered as expected: refusals are not work done."""

    seconds: float
    latencies: list[float]
    statuses: Counter[int]
    other_answer: bytes = b""

    @property
    def count(self) -> int:
        return len(self.latencies)

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    def require(self, *statuses: int) -> Outcome:
        """This outcome, if every answer had one of these statuses."""
        wrong = set(self.statuses) - set(statuses)
        if wrong or not self.latencies:
            raise AssertionError(f"answered {dict(self.statuses)}: {self.other_answer[-500:]!r}")
        return self


class Exhausted(Exception):
    """`make` has no request left: the run ends early, which is no fault."""


class _Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.since = 0.0

    def answer(self) -> tuple[int, bytes] | None:
        """Status and bytes of the answer once it is whole."""
        chunk = self.socket.recv(262_144)
        if not chunk:
            raise ConnectionError("the server closed the connection")
        self.received += chunk
        head = self.received.find(b"\r\n\r\n")
        if head < 0:
            return None
        length = CONTENT_LENGTH.search(self.received, 0, head)
        if length and len(self.received) < head + 4 + int(length[1]):
            return None
        whole, self.received = self.received, b""
        return int(whole[9:12]), whole


def run(
    port: int,
    make: MakeRequest,
    *,
    seconds: float,
    connections: int,
    rate: float | None = None,
    expected: int = 200,
) -> Outcome:
    """Send requests for `seconds` over `connections`, and wait for the last answers.

    Without `rate` each connection sends as soon as it was answered (a closed loop: the peak). With it, requests
    come evenly at that many a second, whatever the server does (an open loop), and a latency counts from the moment
    the request was due, so that a server that stalls is charged for all who had to queue.
    """
    idle = deque(_Connection(port) for _ in range(connections))
    latencies: list[float] = []
    statuses: Counter[int] = Counter()
    other_answer = b""
    busy = made = 0
    with selectors.DefaultSelector() as selector:
        for connection in idle:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        started = time.perf_counter()
        ends = started + seconds
        try:
            while True:
                now = time.perf_counter()
                while idle and now < ends:
                    due = started + made / rate if rate else now
                    if due > now:
                        break
                    try:
                        request = make(made)
                    except Exhausted:
                        ends = now
                        break
                    connection = idle.popleft()
                    connection.since = due
                    connection.socket.sendall(request)
                    made += 1
                    busy += 1
                if now >= ends and not busy:
                    return Outcome(now - started, latencies, statuses, other_answer)
                wait = max(0.0, started + made / rate - now) if rate and idle and now < ends else 1.0
                for key, _ in selector.select(wait):
                    connection = key.data
                    answer = connection.answer()
                    if answer is None:
                        continue
                    statuses[answer[0]] += 1
                    if answer[0] == expected:
                        latencies.append(time.perf_counter() - connection.since)
                    else:
                        other_answer = answer[1]
                    idle.append(connection)
                    busy -= 1
        finally:
            for key in list(selector.get_map().values()):
                key.data.socket.close()
