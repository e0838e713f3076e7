"""``SharedInserts``: inserts that come at the same time share one driver call."""

import logging
from collections.abc import Sequence
from functools import partial

from bson.errors import BSONError
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import (
    AutoReconnect,
    ConnectionFailure,
    DuplicateKeyError,
    PyMongoError,
    WriteConcernError,
)

from parsepy.errors import ParseError
from parsepy.storage.batching import Batcher
from parsepy.storage.connection import Connection
from parsepy.storage.documents import Document
from parsepy.storage.driver import Collection, reserved
from parsepy.storage.driver.reserve import CLASSES
from parsepy.storage.failures import Unavailable, duplicate, guard, loss_of, refused

_DUPLICATE = 11000
log = logging.getLogger("parsepy.storage")
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
            insert = self._insert_reserved if class_name in CLASSES else self._insert
            batcher = self._batchers[class_name] = Batcher(partial(insert, class_name))
        return batcher

    async def at_once(
        self, class_name: str, documents: Sequence[Document]
    ) -> list[Exception | None]:
        """Insert documents of a class in one call; for each what it met, if it could not be."""
        try:
            return await self._insert(class_name, documents)
        except (ParseError, Unavailable, PyMongoError) as failure:
            return [failure] * len(documents)

    async def _insert_reserved(
        self, class_name: str, batch: Sequence[Document]
    ) -> list[Exception | None]:
        with reserved():
            return await self._insert(class_name, batch)

    async def _insert(self, class_name: str, batch: Sequence[Document]) -> list[Exception | None]:
        collection = self._connection.collection(class_name)
        writes = self._connection.writes
        if len(batch) == 1:
            with guard():
                try:
                    await writes.insert_one(collection, batch[0])
                except (AutoReconnect, WriteConcernError) as error:
                    lost = loss_of(error)
                    if lost is None:
                        raise
                    await self._insert_again(collection, batch[0], lost)
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
        except WriteConcernError as error:
            # some may be stored: made again, they would be told that they are duplicates
            raise Unavailable(str(error)) from error
        except ConnectionFailure as error:
            if not isinstance(error, AutoReconnect):
                raise Unavailable(str(error)) from error
            log.info("inserts are made again, one by one: %s", error)
            return [await self._insert_alone(collection, item, error) for item in batch]
        except (OverflowError, ValueError, BSONError, PyMongoError):
            # one document that can't be encoded must not spoil its neighbours
            return [await self._insert_alone(collection, item) for item in batch]
        return results

    async def _insert_alone(
        self, collection: Collection, document: Document, lost: AutoReconnect | None = None
    ) -> Exception | None:
        """Insert one document, perhaps again; what it met instead, if it could not be."""
        try:
            with guard():
                await self._insert_again(collection, document, lost)
        except (ParseError, Unavailable, PyMongoError) as failure:
            return failure
        return None

    async def _insert_again(
        self, collection: Collection, document: Document, lost: AutoReconnect | None
    ) -> None:
        """Insert a document; after a connection was ``lost`` it may be there already."""

        async def insert(_: AsyncClientSession | None) -> None:
            nonlocal lost
            try:
                await self._connection.writes.insert_one(collection, document)
            except DuplicateKeyError:
                if lost is None or not await _is_there(collection, document):
                    raise
            except AutoReconnect as error:
                lost = error
                raise

        if lost is None:
            await self._connection.read(insert)
        else:
            await self._connection.again(insert, lost)


async def _is_there(collection: Collection, document: Document) -> bool:
    """Is this very document stored? The time tells it from another one of its id."""
    found = await collection.find_one({"_id": document["_id"]}, {"_created_at": 1})
    return found is not None and found.get("_created_at") == document.get("_created_at")
