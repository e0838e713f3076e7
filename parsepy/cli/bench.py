"""`parsepy bench`: how fast this machine serves, by a server of its own under load.

The load comes from this process and shares the machine's cores with the server: what counts from
one machine to another is the server's CPU time a request, where the system tells it (Linux).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.request import Request, urlopen

from parsepy.cli import progress
from parsepy.cli.messages import StartError
from parsepy.cli.process import heed_signals, run
from parsepy.cli.tables import print_table

_OBJECTS = 1000
_START_SECONDS = 60.0
_ANSWER_SECONDS = 30.0  # for one answer, under load
_MOST_SECONDS, _MOST_CONNECTIONS = 60.0, 256
_CLOUD = """
from parsepy import Cloud

@Cloud.function("hello")
async def hello(request):
    return "Hello"
"""


class BenchCall(NamedTuple):
    """What is asked again and again: ``{id}`` and ``{n}`` in the path change at each request."""

    name: str
    method: str
    path: str
    body: str = ""


OPERATIONS = (
    BenchCall("get", "GET", "/classes/Bench/{id}"),
    BenchCall("find 100", "GET", "/classes/Bench?limit=100"),
    BenchCall("count", "GET", "/classes/Bench?limit=0&count=1"),
    BenchCall("create", "POST", "/classes/Bench", '{"text":"a text of some length","n":{n}}'),
    BenchCall("update", "PUT", "/classes/Bench/{id}", '{"n":{"__op":"Increment","amount":1}}'),
    BenchCall("function", "POST", "/functions/hello", "{}"),
)


class Measured(NamedTuple):
    """What was seen of one operation; times in milliseconds, CPU in microseconds a request."""

    operation: str
    requests: int
    per_second: float
    median: float
    p99: float
    cpu: float | None


def command(args: argparse.Namespace) -> int:
    """Measure, print, and remove what was made."""
    if not 0 < args.seconds <= _MOST_SECONDS:
        raise StartError(f"bench: --seconds is more than 0 and at most {_MOST_SECONDS:g}")
    if not 0 < args.connections <= _MOST_CONNECTIONS:
        raise StartError(f"bench: --connections is 1 to {_MOST_CONNECTIONS}")
    heed_signals()
    with _served(args.database_uri) as server:
        ids = server.fill()
        found: list[Measured] = []
        with progress.bar("measuring", len(OPERATIONS)) as told:
            for number, operation in enumerate(OPERATIONS, 1):
                found.append(run(_measure(server, operation, ids, args)))
                told(number)
    if args.json:
        print(json.dumps([one._asdict() for one in found], indent=2))
        return 0
    title = ("OPERATION", "A SECOND", "MEDIAN", "99 %", "SERVER CPU")
    print_table([title, *(_row(one) for one in found)])
    return 0


def _row(one: Measured) -> tuple[str, ...]:
    cpu = "" if one.cpu is None else f"{one.cpu:,.0f} µs"
    times = (f"{one.median:.1f} ms", f"{one.p99:.1f} ms")
    return (one.operation, f"{one.per_second:,.0f}", *times, cpu)


# --- the server ---------------------------------------------------------------------------------


class BenchServer:
    """A server that runs for the measurement."""

    def __init__(self, port: int, key: str, process: subprocess.Popen[bytes]) -> None:
        self.port, self._key, self._process = port, key, process

    def headers(self, *, master: bool = False) -> dict[str, str]:
        """What a request sends along."""
        sent = {"X-Parse-Application-Id": "bench", "Content-Type": "application/json"}
        return sent | ({"X-Parse-Master-Key": self._key} if master else {})

    def ask(self, method: str, path: str, body: object = None) -> bytes:
        """The answer to one request with the master key; raises ``OSError``."""
        request = Request(
            f"http://127.0.0.1:{self.port}/parse{path}",
            json.dumps(body).encode() if body is not None else None,
            self.headers(master=True),
            method=method,
        )
        with urlopen(request, timeout=_START_SECONDS) as answer:
            content: bytes = answer.read()
        return content

    def wait(self) -> None:
        """Return when it answers; raises ``StartError`` if it ends or takes too long."""
        until = time.monotonic() + _START_SECONDS
        while self._process.poll() is None and time.monotonic() < until:
            with contextlib.suppress(OSError):
                self.ask("GET", "/health")
                return
            time.sleep(0.05)
        raise StartError("bench: the server did not start; `parsepy serve` tells why")

    def fill(self) -> list[str]:
        """Store what is read; the ids."""
        ids: list[str] = []
        for start in range(0, _OBJECTS, 50):
            made = [
                {
                    "method": "POST",
                    "path": "/parse/classes/Bench",
                    "body": {"text": "a text of some length", "n": number},
                }
                for number in range(start, start + 50)
            ]
            answer = json.loads(self.ask("POST", "/batch", {"requests": made}))
            ids += [one["success"]["objectId"] for one in answer]
        return ids

    def cpu(self) -> float | None:
        """The CPU seconds that it has used; None where the system does not tell."""
        try:
            stat = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii")
        except OSError:
            return None
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def _served(uri: str | None) -> Iterator[BenchServer]:
    """A server on a database of its own, in a folder that goes with it."""
    key, name = secrets.token_urlsafe(24), f"parsepy_bench_{secrets.token_hex(4)}"
    with tempfile.TemporaryDirectory(prefix="parsepy-bench-") as folder:
        (Path(folder) / "hello.py").write_text(_CLOUD, encoding="utf-8")
        port = _free_port()
        command = [sys.executable, "-m", "parsepy", "serve", "--port", str(port)]
        command += ["--host", "127.0.0.1", "--data-dir", f"{folder}/data", "--schema", "none"]
        command += ["--app-id", "bench", "--cloud", f"{folder}/hello.py", "--silent"]
        # not in the command line, which every user of the machine may read
        environment = _without_options() | {"PARSE_SERVER_MASTER_KEY": key}
        if uri is not None:
            environment["PARSE_SERVER_DATABASE_URI"] = _in_database(uri, name)
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdin=quiet, stdout=quiet, stderr=quiet
        )
        try:
            server = BenchServer(port, key, process)
            server.wait()
            yield server
        finally:
            process.terminate()
            process.wait()
            if uri is not None:
                _drop(uri, name)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _without_options() -> dict[str, str]:
    """The environment without options that are meant for another server."""
    ours = ("PARSE_SERVER_", "PARSEPY_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _in_database(uri: str, name: str) -> str:
    scheme, _, rest = uri.partition("://")
    hosts, _, tail = rest.partition("/")
    options = tail.partition("?")[2]
    return f"{scheme}://{hosts}/{name}" + (f"?{options}" if options else "")


def _drop(uri: str, name: str) -> None:
    from pymongo import MongoClient

    with MongoClient[dict[str, object]](uri) as client:
        client.drop_database(name)


# --- the load -----------------------------------------------------------------------------------


async def _measure(
    server: BenchServer, operation: BenchCall, ids: Sequence[str], args: argparse.Namespace
) -> Measured:
    """Ask from all connections at once until the time is over; raises ``StartError``."""
    took: list[float] = []
    start, before = time.perf_counter(), server.cpu()
    until = start + args.seconds
    try:
        async with asyncio.TaskGroup() as group:
            for number in range(args.connections):
                group.create_task(_asking(server, operation, ids, number, until, took))
    except* (OSError, ValueError, asyncio.IncompleteReadError, TimeoutError) as errors:
        raise StartError(f"bench: {operation.name}: {errors.exceptions[0]}") from errors
    seconds, after = time.perf_counter() - start, server.cpu()
    cpu = None if before is None or after is None else (after - before) * 1e6 / len(took)
    took.sort()
    return Measured(
        operation.name,
        len(took),
        len(took) / seconds,
        took[len(took) // 2] * 1000,
        took[min(len(took) - 1, len(took) * 99 // 100)] * 1000,
        cpu,
    )


async def _asking(
    server: BenchServer,
    operation: BenchCall,
    ids: Sequence[str],
    number: int,
    until: float,
    took: list[float],
) -> None:
    """One connection: a request after the other, each answer looked at."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    head = "".join(f"{name}: {value}\r\n" for name, value in server.headers().items())
    try:
        while (start := time.perf_counter()) < until:
            number += 1
            body = operation.body.replace("{n}", str(number))
            path = operation.path.replace("{id}", ids[number * 7 % len(ids)])
            writer.write(
                f"{operation.method} /parse{path} HTTP/1.1\r\nHost: bench\r\n{head}"
                f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
            )
            async with asyncio.timeout(_ANSWER_SECONDS):
                await _answered(reader)
            took.append(time.perf_counter() - start)
    finally:
        writer.close()


async def _answered(reader: asyncio.StreamReader) -> None:
    """Read an answer whole; raises ``ValueError`` if it is no success."""
    answer = await reader.readuntil(b"\r\n\r\n")
    lines = answer.lower().split(b"\r\n")
    length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
    content = await reader.readexactly(length)
    if not lines[0].startswith(b"http/1.1 20"):
        raise ValueError(f"answered {lines[0].decode()}: {content[:200].decode(errors='replace')}")
