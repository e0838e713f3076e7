"""``Storage``: the objects of one Parse application, and what else is kept of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from typing import Any

import bson
from pymongo import ReadPreference, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure

from parsepy.errors import Code, ParseError
from parsepy.model.aggregation import Aggregation
from parsepy.model.query import SCORE
from parsepy.model.schema import ClassSchema
from parsepy.model.scope import EVERYTHING, Scope
from parsepy.model.values import JSONObject, dumps
from parsepy.model.where import Where, equals_id
from parsepy.storage import documents, filters, on_demand, pipelines, streams, updates
from parsepy.storage.bulk import Bulk
from parsepy.storage.claims import Claims
from parsepy.storage.connection import Connection
from parsepy.storage.documents import Document, FileURL
from parsepy.storage.driver import Collection, Made, ReplyReader, Value
from parsepy.storage.email_changes import EmailChanges
from parsepy.storage.failures import Unavailable, guard
from parsepy.storage.images import Images
from parsepy.storage.indexes import Indexes
from parsepy.storage.locks import Locks
from parsepy.storage.native import whole
from parsepy.storage.options import ALL, ANY_CASE, ReadOptions
from parsepy.storage.raw_pages import RawPage
from parsepy.storage.relations import Relations
from parsepy.storage.schemas import Schemas
from parsepy.storage.settings import SettingsDocuments
from parsepy.storage.shared_finds import SharedFinds
from parsepy.storage.shared_gets import SharedGets
from parsepy.storage.shared_inserts import SharedInserts
from parsepy.storage.shared_updates import SharedUpdates, Update
from parsepy.storage.sign_in_codes import SignInCodes
from parsepy.storage.transactions import Call, Result

_PREFERENCES = {
    "PRIMARY": ReadPreference.PRIMARY,
    "PRIMARY_PREFERRED": ReadPreference.PRIMARY_PREFERRED,
    "SECONDARY": ReadPreference.SECONDARY,
    "SECONDARY_PREFERRED": ReadPreference.SECONDARY_PREFERRED,
    "NEAREST": ReadPreference.NEAREST,
}

_INDEX_SECONDS = 10.0  # for which a query waits for the index that it lacks


@dataclass(frozen=True, slots=True)
class _Find:
    """A find as the driver is asked it."""

    collection: Collection
    query: Document
    projection: Document | None
    arguments: dict[str, Any]

    def as_document(self) -> Document:
        """All that the database is told."""
        return {"filter": self.query, "projection": self.projection, **self.arguments}


class Storage:
    """One Parse application's data in one MongoDB database.

    It has the objects itself, and a part for each other thing: ``schemas``, ``indexes``,
    ``relations``, ``settings``, ``claims``, ``email_changes``, ``sign_in_codes``, ``bulk``. All
    share ``connection``, and so a transaction. Objects go in and come out in REST form. Every
    method is one driver call (or shares one). Errors a client can cause are ``ParseError``;
    ``Unavailable`` when there is no database.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        file_url: FileURL,
        max_time_ms: int | None = None,
        regex_time_ms: int = 5000,
        batch_size: int = 1000,
    ) -> None:
        self.connection = connection
        self.file_url = file_url
        self.indexes = Indexes(connection)
        self.relations = Relations(connection, self.indexes)
        self.schemas = Schemas(connection, self.relations)
        self.settings = SettingsDocuments(connection)
        self.claims = Claims(connection, self.indexes)
        self.locks = Locks(self.claims)
        self.email_changes = EmailChanges(connection, self.indexes)
        self.sign_in_codes = SignInCodes(connection, self.indexes)
        self.bulk = Bulk(connection)
        self._max_time_ms = max_time_ms
        self._regex_time_ms = regex_time_ms
        self._batch_size = batch_size
        self._gets = SharedGets(connection)
        self._inserts = SharedInserts(connection)
        self._finds: SharedFinds[bytes | list[JSONObject]] = SharedFinds()
        self._pages: SharedFinds[list[Document] | Made[bytes]] = SharedFinds()
        self._updates = None if connection.in_memory else SharedUpdates(connection)

    async def ping(self) -> None:
        """Return when the database has answered; raise ``Unavailable`` otherwise."""
        await self.connection.ping()

    async def look(self) -> None:
        """Find out what kind of MongoDB it is; raises ``Unavailable``."""
        await self.connection.look()

    @property
    def doing(self) -> str:
        """What the database does for long just now, such as an index; empty if nothing."""
        return self.connection.building.doing

    @property
    def is_standalone(self) -> bool:
        """Is the database a MongoDB alone, without transactions and change streams?"""
        return self.connection.is_standalone

    async def close(self) -> None:
        """Close the connections."""
        await self.indexes.close()
        await self.connection.close()

    @property
    def files_database(self) -> AsyncDatabase[Document] | None:
        """The database for a file store that lives in MongoDB; None in ``memory:``.

        Files are no objects: they know neither classes nor transactions.
        """
        connection = self.connection
        if connection.in_memory:
            return None
        return connection.client.get_database(connection.database.name)

    # --- transactions -------------------------------------------------------------------------

    @property
    def in_transaction(self) -> bool:
        """Is this code inside ``transaction``?"""
        return self.connection.in_transaction

    def transaction(self, attempts: int = 1) -> AbstractAsyncContextManager[None]:
        """All calls inside commit together or not at all; see ``Connection.transaction``."""
        return self.connection.transaction(attempts)

    async def after_commit(self, call: Callable[[], None]) -> None:
        """Call when what was written is there to stay: now, or when the transaction commits."""
        await self.connection.after_commit(call)

    async def after_rollback(self, call: Callable[[], None]) -> None:
        """Call when the current transaction, if there is one, was not committed."""
        await self.connection.after_rollback(call)

    async def after_transaction(self, write: Callable[[], Awaitable[None]]) -> None:
        """Write what no rollback may undo: now, or when the transaction is over, either way."""
        await self.connection.after_transaction(write)

    # --- changes ------------------------------------------------------------------------------

    def stream(self, pattern: str) -> streams.Stream:
        """The committed changes of every class whose whole name matches ``pattern``."""
        connection = self.connection
        return streams.Stream(connection.database, connection.prefix, pattern, (Unavailable,))

    def images(self) -> Images:
        """What states before changes MongoDB keeps for ``stream``."""
        connection = self.connection
        return Images(connection.database, connection.prefix)

    def as_object(self, schema: ClassSchema, document: Document) -> JSONObject:
        """A document of a stream in REST form."""
        return documents.to_object(documents.plan_of(schema, self.file_url, None), document)

    def with_file_urls(
        self, schema: ClassSchema, item: JSONObject, mount_url: str | None = None
    ) -> JSONObject:
        """An object with the URLs of its files as a read for ``mount_url`` would show them."""
        return documents.with_file_urls(documents.plan_of(schema, self.file_url, mount_url), item)

    # --- objects ------------------------------------------------------------------------------

    async def find(
        self,
        schema: ClassSchema,
        where: Where,
        scope: Scope = EVERYTHING,
        options: ReadOptions = ALL,
    ) -> list[JSONObject]:
        """The objects that match, in REST form."""
        plan, internal = self._plan(schema, options), options.internal
        native = None if internal else plan.native
        found = await self._found(schema, where, scope, options, native.objects if native else None)
        if isinstance(found, Made):
            return found.value
        return await _objects(plan, found, internal=internal)

    async def find_page(
        self,
        schema: ClassSchema,
        where: Where,
        scope: Scope = EVERYTHING,
        options: ReadOptions = ALL,
        *,
        shares: bool = True,
    ) -> RawPage | list[JSONObject]:
        """The objects that match as a page to be read, or as ``find`` answers them.

        ``shares``: equal finds under way may share one; to look for them costs some microseconds.
        """
        plan = self._plan(schema, options)
        native = plan.native
        if options.is_large:
            asked = await asyncio.to_thread(self._asked, schema, where, scope, options)
        else:
            asked = self._asked(schema, where, scope, options)

        async def read() -> list[Document] | Made[bytes]:
            return await self._made(schema, where, asked, whole if native else None)

        if shares:
            told = (schema.name, options.read_preference)
            found = await self._shared(self._pages, told, asked, read)
        else:
            found = await read()
        if isinstance(found, Made):
            assert native is not None
            return RawPage(plan, native, found.value)
        return await _objects(plan, found)

    async def find_json(
        self,
        schema: ClassSchema,
        where: Where,
        scope: Scope = EVERYTHING,
        options: ReadOptions = ALL,
    ) -> bytes | list[JSONObject]:
        """The objects that match as a JSON array, for who only passes them on.

        Or as ``find`` answers them, where that takes no more time. Whoever is given them must
        not change them: equal reads at the same time share theirs.
        """
        plan = self._plan(schema, options)
        native = plan.native
        if options.is_large:
            asked = await asyncio.to_thread(self._asked, schema, where, scope, options)
        else:
            asked = self._asked(schema, where, scope, options)

        async def read() -> bytes | list[JSONObject]:
            found = await self._made(schema, where, asked, native.json if native else None)
            return found.value if isinstance(found, Made) else await _in_json(plan, found)

        told = (schema.name, id(plan), options.read_preference)
        return await self._shared(self._finds, told, asked, read)

    async def _shared(
        self,
        finds: SharedFinds[Result],
        told: tuple[object, ...],
        asked: _Find,
        read: Callable[[], Awaitable[Result]],
    ) -> Result:
        """What ``read`` answers, shared with equal finds, of which ``told`` is the same too."""
        if self.connection.in_transaction:
            return await read()
        with guard():
            key = (*told, bson.encode(asked.as_document()))
        return await finds.call(key, read)

    def _plan(self, schema: ClassSchema, options: ReadOptions) -> documents.Plan:
        return documents.plan_of(schema, self.file_url, options.mount_url)

    async def _found(
        self,
        schema: ClassSchema,
        where: Where,
        scope: Scope,
        options: ReadOptions,
        read: ReplyReader[Value] | None,
    ) -> list[Document] | Made[Value]:
        """The documents that match, or what ``read`` makes of MongoDB's reply."""
        return await self._made(schema, where, self._asked(schema, where, scope, options), read)

    def _asked(
        self, schema: ClassSchema, where: Where, scope: Scope, options: ReadOptions
    ) -> _Find:
        """A find as MongoDB is asked it."""
        return _Find(
            self._preferring(schema.name, options.read_preference),
            filters.to_filter(schema, where, scope),
            filters.to_projection(schema, options.keys),
            self._find_arguments(schema, where, options),
        )

    async def _made(
        self, schema: ClassSchema, where: Where, asked: _Find, read: ReplyReader[Value] | None
    ) -> list[Document] | Made[Value]:
        collection, query, projection = asked.collection, asked.query, asked.projection
        arguments, reads = asked.arguments, self.connection.reads

        def call(
            session: AsyncClientSession | None,
        ) -> Awaitable[list[Document] | Made[Value]]:
            if read is None:
                return reads.find(collection, query, projection, session=session, **arguments)
            return reads.find_made(
                collection, query, projection, read, session=session, **arguments
            )

        with guard():
            return await self._indexed(schema, where, call)

    def _find_arguments(
        self, schema: ClassSchema, where: Where, options: ReadOptions
    ) -> dict[str, Any]:
        """The driver's keyword arguments for a find with these options."""
        arguments: dict[str, Any] = {}
        limit = options.limit
        if limit:
            arguments["limit"] = limit
        if not limit or limit > min(100, self._batch_size):  # else it is one batch anyway
            arguments["batch_size"] = self._batch_size
        if options.skip:
            arguments["skip"] = options.skip
        if options.order:
            arguments["sort"] = _sort(schema, options.order)
        if options.hint is not None:
            arguments["hint"] = options.hint
        if options.comment:
            arguments["comment"] = options.comment
        if options.ignore_case:
            arguments["collation"] = ANY_CASE
        if time := self._time_limit(where, options):
            arguments["max_time_ms"] = time
        return arguments

    def _preferring(self, class_name: str, read_preference: str | None) -> Collection:
        collection = self.connection.collection(class_name)
        if read_preference is None:
            return collection
        return collection.with_options(read_preference=_PREFERENCES[read_preference])

    async def explain(
        self,
        schema: ClassSchema,
        where: Where,
        scope: Scope,
        options: ReadOptions,
        *,
        verbosity: str,
    ) -> JSONObject:
        """MongoDB's own account of how it answers a find."""
        command: Document = {
            "find": self.connection.prefix + schema.name,
            "filter": filters.to_filter(schema, where, scope),
            "limit": options.limit or 0,
            "skip": options.skip,
        }
        if options.order:
            command["sort"] = dict(_sort(schema, options.order))
        if options.hint is not None:
            command["hint"] = options.hint
        if options.comment:
            command["comment"] = options.comment
        with guard():
            return await self._indexed(
                schema,
                where,
                lambda _: self._explained(command, verbosity, self._time_limit(where, options)),
            )

    async def _explained(self, command: Document, verbosity: str, time: int | None) -> JSONObject:
        asked: Document = {"explain": command, "verbosity": verbosity}
        if time:
            asked["maxTimeMS"] = time
        plan = await self.connection.database.command(asked)
        shown: JSONObject = documents.from_nested(plan)
        for internal in ("$clusterTime", "operationTime"):
            shown.pop(internal, None)
        return shown

    async def aggregate(
        self, schema: ClassSchema, asked: Aggregation, options: ReadOptions = ALL
    ) -> list[Any]:
        """What a pipeline yields over the objects that match, or the one account of its plan."""
        raw = {"raw_values": asked.raw_values, "raw_field_names": asked.raw_field_names}
        stages = pipelines.to_pipeline(schema, asked.pipeline, **raw)
        if asked.where:
            stages.insert(0, {"$match": filters.to_filter(schema, asked.where)})
        arguments: dict[str, Any] = {"batchSize": self._batch_size}
        if options.hint is not None:
            arguments["hint"] = options.hint
        if options.comment is not None:
            arguments["comment"] = options.comment
        time = self._time_limit(asked.where, options)
        if asked.has_regex:
            time = min(self._regex_time_ms, time or self._regex_time_ms)
        if asked.explain is not None:
            name = self.connection.prefix + schema.name
            cursor = {"batchSize": arguments.pop("batchSize")}
            command = {"aggregate": name, "pipeline": stages, "cursor": cursor, **arguments}
            with guard(Code.INVALID_QUERY):
                return [await self._explained(command, asked.explain, time)]
        if time:
            arguments["maxTimeMS"] = time
        collection = self._preferring(schema.name, options.read_preference)
        reads = self.connection.reads
        with guard(Code.INVALID_QUERY):
            found = await self.connection.read(
                lambda session: reads.aggregate(collection, stages, session=session, **arguments)
            )
        plan = documents.plan_of(schema, self.file_url, options.mount_url)
        shown: list[Any] = []
        for begin in range(0, len(found), _SLICE):
            if begin:
                await asyncio.sleep(0)  # others have their turn
            some = found[begin : begin + _SLICE]
            shown += pipelines.from_results(schema, plan, stages, some, **raw)
        return shown

    async def distinct(
        self, schema: ClassSchema, where: Where, field: str, options: ReadOptions = ALL
    ) -> list[Any]:
        """The values that a field has in the objects that match."""
        query, key = filters.to_filter(schema, where), documents.key_of(schema, field)
        collection = self._preferring(schema.name, options.read_preference)
        arguments = self._counting_arguments(where, options)
        with guard(Code.INVALID_QUERY):
            values = await self._indexed(
                schema,
                where,
                lambda session: collection.distinct(key, query, session=session, **arguments),
            )
        return pipelines.from_distinct(schema, field, values)

    def _time_limit(self, where: Where, options: ReadOptions) -> int | None:
        most = self._max_time_ms
        if options.max_time_ms is not None:
            most = min(options.max_time_ms, most or options.max_time_ms)
        if where and filters.has_regex(where):
            return min(self._regex_time_ms, most or self._regex_time_ms)
        return most

    async def get(
        self,
        schema: ClassSchema,
        object_id: str,
        scope: Scope = EVERYTHING,
        *,
        mount_url: str | None = None,
    ) -> JSONObject | None:
        """One object by id, if it is within the scope; ``mount_url`` as in ``ReadOptions``."""
        is_numbered = schema.name in documents.NUMBERED
        stored_id = documents.to_numbered_id(object_id) if is_numbered else object_id
        if schema.exists and not self.connection.in_transaction:
            document = await self._gets.of(schema.name).call(stored_id)
        else:
            document = await self._gets.one(schema.name, stored_id)
        if document is None:
            return None
        plan = documents.plan_of(schema, self.file_url, mount_url)
        item, names = documents.with_names(plan, document, filters.LISTS[scope.flag])
        return item if scope.is_listed(names) and scope.is_pointed_to(item) else None

    async def count(
        self,
        schema: ClassSchema,
        where: Where,
        scope: Scope = EVERYTHING,
        options: ReadOptions = ALL,
    ) -> int:
        """How many objects match."""
        query = filters.to_filter(schema, where, scope, unsorted=True)
        collection = self._preferring(schema.name, options.read_preference)
        arguments = self._counting_arguments(where, options)
        reads = self.connection.reads
        with guard():
            if not query and not self.connection.in_transaction:
                return await self.connection.read(lambda _: reads.count_all(collection))
            return int(
                await self._indexed(
                    schema,
                    where,
                    lambda session: reads.count(collection, query, session=session, **arguments),
                )
            )

    def _counting_arguments(self, where: Where, options: ReadOptions) -> dict[str, Any]:
        """The driver's keyword arguments for a count or ``distinct`` with these options."""
        arguments: dict[str, Any] = {}
        if options.hint is not None:
            arguments["hint"] = options.hint
        if options.comment:
            arguments["comment"] = options.comment
        if time := self._time_limit(where, options):
            arguments["maxTimeMS"] = time
        return arguments

    async def _indexed(self, schema: ClassSchema, where: Where, call: Call[Result]) -> Result:
        """Make a call that reads; if it lacks an index, once more when there is one."""
        try:
            return await self.connection.read(call)
        except OperationFailure as error:
            if self.connection.in_transaction:
                raise
            wanted = on_demand.missing_indexes(schema, where, error)
            if not wanted:
                raise
        *others, last = wanted
        for index in others:
            with suppress(ParseError):
                await self._make_index(schema.name, index)
                break
        else:
            await self._make_index(schema.name, last)
        return await self.connection.do(call)

    async def _make_index(self, class_name: str, index: on_demand.MissingIndex) -> None:
        if not await self.indexes.create_when_free(
            class_name, index.name, index.keys, patience=_INDEX_SECONDS
        ):
            raise ParseError(
                Code.TIMEOUT, "An index that the query needs is being made: try again later."
            )
        shown = {"_id_": {"_id": 1}, index.name: index.columns}
        changes = {f"_metadata.indexes.{name}": keys for name, keys in shown.items()}
        await self.schemas.change(class_name, {"$set": changes})

    async def insert(
        self, schema: ClassSchema, values: JSONObject, *, is_large: bool = False
    ) -> None:
        """Store a new object; ``DuplicateKey`` if a unique index refuses it.

        ``is_large``: it is converted in a thread, so that others go on meanwhile.
        """
        if is_large:
            document = await asyncio.to_thread(documents.to_document, schema, values)
        else:
            document = documents.to_document(schema, values)
        if not self.connection.in_transaction:
            await self._inserts.of(schema.name).call(document)
            return
        collection = self.connection.collection(schema.name)

        async def insert(session: AsyncClientSession | None) -> None:
            await collection.insert_one(document, session=session)

        await self.connection.run(insert)

    async def insert_together(
        self, class_name: str, rows: Sequence[tuple[ClassSchema, JSONObject]]
    ) -> list[Exception | None]:
        """Store new objects of a class, outside transactions, in one driver call.

        For each what ``insert`` would raise, ``None`` if it is stored. A row goes with its
        schema, since columns may have been added from one to the next.
        """
        outcomes: list[Exception | None] = [None] * len(rows)
        made: list[tuple[int, Document]] = []
        for place, (schema, values) in enumerate(rows):
            try:
                made.append((place, documents.to_document(schema, values)))
            except (ParseError, RecursionError) as error:
                outcomes[place] = error
        if made:
            found = await self._inserts.at_once(class_name, [document for _, document in made])
            for (place, _), outcome in zip(made, found, strict=True):
                outcomes[place] = outcome
        return outcomes

    async def update(
        self,
        schema: ClassSchema,
        where: Where,
        changes: JSONObject,
        scope: Scope = EVERYTHING,
        *,
        returning: frozenset[str] | None = None,
        internal: bool = False,
        mount_url: str | None = None,
        longest: Mapping[str, int] | None = None,
        is_large: bool = False,
    ) -> JSONObject | None:
        """Change the first object that matches, atomically; ``None`` if there is none.

        Answers its new state, or only the columns ``returning`` of it; ``internal`` and
        ``mount_url`` as in ``ReadOptions``. An object of which an array has more elements than
        ``longest`` says does not match. ``is_large``: the changes are converted in a thread, so
        that others go on meanwhile.
        """
        query = filters.to_filter(schema, where, scope)
        if longest:
            short = [
                {f"{documents.key_of(schema, name)}.{most}": {"$exists": False}}
                for name, most in longest.items()
            ]
            query = {"$and": [query, *short]}
        if is_large:
            update = await asyncio.to_thread(updates.to_update, schema, changes)
        else:
            update = updates.to_update(schema, changes)
        projection = None if returning is None else _projection(schema, returning)
        object_id = None if schema.name in documents.NUMBERED else equals_id(where)
        connection = self.connection
        with guard():
            if object_id is None or self._updates is None or connection.in_transaction:
                collection = connection.collection(schema.name)
                document = await connection.do(
                    lambda session: collection.find_one_and_update(
                        query,
                        update,
                        projection=projection,
                        return_document=ReturnDocument.AFTER,
                        session=session,
                    )
                )
            else:
                one = Update(object_id, query, update, projection)
                document = await self._updates.of(schema.name).call(one)
            if document is None:
                return None
            if "$addToSet" in update and (twice := updates.doubles(update, document)):
                document = await self._pulled(schema, document, twice, projection)
        plan = documents.plan_of(schema, self.file_url, mount_url)
        return documents.to_object(plan, document, internal=internal)

    async def _pulled(
        self, schema: ClassSchema, document: Document, values: Document, projection: Any
    ) -> Document:
        """The document without these values in its arrays."""
        collection = self.connection.collection(schema.name)
        found = await self.connection.do(
            lambda session: collection.find_one_and_update(
                {"_id": document["_id"]},
                {"$pullAll": values},
                projection=projection,
                return_document=ReturnDocument.AFTER,
                session=session,
            )
        )
        return document if found is None else found

    async def delete(
        self, schema: ClassSchema, where: Where, scope: Scope = EVERYTHING, *, many: bool = False
    ) -> int:
        """Delete the matching object (or all with ``many``); how many were deleted."""
        collection = self.connection.collection(schema.name)
        remove = collection.delete_many if many else collection.delete_one
        query = filters.to_filter(schema, where, scope)

        async def delete(session: AsyncClientSession | None) -> int:
            return int((await remove(query, session=session)).deleted_count)

        with guard():
            return await self.connection.do(delete)

    async def update_many(
        self,
        schema: ClassSchema,
        where: Where,
        changes: JSONObject,
        scope: Scope = EVERYTHING,
    ) -> int:
        """Change every object that matches; how many there were."""
        query, update = filters.to_filter(schema, where, scope), updates.to_update(schema, changes)

        async def change(session: AsyncClientSession | None) -> int:
            collection = self.connection.collection(schema.name)
            return int((await collection.update_many(query, update, session=session)).matched_count)

        with guard():
            return await self.connection.do(change)


