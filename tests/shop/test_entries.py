"""The way of a request through the house is as short as it was, or shorter."""

from parsepy.errors import Code, ParseError
from tests.conftest import Client, MakeApp
from tests.entries import BOUNDS, Entries, counting, way_of
from tests.rest.shop import sign_up, unique
from tests.shop.conftest import Shop, line


def check(way: Entries, name: str) -> None:
    """Fail if the way is longer than its bound."""
    print(f"{name}: {way.told()}")
    assert way.house.total() <= BOUNDS[name], f"{name} takes {way.told()}"


async def test_a_plain_create_enters_few_functions(app: MakeApp) -> None:
    application = await app()
    ann = await sign_up(Client(application))
    orders = unique("Order")
    body = {"name": "mug", "stock": 3}
    way = await way_of(lambda: ann.client.post(f"/classes/{orders}", json=body))
    check(way, "a plain create")


async def test_an_order_of_the_shop_enters_few_functions(shop: Shop) -> None:
    ann, sku = await shop.shopper(), await shop.sku(100)
    body = {"products": [line(sku)]}
    way = await way_of(lambda: ann.client.post("/classes/Order", json=body))
    check(way, "an order of the shop")


def test_each_entry_of_a_function_of_the_house_counts() -> None:
    with counting() as entries:
        for _ in range(3):
            str(ParseError(Code.OBJECT_NOT_FOUND, "Object not found."))
        [unique("Order") for _ in range(2)]
    assert entries.house == {"errors.py ParseError.__init__": 3}
    assert entries.cloud == {}
