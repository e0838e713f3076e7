"""``Queue``: documents of work, each done by one process of many at a time.

A document has an ``owner`` until a moment. When its process dies, the moment passes, and another
process becomes the owner and continues from what is stored.
"""

from datetime import datetime, timedelta
from types import MappingProxyType

from pymongo import ReturnDocument

from parsepy.model.values import now
from parsepy.storage.connection import Connection
from parsepy.storage.documents import Document

FREE = MappingProxyType({"owner": None, "until": datetime(1970, 1, 1)})
"""The columns of a document that has no owner."""


class Queue:
    """One collection of such documents; ``due`` is when a document is to be worked on."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def add(self, connection: Connection, document: Document) -> None:
        """Queue a document without an owner, in the current transaction if there is one."""
        rows = connection.collection(self.name)
        row = {**document, **FREE}
        await connection.run(lambda session: rows.insert_one(row, session=session))

    async def take(
        self, connection: Connection, owner: str, seconds: float, where: Document | None = None
    ) -> Document | None:
        """Become the owner of a document that is due, for so many seconds; None: there is none."""
        moment = now()
        rows = connection.collection(self.name)
        found: Document | None = await connection.run(
            lambda session: rows.find_one_and_update(
                {"due": {"$lte": moment}, "until": {"$lt": moment}, **(where or {})},
                {"$set": {"owner": owner, "until": moment + timedelta(seconds=seconds)}},
                return_document=ReturnDocument.AFTER,
                session=session,
            )
        )
        return found

    async def hold(
        self, connection: Connection, document_id: str, owner: str, seconds: float
    ) -> bool:
        """Stay the owner for so many seconds from now; False: ``owner`` is not the owner now."""
        until = now() + timedelta(seconds=seconds)
        return await self.change(connection, document_id, owner, {"until": until})

    async def change(
        self,
        connection: Connection,
        document_id: str,
        owner: str,
        changes: Document,
        where: Document | None = None,
    ) -> bool:
        """Change a document that ``owner`` owns and of which ``where`` holds; False: it is not."""
        rows = connection.collection(self.name)
        result = await connection.run(
            lambda session: rows.update_one(
                {"_id": document_id, "owner": owner, **(where or {})},
                {"$set": changes},
                session=session,
            )
        )
        return bool(result.matched_count)

    async def drop(self, connection: Connection, document_id: str) -> None:
        """Remove a document whose work is done."""
        rows = connection.collection(self.name)
        await connection.run(lambda session: rows.delete_one({"_id": document_id}, session=session))
