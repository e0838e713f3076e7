"""Change streams: every committed change of some classes, in order, across failovers.

MongoDB sends a change when a majority has it, with a token. A broken stream is opened again after
the last change that was handled, so none is missed and none comes twice; so is one that ended
because the database was dropped.
"""

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

import pymongo
from bson.errors import BSONError
from bson.timestamp import Timestamp
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure, PyMongoError

from parsepy.storage.connection import CLOSE_SECONDS
from parsepy.storage.documents import Document

log = logging.getLogger("parsepy.storage")

Kind = Literal["create", "update", "delete", "drop", "modify"]
_KINDS: dict[str, Kind] = {
    "insert": "create",
    "update": "update",
    "replace": "update",
    "delete": "delete",
    "drop": "drop",
    "rename": "drop",
    "create": "modify",
    "modify": "modify",
}
_LOST = (286, 280, 260)  # history lost, no such token: no way to go on from here
_TOO_LARGE = 10334
_MOST_UNREADABLE = 3
"""How often a change is asked for that can't be decoded, before it is given up."""
_STATES = ("fullDocumentBeforeChange", "fullDocument")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
_LAST = 2**32 - 1  # behind all changes of one time

Place = tuple[int, int, int]
"""Where a change stands: the cluster's time (seconds, and a number within the second), and which of
the changes of that time it is."""


@dataclass(frozen=True, slots=True)
class ChangeEvent:
    """A committed change of a document; ``before`` is None where no image was kept.

    ``drop`` says that the collection is gone, or another one has taken its name, ``modify`` that
    it was made or has other options; they have no document. ``time`` is the cluster's.
    """

    kind: Kind
    collection: str
    key: Any
    document: Document | None
    before: Document | None
    time: Timestamp
    update: Document | None = None
    """How MongoDB describes an update."""
    order: int = 0
    """Which of the changes of this time it is: those of a transaction have one time."""

    @property
    def place(self) -> Place:
        """Where it stands among all changes."""
        return self.time.time, self.time.inc, self.order


Handle = Callable[[ChangeEvent], Awaitable[None]]


