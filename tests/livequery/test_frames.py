"""Bad frames and bad manners: an error frame or a close with a code, never a dead server."""

import asyncio
import contextlib
import json
import random
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from parsepy.app import Application
from parsepy.livequery import socket as sockets
from tests.conftest import APP_ID, Client, MakeApp
from tests.livequery.listener import Listener, listening, serving
from tests.rest.shop import create

CONNECT = {"op": "connect", "applicationId": APP_ID}
SUBSCRIBE = {
    "op": "subscribe",
    "requestId": 1,
    "sessionToken": "r:x",
    "query": {
        "className": "Order",
        "where": {"total": {"$gt": 5}, "$or": [{"status": "paid"}]},
        "keys": ["total"],
        "watch": ["total"],
    },
}


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"op": "connect", "applicationId": "another"}, 4),
        ({**CONNECT, "masterKey": "wrong"}, 4),
        (SUBSCRIBE, 2),
        ({"op": "unsubscribe", "requestId": 1}, 2),
        ({"op": "query", "requestId": 1}, 2),
        ({"op": "dance"}, 1),
    ],
)
async def test_what_may_not_come_first_is_answered_by_an_error(
    url: str, message: Any, code: int
) -> None:
    async with connect(url, compression=None) as connection:
        answer = await Listener(connection).ask(**message)
    assert (answer["op"], answer["code"], answer["reconnect"]) == ("error", code, False)


async def test_a_client_connects_once(url: str) -> None:
    async with listening(url) as listener:
        assert (await listener.ask(**CONNECT))["code"] == 1


@pytest.mark.parametrize(
    ("where", "code"),
    [
        ({"$or": {"0": {}, "length": 1}}, 102),
        ({"total": {"$dance": 1}}, 107),
        ({"status": {"$regex": 5}}, 102),
        ({"bad key": 1}, 105),
    ],
)
async def test_a_bad_query_is_refused_as_by_a_find(url: str, where: Any, code: int) -> None:
    async with listening(url) as listener:
        query = {"className": "Order", "where": where}
        answer = await listener.ask(op="subscribe", requestId=7, query=query)
    assert (answer["op"], answer["code"], answer["requestId"]) == ("error", code, 7)


async def test_what_is_no_text_or_too_large_is_closed_with_a_code(url: str) -> None:
    async with connect(url, compression=None) as connection:
        await connection.send(b"\x00\x01")
        assert await Listener(connection).closed() == 1003
    async with connect(url, compression=None) as connection:
        await connection.send("x" * (sockets.MAX_FRAME + 1))
        assert await Listener(connection).closed() == 1009


async def test_a_message_in_fragments_is_one_message(url: str) -> None:
    text = json.dumps(CONNECT)
    async with connect(url, compression=None) as connection:
        await connection.send([text[:5], text[5:20], text[20:]])
        assert (await Listener(connection).frame())["op"] == "connected"


async def test_a_ping_is_answered(url: str) -> None:
    async with connect(url, compression=None) as connection:
        await asyncio.wait_for(await connection.ping(), 5)


async def test_ten_thousand_mutations_leave_the_server_alive(url: str, shop: Client) -> None:
    chance = random.Random(20261126)
    texts = [json.dumps(message).encode() for message in (CONNECT, SUBSCRIBE)]
    sent = 0
    while sent < 10_000:
        async with connect(url, compression=None) as connection:
            reading = asyncio.create_task(_drain(connection))
            for _ in range(500):
                await connection.send(_mutated(chance, texts), text=True)
                sent += 1
            await connection.close()
            await reading
    async with listening(url) as listener:
        await listener.subscribe("Order")
        await create(shop, "Order", status="alive")
        await listener.nothing_but("create")


async def _drain(connection: Any) -> None:
    try:
        while True:
            await connection.recv()
    except ConnectionClosed:
        return


def _mutated(chance: random.Random, texts: list[bytes]) -> bytes:
    text = bytearray(chance.choice(texts))
    for _ in range(chance.randint(0, 4)):
        at = chance.randrange(len(text))
        kind = chance.randrange(3)
        if kind == 0:
            text[at] = chance.randrange(32, 127)
        elif kind == 1 and len(text) > 2:
            del text[at : at + chance.randint(1, 9)]
            text = text or bytearray(b"{")
        else:
            text[at:at] = chance.choice([b"{", b"]", b'"', b"9e999", b"null", b"\xc3\xa9", b"$"])
    return bytes(text)


async def test_who_says_nothing_is_dropped(app: MakeApp) -> None:
    options = {"liveQueryServerOptions": {"websocketTimeout": 50}}
    application = await app(liveQuery={"classNames": ["Order"]}, **options)
    async with serving(application) as url:
        host, _, port = url.removeprefix("ws://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            b"GET /parse HTTP/1.1\r\nHost: shop\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        said = b""
        with contextlib.suppress(ConnectionResetError):
            said = await asyncio.wait_for(reader.read(), 5)
        writer.close()
    assert said == b"" or said.startswith(b"HTTP/1.1 101")


async def test_a_slow_client_is_closed_and_slows_nobody(
    url: str, shop: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "MAX_PENDING", 200_000)
    async with connect(url, compression=None, max_queue=1) as connection, listening(url) as quick:
        slow = Listener(connection)
        await slow.ask(**CONNECT)
        await slow.subscribe("Order")
        await quick.subscribe("Order", fields=["total"])
        connection.transport.pause_reading()
        for number in range(40):
            await create(shop, "Order", total=number, note="x" * 200_000)
            assert (await quick.frame())["object"]["total"] == number
        connection.transport.resume_reading()
        assert await slow.closed() in (1013, None)


async def test_a_server_without_live_classes_takes_no_websockets(app: MakeApp) -> None:
    application: Application = await app()
    assert application.live is None
