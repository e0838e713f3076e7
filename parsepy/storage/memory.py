"""``memory:``: an in-process stand-in for ``AsyncMongoClient``, over mongomock-motor.

For quick trials and for tests of cloud code; the data end with the process. It has of the
driver's surface what ``Storage`` uses, and refuses all else with COMMAND_UNAVAILABLE. mongomock
matches, sorts and changes; unique indexes, any-case comparison, refused updates that leave
nothing half-written and transactions are ours. Regular expressions are Python's, and nothing
stops a slow one.

One transaction runs at a time. What it has written is seen by others at once, though they wait
for its end before they change the same documents.
"""

import asyncio
import itertools
import re
import unicodedata
import warnings
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

import bson
from bson import ObjectId, Regex
from pymongo import InsertOne, ReturnDocument, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure, WriteError
from pymongo.results import DeleteResult, InsertOneResult, UpdateResult

from parsepy.errors import Code, ParseError
from parsepy.storage import memory_geo

if TYPE_CHECKING:
    from mongomock_motor import AsyncMongoMockClient, AsyncMongoMockCollection

Document = dict[str, Any]

SCHEME = "memory:"
_GROUPS = ("$and", "$or", "$nor")
_COMPARISONS = ("$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$all", "$exists")
_INDEX_OPTIONS = {"unique", "sparse", "collation", "expireAfterSeconds", "background"}
_INDEX_KINDS = ("text", "2d", "2dsphere", "hashed")
_MISSING: Any = object()


def _unavailable(what: str) -> ParseError:
    return ParseError(
        Code.COMMAND_UNAVAILABLE,
        f"The database memory: has no {what}; use MongoDB (the embedded one, or a mongodb:// URI).",
    )


def open_client() -> "MemoryClient":
    """A client of a new and empty store.

    ImportError, in words for who starts the server, without the extra ``memory``.
    """
    try:
        from mongomock_motor import AsyncMongoMockClient
    except ImportError as error:
        raise ImportError(
            f"\"{SCHEME}\" needs mongomock-motor: pip install 'parsepy-server[memory]'"
        ) from error
    return MemoryClient(AsyncMongoMockClient())


class _Refusing:
    """Says so when it is asked for a part of the driver that it does not have."""

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(name)
        raise _unavailable(name)


class MemoryClient(_Refusing):
    """As ``AsyncMongoClient``."""

    def __init__(self, mock: "AsyncMongoMockClient[Document]") -> None:
        self._mock = mock
        self._databases: dict[str, MemoryDatabase] = {}
        self._turns = Turns()

    def get_database(self, name: str, codec_options: object = None) -> "MemoryDatabase":
        """The database of that name; values are kept as they are, so no codec is asked."""
        if name not in self._databases:
            self._databases[name] = MemoryDatabase(name, self._mock, self._turns)
        return self._databases[name]

    async def drop_database(self, name: str) -> None:
        """Forget every collection of a database."""
        await self.get_database(name).drop()

    async def close(self) -> None:
        """Nothing is open."""

    def start_session(self) -> "MemorySession":
        """A session, to be used with ``async with``."""
        return MemorySession(self._turns)


