"""A start that takes long answers at once that it is alive, and tells what it is doing."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pymongo import MongoClient

from parsepy.cli import waiting
from parsepy.operations.schemas import templates
from parsepy.storage import building
from parsepy.storage.building import Building
from tests.conftest import APP_ID, MakeApp, database_in


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell everything at once, as if it took long already."""
    monkeypatch.setattr(waiting, "PATIENCE", 0.0)
    monkeypatch.setattr(building, "QUIET", 0.0)


def listening() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    listener.setblocking(False)
    return listener


async def test_health_tells_what_is_being_done_and_when_to_ask_again() -> None:
    with listening() as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/parse/health"
        async with (
            waiting.answering(listener, lambda: "making an index"),
            httpx.AsyncClient() as it,
        ):
            answer = await it.get(url)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["status"] == "starting"
    assert answer.json()["doing"] == "making an index"


async def test_who_comes_when_the_start_is_over_is_left_to_the_server() -> None:
    with listening() as listener:
        async with waiting.answering(listener, lambda: "nothing"):
            await asyncio.sleep(0)
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        accepted, _ = await asyncio.get_running_loop().sock_accept(listener)
        accepted.close()
        assert await reader.read() == b""
        writer.close()


async def test_a_request_that_says_nothing_holds_nobody_up() -> None:
    with listening() as listener:
        address = listener.getsockname()
        async with waiting.answering(listener, lambda: "nothing"), httpx.AsyncClient() as it:
            _, silent = await asyncio.open_connection(*address)
            answer = await it.post(f"http://127.0.0.1:{address[1]}/parse/users", json={})
            assert answer.status_code == 503
            silent.close()


async def test_the_log_and_health_tell_of_an_index_that_takes_long(
    app: MakeApp, mongo: MongoClient[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "parsepy.storage")
    application = await app()
    made: Building = application.backend.storage.connection.building
    ended = asyncio.Event()
    task = asyncio.create_task(made.index("Order", "total_1", ended.wait()))
    async with asyncio.timeout(20):
        while not made.doing:  # noqa: ASYNC110 - it tells nobody when it begins
            await asyncio.sleep(0.01)
    application.backend.state = "starting"
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://it/parse") as client:
        answer = await client.get("/health", headers={"X-Parse-Application-Id": APP_ID})
    application.backend.state = "ok"
    assert answer.json() == {"status": "starting", "doing": "building the index total_1 of Order"}
    ended.set()
    await task
    assert made.doing == ""
    assert "building the index total_1 of Order, since 0 s" in caplog.messages
    assert "building the index total_1 of Order took 0 s" in caplog.messages


ORDER = {
    "className": "Order",
    "fields": {"total": {"type": "Number"}, "note": {"type": "String"}},
    "indexes": {"by_total": {"total": 1, "note": -1}},
}


async def test_a_start_over_many_documents_tells_how_far_it_is(
    app: MakeApp,
    mongo: MongoClient[dict[str, Any]],
    mongo_uri: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.INFO, "parsepy")
    monkeypatch.setattr(building, "PAUSE", 0.01)
    monkeypatch.setattr(templates, "PAUSE_SECONDS", 0.0)
    name = f"test_{uuid4().hex[:16]}"
    options = {"databaseURI": database_in(mongo_uri, name)}
    try:
        first = await app(**options, schema={"definitions": [{**ORDER, "indexes": {}}]})
        await first.backend.storage.schemas.add_column("Order", "old", "string", {})
        orders = mongo[name]["Order"]
        orders.insert_many(
            [{"_id": f"o{n}", "total": n, "note": "x" * 50, "old": "y"} for n in range(40_000)]
        )
        definitions = [ORDER, {"className": "Cart", "fields": {}}]
        schema = {"definitions": definitions, "deleteExtraFields": True}
        second = await app(**options, schema=schema)
        assert second.backend.doing == "starting cloud code and Live Query"
        assert not orders.count_documents({"old": {"$exists": True}})
        assert "by_total" in orders.index_information()
    finally:
        mongo.drop_database(name)
    told = [record.message for record in caplog.records]
    assert any(
        re.fullmatch(r"dropping old of Order \(\d+ documents\), since \d s", m) for m in told
    )
    progress = r"building the index by_total of Order(: \d+ of 40000 documents .*)?, since \d s"
    assert any(re.fullmatch(progress, message) for message in told)
    assert any(re.fullmatch(r"building the index by_total of Order took \d s", m) for m in told)
    step = "schema: bringing in the schema templates: Order, 1 of 2 classes"
    assert step in told


async def test_what_a_build_raises_is_raised(app: MakeApp) -> None:
    made = (await app()).backend.storage.connection.building

    async def refused() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await made.index("Order", "total_1", refused())
