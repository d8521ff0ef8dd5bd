"""Who gets which chat, and what lays it down again: design 3.7 and the queue of issue 6."""

import random
import uuid
from uuid import UUID

import pytest

from tests.operators.support import (
    beats,
    broadcasts,
    broken_invariants,
    held,
    holder,
    refused_and_nothing_changed,
    segments,
    sweep,
    unchanged,
)
from tests.support.database import Database

ASSIGN = "assign_chat_to_operator"


def in_line(db: Database, name: str = "olga") -> UUID:
    """An operator who asked for a chat and found none waiting."""
    operator = db.operator(name, available=True)
    assert db.owner.call(ASSIGN, operator) is None
    return operator


def holding(db: Database) -> tuple[UUID, UUID]:
    """An operator and the chat, with a message unanswered, that they have just been given."""
    operator, chat = db.operator(available=True), db.waiting_chat()
    assert db.owner.call(ASSIGN, operator) == chat
    return operator, chat


# Asking for a chat


def test_the_chat_that_has_waited_longest_is_given(db: Database) -> None:
    older, newer = db.waiting_chat(), db.waiting_chat()
    first, second = db.operator(available=True), db.operator(available=True)
    assert db.owner.call(ASSIGN, first) == older
    assert db.owner.call(ASSIGN, second) == newer
    assert broken_invariants(db) == []


def test_waiting_counts_from_the_first_unanswered_message_and_not_from_the_last(db: Database) -> None:
    user = db.user()
    older = db.waiting_chat(user)
    db.waiting_chat()
    db.owner.call("send_user_message", user, older, "are you there?")
    assert db.owner.call(ASSIGN, db.operator(available=True)) == older


def test_a_chat_without_an_unanswered_message_is_given_to_nobody(db: Database) -> None:
    db.chat(db.user())
    assert db.owner.call(ASSIGN, db.operator(available=True)) is None


def test_being_given_a_chat_is_recorded_and_broadcast(db: Database) -> None:
    operator, chat = holding(db)
    row = db.chat_row(chat)
    assert row["assigned_operator_id"] == operator
    assert row["assignment_time"] is not None
    assert segments(db, chat) == [(operator, None)]
    assert db.operator_row(operator)["free_since"] is None
    assert broadcasts(db, f"operator:{operator}", "assigned") == [{"chat_id": str(chat)}]
    assert db.owner.rows("select chat_id, operator_id from public.operator_activity") == [
        {"chat_id": chat, "operator_id": operator}
    ]


def test_the_screen_of_the_operator_comes_with_the_chat(db: Database) -> None:
    user = db.user("brian", credits=60)
    chat = db.chat(user, db.profile("Amara"))
    db.setting(messages_per_minute=600)
    for n in range(55):
        db.owner.call("send_user_message", user, chat, f"message {n + 1}")
    operator = db.operator(available=True)
    shown = db.owner.call("assign_next_chat", operator)["chat"]
    assert shown["id"] == str(chat)
    assert shown["user"]["display_name"] == "Brian"
    assert not {"name", "email", "credits", "latitude", "longitude"} & shown["user"].keys()
    assert (shown["profile"]["name"], shown["profile"]["is_fictional"]) == ("Amara", True)
    assert (shown["notes"]["real_profile_notes"], shown["notes"]["fictional_profile_notes"]) == ("", "")
    assert [message["seq"] for message in shown["messages"]] == list(range(6, 56))
    earlier = db.owner.call("list_messages", operator, chat, None, shown["messages"][0]["seq"], 50)
    assert [message["seq"] for message in earlier["messages"]] == [1, 2, 3, 4, 5]
    assert earlier["has_more"] is False


def test_the_browser_of_the_operator_reads_the_same_chat(db: Database) -> None:
    operator, chat = holding(db)
    assert db.browser(operator).call("get_assigned_chat")["id"] == str(chat)
    assert db.owner.call("get_operator_chat", operator)["chat"]["id"] == str(chat)
    assert db.browser(db.operator(available=True)).call("get_assigned_chat") is None


def test_asking_again_while_holding_a_chat_is_refused(db: Database) -> None:
    operator, _ = holding(db)
    db.waiting_chat()
    with refused_and_nothing_changed(db, "ALREADY_ASSIGNED", 409):
        db.owner.call(ASSIGN, operator)


