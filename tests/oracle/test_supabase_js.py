"""The published JavaScript client, unmodified, against the REST API."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.support.rest_server import Rest

# By call: status, data, count, and the code of the error.
EXPECTED: dict[str, tuple[int, Any, int | None, str | None]] = {
    "embedding": (
        200,
        [{"name": "Ann", "books": [{"title": "Alpha", "covers": {"colour": "red"}}]}],
        None,
        None,
    ),
    "logic": (200, [{"id": 2}, {"id": 4}], None, None),
    "quoting": (200, [{"id": 3}], None, None),
    "range": (206, [{"id": 3}, {"id": 2}], 4, None),
    "head": (200, None, 4, None),
    "single": (200, {"title": "Alpha"}, None, None),
    "notSingle": (406, None, None, "PGRST116"),
    "maybeSingle": (200, None, None, None),
    "insert": (201, [{"id": 30}, {"id": 31}], None, None),
    "upsert": (200, {"id": 30, "name": "c"}, None, None),
    "ignored": (201, [], None, None),
    "update": (200, [{"name": "e"}], None, None),
    "delete": (204, None, 2, None),
    "unfiltered": (400, None, None, "21000"),
    "rpc": (200, [{"id": 2}], None, None),
    "rpcGet": (200, 11, None, None),
    "refusal": (402, None, None, "PT402"),
    "ownRows": (200, [{"body": "a1"}, {"body": "a2"}], None, None),
    "columnGranted": (200, {"nickname": "one"}, None, None),
    "columnNotGranted": (403, None, None, "42501"),
    "anonymous": (401, None, None, "42501"),
}


def test_supabase_js_gets_what_postgrest_gives_it(fresh: Rest, node_modules: Path) -> None:
    project = fresh.project
    url = fresh.url.removesuffix("/rest/v1")
    words = [url, project.publishable_key, project.secret_key, fresh.token("authenticated")]
    script = node_modules.with_name("supabase_js.mjs")
    done = subprocess.run(["node", script, *words], capture_output=True, text=True, check=True)
    answers = json.loads(done.stdout)
    assert {name: tuple(answer.values()) for name, answer in answers.items()} == EXPECTED
