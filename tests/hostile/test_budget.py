"""Work has an end: when its client has gone, its time is up, or others need the database."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from pymongo import MongoClient

from parsepy.app import Application, build
from parsepy.config import Config
from tests.conftest import APP_ID, MASTER_KEY, MOUNT, Client, MakeApp, QuickMongo
from tests.livequery.listener import serving
from tests.rest.shop import PASSWORD, create, eventually, find, ok, refused, sign_up, unique

SLEEP = {"$function": {"body": "function() { sleep(4000); return true }", "args": [], "lang": "js"}}
"""An expression of MongoDB that takes four seconds."""


@pytest.fixture
async def alone(stoppable: QuickMongo) -> AsyncIterator[Client]:
    """Anybody, at a server on a MongoDB of its own."""
    defaults = {
        "appId": APP_ID,
        "masterKey": MASTER_KEY,
        "serverURL": MOUNT,
        "allowClientClassCreation": True,
    }
    application = build(Config.from_options({**defaults, "databaseURI": stoppable.uri}))
    await application.startup()
    yield Client(application)
    await application.shutdown()


# --- clients that hang up -----------------------------------------------------------------------


@pytest.mark.parametrize("transaction", [False, True])
async def test_k8_a_batch_ends_when_its_client_hangs_up(
    application: Application, client: Client, transaction: bool
) -> None:
    name = unique("Order")
    await create(client, name, n=0)
    # a read stands alone in a batch, so that there are many steps
    pair = [
        {"method": "POST", "path": f"/parse/classes/{name}", "body": {"n": 1}},
        {"method": "GET", "path": f"/parse/classes/{name}?limit=0&count=1"},
    ]
    body = json.dumps({"requests": pair * 250, "transaction": transaction}).encode()
    async with serving(application) as url:
        address = urlsplit(url)
        _, writer = await asyncio.open_connection(address.hostname, address.port)
        head = f"POST /parse/batch HTTP/1.1\r\nHost: shop\r\nX-Parse-Application-Id: {APP_ID}\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        await find(client, name, limit=1)  # it has begun
        writer.close()
        await writer.wait_closed()
    # the server has ended, and with it all that was under way
    stored = len(await find(client, name, {"n": 1}, limit=1000))
    assert stored < 250
    if transaction:
        assert stored == 0


async def test_a_batch_of_a_client_that_waits_is_made_whole(client: Client) -> None:
    name = unique("Order")
    item = {"method": "POST", "path": f"/parse/classes/{name}", "body": {"n": 1}}
    answer = ok(await client.post("/batch", json={"requests": [item] * 120}))
    assert len({made["success"]["objectId"] for made in answer}) == 120


# --- one client among many ----------------------------------------------------------------------


async def test_k6_many_requests_of_one_client_take_turns(app: MakeApp) -> None:
    few = {"requestsUnderWay": 1, "requestsWaiting": 1}
    client = Client(await app(requestComplexity=few))
    ann = await sign_up(client)
    await create(client, "Order", n=1)
    answers = await asyncio.gather(
        *(client.get("/classes/Order") for _ in range(3)), ann.client.get("/classes/Order")
    )
    assert sorted(answer.status_code for answer in answers[:3]) == [200, 200, 429]
    assert answers[3].status_code == 200  # another client
    (late,) = [answer for answer in answers if answer.status_code == 429]
    refused(late, 155, 429)
    assert late.headers["retry-after"] == "1"
    ok(await client.get("/classes/Order"))


async def test_k6_a_query_of_a_client_has_its_time(app: MakeApp) -> None:
    application = await app(requestComplexity={"queryTime": 1})
    client, master = Client(application), Client(application, master=True)
    await create(client, "Order", texts=["x" * 40] * 2_000)
    where = {"$or": [{"texts": {"$all": [f"{i}", f"{-i}"]}} for i in range(1, 1_500)]}
    body = {"_method": "GET", "where": where}
    refused(await client.post("/classes/Order", json=body), 124)
    assert ok(await master.post("/classes/Order", json=body))["results"] == []


# --- the database -------------------------------------------------------------------------------


async def test_k4_a_full_pool_keeps_neither_health_nor_sign_in_waiting(app: MakeApp) -> None:
    driver = {"maxPoolSize": 2, "waitQueueTimeoutMS": 200}
    application = await app(databaseOptions=driver)
    client = Client(application)
    ann = await sign_up(client)
    order = await create(client, "Order", n=1)
    database = application.backend.storage.connection.database
    slow = {"aggregate": "Order", "pipeline": [{"$match": {"$expr": SLEEP}}], "cursor": {}}
    busy = [asyncio.ensure_future(database.command(slow)) for _ in range(2)]
    try:

        async def is_full() -> bool:
            return (await client.get(f"/classes/Order/{order}")).status_code == 503

        await eventually(is_full, 3.0)
        late = await client.get("/classes/Order")
        assert refused(late, 1, 503) == "Database error"
        assert late.headers["retry-after"] == "1"
        ok(await client.get("/health"))
        ok(await client.post("/login", json={"username": ann.name, "password": PASSWORD}))
        ok(await ann.client.get("/users/me"))
        assert not any(task.done() for task in busy)
    finally:
        await asyncio.gather(*busy)
    ok(await client.get(f"/classes/Order/{order}"))


async def test_k4_a_new_polygon_holds_nobody_up_while_others_write(
    application: Application, client: Client, mongo: MongoClient[dict[str, Any]]
) -> None:
    order = await create(client, "Order", n=1)
    database = application.backend.storage.connection.database.name
    area = {"__type": "Polygon", "coordinates": [[0, 0], [0, 1], [1, 1], [1, 0]]}
    with mongo.start_session() as session:
        session.start_transaction()  # which an exclusive lock must wait for
        mongo[database]["Order"].insert_one({"_id": "held"}, session=session)
        bringing = asyncio.create_task(client.post("/classes/Order", json={"area": area}))
        longest = 0.0
        while not bringing.done():
            begun = time.perf_counter()
            ok(await client.get(f"/classes/Order/{order}"))
            await create(client, "Order", n=2)
            longest = max(longest, time.perf_counter() - begun)
        ok(await bringing, 201)
        session.abort_transaction()
    assert longest < 1.0  # else they would have waited for the transaction

    async def is_made() -> bool:
        return "area_2dsphere" in mongo[database]["Order"].index_information()

    await eventually(is_made, 20.0)


async def test_m4_a_primary_that_steps_down_loses_no_request(
    alone: Client, stoppable: QuickMongo
) -> None:
    client = alone
    order = await create(client, "Order", n=0)
    ends = asyncio.Event()
    statuses: list[int] = []

    async def buy() -> None:
        while not ends.is_set():
            answers = await asyncio.gather(
                client.get(f"/classes/Order/{order}"),
                client.get("/classes/Order?limit=1"),
                client.put(f"/classes/Order/{order}", json={"n": 1}),
                client.post("/classes/Sale", json={"n": 1}),
            )
            statuses.extend(answer.status_code for answer in answers)

    buyers = [asyncio.create_task(buy()) for _ in range(4)]
    with MongoClient[dict[str, Any]](stoppable.uri, directConnection=True) as direct:
        await asyncio.to_thread(
            direct.admin.command,
            {"replSetStepDown": 1, "secondaryCatchUpPeriodSecs": 0, "force": True},
        )
    until = len(statuses) + 200

    async def is_over() -> bool:
        return len(statuses) >= until

    await eventually(is_over, 30.0)
    ends.set()
    await asyncio.gather(*buyers)
    assert set(statuses) == {200, 201}
    made = statuses.count(201)
    assert len(await find(client, "Sale", limit=10_000)) == made


@pytest.mark.slow
async def test_m5_a_database_that_is_frozen_is_told_soon(
    alone: Client, stoppable: QuickMongo
) -> None:
    client = alone
    order = await create(client, "Order", n=0)
    assert stoppable.pid is not None
    os.kill(stoppable.pid, signal.SIGSTOP)
    try:
        begun = time.perf_counter()
        answers = await asyncio.gather(
            client.get(f"/classes/Order/{order}"),
            client.get("/classes/Order"),
            client.post("/classes/Order", json={"n": 1}),
            client.get("/health"),
        )
        waited = time.perf_counter() - begun
        assert waited < 12, f"it took {waited:.1f} s"  # 10 on a machine of its own
        for answer in answers[:3]:
            refused(answer, 1, 503)
            assert answer.headers["retry-after"] == "1"
        assert answers[3].status_code == 503
    finally:
        os.kill(stoppable.pid, signal.SIGCONT)

    async def is_back() -> bool:
        return (await client.get(f"/classes/Order/{order}")).status_code == 200

    await eventually(is_back, 15.0)
