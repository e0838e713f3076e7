"""A served shop under attack, its bystander, and what it takes of the machine meanwhile."""

from __future__ import annotations

import http.client
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.conftest import MASTER_KEY, database_in
from tests.hostile.bystander import PATIENCE, Bystander
from tests.hostile.shapes import Hostile
from tests.integration.test_cli import serving

HEADERS = {"X-Parse-Application-Id": "parsepy", "Content-Type": "application/json"}
SCHEMA = Path(__file__).parents[2] / "schema"


@dataclass(slots=True)
class Shop:
    """A served shop, and who asks of it."""

    port: int
    pid: int
    database: str
    bystander: Bystander
    ids: dict[str, str]
    _connection: http.client.HTTPConnection | None = None

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any]:
        """Send one request as anybody; its status and answer."""
        for is_kept in (self._connection is not None, False):
            connection = self._connection or http.client.HTTPConnection("127.0.0.1", self.port)
            connection.timeout = PATIENCE
            try:
                connection.request(method, path, body=body, headers={**HEADERS, **headers})
                answer = connection.getresponse()
                content = answer.read()
                break
            except (OSError, http.client.HTTPException):
                self.close()
                if not is_kept:  # else the server may have closed it, which was idle for long
                    raise
        self._connection = connection  # is opened again by itself if the server has closed it
        try:
            return answer.status, json.loads(content)
        except ValueError:
            return answer.status, content

    def another(self) -> Shop:
        """The same shop, for a client with a connection of its own."""
        return replace(self, _connection=None)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def attack(self, hostile: Hostile) -> int:
        """Send a hostile request; its status."""
        path = "/parse" + hostile.path.format(**self.ids)
        path = path.replace("/parse/../", "/")
        return self.send(hostile.method, path, hostile.body, **hostile.headers)[0]

    def turn(self) -> float:
        """The longest turn of the server's loop since it was asked last."""
        status, answer = self.send("POST", "/parse/functions/longestTurn", b"{}")
        assert status == 200, answer
        return float(answer["result"])

    def memory(self) -> float:
        """What the server's process holds of the memory, in MiB."""
        return memory_of(self.pid)


def memory_of(pid: int) -> float:
    """What a process holds of the memory (its resident set), in MiB; needs Linux."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


def ends_with_its_children() -> None:
    """Let SIGTERM end this process as Ctrl-C does, so that it ends what it has started."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@contextmanager
def served(mongo_uri: str, folder: Path, largest: int = 50_000, **more: Any) -> Iterator[Shop]:
    """A shop of both templates by itself, with classes that anybody may write.

    ``largest``: elements of the largest array in its objects; ``more``: further options.
    """
    database = f"test_hostile_{uuid4().hex[:12]}"
    options = {
        "appId": "parsepy",
        "masterKey": MASTER_KEY,
        "databaseURI": database_in(mongo_uri, database),
        "schema": [str(SCHEMA / "ecommerce.json"), str(SCHEMA / "shopping.json")],
        "cloud": str(Path(__file__).parent / "turns.py"),
        "mountGraphQL": True,
        "allowClientClassCreation": True,
        "verbose": False,
        **more,
    }
    (folder / "parsepy.json").write_text(json.dumps(options))
    with serving(folder, "--config", "parsepy.json") as server:
        made = Shop(server.port, server.process.pid, database, Bystander(0, {}, {}), {})
        rows = {"list": list(range(largest)), "text": "a note", "o": {}, "pointers": []}
        status, answer = made.send("POST", "/parse/classes/Note", json.dumps(rows).encode())
        assert status == 201, answer
        note = answer["objectId"]
        pointer = {"__type": "Pointer", "className": "Note", "objectId": note}
        many = json.dumps({"pointers": [pointer] * (largest // 5), "a": 1}).encode()
        assert made.send("POST", "/parse/classes/Note", many)[0] == 201
        empty = json.dumps({"list": [{}] * (largest * 19 // 50), "a": 2}).encode()
        assert made.send("POST", "/parse/classes/Note", empty)[0] == 201
        _, answer = made.send("POST", "/parse/classes/Dump", json.dumps(rows).encode())
        made.ids["dump"] = answer["objectId"]
        phone = {
            "deviceType": "ios",
            "installationId": "phone",
            "channels": [{}] * (largest * 19 // 50),
        }
        _, answer = made.send("POST", "/parse/installations", json.dumps(phone).encode())
        made.ids["phone"] = answer["objectId"]
        product = json.dumps({"text": "what the bystander asks for"}).encode()
        _, answer = made.send("POST", "/parse/classes/Leaf", product)
        paths = {"health": "/parse/health", "get": f"/parse/classes/Leaf/{answer['objectId']}"}
        made.bystander = Bystander(server.port, HEADERS, paths)
        made.turn()
        try:
            yield made
        finally:
            made.bystander.close()
            made.close()
