"""A sweep over ten thousand held chats beside one plain UPDATE of the same rows."""

from __future__ import annotations

import time

import psycopg

from bench import data
from bench.lab import Lab
from bench.options import Options
from bench.report import Table, median, spread

HELD = 10_000
PLAIN = "update public.chats set updated_at = now() where assigned_operator_id is not null"
SWEEP = "select * from public.sweep_idle_assignments()"
ALLOWED = "3"

# No judging, no locking, nobody given anything: the least that releasing them all can cost.
WHAT_A_RELEASE_WRITES = """
    update public.chats
    set last_released_from = assigned_operator_id, assigned_operator_id = null, assignment_time = null, updated_at = now()
    where assigned_operator_id is not null;
    update public.operators set free_since = now(), idle_releases = idle_releases + 1 where is_available;
    update public.chat_assignments set released_at = now(), release_reason = 'idle_timeout' where released_at is null;
    insert into realtime.messages (payload, event, topic, private, extension)
    select jsonb_build_object('chat_id', id, 'reason', 'idle_timeout', 'released_at', now()), 'released',
      'operator:' || last_released_from, true, 'broadcast'
    from public.chats where last_released_from is not null
"""


def measure(lab: Lab, options: Options) -> list[Table]:
    project = lab.new_project("sweep")
    with lab.superuser(project) as owner:
        data.add_people(owner, users=HELD, operators=HELD, profiles=10)
        data.add_chats(owner, users=HELD, profile=1, messages=2)
        plain: list[float] = []
        nothing_due: list[float] = []
        warned: list[float] = []
        released: list[float] = []
        written: list[float] = []
        for _ in range(options.rounds):
            plain.append(_seconds(owner, PLAIN, idle_seconds=0, rows=None))
            nothing_due.append(_seconds(owner, SWEEP, idle_seconds=0, rows=0))
            warned.append(_seconds(owner, SWEEP, idle_seconds=250, rows=HELD))
            released.append(_seconds(owner, SWEEP, idle_seconds=310, rows=None))
            written.append(_seconds(owner, WHAT_A_RELEASE_WRITES, idle_seconds=310, rows=None))
    table = Table(
        f"A sweep over {HELD:,} held chats, in milliseconds",
        ("", "ms", "spread", "times the plain UPDATE", "limit"),
        notes=["everybody is free at once, so the first thousand chats go to others in the same sweep"],
    )
    for name, seconds, limit in (
        ("a plain UPDATE of the same rows", plain, "-"),
        ("sweep, nothing due", nothing_due, ALLOWED),
        ("sweep, all warned", warned, ALLOWED),
        ("sweep, all released, a thousand given on", released, ALLOWED),
        ("plain statements that write what all released writes", written, "-"),
    ):
        table.rows.append(
            (name, median(seconds) * 1000, spread(seconds), median(seconds) / median(plain), limit)
        )
    return [table]


def _seconds(owner: psycopg.Connection, statement: str, *, idle_seconds: int, rows: int | None) -> float:
    data.take_off_duty(owner, first=1, last=HELD)
    data.hold(owner, operators=HELD, profile=1, idle_seconds=idle_seconds)
    owner.execute("vacuum analyze")
    started = time.perf_counter()
    done = owner.execute(statement.encode()).rowcount
    took = time.perf_counter() - started
    if rows is not None and done != rows:
        raise AssertionError(f"{statement} touched {done} rows instead of {rows}")
    return took
