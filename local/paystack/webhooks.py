"""Webhooks as Paystack sends them: signed, repeated until they are answered 200, and forgotten after a while."""

import asyncio
import hashlib
import hmac
from typing import Any, TypedDict
from uuid import uuid4

import httpx

from local.paystack.bodies import Json, compact, moment
from local.paystack.faults import Faults
from local.paystack.store import Store

MINUTE = 60.0
HOUR = 60 * MINUTE
# The pauses after failed attempts, as documented: live every 3 minutes for the first 4 tries and then hourly for
# 72 hours, test hourly for 10 hours. The time-out of 30 s is documented for test and assumed for live.
PAUSES = {"live": [3 * MINUTE] * 4 + [HOUR] * 72, "test": [HOUR] * 10}
ATTEMPT_TIMEOUT = 30.0


class Webhook(TypedDict):
    """One event and what became of its delivery. `state` is held, pending, delivered, failed or dropped."""

    id: int
    event: str
    body: str
    signature: str
    state: str
    trials: list[dict[str, Any]]


class Webhooks:
    """The outbox. Undelivered events are in the store, so that a restart goes on with them."""

    def __init__(
        self, store: Store, faults: Faults, *, url: str, secret_key: str, mode: str, speed: float
    ) -> None:
        """`speed` is how many times faster than Paystack's the pauses between attempts pass."""
        self._store = store
        self._faults = faults
        self._url = url
        self._secret_key = secret_key
        self._pauses = [pause / speed for pause in PAUSES[mode]]
        self._client = httpx.AsyncClient(timeout=ATTEMPT_TIMEOUT, limits=httpx.Limits(max_connections=200))
        self._deliveries: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Take up what an earlier run left undelivered."""
        for webhook in self._store.all("webhook"):
            if webhook["state"] == "pending":
                self._dispatch(webhook)

    async def cancel(self) -> None:
        """Stop delivering what is on its way."""
        for delivery in self._deliveries:
            delivery.cancel()
        await asyncio.gather(*self._deliveries, return_exceptions=True)

    async def stop(self) -> None:
        """Stop for good."""
        await self.cancel()
        await self._client.aclose()

    def send(self, event: Json) -> Webhook:
        """Deliver an event from now on, in the background, as the faults of the moment allow."""
        return self.send_raw(event["event"], compact(event))

    def send_raw(self, event: str, body: bytes, signature: str | None = None) -> Webhook:
        """Deliver these very bytes, well signed unless a signature is given."""
        state = (
            "dropped" if self._faults.drop_webhooks else "held" if self._faults.hold_webhooks else "pending"
        )
        webhook: Webhook = self._store.add(
            "webhook",
            uuid4().hex,
            {
                "event": event,
                "body": body.decode(),
                "signature": signature
                or hmac.new(self._secret_key.encode(), body, hashlib.sha512).hexdigest(),
                "state": state,
                "trials": [],
            },
        )
        if state == "pending":
            self._dispatch(webhook)
        return webhook

    def resend(self, webhook: Webhook) -> None:
        """Deliver an event again, whatever became of it before; the real resend is not idempotent either."""
        webhook["state"] = "pending"
        self._store.save("webhook", webhook)
        self._dispatch(webhook)

    def release(self, *, newest_first: bool) -> int:
        """Deliver the held events one after another, and return how many there were."""
        held = [webhook for webhook in self._store.all("webhook") if webhook["state"] == "held"]
        if newest_first:
            held.reverse()
        for webhook in held:
            webhook["state"] = "pending"
            self._store.save("webhook", webhook)
        self._spawn(self._deliver_in_order(held))
        return len(held)

    def _dispatch(self, webhook: Webhook) -> None:
        self._spawn(self._deliver(webhook))

    def _spawn(self, delivery: Any) -> None:
        task = asyncio.create_task(delivery)
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    async def _deliver_in_order(self, webhooks: list[Webhook]) -> None:
        for webhook in webhooks:
            await self._deliver(webhook)

    async def _deliver(self, webhook: Webhook) -> None:
        await asyncio.sleep(self._faults.delay_seconds)
        for pause in [*self._pauses, None]:
            results = await asyncio.gather(
                *(self._attempt(webhook) for _ in range(1 + self._faults.duplicates))
            )
            webhook["trials"] += results
            if any(result["status"] == 200 for result in results):
                webhook["state"] = "delivered"
            elif pause is None:
                webhook["state"] = "failed"
            self._store.save("webhook", webhook)
            if pause is None or webhook["state"] == "delivered":
                return
            await asyncio.sleep(pause)

    async def _attempt(self, webhook: Webhook) -> dict[str, Any]:
        headers = {"content-type": "application/json", "x-paystack-signature": webhook["signature"]}
        try:
            response = await self._client.post(self._url, content=webhook["body"].encode(), headers=headers)
        except httpx.TransportError as error:
            return {"at": moment(), "status": None, "error": type(error).__name__}
        return {"at": moment(), "status": response.status_code, "answer": response.text[:500]}
