"""As ``AsyncCollection``: reads and writes, with the unique indexes kept."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bson import ObjectId
from pymongo import IndexModel, InsertOne, ReturnDocument, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure
from pymongo.results import DeleteResult, InsertOneResult, UpdateResult

from parsepy.storage.documents import Document
from parsepy.storage.memory import geo
from parsepy.storage.memory.comparing import comparable, ignores_case, values_at
from parsepy.storage.memory.cursors import MemoryCursor, Rows
from parsepy.storage.memory.filters import readable
from parsepy.storage.memory.indexes import MemoryIndexes, duplicate
from parsepy.storage.memory.projections import tree_of
from parsepy.storage.memory.refusals import Refusing, unavailable
from parsepy.storage.memory.sessions import CurrentTransaction, MemorySession
from parsepy.storage.memory.updates import check_update, without_repeats

if TYPE_CHECKING:
    from mongomock_motor import AsyncMongoMockCollection


class MemoryCollection(Refusing):
    """As ``AsyncCollection``.

    No call of mongomock-motor lets another task run before it is done, so what one method here
    looks up is still so when it writes.
    """

    def __init__(
        self,
        full_name: str,
        mock: "AsyncMongoMockCollection[Document]",
        current: CurrentTransaction,
    ) -> None:
        self._full_name = full_name
        self._mock = mock
        self._current = current
        self._indexes = MemoryIndexes(full_name)
        self._exists = False

    def with_options(self, read_preference: object = None) -> "MemoryCollection":
        """The same collection: there is only one place to read from."""
        return self

    # --- reading ------------------------------------------------------------------------------

    def find(
        self,
        filter: Mapping[str, Any],
        projection: Mapping[str, Any] | None = None,
        *,
        sort: Sequence[tuple[str, int]] | None = None,
        skip: int = 0,
        limit: int = 0,
        hint: Any = None,
        collation: Mapping[str, Any] | None = None,
        batch_size: int = 0,
        comment: str | None = None,
        max_time_ms: int | None = None,
        session: MemorySession | None = None,
    ) -> MemoryCursor:
        """The documents that match; what only steers the server's work is ignored."""
        self._check_hint(hint)
        options: Document = {"skip": skip, "limit": limit}
        if sort:
            if any(not isinstance(way, int) for _, way in sort):
                raise unavailable("text search")
            options["sort"] = list(sort)
        query = readable(filter, any_case=ignores_case(collation))
        distance = None if sort else geo.order_of(filter)
        return MemoryCursor(self.fetch, query, options, tree_of(projection), distance)

    async def fetch(self, query: Document, **options: Any) -> list[Document]:
        """Copies of the documents that a readable filter matches."""
        await self._expire()
        try:
            found: list[Document] = await self._mock.find(query, **options).to_list(None)
        except NotImplementedError as error:
            raise unavailable(f"such query ({error})") from error
        return found

    async def find_one(
        self, filter: Mapping[str, Any], *, session: MemorySession | None = None
    ) -> Document | None:
        """The first document that matches."""
        found = await self.fetch(readable(filter), limit=1)
        return found[0] if found else None

    async def aggregate(
        self,
        pipeline: Sequence[Document],
        *,
        hint: Any = None,
        comment: Any = None,
        maxTimeMS: int | None = None,
        batchSize: int = 0,
        session: MemorySession | None = None,
    ) -> Rows:
        """What those of MongoDB's stages yield that mongomock has; none of them writes."""
        self._check_hint(hint)
        if any(name in ("$out", "$merge") for stage in pipeline for name in stage):
            raise unavailable("pipeline that writes")
        await self._expire()
        try:
            return Rows(await self._mock.aggregate(list(pipeline)).to_list(None))
        except NotImplementedError as error:
            raise unavailable(f"such pipeline ({error})") from error
        except (TypeError, ValueError, LookupError, AttributeError, AssertionError) as error:
            # mongomock takes for granted that expressions fit the values they meet
            raise unavailable(f"way to run this pipeline ({error!r})") from error

    async def distinct(
        self,
        key: str,
        filter: Mapping[str, Any],
        *,
        maxTimeMS: int | None = None,
        session: MemorySession | None = None,
    ) -> list[Any]:
        """The values of a field (or dotted path) in the documents that match."""
        found: dict[Any, Any] = {}
        for document in await self.fetch(readable(filter)):
            for value in values_at(document, key.split(".")):
                found.setdefault(comparable(value, any_case=False), value)
        return list(found.values())

    async def count_documents(
        self,
        filter: Mapping[str, Any],
        *,
        hint: Any = None,
        comment: str | None = None,
        maxTimeMS: int | None = None,
        session: MemorySession | None = None,
    ) -> int:
        """How many documents match."""
        self._check_hint(hint)
        return len(await self.fetch(readable(filter)))

    async def estimated_document_count(self) -> int:
        """How many documents there are."""
        await self._expire()
        count: int = await self._mock.estimated_document_count()
        return count

    def _check_hint(self, hint: Any) -> None:
        if isinstance(hint, str) and hint != "_id_" and hint not in self._indexes:
            raise OperationFailure("hint provided does not correspond to an existing index", 2)

    async def _expire(self) -> None:
        """Drop what an index with ``expireAfterSeconds`` says is over."""
        for index in self._indexes:
            seconds = index.options.get("expireAfterSeconds")
            if seconds is not None:
                latest = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=seconds)
                expired = {index.paths[0]: {"$lte": latest}}
                for document in await self._mock.find(expired).to_list(None):
                    await self._remove(document)

    # --- writing ------------------------------------------------------------------------------

    async def insert_one(
        self, document: Document, *, session: MemorySession | None = None
    ) -> InsertOneResult:
        """Store a document unless a unique index refuses it."""
        document.setdefault("_id", ObjectId())
        await self._expire()
        self._indexes.check_unique(document)
        try:
            await self._mock.insert_one(document)
        except DuplicateKeyError as error:
            raise duplicate(self._full_name, "_id_", document["_id"]) from error
        self._exists = True
        self._indexes.enter(document)
        self._note(session, document["_id"], None)
        return InsertOneResult(document["_id"], acknowledged=True)

    async def bulk_write(
        self,
        requests: Sequence[InsertOne[Document] | UpdateOne],
        *,
        ordered: bool = True,
        session: MemorySession | None = None,
    ) -> None:
        """Insert and change one document after another; BulkWriteError names what failed."""
        failures: list[Document] = []
        for position, request in enumerate(requests):
            try:
                if isinstance(request, InsertOne):
                    await self.insert_one(request._doc, session=session)
                else:
                    await self.update_one(
                        request._filter,
                        request._doc,  # type: ignore[arg-type]
                        upsert=bool(request._upsert),
                        session=session,
                    )
            except OperationFailure as error:
                failures.append({"index": position, "code": error.code, "errmsg": str(error)})
                if ordered:
                    break
        if failures:
            raise BulkWriteError({"writeErrors": failures, "writeConcernErrors": []})

    async def update_one(
        self,
        filter: Mapping[str, Any],
        update: Mapping[str, Any],
        upsert: bool = False,
        *,
        session: MemorySession | None = None,
    ) -> UpdateResult:
        """Change the first document that matches."""
        pairs = await self._update(filter, update, limit=1, upsert=upsert, session=session)
        return _update_result(pairs)

    async def update_many(
        self,
        filter: Mapping[str, Any],
        update: Mapping[str, Any],
        *,
        session: MemorySession | None = None,
    ) -> UpdateResult:
        """Change every document that matches."""
        return _update_result(await self._update(filter, update, session=session))

    async def find_one_and_update(
        self,
        filter: Mapping[str, Any],
        update: Mapping[str, Any],
        *,
        projection: Mapping[str, Any] | None = None,
        return_document: bool = ReturnDocument.BEFORE,
        upsert: bool = False,
        session: MemorySession | None = None,
    ) -> Document | None:
        """Change the first document that matches; the document before or after."""
        pairs = await self._update(filter, update, limit=1, upsert=upsert, session=session)
        if not pairs:
            return None
        before, after = pairs[0]
        chosen = after if return_document == ReturnDocument.AFTER else before
        if chosen is None or projection is None:
            return chosen
        return {key: value for key, value in chosen.items() if key == "_id" or key in projection}

    async def delete_one(
        self, filter: Mapping[str, Any], *, session: MemorySession | None = None
    ) -> DeleteResult:
        """Delete the first document that matches."""
        return await self._delete(filter, limit=1, session=session)

    async def delete_many(
        self, filter: Mapping[str, Any], *, session: MemorySession | None = None
    ) -> DeleteResult:
        """Delete every document that matches."""
        return await self._delete(filter, session=session)

    async def drop(self) -> None:
        """Forget documents and indexes."""
        await self._mock.drop()
        self._indexes.clear()
        self._exists = False

    async def _update(
        self,
        filter: Mapping[str, Any],
        update: Mapping[str, Any],
        *,
        limit: int = 0,
        upsert: bool = False,
        session: MemorySession | None = None,
    ) -> list[tuple[Document | None, Document]]:
        """Change what matches; each document (``None``: it is new) before and after."""
        pairs: list[tuple[Document | None, Document]] = []
        for before in await self._matched(filter, limit, session):
            after = await self._change(before, update)
            self._note(session, before["_id"], before)
            pairs.append((before, after))
        if not pairs and upsert:
            made = await self._upsert(filter, update)
            self._note(session, made["_id"], None)
            pairs.append((None, made))
        return pairs

    async def _matched(
        self, filter: Mapping[str, Any], limit: int, session: MemorySession | None
    ) -> list[Document]:
        """What a write is about to change; not before a transaction that holds it has ended."""
        while True:
            matched = await self.fetch(readable(filter), limit=limit)
            other = self._current.running
            if other is None or other is session:
                return matched
            if not any(other.holds(self._full_name, item["_id"]) for item in matched):
                return matched
            await other.ended()

    def _note(
        self, session: MemorySession | None, document_id: Any, before: Document | None
    ) -> None:
        """Let a transaction remember a document's state before a write; ``None``: no document."""
        if session is None:
            return

        async def undo() -> None:
            this = {"_id": document_id}
            for document in await self._mock.find(this).to_list(None):
                await self._remove(document)
            if before is not None:
                await self._mock.insert_one(before)
                self._indexes.enter(before)

        session.wrote(self._full_name, document_id, undo)

    async def _change(self, before: Document, update: Mapping[str, Any]) -> Document:
        check_update(before, update)
        this = {"_id": before["_id"]}
        try:
            await self._mock.update_one(this, without_repeats(update))
            after = await self._found(this)
            self._indexes.check_unique(after)
        except Exception:
            # mongomock changes one field after another
            await self._mock.replace_one(this, before)
            raise
        self._indexes.leave(before)
        self._indexes.enter(after)
        return after

    async def _found(self, query: Document) -> Document:
        (document,) = await self._mock.find(query).to_list(None)
        return document

    async def _upsert(self, filter: Mapping[str, Any], update: Mapping[str, Any]) -> Document:
        changes = without_repeats(update)
        result = await self._mock.update_one(dict(filter), changes, upsert=True)
        this = {"_id": result.upserted_id}
        made = await self._found(this)
        try:
            self._indexes.check_unique(made)
        except DuplicateKeyError:
            await self._mock.delete_one(this)
            raise
        self._exists = True
        self._indexes.enter(made)
        return made

    async def _delete(
        self,
        filter: Mapping[str, Any],
        limit: int = 0,
        session: MemorySession | None = None,
    ) -> DeleteResult:
        matched = await self._matched(filter, limit, session)
        for document in matched:
            await self._remove(document)
            self._note(session, document["_id"], document)
        return DeleteResult({"n": len(matched)}, acknowledged=True)

    async def _remove(self, document: Document) -> None:
        await self._mock.delete_one({"_id": document["_id"]})
        self._indexes.leave(document)

    # --- indexes ------------------------------------------------------------------------------

    async def create_index(
        self, keys: Sequence[tuple[str, Any]], *, name: str, **options: Any
    ) -> str:
        """Create an index unless it is there."""
        index = self._indexes.draft(name, keys, options)
        if index is not None:
            self._indexes.add(index, await self.fetch({}))
            self._exists = True
        return name

    async def create_indexes(self, models: Sequence[IndexModel]) -> list[str]:
        """Create several indexes; unlike MongoDB, those before a refused one stay."""
        return [
            await self.create_index(
                list(document.pop("key").items()), name=document.pop("name"), **document
            )
            for document in (dict(model.document) for model in models)
        ]

    async def list_indexes(self) -> Rows:
        """Name and keys of each index."""
        rows: list[Document] = []
        if self._exists:
            rows.append({"name": "_id_", "key": {"_id": 1}})
        for index in self._indexes:
            rows.append({"name": index.name, "key": dict(index.keys), **index.options})
        return Rows(rows)

    async def drop_index(self, name: str) -> None:
        """Forget an index."""
        self._indexes.drop(name)


def _update_result(pairs: list[tuple[Document | None, Document]]) -> UpdateResult:
    made = [after["_id"] for before, after in pairs if before is None]
    raw: Document = {"n": len(pairs), "nModified": len(pairs) - len(made)}
    if made:
        raw["upserted"] = made[0]
    return UpdateResult(raw, acknowledged=True)
