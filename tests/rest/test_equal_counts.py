"""Equal counts and aggregations at one time share one of MongoDB's, and nobody sees what was."""

import asyncio
import json
from collections import Counter
from typing import Any

import pytest

from parsepy.app import Application
from parsepy.storage import receive_at_most
from parsepy.storage.shared_finds import SharedFinds
from tests.conftest import Client
from tests.rest.shop import create, ok

SUMS = [{"$group": {"_id": None, "total": {"$sum": "$number"}}}]


@pytest.fixture
def made(application: Application, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often MongoDB was asked for a count, and for an aggregation."""
    times: Counter[str] = Counter()
    reads = application.backend.storage.connection.reads

    def noted(name: str) -> None:
        asked = getattr(reads, name)

        async def call(*arguments: Any, **options: Any) -> Any:
            times[name] += 1
            return await asked(*arguments, **options)

        monkeypatch.setattr(reads, name, call)

    noted("count")
    noted("aggregate")
    return times


async def count(client: Client, orders: str, where: Any) -> int:
    words = {"where": json.dumps(where), "count": "1", "limit": "0"}
    found: int = ok(await client.get(f"/classes/{orders}", params=words))["count"]
    return found


async def run(master: Client, orders: str, pipeline: Any) -> list[Any]:
    words = {"pipeline": json.dumps(pipeline)}
    found: list[Any] = ok(await master.get(f"/aggregate/{orders}", params=words))["results"]
    return found


async def test_equal_counts_share_the_next_one(
    client: Client, orders: str, made: Counter[str]
) -> None:
    for number in range(3):
        await create(client, orders, number=number)
    asked = [count(client, orders, {"number": {"$gt": 0}}) for _ in range(20)]
    assert await asyncio.gather(*asked) == [2] * 20
    assert made["count"] + made["aggregate"] < 10


async def test_counts_of_other_callers_are_not_shared(
    client: Client, master: Client, orders: str
) -> None:
    await create(client, orders, number=1)
    await create(master, orders, number=2, ACL={})
    asked = [count(who, orders, {"number": {"$gt": 0}}) for who in (client, master) * 10]
    assert await asyncio.gather(*asked) == [1, 2] * 10


async def test_a_count_knows_what_was_written_before(client: Client, orders: str) -> None:
    await create(client, orders, number=0)

    async def shopper(number: int) -> None:
        before = await count(client, orders, {"number": {"$lt": 100}})
        await create(client, orders, number=number)
        assert await count(client, orders, {"number": {"$lt": 100}}) > before

    await asyncio.gather(*(shopper(number) for number in range(8)))


async def test_equal_aggregations_share_the_next_one(
    client: Client, master: Client, orders: str, made: Counter[str]
) -> None:
    for number in range(3):
        await create(client, orders, number=number)
    asked = [run(master, orders, SUMS) for _ in range(20)]
    for results in await asyncio.gather(*asked):
        assert results == [{"objectId": None, "total": 3}]
    assert made["aggregate"] < 10


async def test_each_asks_for_a_sample_of_its_own(
    client: Client, master: Client, orders: str, made: Counter[str]
) -> None:
    await create(client, orders, number=1)
    await asyncio.gather(*(run(master, orders, [{"$sample": {"size": 1}}]) for _ in range(10)))
    assert made["aggregate"] == 10


async def test_an_aggregation_that_writes_is_made_for_each(
    client: Client, master: Client, orders: str, made: Counter[str]
) -> None:
    await create(client, orders, number=1)
    out = [{"$match": {}}, {"$merge": {"into": f"{orders}Sums"}}]
    assert await asyncio.gather(*(run(master, orders, out) for _ in range(5))) == [[]] * 5
    assert made["aggregate"] == 5


async def test_reads_that_may_bring_less_are_not_shared_with_others(
    application: Application,
) -> None:
    begun: list[int | None] = []
    both, ends = asyncio.Event(), asyncio.Event()
    finds: SharedFinds[int] = SharedFinds(patience=60)

    async def ask(most: int | None) -> int:
        async def read() -> int:
            begun.append(most)
            if len(begun) == 2:
                both.set()
            await ends.wait()
            return 1

        receive_at_most(most)
        return await application.backend.storage.shared(finds, (), {"filter": {}}, read)

    asked = [asyncio.create_task(ask(most)) for most in (1000, None, 1000)]
    await asyncio.wait_for(both.wait(), 5)
    assert begun == [1000, None]
    ends.set()
    assert await asyncio.gather(*asked) == [1, 1, 1]
    assert begun == [1000, None, 1000]
