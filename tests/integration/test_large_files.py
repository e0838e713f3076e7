"""200 MB up and down a real server: its memory stays flat; a killed upload leaves nothing."""

import hashlib
import json
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
from moto.server import ThreadedMotoServer
from pymongo import MongoClient

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


@pytest.mark.parametrize("mode", ["raw", "stream"])
def test_a_killed_upload_leaves_nothing_behind(served: Served, mode: str) -> None:
    files, chunks = served.database["fs.files"], served.database["fs.chunks"]
    before = files.count_documents({}), chunks.count_documents({})
    lines = [f"{name}: {value}" for name, value in {**HEADERS, "Content-Length": SIZE}.items()]
    if mode == "stream":
        lines.append("X-Parse-Upload-Mode: stream")
    head = "\r\n".join(["POST /parse/files/film.mp4 HTTP/1.1", "Host: x", *lines, "", ""])
    with socket.create_connection(("127.0.0.1", served.port)) as sender:
        sender.sendall(head.encode())
        for piece in pieces(20 * MB):
            sender.sendall(piece)
        until(lambda: chunks.count_documents({}) > before[1], "nothing was stored on the way")
    until(
        lambda: (files.count_documents({}), chunks.count_documents({})) == before,
        "the killed upload left something behind",
    )


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
