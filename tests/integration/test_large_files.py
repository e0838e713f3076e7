"""200 MB up and down a real server: its memory stays flat; a killed upload leaves nothing,

be it the client that is killed or the server.
"""

import asyncio
import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pymongo import AsyncMongoClient, MongoClient

from parsepy.files.gridfs import GridFS
from tests.conftest import APP_ID, MASTER_KEY, database_in

pytestmark = pytest.mark.slow

MB = 1 << 20
SIZE = 200 * MB
PIECE = bytes(range(256)) * 4096
HEADERS = {
    "X-Parse-Application-Id": APP_ID,
    "X-Parse-Master-Key": MASTER_KEY,
    "X-Parse-File-Max-Upload-Size": "250mb",
    "Content-Type": "video/mp4",
}
STREAM = {"X-Parse-Upload-Mode": "stream"}


@dataclass(frozen=True, slots=True)
class Served:
    """A running `parsepy serve`, its process and its database."""

    url: str
    pid: int
    port: int
    database: Any


@pytest.fixture(scope="module")
def served(
    mongo_uri: str, mongo: MongoClient[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    name = f"large_{uuid4().hex[:12]}"
    with serving(database_in(mongo_uri, name), tmp_path_factory.mktemp("serve")) as (url, pid):
        yield Served(url, pid, int(url.split(":")[2].split("/")[0]), mongo[name])
    mongo.drop_database(name)


@contextmanager
def serving(uri: str, home: Path, **more: Any) -> Iterator[tuple[str, int]]:
    """Run `parsepy serve` until the block ends: its address and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    options = {"--port": str(port), "--host": "127.0.0.1", "--data-dir": str(home)}
    options |= {"--database-uri": uri}
    options |= {"--app-id": APP_ID, "--master-key": MASTER_KEY}
    words = [word for pair in options.items() for word in pair]
    (home / "config.json").write_text(json.dumps(more))
    words += ["--config", str(home / "config.json")]
    command = [str(Path(sys.executable).with_name("parsepy")), "serve", *words]
    with (home / "log").open("w") as output:
        process = subprocess.Popen(command, cwd=home, stdout=output, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}/parse"
    try:
        until(lambda: healthy(url), "the server did not come up")
        yield url, process.pid
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(20)


def healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def until(holds: Any, otherwise: str, seconds: float = 60) -> None:
    """Return when `holds()`; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return
        threading.Event().wait(0.05)
    pytest.fail(otherwise)


def resident(pid: int) -> int:
    """The bytes of memory that a process holds."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


class Watch:
    """Samples a process's memory while the block runs; `above` is the peak over its beginning."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._idle = resident(pid)
        self._peak = self._idle
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample)

    def _sample(self) -> None:
        while not self._over.wait(0.01):
            self._peak = max(self._peak, resident(self._pid))

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def above(self) -> int:
        return self._peak - self._idle


def pieces(size: int = SIZE) -> Iterator[bytes]:
    for _ in range(size // MB):
        yield PIECE


def expected() -> str:
    digest = hashlib.sha256()
    for piece in pieces():
        digest.update(piece)
    return digest.hexdigest()


def form(boundary: str) -> Iterator[bytes]:
    yield (
        f"--{boundary}\r\nContent-Disposition: form-data; name=file; filename=film.mp4\r\n"
        "Content-Type: video/mp4\r\n\r\n"
    ).encode()
    yield from pieces()
    yield f"\r\n--{boundary}--\r\n".encode()


@pytest.mark.parametrize("mode", ["raw", "stream", "multipart"])
def test_200_mb_up_and_down_keep_the_memory_flat(served: Served, mode: str) -> None:
    headers, content = dict(HEADERS), pieces()
    if mode == "stream":
        headers |= STREAM
    if mode == "multipart":
        headers["Content-Type"] = "multipart/form-data; boundary=shop"
        content = form("shop")
    up_and_down(served.url, served.pid, headers, content)


def up_and_down(url: str, pid: int, headers: dict[str, str], content: Iterator[bytes]) -> None:
    """Upload and download while the server's memory is watched."""
    with httpx.Client(timeout=120) as client:
        with Watch(pid) as up:
            saved = client.post(f"{url}/files/film.mp4", content=content, headers=headers)
        assert saved.status_code == 201, saved.text
        digest = hashlib.sha256()
        with Watch(pid) as down, client.stream("GET", saved.json()["url"]) as answer:
            for piece in answer.iter_bytes():
                digest.update(piece)
    assert digest.hexdigest() == expected()
    print(f"up {up.above / MB:.0f} MB, down {down.above / MB:.0f} MB above idle")
    assert up.above < 150 * MB
    assert down.above < 150 * MB


@pytest.fixture
def s3() -> Iterator[dict[str, Any]]:
    """The option `filesAdapter` for a real server that speaks S3, with an empty bucket."""
    from moto.server import ThreadedMotoServer  # takes a second

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    assert httpx.put(f"{endpoint}/films", headers={"Host": "localhost"}).status_code == 200
    keys = {"accessKeyId": "test", "secretAccessKey": "test"}
    yield {"module": "s3", "options": {"bucket": "films", "endpoint": endpoint, **keys}}
    server.stop()


@pytest.mark.parametrize("store", ["local", "encrypted", "s3"])
def test_the_other_stores_keep_the_memory_flat_as_well(
    store: str,
    mongo_uri: str,
    mongo: MongoClient[dict[str, Any]],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    options: dict[str, Any] = {"filesAdapter": {"module": "local"}}
    if store == "encrypted":
        options = {"encryptionKey": "a key of the shop"}
    if store == "s3":
        options = {"filesAdapter": request.getfixturevalue("s3")}
    name = f"large_{uuid4().hex[:12]}"
    with serving(database_in(mongo_uri, name), tmp_path, **options) as (url, pid):
        up_and_down(url, pid, HEADERS, pieces())
    mongo.drop_database(name)


def test_a_slow_reader_holds_the_server_back(served: Served) -> None:
    with httpx.Client(timeout=120) as client:
        saved = client.post(f"{served.url}/files/a.mp4", content=pieces(), headers=HEADERS)
    path = saved.json()["url"].partition(f":{served.port}")[2]
    with socket.create_connection(("127.0.0.1", served.port)) as reader, Watch(served.pid) as watch:
        reader.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert reader.recv(1000).startswith(b"HTTP/1.1 200")
        with httpx.Client() as client:  # all the while others are served
            for _ in range(100):
                assert client.get(f"{served.url}/health").status_code == 200
    assert watch.above < 50 * MB


@contextmanager
def uploading(port: int, chunks: Any, size: int, **more: str) -> Iterator[socket.socket]:
    """An upload of which 20 MB have been sent, and some have been stored, until the block ends."""
    before = chunks.count_documents({})
    headers = {**HEADERS, **more, "Content-Length": size}
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join(["POST /parse/files/film.mp4 HTTP/1.1", "Host: x", *lines, "", ""])
    with socket.create_connection(("127.0.0.1", port)) as sender:
        sender.sendall(head.encode())
        for piece in pieces(20 * MB):
            sender.sendall(piece)
        until(lambda: chunks.count_documents({}) > before, "nothing was stored on the way")
        yield sender


@pytest.mark.parametrize("mode", ["raw", "stream"])
def test_a_killed_upload_leaves_nothing_behind(served: Served, mode: str) -> None:
    files, chunks = served.database["fs.files"], served.database["fs.chunks"]
    before = files.count_documents({}), chunks.count_documents({})
    with uploading(served.port, chunks, SIZE, **(STREAM if mode == "stream" else {})):
        pass
    until(
        lambda: (files.count_documents({}), chunks.count_documents({})) == before,
        "the killed upload left something behind",
    )


def files_kept(seconds: float) -> dict[str, Any]:
    """The option `filesAdapter` with another bound for uploads that show no life."""
    return {"filesAdapter": {"module": "gridfs", "options": {"abandonedAfter": seconds}}}


def test_a_server_killed_in_mid_upload_leaves_no_chunk_after_its_next_start(
    mongo_uri: str, mongo: MongoClient[dict[str, Any]], tmp_path: Path
) -> None:
    name = f"killed_{uuid4().hex[:12]}"
    uri, chunks, notes = database_in(mongo_uri, name), mongo[name]["fs.chunks"], "fs.uploads"
    try:
        with serving(uri, tmp_path, **files_kept(0.5)) as (url, pid):
            port = int(url.split(":")[2].split("/")[0])
            with uploading(port, chunks, SIZE):
                os.kill(pid, signal.SIGKILL)
        assert chunks.count_documents({}) > 0
        assert mongo[name][notes].count_documents({}) == 1
        with serving(uri, tmp_path, **files_kept(0.5)):
            until(lambda: chunks.count_documents({}) == 0, "chunks are left")
            until(lambda: mongo[name][notes].count_documents({}) == 0, "the note is left")
    finally:
        mongo.drop_database(name)


async def test_the_upload_of_another_process_is_left_alone_while_it_lives(
    mongo_uri: str, mongo: MongoClient[dict[str, Any]], tmp_path: Path
) -> None:
    name = f"other_{uuid4().hex[:12]}"
    uri, chunks, notes = database_in(mongo_uri, name), mongo[name]["fs.chunks"], "fs.uploads"
    try:
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(mongo_uri)
        with serving(uri, tmp_path, **files_kept(3)) as (url, _):
            port = int(url.split(":")[2].split("/")[0])
            async with client:
                with uploading(port, chunks, 30 * MB) as sender:
                    await clean_for(GridFS(client[name], abandoned_after=3), mongo[name][notes], 4)
                    for piece in pieces(10 * MB):
                        sender.sendall(piece)
                    assert b" 201 Created" in sender.recv(100)
        files = list(mongo[name]["fs.files"].find())
        assert [file["length"] for file in files] == [30 * MB]
        assert sum(len(row["data"]) for row in chunks.find()) == 30 * MB
        assert mongo[name][notes].count_documents({}) == 0
    finally:
        mongo.drop_database(name)


async def clean_for(store: GridFS, notes: Any, seconds: float) -> None:
    """Look for abandoned uploads until the one under way has been renewed for so long."""
    begun = notes.find_one({})["renewed"]
    async with asyncio.timeout(60):
        while (notes.find_one({})["renewed"] - begun).total_seconds() < seconds:
            assert await store.uploads.clean_once() == 0
            await asyncio.sleep(0.1)


def test_too_large_an_upload_leaves_nothing_behind(served: Served) -> None:
    chunks = served.database["fs.chunks"]
    before = chunks.count_documents({})
    headers = {**HEADERS, **STREAM, "X-Parse-File-Max-Upload-Size": "10mb"}
    answer = httpx.post(
        f"{served.url}/files/film.mp4", content=pieces(20 * MB), headers=headers, timeout=60
    )
    assert answer.json() == {
        "code": 130,
        "error": "File size exceeds maximum allowed: 10485760 bytes.",
    }
    assert chunks.count_documents({}) == before
