"""Attempts to get goods cheaper, to spoil others' shopping, and to become somebody else."""

import asyncio
import json
from typing import Any

import pytest

from tests.rest.shop import Shopper, create, find, ok, pointer, refused, unique
from tests.shop.conftest import Shop, line

EVER = {"__type": "Date", "iso": "2020-01-01T00:00:00.000Z"}
NEVER = {"__type": "Date", "iso": "2099-01-01T00:00:00.000Z"}
EVERYBODY = {"*": {"read": True, "write": True}}


def less(amount: float) -> dict[str, Any]:
    return {"__op": "Increment", "amount": -amount}


async def goods(shop: Shop, seller: Shopper) -> dict[str, str]:
    """A seller's product with a SKU, a sale and a code; class → id."""
    product = await create(seller.client, "Product", name=unique("Mug"), price=10)
    of = {"product": pointer("Product", product)}
    sku = await create(seller.client, "SKU", **of, variation="blue", stock=5)
    sale = {**of, "discountPrice": 5, "startTime": EVER, "endTime": NEVER}
    code = {"code": unique("C").upper(), "percentage": 60, "validUntil": NEVER}
    return {
        "Product": product,
        "SKU": sku,
        "FlashSale": await create(seller.client, "FlashSale", **sale),
        "DiscountCode": await create(seller.client, "DiscountCode", **code),
    }


@pytest.mark.parametrize(
    ("class_name", "field", "amount"),
    [
        ("Product", "price", 8),
        ("FlashSale", "discountPrice", 4),
        ("DiscountCode", "percentage", -30),
    ],
)
async def test_changes_at_once_do_not_pass_a_bound_that_each_of_them_keeps(
    shop: Shop, class_name: str, field: str, amount: float
) -> None:
    seller = await shop.shopper("seller")
    path = f"/classes/{class_name}/{(await goods(shop, seller))[class_name]}"
    await asyncio.gather(*(seller.client.put(path, json={field: less(amount)}) for _ in range(4)))
    found = ok(await shop.master.get(path))[field]
    assert (found >= 0, found <= 100) == (True, True)
    ok(await shop.master.put(path, json={field: 9}))
    ok(await seller.client.put(path, json={field: less(amount)}))
    assert ok(await shop.master.get(path))[field] == 9 - amount


async def test_no_rule_opens_the_schema_to_who_may_not_change_it(shop: Shop) -> None:
    seller = await shop.shopper("seller")
    for class_name, object_id in (await goods(shop, seller)).items():
        beside = {"stock": less(1)} if class_name == "SKU" else {}
        path = f"/classes/{class_name}/{object_id}"
        answer = await seller.client.put(path, json={**beside, "evil": 1})
        refused(answer, 142 if class_name == "FlashSale" else 119)
        assert "evil" not in ok(await shop.master.get(f"/schemas/{class_name}"))["fields"]


async def test_a_seller_writes_nothing_of_another_ones_goods(shop: Shop) -> None:
    ann, bob = await shop.shopper("seller"), await shop.shopper("seller")
    theirs = await goods(shop, ann)
    changes = {
        "Product": {"price": 1},
        "SKU": {"stock": less(1)},
        "FlashSale": {"discountPrice": 1},
        "DiscountCode": {"percentage": 100},
    }
    for class_name, object_id in theirs.items():
        path = f"/classes/{class_name}/{object_id}"
        refused(await bob.client.put(path, json=changes[class_name]), 101, 404)
        refused(await bob.client.put(path, json={"ACL": EVERYBODY}), 101, 404)
        refused(await bob.client.delete(path), 101, 404)
    of = {"product": pointer("Product", theirs["Product"])}
    sku = {**of, "variation": "red", "stock": 1}
    refused(await bob.client.post("/classes/SKU", json=sku), 119)
    sale = {**of, "discountPrice": 0, "startTime": EVER, "endTime": NEVER}
    refused(await bob.client.post("/classes/FlashSale", json=sale), 119)


@pytest.mark.parametrize("price", ["1e300", "1e13", "1e999", "NaN", "-1e-9", '{"__op":"Delete"}'])
async def test_a_price_is_a_sum_that_can_be_paid(shop: Shop, price: str) -> None:
    body = f'{{"name":"Mug","price":{price}}}'
    answer = await shop.master.post("/classes/Product", content=body)
    refused(answer, 107 if price in ("1e999", "NaN") else 142)


@pytest.mark.parametrize(
    "given",
    [
        '"quantity":-1',
        '"quantity":1e308',
        '"quantity":true',
        '"quantity":{"__op":"Increment","amount":5}',
        '"quantity":1,"price":{"$lt":0},"name":"cheaper"',
        '"quantity":1,"product":{"__type":"Pointer","className":"Product","objectId":"x"}',
    ],
)
async def test_no_line_is_cheaper_than_its_goods(shop: Shop, given: str) -> None:
    ann, sku = await shop.shopper(), json.dumps(pointer("SKU", await shop.sku(5)))
    body = f'{{"items":[{{"sku":{sku},{given}}}]}}'
    refused(await ann.client.post("/classes/Cart", content=body), 142)
    placed = body.replace("items", "products")
    refused(await ann.client.post("/classes/Order", content=placed), 142)


