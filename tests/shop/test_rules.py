"""What the shop's rules do, each by its name; what they refuse stands in `refusals.py`."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.rest.shop import Shopper, ok, pointer, refused
from tests.shop.conftest import Shop, line


def date(moment: datetime) -> dict[str, Any]:
    return {"__type": "Date", "iso": moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")}


def hours(count: float) -> dict[str, Any]:
    return date(datetime.now(UTC) + timedelta(hours=count))


async def order(buyer: Shopper, *lines: Any, **fields: Any) -> str:
    """Place an order that must succeed; its id."""
    body = {"products": list(lines), **fields}
    object_id: str = ok(await buyer.client.post("/classes/Order", json=body), 201)["objectId"]
    return object_id


# --- users --------------------------------------------------------------------------------------


async def test_u2_a_new_user_is_a_customer(shop: Shop) -> None:
    ann = await shop.shopper()
    assert ok(await ann.client.get("/users/me"))["role"] == "customer"


async def test_u2_a_role_that_was_granted_is_shown(shop: Shop) -> None:
    ann = await shop.shopper("staff")
    body = {"username": ann.name, "password": "correct horse"}
    ok(await shop.client.post("/login", json=body))
    assert ok(await shop.master.get(f"/users/{ann.id}"))["role"] == "staff"


# --- catalogue ----------------------------------------------------------------------------------


async def test_p3_skus_go_with_their_product(shop: Shop) -> None:
    sku = await shop.sku(3)
    product = ok(await shop.master.get(f"/classes/SKU/{sku}"))["product"]["objectId"]
    ok(await shop.master.delete(f"/classes/Product/{product}"))
    refused(await shop.master.get(f"/classes/SKU/{sku}"), 101, 404)


async def test_a_shopper_writes_no_products_and_a_seller_owns_his(shop: Shop) -> None:
    ann, sid = await shop.shopper(), await shop.shopper("seller")
    refused(await ann.client.post("/classes/Product", json={"name": "Mug", "price": 1}), 119)
    made = ok(await sid.client.post("/classes/Product", json={"name": "Mug", "price": 1}), 201)
    url = f"/classes/Product/{made['objectId']}"
    other = await shop.shopper("seller")
    refused(await other.client.put(url, json={"price": 2}), 101, 404)
    ok(await sid.client.put(url, json={"price": 2}))


async def test_s1_decrements_that_meet_never_go_below_0(shop: Shop) -> None:
    sku = await shop.sku(5)
    body = {"stock": {"__op": "Increment", "amount": -1}}
    answers = await asyncio.gather(
        *(shop.master.put(f"/classes/SKU/{sku}", json=body) for _ in range(12))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [400] * 7
    assert await shop.stock(sku) == 0


async def test_s3_a_variation_is_unique_even_when_two_come_at_once(shop: Shop) -> None:
    product = pointer("Product", await shop.product())
    body = {"product": product, "variation": "blue", "stock": 1}
    answers = await asyncio.gather(*(shop.master.post("/classes/SKU", json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400]


# --- lines, carts -------------------------------------------------------------------------------


async def test_m1_a_carts_total_is_the_servers(shop: Shop) -> None:
    ann, sku = await shop.shopper(), await shop.sku(5, price=10.25)
    body = {"items": [line(sku, 3)], "total": 1}
    assert ok(await ann.client.post("/classes/Cart", json=body), 201)["total"] == 30.75


async def test_c1_a_cart_is_its_makers(shop: Shop) -> None:
    ann, bob, sku = await shop.shopper(), await shop.shopper(), await shop.sku(5)
    body = {"items": [line(sku)], "user": bob.pointer}
    cart = ok(await ann.client.post("/classes/Cart", json=body), 201)
    assert cart["user"] == ann.pointer
    refused(await bob.client.get(f"/classes/Cart/{cart['objectId']}"), 101, 404)


async def test_c2_many_carts_at_once_are_one(shop: Shop) -> None:
    ann, sku = await shop.shopper(), await shop.sku(5)
    answers = await asyncio.gather(
        *(ann.client.post("/classes/Cart", json={"items": [line(sku, n + 1)]}) for n in range(5))
    )
    assert len({answer.json()["objectId"] for answer in answers}) == 1
    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [201]


# --- discount codes -----------------------------------------------------------------------------


async def test_d1_a_code_is_kept_in_capitals_and_unique(shop: Shop) -> None:
    body = {"code": "spring-27", "percentage": 5, "validUntil": hours(1)}
    assert ok(await shop.master.post("/classes/DiscountCode", json=body), 201)["code"] == (
        "SPRING-27"
    )
    refused(await shop.master.post("/classes/DiscountCode", json=body), 142)


async def test_d4_both_ways_of_applying_a_code_confirm_the_new_total(shop: Shop) -> None:
    ann, sku, code = await shop.shopper(), await shop.sku(5, price=20), await shop.code(25)
    ok(await ann.client.post("/classes/Cart", json={"items": [line(sku)]}), 201)
    called = ok(await ann.client.post("/functions/applyDiscountCode", json={"code": code}))
    posted = ok(await ann.client.post("/classes/DiscountCode", json={"code": code.lower()}))
    assert posted == called["result"]
    assert (posted["subtotal"], posted["discount"], posted["total"]) == (20, 5, 15)


async def test_d5_a_code_that_became_invalid_is_refused_at_checkout(shop: Shop) -> None:
    ann, sku, code = await shop.shopper(), await shop.sku(5), await shop.code()
    ok(await ann.client.post("/classes/Cart", json={"items": [line(sku)]}), 201)
    ok(await ann.client.post("/functions/applyDiscountCode", json={"code": code}))
    row = ok(
        await shop.master.get("/classes/DiscountCode", params={"where": f'{{"code":"{code}"}}'})
    )
    ok(await shop.master.delete(f"/classes/DiscountCode/{row['results'][0]['objectId']}"))
    message = refused(await ann.client.post("/functions/checkout", json={}), 142)
    assert "invalid" in message
    ok(await ann.client.post("/functions/removeDiscountCode", json={}))
    ok(await ann.client.post("/functions/checkout", json={}))


# --- flash sales --------------------------------------------------------------------------------


async def test_f4_who_asks_sees_the_live_sales_and_pays_their_price(shop: Shop) -> None:
    ann, product = await shop.shopper(), pointer("Product", await shop.product(10))
    sale = {"product": product, "discountPrice": 4, "startTime": hours(-1), "endTime": hours(1)}
    made = ok(await shop.master.post("/classes/FlashSale", json=sale), 201)
    assert made["active"] is True
    live = ok(await shop.client.post("/functions/liveFlashSales", json={}))["result"]
    assert made["objectId"] in [item["objectId"] for item in live]
    await order(ann, product, total=4)


# --- orders -------------------------------------------------------------------------------------


async def test_o2_checkout_orders_the_cart_and_empties_it(shop: Shop) -> None:
    ann, sku = await shop.shopper(), await shop.sku(5, price=8)
    ok(await ann.client.post("/classes/Cart", json={"items": [line(sku, 2)]}), 201)
    made = ok(await ann.client.post("/functions/checkout", json={}))["result"]
    assert (made["total"], made["status"], await shop.stock(sku)) == (16, "pending", 3)
    assert ok(await ann.client.get("/classes/Cart"))["results"][0]["items"] == []


async def test_o4_too_little_of_one_line_takes_nothing_of_any(shop: Shop) -> None:
    ann, some, few = await shop.shopper(), await shop.sku(9), await shop.sku(1)
    body = {"products": [line(some, 2), line(few, 2)]}
    message = refused(await ann.client.post("/classes/Order", json=body), 142)
    assert message.startswith("products[1]")
    assert "only 1" in message
    assert (await shop.stock(some), await shop.stock(few)) == (9, 1)


async def test_o4_no_unit_is_sold_twice(shop: Shop) -> None:
    sku = await shop.sku(7)
    buyers = [await shop.shopper() for _ in range(12)]
    answers = await asyncio.gather(
        *(b.client.post("/classes/Order", json={"products": [line(sku)]}) for b in buyers)
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 7 + [400] * 5
    assert await shop.stock(sku) == 0


async def test_o5_legal_steps_only(shop: Shop) -> None:
    ann, sku = await shop.shopper(), await shop.sku(5)
    url = f"/classes/Order/{await order(ann, line(sku))}"
    refused(await shop.master.put(url, json={"status": "shipped"}), 142)
    for status in ("paid", "shipped", "delivered"):
        ok(await shop.master.put(url, json={"status": status}))
    refused(await shop.master.put(url, json={"status": "pending"}), 142)


async def test_o5_a_customer_may_only_cancel(shop: Shop) -> None:
    ann, sku = await shop.shopper(), await shop.sku(5)
    url = f"/classes/Order/{await order(ann, line(sku, 2))}"
    refused(await ann.client.put(url, json={"status": "paid"}), 142)
    refused(await ann.client.put(url, json={"products": []}), 101, 404)
    ok(await ann.client.put(url, json={"status": "cancelled"}))
    assert await shop.stock(sku) == 5


async def test_o6_stock_goes_back_exactly_once(shop: Shop) -> None:
    ann, sku = await shop.shopper(), await shop.sku(5)
    url = f"/classes/Order/{await order(ann, line(sku, 2))}"
    await asyncio.gather(*(shop.master.put(url, json={"status": "cancelled"}) for _ in range(6)))
    assert await shop.stock(sku) == 5


async def test_o6_what_was_shipped_does_not_come_back(shop: Shop) -> None:
    ann, sku = await shop.shopper(), await shop.sku(5)
    url = f"/classes/Order/{await order(ann, line(sku, 2))}"
    for status in ("paid", "shipped", "refunded"):
        ok(await shop.master.put(url, json={"status": status}))
    assert await shop.stock(sku) == 3


async def test_o7_the_same_request_never_makes_a_second_order(shop: Shop) -> None:
    ann, sku = await shop.shopper(), await shop.sku(5)
    headers = {"X-Parse-Request-Id": "once"}
    body = {"products": [line(sku)]}
    answers = await asyncio.gather(
        *(ann.client.post("/classes/Order", json=body, headers=headers) for _ in range(4))
    )
    codes = sorted(answer.json().get("code", 0) for answer in answers)
    assert (codes, await shop.stock(sku)) == ([0, 159, 159, 159], 4)


async def test_o7_checkout_answers_the_first_order_again(shop: Shop) -> None:
    ann, sku = await shop.shopper(), await shop.sku(5)
    ok(await ann.client.post("/classes/Cart", json={"items": [line(sku)]}), 201)
    answers = await asyncio.gather(
        *(ann.client.post("/functions/checkout", json={"requestId": "r"}) for _ in range(3))
    )
    assert len({ok(answer)["result"]["objectId"] for answer in answers}) == 1


async def test_o9_customers_read_their_own_orders_alone(shop: Shop) -> None:
    ann, bob, sku = await shop.shopper(), await shop.shopper(), await shop.sku(5)
    made = await order(ann, line(sku))
    assert [o["objectId"] for o in ok(await ann.client.get("/classes/Order"))["results"]] == [made]
    assert ok(await bob.client.get("/classes/Order"))["results"] == []
    staff = await shop.shopper("staff")
    ok(await staff.client.put(f"/classes/Order/{made}", json={"status": "paid"}))


async def test_a_pending_order_that_is_deleted_puts_its_stock_back(shop: Shop) -> None:
    ann, sku = await shop.shopper(), await shop.sku(5)
    url = f"/classes/Order/{await order(ann, line(sku, 2))}"
    ok(await ann.client.delete(url))
    assert await shop.stock(sku) == 5


async def test_saving_the_status_again_changes_nothing(shop: Shop) -> None:
    ann, sku = await shop.shopper(), await shop.sku(5)
    url = f"/classes/Order/{await order(ann, line(sku))}"
    first = ok(await shop.master.put(url, json={"status": "paid"}))["updatedAt"]
    assert ok(await shop.master.put(url, json={"status": "paid"}))["updatedAt"] == first


async def test_r1_reports_are_for_the_staff(shop: Shop) -> None:
    ann, staff, sku = await shop.shopper(), await shop.shopper("staff"), await shop.sku(5, price=7)
    url = f"/classes/Order/{await order(ann, line(sku, 2))}"
    ok(await shop.master.put(url, json={"status": "paid"}))
    refused(await ann.client.post("/functions/salesReport", json={}), 142)
    report = ok(await staff.client.post("/functions/salesReport", json={}))["result"]
    assert report["byStatus"]["paid"] >= 1
    assert any(row["units"] == 2 and row["revenue"] == 14 for row in report["byProduct"])


async def test_f1_an_order_by_plain_pointers_says_what_it_cost(shop: Shop) -> None:
    ann, staff, sku = await shop.shopper(), await shop.shopper("staff"), await shop.sku(5, 7)
    made = await order(ann, pointer("SKU", sku), pointer("SKU", sku))
    [first, second] = ok(await ann.client.get(f"/classes/Order/{made}"))["products"]
    assert first == second
    assert (first["sku"]["objectId"], first["quantity"]) == (sku, 1)
    assert (first["price"], first["variation"]) == (7, "blue")
    assert first["name"].startswith("Mug")
    assert await shop.stock(sku) == 3
    ok(await staff.client.put(f"/classes/Order/{made}", json={"status": "paid"}))
    owner = ok(await ann.client.get(f"/classes/SKU/{sku}"))["product"]["objectId"]
    report = ok(await staff.client.post("/functions/salesReport", json={}))["result"]
    [row] = [row for row in report["byProduct"] if row["product"] == owner]
    assert (row["units"], row["revenue"]) == (2, 14)


async def test_f1_an_order_that_was_stored_without_prices_is_reported_by_its_total(
    shop: Shop,
) -> None:
    ann, staff = await shop.shopper(), await shop.shopper("staff")
    dear, cheap = await shop.sku(5, 9), await shop.sku(5, 3)
    made = await order(ann, line(dear))
    storage = shop.application.backend.storage
    old = [
        {"__type": "Pointer", "className": "SKU", "objectId": dear},
        {"__type": "Pointer", "className": "SKU", "objectId": cheap},
    ]
    values = {"products": old, "subtotal": 24, "total": 24, "status": "paid"}
    await storage.connection.collection("Order").update_one({"_id": made}, {"$set": values})
    report = ok(await staff.client.post("/functions/salesReport", json={}))["result"]
    owners = [
        ok(await ann.client.get(f"/classes/SKU/{sku}"))["product"]["objectId"]
        for sku in (dear, cheap)
    ]
    revenue = {row["product"]: row["revenue"] for row in report["byProduct"]}
    assert [revenue[owner] for owner in owners] == [18, 6]


async def test_f1_a_cart_keeps_the_pointers_that_it_was_given(shop: Shop) -> None:
    ann, sku = await shop.shopper(), await shop.sku(5, 7)
    given = pointer("SKU", sku)
    cart = ok(await ann.client.post("/classes/Cart", json={"items": [given]}), 201)
    assert cart["total"] == 7
    assert ok(await ann.client.get("/classes/Cart"))["results"][0]["items"] == [given]
    placed = ok(await ann.client.post("/functions/checkout", json={}))["result"]
    assert placed["products"][0]["price"] == 7
