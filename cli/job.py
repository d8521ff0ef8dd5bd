"""`fantooo job`: the scheduled work, for whoever keeps the clock: cron, a supervisor, a person."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import click

from api import logs
from api.providers.paystack import InvalidKey
from cli.database import connected, explained
from cli.paystack import configured_paystack
from jobs import idle_detection, reconcile_payments, refund_unanswered, runner


@click.group()
def job() -> None:
    """Run a scheduled job, once or again and again.

    Each run is one JSON line. Runs may overlap, here or anywhere else. With --every, a database that restarts is
    waited for, and SIGTERM or SIGINT end the process between two runs.
    """


def scheduled(command: Callable[[float | None], None]) -> Callable[..., None]:
    """Give a job's command its options; it gets the seconds between two runs, or None to run once."""

    @click.option("--once", is_flag=True, help="Run once. This is the default.")
    @click.option(
        "--every",
        type=click.FloatRange(min=1),
        metavar="SECONDS",
        help="Run again and again, at this distance.",
    )
    def wrapper(once: bool, every: float | None) -> None:
        if once and every is not None:
            raise click.UsageError("--once and --every exclude each other.")
        command(every)

    wrapper.__doc__ = command.__doc__
    return wrapper


@job.command(idle_detection.NAME)
@scheduled
def idle(every: float | None) -> None:
    """Warn operators who idle, release and reassign what they hold. Every 30 seconds is good."""
    with connected() as db:
        _carry_out(partial(idle_detection.run, db), every)


@job.command(reconcile_payments.NAME)
@scheduled
def reconcile(every: float | None) -> None:
    """Handle webhooks that were put off, and ask Paystack about what nobody told us. Every minute is good."""
    with connected() as db:
        _carry_out(partial(reconcile_payments.run, db, configured_paystack()), every)


@job.command(refund_unanswered.NAME)
@scheduled
def refund(every: float | None) -> None:
    """Give credits back for paid messages that nobody answered in time. Every few minutes is good."""
    with connected() as db:
        _carry_out(partial(refund_unanswered.run, db), every)


def _carry_out(run: Callable[[], dict[str, Any]], every: float | None) -> None:
    logs.configure()
    try:
        with explained():
            if every is None:
                runner.run_once(run)
                return
            with runner.stop_signals() as stop:
                runner.run_forever(run, every, stop)
    except InvalidKey as error:
        raise click.ClickException(f"Paystack does not accept PAYSTACK_SECRET_KEY: {error}") from error
