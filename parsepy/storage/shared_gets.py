"""``SharedGets``: reads by id that come at the same time share one driver call."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from pymongo.errors import PyMongoError

from parsepy.errors import ParseError
from parsepy.storage.batching import Batcher
from parsepy.storage.connection import Connection
from parsepy.storage.documents import Document
from parsepy.storage.driver import Made, reserved
from parsepy.storage.driver.reserve import CLASSES
from parsepy.storage.failures import Unavailable, guard
from parsepy.storage.native import splitter

Id = int | str
Found = Document | bytes
"""A document, or its bytes, where the native reader can read them."""
Gets = Batcher[Id, Found | None]


class SharedGets:
    """Reads documents by their ids, whoever asks for them: no rights are looked at."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._batchers: dict[str, Gets] = {}
        self._split = splitter()

    def of(self, class_name: str) -> Gets:
        """What reads the documents of a class outside transactions; ``call`` takes the id."""
        batcher = self._batchers.get(class_name)
        if batcher is None:
            fetch = self._fetch_reserved if class_name in CLASSES else self._fetch
            batcher = self._batchers[class_name] = Batcher(partial(fetch, class_name))
        return batcher

    async def one(self, class_name: str, object_id: Id) -> Found | None:
        """The document of an id, in the transaction if there is one; ``None`` if there is none."""
        collection, reads = self._connection.collection(class_name), self._connection.reads
        split = self._split
        with guard():
            if split is None:
                return await self._connection.read(
                    lambda session: reads.find_by_id(collection, object_id, session=session)
                )
            query = {"_id": object_id}
            found = await self._connection.read(
                lambda session: reads.find_made(
                    collection, query, None, split, session=session, limit=1
                )
            )
            return _by_id(found).get(object_id)

    async def _fetch_reserved(
        self, class_name: str, ids: Sequence[Id]
    ) -> list[Found | Exception | None]:
        with reserved():  # whoever began it: the one who signs in may be among them
            return await self._fetch(class_name, ids)

    async def _fetch(self, class_name: str, ids: Sequence[Id]) -> list[Found | Exception | None]:
        if len(ids) == 1:
            return [await self.one(class_name, ids[0])]
        collection, several = self._connection.collection(class_name), {"$in": list(set(ids))}
        reads, query, batch = self._connection.reads, {"_id": several}, len(ids) + 1
        try:
            with guard():
                split = self._split
                if split is None:
                    found = _by_id(
                        await self._connection.read(
                            lambda _: reads.find(collection, query, batch_size=batch)
                        )
                    )
                else:
                    found = _by_id(
                        await self._connection.read(
                            lambda _: reads.find_made(
                                collection, query, None, split, batch_size=batch
                            )
                        )
                    )
        except ParseError:
            # ids that fill a whole command must not spoil their neighbours
            results: list[Found | Exception | None] = []
            for object_id in ids:
                try:
                    results.append(await self.one(class_name, object_id))
                except (ParseError, Unavailable, PyMongoError) as failure:
                    results.append(failure)
            return results
        return [found.get(object_id) for object_id in ids]


def _by_id(found: list[Document] | Made[dict[str, bytes]]) -> Mapping[Any, Found]:
    if isinstance(found, Made):
        return found.value
    return {item["_id"]: item for item in found}
