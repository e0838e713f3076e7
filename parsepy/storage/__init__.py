"""``Storage``: what the house asks of MongoDB, in REST form, over ``AsyncMongoClient``."""

import asyncio
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from datetime import timedelta
from functools import partial
from typing import Any, cast

from bson import CodecOptions, DatetimeConversion
from bson.errors import BSONError
from pymongo import AsyncMongoClient, InsertOne, ReadPreference, ReturnDocument, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    DocumentTooLarge,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
)

from parsepy.errors import Code, Interruption, ParseError
from parsepy.model.acl import allows
from parsepy.model.aggregation import Aggregation, has_regex
from parsepy.model.query import SCORE
from parsepy.model.schema import ClassSchema
from parsepy.model.values import JSONObject, now
from parsepy.model.where import Where, equals_id
from parsepy.storage import (
    documents,
    filters,
    memory,
    on_demand,
    pipelines,
    schemas,
    settings,
    streams,
    updates,
)
from parsepy.storage.changes import Change, Changes
from parsepy.storage.documents import Document, FileURL
from parsepy.storage.filters import EVERYTHING, Scope
from parsepy.storage.flights import Flights
from parsepy.storage.transactions import Call, Result, Running, is_transient
from parsepy.storage.transactions import Conflict as Conflict

_CODEC: CodecOptions[Document] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_AUTO)
_RUNNING: ContextVar[Running | None] = ContextVar("parsepy_transaction", default=None)
_MOST_COLLECTIONS = 10_000
CLAIMS = "_JobClaim"
Collection = AsyncCollection[Document]

_NO_GEO_KEYS = 16755
# MongoDB's numbers of refusals that a client's data caused
_BAD_VALUE = {
    2: Code.INVALID_QUERY,  # BadValue
    9: Code.INVALID_QUERY,  # FailedToParse
    14: Code.INCORRECT_TYPE,  # TypeMismatch: $inc on a text, $push on a number
    28: Code.INVALID_KEY_NAME,  # PathNotViable
    34: Code.INVALID_KEY_NAME,  # CannotBackfillArray: an index far beyond the end
    40: Code.INVALID_KEY_NAME,  # ConflictingUpdateOperators
    52: Code.INVALID_KEY_NAME,  # DollarPrefixedFieldName
    56: Code.INVALID_KEY_NAME,  # EmptyFieldName
    57: Code.INVALID_KEY_NAME,  # DottedFieldName
    15: Code.INVALID_JSON,  # Overflow: nesting
    73: Code.INVALID_CLASS_NAME,  # InvalidNamespace: too long
    10334: Code.OBJECT_TOO_LARGE,
    17280: Code.OBJECT_TOO_LARGE,
    51091: Code.INVALID_QUERY,  # regular expression is invalid
    51108: Code.INVALID_QUERY,  # regular expression flags
    _NO_GEO_KEYS: Code.INCORRECT_TYPE,
    13027: Code.INCORRECT_TYPE,  # a place beyond the bounds of a flat index
    17261: Code.INCORRECT_TYPE,  # of an object in a text index, the language is no text
    17262: Code.INCORRECT_TYPE,  # or none that is known
    27: Code.INVALID_QUERY,  # IndexNotFound: a text search in a transaction
    291: Code.INVALID_QUERY,  # NoQueryExecutionPlans: a text search in $or beside other things
    40218: Code.INVALID_QUERY,  # the score of no search
}


_PREFERENCES = {
    "PRIMARY": ReadPreference.PRIMARY,
    "PRIMARY_PREFERRED": ReadPreference.PRIMARY_PREFERRED,
    "SECONDARY": ReadPreference.SECONDARY,
    "SECONDARY_PREFERRED": ReadPreference.SECONDARY_PREFERRED,
    "NEAREST": ReadPreference.NEAREST,
}


class DuplicateKey(ParseError):
    """A unique index refused a value; ``index`` is its name (protocol §6.8)."""

    def __init__(self, index: str) -> None:
        super().__init__(
            Code.DUPLICATE_VALUE, "A duplicate value for a field with unique values was provided"
        )
        self.index = index


