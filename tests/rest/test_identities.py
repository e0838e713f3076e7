"""Whose identity it is says the provider, not the client; wherever one is read or stored."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Client, MakeApp
from tests.rest.enrolment import Rows
from tests.rest.providers import CodeProvider
from tests.rest.shop import PASSWORD, ok, refused, sign_up, unique

NOT_YOURS = "The id is not the one of this sign-in."


@pytest.fixture
def provider(tmp_path: Path) -> CodeProvider:
    return CodeProvider(tmp_path)


@pytest.fixture
async def shop(server: MakeApp, provider: CodeProvider, database: Rows) -> Client:
    """A server with a provider of codes, at which nobody has an identity of it."""
    database["_User"].delete_many({"_auth_data_codes": {"$exists": True}})
    return Client(await server(auth={"codes": {"module": str(provider.module)}}, mountGraphQL=True))


def codes(**data: Any) -> dict[str, Any]:
    return {"authData": {"codes": data}}


async def graphql(client: Client, text: str, **variables: Any) -> Any:
    """What GraphQL answers."""
    body = {"query": text, "variables": variables}
    return (await client.post("http://testserver/graphql", json=body)).json()


async def test_a_code_is_exchanged_for_the_identity(
    shop: Client, provider: CodeProvider, database: Rows
) -> None:
    made = ok(await shop.post("/users", json=codes(code="for-anna")), 201)
    row = database["_User"].find_one({"_id": made["objectId"]})
    assert row is not None
    assert row["_auth_data_codes"] == {"id": "17", "token": "token of for-anna"}
    again = ok(await shop.post("/users", json=codes(code="for-anna")))
    assert again["objectId"] == made["objectId"]
    assert again["authData"] == {"codes": {"id": "17"}}
    methods = [method for method, _ in provider.asked]
    assert methods == ["before_find", "validate_auth_data"] * 2


LOG_IN_WITH = """
mutation ($data: Object!) { logInWith(input: {authData: $data}) { viewer { user { objectId } } } }
"""
CHALLENGE = "mutation ($i: ChallengeInput!) { challenge(input: $i) { challengeData } }"


@pytest.mark.parametrize("claimed", ["18", "017", " 17", "x"])
async def test_a_client_claims_no_other_identity_anywhere(
    shop: Client, database: Rows, claimed: str
) -> None:
    victim = ok(await shop.post("/users", json=codes(code="for-bert")), 201)
    anna = await sign_up(shop)
    forged = codes(code="for-anna", id=claimed)
    beside = {"username": anna.name, "password": PASSWORD, **forged}
    challenge = {"challengeData": {"codes": {}}, **forged}
    assert refused(await shop.post("/users", json=forged), 101, 404) == NOT_YOURS
    assert refused(await shop.post("/login", json=beside), 101, 404) == NOT_YOURS
    answer = await anna.client.put(f"/users/{anna.id}", json=forged)
    assert refused(answer, 101, 404) == NOT_YOURS
    refused(await shop.post("/challenge", json=challenge), 101, 404)
    (error,) = (await graphql(shop, LOG_IN_WITH, data=forged["authData"]))["errors"]
    assert (error["message"], error["extensions"]["code"]) == (NOT_YOURS, 101)
    users = list(database["_User"].find({"_auth_data_codes": {"$exists": True}}))
    assert [user["_id"] for user in users] == [victim["objectId"]]


@pytest.mark.parametrize("data", [{"id": "18"}, {"id": "18", "token": "token of for-x"}, {}])
async def test_an_identity_alone_proves_nothing(shop: Client, data: dict[str, str]) -> None:
    ok(await shop.post("/users", json=codes(code="for-bert")), 201)
    anna = await sign_up(shop)
    beside = {"username": anna.name, "password": PASSWORD, **codes(**data)}
    for answer in (
        await shop.post("/users", json=codes(**data)),
        await shop.post("/login", json=beside),
        await anna.client.put(f"/users/{anna.id}", json=codes(**data)),
    ):
        assert answer.status_code == 400, answer.text


async def test_graphql_logs_in_by_a_code(shop: Client) -> None:
    first = await graphql(shop, LOG_IN_WITH, data={"codes": {"code": "for-anna"}})
    again = await graphql(shop, LOG_IN_WITH, data={"codes": {"code": "for-anna", "id": "17"}})
    assert first["data"] == again["data"]
    assert first["data"]["logInWith"]["viewer"]["user"]["objectId"]


async def test_what_a_provider_hides_is_hidden_on_every_way(shop: Client) -> None:
    anna = ok(await shop.post("/users", json=codes(code="for-anna")), 201)
    own = shop.as_user(anna["sessionToken"])
    shown = {"codes": {"id": "17"}}
    path = f"/users/{anna['objectId']}"
    assert ok(await own.get(path))["authData"] == shown
    assert ok(await own.get("/users/me"))["authData"] == shown
    users = ok(await own.get("/users"))["results"]
    assert [u["authData"] for u in users if u["objectId"] == anna["objectId"]] == [shown]
    text = "{ viewer { user { authData } } }"
    answer = await graphql(own, text)
    assert answer["data"]["viewer"]["user"]["authData"] == shown
    # and what was shown, sent again, proves and changes nothing
    ok(await own.put(path, json={"authData": shown}))


async def test_two_who_sign_up_at_once_by_one_identity_are_one_user(
    server: MakeApp, provider: CodeProvider, database: Rows
) -> None:
    database["_User"].delete_many({"_auth_data_codes": {"$exists": True}})
    unique_ids = {"createIndexAuthDataUniqueness": True}
    auth = {"codes": {"module": str(provider.module)}}
    shop = Client(await server(auth=auth, databaseOptions=unique_ids))
    calls = (shop.post("/users", json=codes(code="for-anna")) for _ in range(8))
    answers = await asyncio.gather(*calls)
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len({answer.json()["objectId"] for answer in answers}) == 1
    assert all(answer.json()["sessionToken"] for answer in answers)


# --- the address of both sides ------------------------------------------------------------------


async def linking(server: MakeApp, provider: CodeProvider, **more: Any) -> Client:
    """A server that links by verified addresses."""
    auth = {"codes": {"module": str(provider.module), **more}}
    return Client(await server(auth=auth))


@pytest.mark.parametrize(
    ("asked", "verified", "is_linked"),
    [(True, True, True), (True, False, False), (False, True, False)],
    ids=["both verified", "not verified here", "not asked for"],
)
async def test_a_verified_address_links_where_the_option_says_so(
    server: MakeApp,
    provider: CodeProvider,
    database: Rows,
    asked: bool,
    verified: bool,
    is_linked: bool,
) -> None:
    database["_User"].delete_many(
        {"$or": [{"_auth_data_codes": {"$exists": True}}, {"email": "anna@shop.example"}]}
    )
    shop = await linking(server, provider, linkByEmail=asked)
    anna = await sign_up(shop, email="anna@shop.example")
    database["_User"].update_one({"_id": anna.id}, {"$set": {"emailVerified": verified}})
    answer = await shop.post("/users", json=codes(code="for-anna"))
    assert (answer.json()["objectId"] == anna.id) == is_linked
    assert answer.status_code == (200 if is_linked else 201)
    again = ok(await shop.post("/users", json=codes(code="for-anna")))
    assert again["objectId"] == answer.json()["objectId"]


async def test_a_second_factor_is_not_linked_around(
    server: MakeApp, provider: CodeProvider, database: Rows
) -> None:
    database["_User"].delete_many(
        {"$or": [{"_auth_data_codes": {"$exists": True}}, {"email": "bert@shop.example"}]}
    )
    shop = await linking(server, provider, linkByEmail=True)
    bert = await sign_up(shop, email="bert@shop.example")
    enrolled = {"emailVerified": True, "_auth_data_mfa": {"secret": "x"}}
    database["_User"].update_one({"_id": bert.id}, {"$set": enrolled})
    answer = await shop.post("/users", json=codes(code="for-bert"))
    assert refused(answer, -1) == "Missing additional authData mfa"


# --- the last way in ----------------------------------------------------------------------------


async def test_the_last_way_in_stays_where_the_option_says_so(
    server: MakeApp, provider: CodeProvider, database: Rows
) -> None:
    database["_User"].delete_many({"_auth_data_codes": {"$exists": True}})
    auth = {"codes": {"module": str(provider.module)}}
    shop = Client(await server(auth=auth, preventUnlinkOfLastLogin=True))
    anna = ok(await shop.post("/users", json=codes(code="for-anna")), 201)
    own, path = shop.as_user(anna["sessionToken"]), f"/users/{anna['objectId']}"
    unlink = {"authData": {"codes": None}}
    message = "The last way to log in can't be unlinked."
    assert refused(await own.put(path, json=unlink), 119) == message
    ok(await own.put(path, json={"authData": {"anonymous": {"id": unique("a")}}}))
    ok(await own.put(path, json=unlink))
    last = {"authData": {"anonymous": None}}
    assert refused(await own.put(path, json=last), 119) == message
    # who chooses a password with it may; so may the master key
    named = {"username": unique("anna"), "password": PASSWORD, **last}
    ok(await own.put(path, json=named))


async def test_without_the_option_users_may_lock_themselves_out(shop: Client) -> None:
    anna = ok(await shop.post("/users", json=codes(code="for-anna")), 201)
    own = shop.as_user(anna["sessionToken"])
    ok(await own.put(f"/users/{anna['objectId']}", json={"authData": {"codes": None}}))
