"""``SharedInserts``: inserts that come at the same time share one driver call."""

from collections.abc import Sequence
from functools import partial

from bson.errors import BSONError
from pymongo.errors import ConnectionFailure, PyMongoError, WriteConcernError

from parsepy.errors import ParseError
from parsepy.storage.batching import Batcher
from parsepy.storage.connection import Connection
from parsepy.storage.documents import Document
from parsepy.storage.driver import Collection
from parsepy.storage.failures import Unavailable, duplicate, guard, refused

_DUPLICATE = 11000
Inserts = Batcher[Document, None]


class SharedInserts:
    """Inserts documents; each is stored or refused for itself."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._batchers: dict[str, Inserts] = {}

    def of(self, class_name: str) -> Inserts:
        """What inserts documents of a class outside transactions; ``call`` takes the document."""
        batcher = self._batchers.get(class_name)
        if batcher is None:
            batcher = self._batchers[class_name] = Batcher(partial(self._insert, class_name))
        return batcher

    async def at_once(
        self, class_name: str, documents: Sequence[Document]
    ) -> list[Exception | None]:
        """Insert documents of a class in one call; for each what it met, if it could not be."""
        try:
            return await self._insert(class_name, documents)
        except (ParseError, Unavailable, PyMongoError) as failure:
            return [failure] * len(documents)

    async def _insert(self, class_name: str, batch: Sequence[Document]) -> list[Exception | None]:
        collection = self._connection.collection(class_name)
        writes = self._connection.writes
        if len(batch) == 1:
            with guard():
                await writes.insert_one(collection, batch[0])
            return [None]
        results: list[Exception | None] = [None] * len(batch)
        try:
            for failure in await writes.insert_many(collection, batch):
                code, text = failure.get("code", 0), str(failure.get("errmsg"))
                results[failure["index"]] = (
                    duplicate(failure, text)
                    if code == _DUPLICATE
                    else refused(code, text) or RuntimeError(text)
                )
        except (ConnectionFailure, WriteConcernError) as error:
            # some may be stored: made again, they would be told that they are duplicates
            raise Unavailable(str(error)) from error
        except (OverflowError, ValueError, BSONError, PyMongoError):
            # one document that can't be encoded must not spoil its neighbours
            return [await self._insert_alone(collection, item) for item in batch]
        return results

    async def _insert_alone(self, collection: Collection, document: Document) -> Exception | None:
        """Insert one document; what it met instead, if it could not be."""
        try:
            with guard():
                await self._connection.writes.insert_one(collection, document)
        except (ParseError, Unavailable, PyMongoError) as failure:
            return failure
        return None
