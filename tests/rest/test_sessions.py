"""The routes of sessions: the current one, own ones, and an upgrade."""

from tests.conftest import Client
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
