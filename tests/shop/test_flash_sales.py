"""F2: `active` of a flash sale turns at its moment, once, however many processes serve the shop."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from pymongo import MongoClient

from tests.conftest import Client, MakeApp, database_in
from tests.rest.shop import create, ok, pointer
from tests.shop.conftest import options

LATEST = timedelta(seconds=1)


def iso(moment: datetime) -> dict[str, str]:
    """A moment as clients send it."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"__type": "Date", "iso": text}


async def test_f2_a_sale_begins_and_ends_at_its_moment_once_with_two_processes(
    app: MakeApp, mongo_uri: str, mongo: MongoClient[dict[str, Any]]
) -> None:
    name = f"test_{uuid4().hex[:16]}"
    uri = database_in(mongo_uri, name)
    shop = options(uri, "ecommerce.json", "shopping.json")
    first, second = await app(**shop), await app(**shop)
    master = Client(first, master=True)
    product = pointer("Product", await create(master, "Product", name="Mug", price=10))
    begin = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
    end = begin + timedelta(seconds=1)
    fields = {"product": product, "discountPrice": 5, "startTime": iso(begin), "endTime": iso(end)}
    sale = await create(master, "FlashSale", **fields)
    assert ok(await master.get(f"/classes/FlashSale/{sale}"))["active"] is False

    with mongo[name]["FlashSale"].watch() as stream:
        begun = await asyncio.to_thread(stream.next)
        assert begun["updateDescription"]["updatedFields"]["active"] is True
        assert begin <= begun["wallTime"] <= begin + LATEST
        over = await asyncio.to_thread(stream.next)
        assert over["updateDescription"]["updatedFields"]["active"] is False
        assert end <= over["wallTime"] <= end + LATEST
        # the job by the minute, on the other process, finds nothing left to do
        ok(await Client(second, master=True).post("/jobs/closeFlashSales", json={}))
        while second.backend.tasks:
            await asyncio.wait(set(second.backend.tasks))
        assert stream.try_next() is None
    mongo.drop_database(name)


async def test_f2_what_began_while_no_server_ran_is_made_up_for_at_the_start(
    app: MakeApp, mongo_uri: str, mongo: MongoClient[dict[str, Any]]
) -> None:
    name = f"test_{uuid4().hex[:16]}"
    shop = options(database_in(mongo_uri, name), "ecommerce.json", "shopping.json")
    first = await app(**shop)
    master = Client(first, master=True)
    product = pointer("Product", await create(master, "Product", name="Mug", price=10))
    far = datetime.now(UTC) + timedelta(days=1)
    fields = {"product": product, "discountPrice": 5, "startTime": iso(far)}
    sale = await create(master, "FlashSale", **fields, endTime=iso(far + timedelta(days=1)))
    await first.shutdown()
    past = datetime.now(UTC) - timedelta(hours=1)
    mongo[name]["FlashSale"].update_one({"_id": sale}, {"$set": {"startTime": past}})
    with mongo[name]["FlashSale"].watch() as stream:
        await app(**shop)
        begun = await asyncio.to_thread(stream.next)
    assert begun["updateDescription"]["updatedFields"]["active"] is True
    mongo.drop_database(name)
