"""Messages over websockets take turns with all other requests of their client (K6)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from parsepy.app import Application
from tests.conftest import APP_ID, Client, MakeApp
from tests.graphql.subscriber import subscribing
from tests.livequery.listener import KEY_PAIRS, listening, serving
from tests.rest.shop import eventually, ok, sign_up

CLOUD = """
import asyncio
from parsepy import Cloud

entered, doors = [], asyncio.Event()

@Cloud.function("open")
async def open_doors(request): doors.set()

@Cloud.function("entered")
async def show(request): return len(entered)

async def wait(name):
    entered.append(name)
    await doors.wait()

@Cloud.before_subscribe("Order")
async def subscribing(request): await wait("subscribe")

@Cloud.before_find("Order")
async def finding(request): await wait("find")
"""


@pytest.fixture
async def application(app: MakeApp, tmp_path: Path) -> Application:
    """A server that works on one request of a client at once, and lets one more wait."""
    file = tmp_path / "main.py"
    file.write_text(CLOUD, encoding="utf-8")
    return await app(
        cloud=str(file),
        liveQuery={"classNames": ["Order"]},
        liveQueryServerOptions=KEY_PAIRS,
        mountGraphQL=True,
        graphQLSubscriptions=True,
        requestComplexity={"requestsUnderWay": 1, "requestsWaiting": 1},
    )


@pytest.fixture
async def url(application: Application, master: Client) -> AsyncIterator[str]:
    """Where it listens; there are orders."""
    ok(await master.post("/schemas/Order", json={"fields": {"total": {"type": "Number"}}}))
    async with serving(application) as address:
        yield address


QUERY = {"className": "Order", "where": {}}


async def entered(master: Client, count: int) -> None:
    """Wait until so many have come as far as cloud code."""

    async def have() -> bool:
        return bool(ok(await master.post("/functions/entered"))["result"] == count)

    await eventually(have)


async def test_k6_subscriptions_of_one_address_wait_for_their_turn(
    url: str, application: Application, master: Client
) -> None:
    assert application.live is not None
    turns = application.live.turns
    async with listening(url) as one, listening(url) as other, listening(url) as third:
        await one.send(op="subscribe", requestId=1, query=QUERY)
        await entered(master, 1)
        await other.send(op="subscribe", requestId=1, query=QUERY)
        await eventually(lambda: _holds(lambda: bool(turns.queues)))
        await third.send(op="subscribe", requestId=1, query=QUERY)  # SDKs would not try it again
        await entered(master, 1)
        ok(await master.post("/functions/open"))
        for listener in (one, other, third):
            assert (await listener.frame())["op"] == "subscribed"
    assert not turns.counts
    assert not turns.queues


async def test_k6_a_user_waits_for_what_they_asked_at_another_door(
    url: str, application: Application, master: Client, client: Client
) -> None:
    ann, bob = await sign_up(client), await sign_up(client)
    async with listening(url, sessionToken=ann.token) as hers, listening(url) as anybodys:
        finding = asyncio.create_task(ann.client.get("/classes/Order"))
        await entered(master, 1)
        await hers.send(op="subscribe", requestId=1, query=QUERY)
        await anybodys.send(op="subscribe", requestId=1, query=QUERY, sessionToken=bob.token)
        await entered(master, 2)  # Bob's subscription, not Ann's
        ok(await master.post("/functions/open"))
        ok(await finding)
        for listener in (hers, anybodys):
            assert (await listener.frame())["op"] == "subscribed"
        assert (await hers.ask(op="query", requestId=1))["op"] == "result"


async def test_k6_who_hangs_up_while_waiting_leaves_no_turn_behind(
    url: str, application: Application, master: Client
) -> None:
    assert application.live is not None
    turns = application.live.turns
    async with listening(url) as one:
        await one.send(op="subscribe", requestId=1, query=QUERY)
        await entered(master, 1)
        async with listening(url) as other:
            await other.send(op="subscribe", requestId=1, query=QUERY)
            await eventually(lambda: _holds(lambda: bool(turns.queues)))
        ok(await master.post("/functions/open"))
        assert (await one.frame())["op"] == "subscribed"
        await eventually(lambda: _holds(lambda: not turns.counts))
    await entered(master, 1)


async def test_k6_operations_of_graphql_over_websockets_take_turns(
    url: str, application: Application, master: Client
) -> None:
    assert application.live is not None
    turns = application.live.turns
    find = "{ orders { edges { node { total } } } }"
    async with subscribing(url, applicationId=APP_ID) as ann:
        for name in ("a", "b", "c"):
            await ann.start(name, find)
        await entered(master, 1)
        ok(await master.post("/functions/open"))
        told: dict[str, list[str]] = {}
        for _ in range(6):
            frame = await ann.message()
            told.setdefault(frame["id"], []).append(frame["type"])
        assert told == {name: ["next", "complete"] for name in "abc"}
        await ann.follow("d", "subscription { order { event } }")
    assert not turns.counts


async def _holds(condition: Any) -> bool:
    return bool(condition())
