"""The steps of the door in their order, and the policy of a route that they follow."""

from dataclasses import replace

import httpx
import pytest

from parsepy.app import Application
from parsepy.http.exchange import Exchange
from parsepy.http.limits import Limits
from parsepy.http.refusals import HTTPRefusal
from parsepy.http.requests import RouteMatch
from parsepy.rest import RestDoor, routes
from tests.conftest import APP_ID, MOUNT, Client, MakeApp
from tests.rest.shop import ok, refused, unique

ORDER = [
    "answer_preflight",
    "find_route",
    "read_body",
    "override_method",
    "read_credentials",
    "check_state",
    "check_keys",
    "check_allowed_route",
    "limit_by_address",
    "find_session",
    "limit_by_user",
    "take_turn",
    "refuse_unknown_route",
    "claim",
    "handle",
]


def test_the_steps_are_taken_in_this_order(application: Application) -> None:
    door = RestDoor(application.backend, Limits(application.backend))
    assert [step.__name__ for step in door.steps] == ORDER


@pytest.fixture
async def stranger(application: Application) -> httpx.AsyncClient:
    """Somebody who brings no credentials at all."""
    transport = httpx.ASGITransport(app=application)
    return httpx.AsyncClient(transport=transport, base_url=MOUNT)


@pytest.mark.parametrize("path", ["/classes/Product", "/nosuch", "/files/nosuch"])
async def test_a_stranger_does_not_learn_which_routes_there_are(
    stranger: httpx.AsyncClient, path: str
) -> None:
    response = await stranger.get(path)
    assert (response.status_code, response.json()) == (403, {"error": "unauthorized"})


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
async def test_health_asks_nobody_who_they_are(stranger: httpx.AsyncClient, method: str) -> None:
    assert (await stranger.request(method, "/health", content=b"{")).status_code == 200


async def test_a_download_needs_no_key(stranger: httpx.AsyncClient) -> None:
    response = await stranger.get(f"/files/{APP_ID}/nosuch.txt")
    assert (response.status_code, response.text) == (404, "File not found.")


async def test_a_log_in_does_not_look_at_an_old_token(client: Client) -> None:
    old = {"X-Parse-Session-Token": "r:old"}
    body = {"username": unique("nobody"), "password": "x"}
    refused(await client.post("/login", json=body, headers=old), 101, 404)
    refused(await client.get("/classes/Product", headers=old), 209)


async def test_only_reading_oneself_puts_the_token_before_the_master_key(
    master: Client, client: Client
) -> None:
    body = {"username": unique("anna"), "password": "secret"}
    token = ok(await client.post("/users", json=body), 201)["sessionToken"]
    session = {"X-Parse-Session-Token": token}
    assert ok(await master.get("/users/me", headers=session))["username"] == body["username"]
    refused(await master.put("/users/me", json={"a": 1}, headers=session), 101, 404)


async def test_an_overridden_method_reaches_no_route_that_reads_its_body_itself(
    client: Client,
) -> None:
    response = await client.post("/files/shop/a.txt", json={"_method": "GET"})
    assert response.status_code == 404
    assert response.json()["error"].startswith("Cannot ")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/health"), ("POST", "/webhooks/pay"), ("POST", "/files/a.txt"), ("GET", "/nosuch")],
)
async def test_a_batch_does_not_reach_what_is_not_for_batches(
    client: Client, method: str, path: str
) -> None:
    requests = [{"method": method, "path": f"/parse{path}"}]
    message = refused(await client.post("/batch", json={"requests": requests}), 107)
    assert message == f"cannot route {method} {path}"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_batch_holds_no_batch(client: Client, method: str) -> None:
    requests = [{"method": method, "path": "/parse/batch"}]
    message = refused(await client.post("/batch", json={"requests": requests}), 107)
    assert message == "nested batch requests are not allowed"


async def test_a_route_may_have_a_body_limit_of_its_own(application: Application) -> None:
    door = RestDoor(application.backend, Limits(application.backend))
    create = next(route for route in routes() if route.method == "POST")

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b'{"name":"cup"}'}

    async def read(limit: int) -> object:
        headers = {b"content-length": b"14"}
        exchange = Exchange({"method": "POST"}, receive, headers, "1", "127.0.0.1", MOUNT)
        exchange.match = RouteMatch(replace(create, body_limit=limit), {})
        reading = door.read_body(exchange)
        assert reading is not None
        await reading
        return exchange.body

    assert await read(14) == {"name": "cup"}
    with pytest.raises(HTTPRefusal, match="larger than 13 bytes"):
        await read(13)


@pytest.mark.parametrize(
    ("method", "version", "headers", "is_read"),
    [
        ("GET", "1.1", {}, False),
        ("POST", "1.1", {}, True),
        ("POST", "1.1", {b"content-length": b"0"}, False),
        ("POST", "1.1", {b"content-length": b"0", b"content-encoding": b"gzip"}, True),
        ("GET", "1.1", {b"transfer-encoding": b"chunked"}, True),
        ("GET", "1.1", {b"content-length": b"2"}, True),
        ("GET", "2", {}, True),
    ],
)
async def test_a_body_is_read_unless_the_headers_say_that_there_is_none(
    application: Application, method: str, version: str, headers: dict[bytes, bytes], is_read: bool
) -> None:
    door = RestDoor(application.backend, Limits(application.backend))

    async def receive() -> dict[str, object]:
        raise AssertionError("nobody reads yet")

    scope = {"method": method, "http_version": version}
    exchange = Exchange(scope, receive, headers, "1", "127.0.0.1", MOUNT)
    exchange.match = RouteMatch(next(r for r in routes() if r.method == "POST"), {})
    reading = door.read_body(exchange)
    assert (reading is not None) is is_read
    if reading is not None:
        reading.close()  # type: ignore[attr-defined]  # a coroutine


@pytest.mark.parametrize("path", ["/users", "/classes/_User"])
async def test_a_limit_on_a_class_counts_its_other_path_too(server: MakeApp, path: str) -> None:
    limit = {
        "requestPath": "/classes/_User",
        "requestTimeWindow": 60_000,
        "requestCount": 1,
        "includeInternalRequests": True,
    }
    client = Client(await server(rateLimit=[limit]))
    await client.get("/users")
    assert (await client.get(path)).status_code == 429
