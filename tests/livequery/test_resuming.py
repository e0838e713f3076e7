"""Who comes back with the last ``since`` that he saw is told what he missed, once and in order."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from parsepy.app import Application
from parsepy.livequery import held, protocol, resuming
from parsepy.livequery.clients import LiveClient
from parsepy.livequery.resuming import NO_PLACES, TOO_LATE
from tests.conftest import APP_ID, Client, MakeApp
from tests.livequery.listener import Listener, listening, serving
from tests.peer import REFERENCE
from tests.rest.shop import create, eventually, ok, sign_up

STREAMS = {"classNames": ["Order", "Cart"], "carrier": "changeStreams"}
MANUAL = Path(__file__).parents[2] / "docs/livequery.md"


@pytest.fixture
async def application(app: MakeApp) -> Application:
    """A shop whose changes come by change streams, as where several servers run."""
    return await app(liveQuery=STREAMS)


async def since(listener: Listener, given: str, where: Any = None, number: int = 1) -> Any:
    """Subscribe to orders with a ``since``; the answer."""
    query = {"className": "Order", "where": where or {}}
    answer = await listener.ask(op="subscribe", requestId=number, query=query, since=given)
    assert answer["op"] == "subscribed", answer
    return answer


async def totals(listener: Listener, count: int) -> list[Any]:
    """The totals of the next events."""
    return [(await listener.frame())["object"]["total"] for _ in range(count)]


async def test_missed_events_come_first_and_then_live_ones(url: str, shop: Client) -> None:
    async with listening(url) as ann:
        first = await since(ann, "")
        assert (first["resumed"], "reason" in first) == (False, False)
        await create(shop, "Order", total=1)
        seen = (await ann.frame())["since"]
    for total in (2, 3, 4):
        await create(shop, "Order", total=total)
    async with listening(url) as ann:
        assert (await since(ann, seen))["resumed"] is True
        await create(shop, "Order", total=5)
        assert await totals(ann, 4) == [2, 3, 4, 5]
        await ann.nothing_but()


async def test_who_has_seen_no_event_goes_on_from_the_subscription(url: str, shop: Client) -> None:
    await create(shop, "Order", total=0)
    async with listening(url) as ann:
        seen = (await since(ann, ""))["since"]
    order = await create(shop, "Order", total=1)
    ok(await shop.put(f"/classes/Order/{order}", json={"total": 2}))
    ok(await shop.delete(f"/classes/Order/{order}"))
    async with listening(url) as ann:
        await since(ann, seen)
        frames = [await ann.frame() for _ in range(3)]
    assert [frame["op"] for frame in frames] == ["create", "update", "delete"]
    assert frames[1]["original"]["total"] == 1


async def test_another_server_of_the_database_tells_what_was_missed(
    app: MakeApp, application: Application, url: str, shop: Client
) -> None:
    uri = application.backend.config.database_uri
    async with listening(url) as ann:
        seen = (await since(ann, ""))["since"]
    await create(shop, "Order", total=1)
    other = await app(liveQuery=STREAMS, databaseURI=uri)
    async with serving(other) as address, listening(address) as ann:
        assert (await since(ann, seen))["resumed"] is True
        assert await totals(ann, 1) == [1]


async def test_what_a_transaction_wrote_is_told_from_where_it_was_interrupted(
    url: str, shop: Client
) -> None:
    requests = [
        {"method": "POST", "path": "/parse/classes/Order", "body": {"total": total}}
        for total in (1, 2, 3)
    ]
    async with listening(url) as ann:
        await since(ann, "")
        await create(shop, "Order", total=0)
        await ann.frame()
        ok(await shop.post("/batch", json={"requests": requests, "transaction": True}))
        first = await ann.frame()
    async with listening(url) as ann:
        await since(ann, first["since"])
        rest = await totals(ann, 2)
        await ann.nothing_but()
    assert sorted([first["object"]["total"], *rest]) == [1, 2, 3]


async def test_missed_events_are_told_with_the_rights_of_now(
    url: str, client: Client, shop: Client
) -> None:
    ann = await sign_up(client)
    mine = {ann.id: {"read": True}}
    async with listening(url, sessionToken=ann.token) as hers, listening(url) as anybody:
        seen = (await since(hers, ""))["since"]
        await since(anybody, "")
    await create(shop, "Order", total=1, ACL=mine)
    await create(shop, "Order", total=2)
    async with listening(url, sessionToken=ann.token) as hers, listening(url) as anybody:
        await since(hers, seen)
        await since(anybody, seen)
        assert await totals(hers, 2) == [1, 2]
        assert await totals(anybody, 1) == [2]
        await anybody.nothing_but()


@pytest.mark.parametrize("given", ["1.0.0", "nonsense", "6f.1", "x" * 300])
async def test_what_is_too_long_ago_or_no_place_is_not_resumed(url: str, given: str) -> None:
    async with listening(url) as ann:
        answer = await since(ann, given)
        assert (answer["resumed"], answer["reason"]) == (False, TOO_LATE)


async def test_without_change_streams_nobody_goes_on(app: MakeApp) -> None:
    application = await app(liveQuery={"classNames": ["Order"]})
    async with serving(application) as url, listening(url) as ann:
        answer = await since(ann, "66.1.0")
        assert (answer["resumed"], answer["reason"]) == (False, NO_PLACES)
        assert "since" not in answer


async def test_who_does_not_ask_is_told_nothing_new(url: str) -> None:
    async with listening(url) as ann:
        answer = await ann.subscribe("Order")
        assert set(answer) == {"op", "clientId", "requestId"}


async def test_all_who_come_back_share_a_reading(
    url: str, application: Application, shop: Client
) -> None:
    assert application.live is not None
    async with listening(url) as ann:
        seen = (await since(ann, ""))["since"]
    await create(shop, "Order", total=1)
    async with listening(url) as ann:
        for number in range(20):
            query = {"className": "Order", "where": {}}
            await ann.send(op="subscribe", requestId=number, query=query, since=seen)
        frames = [await ann.frame() for _ in range(40)]
        await ann.send(op="unsubscribe", requestId=0)  # one that has ended is told no more
    told = [frame["requestId"] for frame in frames if frame["op"] == "create"]
    assert sorted(told) == list(range(20))
    assert application.live._resumptions.readings < 5


async def test_a_history_that_can_not_be_read_is_said(
    url: str, shop: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resuming, "MOST_READ", 1)
    async with listening(url) as ann:
        seen = (await since(ann, ""))["since"]
    for total in (1, 2, 3):
        await create(shop, "Order", total=total)
    async with listening(url) as ann:
        await since(ann, seen)
        while (frame := await ann.frame())["op"] != "error":
            pass
        assert frame["code"] == 124
        await create(shop, "Order", total=4)
        assert await totals(ann, 1) == [4]


async def test_what_waits_for_a_history_is_bounded(
    url: str, application: Application, shop: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks for a long history while much happens does not fill the memory with it."""
    live = application.live
    assert live is not None
    read, may_read = live._transport.history, asyncio.Event()

    async def history(*places: Any) -> AsyncIterator[Any]:
        await may_read.wait()
        async for event in read(*places):
            yield event

    monkeypatch.setattr(live._transport, "history", history)
    monkeypatch.setattr(held, "MOST_HELD", 3)
    async with listening(url) as ann, listening(url) as bob:
        seen = (await since(bob, ""))["since"]
        await create(shop, "Order", total=1)
        assert await totals(bob, 1) == [1]
        await since(ann, seen)
        for total in range(2, 9):
            await create(shop, "Order", total=total)
        assert await totals(bob, 7) == [*range(2, 9)]
        assert live._resumptions.waiting == 0  # bytes: all were forgotten
        may_read.set()
        assert await totals(ann, 1) == [1]
        while (frame := await ann.frame())["op"] != "error":  # what was read is told
            pass
        assert frame["code"] == 124
        await create(shop, "Order", total=9)
        assert await totals(ann, 1) == [9]


