"""``Commands``: one command to the primary and its answer, without what PyMongo does around."""

import logging
from typing import Any, NamedTuple

from bson import decode
from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient, ReadPreference
from pymongo.asynchronous.pool import AsyncConnection
from pymongo.helpers_shared import _check_command_response
from pymongo.logger import _COMMAND_LOGGER
from pymongo.message import _op_msg
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import Primary

from parsepy.storage.documents import Document
from parsepy.storage.driver.encoded import Command, Encoded, is_simple
from parsepy.storage.driver.reads import Collection, Made, ReplyReader, Value
from parsepy.storage.driver.ready import PrimaryPool
from parsepy.storage.driver.replies import PooledConnection

NEEDED = (
    AsyncMongoClient._conn_for_reads,
    AsyncMongoClient._conn_for_writes,
    AsyncConnection.command,
    AsyncConnection.receive_message,
    AsyncConnection.send_message,
)
"""What is used of PyMongo beside the names above: a version without it ends the import."""


_MOST_TARGETS = 1000


class Target(NamedTuple):
    """A collection, and what commands need to know of it, which never changes."""

    collection: Collection
    client: AsyncMongoClient[Document]
    database: str
    codec: CodecOptions[Any]
    concern: ReadConcern
    reads_primary: bool
    is_plain: bool
    """May a command be sent as it is: within no deadline, to one server, unencrypted?"""


class Commands:
    """Sends commands to the primary, on connections that lie ready where there are some."""

    def __init__(self) -> None:
        self._primary: PrimaryPool | None = None
        self._targets: dict[int, Target] = {}

    def target(self, collection: Collection) -> Target:
        """The collection, with what is found out about it once."""
        found = self._targets.get(id(collection))
        if found is not None and found.collection is collection:
            return found
        database = collection.database
        client = database.client
        target = Target(
            collection,
            client,
            database.name,
            collection.codec_options,
            collection.read_concern,
            isinstance(collection.read_preference, Primary),
            client.options.timeout is None
            and not client.options.load_balanced
            and client._encrypter is None,
        )
        if len(self._targets) >= _MOST_TARGETS:
            self._targets.clear()
        self._targets[id(collection)] = target
        return target

    def primary(self, collection: Collection) -> PrimaryPool:
        """The primary of the collection's client."""
        return self._primary_of(self.target(collection).client)

    def _primary_of(self, client: AsyncMongoClient[Document]) -> PrimaryPool:
        found = self._primary
        if found is None or found.client is not client:
            found = self._primary = PrimaryPool(client)
        return found

    async def read(
        self, collection: Collection, command: Command, read: ReplyReader[Value] | None
    ) -> tuple[Document | Made[Value], Any]:
        """The answer to a command, and the address of who gave it; raises PyMongo's errors."""
        target = self.target(collection)
        primary = self._primary_of(target.client)
        connection = primary.take()
        if connection is None:
            seen = primary.seen()
            way = await primary.client._conn_for_reads(ReadPreference.PRIMARY, None, "find")
            async with way as (taken, preference):
                primary.learn(seen, taken, preference)
                answer = await _answer(taken, preference, target, command, read, ready=False)
                return answer, taken.address
        try:
            answer = await _answer(
                connection, primary.preference, target, command, read, ready=True
            )
        except BaseException as error:
            await primary.give_back(connection, error)
            raise
        if not primary.put_back(connection):
            await primary.give_back(connection)
        return answer, connection.address

    async def write(
        self, collection: Collection, command: Document, *, ready: bool, database: str | None = None
    ) -> Document:
        """The answer to a command that writes; raises PyMongo's errors, but for single documents.

        ``ready``: on a connection that lies ready, if there is one; ``database``: of another
        database than the collection's.
        """
        target = self.target(collection)
        if database is not None:
            target = target._replace(database=database)
        primary = self._primary_of(target.client)
        connection = primary.take() if ready else None
        if connection is None:
            seen = primary.seen()
            way = await primary.client._conn_for_writes(None, next(iter(command)))
            async with way as taken:
                primary.learn(seen, taken, primary.preference)
                return await _written(taken, target, command, ready=False)
        try:
            answer = await _written(connection, target, command, ready=True)
        except BaseException as error:
            await primary.give_back(connection, error)
            raise
        await primary.give_back(connection)
        return answer


def _is_watched(connection: AsyncConnection) -> bool:
    listeners = connection.listeners
    return (
        _COMMAND_LOGGER.isEnabledFor(logging.DEBUG)
        or (listeners is not None and listeners.enabled_for_commands)
        or connection.opts.server_api is not None
    )


async def _answer(
    connection: AsyncConnection,
    preference: Any,
    target: Target,
    command: Command,
    read: ReplyReader[Value] | None,
    *,
    ready: bool,
) -> Document | Made[Value]:
    """MongoDB's answer to a command, or what was made of it; raises PyMongo's errors.

    Sent without the client, and so without the cluster's time: a read outside sessions heeds none.
    ``ready``: the connection was found to be one that lies ready.
    """
    codec, concern = target.codec, target.concern
    if isinstance(command, Encoded) and not (
        connection.compression_context is None and is_simple(preference)
    ):
        command = command.as_document(target.collection)
    if not (concern.level or _is_watched(connection)):
        if isinstance(command, Encoded):
            number, encoded, size = command.message(target.collection, target.database, preference)
            largest = size
        else:
            number, encoded, size, largest = _op_msg(
                0, command, target.database, preference, codec, connection.compression_context
            )
        if size <= connection.max_bson_size:
            document = await _asked(connection, number, encoded, largest, ready=ready)
            made = read(document) if read is not None else None
            if made is not None:
                return Made(made)
            answer: Document = decode(document, codec)
            _check_command_response(answer, connection.max_wire_version)
            return answer
    if isinstance(command, Encoded):
        command = command.as_document(target.collection)
    return await connection.command(
        target.database, command, preference, codec, read_concern=concern
    )


async def _written(
    connection: AsyncConnection, target: Target, command: Document, *, ready: bool
) -> Document:
    codec = target.codec
    if not _is_watched(connection):
        number, encoded, size, largest = _op_msg(
            0, command, target.database, None, codec, connection.compression_context
        )
        if size <= connection.max_message_size:
            document = await _asked(connection, number, encoded, largest, ready=ready)
            answer: Document = decode(document, codec)
            _check_command_response(answer, connection.max_wire_version)
            return answer
    answered: Document = await connection.command(target.database, command, codec_options=codec)
    return answered


async def _asked(
    connection: AsyncConnection, number: int, encoded: bytes, largest: int, *, ready: bool
) -> bytes | memoryview:
    """The document that MongoDB answers."""
    if (
        isinstance(connection, PooledConnection)
        and (ready or connection.reads_at_once)
        and largest <= connection.max_bson_size
    ):
        return await connection.ask(encoded, number)
    await connection.send_message(encoded, largest)
    return (await connection.receive_message(number)).raw_command_response()
