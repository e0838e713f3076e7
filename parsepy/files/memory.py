"""Files in this process, for the database ``memory:``; they are lost when it ends."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

from parsepy.files.base import StoredFile

_PIECE = 1 << 18


class MemoryFiles:
    """A dictionary of files."""

    def __init__(self) -> None:
        self._files: dict[str, StoredFile] = {}

    async def create(
        self,
        name: str,
        chunks: AsyncIterator[bytes],
        *,
        content_type: str | None,
        metadata: Mapping[str, Any],
        tags: Mapping[str, Any],
    ) -> None:
        """Store a file."""
        data = b"".join([piece async for piece in chunks])
        self._files[name] = StoredFile(
            name=name,
            size=len(data),
            modified=datetime.now(UTC),
            etag=hashlib.sha256(data).hexdigest()[:32],
            metadata=dict(metadata),
            key=data,
        )

    async def find(self, name: str) -> StoredFile | None:
        """Find the file of that name."""
        return self._files.get(name)

    async def read(self, file: StoredFile, start: int, stop: int) -> AsyncIterator[bytes]:
        """Read a range in pieces."""
        data: bytes = file.key
        for offset in range(start, min(stop, len(data)), _PIECE):
            yield data[offset : min(offset + _PIECE, stop)]

    async def delete(self, name: str) -> bool:
        """Delete a file."""
        return self._files.pop(name, None) is not None

    def url(self, name: str) -> str | None:
        """Return None: this server sends the file."""
        return None

    async def close(self) -> None:
        """Delete all files."""
        self._files.clear()
