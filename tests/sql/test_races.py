"""Two functions at one row at once, written out: the second waits for the first, and then judges what it left.

Sends against sends are in test_send_user_message, operators against operators in tests/operators.
"""

import json
import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.sql.world import acting_as
from tests.support.database import Database, Session

Step = Callable[[Session], Any]


def call(function: str, *args: Any) -> Step:
    return lambda session: session.call(function, *args)


def as_user(user: uuid.UUID, step: Step) -> Step:
    """The same from a browser."""

    def act(session: Session) -> Any:
        with acting_as(session, user) as browser:
            return step(browser)

    return act


def race(db: Database, first: Step, second: Step, *, waits: bool = True) -> tuple[Any, Any]:
    """Let the first hold what it took while the second comes; both outcomes: what was returned, or the refusal's code."""
    one, two = db.session(), db.session()
    one.begin()
    returned = first(one)
    future = two.start_work(lambda: second(two))
    if waits:
        db.wait_until_blocked(two)
        one.commit()
    else:
        future.result(10)
        one.commit()
    try:
        return returned, future.result(10)
    except psycopg.Error as error:
        assert (error.sqlstate or "").startswith("PT"), error
        return returned, error.diag.message_hint


@pytest.fixture
def scene(db: Database) -> "Scene":
    return Scene(db)


class Scene:
    """A user with one credit and no free messages, their chat, an operator and an admin."""

    def __init__(self, db: Database) -> None:
        self.db = db
        db.setting(free_messages=0)
        self.user, self.admin = db.user(credits=1), db.admin()
        self.profile = db.profile()
        self.chat = db.chat(self.user, self.profile)
        self.send = call("send_user_message", self.user, self.chat, "hello")
        self.close = call("close_chat", self.admin, self.chat)
        self.suspend = call("suspend_user", self.admin, self.user, "spam")
        self.block = as_user(self.user, call("block_profile", self.profile))

    def held(self) -> uuid.UUID:
        """The operator who holds the chat, in which one paid message waits."""
        operator = self.db.operator(available=True)
        self.db.owner.call("send_user_message", self.user, self.chat, "hello")
        self.db.owner.call("reassign_chat", self.admin, self.chat, operator)
        return operator

    def payment(self) -> str:
        reference: str = self.db.owner.call("create_payment", self.user, "credits-10")["reference"]
        return reference

    def delete(self, session: Session) -> None:
        session.execute("delete from auth.users where id = %s", self.user)

    def assert_seq_has_no_gap(self) -> None:
        messages = self.db.messages(self.chat)
        assert [message["seq"] for message in messages] == list(range(1, len(messages) + 1))
        assert [m["created_at"] for m in messages] == sorted(m["created_at"] for m in messages)
        assert self.db.chat_row(self.chat)["last_seq"] == len(messages)


def test_question_then_answer(scene: Scene) -> None:
    """The answer comes after what was asked meanwhile, so nothing waits."""
    operator = scene.held()
    scene.db.owner.call("adjust_credits", scene.admin, scene.user, 1, "one more")
    race(scene.db, scene.send, call("send_operator_message", operator, scene.chat, "hello you"))
    scene.assert_seq_has_no_gap()
    assert scene.db.chat_row(scene.chat)["waiting_since"] is None
    assert scene.db.messages(scene.chat)[-1]["sender_type"] == "fictional"


def test_answer_then_question(scene: Scene) -> None:
    operator = scene.held()
    scene.db.owner.call("adjust_credits", scene.admin, scene.user, 1, "one more")
    race(scene.db, call("send_operator_message", operator, scene.chat, "hello you"), scene.send)
    scene.assert_seq_has_no_gap()
    assert scene.db.chat_row(scene.chat)["waiting_since"] == scene.db.messages(scene.chat)[-1]["created_at"]


def test_a_message_that_waited_is_judged_by_the_rules_that_hold_when_it_is_written(scene: Scene) -> None:
    """An admin publishes another disclosure and the user accepts it, all while their message waits for the chat."""
    holder, sender = scene.db.session(), scene.db.session()
    holder.begin()
    holder.execute("select from public.chats where id = %s for no key update", scene.chat)
    sent = sender.start_work(lambda: scene.send(sender))
    scene.db.wait_until_blocked(sender)
    scene.db.setting(disclosure_version="2", free_messages=1)
    scene.db.owner.execute("update public.real_users set disclosure_version = '2' where id = %s", scene.user)
    holder.commit()
    assert sent.result(10)["message"]["is_free_message"]


