"""POST /api/messages: who may send, what it costs, and what a repeat does."""

import uuid

import pytest

from tests.http.conftest import Api, body_of, refusal_of
from tests.support.database import Database


def test_the_first_three_messages_are_free_and_the_fourth_is_refused_without_credits(
    api: Api, db: Database, person: uuid.UUID
) -> None:
    chat = str(db.chat(person))
    for number in range(3):
        sent = body_of(
            api.post("/api/messages", {"chatId": chat, "content": f"message {number}"}, as_=person), 201
        )
        assert sent["message"]["is_free_message"] is True
    refused = api.post("/api/messages", {"chatId": chat, "content": "one too many"}, as_=person)
    assert refusal_of(refused) == (402, "INSUFFICIENT_CREDITS")
    assert "Insufficient credits" in refused.get_json()["error"]
    assert len(db.messages(uuid.UUID(chat))) == 3


def test_the_fourth_message_costs_one_credit_and_the_answer_shows_the_balance(api: Api, db: Database) -> None:
    user = db.user(credits=10)
    chat = str(db.chat(user))
    for number in range(3):
        api.post("/api/messages", {"chatId": chat, "content": f"free {number}"}, as_=user)
    sent = body_of(api.post("/api/messages", {"chatId": chat, "content": "paid"}, as_=user), 201)
    assert (sent["message"]["is_free_message"], sent["credits"]) == (False, 9)
    db.assert_books_balance()


def test_a_message_sent_again_with_its_id_is_returned_and_not_charged(api: Api, db: Database) -> None:
    user = db.user(credits=5)
    chat = str(db.chat(user))
    for number in range(3):
        api.post("/api/messages", {"chatId": chat, "content": f"free {number}"}, as_=user)
    body = {"chatId": chat, "content": "paid once", "clientMessageId": str(uuid.uuid4())}
    first = body_of(api.post("/api/messages", body, as_=user), 201)
    again = body_of(api.post("/api/messages", body, as_=user), 200)
    assert again["message"]["id"] == first["message"]["id"]
    assert db.credits(user) == 4
    other = api.post("/api/messages", {**body, "content": "something else"}, as_=user)
    assert refusal_of(other) == (409, "IDEMPOTENCY_CONFLICT")


@pytest.mark.parametrize("key", ["0b5d2d0e-7c0c-4d6f-9d0e-6a0c9a1f4b11", "order 66", "x" * 255])
def test_an_idempotency_key_names_a_message_as_a_message_id_does(
    api: Api, db: Database, person: uuid.UUID, key: str
) -> None:
    body = {"chatId": str(db.chat(person)), "content": "once"}
    first = body_of(api.post("/api/messages", body, as_=person, headers={"Idempotency-Key": key}), 201)
    again = body_of(api.post("/api/messages", body, as_=person, headers={"Idempotency-Key": key}), 200)
    assert first["message"] == again["message"]


def test_one_users_idempotency_key_says_nothing_about_anothers(api: Api, db: Database) -> None:
    for user in (db.user(), db.user()):
        body = {"chatId": str(db.chat(user)), "content": "hello"}
        body_of(api.post("/api/messages", body, as_=user, headers={"Idempotency-Key": "the same"}), 201)


def test_the_sender_is_who_the_token_names_whatever_the_body_says(
    api: Api, db: Database, person: uuid.UUID
) -> None:
    chat = str(db.chat(person))
    somebody = db.user()
    forged = api.post(
        "/api/messages", {"chatId": chat, "content": "hi", "senderId": str(person)}, as_=somebody
    )
    assert refusal_of(forged) == (403, "SENDER_MISMATCH")
    strangers = api.post("/api/messages", {"chatId": chat, "content": "hi"}, as_=somebody)
    assert refusal_of(strangers) == (404, "CHAT_NOT_FOUND")
    own = api.post("/api/messages", {"chatId": chat, "content": "hi", "senderId": str(person)}, as_=person)
    body_of(own, 201)
    assert [row["content"] for row in db.messages(uuid.UUID(chat))] == ["hi"]


