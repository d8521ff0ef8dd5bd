"""GET and HEAD of tables over HTTP."""

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SINGLE = {"Accept": "application/vnd.pgrst.object+json"}

READS = {
    "order-limit": ("/books?select=id&order=id.desc&limit=2", [{"id": 4}, {"id": 3}]),
    "offset": ("/books?select=id&order=id&offset=3", [{"id": 4}]),
    "nulls-last": ("/books?select=pages&order=pages.desc.nullslast&limit=1", [{"pages": 450}]),
    "alias-cast": ("/books?select=cost:price::text&id=eq.1", [{"cost": "5.00"}]),
    "cast-of-two-words": ("/books?select=price::double precision&id=eq.1", [{"price": 5}]),
    "json-path": (
        "/authors?select=settings->awards->1->>name,lang:settings->>language&id=eq.1",
        [{"name": "Silver", "lang": "en"}],
    ),
    "json-filter": ("/authors?select=id&settings->>language=in.(fr,de)", [{"id": 2}]),
    "json-order": (
        "/authors?select=id&order=settings->>language.desc.nullslast",
        [{"id": 2}, {"id": 1}, {"id": 3}],
    ),
    "neq-and": ("/books?select=id&pages=gte.100&pages=neq.450&order=id", [{"id": 1}, {"id": 3}]),
    "is-null": ("/books?select=id&pages=is.null", [{"id": 4}]),
    "not": ("/books?select=id&pages=not.is.null&title=not.like.A*&order=id", [{"id": 2}, {"id": 3}]),
    "ilike": ("/books?select=id&title=ilike.*ETA", [{"id": 2}]),
    "match": ("/books?select=id&title=match.^(Al|De)&order=id", [{"id": 1}, {"id": 4}]),
    "in-quoted": ('/books?select=id&title=in.("Gamma, the third",Beta)&order=id', [{"id": 2}, {"id": 3}]),
    "in-nothing": ("/books?select=id&id=in.()", []),
    "isdistinct": ("/books?select=id&pages=isdistinct.100&order=id", [{"id": 2}, {"id": 3}, {"id": 4}]),
    "like-any": ("/books?select=id&title=like(any).{A*,B*}&order=id", [{"id": 1}, {"id": 2}]),
    "array-contains": ('/books?select=id&tags=cs.{"two words"}', [{"id": 3}]),
    "array-overlaps": ("/books?select=id&tags=ov.{old,new}&order=id", [{"id": 1}, {"id": 2}, {"id": 3}]),
    "range-contains": ("/books?select=id&lent=cs.[2026-01-10,2026-01-11]", [{"id": 1}]),
    "text-search": ("/books?select=id&title=plfts(english).gamma", [{"id": 3}]),
    "or": ("/books?select=id&or=(id.eq.4,and(pages.gt.200,price.lt.13))&order=id", [{"id": 2}, {"id": 4}]),
    "not-or": ("/books?select=id&not.or=(id.eq.1,id.eq.2)&order=id", [{"id": 3}, {"id": 4}]),
    "to-one": ("/books?select=writer:author_id(name)&id=eq.1", [{"writer": {"name": "Ann"}}]),
    "to-one-missing": ("/books?select=id,authors!author_id(name)&id=eq.4", [{"id": 4, "authors": None}]),
    "to-many": (
        "/authors?select=name,books!author_id(id)&books.order=id.desc&order=id",
        [
            {"name": "Ann", "books": [{"id": 2}, {"id": 1}]},
            {"name": "Bob", "books": [{"id": 3}]},
            {"name": "Cid", "books": []},
        ],
    ),
    "to-many-limit": (
        "/authors?select=books!author_id(id)&books.order=id&books.limit=1&id=eq.1",
        [{"books": [{"id": 1}]}],
    ),
    "one-to-one": ("/books?select=id,covers(colour)&id=eq.1", [{"id": 1, "covers": {"colour": "red"}}]),
    "many-to-many": (
        "/books?select=genres(name)&genres.order=name&id=eq.1",
        [{"genres": [{"name": "Crime"}, {"name": "Poetry"}]}],
    ),
    "deep": (
        "/authors?select=books!books_author_id_fkey(title,covers(colour))&books.order=id&id=eq.1",
        [{"books": [{"title": "Alpha", "covers": {"colour": "red"}}, {"title": "Beta", "covers": None}]}],
    ),
    "same-table-twice": (
        "/books?select=a:authors!author_id(name),b:authors!editor_id(name)&id=eq.1",
        [{"a": {"name": "Ann"}, "b": {"name": "Bob"}}],
    ),
    "table-in-itself": (
        "/books?select=authors!author_id(books!editor_id(id))&id=eq.1",
        [{"authors": {"books": [{"id": 3}]}}],
    ),
    "self-children": ("/staff?select=id,staff(id)&id=eq.1", [{"id": 1, "staff": [{"id": 2}]}]),
    "self-parent": ("/staff?select=id,manager_id(name)&id=eq.2", [{"id": 2, "manager_id": {"name": "Top"}}]),
    "embedded-filter": (
        "/authors?select=id,books!author_id(id)&books.pages=gt.400&order=id",
        [{"id": 1, "books": [{"id": 2}]}, {"id": 2, "books": []}, {"id": 3, "books": []}],
    ),
    "inner-filter": (
        "/authors?select=id,books!author_id!inner(id)&books.pages=gt.400",
        [{"id": 1, "books": [{"id": 2}]}],
    ),
    "embedded-or": (
        "/authors?select=books!author_id(id)&books.or=(id.eq.1,id.eq.3)&id=eq.1",
        [{"books": [{"id": 1}]}],
    ),
    "has-no-embedded": ("/books?select=id,covers()&covers=is.null&order=id", [{"id": 2}, {"id": 4}]),
    "has-embedded": ("/genres?select=id,books()&books=not.is.null&order=id", [{"id": 1}, {"id": 2}]),
    "spread": (
        "/books?select=id,...authors!author_id(author:name)&order=id&limit=1",
        [{"id": 1, "author": "Ann"}],
    ),
    "related-order": (
        "/books?select=id,authors!author_id()&order=authors(name).desc.nullslast,id",
        [{"id": 3}, {"id": 1}, {"id": 2}, {"id": 4}],
    ),
    "embedded-count": ("/authors?select=books!author_id(count)&id=eq.1", [{"books": [{"count": 2}]}]),
    "computed-column": ("/books?select=title_length&id=eq.1", [{"title_length": 5}]),
    "view": ("/long_books?select=title", [{"title": "Beta"}]),
    "odd-names": (
        '/odd "table%?select="a b-c","{brace}","100%",answer,embedded&"100%"=eq.all',
        [{"a b-c": "x", "{brace}": "{y}", "100%": "all", "answer": "yes", "embedded": "no"}],
    ),
    "nothing-selected": ("/genres?select=", [{}, {}]),
}


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


