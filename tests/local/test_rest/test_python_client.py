"""The published Python client, unmodified, against the REST API."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from postgrest import CountMethod, ReturnMethod
from postgrest.exceptions import APIError
from supabase import Client, create_client
from supabase.lib.client_options import SyncClientOptions

from tests.support.rest_server import ANN, Rest

# The client's own, about how it makes its HTTP client.
pytestmark = pytest.mark.filterwarnings("ignore:The '.*' parameter is deprecated:DeprecationWarning")


@contextmanager
def connected(rest: Rest, key: str, **headers: str) -> Iterator[Client]:
    url = rest.url.removesuffix("/rest/v1")
    client = create_client(url, key, SyncClientOptions(headers=headers))
    with client.postgrest:
        yield client


@pytest.fixture
def client(rest: Rest) -> Iterator[Client]:
    """Signed in as nobody."""
    with connected(rest, rest.project.anon_key) as client:
        yield client


@pytest.fixture
def signed_in(rest: Rest) -> Iterator[Client]:
    """Ann's."""
    authorization = f"Bearer {rest.token('authenticated', ANN)}"
    with connected(rest, rest.project.publishable_key, Authorization=authorization) as client:
        yield client


@pytest.fixture
def writer(rest: Rest) -> Iterator[Client]:
    """The service's, whose traces are wiped."""
    with connected(rest, rest.project.secret_key) as client:
        yield client
    rest.sql("delete from books where id > 4; delete from genres where id > 2")


def test_select_filters_orders_and_limits(client: Client) -> None:
    found = (
        client.table("books")
        .select("id, authors!author_id(name)")
        .gte("pages", 100)
        .in_("title", ["Alpha", "Gamma, the third", 'quo"te'])
        .order("id", desc=True)
        .limit(5)
        .execute()
    )
    assert found.data == [{"id": 3, "authors": {"name": "Bob"}}, {"id": 1, "authors": {"name": "Ann"}}]


def test_logic_arrays_and_json(client: Client) -> None:
    books = client.table("books").select("id")
    assert books.or_("id.eq.4,and(pages.gt.200,price.lt.13)").order("id").execute().data == [
        {"id": 2},
        {"id": 4},
    ]
    assert client.table("books").select("id").contains("tags", ["two words"]).execute().data == [{"id": 3}]
    assert client.table("books").select("id").not_.is_("pages", "null").neq("id", 1).order(
        "id"
    ).execute().data == [
        {"id": 2},
        {"id": 3},
    ]
    assert client.table("authors").select("id").contains("settings", {"language": "fr"}).execute().data == [
        {"id": 2}
    ]
    assert client.table("books").select("id").text_search("title", "gamma").execute().data == [{"id": 3}]
    assert client.table("books").select("id").like_any_of("title", "A*,B*").order("id").execute().data == [
        {"id": 1},
        {"id": 2},
    ]


def test_filters_on_embedded_resources(client: Client) -> None:
    found = (
        client.table("authors")
        .select("id, books!author_id!inner(id)")
        .eq("books.title", "Beta")
        .order("id", foreign_table="books")
        .execute()
    )
    assert found.data == [{"id": 1, "books": [{"id": 2}]}]


def test_ranges_and_counts(client: Client) -> None:
    found = client.table("books").select("id", count=CountMethod.exact).order("id").range(1, 2).execute()
    assert (found.data, found.count) == ([{"id": 2}, {"id": 3}], 4)
    assert client.table("books").select("*", count=CountMethod.exact, head=True).execute().count == 4


def test_single_objects(client: Client) -> None:
    assert client.table("books").select("title").eq("id", 1).single().execute().data == {"title": "Alpha"}
    assert client.table("books").select("title").eq("id", 99).maybe_single().execute() is None
    with pytest.raises(APIError) as refused:
        client.table("books").select("title").single().execute()
    assert refused.value.code == "PGRST116"


def test_insert_upsert_update_delete(writer: Client) -> None:
    inserted = writer.table("genres").insert([{"id": 3, "name": "a"}, {"id": 4, "name": "b"}]).execute()
    assert inserted.data == [{"id": 3, "name": "a"}, {"id": 4, "name": "b"}]
    assert writer.table("genres").upsert({"id": 3, "name": "c"}).execute().data == [{"id": 3, "name": "c"}]
    ignored = writer.table("genres").upsert({"id": 3, "name": "d"}, ignore_duplicates=True).execute()
    assert ignored.data == []
    assert writer.table("genres").update({"name": "e"}).eq("id", 4).execute().data == [{"id": 4, "name": "e"}]
    assert (
        writer.table("genres").insert({"id": 5, "name": "x"}, returning=ReturnMethod.minimal).execute().data
        == []
    )
    assert writer.table("genres").delete(count=CountMethod.exact).gte("id", 3).execute().count == 3


def test_upsert_by_other_columns(writer: Client) -> None:
    rows = [{"title": "New", "pages": 1}]
    first: Any = writer.table("books").upsert(rows, on_conflict="title").execute().data
    second: Any = (
        writer.table("books").upsert([{"title": "New", "pages": 2}], on_conflict="title").execute().data
    )
    assert (first[0]["id"], second[0]["pages"]) == (second[0]["id"], 2)


def test_functions(client: Client) -> None:
    assert client.rpc("add", {"a": 1, "b": 2}).execute().data == 3
    assert client.rpc("ids_above", {"p_id": 2}).execute().data == [3, 4]
    assert client.rpc("books_of", {"p_author": 1}).select("id").gt("pages", 200).execute().data == [{"id": 2}]
    assert client.rpc("add", {"a": 1}, get=True).execute().data == 11
    counted = client.rpc("books_of", {"p_author": 1}, count=CountMethod.exact).execute()
    assert counted.count == 2


def test_refusals_carry_code_message_details_and_hint(client: Client, signed_in: Client) -> None:
    with pytest.raises(APIError) as refused:
        client.rpc("insufficient_credits", {}).execute()
    assert (refused.value.code, refused.value.message, refused.value.hint) == (
        "PT402",
        "No credits are left.",
        "INSUFFICIENT_CREDITS",
    )
    with pytest.raises(APIError) as refused:
        signed_in.table("accounts").select("*").execute()
    assert refused.value.code == "42501"


def test_rows_are_the_callers(signed_in: Client, client: Client) -> None:
    mine = signed_in.table("notes").select("body").order("id").execute()
    assert mine.data == [{"body": "a1"}, {"body": "a2"}]
    with pytest.raises(APIError) as refused:
        client.table("notes").select("*").execute()
    assert refused.value.code == "42501"
