"""Our REST API answers as @supabase/lite does: status, body, and Content-Range; of errors, status and code.

Run on its own, `python -m pytest tests/oracle`: it needs Node.js and, once, npm's registry.
"""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.support.rest_requests import CALLS, READ_REFUSALS, READS
from tests.support.rest_server import ANN, Rest

ROWS = {"Prefer": "return=representation"}
SINGLE = {"Accept": "application/vnd.pgrst.object+json"}
COUNT = {"Prefer": "count=exact"}
MERGE = {"Prefer": "resolution=merge-duplicates, return=representation"}
IGNORE = {"Prefer": "resolution=ignore-duplicates, return=representation"}


@dataclass(frozen=True)
class Asked:
    """One request, by the service role unless it says otherwise."""

    method: str
    path: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    role: str = "service_role"


# Writes change what later ones find, so each writes rows of its own.
REQUESTS: dict[str, Asked] = {
    **{f"read-{name}": Asked("GET", path) for name, (path, _) in READS.items()},
    **{f"refused-{name}": Asked("GET", path) for name, (path, _, _) in READ_REFUSALS.items()},
    **{f"call-{name}": Asked("POST", path, body) for name, (body, path, _) in CALLS.items()},
    "count": Asked("GET", "/books?select=id&order=id&limit=2", headers=COUNT),
    "count-of-none": Asked("GET", "/books?id=eq.99", headers=COUNT),
    "count-inner": Asked("GET", "/authors?select=id,books!author_id!inner(id)&order=id", headers=COUNT),
    "offset-too-far": Asked("GET", "/books?offset=99", headers=COUNT),
    "head": Asked("HEAD", "/books", headers=COUNT),
    "single": Asked("GET", "/books?select=id&id=eq.1", headers=SINGLE),
    "single-of-none": Asked("GET", "/books?id=eq.99", headers=SINGLE),
    "single-of-many": Asked("GET", "/books?id=lt.3", headers=SINGLE),
    "other-profile": Asked("GET", "/books", headers={"Accept-Profile": "nix"}),
    "unknown-preference": Asked("GET", "/books", headers={"Prefer": "nix, handling=strict"}),
    "insert": Asked("POST", "/genres", {"id": 20, "name": "a"}),
    "insert-rows": Asked(
        "POST", "/genres?select=id", [{"id": 21, "name": "b"}, {"id": 22, "name": "c"}], ROWS
    ),
    "insert-single": Asked("POST", "/genres", {"id": 23, "name": "d"}, {**ROWS, **SINGLE}),
    "insert-embedding": Asked(
        "POST", "/books?select=title,authors!author_id(name)", {"title": "E", "author_id": 2}, ROWS
    ),
    "insert-empty-array": Asked("POST", "/genres", [], ROWS),
    "insert-columns": Asked(
        "POST", "/books?columns=title&select=title,pages", {"title": "C", "pages": 3}, ROWS
    ),
    "insert-duplicate": Asked("POST", "/genres", {"id": 1, "name": "x"}),
    "insert-without-parent": Asked("POST", "/books", {"title": "F", "author_id": 99}),
    "insert-against-check": Asked("POST", "/books", {"title": "G", "price": -1}),
    "insert-null": Asked("POST", "/books", {"pages": 1}),
    "insert-unknown-column": Asked("POST", "/books", {"nix": 1}),
    "insert-unlike": Asked("POST", "/books", [{"title": "H"}, {"pages": 1}]),
    "upsert-new": Asked("POST", "/genres", {"id": 24, "name": "e"}, MERGE),
    "upsert-existing": Asked("POST", "/genres", {"id": 24, "name": "f"}, MERGE),
    "upsert-on-column": Asked(
        "POST", "/books?on_conflict=title&select=title,pages", {"title": "E", "pages": 8}, MERGE
    ),
    "upsert-ignoring": Asked("POST", "/genres", [{"id": 24, "name": "g"}, {"id": 25, "name": "h"}], IGNORE),
    "update": Asked("PATCH", "/genres?id=eq.20", {"name": "i"}),
    "update-rows": Asked("PATCH", "/genres?id=in.(20,21)&order=id", {"name": "j"}, ROWS),
    "update-none": Asked("PATCH", "/genres?id=eq.99", {"name": "k"}, ROWS),
    "update-everything": Asked("PATCH", "/genres", {"name": "l"}),
    "update-at-most": Asked(
        "PATCH", "/genres?id=gte.20", {"name": "m"}, {"Prefer": "handling=strict, max-affected=1"}
    ),
    "delete": Asked("DELETE", "/genres?id=eq.25"),
    "delete-rows": Asked("DELETE", "/genres?id=gte.20&select=id&order=id", headers=ROWS),
    "delete-everything": Asked("DELETE", "/covers"),
    "call-void": Asked("POST", "/rpc/touch", {}),
    "call-get": Asked("GET", "/rpc/add?a=1&b=2"),
    "call-get-filtered": Asked("GET", "/rpc/books_of?p_author=1&pages=gt.200&select=id"),
    "call-writing-get": Asked("GET", "/rpc/touch"),
    "call-refusing": Asked("POST", "/rpc/insufficient_credits", {}),
    "call-refusing-stable": Asked("POST", "/rpc/checked", {}),
    "call-unknown": Asked("POST", "/rpc/nix", {}),
    "call-unknown-argument": Asked("POST", "/rpc/add", {"nix": 1}),
    "call-ambiguous": Asked("POST", "/rpc/ambiguous", {"x": 1}),
    "call-choosing-answer": Asked("POST", "/rpc/chosen_answer", {}),
    "call-as-user": Asked("POST", "/rpc/reads_claims", {}, role="authenticated"),
    "read-own": Asked("GET", "/notes?select=body&order=id", role="authenticated"),
    "insert-own": Asked("POST", "/notes?select=body", {"body": "mine"}, ROWS, role="authenticated"),
    "insert-others": Asked(
        "POST", "/notes", {"body": "x", "owner": "00000000-0000-0000-0000-00000000000b"}, role="authenticated"
    ),
}

