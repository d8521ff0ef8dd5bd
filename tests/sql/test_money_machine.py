"""Sends, purchases, reversals, refunds, adjustments, suspensions, blocks and deletions in any order: the books hold.

A dictionary is the model. After every step each balance is what the model says, audit_credits() finds nothing, and
no message beyond the free ones is without its charge.
"""

import uuid
from dataclasses import dataclass, field
from typing import Any

import psycopg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.sql.world import acting_as
from tests.support.database import Database

FREE = 3
PACKAGES = {"credits-10": (10, 10_000), "credits-25": (25, 25_000)}
STATES = ("open", "done", "undone")
WAYS_TO_PAY = ("exactly", "too little", "in another currency")


@dataclass
class Chat:
    """What the model knows of a chat."""

    id: uuid.UUID
    profile_id: uuid.UUID
    sent: int = 0
    unanswered: list[int] = field(default_factory=list)  # each paid message's age in refund periods
    is_blocked: bool = False
    is_closed: bool = False
    last_key: uuid.UUID | None = None


@dataclass
class Payment:
    """What the model knows of a purchase."""

    reference: str
    credits: int
    price: int
    is_paid: bool = False
    reversals: dict[str, tuple[int, str]] = field(default_factory=dict)
    reversed: int = 0
    shortfall: int = 0

    @property
    def due(self) -> int:
        """How many credits refunds and disputes should have taken back by now."""
        back = sum(amount for amount, state in self.reversals.values() if state == "done")
        return self.credits * min(back, self.price) // self.price


@dataclass
class User:
    """What the model knows of an account."""

    id: uuid.UUID
    chats: list[Chat]
    credits: int = 0
    is_suspended: bool = False
    payments: list[Payment] = field(default_factory=list)
    last_adjustment: tuple[int, uuid.UUID] | None = None

    def settle(self, payment: Payment) -> None:
        """Bring what is taken back in line with what should be."""
        if not payment.is_paid:
            return
        more = payment.due - payment.reversed - payment.shortfall
        moved = min(more, self.credits) if more > 0 else -max(0, -more - payment.shortfall)
        self.credits -= moved
        payment.reversed += moved
        payment.shortfall += more - moved


