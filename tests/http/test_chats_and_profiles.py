"""Chats, profiles, the queue and the disclosure."""

import uuid

import pytest

from tests.http.conftest import Api, body_of, refusal_of
from tests.support.database import Database


def test_opening_a_chat_makes_it_once(api: Api, db: Database, person: uuid.UUID) -> None:
    profile = str(db.profile())
    made = body_of(api.post("/api/chats", {"fictionalUserId": profile}, as_=person), 201)["chat"]
    found = body_of(api.post("/api/chats", {"fictionalUserId": profile}, as_=person), 200)["chat"]
    assert made["id"] == found["id"]
    assert made["profile"]["is_fictional"] is True


def test_no_chat_is_opened_with_nobody(api: Api, db: Database, person: uuid.UUID) -> None:
    nobody = api.post("/api/chats", {"fictionalUserId": str(uuid.uuid4())}, as_=person)
    assert refusal_of(nobody) == (404, "PROFILE_NOT_FOUND")


def test_chats_are_listed_last_written_first_and_page_by_page(
    api: Api, db: Database, person: uuid.UUID
) -> None:
    chats = [str(db.waiting_chat(person)) for _ in range(3)]
    first = body_of(api.get("/api/chats?limit=2", as_=person), 200)["chats"]
    assert [chat["id"] for chat in first] == chats[:0:-1]
    rest = api.get("/api/chats", query_string={"before": first[-1]["last_message_at"]}, as_=person)
    assert [chat["id"] for chat in body_of(rest, 200)["chats"]] == chats[:1]


def test_a_page_of_messages_is_in_order_and_says_whether_there_are_more(
    api: Api, db: Database, person: uuid.UUID
) -> None:
    chat = db.chat(person)
    for number in range(3):
        db.owner.call("send_user_message", person, chat, f"message {number}")
    newest = body_of(api.get(f"/api/chats/{chat}/messages?limit=2", as_=person), 200)
    assert ([message["seq"] for message in newest["messages"]], newest["has_more"]) == ([2, 3], True)
    older = body_of(api.get(f"/api/chats/{chat}/messages?before=2", as_=person), 200)
    assert ([message["seq"] for message in older["messages"]], older["has_more"]) == ([1], False)


def test_a_strangers_chat_looks_like_no_chat(api: Api, db: Database, person: uuid.UUID) -> None:
    chat = db.waiting_chat()
    strangers = api.get(f"/api/chats/{chat}/messages", as_=person)
    missing = api.get(f"/api/chats/{uuid.uuid4()}/messages", as_=person)
    assert refusal_of(strangers) == refusal_of(missing) == (404, "CHAT_NOT_FOUND")
    assert refusal_of(api.get("/api/chats/not-a-uuid/messages", as_=person)) == (404, "NOT_FOUND")


def test_profiles_are_labelled_fictional_and_paged(api: Api, db: Database, person: uuid.UUID) -> None:
    for number in range(3):
        db.profile(f"Profile {number}")
    db.profile("Not looked for", gender="male")
    first = body_of(api.get("/api/profiles?limit=2", as_=person), 200)
    second = body_of(
        api.get("/api/profiles", query_string={"limit": 2, "cursor": first["nextCursor"]}, as_=person), 200
    )
    served = first["profiles"] + second["profiles"]
    assert {profile["name"] for profile in served} == {"Profile 0", "Profile 1", "Profile 2"}
    assert all(profile["is_fictional"] is True for profile in served)
    assert second["nextCursor"] is None


def test_profiles_are_kept_five_minutes_and_not_sent_twice(api: Api, db: Database, person: uuid.UUID) -> None:
    db.profile()
    first = api.get("/api/profiles", as_=person)
    assert first.headers["Cache-Control"] == "private, max-age=300"
    again = api.get("/api/profiles", as_=person, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    db.profile("Newer")
    changed = api.get("/api/profiles", as_=person, headers={"If-None-Match": first.headers["ETag"]})
    assert len(body_of(changed, 200)["profiles"]) == 2


def test_one_profile_is_served_by_its_id(api: Api, db: Database, person: uuid.UUID) -> None:
    profile = db.profile("Amina")
    assert body_of(api.get(f"/api/profiles/{profile}", as_=person), 200)["profile"]["name"] == "Amina"
    assert refusal_of(api.get(f"/api/profiles/{uuid.uuid4()}", as_=person)) == (404, "PROFILE_NOT_FOUND")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "limit=1e9", "gender=other", "cursor=%00", "limit="]
)
def test_a_query_that_makes_no_sense_is_refused(offline: Api, query: str) -> None:
    assert refusal_of(offline.get(f"/api/profiles?{query}", as_=uuid.uuid4())) == (400, "INVALID_INPUT")


def test_a_made_up_cursor_is_refused(api: Api, person: uuid.UUID) -> None:
    assert refusal_of(api.get("/api/profiles?cursor=made-up", as_=person)) == (400, "INVALID_INPUT")


def test_a_suspended_user_is_out_at_once(api: Api, db: Database, person: uuid.UUID) -> None:
    profile = db.profile()
    body_of(api.get("/api/profiles", as_=person), 200)
    db.owner.call("suspend_user", db.admin(), person, "spam")
    for refused in (
        api.get("/api/profiles", as_=person),
        api.get("/api/chats", as_=person),
        api.post("/api/chats", {"fictionalUserId": str(profile)}, as_=person),
    ):
        assert refusal_of(refused) == (403, "ACCOUNT_SUSPENDED")


def test_the_queue_is_told_to_whoever_is_signed_in(api: Api, db: Database, person: uuid.UUID) -> None:
    db.waiting_chat()
    assert body_of(api.get("/api/queue", as_=person), 200)["waiting"] == 1


def test_the_disclosure_is_told_to_anyone(api: Api) -> None:
    assert "fictional" in body_of(api.get("/api/disclosure"), 200)["text"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/account"),
        ("GET", "/api/chats"),
        ("POST", "/api/chats"),
        ("POST", "/api/messages"),
        ("GET", "/api/profiles"),
        ("GET", "/api/queue"),
        ("GET", "/api/packages"),
        ("POST", "/api/payments/initialize"),
        ("POST", "/api/operator/assign"),
        ("GET", "/api/admin/users"),
    ],
)
@pytest.mark.parametrize(
    "header", [None, "Bearer", "Bearer ", "Bearer undefined", "Basic eDp5", "Bearer a.b.c", "eyJ"]
)
def test_without_a_good_token_nobody_gets_anything(
    offline: Api, method: str, path: str, header: str | None
) -> None:
    headers = {"Authorization": header} if header else {}
    refused = offline.request(method, path, headers=headers)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"
