"""The endpoints side by side with what they are made of, and with the original design."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg

from bench import data, load
from bench.baselines import servers
from bench.lab import PAYSTACK_SECRET_KEY, Lab, Server, Unavailable, api_environment, cpu_seconds
from bench.options import Options
from bench.pgbench import Run, pgbench
from bench.report import Table, median, percentile, spread
from local.project import Project

SCRIPTS = Path(__file__).parent.parent / "scripts"

USERS = 2_000
HISTORY = 10  # messages in a chat before the first is sent
HOLDING = 1_000  # operators 1 to this one hold a chat and send heartbeats
ASKING = 3_000  # those after them ask for one
FRESH_PROFILES = range(2, 7)  # with these each user has a chat nobody has written in
HELD_PROFILE = 7
PROFILES = 200
PAYMENTS = 60_000
FREE_MESSAGES = 3
# The API's share of two cores is one: the database and the load generator take the other.
WORKERS, THREADS = 1, 16
CONNECTIONS = 16

OUR_SEND = "send, paid"
BARE = "bare Flask, JSON in and out"
FUNCTION = "send_user_message by pgbench"
SEED_POOL = "original: 5 statements over our pool"
SEED_REST = "original: 5 requests over REST"
SEED_PGBENCH = "original's 5 statements by pgbench"
RPC = "send_user_message over local REST rpc"


Nothing = Callable[[], None]


@dataclass
class Scenario:
    """One thing measured: `run(seconds)` once a round, between `prepare` and `tidy`, which do not count."""

    name: str
    run: Callable[[float], load.Outcome | Run]
    watch: psycopg.Connection
    roles: tuple[str, ...]
    server: Server | None = None
    at_rate: Callable[[float, float], load.Outcome] | None = None
    prepare: Nothing = lambda: None
    tidy: Nothing = lambda: None
    per_second: list[float] = field(default_factory=list)
    requests: int = 0
    server_cpu: float = 0.0
    database_cpu: float = 0.0
    statements: int = 0


def measure(lab: Lab, options: Options) -> list[Table]:
    project = lab.new_project("messages")
    with ExitStack() as stack:
        conn = stack.enter_context(lab.superuser(project))
        _fill(conn)
        scenarios, notes = _scenarios(lab, project, conn, stack)
        scenarios = [scenario for scenario in scenarios if options.wants(scenario.name)]
        # The first round warms up: pools are filled, statements prepared.
        for number in range(options.rounds + 1):
            for scenario in scenarios:
                _measure_round(lab, scenario, options.seconds, counts=number > 0)
        half_peak = {
            scenario.name: _at_half_peak(scenario, options.seconds)
            for scenario in scenarios
            if scenario.server and not scenario.name.startswith("original")
        }
        if wrong := conn.execute("select * from public.audit_credits() limit 3").fetchall():
            raise AssertionError(f"the books do not balance after the bench: {wrong}")
    return [_requests_table(scenarios, half_peak, notes), _ratios_table(scenarios)]


def _fill(conn: psycopg.Connection) -> None:
    data.add_people(conn, users=USERS, operators=HOLDING + ASKING, profiles=PROFILES)
    data.add_chats(conn, users=USERS, profile=1, messages=HISTORY)
    for profile in FRESH_PROFILES:
        data.add_chats(conn, users=USERS, profile=profile, messages=0)
    data.add_chats(conn, users=HOLDING, profile=HELD_PROFILE, messages=2)
    data.add_payments(conn, payments=PAYMENTS, users=USERS)
    data.settle_down(conn)


def _scenarios(
    lab: Lab, project: Project, conn: psycopg.Connection, stack: ExitStack
) -> tuple[list[Scenario], list[str]]:
    notes: list[str] = []
    sizes = {"workers": WORKERS, "threads": THREADS}
    rest = stack.enter_context(servers.rest_api(lab, project))
    environment = api_environment(project)
    api = stack.enter_context(lab.gunicorn("api", "api.index:app", environment, "/api/ready", **sizes))
    # Tokens nobody has seen push those that are known out of a worker's cache, so they go to workers of their own.
    aloof = stack.enter_context(lab.gunicorn("aloof", "api.index:app", environment, "/api/ready", **sizes))
    bare = stack.enter_context(servers.bare_flask(lab, **sizes))
    seed = servers.new_seed_project(lab, "seed", users=USERS, messages=HISTORY)
    seed_conn = stack.enter_context(lab.superuser(seed))
    over_pool = stack.enter_context(servers.seed_over_pool(lab, seed, **sizes))
    users = Callers(project, "user", USERS)
    operators = Callers(project, "operator", HOLDING + ASKING)
    introduce(users, api)
    introduce(operators, api)

    def after_a_minute() -> None:
        data.forget_recent_sends(conn)

    def ask() -> None:
        data.put_on_duty(conn, first=HOLDING + 1, last=HOLDING + ASKING)
        data.enqueue(conn, users=USERS, profile=1)

    def stop_asking() -> None:
        data.take_off_duty(conn, first=HOLDING + 1, last=HOLDING + ASKING)

    def beat() -> None:
        data.hold(conn, operators=HOLDING, profile=HELD_PROFILE)

    def lay_down() -> None:
        data.take_off_duty(conn, first=1, last=HOLDING)

    found = [
        http(OUR_SEND, api, paid(users), conn, 201, after_a_minute),
        http(BARE, bare, paid(users), conn, 201),
        by_pgbench(FUNCTION, project, "send.sql", "fantooo_api", conn, after_a_minute),
        http(SEED_POOL, over_pool, seed_send(), seed_conn, 201, roles=("postgres",)),
        by_pgbench(SEED_PGBENCH, seed, "seed.sql", "postgres", seed_conn),
        http(RPC, rest, rpc(project), conn, 200, after_a_minute, roles=("authenticator", "service_role")),
        http("send, free", api, free(users), conn, 201, after_a_minute),
        http("send, repeated", api, repeated(users), conn, 200),
        http(
            "send, token not seen before",
            aloof,
            paid(Callers(project, "user", USERS, anew=True)),
            conn,
            201,
            after_a_minute,
        ),
        http("assign, with the operator's screen", api, assign(operators), conn, 200, ask, stop_asking),
        http("heartbeat", api, heartbeat(operators), conn, 200, beat, lay_down),
        http("webhook, crediting", api, webhook(), conn, 200),
        http("profiles, a page of 20", api, profiles(users), conn, 200),
    ]
    try:
        seed_of_lite = servers.new_seed_project(lab, "seed_rest", users=USERS, messages=HISTORY)
        lite_conn = stack.enter_context(lab.superuser(seed_of_lite))
        over_rest = stack.enter_context(servers.seed_over_rest(lab, seed_of_lite, **sizes))
        # At the peak some of its requests to REST break, and then of its five some were done and some not.
        roles = ("service_role", "supabase_admin")
        found.append(http(SEED_REST, over_rest, seed_send(), lite_conn, 201, roles=roles, may_fail=True))
    except Unavailable as reason:
        notes.append(f"{SEED_REST}: not measured, {reason}")
    return found, notes


def http(
    name: str,
    server: Server,
    make: load.MakeRequest,
    watch: psycopg.Connection,
    expected: int,
    prepare: Nothing = lambda: None,
    tidy: Nothing = lambda: None,
    roles: tuple[str, ...] = ("fantooo_api",),
    may_fail: bool = False,
) -> Scenario:
    """A scenario of requests to `server`, each of which must be answered with `expected`, unless it `may_fail`.

    The statements of `roles` are counted, those being what the server logs in as and becomes.
    """

    def run(seconds: float, rate: float | None = None) -> load.Outcome:
        # At a given rate there must always be a connection free: as browsers, which do not wait for each other.
        connections = CONNECTIONS * 8 if rate else CONNECTIONS
        outcome = load.run(
            server.port, make, seconds=seconds, connections=connections, rate=rate, expected=expected
        )
        return outcome if may_fail else outcome.require(expected)

    return Scenario(name, run, watch, roles, server, run, prepare, tidy)


def by_pgbench(
    name: str,
    project: Project,
    script: str,
    role: str,
    watch: psycopg.Connection,
    prepare: Nothing = lambda: None,
) -> Scenario:
    """A scenario of a script run by pgbench."""

    def run(seconds: float) -> Run:
        variables = {"users": USERS}
        return pgbench(
            project,
            SCRIPTS / script,
            clients=CONNECTIONS,
            seconds=round(seconds),
            role=role,
            variables=variables,
        )

    return Scenario(name, run, watch, (role,), prepare=prepare)


def _measure_round(lab: Lab, scenario: Scenario, seconds: float, *, counts: bool) -> None:
    def used() -> tuple[float, float, int]:
        row = scenario.watch.execute(
            "select coalesce(sum(calls), 0)::bigint from extensions.pg_stat_statements"
            " where dbid = (select oid from pg_database where datname = current_database())"
            # What triggers run when a transaction ends counts as the owner's.
            " and userid = any (%s::text[]::regrole[]::oid[])",
            [list(scenario.roles)],
        ).fetchone()
        server = cpu_seconds(scenario.server.pid) if scenario.server else None
        return server or 0.0, cpu_seconds(lab.postmaster) or 0.0, int(row[0]) if row else 0

    scenario.prepare()
    server, database, statements = used()
    outcome = scenario.run(seconds)
    if counts:
        after = used()
        scenario.per_second.append(outcome.per_second)
        scenario.requests += outcome.count
        scenario.server_cpu += after[0] - server
        scenario.database_cpu += after[1] - database
        scenario.statements += after[2] - statements
    scenario.tidy()


def _at_half_peak(scenario: Scenario, seconds: float) -> load.Outcome:
    assert scenario.at_rate is not None
    scenario.prepare()
    outcome = scenario.at_rate(seconds, median(scenario.per_second) / 2)
    scenario.tidy()
    return outcome


def _requests_table(
    scenarios: Sequence[Scenario], half_peak: Mapping[str, load.Outcome], notes: list[str]
) -> Table:
    table = Table(
        "Side by side: requests a second at the peak, latency in ms at half of it, CPU ms and statements a request",
        ("", "a second", "spread", "p50", "p95", "p99", "CPU server", "CPU database", "statements"),
        notes=notes,
    )
    for scenario in scenarios:
        latencies = half_peak[scenario.name].latencies if scenario.name in half_peak else None
        points = [percentile(latencies, share) * 1000 if latencies else None for share in (0.5, 0.95, 0.99)]
        table.rows.append(
            (
                scenario.name,
                median(scenario.per_second),
                spread(scenario.per_second),
                *points,
                scenario.server_cpu / scenario.requests * 1000 if scenario.server else None,
                scenario.database_cpu / scenario.requests * 1000,
                round(scenario.statements / scenario.requests, 1),
            )
        )
    return table


def _ratios_table(scenarios: Sequence[Scenario]) -> Table:
    """The limits of the design, as ratios of the same round: a slow moment then slows both sides of one."""
    by_name = {scenario.name: scenario.per_second for scenario in scenarios}
    table = Table(
        "Ratios, each of one round; the median of the rounds", ("", "ratio", "least", "most", "limit")
    )

    def row(name: str, limit: str, of: Callable[..., float], *names: str) -> None:
        if all(by_name.get(needed) for needed in names):
            ratios = [of(*values) for values in zip(*(by_name[needed] for needed in names), strict=True)]
            table.rows.append((name, median(ratios), min(ratios), max(ratios), limit))

    def of_composite(ours: float, bare: float, function: float) -> float:
        return ours / (1 / (1 / bare + 1 / function))

    def times(ours: float, theirs: float) -> float:
        return ours / theirs

    row("send over the composite limit 1 / (1/A + 1/B)", "0.75", of_composite, OUR_SEND, BARE, FUNCTION)
    row("send over the original through REST", "20", times, OUR_SEND, SEED_REST)
    row("send over the original's statements over our pool", "3", times, OUR_SEND, SEED_POOL)
    row("the function over the original's statements, both by pgbench", "-", times, FUNCTION, SEED_PGBENCH)
    row("send over the same function through REST rpc", "-", times, OUR_SEND, RPC)
    return table


class Callers:
    """People of one kind and their tokens; `anew` makes another token at each asking, so that none is known."""

    def __init__(self, project: Project, kind: str, count: int, *, anew: bool = False) -> None:
        self._project = project
        self.kind = kind
        self.count = count
        self._headers = [] if anew else [self._made(number) for number in range(1, count + 1)]

    def headers(self, number: int) -> dict[str, str]:
        """The headers of the number-th, who counts from 1."""
        return self._headers[number - 1] if self._headers else self._made(number)

    def _made(self, number: int) -> dict[str, str]:
        token = data.access_token(self._project, data.make_id(self.kind, number))
        return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


def introduce(callers: Callers, api: Server) -> None:
    """Let the worker see every token once, as it has when its owner sends again: a token is good for an hour."""
    turns = itertools.count()

    def make(_: int) -> bytes:
        turn = next(turns)
        if turn >= callers.count:
            raise load.Exhausted
        return load.http_request("GET", "/api/packages", callers.headers(turn + 1))

    load.run(api.port, make, seconds=600, connections=CONNECTIONS).require(200)


def paid(users: Callers) -> load.MakeRequest:
    turns = itertools.count()

    def make(_: int) -> bytes:
        user = next(turns) % users.count + 1
        body = {"chatId": str(data.chat_id(user, 1)), "content": data.TEXT}
        return load.http_request("POST", "/api/messages", users.headers(user), json.dumps(body).encode())

    return make


def free(users: Callers) -> load.MakeRequest:
    turns = itertools.count()
    chats = users.count * len(FRESH_PROFILES)

    def make(_: int) -> bytes:
        turn = next(turns)
        if turn >= chats * FREE_MESSAGES:
            raise load.Exhausted
        user, profile = turn % users.count + 1, FRESH_PROFILES[turn % chats // users.count]
        body = {"chatId": str(data.chat_id(user, profile)), "content": data.TEXT}
        return load.http_request("POST", "/api/messages", users.headers(user), json.dumps(body).encode())

    return make


def repeated(users: Callers) -> load.MakeRequest:
    """The last message of each history, which the service has had already."""
    turns = itertools.count()
    seq = HISTORY - 1

    def make(_: int) -> bytes:
        user = next(turns) % users.count + 1
        message_id = data.make_id("sent", f"{user}-1-{seq}")
        body = {
            "chatId": str(data.chat_id(user, 1)),
            "content": data.TEXT,
            "clientMessageId": str(message_id),
        }
        return load.http_request("POST", "/api/messages", users.headers(user), json.dumps(body).encode())

    return make


def assign(operators: Callers) -> load.MakeRequest:
    def make(number: int) -> bytes:
        if number >= ASKING:
            raise load.Exhausted
        return load.http_request("POST", "/api/operator/assign", operators.headers(HOLDING + number + 1))

    return make


def heartbeat(operators: Callers) -> load.MakeRequest:
    turns = itertools.count()

    def make(_: int) -> bytes:
        number = next(turns) % HOLDING + 1
        body = {
            "chatId": str(data.chat_id(number, HELD_PROFILE)),
            "lastActivity": datetime.now(UTC).isoformat(),
        }
        return load.http_request(
            "POST", "/api/operator/heartbeat", operators.headers(number), json.dumps(body).encode()
        )

    return make


def profiles(users: Callers) -> load.MakeRequest:
    turns = itertools.count()

    def make(_: int) -> bytes:
        return load.http_request(
            "GET", "/api/profiles?limit=20", users.headers(next(turns) % users.count + 1)
        )

    return make


def webhook() -> load.MakeRequest:
    """A charge.success for another payment each time, signed as Paystack does."""
    turns = itertools.count(1)

    def make(_: int) -> bytes:
        number = next(turns)
        if number > PAYMENTS:
            raise load.Exhausted
        charge = {
            "id": 4_000_000_000 + number,
            "domain": "test",
            "status": "success",
            "reference": data.payment_reference(number),
            "amount": 10_000,
            "requested_amount": 10_000,
            "currency": "KES",
            "channel": "mobile_money",
            "paid_at": "2026-01-01T12:00:00.000Z",
            "created_at": "2026-01-01T11:59:00.000Z",
            "fees": 150,
            "customer": {"id": 180_000, "email": "user@fantooo.com", "customer_code": "CUS_0123456789abcde"},
            "authorization": {
                "authorization_code": "AUTH_0123456789",
                "channel": "mobile_money",
                "country_code": "KE",
            },
        }
        body = json.dumps({"event": "charge.success", "data": charge}).encode()
        signature = hmac.new(PAYSTACK_SECRET_KEY.encode(), body, hashlib.sha512).hexdigest()
        headers = {"X-Paystack-Signature": signature, "Content-Type": "application/json"}
        return load.http_request("POST", "/api/webhooks/paystack", headers, body)

    return make


def seed_send() -> load.MakeRequest:
    turns = itertools.count()

    def make(_: int) -> bytes:
        user = next(turns) % USERS + 1
        body = {
            "chatId": str(data.chat_id(user, 1)),
            "senderId": str(data.make_id("user", user)),
            "content": data.TEXT,
        }
        return load.http_request(
            "POST", "/api/messages", {"Content-Type": "application/json"}, json.dumps(body).encode()
        )

    return make


def rpc(project: Project) -> load.MakeRequest:
    turns = itertools.count()
    headers = {
        "apikey": project.service_role_key,
        "Authorization": f"Bearer {project.service_role_key}",
        "Content-Type": "application/json",
    }

    def make(_: int) -> bytes:
        user = next(turns) % USERS + 1
        body = {
            "p_user_id": str(data.make_id("user", user)),
            "p_chat_id": str(data.chat_id(user, 1)),
            "p_content": data.TEXT,
            "p_client_message_id": str(uuid4()),
        }
        return load.http_request("POST", "/rest/v1/rpc/send_user_message", headers, json.dumps(body).encode())

    return make
