"""What operators do over HTTP."""

import time
import uuid
from typing import Any

import pytest

from tests.http.conftest import Api, body_of, refusal_of
from tests.support.database import Database


@pytest.fixture
def olga(db: Database) -> uuid.UUID:
    """An operator who is available."""
    return db.operator(available=True)


def now() -> int:
    return int(time.time() * 1000)


def test_an_operator_takes_the_oldest_waiting_chat_with_all_their_screen_shows(
    api: Api, db: Database, olga: uuid.UUID
) -> None:
    first, _second = db.waiting_chat(text="hello there"), db.waiting_chat()
    chat = body_of(api.post("/api/operator/assign", as_=olga), 200)["chat"]
    assert chat["id"] == str(first)
    assert chat["profile"]["is_fictional"] is True
    assert chat["messages"][0]["content"] == "hello there"
    assert "version" in chat["notes"]
    assert not {"email", "credits", "latitude"} & chat["user"].keys()
    held = body_of(api.get("/api/operator/chat", as_=olga), 200)["chat"]
    assert held["id"] == str(first)


def test_when_no_chat_waits_a_message_says_so(api: Api, olga: uuid.UUID) -> None:
    assert body_of(api.post("/api/operator/assign", as_=olga), 200) == {"message": "No chats waiting"}
    assert body_of(api.get("/api/operator/chat", as_=olga), 200) == {"chat": None}


def test_a_second_chat_is_not_given(api: Api, db: Database, olga: uuid.UUID) -> None:
    db.waiting_chat(), db.waiting_chat()
    body_of(api.post("/api/operator/assign", as_=olga), 200)
    assert refusal_of(api.post("/api/operator/assign", as_=olga)) == (409, "ALREADY_ASSIGNED")


def test_an_operator_who_is_not_available_gets_no_chat(api: Api, db: Database) -> None:
    refused = api.post("/api/operator/assign", as_=db.operator())
    assert refusal_of(refused) == (400, "OPERATOR_NOT_AVAILABLE")


def test_an_operator_answers_and_the_user_reads_it(
    api: Api, db: Database, olga: uuid.UUID, person: uuid.UUID
) -> None:
    chat = str(db.waiting_chat(person))
    api.post("/api/operator/assign", as_=olga)
    body = {"chatId": chat, "content": "hello yourself", "clientMessageId": str(uuid.uuid4())}
    first = body_of(api.post("/api/operator/messages", body, as_=olga), 201)
    again = body_of(api.post("/api/operator/messages", body, as_=olga), 200)
    assert again["message"]["id"] == first["message"]["id"]
    read = body_of(api.get(f"/api/chats/{chat}/messages?after=1", as_=person), 200)
    assert [message["content"] for message in read["messages"]] == ["hello yourself"]
    assert read["has_more"] is False


def test_only_the_operator_who_holds_a_chat_may_answer_read_or_note(
    api: Api, db: Database, olga: uuid.UUID
) -> None:
    chat = str(db.waiting_chat())
    api.post("/api/operator/assign", as_=olga)
    other = db.operator("omar", available=True)
    notes = {"chatId": chat, "version": 1, "realProfileNotes": "x"}
    assert refusal_of(api.post("/api/operator/messages", {"chatId": chat, "content": "x"}, as_=other)) == (
        403,
        "CHAT_NOT_ASSIGNED",
    )
    assert refusal_of(api.patch("/api/operator/notes", notes, as_=other)) == (403, "CHAT_NOT_ASSIGNED")
    assert refusal_of(api.get(f"/api/chats/{chat}/messages", as_=other)) == (404, "CHAT_NOT_FOUND")
    assert refusal_of(api.post("/api/operator/complete", {"chatId": chat}, as_=other)) == (
        403,
        "CHAT_NOT_ASSIGNED",
    )


def test_a_heartbeat_tells_how_long_the_chat_is_theirs(api: Api, db: Database, olga: uuid.UUID) -> None:
    waiting = body_of(api.post("/api/operator/heartbeat", {"lastActivity": now()}, as_=olga), 200)
    assert (waiting["state"], waiting["seconds_left"]) == ("waiting", None)
    chat = db.waiting_chat()
    api.post("/api/operator/assign", as_=olga)
    active = body_of(
        api.post("/api/operator/heartbeat", {"chatId": str(chat), "lastActivity": now()}, as_=olga), 200
    )
    assert (active["state"], active["seconds_left"]) == ("active", 300)
    db.passes(250, chat)
    idle = {"chatId": str(chat), "lastActivity": now() - 250_000}
    assert body_of(api.post("/api/operator/heartbeat", idle, as_=olga), 200)["state"] == "warning"


