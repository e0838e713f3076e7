"""A client of the tests that speaks ``graphql-transport-ws`` over a real socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.conftest import APP_ID

SUBPROTOCOL = Subprotocol("graphql-transport-ws")
SECONDS = 10.0
ANYBODY = {"X-Parse-Application-Id": APP_ID}


class Subscriber:
    """One connection: sends messages, reads messages."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **message: Any) -> None:
        """Send a message without waiting for anything."""
        await self.connection.send(json.dumps(message))

    async def message(self) -> Any:
        """The next message, in time."""
        return json.loads(await asyncio.wait_for(self.connection.recv(), SECONDS))

    async def init(self, **payload: Any) -> Any:
        """Begin with keys; the answer."""
        await self.send(type="connection_init", payload=payload)
        return await self.message()

    async def start(self, operation_id: str, query: str, **more: Any) -> None:
        """Ask for an operation, and go on."""
        await self.send(type="subscribe", id=operation_id, payload={"query": query, **more})

    async def ask(self, operation_id: str, query: str, **more: Any) -> Any:
        """The next message after an operation is asked for."""
        await self.start(operation_id, query, **more)
        return await self.message()

    async def follow(self, operation_id: str, query: str, **more: Any) -> None:
        """Follow a class: returns when every event is sure to come."""
        await self.start(operation_id, query, **more)
        await self.settled()

    async def settled(self) -> None:
        """Return when all before has begun; nothing may have been told meanwhile."""
        await self.send(type="ping")
        assert await self.message() == {"type": "pong"}

    async def event(self, operation_id: str) -> Any:
        """The data of the next message, which must be an event of this operation."""
        told = await self.message()
        assert (told["type"], told["id"]) == ("next", operation_id), told
        assert "errors" not in told["payload"], told
        (value,) = told["payload"]["data"].values()
        return value

    async def refusal(self, operation_id: str) -> Any:
        """The first error of the next message, which must refuse this operation."""
        told = await self.message()
        assert (told["type"], told["id"]) == ("error", operation_id), told
        return told["payload"][0]

    async def closed(self) -> tuple[int, str]:
        """Wait until the server closes; its code and reason."""
        with suppress(ConnectionClosed):
            while True:
                await asyncio.wait_for(self.connection.recv(), SECONDS)
        code, reason = self.connection.close_code, self.connection.close_reason
        assert code is not None
        assert reason is not None
        return code, reason


def result(operation_id: str, **data: Any) -> dict[str, Any]:
    """The message of a result."""
    return {"id": operation_id, "type": "next", "payload": {"data": data}}


@asynccontextmanager
async def connecting(url: str, **more: Any) -> AsyncIterator[Subscriber]:
    """A connection on which nothing has been said yet."""
    async with connect(
        f"{url}/graphql", subprotocols=[SUBPROTOCOL], compression=None, max_size=None, **more
    ) as connection:
        assert connection.subprotocol == SUBPROTOCOL
        yield Subscriber(connection)


@asynccontextmanager
async def subscribing(
    url: str, keys: Mapping[str, Any] = ANYBODY, /, **more: Any
) -> AsyncIterator[Subscriber]:
    """A client that has been let in with its keys."""
    async with connecting(url) as subscriber:
        answer = await subscriber.init(**{**keys, **more})
        assert answer == {"type": "connection_ack"}, answer
        yield subscriber
