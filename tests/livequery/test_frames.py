"""Bad frames and bad manners: an error frame or a close with a code, never a dead server."""

import asyncio
import contextlib
import json
import random
from typing import Any

import pytest
from websockets.asyncio.client import connect

from parsepy.app import Application
from parsepy.http import websocket as sockets
from tests.conftest import APP_ID, MASTER_KEY, Client, MakeApp
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

SHORT = [
    {"op": "unsubscribe", "requestId": 1},
    {"op": "query", "requestId": 1},
    {**SUBSCRIBE, "op": "update"},
]
ANSWERS = {"error", "connected", "subscribed", "unsubscribed", "result"}
UPGRADE = (
    b"GET /parse HTTP/1.1\r\nHost: shop\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"op": "connect", "applicationId": "another"}, 4),
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


async def test_a_key_that_is_no_column_selects_nothing_as_in_a_find(url: str, shop: Client) -> None:
    async with listening(url) as listener:
        await listener.subscribe("Order", keys=["", "total.", "$total", "total..", "a b"])
        await create(shop, "Order", total=5)
        told = (await listener.frame())["object"]
        found = (await listener.ask(op="query", requestId=1))["results"][0]
    assert "total" not in told
    assert "total" not in found
    assert told["objectId"] == found["objectId"]


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


def subscribing(**query: Any) -> dict[str, Any]:
    return {"op": "subscribe", "requestId": 1, "query": {"className": "Order", "where": {}} | query}


NO_MESSAGES = [
    *("", "Order", "{", "null", "5", '"connect"', "[]", "\x00", "{}", '{"op":null}'),
    '{"op":["subscribe"]}',
    '{"op":"subscribe","requestId":1}',
    '{"op":"subscribe","requestId":1,"query":[]}',
    '{"op":"unsubscribe"}',
    '{"op":"unsubscribe","requestId":"1"}',
    '{"op":"query","requestId":true}',
    "[" * 100_000,
    *map(
        json.dumps,
        [
            {**subscribing(), "requestId": "1"},
            {**subscribing(), "sessionToken": 5},
            subscribing(className=None),
            subscribing(className=["Order"]),
            subscribing(where=[]),
            subscribing(where="total > 5"),
            subscribing(keys="total"),
            subscribing(keys=[1]),
            subscribing(watch={"total": 1}),
            subscribing(keys=["total"] * 1001),
        ],
    ),
]


async def test_what_is_no_message_is_answered_by_an_error_and_the_next_one_is_heard(
    url: str,
) -> None:
    async with listening(url) as listener:
        for text in NO_MESSAGES:
            await listener.connection.send(text)
            answer = await listener.frame()
            got = (answer["op"], answer.get("code"), answer.get("reconnect"))
            assert got == ("error", 1, False), text[:100]
        await listener.subscribe("Order")


async def test_ten_thousand_mutations_are_answered_and_others_are_served(
    url: str, shop: Client
) -> None:
    chance = random.Random(20261126)
    texts = [json.dumps(message).encode() for message in (CONNECT, SUBSCRIBE, *SHORT)]
    async with listening(url) as bystander:
        await bystander.subscribe("Order", {"status": "alive"})
        for _ in range(20):
            async with listening(url) as wild:
                for _ in range(500):
                    await wild.connection.send(_mutated(chance, texts), text=True)
                await create(shop, "Order", status="alive")
                assert (await bystander.frame())["op"] == "create"
                answered = 0
                while answered < 500:
                    frame = await wild.frame()
                    assert frame.get("error") != "Internal server error."
                    answered += frame["op"] in ANSWERS


async def test_mutated_bytes_on_the_wire_end_no_other_connection(
    url: str, shop: Client, caplog: pytest.LogCaptureFixture
) -> None:
    chance = random.Random(20261127)
    host, _, port = url.removeprefix("ws://").partition(":")
    texts = [_on_the_wire(json.dumps(message).encode()) for message in (CONNECT, SUBSCRIBE)]
    async with listening(url) as bystander:
        await bystander.subscribe("Order")
        for _ in range(200):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(UPGRADE + b"".join(_mutated(chance, texts) for _ in range(5)))
            writer.write_eof()
            with contextlib.suppress(ConnectionResetError):
                said = await asyncio.wait_for(reader.read(), 5)
                assert said.startswith(b"HTTP/1.1 101")
            writer.close()
        await create(shop, "Order", status="alive")
        await bystander.nothing_but("create")
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


def _on_the_wire(text: bytes) -> bytes:
    """A whole text frame as a client sends it, masked with zeros (RFC 6455 §5.2)."""
    size = len(text)
    head = bytes((0x81, 0x80 | size)) if size < 126 else b"\x81\xfe" + size.to_bytes(2, "big")
    return head + bytes(4) + text


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


async def test_no_log_shows_what_is_in_a_frame(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        async with listening(url, sessionToken="r:secret", masterKey=MASTER_KEY) as listener:
            await listener.subscribe("Order", session="r:secret")
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("parsepy")]
    assert not [message for message in ours if "r:secret" in message or MASTER_KEY in message]


async def test_who_says_nothing_is_dropped(app: MakeApp) -> None:
    options = {"liveQueryServerOptions": {"websocketTimeout": 50}}
    application = await app(liveQuery={"classNames": ["Order"]}, **options)
    async with serving(application) as url:
        host, _, port = url.removeprefix("ws://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(UPGRADE)
        said = b""
        with contextlib.suppress(ConnectionResetError):
            said = await asyncio.wait_for(reader.read(), 5)
        writer.close()
    assert said == b"" or said.startswith(b"HTTP/1.1 101")


async def test_a_server_without_live_classes_takes_no_websockets(app: MakeApp) -> None:
    application: Application = await app()
    assert application.live is None


async def test_much_that_comes_at_once_is_read_in_its_order(url: str) -> None:
    """More than one turn of the loop takes, with messages across the borders of turns."""
    numbers = range(1500)
    texts = [json.dumps({**SHORT[0], "requestId": n, "more": "x" * (n % 400)}) for n in numbers]
    assert sum(map(len, texts)) > 4 * sockets.AT_ONCE
    async with listening(url) as client:
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(_send_together(client, texts))
            answers = [await client.frame() for _ in numbers]
        await sending
    assert [answer["requestId"] for answer in answers] == list(numbers)


async def _send_together(client: Listener, texts: list[str]) -> None:
    await asyncio.gather(*map(client.connection.send, texts))
