"""What browsers call and write straight through Supabase: their own, checked, and with every side effect."""

import uuid

import psycopg
import pytest

from tests.support.database import Database, Session, denied, refused

ANSWER = (
    "insert into public.messages (chat_id, sender_type, content, client_message_id) values (%s, %s, %s, %s)"
)


def held_chat(db: Database) -> tuple[uuid.UUID, uuid.UUID, uuid.UUID]:
    """A user, the operator who holds their waiting chat, and the chat."""
    user, operator = db.user(), db.operator(available=True)
    chat = db.waiting_chat(user)
    db.owner.call("assign_chat_to_operator", operator)
    return user, operator, chat


def footprint(db: Database, operator: uuid.UUID, chat: uuid.UUID) -> dict[str, object]:
    """What an answer changes, without ids and times."""
    row, staff = db.chat_row(chat), db.operator_row(operator)
    (segment,) = db.owner.rows("select * from public.chat_assignments where chat_id = %s", chat)
    (stats,) = db.owner.rows("select * from public.operator_stats where operator_id = %s", operator)
    message = db.messages(chat)[-1]
    return {
        "message": {
            name: message[name]
            for name in ("seq", "sender_type", "content", "is_free_message", "read_at", "refunded_at")
        },
        "by": message["handled_by_operator_id"] == operator,
        "answers": message["answered_waiting_since"] is not None,
        "chat": {
            name: row[name]
            for name in (
                "message_count",
                "real_message_count",
                "last_seq",
                "last_answered_seq",
                "waiting_since",
            )
        },
        "last message": row["last_message_at"] == message["created_at"],
        "operator": (
            staff["total_messages"],
            staff["idle_releases"],
            staff["last_activity"] == message["created_at"],
        ),
        "segment": (segment["messages_sent"], segment["first_response_at"] == message["created_at"]),
        "stats": stats["messages_sent"],
        "told": [
            (told["topic"].partition(":")[0], told["event"])
            for told in db.owner.rows(
                "select topic, event from realtime.messages order by inserted_at, topic"
            )
        ][-1],
    }


def test_an_answer_from_the_browser_is_the_one_the_api_writes(db: Database) -> None:
    _, first, chat_one = held_chat(db)
    db.owner.call("send_operator_message", first, chat_one, "hello <b>you</b>")
    _, second, chat_two = held_chat(db)
    db.browser(second).execute(ANSWER, chat_two, "fictional", "hello <b>you</b>", uuid.uuid4())
    assert footprint(db, second, chat_two) == footprint(db, first, chat_one)
    assert db.messages(chat_one)[-1]["id"].version == db.messages(chat_two)[-1]["id"].version == 7
    assert db.messages(chat_two)[-1]["content"] == "hello you"


@pytest.mark.parametrize(
    "column",
    [
        "id",
        "seq",
        "handled_by_operator_id",
        "created_at",
        "is_free_message",
        "read_at",
        "refunded_at",
        "delivered_at",
    ],
)
def test_nothing_else_of_a_message_is_the_browsers_to_say(db: Database, column: str) -> None:
    _, operator, chat = held_chat(db)
    with denied():
        db.browser(operator).execute(
            f"insert into public.messages (chat_id, sender_type, content, {column})"
            f" select chat_id, 'fictional', 'hi', {column} from public.messages where chat_id = %s",
            chat,
        )
    assert len(db.messages(chat)) == 1


def test_a_message_of_the_user_cannot_be_written_by_the_operator(db: Database) -> None:
    _, operator, chat = held_chat(db)
    db.browser(operator).execute(ANSWER, chat, "real", "I love you", None)
    assert db.messages(chat)[-1]["sender_type"] == "fictional"
    assert db.chat_row(chat)["real_message_count"] == 1


@pytest.mark.parametrize(
    ("text", "code"), [("", "EMPTY_MESSAGE"), ("<b></b>", "EMPTY_MESSAGE"), ("x" * 5001, "MESSAGE_TOO_LONG")]
)
def test_no_text_is_no_answer_from_a_browser_either(db: Database, text: str, code: str) -> None:
    _, operator, chat = held_chat(db)
    with refused(code, 400):
        db.browser(operator).execute(ANSWER, chat, "fictional", text, None)
    assert len(db.messages(chat)) == 1