class Turns:
    """Whose transaction it is, and who waits for the next."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.running: MemorySession | None = None


class MemorySession:
    """As ``AsyncClientSession``: remembers how to undo the writes that are made with it."""

    def __init__(self, turns: Turns) -> None:
        self.in_transaction = False
        self._turns = turns
        self._undo: list[Callable[[], Awaitable[None]]] = []
        self._touched: set[tuple[str, Any]] = set()
        self._over = asyncio.Event()

    async def __aenter__(self) -> "MemorySession":
        return self

    async def __aexit__(self, *failure: object) -> None:
        if self.in_transaction:
            await self.abort_transaction()

    async def start_transaction(self) -> None:
        """Begin a transaction, when no other one is under way."""
        await self._turns.lock.acquire()
        self._over.clear()
        self._turns.running = self
        self.in_transaction = True

    async def commit_transaction(self) -> None:
        """Make everything stay."""
        self._end()

    async def abort_transaction(self) -> None:
        """Undo every write, the last one first."""
        try:
            for undo in reversed(self._undo):
                await undo()
        finally:
            self._end()

    def _end(self) -> None:
        self.in_transaction = False
        self._undo.clear()
        self._touched.clear()
        self._turns.running = None
        self._turns.lock.release()
        self._over.set()

    def wrote(self, full_name: str, document_id: Any, undo: Callable[[], Awaitable[None]]) -> None:
        """Remember a write, and what takes it back."""
        if self.in_transaction:
            self._touched.add((full_name, _comparable(document_id, False)))
            self._undo.append(undo)

    def holds(self, full_name: str, document_id: Any) -> bool:
        """Has the transaction written this document?"""
        return (full_name, _comparable(document_id, False)) in self._touched

    async def ended(self) -> None:
        """Return when the transaction is over."""
        await self._over.wait()


class MemoryDatabase(_Refusing):
    """As ``AsyncDatabase``."""

    def __init__(self, name: str, mock: "AsyncMongoMockClient[Document]", turns: Turns) -> None:
        self.name = name
        self._mock = mock.get_database(name)
        self._turns = turns
        self._collections: dict[str, MemoryCollection] = {}

    def __getitem__(self, name: str) -> "MemoryCollection":
        found = self._collections.get(name)
        if found is None:
            found = self._collections[name] = MemoryCollection(
                f"{self.name}.{name}", self._mock.get_collection(name), self._turns
            )
        return found

    async def command(self, command: str | Document) -> Document:
        """Answer ``ping``."""
        if command != "ping":
            name = command if isinstance(command, str) else next(iter(command))
            raise _unavailable(f"command {name}")
        return {"ok": 1.0}

    async def drop(self) -> None:
        """Forget every collection."""
        for collection in self._collections.values():
            await collection.drop()


class MemoryCursor:
    """As ``AsyncCursor``: the documents, found when they are fetched."""

    def __init__(
        self,
        collection: "MemoryCollection",
        query: Document,
        options: Document,
        tree: Any,
        distance: Callable[[Document], float] | None = None,
    ) -> None:
        self._collection = collection
        self._query = query
        self._options = options
        self._tree = tree
        self._distance = distance  # by which to sort, in place of ``sort``

    async def to_list(self, length: int | None = None) -> list[Document]:
        """The documents; at most ``length``."""
        if self._distance is None:
            found = await self._collection.fetch(self._query, **self._options)
        else:
            skip, limit = self._options["skip"], self._options["limit"]
            found = sorted(await self._collection.fetch(self._query), key=self._distance)
            found = found[skip : skip + limit if limit else None]
        return [_projected(item, self._tree) for item in found[:length]]


class Rows:
    """As ``AsyncCommandCursor``: what has been found already."""

    def __init__(self, rows: list[Document]) -> None:
        self._rows = rows

    async def to_list(self, length: int | None = None) -> list[Document]:
        """The documents; at most ``length``."""
        return self._rows[:length]


class MemoryCollection(_Refusing):
    """As ``AsyncCollection``.

    No call of mongomock-motor lets another task run before it is done, so what one method here
    looks up is still so when it writes.
    """

    def __init__(
        self, full_name: str, mock: "AsyncMongoMockCollection[Document]", turns: Turns
    ) -> None:
        self._full_name = full_name
        self._mock = mock
        self._turns = turns
        self._indexes: dict[str, Index] = {}
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
                raise _unavailable("text search")
            options["sort"] = list(sort)
        query = _readable(filter, any_case=_ignores_case(collation))
        distance = None if sort else memory_geo.order_of(filter)
        return MemoryCursor(self, query, options, _tree(projection), distance)

    async def fetch(self, query: Document, **options: Any) -> list[Document]:
        """Copies of the documents that a readable filter matches."""
        await self._expire()
        try:
            found: list[Document] = await self._mock.find(query, **options).to_list(None)
        except NotImplementedError as error:
            raise _unavailable(f"such query ({error})") from error
        return found

    async def find_one(
        self, filter: Mapping[str, Any], *, session: MemorySession | None = None
    ) -> Document | None:
        """The first document that matches."""
        found = await self.fetch(_readable(filter), limit=1)
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
            raise _unavailable("pipeline that writes")
        await self._expire()
        try:
            return Rows(await self._mock.aggregate(list(pipeline)).to_list(None))
        except NotImplementedError as error:
            raise _unavailable(f"such pipeline ({error})") from error
        except (TypeError, ValueError, LookupError, AttributeError, AssertionError) as error:
            # mongomock takes for granted that expressions fit the values they meet
            raise _unavailable(f"way to run this pipeline ({error!r})") from error

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
        for document in await self.fetch(_readable(filter)):
            for value in _values(document, key.split(".")):
                found.setdefault(_comparable(value, any_case=False), value)
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
        return len(await self.fetch(_readable(filter)))

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
        for index in self._indexes.values():
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
        self._check_unique(document)
        try:
            await self._mock.insert_one(document)
        except DuplicateKeyError as error:
            raise _duplicate(self._full_name, "_id_", document["_id"]) from error
        self._exists = True
        self._enter(document)
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
            matched = await self.fetch(_readable(filter), limit=limit)
            other = self._turns.running
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
                self._enter(before)

        session.wrote(self._full_name, document_id, undo)

    async def _change(self, before: Document, update: Mapping[str, Any]) -> Document:
        _check_update(before, update)
        this = {"_id": before["_id"]}
        try:
            await self._mock.update_one(this, _without_repeats(update))
            after = await self._found(this)
            self._check_unique(after)
        except Exception:
            # mongomock changes one field after another
            await self._mock.replace_one(this, before)
            raise
        self._leave(before)
        self._enter(after)
        return after

    async def _found(self, query: Document) -> Document:
        (document,) = await self._mock.find(query).to_list(None)
        return document

    async def _upsert(self, filter: Mapping[str, Any], update: Mapping[str, Any]) -> Document:
        changes = _without_repeats(update)
        result = await self._mock.update_one(dict(filter), changes, upsert=True)
        this = {"_id": result.upserted_id}
        made = await self._found(this)
        try:
            self._check_unique(made)
        except DuplicateKeyError:
            await self._mock.delete_one(this)
            raise
        self._exists = True
        self._enter(made)
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
        self._leave(document)

    # --- indexes ------------------------------------------------------------------------------

    async def create_index(
        self, keys: Sequence[tuple[str, Any]], *, name: str, **options: Any
    ) -> str:
        """Create an index unless it is there; only a unique one has an effect."""
        if unknown := options.keys() - _INDEX_OPTIONS:
            raise _unavailable(f"index option {min(unknown)}")
        for _, kind in keys:
            if isinstance(kind, str) and kind not in _INDEX_KINDS:
                raise OperationFailure(f"Unknown index plugin {kind!r}", 67)
        index = Index(name, tuple(keys), options)
        same = self._indexes.get(name)
        if same is not None:
            if (same.keys, same.options) != (index.keys, index.options):
                raise OperationFailure(f"index {name} exists with other keys or options", 86)
            return name
        for other in self._indexes.values():
            if other.keys == index.keys and other.any_case == index.any_case:
                raise OperationFailure(f"index exists with a different name: {other.name}", 85)
        for document in await self.fetch({}):
            self._refuse_if_taken(index, document)
            index.enter(document)
        self._indexes[name] = index
        self._exists = True
        return name

    async def list_indexes(self) -> Rows:
        """Name and keys of each index."""
        rows: list[Document] = []
        if self._exists:
            rows.append({"name": "_id_", "key": {"_id": 1}})
        for index in self._indexes.values():
            rows.append({"name": index.name, "key": dict(index.keys), **index.options})
        return Rows(rows)

    async def drop_index(self, name: str) -> None:
        """Forget an index."""
        if self._indexes.pop(name, None) is None:
            raise OperationFailure(f"index not found with name [{name}]", 27)

    def _check_unique(self, document: Document) -> None:
        for index in self._indexes.values():
            self._refuse_if_taken(index, document)

    def _refuse_if_taken(self, index: "Index", document: Document) -> None:
        key = index.taken_by_another(document)
        if key is not None:
            raise _duplicate(self._full_name, index.name, key)

    def _enter(self, document: Document) -> None:
        for index in self._indexes.values():
            index.enter(document)

    def _leave(self, document: Document) -> None:
        for index in self._indexes.values():
            index.leave(document)


def _update_result(pairs: list[tuple[Document | None, Document]]) -> UpdateResult:
    made = [after["_id"] for before, after in pairs if before is None]
    raw: Document = {"n": len(pairs), "nModified": len(pairs) - len(made)}
    if made:
        raw["upserted"] = made[0]
    return UpdateResult(raw, acknowledged=True)


# --- unique indexes -----------------------------------------------------------------------------


@dataclass(slots=True)
class Index:
    """An index; a unique one knows which document holds each key."""

    name: str
    keys: tuple[tuple[str, Any], ...]
    options: Document
    holders: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    @property
    def paths(self) -> list[str]:
        """The indexed paths."""
        return [path for path, _ in self.keys]

    @property
    def any_case(self) -> bool:
        """Are texts that differ in case the same key?"""
        return _ignores_case(self.options.get("collation"))

    def taken_by_another(self, document: Document) -> tuple[Any, ...] | None:
        """The key of a document that another one holds."""
        for key in self._keys_of(document):
            if self.holders.get(key, document["_id"]) != document["_id"]:
                return key
        return None

    def enter(self, document: Document) -> None:
        """A document is there now."""
        self.holders.update(dict.fromkeys(self._keys_of(document), document["_id"]))

    def leave(self, document: Document) -> None:
        """A document is no longer there, or no longer so."""
        for key in self._keys_of(document):
            self.holders.pop(key, None)

    def _keys_of(self, document: Document) -> set[tuple[Any, ...]]:
        if not self.options.get("unique"):
            return set()
        columns = [_values(document, path.split(".")) for path in self.paths]
        if self.options.get("sparse") and not any(columns):
            return set()
        compared = [[_comparable(v, self.any_case) for v in c or [None]] for c in columns]
        return set(itertools.product(*compared))


def _values(value: Any, path: Sequence[str]) -> list[Any]:
    """What lies at a path; of an array its elements."""
    if isinstance(value, list):
        return [found for item in value for found in (_values(item, path) if path else [item])]
    if not path:
        return [value]
    if isinstance(value, dict) and path[0] in value:
        return _values(value[path[0]], path[1:])
    return []


def _comparable(value: Any, any_case: bool) -> Any:
    if isinstance(value, str):
        return _folded(value) if any_case else value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return bson.encode({"": value})  # hashable, and true is not 1
    return value


def _duplicate(full_name: str, index: str, key: Any) -> DuplicateKeyError:
    message = f"E11000 duplicate key error collection: {full_name} index: {index} dup key: {key!r}"
    return DuplicateKeyError(message, 11000, {"errmsg": message, "code": 11000})


# --- filters ------------------------------------------------------------------------------------


class _AnyCase:
    """Equals every text that differs from it in case only."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, text: str) -> None:
        self._folded = _folded(text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and _folded(other) == self._folded


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())


