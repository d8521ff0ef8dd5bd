"""The HTTP API: thin over the SQL functions, which hold every rule."""

from __future__ import annotations

from flask import Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

from api import errors, limits, logs, metrics, sentry
from api.accounts import accounts
from api.admin import admin
from api.auth import TokenVerifier
from api.chats import chats
from api.config import Config
from api.cron import cron
from api.db import Database
from api.headers import StandardHeaders
from api.json import Json
from api.limits import Limits
from api.messages import messages
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


def create_app(config: Config | None = None, services: Services | None = None) -> Flask:
    """The application. Without arguments it is set up from the environment; raises ConfigError if that is not fit."""
    config = config or (services.config if services else Config.from_env())
    logs.configure()
    sentry.init(config)
    services = services or connect(config)

    app = Flask(__name__, static_folder=None)
    app.url_map.merge_slashes = False  # a path nobody serves is answered 404, not sent elsewhere
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.json = Json(app)
    app.wsgi_app = StandardHeaders(app.wsgi_app, app_url=config.app_url)  # type: ignore[method-assign]
    if config.trusted_proxies:
        hops = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]

    services.init_app(app)
    limits.warn_if_not_shared(config)
    errors.init_app(app)
    for resource in RESOURCES:
        app.register_blueprint(resource)
    app.before_request(logs.begin)

    @app.after_request
    def finish(response: Response) -> Response:
        limits.show()
        metrics.observe_request(response, services.db)
        logs.write_line(response)
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
