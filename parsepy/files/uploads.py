"""``Uploads``: a document for each running upload, so that a killed server leaves no chunks.

It is written before the first chunk, renewed while the upload runs, and deleted when the file is
complete. One that is not renewed belongs to a process that has ended, and its chunks are
deleted. Times are the database's, since the clocks of servers may differ.
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
"""Seconds without renewal after which an upload counts as abandoned."""
_RENEWALS = 5  # in that time


class UploadAbandoned(Exception):
    """An upload was not renewed for so long that its chunks were deleted."""


class Uploads:
    """The documents of ``fs.uploads``: ``{_id, renewed}``, and ``abandoned`` if it was given up.

    An abandoned one stays for another period, and chunks that were added meanwhile are deleted
    then: a process that was only suspended, or a write that was sent already, may add some.
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
        """Record an upload while the block runs, which has to store the whole file.

        If the block raises, nothing of the file is left. Raises ``UploadAbandoned`` if the
        upload was given up meanwhile.
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
        """Renew an upload; raises ``UploadAbandoned`` if it was given up already."""
        found = await self._notes.update_one(
            {"_id": file_id, "abandoned": {"$exists": False}}, {"$currentDate": {"renewed": True}}
        )
        if not found.matched_count:
            raise UploadAbandoned(f"the upload {file_id} was given up as abandoned")

    async def _renew_on(self, file_id: ObjectId) -> None:
        """Renew an upload at intervals, since a slow client may send nothing for long."""
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
        """Delete the chunks of abandoned uploads, now and again after each period."""
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
        """Delete the chunks of abandoned uploads; return how many uploads there were."""
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
