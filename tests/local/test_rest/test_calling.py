"""Functions over HTTP: /rpc/<name>."""

import httpx
import pytest

from tests.support.rest_requests import CALLS


@pytest.mark.parametrize("name", CALLS)
def test_a_function_answers_in_the_shape_of_its_result(anyone: httpx.Client, name: str) -> None:
    body, path, expected = CALLS[name]
    answer = anyone.post(path, json=body)
    assert (answer.status_code, answer.json()) == (200, expected)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/rpc/add?a=1&b=2", 3),
        ("/rpc/total?numbers=1&numbers=2", 3),
        ("/rpc/books_of?p_author=1&id=gt.1&select=id&order=id&limit=5", [{"id": 2}]),
        ("/rpc/overloaded?x=1", "int 1"),
    ],
)
def test_a_function_can_be_called_by_get(anyone: httpx.Client, path: str, expected: object) -> None:
    assert anyone.get(path).json() == expected


def test_a_call_without_a_body_passes_no_arguments(anyone: httpx.Client) -> None:
    assert anyone.post("/rpc/summary").status_code == 200


def test_a_function_of_nothing_answers_no_content(service: httpx.Client) -> None:
    answer = service.post("/rpc/touch", json={})
    assert (answer.status_code, answer.content) == (204, b"")
    assert service.get("/genres?id=eq.99&select=name").json() == [{"name": "Touched"}]


def test_a_set_is_counted_beyond_its_limit(anyone: httpx.Client) -> None:
    answer = anyone.get("/rpc/ids_above?p_id=1&limit=2", headers={"Prefer": "count=exact"})
    assert (answer.status_code, answer.headers["content-range"]) == (206, "0-1/3")


def test_a_single_object_of_a_set_is_an_object(anyone: httpx.Client) -> None:
    headers = {"Accept": "application/vnd.pgrst.object+json"}
    answer = anyone.post("/rpc/books_of?select=id", json={"p_author": 2}, headers=headers)
    assert answer.json() == {"id": 3}
    assert anyone.post("/rpc/books_of", json={"p_author": 1}, headers=headers).status_code == 406


@pytest.mark.parametrize(
    ("function", "status", "refusal"),
    [
        (
            "insufficient_credits",
            402,
            {
                "code": "PT402",
                "message": "No credits are left.",
                "details": None,
                "hint": "INSUFFICIENT_CREDITS",
            },
        ),
        (
            "checked",
            418,
            {"code": "PT418", "message": "short and stout", "details": "pour", "hint": "TEAPOT"},
        ),
        ("refused_as_json", 409, {"code": "A1", "message": "no", "details": None, "hint": "h"}),
    ],
)
def test_a_function_chooses_the_status_of_its_refusal(
    anyone: httpx.Client, function: str, status: int, refusal: dict[str, object]
) -> None:
    answer = anyone.post(f"/rpc/{function}", json={})
    assert (answer.status_code, answer.json()) == (status, refusal)


def test_a_function_chooses_headers_and_status_of_its_answer(anyone: httpx.Client) -> None:
    answer = anyone.post("/rpc/chosen_answer", json={})
    assert (answer.status_code, answer.headers["x-made"], answer.json()) == (202, "in SQL", {"ok": True})


def test_a_get_cannot_write(service: httpx.Client) -> None:
    answer = service.get("/rpc/touch")
    assert (answer.status_code, answer.json()["code"]) == (405, "25006")


def test_a_functions_own_time_limit_holds(anyone: httpx.Client) -> None:
    answer = anyone.post("/rpc/slow", json={})
    assert (answer.status_code, answer.json()["code"]) == (500, "57014")


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/rpc/nix", {}, 404, "PGRST202"),
        ("/rpc/add", {"c": 1}, 404, "PGRST202"),
        ("/rpc/add", {"": 1}, 404, "PGRST202"),
        ("/rpc/add", {}, 404, "PGRST202"),
        ("/rpc/ambiguous", {"x": 1}, 300, "PGRST203"),
        ("/rpc/add", {"a": "x"}, 400, "22P02"),
        ("/rpc/hidden", {}, 401, "42501"),
        ("/rpc/title_length?select=nix", {}, 404, "PGRST202"),
    ],
)
def test_a_call_that_means_no_function_is_refused(
    anyone: httpx.Client, path: str, body: object, status: int, code: str
) -> None:
    answer = anyone.post(path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_strict_limit_needs_a_set(anyone: httpx.Client) -> None:
    headers = {"Prefer": "handling=strict, max-affected=1"}
    assert anyone.post("/rpc/add", json={"a": 1}, headers=headers).json()["code"] == "PGRST128"
    assert anyone.post("/rpc/ids_above", json={"p_id": 1}, headers=headers).json()["code"] == "PGRST124"
