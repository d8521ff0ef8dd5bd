"""Give credits back for paid messages that nobody answered in time: every few minutes. Runs may overlap."""

from __future__ import annotations

import sys
from typing import Any

from api.db import Database

NAME = "refund-unanswered"


def run(db: Database) -> dict[str, Any]:
    """Refund what is due, once each. Returns how many messages were refunded. Raises psycopg.Error."""
    result = {"refunded": len(db.rows("refund_unanswered_messages", repeatable=True))}
    db.value("record_job_run", job=NAME, result=result)
    return {"job": NAME, **result}


if __name__ == "__main__":
    from cli.job import job

    job([NAME, *sys.argv[1:]], prog_name="fantooo job")
