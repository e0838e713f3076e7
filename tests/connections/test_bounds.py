"""Clients that are slow, idle or many: the server keeps its memory and goes on answering."""

import asyncio
import json
import resource
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.conftest import APP_ID
from tests.connections.served import APP, memory, served

HEAD = b"POST /parse/classes/Cart HTTP/1.1\r\nHost: shop\r\nContent-Type: text/plain\r\n"
MEGABYTE = 1024 * 1024


def opened(port: int, *parts: bytes) -> socket.socket:
    """A connection that has sent these parts of a request."""
    client = socket.create_connection(("127.0.0.1", port), timeout=60)
    for part in parts:
        client.sendall(part)
    return client


def said(client: socket.socket) -> bytes:
    """What the server sent until it closed."""
    found = b""
    while True:
        try:
            data = client.recv(65536)
        except ConnectionResetError:
            return found
        if not data:
            return found
        found += data


def limited(folder: Path, descriptors: int) -> Path:
    """A Python that can have so many descriptors, and can't raise the limit."""
    program = folder / "python"
    program.write_text(
        f'#!/bin/sh\nulimit -n {descriptors} && exec "{sys.executable}" "$@"\n', encoding="utf-8"
    )
    program.chmod(0o755)
    return program


async def catalogue(url: str) -> float:
    """Ask for goods; the seconds that it took."""
    began = time.perf_counter()
    async with httpx.AsyncClient(headers=APP, timeout=60) as ann:
        answer = await ann.get(f"{url}/classes/Product")
    assert answer.status_code in (200, 400), answer.text  # 400: nobody has made the class
    return time.perf_counter() - began


async def test_k5_headers_and_bodies_have_deadlines(tmp_path: Path, mongo_uri: str) -> None:
    limits = {"headersTimeout": 1, "keepAliveTimeout": 1}
    with served(tmp_path, mongo_uri, connections=limits) as server:
        silent = opened(server.port)
        half = opened(server.port, HEAD)
        request = b"GET /parse/health HTTP/1.1\r\nHost: shop\r\n\r\n"
        idle = opened(server.port, request)
        answers = [await asyncio.to_thread(said, client) for client in (silent, half, idle)]
        for client in (silent, half, idle):
            client.close()
    assert [answer.split(b" ")[1] for answer in answers] == [b"408", b"408", b"200"]
    assert json.loads(answers[0].partition(b"\r\n\r\n")[2])["error"]


async def test_k5_a_body_that_says_it_is_too_long_is_not_read(
    tmp_path: Path, mongo_uri: str
) -> None:
    with served(tmp_path, mongo_uri) as server:
        head = HEAD + b"Content-Length: 30000000\r\nConnection: close\r\n\r\n{"
        client = opened(server.port, head)
        assert (await asyncio.to_thread(said, client)).startswith(b"HTTP/1.1 413")
        client.close()


@pytest.mark.slow
async def test_k5_half_bodies_of_strangers_do_not_fill_the_memory(
    tmp_path: Path, mongo_uri: str
) -> None:
    body = b'{"note":"' + b"x" * (19 * MEGABYTE)
    with served(tmp_path, mongo_uri) as server:
        before, most = memory(server.process.pid), 0.0
        clients = []
        for _ in range(100):
            client = opened(server.port, HEAD + b"Content-Length: 20000000\r\n\r\n")
            client.settimeout(5)
            clients.append(client)
            with suppress(OSError):  # it made room for others
                await asyncio.to_thread(client.sendall, body)
            most = max(most, memory(server.process.pid))
        waited = await catalogue(server.url)
        # who names the application is not kept out by strangers
        async with httpx.AsyncClient(headers=APP, timeout=60) as ann:
            cart = {"note": "x" * (10 * MEGABYTE)}
            answer = await ann.post(f"{server.url}/classes/Cart", json=cart)
            assert answer.status_code == 201
        for client in clients:
            client.close()
        print(f"K5: {before:.0f} MiB before, {most:.0f} at most; the catalogue took {waited:.2f} s")
    assert most < before + 300  # 1,870 MB before


@pytest.mark.slow
async def test_k5_1100_idle_sockets_at_1024_descriptors_lock_nobody_out(
    tmp_path: Path, mongo_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(limited(tmp_path, 1024)))
    with served(tmp_path, mongo_uri) as server:
        assert resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE) == (1024, 1024)
        clients = [opened(server.port) for _ in range(1100)]
        waits = [await catalogue(server.url)]
        clients += [opened(server.port, HEAD) for _ in range(250)]  # half requests, not idle
        waits.append(await catalogue(server.url))
        print(f"K5: {len(clients)} sockets at 1024 descriptors: catalogue {max(waits):.2f} s")
        for client in clients:
            client.close()
        assert any("may open 1024 files" in line for line in server.errors)
    assert max(waits) < 5


@pytest.mark.slow
async def test_k5_the_catalogue_answers_beside_5000_idle_and_5000_subscribed(
    tmp_path: Path, mongo_uri: str
) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    count = min(5000, (hard - 500) // 2)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    room = asyncio.Semaphore(50)

    async def listener(port: int) -> ClientConnection:
        async with room:
            address = f"ws://127.0.0.1:{port}/parse"
            connection = await connect(address, compression=None, ping_interval=None)
            await connection.send(json.dumps({"op": "connect", "applicationId": APP_ID}))
            await connection.recv()
            query = {"className": "Cart", "where": {}}
            await connection.send(json.dumps({"op": "subscribe", "requestId": 1, "query": query}))
            assert json.loads(await connection.recv())["op"] == "subscribed"
            return connection

    try:
        with served(tmp_path, mongo_uri) as server:
            empty = memory(server.process.pid)
            idle = [opened(server.port) for _ in range(count)]
            with_idle = memory(server.process.pid)
            listeners = await asyncio.gather(*(listener(server.port) for _ in range(count)))
            full = memory(server.process.pid)
            waited = await catalogue(server.url)
            async with httpx.AsyncClient(headers=APP, timeout=60) as ann:
                await ann.post(f"{server.url}/classes/Cart", json={"total": 1})
            frames = await asyncio.gather(*(asyncio.wait_for(c.recv(), 60) for c in listeners))
            print(
                f"K5: {count} idle, {count} subscribed: {empty:.0f} MiB, {with_idle:.0f}, "
                f"{full:.0f}; the catalogue took {waited:.2f} s"
            )
            for client in idle:
                client.close()
            for connection in listeners:
                connection.transport.abort()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert len(frames) == count
    assert waited < 5
