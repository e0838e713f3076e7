"""PyMongo's private names: who turns them off, or has a version without them, misses nothing."""

import importlib
import logging
import sys
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import ConfigurationError

from parsepy.storage import driver
from parsepy.storage.driver.plain import PlainReads
from parsepy.storage.driver.reads import Reads
from parsepy.storage.driver.replies import Pool
from tests.conftest import Client, MakeApp
from tests.rest.shop import create, find, ok

DRIVER = ("commands", "plain", "plain_writes", "ready", "replies")
OURS = tuple(f"parsepy.storage.driver.{name}" for name in DRIVER)
PRIVATE = [
    ("pymongo.message", "_op_msg"),
    ("pymongo.message", "_UNPACK_REPLY"),
    ("pymongo.errors", "_OperationCancelled"),
    ("pymongo.helpers_shared", "_check_command_response"),
    ("pymongo.asynchronous.mongo_client", "AsyncMongoClient._conn_for_reads"),
    ("pymongo.asynchronous.pool", "AsyncConnection.send_message"),
    ("pymongo.asynchronous.pool", "AsyncConnection._raise_connection_failure"),
    ("pymongo.asynchronous.pool", "PoolState"),
    ("pymongo.asynchronous.topology", "_ErrorContext"),
    ("pymongo.network_layer", "PyMongoProtocol._resolve_pending_messages"),
]


def pool_of(client: AsyncMongoClient[Any]) -> type:
    """The class of a client's pools."""
    found: type = client._topology._settings.pool_class
    return found


async def test_reads_and_replies_are_ours_unless_somebody_turns_them_off(app: MakeApp) -> None:
    connection = (await app()).backend.storage.connection
    assert type(connection.reads) is PlainReads
    assert issubclass(pool_of(connection.client), Pool)


async def test_turned_off_everything_goes_by_the_public_api(app: MakeApp) -> None:
    application = await app(databaseOptions={"usePrivateDriverApi": False})
    connection = application.backend.storage.connection
    assert type(connection.reads) is Reads
    assert not issubclass(pool_of(connection.client), Pool)
    async with Client(application, master=True) as master:
        mug = await create(master, "Mug", price=7)
        assert ok(await master.get(f"/classes/Mug/{mug}"))["price"] == 7
        assert [item["objectId"] for item in await find(master, "Mug", {"price": 7})] == [mug]
        counted = await master.get("/classes/Mug", params={"count": "1", "limit": "0"})
        assert ok(counted)["count"] == 1
        pipeline = '[{"$group":{"_id":null,"sum":{"$sum":"$price"}}}]'
        summed = await master.get("/aggregate/Mug", params={"pipeline": pipeline})
        assert ok(summed)["results"][0]["sum"] == 7


@pytest.mark.parametrize(("module", "name"), PRIVATE)
async def test_a_version_without_one_of_the_private_names_is_used_by_its_public_api(
    mongo_uri: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    module: str,
    name: str,
) -> None:
    owner = importlib.import_module(module)
    *outer, last = name.split(".")
    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        for ours in OURS:
            patch.delitem(sys.modules, ours)
        patch.delattr(getattr(owner, outer[0]) if outer else owner, last)
        client, reads, _ = driver.open_client(mongo_uri, {})
    assert (type(reads), pool_of(client) is Pool) == (Reads, False)
    assert [last in record.message for record in caplog.records] == [True]
    async with client:
        assert await reads.find(client["nowhere"]["Mug"], {}) == []


async def test_a_version_that_knows_no_pools_of_others_is_used_by_its_public_api(
    mongo_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Strict(AsyncMongoClient[dict[str, Any]]):
        def __init__(self, uri: str, **options: Any) -> None:
            if "_pool_class" in options:
                raise ConfigurationError("Unknown option: _pool_class.")
            super().__init__(uri, **options)

    monkeypatch.setattr(driver, "AsyncMongoClient", Strict)
    client, reads, _ = driver.open_client(mongo_uri, {})
    assert type(reads) is Reads
    await client.close()


async def test_an_option_that_the_driver_refuses_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="nonsense"):
        driver.open_client("mongodb://localhost/shop", {"nonsense": 1})
