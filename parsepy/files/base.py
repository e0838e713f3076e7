"""``FileStore``: what a place for files must offer, be it ours or an operator's own adapter."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """What a store knows of a file without reading it.

    ``key`` is the store's own (GridFS: the file's id), so that a file that is replaced while
    it is sent is still sent as it was.
    """

    name: str
    size: int
    modified: datetime
    etag: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    key: Any = None


class FileStore(Protocol):
    """A place for files. Names are whole stored names, a directory included ("2026/a.png").

    An adapter of the operator's own is a class `adapter` with these methods. Whatever goes
    wrong in a method is answered with Parse's error of that route and logged.
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
        """Store the chunks as they come; if they end in an exception, leave nothing behind."""
        ...

    async def find(self, name: str) -> StoredFile | None:
        """The newest file of that name, or None."""
        ...

    def read(self, file: StoredFile, start: int, stop: int) -> AsyncIterator[bytes]:
        """The bytes from ``start`` to before ``stop``, in pieces of a moderate size."""
        ...

    async def delete(self, name: str) -> bool:
        """Delete every file of that name; False if there was none."""
        ...

    def url(self, name: str) -> str | None:
        """Where clients get the file from the store itself; None: from this server."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
