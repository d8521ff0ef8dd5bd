"""Our client for Paystack, against the stand-in as a real server, and against servers that break the rules."""

import hashlib
import hmac
import json
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from api.providers import paystack
from api.providers.paystack import (
    DuplicateReference,
    InvalidKey,
    InvalidReference,
    NotFound,
    OutcomeUnknown,
    Paystack,
    RateLimited,
    Rejected,
    Unavailable,
    mode_of,
    verify_signature,
)
from tests.support.paystack import SECRET_KEY, StandIn

FIXTURES = Path(__file__).parent.parent / "fixtures" / "paystack"
PAYMENT: dict[str, Any] = {
    "reference": "cr-1",
    "email": "payer@example.com",
    "amount_minor": 10_000,
    "currency": "KES",
    "metadata": {"package": "small"},
}


# (file name, digest) under SECRET_KEY, made with another HMAC implementation.
GOLDEN_SIGNATURES = [
    (name, digest)
    for digest, name in map(str.split, (FIXTURES / "SIGNATURES.txt").read_text().splitlines()[1:])
]


@contextmanager
def answering(raw: bytes) -> Iterator[str]:
    """A server that answers every connection with these bytes, whatever is asked, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(raw)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def http(body: bytes, *, status: str = "200 OK", length: int | None = None, headers: str = "") -> bytes:
    length = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n"
    return head.encode() + body


def client_at(url: str, **options: Any) -> Paystack:
    return Paystack(SECRET_KEY, base_url=url, sleep=lambda _seconds: None, **options)


class TestInitialize:
    def test_a_payment_is_registered_with_our_reference_and_our_amount(self, stand_in: StandIn) -> None:
        checkout = stand_in.client().initialize(**PAYMENT, callback_url="http://localhost:3000/credits")

        assert checkout.reference == "cr-1"
        assert checkout.authorization_url == f"{stand_in.url}/checkout/{checkout.access_code}"
        [kept] = stand_in.control("GET", "/transactions")
        assert (kept["requested_amount"], kept["currency"], kept["email"]) == (
            10_000,
            "KES",
            "payer@example.com",
        )
        assert kept["metadata"] == {"package": "small"}
        assert kept["callback_url"] == "http://localhost:3000/credits"

    def test_a_reference_used_before_is_a_duplicate(self, stand_in: StandIn) -> None:
        stand_in.client().initialize(**PAYMENT)
        with pytest.raises(DuplicateReference):
            stand_in.client().initialize(**PAYMENT)

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"email": "nobody"}, "invalid_email_address"),
            ({"currency": "USD"}, "unsupported_currency"),
            ({"amount_minor": 299}, "invalid_amount"),
        ],
    )
    def test_what_paystack_does_not_take_is_rejected_with_its_code(
        self, stand_in: StandIn, change: dict[str, Any], code: str
    ) -> None:
        with pytest.raises(Rejected) as refusal:
            stand_in.client().initialize(**PAYMENT | change)
        assert refusal.value.code == code

    @pytest.mark.parametrize("kind", ["500", "502", "truncated"])
    @pytest.mark.parametrize("applied", [True, False])
    def test_a_lost_answer_leaves_the_outcome_unknown_and_nothing_is_sent_twice(
        self, stand_in: StandIn, kind: str, applied: bool
    ) -> None:
        stand_in.set_faults(failures=[{"kind": kind, "applied": applied}])
        with pytest.raises(OutcomeUnknown):
            stand_in.client().initialize(**PAYMENT)
        assert stand_in.calls() == ["POST /transaction/initialize"]

    def test_silence_leaves_the_outcome_unknown(self, stand_in: StandIn) -> None:
        stand_in.set_faults(failures=[{"kind": "hang", "applied": True, "seconds": 60}])
        with pytest.raises(OutcomeUnknown):
            stand_in.client(timeout=(1, 0.2)).initialize(**PAYMENT)
        assert stand_in.client().verify("cr-1").status == "abandoned"

    def test_a_rate_limit_is_not_an_unknown_outcome(self, stand_in: StandIn) -> None:
        stand_in.set_faults(failures=[{"kind": "429", "seconds": 30}])
        with pytest.raises(RateLimited) as limited:
            stand_in.client().initialize(**PAYMENT)
        assert limited.value.retry_after == 30
        assert stand_in.calls() == ["POST /transaction/initialize"]

    def test_a_refused_connection_is_not_an_unknown_outcome(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            free_port = listener.getsockname()[1]
        with pytest.raises(Unavailable) as failure:
            client_at(f"http://127.0.0.1:{free_port}").initialize(**PAYMENT)
        assert not isinstance(failure.value, OutcomeUnknown)

    def test_an_answer_for_another_reference_is_not_taken(self) -> None:
        with answering(http((FIXTURES / "initialize_ok.json").read_bytes())) as url:
            with pytest.raises(OutcomeUnknown, match="another reference"):
                client_at(url).initialize(**PAYMENT)
            assert (
                client_at(url).initialize(**PAYMENT | {"reference": "fix-mpesa-0001"}).access_code
                == "fixtureaccess01"
            )


class TestVerify:
    def test_a_paid_payment_is_told_with_what_was_paid(self, stand_in: StandIn) -> None:
        stand_in.client().initialize(**PAYMENT)
        stand_in.pay("cr-1", channel="mobile_money")

        charge = stand_in.client().verify("cr-1")

        assert (charge.status, charge.amount_minor, charge.currency, charge.mode) == (
            "success",
            10_000,
            "KES",
            "test",
        )
        assert charge.payload["channel"] == "mobile_money"

    def test_an_unpaid_payment_is_an_answer(self, stand_in: StandIn) -> None:
        stand_in.client().initialize(**PAYMENT)
        assert stand_in.client().verify("cr-1").status == "abandoned"
        stand_in.control("POST", "/transactions/cr-1/fail")
        assert stand_in.client().verify("cr-1").status == "failed"

    def test_the_captured_m_pesa_answer_is_understood(self) -> None:
        with answering(http((FIXTURES / "verify_mpesa_kes_success.json").read_bytes())) as url:
            charge = client_at(url).verify("fix-mpesa-0001")
        assert (charge.status, charge.amount_minor, charge.currency) == ("success", 30_000, "KES")

    @pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found"])
    def test_an_unknown_reference_is_not_found_whichever_status_says_so(self, status: str) -> None:
        body = (FIXTURES / "verify_unknown_reference.http400.json").read_bytes()
        with answering(http(body, status=status)) as url, pytest.raises(NotFound):
            client_at(url).verify("cr-1")

    def test_an_older_error_without_a_code_is_understood(self) -> None:
        body = b'{"status":false,"message":"Transaction reference not found"}'
        with answering(http(body, status="400 Bad Request")) as url, pytest.raises(NotFound):
            client_at(url).verify("cr-1")

    def test_a_wrong_key_is_told_apart(self, stand_in: StandIn) -> None:
        with pytest.raises(InvalidKey):
            Paystack("sk_test_another", base_url=stand_in.url).verify("cr-1")
        assert stand_in.calls() == ["GET /transaction/verify/cr-1"]

    @pytest.mark.parametrize("kind", ["500", "502", "429", "truncated"])
    def test_a_passing_failure_is_asked_about_again(self, stand_in: StandIn, kind: str) -> None:
        stand_in.client().initialize(**PAYMENT)
        stand_in.set_faults(failures=[{"kind": kind, "times": 2}])
        assert stand_in.client().verify("cr-1").status == "abandoned"
        assert stand_in.calls().count("GET /transaction/verify/cr-1") == 3

    def test_asking_ends(self, stand_in: StandIn) -> None:
        stand_in.set_faults(failures=[{"kind": "500", "times": 99}])
        with pytest.raises(Unavailable):
            stand_in.client().verify("cr-1")
        assert len(stand_in.calls()) == paystack.ATTEMPTS

    def test_the_pauses_grow_and_a_rate_limit_says_its_own(self, stand_in: StandIn) -> None:
        pauses: list[float] = []
        stand_in.set_faults(failures=[{"kind": "500"}, {"kind": "429", "seconds": 4}, {"kind": "500"}])
        with pytest.raises(Unavailable):
            stand_in.client(sleep=pauses.append).verify("cr-1")
        backoff, rate_limit = pauses
        assert 0.25 <= backoff <= 0.75
        assert rate_limit == 4

    def test_nobody_waits_for_a_distant_rate_limit(self, stand_in: StandIn) -> None:
        pauses: list[float] = []
        stand_in.set_faults(failures=[{"kind": "429", "seconds": 60}])
        with pytest.raises(RateLimited) as limited:
            stand_in.client(sleep=pauses.append).verify("cr-1")
        assert (limited.value.retry_after, pauses) == (60, [])

    def test_patience_is_bounded_however_slow_the_failures(
        self, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(paystack, "PATIENCE", 0)
        stand_in.set_faults(failures=[{"kind": "500", "times": 99}])
        with pytest.raises(Unavailable):
            stand_in.client().verify("cr-1")
        assert len(stand_in.calls()) == 1

    @pytest.mark.parametrize(
        "reference",
        ["", ".", "..", "../5000000001", "a/b", "a?b", "a#b", "a%2Fb", "a b", "a\n", "é", "a_b", "x" * 65],
    )
    def test_a_reference_that_could_leave_its_place_in_the_url_is_never_sent(
        self, stand_in: StandIn, reference: str
    ) -> None:
        with pytest.raises(InvalidReference):
            stand_in.client().verify(reference)
        assert stand_in.calls() == []

    def test_without_the_check_a_path_would_fetch_somebody_elses_payment(self, stand_in: StandIn) -> None:
        """Why the check above exists: the answer is a paid transaction, and `status` is true."""
        stand_in.browser_pays("somebody-elses", 10_000)
        [paid] = stand_in.control("GET", "/transactions")
        answer = requests.get(
            f"{stand_in.url}/transaction/verify/../{paid['id']}",
            headers={"authorization": f"Bearer {SECRET_KEY}"},
            timeout=5,
        ).json()
        assert answer["data"]["reference"] == "somebody-elses"

    def test_an_answer_about_another_reference_is_not_taken(self) -> None:
        with (
            answering(http((FIXTURES / "verify_mpesa_kes_success.json").read_bytes())) as url,
            pytest.raises(Unavailable, match="another reference"),
        ):
            client_at(url).verify("cr-1")

    @pytest.mark.parametrize(
        "raw",
        [
            http(b'{"status":true,"data":', length=500),
            http(b'{"status":true'),
            http(b"[]"),
            http(b'{"status":true}'),
            http(b'{"status":true,"data":null}'),
            http(
                b'{"status":true,"data":{"reference":"cr-1","status":"success","amount":"30000","currency":"KES"}}'
            ),
            http(
                b'{"status":true,"data":{"reference":"cr-1","status":"success","amount":true,"currency":"KES"}}'
            ),
            http(b"", status="302 Found", headers="location: /transaction/verify/cr-2\r\n"),
            b"",
            b"not HTTP at all",
        ],
    )
    def test_an_answer_that_cannot_be_read_is_no_answer(self, raw: bytes) -> None:
        with answering(raw) as url, pytest.raises(Unavailable):
            client_at(url, timeout=(1, 1)).verify("cr-1")

    def test_status_true_at_the_top_is_not_enough(self) -> None:
        with (
            answering(http(b'{"status":false,"message":"no"}')) as url,
            pytest.raises(Rejected, match="no"),
        ):
            client_at(url).verify("cr-1")

    def test_many_threads_share_one_client(self, stand_in: StandIn) -> None:
        client = stand_in.client()
        for number in range(20):
            stand_in.browser_pays(f"cr-{number}", 10_000 + number)
        told: dict[int, int] = {}

        def ask(number: int) -> None:
            told[number] = client.verify(f"cr-{number}").amount_minor

        threads = [threading.Thread(target=ask, args=[number]) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert told == {number: 10_000 + number for number in range(20)}


class TestListTransactions:
    def test_every_page_is_read(self, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(paystack, "PAGE_SIZE", 2)
        for number in range(5):
            stand_in.browser_pays(f"cr-{number}", 10_000)
        stand_in.browser_pays("unpaid", 10_000, pay=False)
        now = datetime.now(UTC)

        listed = stand_in.client().list_transactions(
            since=now - timedelta(hours=1), until=now + timedelta(hours=1)
        )

        assert [charge.reference for charge in listed] == ["cr-4", "cr-3", "cr-2", "cr-1", "cr-0"]

    def test_only_the_period_is_told(self, stand_in: StandIn) -> None:
        stand_in.browser_pays("cr-1", 10_000)
        now = datetime.now(UTC)
        listed = stand_in.client().list_transactions(
            since=now - timedelta(hours=2), until=now - timedelta(hours=1)
        )
        assert list(listed) == []


class TestSignature:
    @pytest.mark.parametrize(("name", "digest"), GOLDEN_SIGNATURES)
    def test_the_golden_signatures_are_good(self, name: str, digest: str) -> None:
        assert verify_signature((FIXTURES / name).read_bytes(), digest, [SECRET_KEY])

    def test_every_byte_counts(self) -> None:
        name, digest = GOLDEN_SIGNATURES[0]
        body = (FIXTURES / name).read_bytes()
        reserialised = json.dumps(json.loads(body)).encode()
        assert not verify_signature(reserialised, digest, [SECRET_KEY])
        assert not verify_signature(body + b"\n", digest, [SECRET_KEY])
        assert not verify_signature(body[:-1], digest, [SECRET_KEY])

    def test_the_previous_key_counts_while_keys_are_changed(self) -> None:
        name, digest = GOLDEN_SIGNATURES[0]
        body = (FIXTURES / name).read_bytes()
        assert verify_signature(body, digest, ["sk_test_new", SECRET_KEY])
        assert not verify_signature(body, digest, ["sk_test_new"])

    @pytest.mark.parametrize("header", [None, "", "0" * 128, "é" * 128, "\ud800", "x" * 100_000])
    def test_any_header_is_only_wrong(self, header: str | None) -> None:
        assert not verify_signature(b"{}", header, [SECRET_KEY])

    def test_an_empty_key_signs_nothing(self) -> None:
        forged = hmac.new(b"", b"{}", hashlib.sha512).hexdigest()
        assert not verify_signature(b"{}", forged, ["", SECRET_KEY])
        assert not verify_signature(b"{}", forged, [])


class TestKeys:
    @pytest.mark.parametrize(
        ("key", "mode"),
        [("sk_test_1", "test"), ("pk_test_1", "test"), ("sk_live_1", "live"), ("pk_live_1", "live")],
    )
    def test_the_prefix_tells_the_mode(self, key: str, mode: str) -> None:
        assert mode_of(key) == mode

    @pytest.mark.parametrize("key", ["", "sk_", "sk_test_", "sesame", "sk_prod_sesame", "xsk_test_sesame"])
    def test_anything_else_is_no_key_and_is_not_repeated(self, key: str) -> None:
        with pytest.raises(ValueError, match="starts with") as refusal:
            mode_of(key)
        assert "sesame" not in str(refusal.value)

    def test_a_secret_key_does_not_travel_in_clear(self) -> None:
        with pytest.raises(ValueError, match="https"):
            Paystack(SECRET_KEY, base_url="http://api.paystack.co")

    def test_neither_keys_nor_payers_are_in_reprs_or_logs_or_errors(
        self, stand_in: StandIn, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
    ) -> None:
        caplog.set_level(logging.INFO)
        client = stand_in.client()
        client.initialize(**PAYMENT)
        stand_in.pay("cr-1")
        stand_in.set_faults(failures=[{"kind": "500", "times": 99}])
        with pytest.raises(Unavailable) as failure:
            client.verify("cr-1")
        stand_in.set_faults(failures=[])
        seen = repr(client) + repr(vars(client)) + repr(client.verify("cr-1")) + repr(failure.value)
        seen += caplog.text + "".join(capsys.readouterr())
        assert "asked_again" in seen
        for secret in (SECRET_KEY, "payer@example.com", "AUTH_"):
            assert secret not in seen

    def test_a_netrc_cannot_replace_the_key(
        self, stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login other password other\n")
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))
        with pytest.raises(NotFound):
            stand_in.client().verify("cr-1")