async def test_who_goes_on_is_told_how_far_events_have_come(
    app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resuming, "REACHED_SECONDS", 0.1)
    application = await app(liveQuery=STREAMS)
    async with serving(application) as url, listening(url) as ann:
        first = (await since(ann, ""))["since"]
        frame = await ann.frame()
        assert frame["op"] == "since"
        places = [protocol.position_of(text) for text in (first, frame["since"])]
        assert None not in places
        assert places == sorted(places, key=str) or places[0] == places[1]


# --- the helper for the JavaScript SDK ----------------------------------------------------------

SCRIPT = """
import { createRequire } from "node:module";
import { resume } from "./resuming.mjs";
const require = createRequire(process.env.SDK_HOME + "/package.json");
const Parse = require(process.env.SDK + "/node");
Parse.initialize(process.env.APP);
Parse.serverURL = process.env.URL;
resume(Parse, (id) => console.log("missed", id));
const subscription = await new Parse.Query("Order").subscribe();
await subscription.subscribePromise;
subscription.on("create", (order) => console.log("total", order.get("total")));
console.log("ready");
"""


@pytest.fixture
async def sdk(tmp_path: Path, url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The real SDK with the manual's helper, following orders."""
    (block,) = re.findall(r"```js\n(// resuming.mjs.*?)```", MANUAL.read_text(), re.DOTALL)
    (tmp_path / "resuming.mjs").write_text(block)
    (tmp_path / "follow.mjs").write_text(SCRIPT)
    settings = {"SDK_HOME": str(REFERENCE), "SDK": "parse", "APP": APP_ID}
    process = await asyncio.create_subprocess_exec(
        "node",
        str(tmp_path / "follow.mjs"),
        env={**os.environ, **settings, "URL": url.replace("ws", "http", 1) + "/parse"},
        stdout=asyncio.subprocess.PIPE,
    )
    yield process
    process.kill()
    await process.wait()


@pytest.mark.node
async def test_the_sdk_with_the_manuals_helper_misses_nothing(
    sdk: asyncio.subprocess.Process, application: Application, shop: Client
) -> None:
    live, lines = application.live, sdk.stdout
    assert live is not None
    assert lines is not None

    async def line() -> str:
        async with asyncio.timeout(30):
            return (await lines.readline()).decode().strip()

    async def is_away() -> bool:
        return live.connections == 0

    assert await line() == "ready"
    for round_ in range(2):
        await create(shop, "Order", total=10 * round_)
        assert await line() == f"total {10 * round_}"
        for client in list(live._clients):
            assert isinstance(client, LiveClient)
            client.socket.cut()
        await eventually(is_away)
        for total in range(1, 4):
            await create(shop, "Order", total=10 * round_ + total)
        told = [await line() for _ in range(3)]
        assert told == [f"total {10 * round_ + total}" for total in range(1, 4)]
