"""Warn operators who idle, and release and reassign what they hold: every 30 to 60 seconds.

Runs may overlap, wherever they are started from: this job, the cron endpoint, pg_cron.
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

from api.db import Database

NAME = "idle-detection"


def run(db: Database) -> dict[str, Any]:
    """Sweep once. Returns how often each action of sweep_idle_assignments was taken. Raises psycopg.Error."""
    result = dict(Counter(row["action"] for row in db.rows("sweep_idle_assignments", repeatable=True)))
    db.value("record_job_run", job=NAME, result=result)
    return {"job": NAME, **result}


if __name__ == "__main__":
    from cli.job import job

    job([NAME, *sys.argv[1:]], prog_name="fantooo job")