_SAFE_UPDATE = "hosted projects load safeupdate, which refuses to change every row; the oracle does not"

# What differs on purpose, by request: the reason.
DIFFERENCES: dict[str, str] = {
    "read-like-any": "PostgREST reads * as % in each of several patterns too; the oracle takes it literally",
    "read-nothing-selected": "PostgREST answers empty objects to an empty select; the oracle all columns",
    "refused-spread-of-many": "spreading many rows into arrays came with PostgREST 13; no client here does it",
    "refused-root": "no client here reads the OpenAPI description, which a hosted project gives only to its owner",
    "call-whole-body": "PostgREST passes a result of type json through; the oracle answers it as a string",
    "insert-against-check": "PostgREST answers 400 to a check constraint's refusal; the oracle 500, with a code of its own",
    "update-everything": _SAFE_UPDATE,
    "delete-everything": _SAFE_UPDATE,
}


def ask(server: Rest, asked: Asked, apikey: str, token: str) -> tuple[int, object, str | None]:
    """Status, body and Content-Range; of a refusal the body is its code."""
    table, _, query = asked.path.partition("?")
    answer = httpx.request(
        asked.method,
        server.url + table.replace("%", "%25"),
        params=httpx.QueryParams(query.replace("%", "%25")),
        content=None if asked.body is None else json.dumps(asked.body),
        headers={
            "Content-Type": "application/json",
            "apikey": apikey,
            "Authorization": token,
            **asked.headers,
        },
    )
    body = answer.json() if answer.content else None
    if answer.is_success:
        return answer.status_code, body, answer.headers.get("content-range")
    return answer.status_code, body["code"] if isinstance(body, dict) else body, None


@pytest.mark.parametrize("name", REQUESTS)
def test_both_answer_alike_except_where_we_chose_otherwise(ours: Rest, oracle: Rest, name: str) -> None:
    asked = REQUESTS[name]
    key = "publishable_key" if asked.role == "authenticated" else "secret_key"
    answers = []
    for server in (ours, oracle):
        apikey = getattr(server.project, key)
        bearer = server.token(asked.role, ANN) if asked.role == "authenticated" else apikey
        answers.append(ask(server, asked, apikey, f"Bearer {bearer}"))
    our_answer, their_answer = answers
    if name in DIFFERENCES:
        assert our_answer != their_answer, f"no longer different: {DIFFERENCES[name]}"
    else:
        assert our_answer == their_answer
