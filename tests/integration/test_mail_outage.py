"""An SMTP server that is gone for 20 s, then a server that is killed: every mail arrives."""

import asyncio
import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from aiosmtpd.smtp import SMTP
from pymongo import MongoClient

from parsepy.storage import mails
from tests.conftest import APP_ID, MASTER_KEY, database_in
from tests.ownership import let_go
from tests.sdk.test_js_sdk import free_port, wait_until_healthy

OUTAGE = 20.0


class Sink:
    """An SMTP server on a port of its own, which can be killed and started again."""

    def __init__(self) -> None:
        self.port = free_port()
        self.taken: list[str] = []
        self.came = asyncio.Event()
        self.delay = 0.0
        self._server: asyncio.Server | None = None
        self._talks: list[SMTP] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Take a mail."""
        await asyncio.sleep(self.delay)
        self.taken += envelope.rcpt_tos
        self.came.set()
        return "250 fine"

    async def start(self) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()

        def made() -> SMTP:
            self._talks.append(SMTP(self, loop=loop, hostname="shop.test"))
            return self._talks[-1]

        self._server = await loop.create_server(made, "127.0.0.1", self.port)

    async def kill(self) -> None:
        """Stop listening, and end what is under way."""
        assert self._server is not None
        self._server.close()
        for talk in self._talks:
            if talk.transport is not None:
                talk.transport.close()
        self._talks.clear()
        await asyncio.sleep(0.05)

    async def until(self, addresses: set[str], seconds: float) -> None:
        """Return when each address has a mail."""
        async with asyncio.timeout(seconds):
            while not addresses <= set(self.taken):
                self.came.clear()
                await self.came.wait()


class Server:
    """The server in a process of its own."""

    def __init__(self, home: Path, options: dict[str, Any]) -> None:
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/parse"
        self.process: subprocess.Popen[bytes] | None = None
        self.database_uri = options["databaseURI"]
        (home / "config.json").write_text(json.dumps(options))

    async def start(self) -> None:
        """Start it; return when it takes requests."""
        program = str(Path(sys.executable).with_name("parsepy"))
        command = [program, "serve", "--config", "config.json", "--host", "127.0.0.1"]
        log = self.home / "log"
        with log.open("a") as output:
            self.process = await asyncio.to_thread(
                subprocess.Popen,
                [*command, "--port", str(self.port)],
                cwd=self.home,
                stdout=output,
                stderr=output,
            )
        await asyncio.to_thread(wait_until_healthy, self.url, self.process, log)

    async def kill(self) -> None:
        """Kill it (-9)."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(self.process.wait, 30)


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    """An SMTP server."""
    sink = Sink()
    await sink.start()
    yield sink
    await sink.kill()


@pytest.fixture
async def server(
    mongo_uri: str, mongo: MongoClient[dict[str, Any]], tmp_path: Path, sink: Sink
) -> AsyncIterator[Server]:
    """A server that mails by it."""
    name = f"test_outage_{uuid4().hex[:12]}"
    mailer = {"sender": "a@shop.test", "host": "127.0.0.1", "port": sink.port, "security": "none"}
    server = Server(
        tmp_path,
        {
            "appId": APP_ID,
            "masterKey": MASTER_KEY,
            "databaseURI": database_in(mongo_uri, name),
            "appName": "The Shop",
            "publicServerURL": "http://shop.test/parse",
            "verifyUserEmails": True,
            "emailAdapter": {"module": "smtp", "options": mailer},
        },
    )
    await server.start()
    yield server
    await server.kill()
    mongo.drop_database(name)


async def sign_up(server: Server, prefix: str, number: int) -> set[str]:
    """Sign up users, a few at once; their addresses."""
    headers = {"X-Parse-Application-Id": APP_ID}
    addresses = [f"{prefix}{index}@shop.test" for index in range(number)]
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=60) as client:
        room = asyncio.Semaphore(4)

        async def one(address: str) -> None:
            body = {"username": address, "password": "correct horse", "email": address}
            async with room:
                answer = await client.post("/users", json=body)
            assert answer.status_code == 201, answer.text

        await asyncio.gather(*map(one, addresses))
    return set(addresses)


@pytest.mark.slow
async def test_neither_an_outage_nor_a_kill_loses_a_mail(server: Server, sink: Sink) -> None:
    arrived = await sign_up(server, "before", 5)
    await sink.until(arrived, 30)
    await sink.kill()
    during = await sign_up(server, "during", 40)
    async with httpx.AsyncClient() as client:
        await asyncio.sleep(OUTAGE)  # the outage itself
        health = (await client.get(f"{server.url}/health")).json()
    assert health["status"] == "ok"
    assert "can't be sent" in health["mail"]
    await sink.start()
    await sink.until(during, 60)

    sink.delay = 0.2  # so that the kill comes in the middle
    more = await sign_up(server, "after", 60)
    await server.kill()
    let_go(server.database_uri, mails.COLLECTION)
    left = more - set(sink.taken)
    assert left, "the kill came too late to show anything"
    sink.delay = 0
    await server.start()
    await sink.until(more, 60)
    counts = Counter(sink.taken)
    assert set(counts) == arrived | during | more
    repeated = [address for address, count in counts.items() if count > 1]
    assert len(repeated) <= 4, "no more than were under way"
