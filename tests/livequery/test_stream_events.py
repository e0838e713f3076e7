"""B of the cases: what happens to a database under a running server costs change streams no event.

Each disturbance comes while somebody listens, at one process, and from another one.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import bson
import pytest
from bson.raw_bson import RawBSONDocument
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from parsepy.app import Application
from tests.conftest import Client, MakeApp, database_in
from tests.livequery.listener import Listener, listening, serving
from tests.rest.shop import create, eventually, ok, pointer, sign_up, unique

LIFE = ["create", "update", "leave", "enter", "delete"]
LARGE = 9_000_000


@dataclass
class World:
    """Somebody listens to pending orders at ``here``; ``shop`` writes, maybe at another process."""

    here: Application
    shop: Client
    listener: Listener
    database: AsyncDatabase[dict[str, Any]]

    async def hear(self, *expected: str) -> list[Any]:
        """The next events, which must be these."""
        frames = [await self.listener.frame() for _ in expected]
        assert [frame["op"] for frame in frames] == list(expected)
        return frames

    async def live(self) -> None:
        """An order's whole life, as quickly as it can be lived."""
        order = await create(self.shop, "Order", status="pending", total=5)
        ok(await self.shop.put(f"/classes/Order/{order}", json={"total": 6}))
        ok(await self.shop.put(f"/classes/Order/{order}", json={"status": "paid"}))
        ok(await self.shop.put(f"/classes/Order/{order}", json={"status": "pending"}))
        ok(await self.shop.delete(f"/classes/Order/{order}"))


@pytest.fixture(params=["one process", "two processes"])
async def world(
    request: pytest.FixtureRequest, app: MakeApp, mongo_uri: str
) -> AsyncIterator[World]:
    """A server that follows every class by change streams, as far as a pattern can name them."""
    name = f"test_{uuid4().hex[:16]}"
    options = {
        "databaseURI": database_in(mongo_uri, name),
        "liveQuery": {"classNames": [".*"], "carrier": "changeStreams"},
    }
    here = await app(**options)
    async with AsyncExitStack() as stack:
        there = here if request.param == "one process" else await app(**options)
        url = await stack.enter_async_context(serving(here))
        shop = await stack.enter_async_context(Client(there, master=True))
        listener = await stack.enter_async_context(listening(url))
        client = await stack.enter_async_context(AsyncMongoClient[dict[str, Any]](mongo_uri))
        await create(shop, "Order", status="old")
        await listener.subscribe("Order", {"status": "pending"})
        try:
            yield World(here, shop, listener, client[name])
        finally:
            await client.drop_database(name)


async def delete_class(world: World) -> None:
    """B1: through the API."""
    ok(await world.shop.delete("/purge/Order"))
    ok(await world.shop.delete("/schemas/Order"))


async def drop_collection(world: World) -> None:
    """B1: by another program."""
    await world.database.drop_collection("Order")


async def restore_with_drop(world: World) -> None:
    """B1: dropped, and made again by another program with what it had."""
    await world.database.drop_collection("Order")
    await world.database.create_collection("Order")
    await world.database["Order"].insert_many([{"_id": f"o{n}", "status": "x"} for n in range(50)])


async def rename_over(world: World) -> None:
    """B1: another collection takes the name, as at the end of an `$out`."""
    await world.database["Other"].insert_one({"_id": "o1", "status": "x"})
    await world.database["Other"].rename("Order", dropTarget=True)


async def turn_images_off(world: World) -> None:
    """B1: an operator wants no states before changes."""
    off = {"changeStreamPreAndPostImages": {"enabled": False}}
    await world.database.command({"collMod": "Order", **off})


async def drop_database(world: World) -> None:
    """B2: the whole database goes."""
    await world.database.client.drop_database(world.database.name)


async def make_classes_and_roles(world: World) -> None:
    """B3: rows of `_SCHEMA` and of join tables, to which the pattern fits."""
    ann = await sign_up(Client(world.shop.application))
    users = {"__op": "AddRelation", "objects": [pointer("_User", ann.id)]}
    body = {"name": unique("staff"), "ACL": {}, "users": users}
    ok(await world.shop.post("/roles", json=body), 201)
    await create(world.shop, unique("Anything"), note="x")


async def write_what_is_no_text(world: World) -> None:
    """B3: another program's text is no UTF-8."""
    sound = bson.encode({"_id": "o1", "status": "pending", "note": "**"})
    document: Any = RawBSONDocument(sound.replace(b"**", b"\xff\xfe"))
    await world.database["Order"].insert_one(document)
    (frame,) = await world.hear("create")
    assert frame["object"]["note"] == "\N{REPLACEMENT CHARACTER}" * 2


