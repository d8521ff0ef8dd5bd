"""`fantooo demo`: a whole conversation over HTTP against a fresh stack, told step by step."""

import contextlib
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import requests

from cli.environment import read_env_file
from local import stack
from local.errors import SetupError
from local.ports import free_port

TIMEOUT = 30
# The real limit is 90 seconds; a person watching should not have to wait for it.
LOST_AFTER_SECONDS = 5


class Differs(Exception):
    """A step went otherwise than it should."""


@click.command()
def demo() -> None:
    """Play a whole conversation against a fresh stack, step by step. Exit status 1 if any step differs."""
    stack.reach_this_machine_directly()
    with _fresh_stack() as environment:
        try:
            Conversation(environment).play()
        except (Differs, requests.RequestException) as error:
            click.secho(f"   ✗ {error}", fg="red")
            raise SystemExit(1) from error
    click.secho("\nEvery step went as it should.", fg="green")


class Conversation:
    """The people of the demo, and what they do in turn."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.api_url = environment["API_URL"]
        self.tokens: dict[str, str] = {}
        self.step_number = 0

    def play(self) -> None:
        """Every step, in order. Raises Differs at the first that goes otherwise."""
        self.step("Two users sign up, two operators and an admin sign in")
        for name, looking_for in (("amos", "female"), ("lydia", "male")):
            self.tokens[name] = self.sign_up(name, looking_for)
        for who, prefix in (
            ("first operator", "DEMO_OPERATOR"),
            ("second operator", "DEMO_OPERATOR2"),
            ("admin", "DEMO_ADMIN"),
        ):
            self.tokens[who] = self.sign_in(prefix)
        self.tell(
            "amos and lydia have accounts; they were told that profiles are fictional, and said they know"
        )

        self.step("amos looks for somebody to talk to, and lydia does too")
        chats = {}
        for who in ("amos", "lydia"):
            profiles = self.call(who, "GET", "/api/profiles", 200)["profiles"]
            self.must(
                all(profile["is_fictional"] for profile in profiles), "a profile is not labelled fictional"
            )
            chats[who] = self.call(who, "POST", "/api/chats", 201, {"fictionalUserId": profiles[0]["id"]})[
                "chat"
            ]
            self.tell(f"{who} opens a chat with {profiles[0]['name']} (fictional)")
        amos_chat = chats["amos"]["id"]

        self.step("Three messages are free")
        for text in ("Hello!", "How was your day?", "I <3 the sea, do you?"):
            sent = self.call("amos", "POST", "/api/messages", 201, self.message(amos_chat, text))
            self.must(sent["message"]["is_free_message"], "a free message was charged")
            self.must(sent["message"]["content"] == text, "a message was not kept as typed")
            self.tell(f"amos: {text}   (free, {sent['credits']} credits)")
        self.call(
            "lydia", "POST", "/api/messages", 201, self.message(chats["lydia"]["id"], "Is anybody there?")
        )
        self.tell("lydia writes too: she is second in the queue")

        self.step("The fourth is refused: it costs a credit, and amos has none")
        fourth = self.message(amos_chat, "Are you still there?")
        refusal = self.call("amos", "POST", "/api/messages", 402, fourth)
        self.must(refusal["code"] == "INSUFFICIENT_CREDITS", f"the code is {refusal['code']}")
        self.tell(f"402: {refusal['error']}")

        self.step("amos buys ten credits: initialize, pay, and Paystack's signed webhook settles it")
        packages = self.call("amos", "GET", "/api/packages", 200)["packages"]
        checkout = self.call(
            "amos", "POST", "/api/payments/initialize", 201, {"packageId": packages[0]["id"]}
        )
        self.tell(f"reference {checkout['reference']}, pay page {checkout['authorization_url']}")
        paid = requests.post(f"{checkout['authorization_url']}/pay", timeout=TIMEOUT, allow_redirects=False)
        self.must(paid.status_code < 400, f"the pay page answered {paid.status_code}")
        credits = self.wait_for("the webhook to credit amos", lambda: self.credits("amos"))
        self.must(credits == packages[0]["credits"], f"amos has {credits} credits")
        again = self.call(
            "amos", "POST", "/api/webhooks/paystack/verify", 200, {"reference": checkout["reference"]}
        )
        self.must(again["granted"] == 0 and again["credits"] == credits, "verifying credited a second time")
        self.tell(f"amos has {credits} credits; asking Paystack again credits nothing twice")

        self.step("Now the fourth goes through, and once only, however often it is sent")
        sent = self.call("amos", "POST", "/api/messages", 201, fourth)
        repeat = self.call("amos", "POST", "/api/messages", 200, fourth)
        self.must(sent["message"] == repeat["message"], "the repeat made another message")
        self.must(repeat["credits"] == self.credits("amos") == credits - 1, "the balance is not one less")
        self.tell(f"amos: {fourth['content']}   (1 credit, {repeat['credits']} left)")

        self.step("An operator comes on duty and is given the chat that has waited longest")
        self.call("first operator", "POST", "/api/operator/availability", 200, {"available": True})
        assigned = self.call("first operator", "POST", "/api/operator/assign", 200)["chat"]
        self.must(assigned["id"] == amos_chat, "the operator was given another chat")
        self.must(
            "email" not in assigned["user"] and "credits" not in assigned["user"],
            "the operator sees too much",
        )
        refusal = self.call("first operator", "POST", "/api/operator/assign", 409)
        self.tell(
            f"the chat of {assigned['user']['display_name']}; a second one is refused: {refusal['error']}"
        )

        self.step("The operator answers, and amos sees it")
        last_seq = sent["message"]["seq"]
        answer = self.message(amos_chat, "I am here. The sea was calm today!")
        self.call("first operator", "POST", "/api/operator/messages", 201, answer)
        seen = self.call("amos", "GET", f"/api/chats/{amos_chat}/messages?after={last_seq}", 200)["messages"]
        self.must(
            [message["content"] for message in seen] == [answer["content"]], "amos does not see the answer"
        )
        self.tell(f"{assigned['profile']['name']}: {seen[0]['content']}")

        self.step("The operator completes the chat; lydia is next. Meanwhile amos writes again, behind her")
        lydia_chat = chats["lydia"]["id"]
        following = self.call("first operator", "POST", "/api/operator/complete", 200, {"chatId": amos_chat})[
            "chat"
        ]
        self.must(following is not None and following["id"] == lydia_chat, "lydia was not next")
        self.tell(f"next: {following['messages'][-1]['content']}")
        self.call(
            "amos", "POST", "/api/messages", 201, self.message(amos_chat, "Tell me about the octopuses.")
        )

        self.step("That operator goes silent: the chat moves to another, keeping its place before amos")
        self.call("admin", "PATCH", "/api/admin/settings", 200, {"lostOperatorSeconds": LOST_AFTER_SECONDS})
        self.tell(
            f"the limit is 90 seconds; the admin sets it to {LOST_AFTER_SECONDS}, so that nobody has to wait here"
        )
        time.sleep(LOST_AFTER_SECONDS + 0.5)
        self.call("second operator", "POST", "/api/operator/availability", 200, {"available": True})
        swept = self.cron("/api/cron/idle-detection")
        self.tell(f"the cron sweeps: {swept}")
        moved = self.call("second operator", "GET", "/api/operator/chat", 200)["chat"]
        self.must(
            moved is not None and moved["id"] == lydia_chat, "the chat did not move to the second operator"
        )
        self.must(moved["waiting_since"] == following["waiting_since"], "the chat lost its place")
        beat = {"chatId": lydia_chat, "lastActivity": int(time.time() * 1000)}
        state = self.call("first operator", "POST", "/api/operator/heartbeat", 200, beat)
        self.must(state["state"] == "released", f"the first operator is told {state['state']}")
        self.tell(
            f"the second operator has it; the first, back again, is told: {state['released']['reason']}"
        )

        self.step("The second operator answers lydia, completes her chat, and amos is next")
        answer = self.message(lydia_chat, "Somebody is here now. Welcome!")
        self.call("second operator", "POST", "/api/operator/messages", 201, answer)
        following = self.call(
            "second operator", "POST", "/api/operator/complete", 200, {"chatId": lydia_chat}
        )["chat"]
        self.must(following is not None and following["id"] == amos_chat, "amos was not next")
        self.tell(f"next: {following['messages'][-1]['content']}")

        self.step("The books are audited")
        discrepancies = self.ledger_discrepancies()
        self.must(discrepancies == 0, f"{discrepancies} accounts do not add up")
        self.tell("every balance is the sum of its ledger")

    # What the steps are made of.

    def step(self, text: str) -> None:
        self.step_number += 1
        click.secho(f"\n{self.step_number}. {text}", bold=True)

    def tell(self, text: str) -> None:
        click.echo(f"   {text}")

    def must(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise Differs(otherwise)

    def message(self, chat_id: str, text: str) -> dict[str, str]:
        return {"chatId": chat_id, "content": text, "clientMessageId": str(uuid.uuid4())}

    def call(self, who: str, method: str, path: str, status: int, body: dict[str, Any] | None = None) -> Any:
        """One request to the API as somebody; its JSON. Raises Differs when it answers with another status."""
        answer = requests.request(
            method,
            self.api_url + path,
            json=body,
            headers={"Authorization": f"Bearer {self.tokens[who]}"},
            timeout=TIMEOUT,
        )
        self.must(
            answer.status_code == status,
            f"{method} {path} answered {answer.status_code}: {answer.text[:300]}",
        )
        return answer.json()

    def sign_up(self, name: str, looking_for: str) -> str:
        body = {
            "name": name,
            "password": f"demo-{uuid.uuid4().hex}",
            "displayName": name.title(),
            "location": "Nairobi",
            "gender": "male" if looking_for == "female" else "female",
            "lookingFor": looking_for,
            "age": 31,
            "acceptsFictionalProfiles": True,
        }
        answer = requests.post(f"{self.api_url}/api/auth/sign-up", json=body, timeout=TIMEOUT)
        self.must(answer.status_code == 201, f"sign-up answered {answer.status_code}: {answer.text[:300]}")
        return str(answer.json()["session"]["access_token"])

    def sign_in(self, prefix: str) -> str:
        body = {
            "email": self.environment[f"{prefix}_EMAIL"],
            "password": self.environment[f"{prefix}_PASSWORD"],
        }
        answer = requests.post(f"{self.api_url}/api/auth/sign-in", json=body, timeout=TIMEOUT)
        self.must(answer.status_code == 200, f"sign-in answered {answer.status_code}: {answer.text[:300]}")
        return str(answer.json()["session"]["access_token"])

    def credits(self, who: str) -> int:
        balance: int = self.call(who, "GET", "/api/account", 200)["user"]["credits"]
        return balance

    def cron(self, path: str) -> Any:
        secret = self.environment["CRON_SECRET"]
        answer = requests.get(
            self.api_url + path, headers={"Authorization": f"Bearer {secret}"}, timeout=TIMEOUT
        )
        self.must(answer.status_code == 200, f"{path} answered {answer.status_code}: {answer.text[:300]}")
        return answer.json()

    def ledger_discrepancies(self) -> float:
        answer = requests.get(
            f"{self.api_url}/metrics",
            headers={"Authorization": f"Bearer {self.environment['CRON_SECRET']}"},
            timeout=TIMEOUT,
        )
        for line in answer.text.splitlines():
            if line.startswith("fantooo_ledger_discrepancies"):
                return float(line.split()[-1])
        raise Differs(f"/metrics ({answer.status_code}) does not tell of the ledger")

    def wait_for(self, what: str, look: Any) -> Any:
        """Look until there is something; Differs after 10 seconds."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if found := look():
                return found
            time.sleep(0.1)
        raise Differs(f"waited in vain for {what}")


@contextlib.contextmanager
def _fresh_stack() -> Iterator[dict[str, str]]:
    """A stack of its own in a temporary directory, gone afterwards; its environment."""
    data_dir = Path(tempfile.mkdtemp(prefix="fantooo-demo-"))
    try:
        stack.up_in_background(stack.Stack(data_dir, free_port(4)), _say_progress)
        yield read_env_file(data_dir)
    except SetupError as error:
        raise click.ClickException(str(error)) from error
    finally:
        stack.down(data_dir)
        shutil.rmtree(data_dir, ignore_errors=True)


def _say_progress(line: str) -> None:
    # Not where it runs and who signs in: it is gone in a moment.
    if line.endswith("…"):
        click.echo(line)