def test_who_is_not_available_gets_no_chat(db: Database) -> None:
    operator, _ = db.operator(), db.waiting_chat()
    with refused_and_nothing_changed(db, "OPERATOR_NOT_AVAILABLE", 400):
        db.owner.call(ASSIGN, operator)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (ASSIGN, []),
        ("assign_next_chat", []),
        ("get_operator_chat", []),
        ("record_heartbeat", []),
        ("set_operator_availability", [True]),
        ("set_operator_availability", [False]),
        ("complete_chat", ["chat"]),
        ("complete_and_continue", ["chat"]),
        ("release_chat", ["chat"]),
        ("send_operator_message", ["chat", "hello"]),
        ("save_chat_notes", ["chat", 1, "mine"]),
    ],
)
def test_only_active_operators_may(db: Database, function: str, arguments: list[object]) -> None:
    """Users, admins, nobody at all, and an operator who was deactivated while they held a chat."""
    operator, chat = holding(db)
    given = [chat if argument == "chat" else argument for argument in arguments]
    admin = db.admin()
    for stranger in (db.user(), admin, uuid.uuid4()):
        with refused_and_nothing_changed(db, "NOT_AN_OPERATOR", 403):
            db.owner.call(function, stranger, *given)
    db.owner.call("deactivate_operator", admin, operator)
    with refused_and_nothing_changed(db, "OPERATOR_INACTIVE", 403):
        db.owner.call(function, operator, *given)


# Being in line


def test_availability_alone_gives_no_chat(db: Database) -> None:
    operator = db.operator(available=True)
    chat = db.waiting_chat()
    assert holder(db, chat) is None
    assert db.owner.call("set_operator_availability", operator, True) == {
        "is_available": True,
        "released_chat_id": None,
        "waiting": True,
    }
    assert holder(db, chat) is None


def test_a_message_finds_the_operator_who_is_in_line_at_once(db: Database) -> None:
    operator = in_line(db)
    chat = db.waiting_chat()
    assert holder(db, chat) == operator
    assert broadcasts(db, f"operator:{operator}", "assigned") == [{"chat_id": str(chat)}]


@pytest.mark.parametrize("waiting", [True, False])
def test_whoever_asks_is_heard_of(db: Database, waiting: bool) -> None:
    """Or the next sweep would take the chat back from somebody who was silent until they asked for it."""
    operator = db.operator(available=True)
    silent = "update public.operators set last_heartbeat_at = now() - interval '80 seconds' where id = %s"
    db.owner.execute(silent, operator)
    if waiting:
        db.waiting_chat()
    db.owner.call(ASSIGN, operator)
    heard = db.owner.value("select now() - last_heartbeat_at from public.operators where id = %s", operator)
    assert heard.total_seconds() < 10


def test_a_chat_given_unasked_is_picked_up_by_asking_once(db: Database) -> None:
    operator = in_line(db)
    chat = db.waiting_chat()
    assert db.owner.call(ASSIGN, operator) == chat
    with refused_and_nothing_changed(db, "ALREADY_ASSIGNED", 409):
        db.owner.call(ASSIGN, operator)


@pytest.mark.parametrize("look", ["get_operator_chat", "heartbeat", "answer"])
def test_a_chat_given_unasked_is_also_picked_up_by(db: Database, look: str) -> None:
    operator = in_line(db)
    chat = db.waiting_chat()
    match look:
        case "get_operator_chat":
            assert db.owner.call("get_operator_chat", operator)["chat"]["id"] == str(chat)
        case "heartbeat":
            beats(db, operator, chat)
        case "answer":
            db.owner.call("send_operator_message", operator, chat, "hello")
    with refused_and_nothing_changed(db, "ALREADY_ASSIGNED", 409):
        db.owner.call(ASSIGN, operator)


def test_whoever_has_been_free_longest_is_served_first(db: Database) -> None:
    first, second = in_line(db, "first"), in_line(db, "second")
    chats = [db.waiting_chat(), db.waiting_chat()]
    assert [holder(db, chat) for chat in chats] == [first, second]


