"""People and profiles to try the local stack with."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from supabase import create_client

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
        "display_name": "Brian",
        "location": "Nairobi",
        "gender": "male",
        "looking_for": "female",
        "age": 29,
    },
    "DEMO_USER2": {
        "name": "wanjiru_k",
        "display_name": "Wanjiru",
        "location": "Nakuru",
        "gender": "female",
        "looking_for": "male",
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


class DemoData:
    """Makes what is missing of the demo data on the stack whose DIR/env this is."""

    def __init__(self, environment: Mapping[str, str], db: psycopg.Connection) -> None:
        self._environment = environment
        self._db = db
        self._auth = create_client(environment["SUPABASE_URL"], environment["SUPABASE_SERVICE_ROLE_KEY"]).auth
        self.sign_ins: dict[str, str] = {}

    def load(self) -> None:
        who, name, email = ADMIN
        admin_id = self._account(who, email)
        if not self._db.execute("select 1 from public.admins").fetchone():
            self._db.execute("select public.create_admin(null, %s, %s, %s)", [admin_id, name, email])
        for who, name, email in OPERATORS:
            operator = [admin_id, self._account(who, email), name, email]
            self._db.execute("select public.create_operator(%s, %s, %s, %s)", operator)
        there = {name for (name,) in self._db.execute("select name from public.fictional_users")}
        for profile in PROFILES:
            if profile["name"] not in there:
                self._db.execute("select public.save_profile(%s, null, %s)", [admin_id, Jsonb(profile)])
        # Not by our own sign-up: its five in a quarter of an hour are for whoever tries the stack.
        for who, sign_up in USERS.items():
            self._account(
                who, f"{sign_up['name']}@{EMAIL_DOMAIN}", sign_up | {"accepts_fictional_profiles": True}
            )

    def _account(self, who: str, email: str, metadata: Mapping[str, Any] | None = None) -> UUID:
        """The Auth user with this address, made if there is none; how to sign in as them is noted."""
        known = self._environment.get(f"{who}_PASSWORD")
        password = known or f"demo-{secrets.token_urlsafe(9)}"
        self.sign_ins |= {f"{who}_EMAIL": email, f"{who}_PASSWORD": password}
        row = self._db.execute("select id from auth.users where email = %s", [email]).fetchone()
        if row is None:
            account = {
                "email": email,
                "password": password,
                "email_confirm": True,
                "user_metadata": metadata or {},
            }
            return UUID(self._auth.admin.create_user(account).user.id)  # type: ignore[arg-type]
        if not known:
            self._auth.admin.update_user_by_id(str(row[0]), {"password": password})
        return UUID(str(row[0]))


def load(environment: Mapping[str, str]) -> dict[str, str]:
    """Make what is missing of the demo data on a running stack, and say how to sign in: the DEMO_… of DIR/env.

    Accounts come by Auth's admin API, as our sign-up makes them; staff and profiles by our SQL functions.
    """
    with psycopg.connect(environment["ADMIN_DATABASE_URL"], autocommit=True) as db:
        demo = DemoData(environment, db)
        demo.load()
    return demo.sign_ins
