"""Our REST API beside @supabase/lite, each over its own database with the same scratch schema."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local.cluster import Cluster
from local.ports import free_port
from tests.support.rest_server import Rest, running_rest, scratch_project
from tests.support.supabase import running_cluster

HERE = Path(__file__).parent
START_TIMEOUT = 60

CONFIG = """
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


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The packages of package-lock.json, installed if they are not."""
    if not shutil.which("npm"):
        pytest.skip("needs Node.js and npm")
    modules = HERE / "node_modules"
    if not modules.is_dir():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=HERE, check=True)
    return modules


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("oracle")) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def ours(cluster: Cluster) -> Iterator[Rest]:
    with running_rest(scratch_project(cluster)) as rest:
        yield rest


@pytest.fixture
def fresh(cluster: Cluster) -> Iterator[Rest]:
    """Ours again, over a database nobody wrote to yet."""
    with running_rest(scratch_project(cluster)) as rest:
        yield rest


@pytest.fixture(scope="session")
def oracle(cluster: Cluster, node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rest]:
    """@supabase/lite: as the owner of its database, for it makes tables and grants of its own, and with tokens of
    HS256, for it reads no others."""
    project, port = scratch_project(cluster, algorithm="HS256"), free_port()
    home = tmp_path_factory.mktemp("lite")
    (home / "supabase").mkdir()
    config = CONFIG.format(
        port=port,
        dsn=project.dsn("supabase_admin"),
        secret=project.jwt_secret,
        publishable=project.publishable_key,
        secret_key=project.secret_key,
    )
    (home / "supabase" / "config.toml").write_text(config)
    log = home / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            ["node", node_modules / ".bin" / "lite", "--no-telemetry", "start", "--no-admin"],
            cwd=home,
            env={**os.environ, "LITE_TELEMETRY": "0"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        rest = Rest(f"http://127.0.0.1:{port}/rest/v1", project)
        _wait_until_it_answers(rest, process, log)
        yield rest
    finally:
        process.terminate()
        process.wait()


def _wait_until_it_answers(rest: Rest, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up_at = time.monotonic() + START_TIMEOUT
    while time.monotonic() < give_up_at and process.poll() is None:
        try:
            httpx.get(f"{rest.url}/authors", headers={"apikey": rest.project.secret_key}).raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise AssertionError(f"the oracle did not start: {log.read_text()}")
