"""The environment is checked before anything starts, and what is wrong is said with how to mend it."""

import jwt
import pytest

from api.config import Config, ConfigError

GOOD = {
    "SUPABASE_URL": "http://127.0.0.1:54321/",
    "SUPABASE_ANON_KEY": "sb_publishable_0123456789",
    "SUPABASE_SERVICE_ROLE_KEY": "sb_secret_0123456789",
    "DATABASE_URL": "postgresql://fantooo_api:word@db.test:5432/postgres",
    "PAYSTACK_SECRET_KEY": "sk_test_abc",
    "PAYSTACK_PUBLIC_KEY": "pk_test_abc",
    "CRON_SECRET": "0123456789abcdef",
    "APP_URL": "http://localhost:3000",
}
LIVE = {
    "ENVIRONMENT": "production",
    "SUPABASE_URL": "https://project.supabase.co",
    "APP_URL": "https://fantooo.com",
    "PAYSTACK_SECRET_KEY": "sk_live_abc",
    "PAYSTACK_PUBLIC_KEY": "pk_live_abc",
}


def problems(**changes: str) -> str:
    """What is said about GOOD with these variables changed."""
    with pytest.raises(ConfigError) as refused:
        Config.from_env({**GOOD, **changes})
    return str(refused.value)


def test_what_is_needed_is_enough() -> None:
    config = Config.from_env(GOOD)
    assert config.supabase_url == "http://127.0.0.1:54321"
    assert config.token_issuer == "http://127.0.0.1:54321/auth/v1"
    assert (config.trusted_proxies, config.paystack_mode, config.is_production) == (0, "test", False)


def test_production_takes_live_keys_and_https() -> None:
    assert Config.from_env({**GOOD, **LIVE}).paystack_mode == "live"


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_variable_is_named(name: str, value: str | None) -> None:
    environ = {**GOOD, name: value}
    with pytest.raises(ConfigError, match=f"{name} is not set"):
        Config.from_env({key: value for key, value in environ.items() if value is not None})


def test_every_problem_is_told_at_once() -> None:
    said = problems(CRON_SECRET="short", APP_URL="fantooo.com", TRUSTED_PROXIES="many")
    assert all(name in said for name in ("CRON_SECRET", "APP_URL", "TRUSTED_PROXIES"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"CRON_SECRET": "0123456789abcde"}, "16 characters or more"),
        ({"SUPABASE_JWT_SECRET": "short"}, "32 characters or more"),
        ({"PAYSTACK_SECRET_KEY": "pk_test_abc"}, "sk_test_ or sk_live_"),
        ({"PAYSTACK_SECRET_KEY": "sk_live_abc"}, "mix test and live"),
        ({"PAYSTACK_PREVIOUS_SECRET_KEY": "sk_live_abc"}, "mix test and live"),
        ({"PAYSTACK_SECRET_KEY": "sk_live_abc", "PAYSTACK_PUBLIC_KEY": "pk_live_abc"}, "takes real money"),
        ({**LIVE, "PAYSTACK_BASE_URL": "http://127.0.0.1:4000"}, "live key to another host"),
        ({**LIVE, "PAYSTACK_SECRET_KEY": "sk_test_a", "PAYSTACK_PUBLIC_KEY": "pk_test_a"}, "test card"),
        ({**LIVE, "APP_URL": "http://fantooo.com"}, "APP_URL must begin with https://"),
        ({**LIVE, "SUPABASE_URL": "http://project.supabase.co"}, "SUPABASE_URL must begin with https://"),
        ({"SUPABASE_ANON_KEY": "sb_secret_0123456789"}, "browsers would get to see"),
        ({"SUPABASE_ANON_KEY": jwt.encode({"role": "service_role"}, "x" * 32)}, "browsers would get to see"),
        ({"SUPABASE_SERVICE_ROLE_KEY": "sb_publishable_0123456789"}, "holds the publishable key"),
        ({"RATE_LIMIT_STORAGE_URL": "mysql://x"}, "RATE_LIMIT_STORAGE_URL"),
        ({"PAYSTACK_ALLOWED_IPS": "paystack.com"}, "PAYSTACK_ALLOWED_IPS"),
        ({"WEB_CONCURRENCY": "0"}, "WEB_CONCURRENCY"),
        ({"ENVIRONMENT": "staging"}, "ENVIRONMENT"),
        ({"DATABASE_URL": "mysql://root@db.test/x"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://fantooo_api:a/b@db.test/x"}, "percent-encoded"),
        ({"DATABASE_URL": "postgresql://fantooo_api:a[b@db.test/x"}, "percent-encoded"),
        ({"PAYSTACK_SECRET_KEY": "sk_test_a$b"}, "letters and digits"),
        ({"PAYSTACK_BASE_URL": "http://pay.example"}, "PAYSTACK_BASE_URL"),
        ({"APP_URL": "https://fantooo.com/app"}, "APP_URL is not right: it should be https:// and a host"),
        ({"APP_URL": "https://fantooo.com?a=b"}, "APP_URL is not right: it should be https:// and a host"),
        (
            {"SUPABASE_URL": "https://x.supabase.co/rest/v1/"},
            "SUPABASE_URL is not right: it should be https://",
        ),
    ],
    ids=str,
)
def test_what_would_go_wrong_later_is_refused_now(changes: dict[str, str], said: str) -> None:
    assert said in problems(**changes)


def test_no_secret_is_repeated_in_an_error_or_in_the_settings() -> None:
    assert "hunter2" not in problems(CRON_SECRET="hunter2", PAYSTACK_SECRET_KEY="hunter2hunter2")
    assert "hunter2" not in problems(DATABASE_URL="postgresql://fantooo_api:hunter2/x@db.test/postgres")
    shown = repr(Config.from_env({**GOOD, "PAYSTACK_SECRET_KEY": "sk_test_hunter2"}))
    assert "hunter2" not in shown and "0123456789" not in shown and "word" not in shown


@pytest.mark.parametrize(("port", "pooled"), [("5432", False), ("6543", True)])
def test_the_transaction_pooler_is_known_by_its_port(port: str, pooled: bool) -> None:
    config = Config.from_env(
        {**GOOD, "DATABASE_URL": f"postgresql://fantooo_api.ref:word@db.test:{port}/postgres"}
    )
    assert config.behind_transaction_pooler is pooled


def test_the_current_and_the_previous_key_may_sign_webhooks() -> None:
    config = Config.from_env({**GOOD, "PAYSTACK_PREVIOUS_SECRET_KEY": "sk_test_before"})
    assert config.webhook_secrets == ("sk_test_abc", "sk_test_before")