class Unavailable(Interruption):
    """The database can't be reached now."""


def _translated(error: PyMongoError) -> Exception:
    """A driver's error in the house's terms."""
    if isinstance(error, DuplicateKeyError):
        return _duplicate(error.details or {}, str(error))
    if isinstance(error, ExecutionTimeout):
        return ParseError(Code.TIMEOUT, "The query took too long and was stopped.")
    if isinstance(error, ConnectionFailure):
        return Unavailable(str(error))
    if is_transient(error):
        return Conflict(str(error))
    if isinstance(error, OperationFailure) and error.code is not None:
        return _refused(error.code, str((error.details or {}).get("errmsg", error))) or error
    return error


def _refused(code: int, message: str) -> ParseError | None:
    if code == _NO_GEO_KEYS:  # the message shows the whole document
        return ParseError(
            _BAD_VALUE[code], "Can't extract geo keys: is a place no place, do edges cross?"
        )
    if code in _BAD_VALUE:
        # what stands before the cause names the database and the plan
        return ParseError(_BAD_VALUE[code], message.rpartition("caused by :: ")[2])
    return None


def _cause(error: OperationFailure) -> str:
    message = str((error.details or {}).get("errmsg", error))
    if message.startswith("error processing query"):  # and then the database and the plan
        return message.rpartition("caused by :: ")[2]
    return message


def _duplicate(details: Mapping[str, Any], message: str) -> DuplicateKey:
    text = str(details.get("errmsg") or message)
    _, _, rest = text.partition(" index: ")
    return DuplicateKey(rest.split(" ", 1)[0])


@contextmanager
def _guard(otherwise: Code | None = None) -> Iterator[None]:
    """Translate the driver's errors; ``otherwise``: what it means that MongoDB refuses."""
    try:
        yield
    except PyMongoError as error:
        translated = _translated(error)
        if (
            otherwise is not None
            and isinstance(error, OperationFailure)
            and (translated is error or error.code in _BAD_VALUE)
        ):
            translated = ParseError(otherwise, _cause(error))
        if translated is error:
            raise
        raise translated from error
    except DocumentTooLarge as error:
        raise ParseError(Code.OBJECT_TOO_LARGE, "The object is larger than 16 MB.") from error
    except (OverflowError, ValueError, BSONError) as error:
        # bson refuses what it can't encode (too large a number, too deep, NUL in a key)
        raise ParseError(Code.INVALID_JSON, f"can't be stored: {error}") from error


