"""`fantooo operators`: create, deactivate, reactivate and list operators."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from api.db import Database
from cli.database import connected, explained
from cli.staff import by_option, email_option, make_account, name_option, password_option, read_password
from cli.words import span

Row = dict[str, Any]


@click.group()
def operators() -> None:
    """Create, deactivate and list operators."""


@operators.command()
@email_option
@name_option
@by_option
@password_option
def create(email: str, name: str, by: str, password_stdin: bool) -> None:
    """Make an operator, who can sign in at once."""
    with explained(), connected() as db:
        admin_id = db.value("find_admin", email=by)
        make_account(
            email,
            read_password(password_stdin),
            lambda user_id: db.call(
                "create_operator", admin_id=admin_id, user_id=user_id, name=name, email=email
            ),
        )
    click.echo(f"{name} is an operator and signs in as {email}.")


@operators.command()
@click.argument("email")
@by_option
def deactivate(email: str, by: str) -> None:
    """Shut the operator with this EMAIL out at once; the chat they hold goes on to somebody else."""
    with explained(), connected() as db:
        admin_id = db.value("find_admin", email=by)
        operator = _operator(db, admin_id, email)
        done = db.call("deactivate_operator", admin_id=admin_id, operator_id=operator["id"])
    click.echo(f"{operator['name']} is deactivated.")
    if done["released_chat_id"]:
        click.echo(f"Their chat {done['released_chat_id']} was released.")


@operators.command()
@click.argument("email")
@by_option
def reactivate(email: str, by: str) -> None:
    """Let the operator with this EMAIL work again."""
    with explained(), connected() as db:
        admin_id = db.value("find_admin", email=by)
        operator = _operator(db, admin_id, email)
        db.call("reactivate_operator", admin_id=admin_id, operator_id=operator["id"])
    click.echo(f"{operator['name']} may work again, and comes back by going available.")


@operators.command("list")
@by_option
def list_(by: str) -> None:
    """What every operator is doing now, and the queue they work on."""
    with explained(), connected() as db:
        found = _operators(db, db.value("find_admin", email=by))
        queue = db.call("queue_status")
    now = datetime.now(UTC)
    rows = [("NAME", "E-MAIL", "STATE", "FOR", "HEARD OF", "CHAT", "MESSAGES")]
    for operator in found:
        state, since = _state(operator)
        rows.append(
            (
                operator["name"],
                operator["email"],
                state,
                _ago(since, now),
                _ago(operator["last_heartbeat_at"], now),
                operator["chat_id"] or "",
                str(operator["total_messages"]),
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    click.echo(
        f"\n{queue['waiting']} waiting, the oldest for {span(queue['oldest_wait_seconds'])}; "
        f"{queue['free_operators']} free to take one."
    )


def _operators(db: Database, admin_id: str) -> list[Row]:
    found: list[Row] = db.call("admin_list_operators", admin_id=admin_id)["operators"]
    return found


def _operator(db: Database, admin_id: str, email: str) -> Row:
    for operator in _operators(db, admin_id):
        if operator["email"].lower() == email.lower():
            return operator
    raise click.ClickException(f"No operator has the e-mail address {email}.")


def _state(operator: Row) -> tuple[str, str | None]:
    """What an operator is doing in one or two words, and since when if that is known."""
    if not operator["is_active"]:
        return "deactivated", None
    if not operator["is_available"]:
        reason = {"operator_lost": "lost", "paused": "paused"}.get(operator["unavailable_reason"], "off")
        return reason, None
    if not operator["is_reachable"]:
        return "silent", operator["last_heartbeat_at"]
    if operator["chat_id"]:
        return ("answering" if operator["waiting_since"] else "in a chat"), operator["assignment_time"]
    return "free", operator["free_since"]


def _ago(moment: str | None, now: datetime) -> str:
    return span((now - datetime.fromisoformat(moment)).total_seconds()) if moment else "-"
