"""Keys and session tokens: in headers, in Basic authorization, in the body."""

import base64
from typing import Any

import httpx
import pytest

from parsepy.app import Application
from tests.conftest import APP_ID, MASTER_KEY, MOUNT, Client, MakeApp
from tests.rest.shop import MAINTENANCE_KEY, SignUp, create, find, ok, refused, unique


async def ask(
    application: Application,
    headers: dict[str, str] | None = None,
    body: Any = None,
    *,
    ip: str = "127.0.0.1",
    verb: str = "POST",
    path: str = "/classes/Product",
) -> httpx.Response:
    """A request with exactly these headers and this body."""
    transport = httpx.ASGITransport(app=application, client=(ip, 4000))
    async with httpx.AsyncClient(transport=transport, base_url=MOUNT) as nobody:
        return await nobody.request(verb, path, headers=headers, json=body)


def unauthorized(response: httpx.Response) -> bool:
    return (response.status_code, response.json()) == (403, {"error": "unauthorized"})


APP = {"X-Parse-Application-Id": APP_ID}
GET = {"_method": "GET"}


@pytest.mark.parametrize(
    "headers", [{}, {"X-Parse-Application-Id": ""}, {"X-Parse-Application-Id": "other"}]
)
async def test_a_request_without_the_application_id_is_refused(
    application: Application, headers: dict[str, str]
) -> None:
    assert unauthorized(await ask(application, headers, GET))


async def test_header_names_have_no_case(application: Application) -> None:
    ok(await ask(application, {"x-parse-APPLICATION-id": APP_ID}, GET))


async def test_the_javascript_sdk_s_body_form_is_understood(
    application: Application, sign_up: SignUp
) -> None:
    anna = await sign_up()
    body = {
        "_ApplicationId": APP_ID,
        "_ClientVersion": "js8.6.2",
        "_InstallationId": "browser",
        "_SessionToken": anna.token,
        "_RevocableSession": "1",
        "_noBody": True,
        **GET,
    }
    text = {"Content-Type": "text/plain"}
    assert ok(await ask(application, text, body, path="/users/me"))["objectId"] == anna.id


async def test_the_body_s_keys_are_not_stored(application: Application, orders: str) -> None:
    body = {"_ApplicationId": APP_ID, "_MasterKey": MASTER_KEY, "_ClientVersion": "js", "a": 1}
    ok(await ask(application, {}, body, path=f"/classes/{orders}"), 201)
    (order,) = await find(Client(application), orders)
    assert set(order) == {"objectId", "createdAt", "updatedAt", "a"}


@pytest.mark.parametrize("key", ["_SessionToken", "_MasterKey", "_InstallationId", "_ContentType"])
async def test_a_body_key_that_is_no_text_is_refused(application: Application, key: str) -> None:
    body = {"_ApplicationId": APP_ID, key: {"$ne": None}, **GET}
    assert unauthorized(await ask(application, {}, body))


@pytest.mark.parametrize("method", [5, None, {"a": 1}])
async def test_a_method_that_is_no_text_is_ignored(
    application: Application, orders: str, method: Any
) -> None:
    body = {"_method": method, "a": 1}
    ok(await ask(application, APP, body, path=f"/classes/{orders}"), 201)


async def test_a_method_counts_in_a_post_only(client: Client, orders: str) -> None:
    order = await create(client, orders, a=1)
    path = f"/classes/{orders}/{order}"
    ok(await ask(client.application, APP, {"_method": "DELETE"}, verb="PUT", path=path))
    ok(await client.get(path))


