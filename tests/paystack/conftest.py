"""A stand-in and a webhook endpoint, as new, for every test that asks."""

from collections.abc import Iterator

import pytest

from tests.support.paystack import StandIn, WebhookSink, running_stand_in


@pytest.fixture(scope="session")
def running_sink() -> Iterator[WebhookSink]:
    with WebhookSink().running() as sink:
        yield sink


@pytest.fixture
def sink(running_sink: WebhookSink) -> WebhookSink:
    running_sink.received.clear()
    running_sink.statuses = [200]
    return running_sink


@pytest.fixture(scope="session")
def running_paystack(
    tmp_path_factory: pytest.TempPathFactory, running_sink: WebhookSink
) -> Iterator[StandIn]:
    with running_stand_in(tmp_path_factory.mktemp("paystack"), running_sink.url) as stand_in:
        yield stand_in


@pytest.fixture
def stand_in(running_paystack: StandIn, sink: WebhookSink) -> StandIn:
    """Cleared after the sink, so that nothing of the test before is still on its way to it."""
    running_paystack.control("POST", "/reset")
    sink.received.clear()
    return running_paystack