class Stream:
    """The changes of the collections whose whole name matches ``pattern``.

    ``interruptions`` are what a handler raises when it could not do its work now; the change
    comes again then. ``missed`` counts how often changes were lost for good.
    """

    def __init__(
        self,
        database: AsyncDatabase[Document],
        prefix: str,
        pattern: str,
        interruptions: tuple[type[Exception], ...],
    ) -> None:
        # another program may have written texts that are none
        codec = database.codec_options.with_options(unicode_decode_error_handler="replace")
        self._database = database.with_options(codec_options=codec)
        self._interruptions: tuple[type[Exception], ...] = (PyMongoError, BSONError, *interruptions)
        self._prefix = prefix
        self._name = re.compile(f"{re.escape(prefix)}(?:{pattern})")
        name = {"$regex": f"^{self._name.pattern}$"}
        self._pipeline: list[Document] = [
            {
                "$match": {
                    "operationType": {"$in": list(_KINDS)},
                    "$or": [{"ns.coll": name}, {"to.coll": name}],
                }
            },
        ]
        self._token: Any = None
        self._first: Any = None
        self._unreadable = 0
        self._current_at: float | None = None
        self._count = _Count()
        self.reached: Place | None = None
        """All changes up to this place have come; None if that is not known."""
        self.missed = 0

    @property
    def behind(self) -> float:
        """The age in seconds of what has not been handled yet; a second or less if all is well."""
        return 0.0 if self._current_at is None else max(0.0, time.monotonic() - self._current_at)

    async def open(self) -> None:
        """Begin: what is committed from now on will be handled. Raises PyMongo's errors."""
        self._first = await self._watch()
        self._token = self._first.resume_token
        self._current_at = time.monotonic()
        self.reached = place_of(self._token)

    async def _watch(self, *more: Document) -> Any:
        return await self._database.watch(
            [*self._pipeline, *more],
            full_document="whenAvailable",
            full_document_before_change="whenAvailable",
            # not resumeAfter, which refuses the token with which a dropped database ends a stream
            start_after=self._token,
            max_await_time_ms=1000,
            show_expanded_events=True,  # a collection that is made or modified
        )

    async def run(self, handle: Handle) -> None:
        """Call ``handle`` with every change, one after the other, until cancelled."""
        pause = _FIRST_PAUSE
        while True:
            began_at = self._token
            try:
                await self._follow(handle)
                log.warning("the database was dropped: what comes after it is followed")
            except self._interruptions as error:
                # the change that was being handled comes again
                if isinstance(error, OperationFailure) and error.code == _TOO_LARGE:
                    if await self._handle_large(handle):
                        continue
                else:
                    self._on_error(error)
            if self._token != began_at:
                pause = _FIRST_PAUSE
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    @asynccontextmanager
    async def _opened(self, *more: Document) -> AsyncIterator[Any]:
        first, self._first = self._first, None
        stream = first if first is not None and not more else await self._watch(*more)
        try:
            yield stream
        finally:
            with pymongo.timeout(CLOSE_SECONDS):
                await stream.close()

    async def _follow(self, handle: Handle) -> None:
        """Handle the changes of one stream, until the database is dropped."""
        async with self._opened() as stream:
            while stream.alive:
                raw = await stream.try_next()
                if raw is None:
                    self._current_at = time.monotonic()
                    self.reached = place_of(stream.resume_token) or self.reached
                else:
                    await self._handle(raw, handle)
                self._token = stream.resume_token
                self._unreadable = 0

    async def _handle(self, raw: Document, handle: Handle) -> None:
        age = max(0.0, time.time() - raw["wallTime"].timestamp()) if "wallTime" in raw else 0.0
        self._current_at = time.monotonic() - age
        for change in self._read(raw, self._count):
            await handle(change)

    async def _handle_large(self, handle: Handle) -> bool:
        """Handle the next change, whose two states together are more than MongoDB sends at once.

        Each is asked for alone. False if that failed, to be tried again.
        """
        whole: Document = {}
        try:
            for state in _STATES:
                async with self._opened({"$unset": [state, "updateDescription"]}) as stream:
                    raw = None
                    while raw is None and stream.alive:
                        raw = await stream.try_next()
                    whole |= raw or {}
            if whole:
                await self._handle(whole, handle)
                self._token = whole["_id"]
        except self._interruptions as error:
            self._on_error(error)
            return False
        return bool(whole)

    def _on_error(self, error: Exception) -> None:
        if isinstance(error, BSONError):
            self._unreadable += 1
        is_lost = isinstance(error, OperationFailure) and error.code in (*_LOST, _TOO_LARGE)
        if is_lost or self._unreadable >= _MOST_UNREADABLE:
            log.error("changes were missed: the stream begins anew (%s)", error)
            self._token = None
            self._unreadable = 0
            self.missed += 1
        else:
            log.warning("the stream of changes broke, and will go on where it was: %s", error)

    async def history(self, start: Place, end: Place) -> AsyncIterator[ChangeEvent]:
        """Yield the changes after one place, up to and with another, on a stream of its own.

        Raises PyMongo's errors, among them that MongoDB no longer has what was there.
        """
        count = _Count()
        stream = await self._database.watch(
            self._pipeline,
            full_document="whenAvailable",
            full_document_before_change="whenAvailable",
            start_at_operation_time=Timestamp(start[0], start[1]),
            max_await_time_ms=200,
            show_expanded_events=True,
        )
        try:
            while stream.alive:
                raw = await stream.try_next()
                if raw is None:
                    reached = place_of(stream.resume_token)
                    if reached is None or reached >= end:
                        return
                    continue
                for change in self._read(raw, count):
                    if change.place > end:
                        return
                    if change.place > start:
                        yield change
        finally:
            with pymongo.timeout(CLOSE_SECONDS):
                await stream.close()

    def _read(self, raw: Document, count: "_Count") -> Iterator[ChangeEvent]:
        order = count.of(raw["clusterTime"])
        names = [raw["ns"]["coll"]]
        if "to" in raw:  # a rename ends both collections that had these names
            names.append(raw["to"]["coll"])
        for name in names:
            if self._name.fullmatch(name):
                yield ChangeEvent(
                    _KINDS[raw["operationType"]],
                    name[len(self._prefix) :],
                    raw.get("documentKey", {}).get("_id"),
                    raw.get("fullDocument"),
                    raw.get("fullDocumentBeforeChange"),
                    raw["clusterTime"],
                    raw.get("updateDescription"),
                    order,
                )


class _Count:
    """Counts the changes of one time."""

    def __init__(self) -> None:
        self._time: Timestamp | None = None
        self._number = 0

    def of(self, moment: Timestamp) -> int:
        """Which change of this time is the next one?"""
        self._number = self._number + 1 if moment == self._time else 0
        self._time = moment
        return self._number


def place_of(token: Any) -> Place | None:
    """Read the cluster's time from a resume token; None if it looks otherwise than MongoDB's.

    The token of a stream from which nothing has come says that there is nothing up to this time.
    """
    data = token.get("_data") if isinstance(token, dict) else None
    if not isinstance(data, str) or data[:2] != "82" or len(data) < 18:
        return None
    try:
        return int(data[2:10], 16), int(data[10:18], 16), _LAST
    except ValueError:
        return None