@pytest.mark.parametrize(("held", "other"), [("chats", "real_users"), ("real_users", "chats")])
def test_a_message_locks_the_chat_before_the_user(scene: Scene, held: str, other: str) -> None:
    """Everybody does: whoever took them the other way round would wait for somebody who waits for them."""
    row = {"chats": scene.chat, "real_users": scene.user}
    holder, sender = scene.db.session(), scene.db.session()
    holder.begin()
    holder.execute(f"select from public.{held} where id = %s for no key update", row[held])
    sent = sender.start_work(lambda: scene.send(sender))
    scene.db.wait_until_blocked(sender)
    look = f"select 1 as free from public.{other} where id = %s for no key update skip locked"
    is_free = bool(scene.db.owner.rows(look, row[other]))
    assert is_free == (held == "chats")
    holder.commit()
    assert sent.result(10)["message"]["seq"] == 1


@pytest.mark.parametrize(
    ("stop", "code"),
    [("close", "CHAT_CLOSED"), ("suspend", "ACCOUNT_SUSPENDED"), ("block", "PROFILE_BLOCKED")],
)
def test_what_stops_a_chat_stops_the_message_behind_it(scene: Scene, stop: str, code: str) -> None:
    _, outcome = race(scene.db, getattr(scene, stop), scene.send)
    assert outcome == code
    assert (scene.db.messages(scene.chat), scene.db.credits(scene.user)) == ([], 1)


@pytest.mark.parametrize("stop", ["close", "suspend", "block"])
def test_what_stops_a_chat_gives_back_the_message_before_it(scene: Scene, stop: str) -> None:
    race(scene.db, scene.send, getattr(scene, stop))
    assert [entry[2] for entry in scene.db.ledger(scene.user)] == ["adjustment", "message", "unanswered"]
    assert scene.db.chat_row(scene.chat)["waiting_since"] is None
    scene.db.assert_books_balance()


@pytest.mark.parametrize("stop", ["close", "suspend", "block"])
def test_an_answer_is_written_or_the_credit_comes_back_and_never_both(scene: Scene, stop: str) -> None:
    operator = scene.held()
    answer = call("send_operator_message", operator, scene.chat, "hello you")
    _, outcome = race(scene.db, getattr(scene, stop), answer)
    assert outcome == "CHAT_NOT_ASSIGNED"
    assert (len(scene.db.messages(scene.chat)), scene.db.credits(scene.user)) == (1, 1)


@pytest.mark.parametrize("stop", ["close", "suspend", "block"])
def test_what_was_answered_just_before_is_not_given_back(scene: Scene, stop: str) -> None:
    operator = scene.held()
    race(scene.db, call("send_operator_message", operator, scene.chat, "hello you"), getattr(scene, stop))
    assert (len(scene.db.messages(scene.chat)), scene.db.credits(scene.user)) == (2, 0)


def test_one_payment_settled_twice_at_once_is_credited_once(scene: Scene) -> None:
    settle = call("settle_payment", scene.payment(), 10_000, "KES")
    first, second = race(scene.db, settle, settle)
    assert (first["granted"], second["granted"]) == (10, 0)
    assert scene.db.credits(scene.user) == 11


@pytest.mark.parametrize("refund_first", [True, False])
def test_a_payment_and_its_refund_at_once_are_nothing(scene: Scene, refund_first: bool) -> None:
    reference = scene.payment()
    settle = call("settle_payment", reference, 10_000, "KES")
    reverse = call("reverse_payment", reference, "refund:1", "refund", 10_000, "done")
    race(scene.db, *((reverse, settle) if refund_first else (settle, reverse)))
    assert [entry[0] for entry in scene.db.ledger(scene.user)] == [1, 10, -10]
    scene.db.assert_books_balance()


