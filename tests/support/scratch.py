"""A database of its own server with the schema pushed, for tools that read the catalog."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from cli import schema
from local import platform
from tests.support.supabase import running_cluster


@contextmanager
def scratch_database() -> Iterator[str]:
    """Its connection string, as the project's owner. It is gone after the block."""
    with tempfile.TemporaryDirectory() as directory, running_cluster(Path(directory)) as cluster:
        platform.create_roles(cluster.dsn(), {"postgres": "scratch"})
        platform.create_database(cluster.dsn(), "scratch")
        dsn = f"postgresql://postgres:scratch@127.0.0.1:{cluster.port}/scratch"
        with psycopg.connect(dsn, autocommit=True) as conn:
            schema.push(conn)
        yield dsn
