"""``Indexes``: the indexes of classes and join tables."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from pymongo.errors import OperationFailure

from parsepy.errors import Code, ParseError
from parsepy.model.values import JSONObject
from parsepy.storage.connection import RUNNING, Connection
from parsepy.storage.failures import guard

_CONFLICTS = (85, 86)  # IndexOptionsConflict, IndexKeySpecsConflict
_GONE = (26, 27)  # NamespaceNotFound, IndexNotFound


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
        try:
            with guard():
                collection = self._connection.collection(class_name)
                build = collection.create_index(list(keys.items()), name=name, **options)
                whole_name = self._connection.prefix + class_name
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
