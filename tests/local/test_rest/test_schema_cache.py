"""A migration is seen without a restart."""

import httpx
import pytest

from local.rest import cache
from tests.support.rest_server import Rest
from tests.support.waiting import wait_until


@pytest.fixture
def no_rest_between_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "RETRY_SECONDS", 0.0)


@pytest.mark.usefixtures("no_rest_between_reads")
def test_a_new_table_function_and_column_are_found_when_they_are_asked_for(
    rest: Rest, service: httpx.Client
) -> None:
    assert service.get("/fresh").status_code == 404
    assert service.post("/rpc/fresh_sum", json={"a": 1}).status_code == 404
    rest.sql("create table fresh (id int primary key); grant all on fresh to service_role")
    assert service.get("/fresh").json() == []
    rest.sql("alter table fresh add author_id int references authors, add note text")
    assert service.post("/fresh", json={"id": 1, "note": "x"}).status_code == 201
    rest.sql("create function fresh_sum(a int) returns int language sql as 'select a + 1'")
    assert service.post("/rpc/fresh_sum", json={"a": 1}).json() == 2
    rest.sql("drop table fresh; drop function fresh_sum")


def test_a_changed_schema_is_read_again_without_being_asked_for(rest: Rest, service: httpx.Client) -> None:
    rest.sql("create function changed() returns int language sql as 'select 1'")
    wait_until(lambda: service.post("/rpc/changed", json={}).json() == 1)
    # Nothing is missing now, so that only the notification of the change can tell.
    rest.sql("drop function changed; create function changed() returns setof int language sql as 'select 1'")
    wait_until(lambda: service.post("/rpc/changed", json={}).json() == [1])
    rest.sql("drop function changed")
