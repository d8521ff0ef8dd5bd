"""What a call costs when there are a thousand chats, and when there are a million."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import psycopg

from bench import data
from bench.lab import Lab
from bench.options import Options
from bench.report import Table, median, spread

CHATS_PER_USER = 5
MESSAGES_PER_CHAT = 10
PROFILES = 200
ASKING = 100  # operators who ask for a chat in a round: a tenth of the smallest size waits
HOLDING = 100  # operators who hold one
CALLS = 300
HOT_USERS = 200  # as many as have all the chats of the smallest size
WAITING_SHARE = 10  # of a hundred chats, so many wait
ALLOWED = 1.2

Call = tuple[str, Sequence[Any]]


@dataclass
class Database:
    """One size: its API connection, the superuser's, and milliseconds a call by what was called, round by round."""

    chats: int
    api: psycopg.Connection
    owner: psycopg.Connection
    milliseconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    @property
    def users(self) -> int:
        return self.chats // CHATS_PER_USER


def measure(lab: Lab, options: Options) -> list[Table]:
    databases = [_filled(lab, chats) for chats in options.sizes]
    for number in range(options.rounds + 1):
        for database in databases:
            _measure_round(database, number)
    for database in databases:
        database.api.close()
        database.owner.close()
    return [_table(databases)]


def _filled(lab: Lab, chats: int) -> Database:
    project = lab.new_project(f"growth_{chats}")
    owner = lab.superuser(project)
    users = chats // CHATS_PER_USER
    data.add_people(owner, users=users, operators=ASKING + HOLDING, profiles=PROFILES)
    with data.indexes_built_afterwards(owner, "public.messages"):
        for profile in range(1, CHATS_PER_USER + 1):
            data.add_chats(owner, users=users, profile=profile, messages=MESSAGES_PER_CHAT)
    data.settle_down(owner)
    api = psycopg.connect(project.dsn("fantooo_api"), autocommit=True, prepare_threshold=0)
    return Database(chats, api, owner)


def _measure_round(database: Database, number: int) -> None:
    chosen = random.Random(number)

    def anybody() -> tuple[int, int]:
        return chosen.randint(1, database.users), chosen.randint(1, CHATS_PER_USER)

    def timed(name: str, calls: Sequence[Call]) -> None:
        started = time.perf_counter()
        for statement, values in calls:
            database.api.execute(statement.encode(), values).fetchall()
        if number > 0:
            database.milliseconds[name].append((time.perf_counter() - started) / len(calls) * 1000)

    # The same work at each size: every chat is answered, so that a message brings it into the queue.
    data.answer_everybody(database.owner)
    timed("send, in any chat", [_send(*anybody()) for _ in range(CALLS)])
    data.answer_everybody(database.owner)
    among = [(user % HOT_USERS + 1, profile) for user, profile in (anybody() for _ in range(CALLS))]
    timed("send, among the same 1,000 chats", [_send(*one) for one in among])
    timed("history, the newest page", [_page(*anybody(), before=None) for _ in range(CALLS)])
    timed("history, an older page", [_page(*anybody(), before=6) for _ in range(CALLS)])
    timed("a user's chats", [_chats(anybody()[0]) for _ in range(CALLS)])

    waiting = database.chats * WAITING_SHARE // 100 // CHATS_PER_USER
    for profile in range(1, CHATS_PER_USER + 1):
        data.enqueue(database.owner, users=waiting, profile=profile)
    data.put_on_duty(database.owner, first=HOLDING + 1, last=HOLDING + ASKING)
    # As autovacuum would: the queue of the round before must not lie before this one's.
    database.owner.execute("vacuum private.chat_queue")
    asking = range(HOLDING + 1, HOLDING + 1 + ASKING)
    timed("assign, a tenth of all chats waiting", [_assign(operator) for operator in asking])
    data.take_off_duty(database.owner, first=HOLDING + 1, last=HOLDING + ASKING)

    data.hold(database.owner, operators=HOLDING, profile=1)
    timed("heartbeat", [_heartbeat(operator) for operator in range(1, HOLDING + 1)])
    timed("sweep, nothing due", [("select * from public.sweep_idle_assignments()", [])] * 5)
    data.take_off_duty(database.owner, first=1, last=HOLDING)


def _send(user: int, profile: int) -> Call:
    return "select public.send_user_message(%s, %s, %s, %s)", [
        data.make_id("user", user), data.chat_id(user, profile), data.TEXT, uuid4(),
    ]  # fmt: skip


def _page(user: int, profile: int, before: int | None) -> Call:
    values = [data.make_id("user", user), data.chat_id(user, profile), before]
    return "select public.list_messages(%s, %s, p_before => %s, p_limit => 5)", values


def _chats(user: int) -> Call:
    return "select public.list_chats(%s)", [data.make_id("user", user)]


def _assign(operator: int) -> Call:
    return "select public.assign_chat_to_operator(%s)", [data.make_id("operator", operator)]


def _heartbeat(operator: int) -> Call:
    values = [data.make_id("operator", operator), data.chat_id(operator, 1)]
    return "select public.record_heartbeat(%s, %s, now())", values


def _table(databases: Sequence[Database]) -> Table:
    smallest, largest = databases[0], databases[-1]
    table = Table(
        "Growth: milliseconds a call, one after another on one connection, medians of the rounds",
        ("", *(f"{database.chats:,} chats" for database in databases), "spread", "ratio", "limit"),
        notes=[f"{MESSAGES_PER_CHAT} messages in each chat; the ratio is the largest over the smallest"],
    )
    for name in smallest.milliseconds:
        medians = [median(database.milliseconds[name]) for database in databases]
        limited = name.startswith(("send", "assign", "heartbeat"))
        spreads = spread(largest.milliseconds[name])
        table.rows.append(
            (name, *medians, spreads, medians[-1] / medians[0], str(ALLOWED) if limited else "-")
        )
    return table
