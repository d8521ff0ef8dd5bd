"""What is written down about a request: one JSON line, with nothing in it that anybody said or could sign in with."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Callable
from secrets import token_hex
from typing import Any, TextIO, cast

import structlog
from flask import Response, g, has_request_context, request
from pydantic_core import to_json

from api.headers import OF_THIS_ANSWER, REQUEST_ID

log = structlog.get_logger("api.requests")

ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
# Whatever ends up in a log line by accident, these never do in full.
# Looked for in a line of JSON: an escaped quote belongs to the text and a bare one ends it; a word may follow the "n" of an
# escaped newline.
SECRET = re.compile(
    r"eyJ[\w-]+\.[\w-]+\.[\w-]*|(?:sk_(?:test|live)|sb_secret)_[\w-]+"
    r'|://(?:\\"|[^\s/@"])+@'
)
# One of these is in whatever SECRET finds, and looking for them takes a tenth of the time.
MARKS_OF_SECRETS = ("eyJ", "sk_", "sb_secret_", "://")


class _Output:
    """Where lines go: looked up for each, for loggers are made once and live longer than a stream may."""

    stream: TextIO | None = None

    def write(self, text: str) -> int:
        return (self.stream or sys.stdout).write(text)

    def flush(self) -> None:
        (self.stream or sys.stdout).flush()


_output = _Output()


def configure(stream: TextIO | None = None) -> None:
    """Log everything to `stream` (standard output), our own lines and other libraries', one JSON object a line."""
    _output.stream = stream
    output = cast("TextIO", _output)
    before: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    after: list[structlog.typing.Processor] = [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(_json),
        _without_secrets,
    ]
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *before],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *after],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    # One line for every connection handed out is not for an API's log.
    logging.getLogger("psycopg.pool").setLevel(logging.WARNING)
    # Our own lines do not go through the standard library, which takes three times as long.
    structlog.configure(
        processors=[*before, *after],
        logger_factory=structlog.WriteLoggerFactory(output),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )


def _json(line: Any, *, default: Callable[[Any], Any]) -> str:
    """By pydantic's Rust, in a third of the time that Python's own takes. `default` writes what JSON has no word for."""
    try:
        return to_json(line, fallback=default, ensure_ascii=True).decode()
    except ValueError:
        # Half a surrogate pair, bytes that are no text: Python's own writes them all, and a line must not get lost.
        return json.dumps(line, default=default)


def _without_secrets(_logger: object, _method: str, line: Any) -> str:
    return SECRET.sub("[removed]", line) if any(mark in line for mark in MARKS_OF_SECRETS) else line


def add_database_time(_function: str, waited: float, worked: float) -> None:
    """Counts one database call towards the request it was made for."""
    if has_request_context():
        g.database_seconds = g.get("database_seconds", 0.0) + waited + worked


def begin() -> None:
    """Before a request: when it came, and the id by which it can be found again."""
    given = request.headers.get(REQUEST_ID, "")
    g.request_id = given if ACCEPTED_ID.fullmatch(given) else token_hex(16)
    request.environ[OF_THIS_ANSWER] = [(REQUEST_ID, g.request_id)]
    g.started = time.perf_counter()


def write_line(response: Response) -> None:
    """After it: what came of it. Last of all, so that the line tells what Flask sends."""
    # Behind the proxy, which looks for it anew at each attribute.
    told = g._get_current_object()
    caller = told.get("caller")
    rule = request.url_rule
    log.info(
        "request",
        request_id=told.request_id,
        user_id=str(caller.id) if caller else None,
        method=request.method,
        # The rule, not the path: an id or a code in a URL is not for a log.
        route=rule.rule if rule else None,
        status=response.status_code,
        code=told.get("code"),
        duration_ms=round((time.perf_counter() - told.started) * 1000, 2),
        db_ms=round(told.get("database_seconds", 0.0) * 1000, 2),
    )