def _ignores_case(collation: Mapping[str, Any] | None) -> bool:
    return collation is not None and collation.get("strength", 3) <= 2


def _readable(query: Mapping[str, Any], *, any_case: bool = False) -> Document:
    """A filter as mongomock can read it; COMMAND_UNAVAILABLE for operators that it lacks."""
    clauses: list[Document] = []
    for key, test in query.items():
        if key in _GROUPS:
            branches = [_readable(branch, any_case=any_case) for branch in test]
            clauses.append({key: branches})
        elif key.startswith("$"):
            raise _unavailable(f"operator {key}")
        else:
            clauses += [{key: part} for part in _parts(test, any_case)]
    return {"$and": clauses} if clauses else {}


def _parts(test: Any, any_case: bool) -> Iterable[Any]:
    """The conditions of one field, all of which must hold."""
    if not _is_operators(test):
        return [_operand(test, any_case)]
    parts: list[Any] = []
    for operator, operand in test.items():
        if operator == "$options" or operator == "$maxDistance":
            continue
        if operator in memory_geo.OPERATORS:
            parts.append(memory_geo.condition(operator, test))
        elif operator == "$regex":
            parts.append(_pattern(operand, test.get("$options", "")))
        elif operator == "$all" and not operand:
            parts.append({"$in": []})  # as in MongoDB, matches nothing
        elif operator == "$all" and any(isinstance(item, Regex) for item in operand):
            parts += [_pattern(item.pattern, "") for item in operand]
        elif operator in ("$not", "$elemMatch"):
            (inner,) = _parts(operand, any_case)
            parts.append({operator: inner})
        elif operator not in _COMPARISONS:
            raise _unavailable(f"operator {operator}")
        elif isinstance(operand, list):
            parts.append({operator: [_operand(item, any_case) for item in operand]})
        else:
            parts.append({operator: _operand(operand, any_case)})
    return parts


