"""Users who have set up a second factor on Parse Server: parsepy lets nobody in by less."""

import base64
import hashlib
import hmac
import os
import struct
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from pymongo import MongoClient

from tests.conftest import database_in
from tests.interchange.servers import OURS, PEER, Server, opened

pytestmark = [pytest.mark.node, pytest.mark.slow]
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
MFA = {"mfa": {"options": ["TOTP"], "enabled": True}}
CREDENTIALS = {"username": "cautious", "password": "pass-word"}
MISSING = {"code": -1, "error": "Missing additional authData mfa"}


def code_of(secret: str) -> str:
    """The six digits of this moment (RFC 6238 with Parse's defaults)."""
    moment = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.digest(base64.b32decode(secret), moment, hashlib.sha1)
    offset = digest[-1] & 15
    return f"{(struct.unpack_from('>I', digest, offset)[0] & 0x7FFFFFFF) % 1_000_000:06d}"


@dataclass(frozen=True, slots=True)
class Both:
    """A database on which both servers run, with a user who has set up TOTP on Parse Server."""

    ours: Server
    theirs: Server
    user_id: str
    token: str
    recovery: list[str]
    is_checked: bool
    """Is the second factor configured at parsepy as well?"""


@pytest_asyncio.fixture(
    scope="module", params=[MFA, {}], ids=["with mfa configured", "without mfa configured"]
)
async def both(
    request: pytest.FixtureRequest, mongo_uri: str, mongo: MongoClient[dict[str, Any]]
) -> AsyncIterator[Both]:
    """Let Parse Server enrol a user, then open the same database with parsepy."""
    name = f"interchange_{os.getpid()}_mfa"
    uri = database_in(mongo_uri, name)
    mongo.drop_database(name)
    async with AsyncExitStack() as stack:
        stack.callback(mongo.drop_database, name)
        theirs = await stack.enter_async_context(opened(PEER, uri, auth=MFA))
        made = await theirs.done("POST", "/users", {**CREDENTIALS, "email": "c@shop.test"})
        token, user_id = made["sessionToken"], made["objectId"]
        linked = {
            "mfa": {"secret": SECRET, "token": code_of(SECRET)},
            "anonymous": {"id": "the-cautious-one"},
        }
        body = {"authData": linked}
        answer = await theirs.done("PUT", f"/users/{user_id}", body, who=token)
        recovery = answer["authDataResponse"]["mfa"]["recovery"].split(", ")
        ours = await stack.enter_async_context(opened(OURS, uri, auth=request.param))
        yield Both(ours, theirs, user_id, token, recovery, bool(request.param))


LOG_INS = {
    "POST /login": ("POST", "/login", CREDENTIALS, None),
    "GET /login": ("GET", "/login", None, CREDENTIALS),
    "by e-mail": ("POST", "/login", {"email": "c@shop.test", "password": "pass-word"}, None),
    "with mfa null": ("POST", "/login", {**CREDENTIALS, "authData": {"mfa": None}}, None),
    "by another provider": (
        "POST",
        "/users",
        {"authData": {"anonymous": {"id": "the-cautious-one"}}},
        None,
    ),
}


@pytest.mark.parametrize("way", LOG_INS)
async def test_nobody_logs_in_by_less_on_either_server(both: Both, way: str) -> None:
    method, path, body, query = LOG_INS[way]
    for server in (both.theirs, both.ours):
        answer = await server.send(method, path, body, query=query)
        assert (answer.status_code, answer.json()) == (400, MISSING), server.kind


async def test_the_master_key_does_not_replace_the_second_factor_at_login(both: Both) -> None:
    for server in (both.theirs, both.ours):
        answer = await server.send("POST", "/login", CREDENTIALS, who="master")
        assert answer.json() == MISSING, server.kind


async def test_loginas_of_the_master_key_asks_for_no_second_factor(both: Both) -> None:
    for server in (both.theirs, both.ours):
        answer = await server.done("POST", "/loginAs", {"userId": both.user_id}, who="master")
        assert answer["sessionToken"].startswith("r:"), server.kind


@pytest.mark.parametrize("given", [{"token": "123456"}, {"token": "a recovery code"}, {}])
async def test_a_second_factor_that_can_not_be_checked_opens_nothing(
    both: Both, given: dict[str, str]
) -> None:
    if "recovery" in given.get("token", ""):
        given = {"token": both.recovery[0]}
    if both.is_checked:
        pytest.skip("the second factor can be checked")
    answer = await both.ours.send("POST", "/login", {**CREDENTIALS, "authData": {"mfa": given}})
    assert answer.status_code == 400
    assert answer.json()["code"] == 252


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_verifypassword_shows_nothing_to_who_knows_only_the_password(
    both: Both, method: str
) -> None:
    query, body = (CREDENTIALS, None) if method == "GET" else (None, CREDENTIALS)
    answer = await both.ours.send(method, "/verifyPassword", body, query=query)
    assert answer.json() == MISSING
    for who in (both.token, "master"):
        shown = await both.ours.done(method, "/verifyPassword", body, query=query, who=who)
        assert shown["objectId"] == both.user_id


READS: dict[str, tuple[str, str, Any]] = {
    "/users/me": ("GET", "/users/me", None),
    "/users/:id": ("GET", "/users/{id}", None),
    "a query": ("GET", "/classes/_User", None),
    "/verifyPassword": ("POST", "/verifyPassword", CREDENTIALS),
}


@pytest.mark.parametrize("way", READS)
async def test_the_user_reads_only_that_the_second_factor_is_on(both: Both, way: str) -> None:
    method, path, body = READS[way]
    path = path.format(id=both.user_id)
    for server in (both.theirs, both.ours):
        answer = await server.done(method, path, body, who=both.token)
        user = answer["results"][0] if "results" in answer else answer
        shown = {"mfa": {"status": "enabled"}, "anonymous": {"id": "the-cautious-one"}}
        assert user["authData"] == shown, server.kind


async def test_the_master_key_reads_the_stored_secret(both: Both) -> None:
    for server in (both.theirs, both.ours):
        user = await server.done("GET", f"/users/{both.user_id}", who="master")
        assert user["authData"]["mfa"]["secret"] == SECRET, server.kind
        assert user["authData"]["mfa"]["recovery"] == both.recovery, server.kind
