"""The primary of a replica set is killed during writes: no event is lost, and none comes twice."""

import asyncio
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pymongo import MongoClient

from parsepy.storage.embedded import find_mongod
from tests.conftest import Client, MakeApp
from tests.livequery.listener import Listener, listening, serving

WRITERS = 4
BEFORE = 10
"""Acknowledged writes of each before the kill."""
AFTER = 10
"""Acknowledged writes of each that began after it."""
SECONDS = 60.0


class ReplicaSet:
    """Three mongod processes, of which any may be killed."""

    def __init__(self, home: Path) -> None:
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        for number in range(3):
            with socket.create_server(("127.0.0.1", 0)) as probe:
                port = probe.getsockname()[1]
            folder = home / str(number)
            folder.mkdir()
            command = [str(find_mongod(home)), "--dbpath", str(folder), "--port", str(port)]
            command += ["--bind_ip", "127.0.0.1", "--replSet", "three", "--quiet"]
            command += ["--oplogSize", "64", "--wiredTigerCacheSizeGB", "0.25", "--nounixsocket"]
            self._processes[port] = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        hosts = ",".join(f"127.0.0.1:{port}" for port in self._processes)
        self.uri = f"mongodb://{hosts}/shop?replicaSet=three&w=majority"
        members = [
            {"_id": number, "host": f"127.0.0.1:{port}"}
            for number, port in enumerate(self._processes)
        ]
        try:
            self._initiate(members)
        except BaseException:
            self.stop()
            raise

    def _initiate(self, members: list[dict[str, Any]]) -> None:
        for port in self._processes:  # each must be there before the first asks the others
            with MongoClient[Any](f"mongodb://127.0.0.1:{port}/?directConnection=true") as client:
                client.admin.command("ping")
        first = next(iter(self._processes))
        settings = {"electionTimeoutMillis": 1000, "heartbeatIntervalMillis": 300}
        with MongoClient[Any](f"mongodb://127.0.0.1:{first}/?directConnection=true") as client:
            client.admin.command(
                "replSetInitiate", {"_id": "three", "members": members, "settings": settings}
            )

    def kill_primary(self, just_before: Callable[[], None]) -> None:
        """Kill the primary as a power cut would."""
        with MongoClient[Any](self.uri) as client:
            client.admin.command("ping")
            assert client.primary is not None
            just_before()
            self._processes[client.primary[1]].kill()

    def stop(self) -> None:
        """End what is left."""
        for process in self._processes.values():
            process.kill()
            process.wait(10)


@pytest.fixture
def replicas(tmp_path: Path) -> Iterator[ReplicaSet]:
    """A running replica set of three; asked for before `app`, it outlives its applications."""
    started = ReplicaSet(tmp_path)
    try:
        yield started
    finally:
        started.stop()


class Writers:
    """Clients that write at once, each to an order of its own, and note what is acknowledged."""

    def __init__(self, shop: Client) -> None:
        self._shop = shop
        self._under_way: set[str] = set()
        self.acknowledged: list[str] = []
        self.refused = 0
        self.caught: set[str] = set()
        """What was under way when the primary was killed."""
        self._enough = asyncio.Event()
        self._is_killed = False

    async def killing(self, kill: Callable[[Callable[[], None]], None]) -> None:
        """Kill the primary in the midst of the writes."""
        await self._enough.wait()
        await asyncio.to_thread(kill, self._caught)

    def _caught(self) -> None:
        self.caught = set(self._under_way)
        self._is_killed = True

    async def write(self, writer: int) -> None:
        """A new order, and its changes, until enough are acknowledged after the kill."""
        url, step, after = "/classes/Order", 0, 0
        method = "POST"
        end = time.monotonic() + SECONDS
        while after < AFTER:
            assert time.monotonic() < end, "the replica set does not recover"
            mark, step = f"{writer}:{step}", step + 1
            began_after = self._is_killed
            self._under_way.add(mark)
            try:
                answer = await self._shop.request(
                    method, url, json={"mark": mark, "step": step, "writer": writer}
                )
            finally:
                self._under_way.discard(mark)
            if answer.status_code >= 400:
                self.refused += 1
                continue
            self.acknowledged.append(mark)
            if len(self.acknowledged) >= WRITERS * BEFORE:
                self._enough.set()
            after += began_after
            if method == "POST":
                method, url = "PUT", f"{url}/{answer.json()['objectId']}"


async def heard(listener: Listener, last: str) -> list[dict[str, Any]]:
    """The events up to the one with this mark."""
    frames: list[dict[str, Any]] = []
    while not frames or frames[-1]["object"]["mark"] != last:
        frames.append(await listener.frame())
    return frames


@pytest.mark.slow
async def test_a_killed_primary_costs_no_event_and_doubles_none(
    replicas: ReplicaSet, app: MakeApp
) -> None:
    live = {"classNames": ["Order"], "carrier": "changeStreams"}
    application = await app(databaseURI=replicas.uri, liveQuery=live)
    async with (
        serving(application) as url,
        Client(application, master=True) as shop,
        listening(url) as listener,
    ):
        shop.timeout = httpx.Timeout(SECONDS)
        await listener.subscribe("Order")
        writers = Writers(shop)
        async with asyncio.TaskGroup() as group:
            group.create_task(writers.killing(replicas.kill_primary))
            for writer in range(WRITERS):
                group.create_task(writers.write(writer))
        response = await shop.post("/classes/Order", json={"mark": "last", "step": 0})
        assert response.status_code == 201
        frames = await heard(listener, "last")
        await listener.nothing_but()
    marks = [frame["object"]["mark"] for frame in frames]
    assert writers.caught, "nothing was under way at the kill"
    assert sorted(set(writers.acknowledged) - set(marks)) == []
    assert sorted(mark for mark in set(marks) if marks.count(mark) > 1) == []
    for writer in range(WRITERS):
        steps = [f["object"]["step"] for f in frames if f["object"].get("writer") == writer]
        assert steps == sorted(steps)
