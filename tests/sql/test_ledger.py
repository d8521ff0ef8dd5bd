"""The ledger cannot lie: nothing in it changes, no balance moves without it, and each cause counts once."""

import uuid

import psycopg
import pytest

from tests.conftest import Server
from tests.support.database import Database, Session, denied, refused

ADJUST = "select private.move_credits(%s, %s, 'adjustment', p_request_id => gen_random_uuid())"
ENTRY = (
    "insert into public.credit_ledger (user_id, delta, balance_after, reason, request_id)"
    " values (%s, %s, %s, 'adjustment', gen_random_uuid())"
)
CHANGES = (
    "update public.{table} set created_at = now()",
    "delete from public.{table}",
    "delete from public.{table} where false",
    "truncate public.{table}",
)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("table", ["credit_ledger", "admin_audit_log"])
def test_what_is_written_stays_also_against_the_owner_and_the_superuser(
    db: Database, server: Server, clone: str, table: str, change: str
) -> None:
    user = db.user(credits=3)
    db.owner.call("suspend_user", db.admin(), user, "spam")
    before = db.owner.rows(f"select * from public.{table}")
    assert before
    with refused("APPEND_ONLY", 403):
        db.owner.execute(change.format(table=table))
    with denied():
        db.session("service_role").execute(change.format(table=table))
    with psycopg.connect(server.dsn(clone, "supabase_admin")) as superuser, refused("APPEND_ONLY", 403):
        superuser.execute(change.format(table=table).encode())
    assert db.owner.rows(f"select * from public.{table}") == before


def test_a_row_cannot_be_written_over_by_an_upsert(db: Database) -> None:
    db.user(credits=3)
    with refused("APPEND_ONLY", 403):
        db.owner.execute(
            "insert into public.credit_ledger overriding system value select * from public.credit_ledger"
            " on conflict (id) do update set delta = 1000"
        )


def test_a_balance_does_not_change_without_a_row(db: Database) -> None:
    user = db.user(credits=3)
    with refused("LEDGER_MISMATCH", 500):
        db.owner.execute("update public.real_users set credits = credits + 1 where id = %s", user)
    assert db.credits(user) == 3


def test_an_account_does_not_begin_with_a_balance(db: Database) -> None:
    user = db.auth_user("nobody@elsewhere.example")
    with refused("LEDGER_MISMATCH", 500):
        db.owner.execute(
            "insert into public.real_users (id, name, display_name, email, location, gender, looking_for, age, credits)"
            " values (%s, 'nobody', 'Nobody', 'nobody@fantooo.com', 'Nairobi', 'male', 'female', 30, 5)",
            user,
        )


@pytest.mark.parametrize(
    ("delta", "balance_after"),
    [(1, 4), (-1, 2), (1, 3), (-1, 3)],
    ids=["up", "down", "up, with the balance as it is", "down, with the balance as it is"],
)
def test_a_row_is_not_written_without_its_balance(db: Database, delta: int, balance_after: int) -> None:
    user = db.user(credits=3)
    with refused("LEDGER_MISMATCH", 500):
        db.owner.execute(ENTRY, user, delta, balance_after)
    assert db.ledger(user) == [(3, 3, "adjustment")]


def test_a_row_tells_by_how_much_the_balance_changed(db: Database) -> None:
    """Both are written, and the one does not follow from the other."""
    user = db.user(credits=3)
    session = db.session()
    session.begin()
    session.execute("update public.real_users set credits = 5 where id = %s", user)
    session.execute(ENTRY, user, 1, 5)
    with refused("LEDGER_MISMATCH", 500):
        session.commit()
    assert (db.credits(user), db.ledger(user)) == (3, [(3, 3, "adjustment")])


def test_several_changes_in_one_transaction_are_one_chain(db: Database) -> None:
    user = db.user(credits=3)
    session = db.session()
    session.begin()
    for delta in (2, -4, 5):
        session.rows(ADJUST, user, delta)
    session.commit()
    assert [entry[:2] for entry in db.ledger(user)] == [(3, 3), (2, 5), (-4, 1), (5, 6)]
    db.assert_books_balance()


def test_a_balance_never_falls_below_zero(db: Database) -> None:
    user = db.user(credits=3)
    with pytest.raises(psycopg.errors.CheckViolation):
        db.owner.rows(ADJUST, user, -4)
    assert db.ledger(user) == [(3, 3, "adjustment")]


