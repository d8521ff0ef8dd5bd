"""Sixty-four operators at once, through connections of their own: nobody gets two chats, nobody waits for another."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest

from tests.operators.support import broken_invariants, held
from tests.support.database import Database, Session

MANY = 64
ASSIGN = "assign_chat_to_operator"


@pytest.fixture
def operators(db: Database) -> list[UUID]:
    db.owner.execute(
        "insert into auth.users (id, aud, role, email, raw_app_meta_data, raw_user_meta_data, is_sso_user, is_anonymous)"
        " select gen_random_uuid(), 'authenticated', 'authenticated', n || '@staff.example', '{}', '{}', false, false"
        f" from generate_series(1, {MANY}) n"
    )
    db.owner.execute("insert into public.operators (id, name, email) select id, email, email from auth.users")
    db.owner.rows("select public.set_operator_availability(id, true) from public.operators")
    return [row["id"] for row in db.owner.rows("select id from public.operators")]


@pytest.fixture
def chats(db: Database) -> list[UUID]:
    """As many chats as operators, all of them waiting."""
    user = db.user()
    db.setting(messages_per_minute=600)
    db.owner.execute(
        "insert into public.fictional_users (name, age, gender, location)"
        f" select 'Amara', 27, 'female', 'Mombasa' from generate_series(1, {MANY})"
    )
    db.owner.rows("select public.open_chat(%s, id) from public.fictional_users", user)
    db.owner.rows("select public.send_user_message(%s, id, 'hello') from public.chats", user)
    return [row["id"] for row in db.owner.rows("select id from public.chats order by waiting_since")]


def all_at_once(sessions: Sequence[Session], operators: Sequence[UUID]) -> list[UUID | None]:
    """What each operator is given when all of them ask at the same moment."""
    start = Barrier(len(sessions))

    def ask(session: Session, operator: UUID) -> UUID | None:
        start.wait()
        chat: UUID | None = session.call(ASSIGN, operator)
        return chat

    with ThreadPoolExecutor(len(sessions)) as pool:
        return list(pool.map(ask, sessions, operators))


def test_as_many_operators_as_chats_get_one_each(
    db: Database, operators: list[UUID], chats: list[UUID]
) -> None:
    given = all_at_once([db.session() for _ in operators], operators)
    assert sorted(map(str, given)) == sorted(map(str, chats))
    assert [held(db, operator) for operator in operators] == given
    assert broken_invariants(db, 0) == []


def test_four_clicks_of_each_operator_are_one_chat(
    db: Database, operators: list[UUID], chats: list[UUID]
) -> None:
    """Sixty-four requests of sixteen operators, four each: three of four are refused."""
    start = Barrier(MANY)
    impatient = operators[:16] * 4
    sessions = [db.session() for _ in impatient]

    def ask(session: Session, operator: UUID) -> bool:
        start.wait()
        return session.start(ASSIGN, operator).exception(30) is None

    with ThreadPoolExecutor(MANY) as pool:
        accepted = list(pool.map(ask, sessions, impatient))
    assert accepted.count(True) == 16
    assert len({held(db, operator) for operator in operators[:16]} - {None}) == 16
    assert broken_invariants(db) == []


def test_nobody_waits_for_another_s_lock(db: Database, operators: list[UUID], chats: list[UUID]) -> None:
    """Every transaction stays open until all have been given a chat: whoever waited for another would wait for ever."""
    sessions = [db.session() for _ in operators]
    given = []
    for session, operator in zip(sessions, operators, strict=True):
        session.begin()
        session.execute("set local lock_timeout = '5s'")
        given.append(session.call(ASSIGN, operator))
    assert given == chats
    for session in sessions:
        session.commit()
    assert broken_invariants(db, 0) == []


def test_sweeps_and_operators_at_once_give_every_chat_once(
    db: Database, operators: list[UUID], chats: list[UUID]
) -> None:
    sweepers = [db.session() for _ in range(4)]
    sessions = [db.session() for _ in operators]
    with ThreadPoolExecutor(4) as pool:
        sweeps = [
            pool.submit(sweeper.rows, "select * from public.sweep_idle_assignments()") for sweeper in sweepers
        ]
        all_at_once(sessions, operators)
        swept = [row for sweep in sweeps for row in sweep.result()]
    # An operator who asks while a sweep has the last chat locked, and is locked when it looks for somebody to have it,
    # misses it: the next sweep gives it to them.
    swept += db.owner.rows("select * from public.sweep_idle_assignments()")
    assert len({row["chat_id"] for row in swept}) == len(swept)
    assert {held(db, operator) for operator in operators} == set(chats)
    assert db.owner.value("select count(*) from public.chat_assignments") == MANY
    assert broken_invariants(db, 0) == []
