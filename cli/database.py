"""The database as the API has it, for commands that do what the API does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
import psycopg

from api.config import is_transaction_pooler
from api.db import Database
from cli.environment import variable


@contextmanager
def connected() -> Iterator[Database]:
    """The database at DATABASE_URL, by one connection that is made when it is first needed."""
    url = variable("DATABASE_URL")
    try:
        prepare = not is_transaction_pooler(url)
    except ValueError as error:
        # What is quoted of it would be a part of the password.
        raise click.ClickException(
            "DATABASE_URL cannot be read. A password with / ? # @ : [ or ] in it has to be percent-encoded."
        ) from error
    db = Database(url, pool_size=1, prepare=prepare)
    db.open()
    try:
        yield db
    finally:
        db.close()


@contextmanager
def explained() -> Iterator[None]:
    """Turn what the database refuses, or that it does not answer, into a click error of one sentence."""
    try:
        yield
    except psycopg.Error as error:
        if (error.sqlstate or "").startswith("PT"):
            raise click.ClickException(str(error.diag.message_primary)) from error
        reason = (error.diag.message_primary or str(error)).partition("\n")[0]
        raise click.ClickException(f"The database did not do it: {reason}") from error
