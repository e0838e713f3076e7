"""How replies of MongoDB are awaited: as PyMongo awaits them, whatever goes wrong meanwhile."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import pymongo
import pytest
from pymongo import AsyncMongoClient, MongoClient
from pymongo.errors import AutoReconnect, InvalidOperation, NetworkTimeout, PyMongoError

from parsepy.storage.driver import replies
from parsepy.storage.driver.replies import Pool
from tests.line import between

Client = AsyncMongoClient[dict[str, Any]]
SLOW = {"$where": "sleep(4000) || true"}


@pytest.fixture
async def connect(mongo_uri: str) -> AsyncIterator[Callable[..., Client]]:
    """Make clients whose connections are ours."""
    async with contextlib.AsyncExitStack() as closing:

        def make(uri: str = mongo_uri, **options: Any) -> Client:
            client: Client = AsyncMongoClient(uri, _pool_class=Pool, retryReads=False, **options)
            closing.push_async_callback(end, client)
            return client

        async def end(client: Client) -> None:
            # a monitor that is just connecting would be left open
            with contextlib.suppress(InvalidOperation):
                await client.admin.command("ping")
            await client.close()

        yield make


@pytest.fixture
def name(mongo: MongoClient[dict[str, Any]]) -> Any:
    """A database with one document, which takes long to find with SLOW."""
    name = f"replies_{uuid4().hex[:8]}"
    mongo[name]["Thing"].insert_one({"_id": "one"})
    yield name
    mongo.drop_database(name)


async def started(mongo: MongoClient[dict[str, Any]], name: str) -> None:
    """Return when the slow query runs."""

    def wait() -> None:
        command = {"currentOp": True, "ns": f"{name}.Thing", "op": "query"}
        for _ in range(2000):
            if mongo.admin.command(command)["inprog"]:
                return
            time.sleep(0.01)
        raise AssertionError("the slow query never ran")

    await asyncio.to_thread(wait)


def pools(client: Client) -> list[Pool]:
    """The pools of a client, of its monitors not."""
    found = [server.pool for server in client._topology._servers.values()]
    assert all(isinstance(pool, Pool) for pool in found)
    return found  # type: ignore[return-value]


async def test_a_reply_is_awaited_without_tasks(
    connect: Callable[..., Client], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = connect()
    await client[name]["Thing"].find_one({})
    (connection,) = pools(client)[0].conns
    assert type(connection) is replies.PooledConnection

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a task was started")

    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "create_task", refuse)
        assert await client[name]["Thing"].find_one({}) == {"_id": "one"}


async def test_who_gives_up_leaves_no_reply_for_the_next(
    connect: Callable[..., Client], mongo: MongoClient[dict[str, Any]], name: str
) -> None:
    client = connect(maxPoolSize=1)
    things = client[name]["Thing"]
    waiting = asyncio.create_task(things.find_one(SLOW))
    await started(mongo, name)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await things.count_documents({"_id": "two"}) == 0
    assert await things.find_one({}, {"_id": 1}) == {"_id": "one"}


@pytest.mark.parametrize("look", [0.01, 0.5])
async def test_a_pool_that_interrupts_ends_what_waits(
    connect: Callable[..., Client],
    mongo: MongoClient[dict[str, Any]],
    name: str,
    look: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replies, "_LOOK_SECONDS", look)
    client = connect()
    things = client[name]["Thing"]
    waiting = asyncio.create_task(things.find_one(SLOW))
    await started(mongo, name)
    await pools(client)[0].reset(interrupt_connections=True)
    with pytest.raises(AutoReconnect, match="operation cancelled"):
        await asyncio.wait_for(waiting, 2)
    await pools(client)[0].ready()
    assert await things.find_one({}) == {"_id": "one"}


async def test_limits_of_time_are_the_drivers(
    connect: Callable[..., Client], mongo: MongoClient[dict[str, Any]], name: str
) -> None:
    with pytest.raises(NetworkTimeout):
        await connect(socketTimeoutMS=200)[name]["Thing"].find_one(SLOW)
    with pytest.raises(PyMongoError) as raised, pymongo.timeout(0.2):
        await connect()[name]["Thing"].find_one(SLOW)
    assert raised.value.timeout


async def test_a_lost_connection_is_said(
    connect: Callable[..., Client], mongo: MongoClient[dict[str, Any]], name: str
) -> None:
    async with between(mongo) as (uri, cut):
        client = connect(uri)
        things = client[name]["Thing"]
        assert await things.find_one({}) == {"_id": "one"}
        waiting = asyncio.create_task(things.find_one(SLOW))
        await started(mongo, name)
        await cut()
        with pytest.raises(AutoReconnect, match="connection closed"):
            await waiting
        assert await things.find_one({}) == {"_id": "one"}
        await client.close()
