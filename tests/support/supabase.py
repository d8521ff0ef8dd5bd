"""A local Supabase for one test module: its server, a project with an empty database, the gateway."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import uvicorn

from local import platform
from local.cluster import Cluster
from local.gateway import create_app
from local.ports import free_port
from local.project import Project
from tests.support.waiting import wait_until


@contextmanager
def running_cluster(data_dir: Path) -> Iterator[Cluster]:
    """A server that does not outlive the block; it need not survive a crash either."""
    cluster = Cluster(data_dir, free_port())
    cluster.init()
    cluster.start(fsync=False)
    try:
        yield cluster
    finally:
        cluster.stop()


def new_project(cluster: Cluster, *, legacy_default_privileges: bool = True, **options: Any) -> Project:
    """A project with a database of its own that holds the platform and nothing else."""
    project = Project.create(
        url=f"http://127.0.0.1:{free_port()}",
        db_port=cluster.port,
        superuser_password=cluster.password,
        database=f"project_{uuid4().hex}",
        **options,
    )
    # Roles belong to the whole server: all of its projects share one password, the superuser's.
    passwords = dict.fromkeys(project.passwords, cluster.password)
    platform.create_roles(
        cluster.dsn(), {role: word for role, word in passwords.items() if role != "fantooo_api"}
    )
    platform.create_database(
        cluster.dsn(), project.database, legacy_default_privileges=legacy_default_privileges
    )
    return replace(project, passwords=passwords)


@contextmanager
def running_gateway(project: Project) -> Iterator[str]:
    """The project's URL, served for as long as the block runs."""
    port = int(project.url.rsplit(":", 1)[1])
    config = uvicorn.Config(create_app(project), port=port, log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="gateway")
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield project.url
    finally:
        server.should_exit = True
        thread.join()