def test_a_clock_that_is_ahead_keeps_no_chat_longer(api: Api, db: Database, olga: uuid.UUID) -> None:
    chat = db.waiting_chat()
    api.post("/api/operator/assign", as_=olga)
    ahead = {"chatId": str(chat), "lastActivity": now() + 3_600_000}
    assert body_of(api.post("/api/operator/heartbeat", ahead, as_=olga), 200)["seconds_left"] <= 300


def test_completing_a_chat_gives_the_next(api: Api, db: Database, olga: uuid.UUID) -> None:
    first, second = db.waiting_chat(), db.waiting_chat()
    api.post("/api/operator/assign", as_=olga)
    api.post("/api/operator/messages", {"chatId": str(first), "content": "bye"}, as_=olga)
    answer = body_of(api.post("/api/operator/complete", {"chatId": str(first)}, as_=olga), 200)
    assert answer["chat"]["id"] == str(second)


def test_a_released_chat_keeps_its_place(api: Api, db: Database, olga: uuid.UUID) -> None:
    chat = db.waiting_chat()
    before = db.chat_row(chat)["waiting_since"]
    api.post("/api/operator/assign", as_=olga)
    released = body_of(api.post("/api/operator/release", {"chatId": str(chat)}, as_=olga), 200)
    assert released == {"released": True, "reassigned": False}
    after = db.chat_row(chat)
    assert (after["assigned_operator_id"], after["waiting_since"]) == (None, before)


def test_going_off_duty_releases_the_chat(api: Api, db: Database, olga: uuid.UUID) -> None:
    chat = db.waiting_chat()
    api.post("/api/operator/assign", as_=olga)
    gone = body_of(api.post("/api/operator/availability", {"available": False}, as_=olga), 200)
    assert gone == {"is_available": False, "released_chat_id": str(chat), "waiting": True}


def test_notes_are_saved_unless_somebody_else_has_since(api: Api, db: Database, olga: uuid.UUID) -> None:
    chat = str(db.waiting_chat())
    version = body_of(api.post("/api/operator/assign", as_=olga), 200)["chat"]["notes"]["version"]
    change = {"chatId": chat, "version": version, "realProfileNotes": "likes tea"}
    saved = body_of(api.patch("/api/operator/notes", change, as_=olga), 200)["notes"]
    assert saved["real_profile_notes"] == "likes tea"
    assert refusal_of(api.patch("/api/operator/notes", change, as_=olga)) == (409, "NOTES_CHANGED")


def test_statistics_come_for_each_day_asked_for(api: Api, db: Database, olga: uuid.UUID) -> None:
    month = body_of(api.get("/api/operator/stats", as_=olga), 200)["stats"]
    assert len(month) == 30
    days = body_of(api.get("/api/operator/stats?from=2026-01-01&to=2026-01-03", as_=olga), 200)["stats"]
    assert [day["date"] for day in days] == ["2026-01-01", "2026-01-02", "2026-01-03"]
    backwards = api.get("/api/operator/stats?from=2026-01-03&to=2026-01-01", as_=olga)
    assert refusal_of(backwards) == (400, "INVALID_INPUT")
    earliest = body_of(api.get("/api/operator/stats?to=0001-01-02", as_=olga), 200)["stats"]
    assert [day["date"] for day in earliest] == ["0001-01-01", "0001-01-02"]


OPERATOR_ENDPOINTS = [
    ("POST", "/api/operator/assign", None),
    ("GET", "/api/operator/chat", None),
    ("POST", "/api/operator/heartbeat", {"lastActivity": 1_700_000_000_000}),
    ("POST", "/api/operator/messages", {"chatId": str(uuid.uuid4()), "content": "x"}),
    ("POST", "/api/operator/complete", {"chatId": str(uuid.uuid4())}),
    ("POST", "/api/operator/release", {"chatId": str(uuid.uuid4())}),
    ("POST", "/api/operator/availability", {"available": True}),
    ("PATCH", "/api/operator/notes", {"chatId": str(uuid.uuid4()), "version": 1, "realProfileNotes": "x"}),
]


@pytest.mark.parametrize(("method", "path", "body"), OPERATOR_ENDPOINTS)
def test_who_is_no_operator_or_no_longer_active_does_nothing_of_this(
    api: Api, db: Database, person: uuid.UUID, olga: uuid.UUID, method: str, path: str, body: object
) -> None:
    options: dict[str, Any] = {"json": body} if body else {}
    assert refusal_of(api.request(method, path, as_=person, **options)) == (403, "NOT_AN_OPERATOR")
    db.owner.call("deactivate_operator", db.admin(), olga)
    # The token is as good as before: the tables decide.
    assert refusal_of(api.request(method, path, as_=olga, **options)) == (403, "OPERATOR_INACTIVE")