def test_no_message_can_be_sent_before_the_disclosure_is_accepted(api: Api, db: Database) -> None:
    user = db.user(accepted=False)
    refused = api.post("/api/messages", {"chatId": str(db.chat(user)), "content": "hi"}, as_=user)
    assert refusal_of(refused) == (403, "DISCLOSURE_REQUIRED")


@pytest.mark.parametrize("content", ["I <3 you", "a < b && c", "grüße 👋🏽", "line\nline"])
def test_what_is_typed_is_what_is_kept(api: Api, db: Database, person: uuid.UUID, content: str) -> None:
    sent = body_of(
        api.post("/api/messages", {"chatId": str(db.chat(person)), "content": content}, as_=person), 201
    )
    assert sent["message"]["content"] == content


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"chatId": ', "INVALID_JSON"),
        (b"[]", "INVALID_INPUT"),
        (b'"text"', "INVALID_INPUT"),
        (b"null", "INVALID_INPUT"),
        (b"", "INVALID_JSON"),
        (b'{"chatId": "%s"}', "INVALID_INPUT"),
        (b'{"chatId": "%s", "content": null}', "INVALID_INPUT"),
        (b'{"chatId": "%s", "content": 5}', "INVALID_INPUT"),
        (b'{"chatId": "%s", "content": {"a": "b"}}', "INVALID_INPUT"),
        (b'{"chatId": 7, "content": "hi"}', "INVALID_INPUT"),
        (b'{"chatId": "not-a-uuid", "content": "hi"}', "INVALID_INPUT"),
        (b'{"chatId": "%s", "content": "a\\u0000b"}', "INVALID_INPUT"),
        (b'{"chatId": "%s", "content": "a\\ud800b"}', "INVALID_JSON"),
        (b'{"chatId": "%s", "content": "\xff"}', "INVALID_JSON"),
        (b'{"chatId": "%s", "content": "hi", "clientMessageId": "7"}', "INVALID_INPUT"),
        (b"[" * 10_000, "INVALID_JSON"),
    ],
)
def test_a_body_that_is_no_message_is_refused_with_400(offline: Api, body: bytes, code: str) -> None:
    data = body.replace(b"%s", str(uuid.uuid4()).encode())
    refused = offline.request(
        "POST", "/api/messages", data=data, content_type="application/json", as_=uuid.uuid4()
    )
    assert refusal_of(refused) == (400, code)


def test_a_message_of_nothing_or_too_much_is_refused(api: Api, db: Database, person: uuid.UUID) -> None:
    chat = db.chat(person)
    for content, code in [("", "EMPTY_MESSAGE"), (" \n ", "EMPTY_MESSAGE"), ("x" * 5001, "MESSAGE_TOO_LONG")]:
        refused = api.post("/api/messages", {"chatId": str(chat), "content": content}, as_=person)
        assert refusal_of(refused) == (400, code)
    assert db.messages(chat) == []


def test_a_body_of_another_type_or_too_large_is_refused_as_such(offline: Api) -> None:
    form = offline.request("POST", "/api/messages", data={"content": "hi"}, as_=uuid.uuid4())
    assert refusal_of(form) == (415, "UNSUPPORTED_MEDIA_TYPE")
    large = offline.post("/api/messages", {"content": "x" * 70_000}, as_=uuid.uuid4())
    assert refusal_of(large) == (413, "PAYLOAD_TOO_LARGE")


def test_the_thirty_first_message_of_a_minute_is_refused_and_told_when_to_come_back(
    api: Api, db: Database, person: uuid.UUID
) -> None:
    chat = str(db.chat(person))
    for _ in range(30):
        api.post(
            "/api/messages", {"chatId": chat, "content": "hi", "clientMessageId": "not a uuid"}, as_=person
        )
    refused = api.post("/api/messages", {"chatId": chat, "content": "hi"}, as_=person)
    assert refusal_of(refused) == (429, "RATE_LIMITED")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit-Limit"] == "30"
    assert refused.headers["RateLimit-Remaining"] == "0"
    somebody_else = db.user()
    body_of(
        api.post(
            "/api/messages", {"chatId": str(db.chat(somebody_else)), "content": "hi"}, as_=somebody_else
        ),
        201,
    )
