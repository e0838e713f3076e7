"""A get is a find of one: what a beforeFind does to a query holds for both."""

from __future__ import annotations

import json
from typing import Any

import pytest

from parsepy.errors import Code
from tests.cloud.conftest import CloudShop, MakeShop
from tests.conftest import Client
from tests.rest.shop import create, find, ok, pointer, refused, sign_up


async def got(client: Client, class_name: str, object_id: str, **parameters: str) -> Any:
    """An object by its id, or the code of the refusal."""
    answer = await client.get(f"/classes/{class_name}/{object_id}", params=parameters)
    body = answer.json()
    return body if answer.status_code == 200 else body["code"]


async def found(client: Client, class_name: str, object_id: str, **parameters: str) -> Any:
    """The same object by a find, or the code of the refusal."""
    where = json.dumps({"objectId": object_id})
    answer = await client.get(f"/classes/{class_name}", params={"where": where, **parameters})
    body = answer.json()
    if answer.status_code != 200:
        return body["code"]
    return body["results"][0] if body["results"] else Code.OBJECT_NOT_FOUND


async def test_a_before_find_that_asks_another_class_holds_for_a_get(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.before_find("Order")
        async def of_open_shops(request):
            request.query.matches_query("shop", Query("Shop").equal_to("open", True))
    """)
    for is_open in (True, False):
        shop_id = await create(it.client, "Shop", open=is_open)
        order = await create(it.client, "Order", shop=pointer("Shop", shop_id))
        by_id = await got(it.client, "Order", order)
        assert by_id == await found(it.client, "Order", order)
        assert (by_id != Code.OBJECT_NOT_FOUND) is is_open


async def test_a_before_find_that_asks_for_members_of_a_relation_holds_for_a_get(
    shop: MakeShop,
) -> None:
    it = await shop("""
        @Cloud.before_find("Product")
        async def of_the_first_cart(request):
            request.query.related_to(await Query("Cart").first(), "products")
    """)
    mug, cup = [await create(it.client, "Product") for _ in range(2)]
    members = {"__op": "AddRelation", "objects": [pointer("Product", mug)]}
    await create(it.client, "Cart", products=members)
    assert (await got(it.client, "Product", mug))["objectId"] == mug
    assert await got(it.client, "Product", cup) == Code.OBJECT_NOT_FOUND


async def test_who_reads_themselves_is_told_their_token_whatever_hooks_there_are(
    shop: MakeShop,
) -> None:
    it = await shop("""
        @Cloud.before_find("_User")
        async def look(request): pass
    """)
    anna = await sign_up(it.client)
    answer = ok(await anna.client.get(f"/users/{anna.id}"))
    assert answer["sessionToken"] == anna.token
    assert "sessionToken" not in ok(await it.master.get(f"/users/{anna.id}"))


async def test_a_before_find_may_not_name_what_is_hidden_from_the_caller_of_a_get(
    shop: MakeShop,
) -> None:
    it = await shop("""
        @Cloud.before_find("Order")
        async def dear(request): request.query.greater_than("margin", 5)
    """)
    rights = {
        **{name: {"*": True} for name in ("find", "get")},
        "protectedFields": {"*": ["margin"]},
    }
    body = {"fields": {"margin": {"type": "Number"}}, "classLevelPermissions": rights}
    ok(await it.master.post("/schemas/Order", json=body))
    order = await create(it.master, "Order", margin=7)
    assert await got(it.client, "Order", order) == Code.OPERATION_FORBIDDEN
    assert await found(it.client, "Order", order) == Code.OPERATION_FORBIDDEN


async def test_objects_given_in_place_keep_keys_and_includes(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.before_find("Order")
        async def answer(request):
            return [Pointer("Order", request.query.to_where()["objectId"])]
    """)
    product = await create(it.client, "Product", name="Mug")
    order = await create(it.client, "Order", total=1, note="x", product=pointer("Product", product))
    asked = {"keys": "total,product", "include": "product"}
    by_id = await got(it.client, "Order", order, **asked)
    assert (by_id["product"]["name"], "note" in by_id) == ("Mug", False)
    assert by_id == await found(it.client, "Order", order, **asked)


async def test_an_object_given_in_place_of_a_get_asks_for_the_right_to_get(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.before_find("Order")
        async def answer(request):
            return [Pointer("Order", request.query.to_where()["objectId"])]
    """)
    permissions = {"get": {"*": True}, "create": {"*": True}, "find": {}}
    body = {"fields": {}, "classLevelPermissions": permissions}
    ok(await it.master.post("/schemas/Order", json=body))
    order = await create(it.client, "Order")
    assert (await got(it.client, "Order", order))["objectId"] == order


async def test_an_after_find_sees_that_a_get_found_nothing(shop: MakeShop) -> None:
    it = await shop("""
        @Cloud.after_find("Order")
        async def spare(request):
            return request.objects or [Object("Order", total=0)]
    """)
    await create(it.client, "Order", total=1)
    assert (await got(it.master, "Order", "nosuchorder"))["total"] == 0
    assert (await found(it.master, "Order", "nosuchorder"))["total"] == 0


@pytest.mark.parametrize("path", ["/classes/Order/x", "/classes/Order"])
async def test_a_class_that_does_not_exist_is_refused_alike(shop: MakeShop, path: str) -> None:
    it: CloudShop = await shop("", allowClientClassCreation=False)
    refused(await it.client.get(path), Code.OPERATION_FORBIDDEN)


async def test_a_plain_find_of_an_id_reads_as_a_get_does(shop: MakeShop) -> None:
    it = await shop("")
    order = await create(it.client, "Order", total=1)
    (by_find,) = await find(it.client, "Order", {"objectId": order})
    assert by_find == await got(it.client, "Order", order)
