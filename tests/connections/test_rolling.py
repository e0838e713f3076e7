"""Two servers behind a proxy are replaced in turn: no request fails, and no event is missed."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.conftest import APP_ID, database_in
from tests.connections.served import APP
from tests.integration.test_cli import environment, free_port
from tests.integration.test_workers import healthy, until

CONFIG = Path(__file__).parents[2] / "deploy/haproxy/haproxy.cfg"
REQUESTS = 20_000
SECONDS = 45.0
CLIENTS = 16
LISTENERS = 20


class Node:
    """A server that can be replaced by the next version of itself."""

    def __init__(self, folder: Path, config: Path) -> None:
        self._folder, self._config = folder, config
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it serves."""
        command = [sys.executable, "-m", "parsepy", "serve", "--config", str(self._config)]
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port)],
            cwd=self._folder,
            env=environment(),
            stdout=subprocess.DEVNULL,
        )
        until(lambda: healthy(f"http://127.0.0.1:{self.port}/parse"))

    def stop(self) -> None:
        """Ask it to end, and wait."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(60) == 0


@dataclass
class Proxy:
    """A running HAProxy: the port of the API, and that of its statistics."""

    port: int
    statistics: int

    def sees(self, count: int) -> bool:
        """Does it send requests to so many servers?"""
        try:
            lines = httpx.get(f"http://127.0.0.1:{self.statistics}/;csv").text.splitlines()
        except httpx.TransportError:
            return False
        servers = [line.split(",") for line in lines if line.startswith("parsepy,")]
        return sum(fields[17] == "UP" for fields in servers if fields[1] != "BACKEND") == count


@contextmanager
def proxied(folder: Path, nodes: list[Node]) -> Iterator[Proxy]:
    """Serve nodes behind HAProxy with the configuration that we give."""
    program = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("HAProxy is wanting: apt-get install haproxy")
        pytest.skip("needs HAProxy")
    port = free_port()
    text = CONFIG.read_text().replace("bind :80", f"bind 127.0.0.1:{port}")
    for number, node in enumerate(nodes, 1):
        text = text.replace(f"parsepy-{number}:1337", f"127.0.0.1:{node.port}")
    statistics = free_port()
    text += (
        f"\nlisten statistics\n    bind 127.0.0.1:{statistics}\n    stats enable\n    stats uri /\n"
    )
    path = folder / "haproxy.cfg"
    path.write_text(text)
    process = subprocess.Popen([program, "-db", "-q", "-f", str(path)])
    try:
        proxy = Proxy(port, statistics)
        until(lambda: proxy.sees(len(nodes)))
        yield proxy
    finally:
        process.kill()
        process.wait()


class Load:
    """Clients that read and write again and again; each failure is kept."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.count = 0
        self.failed: list[str] = []
        self.created: list[str] = []
        self.slowest = 0.0
        self.is_over = False

    async def shop(self, number: int) -> None:
        """Ask until all is over; every eighth request makes an order."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        while not self.is_over:
            self.count += 1
            began = time.perf_counter()
            try:
                if self.count % 8 == 0:
                    order = json.dumps({"by": number}).encode()
                    made = await _asked(reader, writer, "POST", "/classes/Order", order)
                    self.created.append(made["objectId"])
                else:
                    await _asked(reader, writer, "GET", "/health", b"")
            except (OSError, EOFError, AssertionError) as error:
                self.failed.append(repr(error))
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            self.slowest = max(self.slowest, time.perf_counter() - began)
        writer.close()


async def _asked(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, method: str, path: str, body: bytes
) -> Any:
    """Send a request on a connection that is kept; its answer, which must be a good one."""
    head = f"{method} /parse{path} HTTP/1.1\r\nHost: shop\r\nX-Parse-Application-Id: {APP_ID}\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    async with asyncio.timeout(30):
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        length = next(line for line in lines if line.startswith("content-length:"))
        content = await reader.readexactly(int(length.partition(":")[2]))
    assert lines[0].split()[1] in ("200", "201"), (lines[0], content[:200])
    return json.loads(content)


class Follower:
    """A client that follows orders, comes back when it is cut off, and goes on by `since`."""

    def __init__(self, port: int) -> None:
        self._url = f"ws://127.0.0.1:{port}/parse"
        self._since = ""
        self.seen: list[str] = []
        self.returns = -1
        self.gaps = 0
        self.is_ready = asyncio.Event()
        self.has_seen = asyncio.Event()

    async def follow(self) -> None:
        """Follow until cancelled."""
        while True:
            try:
                await self._connected()
            except (ConnectionClosed, OSError, EOFError):
                pass
            except Exception as error:
                if "HTTP" not in str(error):
                    raise
            await asyncio.sleep(0.1)  # as clients pause before they come back

    async def _connected(self) -> None:
        query = {"className": "Order", "where": {}}
        hello = {"op": "connect", "applicationId": APP_ID}
        subscribe = {"op": "subscribe", "requestId": 1, "query": query, "since": self._since}
        async with connect(self._url, compression=None, open_timeout=30) as socket:
            for message in (hello, subscribe):
                await socket.send(json.dumps(message))
            async for text in socket:
                self._take(json.loads(text))

    def _take(self, frame: Any) -> None:
        assert frame["op"] != "error", frame
        if frame["op"] == "subscribed":
            self.returns += 1
            self.gaps += bool(self._since) and not frame["resumed"]
            self.is_ready.set()
        if frame["op"] == "create":
            self.seen.append(frame["object"]["objectId"])
            self.has_seen.set()
        self._since = frame.get("since", self._since)


@pytest.mark.slow
async def test_servers_are_replaced_in_turn_and_nobody_notices(
    tmp_path: Path, mongo_uri: str
) -> None:
    config = tmp_path / "config.json"
    options = {
        "databaseURI": database_in(mongo_uri, f"test_{uuid4().hex[:16]}"),
        "allowClientClassCreation": True,
        "liveQuery": {"classNames": ["Order"], "carrier": "changeStreams"},
        "host": "127.0.0.1",
        "verifyServerUrl": False,
    }
    config.write_text(json.dumps(options))
    nodes = [Node(tmp_path, config) for _ in range(2)]
    try:
        for node in nodes:
            await asyncio.to_thread(node.start)
        with proxied(tmp_path, nodes) as proxy:
            url = f"http://127.0.0.1:{proxy.port}/parse"
            async with httpx.AsyncClient(headers=APP) as first:
                await first.post(f"{url}/classes/Order", json={"by": -1})
            followers = [Follower(proxy.port) for _ in range(LISTENERS)]
            following = [asyncio.create_task(each.follow()) for each in followers]
            for each in followers:
                await asyncio.wait_for(each.is_ready.wait(), 30)
            load = Load(proxy.port)
            shopping = [asyncio.create_task(load.shop(number)) for number in range(CLIENTS)]
            began, rounds = time.monotonic(), 0
            while rounds < 2 or (load.count < REQUESTS and time.monotonic() - began < SECONDS):
                for node in nodes:
                    await asyncio.to_thread(node.stop)
                    await asyncio.to_thread(node.start)
                    await asyncio.to_thread(until, lambda: proxy.sees(len(nodes)))
                rounds += 1
            load.is_over = True
            await asyncio.gather(*shopping)
            await told(followers, load.created)
            for task in following:
                task.cancel()
            await asyncio.gather(*following, return_exceptions=True)
    finally:
        for node in nodes:
            node.stop()
    returns = sum(each.returns for each in followers)
    print(
        f"rolling: {load.count} requests over {2 * rounds} restarts, {len(load.failed)} failed, "
        f"the slowest {load.slowest:.2f} s; {len(load.created)} events for each of {LISTENERS} "
        f"clients, who came back {returns} times"
    )
    assert load.failed == []
    assert returns > 0
    for each in followers:
        assert each.gaps == 0
        assert sorted(each.seen) == sorted(load.created)


async def told(followers: list[Follower], created: list[str]) -> None:
    """Wait until every client has as many events as there were writes, or the time is over."""
    with suppress(TimeoutError):
        async with asyncio.timeout(30):
            for each in followers:
                while len(each.seen) < len(created):
                    each.has_seen.clear()
                    await each.has_seen.wait()
