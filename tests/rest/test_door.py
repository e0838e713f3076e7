"""The REST door: CORS, preflights, unknown routes, health, and what is told of failures."""

import asyncio
import gc
import json
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pymongo import AsyncMongoClient

from parsepy.app import Application, build
from parsepy.config import Config
from parsepy.storage import Storage
from parsepy.storage.connection import Connection
from parsepy.storage.documents import file_url_of
from parsepy.storage.embedded import EmbeddedMongo
from tests.conftest import APP_ID, MASTER_KEY, MOUNT, Client, MakeApp
from tests.rest.shop import create, ok, refused, unique

ANSWERS: dict[str, tuple[str, str, dict[str, Any] | None, int]] = {
    "success": ("GET", "/classes/Product", None, 200),
    "created": ("POST", "/classes/CorsProduct", {"name": "lamp"}, 201),
    "refused": ("POST", "/classes/Product", {"$a": 1}, 400),
    "forbidden": ("GET", "/schemas", None, 403),
    "no object": ("GET", "/classes/Product/nosuch", None, 404),
    "no route": ("GET", "/nosuch/route", None, 404),
    "no method": ("PATCH", "/classes/Product", None, 404),
    "health": ("GET", "/health", None, 200),
    "preflight": ("OPTIONS", "/classes/Product", None, 200),
}


@pytest.mark.parametrize(("verb", "path", "body", "status"), ANSWERS.values(), ids=ANSWERS)
async def test_every_answer_carries_the_cors_headers(
    client: Client, verb: str, path: str, body: dict[str, Any] | None, status: int
) -> None:
    response = await client.request(verb, path, json=body)
    assert response.status_code == status
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Access-Control-Allow-Methods"] == "GET,PUT,POST,DELETE,OPTIONS"
    assert "X-Parse-Session-Token" in response.headers["Access-Control-Allow-Headers"]
    assert "X-Parse-Job-Status-Id" in response.headers["Access-Control-Expose-Headers"]


async def test_a_request_without_an_application_id_carries_the_cors_headers(
    application: Application,
) -> None:
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url=MOUNT) as nobody:
        response = await nobody.get("/classes/Product")
    assert (response.status_code, response.json()) == (403, {"error": "unauthorized"})
    assert response.headers["Access-Control-Allow-Origin"] == "*"


async def test_a_preflight_needs_no_key_and_answers_ok(application: Application) -> None:
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url=MOUNT) as nobody:
        response = await nobody.options("/classes/Product")
    assert (response.status_code, response.text) == (200, "OK")
    assert response.headers["Content-Type"].startswith("text/plain")


ORIGINS = ["https://shop.example", "https://admin.example"]


@pytest.mark.parametrize(
    ("origin", "shown"),
    [
        (ORIGINS[0], ORIGINS[0]),
        (ORIGINS[1], ORIGINS[1]),
        ("https://evil.example", ORIGINS[0]),
        (None, ORIGINS[0]),
    ],
)
async def test_an_allowed_origin_is_echoed_and_another_is_not(
    server: MakeApp, origin: str | None, shown: str
) -> None:
    client = Client(await server(allowOrigin=ORIGINS))
    headers = {"Origin": origin} if origin else {}
    response = await client.get("/health", headers=headers)
    assert response.headers["Access-Control-Allow-Origin"] == shown


async def test_more_headers_can_be_allowed(server: MakeApp) -> None:
    client = Client(await server(allowHeaders=["X-Shop-Trace"]))
    response = await client.options("/classes/Product")
    assert "X-Shop-Trace" in response.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("path", ["/nosuch", "/", "", "/classes", "/classes/A/b/c", "/schema"])
async def test_an_unknown_route_is_answered_in_json(client: Client, path: str) -> None:
    response = await client.get(path)
    assert response.status_code == 404
    assert response.headers["Content-Type"].startswith("application/json")
    assert response.json()["error"].startswith("Cannot GET /parse")


async def test_a_path_outside_the_mount_is_answered_in_json(application: Application) -> None:
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as outside:
        for path in ("/", "/parser/health", "/classes/Product"):
            response = await outside.get(path)
            assert (response.status_code, set(response.json())) == (404, {"error"})


async def test_the_mount_path_can_be_another_one(server: MakeApp) -> None:
    application = await server(mountPath="/api/shop", serverURL="http://testserver/api/shop")
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        assert (await client.get("/api/shop/health")).status_code == 200
        assert (await client.get("/parse/health")).status_code == 404


# --- health -------------------------------------------------------------------------------------


@pytest.fixture
def unstarted(shop_uri: str) -> Application:
    """An application that has not been started."""
    options = {"appId": APP_ID, "masterKey": MASTER_KEY, "databaseURI": shop_uri}
    return build(Config.from_options(options))


@pytest.mark.parametrize("state", ["initialized", "starting", "error"])
async def test_health_says_503_until_the_server_has_started(
    unstarted: Application, state: str
) -> None:
    unstarted.backend.state = state
    response = await Client(unstarted).get("/health")
    assert (response.status_code, response.json()) == (503, {"status": state})
    assert response.headers.get("Retry-After") == ("1" if state == "starting" else None)


@pytest.mark.parametrize("state", ["initialized", "starting", "error"])
async def test_nothing_is_served_before_the_start(unstarted: Application, state: str) -> None:
    unstarted.backend.state = state
    message = refused(await Client(unstarted).get("/classes/Product"), 1, 500)
    assert message == f"Invalid server state: {state}"


