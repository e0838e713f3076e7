"""``Uploads``: notes of the uploads under way, so that a killed server leaves no chunks.

A note is written before an upload's first chunk and deleted when the file is there. While the
upload lives, its note is renewed; a note that is old belongs to a process that is gone, and its
chunks are deleted. The clock is the database's: those of the servers may differ.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

log = logging.getLogger("parsepy.files")

COLLECTION = "fs.uploads"
ABANDONED_AFTER = 900.0
"""Seconds without a sign of life after which an upload counts as abandoned."""
_RENEWALS = 5  # in that time


class UploadAbandoned(Exception):
    """An upload gave no sign of life for so long that its chunks were deleted."""


class Uploads:
    """The notes in ``fs.uploads``: ``{_id, renewed}``, and ``abandoned`` for those given up.

    An abandoned note stays for one more period, and what has come after all is deleted then:
    a process that was only suspended, or a write that was on its way, may still add chunks.
    """

    def __init__(
        self, database: AsyncDatabase[dict[str, Any]], abandoned_after: float = ABANDONED_AFTER
    ) -> None:
        self._notes = database[COLLECTION]
        self._files = database["fs.files"]
        self._chunks = database["fs.chunks"]
        self._period = abandoned_after

    @asynccontextmanager
    async def noted(self, file_id: ObjectId) -> AsyncIterator[None]:
        """Note an upload for as long as the block runs, which ends when the file is stored.

        Raises ``UploadAbandoned`` if it was given up meanwhile. However the block fails,
        nothing of the file is left.
        """
        await self._notes.update_one(
            {"_id": file_id}, {"$currentDate": {"renewed": True}}, upsert=True
        )
        renewing = asyncio.create_task(self._renew_on(file_id))
        try:
            yield
            done = await self._notes.delete_one({"_id": file_id, "abandoned": {"$exists": False}})
            if not done.deleted_count:
                raise UploadAbandoned(f"the upload {file_id} was given up as abandoned")
        except BaseException:
            # also when the request is cancelled: the chunks must be gone before this ends
            await asyncio.shield(self._give_up(file_id))
            raise
        finally:
            renewing.cancel()

    async def renew(self, file_id: ObjectId) -> None:
        """Give a sign of life; raises ``UploadAbandoned`` if that comes too late."""
        found = await self._notes.update_one(
            {"_id": file_id, "abandoned": {"$exists": False}}, {"$currentDate": {"renewed": True}}
        )
        if not found.matched_count:
            raise UploadAbandoned(f"the upload {file_id} was given up as abandoned")

    async def _renew_on(self, file_id: ObjectId) -> None:
        """Renew from time to time: a slow client may send nothing for long."""
        while True:
            await asyncio.sleep(self._period / _RENEWALS)
            try:
                await self.renew(file_id)
            except UploadAbandoned:
                return  # the next chunks find out
            except PyMongoError as error:
                log.warning("the note of an upload can't be renewed now: %s", error)

    async def _give_up(self, file_id: ObjectId) -> None:
        await self._notes.update_one(
            {"_id": file_id},
            {"$set": {"abandoned": True}, "$currentDate": {"renewed": True}},
            upsert=True,
        )
        await self.remove(file_id)

    async def remove(self, file_id: Any) -> None:
        """Delete a file and its chunks."""
        await self._files.delete_one({"_id": file_id})
        await self._chunks.delete_many({"files_id": file_id})

    async def clean(self) -> None:
        """Delete what abandoned uploads have left, now and again in every period."""
        while True:
            try:
                count = await self.clean_once()
            except PyMongoError as error:
                log.warning("abandoned uploads can't be looked for now: %s", error)
            else:
                if count:
                    log.info("chunks of %d abandoned uploads were deleted", count)
            await asyncio.sleep(self._period)

    async def clean_once(self) -> int:
        """Delete what abandoned uploads have left: how many were found abandoned."""
        old = {"$lt": ["$renewed", {"$subtract": ["$$NOW", int(self._period * 1000)]}]}
        count = 0
        async for note in self._notes.find({"$expr": old}):
            file_id = note["_id"]
            if "abandoned" in note:
                await self.remove(file_id)
                await self._notes.delete_one({"_id": file_id})
                continue
            # as one step, or an upload that has just been renewed would lose its chunks
            found = await self._notes.update_one(
                {"_id": file_id, "abandoned": {"$exists": False}, "$expr": old},
                {"$set": {"abandoned": True}, "$currentDate": {"renewed": True}},
            )
            if not found.matched_count:
                continue
            if await self._files.find_one({"_id": file_id}, {"_id": 1}) is not None:
                # killed when the file was there but its note, too
                await self._notes.delete_one({"_id": file_id})
                continue
            await self._chunks.delete_many({"files_id": file_id})
            count += 1
        return count
