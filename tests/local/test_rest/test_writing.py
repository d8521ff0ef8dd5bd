"""POST, PATCH and DELETE of tables over HTTP."""

import httpx
import pytest

ROWS = {"Prefer": "return=representation"}


def test_an_insert_answers_nothing_unless_asked(service: httpx.Client) -> None:
    answer = service.post("/books", json={"title": "New"})
    assert (answer.status_code, answer.content) == (201, b"")
    assert "preference-applied" not in answer.headers


def test_an_insert_answers_the_rows_with_what_they_embed(service: httpx.Client) -> None:
    body = [{"title": "N1", "author_id": 1}, {"title": "N2", "author_id": None}]
    answer = service.post("/books?select=title,authors!author_id(name)", json=body, headers=ROWS)
    assert answer.json() == [{"title": "N1", "authors": {"name": "Ann"}}, {"title": "N2", "authors": None}]
    assert answer.headers["preference-applied"] == "return=representation"


def test_one_row_can_be_answered_as_an_object(service: httpx.Client) -> None:
    headers = {**ROWS, "Accept": "application/vnd.pgrst.object+json"}
    assert service.post("/books?select=title", json={"title": "N"}, headers=headers).json() == {"title": "N"}


def test_an_insert_can_answer_where_the_row_is(service: httpx.Client) -> None:
    headers = {"Prefer": "return=headers-only"}
    answer = service.post("/genres", json={"id": 7, "name": "x"}, headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (201, "/genres?id=eq.7")


def test_a_refused_single_object_leaves_nothing_behind(service: httpx.Client) -> None:
    headers = {**ROWS, "Accept": "application/vnd.pgrst.object+json"}
    body = [{"id": 8, "name": "a"}, {"id": 9, "name": "b"}]
    assert service.post("/genres", json=body, headers=headers).status_code == 406
    assert service.get("/genres?id=gt.2").json() == []


def test_missing_members_become_null_or_the_columns_default(service: httpx.Client) -> None:
    path, body = (
        "/books?columns=title,price,tags&select=price,tags",
        [{"title": "A1"}, {"title": "A2", "price": 3}],
    )
    assert service.post(path, json=body, headers=ROWS).json()["code"] == "23502"
    answer = service.post(path, json=body, headers={"Prefer": "return=representation, missing=default"})
    assert answer.json() == [{"price": 9.9, "tags": []}, {"price": 3, "tags": []}]


def test_columns_names_which_members_count(service: httpx.Client) -> None:
    answer = service.post(
        "/books?columns=title&select=title,pages", json={"title": "A", "pages": 7}, headers=ROWS
    )
    assert answer.json() == [{"title": "A", "pages": None}]


def test_an_empty_object_is_a_row_of_defaults_and_an_empty_array_no_row(service: httpx.Client) -> None:
    assert service.post("/books", json={}).json()["code"] == "23502"
    assert service.post("/books", json=[], headers=ROWS).json() == []


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/books", b'{"title": "Alpha"}', 409, "23505"),
        ("/books", b'{"title": "x", "author_id": 99}', 409, "23503"),
        ("/books", b'{"title": "x", "price": -1}', 400, "23514"),
        ("/books", b'{"nix": 1}', 400, "PGRST204"),
        ("/books?columns=nix", b'{"title": "x"}', 400, "PGRST204"),
        ("/books", b'[{"title": "x"}, {"pages": 1}]', 400, "PGRST102"),
        ("/books", b"[1]", 400, "PGRST102"),
        ("/books", b"{", 400, "PGRST102"),
        ("/books", b"", 400, "PGRST102"),
        ("/books", b"\xff", 400, "PGRST102"),
        ("/books", b"[" * 100_000, 400, "PGRST102"),
        ("/books", b'{"title": "\\u0000"}', 400, "22P05"),
        ("/nix", b"{}", 404, "PGRST205"),
        ("/books?on_conflict=pages", b'{"title": "x"}', 400, "42P10"),
    ],
)
def test_a_row_that_cannot_be_written_is_refused(
    service: httpx.Client, path: str, body: bytes, status: int, code: str
) -> None:
    headers = (
        {"Content-Type": "application/json", "Prefer": "resolution=merge-duplicates"} if "on_" in path else {}
    )
    answer = service.post(path, content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_body_that_is_not_json_is_refused(service: httpx.Client) -> None:
    answer = service.post("/books", content="title\nx", headers={"Content-Type": "text/csv"})
    assert (answer.status_code, answer.json()["code"]) == (415, "PGRST102")


def test_an_upsert_merges_by_the_primary_key_or_the_columns_named(service: httpx.Client) -> None:
    merge = {"Prefer": "resolution=merge-duplicates, return=representation"}
    body = [{"title": "Alpha", "price": 7}]
    updated = service.post("/books?on_conflict=title&select=id,price,pages", json=body, headers=merge)
    assert (updated.status_code, updated.json()) == (200, [{"id": 1, "price": 7, "pages": 100}])
    mixed = service.post(
        "/genres?select=name", json=[{"id": 1, "name": "Crime"}, {"id": 3, "name": "New"}], headers=merge
    )
    assert (mixed.status_code, mixed.json()) == (201, [{"name": "Crime"}, {"name": "New"}])


def test_an_upsert_can_leave_what_is_there(service: httpx.Client) -> None:
    headers = {"Prefer": "resolution=ignore-duplicates, return=representation"}
    body = [{"id": 1, "name": "changed"}, {"id": 3, "name": "New"}]
    assert service.post("/genres?select=id", json=body, headers=headers).json() == [{"id": 3}]
    assert service.get("/genres?id=eq.1&select=name").json() == [{"name": "Crime"}]


def test_an_update_changes_the_rows_that_its_filters_find(service: httpx.Client) -> None:
    answer = service.patch("/books?id=eq.1&title=eq.Alpha&select=id,price", json={"price": 6}, headers=ROWS)
    assert (answer.status_code, answer.json(), answer.headers["content-range"]) == (
        200,
        [{"id": 1, "price": 6}],
        "0-0/*",
    )
    assert service.get("/books?price=eq.6&select=id").json() == [{"id": 1}]


def test_an_update_answers_its_rows_even_when_they_no_longer_match(service: httpx.Client) -> None:
    answer = service.patch("/books?price=eq.5&select=id,price", json={"price": 6}, headers=ROWS)
    assert answer.json() == [{"id": 1, "price": 6}]


def test_an_update_answers_nothing_unless_asked(service: httpx.Client) -> None:
    answer = service.patch("/books?id=eq.1", json={"price": 6}, headers={"Prefer": "count=exact"})
    assert (answer.status_code, answer.content, answer.headers["content-range"]) == (204, b"", "0-0/1")


def test_an_update_of_nothing_changes_nothing(service: httpx.Client) -> None:
    assert service.patch("/books?id=eq.1&select=id,price", json={}, headers=ROWS).json() == []
    assert service.patch("/books?id=eq.99", json={"price": 1}).headers["content-range"] == "*/*"


def test_a_delete_answers_what_it_deleted(service: httpx.Client) -> None:
    service.post("/genres", json=[{"id": 5, "name": "a"}, {"id": 6, "name": "b"}])
    answer = service.delete("/genres?or=(id.eq.5,name.eq.b)&select=id&order=id.desc", headers=ROWS)
    assert (answer.status_code, answer.json()) == (200, [{"id": 6}, {"id": 5}])
    assert service.delete("/genres?id=eq.5").status_code == 204


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/books", "/books?select=id", "/books?limit=1", "/books?order=id"])
def test_no_table_is_changed_as_a_whole(service: httpx.Client, method: str, path: str) -> None:
    answer = service.request(method, path, json={"price": 1})
    assert (answer.status_code, answer.json()["code"]) == (400, "21000")
    assert answer.json()["message"].endswith("requires a WHERE clause")
    assert service.get("/books?price=eq.1").json() == []


def test_more_rows_than_a_strict_limit_are_not_touched(service: httpx.Client) -> None:
    headers = {"Prefer": "handling=strict, max-affected=2"}
    answer = service.patch("/books?id=gt.0", json={"price": 1}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "PGRST124")
    assert service.get("/books?price=eq.1").json() == []
    assert service.patch("/books?id=eq.1", json={"price": 6}, headers=headers).status_code == 204
