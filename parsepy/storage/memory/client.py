"""As ``AsyncMongoClient`` and ``AsyncDatabase``: a store, and the databases in it."""

from typing import TYPE_CHECKING

from parsepy.storage.documents import Document
from parsepy.storage.memory.collection import MemoryCollection
from parsepy.storage.memory.refusals import Refusing, unavailable
from parsepy.storage.memory.sessions import CurrentTransaction, MemorySession

if TYPE_CHECKING:
    from mongomock_motor import AsyncMongoMockClient

SCHEME = "memory:"


def open_client() -> "MemoryClient":
    """A client of a new and empty store.

    ImportError, in words for who starts the server, without the extra ``memory``.
    """
    try:
        from mongomock_motor import AsyncMongoMockClient
    except ImportError as error:
        raise ImportError(
            f"\"{SCHEME}\" needs mongomock-motor: pip install 'parsepy-server[memory]'"
        ) from error
    return MemoryClient(AsyncMongoMockClient())


class MemoryClient(Refusing):
    """As ``AsyncMongoClient``."""

    def __init__(self, mock: "AsyncMongoMockClient[Document]") -> None:
        self._mock = mock
        self._databases: dict[str, MemoryDatabase] = {}
        self._current = CurrentTransaction()

    def get_database(self, name: str, codec_options: object = None) -> "MemoryDatabase":
        """The database of that name; values are kept as they are, so no codec is asked."""
        if name not in self._databases:
            self._databases[name] = MemoryDatabase(name, self._mock, self._current)
        return self._databases[name]

    async def drop_database(self, name: str) -> None:
        """Forget every collection of a database."""
        await self.get_database(name).drop()

    async def close(self) -> None:
        """Nothing is open."""

    def start_session(self) -> MemorySession:
        """A session, to be used with ``async with``."""
        return MemorySession(self._current)


class MemoryDatabase(Refusing):
    """As ``AsyncDatabase``."""

    def __init__(
        self, name: str, mock: "AsyncMongoMockClient[Document]", current: CurrentTransaction
    ) -> None:
        self.name = name
        self._mock = mock.get_database(name)
        self._current = current
        self._collections: dict[str, MemoryCollection] = {}

    def __getitem__(self, name: str) -> MemoryCollection:
        found = self._collections.get(name)
        if found is None:
            found = self._collections[name] = MemoryCollection(
                f"{self.name}.{name}", self._mock.get_collection(name), self._current
            )
        return found

    async def command(self, command: str | Document) -> Document:
        """Answer ``ping``."""
        if command != "ping":
            name = command if isinstance(command, str) else next(iter(command))
            raise unavailable(f"command {name}")
        return {"ok": 1.0}

    async def drop(self) -> None:
        """Forget every collection."""
        for collection in self._collections.values():
            await collection.drop()
