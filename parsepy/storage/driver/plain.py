"""``PlainReads``: reads of a collection, each by one command on a connection of the driver's pool.

What PyMongo does around a command (implicit sessions, retrying, cursors) takes as much CPU as the
command itself: of an aggregation 190 µs, 115 without. So a read outside transactions is sent as
one command first. Where that fails in a way that the driver would try again, and where more than
one command is needed, the read is made by the driver's public API.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import bson
from pymongo.asynchronous.command_cursor import AsyncCommandCursor

from parsepy.errors import Code, ParseError
from parsepy.storage.documents import Document
from parsepy.storage.driver.commands import Commands, Target
from parsepy.storage.driver.encoded import Command, Encoded
from parsepy.storage.driver.reads import (
    Collection,
    Made,
    Reads,
    ReplyReader,
    Session,
    Value,
)
from parsepy.storage.driver.received import Received, most, received

_NAMES = {
    "batchSize": "batchSize",
    "batch_size": "batchSize",
    "collation": "collation",
    "comment": "comment",
    "limit": "limit",
    "max_time_ms": "maxTimeMS",
    "maxTimeMS": "maxTimeMS",
    "skip": "skip",
    "sort": "sort",
}
"""The options that a plain command takes, as the driver and as MongoDB name them."""


class PlainReads(Reads):
    """Reads by one command each, where that is enough."""

    def __init__(self, commands: Commands | None = None) -> None:
        self._commands = commands or Commands()

    def find_fields(
        self,
        query: Mapping[str, Any],
        projection: Mapping[str, Any] | None,
        options: Mapping[str, Any],
    ) -> bytes | None:
        """The fields of the command of a find; ``None`` where it can't be sent so."""
        if options.keys() <= _NAMES.keys():
            return bson.encode(_find_fields(query, projection, options))
        return None

    def aggregate_fields(
        self, pipeline: Sequence[Mapping[str, Any]], options: Mapping[str, Any]
    ) -> bytes | None:
        """The fields of the command of an aggregation; ``None`` where it can't be sent so."""
        if options.keys() <= _NAMES.keys() and not _writes(pipeline):
            return bson.encode(_aggregate_fields(pipeline, options))
        return None

    def count_fields(self, query: Mapping[str, Any], options: Mapping[str, Any]) -> bytes | None:
        """The fields of the command of a count; ``None`` where it can't be sent so."""
        if options.keys() <= _NAMES.keys():
            return bson.encode(_count_fields(query, options))
        return None

    def _plain(
        self, collection: Collection, session: Session, options: Mapping[str, Any]
    ) -> Target | None:
        """Where to send one command, if a read is no more: no session, server or deadline."""
        target = self._commands.target(collection)
        if (
            session is None
            and target.is_plain
            and target.reads_primary
            and options.keys() <= _NAMES.keys()
        ):
            return target
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
        target = self._plain(collection, session, options)
        if target is not None:
            command = _find_command(collection, query, projection, options, fields)
            found = await self._documents(target, command, options)
            if found is not None:
                return found
        return await super().find(collection, query, projection, session=session, **options)

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
        target = self._plain(collection, session, options)
        if target is not None:
            command = _find_command(collection, query, projection, options, fields)
            found = await self._found(target, command, read, options)
            if found is not None:
                return found
        return await super().find(collection, query, projection, session=session, **options)

    async def find_by_id(
        self, collection: Collection, object_id: str | int, *, session: Session = None
    ) -> Document | None:
        """The document of an id; ``None`` if there is none."""
        target = self._plain(collection, session, {})
        if target is not None:
            command: Document = {
                "find": collection.name,
                "filter": {"_id": object_id},
                "limit": 1,
            }
            command["singleBatch"] = True
            rows = await self._documents(target, command, {})
            if rows is not None:
                return rows[0] if rows else None
        return await super().find_by_id(collection, object_id, session=session)

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
        target = None if _writes(pipeline) else self._plain(collection, session, options)
        if target is not None:
            command: Command
            if fields is None:
                command = {"aggregate": collection.name, **_aggregate_fields(pipeline, options)}
            else:
                command = Encoded("aggregate", fields)
            found = await self._documents(target, command, options)
            if found is not None:
                return found
        return await super().aggregate(collection, pipeline, session=session, **options)

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
        target = self._plain(collection, session, options)
        if target is None:
            return await super().count(collection, query, session=session, **options)
        if self._commands.primary(collection).counts_truly:
            command: Command
            if fields is None:
                command = {"count": collection.name, **_count_fields(query, options)}
            else:
                command = Encoded("count", fields)
            number = await self._counted(target, command)
            if number is not None:
                return number
        counting: list[Document] = [{"$match": query}, {"$group": {"_id": 1, "n": {"$sum": 1}}}]
        found = await self.aggregate(collection, counting, **options)
        return int(found[0]["n"]) if found else 0

    async def count_all(self, collection: Collection) -> int:
        """How many documents there are, as the server has counted them."""
        target = self._plain(collection, None, {})
        if target is not None:
            number = await self._counted(target, {"count": collection.name})
            if number is not None:
                return number
        return await super().count_all(collection)

    async def _documents(
        self, target: Target, command: Command, options: Mapping[str, Any]
    ) -> list[Document] | None:
        found: list[Document] | Made[Any] | None
        found = await self._found(target, command, None, options)
        assert not isinstance(found, Made)
        return found

    async def _found(
        self,
        target: Target,
        command: Command,
        read: ReplyReader[Value] | None,
        options: Mapping[str, Any],
    ) -> list[Document] | Made[Value] | None:
        """All documents that a command yields; ``None`` if the driver would try it again."""
        reply, address = await self._commands.read(target, command, read)
        if reply is None or isinstance(reply, Made):
            return reply
        first: list[Document] = reply["cursor"]["firstBatch"]
        if not reply["cursor"]["id"]:
            return first
        size = options.get("batch_size") or options.get("batchSize", 0)
        rest = AsyncCommandCursor(target.collection, reply["cursor"], address, size)
        return await _bounded(rest, size or _SOME, most.get())

    async def _counted(self, target: Target, command: Command) -> int | None:
        """The number that a count answers; ``None`` if the driver would try it again."""
        reply, _ = await self._commands.read(target, command, number_of)
        if isinstance(reply, Made):
            return reply.value
        return None if reply is None else int(reply["n"])


