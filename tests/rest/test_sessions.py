"""The routes of sessions: the current one, own ones, and an upgrade."""

import asyncio

import pytest

from parsepy.backend import Backend
from parsepy.operations import principals
from tests.conftest import Client, MakeApp
from tests.rest import shop
from tests.rest.shop import SignUp, find, ok, refused


async def test_the_current_session_is_shown(sign_up: SignUp) -> None:
    anna = await sign_up()
    session = ok(await anna.client.get("/sessions/me"))
    assert session["sessionToken"] == anna.token
    assert session["user"]["objectId"] == anna.id
    assert session["createdWith"] == {"action": "signup", "authProvider": "password"}
    assert session["expiresAt"]["__type"] == "Date"


async def test_without_a_token_there_is_no_current_session(client: Client) -> None:
    refused(await client.get("/sessions/me"), 209)
    message = refused(await client.as_user("r:" + "0" * 32).get("/sessions/me"), 209)
    assert message == "Session token not found."


async def test_nobody_lists_no_sessions(client: Client) -> None:
    refused(await client.get("/sessions"), 209)
    refused(await client.get("/classes/_Session"), 209)
    refused(await client.post("/sessions", json={}), 209)


async def test_a_user_lists_his_own_sessions_whatever_he_asks(sign_up: SignUp) -> None:
    anna, bert = await sign_up(), await sign_up()
    assert len(await find(anna.client, "_Session")) == 1
    for where in (
        {"user": bert.pointer},
        {"sessionToken": bert.token},
        {"$or": [{"user": bert.pointer}, {"sessionToken": {"$exists": True}}]},
    ):
        found = await find(anna.client, "_Session", where)
        assert {session["user"]["objectId"] for session in found} <= {anna.id}


async def test_a_session_takes_extra_columns(sign_up: SignUp) -> None:
    anna = await sign_up()
    session = ok(await anna.client.get("/sessions/me"))["objectId"]
    ok(await anna.client.put(f"/sessions/{session}", json={"device": "till"}))
    assert ok(await anna.client.get(f"/sessions/{session}"))["device"] == "till"


async def test_a_session_made_by_hand_works(client: Client, sign_up: SignUp) -> None:
    anna = await sign_up()
    made = ok(await anna.client.post("/sessions", json={"device": "till"}), 201)
    assert made["device"] == "till"
    assert ok(await client.as_user(made["sessionToken"]).get("/users/me"))["objectId"] == anna.id


async def test_a_revocable_token_is_upgraded_as_well(sign_up: SignUp) -> None:
    anna = await sign_up()
    session = ok(await anna.client.post("/upgradeToRevocableSession"))
    assert session["sessionToken"] != anna.token
    assert session["createdWith"] == {"action": "upgrade"}


async def test_without_a_token_there_is_nothing_to_upgrade(client: Client) -> None:
    refused(await client.post("/upgradeToRevocableSession"), 101, 404)


async def test_a_session_made_by_hand_has_no_end_where_sessions_have_none(server: MakeApp) -> None:
    async with Client(await server(expireInactiveSessions=False)) as client:
        anna = await shop.sign_up(client)
        made = ok(await anna.client.post("/sessions", json={}), 201)
    assert "expiresAt" not in made


async def test_a_session_that_ends_while_it_is_looked_up_is_not_cached(
    client: Client, master: Client, sign_up: SignUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await sign_up()
    session = (await find(anna.client, "_Session"))[0]["objectId"]
    principals.forget_everybody(client.application.backend)
    looked_up, ended = asyncio.Event(), asyncio.Event()
    real = principals.roles_of

    async def slow(backend: Backend, user_id: str) -> frozenset[str]:
        looked_up.set()
        await ended.wait()
        return await real(backend, user_id)

    monkeypatch.setattr(principals, "roles_of", slow)
    early = asyncio.create_task(anna.client.get("/users/me"))
    await asyncio.wait_for(looked_up.wait(), 5)
    ok(await master.delete(f"/sessions/{session}"))
    ended.set()
    await early
    refused(await anna.client.get("/users/me"), 209)