def test_who_does_not_hold_the_chat_writes_nothing_in_it(db: Database) -> None:
    user, operator, chat = held_chat(db)
    other = db.operator(available=True)
    with refused("CHAT_NOT_ASSIGNED", 403):
        db.browser(other).execute(ANSWER, chat, "fictional", "hi", None)
    with refused("NOT_AN_OPERATOR", 403):
        db.browser(user).execute(ANSWER, chat, "real", "free of charge", None)
    with refused("NOT_AN_OPERATOR", 403):
        db.browser(user).execute(ANSWER, chat, "fictional", "as the profile", None)
    db.owner.call("release_chat", operator, chat)
    with refused("CHAT_NOT_ASSIGNED", 403):
        db.browser(operator).execute(ANSWER, chat, "fictional", "too late", None)
    assert len(db.messages(chat)) == 1


def test_the_same_answer_twice_is_refused_and_not_written_twice(db: Database) -> None:
    _, operator, chat = held_chat(db)
    name = uuid.uuid4()
    browser = db.browser(operator)
    browser.execute(ANSWER, chat, "fictional", "hi", name)
    with pytest.raises(psycopg.errors.UniqueViolation):
        browser.execute(ANSWER, chat, "fictional", "hi", name)
    assert (len(db.messages(chat)), db.operator_row(operator)["total_messages"]) == (2, 1)


def test_an_operator_sees_the_person_without_what_is_private(db: Database) -> None:
    user, operator, chat = held_chat(db)
    shown = db.browser(operator).call("get_assigned_chat")
    assert shown["id"] == str(chat)
    assert sorted(shown["user"]) == [
        "age", "display_name", "gender", "id", "location", "looking_for", "member_since", "profile_picture",
    ]  # fmt: skip
    assert shown["profile"]["is_fictional"] is True
    assert shown["notes"]["version"] == 1
    assert db.browser(db.operator()).call("get_assigned_chat") is None
    with refused("NOT_AN_OPERATOR", 403):
        db.browser(user).call("get_assigned_chat")


def test_notes_from_a_browser_count_their_versions(db: Database) -> None:
    _, operator, chat = held_chat(db)
    save = "update public.chat_notes set real_profile_notes = %s where chat_id = %s and version = %s"
    browser = db.browser(operator)
    assert [
        browser.execute(save, "likes the sea", chat, 1),
        browser.execute(save, "lost update", chat, 1),
    ] == [1, 0]
    (notes,) = db.owner.rows("select * from public.chat_notes where chat_id = %s", chat)
    assert (notes["real_profile_notes"], notes["version"], notes["updated_by"]) == (
        "likes the sea",
        2,
        operator,
    )


def test_reading_is_put_on_record_once_and_never_goes_back(db: Database) -> None:
    user, operator, chat = held_chat(db)
    for text in ("one", "two"):
        db.owner.call("send_operator_message", operator, chat, text)
    reader = db.browser(user)
    assert [reader.call("mark_messages_read", chat, seq) for seq in (2, 1, 99, 99)] == [2, 2, 3, 3]
    mine, *theirs = db.messages(chat)
    assert mine["read_at"] is None
    assert all(message["read_at"] and message["delivered_at"] for message in theirs)
    assert db.browser(operator).call("mark_messages_read", chat, 3) == 3
    assert db.messages(chat)[0]["read_at"] is not None
    row = db.chat_row(chat)
    assert (row["real_last_read_seq"], row["fictional_last_read_seq"]) == (3, 3)


def test_a_stranger_reads_nothing_and_marks_nothing(db: Database) -> None:
    _, _, chat = held_chat(db)
    for stranger in (db.user(), db.operator(), db.admin()):
        with refused("CHAT_NOT_FOUND", 404):
            db.browser(stranger).call("mark_messages_read", chat, 1)
    assert db.browser(db.user()).rows("select * from public.messages_after(%s, 0)", chat) == []
    assert db.messages(chat)[0]["read_at"] is None
    for seq in (None, -1):
        with refused("INVALID_INPUT", 400):
            db.browser(db.user()).call("mark_messages_read", chat, seq)


def test_a_client_that_was_away_gets_what_it_missed_in_order(db: Database) -> None:
    user, operator, chat = held_chat(db)
    for n in range(4):
        db.owner.call("send_operator_message", operator, chat, f"answer {n}")
    missed = db.browser(user).rows("select seq, content from public.messages_after(%s, 2)", chat)
    assert [row["seq"] for row in missed] == [3, 4, 5]


