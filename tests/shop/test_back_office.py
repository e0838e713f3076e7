"""On MongoDB itself: what the staff's pages ask for. `cloud/tests` has it fact by fact."""

from datetime import UTC, datetime, timedelta

from tests.rest.shop import ok, refused
from tests.shop.conftest import Shop, line
from tests.shop.test_rules import hours, order


async def test_customers_are_new_on_the_day_of_their_first_order_and_returning_later(
    shop: Shop,
) -> None:
    ann, bob, staff = await shop.shopper(), await shop.shopper(), await shop.shopper("staff")
    sku = await shop.sku(9, price=7)
    old = await order(ann, line(sku))
    for buyer in (ann, bob):
        made = await order(buyer, line(sku, 2))
        ok(await staff.client.put(f"/classes/Order/{made}", json={"status": "paid"}))
    collection = shop.application.backend.storage.connection.collection("Order")
    then = datetime.now(UTC) - timedelta(days=3)
    await collection.update_one({"_id": old}, {"$set": {"_created_at": then}})
    asked = {"from": hours(-47), "to": hours(1), "limit": 1000}
    report = ok(await staff.client.post("/functions/customerReport", json=asked))["result"]
    rows = {row["customer"]: row for row in report["customers"]}
    assert report["count"] == len(rows)
    assert (rows[ann.id]["orders"], rows[ann.id]["value"], rows[ann.id]["username"]) == (
        1,
        14,
        ann.name,
    )
    assert rows[ann.id]["firstOrder"]["iso"] < rows[ann.id]["lastOrder"]["iso"]
    days = report["byDay"]
    assert days[-1]["date"] == f"{datetime.now(UTC):%Y-%m-%d}"
    assert sum(day["returning"] for day in days) == 1
    assert sum(day["new"] for day in days) == len(rows) - 1
    refused(await ann.client.post("/functions/customerReport", json={}), 142)


async def test_stock_and_its_reason_change_together_or_not_at_all(shop: Shop) -> None:
    staff, sku = await shop.shopper("staff"), await shop.sku(5)
    asked = {"sku": sku, "by": -6, "reason": "broken"}
    refused(await staff.client.post("/functions/adjustStock", json=asked), 142)
    changed = await staff.client.post("/functions/adjustStock", json={**asked, "by": -5})
    assert ok(changed)["result"] == {"stock": 0}
    noted = ok(await staff.client.post("/functions/stockChanges", json={"sku": sku}))["result"]
    assert [(row["by"], row["reason"], row["username"]) for row in noted] == [
        (-5, "broken", staff.name)
    ]


async def test_a_code_is_used_by_each_order_that_is_not_cancelled(shop: Shop) -> None:
    ann, staff, sku = await shop.shopper(), await shop.shopper("staff"), await shop.sku(5, price=20)
    code = await shop.code(percentage=25)
    made = []
    for _ in range(2):
        assert (await ann.client.post("/classes/Cart", json={"items": [line(sku)]})).is_success
        ok(await ann.client.post("/functions/applyDiscountCode", json={"code": code}))
        made.append(ok(await ann.client.post("/functions/checkout", json={}))["result"]["objectId"])
    for place, status in zip(made, ("paid", "cancelled"), strict=True):
        ok(await staff.client.put(f"/classes/Order/{place}", json={"status": status}))
    report = ok(await staff.client.post("/functions/codeReport", json={}))["result"]
    [row] = [row for row in report if row["code"] == code]
    assert row == {"code": code, "uses": 1, "discount": 5, "revenue": 15}


async def test_anyone_is_told_what_the_shop_offers_and_what_they_may(shop: Shop) -> None:
    shown = ok(await shop.client.post("/functions/storefront", json={}))["result"]
    assert shown["has"] == {
        "skus": True,
        "orders": True,
        "codes": True,
        "sales": True,
        "pictures": True,
        "addresses": True,
        "payments": False,
    }
    assert shown["roles"] == []
    admin = await shop.shopper("admin")
    told = ok(await admin.client.post("/functions/storefront", json={}))["result"]
    assert told["roles"] == ["admin", "staff"]
