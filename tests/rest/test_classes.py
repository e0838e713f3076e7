"""``/classes`` and its aliases: create, get, query, update, delete, and their answers."""

from typing import Any

import pytest
from pymongo.database import Database

from tests.conftest import Client, MakeApp
from tests.rest.shop import SignUp, create, find, ok, pointer, refused, unique


async def test_a_created_object_is_found_at_its_location(client: Client, orders: str) -> None:
    response = await client.post(f"/classes/{orders}", json={"status": "new"})
    answer = ok(response, 201)
    location = response.headers["Location"]
    assert location == f"http://testserver/parse/classes/{orders}/{answer['objectId']}"
    shown = ok(await client.get(location))
    assert shown["createdAt"] == shown["updatedAt"] == answer["createdAt"]


async def test_the_location_follows_the_public_address(server: MakeApp, orders: str) -> None:
    client = Client(await server(publicServerURL="https://api.shop.example/v1"))
    response = await client.post(f"/classes/{orders}", json={})
    assert response.headers["Location"].startswith(f"https://api.shop.example/v1/classes/{orders}/")


async def test_an_answer_to_a_create_echoes_only_what_the_server_made(
    client: Client, orders: str
) -> None:
    body = {
        "status": "new",
        "stock": {"__op": "Increment", "amount": 2},
        "tags": {"__op": "Add", "objects": ["a"]},
        "gone": {"__op": "Delete"},
    }
    answer = ok(await client.post(f"/classes/{orders}", json=body), 201)
    assert set(answer) == {"objectId", "createdAt", "stock", "tags"}
    assert (answer["stock"], answer["tags"]) == (2, ["a"])


async def test_an_answer_to_an_update_holds_the_results_of_operations(
    client: Client, orders: str
) -> None:
    order = await create(client, orders, stock=5, tags=["a", "b"], details={"n": 1})
    body = {
        "stock": {"__op": "Increment", "amount": -2},
        "tags": {"__op": "Remove", "objects": ["a"]},
        "details.n": {"__op": "Increment", "amount": 1},
        "status": "paid",
    }
    answer = ok(await client.put(f"/classes/{orders}/{order}", json=body))
    assert answer.pop("updatedAt")
    assert answer == {"stock": 3, "tags": ["b"], "details": {"n": 2}}


async def test_a_deleted_object_is_gone(client: Client, orders: str) -> None:
    order = await create(client, orders, status="new")
    assert ok(await client.delete(f"/classes/{orders}/{order}")) == {}
    for verb in ("GET", "PUT", "DELETE"):
        refused(await client.request(verb, f"/classes/{orders}/{order}", json={}), 101, 404)


VALUES: dict[str, Any] = {
    "text": "Schön, 日本, 🛒",
    "number": 1.5,
    "flag": False,
    "nothing": None,
    "list": [1, "a", None, {"b": [True]}],
    "object": {"a": {"b": 1}},
    "date": {"__type": "Date", "iso": "2024-02-29T12:34:56.789Z"},
    "product": pointer("Product", "abcdefghij"),
    "place": {"__type": "GeoPoint", "latitude": -30.5, "longitude": 40.25},
    "photo": {"__type": "Bytes", "base64": "aGVsbG8="},
    "moments": [{"__type": "Date", "iso": "2024-02-29T12:34:56.789Z"}],
    "pointers": [pointer("Product", "abcdefghij")],
}


@pytest.mark.parametrize("name", VALUES)
async def test_a_value_comes_back_as_it_was_sent(client: Client, orders: str, name: str) -> None:
    order = await create(client, orders, **{name: VALUES[name]})
    assert ok(await client.get(f"/classes/{orders}/{order}"))[name] == VALUES[name]
    assert (await find(client, orders))[0][name] == VALUES[name]


async def test_a_dotted_key_of_a_create_makes_a_nested_object(client: Client, orders: str) -> None:
    order = await create(client, orders, **{"address.city": "Bern", "address.zip": "3011"})
    shown = ok(await client.get(f"/classes/{orders}/{order}"))
    assert shown["address"] == {"city": "Bern", "zip": "3011"}


async def test_a_whole_object_can_be_sent_back(client: Client, orders: str) -> None:
    order = await create(client, orders, status="new", product=pointer("Product", "x"))
    shown = ok(await client.get(f"/classes/{orders}/{order}"))
    ok(await client.put(f"/classes/{orders}/{order}", json={**shown, "className": orders}))
    after = ok(await client.get(f"/classes/{orders}/{order}"))
    assert {**after, "updatedAt": ""} == {**shown, "updatedAt": ""}


async def test_unsetting_an_acl_locks_the_object(
    client: Client, master: Client, orders: str
) -> None:
    order = await create(client, orders, status="new")
    ok(await client.put(f"/classes/{orders}/{order}", json={"ACL": {"__op": "Delete"}}))
    refused(await client.get(f"/classes/{orders}/{order}"), 101, 404)
    assert ok(await master.get(f"/classes/{orders}/{order}"))["ACL"] == {}


@pytest.mark.parametrize("object_id", ["my-id", "a/b", "ü", "a b?c#d%25"])
async def test_an_id_of_one_s_own_is_found_again(
    server: MakeApp, orders: str, object_id: str
) -> None:
    client = Client(await server(allowCustomObjectId=True))
    response = await client.post(f"/classes/{orders}", json={"objectId": object_id})
    ok(response, 201)
    assert ok(await client.get(response.headers["Location"]))["objectId"] == object_id
    refused(await client.post(f"/classes/{orders}", json={"objectId": object_id}), 137)


