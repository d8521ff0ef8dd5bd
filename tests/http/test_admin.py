"""What admins do over HTTP, and that nobody else does."""

import uuid
from typing import Any

import pytest

from tests.http.conftest import Api, body_of, refusal_of
from tests.support.database import Database


@pytest.fixture
def ada(db: Database) -> uuid.UUID:
    return db.admin()


def test_a_profile_is_made_changed_and_hidden(
    api: Api, db: Database, ada: uuid.UUID, person: uuid.UUID
) -> None:
    new = {
        "name": "Amina",
        "age": 27,
        "gender": "female",
        "location": "Mombasa",
        "profilePictures": ["https://pictures.test/a.jpg"],
    }
    profile = body_of(api.post("/api/admin/profiles", new, as_=ada), 201)["profile"]
    assert profile["profile_pictures"] == ["https://pictures.test/a.jpg"]
    path = f"/api/admin/profiles/{profile['id']}"
    changed = body_of(api.patch(path, {"bio": "Likes the sea."}, as_=ada), 200)["profile"]
    assert (changed["bio"], changed["name"]) == ("Likes the sea.", "Amina")
    body_of(api.patch(path, {"isActive": False}, as_=ada), 200)
    assert refusal_of(api.get(f"/api/profiles/{profile['id']}", as_=person)) == (404, "PROFILE_NOT_FOUND")
    hidden = body_of(api.get("/api/admin/profiles?isActive=false", as_=ada), 200)["profiles"]
    assert [each["id"] for each in hidden] == [profile["id"]]


@pytest.mark.parametrize(
    "change",
    [
        {"name": None},
        {"age": 17},
        {"gender": "other"},
        {"profilePictures": ["http://plain.test/a.jpg"]},
        {"nmae": "x"},
    ],
    ids=str,
)
def test_a_change_that_makes_no_sense_changes_nothing(
    api: Api, db: Database, ada: uuid.UUID, change: dict[str, object]
) -> None:
    profile = db.profile("Amina")
    assert refusal_of(api.patch(f"/api/admin/profiles/{profile}", change, as_=ada)) == (400, "INVALID_INPUT")
    assert db.owner.value("select name from public.fictional_users") == "Amina"


def test_credits_are_given_once_per_request_id_and_never_taken_below_zero(
    api: Api, db: Database, ada: uuid.UUID, person: uuid.UUID
) -> None:
    path = f"/api/admin/users/{person}/credits"
    gift = {"delta": 5, "note": "sorry", "requestId": str(uuid.uuid4())}
    for _ in range(2):
        assert body_of(api.post(path, gift, as_=ada), 200)["credits"] == 5
    assert refusal_of(api.post(path, {"delta": -6, "note": "oops"}, as_=ada)) == (409, "BALANCE_TOO_LOW")
    assert db.credits(person) == 5
    db.assert_books_balance()


def test_a_user_is_suspended_and_let_in_again(api: Api, ada: uuid.UUID, person: uuid.UUID) -> None:
    body_of(api.post(f"/api/admin/users/{person}/suspend", {"reason": "spam"}, as_=ada), 200)
    (user,) = body_of(api.get("/api/admin/users?isActive=false", as_=ada), 200)["users"]
    assert (user["id"], user["suspended_reason"]) == (str(person), "spam")
    body_of(api.post(f"/api/admin/users/{person}/reinstate", as_=ada), 200)
    assert body_of(api.get("/api/admin/users?isActive=false", as_=ada), 200)["users"] == []


def test_chats_are_watched_reassigned_closed_and_reopened(api: Api, db: Database, ada: uuid.UUID) -> None:
    chat = db.waiting_chat()
    olga = db.operator(available=True)
    (seen,) = body_of(api.get("/api/admin/chats?waiting=true&assigned=false", as_=ada), 200)["chats"]
    assert seen["id"] == str(chat)
    reassigned = api.post(f"/api/admin/chats/{chat}/reassign", {"operatorId": str(olga)}, as_=ada)
    assert body_of(reassigned, 200)["assigned_operator_id"] == str(olga)
    assert len(body_of(api.get(f"/api/chats/{chat}/messages", as_=ada), 200)["messages"]) == 1
    assert body_of(api.post(f"/api/admin/chats/{chat}/close", as_=ada), 200)["is_active"] is False
    assert body_of(api.get("/api/admin/chats?isActive=true", as_=ada), 200)["chats"] == []
    assert body_of(api.post(f"/api/admin/chats/{chat}/reopen", as_=ada), 200)["is_active"] is True


def test_operators_are_listed_and_shut_out_and_let_in(api: Api, db: Database, ada: uuid.UUID) -> None:
    olga = db.operator()
    (listed,) = body_of(api.get("/api/admin/operators", as_=ada), 200)["operators"]
    assert listed["id"] == str(olga)
    assert body_of(api.post(f"/api/admin/operators/{olga}/deactivate", as_=ada), 200)["is_active"] is False
    assert body_of(api.post(f"/api/admin/operators/{olga}/reactivate", as_=ada), 200)["is_active"] is True
    assert len(body_of(api.get(f"/api/admin/operators/{olga}/stats", as_=ada), 200)["stats"]) == 30