async def write_what_is_no_object(world: World) -> None:
    """B3: another program's document has types that Parse does not know."""
    await world.database["Order"].insert_one(
        {"_id": {"a": 1}, "status": bson.Regex("x"), "n": bson.MaxKey(), "_rperm": 5}
    )


async def update_what_is_large(world: World) -> None:
    """B4: both states of an object are more than MongoDB sends in one event."""
    documents = world.database["Order"]
    await documents.insert_one({"_id": "large", "status": "pending", "note": "x" * LARGE})
    await world.hear("create")  # a listener who has not read so much would be closed as too slow
    await documents.update_one({"_id": "large"}, {"$set": {"note": "y" * LARGE}})
    (update,) = await world.hear("update")
    await documents.update_one({"_id": "large"}, {"$set": {"status": "paid"}})
    (leave,) = await world.hear("leave")
    await documents.update_one({"_id": "large"}, {"$set": {"note": "z" * LARGE}})
    for number in range(20):
        await create(world.shop, "Order", status="pending", total=number)
    assert update["original"]["note"][0] == "x"
    assert (leave["original"]["status"], leave["object"]["status"]) == ("pending", "paid")
    frames = await world.hear(*["create"] * 20)
    assert [frame["object"]["total"] for frame in frames] == list(range(20))


async def kill_the_task(world: World) -> None:
    """B3: whatever it was, the delivery of events is gone."""
    assert world.here.live is not None
    assert world.here.live._running is not None
    world.here.live._running.cancel()


DISTURBANCES: list[Callable[[World], Awaitable[None]]] = [
    delete_class,
    drop_collection,
    restore_with_drop,
    rename_over,
    turn_images_off,
    drop_database,
    make_classes_and_roles,
    write_what_is_no_text,
    write_what_is_no_object,
    update_what_is_large,
    kill_the_task,
]


@pytest.mark.parametrize("disturb", DISTURBANCES)
async def test_b_a_disturbance_of_the_database_costs_no_event(
    world: World, disturb: Callable[[World], Awaitable[None]]
) -> None:
    await world.live()
    await world.hear(*LIFE)
    await disturb(world)
    for _ in range(2):
        await world.live()
        await world.hear(*LIFE)
    await world.listener.nothing_but()


async def test_b1_what_changes_in_the_moment_of_a_restore_is_told_in_full(world: World) -> None:
    documents = world.database["Order"]
    await drop_collection(world)
    await documents.insert_many([{"_id": f"o{n}", "status": "pending"} for n in range(20)])
    await documents.update_many({}, {"$set": {"total": 5}})
    await documents.update_many({}, {"$set": {"status": "paid"}})
    await documents.update_many({}, {"$set": {"status": "pending"}})
    await documents.delete_many({})
    for event in LIFE:
        await world.hear(*[event] * 20)
    await world.listener.nothing_but()


async def test_b3_a_killed_task_is_told_by_health_and_metrics_and_runs_again(
    app: MakeApp, mongo_uri: str, caplog: pytest.LogCaptureFixture
) -> None:
    live = {"classNames": ["Order"], "carrier": "changeStreams"}
    application = await app(liveQuery=live, metrics={"enabled": True})
    assert application.live is not None
    async with Client(application, master=True) as shop:
        assert ok(await shop.get("/health")) == {"status": "ok"}
        running = application.live._running
        assert running is not None
        running.cancel()
        await asyncio.wait([running])
        assert ok(await shop.get("/health")) == {"status": "ok", "liveQuery": "restarting"}

        async def is_well() -> bool:
            return bool((await shop.get("/health")).json() == {"status": "ok"})

        await eventually(is_well)
        text = (await shop.get("/metrics")).text
    assert "parsepy_live_restarts_total 1.0" in text
    assert "Live Query broke off, and is taken up again" in caplog.text


async def test_b3_health_tells_of_events_that_have_waited_long(
    app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = await app(liveQuery={"classNames": ["Order"]})
    assert application.live is not None
    may_go = asyncio.Event()
    monkeypatch.setattr("parsepy.livequery.BEHIND_SECONDS", 0.0)

    async def wait(class_name: str, object_id: str) -> None:
        await may_go.wait()

    monkeypatch.setattr(application.backend.unanswered, "wait", wait)
    async with (
        serving(application) as url,
        listening(url) as listener,
        Client(application, master=True) as shop,
    ):
        await listener.subscribe("Order")
        await create(shop, "Order")
        assert ok(await shop.get("/health")) == {"status": "ok", "liveQuery": "behind"}
        may_go.set()
        assert (await listener.frame())["op"] == "create"
        await listener.nothing_but()
        assert ok(await shop.get("/health")) == {"status": "ok"}
