"""What the running app shares between requests."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, current_app

from api.auth import TokenVerifier
from api.config import Config
from api.db import Database
from api.limits import Limits
from api.providers.paystack import Paystack
from api.supabase_auth import SupabaseAuth


@dataclass(frozen=True)
class Services:
    """Everything outside the process that a view may reach, and the settings. Tests put their own in its place."""

    config: Config
    db: Database
    tokens: TokenVerifier
    limits: Limits
    auth: SupabaseAuth
    paystack: Paystack

    def init_app(self, app: Flask) -> None:
        app.extensions["fantooo"] = self


def services() -> Services:
    """The services of the app that answers this request."""
    found: Services = current_app.extensions["fantooo"]
    return found
