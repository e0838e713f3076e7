"""``Commands``: one command to the primary and its answer, without what PyMongo does around."""

import logging
import weakref
from collections.abc import Callable
from typing import Any

from bson import decode
from pymongo import AsyncMongoClient, ReadPreference
from pymongo.asynchronous.pool import AsyncConnection
from pymongo.helpers_shared import _check_command_response
from pymongo.logger import _COMMAND_LOGGER
from pymongo.message import _op_msg

from parsepy.storage.documents import Document
from parsepy.storage.driver.reads import Collection, Made, ReplyReader, Session, Value
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


class Commands:
    """Sends commands to the primary, on connections that lie ready where there are some."""

    def __init__(self) -> None:
        self._primary: PrimaryPool | None = None

    def primary(self, collection: Collection) -> PrimaryPool:
        """The primary of the collection's client."""
        client = collection.database.client
        if self._primary is None or self._primary.client is not client:
            self._primary = PrimaryPool(client)
        return self._primary

    async def read(
        self, collection: Collection, command: Document, read: ReplyReader[Value] | None
    ) -> tuple[Document | Made[Value], Any]:
        """The answer to a command, and the address of who gave it; raises PyMongo's errors."""
        primary = self.primary(collection)
        connection = primary.take()
        if connection is None:
            seen = primary.seen()
            way = await primary.client._conn_for_reads(ReadPreference.PRIMARY, None, "find")
            async with way as (taken, preference):
                primary.learn(seen, taken, preference)
                return await _answer(taken, preference, collection, command, read), taken.address
        try:
            answer = await _answer(connection, primary.preference, collection, command, read)
        except BaseException as error:
            await primary.give_back(connection, error)
            raise
        if not primary.put_back(connection):
            await primary.give_back(connection)
        return answer, connection.address

    async def write(self, collection: Collection, command: Document, *, ready: bool) -> Document:
        """The answer to a command that writes; raises PyMongo's errors, but for single documents.

        ``ready``: on a connection that lies ready, if there is one.
        """
        primary = self.primary(collection)
        connection = primary.take() if ready else None
        if connection is None:
            seen = primary.seen()
            way = await primary.client._conn_for_writes(None, next(iter(command)))
            async with way as taken:
                primary.learn(seen, taken, primary.preference)
                return await _written(taken, collection, command)
        try:
            answer = await _written(connection, collection, command)
        except BaseException as error:
            await primary.give_back(connection, error)
            raise
        await primary.give_back(connection)
        return answer


def heeds_nothing(collection: Collection, session: Session) -> bool:
    """May a command be sent as it is: in no session, within no deadline, unencrypted?"""
    if session is not None:
        return False
    client = collection.database.client
    if _last.client() is not client:
        options = client.options
        _last.client = weakref.ref(client)
        _last.heeds_nothing = (
            options.timeout is None and not options.load_balanced and client._encrypter is None
        )
    return _last.heeds_nothing


class _Last:
    """The client that was asked about last, whose options never change."""

    client: Callable[[], AsyncMongoClient[Document] | None] = staticmethod(lambda: None)
    heeds_nothing = False


_last = _Last()


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
    collection: Collection,
    command: Document,
    read: ReplyReader[Value] | None,
) -> Document | Made[Value]:
    """MongoDB's answer to a command, or what was made of it; raises PyMongo's errors.

    Sent without the client, and so without the cluster's time: a read outside sessions heeds none.
    """
    database, codec = collection.database.name, collection.codec_options
    concern = collection.read_concern
    if not (concern.level or _is_watched(connection)):
        number, encoded, size, largest = _op_msg(
            0, command, database, preference, codec, connection.compression_context
        )
        if size <= connection.max_bson_size:
            document = await _asked(connection, number, encoded, largest)
            made = read(document) if read is not None else None
            if made is not None:
                return Made(made)
            answer: Document = decode(document, codec)
            _check_command_response(answer, connection.max_wire_version)
            return answer
    return await connection.command(database, command, preference, codec, read_concern=concern)


async def _written(
    connection: AsyncConnection, collection: Collection, command: Document
) -> Document:
    database, codec = collection.database.name, collection.codec_options
    if not _is_watched(connection):
        number, encoded, size, largest = _op_msg(
            0, command, database, None, codec, connection.compression_context
        )
        if size <= connection.max_message_size:
            document = await _asked(connection, number, encoded, largest)
            answer: Document = decode(document, codec)
            _check_command_response(answer, connection.max_wire_version)
            return answer
    answered: Document = await connection.command(database, command, codec_options=codec)
    return answered


async def _asked(
    connection: AsyncConnection, number: int, encoded: bytes, largest: int
) -> bytes | memoryview:
    """The document that MongoDB answers."""
    if (
        isinstance(connection, PooledConnection)
        and (connection.is_taken or connection.reads_at_once)
        and largest <= connection.max_bson_size
    ):
        return await connection.ask(encoded, number)
    await connection.send_message(encoded, largest)
    return (await connection.receive_message(number)).raw_command_response()
