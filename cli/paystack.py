"""Paystack as the API has it, for commands that ask it something."""

from __future__ import annotations

import os

import click

from api.providers.paystack import BASE_URL, Paystack
from cli.environment import DEFAULT_DATA_DIR, read_env_file, variable


def configured_paystack() -> Paystack:
    """Paystack by its key, at the address that was set together with the key: a live key goes nowhere else."""
    settings = os.environ if os.environ.get("PAYSTACK_SECRET_KEY") else read_env_file(DEFAULT_DATA_DIR)
    try:
        return Paystack(
            variable("PAYSTACK_SECRET_KEY"), base_url=settings.get("PAYSTACK_BASE_URL") or BASE_URL
        )
    except ValueError as error:
        raise click.ClickException(f"{error}.") from error
