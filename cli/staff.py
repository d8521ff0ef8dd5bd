"""Making accounts for people who work here: the Auth user and our record of them, or neither."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from api import logs
from api.errors import ApiError
from api.supabase_auth import SupabaseAuth
from cli.environment import variable

email_option = click.option(
    "--email",
    required=True,
    metavar="ADDRESS",
    help="What the person signs in with.",
    callback=lambda _c, _p, value: value.lower(),
)
name_option = click.option("--name", required=True, help="What colleagues call the person.")
password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of asking for it."
)
by_option = click.option(
    "--by",
    required=True,
    envvar="FANTOOO_ADMIN_EMAIL",
    metavar="ADDRESS",
    help="The admin who does this, for the audit log. Default: FANTOOO_ADMIN_EMAIL.",
)


def read_password(from_stdin: bool) -> str:
    """The new account's password, asked for twice on a terminal. Never an argument, which every process could see."""
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
        if not password:
            raise click.ClickException("There is no password on standard input.")
        return password
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked


def make_account(email: str, password: str, record: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """Make an Auth user and have `record` write down, by their id, who they are; returns what `record` returns.

    When `record` fails, the Auth user is removed again, so that the command can be repeated. Raises what `record`
    raises, and click.ClickException when Auth refuses.
    """
    key = variable("SUPABASE_SERVICE_ROLE_KEY")
    auth = SupabaseAuth(f"{variable('SUPABASE_URL').rstrip('/')}/auth/v1", key, key)
    logs.configure(sys.stderr)
    try:
        with auth.new_user(email, password, {}) as user_id:
            return record(user_id)
    except ApiError as error:
        raise click.ClickException(_refusal(error, email)) from error


def _refusal(error: ApiError, email: str) -> str:
    match error.failure.code:
        case "NAME_TAKEN":
            return f"Auth has a user {email} already. Use another address, or remove that user in the project's dashboard."
        case "AUTH_UNAVAILABLE":
            return "Supabase Auth does not answer, or does not accept the key. Check SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY."
        case _:
            return error.failure.message
