"""Fixtures of all tests: one real MongoDB, an application on a fresh database, clients of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

import httpx
import pytest
import uvloop
from pymongo import MongoClient

from parsepy.storage.embedded import EmbeddedMongo
from tests.peer import installed

if TYPE_CHECKING:
    from parsepy.app import Application

APP_ID = "parsepy"
MASTER_KEY = "master-key-for-tests"
MOUNT = "http://testserver/parse"


LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}
LOOP = os.environ.get("PARSEPY_TEST_LOOP", "")
"""The event loop of this run; production serves on uvloop."""

if LOOP:

    def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
        """Run every asynchronous test on the loop that the environment names."""
        return {LOOP: LOOPS[LOOP]}


class Client(httpx.AsyncClient):
    """Speaks to an application as its clients do, without a socket; paths are below the mount."""

    def __init__(
        self, application: Application, *, master: bool = False, session: str | None = None
    ) -> None:
        headers = {"X-Parse-Application-Id": APP_ID}
        if master:
            headers["X-Parse-Master-Key"] = MASTER_KEY
        if session:
            headers["X-Parse-Session-Token"] = session
        transport = httpx.ASGITransport(app=application)
        super().__init__(transport=transport, base_url=MOUNT, headers=headers)
        self.application = application

    def as_user(self, session: str) -> Client:
        """A client of the same application that brings this session token."""
        return Client(self.application, session=session)


class MakeApp(Protocol):
    """Make and start an application with the given Parse options, on a database of its own."""

    async def __call__(self, **options: Any) -> Application: ...


LONG = (
    *("sdk", "differential", "interchange", "push"),
    *("dashboard", "shop", "integration", "livequery"),
)
"""The folders that take longest, longest first: side by side, they must not begin last."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what takes long begin first; files stay whole and in their order otherwise."""
    rank = {name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: rank.get(item.path.parent.name, len(LONG)))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """See that a test marked `node` finds Node.js and its packages, else skip it (fail in CI)."""
    if item.get_closest_marker("node"):
        installed()


def database_in(uri: str, name: str) -> str:
    """The connection string `uri` with its database replaced by `name`."""
    scheme, _, rest = uri.partition("://")
    hosts, _, tail = rest.partition("/")
    options = tail.partition("?")[2]
    return f"{scheme}://{hosts}/{name}" + (f"?{options}" if options else "")


@pytest.fixture(scope="session")
def mongo_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The connection string of one MongoDB for the whole run; PARSEPY_TEST_MONGO names another."""
    given = os.environ.get("PARSEPY_TEST_MONGO")
    if given:
        yield given
        return
    with EmbeddedMongo.start(tmp_path_factory.mktemp("mongo") / "data") as mongo:
        yield mongo.uri


@pytest.fixture(scope="session")
def mongo(mongo_uri: str) -> Iterator[MongoClient[dict[str, Any]]]:
    """A plain driver on that MongoDB, for a look behind the API."""
    client: MongoClient[dict[str, Any]] = MongoClient(mongo_uri, tz_aware=True)
    with client:
        yield client


@pytest.fixture
async def app(mongo_uri: str, mongo: MongoClient[dict[str, Any]]) -> AsyncIterator[MakeApp]:
    """Make applications; each has a fresh database, which goes when the test ends."""
    # Imported late: tests of the data language need no server.
    from parsepy.app import build
    from parsepy.config import Config

    async with AsyncExitStack() as stack:

        async def make(**options: Any) -> Application:
            database = f"test_{uuid4().hex[:16]}"
            defaults = {
                "appId": APP_ID,
                "masterKey": MASTER_KEY,
                "serverURL": MOUNT,
                "databaseURI": database_in(mongo_uri, database),
                "allowClientClassCreation": True,
            }
            application = build(Config.from_options({**defaults, **options}))
            stack.callback(mongo.drop_database, database)
            await application.startup()
            stack.push_async_callback(application.shutdown)
            return application

        yield make


@pytest.fixture
async def application(app: MakeApp) -> Application:
    """The application that `client` and `master` speak to."""
    return await app()


@pytest.fixture
async def client(application: Application) -> AsyncIterator[Client]:
    """Anybody: a client with the application id and nothing else."""
    async with Client(application) as anybody:
        yield anybody


@pytest.fixture
async def master(application: Application) -> AsyncIterator[Client]:
    """A client of the same application that holds the master key."""
    async with Client(application, master=True) as holder:
        yield holder
