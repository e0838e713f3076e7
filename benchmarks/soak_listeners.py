"""The Live Query listeners of the soak: each is told of every change of a product."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.load import HOST
from benchmarks.shop import APP_ID, MOUNT, REST_KEY

SECONDS = 20.0
"""How long an event may take before it counts as missed."""
QUERIES: tuple[dict[str, Any], ...] = (
    {"className": "Product", "where": {}},
    {"className": "Review", "where": {"stars": {"$gte": 3}}},
    {"className": "SKU", "where": {"stock": {"$lt": 0}}},
    {"className": "Order", "where": {}},
)


class Missed(Exception):
    """A listener was not told, or lost its connection."""


@dataclass(eq=False, slots=True)
class SoakListener:
    """One websocket, and the task that reads it."""

    socket: ClientConnection
    reader: asyncio.Task[None] | None = None
    subscribed: int = 0
    ready: asyncio.Event = field(default_factory=asyncio.Event)


class Listeners:
    """All listeners; who changes a product waits until all have been told."""

    def __init__(self, port: int) -> None:
        self._url = f"ws://{HOST}:{port}{MOUNT}"
        self._open: list[SoakListener] = []
        self._waiting: dict[str, tuple[set[SoakListener], asyncio.Event]] = {}
        self.events = 0
        self.troubles: list[str] = []

    async def open(self, session: str) -> None:
        """One more listener, with this session; returns when it is subscribed."""
        listener = SoakListener(await connect(self._url, max_size=2**22))
        listener.reader = asyncio.create_task(self._read(listener))
        hello = {"op": "connect", "applicationId": APP_ID, "restAPIKey": REST_KEY}
        await listener.socket.send(orjson.dumps({**hello, "sessionToken": session}).decode())
        for number, query in enumerate(QUERIES):
            asked = {"op": "subscribe", "requestId": number + 1, "query": query}
            await listener.socket.send(orjson.dumps(asked).decode())
        try:
            async with asyncio.timeout(SECONDS):
                await listener.ready.wait()
        except TimeoutError:
            raise Missed("a listener was not subscribed") from None
        self._open.append(listener)

    async def replace(self, session: str) -> None:
        """Close the oldest listener and open another one."""
        old = self._open.pop(0) if self._open else None
        if old is not None:
            await self._close(old)
        await self.open(session)

    async def close(self) -> None:
        """Close all."""
        while self._open:
            await self._close(self._open.pop())

    @contextlib.asynccontextmanager
    async def all_told(self, text: str) -> AsyncIterator[None]:
        """What is done inside changes a product's description to `text`.

        Returns when everybody who listened before and still does has been told; raises Missed.
        """
        told = asyncio.Event()
        missing = set(self._open)
        self._waiting[text] = (missing, told)
        try:
            yield
            async with asyncio.timeout(SECONDS):
                if missing:
                    await told.wait()
        except TimeoutError:
            raise Missed(f"{len(missing)} listeners were not told of {text!r}") from None
        finally:
            del self._waiting[text]

    async def _close(self, listener: SoakListener) -> None:
        for missing, told in self._waiting.values():
            missing.discard(listener)
            if not missing:
                told.set()
        if listener.reader is not None:
            listener.reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listener.reader
        await listener.socket.close()

    async def _read(self, listener: SoakListener) -> None:
        async for text in listener.socket:
            frame = orjson.loads(text)
            if frame["op"] == "subscribed":
                listener.subscribed += 1
                if listener.subscribed == len(QUERIES):
                    listener.ready.set()
            elif frame["op"] == "error":
                self.troubles.append(f"a listener was told: {frame}")
            elif "object" in frame:
                self.events += 1
                self._told(listener, frame["object"].get("description"))
        self.troubles.append("a listener's connection was closed")

    def _told(self, listener: SoakListener, text: Any) -> None:
        missing, told = self._waiting.get(text, (set[SoakListener](), None))
        missing.discard(listener)
        if told is not None and not missing:
            told.set()
