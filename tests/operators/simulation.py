"""A day of users and operators in virtual time, and what must hold after every step of it.

Users write. Operators answer, idle, only move the mouse, lose their network, close the laptop, go on and off duty, and
are deactivated; sweeps run now and then. Everybody has a random generator of their own, so the same seed plays the same
day. Time passes by putting every clock in the database back: a step lasts STEP seconds for the database, however long it
took to play.

The same people are played in one session by tests, and through the HTTP API under fire by the benchmark: `Service` is
what they reach it through.
"""

from __future__ import annotations

import itertools
import random
import threading
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Protocol
from uuid import UUID

import psycopg
from psycopg.rows import DictRow

# Seconds. No rule of the product falls on a multiple, so a few real milliseconds never decide what happens.
STEP = 7
MINUTE = 60
HEARTBEAT_EVERY = 4 * STEP
SWEEP_EVERY = 5 * STEP

RELEASE_AFTER, LOST_AFTER, ANSWER_WITHIN = 300, 90, 600


class Refused(Exception):
    """The service understood the call and refuses it, with this code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Unanswered(Exception):
    """No answer came: nobody knows whether the call was carried out."""


class Service(Protocol):
    """How people reach the product."""

    def call(self, function: str, caller: UUID, **arguments: Any) -> Any:
        """What a function answers this caller. Raises Refused and Unanswered."""

    def sweep(self) -> None:
        """One sweep. Raises Unanswered."""


class Mood(Enum):
    """What an operator is up to, in ways the product must cope with."""

    WORKING = "working"
    IDLE = "idle: the app beats, nobody moves"
    DAWDLING = "moves the mouse and answers nobody"
    UNREACHABLE = "the network is gone"
    AWAY = "gone, politely or with the laptop closed"


# How likely each is to follow on work, and how long it lasts, in seconds.
MOODS: dict[Mood, tuple[float, tuple[int, int]]] = {
    Mood.WORKING: (0.30, (2 * MINUTE, 6 * MINUTE)),
    Mood.IDLE: (0.22, (3 * MINUTE, 12 * MINUTE)),
    Mood.DAWDLING: (0.12, (11 * MINUTE, 14 * MINUTE)),
    Mood.UNREACHABLE: (0.17, (MINUTE, 4 * MINUTE)),
    Mood.AWAY: (0.19, (2 * MINUTE, 8 * MINUTE)),
}


class Diary:
    """What happened, as far as those who were there could tell. Written by many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.calls: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.unanswered = 0
        # The client ids of the messages that a user knows were taken.
        self.sent: set[UUID] = set()
        # (operator, chat, reason) of what operators completed or released, or tried to.
        self.laid_down: set[tuple[UUID, UUID, str]] = set()

    @contextmanager
    def noting(self, function: str) -> Iterator[None]:
        """Note how a call ended; its exception passes on."""
        try:
            yield
        except Refused as refusal:
            with self._lock:
                self.refusals[refusal.code] += 1
            raise
        except Unanswered:
            with self._lock:
                self.unanswered += 1
            raise
        with self._lock:
            self.calls[function] += 1


class Moments:
    """When something happened, in virtual seconds, oldest first."""

    def __init__(self) -> None:
        self._moments: list[int] = []

    def note(self, now: int) -> None:
        self._moments.append(now)

    def last_before(self, moment: float) -> float:
        """The last of them before the step of `moment`: of what happened in one step, nobody knows the order."""
        known = bisect_right(self._moments, moment - STEP)
        return self._moments[known - 1] if known else float("-inf")


class Person(ABC):
    """Somebody with a generator of their own who uses the service."""

    def __init__(self, id_: UUID, rng: random.Random, service: Service, diary: Diary) -> None:
        self.id = id_
        self.rng = rng
        self._service = service
        self._diary = diary

    @abstractmethod
    def act(self, now: int) -> None:
        """Do what this person does in the step that begins at `now`."""

    def _call(self, function: str, **arguments: Any) -> Any:
        with self._diary.noting(function):
            return self._service.call(function, self.id, **arguments)


class User(Person):
    """Writes now and then in one of their chats, and sends again what was not acknowledged."""

    def __init__(
        self,
        id_: UUID,
        rng: random.Random,
        service: Service,
        diary: Diary,
        chats: Sequence[UUID],
        pace: float,
    ) -> None:
        super().__init__(id_, rng, service, diary)
        self._chats = chats
        self._pace = pace
        self._unsent: tuple[UUID, UUID] | None = None

    def wants_to_write(self) -> bool:
        """Whether this is a step in which they write, or still have to send again."""
        if self._unsent is None and self.rng.random() < self._pace:
            self._unsent = self.rng.choice(self._chats), UUID(int=self.rng.getrandbits(128), version=4)
        return self.has_unsent

    @property
    def has_unsent(self) -> bool:
        return self._unsent is not None

    def act(self, now: int) -> None:
        if self._unsent is None:
            return
        chat, message = self._unsent
        try:
            self._call(
                "send_user_message", chat_id=chat, content=f"message {message}", client_message_id=message
            )
        except Unanswered:
            return
        self._diary.sent.add(message)
        self._unsent = None


