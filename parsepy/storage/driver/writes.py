"""``Writes``: writes of a collection by PyMongo's public API."""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import InsertOne, ReturnDocument
from pymongo.errors import BulkWriteError, WriteConcernError

from parsepy.storage.documents import Document
from parsepy.storage.driver.reads import Collection


class Writes:
    """Writes outside transactions; every method raises PyMongo's errors."""

    async def insert_one(self, collection: Collection, document: Document) -> None:
        """Insert a document that has its id."""
        await collection.insert_one(document)

    async def insert_many(
        self, collection: Collection, documents: Sequence[Document]
    ) -> list[Mapping[str, Any]]:
        """Insert each of the documents that can be; what MongoDB says of those that can't.

        That is its ``writeErrors``, each with its ``index``. Raises WriteConcernError where
        nobody knows what will stay.
        """
        try:
            await collection.bulk_write([InsertOne(item) for item in documents], ordered=False)
        except BulkWriteError as error:
            details = error.details or {}
            concerns = details.get("writeConcernErrors")
            if concerns:
                raise WriteConcernError(str(concerns), details=details) from error
            return list(details.get("writeErrors", ()))
        return []

    async def find_one_and_update(
        self,
        collection: Collection,
        query: Mapping[str, Any],
        change: Mapping[str, Any],
        projection: Mapping[str, Any] | None,
    ) -> Document | None:
        """Change the first document that matches; its new state, ``None`` if there is none."""
        found: Document | None = await collection.find_one_and_update(
            query, change, projection=projection, return_document=ReturnDocument.AFTER
        )
        return found
