"""The HTTP API: thin over the SQL functions, which hold every rule."""

from __future__ import annotations

from flask import Flask, Response, request
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix

from api import errors, limits, logs, metrics, sentry
from api.accounts import accounts
from api.admin import admin
from api.auth import TokenVerifier
from api.chats import chats
from api.config import Config
from api.cron import cron
from api.db import Database
from api.limits import Limits
from api.messages import IDEMPOTENCY_KEY, messages
from api.operator import operator
from api.payments import payments
from api.profiles import profiles
from api.providers.paystack import Paystack
from api.services import Services
from api.supabase_auth import SupabaseAuth
from api.system import operations, system
from api.webhooks import webhooks

RESOURCES = (
    accounts,
    chats,
    messages,
    profiles,
    operator,
    payments,
    webhooks,
    cron,
    admin,
    system,
    operations,
)

LARGEST_BODY = 64 * 1024  # bytes: a message of 5000 characters, all escaped, is half of it

# What a view may set otherwise, and what it may not.
DEFAULT_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
SECURITY_HEADERS = [
    ("Cross-Origin-Resource-Policy", "cross-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
]


def create_app(config: Config | None = None, services: Services | None = None) -> Flask:
    """The application. Without arguments it is set up from the environment; raises ConfigError if that is not fit."""
    config = config or (services.config if services else Config.from_env())
    logs.configure()
    sentry.init(config)
    services = services or connect(config)

    app = Flask(__name__, static_folder=None)
    app.url_map.merge_slashes = False  # a path nobody serves is answered 404, not sent elsewhere
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.compact = True  # type: ignore[attr-defined]
    if config.trusted_proxies:
        hops = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]

    # First in, last out: the log line tells what the others made of the response.
    logs.init_app(app)
    metrics.init_app(app, services.db)
    services.init_app(app)
    limits.init_app(app, config)
    errors.init_app(app)
    for resource in RESOURCES:
        app.register_blueprint(resource)
    CORS(
        app,
        resources={r"/api/*": {"origins": [config.app_url]}},
        allow_headers=["Authorization", "Content-Type", IDEMPOTENCY_KEY, "X-Request-Id"],
        expose_headers=[
            "ETag",
            "RateLimit-Limit",
            "RateLimit-Remaining",
            "RateLimit-Reset",
            "Retry-After",
            "X-Request-Id",
        ],
        max_age=600,
    )

    @app.after_request
    def harden(response: Response) -> Response:
        for name, value in DEFAULT_HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.extend(SECURITY_HEADERS)
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        return response

    services.db.open()
    return app


def connect(config: Config) -> Services:
    """The services `config` names; nothing is asked of them yet."""
    return Services(
        config=config,
        db=Database.from_config(config, observe=_observe_call),
        tokens=TokenVerifier.from_config(config),
        limits=Limits(config.rate_limit_storage_url),
        auth=SupabaseAuth.from_config(config),
        paystack=Paystack(config.paystack_secret_key.get_secret_value(), base_url=config.paystack_base_url),
    )


def _observe_call(function: str, waited: float, worked: float) -> None:
    metrics.observe_call(function, waited, worked)
    logs.add_database_time(function, waited, worked)
