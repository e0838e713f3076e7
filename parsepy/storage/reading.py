"""``Reading``: what every read of objects needs, whichever it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import bson
from pymongo import ReadPreference
from pymongo.errors import OperationFailure

from parsepy.errors import Code, ParseError
from parsepy.model.schema import ClassSchema
from parsepy.model.values import JSONObject
from parsepy.model.where import Where
from parsepy.storage import documents, filters, on_demand
from parsepy.storage.connection import Connection
from parsepy.storage.documents import Document, FileURL
from parsepy.storage.driver import Collection
from parsepy.storage.driver.received import most
from parsepy.storage.failures import guard
from parsepy.storage.indexes import Indexes
from parsepy.storage.options import ReadOptions
from parsepy.storage.relations import Relations
from parsepy.storage.schemas import Schemas
from parsepy.storage.shared_finds import SharedFinds
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
class ReadLimits:
    """How much MongoDB may do for one read.

    ``max_time_ms`` is how long it may work on it, ``regex_time_ms`` where there is a regular
    expression; ``batch_size`` is how many documents of a long answer come at once.
    """

    max_time_ms: int | None
    regex_time_ms: int
    batch_size: int


class Reading:
    """The database that objects are read from, its limits, and the indexes that it may lack."""

    def __init__(self, connection: Connection, file_url: FileURL, limits: ReadLimits) -> None:
        self.connection = connection
        self.file_url = file_url
        self.indexes = Indexes(connection)
        self.relations = Relations(connection, self.indexes)
        self.schemas = Schemas(connection, self.relations)
        self.limits = limits

    def plan(self, schema: ClassSchema, options: ReadOptions) -> documents.Plan:
        """How documents of a class are read with these options."""
        return documents.plan_of(schema, self.file_url, options.mount_url)

    def preferring(self, class_name: str, read_preference: str | None) -> Collection:
        """The collection of a class, of the server that a read prefers."""
        collection = self.connection.collection(class_name)
        if read_preference is None:
            return collection
        return collection.with_options(read_preference=_PREFERENCES[read_preference])

    def time_limit(self, where: Where, options: ReadOptions) -> int | None:
        """For how many milliseconds MongoDB may work on a read; None: any time."""
        most = self.limits.max_time_ms
        if options.max_time_ms is not None:
            most = min(options.max_time_ms, most or options.max_time_ms)
        if where and filters.has_regex(where):
            return min(self.limits.regex_time_ms, most or self.limits.regex_time_ms)
        return most

    def shared(
        self,
        finds: SharedFinds[Result],
        told: tuple[object, ...],
        asked: bytes | Document,
        read: Callable[[], Awaitable[Result]],
        may_share: Callable[[bytes], bool] | None = None,
    ) -> Awaitable[Result]:
        """What ``read`` answers, shared with equal reads under way outside transactions.

        Equal are only those of which as many bytes may come (``receive_at_most``).

        ``asked`` is what MongoDB is told, as BSON if it is at hand, ``told`` what else must be
        the same for both; ``may_share`` says of what is asked whether it may be shared at all.
        """
        if self.connection.in_transaction:
            return read()
        if isinstance(asked, bytes):
            encoded = asked
        else:
            with guard():
                encoded = bson.encode(asked)
        if may_share is not None and not may_share(encoded):
            return read()
        return finds.call((*told, most.get(), encoded), read)

    async def explained(self, command: Document, verbosity: str, time: int | None) -> JSONObject:
        """MongoDB's account of how it answers a command."""
        asked: Document = {"explain": command, "verbosity": verbosity}
        if time:
            asked["maxTimeMS"] = time
        plan = await self.connection.database.command(asked)
        shown: JSONObject = documents.from_nested(plan)
        for internal in ("$clusterTime", "operationTime"):
            shown.pop(internal, None)
        return shown

    async def indexed(self, schema: ClassSchema, where: Where, call: Call[Result]) -> Result:
        """Make a call that reads; if it lacks an index, once more when there is one."""
        try:
            return await self.connection.read(call)
        except OperationFailure as error:
            return await self.with_index(schema, where, call, error)

    async def with_index(
        self, schema: ClassSchema, where: Where, call: Call[Result], failure: OperationFailure
    ) -> Result:
        """Make a call again that has failed for want of an index; raises any other failure."""
        if self.connection.in_transaction:
            raise failure
        wanted = on_demand.missing_indexes(schema, where, failure)
        if not wanted:
            raise failure
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
