"""``Reads``: reads of a collection by PyMongo's public API."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from parsepy.storage.documents import Document

Collection = AsyncCollection[Document]
Session = AsyncClientSession | None
Value = TypeVar("Value")


@dataclass(slots=True)
class Made(Generic[Value]):
    """What a ``ReplyReader`` made of a whole reply."""

    value: Value


ReplyReader = Callable[[bytes | memoryview], Value | None]
"""Makes something of the bytes of a reply to `find`; ``None``: they must be decoded."""


class Reads:
    """All documents that a read finds, in one list; every method raises PyMongo's errors.

    ``fields`` of a read are those of its command as BSON, as ``find_fields`` and its kin encode
    them: who needs them beforehand, to tell equal reads, spares the read its own encoding.
    """

    def find_fields(
        self,
        query: Mapping[str, Any],
        projection: Mapping[str, Any] | None,
        options: Mapping[str, Any],
    ) -> bytes | None:
        """The fields of the command of a find; ``None`` where it can't be sent so."""
        return None

    def aggregate_fields(
        self, pipeline: Sequence[Mapping[str, Any]], options: Mapping[str, Any]
    ) -> bytes | None:
        """The fields of the command of an aggregation; ``None`` where it can't be sent so."""
        return None

    def count_fields(self, query: Mapping[str, Any], options: Mapping[str, Any]) -> bytes | None:
        """The fields of the command of a count; ``None`` where it can't be sent so."""
        return None

    async def find(
        self,
        collection: Collection,
        query: Mapping[str, Any],
        projection: Mapping[str, Any] | None = None,
        *,
        fields: bytes | None = None,
        session: Session = None,
        **options: Any,
    ) -> list[Document]:
        """All that ``collection.find`` finds with these arguments."""
        cursor = collection.find(query, projection, session=session, **options)
        return await cursor.to_list(None)

    async def find_made(
        self,
        collection: Collection,
        query: Mapping[str, Any],
        projection: Mapping[str, Any] | None,
        read: ReplyReader[Value],
        *,
        fields: bytes | None = None,
        session: Session = None,
        **options: Any,
    ) -> list[Document] | Made[Value]:
        """What ``read`` makes of the reply to a find, if it is at hand, else the documents."""
        return await self.find(collection, query, projection, session=session, **options)

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
        fields: bytes | None = None,
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
        fields: bytes | None = None,
        session: Session = None,
        **options: Any,
    ) -> int:
        """How many documents match."""
        return await collection.count_documents(query, session=session, **options)

    async def count_all(self, collection: Collection) -> int:
        """How many documents there are, as the server has counted them."""
        return await collection.estimated_document_count()
