"""Supervisor and workers begin and end together, and a stop breaks nobody off."""

import asyncio
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from parsepy.cli import systemd
from tests.connections.served import APP, served
from tests.integration.test_cli import Server
from tests.integration.test_workers import healthy, until
from tests.integration.test_workers import serving as workers_of

CLOUD = """
import asyncio
from parsepy import Cloud


@Cloud.function("slow")
async def slow(request):
    _, begun = await asyncio.open_connection("127.0.0.1", request.params["port"])
    begun.close()
    await asyncio.sleep(float(request.params["seconds"]))
    return "done"
"""


@pytest.fixture
def two_workers(tmp_path: Path, mongo_uri: str) -> Iterator[Server]:
    """A server of two workers, which gives requests three seconds when it stops."""
    cloud = tmp_path / "main.py"
    cloud.write_text(CLOUD)
    options: dict[str, Any] = {"cloud": str(cloud), "shutdownTimeout": 3}
    live = {"classNames": [".*"]}
    with served(tmp_path, mongo_uri, "--workers", "2", liveQuery=live, **options) as server:
        until(lambda: len(children(server)) == 2)
        yield server


def test_m2_workers_end_with_their_supervisor_and_a_restart_works_at_once(
    two_workers: Server, tmp_path: Path
) -> None:
    server = two_workers
    workers = children(server)
    server.process.kill()
    server.process.wait()
    began = time.monotonic()
    until(lambda: not any(is_running(pid) for pid in workers))
    print(f"M2: the workers had ended {time.monotonic() - began:.2f} s after their supervisor")
    program = [sys.executable, "-m", "parsepy", "serve", "--port", str(server.port)]
    again = subprocess.Popen(
        [*program, "--config", str(server.folder / "config.json")],
        cwd=server.folder,
        stdout=subprocess.DEVNULL,
    )
    try:
        until(lambda: healthy(f"http://127.0.0.1:{server.port}/parse"))
    finally:
        again.send_signal(signal.SIGTERM)
        again.wait(30)


def children(server: Server) -> set[int]:
    """The workers of a server."""
    return workers_of(cast(Any, server.process))


def is_running(pid: int) -> bool:
    """Is there a process of this id that has not ended?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Shopper(threading.Thread):
    """Asks again and again, on a connection that is kept and on new ones; counts what breaks."""

    def __init__(self, url: str, *, keeps: bool) -> None:
        super().__init__()
        self._url, self._keeps = url, keeps
        self.answered = 0
        self.broken: list[str] = []

    def run(self) -> None:
        limits = httpx.Limits(max_keepalive_connections=1 if self._keeps else 0)
        client = httpx.Client(headers=APP, timeout=30, limits=limits)
        while True:
            try:
                answer = client.get(f"{self._url}/health")
                assert answer.status_code == 200
                self.answered += 1
            except httpx.ConnectError as error:
                if "refused" not in str(error):
                    self.broken.append(repr(error))
                return
            except (httpx.HTTPError, AssertionError) as error:  # a reset, or no answer
                self.broken.append(repr(error))
                return


def busy(shoppers: list[Shopper]) -> bool:
    """Has each been answered some times?"""
    return all(shopper.answered > 5 for shopper in shoppers)


@pytest.mark.slow
def test_m3_a_stop_resets_no_connection(tmp_path: Path, mongo_uri: str) -> None:
    answered, broken = 0, []
    for _ in range(4):
        with served(tmp_path, mongo_uri, "--workers", "2") as server:
            url = f"http://127.0.0.1:{server.port}/parse"
            shoppers = [Shopper(url, keeps=number % 2 == 0) for number in range(8)]
            for shopper in shoppers:
                shopper.start()
            until(partial(busy, shoppers))
            assert server.stop(signal.SIGTERM) == 0
            for shopper in shoppers:
                shopper.join(30)
                answered += shopper.answered
                broken += shopper.broken
    print(f"M3: {answered} answered over 4 stops, broken: {broken}")
    assert broken == []


async def test_m3_requests_under_way_are_answered_or_told(two_workers: Server) -> None:
    url = f"http://127.0.0.1:{two_workers.port}/parse/functions/slow"
    begun = asyncio.Semaphore(0)

    def told_that_it_began(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun.release()
        writer.close()

    listening = await asyncio.start_server(told_that_it_began, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with listening, httpx.AsyncClient(headers=APP, timeout=30) as client:
        quick = asyncio.create_task(client.post(url, json={"seconds": 0.8, "port": port}))
        long = asyncio.create_task(client.post(url, json={"seconds": 60, "port": port}))
        for _ in range(2):
            await asyncio.wait_for(begun.acquire(), 30)
        two_workers.process.send_signal(signal.SIGTERM)
        answer, told = await quick, await long
    assert answer.json() == {"result": "done"}
    assert (told.status_code, told.headers["retry-after"]) == (503, "1")
    assert told.json() == {"code": 100, "error": "The server stops; try again."}
    assert await asyncio.to_thread(two_workers.process.wait, 30) == 0


# --- systemd ------------------------------------------------------------------------------------


def test_systemd_is_told_of_the_start_and_the_end(
    tmp_path: Path, mongo_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(path)
        told.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        with served(tmp_path, mongo_uri) as server:
            assert told.recv(100) == systemd.READY
            server.stop(signal.SIGTERM)
            assert told.recv(100) == systemd.STOPPING


def test_without_systemd_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    systemd.notify(systemd.READY)
    monkeypatch.setenv("NOTIFY_SOCKET", "@nobody-listens-here")
    systemd.notify(systemd.READY)
