"""No bytes make another wait: what a client may send below requests and messages is measured.

Many of the smallest thing that a wire carries fit into what is read from a socket at once.
"""

import gzip
import json
import select
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from tests.hostile.served import Shop, served

pytestmark = pytest.mark.slow

LONGEST_TURN = 0.03
"""Seconds of CPU time, and among them the tick of 5 ms by which they are measured."""
ATTEMPTS = 3
SECONDS = 1.5
"""For so long the answers are read."""

HEAD = b"Host: shop\r\nX-Parse-Application-Id: parsepy\r\nContent-Type: application/json\r\n"
CONNECT = json.dumps({"op": "connect", "applicationId": "parsepy"}).encode()
INIT = b'{"type":"connection_init","payload":{"X-Parse-Application-Id":"parsepy"}}'


def post(path: str, body: bytes, more: bytes = b"") -> bytes:
    """A request with a body."""
    return b"POST %b HTTP/1.1\r\n%b%bContent-Length: %d\r\n\r\n%b" % (
        path.encode(),
        HEAD,
        more,
        len(body),
        body,
    )


def chunked(path: str, chunks: bytes) -> bytes:
    """A request whose body comes in these chunks."""
    line = b"POST %b HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n\r\n" % (path.encode(), HEAD)
    return line + chunks + b"0\r\n\r\n"


def frame(text: bytes, head: int = 0x81) -> bytes:
    """A frame of a client, masked by zeros."""
    size = len(text)
    if size < 126:
        length = b"%c" % (0x80 | size)
    elif size < 65_536:
        length = b"\xfe" + size.to_bytes(2, "big")
    else:
        length = b"\xff" + size.to_bytes(8, "big")
    return b"%c%b\0\0\0\0%b" % (head, length, text)


def subscribe(number: int, where: Any) -> bytes:
    """A frame that asks for the events of notes."""
    query = {"className": "Note", "where": where}
    return frame(json.dumps({"op": "subscribe", "requestId": number, "query": query}).encode())


WIRES: dict[str, bytes] = {
    "requests in a row": b"GET / HTTP/1.1\r\nHost:a\r\n\r\n" * 9_000,
    "saves in a row": post("/parse/classes/Dump", b"{}") * 2_000,
    "headers": b"GET /parse/health HTTP/1.1\r\nHost: a\r\n" + b"a:b\r\n" * 50_000 + b"\r\n",
    "chunks": chunked("/parse/classes/Dump", b"1\r\n \r\n" * 200_000),
    "what unpacks to much": post(
        "/parse/classes/Dump", gzip.compress(b" " * 19_000_000), b"Content-Encoding: gzip\r\n"
    ),
    "empty archives": post(
        "/parse/classes/Dump", gzip.compress(b"") * 300_000, b"Content-Encoding: gzip\r\n"
    ),
}
FRAMES: dict[str, bytes] = {
    "messages": frame(b"{}") * 30_000,
    "no messages": frame(b"x") * 30_000,
    "pings": frame(b"", 0x89) * 40_000,
    "fragments": frame(b"", 0x01) + frame(b"", 0x00) * 40_000,
    "subscriptions": frame(CONNECT) + b"".join(subscribe(i, {"a": i}) for i in range(1_500)),
    "one subscription": frame(CONNECT) + subscribe(1, {"a": 1}) * 3_000,
    "long lists": frame(CONNECT) + subscribe(1, {"a": {"$in": list(range(95_000))}}) * 5,
    "long wheres": frame(CONNECT) + subscribe(1, {f"a{i}": 1 for i in range(60_000)}) * 5,
    "brackets": frame(CONNECT) + frame(b"[" * 1_000_000) * 5,
}
GRAPHQL: dict[str, bytes] = {
    "messages": frame(b"{}") * 30_000,
    "pings": frame(INIT) + frame(b'{"type":"ping"}') * 20_000,
}


@pytest.fixture(scope="module")
def shop(
    mongo_uri: str, mongo: MongoClient[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """A shop with Live Query by itself."""
    live = {"classNames": ["Note"]}
    folder = tmp_path_factory.mktemp("wire")
    with served(mongo_uri, folder, 100, liveQuery=live, startLiveQueryServer=True) as made:
        made.send("POST", "/graphql", b'{"query":"{health}"}')  # what it needs is loaded now
        yield made
    mongo.drop_database(made.database)


def send(port: int, upgrade: bytes, data: bytes) -> None:
    """Send bytes as fast as they are taken, and read what comes."""
    with socket.create_connection(("127.0.0.1", port)) as wire:
        if upgrade:
            wire.sendall(upgrade)
            assert wire.recv(4096).startswith(b"HTTP/1.1 101")
        wire.setblocking(False)
        left, until = memoryview(data), time.monotonic() + SECONDS
        while time.monotonic() < until:
            readable, writable, _ = select.select([wire], [wire] if left else [], [], 0.1)
            try:
                if writable:
                    left = left[wire.send(left[:1_000_000]) :]
                if readable and not wire.recv(1_000_000):
                    break
            except OSError:  # the server has cut the client off
                break


def upgrade(path: str, subprotocol: bytes = b"") -> bytes:
    """The request that a websocket begins with."""
    return (
        b"GET %b HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%b\r\n"
    ) % (path.encode(), subprotocol)


ALL = {
    **{f"HTTP: {name}": (b"", data) for name, data in WIRES.items()},
    **{f"Live Query: {name}": (upgrade("/parse"), data) for name, data in FRAMES.items()},
    **{
        f"GraphQL: {name}": (
            upgrade("/graphql", b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n"),
            data,
        )
        for name, data in GRAPHQL.items()
    },
}


@pytest.mark.parametrize("name", ALL)
def test_no_bytes_hold_the_loop(shop: Shop, name: str) -> None:
    begin, data = ALL[name]
    turns = []
    for _ in range(ATTEMPTS):
        shop.turn()
        send(shop.port, begin, data)
        turns.append(shop.turn())
        if turns[-1] <= LONGEST_TURN:
            break
    assert min(turns) <= LONGEST_TURN, [f"{turn * 1000:.0f} ms" for turn in turns]
