"""The baselines as servers."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from bench import data, node
from bench.lab import Lab, Server
from local.cluster import HOST
from local.project import Project

HERE = Path(__file__).parent
WEB = "bench.baselines"

LITE_CONFIG = """
[api]
port = {port}

[db]
driver = "postgres"
url = "{dsn}"

[auth]
enabled = true
jwt_secret = "{secret}"
publishable_key = "{publishable}"
secret_key = "{secret_key}"
"""


@contextmanager
def bare_flask(lab: Lab, *, workers: int, threads: int) -> Iterator[Server]:
    with lab.gunicorn("bare", f"{WEB}.bare:app", {}, "/", workers=workers, threads=threads) as server:
        yield server


@contextmanager
def rest_api(lab: Lab, project: Project) -> Iterator[Server]:
    """The local REST API and the token keys, at the project's URL."""
    kept = lab.directory / f"{project.database}.json"
    project.save(kept)

    def command(port: int) -> list[str]:
        uvicorn = [sys.executable, "-m", "uvicorn", "--factory", "--no-access-log", "--log-level", "warning"]
        return [*uvicorn, "--host", HOST, "--port", str(port), f"{WEB}.rest:create"]

    port = urlsplit(project.url).port
    answers_at = "/auth/v1/.well-known/jwks.json"
    with lab.serve("rest", command, {"BENCH_PROJECT": str(kept)}, answers_at, port=port) as server:
        yield server


def new_seed_project(lab: Lab, name: str, *, users: int, messages: int) -> Project:
    """A database as the original design has it, with a chat of `messages` for each user."""
    project = lab.empty_project(name)
    with psycopg.connect(project.dsn("postgres")) as connection:
        connection.execute((HERE / "seed_schema.sql").read_bytes())
    with lab.superuser(project) as connection:
        data.add_seed_chats(connection, users=users, messages=messages)
        data.settle_down(connection)
    return project


@contextmanager
def seed_over_pool(lab: Lab, project: Project, *, workers: int, threads: int) -> Iterator[Server]:
    environment = {"SEED_THROUGH": "pool", "DATABASE_URL": project.dsn("postgres")}
    app = f"{WEB}.seed:app"
    with lab.gunicorn("seed-pool", app, environment, "/", workers=workers, threads=threads) as server:
        yield server


@contextmanager
def seed_over_rest(lab: Lab, project: Project, *, workers: int, threads: int) -> Iterator[Server]:
    """The original's road: @supabase/lite as REST, the official client before it. Raises Unavailable without Node."""
    app = f"{WEB}.seed:app"
    with _lite(lab, project) as rest:
        environment = {
            "SEED_THROUGH": "rest",
            "SEED_REST_URL": f"http://{HOST}:{rest.port}",
            "SEED_REST_KEY": project.secret_key,
        }
        with lab.gunicorn("seed-rest", app, environment, "/", workers=workers, threads=threads) as server:
            yield server


@contextmanager
def _lite(lab: Lab, project: Project) -> Iterator[Server]:
    modules = node.modules()
    home = lab.directory / "lite"
    (home / "supabase").mkdir(parents=True)

    def command(port: int) -> list[str]:
        config = LITE_CONFIG.format(
            port=port,
            # It makes tables and grants of its own, so it gets a database of its own, and owns it.
            dsn=project.dsn("supabase_admin"),
            secret=project.jwt_secret,
            publishable=project.publishable_key,
            secret_key=project.secret_key,
        )
        (home / "supabase" / "config.toml").write_text(config)
        os.chmod(home, 0o700)
        run = 'cd "$0" && exec node "$1" --no-telemetry start --no-admin'
        return ["sh", "-c", run, str(home), str(modules / ".bin" / "lite")]

    with lab.serve("lite", command, {"LITE_TELEMETRY": "0"}, "/rest/v1/messages?limit=1") as server:
        yield server
