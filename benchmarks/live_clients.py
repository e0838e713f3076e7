"""Many Live Query clients in one process, cheap to run; every frame is kept with its time.

While events arrive, a client only splits the data into frames and notes the time. The frames
are parsed afterwards, so that the work of the benchmark is in no latency.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import orjson

from benchmarks.load import HOST

TEXT, PING = 0x81, 0x89
OPENING = 50
"""Connections that are opened at a time."""
SECONDS = 60.0
"""How long all clients together wait for the answers to their messages."""


class LostClient(Exception):
    """A server closed a connection, sent an error, or left a message unanswered."""


@dataclass(slots=True)
class Crowd:
    """The frames that all clients have got together, and the wait for a number of them."""

    frames: int = 0
    _wanted: int = 0
    _done: asyncio.Event = field(default_factory=asyncio.Event)
    lost: list[str] = field(default_factory=list)

    def add(self, count: int) -> None:
        """Count frames; ends the wait if enough have arrived."""
        self.frames += count
        if self.frames >= self._wanted:
            self._done.set()

    def lose(self, why: str) -> None:
        """Note a lost connection, which ends the wait."""
        self.lost.append(why)
        self._done.set()

    async def until(self, frames: int, seconds: float) -> bool:
        """Wait until so many frames have arrived in all; False if they did not in time.

        Raises LostClient when a connection was closed.
        """
        self._wanted = frames
        self._done.clear()
        if self.frames < frames and not self.lost:
            try:
                async with asyncio.timeout(seconds):
                    await self._done.wait()
            except TimeoutError:
                return False
        if self.lost:
            raise LostClient(f"{len(self.lost)} connections, the first: {self.lost[0]}")
        return True


class BenchClient(asyncio.Protocol):
    """One websocket: sends texts, keeps frames with the time at which they arrived."""

    def __init__(self, crowd: Crowd, path: str) -> None:
        self._crowd = crowd
        self._path = path
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self._leaving = False
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.frames: list[tuple[float, bytes]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        self._transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: {HOST}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        if self._buffer:
            data = self._buffer + data
        if not self.open.done():
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._buffer = head
                return
            self._opened(head)
        self._cut(data, now)

    def _opened(self, head: bytes) -> None:
        if head.startswith(b"HTTP/1.1 101"):
            self.open.set_result(None)
        else:
            self.open.set_exception(LostClient(f"no upgrade: {head[:200]!r}"))

    def _cut(self, data: bytes, now: float) -> None:
        """Keep the whole frames in the data (RFC 6455 §5.2); the rest waits for more."""
        frames, at, count, size = self.frames, 0, 0, len(data)
        while size - at >= 2:
            length, body = data[at + 1], at + 2
            if length == 126:
                body = at + 4
                length = int.from_bytes(data[at + 2 : body], "big")
            elif length == 127:
                body = at + 10
                length = int.from_bytes(data[at + 2 : body], "big")
            end = body + length
            if end > size or body > size:
                break
            if data[at] == TEXT:
                frames.append((now, data[body:end]))
                count += 1
            else:
                self._control(data[at], data[body:end])
            at = end
        self._buffer = data[at:]
        if count:
            self._crowd.add(count)

    def _control(self, kind: int, body: bytes) -> None:
        if kind == PING:
            self._write(0x8A, body)
        elif not self._leaving:
            self._leaving = True
            self._crowd.lose(f"frame {kind:#x} {body[:100]!r}")

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if not self._leaving:
            self._crowd.lose(f"connection lost: {exc}")
        if not self.open.done():
            self.open.set_exception(LostClient(f"connection lost: {exc}"))

    def send(self, message: dict[str, Any]) -> None:
        """Send one message."""
        self._write(TEXT, orjson.dumps(message))

    def _write(self, kind: int, body: bytes) -> None:
        if self._transport is None:
            return
        size = len(body)
        head = struct.pack("!BB", kind, 0x80 | size) if size < 126 else b""
        if not head:
            head = struct.pack("!BBH", kind, 0x80 | 126, size)
        # masked, as clients must, with the key 0: the text goes as it is
        self._transport.write(head + b"\0\0\0\0" + body)

    def take(self) -> list[tuple[float, bytes]]:
        """Remove and return the frames that are kept, with their times."""
        taken, self.frames = self.frames, []
        return taken

    def leave(self) -> None:
        """Close the connection."""
        self._leaving = True
        if self._transport is not None:
            self._transport.abort()


async def open_clients(port: int, count: int, path: str, crowd: Crowd) -> list[BenchClient]:
    """Open so many websockets; raises LostClient or OSError."""
    loop = asyncio.get_running_loop()
    clients: list[BenchClient] = []
    while len(clients) < count:
        few = min(OPENING, count - len(clients))
        made = await asyncio.gather(
            *(
                loop.create_connection(lambda: BenchClient(crowd, path), HOST, port)
                for _ in range(few)
            )
        )
        opened = [client for _, client in made]
        await asyncio.gather(*(client.open for client in opened))
        clients += opened
    return clients


async def ask_all(
    clients: Sequence[BenchClient],
    crowd: Crowd,
    messages: Callable[[int], Sequence[dict[str, Any]]],
    op: str,
) -> list[tuple[int, float, dict[str, Any]]]:
    """Send each client's messages, and wait until every one is answered by an ``op`` frame.

    Returns the frames of other kinds that arrive meanwhile: number of the client, time, frame.
    Raises LostClient for an error frame, or when answers are missing after SECONDS.
    """
    others: list[tuple[int, float, dict[str, Any]]] = []
    open_questions = 0
    for number, client in enumerate(clients):
        for message in messages(number):
            client.send(message)
            open_questions += 1
    end = time.perf_counter() + SECONDS
    while open_questions:
        left = end - time.perf_counter()
        # one frame at least is still to come
        if left <= 0 or not await crowd.until(crowd.frames + 1, left):
            raise LostClient(f"{open_questions} answers {op!r} are missing")
        for number, client in enumerate(clients):
            for moment, text in client.take():
                frame = orjson.loads(text)
                if frame["op"] == op:
                    open_questions -= 1
                elif frame["op"] == "error":
                    raise LostClient(f"an error: {text[:300]!r}")
                else:
                    others.append((number, moment, frame))
    return others
