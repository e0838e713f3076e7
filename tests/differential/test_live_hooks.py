"""Hooks of Live Query in JavaScript and Python: the same conversation, frame by frame."""

import asyncio
import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from websockets.asyncio.client import connect

from tests.differential.conftest import LIVE_HOOKS
from tests.differential.reference import Reference, Start
from tests.differential.sides import Side
from tests.livequery.listener import Listener, serving

APP = {"X-Parse-Application-Id": "shop", "X-Parse-Master-Key": "master"}
VARIES = ("clientId", "installationId", "objectId", "createdAt", "updatedAt", "sessionToken")
MARK = 999


@asynccontextmanager
async def websockets_of(side: Side) -> AsyncIterator[str]:
    """Where the Live Query server of a side listens."""
    if side.mount.startswith("http://127.0.0.1"):
        yield side.mount.replace("http", "ws")
        return
    application = cast(Any, side.client)._transport.app
    async with serving(application) as address:
        yield f"{address}/parse"


def steady(value: Any) -> Any:
    """A frame without what is made anew each time."""
    if isinstance(value, dict):
        return {key: steady(item) for key, item in value.items() if key not in VARIES}
    return value


class Conversation:
    """One client of one side, and everything that it sees, in order."""

    def __init__(self, side: Side, address: str) -> None:
        self.side = side
        self.address = address
        self.seen: list[Any] = []

    async def ask(self, listener: Listener, **message: Any) -> None:
        """Send a message and note the frame that answers it."""
        self.seen.append(steady(await listener.ask(**message)))

    async def write(self, listener: Listener, method: str, path: str, **fields: Any) -> Any:
        """Write an object, and note every event up to that of a mark that is written next."""
        answer = await self._send(method, path, fields)
        await self._send("POST", "/classes/Live", {"total": MARK})
        while (frame := await listener.frame()).get("object", {}).get("total") != MARK:
            self.seen.append(steady(frame))
        await self.fired()
        return answer

    async def fired(self) -> None:
        """Note which hooks fired since the last time."""
        answer = await self._send("POST", "/functions/fired", {})
        self.seen.append([hook for hook in answer["result"] if hook.get("total") != MARK])

    async def _send(self, method: str, path: str, fields: Any) -> Any:
        url = self.side.mount + path
        return (await self.side.client.request(method, url, json=fields, headers=APP)).json()


async def talk(side: Side) -> list[Any]:
    """The conversation: who may connect, who may subscribe, what is told."""
    async with websockets_of(side) as address:
        told = Conversation(side, address)
        await told.fired()
        told.seen.clear()
        # this socket has a subscription for the marks, and what it may not have
        async with connect(address, compression=None) as connection:
            listener = Listener(connection)
            await told.ask(listener, op="connect", applicationId="shop", installationId="banned")
        async with connect(address, compression=None) as connection:
            listener = Listener(connection)
            await told.ask(listener, op="connect", applicationId="shop")
            for number, total in enumerate((MARK, -1, 5), start=1):
                query = {"className": "Live", "where": {"total": total}}
                await told.ask(listener, op="subscribe", requestId=number, query=query)
            everything = {"className": "Live", "where": {"total": {"$lt": 5}}}
            await told.ask(listener, op="subscribe", requestId=4, query=everything)
            await told.fired()
            made = await told.write(listener, "POST", "/classes/Live", total=1)
            one = f"/classes/Live/{made['objectId']}"
            for fields in (
                {"total": 2},
                {"wish": "change"},
                {"wish": "hide"},
                {"wish": "refuse"},
                {"wish": ""},
                {"total": 5},
                {"total": 6},
            ):
                await told.write(listener, "PUT", one, **fields)
            await told.write(listener, "DELETE", one)
        return told.seen


async def test_hooks_of_live_query_fire_and_answer_alike(ours: Start, reference: Reference) -> None:
    side = await ours("cloud")
    spoken = inspect.getsource(talk) + inspect.getsource(Conversation)
    our_talk, their_talk = await asyncio.gather(
        talk(side), reference.answers("cloud", LIVE_HOOKS, spoken, talk)
    )
    assert our_talk == their_talk
