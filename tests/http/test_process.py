"""The service as a process: how it starts, how it stops, and what it makes of a database that goes and comes back."""

import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from local.ports import free_port
from tests.conftest import Server
from tests.http.conftest import ENVIRONMENT, Api, body_of, refusal_of
from tests.support.database import Database
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
GUNICORN = [sys.executable, "-m", "gunicorn", "-c", "api/gunicorn_conf.py", "api.index:app"]


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/api/ready", timeout=5).ok
    except requests.ConnectionError:
        return False


@contextmanager
def running_service(
    dsn: str, tmp_path: Path, **environ: str
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The service under gunicorn, as it is deployed: its URL and the process."""
    port = free_port()
    settings = {**ENVIRONMENT, "DATABASE_URL": dsn, "HOST": "127.0.0.1", "PORT": str(port), **environ}
    process = subprocess.Popen(
        GUNICORN,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path), **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: answers(url), seconds=30)
        yield url, process
    finally:
        process.terminate()
        process.wait(30)


def test_a_request_in_flight_is_finished_when_the_service_is_stopped(
    server: Server, clone: str, db: Database, tmp_path: Path
) -> None:
    db.owner.execute(
        "create or replace function public.get_disclosure() returns json language plpgsql as"
        ' $$ begin perform pg_sleep(1); return \'{"version": "1", "text": "slow"}\'; end $$'
    )
    statuses: list[int] = []
    with running_service(server.dsn(clone, "fantooo_api"), tmp_path) as (url, process):
        asking = threading.Thread(
            target=lambda: statuses.append(requests.get(f"{url}/api/disclosure", timeout=10).status_code)
        )
        asking.start()
        wait_until(
            lambda: db.owner.value(
                "select count(*) > 0 from pg_stat_activity where query like '%get_disclosure%' and usename = 'fantooo_api' and state = 'active'"
            )
        )
        process.send_signal(signal.SIGTERM)
        asking.join()
        assert process.wait(30) == 0
    assert statuses == [200]
    assert list(tmp_path.glob("fantooo-metrics-*")) == []


def test_one_scrape_counts_what_all_workers_did(server: Server, clone: str, tmp_path: Path) -> None:
    with running_service(server.dsn(clone, "fantooo_api"), tmp_path, WEB_CONCURRENCY="2") as (url, _process):
        for _ in range(20):
            requests.get(f"{url}/api/health", timeout=5)
        figures = requests.get(f"{url}/metrics", timeout=5).text
    count = 'fantooo_request_seconds_count{method="GET",route="/api/health",status="200"} 20.0'
    assert count in figures


def test_a_service_that_is_not_fit_to_start_says_why_and_does_not(tmp_path: Path) -> None:
    environ = {**ENVIRONMENT, "DATABASE_URL": "postgresql://x@127.0.0.1:9/x", "CRON_SECRET": "short"}
    started = subprocess.run(
        [sys.executable, "-c", "import api.index"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert started.returncode == 1
    assert "CRON_SECRET" in started.stderr
    assert "Traceback" not in started.stderr


def test_after_a_restart_of_the_database_requests_are_answered_again(
    server: Server, api: Api, db: Database, person: uuid.UUID
) -> None:
    body_of(api.get("/api/chats", as_=person), 200)
    server.cluster.stop()
    try:
        away = api.get("/api/chats", as_=person)
    finally:
        server.cluster.start(fsync=False)
    assert refusal_of(away) == (503, "UNAVAILABLE")
    assert away.headers["Retry-After"]
    wait_until(lambda: api.get("/api/ready").status_code == 200)
    body_of(api.get("/api/chats", as_=person), 200)
