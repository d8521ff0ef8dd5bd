"""send_user_message: design 3.1 and 3.2."""

import uuid
from datetime import datetime

import pytest

from tests.support.database import Database, refused

SEND = "send_user_message"


def test_three_messages_are_free_and_the_fourth_costs_a_credit(db: Database) -> None:
    user = db.user(credits=2)
    chat = db.chat(user)
    answers = [db.owner.call(SEND, user, chat, f"message {n}") for n in range(1, 5)]
    assert [answer["message"]["is_free_message"] for answer in answers] == [True, True, True, False]
    assert [answer["credits"] for answer in answers] == [2, 2, 2, 1]
    assert [answer["message"]["seq"] for answer in answers] == [1, 2, 3, 4]
    assert db.ledger(user) == [(2, 2, "adjustment"), (-1, 1, "message")]
    db.assert_books_balance()


def test_without_credits_the_fourth_message_is_refused_and_nothing_changes(db: Database) -> None:
    user = db.user()
    chat = db.chat(user)
    for n in range(3):
        db.owner.call(SEND, user, chat, f"message {n}")
    before = db.chat_row(chat)
    with refused("INSUFFICIENT_CREDITS", 402) as refusal:
        db.owner.call(SEND, user, chat, "one more")
    assert "Insufficient credits" in refusal.message
    assert db.chat_row(chat) == before
    assert len(db.messages(chat)) == 3
    assert db.ledger(user) == []


def test_the_id_of_a_message_begins_with_the_time_it_was_written(db: Database) -> None:
    user = db.user()
    message = db.owner.call(SEND, user, db.chat(user), "hello")["message"]
    message_id = uuid.UUID(message["id"])
    written = datetime.fromisoformat(message["created_at"])
    assert (message_id.version, message_id.variant) == (7, uuid.RFC_4122)
    assert abs(int.from_bytes(message_id.bytes[:6], "big") / 1000 - written.timestamp()) < 5


def test_a_message_leaves_the_indexes_of_its_chat_alone(db: Database) -> None:
    """Its new version fits beside the old one, for no index names what changes: what private.chat_queue is for."""
    user = db.user()
    chat = db.chat(user)
    db.owner.begin()
    db.owner.call("send_user_message", user, chat, "hello")
    written = (
        "select n_tup_upd, n_tup_hot_upd from pg_stat_xact_user_tables where relid = 'public.chats'::regclass"
    )
    assert db.owner.rows(written) == [{"n_tup_upd": 1, "n_tup_hot_upd": 1}]
    db.owner.commit()


def test_a_repeat_returns_the_first_message_and_is_not_charged(db: Database) -> None:
    user = db.user(credits=5)
    chat = db.chat(user)
    db.setting(free_messages=0)
    name = uuid.uuid4()
    first = db.owner.call(SEND, user, chat, "hello", name)
    second = db.owner.call(SEND, user, chat, "hello", name)
    assert second["message"] == first["message"]
    assert (first["repeated"], second["repeated"]) == (False, True)
    assert db.credits(user) == 4
    assert len(db.messages(chat)) == 1


def test_the_same_id_with_other_text_is_refused(db: Database) -> None:
    user = db.user()
    chat = db.chat(user)
    name = uuid.uuid4()
    db.owner.call(SEND, user, chat, "hello", name)
    with refused("IDEMPOTENCY_CONFLICT", 409):
        db.owner.call(SEND, user, chat, "something else", name)
    assert len(db.messages(chat)) == 1


def test_two_sends_at_once_do_not_spend_one_credit_twice(db: Database) -> None:
    """Design 3.1: the second waits for the first, and then sees what is left."""
    user = db.user(credits=1)
    chat = db.chat(user)
    db.setting(free_messages=0)
    first, second = db.session(), db.session()
    first.begin()
    first.call(SEND, user, chat, "mine")
    waiting = second.start(SEND, user, chat, "mine too")
    db.wait_until_blocked(second)
    first.commit()
    with refused("INSUFFICIENT_CREDITS", 402):
        waiting.result(10)
    assert db.credits(user) == 0
    assert [message["content"] for message in db.messages(chat)] == ["mine"]
    db.assert_books_balance()


def test_two_sends_at_once_in_two_chats_do_not_spend_one_credit_twice(db: Database) -> None:
    user = db.user(credits=1)
    chats = [db.chat(user), db.chat(user)]
    db.setting(free_messages=0)
    first, second = db.session(), db.session()
    first.begin()
    first.call(SEND, user, chats[0], "mine")
    waiting = second.start(SEND, user, chats[1], "mine too")
    db.wait_until_blocked(second)
    first.commit()
    with refused("INSUFFICIENT_CREDITS", 402):
        waiting.result(10)
    assert db.messages(chats[1]) == []
    db.assert_books_balance()


