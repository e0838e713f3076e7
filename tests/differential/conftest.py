"""Fixtures of the differential test: both servers, started once for each configuration in use."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio
from pymongo import MongoClient

from tests.differential.sides import Side, options_of
from tests.peer import Peer
from tests.receiver import Receiver

MAILERS = Path(__file__).parent
Sides = Callable[[str], Awaitable[tuple[Side, Side]]]


def database(uri: str, name: str) -> str:
    """Return `uri` with its database replaced by `name`."""
    head, _, tail = uri.partition("://")
    hosts, _, rest = tail.partition("/")
    _, mark, options = rest.partition("?")
    return f"{head}://{hosts}/{name}{mark}{options}"


async def peer_side(
    stack: AsyncExitStack, uri: str, configuration: str, label: str, given: Mapping[str, str]
) -> Side:
    """Start a Parse Server under `configuration`, to be ended with `stack`."""
    options = options_of(configuration, MAILERS / "mailer.js", given)
    peer = stack.enter_context(Peer(uri, options))
    # A connection for each request: Node may close an idle one just as we send on it.
    limits = httpx.Limits(max_keepalive_connections=0)
    client = await stack.enter_async_context(httpx.AsyncClient(limits=limits))
    return Side(label, configuration, peer.url, client, given)


async def own_side(
    stack: AsyncExitStack, uri: str, configuration: str, given: Mapping[str, str]
) -> Side:
    """Build parsepy under `configuration`, reached in process, to be shut down with `stack`."""
    from parsepy.app import build
    from parsepy.config import Config

    options = options_of(configuration, MAILERS / "mailer.py", given) | {"databaseURI": uri}
    application = build(Config.from_options(options))
    await application.startup()
    stack.push_async_callback(application.shutdown)
    transport = httpx.ASGITransport(app=application)
    client = await stack.enter_async_context(httpx.AsyncClient(transport=transport))
    return Side("parsepy", configuration, "http://parsepy.test/parse", client, given)


@pytest_asyncio.fixture(scope="session")
async def sides(mongo_uri: str, mongo: MongoClient[dict[str, Any]]) -> AsyncIterator[Sides]:
    """Give the two servers of a configuration, each on its own fresh database.

    `PARSEPY_DIFFERENTIAL=peer` puts a second Parse Server in parsepy's place: then every case must
    be equal, which shows that the cases are deterministic.
    """
    running: dict[str, tuple[Side, Side]] = {}
    async with AsyncExitStack() as stack:
        receiver = stack.enter_context(Receiver())
        for_peer, for_us = ({"receiver": f"{receiver.url}/{side}"} for side in ("peer", "ours"))

        async def both(configuration: str) -> tuple[Side, Side]:
            if configuration not in running:
                run = f"differential_{os.getpid()}_{configuration}"
                for name in (f"{run}_peer", f"{run}_ours"):
                    stack.callback(mongo.drop_database, name)
                theirs = await peer_side(
                    stack,
                    database(mongo_uri, f"{run}_peer"),
                    configuration,
                    "Parse Server",
                    for_peer,
                )
                uri = database(mongo_uri, f"{run}_ours")
                if os.environ.get("PARSEPY_DIFFERENTIAL") == "peer":
                    other = "the other Parse Server"
                    ours = await peer_side(stack, uri, configuration, other, for_us)
                else:
                    ours = await own_side(stack, uri, configuration, for_us)
                running[configuration] = (ours, theirs)
            return running[configuration]

        yield both
