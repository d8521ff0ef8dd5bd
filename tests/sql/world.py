"""A populated Fantooo: everybody who can have rights to anything, and rows of everybody in every table."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from tests.support.database import Database, Session

USERS = ("user", "other_user", "blocker")
STAFF = ("operator", "free_operator", "deactivated_operator")
ADMINS = ("admin", "super_admin")
PEOPLE = (*USERS, "suspended_user", *STAFF, *ADMINS, "account_without_a_role")
SERVICES = ("anon", "service_role", "fantooo_api", "supabase_auth_admin")
ACTORS = (*PEOPLE, *SERVICES)


@contextmanager
def acting_as(session: Session, user_id: uuid.UUID) -> Iterator[Session]:
    """A transaction as this person through supabase-js, which commits; then the session is who it was."""
    claims = json.dumps({"role": "authenticated", "sub": str(user_id)})
    with session.conn.transaction():
        session.conn.execute(
            sql.SQL("set local request.jwt.claims = {}; set local role authenticated").format(
                sql.Literal(claims)
            )
        )
        yield session


@dataclass
class World:
    """The people of the world by what they are, and a connection that can act as any of them."""

    db: Database
    ids: dict[str, uuid.UUID]
    stage: Session

    @contextmanager
    def acting(self, actor: str) -> Iterator[Session]:
        """A transaction as this actor, rolled back: a person as supabase-js, a service by its role."""
        role = actor if actor in SERVICES else "authenticated"
        claims = {"role": role, "sub": str(self.ids[actor])} if actor in self.ids else {"role": role}
        with self.stage.conn.transaction(force_rollback=True):
            # One round trip: the matrix comes here thousands of times.
            self.stage.conn.execute(
                sql.SQL("set local request.jwt.claims = {}; set local role {}").format(
                    sql.Literal(json.dumps(claims)), sql.Identifier(role)
                )
            )
            yield self.stage


def build(db: Database, superuser_dsn: str) -> World:
    """Fill a database through the product's own functions, so that each row is one that can exist."""
    ids = {
        "super_admin": db.admin("sue", is_super=True),
        "admin": db.admin("ada", is_super=False),
        "account_without_a_role": db.auth_user("nobody@elsewhere.example"),
        "operator": db.operator("olga"),
        "free_operator": db.operator("otto"),
        "deactivated_operator": db.operator("oscar"),
    }
    call = db.owner.call
    profiles = [db.profile("Amina"), db.profile("Bella"), db.profile("Cara")]
    db.profile("Retired", is_active=False)
    db.owner.execute(
        "insert into public.credit_packages (id, credits, price_minor, currency, is_active)"
        " values ('credits-7', 7, 7000, 'KES', false)"
    )
    for name in (*USERS, "suspended_user"):
        ids[name] = _customer(db, ids, profiles, name)
    call("suspend_user", ids["admin"], ids["suspended_user"], "spam")
    # Who deactivates, who blocks and who waits for nothing come after everybody has a history.
    call("set_operator_availability", ids["deactivated_operator"], False)
    call("deactivate_operator", ids["admin"], ids["deactivated_operator"])
    call("save_profile", ids["admin"], profiles[0], json.dumps({"bio": "Likes the sea."}))
    call("record_job_run", "idle-detection", "{}")
    # A chat held now, and one that waits, for nobody is free to take it: the free one comes later.
    held = db.waiting_chat(ids["user"], "still there?")
    call("set_operator_availability", ids["operator"], True)
    call("assign_chat_to_operator", ids["operator"])
    assert db.chat_row(held)["assigned_operator_id"] == ids["operator"]
    db.waiting_chat(ids["other_user"], "anybody?")
    call("set_operator_availability", ids["free_operator"], True)
    conn = psycopg.connect(superuser_dsn, autocommit=True, row_factory=dict_row)
    return World(db, ids, Session(conn, "supabase_admin"))


def _customer(db: Database, ids: dict[str, uuid.UUID], profiles: list[uuid.UUID], name: str) -> uuid.UUID:
    """A user with a bit of everything: a chat answered by each operator, purchases, a favourite, a block, a report."""
    call = db.owner.call
    user = db.user(name, credits=20)
    chat = db.chat(user, profiles[0])
    for operator in (ids[role] for role in STAFF):
        call("send_user_message", user, chat, "hello")
        call("set_operator_availability", operator, True)
        call("assign_chat_to_operator", operator)
        answer = call("send_operator_message", operator, chat, "hello you")
        call("release_chat", operator, chat)
        call("set_operator_availability", operator, False)
    browser = db.browser(user)
    browser.call("report_message", answer["message"]["id"], "rude")
    browser.call("block_profile", profiles[1])
    browser.execute(
        "insert into public.favorites (real_user_id, fictional_user_id) values (%s, %s)", user, profiles[2]
    )
    if name == "blocker":
        browser.call("block_profile", profiles[0])
    payment = call("create_payment", user, "credits-10")
    call("settle_payment", payment["reference"], 10000, "KES")
    call("reverse_payment", payment["reference"], "refund:1", "refund", 1000, "done")
    event = {"event": "charge.success", "data": {"id": name, "reference": payment["reference"]}}
    call("receive_payment_event", json.dumps(event).encode(), True, "203.0.113.9")
    return user
