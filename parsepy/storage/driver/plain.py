"""``PlainReads``: reads of a collection, each by one command on a connection of the driver's pool.

What PyMongo does around a command (implicit sessions, retrying, cursors) takes as much CPU as the
command itself: of an aggregation 190 µs, 115 without. So a read outside transactions is sent as
one command first. Where that fails in a way that the driver would try again, and where more than
one command is needed, the read is made by the driver's public API.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import AsyncMongoClient, ReadPreference
from pymongo.asynchronous.command_cursor import AsyncCommandCursor
from pymongo.asynchronous.pool import AsyncConnection
from pymongo.errors import (
    ConnectionFailure,
    NetworkTimeout,
    OperationFailure,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
)
from pymongo.helpers_shared import _RETRYABLE_ERROR_CODES, _check_command_response
from pymongo.logger import _COMMAND_LOGGER
from pymongo.message import _op_msg
from pymongo.read_preferences import Primary

from parsepy.storage.documents import Document
from parsepy.storage.driver.reads import (
    Collection,
    Made,
    Reads,
    ReplyReader,
    Session,
    Value,
)

NEEDED = (
    AsyncMongoClient._conn_for_reads,
    AsyncConnection.command,
    AsyncConnection.receive_message,
    AsyncConnection.send_message,
)
"""What is used of PyMongo beside the names above: a version without it ends the import."""
_LOG_IN_AGAIN = 391
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

    async def find(
        self,
        collection: Collection,
        query: Mapping[str, Any],
        projection: Mapping[str, Any] | None = None,
        *,
        session: Session = None,
        **options: Any,
    ) -> list[Document]:
        """All that ``collection.find`` finds with these arguments."""
        if _is_plain(collection, session, options):
            found = await _documents(
                collection, _find_command(collection, query, projection, options)
            )
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
        session: Session = None,
        **options: Any,
    ) -> list[Document] | Made[Value]:
        """What ``read`` makes of the reply to a find, if it is at hand, else the documents."""
        if _is_plain(collection, session, options):
            command = _find_command(collection, query, projection, options)
            found = await _found(collection, command, read)
            if found is not None:
                return found
        return await super().find(collection, query, projection, session=session, **options)

    async def find_by_id(
        self, collection: Collection, object_id: str | int, *, session: Session = None
    ) -> Document | None:
        """The document of an id; ``None`` if there is none."""
        if _is_plain(collection, session, {}):
            command = {"find": collection.name, "filter": {"_id": object_id}, "limit": 1}
            rows = await _documents(collection, {**command, "singleBatch": True})
            if rows is not None:
                return rows[0] if rows else None
        return await super().find_by_id(collection, object_id, session=session)

    async def aggregate(
        self,
        collection: Collection,
        pipeline: Sequence[Mapping[str, Any]],
        *,
        session: Session = None,
        **options: Any,
    ) -> list[Document]:
        """All that ``collection.aggregate`` yields with these arguments."""
        writes = any("$out" in stage or "$merge" in stage for stage in pipeline[-1:])
        if not writes and _is_plain(collection, session, options):
            batches = {name: options[name] for name in ("batchSize",) if name in options}
            command: Document = {
                "aggregate": collection.name,
                "pipeline": pipeline,
                "cursor": batches,
            }
            command |= {
                _NAMES[name]: value for name, value in options.items() if name not in batches
            }
            found = await _documents(collection, command)
            if found is not None:
                return found
        return await super().aggregate(collection, pipeline, session=session, **options)

    async def count(
        self,
        collection: Collection,
        query: Mapping[str, Any],
        *,
        session: Session = None,
        **options: Any,
    ) -> int:
        """How many documents match."""
        if not _is_plain(collection, session, options):
            return await super().count(collection, query, session=session, **options)
        counting: list[Document] = [{"$match": query}, {"$group": {"_id": 1, "n": {"$sum": 1}}}]
        found = await self.aggregate(collection, counting, **options)
        return int(found[0]["n"]) if found else 0


def _find_command(
    collection: Collection,
    query: Mapping[str, Any],
    projection: Mapping[str, Any] | None,
    options: Mapping[str, Any],
) -> Document:
    command: Document = {"find": collection.name, "filter": query}
    if projection:
        command["projection"] = projection
    for name, value in options.items():
        command[_NAMES[name]] = dict(value) if name == "sort" else value
    if command.get("batchSize") == command.get("limit", 0):
        command["batchSize"] += 1  # else MongoDB keeps the cursor open for a next batch
    return command


def _is_plain(collection: Collection, session: Session, options: Mapping[str, Any]) -> bool:
    """May a read be one command, which needs no session, no other server and no deadline?"""
    if session is not None or not options.keys() <= _NAMES.keys():
        return False
    client = collection.database.client
    return (
        isinstance(collection.read_preference, Primary)
        and client.options.timeout is None
        and not client.options.load_balanced
        and client._encrypter is None
    )


async def _documents(collection: Collection, command: Document) -> list[Document] | None:
    found: list[Document] | Made[Any] | None = await _found(collection, command, None)
    assert not isinstance(found, Made)
    return found


async def _found(
    collection: Collection, command: Document, read: ReplyReader[Value] | None
) -> list[Document] | Made[Value] | None:
    """All documents that a command yields; ``None`` if the driver would try it again."""
    client = collection.database.client
    primary = ReadPreference.PRIMARY
    try:
        async with await client._conn_for_reads(primary, None, "find") as (connection, preference):
            reply = await _answer(connection, collection, command, preference, read)
    except (ServerSelectionTimeoutError, WaitQueueTimeoutError, NetworkTimeout):
        raise  # it has waited long enough already
    except ConnectionFailure:
        if not client.options.retry_reads:
            raise
        return None
    except OperationFailure as error:
        if error.code != _LOG_IN_AGAIN and not (
            error.code in _RETRYABLE_ERROR_CODES and client.options.retry_reads
        ):
            raise
        return None
    if isinstance(reply, Made):
        return reply
    first: list[Document] = reply["cursor"]["firstBatch"]
    if not reply["cursor"]["id"]:
        return first
    size = command.get("batchSize") or command.get("cursor", {}).get("batchSize", 0)
    rest = AsyncCommandCursor(collection, reply["cursor"], connection.address, size)
    return await rest.to_list(None)


async def _answer(
    connection: AsyncConnection,
    collection: Collection,
    command: Document,
    preference: Any,
    read: ReplyReader[Value] | None,
) -> Document | Made[Value]:
    """MongoDB's answer to a command, or what was made of it; raises PyMongo's errors.

    Sent without the client, and so without the cluster's time: a read outside sessions heeds none.
    """
    database, codec = collection.database.name, collection.codec_options
    concern, listeners = collection.read_concern, connection.listeners
    is_watched = _COMMAND_LOGGER.isEnabledFor(logging.DEBUG) or (
        listeners is not None and listeners.enabled_for_commands
    )
    if not (is_watched or concern.level or connection.opts.server_api):
        number, encoded, size, largest = _op_msg(
            0, command, database, preference, codec, connection.compression_context
        )
        if size <= connection.max_bson_size:
            await connection.send_message(encoded, largest)
            reply = await connection.receive_message(number)
            made = read(reply.raw_command_response()) if read is not None else None
            if made is not None:
                return Made(made)
            answer: Document = reply.unpack_response(codec_options=codec)[0]
            _check_command_response(answer, connection.max_wire_version)
            return answer
    return await connection.command(database, command, preference, codec, read_concern=concern)
