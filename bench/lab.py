"""Where everything is measured: a database server of the bench's own, with durability on, and servers before it."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import requests

from cli import schema
from local import platform
from local.cluster import HOST, Cluster
from local.ports import free_port
from local.project import Project

CHECKOUT = Path(__file__).parent.parent
START_TIMEOUT = 60.0
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")

# fsync, synchronous_commit and full_page_writes stay on. The rest is what a small hosted project has, except that
# checkpoints are so far apart that none decides a round.
SETTINGS: Mapping[str, str] = {
    "shared_buffers": "2GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "wal_compression": "lz4",
    "max_connections": "300",
    "pg_stat_statements.track": "top",
    "random_page_cost": "1.1",
}


class Unavailable(Exception):
    """A part cannot be measured here; the message says what is missing."""


@dataclass(frozen=True)
class Server:
    """A process that listens on 127.0.0.1:`port`."""

    port: int
    pid: int


@dataclass(frozen=True)
class Lab:
    """One PostgreSQL server and the directory it lives in."""

    directory: Path
    cluster: Cluster

    def new_project(self, name: str) -> Project:
        """A project with a database of its own, ours pushed."""
        project = self.empty_project(name)
        with psycopg.connect(project.dsn("postgres")) as connection:
            schema.push(connection)
            schema.set_api_password(connection, project.passwords["fantooo_api"])
        return project

    def empty_project(self, name: str) -> Project:
        """A project whose database holds what Supabase provides, and nothing else."""
        project = Project.create(
            url=f"http://{HOST}:{free_port()}",
            db_port=self.cluster.port,
            superuser_password=self.cluster.password,
            database=name,
        )
        # Roles belong to the whole server, so all its projects share one password.
        passwords = dict.fromkeys(project.passwords, self.cluster.password)
        ours = {role: word for role, word in passwords.items() if role != "fantooo_api"}
        platform.create_roles(self.cluster.dsn(), ours)
        platform.create_database(self.cluster.dsn(), name)
        return dataclasses.replace(project, passwords=passwords)

    def superuser(self, project: Project) -> psycopg.Connection:
        """A connection that may do anything, and take its time."""
        options = "-c statement_timeout=0 -c maintenance_work_mem=1GB"
        return psycopg.connect(project.dsn("supabase_admin"), autocommit=True, options=options)

    @property
    def postmaster(self) -> int:
        return int((self.cluster.files / "postmaster.pid").read_text().split("\n", 1)[0])

    @contextmanager
    def serve(
        self,
        name: str,
        command: Callable[[int], list[str]],
        environment: Mapping[str, str],
        answers_at: str,
        *,
        port: int | None = None,
    ) -> Iterator[Server]:
        """Run `command(port)` until the block ends; entered once `answers_at` does answer."""
        port = port or free_port()
        log = self.directory / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                command(port),
                cwd=CHECKOUT,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_for_answer(process, f"http://{HOST}:{port}{answers_at}", log)
            yield Server(port, process.pid)
        finally:
            process.terminate()
            process.wait()

    @contextmanager
    def gunicorn(
        self,
        name: str,
        app: str,
        environment: Mapping[str, str],
        answers_at: str,
        *,
        workers: int,
        threads: int,
    ) -> Iterator[Server]:
        """A WSGI app under the settings the API is deployed with."""

        def command(port: int) -> list[str]:
            gunicorn = [sys.executable, "-m", "gunicorn", "-c", "api/gunicorn_conf.py", "--no-control-socket"]
            return [*gunicorn, "-b", f"{HOST}:{port}", app]

        sizes = {"WEB_CONCURRENCY": str(workers), "DATABASE_POOL_SIZE": str(threads)}
        with self.serve(name, command, {**environment, **sizes}, answers_at) as server:
            yield server


@contextmanager
def open_lab() -> Iterator[Lab]:
    """A lab in a temporary directory (TMPDIR says where: it should be a disk, not memory)."""
    with tempfile.TemporaryDirectory(prefix="fantooo-bench-") as directory:
        cluster = Cluster(Path(directory) / "postgres", free_port())
        cluster.init()
        cluster.start(settings=SETTINGS)
        try:
            yield Lab(Path(directory), cluster)
        finally:
            cluster.stop()


def api_environment(project: Project) -> dict[str, str]:
    """What the API is started with; its log goes nowhere but to its file."""
    return {
        "SUPABASE_URL": project.url,
        "SUPABASE_ANON_KEY": project.anon_key,
        "SUPABASE_SERVICE_ROLE_KEY": project.service_role_key,
        "DATABASE_URL": project.dsn("fantooo_api"),
        "CRON_SECRET": "bench-cron-secret-of-the-bench",
        "APP_URL": "http://127.0.0.1",
        "PAYSTACK_SECRET_KEY": PAYSTACK_SECRET_KEY,
        "PAYSTACK_PUBLIC_KEY": "pk_test_0123456789abcdef",
        "ENVIRONMENT": "development",
    }


PAYSTACK_SECRET_KEY = "sk_test_0123456789abcdef"


def wait_for_answer(process: subprocess.Popen[Any], url: str, log: Path) -> None:
    give_up_at = time.monotonic() + START_TIMEOUT
    while time.monotonic() < give_up_at and process.poll() is None:
        try:
            if requests.get(url, timeout=5).status_code < 500:
                return
        except requests.RequestException:
            pass
        time.sleep(0.02)
    raise Unavailable(f"{url} did not answer: {log.read_text(errors='replace')[-2000:]}")


def cpu_seconds(pid: int) -> float | None:
    """CPU time that a process and all below it have used; None where there is no /proc to tell."""
    if not Path("/proc/self/stat").exists():
        return None
    # What a child that ends meanwhile has used moves to its parent: look until nothing moved while we looked.
    while True:
        waited_for = _waited_for(pid)
        found = _family_seconds(pid)
        if _waited_for(pid) == waited_for:
            return found


def _waited_for(pid: int) -> int:
    """Clock ticks used by children that have ended."""
    return sum(_ticks(_stat(pid))[2:])


def _family_seconds(pid: int) -> float:
    parents: dict[int, int] = {}
    used: dict[int, int] = {}
    for process in Path("/proc").glob("[0-9]*"):
        number = int(process.name)
        try:
            fields = _stat(number)
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents[number] = int(fields[1])
        used[number] = sum(_ticks(fields))
    family = {pid}
    while grown := {child for child, parent in parents.items() if parent in family and child not in family}:
        family |= grown
    return sum(used.get(member, 0) for member in family) / CLOCK_TICKS


def _stat(pid: int) -> list[str]:
    # The name may hold blanks and parentheses; after it come state, parent, … (proc(5)).
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _ticks(fields: list[str]) -> list[int]:
    """utime, stime, and those of children already waited for."""
    return [int(field) for field in fields[11:15]]
