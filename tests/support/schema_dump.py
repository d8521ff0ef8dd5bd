"""docs/schema.sql: what it should say, and `python -m tests.support.schema_dump` to write it."""

from pathlib import Path

from cli.db import schema_dump
from tests.support.scratch import scratch_database

PATH = Path(__file__).resolve().parent.parent.parent / "docs" / "schema.sql"


def main() -> None:
    """Push to a scratch database and write its dump."""
    with scratch_database() as dsn:
        PATH.write_text(schema_dump(dsn))
    print(f"Wrote {PATH.relative_to(Path.cwd())}.")


if __name__ == "__main__":
    main()
