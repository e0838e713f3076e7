"""The same shops with the names that the documents give to an agent: each loaded, its flow run."""

from typing import Any

import pytest

from parsepy import ParseError
from parsepy.errors import Code
from parsepy.testing import App, MakeApp
from tests.rest.shop import pointer
from tests.shop.conftest import ROOT

CLOUD = ROOT / "cloud" / "main.py"


async def start(parse_app: MakeApp, uri: str, template: str) -> App:
    """An application with one of the variants and the shop's rules."""
    schema = [ROOT / "schema" / template]
    return await parse_app(cloud=CLOUD, schema=schema, database=uri)


@pytest.fixture
async def commerce(parse_app: MakeApp, mongo_uri: str) -> App:
    """Products, SKUs, and orders of customers."""
    return await start(parse_app, mongo_uri, "variants/ecommerce-agent.json")


@pytest.fixture
async def shopping(parse_app: MakeApp, mongo_uri: str) -> App:
    """Products with an inventory, coupons, transactions."""
    return await start(parse_app, mongo_uri, "variants/shopping-agent.json")


async def refused(attempt: Any) -> ParseError:
    """The refusal of what must not succeed."""
    with pytest.raises(ParseError) as refusal:
        await attempt
    return refusal.value


async def test_the_flow_of_the_e_commerce_variant(commerce: App) -> None:
    clerk = await commerce.user("clerk", roles=["staff"], email="clerk@example.com")
    mug = await clerk.create("Product", {"name": "Mug", "description": "blue", "price": 9.5})
    product = pointer("Product", mug["objectId"])
    sku = await clerk.create("SKU", {"product": product, "variation": "blue", "stock": 3})

    await commerce.user("ann", email="ann@example.com")
    ann = await commerce.log_in("ann")
    assert [item["name"] for item in await ann.find("Product")] == ["Mug"]
    person = {"name": "Ann", "email": "ann@example.com", "address": "1 High Street"}
    customer = pointer("Customer", (await ann.create("Customer", person))["objectId"])
    items = [pointer("SKU", sku["objectId"])]
    order = await ann.create("Order", {"customer": customer, "items": items, "status": "pending"})

    seen = await ann.get("Order", order["objectId"], include="customer,items.product")
    assert seen["customer"]["name"] == "Ann"
    assert seen["items"][0]["product"]["price"] == 9.5
    bob = await commerce.user("bob", email="bob@example.com")
    assert await bob.find("Order") == await bob.find("Customer") == []


async def test_the_e_commerce_variant_refuses_what_is_incomplete(commerce: App) -> None:
    ann = await commerce.user("ann", email="ann@example.com")
    blank = await refused(ann.create("Customer", {"name": " ", "email": "ann@example.com"}))
    assert (blank.code, blank.message) == (Code.VALIDATION_ERROR, "name: not blank")
    no_address = await refused(ann.create("Customer", {"name": "Ann", "email": "ann"}))
    assert (no_address.code, no_address.message) == (142, "email: an e-mail address")
    missing = await refused(ann.create("Order", {"items": [], "status": "pending"}))
    assert missing.code == Code.VALIDATION_ERROR
    not_staff = await refused(ann.create("Product", {"name": "Mug", "price": 1}))
    assert not_staff.code == Code.OPERATION_FORBIDDEN


async def test_the_flow_of_the_shopping_variant(shopping: App) -> None:
    clerk = await shopping.user("clerk", roles=["staff"], email="clerk@example.com")
    mug = await clerk.create("Product", {"name": "Mug", "price": 9.5, "inventory": 1})
    await clerk.create("Coupon", {"code": "SPRING", "discount": 10})

    await shopping.user("ann", email="ann@example.com")
    ann = await shopping.log_in("ann")
    product = pointer("Product", mug["objectId"])
    purchase = {"user": ann.pointer, "product": product, "amount": 9.5}
    bought = await ann.create("Transaction", purchase)
    seen = await ann.get("Transaction", bought["objectId"])
    assert (seen["user"]["objectId"], seen["amount"]) == (ann.id, 9.5)
    assert (await ann.get("Product", mug["objectId"]))["inventory"] == 0

    sold_out = await refused(ann.create("Transaction", purchase))
    assert (sold_out.code, sold_out.message) == (142, "product: none is left")
    assert (await ann.get("Product", mug["objectId"]))["inventory"] == 0
    bob = await shopping.user("bob", email="bob@example.com")
    assert await bob.find("Transaction") == []


