"""Users who signed up by a provider on one server log in by it on the other, both ways."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pymongo import MongoClient

from tests.conftest import database_in
from tests.differential.sides import SECURE
from tests.interchange.servers import OURS, PEER, Server, opened
from tests.providers.cases import APPLE, GOOGLE, REALM
from tests.providers.directory import SUFFIX, Slapd
from tests.providers.fake import BACK, FakeProviders
from tests.providers.keys import CLIENT, authority, token

pytestmark = [pytest.mark.node, pytest.mark.slow]
INSECURE = {"enableInsecureAuth": True}
OPTIONS = {
    **SECURE,
    # whose codes Parse Server can't exchange
    **dict.fromkeys(("gpgames", "instagram", "spotify"), INSECURE),
}


def in_roles(name: str) -> dict[str, Any]:
    more = {"roles": ["admin"], "groups": ["staff"]}
    return {"id": name, "access_token": token(REALM, name, azp=CLIENT, **more), **more}


GOOD: dict[str, Any] = {
    "apple": lambda: {"id": "1001", "token": token(APPLE, "1001")},
    "google": lambda: {"id": "1001", "id_token": token(GOOGLE, "1001")},
    "facebook": lambda: {"id": "1001", "access_token": "token-of-ada"},
    "facebook by Limited Login": lambda: {
        "id": "1003",
        "token": token("https://www.facebook.com", "1003"),
    },
    "keycloak": lambda: in_roles("1001"),
    "staff": lambda: {"id": "1001", "access_token": "token-of-ada"},
    "janraincapture": lambda: {"id": "uuid-1001", "access_token": "token-of-ada"},
    "gcenter": lambda: authority().signed("G:1001"),
    "microsoft": lambda: {"code": "code-of-ada", "redirect_uri": BACK},
    "linkedin": lambda: {"code": "code-of-old", "redirect_uri": BACK},
    "gpgames": lambda: {"id": "g1001", "access_token": "token-of-ada"},
    "instagram": lambda: {"id": "1001", "access_token": "token-of-ada"},
    "spotify": lambda: {"id": "s1001", "access_token": "token-of-ada"},
    "ldap": lambda: {"id": "ada", "password": "pass-word of ada"},
}


@dataclass(frozen=True, slots=True)
class Pair:
    """Both servers on one database, and the database."""

    ours: Server
    theirs: Server
    users: Any
    has_directory: bool


@pytest_asyncio.fixture(scope="module")
async def pair(mongo_uri: str, mongo: MongoClient[dict[str, Any]]) -> AsyncIterator[Pair]:
    name = f"interchange_{os.getpid()}_providers"
    uri = database_in(mongo_uri, name)
    mongo.drop_database(name)
    async with AsyncExitStack() as stack:
        stack.callback(mongo.drop_database, name)
        fake = stack.enter_context(FakeProviders())
        auth: dict[str, Any] = dict(OPTIONS)
        try:
            directory = stack.enter_context(Slapd())
        except pytest.skip.Exception:
            pass
        else:
            auth["ldap"] = {"url": directory.url, "suffix": SUFFIX}
        more: dict[str, Any] = {"auth": auth, "providers": fake.url}
        more["enableInsecureAuthAdapters"] = True
        theirs = await stack.enter_async_context(opened(PEER, uri, **more))
        ours = await stack.enter_async_context(opened(OURS, uri, **more))
        yield Pair(ours, theirs, mongo[name]["_User"], "ldap" in auth)


@pytest.mark.parametrize("way", GOOD)
@pytest.mark.parametrize("is_ours_first", [True, False], ids=["ours first", "theirs first"])
async def test_a_user_of_one_server_logs_in_on_the_other(
    pair: Pair, way: str, is_ours_first: bool
) -> None:
    name = way.partition(" ")[0]
    if name == "ldap" and not pair.has_directory:
        pytest.skip("there is no slapd")
    first, second = (pair.ours, pair.theirs) if is_ours_first else (pair.theirs, pair.ours)
    made = await first.done("POST", "/users", {"authData": {name: GOOD[way]()}})
    stored = pair.users.find_one({"_id": made["objectId"]})[f"_auth_data_{name}"]
    for server in (second, first, second):
        found = await server.done("POST", "/users", {"authData": {name: GOOD[way]()}})
        assert found["objectId"] == made["objectId"], server.kind
    kept = pair.users.find_one({"_id": made["objectId"]})[f"_auth_data_{name}"]
    assert kept["id"] == stored["id"]
    assert kept.keys() == stored.keys()
    await pair.ours.done("DELETE", f"/users/{made['objectId']}", who="master")


OLDER = {
    "github": ("1001", {"code": "code-of-ada"}),
    "line": ("U1001", {"code": "code-of-ada", "redirect_uri": BACK}),
    "qq": ("Q1001", {"code": "code-of-ada", "redirect_uri": BACK}),
    "twitter": ("1001", {"oauth_token": "request-of-ada", "oauth_verifier": "verifier-of-ada"}),
    "wechat": ("o1001", {"code": "code-of-ada"}),
    "weibo": ("1001", {"code": "code-of-ada", "redirect_uri": BACK}),
}


@pytest.mark.parametrize("name", OLDER)
async def test_a_user_of_before_parse_server_9_logs_in_here(pair: Pair, name: str) -> None:
    """By providers whose codes Parse Server 9.10 can't exchange: their users are older."""
    user_id, good = OLDER[name]
    linked = {"id": user_id, "access_token": "of earlier days"}
    pair.users.insert_one({"_id": f"old-{name}", "username": name, f"_auth_data_{name}": linked})
    refused = await pair.theirs.send("POST", "/users", {"authData": {name: good}})
    found = await pair.ours.done("POST", "/users", {"authData": {name: good}})
    assert found["objectId"] == f"old-{name}"
    assert not refused.is_success or refused.json()["objectId"] != f"old-{name}"


async def test_an_empty_password_opens_no_entry_of_a_directory_here(pair: Pair) -> None:
    """GHSA-863r-39r9-vfcf, beside the reference, which lets it in."""
    if not pair.has_directory:
        pytest.skip("there is no slapd")
    body = {"authData": {"ldap": {"id": "ada", "password": ""}}}
    assert (await pair.theirs.send("POST", "/users", body)).is_success
    answer = await pair.ours.send("POST", "/users", body)
    assert (answer.status_code, answer.json()["code"]) == (404, 101)


NOWHERE = "http://127.0.0.1:9"  # where nobody answers


async def test_a_certificate_that_can_not_be_had_ends_no_server_here(
    mongo_uri: str, mongo: MongoClient[dict[str, Any]]
) -> None:
    """One POST of anybody ends Parse Server 9.10, whose promise of a certificate nobody awaits."""
    name = f"interchange_{os.getpid()}_game_center"
    uri = database_in(mongo_uri, name)
    more: dict[str, Any] = {"auth": {"gcenter": SECURE["gcenter"]}, "providers": NOWHERE}
    asked = {"authData": {"gcenter": {"id": "G:1001"}}}
    lives: dict[str, bool] = {}
    try:
        for kind in (OURS, PEER):
            async with opened(kind, uri, **more) as server:
                try:
                    await server.send("POST", "/users", asked)
                    await server.send(
                        "POST", "/users", {"authData": {"gcenter": GOOD["gcenter"]()}}
                    )
                    lives[kind] = (await server.send("GET", "/health")).is_success
                except httpx.TransportError:
                    lives[kind] = False
    finally:
        mongo.drop_database(name)
    assert lives == {OURS: True, PEER: False}
