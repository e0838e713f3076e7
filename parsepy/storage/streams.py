"""ChangeEvent streams: every committed change of some classes, in order, across failovers.

MongoDB sends a change when a majority has it, with a token. A broken stream is opened again after
the last change that was handled, so none is missed and none comes twice.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

import pymongo
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure, PyMongoError

from parsepy.storage.connection import CLOSE_SECONDS
from parsepy.storage.documents import Document

log = logging.getLogger("parsepy.storage")

Kind = Literal["create", "update", "delete"]
_KINDS: dict[str, Kind] = {
    "insert": "create",
    "update": "update",
    "replace": "update",
    "delete": "delete",
}
_NAMESPACE_MISSING = 26
_NAMESPACE_EXISTS = 48
_LOST = (286, 10334, 280)  # history lost, event too large, no such token: no way to go on from here
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0


@dataclass(frozen=True, slots=True)
class ChangeEvent:
    """A committed change of a document; ``before`` is None where no image was kept."""

    kind: Kind
    collection: str
    key: Any
    document: Document | None
    before: Document | None


Handle = Callable[[ChangeEvent], Awaitable[None]]


class Stream:
    """The changes of the collections whose whole name matches ``pattern``.

    ``interruptions`` are what a handler raises when it could not do its work now.
    """

    def __init__(
        self,
        database: AsyncDatabase[Document],
        prefix: str,
        pattern: str,
        interruptions: tuple[type[Exception], ...],
    ) -> None:
        self._database = database
        self._interruptions: tuple[type[Exception], ...] = (PyMongoError, *interruptions)
        self._prefix = prefix
        self._pipeline = [
            {
                "$match": {
                    "operationType": {"$in": list(_KINDS)},
                    "ns.coll": {"$regex": f"^{re.escape(prefix)}(?:{pattern})$"},
                }
            }
        ]
        self._token: Any = None
        self._first: Any = None

    async def open(self) -> None:
        """Begin: what is committed from now on will be handled. Raises PyMongo's errors."""
        self._first = await self._watch()
        self._token = self._first.resume_token

    async def _watch(self) -> Any:
        return await self._database.watch(
            self._pipeline,
            full_document="whenAvailable",
            full_document_before_change="whenAvailable",
            resume_after=self._token,
            max_await_time_ms=1000,
        )

    async def run(self, handle: Handle) -> None:
        """Call ``handle`` with every change, one after the other, until cancelled."""
        pause = _FIRST_PAUSE
        while True:
            try:
                stream, self._first = self._first or await self._watch(), None
                try:
                    while stream.alive:
                        raw = await stream.try_next()
                        pause = _FIRST_PAUSE
                        if raw is not None:
                            await handle(self._read(raw))
                        self._token = stream.resume_token
                finally:
                    with pymongo.timeout(CLOSE_SECONDS):
                        await stream.close()
            except self._interruptions as error:
                # the change that was being handled comes again
                self._on_error(error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _on_error(self, error: Exception) -> None:
        if isinstance(error, OperationFailure) and error.code in _LOST:
            log.error("changes were missed: the stream begins anew (%s)", error)
            self._token = None
        else:
            log.warning("the stream of changes broke, and will go on where it was: %s", error)

    def _read(self, raw: Document) -> ChangeEvent:
        return ChangeEvent(
            _KINDS[raw["operationType"]],
            raw["ns"]["coll"][len(self._prefix) :],
            raw["documentKey"]["_id"],
            raw.get("fullDocument"),
            raw.get("fullDocumentBeforeChange"),
        )


async def keep_images(database: AsyncDatabase[Document], collection: str, *, make: bool) -> bool:
    """Have MongoDB keep the states before and after each change, for its streams.

    ``make`` says that the collection may be made if it is not there. False if it can't be.
    """
    option: dict[str, Any] = {"changeStreamPreAndPostImages": {"enabled": True}}
    try:
        await database.command({"collMod": collection, **option})
        return True
    except OperationFailure as error:
        if error.code != _NAMESPACE_MISSING:
            log.warning("no states before changes are kept of %s: %s", collection, error)
            return False
    if not make:
        return False
    try:
        await database.create_collection(collection, **option)
    except OperationFailure as error:
        if error.code == _NAMESPACE_EXISTS:  # made by somebody else meanwhile
            return await keep_images(database, collection, make=False)
        log.warning("no states before changes are kept of %s: %s", collection, error)
        return False
    return True
