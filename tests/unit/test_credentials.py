"""Who asks: keys and tokens from headers, Basic authorization and body."""

import base64
import logging
from typing import Any

import pytest

from parsepy.app import Application, build
from parsepy.backend import Backend
from parsepy.config import Config
from parsepy.errors import Code, ParseError
from parsepy.http import credentials
from parsepy.http.admission import Admission
from parsepy.http.credentials import (
    Credentials,
    check_client_keys,
    client_keys,
    key_principal,
)
from parsepy.http.exchange import Exchange, run
from parsepy.http.limits import Limits
from parsepy.http.refusals import HTTPRefusal
from parsepy.http.requests import KeyRule, Request, Route, RouteMatch, SessionRule
from parsepy.http.responses import Answer
from parsepy.model.principal import MAINTENANCE, MASTER, NOBODY, READ_ONLY_MASTER, Principal
from parsepy.model.query import simple
from parsepy.operations import schemas
from tests.conftest import APP_ID, Client, MakeApp

HOME, FAR = "127.0.0.1", "203.0.113.9"
OPTIONS = {
    "appId": "shop",
    "masterKey": "master",
    "maintenanceKey": "maintenance",
    "readOnlyMasterKey": "reader",
    "databaseURI": "mongodb://127.0.0.1:1/none",
}
CONFIG = Config.from_options(OPTIONS)


def backend(**options: Any) -> Backend:
    return build(Config.from_options({**OPTIONS, **options})).backend


async def handler(request: Request) -> Answer:
    return Answer("done")


async def principal_of(
    backend: Backend,
    found: Credentials,
    session: SessionRule = SessionRule.USUAL,
    keys: KeyRule = KeyRule.ASKED,
) -> Principal:
    """Who asks, on a route of this policy."""
    exchange = Exchange({"method": "GET"}, None, {}, "1", HOME, "")  # type: ignore[arg-type]
    exchange.match = RouteMatch(Route("GET", "/", handler, session=session, keys=keys), {})
    exchange.credentials = found
    admission = Admission(backend, Limits(backend))
    done = Answer("done")
    await run((admission.check_keys, admission.find_session, lambda _: done), exchange)
    return exchange.principal


def shown(**fields: Any) -> Credentials:
    """What a request shows that has these credentials, and no others."""
    found = Credentials()
    for name, value in fields.items():
        assert hasattr(found, name)
        setattr(found, name, value)
    return found


def basic(text: str) -> dict[bytes, bytes]:
    return {b"authorization": b"Basic " + base64.b64encode(text.encode())}


def read(headers: dict[bytes, bytes] | None = None, **body: Any) -> Credentials:
    return credentials.read(CONFIG, headers or {}, body)


# --- where they are written -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "attribute"),
    [
        (b"x-parse-application-id", "app_id"),
        (b"x-parse-master-key", "master_key"),
        (b"x-parse-maintenance-key", "maintenance_key"),
        (b"x-parse-client-key", "client_key"),
        (b"x-parse-javascript-key", "javascript_key"),
        (b"x-parse-windows-key", "windows_key"),
        (b"x-parse-rest-api-key", "rest_api_key"),
        (b"x-parse-session-token", "session_token"),
        (b"x-parse-installation-id", "installation_id"),
    ],
)
def test_a_header_is_a_credential(header: bytes, attribute: str) -> None:
    assert read({header: b"v\xe9"}) == shown(**{attribute: "vé"})


def test_basic_authorization_brings_the_master_key() -> None:
    assert read(basic("shop:master")) == shown(app_id="shop", master_key="master")


def test_basic_authorization_may_bring_the_javascript_key() -> None:
    found = read(basic("shop:javascript-key=js"))
    assert found == shown(app_id="shop", javascript_key="js")


@pytest.mark.parametrize(
    "headers",
    [
        basic("other:master"),
        basic("shop"),
        basic("shop:a:b"),
        {b"authorization": b"Basic %%%"},
        {b"authorization": b"Basic /w=="},
        {b"authorization": b"Bearer c2hvcDptYXN0ZXI="},
        {b"authorization": b"Basic"},
    ],
)
def test_other_authorization_says_nothing(headers: dict[bytes, bytes]) -> None:
    assert read(headers) == shown()


def test_an_application_id_in_the_headers_makes_basic_authorization_moot() -> None:
    found = read({b"x-parse-application-id": b"shop", **basic("shop:master")})
    assert found == shown(app_id="shop")


BODY = {
    "_ApplicationId": "shop",
    "_JavaScriptKey": "js",
    "_InstallationId": "phone",
    "_SessionToken": "r:1",
    "_MasterKey": "master",
    "_MaintenanceKey": "maintenance",
    "_context": {"from": "cart"},
    "_ContentType": "image/png",
    "_ClientVersion": "js8.6.2",
    "_RevocableSession": "1",
    "_noBody": True,
    "_method": "GET",
}


