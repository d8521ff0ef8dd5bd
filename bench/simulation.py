"""python -m bench.simulation: a day of many users and operators over the HTTP API, whose workers and connections are killed.

The people and the rules are those of tests/operators/simulation.py. Here everybody acts at once: within a step all calls
go out in parallel, two sweeps among them, while a worker of the API is killed or connections to the database are cut.
When a step is over, what was cut off is given time to end, and then every rule must hold. At the end every message that
a user was told was sent is there once, and the books balance.
"""

from __future__ import annotations

import dataclasses
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import UUID

import click
import psycopg
import requests
from psycopg.rows import DictRow, dict_row

from bench.data import access_token
from bench.lab import api_environment, open_lab
from bench.report import Table, save
from local.project import Project
from tests.operators.simulation import MINUTE, STEP, Refused, Unanswered, World

# function → method, path, and what its arguments are called in the body
ROUTES: dict[str, tuple[str, str, dict[str, str]]] = {
    "send_user_message": (
        "POST",
        "/api/messages",
        {"chat_id": "chatId", "content": "content", "client_message_id": "clientMessageId"},
    ),
    "assign_next_chat": ("POST", "/api/operator/assign", {}),
    "get_operator_chat": ("GET", "/api/operator/chat", {}),
    "record_heartbeat": (
        "POST",
        "/api/operator/heartbeat",
        {"chat_id": "chatId", "last_activity": "lastActivity"},
    ),
    "send_operator_message": (
        "POST",
        "/api/operator/messages",
        {"chat_id": "chatId", "content": "content", "client_message_id": "clientMessageId"},
    ),
    "complete_and_continue": ("POST", "/api/operator/complete", {"chat_id": "chatId"}),
    "release_chat": ("POST", "/api/operator/release", {"chat_id": "chatId"}),
    "set_operator_availability": ("POST", "/api/operator/availability", {"available": "available"}),
    "deactivate_operator": ("POST", "/api/admin/operators/{operator_id}/deactivate", {}),
    "reactivate_operator": ("POST", "/api/admin/operators/{operator_id}/reactivate", {}),
}
THREADS = 12
TIMEOUT = 20  # seconds for an answer


class OverHttp:
    """The service as clients reach it. A worker that dies under a call leaves it unanswered."""

    def __init__(self, url: str, project: Project, cron_secret: str) -> None:
        self._url = url
        self._project = project
        self._cron_secret = cron_secret
        self._tokens: dict[UUID, str] = {}
        self._local = threading.local()

    def call(self, function: str, caller: UUID, **arguments: Any) -> Any:
        method, path, names = ROUTES[function]
        body = {names[name]: _as_json(value) for name, value in arguments.items() if name in names}
        if caller not in self._tokens:
            self._tokens[caller] = access_token(self._project, caller)
        answer = self._ask(
            method, path.format(**arguments), self._tokens[caller], body if method == "POST" else None
        )
        # "No chats waiting" is a message in place of a chat.
        return {"chat": None, **answer}

    def sweep(self) -> None:
        self._ask("GET", "/api/cron/idle-detection", self._cron_secret, None)

    def _ask(self, method: str, path: str, token: str, body: dict[str, Any] | None) -> dict[str, Any]:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        headers = {"Authorization": f"Bearer {token}"}
        try:
            response = self._local.session.request(
                method, self._url + path, json=body, headers=headers, timeout=TIMEOUT
            )
        except requests.RequestException as error:
            raise Unanswered from error
        answer: dict[str, Any] = response.json()
        if response.ok:
            return answer
        if response.status_code == 503 or response.status_code == 429:
            raise Unanswered
        assert response.status_code < 500, answer
        raise Refused(answer["code"])


class Killer:
    """Kills a worker of the API, or cuts connections to the database, in the middle of what they do."""

    def __init__(self, rng: random.Random, master: int, superuser: psycopg.Connection[DictRow]) -> None:
        self._rng = rng
        self._master = master
        self._superuser = superuser
        self.workers_killed = 0
        self.connections_cut = 0

    def strike(self) -> None:
        time.sleep(self._rng.uniform(0, 0.1))
        if self._rng.random() < 0.5:
            workers = _children(self._master)
            if workers:
                os.kill(self._rng.choice(workers), signal.SIGKILL)
                self.workers_killed += 1
        else:
            cut = self._superuser.execute(
                "select count(pg_terminate_backend(pid)) as cut from (select pid from pg_stat_activity"
                " where application_name = 'fantooo' order by random() limit 3) as victims"
            ).fetchall()
            self.connections_cut += cut[0]["cut"]


