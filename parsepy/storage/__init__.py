"""``Storage``: what the house asks of MongoDB, in REST form, over ``AsyncMongoClient``."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, cast

from bson.errors import BSONError
from pymongo import AsyncMongoClient, InsertOne, ReadPreference, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.driver_info import DriverInfo
from pymongo.errors import BulkWriteError, ConnectionFailure, OperationFailure, PyMongoError

from parsepy.errors import Code, ParseError
from parsepy.model.aggregation import Aggregation
from parsepy.model.query import SCORE
from parsepy.model.schema import ClassSchema
from parsepy.model.scope import EVERYTHING, Scope
from parsepy.model.values import JSONObject
from parsepy.model.where import Where, equals_id
from parsepy.storage import (
    documents,
    filters,
    memory,
    on_demand,
    pipelines,
    reads,
    streams,
    updates,
)
from parsepy.storage.changes import Change, Changes
from parsepy.storage.classes import Classes
from parsepy.storage.connection import Collection
from parsepy.storage.documents import Document, FileURL
from parsepy.storage.failures import DuplicateKey as DuplicateKey
from parsepy.storage.failures import Unavailable as Unavailable
from parsepy.storage.failures import duplicate, guard, refused
from parsepy.storage.flights import Flights
from parsepy.storage.options import ALL, ReadOptions
from parsepy.storage.replies import Pool
from parsepy.storage.transactions import Call, Result
from parsepy.storage.transactions import Conflict as Conflict

_PREFERENCES = {
    "PRIMARY": ReadPreference.PRIMARY,
    "PRIMARY_PREFERRED": ReadPreference.PRIMARY_PREFERRED,
    "SECONDARY": ReadPreference.SECONDARY,
    "SECONDARY_PREFERRED": ReadPreference.SECONDARY_PREFERRED,
    "NEAREST": ReadPreference.NEAREST,
}
ANY_CASE = {"locale": "en_US", "strength": 2}
"""The collation of texts that may differ in case: an index helps only if it has the same."""


class Storage(Classes):
    """One Parse application's data in one MongoDB database.

    Objects go in and come out in REST form. Every method is one driver call (or shares one).
    Errors a client can cause are ``ParseError``; ``Unavailable`` when there is no database.
    """

    def __init__(
        self,
        client: AsyncMongoClient[Document],
        database: str,
        *,
        file_url: FileURL,
        prefix: str = "",
        max_time_ms: int | None = None,
        regex_time_ms: int = 5000,
        batch_size: int = 1000,
        shares_updates: bool = True,
    ) -> None:
        super().__init__(client, database, file_url=file_url, prefix=prefix)
        self._max_time_ms = max_time_ms
        self._regex_time_ms = regex_time_ms
        self._batch_size = batch_size
        self._gets: dict[str, Flights[str, Document | None]] = {}
        self._inserts: dict[str, Flights[Document, None]] = {}
        self._updates: dict[str, Flights[Change, Document | None]] = {}
        self._changes = Changes(client) if shares_updates else None

    @property
    def files_database(self) -> AsyncDatabase[Document] | None:
        """The database for a file store that lives in MongoDB; None in ``memory:``.

        Files are no objects: they know neither classes nor transactions.
        """
        if self._changes is None:
            return None
        return self._client.get_database(self._database.name)

    # --- changes ------------------------------------------------------------------------------

    def stream(self, pattern: str) -> streams.Stream:
        """The committed changes of every class whose whole name matches ``pattern``."""
        return streams.Stream(self._database, self._prefix, pattern, (Unavailable,))

    async def keep_images(self, class_name: str, *, make: bool) -> bool:
        """Have the states before and after changes of a class kept for ``stream``."""
        return await streams.keep_images(self._database, self._prefix + class_name, make=make)

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
        arguments = self._find_arguments(schema, where, options)
        collection = self._preferring(schema.name, options.read_preference)
        query = filters.to_filter(schema, where, scope)
        projection = filters.to_projection(schema, options.keys)
        with guard():
            found = await self._indexed(
                schema,
                where,
                lambda session: reads.find(
                    collection, query, projection, session=session, **arguments
                ),
            )
        plan = documents.plan_of(schema, self.file_url, options.mount_url)
        internal = options.internal
        return [documents.to_object(plan, item, internal=internal) for item in found]

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
        if time := self._time_limit(where):
            arguments["max_time_ms"] = time
        return arguments

    def _preferring(self, class_name: str, read_preference: str | None) -> Collection:
        collection = self.collection(class_name)
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
            "find": self._prefix + schema.name,
            "filter": filters.to_filter(schema, where, scope),
            "limit": options.limit or 0,
            "skip": options.skip,
        }
        if options.order:
            command["sort"] = dict(_sort(schema, options.order))
        if options.hint is not None:
            command["hint"] = options.hint
        with guard():
            return await self._indexed(
                schema,
                where,
                lambda _: self._explained(command, verbosity, self._time_limit(where)),
            )

    async def _explained(self, command: Document, verbosity: str, time: int | None) -> JSONObject:
        asked: Document = {"explain": command, "verbosity": verbosity}
        if time:
            asked["maxTimeMS"] = time
        plan = await self._database.command(asked)
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
        time = self._time_limit(asked.where)
        if asked.has_regex:
            time = min(self._regex_time_ms, time or self._regex_time_ms)
        if asked.explain is not None:
            name = self._prefix + schema.name
            cursor = {"batchSize": arguments.pop("batchSize")}
            command = {"aggregate": name, "pipeline": stages, "cursor": cursor, **arguments}
            with guard(Code.INVALID_QUERY):
                return [await self._explained(command, asked.explain, time)]
        if time:
            arguments["maxTimeMS"] = time
        collection = self._preferring(schema.name, options.read_preference)
        with guard(Code.INVALID_QUERY):
            found = await self._do(
                lambda session: reads.aggregate(collection, stages, session=session, **arguments)
            )
        plan = documents.plan_of(schema, self.file_url, options.mount_url)
        return pipelines.from_results(schema, plan, stages, found, **raw)

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

    def _time_limit(self, where: Where) -> int | None:
        if where and filters.has_regex(where):
            return min(self._regex_time_ms, self._max_time_ms or self._regex_time_ms)
        return self._max_time_ms

    async def get(
        self,
        schema: ClassSchema,
        object_id: str,
        scope: Scope = EVERYTHING,
        *,
        mount_url: str | None = None,
    ) -> JSONObject | None:
        """One object by id, if it is within the scope; ``mount_url`` as in ``ReadOptions``."""
        name = schema.name
        if not self.in_transaction and schema.exists:
            flights = self._gets.get(name)
            if flights is None:
                flights = self._gets[name] = Flights(partial(self._fetch, name))
            document = await flights.call(object_id)
        else:
            document = await self._fetch_one(name, object_id)
        if document is None or not scope.is_listed(document.get(filters.LISTS[scope.flag])):
            return None
        item = documents.to_object(documents.plan_of(schema, self.file_url, mount_url), document)
        return item if scope.is_pointed_to(item) else None

    async def _fetch_one(self, name: str, object_id: str) -> Document | None:
        with guard():
            return await self._do(
                lambda session: reads.find_by_id(self.collection(name), object_id, session=session)
            )

    async def _fetch(self, name: str, ids: Sequence[str]) -> list[Document | Exception | None]:
        if len(ids) == 1:
            return [await self._fetch_one(name, ids[0])]
        try:
            with guard():
                several = {"_id": {"$in": list(set(ids))}}
                rows = await reads.find(self.collection(name), several, batch_size=len(ids) + 1)
                found = {item["_id"]: item for item in rows}
        except ParseError:
            # ids that fill a whole command must not spoil their neighbours
            results: list[Document | Exception | None] = []
            for object_id in ids:
                try:
                    results.append(await self._fetch_one(name, object_id))
                except (ParseError, Unavailable, PyMongoError) as failure:
                    results.append(failure)
            return results
        return [found.get(object_id) for object_id in ids]

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
        with guard():
            if not query and not self.in_transaction:
                return int(await collection.estimated_document_count())
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
        if time := self._time_limit(where):
            arguments["maxTimeMS"] = time
        return arguments

    async def _indexed(self, schema: ClassSchema, where: Where, call: Call[Result]) -> Result:
        """Make a call that reads; if it lacks an index, once more when there is one."""
        try:
            return await self._do(call)
        except OperationFailure as error:
            wanted = [] if self.in_transaction else on_demand.wanted(schema, where, error)
            if not wanted:
                raise
        *others, last = wanted
        for index in others:
            with suppress(ParseError):
                await self._make_index(schema.name, index)
                break
        else:
            await self._make_index(schema.name, last)
        return await self._do(call)

    async def _make_index(self, class_name: str, index: on_demand.Wanted) -> None:
        await self.create_index(class_name, index.name, index.keys)
        shown = {"_id_": {"_id": 1}, index.name: index.columns}
        changes = {f"_metadata.indexes.{name}": keys for name, keys in shown.items()}
        await self.change_schema(class_name, {"$set": changes})

    async def insert(self, schema: ClassSchema, values: JSONObject) -> None:
        """Store a new object; ``DuplicateKey`` if a unique index refuses it."""
        document = documents.to_document(schema, values)
        name = schema.name
        if self.in_transaction:

            async def insert(session: AsyncClientSession | None) -> None:
                await self.collection(name).insert_one(document, session=session)

            with guard():
                await self._do(insert)
            return
        flights = self._inserts.get(name)
        if flights is None:
            flights = self._inserts[name] = Flights(partial(self._insert, name))
        await flights.call(document)

    async def _insert(self, name: str, batch: Sequence[Document]) -> list[Exception | None]:
        collection = self.collection(name)
        if len(batch) == 1:
            with guard():
                await collection.insert_one(batch[0])
            return [None]
        results: list[Exception | None] = [None] * len(batch)
        try:
            await collection.bulk_write([InsertOne(item) for item in batch], ordered=False)
        except BulkWriteError as error:
            details = error.details or {}
            if details.get("writeConcernErrors"):
                raise Unavailable(str(details["writeConcernErrors"])) from error
            for failure in details.get("writeErrors", ()):
                code, text = failure.get("code", 0), str(failure.get("errmsg"))
                results[failure["index"]] = (
                    duplicate(failure, text)
                    if code == 11000
                    else refused(code, text) or RuntimeError(text)
                )
        except ConnectionFailure as error:
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
                await collection.insert_one(document)
        except (ParseError, Unavailable, PyMongoError) as failure:
            return failure
        return None

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
    ) -> JSONObject | None:
        """Change the first object that matches, atomically; ``None`` if there is none.

        Answers its new state, or only the columns ``returning`` of it; ``internal`` and
        ``mount_url`` as in ``ReadOptions``.
        """
        name = schema.name
        query = filters.to_filter(schema, where, scope)
        update = updates.to_update(schema, changes)
        projection = None if returning is None else _projection(schema, returning)
        object_id = equals_id(where)
        with guard():
            if object_id is None or self._changes is None or self.in_transaction:
                document = await self._do(
                    lambda session: self.collection(name).find_one_and_update(
                        query,
                        update,
                        projection=projection,
                        return_document=ReturnDocument.AFTER,
                        session=session,
                    )
                )
            else:
                flights = self._updates.get(name)
                if flights is None:
                    send = partial(self._changes.send, self.collection(name))
                    flights = self._updates[name] = Flights(send, size=50)
                document = await flights.call(Change(object_id, query, update, projection))
        if document is None:
            return None
        plan = documents.plan_of(schema, self.file_url, mount_url)
        return documents.to_object(plan, document, internal=internal)

    async def delete(
        self, schema: ClassSchema, where: Where, scope: Scope = EVERYTHING, *, many: bool = False
    ) -> int:
        """Delete the matching object (or all with ``many``); how many were deleted."""
        collection = self.collection(schema.name)
        remove = collection.delete_many if many else collection.delete_one
        query = filters.to_filter(schema, where, scope)

        async def delete(session: AsyncClientSession | None) -> int:
            return int((await remove(query, session=session)).deleted_count)

        with guard():
            return await self._do(delete)

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
            collection = self.collection(schema.name)
            return int((await collection.update_many(query, update, session=session)).matched_count)

        with guard():
            return await self._do(change)


def _sort(schema: ClassSchema, order: Sequence[tuple[str, int]]) -> list[tuple[str, Any]]:
    return [
        (SCORE[1:], {"$meta": "textScore"})
        if name == SCORE
        else (documents.key_of(schema, name), way)
        for name, way in order
    ]


def _projection(schema: ClassSchema, names: frozenset[str]) -> Document:
    return {"_id": 1, **{documents.key_of(schema, name): 1 for name in names}}


def open_storage(
    uri: str,
    *,
    file_url: FileURL,
    prefix: str = "",
    max_time_ms: int | None = None,
    batch_size: int = 1000,
    client: tuple[str, str] | None = None,
    driver: Mapping[str, Any] | None = None,
) -> Storage:
    """The storage behind a URI: ``mongodb://``, or ``memory:`` for a new one in this process.

    ``driver`` are PyMongo's own options beside those in the URI; ``client`` is the name and
    version by which MongoDB knows who is connected. The connection is made with
    the first call. The database is the one that the URI names, ``parse`` if it names none.
    ImportError if ``memory:`` lacks its extra.
    """
    if uri.startswith(memory.SCHEME):
        made = cast(AsyncMongoClient[Document], memory.open_client())
        name = "parse"
    else:
        options = {"serverSelectionTimeoutMS": 5000, "appname": "parsepy", **(driver or {})}
        if client is not None:
            options["driver"] = DriverInfo(*client)
        made = AsyncMongoClient(uri, tz_aware=False, _pool_class=Pool, **options)
        name = made.get_default_database("parse").name
    return Storage(
        made,
        name,
        file_url=file_url,
        prefix=prefix,
        max_time_ms=max_time_ms,
        batch_size=batch_size,
        shares_updates=not uri.startswith(memory.SCHEME),
    )
