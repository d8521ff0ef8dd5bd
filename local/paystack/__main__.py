"""Runs the stand-in for Paystack: `python -m local.paystack --port 54324 …`."""

from ipaddress import ip_address
from pathlib import Path

import click
import uvicorn

from local.paystack.app import Settings, create_app


def _loopback(_context: click.Context, _parameter: click.Parameter, host: str) -> str:
    try:
        loopback = ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise click.BadParameter("the stand-in answers to anybody, so it listens on a loopback address only")
    return host


@click.command()
@click.option(
    "--host", default="127.0.0.1", show_default=True, callback=_loopback, help="A loopback address."
)
@click.option("--port", type=int, required=True)
@click.option(
    "--secret-key", required=True, help="sk_test_… or sk_live_…: the API's bearer and the webhooks' key."
)
@click.option("--public-key", required=True, help="pk_test_… or pk_live_….")
@click.option("--webhook-url", required=True, help="Where events are sent.")
@click.option("--data-dir", type=click.Path(file_okay=False, path_type=Path), required=True)
@click.option(
    "--speed", default=360.0, show_default=True, help="How much faster than Paystack's webhook retries run."
)
@click.option(
    "--currency", "currencies", multiple=True, default=["KES"], help="Accepted currencies, our own first."
)
def main(
    host: str,
    port: int,
    secret_key: str,
    public_key: str,
    webhook_url: str,
    data_dir: Path,
    speed: float,
    currencies: tuple[str, ...],
) -> None:
    """A Paystack account on this machine."""
    settings = Settings(
        secret_key=secret_key,
        public_key=public_key,
        webhook_url=webhook_url,
        data_dir=data_dir,
        speed=speed,
        currencies=tuple(currencies),
    )
    uvicorn.run(create_app(settings), host=host, port=port, log_level="warning", timeout_graceful_shutdown=1)


if __name__ == "__main__":
    main()
