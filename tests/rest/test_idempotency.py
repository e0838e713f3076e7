"""Requests that carry an id and count once."""

import asyncio
from typing import Any

import pytest
from pymongo.database import Database

from parsepy.app import Application
from parsepy.errors import Code
from tests.conftest import MOUNT, Client, MakeApp
from tests.rest.shop import find, item_of_batch, ok, refused, sign_up, unique

ID = {"X-Parse-Request-Id": "7e2d3c"}


@pytest.fixture
async def application(server: MakeApp, database: Database[dict[str, Any]]) -> Application:
    """A server of the shop where orders and sign-ups count once; no id was seen yet."""
    database["_Idempotency"].delete_many({})
    database["Order"].delete_many({})
    paths = ["classes/Order", "users", "functions/.*", "batch", "schemas"]
    return await server(idempotencyOptions={"paths": paths, "ttl": 60})


async def test_an_order_that_is_sent_twice_is_made_once(client: Client) -> None:
    ok(await client.post("/classes/Order", json={"n": 1}, headers=ID), 201)
    response = await client.post("/classes/Order", json={"n": 2}, headers=ID)
    assert refused(response, Code.DUPLICATE_REQUEST) == "Duplicate request"
    assert [order["n"] for order in await find(client, "Order")] == [1]


async def test_of_ten_at_the_same_time_one_is_made(client: Client) -> None:
    answers = await asyncio.gather(
        *(client.post("/classes/Order", json={"n": n}, headers=ID) for n in range(10))
    )
    assert sorted(answer.status_code for answer in answers) == [201, *[400] * 9]
    assert len(await find(client, "Order")) == 1


async def test_an_id_counts_for_everybody_as_in_parse_server(client: Client) -> None:
    """A repeat may come with a newer session, or to a Parse Server on the same database."""
    ok(await client.post("/classes/Order", json={"n": 1}, headers=ID), 201)
    ann = await sign_up(client)
    response = await ann.client.post("/classes/Order", json={"n": 2}, headers=ID)
    refused(response, Code.DUPLICATE_REQUEST)


async def test_requests_with_other_ids_or_none_all_count(client: Client) -> None:
    for headers in (ID, {"X-Parse-Request-Id": "another"}, {}, {}):
        ok(await client.post("/classes/Order", json={"n": 1}, headers=headers), 201)


async def test_a_path_that_is_not_listed_counts_each_time(client: Client) -> None:
    for _ in range(2):
        ok(await client.post("/classes/Cart", json={"n": 1}, headers=ID), 201)


async def test_an_update_in_a_post_s_dress_counts_once_as_well(client: Client) -> None:
    order = ok(await client.post("/classes/Order", json={"n": 0}), 201)["objectId"]
    change = {"_method": "PUT", "n": {"__op": "Increment", "amount": 1}}
    ok(await client.post(f"/classes/Order/{order}", json=change, headers=ID))
    refused(
        await client.post(f"/classes/Order/{order}", json=change, headers=ID),
        Code.DUPLICATE_REQUEST,
    )


async def test_reading_and_deleting_are_not_counted(client: Client) -> None:
    order = ok(await client.post("/classes/Order", json={"n": 0}), 201)["objectId"]
    for _ in range(2):
        ok(await client.get(f"/classes/Order/{order}", headers=ID))
    ok(await client.post("/classes/Order", json={"_method": "GET"}, headers=ID))
    ok(await client.delete(f"/classes/Order/{order}", headers=ID))


async def test_an_id_is_burnt_by_a_request_that_failed(client: Client) -> None:
    body = {"username": unique("ann")}
    refused(await client.post("/users", json=body, headers=ID), Code.PASSWORD_MISSING)
    body["password"] = "secret words"
    refused(await client.post("/users", json=body, headers=ID), Code.DUPLICATE_REQUEST)


async def test_a_trailing_slash_is_no_way_round(client: Client) -> None:
    ok(await client.post("/classes/Order/", json={"n": 1}, headers=ID), 201)
    for path in ("/classes/Order", f"{MOUNT}//classes/Order", "/classes/%4Frder"):
        refused(await client.post(path, json={}, headers=ID), Code.DUPLICATE_REQUEST)
    response = await client.post("/Classes/order", json={"n": 1}, headers=ID)
    assert response.status_code == 404


async def test_a_batch_and_its_items_have_no_ids_of_their_own(client: Client) -> None:
    body = {"requests": [item_of_batch("POST", "/classes/Order", {"n": 1})] * 2}
    for _ in range(2):
        answers = ok(await client.post("/batch", json=body, headers=ID))
        assert [list(answer) for answer in answers] == [["success"], ["success"]]


async def test_the_database_forgets_an_id_in_time(
    client: Client, database: Database[dict[str, Any]]
) -> None:
    ok(await client.post("/classes/Order", json={"n": 1}, headers=ID), 201)
    rows = database["_Idempotency"]
    row = rows.find_one({"reqId": "7e2d3c"})
    assert row is not None
    assert 59 <= (row["expire"] - row["_created_at"]).total_seconds() <= 61
    indexes = rows.index_information()
    assert indexes["reqId_1"]["unique"]
    assert indexes["ttl"]["expireAfterSeconds"] == 0


async def test_without_the_option_every_request_counts(app: MakeApp, shop_uri: str) -> None:
    async with Client(await app(databaseURI=shop_uri)) as client:
        for _ in range(2):
            ok(await client.post("/classes/Order", json={"n": 1}, headers=ID), 201)