def test_who_takes_their_turn_goes_to_the_end_of_the_line(db: Database) -> None:
    first, second = in_line(db, "first"), in_line(db, "second")
    chat = db.waiting_chat()
    assert (
        db.owner.call("complete_chat", first, chat) is None
    )  # they left it unanswered: the second has it now
    assert holder(db, chat) == second
    third = in_line(db, "third")
    assert [holder(db, db.waiting_chat()) for _ in range(2)] == [first, third]


def answered_by(db: Database, user: UUID, name: str) -> tuple[UUID, UUID]:
    """A chat of the user, and the operator who answered it and holds it."""
    operator, chat = db.operator(name, available=True), db.waiting_chat(user)
    assert db.owner.call(ASSIGN, operator) == chat
    db.owner.call("send_operator_message", operator, chat, "hello")
    return operator, chat


def test_who_last_answered_a_chat_is_preferred_when_free(db: Database) -> None:
    user = db.user()
    known, chat = answered_by(db, user, "known")
    in_line(db, "free longer")
    assert db.owner.call("complete_chat", known, chat) is None
    db.owner.call("send_user_message", user, chat, "one more thing")
    assert holder(db, chat) == known


def test_who_last_answered_a_chat_is_not_waited_for(db: Database) -> None:
    user = db.user()
    known, chat = answered_by(db, user, "known")
    db.owner.call("complete_chat", known, chat)
    other = in_line(db, "other")
    assert holder(db, db.waiting_chat()) == known
    db.owner.call("send_user_message", user, chat, "one more thing")
    assert holder(db, chat) == other


def test_who_left_a_chat_undone_comes_last_for_it_but_before_nobody(db: Database) -> None:
    user = db.user()
    known, chat = answered_by(db, user, "known")
    db.owner.call("send_user_message", user, chat, "and then?")
    other = in_line(db, "other")
    db.owner.call("release_and_reassign_chat", chat, "idle_timeout")
    assert holder(db, chat) == other
    db.owner.call("set_operator_availability", known, False)
    db.owner.call("release_and_reassign_chat", chat, "idle_timeout")
    assert holder(db, chat) == other


def test_an_operator_in_line_who_went_silent_is_passed_over(db: Database) -> None:
    silent, present = in_line(db, "silent"), in_line(db, "present")
    db.owner.execute(
        "update public.operators set last_heartbeat_at = now() - interval '91 seconds' where id = %s", silent
    )
    assert holder(db, db.waiting_chat()) == present


PREFERRED = """
    select o.id from public.operators o, public.chats c
    where c.id = %s and o.free_since is not null and o.last_heartbeat_at > now() - interval '90 seconds'
      and (o.asked_at is not null or not %s) and o.id is distinct from %s
    order by o.id is not distinct from c.last_released_from, o.id is distinct from c.last_answered_by, o.free_since, o.id
    limit 1
"""


def test_the_order_of_preference_is_one_order_whoever_answered_left_and_is_silent(db: Database) -> None:
    """Asked step by step for the sake of an index, it answers as one sort of all who are free does."""
    chat = db.waiting_chat()
    operators = [db.operator(available=True) for _ in range(4)]
    chance = random.Random(8)
    served = set()
    for _ in range(200):
        for operator in operators:
            db.owner.execute(
                "update public.operators set free_since = now() - %s * interval '1 hour',"
                " last_heartbeat_at = now() - %s * interval '1 minute', asked_at = now() - %s * interval '1 hour' where id = %s",
                chance.choice([None, 1, 1, 2]),
                chance.choice([0, 0, 5]),
                chance.choice([None, 1]),
                operator,
            )
        answered_by, released_from, excepted = (chance.choice([None, *operators[:2]]) for _ in range(3))
        db.owner.execute(
            "update public.chats set last_answered_by = %s, last_released_from = %s",
            answered_by,
            released_from,
        )
        in_line_only = chance.choice([False, True])
        expected = db.owner.rows(PREFERRED, chat, in_line_only, excepted)
        found = db.owner.value(
            "select private.free_operator_for(c, %s, %s) from public.chats c", in_line_only, excepted
        )
        assert found == (expected[0]["id"] if expected else None)
        served.add(found)
    assert served == {None, *operators}


