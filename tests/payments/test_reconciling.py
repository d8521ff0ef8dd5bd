"""The job that asks Paystack: every payment is found however much got lost, once, and without asking for ever."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import requests
from psycopg.types.json import Jsonb

from api.providers.paystack import InvalidKey, Paystack
from jobs import reconcile_payments
from tests.payments.shop import CREDITS, Shop, at_once


def lost_payments(shop: Shop, count: int) -> list[str]:
    """References of payments that were made, whose webhooks are lost, and that are due to be asked about."""
    shop.paystack.set_faults(drop_webhooks=True)
    references = [shop.buy(shop.buyer()) for _ in range(count)]
    for reference in references:
        shop.time_passes(reference, minutes=2)
    return references


def asked(shop: Shop) -> list[str]:
    """The references Paystack was asked about."""
    prefix = "GET /transaction/verify/"
    return [call.removeprefix(prefix) for call in shop.paystack.calls() if call.startswith(prefix)]


def next_check_in(shop: Shop, reference: str) -> timedelta | None:
    at: datetime | None = shop.payment(reference)["next_check_at"]
    return at - datetime.now(UTC) if at else None


class TestFinding:
    def test_a_payment_whose_webhooks_were_all_lost_is_credited(self, shop: Shop) -> None:
        [reference] = lost_payments(shop, 1)
        result = shop.reconcile()
        assert (result["asked"], result["credited"]) == (1, 1)
        assert shop.state(reference) == ("success", None)
        assert shop.reconcile().get("asked", 0) == 0

    def test_a_payment_is_given_a_minute_to_be_told(self, shop: Shop) -> None:
        reference = shop.begin(shop.buyer())
        assert "asked" not in shop.reconcile()
        shop.time_passes(reference, seconds=61)
        assert shop.reconcile()["asked"] == 1

    def test_an_unpaid_payment_stays_pending_and_is_asked_about_with_growing_pauses(self, shop: Shop) -> None:
        reference = shop.begin(shop.buyer())
        pauses: list[timedelta] = []
        for _ in range(7):
            pause = next_check_in(shop, reference)
            assert pause is not None
            shop.time_passes(reference, seconds=pause.total_seconds() + 1)
            assert shop.reconcile()["pending"] == 1
            pauses.append(pause)
        assert pauses == sorted(pauses)
        assert pauses[-1] > timedelta(hours=5)
        assert shop.state(reference) == ("pending", None)

    def test_after_seven_days_it_is_asked_about_once_more_and_given_up(self, shop: Shop) -> None:
        reference = shop.begin(shop.buyer())
        shop.time_passes(reference, days=7, minutes=1)
        assert shop.reconcile()["asked"] == 1
        assert shop.state(reference) == ("failed", "EXPIRED")
        assert next_check_in(shop, reference) is None
        assert "asked" not in shop.reconcile()

    def test_a_success_is_credited_at_any_age(self, shop: Shop) -> None:
        buyer = shop.buyer()
        reference = shop.begin(buyer)
        shop.time_passes(reference, days=30)
        shop.reconcile()
        assert shop.state(reference) == ("failed", "EXPIRED")
        shop.pay(reference)
        assert shop.db.credits(buyer) == CREDITS
        assert shop.state(reference) == ("success", None)

    def test_a_success_found_on_the_last_day_is_credited(self, shop: Shop) -> None:
        [reference] = lost_payments(shop, 1)
        shop.time_passes(reference, days=7)
        assert shop.reconcile()["credited"] == 1
        assert shop.state(reference) == ("success", None)

    def test_a_declined_payment_goes_on_being_asked_about(self, shop: Shop) -> None:
        buyer = shop.buyer()
        reference = shop.begin(buyer)
        shop.paystack.control("POST", f"/transactions/{reference}/fail")
        shop.time_passes(reference, minutes=2)
        assert shop.reconcile()["failed"] == 1
        shop.paystack.set_faults(drop_webhooks=True)
        shop.pay(reference)
        shop.time_passes(reference, hours=1)
        assert shop.reconcile()["credited"] == 1
        assert shop.db.credits(buyer) == CREDITS

    def test_a_payment_paystack_never_heard_of_stays_pending(self, shop: Shop) -> None:
        shop.paystack.set_faults(failures=[{"kind": "502"}])
        shop.post("/api/payments/initialize", {"packageId": "credits-10"}, shop.buyer())
        reference = shop.db.owner.value("select paystack_reference from public.transactions")
        shop.time_passes(reference, minutes=2)
        assert shop.reconcile()["not_found"] == 1
        assert shop.state(reference) == ("pending", None)

    def test_the_cron_endpoint_runs_it(self, shop: Shop) -> None:
        [reference] = lost_payments(shop, 1)
        answer = requests.get(
            f"{shop.url}/api/cron/reconcile-payments",
            headers={"authorization": "Bearer a-cron-secret-of-this-test"},
            timeout=30,
        )
        assert answer.json()["credited"] == 1
        assert shop.state(reference) == ("success", None)

    def test_what_a_run_did_is_recorded(self, shop: Shop) -> None:
        lost_payments(shop, 1)
        shop.reconcile()
        [run] = [
            job for job in shop.db.owner.call("job_status")["jobs"] if job["job"] == reconcile_payments.NAME
        ]
        assert run["last_result"]["credited"] == 1


class TestEvents:
    def test_events_whose_handling_was_cut_short_are_finished(self, shop: Shop) -> None:
        buyer = shop.buyer()
        shop.paystack.set_faults(hold_webhooks=True)
        references = [shop.buy(buyer) for _ in range(reconcile_payments.BATCH + 1)]
        # As a worker leaves them that dies after it answered.
        for body in shop.bodies("charge.success"):
            shop.db.owner.call("receive_payment_event", body, True, None)
        assert shop.outcomes() == [None] * len(references)
        assert shop.reconcile()["events_handled"] == len(references)
        assert shop.db.credits(buyer) == CREDITS * len(references)

    def test_an_error_after_the_ledger_was_written_leaves_nothing_half_done(self, shop: Shop) -> None:
        buyer = shop.buyer()
        shop.db.owner.execute(
            "create function public.fail_for_this_test() returns trigger language plpgsql as"
            " $$ begin raise exception 'no'; end $$"
        )
        shop.db.owner.execute(
            "create trigger fail_for_this_test after insert on public.credit_ledger"
            " for each row execute function public.fail_for_this_test()"
        )
        reference = shop.buy(buyer)
        assert [webhook["trials"][0]["status"] for webhook in shop.paystack.webhooks()] == [200]
        assert (shop.state(reference), shop.outcomes()) == (("pending", None), [None])
        assert shop.reconcile()["events_failed"] == 1
        assert shop.db.ledger(buyer) == []
        shop.db.owner.execute("drop trigger fail_for_this_test on public.credit_ledger")
        assert shop.reconcile()["events_handled"] == 1
        assert shop.db.credits(buyer) == CREDITS


class TestBounds:
    def test_runs_side_by_side_ask_about_each_payment_once(self, shop: Shop) -> None:
        references = lost_payments(shop, 12)
        results = at_once(*[shop.reconcile] * 4)
        assert sorted(asked(shop)) == sorted(references)
        assert sum(result.get("credited", 0) for result in results) == 12

    def test_a_payment_being_claimed_is_passed_over_not_waited_for(self, shop: Shop) -> None:
        [reference] = lost_payments(shop, 1)
        first, second = shop.db.session(), shop.db.session()
        second.execute("set lock_timeout = '5s'")
        first.begin()
        assert first.call("claim_payments_to_check", 10) == {"payments": [{"reference": reference}]}
        assert second.call("claim_payments_to_check", 10) == {"payments": []}
        first.rollback()
        assert shop.reconcile()["credited"] == 1

    def test_a_run_ends_when_its_time_is_up_and_the_next_one_goes_on(self, shop: Shop) -> None:
        references = lost_payments(shop, 3)
        result = reconcile_payments.run(shop.services.db, shop.paystack.client(), seconds=0)
        assert "asked" not in result
        assert shop.reconcile()["credited"] == 3
        assert {shop.state(reference) for reference in references} == {("success", None)}

    def test_the_oldest_come_first(self, shop: Shop) -> None:
        references = lost_payments(shop, 3)
        for age, reference in enumerate(reversed(references), start=1):
            shop.time_passes(reference, hours=age)
        shop.reconcile()
        assert asked(shop) == references

    def test_a_run_stops_at_a_rate_limit_and_loses_nothing(self, shop: Shop) -> None:
        references = lost_payments(shop, 3)
        shop.paystack.set_faults(failures=[{"kind": "429", "times": 99, "seconds": 60}])
        result = shop.reconcile()
        assert (result["asked"], result["unanswered"]) == (1, 1)
        shop.paystack.set_faults(failures=[])
        for reference in references:
            shop.time_passes(reference, minutes=3)
        assert shop.reconcile()["credited"] == 3

    def test_a_run_stops_when_paystack_is_down(self, shop: Shop) -> None:
        references = lost_payments(shop, 5)
        shop.paystack.set_faults(failures=[{"kind": "502", "times": 999}])
        assert shop.reconcile()["unanswered"] == reconcile_payments.PATIENCE
        shop.paystack.set_faults(failures=[])
        for reference in references:
            shop.time_passes(reference, minutes=3)
        assert shop.reconcile()["credited"] == 5

    def test_one_unreadable_answer_does_not_hold_up_the_others(self, shop: Shop) -> None:
        references = lost_payments(shop, 3)
        shop.paystack.set_faults(
            failures=[{"kind": "truncated", "times": 99, "path": f"/transaction/verify/{references[0]}"}]
        )
        result = shop.reconcile()
        assert (result["credited"], result["unanswered"]) == (2, 1)
        shop.paystack.set_faults(failures=[])
        shop.time_passes(references[0], minutes=3)
        assert shop.reconcile()["credited"] == 1

    def test_a_wrong_key_stops_everything_loudly(self, shop: Shop) -> None:
        [reference] = lost_payments(shop, 1)
        with pytest.raises(InvalidKey):
            reconcile_payments.run(shop.services.db, Paystack("sk_test_other", base_url=shop.paystack.url))
        [recorded] = shop.db.owner.rows("select last_result from public.job_runs")
        assert recorded["last_result"]["error"] == "PAYMENT_REFUSED"
        shop.time_passes(reference, minutes=3)
        assert shop.reconcile()["credited"] == 1


class TestRaces:
    def test_webhooks_the_payer_and_the_job_all_at_once_credit_once(self, shop: Shop) -> None:
        for _ in range(5):
            buyer = shop.buyer()
            shop.paystack.set_faults(hold_webhooks=True)
            reference = shop.buy(buyer)
            body = shop.bodies("charge.success")[-1]
            shop.time_passes(reference, minutes=2)
            answers = at_once(
                *[partial(shop.webhook, body)] * 4,
                *[partial(shop.ask, buyer, reference)] * 4,
                *[shop.reconcile] * 4,
            )
            assert [answer.status_code for answer in answers[:8]] == [200] * 8
            assert shop.purchases(buyer) == [CREDITS]

    def test_who_comes_second_waits_and_then_sees_that_it_is_done(self, shop: Shop) -> None:
        """Written out: the second is held at the reference until the first has committed."""
        [reference] = lost_payments(shop, 1)
        buyer = shop.payment(reference)["real_user_id"]
        price = shop.payment(reference)["amount_minor"]
        first, second = shop.db.session(), shop.db.session()
        first.begin()
        assert first.call("settle_payment", reference, price, "KES")["granted"] == CREDITS
        waiting = second.start("settle_payment", reference, price, "KES")
        shop.db.wait_until_blocked(second)
        first.commit()
        assert (waiting.result()["status"], waiting.result()["granted"]) == ("success", 0)
        assert shop.purchases(buyer) == [CREDITS]

    def test_a_payment_adopted_while_it_is_adopted_waits(self, shop: Shop) -> None:
        """Written out: nobody has a row of it yet to wait at."""
        buyer = shop.buyer()
        shop.paystack.set_faults(drop_webhooks=True)
        charge = shop.paystack.client().verify(shop.browser_pays(10_000, metadata={"user_id": str(buyer)}))
        settle = (
            "settle_payment",
            charge.reference,
            charge.amount_minor,
            "KES",
            Jsonb(charge.payload),
            "test",
        )
        first, second = shop.db.session(), shop.db.session()
        first.begin()
        assert first.call(*settle)["granted"] == CREDITS
        waiting = second.start(*settle)
        shop.db.wait_until_blocked(second)
        first.commit()
        assert (waiting.result()["status"], waiting.result()["granted"]) == ("success", 0)

    def test_a_refund_of_a_payment_that_is_just_adopted_waits_and_takes_it_back(self, shop: Shop) -> None:
        buyer = shop.buyer()
        shop.paystack.set_faults(drop_webhooks=True)
        charge = shop.paystack.client().verify(shop.browser_pays(10_000, metadata={"user_id": str(buyer)}))
        first, second = shop.db.session(), shop.db.session()
        first.begin()
        first.call(
            "settle_payment", charge.reference, charge.amount_minor, "KES", Jsonb(charge.payload), "test"
        )
        waiting = second.start("reverse_payment", charge.reference, "refund:1", "refund", 10_000, "done")
        shop.db.wait_until_blocked(second)
        first.commit()
        assert waiting.result()["credits_reversed"] == CREDITS
        assert shop.db.credits(buyer) == 0

    def test_a_payment_adopted_twice_at_once_is_one_payment(self, shop: Shop) -> None:
        buyer = shop.buyer()
        shop.paystack.set_faults(hold_webhooks=True)
        reference = shop.browser_pays(10_000, metadata={"user_id": str(buyer)})
        [body] = shop.bodies("charge.success")
        answers = at_once(
            *[lambda: shop.webhook(body).status_code] * 8,
            *[lambda: shop.ask(buyer, reference).status_code] * 8,
        )
        assert answers == [200] * 16
        assert shop.purchases(buyer) == [CREDITS]

    def test_a_refund_racing_the_payment_it_refunds_leaves_nothing(self, shop: Shop) -> None:
        for _ in range(5):
            buyer = shop.buyer()
            shop.paystack.set_faults(hold_webhooks=True, refund_outcome="pending")
            reference = shop.buy(buyer)
            refund = shop.refund(reference)
            shop.paystack.control("POST", f"/refunds/{refund['id']}", status="processed")
            success = shop.bodies("charge.success")[-1]
            refunded = shop.bodies("refund.processed")[-1]
            at_once(*[partial(shop.webhook, success)] * 3, *[partial(shop.webhook, refunded)] * 3)
            assert [delta for delta, _, _ in shop.db.ledger(buyer)] == [CREDITS, -CREDITS]


def test_a_job_that_dies_while_asking_loses_nothing(shop: Shop) -> None:
    """What it had claimed is due again in minutes."""
    [reference] = lost_payments(shop, 1)
    shop.services.db.call("claim_payments_to_check", limit=10)
    assert "asked" not in shop.reconcile()
    shop.time_passes(reference, minutes=3)
    assert shop.reconcile()["credited"] == 1
