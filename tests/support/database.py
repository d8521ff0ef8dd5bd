"""A database for one test: people to act as, sessions to race with, and what to look at afterwards."""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

WAIT_SECONDS = 10


@dataclass
class Refusal:
    """What the database refused with: filled when the block of `refused` ends."""

    status: int | None = None
    code: str | None = None
    message: str = ""


@contextmanager
def refused(code: str, status: int) -> Iterator[Refusal]:
    """The block must end in a refusal of ours: SQLSTATE PT<status>, `code` as hint."""
    refusal = Refusal()
    with pytest.raises(psycopg.Error) as caught:
        yield refusal
    assert (caught.value.sqlstate, caught.value.diag.message_hint) == (f"PT{status}", code), caught.value
    refusal.status, refusal.code = status, code
    refusal.message = caught.value.diag.message_primary or ""


@contextmanager
def denied() -> Iterator[None]:
    """The block must end for want of a right (42501)."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        yield


@dataclass
class Session:
    """One connection, acting as whom it was told, for races written out step by step."""

    conn: psycopg.Connection[dict[str, Any]]
    role: str = "postgres"
    _pending: list[Future[Any]] = field(default_factory=list)

    @property
    def pid(self) -> int:
        return self.conn.info.backend_pid

    def begin(self) -> None:
        self.conn.execute("begin")

    def commit(self) -> None:
        self.conn.execute("commit")

    def rollback(self) -> None:
        self.conn.execute("rollback")

    def rows(self, statement: str, *params: Any) -> list[dict[str, Any]]:
        return self.conn.execute(statement.encode(), params or None).fetchall()

    def value(self, statement: str, *params: Any) -> Any:
        """The only column of the only row."""
        (row,) = self.rows(statement, *params)
        (value,) = row.values()
        return value

    def call(self, function: str, *args: Any) -> Any:
        """`select public.function(args…)`: the result of one of our functions."""
        placeholders = ", ".join(["%s"] * len(args))
        return self.value(f"select public.{function}({placeholders})", *args)

    def start(self, function: str, *args: Any) -> "Future[Any]":
        """The same in the background: the future's result, or its exception."""
        return self.start_work(lambda: self.call(function, *args))

    def start_work(self, work: Callable[[], Any]) -> "Future[Any]":
        """Anything this session does, in the background."""
        future: Future[Any] = Future()

        def run() -> None:
            try:
                future.set_result(work())
            except BaseException as error:  # handed to whoever asks for the result
                future.set_exception(error)

        threading.Thread(target=run, daemon=True).start()
        self._pending.append(future)
        return future

    def execute(self, statement: str, *params: Any) -> int:
        """Run a statement; how many rows it changed."""
        return self.conn.execute(statement.encode(), params or None).rowcount


