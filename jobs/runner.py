"""Runs a job once, or again and again for as long as the process lives."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import psycopg
import structlog

from api.providers.paystack import InvalidKey

log = structlog.get_logger("jobs")

LONGEST_BACKOFF = 60.0  # seconds
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)

Run = Callable[[], dict[str, Any]]
"""One run of a job: does what is due, and returns the job's name and what was done."""


def run_once(run: Run) -> None:
    """Run the job and log one line about it. Raises what the job raises."""
    began = time.monotonic()
    result = run()
    log.info("job ran", **result, seconds=round(time.monotonic() - began, 3))


def run_forever(run: Run, every: float, stop: threading.Event) -> None:
    """Run the job every `every` seconds until `stop` is set; a run that has begun is finished first.

    A database that is down or restarts is waited for, longer each time. A key that Paystack does not accept is an error
    line at each run, until it is put right there or the process is started with another. Anything else is raised.
    """
    failures = 0
    while not stop.is_set():
        began = time.monotonic()
        try:
            run_once(run)
            failures = 0
            pause = every - (time.monotonic() - began)
        except psycopg.Error as error:
            failures += 1
            pause = min(2.0 ** (failures - 1), LONGEST_BACKOFF)
            log.error("job failed", sqlstate=error.sqlstate, reason=_first_line(error), next_try_in=pause)
        except InvalidKey as error:
            pause = every
            log.error("job failed", reason=f"Paystack does not accept the key: {error}", next_try_in=pause)
        stop.wait(max(0.0, pause))


@contextmanager
def stop_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set, instead of ending the process in the middle of something."""
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, ask_to_stop) for number in STOP_SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _first_line(error: psycopg.Error) -> str:
    return (error.diag.message_primary or str(error)).partition("\n")[0]