REFUSALS = {
    "unknown-table": ("/nix", 404, "PGRST205"),
    "unknown-relationship": ("/books?select=staff(id)", 400, "PGRST200"),
    "unknown-hint": ("/books?select=authors!nix(id)", 400, "PGRST200"),
    "two-relationships": ("/books?select=authors(id)", 300, "PGRST201"),
    "unknown-column": ("/books?select=nix", 400, "42703"),
    "unknown-cast": ("/books?select=id::nix", 400, "42704"),
    "not-an-operator": ("/books?id=1", 400, "PGRST100"),
    "not-of-the-type": ("/books?id=eq.x", 400, "22P02"),
    "not-embedded": ("/books?covers.id=eq.1", 400, "PGRST108"),
    "order-by-many": ("/authors?select=books!author_id(id)&order=books(id)", 400, "PGRST118"),
    "spread-of-many": ("/authors?select=...books!author_id(id)", 400, "PGRST119"),
    "aggregate": ("/books?select=pages.sum()", 400, "PGRST123"),
    "count-aggregate": ("/books?select=count()", 400, "PGRST123"),
    "negative-limit": ("/books?limit=-1", 416, "PGRST103"),
    "nul": ("/books?title=eq.\0", 400, "PGRST100"),
    "other-path": ("/books/1", 404, "PGRST125"),
    "root": ("/", 404, "PGRST125"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_cannot_be_read_is_refused_in_postgrests_words(anyone: httpx.Client, name: str) -> None:
    path, status, code = REFUSALS[name]
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


def test_a_planned_count_is_the_planners(anyone: httpx.Client, server) -> None:
    server.sql("analyze books")
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
