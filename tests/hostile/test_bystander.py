"""No request makes another wait: hostile ones run while a bystander asks, and are measured."""

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from tests.conftest import MASTER_KEY, database_in
from tests.hostile.bystander import PATIENCE, Bystander, Machine
from tests.hostile.shapes import Hostile, requests
from tests.integration.test_cli import serving

pytestmark = pytest.mark.slow

HEADERS = {"X-Parse-Application-Id": "parsepy", "Content-Type": "application/json"}
LONGEST_TURN = 0.055
"""Seconds of CPU time: 50 ms, and the tick by which they are measured."""
LONGEST_WAIT = 0.05
"""Seconds beyond the worst wait without an attack, on a machine that does nothing else."""
SCHEMA = Path(__file__).parents[2] / "schema"
ATTEMPTS = 4
"""The noise of the machine must hit a request as often, to be taken for its own."""


@dataclass(slots=True)
class Shop:
    """A served shop, and who asks of it."""

    port: int
    bystander: Bystander
    ids: dict[str, str]

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any]:
        """Send one request as anybody; its status and answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body=body, headers={**HEADERS, **headers})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        try:
            return answer.status, json.loads(content)
        except ValueError:
            return answer.status, content

    def attack(self, hostile: Hostile) -> int:
        """Send a hostile request; its status."""
        path = "/parse" + hostile.path.format(**self.ids)
        return self.send(hostile.method, path.replace("/parse/../", "/"), hostile.body)[0]

    def turn(self) -> float:
        """The longest turn of the server's loop since it was asked last."""
        status, answer = self.send("POST", "/parse/functions/longestTurn", b"{}")
        assert status == 200, answer
        return float(answer["result"])


@pytest.fixture(scope="module")
def shop(
    mongo_uri: str, mongo: MongoClient[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """A shop of both templates by itself, with a class that anybody may write."""
    database = f"test_hostile_{uuid4().hex[:12]}"
    folder = tmp_path_factory.mktemp("hostile")
    options = {
        "appId": "parsepy",
        "masterKey": MASTER_KEY,
        "databaseURI": database_in(mongo_uri, database),
        "schema": [str(SCHEMA / "ecommerce.json"), str(SCHEMA / "shopping.json")],
        "cloud": str(Path(__file__).parent / "turns.py"),
        "mountGraphQL": True,
        "allowClientClassCreation": True,
        "verbose": False,
    }
    (folder / "parsepy.json").write_text(json.dumps(options))
    with serving(folder, "--config", "parsepy.json") as server:
        made = Shop(server.port, Bystander(0, {}, {}), {})
        rows = {"list": list(range(50_000)), "text": "a note", "o": {}, "pointers": []}
        status, answer = made.send("POST", "/parse/classes/Note", json.dumps(rows).encode())
        assert status == 201, answer
        note = answer["objectId"]
        pointer = {"__type": "Pointer", "className": "Note", "objectId": note}
        many = json.dumps({"pointers": [pointer] * 10_000, "a": 1}).encode()
        assert made.send("POST", "/parse/classes/Note", many)[0] == 201
        empty = json.dumps({"list": [{}] * 19_000, "a": 2}).encode()
        assert made.send("POST", "/parse/classes/Note", empty)[0] == 201
        _, answer = made.send("POST", "/parse/classes/Dump", json.dumps(rows).encode())
        made.ids["dump"] = answer["objectId"]
        phone = {"deviceType": "ios", "installationId": "phone", "channels": [{}] * 19_000}
        _, answer = made.send("POST", "/parse/installations", json.dumps(phone).encode())
        made.ids["phone"] = answer["objectId"]
        product = json.dumps({"text": "what the bystander asks for"}).encode()
        _, answer = made.send("POST", "/parse/classes/Leaf", product)
        paths = {"health": "/parse/health", "get": f"/parse/classes/Leaf/{answer['objectId']}"}
        made.bystander = Bystander(server.port, HEADERS, paths)
        made.turn()
        yield made
    mongo.drop_database(database)


def _calm(shop: Shop) -> float:
    """The worst wait while nobody attacks, of some seconds."""
    with shop.bystander.asking() as waits:
        for _ in range(20):
            shop.send("GET", "/parse/classes/Leaf")
    shop.turn()
    return waits.longest


def test_k3_no_request_makes_a_bystander_wait(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each hostile request of the table, one after the other: what others waited for meanwhile."""
    machine = Machine()
    calm = _calm(shop) / machine.stretch()
    found: list[tuple[float, float, int, str]] = []
    wrong: list[str] = []
    for hostile in requests():
        for _ in range(ATTEMPTS):
            machine.stretch()
            with shop.bystander.asking() as waits:
                status = shop.attack(hostile)
            turn, stretch = shop.turn(), machine.stretch()
            most = (calm + LONGEST_WAIT) * stretch
            if turn <= LONGEST_TURN and waits.longest <= most and status < 500:
                break
        else:
            wrong.append(
                f"{hostile.name}: {status}, waits {waits.worst}, turn {turn * 1000:.0f} ms, "
                f"machine {stretch:.1f} times slower"
            )
        wrong += [f"{hostile.name}: {failure}" for failure in waits.failed]
        found.append((waits.longest, turn, status, hostile.name))
    machine.close()
    with capsys.disabled():
        waited, turn = max(found)[0], max(turn for _, turn, _, _ in found)
        print(
            f"\n{len(found)} hostile requests: worst wait {waited * 1000:.0f} ms "
            f"({calm * 1000:.0f} without an attack), longest turn {turn * 1000:.0f} ms of CPU"
        )
        for wait, turn, status, name in sorted(found, reverse=True)[:10]:
            print(f"{wait * 1000:6.0f} ms, turn {turn * 1000:4.0f} ms, {status}  {name}")
    assert not wrong, "\n".join(wrong)