class Operator(Person):
    """Works as the three-panel app lets them, in one mood after the other."""

    def __init__(self, id_: UUID, rng: random.Random, service: Service, diary: Diary) -> None:
        super().__init__(id_, rng, service, diary)
        self.mood = Mood.AWAY
        self._until = rng.randrange(0, 2 * MINUTE)
        self._next_beat = 0
        self._on_duty = False
        self._is_in_line = False
        self._is_unsure = False
        self._chat: UUID | None = None
        self._has_answered = False
        self._answer_at = 0
        # What they know the service knows of them, in virtual seconds: it explains what is done to them.
        self.heard_of = Moments()
        self.moved = Moments()
        self.answered: defaultdict[UUID, Moments] = defaultdict(Moments)
        self.left_at = -STEP
        # When they last called at all: the service may have heard them, though no answer came.
        self.last_called = 0

    def act(self, now: int) -> None:
        if now >= self._until:
            self._change_mood(now)
        if self.mood in (Mood.UNREACHABLE, Mood.AWAY):
            return
        self.last_called = now
        try:
            self._use_the_app(now)
        except Refused as refusal:
            self._learn_from(refusal.code, now)
        except Unanswered:
            self._is_unsure = True

    def _change_mood(self, now: int) -> None:
        before = self.mood
        if before is Mood.WORKING:
            moods = list(MOODS)
            (self.mood,) = self.rng.choices(moods, [MOODS[mood][0] for mood in moods])
        else:
            self.mood = Mood.WORKING
        self._until = now + self.rng.randrange(*MOODS[self.mood][1])
        if before in (Mood.UNREACHABLE, Mood.AWAY):
            # The app starts over, or its connection is back.
            self._is_unsure, self._is_in_line, self._next_beat = True, False, now
        elif self.mood is Mood.AWAY and self.rng.random() < 0.7:
            self._leave(now)

    def _leave(self, now: int) -> None:
        self.left_at = now
        try:
            self._call("set_operator_availability", available=False)
            self._on_duty = False
        except Refused as refusal:
            self._learn_from(refusal.code, now)
        except Unanswered:
            self._is_unsure = True

    def _use_the_app(self, now: int) -> None:
        if self._is_unsure:
            shown = self._call("get_operator_chat")["chat"]
            self._take(shown, now)
            self._is_unsure = False
        if now >= self._next_beat:
            self._beat(now)
        if self.mood is Mood.IDLE:
            return
        if not self._on_duty:
            self._call("set_operator_availability", available=True)
            self._on_duty, self._is_in_line = True, False
            self.heard_of.note(now)
        if self._chat is None:
            # In line, the app asks again when it is told that it was given a chat or that the queue has changed.
            if not self._is_in_line or self.rng.random() < 0.5:
                self._take(self._call("assign_next_chat")["chat"], now)
                self._is_in_line = self._chat is None
                self.heard_of.note(now)
        elif self.mood is Mood.WORKING and now >= self._answer_at:
            self._work_on(self._chat, now)

    def _work_on(self, chat: UUID, now: int) -> None:
        if not self._has_answered:
            message = UUID(int=self.rng.getrandbits(128), version=4)
            self._call("send_operator_message", chat_id=chat, content="an answer", client_message_id=message)
            self.answered[chat].note(now)
            self.moved.note(now)
            self._has_answered = True
            self._answer_at = now + self.rng.randrange(0, 30)
        elif self.rng.random() < 0.1:
            self._diary.laid_down.add((self.id, chat, "operator_released"))
            self._call("release_chat", chat_id=chat)
            self._take(None, now)
        else:
            self._diary.laid_down.add((self.id, chat, "completed"))
            self._take(self._call("complete_and_continue", chat_id=chat)["chat"], now)
            self._is_in_line = self._chat is None
        self.heard_of.note(now)

    def _beat(self, now: int) -> None:
        moves = self.mood is not Mood.IDLE
        moved_at = datetime.now(UTC) if moves else datetime.now(UTC) - timedelta(hours=1)
        self._next_beat = now + HEARTBEAT_EVERY
        said = self._chat
        answer = self._call("record_heartbeat", chat_id=said, last_activity=moved_at)
        self.heard_of.note(now)
        self._on_duty = answer["is_available"]
        current = UUID(answer["chat_id"]) if answer["chat_id"] else None
        if current != said:
            self._is_unsure = True
        elif moves and said:
            self.moved.note(now)

    def _take(self, shown: dict[str, Any] | None, now: int) -> None:
        chat = UUID(shown["id"]) if shown else None
        if chat != self._chat and chat:
            self._has_answered = False
            self._answer_at = now + self.rng.randrange(14, 90)
            self._is_in_line = False
        self._chat = chat

    def _learn_from(self, code: str, now: int) -> None:
        self._is_unsure = True
        self._is_in_line = False
        if code in ("OPERATOR_NOT_AVAILABLE", "OPERATOR_INACTIVE"):
            self._on_duty = False
        if code == "OPERATOR_INACTIVE":
            self._chat = None
            self.mood, self._until = Mood.AWAY, now + MINUTE


