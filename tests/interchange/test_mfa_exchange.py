"""Second factors that one server has set up open the other, both ways."""

import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pyotp
import pytest
import pytest_asyncio
from pymongo import MongoClient
from pymongo.database import Database

from tests.conftest import database_in
from tests.differential.sides import second_factor
from tests.interchange.servers import OURS, PEER, Server, opened

pytestmark = [pytest.mark.node, pytest.mark.slow]
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORD = "pass-word"
PERIOD = 600


def mfa(kind: str) -> dict[str, Any]:
    """The option `auth` of a kind of server; a period that a test does not outlast."""
    return {"mfa": second_factor(".js" if kind == PEER else ".py", period=PERIOD)}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two servers on one database: users enrol at one, and log in at the other."""

    here: Server
    there: Server
    database: Database[dict[str, Any]]

    def row(self, user_id: str) -> Any:
        found = self.database["_User"].find_one({"_id": user_id})
        assert found is not None
        return found["_auth_data_mfa"]


@pytest_asyncio.fixture(scope="module")
async def servers(
    mongo_uri: str, mongo: MongoClient[dict[str, Any]]
) -> AsyncIterator[tuple[Server, Server, Database[dict[str, Any]]]]:
    name = f"interchange_{os.getpid()}_factors"
    uri = database_in(mongo_uri, name)
    mongo.drop_database(name)
    async with AsyncExitStack() as stack:
        stack.callback(mongo.drop_database, name)
        theirs = await stack.enter_async_context(opened(PEER, uri, auth=mfa(PEER)))
        ours = await stack.enter_async_context(opened(OURS, uri, auth=mfa(OURS)))
        yield ours, theirs, mongo[name]


@pytest.fixture(params=["set up by Parse Server", "set up by parsepy"])
def pair(
    request: pytest.FixtureRequest, servers: tuple[Server, Server, Database[dict[str, Any]]]
) -> Pair:
    ours, theirs, database = servers
    if "Parse Server" in request.param:
        return Pair(theirs, ours, database)
    return Pair(ours, theirs, database)


async def signed_up(pair: Pair, name: str) -> tuple[str, str]:
    """A user of the one server: id and session token."""
    name = f"{name}-{'p' if pair.here.kind == PEER else 'o'}"
    body = {"username": name, "password": PASSWORD}
    made = await pair.here.done("POST", "/users", body)
    return made["objectId"], made["sessionToken"]


async def log_in(server: Server, pair: Pair, name: str, token: str) -> dict[str, Any]:
    name = f"{name}-{'p' if pair.here.kind == PEER else 'o'}"
    body = {"username": name, "password": PASSWORD, "authData": {"mfa": {"token": token}}}
    return dict((await server.send("POST", "/login", body)).json())


def code(step: int = 0) -> str:
    return pyotp.HOTP(SECRET).at(int(time.time()) // PERIOD + step)


async def test_an_authenticator_app_and_recovery_codes_work_on_the_other(pair: Pair) -> None:
    user_id, token = await signed_up(pair, "app")
    body = {"authData": {"mfa": {"secret": SECRET, "token": code()}}}
    answer = await pair.here.done("PUT", f"/users/{user_id}", body, who=token)
    first, second = answer["authDataResponse"]["mfa"]["recovery"].split(", ")
    assert pair.row(user_id)["recovery"] == [first, second]
    assert "sessionToken" in await log_in(pair.there, pair, "app", code(1))
    assert "sessionToken" in await log_in(pair.there, pair, "app", first)
    for server in (pair.here, pair.there):
        again = await log_in(server, pair, "app", first)
        assert again == {"code": 141, "error": "Invalid MFA token"}, server.kind
    assert "sessionToken" in await log_in(pair.here, pair, "app", second)
    shown = await pair.there.done("GET", "/users/me", who=token)
    assert shown["authData"] == {"mfa": {"status": "enabled"}}


async def test_a_number_that_one_has_sent_a_code_is_confirmed_at_the_other(pair: Pair) -> None:
    user_id, token = await signed_up(pair, "phone")
    mobile = f"+41 44 {'1' if pair.here.kind == PEER else '2'}"
    named = {"authData": {"mfa": {"mobile": mobile}}}
    await pair.here.done("PUT", f"/users/{user_id}", named, who=token)
    sent = pair.row(user_id)["pending"][mobile]
    assert type(sent["expiry"]).__name__ == "datetime"
    confirmed = {"authData": {"mfa": {"mobile": mobile, "token": sent["token"]}}}
    await pair.there.done("PUT", f"/users/{user_id}", confirmed, who=token)
    assert pair.row(user_id) == {"pending": {}, "mobile": mobile}


async def test_a_code_that_one_has_sent_opens_the_other(pair: Pair) -> None:
    user_id, _ = await signed_up(pair, "message")
    mobile = f"+41 55 {'1' if pair.here.kind == PEER else '2'}"
    pair.database["_User"].update_one(
        {"_id": user_id}, {"$set": {"_auth_data_mfa": {"pending": {}, "mobile": mobile}}}
    )
    asked = await log_in(pair.here, pair, "message", "request")
    assert asked == {"code": 141, "error": "Please enter the token"}
    row = pair.row(user_id)
    assert type(row["expiry"]).__name__ == "datetime"
    assert "sessionToken" in await log_in(pair.there, pair, "message", row["token"])
    assert pair.row(user_id) == {"pending": {}, "mobile": mobile}
