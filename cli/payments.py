"""`fantooo payments`: look into payments, ask Paystack again, and hold our books against its."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
import psycopg
from psycopg.rows import dict_row

from api.providers.paystack import Charge, NotFound, Paystack, PaystackError
from cli.database import connected, explained
from cli.environment import variable
from cli.paystack import configured_paystack
from jobs import reconcile_payments

Row = dict[str, Any]

PAYMENTS = """
select t.created_at, t.paystack_reference as reference, t.status, t.amount_minor, t.currency, t.credits_purchased,
  t.credits_reversed, t.credits_shortfall, t.channel, t.failure_reason, t.package_id, t.real_user_id as user_id,
  t.completed_at, t.provider_payload ->> 'paid_at' as paid_at, t.provider_payload ->> 'id' as paystack_id,
  t.provider_payload ->> 'amount' as paid_minor, t.provider_payload ->> 'fees' as fees_minor, t.next_check_at
from public.transactions t
where (%(reference)s::text is null or t.paystack_reference = %(reference)s)
  and (%(status)s::text is null or t.status = %(status)s)
  and (%(user)s::uuid is null or t.real_user_id = %(user)s)
  and (%(since)s::timestamptz is null or t.created_at >= %(since)s)
  and (%(until)s::timestamptz is null or t.created_at < %(until)s)
  and (not %(shortfall)s or t.credits_shortfall > 0)
order by t.created_at desc, t.id
limit %(limit)s
"""
EVERYTHING: dict[str, Any] = {
    "reference": None, "status": None, "user": None, "since": None, "until": None, "shortfall": False, "limit": None
}  # fmt: skip

# Everything that is known under a reference, whether or not a payment of ours has it, in the order it happened.
HISTORY = """
select e.received_at as at, 'webhook' as kind,
  concat_ws(' ', e.event, e.outcome, e.detail, case when e.deliveries > 1 then e.deliveries || ' deliveries' end) as what
from public.payment_events e where e.reference = %(reference)s
union all
select r.updated_at, r.kind, concat_ws(' ', r.state, r.reversal_key, r.amount_minor)
from public.payment_reversals r where r.reference = %(reference)s
union all
select l.created_at, 'ledger', concat_ws(' ', l.reason, to_char(l.delta, 'FMSG999999999'), 'balance', l.balance_after)
from public.credit_ledger l join public.transactions t on t.id = l.transaction_id
where t.paystack_reference = %(reference)s
order by at
"""

# Paystack settles what was paid on a day less its fees, so the day is that of the payment and not of our hearing of it.
DAILY_TOTAL = """
with paid as (
  select ((coalesce((t.provider_payload ->> 'paid_at')::timestamptz, t.completed_at)) at time zone %(zone)s)::date as day,
    t.currency, coalesce((t.provider_payload ->> 'amount')::bigint, t.amount_minor) as amount,
    coalesce((t.provider_payload ->> 'fees')::bigint, 0) as fees, t.credits_purchased as credits
  from public.transactions t
  where t.status = 'success'
), reversed as (
  select (r.updated_at at time zone %(zone)s)::date as day, t.currency, r.amount_minor as amount
  from public.payment_reversals r join public.transactions t on t.paystack_reference = r.reference
  where r.state = 'done'
), days as (
  select p.day, p.currency, 1 as payments, p.amount as paid, p.fees, 0 as reversed, p.credits from paid p
  union all
  select r.day, r.currency, 0, 0, 0, r.amount, 0 from reversed r
)
select d.day, d.currency, sum(d.payments) as payments, sum(d.credits) as credits, sum(d.paid) as paid,
  sum(d.fees) as fees, sum(d.reversed) as reversed, sum(d.paid - d.fees - d.reversed) as net