class Admin(Person):
    """Deactivates an operator now and then, and lets them work again."""

    def __init__(
        self,
        id_: UUID,
        rng: random.Random,
        service: Service,
        diary: Diary,
        operators: Sequence[UUID],
        pace: float,
    ) -> None:
        super().__init__(id_, rng, service, diary)
        self._operators = operators
        self._pace = pace
        self._out: dict[UUID, int] = {}

    def act(self, now: int) -> None:
        try:
            for operator in [operator for operator, until in self._out.items() if now >= until]:
                self._call("reactivate_operator", operator_id=operator)
                del self._out[operator]
            if self.rng.random() < self._pace:
                operator = self.rng.choice(self._operators)
                self._out[operator] = now + self.rng.randrange(2 * MINUTE, 5 * MINUTE)
                self._call("deactivate_operator", operator_id=operator)
        except Unanswered:
            pass  # tried again in a later step: whoever is out comes back in


@dataclass(frozen=True)
class Segment:
    """One time that an operator held a chat, now over. Virtual seconds."""

    operator: UUID
    chat: UUID
    assigned_at: float
    released_at: float
    reason: str


class World:
    """The people, the clock, and what the database says of both."""

    def __init__(
        self,
        session: psycopg.Connection[DictRow],
        service: Service,
        *,
        seed: int,
        operators: int,
        users: int,
        messages_per_step: float,
        deactivations_per_step: float = 0.01,
    ) -> None:
        """`session` is the project's owner, autocommit; `service` is what people call."""
        self._session = session
        self._service = service
        self.diary = Diary()
        self.now = 0
        self._elapsed = 0.0
        rng = random.Random(seed)
        ids = [UUID(int=rng.getrandbits(128), version=4) for _ in range(operators + users + 1)]
        admin_id, operator_ids, user_ids = ids[0], ids[1 : operators + 1], ids[operators + 1 :]
        chats = _populate(session, admin_id, operator_ids, user_ids)
        self.operators = {
            id_: Operator(id_, random.Random(rng.getrandbits(64)), service, self.diary)
            for id_ in operator_ids
        }
        self.users = [
            User(
                id_,
                random.Random(rng.getrandbits(64)),
                service,
                self.diary,
                [chats[id_]],
                messages_per_step / users,
            )
            for id_ in user_ids
        ]
        self.admin = Admin(
            admin_id,
            random.Random(rng.getrandbits(64)),
            service,
            self.diary,
            operator_ids,
            deactivations_per_step,
        )
        self._rng = rng
        self._anchor: datetime = self._value("select clock_timestamp()")
        self._released = 0
        self._places: dict[UUID, tuple[int, float]] = {}
        self.segments: list[Segment] = []

    def actors(self) -> list[Callable[[int], None]]:
        """What everybody does in this step, in a random order; each may be called in a thread of its own."""
        writers = [user for user in self.users if user.wants_to_write()]
        everybody: list[Person] = [*self.operators.values(), *writers, self.admin]
        self._rng.shuffle(everybody)
        return [person.act for person in everybody]

    @property
    def is_time_to_sweep(self) -> bool:
        return self.now % SWEEP_EVERY == 0

    def sweep(self) -> None:
        """One sweep. Raises Unanswered."""
        with self.diary.noting("sweep"):
            self._service.sweep()

    def let_time_pass(self) -> None:
        """End the step: to the database, STEP seconds have gone by since it began, or as long as it really took."""
        with self._session.transaction():
            now = self._value("select clock_timestamp()")
            taken = now - self._anchor
            missing = max(timedelta(seconds=STEP) - taken, timedelta())
            self._session.execute(_PUT_CLOCKS_BACK, [missing])
        self._anchor = now
        self._elapsed += (missing + taken).total_seconds()
        self.now += STEP

    # What must hold

    def check(self, *, has_just_been_swept: bool) -> None:
        """Everything that must hold after a step. AssertionError says what does not."""
        sweep_seconds = 0 if has_just_been_swept else 2 * SWEEP_EVERY
        broken = self._rows("select * from public.check_invariants(%s)", sweep_seconds)
        assert broken == [], broken
        self._check_that_places_are_kept()
        self._check_that_chats_go_to_who_is_there()
        self._check_that_releases_are_explained()

    def _check_that_places_are_kept(self) -> None:
        """Until it is answered, a chat waits since one and the same moment, whoever has it taken from them."""
        places = {
            row["id"]: (row["last_answered_seq"], self._virtual(row["waiting_since"]))
            for row in self._rows(
                "select id, last_answered_seq, waiting_since from public.chats where waiting_since is not null"
            )
        }
        for chat, (answered, since) in places.items():
            before = self._places.get(chat)
            if before and before[0] == answered:
                assert abs(before[1] - since) < 0.001, (
                    f"chat {chat} waited since {before[1]} and now since {since}"
                )
        self._places = places

    def _check_that_chats_go_to_who_is_there(self) -> None:
        """No chat was given in this step to somebody whose app has not been heard of for too long."""
        given = self._rows(
            "select operator_id from public.chat_assignments where released_at is null and assigned_at >= %s",
            self._anchor,
        )
        for row in given:
            silent_for = self.now - self.operators[row["operator_id"]].last_called
            assert silent_for <= LOST_AFTER, (
                f"operator {row['operator_id']} was given a chat after {silent_for} s"
            )

    def _check_that_releases_are_explained(self) -> None:
        released = self._rows(
            "select * from public.chat_assignments where released_at is not null order by released_at, id offset %s",
            self._released,
        )
        self._released += len(released)
        for row in released:
            segment = Segment(
                row["operator_id"],
                row["chat_id"],
                self._virtual(row["assigned_at"]),
                self._virtual(row["released_at"]),
                row["release_reason"],
            )
            assert self._explains(segment), f"{segment} in a step that began at {self.now}"
            self.segments.append(segment)

    def _explains(self, segment: Segment) -> bool:
        """Whether what the operator did, or did not do, is a reason for this release."""
        operator = self.operators[segment.operator]
        released_at = segment.released_at
        # What the operator knows is as exact as a step.
        match segment.reason:
            case "idle_timeout":
                since = max(operator.moved.last_before(released_at), segment.assigned_at)
                return released_at - since > RELEASE_AFTER - STEP
            case "operator_lost":
                since = max(operator.heard_of.last_before(released_at), segment.assigned_at)
                return released_at - since > LOST_AFTER - STEP
            case "answer_timeout":
                since = max(operator.answered[segment.chat].last_before(released_at), segment.assigned_at)
                return released_at - since > ANSWER_WITHIN - STEP
            case "operator_left":
                # Perhaps with a chat that they were given in the same moment and never saw.
                return abs(released_at - operator.left_at) <= 2 * STEP
            case "operator_deactivated":
                return True
            case reason:
                return (segment.operator, segment.chat, reason) in self.diary.laid_down

    def report(self) -> dict[str, Any]:
        """How long users and operators waited, in virtual seconds, and how evenly work was spread."""
        answered = self._rows(
            "select extract(epoch from created_at - answered_waiting_since)::float8 as wait from public.messages"
            " where answered_waiting_since is not null"
        )
        unanswered = self._value("select count(*) from public.chats where waiting_since is not null")
        shares = self._rows(
            "select (select count(*) from public.chat_assignments a where a.operator_id = o.id)"
            "   / (extract(epoch from sum(coalesce(v.ended_at, clock_timestamp()) - v.started_at)) / 3600)::float8 as share"
            " from public.operators o join public.operator_availability v on v.operator_id = o.id group by o.id"
        )
        return {
            "virtual_minutes": self.now / MINUTE,
            "messages_sent": len(self.diary.sent),
            "messages_answered": len(answered),
            "chats_still_waiting": unanswered,
            "seconds_until_answered": _percentiles([row["wait"] for row in answered]),
            "segments": len(self.segments),
            "releases": dict(sorted(Counter(segment.reason for segment in self.segments).items())),
            "chats_per_hour_on_duty": _percentiles([row["share"] for row in shares]),
            "fairness": round(_jain([row["share"] for row in shares]), 3),
            "calls": sum(self.diary.calls.values()),
            "calls_unanswered": self.diary.unanswered,
            "refusals": dict(sorted(self.diary.refusals.items())),
            "sweeps": self.diary.calls["sweep"],
        }

    def _virtual(self, moment: datetime) -> float:
        """A moment of the database's, in virtual seconds since the beginning."""
        return (moment - self._anchor).total_seconds() + self._elapsed

    def _rows(self, query: str, *arguments: object) -> list[DictRow]:
        return self._session.execute(query.encode(), arguments).fetchall()

    def _value(self, query: str) -> Any:
        (row,) = self._rows(query)
        return next(iter(row.values()))