def _is_operators(test: Any) -> bool:
    return isinstance(test, Mapping) and bool(test) and all(key[:1] == "$" for key in test)


def _operand(value: Any, any_case: bool) -> Any:
    return _AnyCase(value) if any_case and isinstance(value, str) else value


_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE}
_QUOTED = re.compile(r"\\Q(.*?)(?:\\E|$)", re.DOTALL)


def _pattern(source: str, options: str) -> re.Pattern[str]:
    """A PCRE pattern in Python's dialect; the SDKs quote texts with ``\\Q`` and ``\\E``."""
    flags = re.RegexFlag(0)
    for option in options:
        flags |= _FLAGS.get(option, 0)
    text = _QUOTED.sub(lambda found: re.escape(found[1]), source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)  # a set that Python reads otherwise
            return re.compile(text, flags)
    except (re.error, RecursionError, OverflowError, FutureWarning) as error:
        raise OperationFailure(f"Regular expression is invalid: {error}", 51091) from error


# --- projections --------------------------------------------------------------------------------


def _tree(projection: Mapping[str, Any] | None) -> tuple[bool, Document] | None:
    """Is it what to take (or what to leave out)? And the dotted paths as nested keys."""
    if not projection:
        return None
    takes = any(bool(wanted) for key, wanted in projection.items() if key != "_id")
    root: Document = {"_id": {}} if takes else {}
    for path in projection:
        branch = root
        for part in path.split("."):
            branch = branch.setdefault(part, {})
    return takes, root


