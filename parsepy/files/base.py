"""``FileStore``: what a store of files has to offer, built in or an operator's adapter."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """What a store knows of a file without reading its content.

    ``key`` is the store's own (GridFS: the file's id), so that a file that is replaced while it
    is sent is still sent unchanged.
    """

    name: str
    size: int
    modified: datetime
    etag: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    key: Any = None


class FileStore(Protocol):
    """A store of files. Names are whole stored names, with their directory ("2026/a.png").

    An operator's adapter is a class `adapter` with these methods. Any exception of a method is
    logged, and the client gets Parse's error of that route.
    """

    async def create(
        self,
        name: str,
        chunks: AsyncIterator[bytes],
        *,
        content_type: str | None,
        metadata: Mapping[str, Any],
        tags: Mapping[str, Any],
    ) -> None:
        """Store the chunks as they arrive; if reading them raises, leave nothing behind."""
        ...

    async def find(self, name: str) -> StoredFile | None:
        """Find the newest file of that name; None if there is none."""
        ...

    def read(self, file: StoredFile, start: int, stop: int) -> AsyncIterator[bytes]:
        """Read the bytes from ``start`` to before ``stop``, in pieces of a moderate size."""
        ...

    async def delete(self, name: str) -> bool:
        """Delete every file of that name; False if there was none."""
        ...

    def url(self, name: str) -> str | None:
        """Return the file's address in the store itself; None if this server has to send it."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...
