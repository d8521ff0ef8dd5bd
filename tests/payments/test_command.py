"""`fantooo payments`, against a shop in business."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime

import click
import pytest
from click.testing import CliRunner, Result

from cli import main
from cli.payments import books
from tests.conftest import Server
from tests.payments.shop import CREDITS, PRICE, Shop
from tests.payments.test_reversals import finished_refund
from tests.support.paystack import SECRET_KEY

Command = Callable[..., Result]


@pytest.fixture
def payments(shop: Shop, server: Server, clone: str) -> Command:
    """Run `fantooo payments …` in the shop's environment."""

    def run(*arguments: str, expect: int = 0) -> Result:
        environment = {
            "ADMIN_DATABASE_URL": server.dsn(clone),
            "DATABASE_URL": server.dsn(clone, "fantooo_api"),
            "PAYSTACK_SECRET_KEY": SECRET_KEY,
            "PAYSTACK_BASE_URL": shop.paystack.url,
        }
        result = CliRunner().invoke(main, ["payments", *arguments], env=environment, catch_exceptions=False)
        assert result.exit_code == expect, result.output
        return result

    return run


def lines(result: Result) -> list[list[str]]:
    """The table's rows below its heading, as words."""
    return [line.split() for line in result.output.splitlines()[1:]]


def test_the_list_is_newest_first_and_can_be_narrowed(shop: Shop, payments: Command) -> None:
    buyer = shop.buyer()
    paid, unpaid = shop.buy(buyer), shop.begin(shop.buyer())
    listed = payments("list").output
    assert listed.index(unpaid) < listed.index(paid)
    assert "KES 100.00" in listed
    assert paid not in payments("list", "--status", "pending").output
    assert unpaid not in payments("list", "--user", str(buyer)).output
    assert unpaid in payments("list", "--limit", "1").output
    assert paid not in payments("list", "--limit", "1").output


def test_a_shortfall_is_seen(shop: Shop, payments: Command) -> None:
    buyer = shop.buyer()
    fine, short = shop.buy(buyer), shop.buy(buyer)
    shop.spend_all(buyer)
    finished_refund(shop, short)
    listed = payments("list", "--shortfall").output
    assert short in listed
    assert fine not in listed


def test_a_payment_is_shown_with_all_that_happened_to_it(shop: Shop, payments: Command) -> None:
    reference = shop.buy(shop.buyer())
    finished_refund(shop, reference)
    shown = payments("show", reference).output
    assert "status             success" in shown
    for happened in (
        "charge.success credited",
        "refund.pending reversal_noted",
        "refund.processed reversal_noted",
        "purchase +10 balance 10",
        "reversal -10 balance 0",
        "done refund:",
    ):
        assert happened in shown


def test_what_nobody_could_be_credited_for_is_shown_by_its_reference(shop: Shop, payments: Command) -> None:
    reference = shop.browser_pays(PRICE)
    assert "charge.success unknown_reference" in payments("show", reference).output


def test_an_unknown_reference_is_an_error(payments: Command) -> None:
    assert "Nothing is known" in payments("show", "cr-nothing", expect=1).output


def test_asking_again_credits_what_was_lost(shop: Shop, payments: Command) -> None:
    buyer = shop.buyer()
    shop.paystack.set_faults(drop_webhooks=True)
    reference = shop.buy(buyer)
    told = payments("verify", reference).output
    assert "Paystack: success, KES 100.00, test" in told
    assert "We: success, 10 credits granted now" in told
    assert "We: success, 0 credits granted now" in payments("verify", reference).output
    assert shop.db.credits(buyer) == CREDITS


def test_asking_again_adopts_a_payment_that_has_become_possible(shop: Shop, payments: Command) -> None:
    """Paid before its package was there."""
    buyer = shop.buyer()
    reference = shop.browser_pays(7_700, metadata={"user_id": str(buyer)})
    shop.db.owner.execute(
        "insert into public.credit_packages (id, credits, price_minor, currency) values ('credits-7', 7, 7700, 'KES')"
    )
    payments("verify", reference)
    assert shop.db.credits(buyer) == 7


