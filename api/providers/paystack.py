"""A small client for the part of Paystack's API that sells credits, over `requests`.

Three calls: `initialize` (one POST, never repeated, because Paystack has no idempotency key for it), `verify` and
`list_transactions` (GETs, repeated a bounded number of times). Every failure is one of the exceptions below, so that a
caller can tell "does not exist" from "could not be asked" from "nobody knows whether it happened".

Nothing here decides what a payment is worth: `verify` reports what Paystack says and the SQL function
`settle_payment` judges it. Amounts are integers in minor units throughout, as in Paystack's own API.
"""

import hmac
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote, urlsplit

import requests
import structlog
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import NewConnectionError

log = structlog.get_logger(__name__)

Mode = Literal["test", "live"]

BASE_URL = "https://api.paystack.co"
CONNECT_TIMEOUT = 4.0
READ_TIMEOUT = 12.0
# A GET is sent at most this often, and not again once this many seconds have gone by since the first time.
ATTEMPTS = 3
PATIENCE = 20.0
# What a caller waits for a rate limit to pass. Longer ones are reported, for a thread is worth more than the answer.
LONGEST_RATE_LIMIT_WAIT = 5.0
PAGE_SIZE = 100

# Paystack documents alphanumerics and - . = for references. The characters also keep a reference inside its URL
# segment, but for the dot segments: `verify/../4099260516` would fetch somebody else's paid transaction by its id.
_REFERENCE = re.compile(r"(?!\.+\Z)[A-Za-z0-9.=-]{1,64}\Z")
_KEY = re.compile(r"[sp]k_(test|live)_[A-Za-z0-9_-]+\Z")


class PaystackError(Exception):
    """Any failure of a call to Paystack. The text is fit for a log: it never holds a key or a payer's data."""


class InvalidReference(PaystackError):
    """The reference has characters Paystack does not allow; nothing was sent."""


class NotFound(PaystackError):
    """Paystack knows no transaction of this reference under this key."""


class DuplicateReference(PaystackError):
    """A transaction of this reference exists already; Paystack does not hand out its access code again."""


class InvalidKey(PaystackError):
    """Paystack does not accept the secret key, or not from this address: somebody must be woken up."""


class Rejected(PaystackError):
    """Paystack understood the request and refuses it (amount, currency, e-mail); sending it again is useless."""

    def __init__(self, message: str, code: str | None) -> None:
        super().__init__(f"{message} ({code})" if code else message)
        self.code = code


class Unavailable(PaystackError):
    """Paystack could not be asked just now: time-out, connection, 5xx, or an answer that cannot be read."""


class RateLimited(Unavailable):
    """Too many requests on this key; `retry_after` is the number of seconds until the limit resets, where known."""

    def __init__(self, retry_after: float | None) -> None:
        super().__init__("Paystack's rate limit is reached")
        self.retry_after = retry_after


class OutcomeUnknown(Unavailable):
    """The request may or may not have taken effect. Ask with `verify` later; never send it again."""


class _NeverSent(Unavailable):
    """No connection came about, so the request cannot have taken effect."""


@dataclass(frozen=True)
class Checkout:
    """Where the payer goes to pay, as `initialize` gives it."""

    reference: str
    access_code: str
    authorization_url: str


@dataclass(frozen=True)
class Charge:
    """A transaction as Paystack tells it. Only `status == "success"` means that money came in.

    `payload` is Paystack's whole transaction object. It names the payer and their card, so it is for
    `settle_payment` alone and stays out of the repr.
    """

    reference: str
    status: str
    amount_minor: int
    currency: str
    mode: str
    payload: dict[str, Any] = field(repr=False)


class _BearerKey(AuthBase):
    """Sends the secret key. As `auth=`, and not as a header, so that no ~/.netrc entry can take its place."""

    def __init__(self, secret_key: str) -> None:
        self._value = f"Bearer {secret_key}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._value
        return request


