"""Connections that lie ready are taken and given back without the driver, and its counts hold."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import pytest
from pymongo import AsyncMongoClient, MongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import AutoReconnect, OperationFailure

from parsepy.storage.driver.plain import PlainReads
from parsepy.storage.driver.replies import Pool, PooledConnection
from tests.line import between

Document = dict[str, Any]
Rows = AsyncCollection[Document]
SLOW = {"$where": "sleep(300) || true"}


@pytest.fixture(scope="module")
def name(mongo: MongoClient[Document]) -> Iterator[str]:
    """A database with a hundred rows of ten kilobytes each."""
    name = f"ready_{uuid4().hex[:8]}"
    rows = [{"_id": n, "n": n, "text": f"{n:05}" * 2000} for n in range(100)]
    mongo[name]["Row"].insert_many(rows)
    yield name
    mongo.drop_database(name)


def opened(uri: str, name: str, **options: Any) -> tuple[AsyncMongoClient[Document], Rows]:
    client: AsyncMongoClient[Document] = AsyncMongoClient(uri, _pool_class=Pool, **options)
    return client, client[name]["Row"]


@pytest.fixture
async def rows(mongo_uri: str, name: str) -> AsyncIterator[Rows]:
    client, rows = opened(mongo_uri, name)
    async with client:
        yield rows


def pool_of(rows: Rows) -> Pool:
    (server,) = rows.database.client._topology._servers.values()
    assert isinstance(server.pool, Pool)
    return server.pool


def counts(rows: Rows) -> tuple[int, int, int, int]:
    pool = pool_of(rows)
    return pool.requests, pool.active_sockets, pool.operation_count, len(pool.active_contexts)


async def settled(reads: PlainReads, rows: Rows) -> None:
    """Return when the monitor has told what it tells at first."""
    while True:
        assert await reads.find_by_id(rows, 1)
        primary = reads._commands.primary(rows)
        await asyncio.sleep(0.05)
        if (connection := primary.take()) is not None:
            await primary.give_back(connection)
            return


async def test_a_connection_that_lies_ready_is_taken_without_the_driver(
    rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = PlainReads()
    await settled(reads, rows)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the driver was asked")

    monkeypatch.setattr(Pool, "_get_conn", refuse)
    monkeypatch.setattr(Pool, "checkin", refuse)
    assert await reads.count(rows, {"n": {"$lt": 7}}) == 7
    found = await reads.find_by_id(rows, 3)
    assert found is not None
    assert found["text"] == "00003" * 2000
    assert counts(rows) == (0, 0, 0, 0)


async def test_a_reply_of_any_length_is_read_whole(rows: Rows) -> None:
    reads = PlainReads()
    for size in (*range(1, 8), 60, 100):
        found = await reads.find(rows, {"n": {"$lt": size}}, sort=[("n", 1)])
        assert [row["text"] for row in found] == [f"{n:05}" * 2000 for n in range(size)]
    lengths = [16_384 - 300 + n for n in range(0, 600, 7)]
    for length in lengths:
        (row,) = await reads.aggregate(
            rows, [{"$limit": 1}, {"$project": {"x": {"$literal": "x" * length}}}]
        )
        assert len(row["x"]) == length


async def test_the_drivers_own_commands_and_ours_take_turns(rows: Rows) -> None:
    reads = PlainReads()
    for n in range(20):
        assert await reads.count(rows, {"n": n}) == 1
        assert await rows.count_documents({"n": {"$lt": n}}) == n
        assert len(await rows.find({"n": {"$lt": 5 * n}}).to_list(None)) == min(5 * n, 100)
    assert len(pool_of(rows).conns) == 1


@pytest.mark.parametrize("size", [1, 3])
async def test_who_waits_for_a_connection_gets_one(mongo_uri: str, name: str, size: int) -> None:
    client, rows = opened(mongo_uri, name, maxPoolSize=size)
    async with client:
        reads = PlainReads()

        async def work(number: int) -> int:
            if number % 3:
                return await reads.count(rows, {"n": {"$lt": number}})
            return await rows.count_documents({"n": {"$lt": number}})

        found = await asyncio.wait_for(asyncio.gather(*map(work, range(90))), 30)
        assert found == list(range(90))
        assert counts(rows) == (0, 0, 0, 0)
        assert len(pool_of(rows).conns) == size


async def test_a_refusal_gives_its_connection_back(rows: Rows) -> None:
    reads = PlainReads()
    for _ in range(3):
        with pytest.raises(OperationFailure, match="unknown operator"):
            await reads.find(rows, {"n": {"$what": 1}})
    assert counts(rows) == (0, 0, 0, 0)
    assert len(pool_of(rows).conns) == 1


async def test_who_gives_up_takes_the_connection_with_it(rows: Rows) -> None:
    reads = PlainReads()
    assert await reads.count(rows, {"n": 1}) == 1
    waiting = asyncio.create_task(reads.find(rows, SLOW, limit=1))
    while not counts(rows)[0]:  # noqa: ASYNC110 (nobody tells when the command is sent)
        await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (counts(rows), len(pool_of(rows).conns)) == ((0, 0, 0, 0), 0)
    assert await reads.count(rows, {"n": 2}) == 1


async def test_a_connection_that_has_ended_while_it_lay_ready_is_not_taken(
    mongo: MongoClient[Document], name: str
) -> None:
    async with between(mongo) as (uri, cut):
        client, rows = opened(uri, name, retryReads=False)
        async with client:
            reads = PlainReads()
            assert await reads.count(rows, {"n": 1}) == 1
            (connection,) = pool_of(rows).conns
            assert isinstance(connection, PooledConnection)
            await cut()
            while connection.reads_at_once:  # noqa: ASYNC110 (nobody tells of the end)
                await asyncio.sleep(0.001)
            with contextlib.suppress(AutoReconnect):  # of the driver's, which tries the dead one
                await reads.count(rows, {"n": 1})
            assert await reads.count(rows, {"n": 1}) == 1
            assert counts(rows) == (0, 0, 0, 0)


async def test_a_pool_that_is_cleared_is_not_taken_from(rows: Rows) -> None:
    reads = PlainReads()
    assert await reads.count(rows, {"n": 1}) == 1
    (before,) = pool_of(rows).conns
    await pool_of(rows).reset()
    await pool_of(rows).ready()
    assert await reads.count(rows, {"n": 1}) == 1
    (after,) = pool_of(rows).conns
    assert after is not before