class Money(RuleBasedStateMachine):
    """Two users with two chats each, an admin and an operator, in a database that keeps what earlier runs left."""

    db: Database

    def __init__(self) -> None:
        super().__init__()
        self.admin = self.db.admin()
        self.operator = self.db.operator()
        self.call = self.db.owner.call
        self.users = [self._new_user() for _ in range(2)]
        self.someone_left = False

    @initialize(credits=st.integers(0, 6), sent=st.integers(2, 5))
    def begin(self, credits: int, sent: int) -> None:
        """Begin where messages start to cost something, and with a purchase that something can happen to."""
        if credits:
            self.adjust(0, credits)
        self.send(0, 0, sent)
        self.buy(1, "credits-10", "exactly")

    def _new_user(self) -> User:
        user_id = self.db.user()
        profiles = [self.db.profile() for _ in range(2)]
        return User(user_id, [Chat(self.db.chat(user_id, profile), profile) for profile in profiles])

    @property
    def payments(self) -> list[tuple[User, Payment]]:
        return [(user, payment) for user in self.users for payment in user.payments]

    def _refused(self, function: str, *args: Any) -> str | None:
        """The code a call was refused with; None when it was not."""
        try:
            self.call(function, *args)
        except psycopg.Error as error:
            assert (error.sqlstate or "").startswith("PT"), error
            return error.diag.message_hint
        return None

    def _stop_waiting(self, user: User, chat: Chat) -> None:
        user.credits += len(chat.unanswered)
        chat.unanswered.clear()

    @rule(who=st.integers(0, 1), where=st.integers(0, 1), times=st.integers(1, 4))
    def send(self, who: int, where: int, times: int) -> None:
        user = self.users[who]
        chat = user.chats[where]
        for _ in range(times):
            is_free = chat.sent < FREE
            expected = (
                "ACCOUNT_SUSPENDED"
                if user.is_suspended
                else "CHAT_CLOSED"
                if chat.is_closed
                else "PROFILE_BLOCKED"
                if chat.is_blocked
                else "INSUFFICIENT_CREDITS"
                if not is_free and not user.credits
                else None
            )
            key = uuid.uuid4()
            assert self._refused("send_user_message", user.id, chat.id, "hello", key) == expected
            if expected is None:
                chat.sent += 1
                chat.last_key = key
                user.credits -= not is_free
                chat.unanswered += [] if is_free else [0]

    @rule(who=st.integers(0, 1), where=st.integers(0, 1))
    def repeat_the_last_requests(self, who: int, where: int) -> None:
        user = self.users[who]
        chat = user.chats[where]
        if chat.last_key:
            assert (
                self.call("send_user_message", user.id, chat.id, "hello", chat.last_key)["repeated"] is True
            )
        if user.last_adjustment:
            delta, request_id = user.last_adjustment
            again = self.call("adjust_credits", self.admin, user.id, delta, "put right", request_id)
            assert again["repeated"] is True

    @rule(who=st.integers(0, 1), where=st.integers(0, 1))
    def answer(self, who: int, where: int) -> None:
        user = self.users[who]
        chat = user.chats[where]
        self.call("set_operator_availability", self.operator, True)
        if self._refused("reassign_chat", self.admin, chat.id, self.operator) is None:
            self.call("send_operator_message", self.operator, chat.id, "hello you")
            user.credits += sum(age > 0 for age in chat.unanswered)
            chat.unanswered.clear()
        self.call("set_operator_availability", self.operator, False)

    @rule(who=st.integers(0, 1), where=st.integers(0, 1), job_runs=st.booleans())
    def a_day_passes(self, who: int, where: int, job_runs: bool) -> None:
        chat = self.users[who].chats[where]
        self.db.passes(86_401, chat.id)
        chat.unanswered = [age + 1 for age in chat.unanswered]
        if job_runs:
            self.db.owner.rows("select * from public.refund_unanswered_messages()")
            for user in self.users:
                for each in user.chats:
                    user.credits += sum(age > 0 for age in each.unanswered)
                    each.unanswered = [age for age in each.unanswered if not age]

    @rule(
        who=st.integers(0, 1),
        package=st.sampled_from(sorted(PACKAGES)),
        pays=st.sampled_from(["exactly", "exactly", "exactly", "too little", None]),
    )
    def buy(self, who: int, package: str, pays: str | None) -> None:
        user = self.users[who]
        credits, price = PACKAGES[package]
        if user.is_suspended:
            assert self._refused("create_payment", user.id, package) == "ACCOUNT_SUSPENDED"
            return
        payment = Payment(self.call("create_payment", user.id, package)["reference"], credits, price)
        user.payments.append(payment)
        if pays:
            self._pay(user, payment, pays)

    @precondition(lambda self: self.payments)
    @rule(data=st.data(), pays=st.sampled_from(WAYS_TO_PAY))
    def pay_later_or_again(self, data: st.DataObject, pays: str) -> None:
        self._pay(*data.draw(st.sampled_from(self.payments)), pays)

    def _pay(self, user: User, payment: Payment, pays: str) -> None:
        amount = payment.price - (pays == "too little")
        currency = "USD" if pays == "in another currency" else "KES"
        granted = self.call("settle_payment", payment.reference, amount, currency)["granted"]
        if payment.is_paid or pays != "exactly":
            assert granted == 0
            return
        assert granted == payment.credits
        payment.is_paid = True
        user.credits += payment.credits
        user.settle(payment)

    @precondition(lambda self: self.payments)
    @rule(
        data=st.data(),
        key=st.sampled_from(["refund:1", "refund:2", "dispute:1"]),
        share=st.sampled_from([1, 3, 4]),
        states=st.lists(st.sampled_from(STATES), min_size=1, max_size=3),
        spent=st.booleans(),
    )
    def reverse(self, data: st.DataObject, key: str, share: int, states: list[str], spent: bool) -> None:
        user, payment = data.draw(st.sampled_from(self.payments))
        if spent:
            self.adjust(self.users.index(user), -user.credits)
        amount = payment.price // share
        kind = key.partition(":")[0]
        for state in states:
            self.call("reverse_payment", payment.reference, key, kind, amount, state)
            before = payment.reversals.get(key)
            if before is None or STATES.index(state) > STATES.index(before[1]):
                payment.reversals[key] = (amount, state)
            user.settle(payment)

    @rule(who=st.integers(0, 1), delta=st.integers(-3, 3))
    def adjust(self, who: int, delta: int) -> None:
        user = self.users[who]
        request_id = uuid.uuid4()
        expected = "INVALID_INPUT" if delta == 0 else "BALANCE_TOO_LOW" if user.credits + delta < 0 else None
        assert (
            self._refused("adjust_credits", self.admin, user.id, delta, "put right", request_id) == expected
        )
        if expected is None:
            user.credits += delta
            user.last_adjustment = delta, request_id

    @rule(who=st.integers(0, 1))
    def suspend_or_reinstate(self, who: int) -> None:
        user = self.users[who]
        user.is_suspended = not user.is_suspended
        if user.is_suspended:
            self.call("suspend_user", self.admin, user.id, "spam")
            for chat in user.chats:
                self._stop_waiting(user, chat)
        else:
            self.call("reinstate_user", self.admin, user.id)

    @rule(who=st.integers(0, 1), where=st.integers(0, 1))
    def block_or_unblock(self, who: int, where: int) -> None:
        user = self.users[who]
        chat = user.chats[where]
        if user.is_suspended:
            return
        chat.is_blocked = not chat.is_blocked
        if chat.is_blocked:
            with acting_as(self.db.owner, user.id) as browser:
                browser.call("block_profile", chat.profile_id)
            self._stop_waiting(user, chat)
        else:
            with acting_as(self.db.owner, user.id) as browser:
                browser.execute("delete from public.blocks where fictional_user_id = %s", chat.profile_id)

    @rule(who=st.integers(0, 1), where=st.integers(0, 1))
    def close_or_reopen(self, who: int, where: int) -> None:
        user = self.users[who]
        chat = user.chats[where]
        chat.is_closed = not chat.is_closed
        if chat.is_closed:
            self.call("close_chat", self.admin, chat.id)
            self._stop_waiting(user, chat)
        else:
            self.call("reopen_chat", self.admin, chat.id)

    @precondition(lambda self: not self.someone_left)
    @rule(who=st.integers(0, 1))
    def delete_the_account(self, who: int) -> None:
        self.someone_left = True
        user = self.users[who]
        before = self.db.ledger(user.id)
        self.db.owner.execute("delete from auth.users where id = %s", user.id)
        assert self.db.ledger(user.id) == before
        self.users[who] = self._new_user()

    @invariant()
    def balances_are_what_the_model_says(self) -> None:
        assert [self.db.credits(user.id) for user in self.users] == [user.credits for user in self.users]

    @invariant()
    def the_books_balance(self) -> None:
        self.db.assert_books_balance()

    @invariant()
    def reversals_are_what_the_model_says(self) -> None:
        for _, payment in self.payments:
            (row,) = self.db.owner.rows(
                "select status = 'success' as is_paid, credits_reversed, credits_shortfall"
                " from public.transactions where paystack_reference = %s",
                payment.reference,
            )
            assert tuple(row.values()) == (payment.is_paid, payment.reversed, payment.shortfall)

    @invariant()
    def nothing_beyond_the_free_messages_is_without_a_charge(self) -> None:
        """And nothing free is charged, and nothing is charged or refunded twice."""
        for user in self.users:
            faults = self.db.owner.rows(
                "select m.id from (select *, row_number() over (partition by chat_id order by seq) as number"
                "   from public.messages where sender_type = 'real'"
                "     and chat_id in (select id from public.chats where real_user_id = %s)) m"
                " left join public.credit_ledger l on l.message_id = m.id"
                " group by m.id, m.number, m.is_free_message, m.refunded_at"
                " having (m.number <= %s) <> m.is_free_message"
                "   or count(*) filter (where l.reason = 'message') <> (not m.is_free_message)::integer"
                "   or count(*) filter (where l.reason = 'unanswered') <> (m.refunded_at is not null)::integer",
                user.id,
                FREE,
            )
            assert faults == []


def test_the_books_hold_whatever_happens_in_whatever_order(shared: Database) -> None:
    shared.setting(messages_per_minute=600)

    class Here(Money):
        db = shared

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=50,
            stateful_step_count=15,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    # Whatever can move credits has moved some: else the machine had proved less than it says.
    moved = shared.owner.rows(
        "select distinct reason, sign(delta)::integer as sign from public.credit_ledger"
    )
    assert {(row["reason"], row["sign"]) for row in moved} == {
        ("message", -1),
        ("unanswered", 1),
        ("purchase", 1),
        ("reversal", -1),
        ("reversal", 1),
        ("adjustment", 1),
        ("adjustment", -1),
    }
    assert shared.owner.value("select count(*) from public.transactions where credits_shortfall > 0")
    assert shared.owner.value("select count(*) from public.transactions where real_user_id is null")
