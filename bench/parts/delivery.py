"""From a message written to a message shown: the published supabase-js on the whole local stack."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg

from bench import data, node
from bench.lab import CHECKOUT, Lab
from bench.options import Options
from bench.report import Table, percentile
from local.ports import free_port
from local.project import Project

OTHERS = (1, 100, 1_000)  # subscribers on chats where nothing happens
SENDS = 100
A_SECOND = 20
SETTLE_SECONDS = 3.0
ALLOWED_P95 = "250 at p95"
SEND = "select public.send_user_message(%s, %s, %s, %s)"


def measure(_: Lab, options: Options) -> list[Table]:
    node.modules()
    table = Table(
        f"Delivery: ms from a message's created_at to supabase-js, {A_SECOND} messages a second",
        ("", "other subscribers", "delivered", "p50", "p95", "p99", "limit"),
        notes=[
            "created_at is taken before the commit, so the commit counts; each subscriber has a socket of its own"
        ],
    )
    with _stack() as project, psycopg.connect(project.dsn("supabase_admin"), autocommit=True) as owner:
        data.add_people(owner, users=max(OTHERS) + 1, operators=1, profiles=10)
        data.add_chats(owner, users=max(OTHERS) + 1, profile=1, messages=2)
        owner.execute("update public.app_settings set messages_per_minute = 600")
        for others in OTHERS:
            data.forget_recent_sends(owner)
            arrived = _deliver(project, others)
            for name, way in (
                ("postgres_changes, as the original", "changes"),
                ("broadcast from the database", "broadcast"),
            ):
                times = arrived[way]
                points = [percentile(times, share) if times else None for share in (0.5, 0.95, 0.99)]
                table.rows.append((name, others, f"{len(times)} of {SENDS}", *points, ALLOWED_P95))
    return [table]


@contextmanager
def _stack() -> Iterator[Project]:
    """The whole local stack, as `fantooo up --detach` leaves it."""
    with tempfile.TemporaryDirectory(prefix="fantooo-bench-") as directory:
        where = ["--data-dir", directory]
        up = ["up", *where, "--port-base", str(free_port(4)), "--detach", "--no-demo-data"]
        subprocess.run(
            [sys.executable, "-m", "cli", *up], check=True, cwd=CHECKOUT, stdout=subprocess.DEVNULL
        )
        try:
            yield Project.load(Path(directory) / "project.json")
        finally:
            down = [sys.executable, "-m", "cli", "down", *where]
            subprocess.run(down, check=True, cwd=CHECKOUT, stdout=subprocess.DEVNULL)


def _deliver(project: Project, others: int) -> dict[str, Sequence[float]]:
    subscribers = [
        {"token": data.access_token(project, data.make_id("user", user)), "chat": str(data.chat_id(user, 1))}
        for user in range(1, others + 2)
    ]
    asked = {"url": project.url, "key": project.publishable_key, "subscribers": subscribers}
    with subprocess.Popen(
        ["node", "delivery.mjs"], cwd=node.HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as client:
        assert client.stdin is not None and client.stdout is not None
        client.stdin.write(json.dumps(asked) + "\n")
        client.stdin.flush()
        if client.stdout.readline().strip() != "ready":
            raise AssertionError("the subscribers did not come up")
        _send(project)
        time.sleep(SETTLE_SECONDS)
        client.stdin.write("\n")
        client.stdin.flush()
        arrived: dict[str, Sequence[float]] = json.loads(client.stdout.readline())
    return arrived


def _send(project: Project) -> None:
    """Messages of user 1 in their chat, evenly, whatever becomes of them."""
    with psycopg.connect(project.dsn("fantooo_api"), autocommit=True) as api:
        started = time.monotonic()
        for number in range(SENDS):
            time.sleep(max(0.0, started + number / A_SECOND - time.monotonic()))
            api.execute(SEND, [data.make_id("user", 1), data.chat_id(1, 1), data.TEXT, uuid4()])
