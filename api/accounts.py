"""Making an account, signing in, and who one is."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from urllib.parse import unquote, urlencode, urlsplit

from flask import redirect, request
from werkzeug.wrappers import Response

from api import limits, models
from api.auth import Caller
from api.errors import ApiError
from api.routing import Access, LimitBy, Resource
from api.services import services

accounts = Resource("Accounts", __name__)

AUTH_REFUSALS = {401: ("INVALID_CREDENTIALS",), 403: ("ACCOUNT_SUSPENDED", "EMAIL_NOT_CONFIRMED")}


@accounts.operation(
    "POST",
    "/auth/sign-up",
    access=Access.ANYONE,
    limit=limits.SIGN_IN,
    limit_by=LimitBy.ADDRESS,
    body=models.SignUp,
    answers={201: models.SignedIn},
    refusals={400: ("WEAK_PASSWORD",), 409: ("NAME_TAKEN",), 503: ("AUTH_UNAVAILABLE",), **AUTH_REFUSALS},
)
def sign_up(body: models.SignUp) -> tuple[models.Row, int]:
    """Make an account and sign in to it."""
    email = _address_of(body.name)
    with services().auth.new_user(email, body.password, body.model_dump(exclude={"password"})):
        return _signed_in(services().auth.sign_in(email, body.password)), 201


@accounts.operation(
    "POST",
    "/auth/sign-in",
    access=Access.ANYONE,
    limit=limits.SIGN_IN,
    limit_by=LimitBy.ADDRESS,
    body=models.SignIn,
    answers={200: models.SignedIn},
    refusals={404: ("USER_NOT_FOUND",), 503: ("AUTH_UNAVAILABLE",), **AUTH_REFUSALS},
)
def sign_in(body: models.SignIn) -> models.Row:
    """Sign in with a password: users by name or e-mail address, operators and admins by e-mail address."""
    email = body.email or _address_of(body.name or "")
    return _signed_in(services().auth.sign_in(email, body.password))


@accounts.operation(
    "GET",
    "/auth/callback",
    access=Access.ANYONE,
    limit=limits.SIGN_IN,
    limit_by=LimitBy.ADDRESS,
    query=models.Callback,
    answers={302: None},
)
def auth_callback(query: models.Callback) -> Response:
    """Where a link of Supabase Auth leads: exchange its code and go on to the app.

    The session travels in the fragment, which no server gets to see. `next` is a path of the app; anything else is
    taken for `/`.
    """
    config = services().config
    path = query.next if models.is_path_within_app(query.next) else "/"
    verifier = _code_verifier(urlsplit(config.supabase_url).hostname or "")
    if not query.code or not verifier:
        return redirect(f"{config.app_url}{path}#{urlencode({'error': 'INVALID_CODE'})}")
    try:
        session = services().auth.exchange_code(query.code, verifier)
    except ApiError as error:
        return redirect(f"{config.app_url}{path}#{urlencode({'error': error.failure.code})}")
    session.pop("user", None)
    return redirect(f"{config.app_url}{path}#{urlencode(session)}")


@accounts.operation("GET", "/account", answers={200: models.Account}, refusals={404: ("USER_NOT_FOUND",)})
def get_account(caller: Caller) -> models.Row:
    """Who the caller is: their role and their own row."""
    return services().db.call("get_account", repeatable=True, caller_id=caller.id)


def _address_of(name: str) -> str:
    return f"{name}@{services().db.value('get_email_domain', repeatable=True)}"


def _signed_in(session: models.Row) -> models.Row:
    """The session and whose it is, by our own tables."""
    account = services().db.call("get_account", repeatable=True, caller_id=session.pop("user")["id"])
    return {"session": session, **account}


def _code_verifier(supabase_host: str) -> str | None:
    """The secret supabase-js left in a cookie when it asked for the link, as JSON, perhaps in base64."""
    value = request.cookies.get(f"sb-{supabase_host.split('.')[0]}-auth-token-code-verifier")
    if not value:
        return None
    text = unquote(value)
    if text.startswith("base64-"):
        text = _base64url(text.removeprefix("base64-"))
    # For a password recovery the client appends "/PASSWORD_RECOVERY".
    return text.strip('"').split("/")[0] or None


def _base64url(text: str) -> str:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError:
        return ""
