"""Operators' notes: saved against the version that was read, through the API and through supabase-js alike."""

from typing import Any
from uuid import UUID

import pytest

from tests.operators.support import refused_and_nothing_changed, unchanged
from tests.support.database import Database, denied

SAVE = "save_chat_notes"


@pytest.fixture
def operator(db: Database) -> UUID:
    return db.operator(available=True)


@pytest.fixture
def chat(db: Database, operator: UUID) -> UUID:
    """A chat the operator holds."""
    chat = db.waiting_chat()
    assert db.owner.call("assign_chat_to_operator", operator) == chat
    return chat


def notes(db: Database, chat: UUID) -> dict[str, Any]:
    (row,) = db.owner.rows("select * from public.chat_notes where chat_id = %s", chat)
    return row


def test_saving_gives_the_next_version(db: Database, operator: UUID, chat: UUID) -> None:
    saved = db.owner.call(SAVE, operator, chat, 1, "likes octopuses", "said she has a brother")["notes"]
    assert (saved["version"], saved["real_profile_notes"]) == (2, "likes octopuses")
    assert (saved["fictional_profile_notes"], saved["updated_by"]) == (
        "said she has a brother",
        str(operator),
    )
    assert db.owner.call("get_operator_chat", operator)["chat"]["notes"]["version"] == 2


def test_a_note_that_is_left_out_stays(db: Database, operator: UUID, chat: UUID) -> None:
    db.owner.call(SAVE, operator, chat, 1, "likes octopuses", "has a brother")
    db.owner.call(SAVE, operator, chat, 2, None, "has two brothers")
    row = notes(db, chat)
    assert (row["real_profile_notes"], row["fictional_profile_notes"]) == (
        "likes octopuses",
        "has two brothers",
    )


def test_what_somebody_saved_meanwhile_is_not_overwritten(db: Database, operator: UUID, chat: UUID) -> None:
    db.owner.call(SAVE, operator, chat, 1, "likes octopuses")
    with refused_and_nothing_changed(db, "NOTES_CHANGED", 409):
        db.owner.call(SAVE, operator, chat, 1, "likes tea")


@pytest.mark.parametrize(("version", "text"), [(None, "likes tea"), (1, "x" * 10_001)])
def test_notes_need_a_version_and_have_a_longest_length(
    db: Database, operator: UUID, chat: UUID, version: int | None, text: str
) -> None:
    with refused_and_nothing_changed(db, "INVALID_INPUT", 400):
        db.owner.call(SAVE, operator, chat, version, text)


def test_only_the_holder_saves(db: Database, operator: UUID, chat: UUID) -> None:
    stranger = db.operator("stranger")
    with refused_and_nothing_changed(db, "CHAT_NOT_ASSIGNED", 403):
        db.owner.call(SAVE, stranger, chat, 1, "mine")
    db.owner.call("release_chat", operator, chat)
    with refused_and_nothing_changed(db, "CHAT_NOT_ASSIGNED", 403):
        db.owner.call(SAVE, operator, chat, 1, "too late")


def test_notes_go_with_the_chat_to_the_next_operator(db: Database, operator: UUID, chat: UUID) -> None:
    db.owner.call(SAVE, operator, chat, 1, "likes octopuses")
    other = db.operator("other", available=True)
    db.owner.call("release_chat", operator, chat)
    assert (
        db.owner.call("get_operator_chat", other)["chat"]["notes"]["real_profile_notes"] == "likes octopuses"
    )


# As supabase-js writes: .update({…}).eq('chat_id', …).eq('version', …)

UPDATE = "update public.chat_notes set real_profile_notes = %s where chat_id = %s and version = %s"


def test_a_browser_saves_against_the_version_it_read(db: Database, operator: UUID, chat: UUID) -> None:
    browser = db.browser(operator)
    assert browser.execute(UPDATE, "likes octopuses", chat, 1) == 1
    row = notes(db, chat)
    assert (row["real_profile_notes"], row["version"], row["updated_by"]) == ("likes octopuses", 2, operator)
    with unchanged(db):
        assert browser.execute(UPDATE, "likes tea", chat, 1) == 0


def test_the_two_ways_of_saving_see_each_other(db: Database, operator: UUID, chat: UUID) -> None:
    browser = db.browser(operator)
    db.owner.call(SAVE, operator, chat, 1, "likes octopuses")
    with unchanged(db):
        assert browser.execute(UPDATE, "likes tea", chat, 1) == 0
    assert browser.execute(UPDATE, "likes tea", chat, 2) == 1
    with refused_and_nothing_changed(db, "NOTES_CHANGED", 409):
        db.owner.call(SAVE, operator, chat, 2, "likes coffee")


def test_a_browser_sets_neither_version_nor_author(db: Database, operator: UUID, chat: UUID) -> None:
    browser = db.browser(operator)
    for assignment in ("version = 9", "updated_by = gen_random_uuid()", "chat_id = gen_random_uuid()"):
        with unchanged(db), denied():
            browser.execute(f"update public.chat_notes set {assignment} where chat_id = %s", chat)


def test_others_neither_read_nor_save(db: Database, operator: UUID, chat: UUID) -> None:
    """The chat's user, another operator, and the holder once the chat is gone."""
    people = [db.chat_row(chat)["real_user_id"], db.operator("stranger", available=True)]
    assert db.browser(operator).rows("select chat_id from public.chat_notes") == [{"chat_id": chat}]
    db.owner.call("set_operator_availability", people[1], False)
    db.owner.call("release_chat", operator, chat)
    for person in (*people, operator):
        with unchanged(db):
            assert db.browser(person).execute(UPDATE, "mine", chat, 1) == 0
        assert db.browser(person).rows("select * from public.chat_notes") == []
