"""Rate limits: who is counted where, and the ways round them that must not work."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from parsepy.app import Application
from parsepy.errors import Code
from tests.conftest import MASTER_KEY, MOUNT, Client, MakeApp
from tests.rest.shop import PASSWORD, item_of_batch, ok, refused, unique

Far = Callable[..., Awaitable[Client]]
LOGIN = {"requestPath": "/login", "requestTimeWindow": 60_000, "requestCount": 2}
WRONG = {"username": "nobody", "password": "wrong"}


@pytest.fixture
def far(app: MakeApp, shop_uri: str) -> Far:
    """A client of a shop with these limits, from another machine than the server's."""

    async def make(*limits: dict[str, Any], **options: Any) -> Client:
        server = await app(databaseURI=shop_uri, rateLimit=list(limits), **options)
        return at(server, "203.0.113.7")

    return make


def at(server: Application, address: str) -> Client:
    client = Client(server)
    client._transport = httpx.ASGITransport(app=server, client=(address, 4711))
    return client


def too_many(response: httpx.Response) -> str:
    return refused(response, Code.CONNECTION_FAILED, 429)


async def test_what_is_too_much_is_refused_until_the_window_is_over(far: Far) -> None:
    client = await far(LOGIN)
    for left in (1, 0):
        response = await client.post("/login", json=WRONG)
        refused(response, Code.OBJECT_NOT_FOUND, 404)
        assert response.headers["X-RateLimit-Limit"] == "2"
        assert response.headers["X-RateLimit-Remaining"] == str(left)
    response = await client.post("/login", json=WRONG)
    assert too_many(response) == "Too many requests."
    assert 0 < int(response.headers["Retry-After"]) <= 60


async def test_each_address_has_its_own_count(far: Far) -> None:
    client = await far({**LOGIN, "requestCount": 1})
    await client.post("/login", json=WRONG)
    too_many(await client.post("/login", json=WRONG))
    other = at(client.application, "203.0.113.8")
    refused(await other.post("/login", json=WRONG), Code.OBJECT_NOT_FOUND, 404)


async def test_the_message_is_the_operator_s(far: Far) -> None:
    client = await far({**LOGIN, "requestCount": 0, "errorResponseMessage": "slow down"})
    assert too_many(await client.post("/login", json=WRONG)) == "slow down"


@pytest.mark.parametrize("path", ["/login/", "//login", "/%6Cogin", "/login?x=1"])
async def test_another_spelling_of_the_path_is_counted(far: Far, path: str) -> None:
    client = await far({**LOGIN, "requestCount": 0})
    too_many(await client.post(MOUNT + path, json=WRONG))


async def test_another_case_of_the_path_leads_nowhere(far: Far) -> None:
    client = await far({**LOGIN, "requestCount": 0})
    assert (await client.post("/LOGIN", json=WRONG)).status_code in (404, 429)


async def test_items_of_a_batch_count_each(far: Far) -> None:
    client = await far(LOGIN)
    requests = [item_of_batch("POST", "/login", WRONG)] * 3
    too_many(await client.post("/batch", json={"requests": requests}))
    too_many(await client.post("/login", json=WRONG))


async def test_a_method_in_a_post_s_dress_counts_as_what_it_is(far: Far) -> None:
    client = await far({**LOGIN, "requestCount": 0, "requestMethods": ["GET"]})
    too_many(await client.post("/login", json={"_method": "GET", **WRONG}))
    refused(await client.post("/login", json=WRONG), Code.OBJECT_NOT_FOUND, 404)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_item_of_a_batch_counts_as_its_method_and_as_post(far: Far, method: str) -> None:
    client = await far({**LOGIN, "requestCount": 0, "requestMethods": [method]})
    batch = {"requests": [item_of_batch("GET", "/login", WRONG)]}
    too_many(await client.post("/batch", json=batch))


async def test_what_other_services_send_is_counted(far: Far) -> None:
    client = await far({**LOGIN, "requestPath": "/webhooks/*path", "zone": "user"})
    for _ in range(2):
        assert (await client.post("/webhooks/stripe", content="x")).status_code == 404
    too_many(await client.post("/webhooks/stripe", content="x"))


async def test_other_methods_are_not_counted(far: Far) -> None:
    client = await far({**LOGIN, "requestCount": 0, "requestMethods": "PUT|DELETE"})
    refused(await client.post("/login", json=WRONG), Code.OBJECT_NOT_FOUND, 404)


async def test_an_alias_of_a_class_is_counted_with_it(far: Far) -> None:
    limit = {"requestPath": "/users", "requestTimeWindow": 60_000, "requestCount": 1}
    client = await far(limit)
    ok(await client.post("/users", json={"username": unique("a"), "password": PASSWORD}), 201)
    too_many(await client.post("/classes/_User", json={"username": "b", "password": PASSWORD}))


