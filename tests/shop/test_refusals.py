"""What the shop refuses, it refuses by REST and by GraphQL alike, and nothing is changed by it."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from parsepy.app import Application, build
from parsepy.config import Config
from parsepy.operations import bootstrap
from tests.conftest import Client, database_in
from tests.rest.shop import PASSWORD, pointer, unique
from tests.shop.conftest import options
from tests.shop.doors import DOORS, GRAPH, REST, Door, Refused
from tests.shop.refusals import HIDDEN, REFUSALS, TYPED, Attempt, Goods, hours

STORED = ("Product", "SKU", "FlashSale", "DiscountCode", "Cart", "Order", "_User", "_Role")
PEOPLE = {"ann": (), "bob": (), "sid": ("seller",), "eve": ("seller",), "staff": ("staff",)}


@dataclass(frozen=True)
class Shop:
    """The shop with its goods, and clients of everybody who attempts something there."""

    clients: dict[str, Client]
    goods: Goods
    mongo: MongoClient[dict[str, Any]]
    database: str

    def stored(self) -> dict[str, list[Any]]:
        """What is in the database, but for counters of wrong codes and sessions."""
        database = self.mongo[self.database]
        return {name: list(database[name].find().sort("_id")) for name in STORED}

    async def attempt(self, door: Door, attempt: Attempt) -> Any:
        """Do what is to be refused."""
        client = self.clients[attempt.who]
        fields = attempt.fields(self.goods)
        target = attempt.target
        if attempt.verb == "create":
            return await door.create(client, target, fields)
        if attempt.verb == "call":
            return await door.call(client, target, fields)
        if attempt.verb == "signUp":
            return await door.sign_up(client, fields)
        if attempt.verb == "find":
            return await door.find(client, target)
        class_name, object_id = self.goods.classes[target], self.goods.ids[target]
        if attempt.verb == "update":
            return await door.update(client, class_name, object_id, fields)
        if attempt.verb == "delete":
            return await door.delete(client, class_name, object_id)
        return await door.get(client, class_name, object_id)


@pytest.fixture(scope="module")
async def shop(mongo_uri: str, mongo: MongoClient[dict[str, Any]]) -> AsyncIterator[Shop]:
    """One shop for all attempts: what is refused leaves it as it is."""
    name = f"test_shop_{uuid4().hex[:12]}"
    given = options(database_in(mongo_uri, name), "ecommerce.json", "shopping.json")
    application = build(Config.from_options({**given, "mountGraphQL": True}))
    await application.startup()
    clients = {"anybody": Client(application), "master": Client(application, master=True)}
    goods = Goods({}, {})
    await invite(application, clients, goods)
    await stock(clients, goods)
    yield Shop(clients, goods, mongo, name)
    for client in clients.values():
        await client.aclose()
    await application.shutdown()
    mongo.drop_database(name)


async def invite(application: Application, clients: dict[str, Client], goods: Goods) -> None:
    """Sign everybody up, and give them their roles."""
    for name, roles in PEOPLE.items():
        body = {"username": name, "password": PASSWORD, "email": f"{name}@example.com"}
        made = await REST.sign_up(clients["anybody"], body)
        clients[name] = clients["anybody"].as_user(made["sessionToken"])
        goods.ids[name], goods.classes[name] = made["objectId"], "_User"
        for role in roles:
            await bootstrap.grant(application.backend, name, role)


async def stock(clients: dict[str, Client], goods: Goods) -> None:
    """Put the seller's goods on sale; a shopper fills her cart, and orders twice."""

    async def make(who: str, name: str, class_name: str, /, **fields: Any) -> None:
        made = await REST.create(clients[who], class_name, fields)
        goods.ids[name], goods.classes[name] = made["objectId"], class_name

    await make("sid", "product", "Product", name="Cup", price=10)
    of = {"product": goods["product"]}
    await make("sid", "sku", "SKU", **of, variation="blue", stock=8)
    times = {"startTime": hours(5), "endTime": hours(6)}
    await make("sid", "sale", "FlashSale", **of, discountPrice=5, **times)
    await make("sid", "code", "DiscountCode", code="TAKEN-27", percentage=10, validUntil=hours(1))
    # an order with a code, for the columns that only such orders and carts have
    await make("sid", "codedCart", "Cart", items=[goods.line()])
    await REST.call(clients["sid"], "applyDiscountCode", {"code": "TAKEN-27"})
    await REST.call(clients["sid"], "checkout", {})
    await make("ann", "cart", "Cart", items=[goods.line()])
    await make("ann", "order", "Order", products=[goods.line()])
    await make("ann", "paid", "Order", products=[goods.line()])
    await REST.update(clients["master"], "Order", goods.ids["paid"], {"status": "paid"})


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
@pytest.mark.parametrize("attempt", REFUSALS, ids=str)
async def test_what_is_refused_is_refused_at_both_doors_and_changes_nothing(
    shop: Shop, attempt: Attempt, door: Door
) -> None:
    before = shop.stored()
    with pytest.raises(Refused) as refused:
        await shop.attempt(door, attempt)
    if attempt.typed and door is GRAPH:
        assert refused.value.code == TYPED
    else:
        assert refused.value.code == attempt.code, refused.value
        assert re.search(attempt.says, refused.value.message)
    assert shop.stored() == before


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
@pytest.mark.parametrize(("thing", "stranger"), HIDDEN)
async def test_what_somebody_may_not_see_is_not_found_at_either_door(
    shop: Shop, thing: str, stranger: str, door: Door
) -> None:
    class_name = shop.goods.classes[thing]
    assert shop.goods.ids[thing] in await door.find(shop.clients["master"], class_name)
    assert shop.goods.ids[thing] not in await door.find(shop.clients[stranger], class_name)


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
async def test_codes_can_not_be_guessed_at_speed_at_either_door(shop: Shop, door: Door) -> None:
    guesser = await somebody(shop, door)
    await REST.create(guesser, "Cart", {"items": []})
    for _ in range(10):
        with pytest.raises(Refused, match=r"142: This code is not valid\."):
            await door.call(guesser, "applyDiscountCode", {"code": "GUESS"})
    with pytest.raises(Refused, match="155"):
        await door.call(guesser, "applyDiscountCode", {"code": "TAKEN-27"})


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
async def test_the_same_request_makes_no_second_order_at_either_door(
    shop: Shop, door: Door
) -> None:
    """O7; the rows of the table change nothing, so this one has a product of its own."""
    buyer = await somebody(shop, door)
    made = await door.create(shop.clients["sid"], "Product", {"name": unique("Mug"), "price": 10})
    product = pointer("Product", made["objectId"])
    user = pointer("_User", (await REST.find(buyer, "_User"))[0])
    order = {"user": user, "products": [product], "total": 10, "status": "pending"}
    await door.create(buyer, "Order", order, **{"X-Parse-Request-Id": door.name})
    with pytest.raises(Refused, match="159"):
        await door.create(buyer, "Order", order, **{"X-Parse-Request-Id": door.name})
    await door.create(buyer, "Cart", {"user": user, "items": [product]})
    orders = [await door.call(buyer, "checkout", {"requestId": "r"}) for _ in range(2)]
    assert orders[0]["objectId"] == orders[1]["objectId"]
    assert len(await door.find(buyer, "Order")) == 2


async def somebody(shop: Shop, door: Door) -> Client:
    """A client of a shopper who has just signed up at a door."""
    name = unique("shopper")
    body = {"username": name, "password": PASSWORD, "email": f"{name}@example.com"}
    await door.sign_up(shop.clients["anybody"], body)
    answer = await shop.clients["anybody"].post(
        "/login", json={"username": name, "password": PASSWORD}
    )
    return shop.clients["anybody"].as_user(answer.json()["sessionToken"])
