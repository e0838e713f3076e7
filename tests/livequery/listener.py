"""A Live Query client of the tests, over a real socket, and the server that it speaks to."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import patch

import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from parsepy import pubsub
from parsepy.app import Application, websocket_class
from tests.conftest import APP_ID, MASTER_KEY

SECONDS = 10.0
JAVASCRIPT_KEY = "javascript"
KEY_PAIRS = {"keyPairs": {"javascriptKey": JAVASCRIPT_KEY, "masterKey": MASTER_KEY}}
"""Options of a server that asks Live Query's clients for a key, and so knows the master key."""


@asynccontextmanager
async def serving(application: Application) -> AsyncIterator[str]:
    """Serve a started application on a port of its own; its address without a path.

    An event follows its answer at once, so that "nothing but" can be said after an answer.
    """
    settings = uvicorn.Config(
        application, ws=websocket_class(application), lifespan="off", log_config=None, port=0
    )
    server = uvicorn.Server(settings)
    # with its protocol named, as `parsepy serve` does: else asyncio leaves Nagle's algorithm on
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    task = asyncio.create_task(server._serve([listener]))
    try:
        with patch.object(pubsub, "LEAD_SECONDS", 0.0):
            yield f"ws://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await asyncio.wait_for(task, SECONDS)
        listener.close()


class Listener:
    """One client: sends messages, reads frames."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **message: Any) -> None:
        """Send a message without waiting for anything."""
        await self.connection.send(json.dumps(message))

    async def frame(self) -> Any:
        """The next frame, in time."""
        return json.loads(await asyncio.wait_for(self.connection.recv(), SECONDS))

    async def ask(self, **message: Any) -> Any:
        """Send a message; the frame that answers it."""
        await self.send(**message)
        return await self.frame()

    async def subscribe(
        self, name: str, where: Any = None, request_id: int = 1, **more: Any
    ) -> Any:
        """Subscribe to a query, and expect to be let in."""
        token = {"sessionToken": more.pop("session")} if "session" in more else {}
        query = {"className": name, "where": where or {}, **more}
        answer = await self.ask(op="subscribe", requestId=request_id, query=query, **token)
        assert answer["op"] == "subscribed", answer
        return answer

    async def nothing_but(self, *expected: str) -> list[Any]:
        """The events up to the answer of a last question, which must be of these kinds."""
        await self.send(op="unsubscribe", requestId=987654)
        frames = []
        while (frame := await self.frame())["op"] != "error":
            frames.append(frame)
        assert [frame["op"] for frame in frames] == list(expected)
        return frames

    async def closed(self) -> int | None:
        """Read until the server closes; its code."""
        try:
            while True:
                await asyncio.wait_for(self.connection.recv(), SECONDS)
        except ConnectionClosed as error:
            return None if error.rcvd is None else error.rcvd.code


@asynccontextmanager
async def listening(url: str, path: str = "/parse", **more: Any) -> AsyncIterator[Listener]:
    """A client that has connected, with these properties in its `connect`."""
    more.setdefault("javascriptKey", JAVASCRIPT_KEY)
    async with connect(url + path, compression=None, max_size=None) as connection:
        listener = Listener(connection)
        answer = await listener.ask(op="connect", applicationId=APP_ID, **more)
        assert answer["op"] == "connected", answer
        yield listener
