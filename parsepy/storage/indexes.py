"""``Indexes``: the indexes of classes and join tables."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from pymongo import IndexModel
from pymongo.errors import OperationFailure

from parsepy.errors import Code, ParseError
from parsepy.model.values import JSONObject
from parsepy.storage.connection import RUNNING, Connection
from parsepy.storage.failures import guard

_CONFLICTS = (85, 86)  # IndexOptionsConflict, IndexKeySpecsConflict
_LOCK_MS = 30
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_GONE = (26, 27)  # NamespaceNotFound, IndexNotFound

log = logging.getLogger("parsepy.storage")


class Index(NamedTuple):
    """An index to be made: its name, its keys (field → 1, -1 or a kind), MongoDB's options."""

    name: str
    keys: Mapping[str, Any]
    options: Mapping[str, Any] = {}


class Indexes:
    """Reads, makes and drops indexes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._tasks: set[asyncio.Task[None]] = set()

    async def read(self, class_name: str) -> JSONObject:
        """The indexes of a class: name → key spec, text indexes as ``{field: "text"}``."""
        found: JSONObject = {}
        with guard():
            cursor = await self._connection.collection(class_name).list_indexes()
            for index in await cursor.to_list(None):
                keys = dict(index["key"])
                if keys.pop("_fts", None) is not None:
                    keys.pop("_ftsx", None)
                    keys |= dict.fromkeys(index.get("weights", {}), "text")
                found[index["name"]] = keys
        return found

    async def create(
        self, class_name: str, name: str, keys: Mapping[str, Any], **options: Any
    ) -> None:
        """Create an index unless it is there; an unlike one of that name is refused.

        In a transaction it is created when that is over. Raises INVALID_QUERY.
        """
        running = RUNNING.get()
        if running is not None:
            # it would wait for the locks that this very transaction holds
            running.postponed.append(partial(self.create, class_name, name, keys, **options))
            return
        collection = self._connection.collection(class_name)
        build = collection.create_index(list(keys.items()), name=name, **options)
        await self._build(class_name, name, build)

    async def create_all(self, class_name: str, indexes: Sequence[Index]) -> dict[str, ParseError]:
        """Create several indexes of a class by one command, which reads its documents once.

        If that is refused they are created one by one. Returns the refusals by the index's name:
        INVALID_QUERY or DUPLICATE_VALUE.
        """
        if RUNNING.get() is not None:
            return await self._create_each(class_name, indexes)
        models = [IndexModel(list(i.keys.items()), name=i.name, **i.options) for i in indexes]
        names = ", ".join(index.name for index in indexes)
        build = self._connection.collection(class_name).create_indexes(models)
        try:
            await self._build(class_name, names, build)
        except ParseError:
            return await self._create_each(class_name, indexes)
        return {}

    async def _create_each(
        self, class_name: str, indexes: Sequence[Index]
    ) -> dict[str, ParseError]:
        refused: dict[str, ParseError] = {}
        for index in indexes:
            try:
                await self.create(class_name, index.name, index.keys, **index.options)
            except ParseError as error:
                refused[index.name] = error
        return refused

    async def _build(
        self, class_name: str, name: str, build: Coroutine[None, None, object]
    ) -> None:
        whole_name = self._connection.prefix + class_name
        try:
            with guard():
                await self._connection.building.index(whole_name, name, build)
        except OperationFailure as error:
            if error.code in _CONFLICTS:
                raise ParseError(
                    Code.INVALID_QUERY, f"Index {name} exists with other keys or options."
                ) from error
            raise ParseError(
                Code.INVALID_QUERY, str((error.details or {}).get("errmsg", error))
            ) from error

    async def create_when_free(
        self, class_name: str, name: str, keys: Mapping[str, Any], *, patience: float
    ) -> bool:
        """Create an index as ``create`` does, but hold up nobody who uses the class.

        MongoDB begins a build with an exclusive lock, for which it waits until all that is under
        way has ended, and meanwhile whoever comes waits behind it. So the lock is asked for with
        a bound, again and again, and the rest of the wait is spent without it. Answers False if
        the index is not there after ``patience`` seconds: it is made all the same, later.
        """
        if self._connection.in_memory:
            await self.create(class_name, name, keys)
            return True
        running = RUNNING.get()
        if running is not None:

            async def make() -> None:
                await self.create_when_free(class_name, name, keys, patience=patience)

            running.postponed.append(make)
            return True
        if name in await self._names(class_name):
            await self.create(class_name, name, keys)  # which refuses an unlike one
            return True
        task = asyncio.create_task(self._create_when_free(class_name, name, keys))
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        await asyncio.wait((task,), timeout=patience)
        if not task.done():
            return False
        await task
        return True

    async def close(self) -> None:
        """Give up what waits for its lock."""
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("an index was not made: %s", error)

    async def _names(self, class_name: str) -> list[str]:
        with guard():
            found = await self._connection.collection(class_name).index_information()
        return [*found]

    async def _create_when_free(self, class_name: str, name: str, keys: Mapping[str, Any]) -> None:
        pause = _FIRST_PAUSE
        while not await self._is_free(class_name):
            log.info("the index %s of %s waits until the class is free", name, class_name)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        await self.create(class_name, name, keys)

    async def _is_free(self, class_name: str) -> bool:
        """Can the exclusive lock of a class be had at once? Asked by a change of nothing."""
        nothing = {"collMod": self._connection.prefix + class_name, "maxTimeMS": _LOCK_MS}
        try:
            with guard():
                await self._connection.database.command(nothing)
        except ParseError as error:
            return error.code != Code.TIMEOUT
        except OperationFailure:
            return True  # there is no collection yet, or the database's user may not ask
        return True

    async def drop(self, class_name: str, name: str) -> None:
        """Drop an index of a class; that it is gone already is fine."""
        with guard():
            try:
                await self._connection.collection(class_name).drop_index(name)
            except OperationFailure as error:
                if error.code not in _GONE:
                    raise