@pytest.mark.parametrize(("reference", "says"), [("cr-nothing", "NotFound"), ("a/b", "InvalidReference")])
def test_what_paystack_cannot_tell_is_one_sentence(payments: Command, reference: str, says: str) -> None:
    assert payments("verify", reference, expect=1).output.startswith(f"Error: {says}: ")


def test_the_export_has_every_payment_of_the_period(shop: Shop, payments: Command) -> None:
    paid, unpaid, old = shop.buy(shop.buyer()), shop.begin(shop.buyer()), shop.begin(shop.buyer())
    shop.time_passes(old, days=40)
    rows = list(csv.DictReader(io.StringIO(payments("export").output)))
    assert [row["reference"] for row in rows] == [unpaid, paid]
    assert (rows[1]["amount_minor"], rows[1]["paid_minor"], rows[1]["fees_minor"]) == (
        "10000",
        "10000",
        "290",
    )
    assert (rows[0]["status"], rows[0]["paid_minor"]) == ("pending", "")
    assert datetime.fromisoformat(rows[1]["paid_at"]).tzinfo


def test_the_daily_total_is_what_paystack_settles(shop: Shop, payments: Command) -> None:
    buyer = shop.buyer()
    shop.buy(buyer)
    shop.buy(buyer, "credits-25")
    refunded = shop.buy(buyer)
    shop.begin(buyer)
    finished_refund(shop, refunded)
    today = str(datetime.now(UTC).date())
    [total] = lines(payments("daily-total", "--time-zone", "UTC"))
    assert total == [today, "3", "45", "KES", "450.00", "KES", "13.05", "KES", "100.00", "KES", "336.95"]


def test_a_day_is_the_day_of_the_payment_where_the_shop_is(shop: Shop, payments: Command) -> None:
    shop.paystack.set_faults(hold_webhooks=True)
    reference = shop.begin(shop.buyer())
    shop.paystack.pay(reference)
    shop.paystack.control("PATCH", f"/transactions/{reference}", paid_at="2026-11-01T21:30:00.000Z")
    assert payments("verify", reference)
    period = ("--from", "2026-11-01", "--to", "2026-11-02")
    assert lines(payments("daily-total", *period))[0][0] == "2026-11-02"
    assert lines(payments("daily-total", *period, "--time-zone", "UTC"))[0][0] == "2026-11-01"


def test_a_time_zone_there_is_not_is_refused(payments: Command) -> None:
    assert "not a time zone" in payments("daily-total", "--time-zone", "Mars/Olympus", expect=2).output


class TestCompare:
    def test_books_that_agree_say_so(self, shop: Shop, payments: Command) -> None:
        shop.buy(shop.buyer())
        refunded = shop.buy(shop.buyer())
        finished_refund(shop, refunded)
        shop.begin(shop.buyer())
        assert payments("compare").output == "1 paid at Paystack, no difference.\n"

    def test_what_was_paid_and_not_credited_is_found(self, shop: Shop, payments: Command) -> None:
        shop.paystack.set_faults(drop_webhooks=True)
        lost, orphan = shop.buy(shop.buyer()), shop.browser_pays(PRICE)
        found = payments("compare", expect=1).output
        assert f"{lost}" in found
        assert "paid KES 100.00, here pending for KES 100.00" in found
        assert orphan in found
        assert "paid KES 100.00, no payment of ours" in found
        payments("verify", lost)

    def test_what_was_credited_and_not_paid_is_found(self, shop: Shop, payments: Command) -> None:
        reference = shop.buy(shop.buyer())
        shop.paystack.control("PATCH", f"/transactions/{reference}", status="failed")
        assert "credited, failed at Paystack" in payments("compare", expect=1).output

    def test_a_refund_nobody_told_us_of_is_found(self, shop: Shop, payments: Command) -> None:
        reference = shop.buy(shop.buyer())
        shop.paystack.set_faults(drop_webhooks=True)
        finished_refund(shop, reference)
        assert "reversed, 10 credits not taken back" in payments("compare", expect=1).output


def test_the_books_are_only_read(
    shop: Shop, server: Server, clone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADMIN_DATABASE_URL", server.dsn(clone))
    with pytest.raises(click.ClickException, match="read-only"), books() as connection:
        connection.execute("update public.credit_packages set is_active = false")
