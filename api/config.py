"""What the service needs to know, read once from the environment and checked before anything starts."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

import jwt
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from api.providers.paystack import checked_base_url

TRANSACTION_POOLER_PORT = 6543

Network = IPv4Network | IPv6Network


class ConfigError(Exception):
    """The environment is not fit to start with; the message names every variable and how to mend it."""


def _without_trailing_slash(value: object) -> object:
    return value.rstrip("/") if isinstance(value, str) else value


def _origin(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+", value):
        raise ValueError("it should be https:// and a host, with a port if need be, and nothing after it")
    return value


def _networks(value: object) -> object:
    if isinstance(value, str):
        return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
    return value


def _paystack_secret(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"sk_(test|live)_[A-Za-z0-9_-]+", value.get_secret_value()):
        raise ValueError("it should begin with sk_test_ or sk_live_, with letters and digits after it")
    return value


def _database_address(value: SecretStr) -> SecretStr:
    address = value.get_secret_value()
    if not address.startswith(("postgresql://", "postgres://")):
        raise ValueError("it should begin with postgresql://")
    try:
        is_transaction_pooler(address)
    except ValueError:
        # Not the library's own words: they quote what it took for the port, which is a part of the password.
        raise ValueError("a password with / ? # @ : [ or ] in it has to be percent-encoded") from None
    return value


def is_transaction_pooler(database_url: str) -> bool:
    """Whether each statement may meet another server connection, so that none can be prepared ahead."""
    return urlsplit(database_url).port == TRANSACTION_POOLER_PORT


PaystackSecret = Annotated[SecretStr, AfterValidator(_paystack_secret)]
Url = Annotated[str, BeforeValidator(_without_trailing_slash), Field(pattern=r"^https?://[^\s/]+")]
Origin = Annotated[Url, AfterValidator(_origin)]


class Config(BaseModel):
    """The service's settings. A field's alias is its environment variable, its description how to get one."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    environment: Literal["development", "production"] = Field(
        "development", alias="ENVIRONMENT", description="Set it to development or production."
    )
    supabase_url: Origin = Field(
        alias="SUPABASE_URL",
        description="Copy the project's URL (https://<ref>.supabase.co), without a path.",
    )
    supabase_anon_key: SecretStr = Field(
        alias="SUPABASE_ANON_KEY",
        min_length=20,
        description="Copy the publishable key (sb_publishable_…) or the legacy anon key of the project.",
    )
    supabase_service_role_key: SecretStr = Field(
        alias="SUPABASE_SERVICE_ROLE_KEY",
        min_length=20,
        description="Copy the secret key (sb_secret_…) or the legacy service_role key of the project.",
    )
    supabase_jwt_secret: SecretStr | None = Field(
        None,
        alias="SUPABASE_JWT_SECRET",
        min_length=32,
        description="Only for projects that still sign tokens with HS256: the JWT secret, 32 characters or more.",
    )
    database_url: Annotated[SecretStr, AfterValidator(_database_address)] = Field(
        alias="DATABASE_URL",
        description="Give the connection string of the login fantooo_api: postgresql://fantooo_api:…@host:port/db.",
    )
    database_pool_size: int = Field(
        8,
        alias="DATABASE_POOL_SIZE",
        ge=1,
        le=200,
        description="How many connections one worker process may hold, 1 to 200.",
    )
    paystack_secret_key: PaystackSecret = Field(
        alias="PAYSTACK_SECRET_KEY",
        description="Copy the secret key (sk_test_… or sk_live_…) from Paystack's dashboard.",
    )
    paystack_previous_secret_key: PaystackSecret | None = Field(
        None,
        alias="PAYSTACK_PREVIOUS_SECRET_KEY",
        description="While a key is being rotated: the one before, so that webhooks signed with it still count.",
    )
    paystack_public_key: str = Field(
        alias="PAYSTACK_PUBLIC_KEY",
        pattern=r"^pk_(test|live)_\S+$",
        description="Copy the public key (pk_test_… or pk_live_…) from Paystack's dashboard.",
    )
    paystack_base_url: Annotated[Url, AfterValidator(checked_base_url)] = Field(
        "https://api.paystack.co", alias="PAYSTACK_BASE_URL", description="Leave it unset outside tests."
    )
    paystack_allowed_ips: Annotated[tuple[Network, ...], BeforeValidator(_networks)] = Field(
        (),
        alias="PAYSTACK_ALLOWED_IPS",
        description="Addresses or networks webhooks may come from, separated by commas; unset means any.",
    )
    cron_secret: SecretStr = Field(
        alias="CRON_SECRET",
        min_length=16,
        description="Make one of 16 characters or more, for instance with: openssl rand -hex 32.",
    )
    app_url: Origin = Field(
        alias="APP_URL",
        description="Give the address browsers open the app at, for instance https://fantooo.com.",
    )
    trusted_proxies: int = Field(
        0,
        alias="TRUSTED_PROXIES",
        ge=0,
        le=10,
        description="How many proxies of ours stand before the service, 0 to 10 (Vercel: 1).",
    )
    rate_limit_storage_url: str = Field(
        "memory://",
        alias="RATE_LIMIT_STORAGE_URL",
        pattern=r"^(memory|rediss?|redis\+\w+|rediss\+\w+)://",
        description="memory:// for one process, redis://… or rediss://… where several share the limits.",
    )
    sentry_dsn: SecretStr | None = Field(
        None, alias="SENTRY_DSN", description="Copy the DSN from Sentry, or leave it unset."
    )
    worker_count: int = Field(
        1, alias="WEB_CONCURRENCY", ge=1, le=256, description="How many worker processes to run, 1 to 256."
    )

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """The settings in `environ`. Raises ConfigError with one line for each thing that is wrong."""
        given = {name: value.strip() for name, value in environ.items()}
        # An empty variable is how hosting panels show one that is not set.
        known = {
            name: given[name] for field in cls.model_fields.values() if given.get(name := str(field.alias))
        }
        try:
            return cls.model_validate(known)
        except ValidationError as error:
            raise ConfigError(_explain(cls, error)) from None

    @model_validator(mode="after")
    def _supabase_keys_are_not_swapped(self) -> Self:
        if _supabase_role(self.supabase_anon_key) == "service_role":
            raise ValueError(
                "SUPABASE_ANON_KEY holds a secret key, which browsers would get to see. Put the publishable one there."
            )
        if _supabase_role(self.supabase_service_role_key) == "anon":
            raise ValueError("SUPABASE_SERVICE_ROLE_KEY holds the publishable key. Put the secret one there.")
        return self

    @model_validator(mode="after")
    def _paystack_keys_agree(self) -> Self:
        keys = [self.paystack_public_key, self.paystack_secret_key.get_secret_value()]
        if self.paystack_previous_secret_key:
            keys.append(self.paystack_previous_secret_key.get_secret_value())
        if len({key.split("_")[1] for key in keys}) > 1:
            raise ValueError("The PAYSTACK_… keys mix test and live. Take all of them from the same mode.")
        if self.paystack_mode == "live" and self.paystack_base_url != "https://api.paystack.co":
            raise ValueError("PAYSTACK_BASE_URL would send the live key to another host. Leave it unset.")
        if self.paystack_mode == "live" and not self.is_production:
            raise ValueError(
                "PAYSTACK_SECRET_KEY is a live key, which takes real money. Set ENVIRONMENT=production."
            )
        if self.paystack_mode == "test" and self.is_production:
            raise ValueError(
                "PAYSTACK_SECRET_KEY is a test key, with which anyone buys credits by a test card. "
                "Use the live keys, or ENVIRONMENT=development for a staging deployment."
            )
        return self

    @model_validator(mode="after")
    def _production_is_encrypted(self) -> Self:
        if self.is_production:
            for name, url in (("SUPABASE_URL", self.supabase_url), ("APP_URL", self.app_url)):
                if not url.startswith("https://"):
                    raise ValueError(f"{name} must begin with https:// when ENVIRONMENT=production.")
        return self

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def paystack_mode(self) -> Literal["test", "live"]:
        return "live" if self.paystack_secret_key.get_secret_value().startswith("sk_live_") else "test"

    @property
    def token_issuer(self) -> str:
        """The `iss` of this project's access tokens, which is also where its Auth answers."""
        return f"{self.supabase_url}/auth/v1"

    @property
    def behind_transaction_pooler(self) -> bool:
        return is_transaction_pooler(self.database_url.get_secret_value())

    @cached_property
    def webhook_secrets(self) -> tuple[str, ...]:
        """The keys a webhook may be signed with, the current one first."""
        secrets = (self.paystack_secret_key, self.paystack_previous_secret_key)
        return tuple(secret.get_secret_value() for secret in secrets if secret)


def _supabase_role(key: SecretStr) -> str | None:
    """The role a key of either format stands for; None when it cannot be told."""
    value = key.get_secret_value()
    if value.startswith("sb_secret_"):
        return "service_role"
    if value.startswith("sb_publishable_"):
        return "anon"
    try:
        role = jwt.decode(value, options={"verify_signature": False}).get("role")
    except jwt.PyJWTError:
        return None
    return role if isinstance(role, str) else None


def _sentence(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def _explain(model: type[Config], error: ValidationError) -> str:
    descriptions = {str(field.alias): field.description for field in model.model_fields.values()}
    lines = []
    for problem in error.errors(include_url=False, include_context=False):
        if not problem["loc"]:
            lines.append(problem["msg"].removeprefix("Value error, "))
            continue
        name = str(problem["loc"][0])
        what = "is not set" if problem["type"] == "missing" else f"is not right: {_sentence(problem['msg'])}"
        lines.append(f"{name} {what}. {descriptions[name]}")
    return "\n".join(["The service cannot start:", *(f"  - {line}" for line in dict.fromkeys(lines))])
