"""What no server in Python goes below: a request without work, and one with a bare find in MongoDB.

`python -m benchmarks.floor` serves an ASGI application of a dozen lines by uvicorn on uvloop, as
parsepy is served, and measures its CPU time of a request with one connection and with 32 (the least
of some rounds): once it answers a constant, once it first sends a prepared `find` by id to MongoDB
over a socket of its own and waits for the reply, which it does not read. Half a minute, loopback
alone.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import struct
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bson
import uvicorn
import uvloop
from pymongo import MongoClient

from benchmarks.growth import cpu_seconds
from benchmarks.load import HOST, drive, request_bytes
from benchmarks.processes import Cores, Server, free_port, start_server
from benchmarks.run import ROOT, own_mongod

CONNECTIONS = (1, 32)
_OP_MSG = 2013
_BODY = b'{"objectId":"floor","name":"mug","status":"ok"}'  # as `start_server` asks for
_HEADERS = [
    (b"content-type", b"application/json; charset=utf-8"),
    (b"content-length", b"%d" % len(_BODY)),
]


class _Replies(asyncio.Protocol):
    """A connection to MongoDB that asks one thing at a time."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._reply: asyncio.Future[None] | None = None

    def data_received(self, data: bytes) -> None:
        reply, self._reply = self._reply, None
        if reply is not None:
            reply.set_result(None)

    def ask(self, message: bytes) -> asyncio.Future[None]:
        self._reply = asyncio.get_running_loop().create_future()
        self._transport.write(message)
        return self._reply


def _find(database: str) -> bytes:
    """A find of one object by its id as MongoDB's wire protocol has it."""
    command = {"find": "floor", "filter": {"_id": "floor"}, "limit": 1, "$db": database}
    body = b"\0\0\0\0\0" + bson.encode(command)
    return struct.pack("<4i", 16 + len(body), 1, 0, _OP_MSG) + body


def serve(port: int, mongo_port: int | None) -> None:
    """Serve the bare application; with a port of MongoDB it asks there first."""
    question = _find("floor")
    idle: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if mongo_port is not None:
            if not idle:
                loop = asyncio.get_running_loop()
                idle.append((await loop.create_connection(_Replies, HOST, mongo_port))[1])
            connection = idle.pop()
            await connection.ask(question)
            idle.append(connection)
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await send({"type": "http.response.body", "body": _BODY})

    uvicorn.run(
        application,
        host=HOST,
        port=port,
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_level="error",
    )


def _bare(folder: Path, core: int, mongo_port: int | None) -> Server:
    port = free_port()
    name = "constant" if mongo_port is None else "find by id"
    command = [sys.executable, "-m", "benchmarks.floor", "--serve", str(port)]
    if mongo_port is not None:
        command += ["--mongo-port", str(mongo_port)]
    return start_server(
        name,
        command,
        port=port,
        database="floor",
        core=core,
        log=folder / f"{port}.log",
        environment={"PYTHONPATH": str(ROOT)},
    )


def _fault(_: int, status: int, body: bytes) -> str | None:
    return None if status == 200 and body == _BODY else f"{status}: {body!r}"


async def _cpu_us(server: Server, connections: int, requests: int) -> float:
    """CPU time of a request, in microseconds; raises RuntimeError where an answer is wrong."""
    ask = request_bytes("GET", "/parse/classes/Product/floor", {"X-Parse-Application-Id": "floor"})
    begin = cpu_seconds(server)
    burst = await drive(
        server.port,
        [ask],
        _fault,
        connections=connections,
        seconds=10.0,
        max_requests=requests,
    )
    if burst.faults:
        raise RuntimeError(burst.faults[0])
    return (cpu_seconds(server) - begin) / len(burst.latencies) * 1e6


async def _measure(servers: Sequence[Server], rounds: int, requests: int) -> None:
    least: dict[tuple[str, int], float] = {}
    for number in range(rounds + 1):
        for server in servers:
            for connections in CONNECTIONS:
                spent = await _cpu_us(server, connections, requests)
                if number:  # the first is a warm-up
                    key = server.name, connections
                    least[key] = min(least.get(key, spent), spent)
    print(f"{'CPU of a request in us':24}" + "".join(f"{n:>4} connections" for n in CONNECTIONS))
    for server in servers:
        cells = "".join(f"{least[server.name, n]:16.0f}" for n in CONNECTIONS)
        print(f"{server.name:24}{cells}")


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print, or serve one of the applications that are measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.floor", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=4_000, help="of each cell in a round")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--mongo-port", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args(words)
    if chosen.serve is not None:
        serve(chosen.serve, chosen.mongo_port)
        return
    cores = Cores.available()
    os.sched_setaffinity(0, {cores.driver})
    with tempfile.TemporaryDirectory() as folder, own_mongod() as mongod:
        client: MongoClient[dict[str, Any]] = MongoClient(mongod.uri)
        with client:
            client["floor"]["floor"].insert_one({"_id": "floor", "name": "mug"})
        servers = [_bare(Path(folder), cores.server, port) for port in (None, mongod.port)]
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_measure(servers, chosen.rounds, chosen.requests))
        finally:
            for server in servers:
                server.stop()


if __name__ == "__main__":
    main()