_SLICE = 500
"""So many objects are converted at once: others wait no longer than that takes."""


async def _in_json(plan: documents.Plan, found: list[Document]) -> bytes | list[JSONObject]:
    """Documents as objects; many as a JSON array, made in slices between which others go on."""
    objects = await _objects(plan, found)
    if len(objects) <= _SLICE:
        return objects
    pieces = []
    for begin in range(0, len(objects), _SLICE):
        try:
            pieces.append(dumps(objects[begin : begin + _SLICE])[1:-1])
        except TypeError:  # of another server's making: the answer's own encoding says why
            return objects
        await asyncio.sleep(0)
    return b"[%b]" % b",".join(pieces)


async def _objects(
    plan: documents.Plan, found: list[Document], *, internal: bool = False
) -> list[JSONObject]:
    """Documents as objects; others go on between slices of many."""
    if len(found) <= _SLICE:
        return [documents.to_object(plan, item, internal=internal) for item in found]
    objects: list[JSONObject] = []
    for begin in range(0, len(found), _SLICE):
        some = found[begin : begin + _SLICE]
        objects += [documents.to_object(plan, item, internal=internal) for item in some]
        await asyncio.sleep(0)
    return objects


def _sort(schema: ClassSchema, order: Sequence[tuple[str, int]]) -> list[tuple[str, Any]]:
    return [
        (SCORE[1:], {"$meta": "textScore"})
        if name == SCORE
        else (documents.key_of(schema, name), way)
        for name, way in order
    ]


def _projection(schema: ClassSchema, names: frozenset[str]) -> Document:
    return {"_id": 1, **{documents.key_of(schema, name): 1 for name in names}}