def test_a_refund_and_a_dispute_at_once_take_back_no_more_than_was_bought(scene: Scene) -> None:
    reference = scene.payment()
    scene.db.owner.call("settle_payment", reference, 10_000, "KES")
    race(
        scene.db,
        call("reverse_payment", reference, "refund:1", "refund", 10_000, "done"),
        call("reverse_payment", reference, "dispute:1", "dispute", 10_000, "done"),
    )
    assert scene.db.credits(scene.user) == 1
    scene.db.assert_books_balance()


def test_a_message_sent_while_credits_arrive_is_paid_from_them(scene: Scene) -> None:
    scene.db.owner.call("adjust_credits", scene.admin, scene.user, -1, "none left")
    _, sent = race(scene.db, call("settle_payment", scene.payment(), 10_000, "KES"), scene.send)
    assert sent["credits"] == 9


@pytest.mark.parametrize("adjust_first", [True, False])
def test_the_last_credit_is_taken_or_spent_and_never_both(scene: Scene, adjust_first: bool) -> None:
    take = call("adjust_credits", scene.admin, scene.user, -1, "taken")
    _, outcome = race(scene.db, *((take, scene.send) if adjust_first else (scene.send, take)))
    assert outcome == ("INSUFFICIENT_CREDITS" if adjust_first else "BALANCE_TOO_LOW")
    assert scene.db.credits(scene.user) == 0
    scene.db.assert_books_balance()


def test_one_adjustment_asked_for_twice_at_once_is_made_once(scene: Scene) -> None:
    adjust = call("adjust_credits", scene.admin, scene.user, 5, "welcome", uuid.uuid4())
    first, second = race(scene.db, adjust, adjust)
    assert (first["repeated"], second["repeated"], scene.db.credits(scene.user)) == (False, True, 6)


def test_a_refund_of_the_unanswered_and_a_late_answer_give_back_one_credit(scene: Scene) -> None:
    operator = scene.held()
    scene.db.passes(90_000, scene.chat)
    race(
        scene.db,
        lambda session: session.rows("select * from public.refund_unanswered_messages()"),
        call("send_operator_message", operator, scene.chat, "at last"),
    )
    assert scene.db.credits(scene.user) == 1
    assert len(scene.db.messages(scene.chat)) == 2
    scene.db.assert_books_balance()


def test_two_refund_jobs_at_once_do_not_wait_and_give_back_once(scene: Scene) -> None:
    scene.held()
    scene.db.passes(90_000, scene.chat)

    def job(session: Session) -> int:
        return len(session.rows("select * from public.refund_unanswered_messages()"))

    assert race(scene.db, job, job, waits=False) == (1, 0)
    assert scene.db.credits(scene.user) == 1


@pytest.mark.parametrize("delete_first", [True, False])
def test_an_account_goes_while_its_user_sends(scene: Scene, delete_first: bool) -> None:
    _, outcome = race(scene.db, *((scene.delete, scene.send) if delete_first else (scene.send, scene.delete)))
    assert outcome == ("NOT_A_REAL_USER" if delete_first else None)
    assert scene.db.messages(scene.chat) == []
    assert len(scene.db.ledger(scene.user)) == (1 if delete_first else 2)
    scene.db.assert_books_balance()


@pytest.mark.parametrize("delete_first", [True, False])
def test_an_account_goes_while_its_payment_arrives(scene: Scene, delete_first: bool) -> None:
    reference = scene.payment()
    settle = call("settle_payment", reference, 10_000, "KES")
    race(scene.db, *((scene.delete, settle) if delete_first else (settle, scene.delete)))
    (row,) = scene.db.owner.rows("select status, real_user_id, failure_reason from public.transactions")
    assert (row["status"], row["real_user_id"]) == ("success", None)
    assert row["failure_reason"] == ("ACCOUNT_DELETED" if delete_first else None)
    assert len(scene.db.ledger(scene.user)) == (1 if delete_first else 2)
    scene.db.assert_books_balance()


@pytest.mark.parametrize("delete_first", [True, False])
def test_an_account_goes_while_its_operator_answers(scene: Scene, delete_first: bool) -> None:
    operator = scene.held()
    answer = call("send_operator_message", operator, scene.chat, "hello you")
    _, outcome = race(scene.db, *((scene.delete, answer) if delete_first else (answer, scene.delete)))
    assert outcome == ("CHAT_NOT_ASSIGNED" if delete_first else None)
    assert scene.db.operator_row(operator)["free_since"] is not None
    assert scene.db.owner.rows("select * from public.check_invariants()") == []