from days d
where d.day between %(since)s and %(until)s
group by d.day, d.currency
order by d.day, d.currency
"""

KNOWN = "select paystack_reference, status, amount_minor, currency from public.transactions where paystack_reference = any(%s)"

CREDITED = """
select t.paystack_reference as reference, t.credits_purchased - t.credits_reversed - t.credits_shortfall as kept
from public.transactions t
where t.status = 'success' and t.created_at >= %s and t.created_at < %s
order by t.created_at
"""


@click.group()
def payments() -> None:
    """Look into payments, ask Paystack again, export."""


def _zone(_context: click.Context, _parameter: click.Parameter, name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise click.BadParameter(f"{name} is not a time zone.") from error


@dataclass(frozen=True)
class Period:
    """Days, the first and the last included, somewhere in the world."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def since(self) -> datetime:
        return datetime.combine(self.first, time(), self.zone)

    @property
    def until(self) -> datetime:
        """The moment after its end."""
        return datetime.combine(self.last + timedelta(days=1), time(), self.zone)


def about_a_period(command: Callable[[Period], None]) -> Callable[..., None]:
    """Give a command the options of its period."""

    @click.option(
        "--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="First day. Default: 30 days ago."
    )
    @click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="Last day. Default: today.")
    @click.option("--time-zone", "zone", default="Africa/Nairobi", show_default=True, callback=_zone)
    @wraps(command)
    def wrapper(first: datetime | None, last: datetime | None, zone: ZoneInfo) -> None:
        today = datetime.now(zone).date()
        command(
            Period(
                first.date() if first else today - timedelta(days=30), last.date() if last else today, zone
            )
        )

    return wrapper


@contextmanager
def books() -> Iterator[psycopg.Connection[Row]]:
    """The project's database as its owner at ADMIN_DATABASE_URL, to read from."""
    with explained(), psycopg.connect(variable("ADMIN_DATABASE_URL"), row_factory=dict_row) as connection:
        connection.read_only = True
        yield connection


