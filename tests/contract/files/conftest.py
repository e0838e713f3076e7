"""Every file store, each on a place of its own; a real server that speaks S3."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from obstore.store import S3Store
from pymongo import AsyncMongoClient

from parsepy.files.base import FileStore
from parsepy.files.encryption import Encryption
from parsepy.files.gridfs import GridFS
from parsepy.files.local import LocalFiles
from parsepy.files.memory import MemoryFiles
from parsepy.files.s3 import S3Files
from parsepy.storage.embedded import find_mongod

STORES = ("gridfs", "encrypted", "local", "memory", "s3")


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """Where a real server that speaks S3 listens."""
    from moto.server import ThreadedMotoServer  # takes a second

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_endpoint: str) -> dict[str, str]:
    """The options of a new bucket."""
    import httpx

    name = f"shop-{uuid4().hex[:12]}"
    assert httpx.put(f"{s3_endpoint}/{name}", headers={"Host": "localhost"}).status_code == 200
    return {
        "bucket": name,
        "endpoint": s3_endpoint,
        "accessKeyId": "test",
        "secretAccessKey": "test",
    }


@pytest.fixture
async def database(mongo_uri: str) -> AsyncIterator[Any]:
    """A database of its own, which goes when the test ends."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(mongo_uri)
    name = f"files_{uuid4().hex[:12]}"
    async with client:
        yield client[name]
        await client.drop_database(name)


@pytest.fixture
async def standalone(tmp_path: Path) -> AsyncIterator[Any]:
    """A database of a MongoDB that is no replica set, and so has no transactions."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(find_mongod(tmp_path)), "--dbpath", str(tmp_path), "--port", str(port)]
    command += ["--bind_ip", "127.0.0.1", "--nounixsocket", "--wiredTigerCacheSizeGB", "0.25"]
    with (tmp_path / "log").open("w") as output:
        process = await asyncio.create_subprocess_exec(*command, stdout=output)
    try:
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient("127.0.0.1", port)
        async with client:  # the driver waits until it answers
            yield client["files"]
    finally:
        process.terminate()
        await process.wait()


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    """One store of each kind."""
    kind: str = request.param
    if kind == "local":
        return LocalFiles(str(tmp_path))
    if kind == "memory":
        return MemoryFiles()
    if kind == "s3":
        return S3Files(**request.getfixturevalue("bucket"))
    encryption = Encryption("a key of the shop") if kind == "encrypted" else None
    return GridFS(request.getfixturevalue("database"), encryption)


def objects_in(options: dict[str, str]) -> int:
    """How many objects a bucket has."""
    store = S3Store(
        options["bucket"],
        endpoint=options["endpoint"],
        access_key_id="test",
        secret_access_key="test",
        client_options={"allow_http": True},
    )
    return sum(len(page) for page in store.list())
