"""Signing in by third parties over HTTP: who gets in, what is stored, what nobody may take over."""

import os
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from pymongo import MongoClient

from parsepy.app import Application, build
from parsepy.config import Config
from parsepy.outgoing import Outgoing
from tests.conftest import APP_ID, MASTER_KEY, MOUNT, Client, database_in
from tests.providers.cases import APP, CASES, GOOGLE, Case
from tests.providers.fake import BACK, answer_httpx
from tests.providers.keys import CLIENT, token

AT = {"redirect_uri": BACK}


@pytest_asyncio.fixture(scope="module")
async def shop(mongo_uri: str, mongo: MongoClient[dict[str, Any]]) -> AsyncIterator[Application]:
    """A server with every third party."""
    database = f"test_{os.getpid()}_{uuid4().hex[:8]}"
    auth = {case.name: case.options for case in CASES}
    auth["facebook"] = next(case.options for case in CASES if case.label.endswith("access token"))
    options = {
        "appId": APP_ID,
        "masterKey": MASTER_KEY,
        "serverURL": MOUNT,
        "databaseURI": database_in(mongo_uri, database),
        "auth": auth,
    }
    outgoing = Outgoing(transport=httpx.MockTransport(answer_httpx))
    application = build(Config.from_options(options), outgoing=outgoing)
    await application.startup()
    yield application
    await application.shutdown()
    mongo.drop_database(database)


@pytest_asyncio.fixture
async def anybody(shop: Application) -> AsyncIterator[Client]:
    async with Client(shop) as client, Client(shop, master=True) as master:
        yield client
        for user in (await master.get("/users")).json()["results"]:
            await master.delete(f"/users/{user['objectId']}")


def data(**providers: Any) -> dict[str, Any]:
    return {"json": {"authData": providers}}


async def signed_up(client: Client, name: str) -> Client:
    answer = await client.post("/users", json={"username": name, "password": "pass-word"})
    return client.as_user(answer.json()["sessionToken"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
async def test_a_new_user_signs_up_and_then_logs_in(anybody: Client, case: Case) -> None:
    made = await anybody.post("/users", **data(**{case.name: case.good}))
    assert made.status_code == 201, made.text
    again = await anybody.post("/users", **data(**{case.name: case.good}))
    assert again.status_code == 200
    assert again.json()["objectId"] == made.json()["objectId"]
    me = await anybody.as_user(made.json()["sessionToken"]).get("/users/me")
    assert me.json()["authData"][case.name]["id"] == case.user_id


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
async def test_false_authdata_lets_nobody_in(anybody: Client, case: Case) -> None:
    await anybody.post("/users", **data(**{case.name: case.good}))
    for label, bad in case.bad.items():
        if "\\ud" in ascii(bad):
            continue  # no JSON in UTF-8 holds it
        answer = await anybody.post("/users", **data(**{case.name: bad}))
        assert answer.status_code in (400, 404), label
        assert answer.json()["code"] in (101, 142, 162), label


async def test_a_forged_identity_beside_a_password_is_refused(anybody: Client) -> None:
    """GHSA-mr43-w6c2-mvjq: what stands in authData is only what the provider says."""
    victim = (await anybody.post("/users", **data(github={"code": "code-of-ada"}))).json()
    await signed_up(anybody, "mallory")
    credentials = {"username": "mallory", "password": "pass-word"}
    for forged in (
        {"id": "1001"},
        {"id": "1001", "access_token": "token-of-ada"},
        {"id": "1001", "code": "code-of-bob"},
    ):
        body = {**credentials, "authData": {"github": forged}}
        answer = await anybody.post("/login", json=body)
        assert answer.status_code in (400, 404), forged
    answer = await anybody.post("/users", **data(github={"code": "code-of-ada"}))
    assert answer.json()["objectId"] == victim["objectId"]


async def test_an_identity_is_linked_only_by_its_own_proof(anybody: Client) -> None:
    mallory = await signed_up(anybody, "mallory")
    user_id = (await mallory.get("/users/me")).json()["objectId"]
    for forged in ({"id": "1001"}, {"id": "1001", "access_token": "token-of-ada"}):
        answer = await mallory.put(f"/users/{user_id}", **data(github=forged))
        assert answer.status_code == 400
        assert answer.json()["code"] == 142
    linked = await mallory.put(f"/users/{user_id}", **data(github={"code": "code-of-bob"}))
    assert linked.status_code == 200
    mine = (await mallory.get("/users/me")).json()["authData"]
    assert mine == {"github": {"id": "1002"}}
    assert (await mallory.put(f"/users/{user_id}", **data(**mine))).status_code == 200  # an echo


async def test_another_users_identity_can_not_be_linked(anybody: Client) -> None:
    await anybody.post("/users", **data(google={"id_token": token(GOOGLE, "1001")}))
    bob = await signed_up(anybody, "bob")
    user_id = (await bob.get("/users/me")).json()["objectId"]
    good = {"id_token": token(GOOGLE, "1001")}
    answer = await bob.put(f"/users/{user_id}", **data(google=good))
    assert (answer.status_code, answer.json()["code"]) == (400, 208)


async def test_two_providers_of_one_sign_up_are_both_proven(anybody: Client) -> None:
    good = {"github": {"code": "code-of-ada"}, "microsoft": {"code": "code-of-ada", **AT}}
    bad = {**good, "microsoft": {"code": "code-of-nobody", **AT}}
    assert (await anybody.post("/users", **data(**bad))).status_code == 404
    made = await anybody.post("/users", **data(**good))
    assert made.status_code == 201
    for name in good:
        answer = await anybody.post("/users", **data(**{name: good[name]}))
        assert answer.json()["objectId"] == made.json()["objectId"]


async def test_access_tokens_are_kept_and_shown_to_no_client(
    anybody: Client, shop: Application, mongo: MongoClient[dict[str, Any]]
) -> None:
    made = await anybody.post("/users", **data(github={"code": "code-of-ada"}))
    user_id, session = made.json()["objectId"], made.json()["sessionToken"]
    again = await anybody.post("/users", **data(github={"code": "code-of-ada"}))
    ada = anybody.as_user(session)
    for answer in (made, again, await ada.get("/users/me"), await ada.get(f"/users/{user_id}")):
        assert "token-of-ada" not in answer.text
    uri = shop.backend.config.database_uri
    name = str(uri).rpartition("/")[2].partition("?")[0]
    stored = mongo[name]["_User"].find_one({"_id": user_id})
    assert stored is not None
    assert stored["_auth_data_github"] == {"id": "1001", "access_token": "token-of-ada"}


async def test_a_directorys_password_is_asked_for_before_anything_else(anybody: Client) -> None:
    answer = await anybody.post("/users", **data(ldap={"id": "ada", "password": ""}))
    assert answer.json()["code"] == 252  # it is not configured here


async def test_a_client_of_another_application_stays_out(anybody: Client) -> None:
    for audience in ("another", ["another"], [CLIENT + "x"], None):
        bad = {"id_token": token(GOOGLE, "1001", aud=audience), "id": "1001"}
        assert (await anybody.post("/users", **data(google=bad))).status_code == 404
    assert APP["clientId"] == CLIENT
