"""Fixtures of all tests: one real MongoDB, an application on a fresh database, clients of it."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
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
MEMORY = Path("/dev/shm")
ROOM = 3 * 1024**3  # of which the data of a whole run take a tenth


LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}
LOOP = os.environ.get("PARSEPY_TEST_LOOP", "")
"""The event loop of this run; production serves on uvloop."""

# Servers that tests start from this checkout build no web pages; those of tests/web are asked to.
os.environ.setdefault("PARSEPY_BUILD_WEB", "false")

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
    *("sdk", "differential", "interchange", "push", "projects", "dashboard", "shop", "web"),
    *("hostile", "graphql", "connections", "integration", "livequery", "types"),
)
"""The folders that take longest, longest first: side by side, they must not begin last."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option by which CI runs quick tests once, though slow ones of their folder twice."""
    parser.addoption(
        "--only-slow",
        action="append",
        default=[],
        type=Path,
        metavar="FOLDER",
        help="of a folder run only tests that are slow or ask Parse Server: the others have run",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let what takes long begin first; files stay whole and in their order otherwise."""
    rank = {name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: rank.get(item.path.parent.name, len(LONG)))
    folders = {config.rootpath / folder for folder in config.getoption("only_slow")}
    if folders:
        items[:] = [item for item in items if folders.isdisjoint(item.path.parents) or again(item)]


def again(item: pytest.Item) -> bool:
    """Has a test to run where quick tests have run already?"""
    return any(item.get_closest_marker(name) for name in ("slow", "reference"))


# Worker processes collect the tests, the main process reports: what is left out goes from these to
# it. Both names are xdist's.
LEFT_OUT = pytest.StashKey[int]()


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Count the slow tests that are left out."""
    slow = sum(1 for item in items if item.get_closest_marker("slow"))
    if slow:
        stash = items[0].config.stash
        stash[LEFT_OUT] = stash.get(LEFT_OUT, 0) + slow


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let a worker process say how many it left out."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["left_out"] = session.config.stash.get(LEFT_OUT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what a worker process has said; each of them left out the same."""
    node.config.stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get("left_out", 0)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say in the last line what was left out, and how to run it."""
    left_out = config.stash.get(LEFT_OUT, 0)
    if left_out and config.getoption("markexpr"):
        terminalreporter.write_line(
            f"left out {left_out} slow tests (the living Parse Server, dashboards, endurance): "
            "`make test-all` runs everything."
        )


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


class QuickMongo(EmbeddedMongo):
    """A MongoDB for thousands of databases, one after the other.

    It writes its journal at once, since dropping a database waits for it, else 0.1 s; and closes
    the files of what was dropped soon, not after ten minutes: 20 a test are more than it may open.
    """

    def _command(self, binary: Path, cache_gb: float) -> list[str]:
        closing = ("wiredTigerFileHandleCloseIdleTime=5", "wiredTigerFileHandleCloseScanInterval=5")
        options = [word for parameter in closing for word in ("--setParameter", parameter)]
        return [*super()._command(binary, cache_gb), "--journalCommitInterval", "2", *options]


def folder_in_memory() -> Path | None:
    """Make a folder on the memory file system; None where there is none with room."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM:
        return None
    for left in MEMORY.glob("parsepy-tests-*"):  # of a run that was killed
        if not Path("/proc", left.name.split("-")[2]).exists():
            shutil.rmtree(left, ignore_errors=True)
    with suppress(OSError):
        return Path(tempfile.mkdtemp(dir=MEMORY, prefix=f"parsepy-tests-{os.getpid()}-"))
    return None


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Hash passwords quickly: thousands of shoppers sign up in the tests."""
    # Imported late, as below.
    from parsepy.operations.class_rules import user

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(user, "_COST", 4)
        yield


@pytest.fixture(scope="session")
def mongo_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The connection string of one MongoDB for the whole run; PARSEPY_TEST_MONGO names another."""
    given = os.environ.get("PARSEPY_TEST_MONGO")
    if given:
        yield given
        return
    folder = folder_in_memory() or tmp_path_factory.mktemp("mongo")
    try:
        with QuickMongo.start(folder / "data") as mongo:
            yield mongo.uri
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def mongo(mongo_uri: str) -> Iterator[MongoClient[dict[str, Any]]]:
    """A plain driver on that MongoDB, for a look behind the API."""
    client: MongoClient[dict[str, Any]] = MongoClient(mongo_uri, tz_aware=True)
    with client:
        yield client


async def started(
    stack: AsyncExitStack,
    mongo_uri: str,
    mongo: MongoClient[dict[str, Any]],
    **options: Any,
) -> Application:
    """Start an application on a fresh database; both go when `stack` ends."""
    # Imported late: tests of the data language need no server.
    from parsepy.app import build
    from parsepy.config import Config

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


@pytest.fixture
async def app(mongo_uri: str, mongo: MongoClient[dict[str, Any]]) -> AsyncIterator[MakeApp]:
    """Make applications; each has a fresh database, which goes when the test ends."""
    async with AsyncExitStack() as stack:
        yield partial(started, stack, mongo_uri, mongo)


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
