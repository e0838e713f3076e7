"""A query that is sent again means what it meant, to whoever sends it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from parsepy.errors import Code
from parsepy.rest import asked
from parsepy.storage import filters, pipelines
from tests.conftest import Client, MakeApp
from tests.rest.shop import create, find, ok, refused


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The texts of queries that were read to be remembered."""
    texts: list[object] = []
    usual = asked._query._read

    def noted(*words: Any) -> Any:
        texts.append(words)
        return usual(*words)

    monkeypatch.setattr(asked._query, "_read", noted)
    return texts


async def test_a_query_that_comes_again_is_read_twice_at_most(
    client: Client, orders: str, read: list[object]
) -> None:
    await create(client, orders, number=1)
    for _ in range(5):
        assert len(await find(client, orders, {"number": {"$gt": 0}})) == 1
    assert len(read) == 2


async def test_long_queries_are_read_anew(client: Client, orders: str, read: list[object]) -> None:
    await create(client, orders, number=1)
    for _ in range(3):
        assert len(await find(client, orders, {"number": {"$in": list(range(300))}})) == 1
    assert not read


def test_no_client_fills_the_memory_of_texts() -> None:
    memory = asked.TextMemory(lambda text: [text], lambda made: made)
    for text in range(1000):
        assert memory(text) == memory(text) == memory(text) == [text]
    assert len(memory._kept) <= 256
    for text in range(1000):
        memory(-text)
    assert len(memory._once) <= 256


async def test_what_the_master_key_may_name_clients_may_not(
    client: Client, master: Client, orders: str
) -> None:
    await create(client, orders, number=1)
    words = {"where": '{"_rperm":{"$exists":false}}'}
    for _ in range(3):
        assert (await master.get(f"/classes/{orders}", params=words)).status_code == 200
        refused(await client.get(f"/classes/{orders}", params=words), Code.INVALID_KEY_NAME)


async def test_each_server_has_its_own_bounds(client: Client, server: MakeApp, orders: str) -> None:
    for number in range(3):
        await create(client, orders, number=number)
    words = {"where": {"number": {"$gte": 0}}, "limit": 3}
    assert len(await find(client, orders, **words)) == 3
    async with Client(await server(maxLimit=2)) as other:
        assert len(await find(other, orders, **words)) == 2
    assert len(await find(client, orders, **words)) == 3


async def test_times_from_now_are_counted_from_each_request(
    client: Client, orders: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = datetime.now(UTC) + timedelta(days=1)
    await create(client, orders, due={"__type": "Date", "iso": soon.isoformat()[:23] + "Z"})
    where = {"due": {"$lt": {"$relativeTime": "in 2 hours"}}}
    for _ in range(3):
        assert await find(client, orders, where) == []
    monkeypatch.setattr(filters, "now", lambda: soon.replace(tzinfo=None))
    assert len(await find(client, orders, where)) == 1


async def test_a_refused_query_is_refused_again(client: Client, orders: str) -> None:
    for _ in range(3):
        answer = await client.get(f"/classes/{orders}", params={"where": '{"number":[1]}'})
        refused(answer, Code.INVALID_JSON)


async def test_a_column_that_comes_later_counts(client: Client, orders: str) -> None:
    await create(client, orders, number=1)
    shelf = {"__type": "Pointer", "className": "Shelf", "objectId": "s1"}
    words = {"where": {"shelf": shelf}}
    for _ in range(3):
        assert await find(client, orders, **words) == []
    made = await create(client, orders, shelf=shelf)  # stored in another way than what is no column
    assert [row["objectId"] for row in await find(client, orders, **words)] == [made]


async def test_a_count_takes_what_a_page_is_not_sorted_by(client: Client, orders: str) -> None:
    place = {"__type": "GeoPoint", "latitude": 1, "longitude": 1}
    await create(client, orders, place=place)
    where = json.dumps({"place": {"$nearSphere": place}})
    for _ in range(3):
        words = {"where": where, "count": "1", "limit": "5"}
        found = ok(await client.get(f"/classes/{orders}", params=words))
        assert (len(found["results"]), found["count"]) == (1, 1)


@pytest.mark.parametrize("operator", ["$inQuery", "$regex"])
async def test_what_is_resolved_or_bounded_is_so_each_time(
    client: Client, orders: str, operator: str
) -> None:
    await create(client, orders, name="mug")
    pointed = {"className": orders, "where": {"name": "mug"}}
    where = {"$regex": "^mu"} if operator == "$regex" else {"$inQuery": pointed}
    field = "name" if operator == "$regex" else "other"
    await create(client, orders, other=await pointer_to(client, orders))
    for _ in range(3):
        assert len(await find(client, orders, {field: where})) == 1


async def pointer_to(client: Client, orders: str) -> dict[str, str]:
    """A pointer to the only object of a class."""
    (row,) = await find(client, orders)
    return {"__type": "Pointer", "className": orders, "objectId": row["objectId"]}


async def test_a_pipeline_means_what_its_class_is_now(
    client: Client, master: Client, orders: str
) -> None:
    shelf = {"__type": "Pointer", "className": "Shelf", "objectId": "s1"}
    await create(client, orders, number=1)
    words = {"pipeline": json.dumps([{"$match": {"shelf": shelf}}, {"$count": "all"}])}
    for _ in range(3):
        assert ok(await master.get(f"/aggregate/{orders}", params=words)) == {"results": []}
    await create(client, orders, shelf=shelf)
    for _ in range(3):
        found = ok(await master.get(f"/aggregate/{orders}", params=words))
        assert found == {"results": [{"all": 1}]}


async def test_times_of_a_pipeline_are_counted_from_each_request(
    client: Client, master: Client, orders: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = datetime.now(UTC) + timedelta(days=1)
    await create(client, orders, due={"__type": "Date", "iso": soon.isoformat()[:23] + "Z"})
    match = {"due": {"$lt": {"$relativeTime": "in 2 hours"}}}
    words = {"pipeline": json.dumps([{"$match": match}, {"$count": "all"}])}
    for _ in range(3):
        assert ok(await master.get(f"/aggregate/{orders}", params=words)) == {"results": []}
    monkeypatch.setattr(pipelines, "now", lambda: soon.replace(tzinfo=None))
    assert ok(await master.get(f"/aggregate/{orders}", params=words)) == {"results": [{"all": 1}]}
