"""The ways in which the stand-in can be told to misbehave."""

import asyncio
import time
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, Response

from local.paystack.bodies import error

KINDS = ("429", "500", "502", "hang", "truncated")


@dataclass
class Failure:
    """API calls that go wrong: the next `times` whose path begins with `path`.

    With `applied` the call takes effect first and only its answer is lost, which a client cannot tell from the
    outside. `seconds` is how long "hang" is silent, unless it is withdrawn before, and what "429" says of the
    limit's reset.
    """

    kind: str
    times: int = 1
    path: str = "/"
    applied: bool = False
    seconds: float = 1
    withdrawn: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"a failure is one of {', '.join(KINDS)}")

    async def spoil(self, response: Response) -> Response:
        """What the client gets in place of `response`."""
        match self.kind:
            case "429":
                headers = {
                    "x-ratelimit-limit": "100",
                    "x-ratelimit-remaining": "0",
                    "x-ratelimit-reset": str(int(self.seconds)),
                }
                return JSONResponse(error("rate_limited"), 429, headers)
            case "500":
                return JSONResponse(error("internal"), 500)
            case "502":
                return HTMLResponse("<html><h1>502 Bad Gateway</h1></html>", 502)
            case "hang":
                ends_at = time.monotonic() + self.seconds
                while time.monotonic() < ends_at and not self.withdrawn:
                    await asyncio.sleep(0.02)
                return response
            case _:
                return Response(
                    response.body[: len(response.body) // 2],
                    response.status_code,
                    media_type="application/json",
                )


@dataclass
class Faults:
    """What is wrong at the moment. All of it applies to what happens from then on."""

    duplicates: int = 0  # further copies of every webhook, sent at the same time
    delay_seconds: float = 0  # before a webhook's first attempt
    hold_webhooks: bool = False  # keep them until they are released, oldest or newest first
    drop_webhooks: bool = False  # never send them
    paid_amount_off_by: int = 0  # minor units paid more (or less) than asked for
    paid_currency: str | None = None  # the currency that was paid instead
    refund_outcome: str = "processed"  # or failed, needs-attention, pending (nothing more comes)
    refund_seconds: float = 1  # from a refund's pending to its outcome
    failures: list[Failure] = field(default_factory=list)

    def change(self, changes: dict[str, Any]) -> None:
        """Set the fields named in `changes`. Raises ValueError or TypeError for what is no such field or value."""
        known = {each.name for each in fields(self)}
        if unknown := changes.keys() - known:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        if "failures" in changes:
            changes = changes | {"failures": [Failure(**failure) for failure in changes["failures"]]}
            self._withdraw_failures()
        for name, value in changes.items():
            setattr(self, name, value)

    def clear(self) -> None:
        """Put everything right."""
        self._withdraw_failures()
        vars(self).update(vars(Faults()))

    def _withdraw_failures(self) -> None:
        for failure in self.failures:
            failure.withdrawn = True

    def take_failure(self, path: str) -> Failure | None:
        """The failure this call is to meet, counted down."""
        for failure in self.failures:
            if failure.times > 0 and path.startswith(failure.path):
                failure.times -= 1
                return failure
        return None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
