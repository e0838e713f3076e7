"""``Reads``: reads of a collection by PyMongo's public API."""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from parsepy.storage.documents import Document

Collection = AsyncCollection[Document]
Session = AsyncClientSession | None


class Reads:
    """All documents that a read finds, in one list; every method raises PyMongo's errors."""

    async def find(
        self,
        collection: Collection,
        query: Mapping[str, Any],
        projection: Mapping[str, Any] | None = None,
        *,
        session: Session = None,
        **options: Any,
    ) -> list[Document]:
        """All that ``collection.find`` finds with these arguments."""
        cursor = collection.find(query, projection, session=session, **options)
        return await cursor.to_list(None)

    async def find_by_id(
        self, collection: Collection, object_id: str | int, *, session: Session = None
    ) -> Document | None:
        """The document of an id; ``None`` if there is none."""
        return await collection.find_one({"_id": object_id}, session=session)

    async def aggregate(
        self,
        collection: Collection,
        pipeline: Sequence[Mapping[str, Any]],
        *,
        session: Session = None,
        **options: Any,
    ) -> list[Document]:
        """All that ``collection.aggregate`` yields with these arguments."""
        cursor = await collection.aggregate(pipeline, session=session, **options)
        return await cursor.to_list(None)

    async def count(
        self,
        collection: Collection,
        query: Mapping[str, Any],
        *,
        session: Session = None,
        **options: Any,
    ) -> int:
        """How many documents match."""
        return await collection.count_documents(query, session=session, **options)
