"""Whole databases to files and back, as MongoDB has them: one file of BSON a collection.

The layout is that of MongoDB's own tools (``mongodump --gzip``): ``NAME.bson.gz`` with the
documents one after another, ``NAME.metadata.json.gz`` with the indexes. Everything streams.
"""

import gzip
import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from bson import json_util
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError

from parsepy.storage.connection import Connection
from parsepy.storage.failures import guard

_BATCH = 8 * 1024 * 1024  # bytes of documents that are written at once
_MOST = 48 * 1024 * 1024  # bytes of a document, which MongoDB bounds far below
_LEVEL = 3  # of compression: the disk is as fast
_GRIDFS = ("fs.chunks", "fs.files")  # which no prefix is put before
_ENDING, _METADATA = ".bson.gz", ".metadata.json.gz"
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)

Moved = Callable[[int], None]
"""Told how many documents are through."""


class BackupError(Exception):
    """A backup can't be used; the message is for the operator."""


class SavedCollection(NamedTuple):
    """A collection of a backup: its name, how many documents, and its file's SHA-256."""

    name: str
    documents: int
    sha256: str


async def collections(connection: Connection) -> list[str]:
    """The names of the collections that hold documents of this application, in order."""
    with guard():
        found = await connection.database.list_collection_names(filter={"type": "collection"})
    own = (name for name in found if name.startswith(connection.prefix) or name in _GRIDFS)
    return sorted(name for name in own if not name.startswith("system."))


async def size(connection: Connection, name: str) -> int:
    """How many documents a collection has, more or less."""
    with guard():
        return await connection.database[name].estimated_document_count()


async def save(connection: Connection, name: str, folder: Path, moved: Moved) -> SavedCollection:
    """Write a collection and its indexes into a folder; what was written."""
    database = connection.database
    digest, count = hashlib.sha256(), 0
    path = folder / f"{quote(name, safe='_.:-')}{_ENDING}"
    with guard():
        indexes = [dict(one) async for one in await database[name].list_indexes()]
        described = {"indexes": indexes, "collectionName": name}
        _write_private(
            path.with_name(path.name.removesuffix(_ENDING) + _METADATA),
            json_util.dumps(described).encode(),
        )
        raw: AsyncDatabase[Any] = database.client.get_database(database.name, codec_options=_RAW)
        with path.open("wb") as file:
            path.chmod(0o600)
            with gzip.GzipFile("", "wb", _LEVEL, file, mtime=0) as packed:
                # in the order of ids, so that equal data give equal files
                async for document in raw[name].find({}, batch_size=1000).sort("_id", 1):
                    packed.write(document.raw)
                    digest.update(document.raw)
                    count += 1
                    if count % 1000 == 0:
                        moved(count)
    return SavedCollection(name, count, digest.hexdigest())


def _write_private(path: Path, content: bytes) -> None:
    path.write_bytes(gzip.compress(content, mtime=0))
    path.chmod(0o600)


async def load(connection: Connection, saved: SavedCollection, folder: Path, moved: Moved) -> None:
    """Bring a collection and its indexes in; documents that are there already stay.

    Raises ``BackupError`` if its file is not as it was written.
    """
    path = folder / f"{quote(saved.name, safe='_.:-')}{_ENDING}"
    database: AsyncDatabase[Any] = connection.database.client.get_database(
        connection.database.name, codec_options=_RAW
    )
    collection = database[saved.name]
    digest, count = hashlib.sha256(), 0
    with guard():
        async for batch in _batches(path):
            for document in batch:
                digest.update(document.raw)
            count += len(batch)
            await _insert(collection, batch)
            moved(count)
        await _make_indexes(connection, saved.name, path)
    if (count, digest.hexdigest()) != (saved.documents, saved.sha256):
        raise BackupError(
            f"{path}: {count:,} documents, {saved.documents:,} were written, or not as they were"
        )


async def _insert(collection: Any, batch: list[RawBSONDocument]) -> None:
    try:
        await collection.insert_many(batch, ordered=False)
    except BulkWriteError as error:
        others = [one for one in error.details["writeErrors"] if one["code"] != 11000]
        if others:
            raise


async def _make_indexes(connection: Connection, name: str, path: Path) -> None:
    metadata = path.with_name(path.name.removesuffix(_ENDING) + _METADATA)
    described = json_util.loads(gzip.decompress(metadata.read_bytes()))
    wanted = [
        {key: value for key, value in index.items() if key not in ("v", "ns")}
        for index in described["indexes"]
        if index["name"] != "_id_"
    ]
    if wanted:
        await connection.database.command({"createIndexes": name, "indexes": wanted})


async def _batches(path: Path) -> AsyncIterator[list[RawBSONDocument]]:
    """The documents of a file, some megabytes at a time; raises ``BackupError``."""
    batch: list[RawBSONDocument] = []
    length = 0
    try:
        with gzip.open(path, "rb") as file:
            while head := file.read(4):
                size_of = int.from_bytes(head, "little")
                if len(head) < 4 or not 5 <= size_of <= _MOST:
                    raise BackupError(f"{path}: no BSON where a document should begin")
                content = head + file.read(size_of - 4)
                if len(content) < size_of:
                    raise BackupError(f"{path}: it ends within a document")
                batch.append(RawBSONDocument(content))
                length += size_of
                if length >= _BATCH or len(batch) >= 1000:
                    yield batch
                    batch, length = [], 0
    except (OSError, EOFError) as error:
        raise BackupError(f"{path}: {error}") from error
    if batch:
        yield batch


async def drop(connection: Connection, names: list[str]) -> None:
    """Drop collections with all that is in them."""
    with guard():
        for name in names:
            await connection.database.drop_collection(name)