@dataclass
class Database:
    """One clone of the template, seen as the project's owner (`postgres`, which is no superuser)."""

    dsn: str
    owner: Session
    _sessions: list[Session] = field(default_factory=list)

    def session(self, role: str = "postgres", claims: Mapping[str, Any] | None = None) -> Session:
        """A connection of its own that commits, acting as `role` with these claims."""
        conn = psycopg.connect(self.dsn, autocommit=True, row_factory=dict_row)
        session = Session(conn, role)
        if role != "postgres":
            conn.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
        conn.execute("select set_config('request.jwt.claims', %s, false)", [json.dumps(dict(claims or {}))])
        self._sessions.append(session)
        return session

    def browser(self, user_id: uuid.UUID | None) -> Session:
        """supabase-js as this user: authenticated with their claims; None is signed out (anon)."""
        if user_id is None:
            return self.session("anon", {"role": "anon"})
        return self.session("authenticated", {"sub": str(user_id), "role": "authenticated"})

    def api(self) -> Session:
        """The role our API logs in as."""
        return self.session("fantooo_api")

    def close(self) -> None:
        for session in self._sessions:
            session.conn.close()
        self.owner.conn.close()

    # People and things, made the way the product makes them where that matters.

    def auth_user(self, email: str, metadata: Mapping[str, Any] | None = None) -> uuid.UUID:
        """A row of auth.users, as Auth inserts it (so the trigger runs)."""
        user_id = uuid.uuid4()
        self.owner.execute(
            "insert into auth.users (id, aud, role, email, raw_user_meta_data, raw_app_meta_data, is_sso_user,"
            " is_anonymous, created_at, updated_at)"
            " values (%s, 'authenticated', 'authenticated', %s, %s, '{}', false, false, now(), now())",
            user_id,
            email,
            json.dumps(dict(metadata or {})),
        )
        return user_id

    def user(
        self, name: str | None = None, *, credits: int = 0, accepted: bool = True, **profile: Any
    ) -> uuid.UUID:
        """A real user who has accepted the disclosure, with credits given by an adjustment."""
        name = name or f"user_{uuid.uuid4().hex[:12]}"
        metadata = {
            "name": name,
            "display_name": name.title(),
            "location": "Nairobi",
            "gender": "male",
            "looking_for": "female",
            "age": 30,
            "accepts_fictional_profiles": accepted,
            **profile,
        }
        user_id = self.auth_user(f"{name}@fantooo.com", metadata)
        if credits:
            self.owner.execute(
                "select private.move_credits(%s, %s, 'adjustment', p_request_id => %s)",
                user_id,
                credits,
                uuid.uuid4(),
            )
        return user_id

    def admin(self, name: str = "ada", *, is_super: bool = True) -> uuid.UUID:
        user_id = self.auth_user(f"{name}-{uuid.uuid4().hex[:8]}@staff.example")
        self.owner.execute(
            "insert into public.admins (id, name, email, is_super_admin) select id, %s, email, %s from auth.users where id = %s",
            name, is_super, user_id,
        )  # fmt: skip
        return user_id

    def operator(self, name: str = "olga", *, available: bool = False) -> uuid.UUID:
        user_id = self.auth_user(f"{name}-{uuid.uuid4().hex[:8]}@staff.example")
        self.owner.execute(
            "insert into public.operators (id, name, email) select id, %s, email from auth.users where id = %s",
            name,
            user_id,
        )
        if available:
            self.owner.call("set_operator_availability", user_id, True)
        return user_id

    def profile(self, name: str = "Amina", **columns: Any) -> uuid.UUID:
        values = {"name": name, "age": 27, "gender": "female", "location": "Mombasa", **columns}
        names = ", ".join(values)
        marks = ", ".join(["%s"] * len(values))
        profile_id: uuid.UUID = self.owner.value(
            f"insert into public.fictional_users ({names}) values ({marks}) returning id", *values.values()
        )
        return profile_id

    def chat(self, user_id: uuid.UUID, profile_id: uuid.UUID | None = None) -> uuid.UUID:
        opened = self.owner.call("open_chat", user_id, profile_id or self.profile())
        return uuid.UUID(opened["chat"]["id"])

    def waiting_chat(self, user_id: uuid.UUID | None = None, text: str = "hello") -> uuid.UUID:
        """A chat with one unanswered message."""
        user_id = user_id or self.user()
        chat_id = self.chat(user_id)
        self.owner.call("send_user_message", user_id, chat_id, text)
        return chat_id

    # What is so now.

    def credits(self, user_id: uuid.UUID) -> int:
        balance: int = self.owner.value("select credits from public.real_users where id = %s", user_id)
        return balance

    def ledger(self, user_id: uuid.UUID) -> list[tuple[int, int, str]]:
        """(delta, balance_after, reason), oldest first."""
        rows = self.owner.rows(
            "select delta, balance_after, reason from public.credit_ledger where user_id = %s order by id",
            user_id,
        )
        return [(row["delta"], row["balance_after"], row["reason"]) for row in rows]

    def chat_row(self, chat_id: uuid.UUID) -> dict[str, Any]:
        (row,) = self.owner.rows("select * from public.chats where id = %s", chat_id)
        return row

    def operator_row(self, operator_id: uuid.UUID) -> dict[str, Any]:
        (row,) = self.owner.rows("select * from public.operators where id = %s", operator_id)
        return row

    def messages(self, chat_id: uuid.UUID) -> list[dict[str, Any]]:
        return self.owner.rows("select * from public.messages where chat_id = %s order by seq", chat_id)

    def setting(self, **values: Any) -> None:
        """Change rules of app_settings."""
        assignments = ", ".join(f"{name} = %s" for name in values)
        self.owner.execute(f"update public.app_settings set {assignments}", *values.values())

    def assert_books_balance(self) -> None:
        assert self.owner.rows("select * from public.audit_credits()") == []

    # Races, written out.

    def wait_until_blocked(self, session: Session) -> None:
        """Return once this session waits for a lock; fail when it does not within WAIT_SECONDS."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            waiting = self.owner.value(
                "select wait_event_type = 'Lock' from pg_stat_activity where pid = %s", session.pid
            )
            if waiting:
                return
            time.sleep(0.01)
        raise AssertionError("the session never waited for a lock")

    def passes(self, seconds: float, chat_id: uuid.UUID) -> None:
        """Let time pass for one chat and its operator: every clock of theirs is put back."""
        shift = f"interval '{float(seconds)} seconds'"
        self.owner.execute(
            f"update public.operators set last_heartbeat_at = last_heartbeat_at - {shift}, last_activity = last_activity - {shift},"
            f" free_since = free_since - {shift}"
            " where id = (select assigned_operator_id from public.chats where id = %s)",
            chat_id,
        )
        self.owner.execute(
            f"update public.operator_activity set last_activity = last_activity - {shift} where chat_id = %s",
            chat_id,
        )
        self.owner.execute(
            f"update public.messages set created_at = created_at - {shift} where chat_id = %s", chat_id
        )
        self.owner.execute(
            f"update public.chat_assignments set assigned_at = assigned_at - {shift} where chat_id = %s",
            chat_id,
        )
        self.owner.execute(
            f"update public.chats set waiting_since = waiting_since - {shift}, assignment_time = assignment_time - {shift},"
            f" idle_warned_at = idle_warned_at - {shift} where id = %s",
            chat_id,
        )
