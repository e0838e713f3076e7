"""What an order takes: which triggers fire, and how often (how many functions: test_entries)."""

from collections import Counter
from collections.abc import Iterator

import pytest

from parsepy.triggers import Event
from tests.rest.shop import ok
from tests.shop.conftest import Shop, line


@pytest.fixture
def fired(shop: Shop) -> Iterator[Counter[str]]:
    """How often each trigger has fired since the test began, or since ``clear``."""
    counts: Counter[str] = Counter()

    def count(event: Event) -> None:
        counts[f"{event.kind} {event.class_name}"] += 1

    observers = shop.application.backend.triggers.observers
    observers.append(count)
    yield counts
    observers.remove(count)


async def test_an_order_fires_each_of_its_triggers_once(shop: Shop, fired: Counter[str]) -> None:
    ann, sku = await shop.shopper(), await shop.sku(5)
    fired.clear()
    made = ok(await ann.client.post("/classes/Order", json={"products": [line(sku)]}), 201)
    assert fired == {"aroundSave Order": 1, "beforeSave Order": 1, "aroundSave SKU": 1}
    fired.clear()
    url = f"/classes/Order/{made['objectId']}"
    ok(await ann.client.put(url, json={"status": "cancelled"}))
    assert fired == {
        "mayWrite Order": 2,  # and again when it is this request's turn
        "aroundSave Order": 1,
        "beforeSave Order": 1,
        "aroundSave SKU": 1,
    }


async def test_a_cart_fires_its_trigger_once_and_checkout_each_once(
    shop: Shop, fired: Counter[str]
) -> None:
    ann, sku = await shop.shopper(), await shop.sku(5)
    fired.clear()
    ok(await ann.client.post("/classes/Cart", json={"items": [line(sku)]}), 201)
    assert fired == {"aroundSave Cart": 1}
    fired.clear()
    ok(await ann.client.post("/functions/checkout", json={}))
    assert fired == {
        "function checkout": 1,
        "aroundSave Order": 1,
        "beforeSave Order": 1,
        "aroundSave SKU": 1,
        "aroundSave Cart": 1,
    }


async def test_a_new_order_is_answered_with_its_address_and_what_the_server_set(
    shop: Shop,
) -> None:
    ann, sku = await shop.shopper(), await shop.sku(5, price=4)
    answer = await ann.client.post("/classes/Order", json={"products": [line(sku, 2)]})
    order = ok(answer, 201)
    assert answer.headers["location"].endswith(f"/classes/Order/{order['objectId']}")
    assert (order["total"], order["subtotal"], order["status"]) == (8, 8, "pending")
    assert (order["products"][0]["price"], order["user"]) == (4, ann.pointer)
