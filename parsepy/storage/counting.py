"""``Counts``: how many objects match, and what is computed of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import OperationFailure

from parsepy.errors import Code
from parsepy.model.aggregation import Aggregation
from parsepy.model.schema import ClassSchema
from parsepy.model.scope import EVERYTHING, Scope
from parsepy.model.values import JSONObject
from parsepy.model.where import Kept, Where
from parsepy.storage import documents, filters, pipelines
from parsepy.storage.connection import Connection
from parsepy.storage.documents import Document, FileURL
from parsepy.storage.failures import guard
from parsepy.storage.finding import SLICE, in_json
from parsepy.storage.options import ALL, ReadOptions
from parsepy.storage.reading import Reading, ReadLimits
from parsepy.storage.shared_finds import SharedFinds

_UNSHARED = (b"$out", b"$merge", b"$sample", b"$rand")
"""Whose pipeline is run for each who asks: it writes, or yields something else each time."""


class Counts(Reading):
    """Counts objects, and runs aggregations over them."""

    def __init__(self, connection: Connection, file_url: FileURL, limits: ReadLimits) -> None:
        super().__init__(connection, file_url, limits)
        self._counts: SharedFinds[int] = SharedFinds()
        self._aggregations: SharedFinds[bytes | list[Any]] = SharedFinds()

    async def aggregate(
        self, schema: ClassSchema, asked: Aggregation, options: ReadOptions = ALL
    ) -> list[Any]:
        """What a pipeline yields over the objects that match, or the one account of its plan."""
        stages, arguments = self._stages(schema, asked), self._arguments(asked, options)
        if asked.explain is not None:
            return [await self._aggregation_explained(schema, stages, arguments, asked.explain)]
        return await self._yielded(schema, asked, options, stages, arguments)

    async def aggregate_json(
        self, schema: ClassSchema, asked: Aggregation, options: ReadOptions = ALL
    ) -> bytes | list[Any]:
        """What ``aggregate`` answers, for who only passes it on: as a JSON array, if it can be one.

        Whoever is given it must not change it: equal aggregations at the same time share theirs.
        """
        if asked.explain is not None or asked.writes:
            return await self.aggregate(schema, asked, options)
        stages, arguments = self._stages(schema, asked), self._arguments(asked, options)
        with guard(Code.INVALID_QUERY):
            fields = self.connection.reads.aggregate_fields(stages, arguments)

        async def read() -> bytes | list[Any]:
            shown = await self._yielded(schema, asked, options, stages, arguments, fields)
            return await in_json(shown)

        told = (
            schema.name,
            id(self.plan(schema, options)),
            options.read_preference,
            asked.raw_values,
            asked.raw_field_names,
        )
        return await self.shared(
            self._aggregations,
            told,
            fields or {"pipeline": stages, **arguments},
            read,
            _is_shared,
        )

    def _stages(self, schema: ClassSchema, asked: Aggregation) -> list[Document]:
        """The pipeline as MongoDB takes it."""
        pipeline = asked.pipeline
        if type(pipeline) is Kept:
            stages = [*pipeline.once_with("stages", schema, lambda: _translated(schema, asked))]
        else:
            stages = _translated(schema, asked)
        if asked.where:
            stages.insert(0, {"$match": filters.to_filter(schema, asked.where)})
        return stages

    def _arguments(self, asked: Aggregation, options: ReadOptions) -> dict[str, Any]:
        """The driver's keyword arguments for an aggregation with these options."""
        arguments: dict[str, Any] = {"batchSize": self.limits.batch_size}
        if options.hint is not None:
            arguments["hint"] = options.hint
        if options.comment is not None:
            arguments["comment"] = options.comment
        time = self.time_limit(asked.where, options)
        if asked.has_regex:
            time = min(self.limits.regex_time_ms, time or self.limits.regex_time_ms)
        if time:
            arguments["maxTimeMS"] = time
        return arguments

    async def _aggregation_explained(
        self, schema: ClassSchema, stages: list[Document], arguments: dict[str, Any], verbosity: str
    ) -> JSONObject:
        command = {
            "aggregate": self.connection.prefix + schema.name,
            "pipeline": stages,
            "cursor": {"batchSize": arguments.pop("batchSize")},
        }
        time = arguments.pop("maxTimeMS", None)
        with guard(Code.INVALID_QUERY):
            return await self.explained({**command, **arguments}, verbosity, time)

    async def _yielded(
        self,
        schema: ClassSchema,
        asked: Aggregation,
        options: ReadOptions,
        stages: list[Document],
        arguments: dict[str, Any],
        fields: bytes | None = None,
    ) -> list[Any]:
        """The results of a pipeline in Parse's form."""
        collection = self.preferring(schema.name, options.read_preference)
        reads = self.connection.reads
        with guard(Code.INVALID_QUERY):
            found = await self.connection.read(
                lambda session: reads.aggregate(
                    collection, stages, fields=fields, session=session, **arguments
                )
            )
        plan = self.plan(schema, options)
        raw = {"raw_values": asked.raw_values, "raw_field_names": asked.raw_field_names}
        shown: list[Any] = []
        for begin in range(0, len(found), SLICE):
            if begin:
                await asyncio.sleep(0)  # others have their turn
            some = found[begin : begin + SLICE]
            shown += pipelines.from_results(schema, plan, stages, some, **raw)
        return shown

    async def distinct(
        self, schema: ClassSchema, where: Where, field: str, options: ReadOptions = ALL
    ) -> list[Any]:
        """The values that a field has in the objects that match."""
        query, key = filters.to_filter(schema, where), documents.key_of(schema, field)
        collection = self.preferring(schema.name, options.read_preference)
        arguments = self._counting_arguments(where, options)
        with guard(Code.INVALID_QUERY):
            values = await self.indexed(
                schema,
                where,
                lambda session: collection.distinct(key, query, session=session, **arguments),
            )
        return pipelines.from_distinct(schema, field, values)

    async def count(
        self,
        schema: ClassSchema,
        where: Where,
        scope: Scope = EVERYTHING,
        options: ReadOptions = ALL,
    ) -> int:
        """How many objects match."""
        query = filters.to_filter(schema, where, scope, unsorted=True)
        collection = self.preferring(schema.name, options.read_preference)
        arguments = self._counting_arguments(where, options)
        connection, reads = self.connection, self.connection.reads
        with guard():
            fields = reads.count_fields(query, arguments)

        async def read() -> int:
            with guard():
                if not query and not connection.in_transaction:
                    return await connection.read(lambda _: reads.count_all(collection))

                def call(session: AsyncClientSession | None) -> Awaitable[int]:
                    return reads.count(
                        collection, query, fields=fields, session=session, **arguments
                    )

                try:
                    return await connection.read(call)
                except OperationFailure as error:
                    return await self.with_index(schema, where, call, error)

        told = (schema.name, options.read_preference)
        asked = fields or {"query": query, **arguments}
        return await self.shared(self._counts, told, asked, read)

    def _counting_arguments(self, where: Where, options: ReadOptions) -> dict[str, Any]:
        """The driver's keyword arguments for a count or ``distinct`` with these options."""
        arguments: dict[str, Any] = {}
        if options.hint is not None:
            arguments["hint"] = options.hint
        if options.comment:
            arguments["comment"] = options.comment
        if time := self.time_limit(where, options):
            arguments["maxTimeMS"] = time
        return arguments


def _translated(schema: ClassSchema, asked: Aggregation) -> list[Document]:
    return pipelines.to_pipeline(
        schema,
        asked.pipeline,
        raw_values=asked.raw_values,
        raw_field_names=asked.raw_field_names,
    )


def _is_shared(asked: bytes) -> bool:
    """Does an encoded pipeline yield the same to all who ask at the same time?"""
    return not any(name in asked for name in _UNSHARED)
