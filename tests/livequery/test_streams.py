"""A broken stream of changes goes on behind the last change that was handled."""

import asyncio
from typing import Any
from uuid import uuid4

from pymongo import AsyncMongoClient

from parsepy.storage import Unavailable
from parsepy.storage.streams import ChangeEvent, Stream


async def test_a_change_that_could_not_be_handled_comes_again_and_the_others_do_not(
    mongo_uri: str,
) -> None:
    begun: list[Any] = []
    done: list[Any] = []
    all_done = asyncio.Event()

    async def handle(change: ChangeEvent) -> None:
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