async def test_f3_a_coupon_takes_its_per_cent_off_a_transaction(shopping: App) -> None:
    clerk = await shopping.user("clerk", roles=["staff"], email="clerk@example.com")
    mug = await clerk.create("Product", {"name": "Mug", "price": 9.99, "inventory": 3})
    await clerk.create("Coupon", {"code": "SPRING", "discount": 15})
    ann = await shopping.user("ann", email="ann@example.com")
    purchase = {"user": ann.pointer, "product": pointer("Product", mug["objectId"])}

    full = await refused(
        ann.create("Transaction", {**purchase, "amount": 9.99, "coupon": "SPRING"})
    )
    assert (full.code, full.message) == (142, "amount: it is 8.49")
    without = await refused(ann.create("Transaction", {**purchase, "amount": 8.49}))
    assert without.message == "amount: it is 9.99"
    bought = await ann.create("Transaction", {**purchase, "amount": 8.49, "coupon": " SPRING "})
    seen = await ann.get("Transaction", bought["objectId"])
    assert (seen["amount"], seen["coupon"]) == (8.49, "SPRING")
    assert (await ann.get("Product", mug["objectId"]))["inventory"] == 2


async def test_f3_a_coupon_that_is_none_buys_nothing_and_guessing_has_an_end(shopping: App) -> None:
    clerk = await shopping.user("clerk", roles=["staff"], email="clerk@example.com")
    mug = await clerk.create("Product", {"name": "Mug", "price": 10, "inventory": 3})
    ann = await shopping.user("ann", email="ann@example.com")
    purchase = {"user": ann.pointer, "product": pointer("Product", mug["objectId"]), "amount": 9}
    codes = [
        (await refused(ann.create("Transaction", {**purchase, "coupon": guess}))).code
        for guess in [*map(str, range(9)), 7, "SPRING"]
    ]
    assert codes == [Code.VALIDATION_ERROR] * 10 + [Code.REQUEST_LIMIT_EXCEEDED]
    assert (await ann.get("Product", mug["objectId"]))["inventory"] == 3


async def test_the_shopping_variant_refuses_wrong_amounts_and_lists_no_coupons(
    shopping: App,
) -> None:
    clerk = await shopping.user("clerk", roles=["staff"], email="clerk@example.com")
    mug = await clerk.create("Product", {"name": "Mug", "price": 9.5, "inventory": 1})
    for discount in (0, 101, -5):
        refusal = await refused(clerk.create("Coupon", {"code": "X", "discount": discount}))
        assert refusal.message == "discount: more than 0 and at most 100"
    ann = await shopping.user("ann", email="ann@example.com")
    product = pointer("Product", mug["objectId"])
    cheap = {"user": ann.pointer, "product": product, "amount": 1}
    assert (await refused(ann.create("Transaction", cheap))).message == "amount: it is 9.5"
    assert (await refused(ann.find("Coupon"))).code == Code.OPERATION_FORBIDDEN
    assert (await clerk.get("Product", mug["objectId"]))["inventory"] == 1


async def test_an_order_of_the_shop_does_not_pass_for_one_of_the_variant(
    parse_app: MakeApp, mongo_uri: str
) -> None:
    shop = await start(parse_app, mongo_uri, "ecommerce.json")
    ann = await shop.user("ann", email="ann@example.com")
    disguised = {"customer": ann.pointer, "products": [], "total": 0, "status": "paid"}
    refusal = await refused(ann.create("Order", disguised))
    assert refusal.code == Code.OPERATION_FORBIDDEN
    assert await shop.master.count("Order") == 0
