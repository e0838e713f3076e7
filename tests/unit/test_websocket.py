"""A websocket without a network: what it is sent, and what it keeps of that."""

import asyncio
import tracemalloc
from collections.abc import Callable
from typing import Any, cast

from parsepy.http.websocket import Socket, WebsocketDoor

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: testserver\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
NO_MASK = bytes(4)
FIRST, EMPTY, MORE, LAST = (
    start + NO_MASK + text
    for start, text in (
        (b"\x01\x82", b"he"),
        (b"\x00\x80", b""),
        (b"\x00\x81", b"l"),
        (b"\x80\x82", b"lo"),
    )
)


class Client:
    """The owner of a socket, and its transport, which takes everything and keeps nothing."""

    def __init__(self) -> None:
        self.texts: list[bytes] = []

    def received(self, text: bytes) -> None:
        self.texts.append(text)

    def lost(self) -> None: ...

    def too_slow(self) -> None: ...

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *_, **__: None


async def connected(client: Client) -> Socket:
    socket = Socket([WebsocketDoor("", None, lambda *_: client, 60)], set())
    socket.connection_made(cast(asyncio.Transport, client))
    socket.data_received(HANDSHAKE)
    return socket


async def test_the_fragments_of_a_text_are_one_message() -> None:
    client = Client()
    socket = await connected(client)
    socket.data_received(FIRST + EMPTY + MORE + LAST)
    assert client.texts == [b"hello"]
    socket.connection_lost(None)


async def test_a_message_of_many_fragments_takes_no_more_than_its_text() -> None:
    socket = await connected(Client())
    socket.data_received(FIRST)
    tracemalloc.start()
    try:
        for _ in range(50):
            socket.data_received((EMPTY + MORE) * 100)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 50_000
    socket.connection_lost(None)
