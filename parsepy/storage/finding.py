"""``Finds``: the objects that match, in REST form or as the JSON of a whole page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from parsepy.model.query import SCORE
from parsepy.model.schema import ClassSchema
from parsepy.model.scope import EVERYTHING, Scope
from parsepy.model.values import JSONObject, dumps
from parsepy.model.where import Where
from parsepy.storage import documents, filters
from parsepy.storage.connection import Connection
from parsepy.storage.documents import Document, FileURL
from parsepy.storage.driver import Collection, Made, ReplyReader, Value
from parsepy.storage.failures import guard
from parsepy.storage.native import whole
from parsepy.storage.options import ALL, ANY_CASE, ReadOptions
from parsepy.storage.raw_pages import RawPage
from parsepy.storage.reading import Reading, ReadLimits
from parsepy.storage.shared_finds import SharedFinds

_FEW = 32
_MOST_KEPT = 256
"""Projections of so few columns are kept, so many of a class."""


@dataclass(slots=True)
class _Find:
    """A find as the driver is asked it."""

    collection: Collection
    query: Document
    projection: Document | None
    arguments: dict[str, Any]
    fields: bytes | None
    """Those of its command as BSON, where one is all that it takes."""

    def told(self) -> bytes | Document:
        """All that the database is told."""
        if self.fields is not None:
            return self.fields
        return {"filter": self.query, "projection": self.projection, **self.arguments}


class Finds(Reading):
    """Finds objects, and tells how MongoDB would find them."""

    def __init__(self, connection: Connection, file_url: FileURL, limits: ReadLimits) -> None:
        super().__init__(connection, file_url, limits)
        self._finds: SharedFinds[bytes | list[JSONObject]] = SharedFinds()
        self._pages: SharedFinds[list[Document] | Made[bytes]] = SharedFinds()

    async def find(
        self,
        schema: ClassSchema,
        where: Where,
        scope: Scope = EVERYTHING,
        options: ReadOptions = ALL,
    ) -> list[JSONObject]:
        """The objects that match, in REST form."""
        plan, internal = self.plan(schema, options), options.internal
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
        plan = self.plan(schema, options)
        native = plan.native
        if options.is_large:
            asked = await asyncio.to_thread(self._asked, schema, where, scope, options, shares)
        else:
            asked = self._asked(schema, where, scope, options, shares)

        async def read() -> list[Document] | Made[bytes]:
            return await self._made(schema, where, asked, whole if native else None)

        if shares:
            told = (schema.name, options.read_preference)
            found = await self.shared(self._pages, told, asked.told(), read)
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
        plan = self.plan(schema, options)
        native = plan.native
        if options.is_large:
            asked = await asyncio.to_thread(self._asked, schema, where, scope, options)
        else:
            asked = self._asked(schema, where, scope, options)

        async def read() -> bytes | list[JSONObject]:
            found = await self._made(schema, where, asked, native.json if native else None)
            return (
                found.value
                if isinstance(found, Made)
                else await in_json(await _objects(plan, found))
            )

        told = (schema.name, id(plan), options.read_preference)
        return await self.shared(self._finds, told, asked.told(), read)

    async def _found(
        self,
        schema: ClassSchema,
        where: Where,
        scope: Scope,
        options: ReadOptions,
        read: ReplyReader[Value] | None,
    ) -> list[Document] | Made[Value]:
        """The documents that match, or what ``read`` makes of MongoDB's reply."""
        asked = self._asked(schema, where, scope, options, shares=False)
        return await self._made(schema, where, asked, read)

    def _asked(
        self,
        schema: ClassSchema,
        where: Where,
        scope: Scope,
        options: ReadOptions,
        shares: bool = True,
    ) -> _Find:
        """A find as MongoDB is asked it; of one that is shared its fields are encoded."""
        collection = self.preferring(schema.name, options.read_preference)
        query = filters.to_filter(schema, where, scope)
        projection = self._projection(schema, options)
        arguments = self._find_arguments(schema, where, options)
        fields = None
        if shares:
            with guard():
                fields = self.connection.reads.find_fields(query, projection, arguments)
        return _Find(collection, query, projection, arguments, fields)

    def _projection(self, schema: ClassSchema, options: ReadOptions) -> Document | None:
        """What MongoDB is told of the columns to read; clients select the same again and again."""
        keys = options.keys
        if keys is None:
            return None
        kept = self.plan(schema, options).projections
        found = kept.get(keys)
        if found is None:
            found = filters.to_projection(schema, keys)
            if found is not None and len(keys) <= _FEW and len(kept) < _MOST_KEPT:
                kept[keys] = found
        return found

    async def _made(
        self, schema: ClassSchema, where: Where, asked: _Find, read: ReplyReader[Value] | None
    ) -> list[Document] | Made[Value]:
        collection, query, projection = asked.collection, asked.query, asked.projection
        arguments, reads, fields = asked.arguments, self.connection.reads, asked.fields

        def call(
            session: AsyncClientSession | None,
        ) -> Awaitable[list[Document] | Made[Value]]:
            if read is None:
                return reads.find(
                    collection, query, projection, fields=fields, session=session, **arguments
                )
            return reads.find_made(
                collection, query, projection, read, fields=fields, session=session, **arguments
            )

        with guard():
            return await self.indexed(schema, where, call)

    def _find_arguments(
        self, schema: ClassSchema, where: Where, options: ReadOptions
    ) -> dict[str, Any]:
        """The driver's keyword arguments for a find with these options."""
        arguments: dict[str, Any] = {}
        limit = options.limit
        if limit:
            arguments["limit"] = limit
        if not limit or limit > min(100, self.limits.batch_size):  # else it is one batch anyway
            arguments["batch_size"] = self.limits.batch_size
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
        if time := self.time_limit(where, options):
            arguments["max_time_ms"] = time
        return arguments

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
            return await self.indexed(
                schema,
                where,
                lambda _: self.explained(command, verbosity, self.time_limit(where, options)),
            )


SLICE = 500
"""So many objects are converted at once: others wait no longer than that takes."""


async def in_json(objects: list[JSONObject]) -> bytes | list[JSONObject]:
    """Objects as a JSON array, many of them in slices between which others go on.

    Or as they are, where they have no form in JSON: the answer's own encoding says why.
    """
    pieces = []
    try:
        if len(objects) <= SLICE:
            return dumps(objects)
        for begin in range(0, len(objects), SLICE):
            pieces.append(dumps(objects[begin : begin + SLICE])[1:-1])
            await asyncio.sleep(0)
    except TypeError:  # of another server's making
        return objects
    return b"[%b]" % b",".join(pieces)


async def _objects(
    plan: documents.Plan, found: list[Document], *, internal: bool = False
) -> list[JSONObject]:
    """Documents as objects; others go on between slices of many."""
    if len(found) <= SLICE:
        return [documents.to_object(plan, item, internal=internal) for item in found]
    objects: list[JSONObject] = []
    for begin in range(0, len(found), SLICE):
        some = found[begin : begin + SLICE]
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
