"""Fixtures of the differential test: a server for each configuration in use, and the reference."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio
from pymongo import MongoClient
from pymongo.database import Database

from tests.conftest import database_in
from tests.differential.cases import SCENARIOS
from tests.differential.cases.hardening import codes
from tests.differential.cases.providers import tokens
from tests.differential.reference import Reference, Start
from tests.differential.sides import Side, options_of
from tests.peer import Peer
from tests.providers.fake import FakeProviders, redirected, redirecting
from tests.receiver import Receiver

MAILERS = Path(__file__).parent
LIVE_HOOKS = "live hooks"
"""The name under which the conversation of test_live_hooks is recorded."""
EXPLAIN = "explain"
"""The name under which the accounts of test_explain are recorded."""


def database(stack: AsyncExitStack, uri: str) -> Database[dict[str, Any]]:
    """Reach the database of a side past its server, until `stack` ends."""
    client: MongoClient[dict[str, Any]] = stack.enter_context(MongoClient(uri))
    return client.get_default_database()


async def peer_side(
    stack: AsyncExitStack, uri: str, configuration: str, label: str, given: Mapping[str, str]
) -> Side:
    """Start a Parse Server under `configuration`, to be ended with `stack`."""
    options = options_of(configuration, MAILERS / "mailer.js", given)
    # In a thread: its start takes seconds, and what our side asks meanwhile has ten at most.
    peer = Peer(uri, options, redirecting(given["providers"]))
    await asyncio.to_thread(stack.enter_context, peer)
    # A connection for each request: Node may close an idle one just as we send on it.
    limits = httpx.Limits(max_keepalive_connections=0)
    client = await stack.enter_async_context(httpx.AsyncClient(limits=limits))
    return Side(label, configuration, peer.url, client, given, database(stack, uri))


async def own_side(
    stack: AsyncExitStack, uri: str, configuration: str, given: Mapping[str, str]
) -> Side:
    """Build parsepy under `configuration`, reached in process, to be shut down with `stack`."""
    from parsepy.app import build
    from parsepy.config import Config

    options = options_of(configuration, MAILERS / "mailer.py", given) | {"databaseURI": uri}
    application = build(Config.from_options(options), outgoing=redirected(given["providers"]))
    await application.startup()
    stack.push_async_callback(application.shutdown)
    transport = httpx.ASGITransport(app=application)
    client = await stack.enter_async_context(httpx.AsyncClient(transport=transport))
    return Side(
        "parsepy", configuration, "http://parsepy.test/parse", client, given, database(stack, uri)
    )


@pytest_asyncio.fixture(scope="session")
async def receiver_url() -> AsyncIterator[str]:
    """Where the servers under test send webhooks, mails and pushes."""
    with Receiver() as receiver:
        yield receiver.url


@pytest_asyncio.fixture(scope="session")
async def providers() -> AsyncIterator[dict[str, str]]:
    """Where sign-in providers answer, and the tokens that they have signed for steps to send."""
    with FakeProviders() as fake:
        yield {"providers": fake.url, **tokens(), **codes()}


@pytest_asyncio.fixture(scope="session")
async def ours(
    mongo_uri: str,
    mongo: MongoClient[dict[str, Any]],
    receiver_url: str,
    providers: dict[str, str],
) -> AsyncIterator[Start]:
    """Give parsepy under a configuration, on a fresh database.

    `PARSEPY_DIFFERENTIAL=peer` puts a second Parse Server in its place: then every case must be
    equal, which shows that the cases are deterministic.
    """
    given = {"receiver": f"{receiver_url}/ours", **providers}

    async def open_ours(stack: AsyncExitStack, uri: str, configuration: str) -> Side:
        if os.environ.get("PARSEPY_DIFFERENTIAL") == "peer":
            return await peer_side(stack, uri, configuration, "the other Parse Server", given)
        return await own_side(stack, uri, configuration, given)

    async with started_once(mongo_uri, mongo, "ours", open_ours) as start:
        yield start


@pytest_asyncio.fixture(scope="session")
async def reference(
    mongo_uri: str,
    mongo: MongoClient[dict[str, Any]],
    receiver_url: str,
    providers: dict[str, str],
) -> AsyncIterator[Reference]:
    """Give the answers of Parse Server; it is started only if `PARSEPY_REFERENCE` says so."""
    given = {"receiver": f"{receiver_url}/peer", **providers}

    async def open_peer(stack: AsyncExitStack, uri: str, configuration: str) -> Side:
        return await peer_side(stack, uri, configuration, "Parse Server", given)

    async with started_once(mongo_uri, mongo, "peer", open_peer) as start:
        reference = Reference(start)
        yield reference
    reference.write({LIVE_HOOKS, EXPLAIN, *(scenario.name for scenario in SCENARIOS)})


@asynccontextmanager
async def started_once(
    mongo_uri: str,
    mongo: MongoClient[dict[str, Any]],
    name: str,
    open_side: Callable[[AsyncExitStack, str, str], Awaitable[Side]],
) -> AsyncIterator[Start]:
    """Give a function that opens a side of a configuration when it is first asked for."""
    running: dict[str, Side] = {}
    async with AsyncExitStack() as stack:

        async def start(configuration: str) -> Side:
            if configuration not in running:
                kept = f"differential_{os.getpid()}_{configuration}_{name}"
                stack.callback(mongo.drop_database, kept)
                uri = database_in(mongo_uri, kept)
                running[configuration] = await open_side(stack, uri, configuration)
            return running[configuration]

        yield start
