"""A server of its own process on the tests' MongoDB, and what can be seen of it from outside."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from tests.conftest import database_in
from tests.integration.test_cli import Server, serving

APP = {"X-Parse-Application-Id": "parsepy"}
PATIENCE = 60.0


@contextmanager
def served(folder: Path, mongo_uri: str, *arguments: str, **options: Any) -> Iterator[Server]:
    """A plain server where anybody makes classes, all of them live, with these options."""
    config = {
        "databaseURI": database_in(mongo_uri, f"test_{uuid4().hex[:16]}"),
        "allowClientClassCreation": True,
        "liveQuery": {"classNames": [".*"], "carrier": "direct"},
        "host": "127.0.0.1",
        **options,
    }
    path = folder / "config.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    with serving(folder, "--config", str(path), *arguments) as server:
        yield server


def memory(pid: int) -> float:
    """The MiB that a process keeps in memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise AssertionError("it has ended")


class Bystander:
    """Somebody who asks for `/health` every ten milliseconds; ``worst`` is the longest wait."""

    def __init__(self) -> None:
        self.worst = 0.0
        self.failed: list[str] = []
        self.is_answered = asyncio.Event()

    async def ask(self, url: str) -> None:
        """Ask until cancelled."""
        async with httpx.AsyncClient(headers=APP, timeout=PATIENCE) as client:
            while True:
                began = time.perf_counter()
                answer = await client.get(f"{url}/health")
                if answer.status_code != 200:
                    self.failed.append(answer.text)
                self.worst = max(self.worst, time.perf_counter() - began)
                self.is_answered.set()
                await asyncio.sleep(0.01)


@asynccontextmanager
async def bystander(url: str) -> AsyncIterator[Bystander]:
    """Somebody who asks while the block runs."""
    found = Bystander()
    task = asyncio.create_task(found.ask(url))
    await asyncio.wait_for(found.is_answered.wait(), PATIENCE)
    found.worst = 0.0
    try:
        yield found
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert found.failed == []
