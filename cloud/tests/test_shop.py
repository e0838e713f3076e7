"""The shop's rules, tested as an author tests their own: no server, no database, milliseconds.

`parse_app` comes with parsepy's pytest plugin. On a real MongoDB the same tests run with
`database="mongodb://…"`.
"""

from pathlib import Path
from typing import Any

import pytest

from parsepy import Object, ParseError, Pointer, Query
from parsepy.testing import App, MakeApp, UserClient

SHOP = Path(__file__).parents[2]


@pytest.fixture
async def shop(parse_app: MakeApp) -> App:
    """The shop with its rules, in memory."""
    return await parse_app(
        cloud=SHOP / "cloud" / "main.py",
        schema=[SHOP / "schema" / "ecommerce.json", SHOP / "schema" / "shopping.json"],
    )


@pytest.fixture
async def ann(shop: App) -> UserClient:
    """A customer."""
    return await shop.user("ann", email="ann@example.com")


@pytest.fixture
async def mug(shop: App) -> str:
    """The id of a SKU of which three are in stock."""
    async with shop.acting():
        product = await Object("Product", name="Mug", price=9.5).save()
        sku = await Object("SKU", product=product, variation="blue", stock=3).save()
    return str(sku.id)


def line(sku: str, quantity: int) -> dict[str, Any]:
    return {"sku": Pointer("SKU", sku), "quantity": quantity}


async def test_an_order_takes_stock_and_is_priced_by_the_server(
    shop: App, ann: UserClient, mug: str
) -> None:
    order = await ann.create("Order", {"products": [line(mug, 2)]})
    assert order["total"] == 19
    assert (await ann.get("Order", order["objectId"]))["status"] == "pending"
    async with shop.acting():
        assert (await Query("SKU").get(mug)).get("stock") == 1


async def test_more_than_is_in_stock_is_refused_and_nothing_is_taken(
    shop: App, ann: UserClient, mug: str
) -> None:
    with pytest.raises(ParseError, match=r"only 3 of Mug \(blue\) are left") as refusal:
        await ann.create("Order", {"products": [line(mug, 4)]})
    assert refusal.value.code == 142
    assert (await shop.master.get("SKU", mug))["stock"] == 3


async def test_a_customer_cancels_and_the_stock_is_back(
    shop: App, ann: UserClient, mug: str
) -> None:
    order = await ann.create("Order", {"products": [line(mug, 3)]})
    await ann.update("Order", order["objectId"], {"status": "cancelled"})
    assert (await shop.master.get("SKU", mug))["stock"] == 3
    with pytest.raises(ParseError, match="cancelled does not become paid"):
        await ann.update("Order", order["objectId"], {"status": "paid"})


async def test_each_hook_runs_once(shop: App, ann: UserClient, mug: str) -> None:
    shop.fired.clear()
    await ann.create("Cart", {"items": [line(mug, 1)]})
    assert shop.fired == {"aroundSave Cart": 1}
    shop.fired.clear()
    await ann.create("Order", {"products": [line(mug, 1)]})
    assert shop.fired == {"aroundSave Order": 1, "beforeSave Order": 1, "aroundSave SKU": 1}
    assert await ann.call("liveFlashSales") == []
    assert shop.fired["function liveFlashSales"] == 1
