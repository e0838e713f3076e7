"""Frames that fuzzing does not make: odd ids, compression, fragments without end; lost sessions."""

import asyncio
import contextlib
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from parsepy.app import Application
from parsepy.http import websocket as sockets
from tests.conftest import Client
from tests.livequery.listener import Listener, listening
from tests.livequery.test_frames import CONNECT, UPGRADE
from tests.rest.shop import create, eventually, ok, pointer, sign_up, unique

IDS = [
    *("0", "-1", "1.5", "-0.0", "9007199254740993", "18446744073709551616", "1e308", "5e-324"),
]
NO_IDS = [
    *("1e999", "-1e999", "NaN", "Infinity", "9" * 5000, "true", "null"),
    *('"1"', "[1]", "{}", "01", "1_000", "0x1"),
]


def asking(op: str, number: str) -> str:
    """A message with this id, as it is written."""
    query = '{"className":"Order","where":{}}'
    return f'{{"op":"{op}","requestId":{number},"query":{query}}}'


async def test_an_id_may_be_any_number(url: str, shop: Client) -> None:
    async with listening(url) as listener:
        for number in IDS:
            for op, told in (
                ("subscribe", "subscribed"),
                ("query", "result"),
                ("unsubscribe", "unsubscribed"),
            ):
                await listener.connection.send(asking(op, number))
                answer = await listener.frame()
                assert (answer["op"], answer["requestId"]) == (told, json.loads(number))


async def test_what_is_no_number_is_no_id(url: str, shop: Client, application: Application) -> None:
    async with listening(url) as listener:
        for number in NO_IDS:
            await listener.connection.send(asking("subscribe", number))
            answer = await listener.frame()
            assert (answer["op"], answer["code"]) == ("error", 1), number
        assert application.live is not None
        assert application.live.subscriptions == 0
        await listener.subscribe("Order")


@asynccontextmanager
async def raw(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection after its upgrade, on which any bytes may be sent."""
    host, _, port = url.removeprefix("ws://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(UPGRADE)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
        yield reader, writer
    finally:
        writer.close()


def masked(first: int, data: bytes) -> bytes:
    """A frame as a client sends it, masked with zeros (RFC 6455 §5.2)."""
    size = len(data)
    length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes((first,)) + length + bytes(4) + data


async def test_compression_is_not_agreed_to_so_that_no_frame_is_a_bomb(url: str) -> None:
    extensions = [ClientPerMessageDeflateFactory()]
    async with connect(url, extensions=extensions, compression=None) as connection:
        assert connection.protocol.extensions == []
        assert (await Listener(connection).ask(**CONNECT))["op"] == "connected"
    bomb = zlib.compressobj(wbits=-15).compress(b"x" * 10_000_000)
    for first in (0xC1, 0xA1, 0x91, 0x83, 0x8B):  # reserved bits, reserved opcodes
        async with raw(url) as (reader, writer):
            writer.write(masked(first, bomb[:60_000] or b"x"))
            with contextlib.suppress(ConnectionError):
                said = await asyncio.wait_for(reader.read(), 5)
                assert said[:4] in (b"", b"\x88\x02\x03\xea") or said[2:4] == b"\x03\xea"  # 1002


async def test_fragments_may_not_come_to_more_than_a_frame_may(url: str, shop: Client) -> None:
    piece = b"x" * 60_000
    async with raw(url) as (reader, writer):
        writer.write(masked(0x01, piece))
        with contextlib.suppress(ConnectionError):
            for _ in range(sockets.MAX_FRAME // len(piece) + 2):
                writer.write(masked(0x00, piece))
                writer.write(masked(0x89, b"still here?"))  # pings may come between
            await writer.drain()
            said = await asyncio.wait_for(reader.read(), 5)
            assert b"\x03\xf1" in said  # 1009
    async with listening(url) as other:
        await other.subscribe("Order")


async def test_a_subscription_that_is_ended_at_once_leaves_nothing_behind(
    url: str, shop: Client, application: Application
) -> None:
    query = {"className": "Order", "where": {}}
    async with listening(url) as listener:
        for number in range(300):
            await listener.send(op="subscribe", requestId=number % 3, query=query)
            await listener.send(op="unsubscribe", requestId=number % 3)
        ops = [(await listener.frame())["op"] for _ in range(600)]
        assert ops == ["subscribed", "unsubscribed"] * 300
        await create(shop, "Order")
        await listener.nothing_but()
    assert application.live is not None
    assert application.live.subscriptions == 0


async def test_who_leaves_in_the_midst_of_subscribing_leaves_nothing_behind(
    url: str, shop: Client, application: Application
) -> None:
    live = application.live
    assert live is not None
    query = {"className": "Order", "where": {}}
    for _ in range(20):
        async with listening(url) as listener:
            for number in range(20):
                await listener.send(op="subscribe", requestId=number, query=query)
            listener.connection.transport.abort()

    async def is_empty() -> bool:
        return (live.connections, live.subscriptions, live.turns.counts) == (0, 0, {})

    await eventually(is_empty)


# --- rights that end while somebody listens -----------------------------------------------------


@pytest.mark.parametrize("how", ["log-out", "password", "session deleted", "user deleted"])
async def test_who_is_signed_in_no_more_hears_no_more(
    how: str, url: str, client: Client, shop: Client
) -> None:
    ann = await sign_up(client)
    acl = {ann.id: {"read": True}}
    async with listening(url, sessionToken=ann.token) as hers:
        await hers.subscribe("Order")
        await create(shop, "Order", ACL=acl)
        assert (await hers.frame())["op"] == "create"
        if how == "log-out":
            ok(await ann.client.post("/logout"))
        elif how == "password":
            ok(await shop.put(f"/users/{ann.id}", json={"password": "another one"}))
        elif how == "session deleted":
            (session,) = ok(await ann.client.get("/sessions"))["results"]
            ok(await shop.delete(f"/sessions/{session['objectId']}"))
        else:
            ok(await shop.delete(f"/users/{ann.id}"))
        await create(shop, "Order", ACL=acl)
        await hers.nothing_but()
        assert (await hers.ask(op="query", requestId=1))["results"] == []


async def test_who_has_lost_a_role_hears_no_more(url: str, client: Client, shop: Client) -> None:
    ann, role = await sign_up(client), unique("staff")
    members = {"__op": "AddRelation", "objects": [pointer("_User", ann.id)]}
    made = ok(await shop.post("/roles", json={"name": role, "ACL": {}, "users": members}), 201)
    acl = {f"role:{role}": {"read": True}}
    async with listening(url, sessionToken=ann.token) as hers:
        await hers.subscribe("Order")
        order = await create(shop, "Order", ACL=acl, n=1)
        assert (await hers.frame())["op"] == "create"
        members["__op"] = "RemoveRelation"
        ok(await shop.put(f"/roles/{made['objectId']}", json={"users": members}))
        ok(await shop.put(f"/classes/Order/{order}", json={"n": 2}))
        await hers.nothing_but()
        assert (await hers.ask(op="query", requestId=1))["results"] == []