async def test_health_is_ok_once_the_server_has_started(unstarted: Application) -> None:
    await unstarted.startup()
    assert ok(await Client(unstarted).get("/health")) == {"status": "ok"}
    await unstarted.shutdown()


# --- failures -----------------------------------------------------------------------------------


@pytest.fixture
async def broken(server: MakeApp, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client of a server whose storage fails in a way that nobody foresaw."""
    application = await server()

    async def fail(*arguments: Any, **options: Any) -> Any:
        raise KeyError("a secret of the inside")

    monkeypatch.setattr(application.backend.storage, "find", fail)
    return Client(application)


async def test_an_unforeseen_failure_is_500_without_internals(broken: Client) -> None:
    response = await broken.get("/classes/_Role")
    refused(response, 1, 500)
    assert "secret" not in response.text
    assert "KeyError" not in response.text
    assert response.headers["Access-Control-Allow-Origin"] == "*"


async def test_an_unforeseen_failure_is_logged_with_the_request_s_id(
    broken: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, logger="parsepy.http"):
        await broken.get("/classes/_Role")
        await broken.get("/classes/_Role")
    records = [record.getMessage() for record in caplog.records]
    ids = {message.split()[1] for message in records if message.startswith("request ")}
    assert len(ids) == 2
    assert all("GET /parse/classes/_Role" in message for message in records)
    assert "a secret of the inside" in caplog.text


async def test_an_unforeseen_failure_in_a_batch_is_500_without_internals(broken: Client) -> None:
    requests = [{"method": "GET", "path": "/parse/classes/_Role"}]
    response = await broken.post("/batch", json={"requests": requests})
    refused(response, 1, 500)
    assert "secret" not in response.text


async def test_the_log_of_a_failure_holds_no_body_and_no_key(
    server: MakeApp, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    application = await server()

    async def fail(*arguments: Any, **options: Any) -> Any:
        raise KeyError("broken")

    monkeypatch.setattr(application.backend.storage, "find", fail)
    secret = unique("password")
    with caplog.at_level(logging.DEBUG):
        body = {"username": "anna", "password": secret}
        await Client(application, master=True).post("/login", json=body)
    text = "\n".join(record.getMessage() for record in caplog.records)
    assert "POST /parse/login" in text
    assert secret not in text
    assert MASTER_KEY not in text


@pytest.fixture
def lost_connections() -> Iterator[None]:
    """The driver leaves the sockets of lost connections to the garbage collector: call it."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedMongo]:
    """A MongoDB of its own, which a test may stop."""
    with EmbeddedMongo.start(tmp_path_factory.mktemp("lost") / "data") as mongo:
        yield mongo


@pytest.mark.usefixtures("lost_connections")
async def test_a_database_that_goes_away_is_503(lost: EmbeddedMongo) -> None:
    driver: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        lost.uri, serverSelectionTimeoutMS=100
    )
    storage = Storage(Connection(driver, "parse"), file_url=file_url_of(MOUNT, APP_ID))
    options = {"appId": APP_ID, "masterKey": MASTER_KEY, "allowClientClassCreation": True}
    application = build(Config.from_options({**options, "databaseURI": lost.uri}), storage=storage)
    await application.startup()
    client, orders = Client(application), unique("Order")
    order = await create(client, orders, status="new")
    lost.stop()
    # All at once: however soon it may give up, the driver waits half a second for another look.
    *responses, health = await asyncio.gather(
        client.get(f"/classes/{orders}"),
        client.get(f"/classes/{orders}/{order}"),
        client.post(f"/classes/{orders}", json={}),
        client.put(f"/classes/{orders}/{order}", json={}),
        client.delete(f"/classes/{orders}/{order}"),
        client.get("/health"),
    )
    for response in responses:
        assert refused(response, 1, 503) == "Database error"
        assert response.headers["retry-after"] == "1"
    assert health.status_code == 503
    await application.shutdown()


@pytest.mark.usefixtures("lost_connections")
async def test_a_database_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    uri = "mongodb://127.0.0.1:1/parse"
    driver: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(uri, serverSelectionTimeoutMS=200)
    storage = Storage(Connection(driver, "parse"), file_url=file_url_of(MOUNT, APP_ID))
    options = {"appId": APP_ID, "masterKey": MASTER_KEY, "databaseURI": uri}
    application = build(Config.from_options(options), storage=storage)
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    with pytest.raises(Exception, match=r"127\.0\.0\.1"):
        await application({"type": "lifespan"}, receive, send)
    assert [message["type"] for message in sent] == ["lifespan.startup.failed"]
    response = await Client(application).get("/health")
    assert (response.status_code, response.json()) == (503, {"status": "error"})
    await application.shutdown()


async def test_numbers_are_printed_as_javascript_does(client: Client, orders: str) -> None:
    body = '{"a":5.0,"b":0.5,"c":-0.0,"d":1000000}'
    order = ok(await client.post(f"/classes/{orders}", content=body), 201)["objectId"]
    text = (await client.get(f"/classes/{orders}/{order}")).text
    assert json.loads(text)["a"] == 5
    for part in ('"a":5,', '"b":0.5,', '"c":0,', '"d":1000000,'):
        assert part in text
