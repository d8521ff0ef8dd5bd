"""The stand-in answers and notifies as Paystack does, and misbehaves as it is told."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from api.providers.paystack import verify_signature
from local.ports import free_port
from tests.support.paystack import PUBLIC_KEY, SECRET_KEY, StandIn, WebhookSink, running_stand_in
from tests.support.waiting import wait_until

FIXTURES = Path(__file__).parent.parent / "fixtures" / "paystack"
ASKED: dict[str, Any] = {
    "email": "payer@example.com",
    "amount": 30_000,
    "currency": "KES",
    "reference": "cr-1",
}


def call(stand_in: StandIn, method: str, path: str, **options: Any) -> requests.Response:
    headers = {"authorization": f"Bearer {SECRET_KEY}"}
    return requests.request(method, stand_in.url + path, headers=headers, timeout=10, **options)


def initialize(stand_in: StandIn, **asked: Any) -> requests.Response:
    return call(stand_in, "POST", "/transaction/initialize", json=ASKED | asked)


def verified(stand_in: StandIn, reference: str = "cr-1") -> dict[str, Any]:
    data: dict[str, Any] = call(stand_in, "GET", f"/transaction/verify/{reference}").json()["data"]
    return data


def fixture(name: str) -> Any:
    return json.loads((FIXTURES / name).read_bytes())


def shape(value: Any) -> Any:
    """What a program can rely on: the keys, in order, and the types."""
    if isinstance(value, dict):
        return [(key, shape(inner)) for key, inner in value.items()]
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return type(value).__name__


def events(sink: WebhookSink) -> list[str]:
    return [json.loads(delivery.body)["event"] for delivery in sink.received]


class TestBodies:
    @pytest.mark.parametrize(
        ("channel", "name"),
        [
            ("card", "charge_success_card_kes.json"),
            ("mobile_money", "charge_success_mobile_money_kes.COMPOSED.json"),
        ],
    )
    def test_a_payment_is_announced_as_paystack_does(
        self, stand_in: StandIn, sink: WebhookSink, channel: str, name: str
    ) -> None:
        expected = fixture(name)
        initialize(stand_in, metadata=expected["data"]["metadata"])
        stand_in.pay("cr-1", channel=channel)
        stand_in.wait_for_deliveries()

        [delivery] = sink.received
        told = json.loads(delivery.body)
        assert shape(told) == shape(expected)
        for same in ("amount", "requested_amount", "fees", "currency", "gateway_response", "source", "log"):
            assert told["data"][same] == expected["data"][same], same
        assert verify_signature(delivery.body, delivery.signature, [SECRET_KEY])

    def test_a_paid_m_pesa_payment_is_verified_as_captured(self, stand_in: StandIn) -> None:
        expected = fixture("verify_mpesa_kes_success.json")
        initialize(stand_in, metadata=expected["data"]["metadata"])
        stand_in.pay("cr-1", channel="mobile_money")

        told = call(stand_in, "GET", "/transaction/verify/cr-1").json()

        assert shape(told) == shape(expected)
        assert told["data"]["log"]["success"] is False

    def test_an_unpaid_payment_is_abandoned_from_the_start(self, stand_in: StandIn) -> None:
        expected = fixture("verify_abandoned.PARTLY_UNVERIFIED.json")
        initialize(stand_in, metadata=expected["data"]["metadata"])
        told = call(stand_in, "GET", "/transaction/verify/cr-1").json()
        assert shape(told) == shape(expected)
        assert told["data"]["status"] == "abandoned"

    def test_initialize_answers_as_published(self, stand_in: StandIn) -> None:
        assert shape(initialize(stand_in).json()) == shape(fixture("initialize_ok.json"))

    def test_a_refund_is_announced_as_published(self, stand_in: StandIn, sink: WebhookSink) -> None:
        stand_in.set_faults(refund_seconds=0)
        stand_in.browser_pays("cr-1", 30_000)
        call(stand_in, "POST", "/refund", json={"transaction": "cr-1"})
        wait_until(lambda: len(sink.received) == 3)

        told = {json.loads(each.body)["event"]: json.loads(each.body) for each in sink.received}

        assert shape(told["refund.processed"]) == shape(fixture("refund_processed.json"))
        assert told["refund.pending"]["data"]["refund_reference"] is None
        assert verified(stand_in)["status"] == "reversed"

    def test_a_dispute_is_announced_as_published(self, stand_in: StandIn, sink: WebhookSink) -> None:
        stand_in.browser_pays("cr-1", 30_000)
        stand_in.control("POST", "/disputes", reference="cr-1")
        wait_until(lambda: "charge.dispute.create" in events(sink))
        told = json.loads(sink.received[-1].body)
        assert shape(told) == shape(fixture("charge_dispute_create.json"))


class TestErrors:
    def test_a_used_reference(self, stand_in: StandIn) -> None:
        initialize(stand_in)
        answer = initialize(stand_in)
        assert (answer.status_code, answer.json()) == (400, fixture("initialize_duplicate.http400.json"))

    def test_an_unknown_reference(self, stand_in: StandIn) -> None:
        answer = call(stand_in, "GET", "/transaction/verify/nothing")
        assert (answer.status_code, answer.json()) == (400, fixture("verify_unknown_reference.http400.json"))

    @pytest.mark.parametrize(
        "authorization", [None, "", "Bearer sk_test_other", SECRET_KEY, f"Bearer {PUBLIC_KEY}"]
    )
    def test_any_other_key(self, stand_in: StandIn, authorization: str | None) -> None:
        headers = {"authorization": authorization} if authorization is not None else {}
        answer = requests.get(f"{stand_in.url}/transaction", headers=headers, timeout=5)
        assert (answer.status_code, answer.json()) == (401, fixture("invalid_key.http401.json"))

    def test_a_rate_limit(self, stand_in: StandIn) -> None:
        stand_in.set_faults(failures=[{"kind": "429", "seconds": 7}])
        answer = initialize(stand_in)
        assert (answer.status_code, answer.json()) == (429, fixture("rate_limited.http429.json"))
        assert answer.headers["x-ratelimit-reset"] == "7"
        assert "retry-after" not in answer.headers

    @pytest.mark.parametrize(
        ("asked", "message"),
        [
            ({"email": None}, "Email Address is required"),
            ({"email": "payer"}, "Invalid Email Address Passed"),
            ({"currency": "USD"}, "Currency not supported by merchant"),
            ({"amount": 299}, "Invalid Amount Sent"),
            ({"amount": 300.5}, "Invalid Amount Sent"),
            ({"amount": "300.5"}, "Invalid Amount Sent"),
            ({"amount": None}, "Invalid Amount Sent"),
            ({"amount": True}, "Invalid Amount Sent"),
            ({"reference": "a b"}, "Invalid transaction reference"),
            ({"reference": "../5"}, "Invalid transaction reference"),
        ],
    )
    def test_a_bad_field(self, stand_in: StandIn, asked: dict[str, Any], message: str) -> None:
        answer = initialize(stand_in, **asked)
        assert (answer.status_code, answer.json()["message"]) == (400, message)
        assert stand_in.control("GET", "/transactions") == []

    def test_the_smallest_amount_may_be_a_string(self, stand_in: StandIn) -> None:
        assert initialize(stand_in, amount="300").status_code == 200
        assert verified(stand_in)["amount"] == 300

    def test_an_empty_reference_is_taken_for_an_id(self, stand_in: StandIn) -> None:
        answer = call(stand_in, "GET", "/transaction/verify/")
        assert (answer.status_code, answer.json()["message"]) == (400, "Transaction ID should be numeric.")


class TestPaying:
    def test_fees_can_be_passed_on(self, stand_in: StandIn) -> None:
        initialize(stand_in)
        stand_in.pay("cr-1", channel="card", payer_bears_fees=True)
        told = verified(stand_in)
        assert (told["requested_amount"], told["fees"], told["amount"]) == (30_000, 870, 30_870)

    def test_a_declined_payment_can_be_paid_after_all_and_only_then_is_announced(
        self, stand_in: StandIn, sink: WebhookSink
    ) -> None:
        initialize(stand_in)
        stand_in.control("POST", "/transactions/cr-1/fail")
        assert verified(stand_in)["status"] == "failed"
        stand_in.control("POST", "/transactions/cr-1/abandon")
        stand_in.pay("cr-1")
        stand_in.pay("cr-1")
        stand_in.wait_for_deliveries()
        assert verified(stand_in)["status"] == "success"
        assert events(sink) == ["charge.success"]

    def test_the_page_pays_and_sends_the_browser_back_with_both_names(self, stand_in: StandIn) -> None:
        url = initialize(stand_in, callback_url="http://localhost:3000/credits?tab=1").json()["data"][
            "authorization_url"
        ]
        shown = requests.get(url, timeout=5).text
        assert "KES 300.00" in shown
        # The buttons' addresses are relative to the page's.
        [pay, *_] = re.findall(r'formaction="([^"]*/pay)"', shown)
        answer = requests.post(
            url.rpartition("/")[0] + "/" + pay,
            data={"channel": "mobile_money"},
            timeout=5,
            allow_redirects=False,
        )
        assert answer.status_code == 303
        assert answer.headers["location"] == "http://localhost:3000/credits?tab=1&trxref=cr-1&reference=cr-1"
        assert verified(stand_in)["channel"] == "mobile_money"

    def test_the_page_says_how_it_ended(self, stand_in: StandIn) -> None:
        url = initialize(stand_in).json()["data"]["authorization_url"]
        assert "Declined" in requests.post(f"{url}/fail", data={"channel": "card"}, timeout=5).text
        assert "Not paid" in requests.post(f"{url}/abandon", timeout=5).text
        assert "Paid" in requests.post(f"{url}/pay", data={"channel": "card"}, timeout=5).text
        assert "Paid" in requests.get(url, timeout=5).text
        assert requests.get(f"{stand_in.url}/checkout/other", timeout=5).status_code == 404

    def test_what_the_payer_typed_is_text_on_the_page(self, stand_in: StandIn) -> None:
        url = initialize(stand_in, email="<b>@x.org").json()["data"]["authorization_url"]
        assert "<b>" not in requests.get(url, timeout=5).text

    @pytest.mark.parametrize("metadata", ["", 0, None, "{}", {"user_id": "u", "credits": 1_000_000}])
    def test_a_browser_chooses_everything_in_the_older_flow(
        self, stand_in: StandIn, sink: WebhookSink, metadata: Any
    ) -> None:
        stand_in.browser_pays("1793527219-u", 12_345, metadata=metadata)
        stand_in.wait_for_deliveries()
        told = json.loads(sink.received[0].body)["data"]
        assert (told["reference"], told["amount"]) == ("1793527219-u", 12_345)
        if isinstance(metadata, dict):
            assert told["metadata"] == metadata | {"referrer": "http://localhost:3000/credits"}
        else:
            assert told["metadata"] == metadata


class TestRefundsAndDisputes:
    def test_a_part_can_be_refunded_but_never_more_than_was_paid(self, stand_in: StandIn) -> None:
        stand_in.set_faults(refund_outcome="pending")
        stand_in.browser_pays("cr-1", 30_000)
        assert (
            call(stand_in, "POST", "/refund", json={"transaction": "cr-1", "amount": 20_000}).status_code
            == 200
        )
        assert (
            call(stand_in, "POST", "/refund", json={"transaction": "cr-1", "amount": 10_001}).status_code
            == 400
        )
        assert verified(stand_in)["status"] == "success"
        [refund] = call(stand_in, "GET", "/refund", params={"transaction": "cr-1"}).json()["data"]
        assert (refund["amount"], refund["status"]) == (20_000, "pending")

    def test_a_failed_refund_leaves_the_payment_and_tells_a_whole_number(
        self, stand_in: StandIn, sink: WebhookSink
    ) -> None:
        stand_in.set_faults(refund_outcome="pending")
        stand_in.browser_pays("cr-1", 30_000)
        refund = call(stand_in, "POST", "/refund", json={"transaction": "cr-1"}).json()["data"]
        stand_in.control("POST", f"/refunds/{refund['id']}", status="failed")
        stand_in.wait_for_deliveries()
        assert verified(stand_in)["status"] == "success"
        assert json.loads(sink.received[-1].body)["data"]["amount"] == 30_000

    def test_what_was_not_paid_cannot_be_refunded(self, stand_in: StandIn) -> None:
        initialize(stand_in)
        assert call(stand_in, "POST", "/refund", json={"transaction": "cr-1"}).status_code == 400

    @pytest.mark.parametrize(
        ("resolution", "status"), [("declined", "success"), ("auto-accepted", "reversed")]
    )
    def test_a_lost_dispute_reverses_the_payment_and_a_won_one_does_not(
        self, stand_in: StandIn, sink: WebhookSink, resolution: str, status: str
    ) -> None:
        stand_in.browser_pays("cr-1", 30_000)
        dispute = stand_in.control("POST", "/disputes", reference="cr-1")
        stand_in.control("POST", f"/disputes/{dispute['id']}/remind")
        stand_in.control("POST", f"/disputes/{dispute['id']}/resolve", resolution=resolution)
        stand_in.wait_for_deliveries()
        assert sorted(events(sink)) == [
            "charge.dispute.create",
            "charge.dispute.remind",
            "charge.dispute.resolve",
            "charge.success",
        ]
        assert verified(stand_in)["status"] == status


class TestWebhooks:
    def test_they_are_repeated_until_answered_200(self, stand_in: StandIn, sink: WebhookSink) -> None:
        sink.statuses = [500, 201, 200]
        stand_in.browser_pays("cr-1", 30_000)
        stand_in.wait_for_deliveries()
        [webhook] = stand_in.webhooks()
        assert [trial["status"] for trial in webhook["trials"]] == [500, 201, 200]
        assert webhook["state"] == "delivered"
        assert len({delivery.body for delivery in sink.received}) == 1

    @pytest.mark.parametrize(("key", "attempts"), [(SECRET_KEY, 11), ("sk_live_of_nobody", 77)])
    def test_they_are_given_up_after_as_many_attempts_as_documented(
        self, tmp_path: Path, sink: WebhookSink, key: str, attempts: int
    ) -> None:
        sink.statuses = [500]
        with running_stand_in(tmp_path, sink.url, secret_key=key, speed=1e9) as stand_in:
            stand_in.browser_pays("cr-1", 30_000)
            stand_in.wait_for_deliveries()
            [webhook] = stand_in.webhooks()
        assert (webhook["state"], len(sink.received)) == ("failed", attempts)

    def test_nobody_listening_is_a_failed_attempt(self, tmp_path: Path) -> None:
        with running_stand_in(tmp_path, "http://127.0.0.1:9/webhook", speed=1e9) as stand_in:
            stand_in.browser_pays("cr-1", 30_000)
            stand_in.wait_for_deliveries()
            [webhook] = stand_in.webhooks()
        assert (webhook["state"], webhook["trials"][0]["error"]) == ("failed", "ConnectError")

    def test_copies_come_on_request(self, stand_in: StandIn, sink: WebhookSink) -> None:
        stand_in.set_faults(duplicates=4)
        stand_in.browser_pays("cr-1", 30_000)
        stand_in.wait_for_deliveries()
        assert len(sink.received) == 5

    def test_they_can_be_dropped(self, stand_in: StandIn, sink: WebhookSink) -> None:
        stand_in.set_faults(drop_webhooks=True)
        stand_in.browser_pays("cr-1", 30_000)
        [webhook] = stand_in.webhooks()
        assert webhook["state"] == "dropped"
        stand_in.control("POST", f"/webhooks/{webhook['id']}/resend")
        stand_in.wait_for_deliveries()
        assert events(sink) == ["charge.success"]

    def test_they_can_be_held_and_come_in_the_wrong_order(self, stand_in: StandIn, sink: WebhookSink) -> None:
        stand_in.set_faults(hold_webhooks=True, refund_outcome="pending")
        stand_in.browser_pays("cr-1", 30_000)
        call(stand_in, "POST", "/refund", json={"transaction": "cr-1"})
        assert stand_in.control("POST", "/webhooks/release", newest_first=True) == {"released": 2}
        stand_in.wait_for_deliveries()
        assert events(sink) == ["refund.pending", "charge.success"]

    def test_any_text_can_be_sent_well_or_badly_signed(self, stand_in: StandIn, sink: WebhookSink) -> None:
        stand_in.control("POST", "/webhooks", body='{"event":')
        stand_in.wait_for_deliveries()
        stand_in.control("POST", "/webhooks", body='{"event":', signature="0" * 128)
        stand_in.wait_for_deliveries()
        well, badly = sink.received
        assert well.body == badly.body == b'{"event":'
        assert verify_signature(well.body, well.signature, [SECRET_KEY])
        assert not verify_signature(badly.body, badly.signature, [SECRET_KEY])


class TestFaults:
    def test_another_amount_and_currency_than_asked_can_be_paid(
        self, stand_in: StandIn, sink: WebhookSink
    ) -> None:
        stand_in.set_faults(paid_amount_off_by=-1, paid_currency="NGN")
        initialize(stand_in)
        stand_in.pay("cr-1")
        stand_in.wait_for_deliveries()
        for told in (verified(stand_in), json.loads(sink.received[0].body)["data"]):
            assert (told["amount"], told["requested_amount"], told["currency"]) == (29_999, 29_999, "NGN")

    def test_a_transaction_can_be_changed_at_will(self, stand_in: StandIn) -> None:
        initialize(stand_in)
        stand_in.control("PATCH", "/transactions/cr-1", domain="live", metadata=[])
        assert verified(stand_in)["domain"] == "live"

    def test_an_applied_failure_takes_effect_and_an_unapplied_one_does_not(self, stand_in: StandIn) -> None:
        stand_in.set_faults(failures=[{"kind": "500", "applied": True}, {"kind": "500"}])
        assert initialize(stand_in, reference="cr-1").status_code == 500
        assert initialize(stand_in, reference="cr-2").status_code == 500
        assert [each["reference"] for each in stand_in.control("GET", "/transactions")] == ["cr-1"]

    def test_failures_can_be_kept_to_a_path(self, stand_in: StandIn) -> None:
        stand_in.set_faults(failures=[{"kind": "502", "path": "/transaction/verify"}])
        assert initialize(stand_in).status_code == 200
        assert call(stand_in, "GET", "/transaction/verify/cr-1").status_code == 502
        assert call(stand_in, "GET", "/transaction/verify/cr-1").status_code == 200

    def test_everything_can_be_put_right_again(self, stand_in: StandIn) -> None:
        before = stand_in.control("GET", "/faults")
        stand_in.set_faults(duplicates=3, failures=[{"kind": "500", "times": 9}])
        assert stand_in.control("DELETE", "/faults") == before

    @pytest.mark.parametrize(
        "faults", [{"duplicate": 1}, {"failures": [{"kind": "418"}]}, {"failures": [{}]}]
    )
    def test_a_fault_that_does_not_exist_is_refused(self, stand_in: StandIn, faults: dict[str, Any]) -> None:
        assert requests.patch(f"{stand_in.url}/_control/faults", json=faults, timeout=5).status_code == 400


class TestProcess:
    """The command itself."""

    COMMAND = (sys.executable, "-m", "local.paystack", "--secret-key", SECRET_KEY, "--public-key", PUBLIC_KEY)

    @contextmanager
    def running(self, port: int, data_dir: Path, webhook_url: str) -> Iterator[StandIn]:
        options = [
            "--port",
            str(port),
            "--data-dir",
            str(data_dir),
            "--webhook-url",
            webhook_url,
            "--speed",
            "3600",
        ]
        process = subprocess.Popen([*self.COMMAND, *options])
        stand_in = StandIn(f"http://127.0.0.1:{port}", SECRET_KEY)
        try:
            wait_until(lambda: _answers(stand_in))
            yield stand_in
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()

    def test_killed_and_started_again_it_knows_its_payments_and_delivers_what_it_owes(
        self, tmp_path: Path, sink: WebhookSink
    ) -> None:
        port = free_port()
        with self.running(port, tmp_path, "http://127.0.0.1:9/webhook") as stand_in:
            initialize(stand_in)
            stand_in.pay("cr-1")
        with self.running(port, tmp_path, sink.url) as stand_in:
            assert verified(stand_in)["status"] == "success"
            stand_in.wait_for_deliveries()
            initialize(stand_in, reference="cr-2")
            assert verified(stand_in, "cr-2")["id"] > verified(stand_in)["id"] > 2**32
        assert events(sink) == ["charge.success"]

    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "localhost.example.com"])
    def test_it_listens_on_loopback_only(self, tmp_path: Path, host: str) -> None:
        options = [
            "--port",
            "0",
            "--data-dir",
            str(tmp_path),
            "--webhook-url",
            "http://127.0.0.1:9",
            "--host",
            host,
        ]
        ended = subprocess.run(
            [*self.COMMAND, *options], capture_output=True, text=True, timeout=30, check=False
        )
        assert ended.returncode == 2
        assert "loopback address only" in ended.stderr

    def test_a_page_under_a_name_of_its_own_does_not_reach_it(self, stand_in: StandIn) -> None:
        answer = requests.get(
            f"{stand_in.url}/_control/faults", headers={"host": "evil.example.com"}, timeout=5
        )
        assert answer.status_code == 400


def _answers(stand_in: StandIn) -> bool:
    try:
        return requests.get(f"{stand_in.url}/_control/faults", timeout=1).ok
    except requests.RequestException:
        return False
