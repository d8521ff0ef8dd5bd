"""`fantooo create-admin`."""

from __future__ import annotations

import click

from cli.database import connected, explained
from cli.staff import email_option, make_account, name_option, password_option, read_password


@click.command()
@email_option
@name_option
@click.option(
    "--by", metavar="ADDRESS", help="The super admin who does this. Not for the first admin of a project."
)
@click.option(
    "--super", "is_super", is_flag=True, help="Let the new admin make admins. The first one always may."
)
@password_option
def create_admin(email: str, name: str, by: str | None, is_super: bool, password_stdin: bool) -> None:
    """Make an admin, who can sign in at once. The first of a project is a super admin."""
    with explained(), connected() as db:
        admin_id = db.value("find_admin", email=by) if by else None
        made = make_account(
            email,
            read_password(password_stdin),
            lambda user_id: db.call(
                "create_admin",
                admin_id=admin_id,
                user_id=user_id,
                name=name,
                email=email,
                is_super_admin=is_super,
            )["admin"],
        )
    click.echo(
        f"{made['name']} is {'a super admin' if made['is_super_admin'] else 'an admin'} and signs in as {email}."
    )
