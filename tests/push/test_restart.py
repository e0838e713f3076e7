"""A push survives its server: what was sent is not sent again, what was not is sent once."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pymongo import MongoClient

from parsepy.operations.push import sending, worker
from parsepy.storage import pushes
from tests.conftest import APP_ID, MASTER_KEY, Client, MakeApp, database_in
from tests.ownership import let_go
from tests.push import fakes
from tests.push.conftest import PushShop
from tests.push.fakes import FCM, APNs
from tests.sdk.test_js_sdk import free_port, wait_until_healthy

UNDER_WAY = sending._MESSAGES


class Server:
    """A server in a process of its own, which can be killed and started again."""

    def __init__(self, home: Path, options: dict[str, Any]) -> None:
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/parse"
        self.process: subprocess.Popen[bytes] | None = None
        self.options = options
        (home / "config.json").write_text(json.dumps(options))

    async def start(self) -> None:
        """Start it; return when it takes requests."""
        program = str(Path(sys.executable).with_name("parsepy"))
        command = [program, "serve", "--config", "config.json", "--host", "127.0.0.1"]
        command += ["--port", str(self.port)]
        log = self.home / "log"
        await asyncio.to_thread(self._run, command, log)
        assert self.process is not None
        await asyncio.to_thread(wait_until_healthy, self.url, self.process, log)

    def _run(self, command: list[str], log: Path) -> None:
        with log.open("a") as output:
            self.process = subprocess.Popen(command, cwd=self.home, stdout=output, stderr=output)

    async def says(self, text: str) -> None:
        """Return when its log holds a text."""
        async with asyncio.timeout(30):
            while True:
                if text in await asyncio.to_thread((self.home / "log").read_text):
                    return
                await asyncio.sleep(0.05)

    async def killed(self) -> None:
        """Kill it, and let go of the pushes that it owned."""
        await self.end(signal.SIGKILL)
        let_go(self.options["databaseURI"], pushes.COLLECTION)

    async def end(self, how: signal.Signals) -> None:
        """End it by a signal; return when it is gone."""
        assert self.process is not None
        self.process.send_signal(how)
        await asyncio.to_thread(self.process.wait, 30)


class Devices(PushShop):
    """The devices of a server in another process."""

    def __init__(self, url: str) -> None:
        headers = {"X-Parse-Application-Id": APP_ID, "X-Parse-Master-Key": MASTER_KEY}
        limits = httpx.Limits(max_connections=20)
        self.tokens: list[str] = []
        self.master: Any = httpx.AsyncClient(
            base_url=url, headers=headers, timeout=60, limits=limits
        )


@pytest.fixture
async def elsewhere(server: Server) -> AsyncIterator[Devices]:
    """The devices of that server."""
    devices = Devices(server.url)
    yield devices
    await devices.master.aclose()


@pytest.fixture
async def server(
    mongo_uri: str, mongo: MongoClient[dict[str, Any]], tmp_path: Path, apns: APNs, fcm: FCM
) -> AsyncIterator[Server]:
    name = f"test_push_{uuid4().hex[:12]}"
    options = {
        "appId": APP_ID,
        "masterKey": MASTER_KEY,
        "databaseURI": database_in(mongo_uri, name),
        "push": fakes.push_options(apns, fcm),
    }
    server = Server(tmp_path, options)
    await server.start()
    yield server
    await server.end(signal.SIGKILL)
    mongo.drop_database(name)


@pytest.mark.slow
async def test_a_kill_in_mid_send_neither_loses_nor_repeats(
    server: Server, elsewhere: Devices, apns: APNs, fcm: FCM
) -> None:
    await elsewhere.devices("ios", 500)
    await elsewhere.devices("android", 500)
    apns.takes = fcm.takes = 170  # then they take nothing: what is under way has not arrived
    push_id = await elsewhere.push()
    await fakes.all_wait([apns, fcm], UNDER_WAY)
    taken = len(apns.taken) + len(fcm.taken)
    await server.killed()
    assert 0 < taken < 1000
    assert len(apns.taken) + len(fcm.taken) == taken
    for provider in (apns, fcm):
        provider.opens.set()
    await server.start()
    status = await elsewhere.ended(push_id)
    assert status["sentPerType"] == {"ios": 500, "android": 500}
    assert (status["status"], status["numSent"]) == ("succeeded", 1000)
    assert len(apns.counts()) == len(fcm.counts()) == 500
    assert {*apns.counts().values(), *fcm.counts().values()} == {1}


@pytest.mark.slow
async def test_whenever_it_is_killed_a_device_shows_a_push_once(
    server: Server, elsewhere: Devices, apns: APNs, fcm: FCM
) -> None:
    """What arrived and was not written down is sent again, and known by its ids."""
    await elsewhere.devices("ios", 300)
    push_id = await elsewhere.push({"alert": "Hello", "badge": "Increment"})
    await apns.until(120)
    await server.killed()
    await server.start()
    status = await elsewhere.ended(push_id)
    assert (status["status"], status["numSent"]) == ("succeeded", 300)
    shown: dict[str, set[tuple[str, str]]] = {}
    for item in apns.taken:
        ids = (item.headers["apns-id"], item.headers["apns-collapse-id"])
        shown.setdefault(item.token, set()).add(ids)
        assert item.body["aps"]["badge"] == 1
    assert len(shown) == 300
    assert all(len(ids) == 1 for ids in shown.values())
    assert len(apns.taken) - 300 <= UNDER_WAY
    rows = (await elsewhere.master.get("/installations", params={"limit": 1000})).json()["results"]
    assert {row["badge"] for row in rows} == {1}


@pytest.mark.slow
async def test_a_server_that_is_told_to_stop_hands_the_rest_on(
    server: Server, elsewhere: Devices, apns: APNs, fcm: FCM
) -> None:
    await elsewhere.devices("ios", 300)
    apns.takes = 120  # then it takes nothing until the server has stopped
    push_id = await elsewhere.push()
    await fakes.all_wait([apns], UNDER_WAY)
    await server.end(signal.SIGTERM)
    assert 0 < len(apns.taken) < 300
    apns.opens.set()
    await server.start()
    await elsewhere.ended(push_id)
    assert len(apns.counts()) == len(apns.taken) == 300


@pytest.mark.slow
async def test_a_server_that_was_asleep_leaves_the_push_to_who_took_it(
    server: Server, elsewhere: Devices, apns: APNs, fcm: FCM, tmp_path: Path
) -> None:
    await elsewhere.devices("ios", 200)
    apns.takes = 60
    push_id = await elsewhere.push()
    await fakes.all_wait([apns], UNDER_WAY)
    assert server.process is not None
    server.process.send_signal(signal.SIGSTOP)
    apns.opens.set()
    (tmp_path / "other").mkdir()
    other = Server(tmp_path / "other", server.options)
    await other.start()
    awake = Devices(other.url)
    try:
        assert (await awake.ended(push_id))["numSent"] == 200
        server.process.send_signal(signal.SIGCONT)
        await server.says("another process continues it")
        assert (await awake.status(push_id))["numSent"] == 200
    finally:
        await awake.master.aclose()
        await other.end(signal.SIGKILL)
    assert set(apns.counts()) == set(elsewhere.tokens)
    again = [token for token, count in apns.counts().items() if count > 1]
    assert len(again) <= UNDER_WAY
    assert len({(item.token, item.headers["apns-id"]) for item in apns.taken}) == 200


async def test_of_several_processes_one_sends(app: MakeApp, apns: APNs, fcm: FCM) -> None:
    options = {"push": fakes.push_options(apns, fcm)}
    first = await app(**options)
    uri = first.backend.config.database_uri
    shops = [PushShop(Client(first, master=True))]
    shops += [PushShop(Client(await app(databaseURI=uri, **options), master=True)) for _ in "ab"]
    await shops[0].devices("ios", 40)
    pushed = [await shop.push() for shop in shops]
    for push_id in pushed:
        assert (await shops[0].ended(push_id))["numSent"] == 40
    assert set(apns.counts().values()) == {3}


async def test_who_has_lost_a_push_sends_no_more_of_it(
    shop: PushShop, apns: APNs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "_MESSAGES", 5)
    await shop.devices("ios", 30)
    apns.takes = 10
    push_id = await shop.push()
    await fakes.all_wait([apns], 5)
    storage = shop.master.application.backend.storage
    queue = storage.connection.collection(pushes.COLLECTION)
    await queue.update_one({"_id": push_id}, {"$set": {"owner": "another"}})
    apns.opens.set()
    await apns.until(15)
    taker = sending.Sending(
        shop.master.application.backend,
        pushes._from_document(await queue.find_one({"_id": push_id}) or {}),
        "another",
        float("inf"),
    )
    assert len(taker._work.settled) == 10
    await taker.run()
    assert (await shop.status(push_id))["numSent"] == 30
    repeated = [token for token, count in apns.counts().items() if count > 1]
    assert len(repeated) == 5  # those under way when it changed hands
    assert len(apns.counts()) == 30


async def test_a_push_whose_status_is_deleted_is_not_sent(
    app: MakeApp, apns: APNs, fcm: FCM
) -> None:
    application = await app(
        push={**fakes.push_options(apns, fcm), "queueOptions": {"disablePushWorker": True}}
    )
    shop = PushShop(Client(application, master=True))
    await shop.device()
    push_id = await shop.push()
    await shop.master.delete(f"/classes/_PushStatus/{push_id}")
    backend = application.backend
    found = await worker.take_next(backend)
    assert found is not None
    await found.run()
    assert apns.taken == []
    assert await backend.storage.connection.collection(pushes.COLLECTION).count_documents({}) == 0
