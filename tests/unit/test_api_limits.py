"""Exact sliding windows, counted in this process."""

import socket
import time

import pytest
from flask import Flask
from limits import parse

from api import limits
from api.limits import Limits, Windows

TWICE = parse("2 per minute")


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(limits, "time", clock)
    return clock


def test_what_is_refused_is_not_counted(clock: Clock) -> None:
    windows = Windows()
    assert [windows.hit(TWICE, ("a",)).allowed for _ in range(4)] == [True, True, False, False]
    clock.now += 60
    assert windows.hit(TWICE, ("a",)).allowed


def test_a_window_slides_instead_of_beginning_anew_each_minute(clock: Clock) -> None:
    windows = Windows()
    windows.hit(TWICE, ("a",))
    clock.now += 59
    assert windows.hit(TWICE, ("a",)).allowed
    clock.now += 1.5
    count = windows.hit(TWICE, ("a",))
    assert (count.allowed, count.remaining) == (True, 0)
    assert not windows.hit(TWICE, ("a",)).allowed


def test_a_refusal_says_when_the_oldest_counts_no_more(clock: Clock) -> None:
    windows = Windows()
    windows.hit(TWICE, ("a",))
    clock.now += 20
    windows.hit(TWICE, ("a",))
    refused = windows.hit(TWICE, ("a",))
    assert (refused.remaining, refused.reset_after) == (0, 40)


def test_callers_and_limits_are_counted_apart(clock: Clock) -> None:
    windows = Windows()
    for key in (("a",), ("b",)):
        assert [windows.hit(TWICE, key).remaining for _ in range(2)] == [1, 0]
    assert windows.hit(parse("3 per minute"), ("a",)).remaining == 2


def test_callers_who_fell_silent_are_forgotten(clock: Clock) -> None:
    windows = Windows()
    for number in range(5000):
        windows.hit(TWICE, (str(number),))
        clock.now += 1
    assert len(windows._times) <= 1024


def test_a_shared_storage_that_hangs_is_not_waited_for_long() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        shared = Limits(f"redis://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        with Flask(__name__).app_context():
            assert shared.allows(TWICE, "a")
        assert time.monotonic() - began < 4