async def test_the_same_sku_in_two_lines_takes_both_from_the_stock(shop: Shop) -> None:
    ann, sku = await shop.shopper(), await shop.sku(5)
    body = {"products": [line(sku, 3), line(sku, 3)]}
    refused(await ann.client.post("/classes/Order", json=body), 142)
    assert await shop.stock(sku) == 5


async def test_an_object_in_place_of_a_pointer_brings_no_price_of_its_own(shop: Shop) -> None:
    ann, sku = await shop.shopper(), await shop.sku(5, price=20)
    given = {"__type": "Object", "className": "SKU", "objectId": sku, "product": {"price": 1}}
    cart = ok(await ann.client.post("/classes/Cart", json={"items": [given]}), 201)
    assert cart["total"] == 20
    new = {"__type": "Object", "className": "Product", "name": "Mug", "price": 0}
    refused(await ann.client.put(f"/classes/Cart/{cart['objectId']}", json={"items": [new]}), 142)


CART = [
    {"discount": 1000},
    {"discount": {"__op": "Increment", "amount": 5}},
    {"subtotal": 1},
    {"code": "FREE"},
    {"evil": 1},
    {"items.0.quantity": 0},
    {"items": {"__op": "Delete"}},
    {"items": {"__op": "Add", "objects": [{"quantity": -1}]}},
]


async def test_a_price_that_a_client_writes_into_a_cart_is_put_right(shop: Shop) -> None:
    ann, sku = await shop.shopper(), await shop.sku(5, price=20)
    path = f"/classes/Cart/{await create(ann.client, 'Cart', items=[line(sku)])}"
    ok(await ann.client.put(path, json={"items.0.price": 0}))
    cart = ok(await ann.client.get(path))
    assert (cart["items"][0]["price"], cart["total"]) == (20, 20)


@pytest.mark.parametrize("change", CART)
async def test_a_cart_is_its_users_alone_and_priced_by_the_server(
    shop: Shop, change: dict[str, Any]
) -> None:
    ann, bob, sku = await shop.shopper(), await shop.shopper(), await shop.sku(5, price=20)
    path = f"/classes/Cart/{await create(ann.client, 'Cart', items=[line(sku)])}"
    refused(await ann.client.put(path, json=change), 142)
    ok(await ann.client.put(path, json={"ACL": EVERYBODY, "user": bob.pointer, "total": 1}))
    refused(await bob.client.get(path), 101, 404)
    refused(await bob.client.put(path, json={"items": []}), 101, 404)
    refused(await bob.client.delete(path), 101, 404)
    cart = ok(await shop.master.get(path))
    assert (cart["total"], cart["user"]) == (20, ann.pointer)
    assert cart["ACL"] == {ann.id: {"read": True, "write": True}}


async def test_who_empties_a_cart_can_neither_share_it_nor_put_it_in_anothers_name(
    shop: Shop,
) -> None:
    ann, bob = await shop.shopper(), await shop.shopper()
    path = f"/classes/Cart/{await create(ann.client, 'Cart', items=[line(await shop.sku(5))])}"
    emptied = {"items": [], "user": pointer("_User", bob.id), "ACL": EVERYBODY, "total": -5}
    ok(await ann.client.put(path, json=emptied))
    cart = ok(await shop.master.get(path))
    assert cart["user"]["objectId"] == ann.id
    assert list(cart["ACL"]) == [ann.id]
    assert (cart["items"], cart["total"]) == ([], 0)


STEPS: list[tuple[dict[str, Any], int, int]] = [
    ({"status": {"$ne": ""}}, 142, 400),
    ({"status": ["cancelled"]}, 142, 400),
    ({"status": {"__op": "Delete"}}, 142, 400),
    ({"status": None}, 142, 400),
    ({"status": "paid"}, 142, 400),
    ({"status": "cancelled", "ACL": EVERYBODY}, 101, 404),
    ({"status": "cancelled", "customer": None}, 101, 404),
    ({"status.x": "paid"}, 101, 404),
]


@pytest.mark.parametrize(("change", "code", "status"), STEPS)
async def test_a_customer_can_do_nothing_but_cancel(
    shop: Shop, change: dict[str, Any], code: int, status: int
) -> None:
    ann, bob, sku = await shop.shopper(), await shop.shopper(), await shop.sku(5)
    body = {"products": [line(sku)], "ACL": EVERYBODY, "user": bob.pointer}
    path = (
        f"/classes/Order/{ok(await ann.client.post('/classes/Order', json=body), 201)['objectId']}"
    )
    refused(await ann.client.put(path, json=change), code, status)
    for stranger in (bob.client, shop.client):
        refused(await stranger.put(path, json={"status": "cancelled"}), 101, 404)
        refused(await stranger.delete(path), 101, 404)
        refused(await stranger.get(path), 101, 404)
    assert ok(await shop.master.get(path))["status"] == "pending"


