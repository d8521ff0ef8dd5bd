"""What is sent to Sentry says where an error happened and nothing of what anybody said."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from api import errors, sentry
from api.config import Config
from tests.unit.test_api_config import GOOD


class Kept(Transport):
    """A transport that keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[dict[str, Any]] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        event = envelope.get_event()
        assert event is not None
        self.sent.append(dict(event))


@pytest.fixture
def transport() -> Iterator[Kept]:
    sentry.init(Config.from_env({**GOOD, "SENTRY_DSN": "https://key@sentry.test/1"}))
    client = sentry_sdk.get_client()
    kept = Kept()
    client.transport = kept
    yield kept
    sentry_sdk.get_global_scope().set_client(None)


# Not in one piece, for lines of code are sent.
SAID = "a very private" + " sentence"


def fail(said: str) -> None:
    raise ValueError(f"could not handle {said}")


def test_an_error_is_sent_with_its_place_and_without_its_words(transport: Kept) -> None:
    try:
        fail(SAID)
    except ValueError as error:
        errors.report(error)
    (event,) = transport.sent
    (exception,) = event["exception"]["values"]
    assert exception["type"] == "ValueError"
    assert exception["stacktrace"]["frames"][-1]["function"] == "fail"
    assert SAID not in json.dumps(event, default=str)


def test_without_a_dsn_nothing_is_set_up() -> None:
    sentry.init(Config.from_env(GOOD))
    assert not sentry_sdk.get_client().is_active()