def test_each_cause_moves_credits_once(db: Database) -> None:
    user = db.user(credits=3)
    transaction = _paid(db, user)
    db.setting(free_messages=0)
    chat = db.waiting_chat(user)
    message = db.messages(chat)[0]["id"]
    request = uuid.uuid4()
    move = "select private.move_credits(%s, %s, %s, p_message_id => %s, p_transaction_id => %s, p_request_id => %s)"
    db.owner.rows(move, user, 1, "unanswered", message, None, None)
    db.owner.rows(move, user, 1, "adjustment", None, None, request)
    before = db.credits(user), db.ledger(user)
    for delta, reason, *cause in [
        (-1, "message", message, None, None),
        (1, "unanswered", message, None, None),
        (10, "purchase", None, transaction, None),
        (1, "adjustment", None, None, request),
    ]:
        with pytest.raises(psycopg.errors.UniqueViolation):
            db.owner.rows(move, user, delta, reason, *cause)
    assert (db.credits(user), db.ledger(user)) == before


@pytest.mark.parametrize(
    ("delta", "reason"),
    [(-1, "message"), (1, "unanswered"), (1, "purchase"), (-1, "reversal"), (1, "adjustment"), (1, "gift")],
)
def test_no_credits_move_without_a_cause(db: Database, delta: int, reason: str) -> None:
    user = db.user(credits=3)
    with pytest.raises(psycopg.errors.CheckViolation):
        db.owner.rows("select private.move_credits(%s, %s, %s)", user, delta, reason)
    assert db.credits(user) == 3


def test_a_purchase_that_is_on_the_ledger_cannot_be_deleted(db: Database) -> None:
    _paid(db, db.user())
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        db.owner.execute("delete from public.transactions")


def test_the_audit_finds_what_the_triggers_were_kept_from_seeing(db: Database) -> None:
    """By a superuser's hand: whoever may switch triggers off is found out all the same."""
    honest, lied_to = db.user(credits=3), db.user(credits=3)
    session = db.session()
    session.execute("set session_replication_role = replica")
    session.execute("update public.real_users set credits = 1000 where id = %s", lied_to)
    assert [row["user_id"] for row in db.owner.rows("select * from public.audit_credits()")] == [lied_to]
    session.execute("update public.real_users set credits = 3 where id = %s", lied_to)
    db.assert_books_balance()
    session.execute("update public.credit_ledger set delta = 4 where user_id = %s", honest)
    assert [row["user_id"] for row in db.owner.rows("select * from public.audit_credits()")] == [honest]


def _paid(db: Database, user: uuid.UUID) -> uuid.UUID:
    """The transaction of a purchase of ten credits."""
    reference = db.owner.call("create_payment", user, "credits-10")["reference"]
    assert db.owner.call("settle_payment", reference, 10_000, "KES")["granted"] == 10
    transaction_id: uuid.UUID = db.owner.value(
        "select id from public.transactions where paystack_reference = %s", reference
    )
    return transaction_id


def test_users_read_their_own_history_without_admins_notes(db: Database) -> None:
    user, other, admin = db.user(), db.user(credits=7), db.admin()
    db.owner.call("adjust_credits", admin, user, 5, "a complaint of hers")
    history = _history(db.browser(user))
    assert [(row["delta"], row["balance_after"], row["reason"]) for row in history] == [(5, 5, "adjustment")]
    assert not {"note", "admin_id", "user_id", "request_id"} & set(history[0])
    assert [row["delta"] for row in _history(db.browser(other))] == [7]
    assert _history(db.browser(db.operator())) == []


def test_the_history_comes_in_pages_newest_first(db: Database) -> None:
    user = db.user()
    for delta in range(1, 6):
        db.owner.rows(ADJUST, user, delta)
    browser = db.browser(user)
    first = _history(browser, 2)
    second = _history(browser, 2, first[-1]["id"])
    assert [row["delta"] for row in first + second] == [5, 4, 3, 2]
    for limit in (0, 201, None):
        with refused("INVALID_INPUT", 400):
            _history(browser, limit)


def _history(session: Session, *args: object) -> list[dict[str, object]]:
    return session.rows(f"select * from public.my_credit_history({', '.join(['%s'] * len(args))})", *args)