def test_one_message_is_not_given_to_two_of_those_in_line(db: Database) -> None:
    operators = [in_line(db), in_line(db)]
    chat = db.waiting_chat()
    assert [held(db, operator) for operator in operators] == [chat, None]
    assert broken_invariants(db, 0) == []


# Laying a chat down


def test_completing_a_chat_takes_the_next_that_waits(db: Database) -> None:
    operator, chat = holding(db)
    db.owner.call("send_operator_message", operator, chat, "hello")
    following = db.waiting_chat()
    assert db.owner.call("complete_and_continue", operator, chat)["chat"]["id"] == str(following)
    assert segments(db, chat) == [(operator, "completed")]
    assert segments(db, following) == [(operator, None)]


def test_completing_the_last_chat_puts_the_operator_in_line(db: Database) -> None:
    operator, chat = holding(db)
    db.owner.call("send_operator_message", operator, chat, "hello")
    assert db.owner.call("complete_and_continue", operator, chat) == {"chat": None}
    following = db.waiting_chat()
    assert holder(db, following) == operator


def test_a_chat_completed_unanswered_keeps_its_place_and_comes_back_to_the_only_operator(
    db: Database,
) -> None:
    operator, chat = holding(db)
    since = db.chat_row(chat)["waiting_since"]
    assert db.owner.call("complete_chat", operator, chat) is None
    assert db.chat_row(chat)["waiting_since"] == since
    assert sweep(db) == [("assigned", chat, operator, "sweep")]
    assert db.chat_row(chat)["waiting_since"] == since


def test_a_released_chat_goes_to_another_operator_who_is_free(db: Database) -> None:
    operator, chat = holding(db)
    other = db.operator("other", available=True)
    assert db.owner.call("release_chat", operator, chat) == {"released": True, "reassigned": True}
    assert segments(db, chat) == [(operator, "operator_released"), (other, None)]
    assert held(db, operator) is None
    assert db.operator_row(operator)["free_since"] is not None


def test_a_released_chat_goes_back_to_its_place_when_nobody_is_free(db: Database) -> None:
    operator, chat = holding(db)
    later = db.waiting_chat()
    since = db.chat_row(chat)["waiting_since"]
    assert db.owner.call("release_chat", operator, chat) == {"released": True, "reassigned": False}
    assert db.chat_row(chat)["waiting_since"] == since < db.chat_row(later)["waiting_since"]
    assert db.owner.call(ASSIGN, db.operator(available=True)) == chat


def test_an_answered_chat_that_is_released_waits_for_nobody(db: Database) -> None:
    operator, chat = holding(db)
    db.owner.call("send_operator_message", operator, chat, "hello")
    db.operator("other", available=True)
    assert db.owner.call("release_chat", operator, chat) == {"released": True, "reassigned": False}
    assert holder(db, chat) is None


@pytest.mark.parametrize("function", ["release_chat", "complete_chat", "complete_and_continue"])
def test_only_the_holder_lays_a_chat_down_and_only_once(db: Database, function: str) -> None:
    operator, chat = holding(db)
    stranger = db.operator("stranger", available=True)
    for not_held in (chat, uuid.uuid4()):
        with refused_and_nothing_changed(db, "CHAT_NOT_ASSIGNED", 403):
            db.owner.call(function, stranger, not_held)
    db.owner.call("send_operator_message", operator, chat, "hello")
    db.owner.call(function, operator, chat)
    with refused_and_nothing_changed(db, "CHAT_NOT_ASSIGNED", 403):
        db.owner.call(function, operator, chat)


def test_going_off_duty_hands_the_chat_to_somebody_free(db: Database) -> None:
    operator, chat = holding(db)
    other = db.operator("other", available=True)
    answer = db.owner.call("set_operator_availability", operator, False)
    assert answer == {"is_available": False, "released_chat_id": str(chat), "waiting": False}
    assert segments(db, chat) == [(operator, "operator_left"), (other, None)]
    assert broadcasts(db, f"operator:{operator}", "released")[0]["reason"] == "operator_left"
    assert broken_invariants(db, 0) == []


def test_going_off_duty_takes_an_operator_out_of_the_line(db: Database) -> None:
    operator = in_line(db)
    db.owner.call("set_operator_availability", operator, False)
    assert holder(db, db.waiting_chat()) is None
    db.owner.call("set_operator_availability", operator, True)
    assert db.operator_row(operator)["asked_at"] is None


