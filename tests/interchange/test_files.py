"""Files in GridFS that one server stores and the other serves, both ways, also encrypted."""

import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pymongo import MongoClient

from parsepy.app import build
from parsepy.config import Config
from tests.conftest import database_in
from tests.peer import Peer

pytestmark = [pytest.mark.node, pytest.mark.slow]

OPTIONS = {"appId": "shop", "masterKey": "master", "serverURL": "http://localhost/parse"}
KEYS = {"X-Parse-Application-Id": "shop", "X-Parse-Master-Key": "master"}
STREAM = {"X-Parse-Upload-Mode": "stream"}
SIZES = (1, 261_119, 261_120, 261_121, 1_500_000)


SECRET = "shop's key"


@pytest.fixture(scope="module", params=[None, "fileKey", "encryptionKey"])
def key(request: pytest.FixtureRequest) -> Any:
    """The option by which ours encrypts; Parse Server's own GridFS knows fileKey only."""
    return request.param


@pytest.fixture(scope="module")
def uri(mongo_uri: str, mongo: MongoClient[dict[str, Any]]) -> Any:
    name = f"exchange_files_{uuid4().hex[:10]}"
    yield database_in(mongo_uri, name)
    mongo.drop_database(name)


@pytest.fixture(scope="module")
async def ours(uri: str, key: str | None) -> AsyncIterator[httpx.AsyncClient]:
    application = build(
        Config.from_options({**OPTIONS, **({key: SECRET} if key else {}), "databaseURI": uri})
    )
    await application.startup()
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://x/parse") as client:
        yield client
    await application.shutdown()


@pytest.fixture(scope="module")
async def theirs(uri: str, key: str | None) -> AsyncIterator[httpx.AsyncClient]:
    with Peer(uri, {**OPTIONS, **({"fileKey": SECRET} if key else {})}) as peer:
        async with httpx.AsyncClient(base_url=peer.url) as client:
            yield client


def data_of(size: int) -> bytes:
    """Bytes that repeat nowhere near a chunk's length."""
    block = hashlib.sha256(str(size).encode()).digest()
    return (block * (size // 32 + 1))[: size - 1] + b"!"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", [{}, STREAM], ids=["raw", "stream"])
@pytest.mark.parametrize("way", ["theirs to ours", "ours to theirs"])
async def test_what_one_server_stores_the_other_serves(
    ours: httpx.AsyncClient, theirs: httpx.AsyncClient, size: int, mode: dict[str, str], way: str
) -> None:
    writer, reader = (theirs, ours) if way == "theirs to ours" else (ours, theirs)
    headers = {**KEYS, **mode, "Content-Type": "image/png"}
    saved = await writer.post("/files/mug.png", content=data_of(size), headers=headers)
    assert saved.status_code == 201, saved.text
    got = await reader.get(f"/files/shop/{saved.json()['name']}")
    assert (got.status_code, got.headers["content-type"]) == (200, "image/png")
    assert got.content == data_of(size)


@pytest.mark.parametrize("way", ["theirs to ours", "ours to theirs"])
async def test_metadata_and_deletion_cross_over(
    ours: httpx.AsyncClient, theirs: httpx.AsyncClient, way: str
) -> None:
    writer, reader = (theirs, ours) if way == "theirs to ours" else (ours, theirs)
    about = {"shelf": 7, "nested": {"a": [1, "x"]}}
    headers = {**KEYS, **STREAM, "X-Parse-File-Metadata": json.dumps(about)}
    headers["X-Parse-File-Directory"] = "2026/november"
    name = (await writer.post("/files/a.txt", content=b"x", headers=headers)).json()["name"]
    assert (await reader.get(f"/files/shop/metadata/{name}")).json() == {"metadata": about}
    assert (await reader.delete(f"/files/{name}", headers=KEYS)).status_code == 200
    assert (await writer.get(f"/files/shop/{name}")).status_code == 404


async def test_both_lay_their_files_out_alike(
    ours: httpx.AsyncClient,
    theirs: httpx.AsyncClient,
    uri: str,
    mongo: MongoClient[dict[str, Any]],
) -> None:
    database = mongo[uri.rpartition("/")[2].partition("?")[0]]
    rows = []
    for writer in (ours, theirs):
        answer = await writer.post("/files/a.txt", content=data_of(600_000), headers=KEYS)
        row = database["fs.files"].find_one({"filename": answer.json()["name"]})
        assert row is not None
        chunks = list(database["fs.chunks"].find({"files_id": row["_id"]}, sort=[("n", 1)]))
        kinds = {key: type(value) for key, value in row.items()}
        shapes = [[(k, type(v)) for k, v in chunk.items()] for chunk in chunks]
        lengths = [(chunk["n"], len(chunk["data"])) for chunk in chunks]
        rows.append((list(row), kinds, row["length"], row["chunkSize"], shapes, lengths))
    assert rows[0] == rows[1]
    indexes = database["fs.chunks"].index_information()
    assert indexes["files_id_1_n_1"]["unique"] is True
    assert "filename_1_uploadDate_1" in database["fs.files"].index_information()