def test_a_report_is_read_with_its_message_and_resolved(
    api: Api, db: Database, ada: uuid.UUID, person: uuid.UUID
) -> None:
    chat = db.waiting_chat(person)
    olga = db.operator(available=True)
    db.owner.call("assign_chat_to_operator", olga)
    db.owner.call("send_operator_message", olga, chat, "something rude")
    message = db.messages(chat)[-1]["id"]
    db.browser(person).call("report_message", message, "rude")
    (report,) = body_of(api.get("/api/admin/reports?resolved=false", as_=ada), 200)["reports"]
    assert report["message"]["content"] == "something rude"
    resolved = api.post(
        f"/api/admin/reports/{report['id']}/resolve", {"resolution": "talked to Olga"}, as_=ada
    )
    assert body_of(resolved, 200)["report"]["resolution"] == "talked to Olga"
    assert body_of(api.get("/api/admin/reports?resolved=false", as_=ada), 200)["reports"] == []


def test_settings_are_read_and_changed_within_their_bounds(api: Api, ada: uuid.UUID) -> None:
    assert body_of(api.get("/api/admin/settings", as_=ada), 200)["settings"]["free_messages"] == 3
    changed = body_of(api.patch("/api/admin/settings", {"freeMessages": 5}, as_=ada), 200)["settings"]
    assert (changed["free_messages"], changed["messages_per_minute"]) == (5, 30)
    for bad in (
        {"freeMessages": 101},
        {"freeMessages": None},
        {"freeMessages": "5"},
        {"idleWarningSeconds": 301},
    ):
        assert refusal_of(api.patch("/api/admin/settings", bad, as_=ada)) == (400, "INVALID_INPUT")
    assert body_of(api.get("/api/admin/settings", as_=ada), 200)["settings"] == changed


def test_what_an_admin_changes_is_on_record(api: Api, ada: uuid.UUID, person: uuid.UUID) -> None:
    api.post(f"/api/admin/users/{person}/suspend", {"reason": "spam"}, as_=ada)
    api.post(f"/api/admin/users/{person}/reinstate", as_=ada)
    entries = body_of(api.get("/api/admin/audit", as_=ada), 200)["entries"]
    assert [(entry["action"], entry["admin_id"], entry["target_id"]) for entry in entries] == [
        ("reinstate_user", str(ada), str(person)),
        ("suspend_user", str(ada), str(person)),
    ]
    older = body_of(api.get(f"/api/admin/audit?before={entries[0]['id']}", as_=ada), 200)["entries"]
    assert older == entries[1:]


def test_statistics_tell_how_things_stand_and_what_each_day_brought(
    api: Api, db: Database, ada: uuid.UUID
) -> None:
    db.waiting_chat()
    stats = body_of(api.get("/api/admin/stats", as_=ada), 200)
    assert stats["totals"]["queue"]["waiting"] == 1
    assert (len(stats["series"]), stats["series"][-1]["free_messages"]) == (30, 1)


def test_purchases_are_listed_by_status(api: Api, db: Database, ada: uuid.UUID, person: uuid.UUID) -> None:
    db.owner.call("create_payment", person, "credits-10")
    (payment,) = body_of(api.get("/api/admin/payments?status=pending", as_=ada), 200)["payments"]
    assert payment["real_user_id"] == str(person)
    assert body_of(api.get("/api/admin/payments?status=success", as_=ada), 200)["payments"] == []


ID = "0b5d2d0e-7c0c-4d6f-9d0e-6a0c9a1f4b11"
ADMIN_ENDPOINTS = [
    ("GET", "/api/admin/operators", None),
    ("POST", f"/api/admin/operators/{ID}/deactivate", None),
    ("POST", f"/api/admin/operators/{ID}/reactivate", None),
    ("GET", f"/api/admin/operators/{ID}/stats", None),
    ("GET", "/api/admin/profiles", None),
    ("POST", "/api/admin/profiles", {"name": "A", "age": 20, "gender": "female", "location": "B"}),
    ("PATCH", f"/api/admin/profiles/{ID}", {"name": "A"}),
    ("GET", "/api/admin/users", None),
    ("POST", f"/api/admin/users/{ID}/suspend", {"reason": "x"}),
    ("POST", f"/api/admin/users/{ID}/reinstate", None),
    ("POST", f"/api/admin/users/{ID}/credits", {"delta": 1, "note": "x"}),
    ("GET", "/api/admin/chats", None),
    ("POST", f"/api/admin/chats/{ID}/reassign", {}),
    ("POST", f"/api/admin/chats/{ID}/close", None),
    ("POST", f"/api/admin/chats/{ID}/reopen", None),
    ("GET", "/api/admin/reports", None),
    ("POST", f"/api/admin/reports/{ID}/resolve", {"resolution": "x"}),
    ("GET", "/api/admin/payments", None),
    ("GET", "/api/admin/stats", None),
    ("GET", "/api/admin/settings", None),
    ("PATCH", "/api/admin/settings", {"freeMessages": 100}),
    ("GET", "/api/admin/audit", None),
]


def test_nobody_but_an_admin_does_any_of_this(api: Api, db: Database, person: uuid.UUID) -> None:
    covered = {path.replace(ID, "") for _, path, _ in ADMIN_ENDPOINTS} | {"/api/admin/admins"}
    declared = {rule.rule for rule in api.app.url_map.iter_rules() if rule.rule.startswith("/api/admin/")}
    assert len(covered) == len(declared), "every admin endpoint belongs in the list"
    for somebody in (person, db.operator()):
        for method, path, body in ADMIN_ENDPOINTS:
            options: dict[str, Any] = {"json": body} if body is not None else {}
            refused = api.request(method, path, as_=somebody, **options)
            assert refusal_of(refused) == (403, "NOT_AN_ADMIN"), (method, path)
