"""A simulated day, step by step: what must hold between operators and chats holds after every one of them."""

from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import DictRow

from tests.operators.simulation import STEP, Refused, World
from tests.support.database import Database


class OneByOne:
    """The service in one session, where each call can be held against the queue as it was just before."""

    def __init__(self, session: psycopg.Connection[DictRow]) -> None:
        self._session = session

    def call(self, function: str, caller: UUID, **arguments: Any) -> Any:
        head = self._head_of_the_queue() if function == "assign_next_chat" else None
        named = "".join(f", p_{name} => %s" for name in arguments)
        try:
            answer = self._value(f"select public.{function}(%s{named})", caller, *arguments.values())
        except psycopg.Error as error:
            assert (error.sqlstate or "").startswith("PT4"), error
            raise Refused(error.diag.message_hint or "") from error
        if head:
            given = answer["chat"]["id"]
            was_given_unasked = self._value(
                "select accepted_at > assigned_at from public.chat_assignments where chat_id = %s and released_at is null",
                given,
            )
            assert was_given_unasked or UUID(given) == head, (
                "a chat was given before one that has waited longer"
            )
        return answer

    def sweep(self) -> None:
        given = self._session.execute(
            "select max(c.waiting_since) as latest from public.sweep_idle_assignments() s"
            " join public.chats c on c.id = s.chat_id where s.action = 'assigned'"
        ).fetchall()[0]["latest"]
        passed_over = self._value(
            "select count(*) from public.chats where waiting_since < %s and assigned_operator_id is null",
            given,
        )
        assert passed_over == 0, "the sweep gave a chat before one that has waited longer"

    def _head_of_the_queue(self) -> UUID | None:
        rows = self._session.execute(
            "select id from public.chats where waiting_since is not null and assigned_operator_id is null"
            " order by waiting_since limit 1"
        ).fetchall()
        return rows[0]["id"] if rows else None

    def _value(self, query: str, *arguments: object) -> Any:
        (row,) = self._session.execute(query.encode(), arguments).fetchall()
        return next(iter(row.values()))


def play(db: Database, seed: int, steps: int) -> World:
    """A world with a few operators and more users than they can easily serve, after so many steps."""
    session = db.owner.conn
    world = World(
        session,
        OneByOne(session),
        seed=seed,
        operators=8,
        users=40,
        messages_per_step=0.9,
        deactivations_per_step=0.02,
    )
    for _ in range(steps):
        for act in world.actors():
            act(world.now)
        world.check(has_just_been_swept=False)
        if world.is_time_to_sweep:
            world.sweep()
            world.check(has_just_been_swept=True)
        world.let_time_pass()
    return world


@pytest.mark.parametrize("seed", [1, 2])
def test_every_rule_holds_after_every_step_of_a_day(db: Database, seed: int) -> None:
    report = play(db, seed, steps=360).report()
    print(report)  # seen when the test fails, and with pytest -s
    assert set(report["releases"]) == {
        "answer_timeout",
        "completed",
        "idle_timeout",
        "operator_deactivated",
        "operator_left",
        "operator_lost",
        "operator_released",
    }
    assert report["messages_answered"] > 50
    assert report["seconds_until_answered"]["max"] < 30 * 60
    db.assert_books_balance()


def test_the_same_seed_plays_the_same_day(db: Database) -> None:
    def day() -> list[tuple[UUID, int, int, str]]:
        world = play(db, seed=3, steps=120)
        return sorted(
            (
                segment.operator,
                round(segment.assigned_at) // STEP,
                round(segment.released_at) // STEP,
                segment.reason,
            )
            for segment in world.segments
        )

    first = day()
    db.owner.execute("delete from public.chat_assignments")
    db.owner.execute("delete from auth.users where email like 'operator%'")
    db.owner.execute("delete from auth.users")
    db.owner.execute("delete from public.fictional_users")
    assert day() == first != []