async def test_nobody_uses_up_another_users_tries_for_codes(shop: Shop) -> None:
    ann, bob, code = await shop.shopper(), await shop.shopper(), await shop.code()
    for user in (ann, bob):
        await create(user.client, "Cart", items=[line(await shop.sku(5))])
    refused(await bob.client.post("/functions/applyDiscountCode", json={"code": "NO"}), 142)
    for forger in (shop.client, bob.client):
        answer = await forger.post("/classes/DiscountTry", json={"user": ann.pointer})
        refused(answer, 119)
        assert await find(forger, "DiscountTry") == []
    ok(await ann.client.post("/functions/applyDiscountCode", json={"code": code}))


async def test_tries_at_once_are_counted_like_tries_in_turn(shop: Shop) -> None:
    ann = await shop.shopper()
    await create(ann.client, "Cart", items=[])
    answers = await asyncio.gather(
        *(
            ann.client.post("/functions/applyDiscountCode", json={"code": f"GUESS{n}"})
            for n in range(15)
        )
    )
    assert sorted(answer.json()["code"] for answer in answers) == [142] * 10 + [155] * 5


@pytest.mark.parametrize("role", ["admin", "staff", "seller"])
async def test_nobody_makes_himself_a_member_of_a_role(shop: Shop, role: str) -> None:
    (found,) = await find(shop.master, "_Role", {"name": role})
    for roles in ((), ("seller",), ("staff",)):
        eve = await shop.shopper(*roles)
        joining = {"__op": "AddRelation", "objects": [eve.pointer]}
        heirs = {"__op": "AddRelation", "objects": [pointer("_Role", found["objectId"])]}
        path = f"/roles/{found['objectId']}"
        for change in ({"users": joining}, {"roles": heirs}, {"ACL": EVERYBODY}):
            refused(await eve.client.put(path, json=change), 101, 404)
        refused(await eve.client.delete(path), 101, 404)
        twin = {"name": role, "ACL": EVERYBODY}
        refused(await eve.client.post("/roles", json=twin), 137)


@pytest.mark.parametrize("role", ["admin", None, ["admin"], {"__op": "Delete"}])
async def test_a_shown_role_is_no_users_to_change(shop: Shop, role: Any) -> None:
    ann, name = await shop.shopper(), unique("eve")
    refused(await ann.client.put(f"/users/{ann.id}", json={"role": role}), 142)
    body = {"username": name, "password": "x", "email": f"{name}@example.com", "role": role}
    refused(await shop.client.post("/users", json=body), 142)


# --- what the server tells itself, and others' request ids --------------------------------------


@pytest.mark.parametrize("told", ["shop.payment", "shop.checkout"])
async def test_a_client_can_not_say_what_only_the_server_tells_its_own_hooks(
    shop: Shop, told: str
) -> None:
    ann, sku = await shop.shopper(), await shop.sku(5)
    headers = {"X-Parse-Cloud-Context": json.dumps({told: "x"})}
    body = {"products": [line(sku)]}
    made = ok(await ann.client.post("/classes/Order", json=body, headers=headers), 201)
    assert made["status"] == "pending"
    path = f"/classes/Order/{made['objectId']}"
    for change in ({"status": "paid"}, {"status": "shipped"}):
        refused(await ann.client.put(path, json=change, headers=headers), 142)
    for field in ("payment", "paidAt", "attention", "total"):
        refused(await ann.client.put(path, json={field: 1}, headers=headers), 101, 404)
    stored = ok(await shop.master.get(path))
    assert (stored["status"], stored.get("payment")) == ("pending", None)


async def test_the_request_id_of_one_customer_neither_blocks_nor_tells_of_anothers(
    shop: Shop,
) -> None:
    ann, bob, sku = await shop.shopper(), await shop.shopper(), await shop.sku(9)
    headers, body = {"X-Parse-Request-Id": unique("request")}, {"products": [line(sku)]}
    for user in (ann, bob):
        ok(await user.client.post("/classes/Order", json=body, headers=headers), 201)
        await create(user.client, "Cart", items=[line(sku)])
    key = {"requestId": unique("request")}
    orders = [
        ok(await user.client.post("/functions/checkout", json=key))["result"] for user in (ann, bob)
    ]
    assert [order["user"]["objectId"] for order in orders] == [ann.id, bob.id]


async def test_who_waits_for_his_turn_takes_nobody_elses(shop: Shop) -> None:
    ann, bob, sku = await shop.shopper(), await shop.shopper(), await shop.sku(9)
    storage = shop.application.backend.storage
    await storage.claims.take(f"lock:customer:{ann.id}", "somebody", "a test")
    waiting = asyncio.create_task(create(ann.client, "Cart", items=[line(sku)]))
    await create(bob.client, "Cart", items=[line(sku)])
    assert not waiting.done()
    await storage.claims.release(f"lock:customer:{ann.id}", "somebody")
    await waiting
