"""The HTTP face of the stand-in: the API, the pay page, and `/_control/` for whoever tests against it."""

import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from local.paystack import bodies, page
from local.paystack.bodies import ERRORS, answer
from local.paystack.faults import Faults
from local.paystack.integration import FEES, Integration, Refused, listed
from local.paystack.store import Store
from local.paystack.webhooks import Webhooks

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Settings:
    """One merchant's account with the stand-in. The secret key's prefix says whether it is in test or live mode."""

    secret_key: str
    public_key: str
    webhook_url: str
    data_dir: Path
    speed: float = 360
    currencies: tuple[str, ...] = ("KES",)

    @property
    def mode(self) -> str:
        return "live" if self.secret_key.startswith("sk_live_") else "test"


class Paystack:
    """The endpoints, over one integration."""

    def __init__(self, settings: Settings) -> None:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        self.settings = settings
        self.faults = Faults()
        self.store = Store(settings.data_dir / "paystack.sqlite3")
        self.webhooks = Webhooks(
            self.store,
            self.faults,
            url=settings.webhook_url,
            secret_key=settings.secret_key,
            mode=settings.mode,
            speed=settings.speed,
        )
        self.integration = Integration(
            self.store, self.webhooks, self.faults, mode=settings.mode, currencies=settings.currencies
        )
        self.calls: list[dict[str, Any]] = []

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        self.webhooks.start()
        self.integration.start()
        yield
        await self.integration.stop()
        await self.webhooks.stop()
        self.store.close()

    # The API

    def api(self, handler: Handler) -> Handler:
        """An endpoint behind the secret key, recorded, and subject to the failures asked for."""

        async def endpoint(request: Request) -> Response:
            call: dict[str, Any] = {"method": request.method, "path": request.url.path, "status": None}
            self.calls.append(call)
            failure = self.faults.take_failure(request.url.path)
            if failure is not None and not failure.applied:
                response = await failure.spoil(JSONResponse(bodies.error("internal"), 500))
            else:
                response = await self._answer(handler, request)
                if failure is not None:
                    response = await failure.spoil(response)
            call["status"] = response.status_code
            return response

        return endpoint

    async def _answer(self, handler: Handler, request: Request) -> Response:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self.settings.secret_key}".encode()):
            return _refusal(Refused("invalid_key"))
        try:
            return await handler(request)
        except Refused as refused:
            return _refusal(refused)

    async def initialize(self, request: Request) -> Response:
        transaction = self.integration.initialize(await _fields(request))
        return JSONResponse(
            answer(
                "Authorization URL created",
                {
                    "authorization_url": f"{request.base_url}checkout/{transaction['access_code']}",
                    "access_code": transaction["access_code"],
                    "reference": transaction["reference"],
                },
            )
        )

    async def verify(self, request: Request) -> Response:
        transaction = self.integration.transaction(request.path_params["reference"])
        return JSONResponse(answer("Verification successful", bodies.verified(transaction)))

    async def fetch(self, request: Request) -> Response:
        transaction = self.integration.transaction_by_id(request.path_params["id"])
        return JSONResponse(answer("Transaction retrieved", bodies.verified(transaction)))

    async def list_transactions(self, request: Request) -> Response:
        return JSONResponse(listed(self.integration.transactions(), request.query_params))

    async def create_refund(self, request: Request) -> Response:
        refund, transaction = self.integration.refund(await _fields(request))
        return JSONResponse(
            answer("Refund has been queued for processing", bodies.refund(refund, transaction))
        )

    async def list_refunds(self, request: Request) -> Response:
        found = self.integration.refunds(request.query_params.get("transaction"))
        data = [bodies.refund(each, self.integration.transaction(each["transaction"])) for each in found]
        return JSONResponse(answer("Refunds retrieved", data))

    # The pay page

    async def show_checkout(self, request: Request) -> Response:
        transaction = self._at_checkout(request)
        if transaction is None:
            return HTMLResponse("No such page", 404)
        shown = (
            page.pay_page(transaction) if transaction["paid_at"] is None else page.outcome_page(transaction)
        )
        return HTMLResponse(shown)

    async def leave_checkout(self, request: Request) -> Response:
        transaction = self._at_checkout(request)
        if transaction is None:
            return HTMLResponse("No such page", 404)
        transaction = self._act(transaction, request.path_params["action"], await _fields(request))
        goes_back = transaction["status"] == "success" and transaction["callback_url"]
        if not goes_back:
            return HTMLResponse(page.outcome_page(transaction))
        query = urlencode({"trxref": transaction["reference"], "reference": transaction["reference"]})
        separator = "&" if "?" in goes_back else "?"
        return RedirectResponse(f"{goes_back}{separator}{query}", 303)

    def _at_checkout(self, request: Request) -> bodies.Transaction | None:
        return self.integration.transaction_by_access_code(request.path_params["access_code"])

    def _act(self, transaction: bodies.Transaction, action: str, how: dict[str, Any]) -> bodies.Transaction:
        channel = how.get("channel", "card")
        if channel not in FEES:
            raise ValueError(f"a channel is one of {', '.join(FEES)}")
        match action:
            case "pay":
                bearer = bool(how.get("payer_bears_fees", False))
                return self.integration.pay(transaction, channel, payer_bears_fees=bearer)
            case "fail":
                return self.integration.fail(transaction, channel)
            case _:
                return self.integration.abandon(transaction)

    # Control

    def control(self, handler: Handler) -> Handler:
        """An endpoint for tests: what Paystack would refuse, or makes no sense, is answered 400 with the reason."""

        async def endpoint(request: Request) -> Response:
            try:
                return await handler(request)
            except Refused as refused:
                return _refusal(refused)
            except (KeyError, TypeError, ValueError) as error:
                return JSONResponse({"error": str(error)}, 400)

        return endpoint

    async def faults_endpoint(self, request: Request) -> Response:
        """GET tells, PATCH changes the fields given, DELETE puts everything right again."""
        if request.method == "PATCH":
            self.faults.change(await request.json())
        elif request.method == "DELETE":
            self.faults.clear()
        return JSONResponse(self.faults.as_json())

    async def reset(self, _request: Request) -> Response:
        """POST: as if it had just been set up."""
        await self.integration.stop()
        await self.webhooks.cancel()
        self.store.clear()
        self.faults.clear()
        self.calls.clear()
        return JSONResponse({})

    async def browser_transaction(self, request: Request) -> Response:
        """POST: the older inline flow, in which reference, amount and metadata are the browser's choice; paid at
        once unless `"pay": false`. GET lists what there is."""
        if request.method == "GET":
            return JSONResponse(self.integration.transactions())
        asked = await request.json()
        metadata = asked.get("metadata")
        if isinstance(metadata, dict):
            # inline.js adds the page it runs on.
            asked["metadata"] = metadata | {"referrer": "http://localhost:3000/credits"}
        transaction = self.integration.initialize(asked, entry_point="request_inline")
        if asked.get("pay", True):
            transaction = self._act(transaction, "pay", asked)
        return JSONResponse(transaction, 201)

    async def change_transaction(self, request: Request) -> Response:
        """PATCH: set fields of a transaction to anything at all, without telling anybody."""
        transaction = self.integration.transaction(request.path_params["reference"])
        changes = await request.json()
        if unknown := changes.keys() - transaction.keys():
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        changed: Any = {**transaction, **changes}
        self.integration.save(changed)
        return JSONResponse(changed)

    async def act_on_transaction(self, request: Request) -> Response:
        """POST pay, fail or abandon, as the payer does on the page."""
        transaction = self.integration.transaction(request.path_params["reference"])
        return JSONResponse(self._act(transaction, request.path_params["action"], await _fields(request)))

    async def finish_refund(self, request: Request) -> Response:
        """POST `{"status": "processed" | "failed" | "processing" | "needs-attention"}`."""
        refund = self.integration.refund_by_id(request.path_params["id"])
        if refund is None:
            raise Refused("transaction_not_found")
        return JSONResponse(self.integration.finish_refund(refund, (await request.json())["status"]))

    async def raise_dispute(self, request: Request) -> Response:
        """POST `{"reference", "amount"?, "category"?}`."""
        asked = await request.json()
        transaction = self.integration.transaction(asked["reference"])
        dispute = self.integration.dispute(
            transaction, category=asked.get("category", "chargeback"), amount=asked.get("amount")
        )
        return JSONResponse(dispute, 201)

    async def act_on_dispute(self, request: Request) -> Response:
        """POST remind, or resolve with `{"resolution"}`: declined is won by the merchant, others are lost."""
        dispute = self.integration.dispute_by_id(request.path_params["id"])
        if dispute is None:
            raise Refused("transaction_not_found")
        if request.path_params["action"] == "remind":
            return JSONResponse(self.integration.remind(dispute))
        return JSONResponse(self.integration.resolve(dispute, (await request.json())["resolution"]))

    async def webhooks_endpoint(self, request: Request) -> Response:
        """GET tells what was sent and how it was answered. POST `{"body", "event"?, "signature"?}` sends any text."""
        if request.method == "GET":
            return JSONResponse(self.store.all("webhook"))
        asked = await request.json()
        sent = self.webhooks.send_raw(
            asked.get("event", "raw"), asked["body"].encode(), asked.get("signature")
        )
        return JSONResponse(sent, 201)

    async def release_webhooks(self, request: Request) -> Response:
        """POST `{"newest_first": true}?`: stop holding webhooks back and deliver what was held, one by one."""
        self.faults.hold_webhooks = False
        newest_first = bool((await _fields(request)).get("newest_first", False))
        return JSONResponse({"released": self.webhooks.release(newest_first=newest_first)})

    async def resend_webhook(self, request: Request) -> Response:
        """POST: deliver one more time what may long have been delivered, as a click in the dashboard does."""
        webhook = self.store.by_id("webhook", request.path_params["id"])
        if webhook is None:
            raise KeyError("no such webhook")
        self.webhooks.resend(webhook)
        return JSONResponse(webhook)

    async def list_calls(self, _request: Request) -> Response:
        """The API calls received since the start, oldest first; `status` is null while one is not answered."""
        return JSONResponse(self.calls)

    def routes(self) -> list[Route | Mount]:
        api, control = self.api, self.control
        return [
            Route("/transaction/initialize", api(self.initialize), methods=["POST"]),
            Route("/transaction/verify/{reference}", api(self.verify), methods=["GET"]),
            Route("/transaction/{id}", api(self.fetch), methods=["GET"]),
            Route("/transaction/{id}/", api(self.fetch), methods=["GET"]),
            Route("/transaction", api(self.list_transactions), methods=["GET"]),
            Route("/refund", api(self.create_refund), methods=["POST"]),
            Route("/refund", api(self.list_refunds), methods=["GET"]),
            Route("/checkout/{access_code}", self.show_checkout, methods=["GET"]),
            Route("/checkout/{access_code}/{action:str}", control(self.leave_checkout), methods=["POST"]),
            Mount(
                "/_control",
                routes=[
                    Route("/faults", control(self.faults_endpoint), methods=["GET", "PATCH", "DELETE"]),
                    Route("/reset", control(self.reset), methods=["POST"]),
                    Route("/calls", control(self.list_calls), methods=["GET"]),
                    Route("/transactions", control(self.browser_transaction), methods=["GET", "POST"]),
                    Route("/transactions/{reference}", control(self.change_transaction), methods=["PATCH"]),
                    Route(
                        "/transactions/{reference}/{action}",
                        control(self.act_on_transaction),
                        methods=["POST"],
                    ),
                    Route("/refunds/{id:int}", control(self.finish_refund), methods=["POST"]),
                    Route("/disputes", control(self.raise_dispute), methods=["POST"]),
                    Route("/disputes/{id:int}/{action}", control(self.act_on_dispute), methods=["POST"]),
                    Route("/webhooks", control(self.webhooks_endpoint), methods=["GET", "POST"]),
                    Route("/webhooks/release", control(self.release_webhooks), methods=["POST"]),
                    Route("/webhooks/{id:int}/resend", control(self.resend_webhook), methods=["POST"]),
                ],
            ),
        ]


def create_app(settings: Settings) -> Starlette:
    """The stand-in as an ASGI application. It answers to this machine's own names only, so that no web page can
    reach it through a name of its own."""
    paystack = Paystack(settings)
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]"])
    return Starlette(routes=paystack.routes(), middleware=[hosts], lifespan=paystack.lifespan)


def _refusal(refused: Refused) -> Response:
    return JSONResponse(bodies.error(refused.name), ERRORS[refused.name]["http"])


async def _fields(request: Request) -> dict[str, Any]:
    """A request's fields, from JSON or a form; no body means none."""
    body = await request.body()
    if not body:
        return {}
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(body.decode()))
    fields = json.loads(body)
    if not isinstance(fields, dict):
        raise TypeError("a request is a JSON object")
    return fields
