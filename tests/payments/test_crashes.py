"""What is killed, whenever it is killed: the API's worker, the database."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import requests
from psycopg.rows import dict_row

from local.ports import free_port
from tests.conftest import Server
from tests.payments.shop import CREDITS, Shop, environment
from tests.support.database import Session
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]


@pytest.fixture
def pool_timeout() -> float:
    """Short: here the database does go away."""
    return 0.5


@contextmanager
def gunicorn(shop: Shop, server: Server, clone: str) -> Iterator[tuple[Shop, subprocess.Popen[bytes]]]:
    """The same shop behind the API as it is deployed: processes of their own, in a group of their own."""
    port = free_port()
    settings = environment(
        server.dsn(clone, "fantooo_api"),
        shop.paystack.url,
        HOST="127.0.0.1",
        PORT=str(port),
        PATH=os.environ["PATH"],
    )
    command = [sys.executable, "-m", "gunicorn", "-c", "api/gunicorn_conf.py", "api.index:app"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deployed = replace(shop, url=f"http://127.0.0.1:{port}")
    try:
        wait_until(lambda: _answers(deployed))
        yield deployed, process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(shop: Shop) -> bool:
    try:
        return requests.get(f"{shop.url}/api/health", timeout=1).ok
    except requests.RequestException:
        return False


def blocked_backends(shop: Shop) -> list[int]:
    """The API's connections that wait for a lock."""
    rows = shop.db.owner.rows(
        "select pid from pg_stat_activity"
        " where datname = current_database() and usename = 'fantooo_api' and wait_event_type = 'Lock'"
    )
    return [row["pid"] for row in rows]


def test_a_worker_killed_between_storing_and_settling_loses_nothing(
    shop: Shop, server: Server, clone: str
) -> None:
    shop.paystack.set_faults(hold_webhooks=True)
    reference = shop.buy(shop.buyer())
    buyer = shop.payment(reference)["real_user_id"]
    [body] = shop.bodies("charge.success")

    with gunicorn(shop, server, clone) as (deployed, process), ThreadPoolExecutor(1) as paystack:
        # Held in the middle: the event is stored, the payment cannot be settled.
        holder = shop.db.session()
        holder.begin()
        holder.rows("select from public.transactions where paystack_reference = %s for update", reference)
        delivery = paystack.submit(deployed.webhook, body)
        wait_until(lambda: blocked_backends(shop))
        [worker] = blocked_backends(shop)
        os.killpg(process.pid, signal.SIGKILL)
        assert isinstance(delivery.exception(), requests.ConnectionError)
        # As when the machine goes: its statement does not outlive it.
        with psycopg.connect(server.cluster.dsn(clone), autocommit=True) as superuser:
            superuser.execute("select pg_terminate_backend(%s, 10000)", [worker])
        holder.rollback()

    assert shop.outcomes() == [None]
    assert shop.state(reference) == ("pending", None)
    assert shop.reconcile()["events_handled"] == 1
    assert shop.purchases(buyer) == [CREDITS]
    # Paystack had no answer, so it sends it again.
    assert shop.webhook(body).status_code == 200
    assert shop.purchases(buyer) == [CREDITS]


def test_a_worker_killed_before_it_stored_anything_is_told_again(
    shop: Shop, server: Server, clone: str
) -> None:
    shop.paystack.set_faults(hold_webhooks=True)
    reference = shop.buy(shop.buyer())
    buyer = shop.payment(reference)["real_user_id"]
    [body] = shop.bodies("charge.success")

    with gunicorn(shop, server, clone) as (deployed, process), ThreadPoolExecutor(1) as paystack:
        holder = shop.db.session()
        holder.begin()
        holder.execute("lock table public.payment_events in exclusive mode")
        delivery = paystack.submit(deployed.webhook, body)
        wait_until(lambda: blocked_backends(shop))
        [worker] = blocked_backends(shop)
        os.killpg(process.pid, signal.SIGKILL)
        assert isinstance(delivery.exception(), requests.ConnectionError)
        with psycopg.connect(server.cluster.dsn(clone), autocommit=True) as superuser:
            superuser.execute("select pg_terminate_backend(%s, 10000)", [worker])
        holder.rollback()

    assert shop.outcomes() == []
    assert shop.webhook(body).status_code == 200
    assert shop.purchases(buyer) == [CREDITS]