def test_a_body_without_credentials_in_the_headers_may_hold_them() -> None:
    assert read(None, **BODY) == shown(
        app_id="shop",
        javascript_key="js",
        installation_id="phone",
        session_token="r:1",
        master_key="master",
        maintenance_key="maintenance",
        context={"from": "cart"},
    )


@pytest.mark.parametrize("headers", [{}, {b"x-parse-application-id": b"shop"}])
def test_credentials_are_taken_out_of_the_body_and_nothing_else(
    headers: dict[bytes, bytes],
) -> None:
    body = {**BODY, "name": "cup", "_rperm": ["*"]}
    credentials.read(CONFIG, headers, body)
    assert body == {"name": "cup", "_rperm": ["*"]}


def test_the_bodys_credentials_do_not_count_beside_the_headers() -> None:
    found = read({b"x-parse-application-id": b"shop"}, **BODY)
    assert found == shown(app_id="shop")


def test_an_unknown_application_in_the_headers_lets_the_body_speak() -> None:
    assert read({b"x-parse-application-id": b"other"}, **BODY).app_id == "shop"


@pytest.mark.parametrize(
    "name", ["_InstallationId", "_SessionToken", "_MasterKey", "_MaintenanceKey", "_ContentType"]
)
@pytest.mark.parametrize("value", [5, True, {}, ["master"]])
def test_a_credential_in_the_body_that_is_no_text_is_refused(name: str, value: Any) -> None:
    with pytest.raises(HTTPRefusal) as refused:
        read(None, **{"_ApplicationId": "shop", name: value})
    assert (refused.value.status, refused.value.message) == (403, "unauthorized")


def test_of_two_master_keys_the_one_in_the_header_must_be_right() -> None:
    right, wrong = {b"x-parse-master-key": b"master"}, {b"x-parse-master-key": b"wrong"}
    assert read(right, **BODY).master_key == "master"
    with pytest.raises(HTTPRefusal):
        read(wrong, **BODY)


def test_a_null_credential_is_none() -> None:
    body: dict[str, Any] = {"_ApplicationId": "shop", "_SessionToken": None, "_JavaScriptKey": 5}
    assert read(None, **body) == shown(app_id="shop")


# --- the context for cloud code -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "context"),
    [(None, {}), ({"a": 1}, {"a": 1}), ('{"a":1}', {"a": 1}), (b'{"a":1}', {"a": 1}), (b"{}", {})],
)
def test_the_context_is_an_object_or_its_json(value: Any, context: Any) -> None:
    assert credentials.trigger_context(shown(context=value)) == context


@pytest.mark.parametrize("value", [b"", b"{", b"[]", "5", 5, [1], b"\xff"])
def test_another_context_is_refused(value: Any) -> None:
    with pytest.raises(ParseError, match="Invalid object for context") as refused:
        credentials.trigger_context(shown(context=value))
    assert refused.value.code == Code.INVALID_JSON


# --- keys ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "principal"),
    [
        (shown(), None),
        (shown(master_key="master"), MASTER),
        (shown(master_key="reader"), READ_ONLY_MASTER),
        (shown(maintenance_key="maintenance"), MAINTENANCE),
        (shown(maintenance_key="maintenance", master_key="master"), MAINTENANCE),
        (shown(maintenance_key="no", master_key="master"), MASTER),
        (shown(master_key="maintenance"), None),
        (shown(maintenance_key="master"), None),
        (shown(master_key="Master"), None),
        (shown(master_key=""), None),
        (shown(master_key="é"), None),
    ],
)
def test_a_key_makes_its_principal(found: Credentials, principal: Principal | None) -> None:
    assert key_principal(backend(), found, HOME) is principal


