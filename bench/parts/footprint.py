"""What a worker weighs, and how long it takes to be there."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from bench import data, load
from bench.baselines import servers
from bench.lab import CHECKOUT, Lab, api_environment
from bench.options import Options
from bench.parts.messages import Callers, paid
from bench.report import Table, median, spread

USERS = 200
WORKERS, THREADS = 2, 8
IMPORTS = (("Python alone", ""), ("Flask", "flask"), ("the API", "api"))
FIRST_ANSWER = "from api.index import app; assert app.test_client().get('/api/health').status_code == 200"


def measure(lab: Lab, options: Options) -> list[Table]:
    project = lab.new_project("footprint")
    environment = api_environment(project)
    times = Table("Start, in milliseconds", ("", "ms", "spread"))
    for name, module in IMPORTS:
        times.rows.append(
            _started(f"import: {name}", f"import {module}" if module else "pass", environment, options)
        )
    times.rows.append(
        _started("a process of its own until its first answer", FIRST_ANSWER, environment, options)
    )

    with lab.superuser(project) as owner:
        data.add_people(owner, users=USERS, operators=1, profiles=10)
        data.add_chats(owner, users=USERS, profile=1, messages=10)
    weights = Table(
        f"Memory of {WORKERS} workers of {THREADS} threads, in MiB",
        ("", "arbiter", *(f"worker {number}" for number in range(1, WORKERS + 1))),
        notes=["proportional set size: pages shared with others count by share"],
    )
    sizes = {"workers": WORKERS, "threads": THREADS}
    with (
        servers.rest_api(lab, project),
        lab.gunicorn("api", "api.index:app", environment, "/api/ready", **sizes) as server,
    ):
        weights.rows.append(("started", *_mebibytes(server.pid)))
        make = paid(Callers(project, "user", USERS))
        sent = [make(number) for number in range(USERS * 20)]
        load.run(server.port, _each_once(sent), seconds=60, connections=16, expected=201).require(201)
        weights.rows.append((f"after {len(sent):,} messages", *_mebibytes(server.pid)))
    return [times, weights]


def _started(
    name: str, program: str, environment: dict[str, str], options: Options
) -> tuple[str, float, str]:
    took = []
    for number in range(options.rounds + 1):
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            cwd=CHECKOUT,
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
        )
        if number:
            took.append((time.perf_counter() - started) * 1000)
    return name, median(took), spread(took)


def _each_once(requests: list[bytes]) -> load.MakeRequest:
    def make(number: int) -> bytes:
        if number >= len(requests):
            raise load.Exhausted
        return requests[number]

    return make


def _mebibytes(parent: int) -> list[float | None]:
    """The proportional set size of a process and its children; None where there is no /proc to tell."""
    family = [parent, *_children(parent)]
    return [_proportional_size(pid) for pid in family]


def _children(parent: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], check=True, capture_output=True, text=True
    ).stdout
    pairs = (map(int, line.split()) for line in listed.splitlines())
    return sorted(pid for pid, of in pairs if of == parent)


def _proportional_size(pid: int) -> float | None:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except FileNotFoundError:
        return None
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))
