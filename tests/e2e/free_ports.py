"""Prints the first of four neighbouring ports that nobody listens on."""

import contextlib
import random
import socket


def all_free(first: int) -> bool:
    """Whether the four ports from `first` on can be listened on."""
    with contextlib.ExitStack() as listeners:
        try:
            for port in range(first, first + 4):
                listeners.enter_context(socket.create_server(("127.0.0.1", port)))
        except OSError:
            return False
    return True


print(next(port for port in random.sample(range(20_000, 32_000), 1000) if all_free(port)))