def _projected(value: Any, tree: tuple[bool, Document] | None) -> Any:
    if tree is None:
        return value
    takes, keys = tree
    if isinstance(value, list):
        return [_projected(x, tree) for x in value if not takes or isinstance(x, dict | list)]
    if not isinstance(value, dict):
        return value
    result: Document = {}
    for key, item in value.items():
        inner = keys.get(key)
        if inner:
            if not takes or isinstance(item, dict | list):
                result[key] = _projected(item, (takes, inner))
        elif (inner is not None) == takes:
            result[key] = item
    return result


# --- updates ------------------------------------------------------------------------------------

_NEEDS: dict[str, tuple[type | tuple[type, ...], str, int]] = {
    "$inc": ((int, float), "a number", 14),
    "$push": (list, "an array", 2),
    "$addToSet": (list, "an array", 2),
    "$pullAll": (list, "an array", 2),
}
_CREATES = ("$set", "$inc", "$push", "$addToSet")


def _check_update(document: Document, update: Mapping[str, Any]) -> None:
    """Refuse, with MongoDB's numbers, a change that a document's values don't allow."""
    for operator, changes in update.items():
        for path in changes:
            parts = path.split(".")
            if not all(parts):
                raise WriteError(f"The path {path!r} contains an empty field name", 56)
            parent, value = _at(document, parts)
            if parent is not _MISSING and not isinstance(parent, dict | list):
                if operator in _CREATES:
                    raise WriteError(f"Cannot create field {parts[-1]!r} in {path!r}", 28)
                continue
            kind, name, code = _NEEDS.get(operator, (object, "", 0))
            if value is not _MISSING and (
                not isinstance(value, kind) or (operator == "$inc" and isinstance(value, bool))
            ):
                raise WriteError(f"Cannot apply {operator} to {path!r}, which is not {name}", code)


def _at(document: Document, parts: Sequence[str]) -> tuple[Any, Any]:
    """The nearest parent of a path that is there, and the value at the path."""
    parent: Any = document
    value: Any = document
    for part in parts:
        parent = value
        if isinstance(parent, dict):
            value = parent.get(part, _MISSING)
        elif isinstance(parent, list) and part.isascii() and part.isdigit():
            value = parent[int(part)] if int(part) < len(parent) else _MISSING
        elif isinstance(parent, list):
            return None, _MISSING  # an array has no field of that name
        else:
            return parent, _MISSING
        if value is _MISSING:
            return parent, _MISSING
    return parent, value


def _without_repeats(update: Mapping[str, Any]) -> Document:
    """The update with the values of each ``$addToSet`` once, as MongoDB adds them."""
    result = dict(update)
    if "$addToSet" in update:
        result["$addToSet"] = changes = dict(update["$addToSet"])
        for path, change in changes.items():
            once: list[Any] = []
            for value in change["$each"]:
                if value not in once:
                    once.append(value)
            changes[path] = {"$each": once}
    return result
