"""``SharedGets``: reads by id that come at the same time share one driver call."""

from collections.abc import Sequence
from functools import partial

from pymongo.errors import PyMongoError

from parsepy.errors import ParseError
from parsepy.storage.batching import Batcher
from parsepy.storage.connection import Connection
from parsepy.storage.documents import Document
from parsepy.storage.failures import Unavailable, guard

Gets = Batcher[str | int, Document | None]


class SharedGets:
    """Reads documents by their ids, whoever asks for them: no rights are looked at."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._batchers: dict[str, Gets] = {}

    def of(self, class_name: str) -> Gets:
        """What reads the documents of a class outside transactions; ``call`` takes the id."""
        batcher = self._batchers.get(class_name)
        if batcher is None:
            batcher = self._batchers[class_name] = Batcher(partial(self._fetch, class_name))
        return batcher

    async def one(self, class_name: str, object_id: str | int) -> Document | None:
        """The document of an id, in the transaction if there is one; ``None`` if there is none."""
        collection, reads = self._connection.collection(class_name), self._connection.reads
        with guard():
            return await self._connection.do(
                lambda session: reads.find_by_id(collection, object_id, session=session)
            )

    async def _fetch(
        self, class_name: str, ids: Sequence[str | int]
    ) -> list[Document | Exception | None]:
        if len(ids) == 1:
            return [await self.one(class_name, ids[0])]
        collection, several = self._connection.collection(class_name), {"$in": list(set(ids))}
        try:
            with guard():
                rows = await self._connection.reads.find(
                    collection, {"_id": several}, batch_size=len(ids) + 1
                )
                found = {item["_id"]: item for item in rows}
        except ParseError:
            # ids that fill a whole command must not spoil their neighbours
            results: list[Document | Exception | None] = []
            for object_id in ids:
                try:
                    results.append(await self.one(class_name, object_id))
                except (ParseError, Unavailable, PyMongoError) as failure:
                    results.append(failure)
            return results
        return [found.get(object_id) for object_id in ids]
