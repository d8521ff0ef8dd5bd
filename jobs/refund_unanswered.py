"""Give credits back for paid messages that nobody answered in time: every few minutes."""

from __future__ import annotations

from typing import Any

from api.db import Database

NAME = "refund-unanswered"


def run(db: Database) -> dict[str, Any]:
    """Refund what is due, once each. Returns how many messages were refunded. Runs may overlap."""
    result = {"refunded": len(db.rows("refund_unanswered_messages"))}
    db.value("record_job_run", job=NAME, result=result)
    return {"job": NAME, **result}
