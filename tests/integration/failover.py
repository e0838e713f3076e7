"""A replica set whose primary is killed, stopped or cut off under load: what clients then see.

``python -m tests.integration.failover`` does each three times; names of faults and ``--times``
choose. Clients write orders and read them, one follows them by Live Query. Whatever happens, no
acknowledged write may be lost, no event be lost or come twice, and no answer be other than a good
one or 503 with ``Retry-After``.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from pymongo import MongoClient
from websockets.asyncio.client import ClientConnection, connect

from parsepy.storage.embedded import find_mongod
from tests.conftest import APP_ID
from tests.integration.test_cli import Server, free_port, serving

FAULTS = ("stopped", "cut off", "killed")  # in this order: who is killed does not come back
WRITERS, READERS = 8, 4
BEFORE, AFTER = 8, 8
"""Acknowledged writes of each writer before the fault begins, and after it has ended."""
PATIENCE = 90.0


@dataclass
class Node:
    """One mongod; ``space`` is its network namespace, if it has one of its own."""

    address: str
    process: subprocess.Popen[bytes]
    space: str = ""
    link: str = ""


class ReplicaSet:
    """Three mongod on this machine; in networks of their own, one of which can be cut."""

    def __init__(self, home: Path, *, is_networked: bool = False) -> None:
        self._stack = ExitStack()
        self.nodes: list[Node] = []
        try:
            network = self._stack.enter_context(_network()) if is_networked else None
            for number in range(3):
                self.nodes.append(self._start(home / str(number), network, number))
            self._initiate()
        except BaseException:
            self.stop()
            raise
        hosts = ",".join(node.address for node in self.nodes)
        self.uri = f"mongodb://{hosts}/shop?replicaSet=three&w=majority"

    def _start(self, folder: Path, network: "_Network | None", number: int) -> Node:
        folder.mkdir(parents=True)
        host, port = (
            ("127.0.0.1", free_port()) if network is None else (network.host(number), 27017)
        )
        command = [str(find_mongod(folder.parent)), "--dbpath", str(folder), "--port", str(port)]
        command += ["--bind_ip", host, "--replSet", "three", "--quiet", "--nounixsocket"]
        command += ["--oplogSize", "64", "--wiredTigerCacheSizeGB", "0.25"]
        space = link = ""
        if network is not None:
            space, link = network.add(number)
            command = ["ip", "netns", "exec", space, *command]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        return Node(f"{host}:{port}", process, space, link)

    def _initiate(self) -> None:
        for node in self.nodes:  # each must be there before the first asks the others
            with MongoClient[Any](f"mongodb://{node.address}/?directConnection=true") as client:
                client.admin.command("ping")
        members = [{"_id": n, "host": node.address} for n, node in enumerate(self.nodes)]
        # quicker than MongoDB's own (10 s each), which a new primary waits for before it writes
        settings = {
            "electionTimeoutMillis": 2000,
            "heartbeatIntervalMillis": 500,
            "heartbeatTimeoutSecs": 3,
        }
        first = f"mongodb://{self.nodes[0].address}/?directConnection=true"
        with MongoClient[Any](first) as client:
            client.admin.command(
                "replSetInitiate", {"_id": "three", "members": members, "settings": settings}
            )

    def primary(self) -> Node:
        """The node that takes writes now."""
        with MongoClient[Any](self.uri) as client:
            client.admin.command("ping")
            assert client.primary is not None
            host, port = client.primary
        return next(node for node in self.nodes if node.address == f"{host}:{port}")

    def settle(self) -> None:
        """Return when each node is there, and follows or leads."""
        end = time.monotonic() + PATIENCE
        with MongoClient[Any](self.uri) as client:
            while True:
                states = [m["state"] for m in client.admin.command("replSetGetStatus")["members"]]
                if sorted(states) == [1, 2, 2]:
                    return
                assert time.monotonic() < end, states
                time.sleep(0.2)

    def begin(self, fault: str, node: Node) -> None:
        """Let a node have this fault."""
        if fault == "killed":
            node.process.kill()
        elif fault == "stopped":
            node.process.send_signal(signal.SIGSTOP)
        else:
            _ip("link", "set", node.link, "nomaster")  # what it sends and is sent is dropped

    def end(self, fault: str, node: Node) -> None:
        """Let a node go on; a killed one stays away."""
        if fault == "stopped":
            node.process.send_signal(signal.SIGCONT)
        elif fault == "cut off":
            _ip("link", "set", node.link, "master", node.space[:-1])

    def stop(self) -> None:
        """End all nodes, and their network."""
        for node in self.nodes:
            node.process.send_signal(signal.SIGCONT)
            node.process.kill()
            node.process.wait(20)
        self._stack.close()


# --- networks -----------------------------------------------------------------------------------


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=20)


class _Network:
    """A bridge, and network namespaces that are linked to it."""

    def __init__(self) -> None:
        self.name = f"pf{os.getpid() % 100_000}x"
        self._part = os.getpid() % 250
        self._spaces: list[str] = []
        self._links: list[str] = []

    def host(self, number: int) -> str:
        """The address of a node."""
        return f"10.213.{self._part}.{number + 10}"

    def open(self) -> None:
        _ip("link", "add", self.name, "type", "bridge")
        _ip("addr", "add", f"10.213.{self._part}.1/24", "dev", self.name)
        _ip("link", "set", self.name, "up")

    def add(self, number: int) -> tuple[str, str]:
        """Make the namespace of a node; its name, and that of its link at the bridge."""
        space, link = f"{self.name}{number}", f"{self.name}l{number}"
        inside = ("netns", "exec", space, "ip")
        _ip("netns", "add", space)
        self._spaces.append(space)
        self._links.append(link)
        _ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", space)
        _ip(*inside, "addr", "add", f"{self.host(number)}/24", "dev", "eth0")
        _ip(*inside, "link", "set", "eth0", "up")
        _ip(*inside, "link", "set", "lo", "up")
        _ip("link", "set", link, "master", self.name)
        _ip("link", "set", link, "up")
        return space, link

    def close(self) -> None:
        made = [("link", "del", name) for name in (*self._links, self.name)]
        made += [("netns", "del", name) for name in self._spaces]
        for words in made:
            subprocess.run(["ip", *words], check=False, capture_output=True, timeout=20)


@contextmanager
def _network() -> Iterator[_Network]:
    made = _Network()
    try:
        made.open()
        yield made
    finally:
        made.close()


def may_cut() -> bool:
    """May this process make networks?"""
    try:
        with _network() as network:
            network.add(0)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


# --- the load -----------------------------------------------------------------------------------


@dataclass
class Seen:
    """What clients saw of a fault."""

    fault: str
    acknowledged: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    """Answers that nobody should get."""
    slowest: float = 0.0
    last_good: float = 0.0
    longest_pause: float = 0.0
    """Seconds without any write that was acknowledged."""
    events: list[dict[str, Any]] = field(default_factory=list)
    orders: dict[str, int] = field(default_factory=dict)
    """The last acknowledged step of each order."""
    undone: list[str] = field(default_factory=list)
    """Orders that the database has in an older state than was acknowledged."""

    @property
    def is_well(self) -> bool:
        """Is nothing lost, doubled, out of order, or answered otherwise than promised?"""
        return not (self.faults or self.lost or self.doubled or self.disordered or self.undone)

    @property
    def lost(self) -> list[str]:
        """Acknowledged writes without an event."""
        return sorted(set(self.acknowledged) - {event["object"]["mark"] for event in self.events})

    @property
    def doubled(self) -> list[str]:
        """Marks of which several events came."""
        marks = Counter(event["object"]["mark"] for event in self.events)
        return sorted(mark for mark, count in marks.items() if count > 1)

    @property
    def disordered(self) -> list[str]:
        """Writers whose events came in another order than their writes."""
        steps: dict[str, list[int]] = {}
        for event in self.events:
            steps.setdefault(event["object"]["writer"], []).append(event["object"]["step"])
        return sorted(writer for writer, found in steps.items() if found != sorted(found))

    def told(self) -> str:
        """All of it in a line."""
        return (
            f"{self.fault}: {len(self.acknowledged)} writes, {len(self.events)} events; "
            f"undone {len(self.undone)}, lost {len(self.lost)}, doubled {len(self.doubled)}, "
            f"out of order {len(self.disordered)}; answers {dict(sorted(self.statuses.items()))}; "
            f"slowest {self.slowest:.1f} s, longest without a write {self.longest_pause:.1f} s"
        )


class Load:
    """Clients of a server: writers, readers, and one who listens."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._phase, self._counts = 0, Counter[int]()
        self._moved = asyncio.Event()
        self.seen = Seen("none")

    async def run(self, replicas: ReplicaSet, fault: str, seconds: float) -> Seen:
        """Let the primary have a fault for so long, in the midst of the work."""
        self.seen = Seen(fault)
        address = f"ws://localhost:{self._server.port}/parse"
        headers = {"X-Parse-Application-Id": APP_ID}
        async with (
            httpx.AsyncClient(headers=headers, timeout=PATIENCE) as client,
            connect(address, compression=None, max_size=None, ping_interval=None) as connection,
        ):
            await _subscribe(connection)
            listening = asyncio.create_task(self._listen(connection))
            work = [asyncio.create_task(self._write(client, n)) for n in range(WRITERS)]
            work += [asyncio.create_task(self._read(client)) for _ in range(READERS)]
            try:
                async with asyncio.timeout(PATIENCE + seconds):
                    await self._reached(0, WRITERS * BEFORE)
                    node = await asyncio.to_thread(replicas.primary)
                    self._phase = 1
                    await asyncio.to_thread(replicas.begin, fault, node)
                    if fault != "killed":
                        await asyncio.sleep(seconds)
                        await asyncio.to_thread(replicas.end, fault, node)
                    self._phase = 2
                    await self._reached(2, WRITERS * AFTER)
            finally:
                self._phase = 3
                await asyncio.gather(*work)
            await self._request(client, "POST", "/classes/Order", _order("last", "last", 0))
            await asyncio.wait_for(listening, PATIENCE)
        return self.seen

    async def _reached(self, phase: int, count: int) -> None:
        while self._counts[phase] < count:
            self._moved.clear()
            await self._moved.wait()

    async def _write(self, client: httpx.AsyncClient, writer: int) -> None:
        """An order and its changes, again and again."""
        step, path = 0, "/classes/Order"
        while self._phase < 3:
            step += 1
            mark, method = f"{writer}:{step}", "POST" if path == "/classes/Order" else "PUT"
            phase = self._phase
            answer = await self._request(client, method, path, _order(mark, str(writer), step))
            if answer is None:
                await asyncio.sleep(0.2)
                continue
            now = time.monotonic()
            if self.seen.last_good:
                pause = now - self.seen.last_good
                self.seen.longest_pause = max(self.seen.longest_pause, pause)
            self.seen.last_good = now
            self.seen.acknowledged.append(mark)
            self._counts[phase] += 1
            self._moved.set()
            if method == "POST":
                path = f"/classes/Order/{answer['objectId']}"
            self.seen.orders[path.rpartition("/")[2]] = step
            if method == "PUT" and step % 10 == 0:
                path = "/classes/Order"

    async def _read(self, client: httpx.AsyncClient) -> None:
        while self._phase < 3:
            path = "/classes/Order?limit=20&order=-updatedAt"
            if await self._request(client, "GET", path) is None:
                await asyncio.sleep(0.2)
            await asyncio.sleep(0.01)

    async def _request(
        self, client: httpx.AsyncClient, method: str, path: str, body: Any = None
    ) -> Any:
        """The answer; None if the server asks to come again, or of what nobody should get."""
        began, seen = time.monotonic(), self.seen
        try:
            answer = await client.request(method, f"{self._server.url}{path}", json=body)
        except httpx.HTTPError as error:
            seen.faults.append(f"{method} {path}: {error!r}")
            return None
        seen.slowest = max(seen.slowest, time.monotonic() - began)
        seen.statuses[answer.status_code] += 1
        if answer.is_success:
            return answer.json()
        if answer.status_code != 503 or not answer.headers.get("retry-after"):
            seen.faults.append(f"{method} {path}: {answer.status_code} {answer.text}")
        return None

    async def _listen(self, connection: ClientConnection) -> None:
        while True:
            frame = json.loads(await connection.recv())
            if frame["op"] == "error":
                self.seen.faults.append(f"Live Query: {frame}")
            elif "object" in frame:
                if frame["object"]["mark"] == "last":
                    return
                self.seen.events.append(frame)


