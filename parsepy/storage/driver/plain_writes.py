"""``PlainWrites``: writes of a collection, each by one command on a pooled connection.

A write that is cut off may have been made or not, so that trying it again needs MongoDB's help: a
write of a session has a number, and with the same number it is made once. The driver numbers
writes so, and tries each again once; so do we, in sessions of our own, which are nothing but an id.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from bson import Binary, Int64
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError
from pymongo.helpers_shared import _RETRYABLE_ERROR_CODES, _check_write_command_response

from parsepy.storage.documents import Document
from parsepy.storage.driver.commands import Commands
from parsepy.storage.driver.reads import Collection
from parsepy.storage.driver.writes import (
    NOT_MADE,
    TRANSIENT,
    Change,
    Writes,
    changed,
    check_made,
    update_command,
)

_LOG_IN_AGAIN = 391
_RETRYABLE = "RetryableWriteError"
_SECONDS = 600.0  # MongoDB forgets a session after half an hour


class _Session:
    """What numbers writes: one at a time is under way in it."""

    __slots__ = ("id", "number", "used_at")

    def __init__(self) -> None:
        self.id = {"id": Binary(uuid4().bytes, 4)}
        self.number = 0
        self.used_at = 0.0


class PlainWrites(Writes):
    """Writes by one command each, where that is enough."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._sessions: list[_Session] = []

    async def insert_one(self, collection: Collection, document: Document) -> None:
        """Insert a document that has its id."""
        command = {"insert": collection.name, "ordered": True, "documents": [document]}
        answer = await self._written(collection, command)
        if answer is None:
            await super().insert_one(collection, document)
        else:
            _check_write_command_response(answer)

    async def insert_many(
        self, collection: Collection, documents: Sequence[Document]
    ) -> list[Mapping[str, Any]]:
        """Insert each of the documents that can be; what MongoDB says of those that can't."""
        command = {"insert": collection.name, "ordered": False, "documents": list(documents)}
        answer = await self._written(collection, command)
        if answer is None:
            return await super().insert_many(collection, documents)
        errors: list[Mapping[str, Any]] = answer.pop("writeErrors", [])
        _check_write_command_response(answer)
        return errors

    async def find_one_and_update(
        self,
        collection: Collection,
        query: Mapping[str, Any],
        change: Mapping[str, Any],
        projection: Mapping[str, Any] | None,
    ) -> Document | None:
        """Change the first document that matches; its new state, ``None`` if there is none."""
        command: Document = {
            "findAndModify": collection.name,
            "query": query,
            "update": change,
            "new": True,
        }
        if projection:
            command["fields"] = projection
        answer = await self._written(collection, command)
        if answer is None:
            return await super().find_one_and_update(collection, query, change, projection)
        _check_write_command_response(answer)
        found: Document | None = answer["value"]
        return found

    async def update_together(
        self,
        collection: Collection,
        changes: Sequence[Change],
        projection: Mapping[str, Any] | None,
    ) -> dict[str, Document] | None:
        """Change several documents in one transaction, by three commands."""
        primary = self._commands.primary(collection)
        if not (
            primary.counts_truly  # behind a router, each command might go by another one
            and primary.is_known
            and primary.has_sessions
            and collection.write_concern.acknowledged
            and self._commands.target(collection).is_plain
        ):
            return await super().update_together(collection, changes, projection)
        session = self._session()
        transaction = {
            "lsid": session.id,
            "txnNumber": Int64(session.number),
            "autocommit": False,
        }
        try:
            found = await self._changed(collection, changes, projection, transaction)
        except NOT_MADE as error:
            await self._abort(collection, transaction)
            check_made(error)
            return None
        except BaseException:  # cut off: its locks would stay for a minute
            await asyncio.shield(self._abort(collection, transaction))
            raise
        if found is None:
            await self._abort(collection, transaction)
        elif not await self._commit(collection, transaction):
            return None
        self._sessions.append(session)
        return found

    async def _changed(
        self,
        collection: Collection,
        changes: Sequence[Change],
        projection: Mapping[str, Any] | None,
        transaction: Document,
    ) -> dict[str, Document] | None:
        """What came of changes that a transaction begins with; ``None`` if one does not match."""
        command = {**update_command(collection, changes), **transaction, "startTransaction": True}
        reply = await self._commands.write(collection, command, ready=True)
        if reply["n"] != len(changes):
            return None
        command = {"find": collection.name, "filter": changed(changes)}
        if projection:
            command["projection"] = projection
        command |= {"batchSize": len(changes) + 1, "singleBatch": True, **transaction}
        reply = await self._commands.write(collection, command, ready=True)
        found = {document["_id"]: document for document in reply["cursor"]["firstBatch"]}
        return found if len(found) == len(changes) else None  # else they are larger than a reply

    async def _commit(self, collection: Collection, transaction: Document) -> bool:
        """Commit; False if nothing has happened. Raises if nobody can know."""
        command: Document = {"commitTransaction": 1, **transaction}
        concern = collection.write_concern
        if not concern.is_server_default:
            command["writeConcern"] = concern.document
        try:
            try:
                await self._committed(collection, command, ready=True)
            except PyMongoError as error:
                if error.has_error_label(TRANSIENT) or not _may_retry(error):
                    raise
                # as the driver does: it may be committed, and not by a majority
                command["writeConcern"] = {"wtimeout": 10_000, **concern.document, "w": "majority"}
                await self._committed(collection, command, ready=False)
        except PyMongoError as error:
            if error.has_error_label(TRANSIENT):
                return False
            raise
        return True

    async def _committed(self, collection: Collection, command: Document, *, ready: bool) -> None:
        answer = await self._commands.write(collection, command, ready=ready, database="admin")
        _check_write_command_response(answer)

    async def _abort(self, collection: Collection, transaction: Document) -> None:
        """Give the locks back, if they are still held."""
        with contextlib.suppress(PyMongoError):
            await self._commands.write(
                collection, {"abortTransaction": 1, **transaction}, ready=True, database="admin"
            )

    def _session(self) -> _Session:
        """A session that nobody uses now, with the number of its next write."""
        now = time.monotonic()
        session = self._sessions.pop() if self._sessions else _Session()
        if now - session.used_at > _SECONDS:
            session = _Session()
        session.number += 1
        session.used_at = now
        return session

    async def _written(self, collection: Collection, command: Document) -> Document | None:
        """The answer to a command; ``None`` if the driver has to see to it, and nothing is done."""
        concern = collection.write_concern
        primary = self._commands.primary(collection)
        if (
            not concern.acknowledged
            or not self._commands.target(collection).is_plain
            or not primary.is_known
        ):
            return None
        if not concern.is_server_default:
            command["writeConcern"] = concern.document
        if not (primary.has_sessions and primary.client.options.retry_writes):
            return await self._once(collection, command)
        session = self._session()
        command["lsid"], command["txnNumber"] = session.id, Int64(session.number)
        try:
            answer = await self._once(collection, command)
        except PyMongoError as error:
            if _may_retry(error):  # by the same number; its session is not used again
                return await self._again(collection, command, error)
            self._sessions.append(session)
            raise
        if answer is not None and _RETRYABLE in answer.get("errorLabels", ()):
            answer = await self._commands.write(collection, command, ready=False)
        self._sessions.append(session)
        return answer

    async def _once(self, collection: Collection, command: Document) -> Document | None:
        try:
            return await self._commands.write(collection, command, ready=True)
        except OperationFailure as error:
            if error.code == _LOG_IN_AGAIN:
                return None
            raise

    async def _again(
        self, collection: Collection, command: Document, first: PyMongoError
    ) -> Document:
        """Try once more what has met an error."""
        try:
            return await self._commands.write(collection, command, ready=False)
        except PyMongoError as error:
            if error.has_error_label("NoWritesPerformed"):
                raise first from None
            raise


def _may_retry(error: PyMongoError) -> bool:
    """Does the driver try a write again that has met this?"""
    if isinstance(error, ConnectionFailure) or error.has_error_label(_RETRYABLE):
        return True
    return isinstance(error, OperationFailure) and error.code in _RETRYABLE_ERROR_CODES