class Storage:
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
        shares_updates: bool = True,
    ) -> None:
        self._client = client
        self._database = client.get_database(database, codec_options=_CODEC)
        self._prefix = prefix
        self.file_url = file_url
        self._max_time_ms = max_time_ms
        self._regex_time_ms = regex_time_ms
        self._collections: dict[str, Collection] = {}
        self._gets: dict[str, Flights[str, Document | None]] = {}
        self._inserts: dict[str, Flights[Document, None]] = {}
        self._updates: dict[str, Flights[Change, Document | None]] = {}
        self._changes = Changes(client) if shares_updates else None
        self.turn = asyncio.Lock()  # of transactions that have met others

    async def ping(self) -> None:
        """Return when the database has answered; raise ``Unavailable`` otherwise."""
        try:
            await self._database.command("ping")
        except PyMongoError as error:
            raise Unavailable(str(error)) from error

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    @property
    def files_database(self) -> AsyncDatabase[Document] | None:
        """The database for a file store that lives in MongoDB; None in ``memory:``.

        Files are no objects: they know neither classes nor transactions.
        """
        if self._changes is None:
            return None
        return self._client.get_database(self._database.name)

    async def drop_database(self) -> None:
        """Delete everything (for tests)."""
        await self._client.drop_database(self._database.name)

    def collection(self, name: str) -> Collection:
        """The MongoDB collection of a class or join table."""
        found = self._collections.get(name)
        if found is None:
            if len(self._collections) >= _MOST_COLLECTIONS:
                self._collections.clear()  # a client may ask for what was never there
            found = self._collections[name] = self._database[self._prefix + name]
        return found

    @property
    def in_transaction(self) -> bool:
        """Is this code inside ``transaction``?"""
        return _RUNNING.get() is not None

    @asynccontextmanager
    async def transaction(self, attempts: int = 1) -> AsyncIterator[None]:
        """All calls inside commit together or, on an exception, not at all.

        What belongs to the schema (columns, indexes) stays either way; indexes are made when
        the transaction is over. Calls inside follow one another: a session carries one at a
        time. When another transaction comes in between, the calls are made again, up to
        ``attempts`` times in all; raises ``Conflict`` when that does not help.
        """
        lasting: list[Callable[[], Awaitable[None]]] = []
        try:
            async with self._client.start_session() as session:
                running = Running(session, self.turn, attempts)
                running.lasting = lasting
                try:
                    await session.start_transaction()
                    token = _RUNNING.set(running)
                    try:
                        yield
                    finally:
                        _RUNNING.reset(token)
                    await running.commit()
                except PyMongoError as error:
                    raise _translated(error) from error
                finally:  # the end of the session aborts what was not committed
                    await running.close()
        finally:
            for write in lasting:
                await write()
        for make_index in running.postponed:
            await make_index()
        for tell in running.committed:
            tell()

    async def after_commit(self, call: Callable[[], None]) -> None:
        """Call when what was written is there to stay: now, or when the transaction commits."""
        running = _RUNNING.get()
        if running is None:
            call()
        else:
            running.committed.append(call)

    async def whatever_comes(self, write: Callable[[], Awaitable[None]]) -> None:
        """Write what no rollback may undo: now, or when the transaction is over, either way."""
        running = _RUNNING.get()
        if running is None:
            await write()
        else:
            running.lasting.append(write)

    async def _do(self, call: Call[Result]) -> Result:
        """Make a driver call, in the transaction if there is one."""
        running = _RUNNING.get()
        return await (call(None) if running is None else running.call(call))

    async def run(self, call: Call[Result]) -> Result:
        """Make a driver call of a module beside this one: in the transaction if there is one."""
        with _guard():
            return await self._do(call)

    # --- changes ------------------------------------------------------------------------------

    def stream(self, pattern: str) -> streams.Stream:
        """The committed changes of every class whose whole name matches ``pattern``."""
        return streams.Stream(self._database, self._prefix, pattern, (Unavailable,))

    async def keep_images(self, class_name: str, *, make: bool) -> bool:
        """Have the states before and after changes of a class kept for ``stream``."""
        return await streams.keep_images(self._database, self._prefix + class_name, make=make)

    def as_object(self, schema: ClassSchema, document: Document) -> JSONObject:
        """A document of a stream in REST form."""
        return documents.to_object(documents.plan_of(schema, self.file_url), document)

    # --- objects ------------------------------------------------------------------------------

    async def find(
        self,
        schema: ClassSchema,
        where: Where,
        scope: Scope = EVERYTHING,
        *,
        order: Sequence[tuple[str, int]] = (),
        limit: int | None = None,
        skip: int = 0,
        keys: frozenset[str] | None = None,
        hint: Any = None,
        comment: str | None = None,
        read_preference: str | None = None,
        internal: bool = False,
        ignore_case: bool = False,
    ) -> list[JSONObject]:
        """The objects that match, in REST form."""
        options: dict[str, Any] = {}
        if limit:
            options["limit"] = limit
            if limit > 100:
                options["batch_size"] = limit
        if skip:
            options["skip"] = skip
        if order:
            options["sort"] = _sort(schema, order)
        if hint is not None:
            options["hint"] = hint
        if comment:
            options["comment"] = comment
        if ignore_case:
            options["collation"] = {"locale": "en_US", "strength": 2}
        time = self._time_limit(where)
        if time:
            options["max_time_ms"] = time
        collection = self._preferring(schema.name, read_preference)
        query = filters.to_filter(schema, where, scope)
        projection = filters.to_projection(schema, keys)
        with _guard():
            found = await self._indexed(
                schema,
                where,
                lambda session: collection.find(
                    query, projection, session=session, **options
                ).to_list(None),
            )
        plan = documents.plan_of(schema, self.file_url)
        return [documents.to_object(plan, item, internal=internal) for item in found]

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
        *,
        verbosity: str,
        order: Sequence[tuple[str, int]] = (),
        limit: int | None = None,
        skip: int = 0,
        hint: Any = None,
    ) -> JSONObject:
        """MongoDB's own account of how it answers a find."""
        command: Document = {
            "find": self._prefix + schema.name,
            "filter": filters.to_filter(schema, where, scope),
            "limit": limit or 0,
            "skip": skip,
        }
        if order:
            command["sort"] = dict(_sort(schema, order))
        if hint is not None:
            command["hint"] = hint
        with _guard():
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

    async def aggregate(self, schema: ClassSchema, asked: Aggregation) -> list[Any]:
        """What a pipeline yields over the objects that match, or the one account of its plan."""
        raw = {"raw_values": asked.raw_values, "raw_field_names": asked.raw_field_names}
        stages = pipelines.to_pipeline(schema, asked.pipeline, **raw)
        if asked.where:
            stages.insert(0, {"$match": filters.to_filter(schema, asked.where)})
        options: dict[str, Any] = {}
        if asked.hint is not None:
            options["hint"] = asked.hint
        if asked.comment is not None:
            options["comment"] = asked.comment
        time = self._max_time_ms
        if has_regex(stages):
            time = min(self._regex_time_ms, time or self._regex_time_ms)
        collection = self.collection(schema.name)
        if asked.explain is not None:
            name = self._prefix + schema.name
            command = {"aggregate": name, "pipeline": stages, "cursor": {}, **options}
            with _guard(Code.INVALID_QUERY):
                return [await self._explained(command, asked.explain, time)]
        if time:
            options["maxTimeMS"] = time
        if asked.read_preference is not None:
            preference = _PREFERENCES[asked.read_preference]
            collection = collection.with_options(read_preference=preference)

        async def run(session: AsyncClientSession | None) -> list[Document]:
            cursor = await collection.aggregate(stages, session=session, **options)
            return await cursor.to_list(None)

        with _guard(Code.INVALID_QUERY):
            found = await self._do(run)
        return pipelines.from_results(schema, self.file_url, stages, found, **raw)

    async def distinct(self, schema: ClassSchema, where: Where, field: str) -> list[Any]:
        """The values that a field has in the objects that match."""
        query, key = filters.to_filter(schema, where), documents.key_of(schema, field)
        time = self._time_limit(where)
        options: dict[str, Any] = {"maxTimeMS": time} if time else {}
        with _guard(Code.INVALID_QUERY):
            values = await self._indexed(
                schema,
                where,
                lambda session: self.collection(schema.name).distinct(
                    key, query, session=session, **options
                ),
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
        readers: frozenset[str] | None = None,
        *,
        writers: frozenset[str] | None = None,
    ) -> JSONObject | None:
        """One object by id, if one of ``readers`` may read it and one of ``writers`` write it.

        None: anybody.
        """
        name = schema.name
        if _RUNNING.get() is None and schema.exists:
            flights = self._gets.get(name)
            if flights is None:
                flights = self._gets[name] = Flights(partial(self._fetch, name))
            document = await flights.call(object_id)
        else:
            document = await self._fetch_one(name, object_id)
        if document is None:
            return None
        if readers is not None and not allows(document.get("_rperm"), readers):
            return None
        if writers is not None and not allows(document.get("_wperm"), writers):
            return None
        return documents.to_object(documents.plan_of(schema, self.file_url), document)

    async def _fetch_one(self, name: str, object_id: str) -> Document | None:
        with _guard():
            return await self._do(
                lambda session: self.collection(name).find_one({"_id": object_id}, session=session)
            )

    async def _fetch(self, name: str, ids: Sequence[str]) -> list[Document | Exception | None]:
        if len(ids) == 1:
            return [await self._fetch_one(name, ids[0])]
        try:
            with _guard():
                cursor = self.collection(name).find(
                    {"_id": {"$in": list(set(ids))}}, batch_size=len(ids) + 1
                )
                found = {item["_id"]: item for item in await cursor.to_list(None)}
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
        *,
        hint: Any = None,
        comment: str | None = None,
        read_preference: str | None = None,
    ) -> int:
        """How many objects match."""
        query = filters.to_filter(schema, where, scope, unsorted=True)
        collection = self._preferring(schema.name, read_preference)
        options: dict[str, Any] = {}
        if hint is not None:
            options["hint"] = hint
        if comment:
            options["comment"] = comment
        if time := self._time_limit(where):
            options["maxTimeMS"] = time
        with _guard():
            if not query and _RUNNING.get() is None:
                return int(await collection.estimated_document_count())
            return int(
                await self._indexed(
                    schema,
                    where,
                    lambda session: collection.count_documents(query, session=session, **options),
                )
            )

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
        if _RUNNING.get() is not None:

            async def insert(session: AsyncClientSession | None) -> None:
                await self.collection(name).insert_one(document, session=session)

            with _guard():
                await self._do(insert)
            return
        flights = self._inserts.get(name)
        if flights is None:
            flights = self._inserts[name] = Flights(partial(self._insert, name))
        await flights.call(document)

    async def _insert(self, name: str, batch: Sequence[Document]) -> list[Exception | None]:
        collection = self.collection(name)
        if len(batch) == 1:
            with _guard():
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
                    _duplicate(failure, text)
                    if code == 11000
                    else _refused(code, text) or RuntimeError(text)
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
            with _guard():
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
    ) -> JSONObject | None:
        """Change the first object that matches, atomically; ``None`` if there is none.

        Answers its new state, or only the columns ``returning`` of it.
        """
        name = schema.name
        query = filters.to_filter(schema, where, scope)
        update = updates.to_update(schema, changes)
        projection = None if returning is None else _projection(schema, returning)
        object_id = equals_id(where)
        with _guard():
            if object_id is None or self._changes is None or _RUNNING.get() is not None:
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
        plan = documents.plan_of(schema, self.file_url)
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

        with _guard():
            return await self._do(delete)

    # --- relations ----------------------------------------------------------------------------

    def _join(self, class_name: str, field: str) -> Collection:
        return self.collection(f"_Join:{field}:{class_name}")

    async def add_related(
        self, class_name: str, field: str, owner: str, ids: Iterable[str]
    ) -> None:
        """Make ``ids`` members of the relation; those that are stay so."""
        rows = [{"owningId": owner, "relatedId": related} for related in dict.fromkeys(ids)]
        if not rows:
            return

        async def add(session: AsyncClientSession | None) -> None:
            await self._join(class_name, field).bulk_write(
                [UpdateOne(row, {"$setOnInsert": row}, upsert=True) for row in rows],
                session=session,
            )

        with _guard():
            await self._do(add)

    async def remove_related(
        self, class_name: str, field: str, owner: str, ids: Iterable[str]
    ) -> None:
        """Take ``ids`` out of the relation."""
        query = {"owningId": owner, "relatedId": {"$in": list(ids)}}

        async def remove(session: AsyncClientSession | None) -> int:
            join = self._join(class_name, field)
            return int((await join.delete_many(query, session=session)).deleted_count)

        with _guard():
            await self._do(remove)

    async def related_ids(
        self,
        class_name: str,
        field: str,
        owner: str,
        *,
        newest_first: bool | None = None,
        limit: int = 0,
        skip: int = 0,
    ) -> list[str]:
        """The members of the relation ``field`` of one owner."""
        options: dict[str, Any] = {}
        if newest_first is not None:
            options["sort"] = [("_id", -1 if newest_first else 1)]
        with _guard():
            rows = await self._do(
                lambda session: (
                    self._join(class_name, field)
                    .find({"owningId": owner}, limit=limit, skip=skip, session=session, **options)
                    .to_list(None)
                )
            )
        return [row["relatedId"] for row in rows]

    async def owner_ids(self, class_name: str, field: str, related: Sequence[str]) -> list[str]:
        """The owners whose relation ``field`` holds one of ``related``."""
        query = {"relatedId": {"$in": list(related)}}
        with _guard():
            rows = await self._do(
                lambda session: (
                    self._join(class_name, field).find(query, session=session).to_list(None)
                )
            )
        return list(dict.fromkeys(row["owningId"] for row in rows))

    # --- settings -----------------------------------------------------------------------------

    async def read_settings(self, class_name: str) -> JSONObject | None:
        """The one document of a settings class (protocol §6.9); ``None`` before the first write."""
        with _guard():
            document = await self._do(
                lambda session: self.collection(class_name).find_one(
                    {"_id": settings.ID}, session=session
                )
            )
        return None if document is None else settings.from_document(document)

    async def change_settings(self, class_name: str, changes: JSONObject) -> JSONObject:
        """Change parts of that document by dotted path, atomically; its new state."""
        with _guard():
            document = await self._do(
                lambda session: self.collection(class_name).find_one_and_update(
                    {"_id": settings.ID},
                    settings.to_update(changes),
                    upsert=True,
                    return_document=ReturnDocument.AFTER,
                    session=session,
                )
            )
        return settings.from_document(document or {})

    # --- schemas ------------------------------------------------------------------------------

    async def schema_documents(self) -> list[Document]:
        """Every `_SCHEMA` document."""
        with _guard():
            return await self.collection(schemas.COLLECTION).find({}).to_list(None)

    async def insert_schema(self, document: Document) -> bool:
        """Record a new class; False if it was there already."""
        try:
            with _guard():
                await self.collection(schemas.COLLECTION).insert_one(dict(document))
        except DuplicateKey:
            return False
        return True

    async def add_column(self, class_name: str, name: str, text: str, options: JSONObject) -> bool:
        """Record a column unless there is one of that name; False if there was."""
        change: Document = {name: text}
        if options:
            change[f"_metadata.fields_options.{name}"] = options
        with _guard():
            result = await self.collection(schemas.COLLECTION).update_one(
                {"_id": class_name, name: {"$exists": False}}, {"$set": change}
            )
        return result.matched_count == 1

    async def change_schema(self, class_name: str, update: Document) -> None:
        """Apply a MongoDB update to a class's `_SCHEMA` document."""
        with _guard():
            await self.collection(schemas.COLLECTION).update_one({"_id": class_name}, update)

    async def drop_class(self, schema: ClassSchema, *, objects: bool = True) -> None:
        """Forget a class: its `_SCHEMA` document and, with ``objects``, its collections."""
        with _guard():
            await self.collection(schemas.COLLECTION).delete_one({"_id": schema.name})
            if not objects:
                return
            await self.collection(schema.name).drop()
            for field in schema.relations:
                await self._join(schema.name, field).drop()

    async def drop_columns(self, schema: ClassSchema, names: Sequence[str]) -> None:
        """Forget columns: in every object, in `_SCHEMA`, and the join tables of relations."""
        keys = {documents.key_of(schema, n): "" for n in names if n not in schema.relations}
        with _guard():
            if keys:
                await self.collection(schema.name).update_many({}, {"$unset": keys})
            await self.collection(schemas.COLLECTION).update_one(
                {"_id": schema.name},
                {
                    "$unset": {
                        key: ""
                        for name in names
                        for key in (name, f"_metadata.fields_options.{name}")
                    }
                },
            )
            for name in names:
                if name in schema.relations:
                    await self._join(schema.name, name).drop()

    async def read_indexes(self, class_name: str) -> JSONObject:
        """The indexes of a class: name → key spec, text indexes as ``{field: "text"}``."""
        found: JSONObject = {}
        with _guard():
            cursor = await self.collection(class_name).list_indexes()
            for index in await cursor.to_list(None):
                keys = dict(index["key"])
                if keys.pop("_fts", None) is not None:
                    keys.pop("_ftsx", None)
                    keys |= dict.fromkeys(index.get("weights", {}), "text")
                found[index["name"]] = keys
        return found

    async def create_index(
        self,
        class_name: str,
        name: str,
        keys: Mapping[str, Any],
        **options: Any,
    ) -> None:
        """Create an index unless it is there; an unlike one of that name is refused."""
        running = _RUNNING.get()
        if running is not None:
            # it would wait for the locks that this very transaction holds
            running.postponed.append(partial(self.create_index, class_name, name, keys, **options))
            return
        try:
            with _guard():
                await self.collection(class_name).create_index(
                    list(keys.items()), name=name, **options
                )
        except OperationFailure as error:
            if error.code in (85, 86):  # IndexOptionsConflict, IndexKeySpecsConflict
                raise ParseError(
                    Code.INVALID_QUERY, f"Index {name} exists with other keys or options."
                ) from error
            raise ParseError(
                Code.INVALID_QUERY, str((error.details or {}).get("errmsg", error))
            ) from error

    async def prepare_claims(self, seconds: int) -> None:
        """See that claims are forgotten after so many seconds."""
        await self.create_index(CLAIMS, "at_1", {"at": 1}, expireAfterSeconds=seconds)

    async def claim(self, name: str) -> bool:
        """Take ``name`` for this process; False if one has taken it already, anywhere."""
        try:
            with _guard():
                await self.collection(CLAIMS).insert_one({"_id": name, "at": now()})
        except DuplicateKey:
            return False
        return True

    async def release(self, name: str) -> None:
        """Give back what this process has claimed."""
        with _guard():
            await self.collection(CLAIMS).delete_one({"_id": name})

    async def break_claim(self, name: str, seconds: float) -> None:
        """Take away a claim older than so many seconds: who held it is gone."""
        oldest = now() - timedelta(seconds=seconds)
        with _guard():
            await self.collection(CLAIMS).delete_one({"_id": name, "at": {"$lt": oldest}})

    async def create_join_index(self, class_name: str, field: str) -> None:
        """Index the rows of a relation both ways."""
        join = f"_Join:{field}:{class_name}"
        await self.create_index(join, "owningId_1", {"owningId": 1})
        await self.create_index(join, "relatedId_1", {"relatedId": 1})

    async def drop_index(self, class_name: str, name: str) -> None:
        """Drop an index of a class; that it is gone already is fine."""
        with _guard():
            try:
                await self.collection(class_name).drop_index(name)
            except OperationFailure as error:
                if error.code not in (26, 27):  # NamespaceNotFound, IndexNotFound
                    raise

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

        with _guard():
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
    driver: Mapping[str, Any] | None = None,
) -> Storage:
    """The storage behind a URI: ``mongodb://``, or ``memory:`` for a new one in this process.

    ``driver`` are PyMongo's own options beside those in the URI. The connection is made with
    the first call. The database is the one that the URI names, ``parse`` if it names none.
    ImportError if ``memory:`` lacks its extra.
    """
    if uri.startswith(memory.SCHEME):
        client = cast(AsyncMongoClient[Document], memory.open_client())
        name = "parse"
    else:
        options = {"serverSelectionTimeoutMS": 5000, "appname": "parsepy", **(driver or {})}
        client = AsyncMongoClient(uri, tz_aware=False, **options)
        name = client.get_default_database("parse").name
    return Storage(
        client,
        name,
        file_url=file_url,
        prefix=prefix,
        max_time_ms=max_time_ms,
        shares_updates=not uri.startswith(memory.SCHEME),
    )
