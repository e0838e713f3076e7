"""Fixtures of the shop's tests: one application with both templates and the shop's rules."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from parsepy.app import Application, build
from parsepy.config import Config
from parsepy.operations import bootstrap
from tests.conftest import APP_ID, MASTER_KEY, MOUNT, Client, database_in
from tests.rest import shop as shared
from tests.rest.shop import Shopper, create, ok, pointer, unique

ROOT = Path(__file__).parents[2]


def options(uri: str, *templates: str) -> dict[str, Any]:
    """The options of an application with these templates and the shop's rules."""
    return {
        "appId": APP_ID,
        "masterKey": MASTER_KEY,
        "serverURL": MOUNT,
        "databaseURI": uri,
        "cloud": str(ROOT / "cloud" / "main.py"),
        "schema": [str(ROOT / "schema" / name) for name in templates],
    }


@pytest.fixture(scope="module")
async def application(
    mongo_uri: str, mongo: MongoClient[dict[str, Any]]
) -> AsyncIterator[Application]:
    """The shop: both templates, all rules."""
    name = f"test_shop_{uuid4().hex[:12]}"
    uri = database_in(mongo_uri, name)
    application = build(Config.from_options(options(uri, "ecommerce.json", "shopping.json")))
    await application.startup()
    yield application
    await application.shutdown()
    mongo.drop_database(name)


class Shop:
    """What a test needs of the shop: people and goods."""

    def __init__(self, application: Application, master: Client, client: Client) -> None:
        self.application = application
        self.master = master
        self.client = client

    async def shopper(self, *roles: str) -> Shopper:
        """Somebody new, who holds these roles."""
        name = unique("shopper")
        made = await shared.sign_up(self.client, username=name, email=f"{name}@example.com")
        for role in roles:
            await bootstrap.grant(self.application.backend, name, role)
        return made

    async def product(self, price: float = 10.5, **fields: Any) -> str:
        """A product for sale; its id."""
        return await create(
            self.master, "Product", **{"name": unique("Mug"), "price": price, **fields}
        )

    async def sku(self, stock: int, price: float = 10.5) -> str:
        """A SKU of a product of its own; its id."""
        product = pointer("Product", await self.product(price))
        fields = {"product": product, "variation": "blue", "stock": stock}
        return await create(self.master, "SKU", **fields)

    async def stock(self, sku: str) -> int:
        """How many are left of a SKU."""
        found: int = ok(await self.master.get(f"/classes/SKU/{sku}"))["stock"]
        return found

    async def code(self, percentage: float = 10) -> str:
        """A valid discount code."""
        text = unique("CODE-").upper()
        until = {"__type": "Date", "iso": "2099-01-01T00:00:00.000Z"}
        fields = {"code": text, "percentage": percentage, "validUntil": until}
        await create(self.master, "DiscountCode", **fields)
        return text


@pytest.fixture
def shop(application: Application, master: Client, client: Client) -> Shop:
    """The shop, open."""
    return Shop(application, master, client)


def line(sku: str, quantity: int = 1) -> dict[str, Any]:
    """A line of a cart or order."""
    return {"sku": pointer("SKU", sku), "quantity": quantity}
