"""What the staff's pages ask for: reports, stock by hand, and what there is at all."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from parsepy import Object, ParseError, Pointer
from parsepy.testing import App, MakeApp, UserClient

SHOP = Path(__file__).parents[2]
TEMPLATES = ("ecommerce", "shopping")


async def shop_of(parse_app: MakeApp, *templates: str) -> App:
    """The shop of these templates, in memory."""
    paths = [SHOP / "schema" / f"{name}.json" for name in templates]
    return await parse_app(cloud=SHOP / "cloud" / "main.py", schema=paths)


@pytest.fixture
async def shop(parse_app: MakeApp) -> App:
    """The shop of both templates."""
    return await shop_of(parse_app, *TEMPLATES)


async def person(shop: App, name: str, *roles: str, **fields: Any) -> UserClient:
    """Somebody who has signed up, with these roles."""
    return await shop.user(name, roles=roles, email=f"{name}@example.com", **fields)


async def staff_of(shop: App) -> UserClient:
    """Somebody who works here."""
    return await person(shop, "sam", "staff")


@pytest.fixture
async def mug(shop: App) -> str:
    """The id of a SKU of which nine are in stock, at 9.50."""
    async with shop.acting():
        product = await Object("Product", name="Mug", price=9.5).save()
        sku = await Object("SKU", product=product, variation="blue", stock=9).save()
    return str(sku.id)


async def bought(buyer: UserClient, shop: App, sku: str, status: str | None = "paid") -> str:
    """An order of one, moved to that status; its id."""
    line = {"sku": Pointer("SKU", sku), "quantity": 1}
    made: str = (await buyer.create("Order", {"products": [line]}))["objectId"]
    if status is not None:
        await shop.master.update("Order", made, {"status": status})
    return made


async def test_customers_are_reported_with_orders_value_and_days(shop: App, mug: str) -> None:
    sam, ann, bob = await staff_of(shop), await person(shop, "ann"), await person(shop, "bob")
    for status in ("paid", "paid", None):
        await bought(ann, shop, mug, status)
    await bought(bob, shop, mug, "cancelled")
    report = await sam.call("customerReport", {"limit": 1})
    assert report["count"] == 2
    [first] = report["customers"]
    assert (first["username"], first["orders"], first["value"]) == ("ann", 3, 19)
    assert first["firstOrder"]["iso"] <= first["lastOrder"]["iso"]
    [today] = report["byDay"]
    assert today == {"date": f"{datetime.now(UTC):%Y-%m-%d}", "new": 2, "returning": 0}


async def test_who_ordered_before_that_day_is_a_returning_customer(shop: App, mug: str) -> None:
    sam, ann = await staff_of(shop), await person(shop, "ann")
    old, _ = await bought(ann, shop, mug), await bought(ann, shop, mug)
    await moved_back(shop, old, days=40)
    report = await sam.call("customerReport", {})
    assert [(row["new"], row["returning"]) for row in report["byDay"]] == [(0, 1)]
    assert report["customers"][0]["orders"] == 1


async def moved_back(shop: App, order: str, days: int) -> None:
    """Make an order one of former days, as no client could."""
    collection = shop.application.backend.storage.connection.collection("Order")
    then = datetime.now(UTC) - timedelta(days=days)
    await collection.update_one({"_id": order}, {"$set": {"_created_at": then}})


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"limit": 1001}, "limit"),
        ({"limit": True}, "limit"),
        ({"from": "yesterday"}, "from"),
        ({"from": datetime(2020, 1, 1, tzinfo=UTC)}, "from"),
        ({"to": 3}, "to"),
    ],
)
async def test_a_report_without_bounds_is_refused(
    shop: App, params: dict[str, Any], field: str
) -> None:
    sam = await staff_of(shop)
    with pytest.raises(ParseError, match=f"^{field}: ") as refusal:
        await sam.call("customerReport", params)
    assert refusal.value.code == 142


@pytest.mark.parametrize(
    "function", ["customerReport", "customerProfile", "codeReport", "adjustStock", "stockChanges"]
)
async def test_shoppers_are_told_nothing_of_the_back_office(shop: App, function: str) -> None:
    ann = await person(shop, "ann")
    with pytest.raises(ParseError) as refusal:
        await ann.call(function, {"customer": "x", "sku": "x", "by": 1, "reason": "x"})
    assert refusal.value.code == 142


async def test_the_staff_learn_where_an_order_goes_and_admins_the_mail_address(
    shop: App, mug: str
) -> None:
    sam = await staff_of(shop)
    boss = await person(shop, "boss", "admin")
    ann = await person(shop, "ann", address="1 Main St")
    asked = {"customer": ann.id}
    with pytest.raises(ParseError, match="nobody of that id has ordered"):
        await sam.call("customerProfile", asked)
    await bought(ann, shop, mug)
    shown = await sam.call("customerProfile", asked)
    assert (shown["username"], shown["address"]) == ("ann", "1 Main St")
    assert "email" not in shown
    assert (await boss.call("customerProfile", asked))["email"] == "ann@example.com"


async def test_stock_is_changed_by_a_number_and_a_reason(shop: App, mug: str) -> None:
    sam = await staff_of(shop)
    assert await sam.call("adjustStock", {"sku": mug, "by": 3, "reason": "delivery"}) == {
        "stock": 12
    }
    await sam.call("adjustStock", {"sku": mug, "by": -2, "reason": " broken "})
    changes = await sam.call("stockChanges", {"sku": mug})
    assert [(row["by"], row["reason"], row["username"]) for row in changes] == [
        (-2, "broken", "sam"),
        (3, "delivery", "sam"),
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"by": -10}, "stock: an integer of at least 0"),
        ({"by": 0}, "by: "),
        ({"by": 1_000_001}, "by: "),
        ({"reason": "  "}, "reason: "),
        ({"reason": "x" * 201}, "reason: "),
        ({"sku": "nothing123"}, "there is no such SKU"),
    ],
)
async def test_a_change_of_stock_that_breaks_a_rule_changes_nothing(
    shop: App, mug: str, change: dict[str, Any], words: str
) -> None:
    sam = await staff_of(shop)
    with pytest.raises(ParseError, match=words):
        await sam.call("adjustStock", {"sku": mug, "by": 1, "reason": "count", **change})
    assert (await shop.master.get("SKU", mug))["stock"] == 9
    assert await sam.call("stockChanges", {"sku": mug}) == []


async def test_nobody_but_the_server_notes_a_change_of_stock(shop: App, mug: str) -> None:
    sam = await staff_of(shop)
    await sam.call("adjustStock", {"sku": mug, "by": 1, "reason": "count"})
    with pytest.raises(ParseError) as refusal:
        await sam.create("StockChange", {"by": 1, "reason": "forged"})
    assert refusal.value.code == 119


async def test_the_uses_of_a_code_are_counted(shop: App, mug: str) -> None:
    sam, ann = await staff_of(shop), await person(shop, "ann")
    until = datetime.now(UTC) + timedelta(days=1)
    await shop.master.create("DiscountCode", {"code": "TEN", "percentage": 10, "validUntil": until})
    await ann.create("Cart", {"items": [{"sku": Pointer("SKU", mug), "quantity": 2}]})
    await ann.call("applyDiscountCode", {"code": "TEN"})
    order = await ann.call("checkout", {})
    await shop.master.update("Order", order["objectId"], {"status": "paid"})
    assert await sam.call("codeReport") == [
        {"code": "TEN", "uses": 1, "discount": 1.9, "revenue": 17.1}
    ]


@pytest.mark.parametrize(
    ("templates", "lacks"),
    [
        (TEMPLATES, {"payments"}),
        (("ecommerce",), {"codes", "sales", "pictures", "payments"}),
        (("shopping",), {"skus", "orders", "addresses", "payments"}),
    ],
)
async def test_the_storefront_says_what_the_templates_have(
    parse_app: MakeApp, templates: tuple[str, ...], lacks: set[str]
) -> None:
    shop = await shop_of(parse_app, *templates)
    ann = await person(shop, "ann")
    shown = await ann.call("storefront")
    assert {name for name, there in shown["has"].items() if not there} == lacks
    assert (shown["roles"], shown["currency"]) == ([], "USD")
    assert shown["steps"]["pending"] == ["cancelled", "paid"]
    assert (await (await staff_of(shop)).call("storefront"))["roles"] == ["staff"]
