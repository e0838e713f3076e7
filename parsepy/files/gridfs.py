"""Files in MongoDB's GridFS, laid out as Parse Server does it (protocol §6.10).

Written here and not by the driver's own GridFS, which gathers up to 48 MB before it writes.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

from bson import Binary, ObjectId
from pymongo import ASCENDING
from pymongo.asynchronous.database import AsyncDatabase

from parsepy.files.base import StoredFile
from parsepy.files.encryption import OVERHEAD, Encryption

CHUNK_SIZE = 261_120
_BATCH = 8  # chunks a driver call: 2 MB


class GridFS:
    """The buckets ``fs.files`` and ``fs.chunks`` of the application's own database.

    With an ``encryption``, what is stored is AES-256-GCM ciphertext; it is verified as a whole
    before a byte of it is sent.
    """

    def __init__(
        self, database: AsyncDatabase[dict[str, Any]], encryption: Encryption | None = None
    ) -> None:
        self._files = database["fs.files"]
        self._chunks = database["fs.chunks"]
        self._encryption = encryption
        self._indexed = False

    async def create(
        self,
        name: str,
        chunks: AsyncIterator[bytes],
        *,
        content_type: str | None,
        metadata: Mapping[str, Any],
        tags: Mapping[str, Any],
    ) -> None:
        """Store a file; content type and tags have no place in this layout."""
        await self._make_indexes()
        file_id = ObjectId()
        if self._encryption is not None:
            chunks = self._encryption.encrypted(chunks)
        try:
            length = await self._write(file_id, chunks)
            await self._files.insert_one(
                {
                    "_id": file_id,
                    "length": length,
                    "chunkSize": CHUNK_SIZE,
                    "uploadDate": datetime.now(UTC),
                    "filename": name,
                    "metadata": dict(metadata),
                }
            )
        except BaseException:
            # also when the request is cancelled: the chunks must be gone before this ends
            await asyncio.shield(self._remove(file_id))
            raise

    async def _write(self, file_id: ObjectId, chunks: AsyncIterator[bytes]) -> int:
        number = length = 0
        buffer = bytearray()
        async for piece in chunks:
            buffer += piece
            while len(buffer) >= CHUNK_SIZE * _BATCH:
                number = await self._flush(file_id, number, buffer, whole=True)
            length += len(piece)
        await self._flush(file_id, number, buffer, whole=False)
        return length

    async def _flush(
        self, file_id: ObjectId, number: int, buffer: bytearray, *, whole: bool
    ) -> int:
        size = CHUNK_SIZE * _BATCH if whole else len(buffer)
        rows = [
            {
                "_id": ObjectId(),
                "files_id": file_id,
                "n": number + i,
                "data": Binary(bytes(buffer[start : min(start + CHUNK_SIZE, size)])),
            }
            for i, start in enumerate(range(0, size, CHUNK_SIZE))
        ]
        if rows:
            await self._chunks.insert_many(rows)
            del buffer[:size]
        return number + len(rows)

    async def _remove(self, file_id: Any) -> None:
        await self._files.delete_one({"_id": file_id})
        await self._chunks.delete_many({"files_id": file_id})

    async def find(self, name: str) -> StoredFile | None:
        """The newest revision of a name."""
        row = await self._files.find_one({"filename": name}, sort=[("uploadDate", -1)])
        if row is None:
            return None
        length = int(row["length"])
        key = (row["_id"], int(row["chunkSize"]), length)
        if self._encryption is not None:
            length -= OVERHEAD
        modified: datetime = row["uploadDate"]
        return StoredFile(
            name=name,
            size=length,
            modified=modified if modified.tzinfo else modified.replace(tzinfo=UTC),
            etag=str(row["_id"]),
            metadata=row.get("metadata") or {},
            key=key,
        )

    async def read(self, file: StoredFile, start: int, stop: int) -> AsyncIterator[bytes]:
        """The chunks of a range; raises ``ValueError`` for what the key does not fit."""
        file_id, chunk_size, length = file.key
        if self._encryption is None:
            async for piece in self._read(file_id, chunk_size, start, stop):
                yield piece
            return

        def raw(first: int, last: int) -> AsyncIterator[bytes]:
            return self._read(file_id, chunk_size, first, last)

        async for piece in self._encryption.decrypted(raw, length, start, stop):
            yield piece

    async def _read(
        self, file_id: Any, chunk_size: int, start: int, stop: int
    ) -> AsyncIterator[bytes]:
        if start >= stop:
            return
        first, last = start // chunk_size, (stop - 1) // chunk_size
        expected = first
        cursor = self._chunks.find(
            {"files_id": file_id, "n": {"$gte": first, "$lte": last}},
            {"n": 1, "data": 1},
            sort=[("n", 1)],
            batch_size=_BATCH,
        )
        async with cursor:
            async for row in cursor:
                if row["n"] != expected:
                    break
                data: bytes = row["data"]
                offset = expected * chunk_size
                yield data[max(start - offset, 0) : stop - offset]
                expected += 1
        if expected != last + 1:
            raise ValueError("a chunk of the file is missing")

    async def delete(self, name: str) -> bool:
        """Delete every revision of a name."""
        rows = await self._files.find({"filename": name}, {"_id": 1}).to_list()
        for row in rows:
            await self._remove(row["_id"])
        return bool(rows)

    def url(self, name: str) -> str | None:
        """Always by way of this server."""
        return None

    async def close(self) -> None:
        """Nothing: the connection is the storage's."""

    async def _make_indexes(self) -> None:
        if not self._indexed:
            await self._files.create_index([("filename", ASCENDING), ("uploadDate", ASCENDING)])
            await self._chunks.create_index(
                [("files_id", ASCENDING), ("n", ASCENDING)], unique=True
            )
            self._indexed = True