def _find_command(
    collection: Collection,
    query: Mapping[str, Any],
    projection: Mapping[str, Any] | None,
    options: Mapping[str, Any],
    fields: bytes | None,
) -> Command:
    if fields is not None:
        return Encoded("find", fields)
    return {"find": collection.name, **_find_fields(query, projection, options)}


def _find_fields(
    query: Mapping[str, Any], projection: Mapping[str, Any] | None, options: Mapping[str, Any]
) -> Document:
    fields: Document = {"filter": query}
    if projection:
        fields["projection"] = projection
    for name, value in options.items():
        fields[_NAMES[name]] = dict(value) if name == "sort" else value
    if fields.get("batchSize") == fields.get("limit", 0):
        fields["batchSize"] += 1  # else MongoDB keeps the cursor open for a next batch
    return fields


def _aggregate_fields(
    pipeline: Sequence[Mapping[str, Any]], options: Mapping[str, Any]
) -> Document:
    batches = {name: options[name] for name in ("batchSize",) if name in options}
    named = {_NAMES[name]: value for name, value in options.items() if name not in batches}
    return {"pipeline": pipeline, "cursor": batches, **named}


def _count_fields(query: Mapping[str, Any], options: Mapping[str, Any]) -> Document:
    return {"query": query, **{_NAMES[name]: value for name, value in options.items()}}


def _writes(pipeline: Sequence[Mapping[str, Any]]) -> bool:
    return any("$out" in stage or "$merge" in stage for stage in pipeline[-1:])


_SOME = 1000  # documents after which it is looked how much has come


async def _bounded(
    cursor: "AsyncCommandCursor[Document]", some: int, bound: int | None
) -> list[Document]:
    """All documents of a cursor; raises INVALID_QUERY once replies have more bytes than this."""
    if bound is None:
        return await cursor.to_list(None)
    found: list[Document] = []
    counted = Received()
    token = received.set(counted)
    try:
        async with cursor:
            while cursor.alive:
                found += await cursor.to_list(some)
                if counted.size > bound:
                    message = f"The answer would have more than {bound} bytes."
                    raise ParseError(Code.INVALID_QUERY, message)
    finally:
        received.reset(token)
    return found


_NUMBER = b"\x10n\0"  # BSON: an int of 32 bits, called n
_GOOD = b"\x01ok\0" + struct.pack("<d", 1.0)


def number_of(reply: bytes | memoryview) -> int | None:
    """The ``n`` of a good reply that begins with it, which takes a tenth of decoding it all."""
    if reply[4:7] != _NUMBER or reply[11:23] != _GOOD:
        return None
    return int.from_bytes(reply[7:11], "little", signed=True)