@pytest.mark.parametrize("object_id", ["", None])
async def test_an_empty_id_of_one_s_own_is_refused(
    server: MakeApp, orders: str, object_id: Any
) -> None:
    client = Client(await server(allowCustomObjectId=True))
    refused(await client.post(f"/classes/{orders}", json={"objectId": object_id}), 104)


async def test_ids_are_as_long_as_the_option_says(server: MakeApp, orders: str) -> None:
    client = Client(await server(objectIdSize=20))
    assert len(await create(client, orders, a=1)) == 20


ALIASES = {
    "users": "_User",
    "sessions": "_Session",
    "roles": "_Role",
    "installations": "_Installation",
}


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
async def test_an_alias_is_the_class(
    master: Client, sign_up: SignUp, alias: str, name: str
) -> None:
    await sign_up()
    ok(await master.post("/roles", json={"name": unique("r"), "ACL": {}}), 201)
    body = {"deviceType": "ios", "installationId": unique("phone")}
    ok(await master.post("/installations", json=body), 201)
    query = {"limit": "1", "order": "-createdAt"}
    (one,) = ok(await master.get(f"/{alias}", params=query))["results"]
    assert one == ok(await master.get(f"/classes/{name}/{one['objectId']}"))
    assert one == ok(await master.get(f"/{alias}/{one['objectId']}"))


async def test_the_options_of_a_query_work_together(client: Client, orders: str) -> None:
    for number in range(6):
        await create(client, orders, number=number, even=number % 2 == 0, note="x")
    query = {
        "where": '{"number":{"$gt":0}}',
        "order": "-even,number",
        "limit": "2",
        "skip": "1",
        "count": "1",
        "keys": "number",
    }
    answer = ok(await client.get(f"/classes/{orders}", params=query))
    assert [item["number"] for item in answer["results"]] == [4, 1]
    assert answer["count"] == 5
    assert "note" not in answer["results"][0]


async def test_a_query_may_stand_in_the_body_of_a_post(client: Client, orders: str) -> None:
    await create(client, orders, number=1)
    body = {"_method": "GET", "where": {"number": 1}, "limit": 1}
    assert len(ok(await client.post(f"/classes/{orders}", json=body))["results"]) == 1


@pytest.mark.parametrize(("option", "limit", "length"), [(3, None, 3), (None, 2, 2), (None, 9, 4)])
async def test_the_limits_of_the_server_hold(
    server: MakeApp, orders: str, option: int | None, limit: int | None, length: int
) -> None:
    options = {"defaultLimit": option} if option else {"maxLimit": 4}
    client = Client(await server(**options))
    for number in range(5):
        await create(client, orders, number=number)
    query = {"limit": limit} if limit else {}
    assert len(await find(client, orders, **query)) == length


async def test_includes_follow_a_path_of_pointers(client: Client, orders: str) -> None:
    maker = await create(client, f"{orders}Maker", name="Bulb & Co")
    product = await create(
        client, f"{orders}Product", name="lamp", maker=pointer(f"{orders}Maker", maker)
    )
    lost = pointer(f"{orders}Product", "nosuchthing")
    order = await create(
        client,
        orders,
        product=pointer(f"{orders}Product", product),
        items=[pointer(f"{orders}Product", product), lost, 5],
    )
    query = {"include": "product.maker,items"}
    shown = ok(await client.get(f"/classes/{orders}/{order}", params=query))
    assert shown["product"]["maker"]["name"] == "Bulb & Co"
    assert shown["product"]["__type"] == "Object"
    assert [item if item == 5 else item["name"] for item in shown["items"]] == ["lamp", 5]


async def test_a_relation_takes_and_gives_its_members(client: Client, orders: str) -> None:
    products = [await create(client, f"{orders}Product", number=n) for n in range(3)]
    pointers = [pointer(f"{orders}Product", product) for product in products]
    order = await create(client, orders, items={"__op": "AddRelation", "objects": pointers})
    where = {"$relatedTo": {"object": pointer(orders, order), "key": "items"}}
    assert len(await find(client, f"{orders}Product", where)) == 3
    less = {"items": {"__op": "RemoveRelation", "objects": pointers[:1]}}
    ok(await client.put(f"/classes/{orders}/{order}", json=less))
    left = {item["objectId"] for item in await find(client, f"{orders}Product", where)}
    assert left == set(products[1:])
    assert [item["objectId"] for item in await find(client, orders, {"items": pointers[1]})] == [
        order
    ]
    assert await find(client, orders, {"items": pointers[0]}) == []


async def test_a_count_carries_its_comment_to_the_profiler(
    client: Client, database: Database[dict[str, Any]]
) -> None:
    class_name, comment = unique("Order"), unique("comment")
    await create(client, class_name, total=5)
    params: dict[str, Any] = {"count": 1, "limit": 0, "comment": comment}
    database.command("profile", 2)
    try:
        ok(await client.get(f"/classes/{class_name}", params=params))
    finally:
        database.command("profile", 0)
    assert database["system.profile"].count_documents({"command.comment": comment}) == 1