@payments.command("list")
@click.option("--status", type=click.Choice(["pending", "success", "failed"]))
@click.option("--user", type=click.UUID, metavar="ID", help="Only this user's.")
@click.option("--shortfall", is_flag=True, help="Only those whose reversal found the credits spent.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
def list_(status: str | None, user: str | None, shortfall: bool, limit: int) -> None:
    """The newest payments."""
    with books() as connection:
        chosen = {"status": status, "user": user, "shortfall": shortfall, "limit": limit}
        found = connection.execute(PAYMENTS, EVERYTHING | chosen).fetchall()
    table(
        ["BEGUN", "REFERENCE", "STATUS", "AMOUNT", "CREDITS", "REVERSED", "SHORT", "CHANNEL", "REASON"],
        [
            [
                moment(row["created_at"]), row["reference"], row["status"], money(row["amount_minor"], row["currency"]),
                row["credits_purchased"], row["credits_reversed"], row["credits_shortfall"], row["channel"],
                row["failure_reason"],
            ]
            for row in found
        ],
    )  # fmt: skip


@payments.command()
@click.argument("reference")
def show(reference: str) -> None:
    """All that is known under a REFERENCE: the payment, its webhooks, reversals and credits."""
    with books() as connection:
        payment = connection.execute(PAYMENTS, EVERYTHING | {"reference": reference}).fetchone()
        history = connection.execute(HISTORY, {"reference": reference}).fetchall()
    if payment is None and not history:
        raise click.ClickException("Nothing is known under this reference.")
    for name, value in (payment or {"reference": reference, "status": "no payment of ours"}).items():
        click.echo(f"{name:18} {'-' if value is None else value}")
    click.echo()
    table(["AT", "KIND", "WHAT"], [[moment(row["at"]), row["kind"], row["what"]] for row in history])


@payments.command()
@click.argument("reference")
def verify(reference: str) -> None:
    """Ask Paystack about a REFERENCE, and credit or fail the payment accordingly, as the scheduled job does."""
    paystack = configured_paystack()
    with asking_paystack():
        charge = paystack.verify(reference)
    click.echo(f"Paystack: {charge.status}, {money(charge.amount_minor, charge.currency)}, {charge.mode}")
    with explained(), connected() as db:
        settled = reconcile_payments.settle(db, charge, paystack.mode)
    reason = f" ({settled['reason']})" if settled["reason"] else ""
    click.echo(f"We: {settled['status']}{reason}, {settled['granted']} credits granted now")


@payments.command()
@about_a_period
def export(period: Period) -> None:
    """Write the payments begun in a period as CSV to standard output, newest first. Amounts are in minor units."""
    # Read as it is written: a period can hold more than fits into memory.
    with books() as connection, connection.cursor("export") as cursor:
        cursor.execute(PAYMENTS, EVERYTHING | {"since": period.since, "until": period.until})
        writer = csv.writer(sys.stdout)
        writer.writerow([column.name for column in cursor.description or ()])
        for row in cursor:
            writer.writerow(
                [value.isoformat() if isinstance(value, datetime) else value for value in row.values()]
            )


@payments.command("daily-total")
@about_a_period
def daily_total(period: Period) -> None:
    """What was paid on each day, to hold against Paystack's settlements."""
    with books() as connection:
        days = connection.execute(
            DAILY_TOTAL, {"zone": period.zone.key, "since": period.first, "until": period.last}
        ).fetchall()
    table(
        ["DAY", "PAYMENTS", "CREDITS", "PAID", "FEES", "REVERSED", "NET"],
        [
            [day["day"], day["payments"], day["credits"]]
            + [money(int(day[name]), day["currency"]) for name in ("paid", "fees", "reversed", "net")]
            for day in days
        ],
    )


@payments.command()
@about_a_period
def compare(period: Period) -> None:
    """Hold every payment of a period against Paystack's own list, both ways. Ends with status 1 when they differ.

    What was paid and not credited is mended by `fantooo payments verify REFERENCE`; the rest needs a person.
    """
    paystack = configured_paystack()
    with asking_paystack(), books() as connection:
        charges = {
            each.reference: each
            for each in paystack.list_transactions(since=period.since, until=period.until)
        }
        known = {
            row["paystack_reference"]: row for row in connection.execute(KNOWN, [list(charges)]).fetchall()
        }
        differences = [
            (reference, problem)
            for reference, charge in charges.items()
            if (problem := _not_credited(charge, known.get(reference)))
        ]
        for row in connection.execute(CREDITED, [period.since, period.until]).fetchall():
            if row["reference"] not in charges and (problem := _not_paid(paystack, row)):
                differences.append((row["reference"], problem))
    if differences:
        table(["REFERENCE", "DIFFERENCE"], differences)
        raise click.exceptions.Exit(1)
    click.echo(f"{len(charges)} paid at Paystack, no difference.")


def _not_credited(charge: Charge, payment: Row | None) -> str | None:
    paid = money(charge.amount_minor, charge.currency)
    if payment is None:
        return f"paid {paid}, no payment of ours"
    if payment["status"] != "success":
        return (
            f"paid {paid}, here {payment['status']} for {money(payment['amount_minor'], payment['currency'])}"
        )
    return None


def _not_paid(paystack: Paystack, payment: Row) -> str | None:
    """Asked one by one: a payment begun at the edge of the period is in neither list of Paystack's."""
    try:
        charge = paystack.verify(payment["reference"])
    except NotFound:
        return "credited, unknown to Paystack"
    if charge.status == "reversed":
        return f"reversed, {payment['kept']} credits not taken back" if payment["kept"] else None
    return None if charge.status == "success" else f"credited, {charge.status} at Paystack"


@contextmanager
def asking_paystack() -> Iterator[None]:
    """Turn Paystack's failures into a click error of one sentence."""
    try:
        yield
    except PaystackError as error:
        raise click.ClickException(f"{type(error).__name__}: {error}") from error


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows under a heading, aligned; nothing but the heading when there are none."""
    cells = [list(head), *([("" if value is None else str(value)) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def money(minor: int, currency: str) -> str:
    """Minor units for people: KES 1,000.00. Every currency of Paystack's has a hundred of them to one."""
    sign = "-" if minor < 0 else ""
    whole, rest = divmod(abs(minor), 100)
    return f"{currency} {sign}{whole:,}.{rest:02}"


def moment(at: datetime | date) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
