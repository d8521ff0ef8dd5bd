"""An account goes: the person goes with it, the money records stay and name nobody. docs/security.md has the table."""

import json
import uuid

import psycopg
from psycopg.rows import dict_row

from tests.conftest import Server
from tests.support.database import Database, Session

SECRETS = (
    "zuhura_name",
    "Zuhura Shown",
    "zuhura_name@fantooo.com",
    "Zuhura Town",
    "her own words",
    "203.0.113.77",
)


def delete_account(db: Database, server: Server, clone: str, user_id: uuid.UUID) -> None:
    """As Auth does it, in its own session."""
    with psycopg.connect(server.dsn(clone, "supabase_auth_admin"), row_factory=dict_row) as conn:
        assert Session(conn).execute("delete from auth.users where id = %s", user_id) == 1


def places_that_name(db: Database, text: str) -> list[str]:
    """Every table of ours in which a row holds this text, byte columns too."""
    tables = [
        row["name"]
        for row in db.owner.rows(
            "select c.relname as name from pg_class c"
            " where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')"
        )
    ]
    found = []
    for table in tables:
        # A row as text shows bytea in hexadecimal.
        if db.owner.value(
            f"select count(*) from public.{table} as t where strpos(t::text, %s) > 0 or strpos(t::text, %s) > 0",
            text,
            text.encode().hex(),
        ):
            found.append(table)
    return sorted(found)


def history_of_a_customer(db: Database) -> tuple[uuid.UUID, uuid.UUID, uuid.UUID]:
    """A user with rows everywhere, the chat that waits, and the operator who holds it."""
    user = db.user("zuhura_name", credits=5, display_name="Zuhura Shown", location="Zuhura Town")
    operator = db.operator(available=True)
    chat = db.chat(user)
    for _ in range(4):
        db.owner.call("send_user_message", user, chat, "her own words")
    db.owner.call("assign_chat_to_operator", operator)
    answer = db.owner.call("send_operator_message", operator, chat, "hello you")["message"]
    db.owner.call("save_chat_notes", operator, chat, 1, "Zuhura Shown likes the sea", "said hello")
    db.owner.call("send_user_message", user, chat, "her own words")
    browser = db.browser(user)
    browser.call("report_message", answer["id"], "her own words")
    browser.call("block_profile", db.profile())
    reference = db.owner.call("create_payment", user, "credits-10")["reference"]
    charge = {
        "reference": reference,
        "status": "success",
        "domain": "test",
        "amount": 10_000,
        "currency": "KES",
        "customer": {"email": "zuhura_name@fantooo.com"},
        "ip_address": "203.0.113.77",
    }
    event = json.dumps({"event": "charge.success", "data": charge}).encode()
    received = db.owner.call("receive_payment_event", event, True, "203.0.113.77")
    assert db.owner.call("handle_payment_event", received["event_id"], "test")["outcome"] == "credited"
    return user, chat, operator


def test_a_deleted_user_is_named_nowhere_and_the_money_records_stay(
    db: Database, server: Server, clone: str
) -> None:
    user, _, _ = history_of_a_customer(db)
    assert all(places_that_name(db, secret) for secret in SECRETS)
    ledger = db.ledger(user)
    delete_account(db, server, clone, user)
    assert {secret: places_that_name(db, secret) for secret in SECRETS} == {secret: [] for secret in SECRETS}
    assert places_that_name(db, str(user)) == ["credit_ledger"]
    assert db.ledger(user) == ledger != []
    (transaction,) = db.owner.rows("select * from public.transactions")
    assert (transaction["real_user_id"], transaction["provider_payload"]) == (None, None)
    assert (transaction["status"], transaction["amount_minor"]) == ("success", 10_000)
    (event,) = db.owner.rows("select * from public.payment_events")
    assert (event["body"], event["source_ip"], event["outcome"]) == (None, None, "credited")
    for table in (
        "real_users",
        "chats",
        "messages",
        "chat_notes",
        "blocks",
        "message_reports",
        "operator_activity",
    ):
        assert db.owner.value(f"select count(*) from public.{table}") == 0
    db.assert_books_balance()


def test_the_operator_of_a_deleted_user_is_told_and_free_and_keeps_the_work_done(
    db: Database, server: Server, clone: str
) -> None:
    user, _, operator = history_of_a_customer(db)
    delete_account(db, server, clone, user)
    row = db.operator_row(operator)
    assert row["free_since"] is not None
    assert (row["is_available"], row["total_messages"]) == (True, 1)
    (segment,) = db.owner.rows("select * from public.chat_assignments")
    assert (segment["chat_id"], segment["operator_id"]) == (None, operator)
    assert (segment["release_reason"], segment["messages_sent"]) == ("account_deleted", 1)
    told = db.owner.value(
        "select payload ->> 'reason' from realtime.messages where topic = %s and event = 'released'",
        f"operator:{operator}",
    )
    assert told == "account_deleted"
    assert db.owner.rows("select * from public.check_invariants()") == []


def test_money_that_comes_after_the_account_has_gone_is_on_record_for_a_refund(
    db: Database, server: Server, clone: str
) -> None:
    user = db.user()
    reference = db.owner.call("create_payment", user, "credits-10")["reference"]
    delete_account(db, server, clone, user)
    settled = db.owner.call("settle_payment", reference, 10_000, "KES")
    assert (settled["status"], settled["granted"], settled["reason"]) == ("success", 0, "ACCOUNT_DELETED")
    reversed_payment = db.owner.call("reverse_payment", reference, "refund:1", "refund", 10_000, "done")
    assert (reversed_payment["credits_reversed"], reversed_payment["credits_shortfall"]) == (0, 0)
    assert db.ledger(user) == []


def test_a_refund_of_a_deleted_users_purchase_takes_nothing_from_anybody(
    db: Database, server: Server, clone: str
) -> None:
    user, other = db.user(), db.user(credits=9)
    reference = db.owner.call("create_payment", user, "credits-10")["reference"]
    db.owner.call("settle_payment", reference, 10_000, "KES")
    delete_account(db, server, clone, user)
    result = db.owner.call("reverse_payment", reference, "refund:1", "refund", 10_000, "done")
    assert (result["credits_reversed"], result["credits_shortfall"]) == (0, 10)
    assert db.credits(other) == 9
    db.assert_books_balance()


def test_the_chat_of_a_deleted_operator_keeps_its_place_and_its_messages(
    db: Database, server: Server, clone: str
) -> None:
    _, chat, operator = history_of_a_customer(db)
    waiting_since = db.chat_row(chat)["waiting_since"]
    delete_account(db, server, clone, operator)
    row = db.chat_row(chat)
    assert (row["assigned_operator_id"], row["waiting_since"]) == (None, waiting_since)
    assert (row["last_answered_by"], row["last_released_from"]) == (None, None)
    assert [message["handled_by_operator_id"] for message in db.messages(chat)] == [None] * 6
    (segment,) = db.owner.rows("select * from public.chat_assignments")
    assert (segment["operator_id"], segment["release_reason"]) == (None, "operator_deleted")
    assert db.owner.rows("select * from public.check_invariants()") == []


def test_what_a_deleted_admin_did_stays_on_record(db: Database, server: Server, clone: str) -> None:
    admin, user = db.admin(), db.user()
    db.owner.call("adjust_credits", admin, user, 5, "welcome")
    delete_account(db, server, clone, admin)
    assert db.owner.value("select admin_id from public.admin_audit_log") == admin
    assert db.owner.value("select count(*) from public.admins") == 0
    assert db.credits(user) == 5
