"""Who does not read is closed, slows nobody and fills no memory; the figures tell of it."""

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import connect

from parsepy.app import Application
from parsepy.http import websocket as sockets
from tests.conftest import APP_ID, Client, MakeApp
from tests.livequery.listener import Listener, listening
from tests.livequery.test_frames import UPGRADE
from tests.rest.shop import create, eventually, ok

BOUND = 200_000
LARGE = "x" * 100_000


@pytest.fixture
async def application(app: MakeApp) -> Application:
    """The shop's server, which keeps figures."""
    return await app(liveQuery={"classNames": ["Order"]}, metrics={"enabled": True})


@pytest.fixture
async def waiting(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A small bound; how many bytes waited for a client after each write."""
    monkeypatch.setattr(sockets, "MAX_PENDING", BOUND)
    monkeypatch.setattr(sockets, "CLOSE_SECONDS", 0.3)
    seen: list[int] = []
    flush = sockets.Socket._flush

    def noting(socket: sockets.Socket) -> None:
        flush(socket)
        if socket._transport is not None:
            seen.append(socket._transport.get_write_buffer_size())

    monkeypatch.setattr(sockets.Socket, "_flush", noting)
    return seen


@pytest.fixture
async def deaf(url: str) -> AsyncIterator[Listener]:
    """Somebody who follows orders and reads nothing any more."""
    async with connect(url, compression=None, max_queue=1, ping_interval=None) as connection:
        listener = Listener(connection)
        await listener.ask(op="connect", applicationId=APP_ID)
        await listener.subscribe("Order")
        connection.transport.pause_reading()
        yield listener
        connection.transport.abort()


async def figures(shop: Client) -> dict[str, float]:
    """The figures of Live Query."""
    text = (await shop.get("/metrics")).text
    return {
        name: float(value) for name, value in re.findall(r"(?m)^parsepy_live_(\w+) (\S+)", text)
    }


async def test_who_reads_nothing_is_dropped_and_others_are_served_at_once(
    url: str, shop: Client, deaf: Listener, waiting: list[int]
) -> None:
    async with listening(url) as quick:
        await quick.subscribe("Order", fields=["total"])
        for number in range(120):
            await create(shop, "Order", total=number, note=LARGE)
            async with asyncio.timeout(5):
                assert (await quick.frame())["object"]["total"] == number
        await eventually(lambda: _is(shop, connections=1, subscriptions=1, slow_clients_total=1))
    # one message over the bound, where nothing waited before
    assert max(waiting) <= BOUND + len(LARGE) + 1000


async def test_who_reads_on_is_told_why_he_is_closed(
    application: Application, shop: Client, deaf: Listener, waiting: list[int]
) -> None:
    assert application.live is not None
    while not application.live.slow_clients:
        await create(shop, "Order", note=LARGE)
    deaf.connection.transport.resume_reading()
    assert await deaf.closed() == 1013


async def test_a_message_above_the_bound_reaches_who_has_read_everything(
    url: str, shop: Client, waiting: list[int]
) -> None:
    async with connect(url, compression=None, max_size=None) as connection:
        listener = Listener(connection)
        await listener.ask(op="connect", applicationId=APP_ID)
        await listener.subscribe("Order")
        await create(shop, "Order", note="x" * (BOUND * 5))
        assert len((await listener.frame())["object"]["note"]) == BOUND * 5


async def test_the_figures_tell_who_listens_and_how_much_is_told(url: str, shop: Client) -> None:
    before = await figures(shop)
    assert before == dict.fromkeys(
        (
            *("connections", "subscriptions", "events_total", "slow_clients_total"),
            *("behind_seconds", "restarts_total", "missed_total"),
        ),
        0.0,
    )
    async with listening(url) as one, listening(url) as other:
        await one.subscribe("Order")
        await one.subscribe("Order", {"total": 5}, request_id=2)
        await other.subscribe("Order", {"total": {"$gt": 5}})
        order = await create(shop, "Order", total=5)
        ok(await shop.put(f"/classes/Order/{order}", json={"total": 6}))
        await one.nothing_but("create", "create", "update", "leave")
        await other.nothing_but("enter")
        during = await figures(shop)
    assert (during["connections"], during["subscriptions"]) == (2, 3)
    assert (during["events_total"], during["slow_clients_total"]) == (5, 0)
    await eventually(lambda: _is(shop, connections=0, subscriptions=0, events_total=5))


async def _is(shop: Client, **expected: float) -> bool:
    found: dict[str, Any] = await figures(shop)
    return all(found[name] == value for name, value in expected.items())


async def test_who_pings_and_reads_no_answers_is_cut_off_and_fills_no_memory(
    url: str, application: Application
) -> None:
    host, _, port = url.removeprefix("ws://").partition(":")
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, (host, int(port)))
    await loop.sock_sendall(raw, UPGRADE)
    ping = b"\x89\xfd" + bytes(4) + b"x" * 125
    live = application.live
    assert live is not None
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(10):
            for _ in range(2000):  # 26 MB, and so much in answers
                await loop.sock_sendall(raw, ping * 100)
                if live.slow_clients:
                    break
    raw.close()
    assert live.slow_clients == 1
    async with listening(url) as another:
        await asyncio.wait_for(await another.connection.ping(), 5)