def _populate(
    session: psycopg.Connection[DictRow], admin: UUID, operators: Sequence[UUID], users: Sequence[UUID]
) -> dict[UUID, UUID]:
    """Make the people, a profile, and a chat for each user; returns the chats by their users."""
    everybody = [(admin, "admin@staff.example"), *zip(operators, _addresses("operator"), strict=False)]
    with session.transaction(), session.cursor() as cursor:
        cursor.executemany(
            "insert into auth.users (id, aud, role, email, raw_app_meta_data, raw_user_meta_data, is_sso_user, is_anonymous)"
            " values (%s, 'authenticated', 'authenticated', %s, '{}', '{}', false, false)",
            everybody,
        )
        cursor.execute("select public.create_admin(null, %s, 'Admin', 'admin@staff.example')", [admin])
        cursor.executemany(
            "select public.create_operator(%s, %s, %s, %s)",
            [(admin, id_, email.partition("@")[0], email) for id_, email in everybody[1:]],
        )
        cursor.executemany(
            "insert into auth.users (id, aud, role, email, raw_app_meta_data, raw_user_meta_data, is_sso_user, is_anonymous)"
            " values (%(id)s, 'authenticated', 'authenticated', %(name)s || '@fantooo.com', '{}', jsonb_build_object("
            "   'name', %(name)s::text, 'display_name', %(name)s::text, 'location', 'Nairobi', 'gender', 'male',"
            "   'looking_for', 'female', 'age', 30, 'accepts_fictional_profiles', true), false, false)",
            [{"id": id_, "name": f"user_{n}"} for n, id_ in enumerate(users)],
        )
        # Credits have tests of their own.
        cursor.execute("update public.app_settings set free_messages = 100, messages_per_minute = 600")
        cursor.execute(
            "insert into public.fictional_users (name, age, gender, location)"
            " values ('Amara', 27, 'female', 'Mombasa') returning id"
        )
        (profile,) = cursor.fetchall()
        cursor.executemany("select public.open_chat(%s, %s)", [(id_, profile["id"]) for id_ in users])
    return {
        row["real_user_id"]: row["id"] for row in session.execute("select real_user_id, id from public.chats")
    }