class Paystack:
    """Paystack under one secret key. One instance serves all threads of a process and keeps connections open."""

    def __init__(
        self,
        secret_key: str,
        *,
        base_url: str = BASE_URL,
        timeout: tuple[float, float] = (CONNECT_TIMEOUT, READ_TIMEOUT),
        connections: int = 16,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`timeout` is (connect, read) in seconds. Raises ValueError for a key or a base URL that cannot be right."""
        self.mode: Mode = mode_of(secret_key)
        self._base_url = checked_base_url(base_url)
        self._auth = _BearerKey(secret_key)
        self._timeout = timeout
        self._sleep = sleep
        self._adapter = HTTPAdapter(pool_maxsize=connections, max_retries=0)

    def __repr__(self) -> str:
        return f"Paystack({self._base_url!r}, mode={self.mode!r})"

    def initialize(
        self,
        *,
        reference: str,
        email: str,
        amount_minor: int,
        currency: str,
        metadata: dict[str, Any] | None = None,
        callback_url: str | None = None,
        channels: Sequence[str] = (),
    ) -> Checkout:
        """Register a payment and get the page where it is paid. Sent once.

        The row this reference belongs to must be committed before: the payment can be made, and its webhook arrive,
        before the answer does. Raises `OutcomeUnknown` when the answer got lost, any other `Unavailable` when
        Paystack cannot have registered it, and `DuplicateReference`, `Rejected` or `InvalidKey`.
        """
        body: dict[str, Any] = {
            "reference": _checked_reference(reference),
            "email": email,
            "amount": amount_minor,
            "currency": currency,
        }
        if metadata:
            body["metadata"] = metadata
        if callback_url:
            body["callback_url"] = callback_url
        if channels:
            body["channels"] = list(channels)
        try:
            data = self._call("POST", "/transaction/initialize", body=body)["data"]
            checkout = Checkout(
                reference=_text(data, "reference"),
                access_code=_text(data, "access_code"),
                authorization_url=_text(data, "authorization_url"),
            )
        except (RateLimited, _NeverSent):
            raise
        except Unavailable as error:
            raise OutcomeUnknown(str(error)) from error
        if checkout.reference != reference:
            raise OutcomeUnknown("Paystack answered for another reference")
        return checkout

    def verify(self, reference: str) -> Charge:
        """What became of a payment. Raises `NotFound`, `InvalidKey`, `Rejected`, `Unavailable` or `InvalidReference`.

        Failed and abandoned payments are answers, not errors: look at the charge's status.
        """
        path = f"/transaction/verify/{quote(_checked_reference(reference), safe='')}"
        charge = _charge(self._ask(path)["data"])
        if charge.reference != reference:
            raise Unavailable("Paystack answered for another reference")
        return charge

    def list_transactions(
        self, *, since: datetime, until: datetime, status: str = "success"
    ) -> Iterator[Charge]:
        """Every transaction made from `since` until `until` (both with a time zone), page by page, newest first.

        A transaction made while the pages are read can move another one to the next page, so one may come twice.
        """
        query: dict[str, Any] = {
            "from": since.isoformat(),
            "to": until.isoformat(),
            "status": status,
            "perPage": PAGE_SIZE,
        }
        page = 1
        while True:
            answer = self._ask("/transaction", query | {"page": page})
            found = answer["data"]
            if not isinstance(found, list):
                raise Unavailable("Paystack's list of transactions is not a list")
            yield from map(_charge, found)
            if len(found) < PAGE_SIZE:
                return
            page += 1

    def _ask(self, path: str, query: dict[str, Any] | None = None) -> dict[str, Any]:
        """GET until there is an answer, patience or attempts run out; the pauses double and are spread by chance."""
        give_up_at = time.monotonic() + PATIENCE
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._call("GET", path, query=query)
            except Unavailable as error:
                pause = _pause_after(error, attempt)
                if attempt == ATTEMPTS or pause is None or time.monotonic() + pause > give_up_at:
                    raise
                log.warning("paystack_asked_again", attempt=attempt, reason=str(error))
                self._sleep(pause)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        try:
            response = self._session().request(
                method,
                self._base_url + path,
                params=query,
                json=body,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            # Not the library's own text: it spells out the URL, and with it whose payment this is.
            failure = _NeverSent if _never_sent(error) else Unavailable
            raise failure(f"no answer from Paystack: {type(error).__name__}") from error
        return _answer(response)

    def _session(self) -> requests.Session:
        """A session of this call alone over the connections all calls share: sessions are not thread-safe, and
        Paystack's edge sets cookies that one call has no reason to hand to the next."""
        session = requests.Session()
        session.auth = self._auth
        session.mount(self._base_url, self._adapter)
        return session


def verify_signature(body: bytes, header: str | None, secrets: Sequence[str]) -> bool:
    """Whether `header` (x-paystack-signature) signs exactly these bytes with one of our secret API keys.

    `secrets` holds the current key and, while keys are being changed, the previous one. Compares in constant time,
    as bytes, and never raises: a header can hold anything.
    """
    claimed = (header or "").encode("latin-1", "replace")
    # Every key is tried, so that the time taken does not tell which one matched.
    matches = [
        hmac.compare_digest(hmac.new(secret.encode(), body, "sha512").hexdigest().encode(), claimed)
        for secret in secrets
        if secret
    ]
    return any(matches)


def mode_of(key: str) -> Mode:
    """Whether a secret or public key is Paystack's `test` or `live` one. Raises ValueError, without the key."""
    match = _KEY.match(key)
    if match is None:
        raise ValueError("a Paystack key starts with sk_test_, sk_live_, pk_test_ or pk_live_")
    return "test" if match[1] == "test" else "live"


def is_reference(text: str) -> bool:
    """Whether Paystack allows this text as a reference, and it can be put into a URL."""
    return _REFERENCE.match(text) is not None


def _checked_reference(reference: str) -> str:
    if not is_reference(reference):
        raise InvalidReference("a reference is 1 to 64 letters, digits and - . =, and not dots alone")
    return reference


def checked_base_url(base_url: str) -> str:
    """The address without a slash at its end. Raises ValueError where the secret key would travel in the clear."""
    url = urlsplit(base_url)
    if url.scheme != "https" and url.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise ValueError("Paystack's base URL must be https: the secret key travels with every request")
    return base_url.rstrip("/")


def _never_sent(error: requests.RequestException) -> bool:
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError)