def _order(mark: str, writer: str, step: int) -> dict[str, Any]:
    return {"mark": mark, "writer": writer, "step": step}


async def _subscribe(connection: ClientConnection) -> None:
    query = {"className": "Order", "where": {}}
    for message in (
        {"op": "connect", "applicationId": APP_ID},
        {"op": "subscribe", "requestId": 1, "query": query},
    ):
        await connection.send(json.dumps(message))
        answer = json.loads(await connection.recv())
        assert answer["op"] in ("connected", "subscribed"), answer


def fail_over(folder: Path, faults: Sequence[str], seconds: float) -> Iterator[Seen]:
    """Run a server on a new replica set under load; its primary has one fault after the other."""
    replicas = ReplicaSet(folder / "data", is_networked="cut off" in faults)
    try:
        config = {
            "databaseURI": replicas.uri,
            "allowClientClassCreation": True,
            "liveQuery": {"classNames": ["Order"], "carrier": "changeStreams"},
            "host": "127.0.0.1",
        }
        path = folder / "config.json"
        path.write_text(json.dumps(config), encoding="utf-8")
        with serving(folder, "--config", str(path)) as server:
            for fault in sorted(faults, key=FAULTS.index):
                replicas.settle()
                seen = asyncio.run(Load(server).run(replicas, fault, seconds))
                with MongoClient[Any](replicas.uri) as client:
                    rows = client["shop"]["Order"].find({}, {"step": 1})
                    stored = {row["_id"]: row["step"] for row in rows}
                seen.undone = sorted(
                    key for key, step in seen.orders.items() if stored.get(key, -1) < step
                )
                yield seen
    finally:
        replicas.stop()


def main() -> None:
    """Try the faults, and print what clients saw."""
    parser = argparse.ArgumentParser(prog="python -m tests.integration.failover")
    parser.add_argument("faults", nargs="*", default=list(FAULTS), help=", ".join(FAULTS))
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20.0, help="that a fault lasts")
    given = parser.parse_args()
    is_well = True
    for number in range(given.times):
        with tempfile.TemporaryDirectory() as folder:
            for seen in fail_over(Path(folder), given.faults, given.seconds):
                print(f"{number + 1}: {seen.told()}", flush=True)
                for line in seen.faults[:10]:
                    print(f"    {line}")
                is_well &= seen.is_well
    sys.exit(not is_well)


if __name__ == "__main__":
    main()
