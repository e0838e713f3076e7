"""``Building``: what the database is doing for long, such as an index of many documents."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import TypeVar

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from parsepy.storage.documents import Document

log = logging.getLogger("parsepy.storage")
T = TypeVar("T")

QUIET = 1.0
"""Seconds for which nothing is said: most indexes are there already, or made at once."""
PAUSE = 5.0
"""Seconds between two lines."""


class Building:
    """The work under way: a line in the log from time to time, and one for who asks."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._database = database
        self._doing: dict[str, str] = {}

    @property
    def doing(self) -> str:
        """What is being done, and how far it is; empty if nothing takes long."""
        return "; ".join(self._doing.values())

    async def index(self, collection: str, name: str, build: Coroutine[None, None, T]) -> T:
        """Wait for the build of an index, and tell how far it is if that takes long.

        Raises what the build raises.
        """
        what = f"building the index {name} of {collection}"
        return await self._watch(what, build, lambda: self._indexed(collection))

    async def column(self, collection: str, names: str, change: Coroutine[None, None, T]) -> T:
        """Wait for a change of columns in every document, and tell that it goes on.

        Raises what the change raises.
        """
        what = f"dropping {names} of {collection}"
        return await self._watch(what, change, lambda: self._size(collection))

    async def _watch(
        self, what: str, work: Coroutine[None, None, T], progress: Callable[[], Awaitable[str]]
    ) -> T:
        started = time.monotonic()
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait((task,), timeout=QUIET)
            while not task.done():
                self._doing[what] = what + await progress()
                log.info("%s, since %.0f s", self._doing[what], time.monotonic() - started)
                await asyncio.wait((task,), timeout=PAUSE)
            return await task
        finally:
            task.cancel()
            if self._doing.pop(what, None) is not None:
                log.info("%s took %.0f s", what, time.monotonic() - started)

    async def _size(self, collection: str) -> str:
        """How many documents there are, more or less."""
        try:
            return f" ({await self._database[collection].estimated_document_count()} documents)"
        except PyMongoError:
            return ""  # it is only the number that is missing

    async def _indexed(self, collection: str) -> str:
        """How many documents are read of how many, where the database's user may see that."""
        match = {"command.createIndexes": collection, "progress.total": {"$gt": 0}}
        pipeline: list[Document] = [{"$currentOp": {}}, {"$match": match}, {"$limit": 1}]
        try:
            cursor = await self._database.client.admin.aggregate(pipeline)
            async for found in cursor:
                done, total = found["progress"]["done"], found["progress"]["total"]
                return f": {done} of {total} documents ({100 * done // total} %)"
        except PyMongoError:
            pass  # it is only the number that is missing
        return ""
