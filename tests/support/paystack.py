"""The Paystack stand-in as tests use it: a real server on a free port, and a hand on its controls."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
import uvicorn

from api.providers.paystack import Paystack
from local.paystack import Settings, create_app
from tests.support.waiting import wait_until

SECRET_KEY = "sk_test_fixture_not_a_real_key"
PUBLIC_KEY = "pk_test_fixture_not_a_real_key"


@dataclass(frozen=True)
class StandIn:
    """A running stand-in."""

    url: str
    secret_key: str

    def client(self, **options: Any) -> Paystack:
        """Our client for it; it does not sleep between attempts unless told how."""
        return Paystack(self.secret_key, base_url=self.url, **{"sleep": lambda _seconds: None, **options})

    def control(self, method: str, path: str, **fields: Any) -> Any:
        """Call a control endpoint and return its JSON; anything but a success is an error of the test."""
        response = requests.request(method, f"{self.url}/_control{path}", json=fields, timeout=10)
        assert response.ok, f"{method} {path}: {response.status_code} {response.text}"
        return response.json()

    def set_faults(self, **faults: Any) -> None:
        self.control("PATCH", "/faults", **faults)

    def pay(self, reference: str, **how: Any) -> Any:
        """The payer pays on the page."""
        return self.control("POST", f"/transactions/{reference}/pay", **how)

    def browser_pays(self, reference: str, amount_minor: int, **fields: Any) -> Any:
        """The older inline flow: everything about the payment is the browser's choice."""
        fields = {"email": "payer@example.com", "currency": "KES", **fields}
        return self.control("POST", "/transactions", reference=reference, amount=amount_minor, **fields)

    def webhooks(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("GET", "/webhooks")
        return found

    def wait_for_deliveries(self) -> None:
        """Until no webhook is on its way."""
        wait_until(lambda: all(webhook["state"] != "pending" for webhook in self.webhooks()))

    def calls(self) -> list[str]:
        """The API calls received, as "METHOD /path"."""
        return [f"{call['method']} {call['path']}" for call in self.control("GET", "/calls")]


@contextmanager
def running_stand_in(data_dir: Path, webhook_url: str, **settings: Any) -> Iterator[StandIn]:
    """A stand-in with its own thread and port, for as long as the block runs. Retries pass 3,600 times faster."""
    account = {"secret_key": SECRET_KEY, "public_key": PUBLIC_KEY, "speed": 3600, **settings}
    app = create_app(Settings(webhook_url=webhook_url, data_dir=data_dir, **account))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="paystack")
        thread.start()
        try:
            wait_until(lambda: server.started or not thread.is_alive())
            assert server.started, "the stand-in did not start"
            yield StandIn(
                url=f"http://127.0.0.1:{listener.getsockname()[1]}", secret_key=account["secret_key"]
            )
        finally:
            server.should_exit = True
            thread.join()


@dataclass
class Delivery:
    """One request a webhook endpoint got."""

    body: bytes
    signature: str | None


class WebhookSink:
    """A webhook endpoint that keeps what it gets and answers with `statuses` in turn, the last one for good."""

    def __init__(self) -> None:
        self.received: list[Delivery] = []
        self.statuses = [200]
        self._lock = threading.Lock()
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                self.send_response(sink._take(Delivery(body, self.headers["x-paystack-signature"])))
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Tests look at `received` instead."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhook"

    def _take(self, delivery: Delivery) -> int:
        with self._lock:
            self.received.append(delivery)
            return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]

    @contextmanager
    def running(self) -> Iterator["WebhookSink"]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()
