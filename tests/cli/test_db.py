"""`fantooo db` keeps the password of the database to itself."""

import subprocess
from typing import Any

import pytest
from click.testing import CliRunner

from cli import db


def test_a_dump_gives_the_password_to_pg_dump_where_no_other_process_sees_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[tuple[list[str], dict[str, str]]] = []

    def run(command: list[str], *, env: dict[str, str], **_: Any) -> subprocess.CompletedProcess[str]:
        started.append((command, env))
        return subprocess.CompletedProcess(command, 0, "create table t ();", "")

    monkeypatch.setattr(subprocess, "run", run)
    db.schema_dump("postgresql://postgres:hunter%2F2@db.test:5433/postgres?sslmode=require")
    [(command, environment)] = started
    assert "hunter" not in " ".join(command)
    assert environment["PGPASSWORD"] == "hunter/2"
    for part in ("host=db.test", "port=5433", "user=postgres", "sslmode=require"):
        assert part in command[-1]


@pytest.mark.parametrize("password", ["hunter2/x", "x@hunter2", "hunter2%", "x:hunter2/"])
@pytest.mark.parametrize("command", ["status", "dump"])
def test_a_password_that_was_not_encoded_is_said_to_be_so_and_not_shown(command: str, password: str) -> None:
    url = f"postgresql://postgres:{password}@db.test:5432/postgres"
    refused = CliRunner().invoke(db.db, ["--database-url", url, command])
    assert refused.exit_code == 1
    assert "percent-encoded" in refused.output
    assert "hunter2" not in refused.output