def reconnect(shop: Shop) -> None:
    """The test's own connection went with the server."""
    shop.db.owner.conn.close()
    shop.db.owner = Session(psycopg.connect(shop.db.dsn, autocommit=True, row_factory=dict_row))


def test_while_the_database_is_down_paystack_is_asked_to_come_back(shop: Shop, server: Server) -> None:
    buyer = shop.buyer()
    reference = shop.begin(buyer)
    server.cluster.stop()
    try:
        shop.paystack.pay(reference)
        wait_until(lambda: shop.paystack.webhooks()[0]["trials"])
        assert shop.paystack.webhooks()[0]["trials"][0]["status"] == 503
        assert shop.ask(buyer, reference).status_code == 503
    finally:
        server.cluster.start(fsync=False)
        reconnect(shop)
    shop.paystack.wait_for_deliveries()
    assert shop.purchases(buyer) == [CREDITS]
    assert shop.outcomes() == ["credited"]


def test_a_database_that_crashes_under_a_burst_of_webhooks_loses_and_doubles_nothing(
    shop: Shop, server: Server
) -> None:
    # What is committed must be written, for this server is killed; other tests do without.
    server.cluster.stop()
    server.cluster.start(fsync=False, settings={"synchronous_commit": "on"})
    reconnect(shop)
    buyer = shop.buyer()
    references = [shop.begin(buyer) for _ in range(20)]
    shop.paystack.set_faults(duplicates=2, hold_webhooks=True)
    for reference in references:
        shop.paystack.pay(reference)
    webhooks = shop.paystack.webhooks()
    for webhook in webhooks:
        shop.paystack.control("POST", f"/webhooks/{webhook['id']}/resend")
    wait_until(lambda: shop.purchases(buyer))
    postmaster = int((server.cluster.files / "postmaster.pid").read_text().split("\n", 1)[0])
    # Immediate: no backend gets to finish anything.
    os.kill(postmaster, signal.SIGQUIT)
    wait_until(lambda: not server.cluster.is_running)
    server.cluster.start(fsync=False)
    reconnect(shop)

    shop.paystack.wait_for_deliveries()
    shop.reconcile()
    assert shop.purchases(buyer) == [CREDITS] * len(references)
    assert {shop.state(reference) for reference in references} == {("success", None)}


@pytest.mark.parametrize("applied", [True, False])
def test_an_api_that_dies_while_it_begins_a_purchase_leaves_a_row_that_is_found_again(
    shop: Shop, server: Server, clone: str, applied: bool
) -> None:
    buyer = shop.buyer()
    shop.paystack.set_faults(
        failures=[{"kind": "hang", "applied": applied, "seconds": 60}], drop_webhooks=True
    )
    with gunicorn(shop, server, clone) as (deployed, process), ThreadPoolExecutor(1) as browser:
        beginning = browser.submit(
            deployed.post, "/api/payments/initialize", {"packageId": "credits-10"}, buyer
        )
        wait_until(lambda: shop.db.owner.rows("select from public.transactions"))
        if applied:
            wait_until(lambda: shop.paystack.control("GET", "/transactions"))
        os.killpg(process.pid, signal.SIGKILL)
        assert isinstance(beginning.exception(), requests.ConnectionError)

    reference = shop.db.owner.value("select paystack_reference from public.transactions")
    if applied:
        shop.pay(reference)
    shop.time_passes(reference, minutes=2)
    result = shop.reconcile()
    assert result["credited" if applied else "not_found"] == 1
    assert shop.purchases(buyer) == ([CREDITS] if applied else [])
