"""The load driver: prebuilt HTTP/1.1 requests over keep-alive sockets, every answer checked."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

HOST = "127.0.0.1"
DRAIN_SECONDS = 30.0
"""How long answers may still be outstanding after the last request of a burst was sent."""

Check = Callable[[int, int, bytes], str | None]
"""Request number, status and body of an answer; returns what is wrong with it, or None."""


def request_bytes(
    method: str, target: str, headers: Mapping[str, str], body: object | None = None
) -> bytes:
    """One whole HTTP/1.1 request; `body` is sent as JSON."""
    content = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
    lines = [f"{method} {target} HTTP/1.1", f"Host: {HOST}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body is not None:
        lines.append("Content-Type: application/json")
    lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join([*lines, "", ""]).encode() + content


@dataclass(slots=True)
class Burst:
    """What one burst of load saw: answers, how long each took, and what was wrong with them."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class BrokenAnswer(Exception):
    """The server closed the connection or sent what this driver cannot frame."""


class _LoadConnection(asyncio.Protocol):
    """One keep-alive connection: sends the next request as soon as the last is answered."""

    def __init__(
        self, numbers: Iterator[int], payloads: Sequence[bytes], check: Check, burst: Burst
    ) -> None:
        self._numbers = numbers
        self._payloads = payloads
        self._check = check
        self._burst = burst
        self._buffer = bytearray()
        self._number = -1
        self._sent = 0.0
        self._transport: asyncio.Transport | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport has the methods of asyncio.Transport without being one.
        self._transport = cast(asyncio.Transport, transport)
        self._send_next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(BrokenAnswer(f"connection lost mid-answer: {exc}"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = bytes(self._buffer[:head_end]).lower()
        try:
            body_end = head_end + 4 + _content_length(head)
            status = int(head[9:12])
        except (BrokenAnswer, ValueError) as error:
            self._end(BrokenAnswer(f"{error}: {head[:200]!r}"))
            return
        if len(self._buffer) < body_end:
            return
        self._burst.latencies.append(time.perf_counter() - self._sent)
        body = bytes(self._buffer[head_end + 4 : body_end])
        del self._buffer[:body_end]
        fault = self._check(self._number, status, body)
        if fault is not None:
            self._burst.faults.append(f"{fault} (status {status}: {body[:200]!r})")
        self._send_next()

    def _send_next(self) -> None:
        number = next(self._numbers, None)
        if number is None:
            self._end(None)
            return
        assert self._transport is not None
        self._number = number
        self._sent = time.perf_counter()
        self._transport.write(self._payloads[number % len(self._payloads)])

    def _end(self, error: BrokenAnswer | None) -> None:
        if not self.done.done():
            if error is None:
                self.done.set_result(None)
            else:
                self.done.set_exception(error)
        if self._transport is not None:
            self._transport.close()


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    raise BrokenAnswer("answer without Content-Length")


def _numbers_until(first: int, count: int, seconds: float) -> Iterator[int]:
    """Request numbers from `first`, at most `count`, none after `seconds` have passed."""
    end = time.perf_counter() + seconds
    for number in itertools.islice(itertools.count(first), count):
        if time.perf_counter() >= end:
            return
        yield number


async def drive(
    port: int,
    payloads: Sequence[bytes],
    check: Check,
    *,
    first: int = 0,
    connections: int = 16,
    seconds: float,
    max_requests: int,
) -> Burst:
    """Send requests over `connections` sockets until `seconds` or `max_requests` are reached.

    Request number n (counted from `first`) is `payloads[n % len(payloads)]`; all answers are
    awaited and checked. Raises BrokenAnswer, OSError, or TimeoutError if answers are missing.
    """
    burst = Burst()
    loop = asyncio.get_running_loop()
    start = time.perf_counter()
    numbers = _numbers_until(first, max_requests, seconds)
    async with asyncio.timeout(seconds + DRAIN_SECONDS):
        opened = [
            await loop.create_connection(
                lambda: _LoadConnection(numbers, payloads, check, burst), HOST, port
            )
            for _ in range(connections)
        ]
        try:
            await asyncio.gather(*(connection.done for _, connection in opened))
        finally:
            for transport, _ in opened:
                transport.abort()
    burst.seconds = time.perf_counter() - start
    return burst
