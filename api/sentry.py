"""Errors nobody foresaw, sent to Sentry where SENTRY_DSN is set: where they happened, never what anybody said."""

from __future__ import annotations

import sentry_sdk
from sentry_sdk.types import Event, Hint

from api.config import Config


def init(config: Config) -> None:
    """Start sending. Without a DSN, capturing an error does nothing."""
    if config.sentry_dsn is None:
        return
    sentry_sdk.init(
        dsn=config.sentry_dsn.get_secret_value(),
        environment=config.environment,
        # We say ourselves what is sent. Integrations would add headers, bodies, statements and log lines.
        default_integrations=False,
        auto_enabling_integrations=False,
        max_breadcrumbs=0,
        include_local_variables=False,
        before_send=without_text,
    )


def without_text(event: Event, _hint: Hint) -> Event:
    """Keep the kinds of the exceptions and their frames; what they say may quote a user's text."""
    for exception in event.get("exception", {}).get("values", []):
        exception["value"] = ""
    event.pop("request", None)
    event.pop("extra", None)
    return event
