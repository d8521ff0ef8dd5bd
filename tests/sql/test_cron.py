"""What pg_cron runs, in a database that has no pg_cron."""

from cli.db import CRON_JOBS
from tests.support.database import Database


def test_a_run_by_pg_cron_does_the_work_and_is_on_record(db: Database) -> None:
    operator = db.operator(available=True)
    chat = db.waiting_chat()
    assert db.owner.call("assign_chat_to_operator", operator) == chat
    db.passes(600, chat)
    for _schedule, command in CRON_JOBS.values():
        db.owner.rows(command)
    recorded = {
        row["job"]: row["last_result"] for row in db.owner.rows("select job, last_result from job_runs")
    }
    assert recorded["refund-unanswered"] == {"refunded": 0}
    assert sum(recorded["idle-detection"].values()) > 0
