"""What every file store promises, and what each leaves behind when an upload breaks off."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pymongo.errors import OperationFailure

from parsepy.files.base import FileStore
from parsepy.files.encryption import Encryption
from parsepy.files.gridfs import CHUNK_SIZE, GridFS
from parsepy.files.local import LocalFiles
from parsepy.files.s3 import S3Files
from parsepy.files.uploads import UploadAbandoned
from tests.contract.files.conftest import objects_in
from tests.rest.shop import eventually

NAME = "0123456789abcdef0123456789abcdef_price list~1@shop.txt"
LARGE = bytes(range(256)) * (11 * CHUNK_SIZE // 256) + b"the end"


async def pieces(data: bytes, size: int = 70_000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def breaking(data: bytes) -> AsyncIterator[bytes]:
    async for piece in pieces(data):
        yield piece
    raise ConnectionError("the client hung up")


async def put(store: FileStore, name: str, data: bytes, **more: Any) -> None:
    options: dict[str, Any] = {"content_type": "text/plain", "metadata": {}, "tags": {}, **more}
    await store.create(name, pieces(data), **options)


async def got(store: FileStore, name: str, start: int = 0, stop: int | None = None) -> bytes:
    file = await store.find(name)
    assert file is not None
    end = file.size if stop is None else stop
    return b"".join([piece async for piece in store.read(file, start, end)])


@pytest.mark.parametrize("data", [b"", b"x", b"y" * CHUNK_SIZE, LARGE], ids=len)
async def test_what_was_stored_is_read_again(store: FileStore, data: bytes) -> None:
    await put(store, NAME, data)
    file = await store.find(NAME)
    assert file is not None
    assert file.size == len(data)
    assert await got(store, NAME) == data


@pytest.mark.parametrize(
    ("start", "stop"),
    [(0, 1), (CHUNK_SIZE - 1, CHUNK_SIZE + 1), (5, 700_000), (len(LARGE) - 3, len(LARGE))],
)
async def test_a_range_is_read(store: FileStore, start: int, stop: int) -> None:
    await put(store, NAME, LARGE)
    assert await got(store, NAME, start, stop) == LARGE[start:stop]


async def test_metadata_are_kept(store: FileStore) -> None:
    await put(store, NAME, b"x", metadata={"shelf": "7"}, tags={"season": "winter"})
    file = await store.find(NAME)
    assert file is not None
    assert file.metadata == {"shelf": "7"}


async def test_a_directory_is_part_of_the_name(store: FileStore) -> None:
    await put(store, "2026/november/a.txt", b"x")
    assert await got(store, "2026/november/a.txt") == b"x"
    assert await store.find("a.txt") is None


async def test_a_deleted_file_is_gone(store: FileStore) -> None:
    await put(store, NAME, b"x", metadata={"shelf": "7"})
    assert await store.delete(NAME) is True
    assert await store.find(NAME) is None
    assert await store.delete(NAME) is False


async def test_the_newest_of_a_name_is_found(store: FileStore) -> None:
    await put(store, NAME, b"old one", metadata={"shelf": "7"})
    before = await store.find(NAME)
    await put(store, NAME, b"new")
    after = await store.find(NAME)
    assert await got(store, NAME) == b"new"
    assert before is not None
    assert after is not None
    assert after.etag != before.etag
    assert not after.metadata


@pytest.mark.parametrize("name", ["nosuch", "../secret", "a/../../secret", "/etc/passwd", ".x", ""])
async def test_a_name_that_leads_elsewhere_is_no_file(store: FileStore, name: str) -> None:
    assert await store.find(name) is None
    assert await store.delete(name) is False


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def uploads_in(bucket: dict[str, str]) -> str:
    """What the S3 server lists of unfinished uploads."""
    answer = httpx.get(f"{bucket['endpoint']}/{bucket['bucket']}?uploads")
    assert answer.status_code == 200
    return answer.text


async def test_an_upload_that_breaks_off_is_no_file(store: FileStore) -> None:
    with pytest.raises(Exception, match="hung up"):
        await store.create(NAME, breaking(LARGE * 3), content_type=None, metadata={}, tags={})
    assert await store.find(NAME) is None


async def test_a_broken_upload_leaves_no_chunks(database: Any) -> None:
    with pytest.raises(ConnectionError):
        await GridFS(database).create(
            NAME, breaking(LARGE), content_type=None, metadata={}, tags={}
        )
    assert await database["fs.chunks"].count_documents({}) == 0
    assert await database["fs.files"].count_documents({}) == 0


class Held:
    """An upload that waits in its middle, when some chunks are stored, until it is let go."""

    def __init__(self, store: GridFS) -> None:
        self._go_on, self._waits = asyncio.Event(), asyncio.Event()
        self._task = asyncio.create_task(
            store.create(NAME, self._chunks(), content_type=None, metadata={}, tags={})
        )

    async def _chunks(self) -> AsyncIterator[bytes]:
        yield LARGE
        yield b"."
        self._waits.set()
        await self._go_on.wait()
        yield LARGE

    async def in_the_middle(self) -> None:
        """Return when it waits."""
        async with asyncio.timeout(30):
            await self._waits.wait()

    async def end(self) -> None:
        """Let it go, and wait for its end."""
        self._go_on.set()
        await self._task


async def test_an_upload_that_is_renewed_is_left_alone(database: Any) -> None:
    store = GridFS(database, abandoned_after=2)
    upload = Held(store)
    await upload.in_the_middle()
    begun = (await database["fs.uploads"].find_one())["renewed"]
    async with asyncio.timeout(30):
        while True:  # until longer than the bound has passed on the database's clock
            assert await store.uploads.clean_once() == 0
            renewed = (await database["fs.uploads"].find_one())["renewed"]
            if (renewed - begun).total_seconds() > 2.5:
                break
            await asyncio.sleep(0.05)
    await upload.end()
    assert await got(store, NAME) == LARGE + b"." + LARGE
    assert await database["fs.uploads"].count_documents({}) == 0


async def test_an_upload_that_shows_no_life_is_removed_and_fails(database: Any) -> None:
    upload = Held(GridFS(database, abandoned_after=10_000))  # renews each 2,000 seconds
    await upload.in_the_middle()
    assert await database["fs.chunks"].count_documents({}) > 0
    cleaner = GridFS(database, abandoned_after=0.001).uploads

    async def found() -> bool:
        return await cleaner.clean_once() == 1

    await eventually(found)
    assert await database["fs.chunks"].count_documents({}) == 0
    with pytest.raises(UploadAbandoned):
        await upload.end()
    assert await database["fs.files"].count_documents({}) == 0
    assert await database["fs.chunks"].count_documents({}) == 0


async def test_what_comes_after_an_upload_was_given_up_is_removed_as_well(database: Any) -> None:
    with pytest.raises(ConnectionError):
        await GridFS(database).create(
            NAME, breaking(LARGE), content_type=None, metadata={}, tags={}
        )
    note = await database["fs.uploads"].find_one()
    await database["fs.chunks"].insert_one({"files_id": note["_id"], "n": 0, "data": b"late"})
    cleaner = GridFS(database, abandoned_after=0.001).uploads

    async def nothing_left() -> bool:
        await cleaner.clean_once()
        names = ("fs.files", "fs.chunks", "fs.uploads")
        return [await database[name].count_documents({}) for name in names] == [0, 0, 0]

    await eventually(nothing_left)


async def test_a_file_that_is_complete_is_kept_whatever_its_note_says(database: Any) -> None:
    store = GridFS(database, abandoned_after=0.001)
    await put(store, NAME, LARGE)
    file = await database["fs.files"].find_one()
    await database["fs.uploads"].insert_one({"_id": file["_id"], "renewed": file["uploadDate"]})
    async with asyncio.timeout(30):
        while await database["fs.uploads"].count_documents({}):
            assert await store.uploads.clean_once() == 0
    assert await got(store, NAME) == LARGE


async def test_a_small_file_and_its_chunks_come_together_or_not_at_all(database: Any) -> None:
    store = GridFS(database)
    await put(store, "first.txt", b"x")  # makes the collections
    await database.command(
        {"collMod": "fs.files", "validator": {"filename": {"$ne": NAME}}}
    )  # the last write is refused
    with pytest.raises(OperationFailure):
        await put(store, NAME, b"y" * 3 * CHUNK_SIZE)
    assert await database["fs.chunks"].count_documents({}) == 1
    assert "fs.uploads" not in await database.list_collection_names()


async def test_a_mongodb_without_transactions_stores_small_files_too(standalone: Any) -> None:
    store = GridFS(standalone)
    await put(store, NAME, b"small")
    await put(store, "empty.txt", b"")
    assert await got(store, NAME) == b"small"
    assert await got(store, "empty.txt") == b""
    assert "fs.uploads" in await standalone.list_collection_names()  # by way of a note, then
    assert await standalone["fs.uploads"].count_documents({}) == 0


async def test_a_broken_upload_leaves_no_temporary_file(tmp_path: Path) -> None:
    store = LocalFiles(str(tmp_path))
    with pytest.raises(ConnectionError):
        await store.create(NAME, breaking(LARGE), content_type=None, metadata={}, tags={})
    assert files_below(tmp_path) == []


async def test_a_broken_upload_leaves_no_parts(bucket: dict[str, str]) -> None:
    with pytest.raises(Exception, match="hung up"):
        await S3Files(**bucket).create(
            NAME, breaking(LARGE * 5), content_type=None, metadata={}, tags={}
        )
    assert objects_in(bucket) == 0
    assert "<UploadId>" not in uploads_in(bucket)


async def test_a_file_is_not_readable_with_another_key(database: Any) -> None:
    await put(GridFS(database, Encryption("one")), NAME, LARGE)
    with pytest.raises(ValueError, match="encryptionKey"):
        await got(GridFS(database, Encryption("another")), NAME)


async def test_a_changed_byte_of_an_encrypted_file_is_noticed(database: Any) -> None:
    store = GridFS(database, Encryption("one"))
    await put(store, NAME, b"pay 10 to Bob")
    row = await database["fs.chunks"].find_one({})
    changed = bytes([row["data"][0] ^ 1]) + row["data"][1:]
    await database["fs.chunks"].update_one({}, {"$set": {"data": changed}})
    with pytest.raises(ValueError, match="encryptionKey"):
        await got(store, NAME)


async def test_metadata_can_not_name_the_content_type_of_an_s3_object(
    bucket: dict[str, str],
) -> None:
    with pytest.raises(ValueError, match="metadata"):
        await put(S3Files(**bucket), NAME, b"x", metadata={"Content-Type": "text/html"})


def test_s3_files_have_their_address_below_the_base_url(bucket: dict[str, str]) -> None:
    store = S3Files(**bucket, baseUrl="https://cdn.shop.test/")
    assert store.url("a/b c.txt") == "https://cdn.shop.test/a/b%20c.txt"