def _addresses(name: str) -> itertools.chain[str]:
    return itertools.chain.from_iterable([f"{name}_{n}@staff.example"] for n in itertools.count())


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    ranked = sorted(values)
    if not ranked:
        return {}
    return {
        name: round(ranked[min(len(ranked) - 1, int(len(ranked) * part))], 1)
        for name, part in (("p50", 0.5), ("p95", 0.95), ("max", 1.0))
    }


def _jain(shares: Sequence[float]) -> float:
    """Jain's fairness index: 1 when all shares are alike, 1/n when one has everything."""
    squares = sum(share * share for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else 1.0


# Everything that says when something was, so that nothing is out of order with the rest.
_PUT_CLOCKS_BACK = b"""
with shift as (select %s::interval as by),
operators as (
  update public.operators set last_heartbeat_at = last_heartbeat_at - by, last_activity = last_activity - by,
    free_since = free_since - by, asked_at = asked_at - by from shift),
activity as (
  update public.operator_activity set last_activity = last_activity - by, updated_at = updated_at - by from shift),
duty as (
  update public.operator_availability set started_at = started_at - by, ended_at = ended_at - by from shift),
chats as (
  update public.chats set waiting_since = waiting_since - by, assignment_time = assignment_time - by,
    idle_warned_at = idle_warned_at - by, updated_at = updated_at - by from shift
  where waiting_since is not null or assigned_operator_id is not null),
segments as (
  update public.chat_assignments set assigned_at = assigned_at - by, accepted_at = accepted_at - by,
    first_response_at = first_response_at - by, released_at = released_at - by from shift),
messages as (
  update public.messages set created_at = created_at - by, answered_waiting_since = answered_waiting_since - by from shift)
update public.real_users set recent_sends = array(select t - by from unnest(recent_sends) as t) from shift
where recent_sends <> '{}'
"""