def test_coming_on_duty_twice_keeps_the_place_in_line(db: Database) -> None:
    operator = in_line(db)
    before = db.operator_row(operator)
    db.owner.call("set_operator_availability", operator, True)
    after = db.operator_row(operator)
    assert (after["free_since"], after["asked_at"]) == (before["free_since"], before["asked_at"])
    assert len(db.owner.rows("select from public.operator_availability")) == 1


def test_availability_is_true_or_false(db: Database) -> None:
    operator = db.operator()
    with refused_and_nothing_changed(db, "INVALID_INPUT", 400):
        db.owner.call("set_operator_availability", operator, None)


def test_deactivating_an_operator_hands_their_chat_on_at_once(db: Database) -> None:
    operator, chat = holding(db)
    admin, other = db.admin(), db.operator("other", available=True)
    done = db.owner.call("deactivate_operator", admin, operator)
    assert done["released_chat_id"] == str(chat)
    assert segments(db, chat) == [(operator, "operator_deactivated"), (other, None)]
    assert db.operator_row(operator)["is_available"] is False
    db.owner.call("reactivate_operator", admin, operator)
    with refused_and_nothing_changed(db, "OPERATOR_NOT_AVAILABLE", 400):
        db.owner.call(ASSIGN, operator)
    assert broken_invariants(db, 0) == []


@pytest.mark.parametrize("function", ["deactivate_operator", "reactivate_operator"])
def test_only_admins_say_who_works_here(db: Database, function: str) -> None:
    operator, _ = holding(db)
    with refused_and_nothing_changed(db, "NOT_AN_ADMIN", 403):
        db.owner.call(function, operator, operator)
    admin = db.admin()
    with refused_and_nothing_changed(db, "OPERATOR_NOT_FOUND", 404):
        db.owner.call(function, admin, uuid.uuid4())


# Taking a chat away


def test_an_admin_gives_a_chat_to_a_certain_operator(db: Database) -> None:
    operator, chat = holding(db)
    admin, other = db.admin(), db.operator("other", available=True)
    db.owner.call("reassign_chat", admin, chat, other)
    assert segments(db, chat) == [(operator, "admin_reassigned"), (other, None)]
    busy, _ = holding(db)
    with refused_and_nothing_changed(db, "OPERATOR_NOT_FREE", 409):
        db.owner.call("reassign_chat", admin, chat, busy)
    assert broken_invariants(db, 0) == []


def test_a_chat_taken_away_goes_back_to_its_operator_rather_than_to_nobody(db: Database) -> None:
    operator, chat = holding(db)
    assert db.owner.call("release_and_reassign_chat", chat, "idle_timeout") == operator
    assert segments(db, chat) == [(operator, "idle_timeout"), (operator, None)]


def test_a_chat_with_nothing_unanswered_is_only_released(db: Database) -> None:
    operator, chat = holding(db)
    db.owner.call("send_operator_message", operator, chat, "hello")
    assert db.owner.call("release_and_reassign_chat", chat, "idle_timeout") is None
    assert holder(db, chat) is None
    with unchanged(db):
        assert db.owner.call("release_and_reassign_chat", chat, "idle_timeout") is None


def test_releasing_needs_a_chat_and_a_reason(db: Database) -> None:
    _, chat = holding(db)
    with refused_and_nothing_changed(db, "INVALID_INPUT", 400):
        db.owner.call("release_and_reassign_chat", chat, "")
    with refused_and_nothing_changed(db, "CHAT_NOT_FOUND", 404):
        db.owner.call("release_and_reassign_chat", uuid.uuid4(), "idle_timeout")


def test_the_queue_is_told_in_numbers(db: Database) -> None:
    operator, chat = holding(db)
    db.owner.call("send_operator_message", operator, chat, "hello")
    db.waiting_chat()
    db.operator(available=True)
    silent = db.operator(available=True)
    db.owner.execute(
        "update public.operators set last_heartbeat_at = now() - interval '2 minutes' where id = %s", silent
    )
    status = db.owner.call("queue_status")
    assert (status["waiting"], status["free_operators"], status["oldest_wait_seconds"]) == (1, 1, 0)
    assert status["median_wait_seconds"] == 0
