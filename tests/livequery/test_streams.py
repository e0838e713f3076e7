"""A broken stream of changes goes on behind the last change that was handled."""

import asyncio
from typing import Any
from uuid import uuid4

from pymongo import AsyncMongoClient
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from parsepy.storage import Unavailable
from parsepy.storage.images import Images
from parsepy.storage.streams import ChangeEvent, Stream, place_of


async def test_a_change_that_could_not_be_handled_comes_again_and_the_others_do_not(
    mongo_uri: str,
) -> None:
    begun: list[Any] = []
    done: list[Any] = []
    all_done = asyncio.Event()

    async def handle(change: ChangeEvent) -> None:
        if change.kind == "modify":  # the collections are made
            return
        begun.append(change.key)
        if begun == [1, 2]:
            raise Unavailable("there is no primary")
        done.append(change.key)
        if change.key == 4:
            all_done.set()

    async with AsyncMongoClient[dict[str, Any]](mongo_uri) as client:
        database = client[f"test_{uuid4().hex[:16]}"]
        stream = Stream(database, "", "Order", (Unavailable,))
        await stream.open()
        running = asyncio.create_task(stream.run(handle))
        try:
            for key in (1, 2, 3):
                await database["Order"].insert_one({"_id": key})
            await database["Cart"].insert_one({"_id": 0})
            await database["Order"].insert_one({"_id": 4})
            async with asyncio.timeout(10):
                await all_done.wait()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await client.drop_database(database.name)
    assert begun == [1, 2, 2, 3, 4]
    assert done == [1, 2, 3, 4]


async def test_m1_images_that_are_kept_already_are_not_asked_for_again(mongo_uri: str) -> None:
    names: list[str] = []

    class Commands(CommandListener):
        def started(self, event: CommandStartedEvent) -> None:
            names.append(event.command_name)

        def succeeded(self, event: CommandSucceededEvent) -> None:
            pass

        def failed(self, event: CommandFailedEvent) -> None:
            pass

    async with AsyncMongoClient[dict[str, Any]](mongo_uri, event_listeners=[Commands()]) as client:
        database = client[f"test_{uuid4().hex[:16]}"]
        try:
            await database.create_collection("Order")
            names.clear()
            assert await Images(database, "").keep("Order", make=False)  # one process
            assert names.count("collMod") == 1
            other = Images(database, "")
            assert await other.keep("Order", make=False)
            assert await other.keep("Order", make=False)
            assert not await other.keep("Cart", make=False)
            assert names.count("collMod") == 1
            assert names.count("listCollections") == 3
            assert await other.keep("Cart", make=True)
            assert names.count("collMod") == 1
        finally:
            await client.drop_database(database.name)


async def test_m1_who_waits_for_a_collections_lock_stops_nobody_for_long(mongo_uri: str) -> None:
    async with AsyncMongoClient[dict[str, Any]](mongo_uri) as client:
        database = client[f"test_{uuid4().hex[:16]}"]
        orders = database["Order"]
        try:
            await orders.insert_one({"_id": 1})
            async with client.start_session() as session:
                await session.start_transaction()  # of a worker that is dead, as it may be
                await orders.update_one({"_id": 1}, {"$set": {"a": 1}}, session=session)
                images = Images(database, "")
                async with asyncio.timeout(5):
                    assert not await images.keep("Order", make=False)
                    await orders.insert_one({"_id": 2})
                    assert not await images.keep("Order", make=False)  # not asked so soon
                await session.abort_transaction()
        finally:
            await client.drop_database(database.name)


def test_a_token_that_is_not_mongodbs_tells_no_place() -> None:
    good = {"_data": "82" + "0000000a" + "00000002" + "2b"}
    assert place_of(good) == (10, 2, 2**32 - 1)
    for token in (None, {}, {"_data": 1}, {"_data": "82"}, {"_data": "82" + "x" * 16}):
        assert place_of(token) is None
