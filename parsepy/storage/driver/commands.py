"""``Commands``: one command to the primary and its answer, without what PyMongo does around."""

import logging
from typing import Any, NamedTuple

from bson import decode
from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient, ReadPreference
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
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import Primary

from parsepy.storage.documents import Document
from parsepy.storage.driver.encoded import Command, Encoded, is_simple
from parsepy.storage.driver.reads import Collection, Made, ReplyReader, Value
from parsepy.storage.driver.ready import PrimaryPool
from parsepy.storage.driver.replies import PooledConnection, has_watchers

NEEDED = (
    AsyncMongoClient._conn_for_reads,
    AsyncMongoClient._conn_for_writes,
    AsyncConnection.command,
    AsyncConnection.receive_message,
    AsyncConnection.send_message,
)
"""What is used of PyMongo beside the names above: a version without it ends the import."""

_MOST_TARGETS = 1000
_LOG_IN_AGAIN = 391
Message = tuple[int, bytes, int]
"""Its number, its bytes, and the size of the largest document in it."""


class Target(NamedTuple):
    """A collection, and what commands need to know of it, which never changes."""

    collection: Collection
    client: AsyncMongoClient[Document]
    database: str
    codec: CodecOptions[Any]
    concern: ReadConcern | None
    """Which reads ask for, if any."""
    reads_primary: bool
    retries: bool
    """Would the driver try a read again?"""
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
            collection.read_concern if collection.read_concern.level else None,
            isinstance(collection.read_preference, Primary),
            client.options.retry_reads,
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
        self, target: Target, command: Command, read: ReplyReader[Value] | None
    ) -> tuple[Document | Made[Value] | None, Any]:
        """MongoDB's answer to a command that reads, and the address of who gave it.

        ``None`` if the driver would try it again; raises PyMongo's errors.
        """
        primary = self._primary_of(target.client)
        try:
            connection = primary.take()
            if connection is None:
                seen = primary.seen()
                way = await primary.client._conn_for_reads(ReadPreference.PRIMARY, None, "find")
                async with way as (taken, preference):
                    primary.learn(seen, taken, preference)
                    answer = await _answer(taken, preference, target, command, read)
                    return answer, taken.address
            try:
                sent = _message(connection, primary.preference, target, command)
                if sent is None or sent[2] > connection.max_bson_size:
                    answer = await _answer(connection, primary.preference, target, command, read)
                else:
                    reply = await connection.ask(sent[1], sent[0])
                    answer = _made(reply, read, target, connection)
            except BaseException as error:
                await primary.give_back(connection, error)
                raise
            if not primary.put_back(connection):
                await primary.give_back(connection)
            return answer, connection.address
        except (ServerSelectionTimeoutError, WaitQueueTimeoutError, NetworkTimeout):
            raise
        except ConnectionFailure:
            if not target.retries:
                raise
        except OperationFailure as error:
            again = error.code == _LOG_IN_AGAIN or (
                target.retries and error.code in _RETRYABLE_ERROR_CODES
            )
            if not again:
                raise
        return None, None

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
                return await _written(taken, target, command)
        try:
            sent = _writing(connection, target, command)
            if sent is None or sent[2] > connection.max_bson_size:
                answer = await _written(connection, target, command)
            else:
                answer = _checked(await connection.ask(sent[1], sent[0]), target, connection)
        except BaseException as error:
            await primary.give_back(connection, error)
            raise
        if not primary.put_back(connection):
            await primary.give_back(connection)
        return answer


def _is_watched(connection: AsyncConnection) -> bool:
    if isinstance(connection, PooledConnection):
        is_watched = connection.is_watched
    else:
        is_watched = has_watchers(connection)
    return is_watched or _COMMAND_LOGGER.isEnabledFor(logging.DEBUG)


def _message(
    connection: AsyncConnection, preference: Any, target: Target, command: Command
) -> Message | None:
    """A command that reads as a message; ``None`` where the driver itself has to send it.

    Without the client, and so without the cluster's time: a read outside sessions heeds none.
    """
    if target.concern is not None or _is_watched(connection):
        return None
    if isinstance(command, Encoded):
        if connection.compression_context is None and is_simple(preference):
            number, encoded, size = command.message(target.collection, target.database, preference)
            return (number, encoded, size) if size <= connection.max_bson_size else None
        command = command.as_document(target.collection)
    number, encoded, size, largest = _op_msg(
        0, command, target.database, preference, target.codec, connection.compression_context
    )
    return (number, encoded, largest) if size <= connection.max_bson_size else None


def _made(
    reply: bytes | memoryview,
    read: ReplyReader[Value] | None,
    target: Target,
    connection: AsyncConnection,
) -> Document | Made[Value]:
    """What was made of a reply, else the reply, which is ``_checked``."""
    made = read(reply) if read is not None else None
    return _checked(reply, target, connection) if made is None else Made(made)


def _checked(reply: bytes | memoryview, target: Target, connection: AsyncConnection) -> Document:
    """A reply; raises OperationFailure if it tells of one."""
    answer: Document = decode(reply, target.codec)
    _check_command_response(answer, connection.max_wire_version)
    return answer


async def _answer(
    connection: AsyncConnection,
    preference: Any,
    target: Target,
    command: Command,
    read: ReplyReader[Value] | None,
) -> Document | Made[Value]:
    """MongoDB's answer to a command on any connection, or what was made of it."""
    sent = _message(connection, preference, target, command)
    if sent is not None:
        number, encoded, largest = sent
        reply = await _asked(connection, number, encoded, largest)
        return _made(reply, read, target, connection)
    if isinstance(command, Encoded):
        command = command.as_document(target.collection)
    return await connection.command(
        target.database, command, preference, target.codec, read_concern=target.concern
    )


def _writing(connection: AsyncConnection, target: Target, command: Document) -> Message | None:
    """A command that writes as a message; ``None`` where the driver itself has to send it."""
    if _is_watched(connection):
        return None
    number, encoded, size, largest = _op_msg(
        0, command, target.database, None, target.codec, connection.compression_context
    )
    return (number, encoded, largest) if size <= connection.max_message_size else None


async def _written(connection: AsyncConnection, target: Target, command: Document) -> Document:
    """MongoDB's answer to a command that writes, on any connection."""
    sent = _writing(connection, target, command)
    if sent is None:
        answered: Document = await connection.command(
            target.database, command, codec_options=target.codec
        )
        return answered
    number, encoded, largest = sent
    reply = await _asked(connection, number, encoded, largest)
    return _checked(reply, target, connection)


async def _asked(
    connection: AsyncConnection, number: int, encoded: bytes, largest: int
) -> bytes | memoryview:
    """The document that MongoDB answers to a message on any connection."""
    if (
        isinstance(connection, PooledConnection)
        and connection.reads_at_once
        and largest <= connection.max_bson_size
    ):
        return await connection.ask(encoded, number)
    await connection.send_message(encoded, largest)
    return (await connection.receive_message(number)).raw_command_response()
