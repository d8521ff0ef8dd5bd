"""Ports for a server that starts now: of a demo, a test, a benchmark."""

import random
import socket

from local.cluster import HOST


def free_port(neighbours: int = 1) -> int:
    """A port that nobody listens on just now: the first of so many free neighbours (a whole stack takes four).

    Below those that systems give to outgoing connections, which would take it while a server restarts.
    """
    while True:
        base = random.randrange(20_000, 32_000)
        try:
            for port in range(base, base + neighbours):
                with socket.create_server((HOST, port)):
                    pass
        except OSError:
            continue
        return base
