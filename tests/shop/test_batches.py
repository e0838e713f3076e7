"""Orders in batches, with and without a transaction (case S7)."""

from typing import Any

from tests.rest.shop import Shopper, create, find, item_of_batch, ok, refused, unique
from tests.shop.conftest import Shop, line

Batch = dict[str, Any]


def order(*lines: dict[str, Any]) -> dict[str, Any]:
    return item_of_batch("POST", "/classes/Order", {"products": list(lines)})


def in_one(*requests: dict[str, Any]) -> Batch:
    return {"requests": list(requests), "transaction": True}


async def orders_of(shop: Shop, user: Shopper) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await find(shop.master, "Order", {"user": user.pointer})
    return found


async def test_s7_orders_in_a_transaction_are_all_placed(shop: Shop) -> None:
    ann, mug, cup = await shop.shopper(), await shop.sku(5), await shop.sku(5)
    answers = ok(await ann.client.post("/batch", json=in_one(order(line(mug)), order(line(cup)))))
    made = {answer["success"]["objectId"] for answer in answers}
    assert {found["objectId"] for found in await orders_of(shop, ann)} == made
    assert (await shop.stock(mug), await shop.stock(cup)) == (4, 4)


async def test_s7_orders_in_a_transaction_are_placed_all_or_none(shop: Shop) -> None:
    ann, mug, cup = await shop.shopper(), await shop.sku(5), await shop.sku(1)
    batch = in_one(order(line(mug)), order(line(cup, 2)))
    assert "only 1 of" in refused(await ann.client.post("/batch", json=batch), 142)
    assert await orders_of(shop, ann) == []
    assert (await shop.stock(mug), await shop.stock(cup)) == (5, 1)
    ok(await ann.client.post("/classes/Order", json={"products": [line(cup)]}), 201)  # no lock left


async def test_s7_a_cart_a_code_and_its_checkout_fit_into_one_transaction(shop: Shop) -> None:
    ann, mug, code = await shop.shopper(), await shop.sku(5, price=10), await shop.code(10)
    cart = item_of_batch("POST", "/classes/Cart", {"items": [line(mug)]})
    apply = item_of_batch("POST", "/functions/applyDiscountCode", {"code": code})
    checkout = item_of_batch("POST", "/functions/checkout", {"requestId": "one"})
    answers = ok(await ann.client.post("/batch", json=in_one(cart, apply, checkout)))
    assert answers[2]["success"]["result"]["total"] == 9
    assert [found["total"] for found in await orders_of(shop, ann)] == [9]


async def test_s7_orders_of_a_batch_with_one_request_id_are_two_and_sent_again_none(
    shop: Shop,
) -> None:
    ann, mug = await shop.shopper(), await shop.sku(9)
    headers = {"X-Parse-Request-Id": unique("request")}
    batch = {"requests": [order(line(mug)), order(line(mug, 2))]}
    first = ok(await ann.client.post("/batch", json=batch, headers=headers))
    assert ["success" in answer for answer in first] == [True, True]
    again = ok(await ann.client.post("/batch", json=batch, headers=headers))
    assert [answer["error"]["code"] for answer in again] == [159, 159]
    assert await shop.stock(mug) == 6


async def test_s7_staff_move_many_orders_in_one_transaction(shop: Shop) -> None:
    staff, mug = await shop.shopper("staff"), await shop.sku(9)
    steps = []
    for _ in range(3):
        ann = await shop.shopper()
        made = await create(ann.client, "Order", products=[line(mug)])
        steps.append(item_of_batch("PUT", f"/classes/Order/{made}", {"status": "paid"}))
    ok(await staff.client.post("/batch", json=in_one(*steps)))
    assert [
        len(
            await find(
                staff.client,
                "Order",
                {"objectId": step["path"].rpartition("/")[2], "status": "paid"},
            )
        )
        for step in steps
    ] == [1, 1, 1]