def play(
    world: World, service: OverHttp, killer: Killer, steps: int, strike_every: int, settle: Callable[[], None]
) -> None:
    """Play the world with everybody at once, and check every rule after every step."""
    with ThreadPoolExecutor(THREADS) as everybody:
        for step in range(steps):
            acts: list[Future[Any]] = [everybody.submit(act, world.now) for act in world.actors()]
            if world.is_time_to_sweep:
                acts += [everybody.submit(_sweep, world) for _ in range(2)]
            if step % strike_every == strike_every - 1:
                acts.append(everybody.submit(killer.strike))
            for act in acts:
                act.result()
            settle()
            world.check(has_just_been_swept=False)
            if world.is_time_to_sweep and _sweep(world):
                settle()
                world.check(has_just_been_swept=True)
            world.let_time_pass()
        while unsent := [user for user in world.users if user.has_unsent]:
            list(everybody.map(lambda user: user.act(world.now), unsent))


def _sweep(world: World) -> bool:
    """Whether a sweep was answered."""
    try:
        world.sweep()
    except Unanswered:
        return False
    return True


def wait_until_idle(session: psycopg.Connection[DictRow]) -> None:
    """Return when no call is under way: a statement outlives the worker that sent it."""
    while session.execute(
        "select from pg_stat_activity where application_name = 'fantooo' and state <> 'idle'"
    ).fetchall():
        time.sleep(0.005)


def lost_or_doubled(world: World, session: psycopg.Connection[DictRow]) -> int:
    """How many messages are missing or there more than once, of those that users were told were taken, plus those nobody sent."""
    kept = [
        row["client_message_id"]
        for row in session.execute("select client_message_id from public.messages where sender_type = 'real'")
    ]
    return len(kept) - len(set(kept)) + len(set(kept) ^ world.diary.sent)


def _children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-Ao", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = (line.split() for line in listed.splitlines())
    return [int(child) for child, parent in pairs if int(parent) == pid]


def _as_json(value: Any) -> Any:
    match value:
        case UUID():
            return str(value)
        case datetime():
            return value.isoformat()
        case _:
            return value


def _in_one_cell(value: Any) -> Any:
    return ", ".join(f"{key} {part}" for key, part in value.items()) if isinstance(value, dict) else value


@click.command()
@click.option("--operators", default=200, show_default=True)
@click.option("--chats", default=5000, show_default=True)
@click.option("--minutes", default=60, show_default=True, help="How much virtual time is played.")
@click.option("--workers", default=2, show_default=True, help="Workers of the API.")
@click.option("--strike-every", default=5, show_default=True, help="Steps between two kills.")
@click.option("--seed", default=1, show_default=True)
def main(operators: int, chats: int, minutes: int, workers: int, strike_every: int, seed: int) -> None:
    """Play a day under fire, print the report, and keep it in bench/results/simulation.json."""
    with open_lab() as lab:
        project = dataclasses.replace(lab.new_project("simulation"), algorithm="HS256")
        environment = api_environment(project) | {"SUPABASE_JWT_SECRET": project.jwt_secret}
        with (
            psycopg.connect(project.dsn("postgres"), autocommit=True, row_factory=dict_row) as session,
            psycopg.connect(
                project.dsn("supabase_admin"), autocommit=True, row_factory=dict_row
            ) as superuser,
            lab.gunicorn(
                "api", "api.index:app", environment, "/api/health", workers=workers, threads=8
            ) as api,
        ):
            service = OverHttp(f"http://127.0.0.1:{api.port}", project, environment["CRON_SECRET"])
            # A little less than so many operators answer, moods included: the queue fills and empties.
            world = World(
                session,
                service,
                seed=seed,
                operators=operators,
                users=chats,
                messages_per_step=operators / 24,
            )
            killer = Killer(random.Random(seed), api.pid, superuser)
            began = time.monotonic()
            play(
                world,
                service,
                killer,
                minutes * MINUTE // STEP,
                strike_every,
                lambda: wait_until_idle(superuser),
            )
            report = world.report() | {
                "operators": operators,
                "chats": chats,
                "seed": seed,
                "workers_killed": killer.workers_killed,
                "connections_cut": killer.connections_cut,
                "messages_lost_or_doubled": lost_or_doubled(world, session),
                "accounts_that_do_not_add_up": len(
                    session.execute("select * from public.audit_credits()").fetchall()
                ),
                "seconds_it_took": round(time.monotonic() - began),
            }
    rows: list[Sequence[Any]] = [(name, _in_one_cell(value)) for name, value in report.items()]
    table = Table(
        f"A day of {operators} operators and {chats} chats under fire: every rule held after every step",
        ("", ""),
        rows,
    )
    click.echo(str(table))
    click.echo(f"\nKept in {save('simulation', [table])}")
    if report["messages_lost_or_doubled"] or report["accounts_that_do_not_add_up"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