def test_a_message_is_reported_once_by_who_received_it(db: Database) -> None:
    user, operator, chat = held_chat(db)
    answer = db.owner.call("send_operator_message", operator, chat, "rude")["message"]["id"]
    reader = db.browser(user)
    assert reader.call("report_message", answer, "<b>rude</b>") == reader.call(
        "report_message", answer, "again"
    )
    assert db.owner.value("select reason from public.message_reports") == "rude"
    for person in (db.user(), operator, db.admin()):
        with refused("MESSAGE_NOT_FOUND", 404):
            db.browser(person).call("report_message", answer, "not mine")
    with refused("MESSAGE_NOT_FOUND", 404):
        reader.call("report_message", db.messages(chat)[0]["id"], "my own")
    for reason in ("", None, "x" * 1001):
        with refused("INVALID_INPUT", 400):
            reader.call("report_message", answer, reason)
    assert db.owner.value("select count(*) from public.message_reports") == 1


def test_blocking_takes_the_chat_from_the_queue_and_gives_back_what_nobody_will_answer(db: Database) -> None:
    db.setting(free_messages=0)
    user, operator = db.user(credits=2), db.operator(available=True)
    profile = db.profile()
    chat = db.chat(user, profile)
    for _ in range(2):
        db.owner.call("send_user_message", user, chat, "hello")
    db.owner.call("assign_chat_to_operator", operator)
    browser = db.browser(user)
    for _ in range(2):
        browser.call("block_profile", profile)
    row = db.chat_row(chat)
    assert (row["waiting_since"], row["assigned_operator_id"]) == (None, None)
    assert db.operator_row(operator)["free_since"] is not None
    assert db.credits(user) == 2
    with refused("PROFILE_BLOCKED", 403):
        db.owner.call("send_user_message", user, chat, "sorry")
    assert browser.execute("delete from public.blocks where fictional_user_id = %s", profile) == 1
    assert db.owner.call("send_user_message", user, chat, "sorry")["credits"] == 1
    db.assert_books_balance()


def test_only_a_user_in_good_standing_blocks_and_only_what_exists(db: Database) -> None:
    profile = db.profile()
    suspended = db.user()
    db.owner.call("suspend_user", db.admin(), suspended, "spam")
    for person in (suspended, db.operator(), db.admin()):
        with refused("NOT_A_REAL_USER", 403):
            db.browser(person).call("block_profile", profile)
    for unknown in (None, uuid.uuid4()):
        with refused("PROFILE_NOT_FOUND", 404):
            db.browser(db.user()).call("block_profile", unknown)
    assert db.owner.value("select count(*) from public.blocks") == 0


def test_accepting_is_on_record_from_the_first_time(db: Database) -> None:
    user = db.user(accepted=False)
    browser = db.browser(user)
    first = browser.call("accept_disclosure", "1")
    assert browser.call("accept_disclosure", "1") == first
    for outdated in ("0", "2", None):
        with refused("DISCLOSURE_OUTDATED", 409):
            browser.call("accept_disclosure", outdated)
    for person in (db.operator(), db.admin()):
        with refused("NOT_A_REAL_USER", 403):
            db.browser(person).call("accept_disclosure", "1")


def test_signed_out_pages_get_the_disclosure_and_nothing_else(db: Database) -> None:
    browser = db.browser(None)
    assert set(browser.call("get_disclosure")) == {"version", "text"}
    for function in ("list_packages", "queue_status", "get_assigned_chat"):
        with denied():
            browser.call(function)


def profile_change(session: Session, **columns: object) -> int:
    assignments = ", ".join(f"{name} = %s" for name in columns)
    return session.execute(f"update public.real_users set {assignments}", *columns.values())


def test_a_user_changes_their_profile_within_bounds(db: Database) -> None:
    user, other = db.user(), db.user()
    browser = db.browser(user)
    assert (
        profile_change(browser, display_name="Shiku", location="Kisumu", latitude=-0.1, longitude=34.75) == 1
    )
    assert db.owner.value("select display_name from public.real_users where id = %s", other) != "Shiku"
    for change in (
        {"display_name": "x" * 51},
        {"latitude": 91},
        {"looking_for": "anybody"},
        {"location": ""},
    ):
        with pytest.raises((psycopg.errors.CheckViolation, psycopg.errors.NumericValueOutOfRange)):
            profile_change(browser, **change)
    with denied():
        profile_change(browser, credits=1000)
