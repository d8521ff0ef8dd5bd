"""Figures for Prometheus: what each worker counts, and what the database knows, asked when somebody looks."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from functools import cache

import psycopg
import structlog
from flask import Response, g, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import REGISTRY, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from api.db import Database

log = structlog.get_logger("api.metrics")

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUESTS = Histogram(
    "fantooo_request_seconds", "Time to answer a request", ["method", "route", "status"], buckets=BUCKETS
)
# Anybody may send a request of any method; each other one would be figures kept for ever.
METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
CALLS = Histogram(
    "fantooo_sql_function_seconds",
    "Time an SQL function took, as the API saw it",
    ["function"],
    buckets=BUCKETS,
)
POOL_WAITS = Histogram("fantooo_pool_wait_seconds", "Time waited for a database connection", buckets=BUCKETS)
POOL_CONNECTIONS = Gauge(
    "fantooo_pool_connections", "Database connections held", ["state"], multiprocess_mode="livesum"
)
WEBHOOKS = Counter("fantooo_webhooks", "Payment webhooks received", ["outcome"])


def observe_call(function: str, waited: float, worked: float) -> None:
    _call_timer(function).observe(worked)
    POOL_WAITS.observe(waited)


class DatabaseCollector(Collector):
    """The queue, the scheduled jobs and the books. Without the database the workers' own figures still come."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("fantooo_database_up", "1 when the database answered for these metrics")
        try:
            found = [*self._queue(), *self._jobs(), *self._books()]
        except psycopg.Error as error:
            log.warning("the database's figures are missing from the metrics", sqlstate=error.sqlstate)
            found = []
        up.add_metric([], 1 if found else 0)
        yield from (up, *found)

    def _queue(self) -> Iterator[Metric]:
        queue = self._db.call("queue_status", repeatable=True)
        yield GaugeMetricFamily(
            "fantooo_chats_waiting", "Chats waiting for an operator", value=queue["waiting"]
        )
        yield GaugeMetricFamily(
            "fantooo_oldest_wait_seconds",
            "How long the chat that has waited longest has waited",
            value=queue["oldest_wait_seconds"] or 0,
        )
        yield GaugeMetricFamily(
            "fantooo_operators_free", "Operators ready for a chat", value=queue["free_operators"]
        )

    def _jobs(self) -> Iterator[Metric]:
        age = GaugeMetricFamily(
            "fantooo_job_age_seconds", "Time since a scheduled job last ran", labels=["job"]
        )
        result = GaugeMetricFamily(
            "fantooo_job_result", "What a scheduled job did when it last ran", labels=["job", "outcome"]
        )
        for job in self._db.call("job_status", repeatable=True)["jobs"]:
            age.add_metric([job["job"]], job["seconds_ago"])
            for outcome, count in job["last_result"].items():
                if isinstance(count, int | float):
                    result.add_metric([job["job"], outcome], count)
        yield age
        yield result

    def _books(self) -> Iterator[Metric]:
        wrong = self._db.rows("audit_credits", repeatable=True)
        yield GaugeMetricFamily(
            "fantooo_ledger_discrepancies",
            "Accounts whose credits and ledger differ; anything but 0 is a bug",
            len(wrong),
        )


def registry(db: Database) -> CollectorRegistry:
    """Everything there is to scrape: all workers' figures where gunicorn runs several, and the database's."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        found = CollectorRegistry()
        MultiProcessCollector(found)  # type: ignore[no-untyped-call]
    else:
        found = CollectorRegistry()
        found.register(_ThisProcess())
    found.register(DatabaseCollector(db))
    return found


class _ThisProcess(Collector):
    def collect(self) -> Iterator[Metric]:
        yield from REGISTRY.collect()


def observe_request(response: Response, db: Database) -> None:
    """Count the request that is being answered."""
    route = request.url_rule.rule if request.url_rule else "none"
    method = request.method if request.method in METHODS else "other"
    _request_timer(method, route, response.status_code).observe(time.perf_counter() - g.started)
    _pool_gauges.look_at(db)


class _PoolGauges:
    """How many connections this worker has: looked at while it answers, at most once a second."""

    def __init__(self) -> None:
        self._next_look = 0.0

    def look_at(self, db: Database) -> None:
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + 1
            stats = db.pool.get_stats()
            POOL_CONNECTIONS.labels("open").set(stats.get("pool_size", 0))
            POOL_CONNECTIONS.labels("idle").set(stats.get("pool_available", 0))


_pool_gauges = _PoolGauges()


# Looking a child up by its labels takes longer than counting in it.
@cache
def _request_timer(method: str, route: str, status: int) -> Histogram:
    return REQUESTS.labels(method, route, status)


@cache
def _call_timer(function: str) -> Histogram:
    return CALLS.labels(function)
