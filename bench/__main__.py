"""python -m bench [PART …]: measure, print the tables, and keep them in bench/results."""

from __future__ import annotations

import importlib
import sys
import time

import click

from bench.lab import Unavailable, open_lab
from bench.options import Options
from bench.report import save

PARTS = ("messages", "growth", "contention", "sweep", "footprint", "delivery")
SIZES = (1_000, 100_000)
FULL_SIZES = (*SIZES, 1_000_000)


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(PARTS))
@click.option("--rounds", default=5, show_default=True, help="How often each scenario has its turn.")
@click.option("--seconds", default=4.0, show_default=True, help="How long a turn is.")
@click.option("--full", is_flag=True, help="Growth up to a million chats and ten million messages.")
@click.option("--sizes", help="Growth at these numbers of chats instead, separated by commas.")
@click.option("--only", help="Only scenarios whose name holds this text.")
def main(
    parts: tuple[str, ...], rounds: int, seconds: float, full: bool, sizes: str | None, only: str | None
) -> None:
    """Measure all parts, or those named: messages, growth, contention, sweep, footprint, delivery."""
    chosen = tuple(map(int, sizes.split(","))) if sizes else FULL_SIZES if full else SIZES
    options = Options(rounds, seconds, chosen, only)
    for part in parts or PARTS:
        started = time.monotonic()
        try:
            with open_lab() as lab:
                tables = importlib.import_module(f"bench.parts.{part}").measure(lab, options)
        except Unavailable as reason:
            click.echo(f"\n{part}: not measured, {reason}", err=True)
            continue
        for table in tables:
            click.echo(str(table))
        if not only:
            kept = save(part, tables)
            click.echo(f"\nKept in {kept.relative_to(kept.parents[2])}, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
