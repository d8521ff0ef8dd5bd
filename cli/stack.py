"""`fantooo up` and `fantooo down`: everything on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from local import stack
from local.errors import SetupError
from local.processes import ChildDied

data_dir_option = click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path, resolve_path=True),
    default=".fantooo",
    show_default=True,
    metavar="DIR",
    help="Where data, keys and logs are kept.",
)


@click.command()
@data_dir_option
@click.option(
    "--port-base",
    type=click.IntRange(1024, 65532),
    default=54321,
    show_default=True,
    help="Supabase listens here, the database, the API and Paystack's stand-in on the three ports after it.",
)
@click.option("--detach", is_flag=True, help="Return when everything answers; `fantooo down` stops it.")
@click.option(
    "--demo-data/--no-demo-data", default=True, show_default=True, help="Profiles and people to try it with."
)
def up(data_dir: Path, port_base: int, detach: bool, demo_data: bool) -> None:
    """Start everything on this machine: database, Supabase, API, Paystack's stand-in."""
    wanted = stack.Stack(data_dir, port_base)
    if stack.is_running(data_dir):
        click.echo(f"The stack in {data_dir} is already running; `fantooo down` stops it.")
        click.echo(wanted.summary())
        return
    try:
        if detach:
            stack.up_in_background(wanted, click.echo, with_demo_data=demo_data)
        else:
            wanted.run(click.echo, with_demo_data=demo_data)
    except (SetupError, ChildDied) as error:
        raise click.ClickException(str(error)) from error


@click.command()
@data_dir_option
def down(data_dir: Path) -> None:
    """Stop what `fantooo up` started. The data stays."""
    try:
        was_running = stack.down(data_dir)
    except SetupError as error:
        raise click.ClickException(str(error)) from error
    click.echo("Stopped." if was_running else f"Nothing is running in {data_dir}.")