@pytest.mark.parametrize("read_first", [True, False])
def test_reading_while_the_next_message_comes_loses_neither(scene: Scene, read_first: bool) -> None:
    operator = scene.held()
    scene.db.owner.call("send_operator_message", operator, scene.chat, "one")
    read = as_user(scene.user, call("mark_messages_read", scene.chat, 2))
    answer = call("send_operator_message", operator, scene.chat, "two")
    race(scene.db, *((read, answer) if read_first else (answer, read)))
    assert [bool(message["read_at"]) for message in scene.db.messages(scene.chat)] == [False, True, False]
    assert scene.db.chat_row(scene.chat)["real_last_read_seq"] == 2


def test_both_sides_reading_at_once_are_both_on_record(scene: Scene) -> None:
    operator = scene.held()
    scene.db.owner.call("send_operator_message", operator, scene.chat, "one")
    read = call("mark_messages_read", scene.chat, 2)
    race(scene.db, as_user(scene.user, read), as_user(operator, read))
    row = scene.db.chat_row(scene.chat)
    assert (row["real_last_read_seq"], row["fictional_last_read_seq"]) == (2, 2)


def test_two_windows_open_one_chat(scene: Scene) -> None:
    open_chat = call("open_chat", scene.user, scene.db.profile())
    first, second = race(scene.db, open_chat, open_chat)
    assert first["chat"]["id"] == second["chat"]["id"]
    assert (first["created"], second["created"]) == (True, False)


def test_one_webhook_delivered_twice_at_once_is_kept_and_handled_once(scene: Scene) -> None:
    reference = scene.payment()
    charge = {
        "id": 7,
        "reference": reference,
        "status": "success",
        "domain": "test",
        "amount": 10_000,
        "currency": "KES",
    }
    receive = call(
        "receive_payment_event", json.dumps({"event": "charge.success", "data": charge}).encode(), True
    )
    first, second = race(scene.db, receive, receive)
    assert first["event_id"] == second["event_id"]
    handle = call("handle_payment_event", first["event_id"], "test")
    one, two = race(scene.db, handle, handle)
    assert (one["repeated"], two["repeated"], scene.db.credits(scene.user)) == (False, True, 11)


@pytest.mark.parametrize("fail_first", [True, False])
def test_a_payment_that_succeeds_succeeds_whoever_gave_up_on_it(scene: Scene, fail_first: bool) -> None:
    reference = scene.payment()
    settle, fail = (
        call("settle_payment", reference, 10_000, "KES"),
        call("fail_payment", reference, "TIMEOUT"),
    )
    race(scene.db, *((fail, settle) if fail_first else (settle, fail)))
    assert scene.db.credits(scene.user) == 11
    assert scene.db.owner.value("select status from public.transactions") == "success"


def test_two_runs_claim_different_payments_without_waiting(scene: Scene) -> None:
    references = {scene.payment() for _ in range(2)}
    scene.db.owner.execute("update public.transactions set next_check_at = now()")
    claim = call("claim_payments_to_check", 1)
    first, second = race(scene.db, claim, claim, waits=False)
    assert {claimed["payments"][0]["reference"] for claimed in (first, second)} == references


def test_notes_saved_from_both_ways_in_at_once_lose_nothing(scene: Scene) -> None:
    operator = scene.held()

    def from_browser(session: Session) -> int:
        return session.execute(
            "update public.chat_notes set real_profile_notes = 'browser' where version = 1"
        )

    api = call("save_chat_notes", operator, scene.chat, 1, "api")
    _, outcome = race(scene.db, as_user(operator, from_browser), api)
    assert outcome == "NOTES_CHANGED"
    assert scene.db.owner.value("select real_profile_notes from public.chat_notes") == "browser"


def test_a_message_reported_twice_at_once_is_one_report(scene: Scene) -> None:
    operator = scene.held()
    answer = scene.db.owner.call("send_operator_message", operator, scene.chat, "rude")["message"]["id"]
    report = as_user(scene.user, call("report_message", answer, "rude"))
    first, second = race(scene.db, report, report)
    assert first == second
