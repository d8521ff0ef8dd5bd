"""People and profiles to try the local stack with."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import requests
from psycopg.types.json import Jsonb
from supabase import Client, create_client

from local.errors import SetupError

# Who signs in, and how their variables in DIR/env begin.
SIGN_INS = {
    "a user": "DEMO_USER",
    "another user": "DEMO_USER2",
    "an operator": "DEMO_OPERATOR",
    "another one": "DEMO_OPERATOR2",
    "the admin": "DEMO_ADMIN",
}

USERS: dict[str, dict[str, Any]] = {
    "DEMO_USER": {
        "name": "brian_otieno",
        "displayName": "Brian",
        "location": "Nairobi",
        "gender": "male",
        "lookingFor": "female",
        "age": 29,
    },
    "DEMO_USER2": {
        "name": "wanjiru_k",
        "displayName": "Wanjiru",
        "location": "Nakuru",
        "gender": "female",
        "lookingFor": "male",
        "age": 34,
    },
}
EMAIL_DOMAIN = "fantooo.com"

ADMIN = ("DEMO_ADMIN", "Grace Muthoni", "admin@example.com")
OPERATORS = (
    ("DEMO_OPERATOR", "Peter Kimani", "operator@example.com"),
    ("DEMO_OPERATOR2", "Halima Abdi", "operator2@example.com"),
)

PROFILES: tuple[dict[str, Any], ...] = (
    {
        "name": "Amara",
        "age": 27,
        "gender": "female",
        "location": "Mombasa",
        "bio": "Marine biologist by day, terrible karaoke singer by night. Ask me about octopuses.",
    },
    {
        "name": "Njeri",
        "age": 33,
        "gender": "female",
        "location": "Nyeri",
        "bio": "Grows tea, reads crime novels and always guesses the wrong culprit.",
    },
    {
        "name": "Zainab",
        "age": 41,
        "gender": "female",
        "location": "Lamu",
        "bio": "Carves doors as her father did. Mornings are for the sea, evenings for long stories.",
    },
    {
        "name": "Chebet",
        "age": 24,
        "gender": "female",
        "location": "Eldoret",
        "bio": "Runs before sunrise, studies architecture after, and bakes when she should be sleeping.",
    },
    {
        "name": "Kofi",
        "age": 30,
        "gender": "male",
        "location": "Kisumu",
        "bio": "Repairs radios and collects the songs they used to play. Good listener.",
    },
    {
        "name": "Daudi",
        "age": 38,
        "gender": "male",
        "location": "Nairobi",
        "bio": "Cooks for twenty and lives alone, so the neighbours eat well. Chess on Sundays.",
    },
    {
        "name": "Mwangi",
        "age": 26,
        "gender": "male",
        "location": "Naivasha",
        "bio": "Guides birdwatchers around the lake; can do eleven calls, three of them well.",
    },
    {
        "name": "Salim",
        "age": 45,
        "gender": "male",
        "location": "Malindi",
        "bio": "Retired sailor learning the oud. Has seen four oceans and prefers this one.",
    },
)

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class _Demo:
    """The stack by its environment, and a connection as the project's owner."""

    environment: Mapping[str, str]
    db: Connection
    auth: Client

    def password(self, who: str) -> str:
        return self.environment.get(f"{who}_PASSWORD") or f"demo-{secrets.token_urlsafe(9)}"

    def known(self, who: str) -> bool:
        return f"{who}_PASSWORD" in self.environment

    def auth_user(self, email: str) -> UUID | None:
        row = self.db.execute("select id from auth.users where email = %s", [email]).fetchone()
        return row[0] if row else None

    def call(self, query: LiteralString, *arguments: object) -> None:
        self.db.execute(query, arguments)


def load(environment: Mapping[str, str]) -> dict[str, str]:
    """Make what is missing of the demo data on the stack whose DIR/env this is, and say how to sign in.

    Users sign up by the API as anybody does; staff and profiles come by Auth's admin API and our SQL functions.

    Raises SetupError when the API turns a sign-up down.
    """
    auth = create_client(environment["SUPABASE_URL"], environment["SUPABASE_SERVICE_ROLE_KEY"])
    with psycopg.connect(environment["ADMIN_DATABASE_URL"], autocommit=True) as db:
        demo = _Demo(environment, db, auth)
        sign_ins: dict[str, str] = {}
        who, name, email = ADMIN
        admin_id = _staff_account(demo, who, email, sign_ins)
        if not db.execute("select from public.admins").rowcount:
            demo.call("select public.create_admin(null, %s, %s, %s)", admin_id, name, email)
        for who, name, email in OPERATORS:
            operator_id = _staff_account(demo, who, email, sign_ins)
            demo.call("select public.create_operator(%s, %s, %s, %s)", admin_id, operator_id, name, email)
        _profiles(demo, admin_id)
        for who, sign_up in USERS.items():
            _user(demo, who, sign_up, sign_ins)
    return sign_ins


def _staff_account(demo: _Demo, who: str, email: str, sign_ins: dict[str, str]) -> UUID:
    password = demo.password(who)
    sign_ins |= {f"{who}_EMAIL": email, f"{who}_PASSWORD": password}
    user_id = demo.auth_user(email)
    if user_id is None:
        attributes: Any = {"email": email, "password": password, "email_confirm": True}
        return UUID(demo.auth.auth.admin.create_user(attributes).user.id)
    if not demo.known(who):
        demo.auth.auth.admin.update_user_by_id(str(user_id), {"password": password})
    return user_id


def _user(demo: _Demo, who: str, sign_up: dict[str, Any], sign_ins: dict[str, str]) -> None:
    password, email = demo.password(who), f"{sign_up['name']}@{EMAIL_DOMAIN}"
    sign_ins |= {f"{who}_EMAIL": email, f"{who}_PASSWORD": password}
    user_id = demo.auth_user(email)
    if user_id is None:
        body = {**sign_up, "password": password, "acceptsFictionalProfiles": True}
        answer = requests.post(f"{demo.environment['API_URL']}/api/auth/sign-up", json=body, timeout=30)
        if not answer.ok:
            raise SetupError(f"The API did not sign up {email}: {answer.status_code} {answer.text}")
    elif not demo.known(who):
        demo.auth.auth.admin.update_user_by_id(str(user_id), {"password": password})


def _profiles(demo: _Demo, admin_id: UUID) -> None:
    rows = demo.db.execute("select name from public.fictional_users").fetchall()
    there = {name for (name,) in rows}
    for profile in PROFILES:
        if profile["name"] not in there:
            demo.call("select public.save_profile(%s, null, %s)", admin_id, Jsonb(profile))
