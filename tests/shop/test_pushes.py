"""O11: a customer learns by push what becomes of an order."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from parsepy.app import Application, build
from parsepy.config import Config
from tests.conftest import database_in
from tests.push import recorder
from tests.rest.shop import PASSWORD, Shopper, create, find, ok, unique
from tests.shop.conftest import Shop, line, options


@pytest.fixture(scope="module")
async def application(
    mongo_uri: str, mongo: MongoClient[dict[str, Any]]
) -> AsyncIterator[Application]:
    """The shop with a sender of its own."""
    name = f"test_shop_push_{uuid4().hex[:12]}"
    settings = options(database_in(mongo_uri, name), "ecommerce.json")
    settings["push"] = {"adapter": recorder.__file__}
    application = build(Config.from_options(settings))
    await application.startup()
    yield application
    await application.shutdown()
    mongo.drop_database(name)


async def device(shop: Shop, shopper: Shopper) -> str:
    """A device on which a shopper is logged in; its token."""
    installation = unique("device").lower()
    body = {"username": shopper.name, "password": PASSWORD}
    headers = {"X-Parse-Installation-Id": installation}
    ok(await shop.client.post("/login", json=body, headers=headers))
    token = unique("token")
    fields = {"installationId": installation, "deviceToken": token, "deviceType": "ios"}
    ok(await shop.master.post("/installations", json=fields), 201)
    return token


@pytest.fixture
def sender(shop: Shop) -> Any:
    """The shop's sender."""
    return shop.application.backend.push


async def test_a_customer_is_told_each_step_of_his_order(shop: Shop, sender: Any) -> None:
    ann, bob = await shop.shopper(), await shop.shopper()
    token = await device(shop, ann)
    await device(shop, bob)
    stranger: dict[str, Any] = {"installationId": unique("x").lower(), "deviceToken": "s"}
    stranger |= {"deviceType": "ios", "user": ann.pointer}  # so it says
    ok(await shop.master.post("/installations", json=stranger), 201)
    order = await create(ann.client, "Order", products=[line(await shop.sku(5))])
    for status in ("paid", "shipped"):
        ok(await shop.master.put(f"/classes/Order/{order}", json={"status": status}))
        message = await sender.next()
        assert message.token == token
        alert = f"Your order is {status}."
        assert message.data == {"alert": alert, "order": order, "status": status}
    assert sender.sent.empty()


async def test_a_refused_step_is_not_told(shop: Shop) -> None:
    ann = await shop.shopper()
    order = await create(ann.client, "Order", products=[line(await shop.sku(5))])
    response = await shop.master.put(f"/classes/Order/{order}", json={"status": "delivered"})
    assert response.status_code == 400
    queries = [row["query"] for row in await find(shop.master, "_PushStatus")]
    assert not [query for query in queries if ann.id in query]
