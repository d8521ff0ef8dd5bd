"""Warn operators who idle, and release and reassign what they hold: every minute or oftener."""

from __future__ import annotations

from collections import Counter
from typing import Any

from api.db import Database

NAME = "idle-detection"


def run(db: Database) -> dict[str, Any]:
    """Sweep once. Returns how often each action was taken. Sweeps may overlap."""
    result = dict(Counter(row["action"] for row in db.rows("sweep_idle_assignments")))
    db.value("record_job_run", job=NAME, result=result)
    return {"job": NAME, **result}
