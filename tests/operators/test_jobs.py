"""The scheduled jobs as processes: once, again and again, through a database that goes away, until told to stop."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from api import logs
from api.providers.paystack import InvalidKey
from jobs import runner
from tests.conftest import Server
from tests.operators.support import beats, holder
from tests.support.database import Database
from tests.support.waiting import wait_until

CHECKOUT = Path(__file__).parents[2]


class Job:
    """A job in a process of its own, its lines written to a file."""

    def __init__(self, log: Path, dsn: str, *command: str) -> None:
        self._log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=CHECKOUT,
                env={"DATABASE_URL": dsn},
                stdout=output,
                stderr=output,
            )

    @property
    def output(self) -> str:
        return self._log.read_text()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.output.splitlines()]

    def ends(self) -> int:
        return self.process.wait(30)


@pytest.fixture
def dsn(server: Server, clone: str) -> str:
    return server.dsn(clone, "fantooo_api")


@pytest.fixture
def running(tmp_path: Path, dsn: str) -> Iterator[Job]:
    """The idle detection, every second."""
    job = Job(tmp_path / "log", dsn, "cli", "job", "idle-detection", "--every", "1")
    yield job
    job.process.kill()
    job.process.wait()


def runs(db: Database, name: str = "idle-detection") -> int:
    return sum(job["runs"] for job in db.owner.call("job_status")["jobs"] if job["job"] == name)


@pytest.mark.parametrize("command", [("cli", "job", "idle-detection", "--once"), ("jobs.idle_detection",)])
def test_one_run_sweeps_says_so_in_a_line_and_is_recorded(
    db: Database, dsn: str, tmp_path: Path, command: tuple[str, ...]
) -> None:
    operator, chat = db.operator(available=True), db.waiting_chat()
    job = Job(tmp_path / "log", dsn, *command)
    assert job.ends() == 0, job.output
    assert holder(db, chat) == operator
    (line,) = job.lines
    assert (line["job"], line["assigned"], line["level"]) == ("idle-detection", 1, "info")
    assert db.owner.call("job_status")["jobs"][0]["last_result"] == {"assigned": 1}


def test_messages_that_nobody_answered_are_refunded(db: Database, dsn: str, tmp_path: Path) -> None:
    db.setting(free_messages=0)
    user = db.user(credits=1)
    chat = db.waiting_chat(user)
    db.passes(86_401, chat)
    job = Job(tmp_path / "log", dsn, "jobs.refund_unanswered", "--once")
    assert job.ends() == 0, job.output
    assert job.lines[0]["refunded"] == 1
    assert db.credits(user) == 1
    db.assert_books_balance()


def test_a_job_that_repeats_outlives_its_database(server: Server, db: Database, running: Job) -> None:
    wait_until(lambda: runs(db) >= 2)
    database = sql.Identifier(db.owner.conn.info.dbname)
    server.execute(sql.SQL("alter database {} allow_connections false").format(database))
    server.execute(
        sql.SQL(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = {} and usename = 'fantooo_api'"
        ).format(sql.Literal(db.owner.conn.info.dbname))
    )
    wait_until(lambda: "job failed" in running.output)
    before = runs(db)
    server.execute(sql.SQL("alter database {} allow_connections true").format(database))
    wait_until(lambda: runs(db) > before, seconds=40)
    running.process.send_signal(signal.SIGTERM)
    assert running.ends() == 0
    assert {"job ran", "job failed"} <= {line["event"] for line in running.lines}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_job_that_repeats_ends_when_asked(db: Database, running: Job, number: signal.Signals) -> None:
    wait_until(lambda: runs(db) >= 1)
    running.process.send_signal(number)
    assert running.ends() == 0
    assert len([line for line in running.lines if line["event"] == "job ran"]) == runs(db)


def test_a_single_run_without_a_database_fails_with_a_sentence(tmp_path: Path) -> None:
    job = Job(
        tmp_path / "log", "postgresql://nobody:nothing@127.0.0.1:9/none", "jobs.idle_detection", "--once"
    )
    assert job.ends() == 1
    assert job.output.splitlines()[-1].startswith("Error: The database did not do it")


def test_once_and_every_exclude_each_other(dsn: str, tmp_path: Path) -> None:
    job = Job(tmp_path / "log", dsn, "jobs.idle_detection", "--once", "--every", "30")
    assert job.ends() == 2
    assert "exclude each other" in job.output


def test_two_jobs_and_a_heartbeat_at_once_do_everything_once(db: Database, dsn: str, tmp_path: Path) -> None:
    operator, chat = db.operator(available=True), db.waiting_chat()
    db.owner.call("assign_chat_to_operator", operator)
    db.passes(300, chat)
    beats(db, operator, chat, moved=False)
    jobs = [Job(tmp_path / f"log {n}", dsn, "jobs.idle_detection") for n in range(2)]
    assert [job.ends() for job in jobs] == [0, 0]
    assert sum(job.lines[0].get("released", 0) for job in jobs) == 1
    assert db.operator_row(operator)["idle_releases"] == 1


# Between two runs


class Waits(threading.Event):
    """A stop event that notes how long each wait would be, and is set after the last."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count
        self.seconds: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout or 0.0)
        if len(self.seconds) == self._count:
            self.set()
        return self.is_set()


def test_a_database_that_stays_away_is_tried_less_and_less_often() -> None:
    def fails() -> dict[str, Any]:
        raise psycopg.OperationalError("connection refused")

    stop = Waits(9)
    runner.run_forever(fails, 5.0, stop)
    assert stop.seconds == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_after_a_run_that_worked_the_distance_is_the_usual_one_again() -> None:
    outcomes = iter([psycopg.OperationalError("away"), None, psycopg.OperationalError("away")])

    def run() -> dict[str, Any]:
        outcome = next(outcomes)
        if outcome:
            raise outcome
        return {"job": "test"}

    stop = Waits(3)
    runner.run_forever(run, 1000.0, stop)
    assert [stop.seconds[0], round(stop.seconds[1], -1), stop.seconds[2]] == [1, 1000, 1]


def test_a_key_that_is_not_accepted_does_not_end_the_job(capfd: pytest.CaptureFixture[str]) -> None:
    def run() -> dict[str, Any]:
        raise InvalidKey("Invalid key")

    logs.configure()
    stop = Waits(2)
    runner.run_forever(run, 60.0, stop)
    assert stop.seconds == [60, 60]
    assert "does not accept the key: Invalid key" in capfd.readouterr().out


def test_what_no_later_run_would_mend_ends_the_job() -> None:
    def run() -> dict[str, Any]:
        raise ValueError("a key is wrong")

    with pytest.raises(ValueError, match="a key is wrong"):
        runner.run_forever(run, 1.0, Waits(1))
