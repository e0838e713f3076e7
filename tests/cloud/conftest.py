"""What the tests of cloud code share: an application on MongoDB with a cloud file."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from parsepy.backend import RequestContext
from parsepy.cloud import current
from parsepy.model.principal import MASTER
from parsepy.triggers import Event
from tests.cloud.standing import Standing
from tests.conftest import Client, MakeApp, started

HEAD = """
from parsepy import ACL, Cloud, Code, GeoPoint, Object, ParseError, Pointer, Query, User
"""


class CloudShop:
    """An application with cloud code, clients of it, and a count of what fired."""

    def __init__(self, client: Client, master: Client) -> None:
        self.client = client
        self.master = master
        self.fired: Counter[str] = Counter()
        self.backend = client.application.backend
        self.backend.triggers.observers.append(self._count)

    def _count(self, event: Event) -> None:
        self.fired[f"{event.kind} {event.class_name}"] += 1


MakeShop = Callable[..., Awaitable[CloudShop]]


@pytest.fixture
def cloud_file(tmp_path: Path) -> Callable[[str], Path]:
    """Write a cloud file; a folder of its own, so that its modules are its own as well."""

    def write(code: str) -> Path:
        folder = tmp_path / "cloud"
        folder.mkdir(exist_ok=True)
        file = folder / "main.py"
        file.write_text(HEAD + textwrap.dedent(code), encoding="utf-8")
        return file

    return write


@pytest.fixture(scope="module")
async def standing(
    mongo_uri: str,
    mongo: MongoClient[dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Standing]:
    """The application that the tests of a module share."""
    empty = tmp_path_factory.mktemp("cloud") / "nothing.py"
    empty.touch()
    async with AsyncExitStack() as stack:
        application = await started(stack, mongo_uri, mongo, cloud=str(empty))
        yield Standing(application, mongo[application.backend.storage.connection.database.name])


@pytest.fixture
async def shop(
    standing: Standing, own_shop: MakeShop, cloud_file: Callable[[str], Path]
) -> AsyncIterator[MakeShop]:
    """Serve this cloud code by the module's application, which forgets it when the test ends.

    With options an application of its own is made.
    """

    async def make(code: str, **options: Any) -> CloudShop:
        if options:
            return await own_shop(code, **options)
        application = await standing.serve(cloud_file(code))
        return CloudShop(Client(application), Client(application, master=True))

    yield make
    await standing.forget()


@pytest.fixture
async def own_shop(app: MakeApp, cloud_file: Callable[[str], Path]) -> MakeShop:
    """Start an application with this cloud code, for tests of its start, end and options."""

    async def make(code: str, **options: Any) -> CloudShop:
        application = await app(cloud=str(cloud_file(code)), **options)
        return CloudShop(Client(application), Client(application, master=True))

    return make


@pytest.fixture
async def acting(standing: Standing) -> AsyncIterator[Client]:
    """Run the test as cloud code with the master key; a client of the same application."""
    application = standing.application
    with current.acting(RequestContext(application.backend, MASTER)):
        yield Client(application, master=True)
    await standing.forget()
