"""GET and HEAD of tables over HTTP."""

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.rest_requests import READ_REFUSALS, READS
from tests.support.rest_server import Rest

SINGLE = {"Accept": "application/vnd.pgrst.object+json"}


def get(client: httpx.Client, path: str, **headers: str) -> httpx.Response:
    table, _, query = path.partition("?")
    return client.get(
        table.replace("%", "%25"), params=httpx.QueryParams(query.replace("%", "%25")), headers=headers
    )


@pytest.mark.parametrize("name", READS)
def test_a_read_answers_just_these_rows(anyone: httpx.Client, name: str) -> None:
    path, rows = READS[name]
    answer = get(anyone, path)
    assert (answer.status_code, answer.json()) == (200, rows)


@pytest.mark.parametrize("name", READ_REFUSALS)
def test_what_cannot_be_read_is_refused_in_postgrests_words(anyone: httpx.Client, name: str) -> None:
    path, status, code = READ_REFUSALS[name]
    answer = get(anyone, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(answer.json()) == {"code", "message", "details", "hint"}
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


def test_an_ambiguous_relationship_is_explained_with_the_ways_to_choose(anyone: httpx.Client) -> None:
    refusal = get(anyone, "/books?select=authors(id)").json()
    assert refusal["hint"].startswith(
        "Try changing 'authors' to one of the following: "
        "'authors!books_author_id_fkey', 'authors!books_editor_fkey'."
    )
    assert refusal["details"][0] == {
        "cardinality": "many-to-one",
        "embedding": "books with authors",
        "relationship": "books_author_id_fkey using books(author_id) and authors(id)",
    }


@pytest.mark.parametrize(
    ("path", "headers", "status", "content_range"),
    [
        ("/books?limit=2", {}, 200, "0-1/*"),
        ("/books?limit=2", {"Prefer": "count=exact"}, 206, "0-1/4"),
        ("/books?limit=2", {"Prefer": "count=estimated"}, 206, "0-1/4"),
        ("/books?id=eq.9", {"Prefer": "count=exact"}, 200, "*/0"),
        ("/books", {"Range": "1-2"}, 200, "1-2/*"),
        ("/books?offset=1", {"Range": "0-1", "Prefer": "count=exact"}, 206, "1-1/4"),
        ("/books?offset=9", {"Prefer": "count=exact"}, 416, "*/4"),
        ("/books", {"Range": "5-2"}, 416, None),
        ("/authors?select=id,books!author_id!inner()", {"Prefer": "count=exact"}, 200, "0-1/2"),
        ("/books?select=id,covers()&covers=is.null", {"Prefer": "count=exact"}, 200, "0-1/2"),
    ],
)
def test_content_range_tells_the_rows_and_how_many_there_are(
    anyone: httpx.Client, path: str, headers: dict[str, str], status: int, content_range: str | None
) -> None:
    answer = get(anyone, path, **headers)
    assert (answer.status_code, answer.headers.get("content-range")) == (status, content_range)


def test_a_planned_count_is_the_planners(anyone: httpx.Client, rest: Rest) -> None:
    rest.sql("analyze books")
    answer = get(anyone, "/books?limit=1", Prefer="count=planned")
    assert answer.headers["content-range"] == "0-0/4"


def test_head_answers_the_count_without_rows(anyone: httpx.Client) -> None:
    answer = anyone.head("/books", headers={"Prefer": "count=exact"})
    assert (answer.status_code, answer.headers["content-range"], answer.content) == (200, "0-3/4", b"")


def test_a_single_object_is_an_object(anyone: httpx.Client) -> None:
    answer = get(anyone, "/books?select=id&id=eq.1", **SINGLE)
    assert answer.json() == {"id": 1}
    assert answer.headers["content-type"] == "application/vnd.pgrst.object+json; charset=utf-8"


@pytest.mark.parametrize(("path", "rows"), [("/books?id=eq.9", 0), ("/books?id=lt.3", 2)])
def test_none_or_several_are_no_single_object(anyone: httpx.Client, path: str, rows: int) -> None:
    answer = get(anyone, path, **SINGLE)
    assert answer.status_code == 406
    assert answer.json() == {
        "code": "PGRST116",
        "message": "Cannot coerce the result to a single JSON object",
        "details": f"The result contains {rows} rows",
        "hint": None,
    }


def test_nulls_can_be_stripped(anyone: httpx.Client) -> None:
    accept = "application/vnd.pgrst.array+json;nulls=stripped"
    assert get(anyone, "/books?select=id,pages&id=eq.4", Accept=accept).json() == [{"id": 4}]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Accept": "text/csv"}, 406, "PGRST107"),
        ({"Accept-Profile": "auth"}, 406, "PGRST106"),
        ({"Prefer": "nix, handling=strict"}, 400, "PGRST122"),
    ],
)
def test_headers_that_cannot_be_met_are_refused(
    anyone: httpx.Client, headers: dict[str, str], status: int, code: str
) -> None:
    answer = anyone.get("/books", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_the_exposed_schema_may_be_named(anyone: httpx.Client) -> None:
    assert anyone.get("/books", headers={"Accept-Profile": "public"}).status_code == 200


def test_a_method_a_table_has_not_is_refused(anyone: httpx.Client) -> None:
    answer = anyone.put("/books")
    assert (answer.status_code, answer.json()["code"]) == (405, "PGRST117")


def test_no_answer_has_more_rows_than_the_limit(anyone: httpx.Client) -> None:
    assert len(get(anyone, "/rpc/many?p_count=1500").json()) == 1000


hostile = st.text(alphabet="\"'\\;%{}()$-.,: \tab1é\N{NULL}", min_size=1, max_size=12)
PLACES = [
    "select={}", "select=id::{}", "select={}:id", "select=settings->{}", "select={}(id)", "select=books!{}(id)",
    "order={}", "order=settings->>{}.desc", "{}=eq.1", "name=eq.{}", "name=in.({})", "name={}", "settings->>{}=eq.1",
    "or=({}.eq.1)", "or=(name.eq.{})", "name=fts({}).x", "columns={}", "on_conflict={}", "limit={}", "id=is.{}",
]  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(PLACES), hostile, st.booleans())
def test_no_text_in_any_place_becomes_sql(anyone: httpx.Client, place: str, text: str, quoted: bool) -> None:
    if quoted:
        text = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    key, _, value = place.format(text).partition("=")
    answer = anyone.get("/authors", params={key: value})
    assert answer.status_code in (200, 400, 404, 416)
    # A quote that failed to hold would be heard of as a syntax error (42601) or an unknown parameter (42P02).
    if answer.status_code != 200:
        assert answer.json()["code"] not in ("42601", "42P02")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20))
def test_any_value_is_found_again_by_an_equal_filter(service: httpx.Client, text: str) -> None:
    service.delete("/genres", params={"id": "eq.50"})
    assert service.post("/genres", json={"id": 50, "name": text}).status_code == 201
    answer = service.get("/genres", params={"name": f"eq.{text}", "id": "eq.50"})
    assert answer.json() == [{"id": 50, "name": text}]