def basic(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


async def test_basic_authorization_may_hold_the_master_key(application: Application) -> None:
    path = "/schemas"
    ok(await ask(application, basic(f"{APP_ID}:{MASTER_KEY}"), verb="GET", path=path))
    response = await ask(application, basic(f"{APP_ID}:wrong"), verb="GET", path=path)
    assert response.status_code == 403


@pytest.mark.parametrize(
    "header", ["Basic !!!", "Basic", "Bearer abc", "Basic " + base64.b64encode(b"x").decode()]
)
async def test_a_broken_authorization_is_refused(application: Application, header: str) -> None:
    assert unauthorized(await ask(application, {"Authorization": header}, GET))


@pytest.mark.parametrize("colons", [":a:b", "other:x", "::"])
async def test_basic_authorization_of_another_shape_is_refused(
    application: Application, colons: str
) -> None:
    assert unauthorized(await ask(application, basic(f"{colons}"), GET))


# --- client keys --------------------------------------------------------------------------------

KEYS = {
    "clientKey": "X-Parse-Client-Key",
    "javascriptKey": "X-Parse-Javascript-Key",
    "restAPIKey": "X-Parse-REST-API-Key",
    "dotNetKey": "X-Parse-Windows-Key",
}


@pytest.mark.parametrize("option", KEYS)
async def test_a_client_key_that_is_configured_must_be_sent(server: MakeApp, option: str) -> None:
    application = await server(**{option: "the-key"})
    ok(await ask(application, {**APP, KEYS[option]: "the-key"}, GET))
    ok(await ask(application, {**APP, "X-Parse-Master-Key": MASTER_KEY}, GET))
    for other in KEYS.values():
        value = "wrong" if other == KEYS[option] else "the-key"
        assert unauthorized(await ask(application, {**APP, other: value}, GET))
    assert unauthorized(await ask(application, APP, GET))


async def test_the_javascript_key_may_come_in_the_body_or_by_basic(server: MakeApp) -> None:
    application = await server(javascriptKey="the-key")
    body = {"_ApplicationId": APP_ID, "_JavaScriptKey": "the-key", **GET}
    ok(await ask(application, {}, body))
    ok(await ask(application, basic(f"{APP_ID}:javascript-key=the-key"), GET))


# --- master, read-only and maintenance keys -----------------------------------------------------


@pytest.mark.parametrize("ip", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
async def test_the_master_key_works_from_this_machine(application: Application, ip: str) -> None:
    headers = {**APP, "X-Parse-Master-Key": MASTER_KEY}
    ok(await ask(application, headers, ip=ip, verb="GET", path="/schemas"))


@pytest.mark.parametrize("ip", ["203.0.113.9", "10.0.0.1", "::2", "::ffff:10.0.0.1"])
async def test_the_master_key_works_from_nowhere_else(application: Application, ip: str) -> None:
    headers = {**APP, "X-Parse-Master-Key": MASTER_KEY}
    assert unauthorized(await ask(application, headers, GET, ip=ip))


@pytest.mark.parametrize(
    ("networks", "ip", "allowed"),
    [
        (["10.0.0.0/8"], "10.1.2.3", True),
        (["10.0.0.0/8"], "11.1.2.3", False),
        (["0.0.0.0/0"], "203.0.113.9", True),
        (["::/0"], "2001:db8::1", True),
        (["2001:db8::/32"], "2001:db9::1", False),
    ],
)
async def test_masterkeyips_say_from_where(
    server: MakeApp, networks: list[str], ip: str, allowed: bool
) -> None:
    application = await server(masterKeyIps=networks)
    headers = {**APP, "X-Parse-Master-Key": MASTER_KEY}
    response = await ask(application, headers, ip=ip, verb="GET", path="/schemas")
    assert response.is_success == allowed


async def test_a_wrong_master_key_is_no_key(application: Application, client: Client) -> None:
    headers = {**APP, "X-Parse-Master-Key": MASTER_KEY + "x"}
    ok(await ask(application, headers, GET))
    assert (await ask(application, headers, verb="GET", path="/schemas")).status_code == 403


async def test_the_maintenance_key_may_say_when_an_object_was_made(
    application: Application, orders: str
) -> None:
    body = {"createdAt": {"__type": "Date", "iso": "2020-01-02T03:04:05.678Z"}, "a": 1}
    headers = {**APP, "X-Parse-Maintenance-Key": MAINTENANCE_KEY}
    made = ok(await ask(application, headers, body, path=f"/classes/{orders}"), 201)
    assert made["createdAt"] == "2020-01-02T03:04:05.678Z"
    made = ok(await ask(application, APP, body, path=f"/classes/{orders}"), 201)
    assert made["createdAt"] != "2020-01-02T03:04:05.678Z"


# --- session tokens -----------------------------------------------------------------------------

BAD_TOKENS = ["r:" + "0" * 32, "nonsense", "r:", "x" * 5000, "null"]


@pytest.mark.parametrize("token", BAD_TOKENS)
async def test_a_token_that_is_none_is_refused_on_every_route(client: Client, token: str) -> None:
    caller = client.as_user(token)
    for verb, path in (("GET", "/classes/Product"), ("GET", "/users/me"), ("POST", "/logout")):
        refused(await caller.request(verb, path), 209)


async def test_a_log_in_ignores_the_token_that_is_sent(client: Client, sign_up: SignUp) -> None:
    anna = await sign_up()
    body = {"username": anna.name, "password": "correct horse"}
    ok(await client.as_user("r:" + "0" * 32).post("/login", json=body))


async def test_the_master_key_outranks_a_session_token(
    application: Application, sign_up: SignUp, master: Client, orders: str
) -> None:
    anna = await sign_up()
    await create(master, orders, ACL={})
    headers = {**APP, "X-Parse-Master-Key": MASTER_KEY, "X-Parse-Session-Token": anna.token}
    response = await ask(application, headers, verb="GET", path=f"/classes/{orders}")
    assert len(ok(response)["results"]) == 1


@pytest.mark.parametrize("context", ["5", "[1]", "nonsense", "null", '"x"'])
async def test_a_cloud_context_that_is_no_object_is_refused(
    application: Application, context: str
) -> None:
    headers = {**APP, "X-Parse-Cloud-Context": context}
    message = refused(await ask(application, headers, GET), 107)
    assert message == "Invalid object for context."


async def test_an_installation_id_is_kept_with_the_session(
    application: Application, master: Client
) -> None:
    name, phone = unique("anna"), unique("phone")
    body = {"username": name, "password": "x"}
    headers = {**APP, "X-Parse-Installation-Id": phone}
    token = ok(await ask(application, headers, body, path="/users"), 201)["sessionToken"]
    (session,) = await find(master, "_Session", {"sessionToken": token})
    assert session["installationId"] == phone
