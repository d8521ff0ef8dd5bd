"""The scheduled jobs, begun over HTTP."""

import uuid

import pytest

from api.providers.paystack import InvalidKey
from jobs import reconcile_payments
from tests.http.conftest import CRON_SECRET, Api, body_of, refusal_of
from tests.support.database import Database

CRON = {"Authorization": f"Bearer {CRON_SECRET}"}
JOBS = ["idle-detection", "reconcile-payments", "refund-unanswered"]


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize(
    "header", [None, "Bearer undefined", "Bearer ", "Bearer", CRON_SECRET, f"Bearer {CRON_SECRET}x"]
)
def test_no_job_runs_without_the_cron_secret(offline: Api, job: str, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    assert refusal_of(offline.get(f"/api/cron/{job}", headers=headers)) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("job", JOBS)
def test_a_job_leaves_a_record_that_it_ran(api: Api, db: Database, job: str) -> None:
    assert body_of(api.get(f"/api/cron/{job}", headers=CRON), 200)["job"] == job
    assert [row["job"] for row in db.owner.rows("select job from public.job_runs")] == [job]


def test_a_chat_whose_operator_is_lost_goes_back_and_the_answer_counts_it(api: Api, db: Database) -> None:
    chat = db.waiting_chat()
    db.owner.call("assign_chat_to_operator", db.operator(available=True))
    db.passes(400, chat)
    done = body_of(api.get("/api/cron/idle-detection", headers=CRON), 200)
    assert done == {"job": "idle-detection", "paused": 1}
    assert db.chat_row(chat)["assigned_operator_id"] is None


def test_a_paid_message_nobody_answered_is_refunded_and_counted(api: Api, db: Database) -> None:
    user = db.user(credits=1)
    db.setting(free_messages=0)
    chat = db.waiting_chat(user)
    db.owner.execute("update public.messages set created_at = created_at - interval '25 hours'")
    db.owner.execute(
        "update public.chats set waiting_since = waiting_since - interval '25 hours' where id = %s", chat
    )
    assert body_of(api.get("/api/cron/refund-unanswered", headers=CRON), 200)["refunded"] == 1
    assert db.credits(user) == 1
    assert body_of(api.get("/api/cron/refund-unanswered", headers=CRON), 200)["refunded"] == 0


def test_the_cron_secret_opens_nothing_else(offline: Api) -> None:
    assert offline.get("/api/account", headers=CRON).status_code == 401
    assert offline.post(f"/api/admin/users/{uuid.uuid4()}/reinstate", headers=CRON).status_code == 401


def test_a_key_paystack_does_not_accept_is_answered_as_the_document_says(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise InvalidKey("Invalid key")

    monkeypatch.setattr(reconcile_payments, "run", refused)
    assert refusal_of(api.get("/api/cron/reconcile-payments", headers=CRON)) == (502, "PAYMENT_REFUSED")