async def test_the_master_key_is_counted_only_if_asked_for(far: Far) -> None:
    for included, status in ((False, 404), (True, 429)):
        client = await far(
            {**LOGIN, "requestCount": 0, "includeMasterKey": included},
            masterKeyIps=["0.0.0.0/0"],
        )
        client.headers["X-Parse-Master-Key"] = MASTER_KEY
        assert (await client.post("/login", json=WRONG)).status_code == status


async def test_this_machine_is_counted_only_if_asked_for(far: Far) -> None:
    for included, status in ((False, 404), (True, 429)):
        limit = {**LOGIN, "requestCount": 0, "includeInternalRequests": included}
        here = Client((await far(limit)).application)
        assert (await here.post("/login", json=WRONG)).status_code == status


async def test_a_global_zone_counts_everybody_together(far: Far) -> None:
    client = await far({**LOGIN, "requestCount": 1, "zone": "global"})
    await client.post("/login", json=WRONG)
    too_many(await at(client.application, "203.0.113.8").post("/login", json=WRONG))


@pytest.mark.parametrize("zone", ["user", "session"])
async def test_a_user_is_counted_wherever_he_is(far: Far, zone: str) -> None:
    limit = {
        "requestPath": "/classes/Product",
        "requestTimeWindow": 60_000,
        "requestCount": 1,
        "zone": zone,
    }
    client = await far(limit)
    body = {"username": unique("ann"), "password": PASSWORD}
    token = ok(await client.post("/users", json=body), 201)["sessionToken"]
    for address, status in (("203.0.113.7", 200), ("203.0.113.8", 429)):
        ann = at(client.application, address)
        ann.headers["X-Parse-Session-Token"] = token
        assert (await ann.get("/classes/Product")).status_code == status
    ok(await client.get("/classes/Product"))


async def test_made_up_sessions_count_for_their_address(far: Far) -> None:
    limit = {
        "requestPath": "/classes/*path",
        "requestTimeWindow": 60_000,
        "requestCount": 1,
        "zone": "session",
    }
    client = await far(limit)
    first, second = [
        await client.get("/classes/Product", headers={"X-Parse-Session-Token": f"r:{n}"})
        for n in range(2)
    ]
    refused(first, Code.INVALID_SESSION_TOKEN)
    too_many(second)


async def test_cloud_code_declares_limits_at_any_time(far: Far) -> None:
    client = await far()
    triggers = client.application.backend.triggers
    refused(await client.post("/login", json=WRONG), Code.OBJECT_NOT_FOUND, 404)
    triggers.rate_limits = [{**LOGIN, "requestCount": 0}]
    too_many(await client.post("/login", json=WRONG))
    triggers.rate_limits[0] = {"requestPath": "((", "requestTimeWindow": 1, "requestCount": 1}
    refused(await client.post("/login", json=WRONG), Code.OBJECT_NOT_FOUND, 404)
    triggers.rate_limits = []
    refused(await client.post("/login", json=WRONG), Code.OBJECT_NOT_FOUND, 404)


async def test_a_client_s_word_on_its_address_counts_only_behind_a_trusted_proxy(far: Far) -> None:
    for trusted, status in ((False, 429), (["203.0.113.7"], 404)):
        client = await far({**LOGIN, "requestCount": 1}, trustProxy=trusted)
        for address in ("198.51.100.1", "198.51.100.2"):
            answer = await client.post("/login", json=WRONG, headers={"X-Forwarded-For": address})
        assert answer.status_code == status


async def test_a_client_may_use_the_listed_routes_only(far: Far) -> None:
    client = await far(routeAllowList=["classes/Product", "batch", "health"])
    ok(await client.get("/health"))
    ok(await client.get("/classes/Product/"))
    for path in ("/classes/ProductX", "/classes/Product/abc", "/login", "/config"):
        message = refused(await client.get(path), Code.OPERATION_FORBIDDEN)
        assert message == "Permission denied"
    hidden = {"requests": [item_of_batch("GET", "/config")]}
    refused(await client.post("/batch", json=hidden), Code.OPERATION_FORBIDDEN)
    ok(await client.post("/batch", json={"requests": [item_of_batch("GET", "/classes/Product")]}))


async def test_the_master_key_may_use_every_route(app: MakeApp, shop_uri: str) -> None:
    server = await app(databaseURI=shop_uri, routeAllowList=[], enableSanitizedErrorResponse=False)
    ok(await Client(server, master=True).get("/config"))
    message = refused(await Client(server).get("/config"), Code.OPERATION_FORBIDDEN)
    assert message == "Route not allowed by routeAllowList: GET config"
