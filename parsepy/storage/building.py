"""``Building``: what the database is doing for long, such as an index of many documents."""

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from parsepy.storage.documents import Document

log = logging.getLogger("parsepy.storage")

QUIET = 1.0
"""Seconds for which nothing is said: most indexes are there already, or made at once."""
_PAUSE = 5.0  # seconds between two lines


class Building:
    """The index builds under way: a line in the log from time to time, and one for who asks."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._database = database
        self._doing: dict[str, str] = {}

    @property
    def doing(self) -> str:
        """What is being built, and how far it is; empty if nothing takes long."""
        return "; ".join(self._doing.values())

    async def index(self, collection: str, name: str, build: Coroutine[Any, Any, Any]) -> None:
        """Wait for the build of an index, and tell how far it is if that takes long.

        Raises what the build raises.
        """
        started = time.monotonic()
        task = asyncio.ensure_future(build)
        what = f"building the index {name} of {collection}"
        try:
            await asyncio.wait((task,), timeout=QUIET)
            while not task.done():
                self._doing[what] = what + await self._progress(collection)
                log.info("%s, since %.0f s", self._doing[what], time.monotonic() - started)
                await asyncio.wait((task,), timeout=_PAUSE)
            await task
        finally:
            task.cancel()
            if self._doing.pop(what, None) is not None:
                log.info("%s took %.0f s", what, time.monotonic() - started)

    async def _progress(self, collection: str) -> str:
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
