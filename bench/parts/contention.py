"""Many at once after the same thing: one chat, one user, one queue."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import psycopg

from bench import data
from bench.lab import Lab
from bench.options import Options
from bench.report import Table, median, percentile, spread
from local.project import Project

CALLERS = 16
SENDS = 20  # by each caller in a round: below what a user may send a minute once that is raised
OPERATORS = 64
WAITING = 200
PROFILES = 30
SEND = "select public.send_user_message(%s, %s, %s, %s)"
ASSIGN = "select public.assign_chat_to_operator(%s)"
# A wait for somebody's row; "extend", a file being made longer, is a Lock too but nobody's.
ROW_LOCK_WAITS = """
select count(*) from pg_stat_activity
where usename = 'fantooo_api' and wait_event_type = 'Lock' and wait_event in ('transactionid', 'tuple')
"""


class Crowd:
    """Connections that begin together."""

    def __init__(self, project: Project, size: int) -> None:
        self._connections = [
            psycopg.connect(project.dsn("fantooo_api"), autocommit=True, prepare_threshold=0)
            for _ in range(size)
        ]

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._connections:
            connection.close()

    def run(
        self, statement: str, values: Sequence[Sequence[Sequence[Any]]]
    ) -> tuple[float, list[float], list[Any]]:
        """Let each connection run its share, `values[n]`, one after the other: wall seconds, latencies, answers."""
        latencies: list[float] = []
        answers: list[Any] = []
        ready = threading.Barrier(len(values) + 1)

        def work(connection: psycopg.Connection, mine: Sequence[Sequence[Any]]) -> None:
            ready.wait()
            for one in mine:
                started = time.perf_counter()
                row = connection.execute(statement.encode(), one).fetchone()
                latencies.append(time.perf_counter() - started)
                answers.append(row[0] if row else None)

        threads = [
            threading.Thread(target=work, args=(connection, mine))
            for connection, mine in zip(self._connections, values, strict=True)
        ]
        for thread in threads:
            thread.start()
        ready.wait()
        started = time.perf_counter()
        for thread in threads:
            thread.join()
        wall = time.perf_counter() - started
        if len(answers) != sum(map(len, values)):
            raise AssertionError("a caller failed")
        return wall, latencies, answers


class LockWatch:
    """Counts how often a caller is seen waiting for another's lock, for as long as the block runs."""

    def __init__(self, owner: psycopg.Connection) -> None:
        self._owner = owner
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.looks = self.waits = 0

    def __enter__(self) -> LockWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.is_set():
            row = self._owner.execute(ROW_LOCK_WAITS).fetchone()
            self.looks += 1
            self.waits += row[0] if row else 0


def measure(lab: Lab, options: Options) -> list[Table]:
    project = lab.new_project("contention")
    with lab.superuser(project) as owner, lab.superuser(project) as watch:
        data.add_people(owner, users=WAITING, operators=OPERATORS, profiles=PROFILES)
        for profile in range(1, PROFILES + 1):
            data.add_chats(owner, users=WAITING, profile=profile, messages=2)
        owner.execute("update public.app_settings set messages_per_minute = 600")
        data.settle_down(owner)
        with Crowd(project, CALLERS) as senders, Crowd(project, OPERATORS) as operators:
            sends = Table(
                f"{CALLERS} callers sending at once",
                ("", "a second", "spread", "p50 ms", "p99 ms", "seen waiting for a row"),
            )
            for name, target in (
                ("each in a chat of another user", lambda caller, n: (caller + 1, n % PROFILES + 1)),
                ("one user, many chats", lambda caller, n: (1, (caller + n) % PROFILES + 1)),
                ("one chat", lambda caller, n: (1, 1)),
            ):
                sends.rows.append(_sends(name, target, owner, watch, senders, options.rounds))
            return [sends, _assigns(owner, watch, operators, options.rounds)]


def _sends(
    name: str, target: Any, owner: psycopg.Connection, watch: psycopg.Connection, senders: Crowd, rounds: int
) -> tuple[Any, ...]:
    rates: list[float] = []
    latencies: list[float] = []
    waits = looks = 0
    for number in range(rounds + 1):
        data.forget_recent_sends(owner)
        values = [
            [
                [data.make_id("user", user), data.chat_id(user, profile), data.TEXT, uuid4()]
                for user, profile in (target(caller, n) for n in range(SENDS))
            ]
            for caller in range(CALLERS)
        ]
        with LockWatch(watch) as locks:
            wall, took, _ = senders.run(SEND, values)
        if number:
            rates.append(CALLERS * SENDS / wall)
            latencies += took
            waits, looks = waits + locks.waits, looks + locks.looks
    if gaps := owner.execute(
        "select chat_id from public.messages group by chat_id having count(*) <> max(seq)"
    ).fetchall():
        raise AssertionError(f"seq has gaps: {gaps[:3]}")
    points = [percentile(latencies, share) * 1000 for share in (0.5, 0.99)]
    return name, median(rates), spread(rates), *points, f"{waits / looks:.1f} of {CALLERS}"


def _assigns(owner: psycopg.Connection, watch: psycopg.Connection, operators: Crowd, rounds: int) -> Table:
    walls: list[float] = []
    latencies: list[float] = []
    waits = looks = twice = 0
    values = [[[data.make_id("operator", number)]] for number in range(1, OPERATORS + 1)]
    for number in range(rounds + 1):
        data.put_on_duty(owner, first=1, last=OPERATORS)
        data.enqueue(owner, users=WAITING, profile=1)
        with LockWatch(watch) as locks:
            wall, took, chats = operators.run(ASSIGN, values)
        if None in chats:
            raise AssertionError("an operator got no chat though more waited")
        if number:
            twice += OPERATORS - len(set(chats))
            walls.append(wall)
            latencies += took
            waits, looks = waits + locks.waits, looks + locks.looks
    table = Table(
        f"{OPERATORS} operators ask at once, {WAITING} chats wait",
        ("", "ms for all", "spread", "p50 ms", "p99 ms", "chats given twice", "seen waiting for a row"),
    )
    points = [percentile(latencies, share) * 1000 for share in (0.5, 0.99)]
    seen = f"{waits / looks:.2f} of {OPERATORS}"
    table.rows.append(("assign_chat_to_operator", median(walls) * 1000, spread(walls), *points, twice, seen))
    return table
