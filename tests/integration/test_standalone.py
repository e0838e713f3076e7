"""A MongoDB that is no replica set: all works but transactions, which are told as missing."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from pymongo import MongoClient

from parsepy.app import Application, build
from parsepy.config import Config, ConfigError
from parsepy.errors import Code
from parsepy.livequery.transports import DirectTransport
from parsepy.storage.embedded import HOST, find_mongod
from tests.conftest import APP_ID, MASTER_KEY, MOUNT, Client
from tests.integration.test_cli import Server, free_port
from tests.livequery.listener import listening, serving

DEADLINE = 30.0


@pytest.fixture(scope="module")
def standalone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The connection string of a mongod that was started as most people start one."""
    folder = tmp_path_factory.mktemp("standalone")
    port = free_port()
    command = [str(find_mongod(folder / "data")), "--dbpath", str(folder), "--nounixsocket"]
    command += ["--bind_ip", HOST, "--port", str(port), "--wiredTigerCacheSizeGB", "0.25"]
    mongod = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    try:
        uri = f"mongodb://{HOST}:{port}"
        patience = int(DEADLINE * 1000)
        with MongoClient[dict[str, object]](uri, serverSelectionTimeoutMS=patience) as client:
            client.admin.command("ping")
        yield uri
    finally:
        mongod.terminate()
        mongod.wait(DEADLINE)


def of(uri: str, **options: object) -> Application:
    """An application on a new database of that MongoDB."""
    database = f"{uri}/alone_{uuid4().hex[:8]}"
    base = {"appId": APP_ID, "masterKey": MASTER_KEY, "serverURL": MOUNT}
    own = {"databaseURI": database, "allowClientClassCreation": True}
    return build(Config.from_options({**base, **own, **options}))


@pytest.fixture
async def started(standalone: str) -> object:
    """An application that is started."""
    application = of(standalone, liveQuery={"classNames": ["Note"]})
    await application.startup()
    yield application
    await application.shutdown()


async def test_objects_users_and_relations_work(started: Application) -> None:
    master = Client(started, master=True)
    note = (await master.post("/classes/Note", json={"n": 1})).json()["objectId"]
    await master.put(f"/classes/Note/{note}", json={"n": {"__op": "Increment", "amount": 2}})
    user = {"username": "ann", "password": "a good password"}
    signed_up = await master.post("/users", json=user)
    assert signed_up.status_code == 201
    here = {"__type": "Pointer", "className": "_User", "objectId": signed_up.json()["objectId"]}
    add = {"readers": {"__op": "AddRelation", "objects": [here]}}
    assert (await master.put(f"/classes/Note/{note}", json=add)).status_code == 200
    assert (await master.get(f"/classes/Note/{note}")).json()["n"] == 3
    batch = {"requests": [{"method": "POST", "path": "/parse/classes/Note", "body": {"n": 1}}] * 3}
    assert len((await master.post("/batch", json=batch)).json()) == 3


async def test_a_transaction_is_refused_in_words_of_ours(started: Application) -> None:
    requests = [{"method": "POST", "path": "/parse/classes/Note", "body": {"n": 5}}]
    answer = await Client(started, master=True).post(
        "/batch", json={"requests": requests, "transaction": True}
    )
    assert answer.status_code == 400
    assert answer.json()["code"] == Code.OPERATION_FORBIDDEN
    assert "replica set" in answer.json()["error"]
    assert "Transaction numbers" not in answer.text


async def test_the_log_says_what_to_do(standalone: str, caplog: pytest.LogCaptureFixture) -> None:
    application = of(standalone, databaseOptions={"enableSchemaHooks": True})
    await application.startup()
    await application.shutdown()
    told = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert any("rs.initiate()" in line for line in told)
    assert any("enableSchemaHooks has no effect" in line for line in told)


async def test_change_streams_are_refused_at_the_start_with_the_line_to_write(
    standalone: str,
) -> None:
    live = {"classNames": ["Note"], "carrier": "changeStreams"}
    application = of(standalone, liveQuery=live)
    with pytest.raises(ConfigError, match=re.escape('write "liveQuery": {"carrier": "direct"}')):
        await application.startup()


async def test_live_query_tells_an_objects_life_and_another_connection_of_it(
    started: Application,
) -> None:
    assert started.live is not None
    assert isinstance(started.live._transport, DirectTransport)
    async with (
        serving(started) as url,
        listening(url) as first,
        listening(url) as second,
        Client(started, master=True) as master,
    ):
        await first.subscribe("Note", {"n": {"$gt": 0}})
        await second.subscribe("Note", {"n": 9})
        note = (await master.post("/classes/Note", json={"n": 1})).json()["objectId"]
        path = f"/classes/Note/{note}"
        for change in ({"n": 2}, {"n": 0}, {"n": 9}):
            assert (await master.put(path, json=change)).status_code == 200
        assert (await master.delete(path)).status_code == 200
        frames = [await first.frame() for _ in range(5)]
        assert [frame["op"] for frame in frames] == ["create", "update", "leave", "enter", "delete"]
        assert [frame["object"]["n"] for frame in frames] == [1, 2, 0, 9, 9]
        assert (frames[1]["original"]["n"], frames[2]["original"]["n"]) == (1, 2)
        await first.nothing_but()
        await second.nothing_but("enter", "delete")


async def test_live_query_tells_what_batches_roles_and_other_clients_write(
    started: Application,
) -> None:
    async with (
        serving(started) as url,
        listening(url) as listener,
        Client(started, master=True) as master,
    ):
        await listener.subscribe("Note")
        item = {"method": "POST", "path": "/parse/classes/Note", "body": {"n": 1}}
        assert (await master.post("/batch", json={"requests": [item] * 5})).status_code == 200
        for _ in range(5):
            assert (await listener.frame())["op"] == "create"
        hidden = {"n": 7, "ACL": {}}
        assert (await master.post("/classes/Note", json=hidden)).status_code == 201
        await listener.nothing_but()


def test_a_server_looks_at_the_topology_and_carries_live_query_itself(
    standalone: str, tmp_path: Path
) -> None:
    live = 'liveQuery={"classNames": ["Note"]}'
    uri = f"{standalone}/served_{uuid4().hex[:8]}"
    server = Server(tmp_path, "--database-uri", uri, "--set", live)
    started = time.monotonic()
    assert server.request("GET", "/health") == {"status": "ok"}
    assert server.stop() == 0
    assert time.monotonic() - started < DEADLINE
    assert any("no replica set" in line for line in server.errors)
