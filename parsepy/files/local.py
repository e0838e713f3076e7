"""Files in a folder of this machine; a file is moved to its place when it is complete."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from parsepy.files.base import StoredFile
from parsepy.model.files import is_plain_path

_PIECE = 1 << 18
_BUFFER = 1 << 20
_ABANDONED = 24 * 3600  # seconds after which an unfinished upload is deleted
_LONGEST_PART = 255 - len(".json")  # bytes of a name in a folder, with what its metadata's has more
_LONGEST = 1024


class LocalFiles:
    """Files below ``folder``, with their metadata in ``.metadata`` and uploads in ``.uploads``.

    A name that leads out of the folder, or to a hidden file, is not accepted.
    """

    def __init__(self, folder: str) -> None:
        self._root = Path(folder).resolve()
        self._uploads = self._root / ".uploads"
        self._metadata = self._root / ".metadata"
        for place in (self._root, self._uploads, self._metadata):
            place.mkdir(parents=True, exist_ok=True)
        for left in self._uploads.iterdir():  # of a server that was killed
            if left.stat().st_mtime < time.time() - _ABANDONED:
                left.unlink(missing_ok=True)

    async def create(
        self,
        name: str,
        chunks: AsyncIterator[bytes],
        *,
        content_type: str | None,
        metadata: Mapping[str, Any],
        tags: Mapping[str, Any],
    ) -> None:
        """Store a file; raises ``ValueError`` for a name that is not a path below the folder."""
        place = self._place(name)
        if place is None:
            raise ValueError("the name leads out of the folder")
        upload = self._uploads / uuid4().hex
        try:
            await self._write(upload, chunks)
            about = {"metadata": dict(metadata), "tags": dict(tags)}
            await asyncio.to_thread(self._finish, upload, place, name, about)
        finally:
            upload.unlink(missing_ok=True)

    async def _write(self, upload: Path, chunks: AsyncIterator[bytes]) -> None:
        buffer = bytearray()
        with await asyncio.to_thread(upload.open, "wb") as file:
            async for piece in chunks:
                buffer += piece
                if len(buffer) >= _BUFFER:
                    await asyncio.to_thread(file.write, bytes(buffer))
                    buffer.clear()
            await asyncio.to_thread(file.write, bytes(buffer))
            await asyncio.to_thread(file.flush)
            await asyncio.to_thread(os.fsync, file.fileno())

    def _finish(self, upload: Path, place: Path, name: str, about: Mapping[str, Any]) -> None:
        note = self._note(name)
        if any(about.values()):
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_text(json.dumps(about), encoding="utf-8")
        else:
            note.unlink(missing_ok=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        upload.replace(place)

    def _place(self, name: str) -> Path | None:
        if not is_plain_path(name) or not _has_room(name):
            return None
        place = self._root / name
        # a symbolic link inside of the folder must not lead out of it either
        return place if place.resolve().is_relative_to(self._root) else None

    def _note(self, name: str) -> Path:
        return self._metadata / f"{name}.json"

    async def find(self, name: str) -> StoredFile | None:
        """Find the file of that name."""
        return await asyncio.to_thread(self._find, name)

    def _find(self, name: str) -> StoredFile | None:
        place = self._place(name)
        if place is None or not place.is_file():
            return None
        known = place.stat()
        try:
            about = json.loads(self._note(name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            about = {}
        return StoredFile(
            name=name,
            size=known.st_size,
            modified=datetime.fromtimestamp(known.st_mtime, UTC),
            etag=f"{known.st_ino:x}-{known.st_size:x}-{known.st_mtime_ns:x}",
            metadata=about.get("metadata") or {},
            key=place,
        )

    async def read(self, file: StoredFile, start: int, stop: int) -> AsyncIterator[bytes]:
        """Read a range in pieces."""
        place: Path = file.key
        with await asyncio.to_thread(place.open, "rb", buffering=0) as opened:
            opened.seek(start)
            left = stop - start
            while left > 0:
                piece: bytes = await asyncio.to_thread(opened.read, min(_PIECE, left))
                if not piece:
                    raise ValueError("the file became shorter while it was read")
                left -= len(piece)
                yield piece

    async def delete(self, name: str) -> bool:
        """Delete a file and its metadata."""
        place = self._place(name)
        if place is None:
            return False
        try:
            await asyncio.to_thread(place.unlink)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return False
        await asyncio.to_thread(self._note(name).unlink, missing_ok=True)
        return True

    def url(self, name: str) -> str | None:
        """Return None: this server sends the file."""
        return None

    async def close(self) -> None:
        """Do nothing: no file stays open."""


def _has_room(name: str) -> bool:
    """Is this name short enough for any file system?"""
    parts = [len(part.encode("utf-8", "replace")) for part in name.split("/")]
    return max(parts) <= _LONGEST_PART and sum(parts) <= _LONGEST


adapter = LocalFiles
