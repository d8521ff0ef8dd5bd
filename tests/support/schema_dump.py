"""docs/schema.sql: what it should say, and `python -m tests.support.schema_dump` to write it."""

import tempfile
from pathlib import Path

import psycopg

from cli import schema
from cli.db import schema_dump
from local import platform
from local.cluster import Cluster
from tests.support.supabase import free_port

PATH = Path(__file__).resolve().parent.parent.parent / "docs" / "schema.sql"


def main() -> None:
    """Push to a scratch database and write its dump."""
    with tempfile.TemporaryDirectory() as directory:
        cluster = Cluster(Path(directory), free_port())
        cluster.init()
        cluster.start(fsync=False)
        try:
            platform.create_roles(cluster.dsn(), {"postgres": "scratch"})
            platform.create_database(cluster.dsn(), "scratch")
            dsn = f"postgresql://postgres:scratch@127.0.0.1:{cluster.port}/scratch"
            with psycopg.connect(dsn, autocommit=True) as conn:
                schema.push(conn)
            PATH.write_text(schema_dump(dsn))
        finally:
            cluster.stop()
    print(f"Wrote {PATH.relative_to(Path.cwd())}.")


if __name__ == "__main__":
    main()