def test_an_empty_key_never_fits_an_option_that_is_not_set() -> None:
    plain = backend(maintenanceKey=None, readOnlyMasterKey=None)
    assert key_principal(plain, shown(master_key="", maintenance_key=""), HOME) is None


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (shown(master_key="master"), "masterKey"),
        (shown(maintenance_key="maintenance"), "maintenanceKey"),
    ],
)
def test_a_right_key_from_a_wrong_address_is_refused_and_the_log_says_why(
    found: Credentials, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(HTTPRefusal) as refused:
        key_principal(backend(), found, FAR)
    assert refused.value.status == 403
    assert f"add the address to {name}Ips" in caplog.text


def test_addresses_are_opened_by_option() -> None:
    opened = backend(masterKeyIps=["203.0.113.0/24"])
    assert key_principal(opened, shown(master_key="master"), FAR) is MASTER


def test_the_read_only_key_is_accepted_from_everywhere_by_default() -> None:
    assert key_principal(backend(), shown(master_key="reader"), FAR) is READ_ONLY_MASTER


@pytest.mark.parametrize(
    ("option", "attribute"),
    [
        ("clientKey", "client_key"),
        ("javascriptKey", "javascript_key"),
        ("dotNetKey", "windows_key"),
        ("restAPIKey", "rest_api_key"),
    ],
)
def test_a_configured_client_key_must_be_sent(option: str, attribute: str) -> None:
    config = Config.from_options({**OPTIONS, option: "k"})
    check_client_keys(client_keys(config), shown(**{attribute: "k"}))
    for wrong in (shown(), shown(**{attribute: "K"}), shown(master_key="k")):
        with pytest.raises(HTTPRefusal):
            check_client_keys(client_keys(config), wrong)


def test_any_one_of_several_client_keys_is_enough() -> None:
    config = Config.from_options({**OPTIONS, "clientKey": "a", "restAPIKey": "b"})
    check_client_keys(client_keys(config), shown(client_key="wrong", rest_api_key="b"))


def test_without_client_keys_the_application_id_is_enough() -> None:
    check_client_keys(client_keys(CONFIG), shown())


# --- the decision (with a database: sessions) -------------------------------------------------


@pytest.mark.parametrize("app_id", [None, "", "Shop"])
async def test_an_unknown_application_is_refused_whatever_its_keys(app_id: str | None) -> None:
    with pytest.raises(HTTPRefusal):
        await principal_of(backend(), shown(app_id=app_id, master_key="master"))


async def test_a_key_decides_before_client_keys_and_tokens() -> None:
    found = shown(app_id="shop", master_key="master", session_token="r:1")
    assert await principal_of(backend(clientKey="k"), found) is MASTER


async def test_a_wrong_master_key_is_a_client_without_rights() -> None:
    found = shown(app_id="shop", master_key="wrong")
    assert await principal_of(backend(), found) is NOBODY
    with pytest.raises(HTTPRefusal):
        await principal_of(backend(clientKey="k"), found)


async def test_a_login_ignores_an_old_token() -> None:
    found = shown(app_id="shop", session_token="r:old")
    assert await principal_of(backend(), found, SessionRule.IGNORED) is NOBODY


async def sign_up(application: Application) -> str:
    async with Client(application) as anybody:
        answer = await anybody.post("/users", json={"username": "anna", "password": "secret"})
        return str(answer.json()["sessionToken"])


async def test_a_session_token_is_its_user(app: MakeApp) -> None:
    application = await app()
    token = await sign_up(application)
    found = shown(app_id=APP_ID, session_token=token)
    for rule in (SessionRule.USUAL, SessionRule.LOOKED_UP, SessionRule.LEGACY):
        principal = await principal_of(application.backend, found, rule)
        assert principal.session_token == token
        assert principal.user is not None
        assert principal.user["username"] == "anna"


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (SessionRule.USUAL, "Invalid session token"),
        (SessionRule.FIRST, "Invalid session token"),
        (SessionRule.LOOKED_UP, "Session token not found."),
        (SessionRule.LEGACY, "invalid legacy session token"),
    ],
)
async def test_an_unknown_token_is_refused(
    application: Application, rule: SessionRule, message: str
) -> None:
    with pytest.raises(ParseError) as refused:
        await principal_of(application.backend, shown(app_id=APP_ID, session_token="nobodys"), rule)
    assert (refused.value.code, refused.value.message) == (209, message)


async def test_an_expired_session_is_told_so(app: MakeApp) -> None:
    application = await app()
    storage, token = application.backend.storage, await sign_up(application)
    session = await schemas.existing(application.backend, "_Session")
    past = {"__type": "Date", "iso": "2020-01-01T00:00:00.000Z"}
    where = simple("_Session", {"sessionToken": token}).where
    assert await storage.update(session, where, {"expiresAt": past})
    found = shown(app_id=APP_ID, session_token=token)
    for rule in (SessionRule.USUAL, SessionRule.LOOKED_UP):
        with pytest.raises(ParseError, match="Session token is expired") as refused:
            await principal_of(application.backend, found, rule)
        assert refused.value.code == 209


async def test_me_is_the_tokens_user_even_with_the_master_key(app: MakeApp) -> None:
    application = await app()
    token = await sign_up(application)
    found = shown(app_id=APP_ID, master_key=application.backend.config.master_key)
    found.session_token = token
    principal = await principal_of(application.backend, found, SessionRule.FIRST)
    assert not principal.is_master
    assert principal.session_token == token
