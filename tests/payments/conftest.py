"""A shop for each test, and the books looked into after it."""

from collections.abc import Iterator

import pytest

from local.ports import free_port
from tests.conftest import Server
from tests.payments.shop import Shop, environment, running_api
from tests.support.database import Database
from tests.support.paystack import StandIn, running_stand_in


@pytest.fixture(scope="session")
def api_port() -> int:
    """Where the shop of every test listens: Paystack has one webhook URL."""
    return free_port()


@pytest.fixture(scope="session")
def running_paystack(tmp_path_factory: pytest.TempPathFactory, api_port: int) -> Iterator[StandIn]:
    webhook_url = f"http://127.0.0.1:{api_port}/api/webhooks/paystack"
    data_dir = tmp_path_factory.mktemp("paystack")
    with running_stand_in(data_dir, webhook_url, currencies=("KES", "USD")) as stand_in:
        yield stand_in


@pytest.fixture
def paystack(running_paystack: StandIn) -> Iterator[StandIn]:
    """The stand-in, as new."""
    running_paystack.control("POST", "/reset")
    yield running_paystack
    # Nothing of this test is to reach the next one's shop.
    running_paystack.control("POST", "/reset")


@pytest.fixture
def pool_timeout() -> float:
    """Seconds the API waits for a connection: long, for a slow machine is no reason to turn Paystack away."""
    return 30


@pytest.fixture
def shop(
    db: Database, server: Server, clone: str, paystack: StandIn, api_port: int, pool_timeout: float
) -> Iterator[Shop]:
    settings = environment(server.dsn(clone, "fantooo_api"), paystack.url)
    with running_api(settings, api_port, pool_timeout=pool_timeout) as services:
        shop = Shop(db, paystack, f"http://127.0.0.1:{api_port}", services)
        yield shop
        shop.assert_accounts_agree()
