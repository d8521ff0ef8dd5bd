"""No two functions can wait for each other: whoever waits for a row holds only rows that come before it.

The order is chat → payment event → transaction → operator → real user → place in the queue, and within one kind by id
(places in the queue in any order: who takes one out holds its chat, and so no other's). Each function is stopped at each
row it could wait for, and what it holds by then is looked at: one function is enough to see a violation, where a
deadlock would need the right two at the right moment.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from tests.sql.world import acting_as
from tests.support.database import Database, Session
from tests.support.waiting import wait_until

ORDER = {
    "public.chats": "id",
    "public.payment_events": "id",
    "public.transactions": "id",
    "public.operators": "id",
    "public.real_users": "id",
    "private.chat_queue": "chat_id",
}
"""The tables in their order, each with the column that names a row."""
RANKS = list(ORDER)
PLACES = RANKS[-1]

# What is done, by whom (a browser, or else the owner), in a world where it has everything to do that it can do.
CALLS: dict[str, tuple[str | None, str]] = {
    "send in a chat that waits": (None, "select send_user_message({u1}, {c3}, 'hi')"),
    "send in a chat that is held": (None, "select send_user_message({u1}, {c1}, 'hi')"),
    "answer, too late": (None, "select send_operator_message({o1}, {c1}, 'hi')"),
    "answer from a browser": (
        "o1",
        "insert into messages (chat_id, sender_type, content) values ({c1}, 'fictional', 'hi')",
    ),
    "ask for a chat": (None, "select assign_chat_to_operator({o3})"),
    "ask for the next chat": (None, "select assign_next_chat({o3})"),
    "pick up a chat given unasked": (None, "select assign_chat_to_operator({o2})"),
    "look at a chat given unasked": (None, "select get_operator_chat({o2})"),
    "look at it from a browser": ("o2", "select get_assigned_chat()"),
    "heartbeat": (None, "select record_heartbeat({o1}, {c1}, now())"),
    "heartbeat without a chat": (None, "select record_heartbeat({o3})"),
    "complete": (None, "select complete_chat({o1}, {c1})"),
    "complete and continue": (None, "select complete_and_continue({o1}, {c1})"),
    "lay down": (None, "select release_chat({o1}, {c1})"),
    "go": (None, "select set_operator_availability({o1}, false)"),
    "come": (None, "select set_operator_availability({o3}, true)"),
    "save notes": (None, "select save_chat_notes({o1}, {c1}, 1, 'a', 'b')"),
    "save notes from a browser": ("o1", "update chat_notes set real_profile_notes = 'a'"),
    "deactivate": (None, "select deactivate_operator({a}, {o1})"),
    "reactivate": (None, "select reactivate_operator({a}, {o3})"),
    "reassign to somebody": (None, "select reassign_chat({a}, {c1}, {o3})"),
    "reassign to somebody, the other way round": (None, "select reassign_chat({a}, {c5}, {o3})"),
    "reassign to anybody": (None, "select reassign_chat({a}, {c1})"),
    "release and reassign": (None, "select release_and_reassign_chat({c1}, 'test')"),
    "sweep": (None, "select sweep_idle_assignments()"),
    "refund the unanswered": (None, "select refund_unanswered_messages()"),
    "close": (None, "select close_chat({a}, {c1})"),
    "reopen": (None, "select reopen_chat({a}, {c1})"),
    "suspend": (None, "select suspend_user({a}, {u1}, 'spam')"),
    "reinstate": (None, "select reinstate_user({a}, {u1})"),
    "adjust": (None, "select adjust_credits({a}, {u1}, 5, 'welcome')"),
    "block": ("u1", "select block_profile({p1})"),
    "unblock": ("u1", "delete from blocks"),
    "read": ("u1", "select mark_messages_read({c1}, 1)"),
    "read as an operator": ("o1", "select mark_messages_read({c1}, 1)"),
    "report": ("u1", "select report_message({m1}, 'rude')"),
    "accept": ("u1", "select accept_disclosure('1')"),
    "change one's profile": ("u1", "update real_users set display_name = 'Me' where id = {u1}"),
    "open": (None, "select open_chat({u1}, {p9})"),
    "begin to buy": (None, "select create_payment({u1}, 'credits-10')"),
    "settle": (None, "select settle_payment({t1}, 10000, 'KES')"),
    "settle what came before": (None, "select settle_payment({t2}, 10000, 'KES')"),
    "reverse": (None, "select reverse_payment({t2}, 'refund:1', 'refund', 10000, 'done')"),
    "fail": (None, "select fail_payment({t1}, 'DECLINED')"),
    "store a webhook": (None, "select receive_payment_event('{{}}', true)"),
    "handle a webhook": (None, "select handle_payment_event((select min(id) from payment_events), 'test')"),
    "handle all webhooks": (None, "select handle_pending_payment_events(10, 'test')"),
    "claim payments": (None, "select claim_payments_to_check(10)"),
    "resolve a report": (None, "select resolve_report({a}, (select id from message_reports), 'done')"),
    "save a profile": (None, "select save_profile({a}, {p1}, '{{}}')"),
    "settings": (None, "select update_settings({a}, '{{}}')"),
    "make an operator": (None, "select create_operator({a}, {n}, 'new', 'new@staff.example')"),
    "make an admin": (None, "select create_admin({a}, {n}, 'new', 'new@staff.example')"),
    "note a job": (None, "select record_job_run('test', '{{}}')"),
    "check": (None, "select check_invariants()"),
    "delete a user": (None, "delete from auth.users where id = {u1}"),
    "delete an operator": (None, "delete from auth.users where id = {o1}"),
    "delete an operator without a chat": (None, "delete from auth.users where id = {o3}"),
}


@dataclass
class Stage:
    """Three sessions on one world: who calls, who holds a row against them, and who looks."""

    db: Database
    names: dict[str, Any]
    caller: Session
    holder: Session

    def rows(self, table: str) -> list[Any]:
        return [
            row["id"] for row in self.db.owner.rows(f"select {ORDER[table]} as id from {table} order by 1")
        ]

    def free_rows(self, table: str) -> list[Any]:
        return [
            row["id"]
            for row in self.db.owner.rows(
                f"select {ORDER[table]} as id from {table} for no key update skip locked"
            )
        ]

    def held_when_waiting_for(
        self, table: str, row: Any, call: Callable[[], Any]
    ) -> list[tuple[str, Any]] | None:
        """What the call holds when it waits for this row; None when it never does. Nothing of it remains."""
        self.holder.begin()
        self.holder.rows(f"select from {table} where {ORDER[table]} = %s for update", row)
        self.caller.begin()
        future = self.caller.start_work(call)
        try:
            wait_until(lambda: future.done() or self._waits())
            if future.done():
                return None
            return [
                (kind, found)
                for kind in ORDER
                for found in set(self.rows(kind)) - set(self.free_rows(kind))
                if (kind, found) != (table, row)
            ]
        finally:
            self.holder.rollback()
            wait_until(future.done)
            self.caller.rollback()

    def _waits(self) -> bool:
        waits: bool = self.db.owner.value(
            "select wait_event_type is not distinct from 'Lock' from pg_stat_activity where pid = %s",
            self.caller.pid,
        )
        return waits


@pytest.fixture(scope="module")
def stage(shared: Database) -> Stage:
    """Two users, five chats, four operators, payments: every function finds something to do."""
    db, call = shared, shared.owner.call
    db.setting(free_messages=0)
    names: dict[str, Any] = {
        "a": db.admin(),
        "n": db.auth_user("new@staff.example"),
        "p9": db.profile("Nina"),
    }
    for user in ("u1", "u2"):
        names[user] = db.user(credits=20)
    for number, user in enumerate(["u1", "u1", "u1", "u2", "u2"], start=1):
        names[f"p{number}"] = db.profile()
        names[f"c{number}"] = db.chat(names[user], names[f"p{number}"])
        call("send_user_message", names[user], names[f"c{number}"], "hello")
    for operator in ("o1", "o2", "o3", "o4"):
        names[operator] = db.operator(operator, available=True)
    # The free one has answered chats and had them taken away: deleting them touches these.
    for chat in ("c3", "c4"):
        call("reassign_chat", names["a"], names[chat], names["o3"])
        call("send_operator_message", names["o3"], names[chat], "hello you")
        call("release_chat", names["o3"], names[chat])
        call("send_user_message", names["u1" if chat == "c3" else "u2"], names[chat], "hello again")
    # Ids are random: going through chats by id must not happen to be going through their users by id.
    while db.owner.value(
        "select array_agg(real_user_id order by id) = array_agg(real_user_id order by real_user_id) from public.chats"
    ):
        for user in ("u1", "u2"):
            db.waiting_chat(names[user])
    for row in db.owner.rows("select id from public.chats"):
        db.passes(90_000, row["id"])
    for chat, operator in (("c1", "o1"), ("c2", "o2"), ("c5", "o4")):
        call("reassign_chat", names["a"], names[chat], names[operator])
    call("get_operator_chat", names["o1"])
    # Held by somebody who has gone: the sweep releases them.
    db.owner.execute(
        "update public.operators set last_heartbeat_at = now() - interval '1 hour' where id = any (%s)",
        [names["o1"], names["o2"]],
    )
    db.owner.execute("update public.chats set assignment_time = now() - interval '1 hour'")
    names["m1"] = db.messages(names["c3"])[1]["id"]
    db.browser(names["u1"]).call("report_message", names["m1"], "rude")
    for payment, user in (("t1", "u1"), ("t2", "u1"), ("t3", "u2")):
        names[payment] = call("create_payment", names[user], "credits-10")["reference"]
    call("settle_payment", names["t2"], 10_000, "KES")
    for payment in ("t1", "t3"):
        charge = f'"reference": "{names[payment]}", "status": "success", "domain": "test", "amount": 10000, "currency": "KES"'
        body = f'{{"event": "charge.success", "data": {{{charge}}}}}'
        call("receive_payment_event", body.encode(), True)
    db.owner.execute("update public.transactions set next_check_at = now() where status = 'pending'")
    return Stage(db, names, db.session(), db.session())


def statement_of(stage: Stage, name: str) -> tuple[str | None, str]:
    person, statement = CALLS[name]
    literals = {key: f"'{value}'" for key, value in stage.names.items()}
    return person, statement.format(**literals)


@pytest.mark.parametrize("name", CALLS)
def test_whoever_waits_holds_only_what_comes_before(stage: Stage, name: str) -> None:
    person, statement = statement_of(stage, name)
    assert violations(stage, person, statement) == []


def violations(stage: Stage, person: str | None, statement: str) -> list[str]:
    """Every row that is waited for while one is held that comes after it."""

    def call() -> None:
        if person is None:
            stage.caller.execute(statement)
        else:
            with acting_as(stage.caller, stage.names[person]) as browser:
                browser.execute(statement)

    found = []
    for rank, table in enumerate(RANKS):
        for row in stage.rows(table):
            for kind, held in stage.held_when_waiting_for(table, row, call) or ():
                if kind == table == PLACES:
                    continue
                if (RANKS.index(kind), held) > (rank, row):
                    found.append(f"holds {kind} {_name(stage, held)}, waits for {table} {_name(stage, row)}")
    return found


def _name(stage: Stage, row: Any) -> str:
    return next((name for name, value in stage.names.items() if value == row), str(row))


def test_the_calls_all_have_something_to_do(stage: Stage) -> None:
    """A call that is refused locks nothing, and would prove nothing."""
    refused = {}
    for name in CALLS:
        person, statement = statement_of(stage, name)
        stage.caller.begin()
        try:
            if person is None:
                stage.caller.execute(statement)
            else:
                with acting_as(stage.caller, stage.names[person]) as browser:
                    browser.execute(statement)
        except psycopg.Error as error:
            refused[name] = str(error)
        finally:
            stage.caller.rollback()
    assert refused == {}


def test_every_function_that_writes_is_called(stage: Stage) -> None:
    writing = stage.db.owner.rows(
        "select proname from pg_proc where pronamespace = 'public'::regnamespace and provolatile = 'v'"
        " and prorettype <> 'trigger'::regtype"
    )
    called = " ".join(statement for _, statement in CALLS.values())
    assert [row["proname"] for row in writing if f"{row['proname']}(" not in called] == []


@pytest.mark.parametrize(
    "body",
    [
        "perform from real_users where id = {u1} for update; perform from chats where id = {c1} for update;",
        "perform from operators where id = {o1} for update; perform from transactions for update;",
        "perform from operators order by id desc for update;",
    ],
    ids=["user before chat", "operator before transaction", "two operators, the greater id first"],
)
def test_the_wrong_order_is_seen(stage: Stage, body: str) -> None:
    literals = {key: f"'{value}'" for key, value in stage.names.items()}
    assert violations(stage, None, f"do $do$ begin {body.format(**literals)} end $do$")


def test_a_row_of_nobody_waits_for_nobody(stage: Stage) -> None:
    """The sensor itself: a call that locks nothing is never seen to hold or to wait."""
    row = stage.rows("public.chats")[0]
    assert stage.held_when_waiting_for("public.chats", row, lambda: stage.caller.value("select 1")) is None
    assert isinstance(row, uuid.UUID)