def _pause_after(error: Unavailable, attempt: int) -> float | None:
    """Seconds to wait before asking again, or None when it is not worth a caller's while."""
    if isinstance(error, RateLimited) and error.retry_after is not None:
        return error.retry_after if error.retry_after <= LONGEST_RATE_LIMIT_WAIT else None
    return 0.25 * (1 << attempt) * random.uniform(0.5, 1.5)


def _answer(response: requests.Response) -> dict[str, Any]:
    """The body of a good answer; of anything else, the exception that says what it was.

    Only `message` is in all of Paystack's errors, and an unknown reference is 400 or 404, so the code is looked at
    first, then the message, and the status last.
    """
    status = response.status_code
    if status == 429:
        raise RateLimited(
            _seconds(response.headers.get("x-ratelimit-reset") or response.headers.get("retry-after"))
        )
    if status >= 500 or 300 <= status < 400:
        raise Unavailable(f"Paystack answered {status}")
    try:
        body = response.json()
    except ValueError as error:
        raise Unavailable(f"Paystack answered {status} with something that is not JSON") from error
    if not isinstance(body, dict):
        raise Unavailable(f"Paystack answered {status} with something that is not an object")
    if status == 200 and body.get("status") is True:
        if "data" not in body:
            raise Unavailable("Paystack's answer has no data")
        return body

    code, message = body.get("code"), str(body.get("message"))
    if status in (401, 403) or code == "invalid_Key":
        raise InvalidKey(message)
    if (
        status == 404
        or code == "transaction_not_found"
        or message.startswith("Transaction reference not found")
    ):
        raise NotFound(message)
    if code == "duplicate_reference" or message == "Duplicate Transaction Reference":
        raise DuplicateReference(message)
    raise Rejected(message, code if isinstance(code, str) else None)


def _seconds(header: str | None) -> float | None:
    return float(header) if header and header.isdecimal() else None


def _charge(data: Any) -> Charge:
    if not isinstance(data, dict):
        raise Unavailable("Paystack's transaction is not an object")
    amount = data.get("amount")
    if not isinstance(amount, int) or isinstance(amount, bool):
        raise Unavailable("Paystack's transaction has no whole amount")
    return Charge(
        reference=_text(data, "reference"),
        status=_text(data, "status"),
        amount_minor=amount,
        currency=_text(data, "currency"),
        mode=_text(data, "domain"),
        payload=data,
    )


def _text(data: Any, key: str) -> str:
    value = data.get(key) if isinstance(data, dict) else None
    if not isinstance(value, str) or not value:
        raise Unavailable(f"Paystack's answer has no {key}")
    return value
