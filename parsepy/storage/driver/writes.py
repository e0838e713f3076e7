"""``Writes``: writes of a collection by PyMongo's public API."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from bson.errors import BSONError
from pymongo import InsertOne, ReturnDocument
from pymongo.errors import BulkWriteError, OperationFailure, PyMongoError, WriteConcernError

from parsepy.storage.documents import Document
from parsepy.storage.driver.reads import Collection

ILLEGAL_OPERATION = 20
"""MongoDB's number of what a standalone server can't do, such as transactions."""
TRANSIENT = "TransientTransactionError"
NOT_MADE = (PyMongoError, BSONError, OverflowError, ValueError)
"""What keeps a transaction from being made, before its commit."""


class Change(Protocol):
    """A change of the document of an id, under the conditions of a filter that names it."""

    @property
    def object_id(self) -> str: ...
    @property
    def query(self) -> Document: ...
    @property
    def change(self) -> Document: ...


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

    async def update_together(
        self,
        collection: Collection,
        changes: Sequence[Change],
        projection: Mapping[str, Any] | None,
    ) -> dict[str, Document] | None:
        """Change several documents in one transaction; by their ids what has come of them.

        ``None`` if it did not commit, and nothing happened: one of them does not match, is
        refused, or is being changed by somebody else. Raises if nobody can know whether it did,
        and, where MongoDB has no transactions, an OperationFailure of ``ILLEGAL_OPERATION``.
        """
        client = collection.database.client
        async with client.start_session(causal_consistency=False) as session:
            await session.start_transaction()
            try:
                reply = await collection.database.command(
                    update_command(collection, changes), session=session
                )
                if reply["n"] != len(changes):
                    return None  # the end of the session aborts
                cursor = collection.find(
                    changed(changes), projection, session=session, batch_size=len(changes) + 1
                )
                found = {document["_id"]: document for document in await cursor.to_list(None)}
            except NOT_MADE as error:
                check_made(error)
                return None
            try:
                await session.commit_transaction()
            except PyMongoError as error:
                if error.has_error_label(TRANSIENT):
                    return None
                raise
            return found


def update_command(collection: Collection, changes: Sequence[Change]) -> Document:
    """The command that makes changes in their order."""
    statements = [{"q": one.query, "u": one.change} for one in changes]
    return {"update": collection.name, "updates": statements, "ordered": True}


def changed(changes: Sequence[Change]) -> Document:
    """The filter of the documents that were changed."""
    return {"_id": {"$in": [one.object_id for one in changes]}}


def check_made(error: Exception) -> None:
    """Raise an error that says there are no transactions; others have ended this one alone."""
    if isinstance(error, OperationFailure) and error.code == ILLEGAL_OPERATION:
        raise error