def test_two_copies_of_one_request_at_once_are_one_message(db: Database) -> None:
    user = db.user(credits=2)
    chat = db.chat(user)
    db.setting(free_messages=0)
    name = uuid.uuid4()
    first, second = db.session(), db.session()
    first.begin()
    sent = first.call(SEND, user, chat, "hello", name)
    waiting = second.start(SEND, user, chat, "hello", name)
    db.wait_until_blocked(second)
    first.commit()
    assert waiting.result(10)["message"] == sent["message"]
    assert db.credits(user) == 1


def test_a_send_that_is_rolled_back_leaves_no_gap_in_seq(db: Database) -> None:
    user = db.user()
    chat = db.chat(user)
    killed = db.session()
    killed.begin()
    killed.call(SEND, user, chat, "never")
    killed.rollback()
    assert db.owner.call(SEND, user, chat, "first")["message"]["seq"] == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "EMPTY_MESSAGE"),
        (None, "EMPTY_MESSAGE"),
        ("<b></b>", "EMPTY_MESSAGE"),
        ("x" * 5001, "MESSAGE_TOO_LONG"),
    ],
)
def test_text_that_is_no_message_is_refused(db: Database, text: str | None, code: str) -> None:
    user = db.user()
    chat = db.chat(user)
    with refused(code, 400):
        db.owner.call(SEND, user, chat, text)
    assert db.messages(chat) == []


def test_a_stranger_is_told_the_chat_does_not_exist(db: Database) -> None:
    chat = db.chat(db.user())
    with refused("CHAT_NOT_FOUND", 404):
        db.owner.call(SEND, db.user(), chat, "hello")
    with refused("CHAT_NOT_FOUND", 404):
        db.owner.call(SEND, db.user(), uuid.uuid4(), "hello")
    assert db.messages(chat) == []


def test_an_operator_cannot_send_as_a_user(db: Database) -> None:
    chat = db.chat(db.user())
    with refused("NOT_A_REAL_USER", 403):
        db.owner.call(SEND, db.operator(), chat, "hello")


def test_nothing_is_sent_before_the_disclosure_is_accepted(db: Database) -> None:
    user = db.user(accepted=False)
    chat = db.chat(user)
    with refused("DISCLOSURE_REQUIRED", 403):
        db.owner.call(SEND, user, chat, "hello")
    db.browser(user).call("accept_disclosure", "1")
    assert db.owner.call(SEND, user, chat, "hello")["message"]["seq"] == 1


def test_a_new_disclosure_has_to_be_accepted_again(db: Database) -> None:
    user = db.user()
    chat = db.chat(user)
    db.setting(disclosure_version="2")
    with refused("DISCLOSURE_REQUIRED", 403):
        db.owner.call(SEND, user, chat, "hello")


def test_a_suspended_user_sends_nothing(db: Database) -> None:
    user, admin = db.user(), db.admin()
    chat = db.chat(user)
    db.owner.call("suspend_user", admin, user, "spam")
    with refused("ACCOUNT_SUSPENDED", 403):
        db.owner.call(SEND, user, chat, "hello")


def test_a_closed_chat_takes_no_message_until_it_is_reopened(db: Database) -> None:
    user, admin = db.user(), db.admin()
    chat = db.chat(user)
    db.owner.call("close_chat", admin, chat)
    with refused("CHAT_CLOSED", 409):
        db.owner.call(SEND, user, chat, "hello")
    db.owner.call("reopen_chat", admin, chat)
    assert db.owner.call(SEND, user, chat, "hello")["message"]["seq"] == 1


def test_the_thirty_first_message_in_a_minute_is_refused_over_all_chats(db: Database) -> None:
    user = db.user(credits=100)
    chats = [db.chat(user), db.chat(user)]
    for n in range(30):
        db.owner.call(SEND, user, chats[n % 2], f"message {n}")
    with refused("RATE_LIMITED", 429):
        db.owner.call(SEND, user, chats[0], "one more")
    db.owner.execute(
        "update public.real_users set recent_sends = array(select t - interval '1 minute' from unnest(recent_sends) t)"
    )
    assert db.owner.call(SEND, user, chats[0], "later")["repeated"] is False
    db.assert_books_balance()


def test_the_chat_counts_and_waits_since_the_first_unanswered_message(db: Database) -> None:
    user = db.user()
    chat = db.chat(user)
    first = db.owner.call(SEND, user, chat, "one")["message"]
    db.owner.call(SEND, user, chat, "two")
    row = db.chat_row(chat)
    assert (row["message_count"], row["real_message_count"], row["last_seq"]) == (2, 2, 2)
    assert row["waiting_since"] == db.messages(chat)[0]["created_at"]
    assert first["seq"] == 1
