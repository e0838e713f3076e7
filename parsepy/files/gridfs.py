"""Files in MongoDB's GridFS, in the layout of Parse Server (protocol §6.10).

Not with the driver's own GridFS, which holds up to 48 MB in memory before it writes.
"""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

from bson import Binary, ObjectId
from pymongo import ASCENDING
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure

from parsepy.files.base import StoredFile
from parsepy.files.encryption import OVERHEAD, Encryption
from parsepy.files.uploads import ABANDONED_AFTER, Uploads

CHUNK_SIZE = 261_120
_BATCH = 8  # chunks a driver call: 2 MB
_ILLEGAL_OPERATION = 20  # a standalone MongoDB has no transactions


class GridFS:
    """The collections ``fs.files`` and ``fs.chunks`` of the application's own database.

    With an ``encryption``, files are stored as AES-256-GCM ciphertext, and verified as a whole
    before a byte of them is sent. An upload whose note is not renewed for ``abandoned_after``
    seconds belongs to a killed server, and is removed.
    """

    def __init__(
        self,
        database: AsyncDatabase[dict[str, Any]],
        encryption: Encryption | None = None,
        *,
        abandoned_after: float = ABANDONED_AFTER,
    ) -> None:
        self._client = database.client
        self._files = database["fs.files"]
        self._chunks = database["fs.chunks"]
        self._encryption = encryption
        self._indexed = False
        self._transactions = True
        self.uploads = Uploads(database, abandoned_after)

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
        if self._encryption is not None:
            chunks = self._encryption.encrypted(chunks)
        file = {"_id": ObjectId(), "filename": name, "metadata": dict(metadata)}
        buffer = bytearray()
        async for piece in chunks:
            buffer += piece
            if len(buffer) >= CHUNK_SIZE * _BATCH:
                await self._write(file, buffer, chunks)
                return
        if not await self._write_small(file, buffer):
            await self._write(file, buffer, chunks)

    async def _write_small(self, file: dict[str, Any], buffer: bytearray) -> bool:
        """Store a file and its few chunks together; False if this MongoDB has no transactions."""
        rows = _rows(file["_id"], 0, buffer, len(buffer))

        async def write(session: AsyncClientSession) -> None:
            if rows:
                await self._chunks.insert_many(rows, session=session)
            await self._files.insert_one(_complete(file, len(buffer)), session=session)

        if not self._transactions:
            return False
        try:
            async with self._client.start_session() as session:
                await session.with_transaction(write)
        except OperationFailure as error:
            if error.code != _ILLEGAL_OPERATION:
                raise
            self._transactions = False
        return self._transactions

    async def _write(
        self, file: dict[str, Any], buffer: bytearray, chunks: AsyncIterator[bytes]
    ) -> None:
        """Store a file as its chunks arrive, beginning with what is in the buffer."""
        number, length = 0, len(buffer)
        async with self.uploads.noted(file["_id"]):
            async for piece in chunks:
                while len(buffer) >= CHUNK_SIZE * _BATCH:
                    await self._flush(file["_id"], number, buffer, CHUNK_SIZE * _BATCH)
                    number += _BATCH
                buffer += piece
                length += len(piece)
            while buffer:
                size = min(len(buffer), CHUNK_SIZE * _BATCH)
                await self._flush(file["_id"], number, buffer, size)
                number += _BATCH
            await self._files.insert_one(_complete(file, length))

    async def _flush(self, file_id: ObjectId, number: int, buffer: bytearray, size: int) -> None:
        await self.uploads.renew(file_id)
        await self._chunks.insert_many(_rows(file_id, number, buffer, size))
        del buffer[:size]

    async def find(self, name: str) -> StoredFile | None:
        """Find the newest revision of a name."""
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
        """Read a range; raises ``ValueError`` for a file that the key does not decrypt."""
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
            await self.uploads.remove(row["_id"])
        return bool(rows)

    def url(self, name: str) -> str | None:
        """Return None: this server sends the file."""
        return None

    async def close(self) -> None:
        """Do nothing: the connection is the storage's."""

    async def _make_indexes(self) -> None:
        if not self._indexed:
            await self._files.create_index([("filename", ASCENDING), ("uploadDate", ASCENDING)])
            await self._chunks.create_index(
                [("files_id", ASCENDING), ("n", ASCENDING)], unique=True
            )
            self._indexed = True


def _complete(file: dict[str, Any], length: int) -> dict[str, Any]:
    """Make the document of ``fs.files``, with which the chunks become a file."""
    return {
        "_id": file["_id"],
        "length": length,
        "chunkSize": CHUNK_SIZE,
        "uploadDate": datetime.now(UTC),
        "filename": file["filename"],
        "metadata": file["metadata"],
    }


def _rows(file_id: ObjectId, number: int, buffer: bytearray, size: int) -> list[dict[str, Any]]:
    """Make documents of ``fs.chunks`` for ``size`` bytes of the buffer, from ``number`` on."""
    return [
        {
            "_id": ObjectId(),
            "files_id": file_id,
            "n": number + i,
            "data": Binary(bytes(buffer[start : min(start + CHUNK_SIZE, size)])),
        }
        for i, start in enumerate(range(0, size, CHUNK_SIZE))
    ]
