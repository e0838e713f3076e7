"""``Indexes``: the indexes of classes and join tables."""

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
_GONE = (26, 27)  # NamespaceNotFound, IndexNotFound


class Index(NamedTuple):
    """An index to be made: its name, its keys (field → 1, -1 or a kind), MongoDB's options."""

    name: str
    keys: Mapping[str, Any]
    options: Mapping[str, Any] = {}


class Indexes:
    """Reads, makes and drops indexes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

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

    async def drop(self, class_name: str, name: str) -> None:
        """Drop an index of a class; that it is gone already is fine."""
        with guard():
            try:
                await self._connection.collection(class_name).drop_index(name)
            except OperationFailure as error:
                if error.code not in _GONE:
                    raise
