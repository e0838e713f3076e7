"""Carts, checkouts, codes and payments of one customer at once (cases S1, S2): each in turn."""

import asyncio
import random
from collections.abc import Awaitable
from typing import Any

import pytest

from tests.rest.shop import Shopper, create, find, ok, pointer
from tests.shop.conftest import Shop, line

ROUNDS = [pytest.param(12, id="short"), pytest.param(150, id="long", marks=pytest.mark.slow)]


def skus_of(lines: list[dict[str, Any]]) -> list[str]:
    """The SKUs of the lines of a cart or order, in order."""
    return sorted(item["sku"]["objectId"] if "sku" in item else item["objectId"] for item in lines)


async def somewhen(chance: random.Random, request: Awaitable[Any]) -> Any:
    """What a request answers that is sent a few milliseconds later, or earlier, than another."""
    await asyncio.sleep(chance.uniform(0, 0.02))
    return await request


class Bag:
    """A customer's cart, and what they have ordered."""

    def __init__(self, shop: Shop, user: Shopper, cart: str) -> None:
        self.shop, self.user, self.path = shop, user, f"/classes/Cart/{cart}"

    @classmethod
    async def of(cls, shop: Shop, *lines: dict[str, Any]) -> "Bag":
        user = await shop.shopper()
        return cls(shop, user, await create(user.client, "Cart", items=list(lines)))

    async def put(self, **fields: Any) -> Any:
        return ok(await self.user.client.put(self.path, json=fields))

    async def call(self, function: str, **params: Any) -> Any:
        return (await self.user.client.post(f"/functions/{function}", json=params)).json()

    async def now(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The cart and the orders, as they are stored."""
        cart = ok(await self.shop.master.get(self.path))
        where = {"user": pointer("_User", self.user.id)}
        return cart, await find(self.shop.master, "Order", where, order="createdAt")


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_s1_a_cart_that_is_saved_during_checkout_loses_no_line(
    shop: Shop, rounds: int
) -> None:
    mug, cup = await shop.sku(999), await shop.sku(999)
    chance, lost = random.Random(1), 0
    for _ in range(rounds):
        bag = await Bag.of(shop, line(mug))
        await asyncio.gather(
            somewhen(chance, bag.call("checkout")),
            somewhen(chance, bag.put(items=[line(mug), line(cup)])),
        )
        cart, (order,) = await bag.now()
        ordered, kept = skus_of(order["products"]), skus_of(cart["items"])
        # either came first: both lines are ordered, or one is, and the cart is what was put last
        lost += (ordered, kept) not in [
            (sorted([mug, cup]), []),
            ([mug], sorted([mug, cup])),
        ]
    assert lost == 0


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_s1_a_line_that_is_added_during_checkout_is_in_the_cart_or_in_the_order(
    shop: Shop, rounds: int
) -> None:
    mug, cup = await shop.sku(999), await shop.sku(999)
    chance, wrong = random.Random(2), 0
    for _ in range(rounds):
        bag = await Bag.of(shop, line(mug))
        await asyncio.gather(
            somewhen(chance, bag.call("checkout")),
            somewhen(chance, bag.put(items={"__op": "Add", "objects": [line(cup)]})),
        )
        cart, (order,) = await bag.now()
        both = skus_of(order["products"]) + skus_of(cart["items"])
        wrong += sorted(both) != sorted([mug, cup])
    assert wrong == 0


async def test_s1_lines_that_are_added_at_once_are_all_there(shop: Shop) -> None:
    skus = [await shop.sku(9) for _ in range(8)]
    bag = await Bag.of(shop)
    await asyncio.gather(*(bag.put(items={"__op": "Add", "objects": [line(sku)]}) for sku in skus))
    cart, _ = await bag.now()
    assert (skus_of(cart["items"]), cart["total"]) == (sorted(skus), 84)


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_s2_a_code_beside_checkout_is_told_as_it_counts_and_refills_nothing(
    shop: Shop, rounds: int
) -> None:
    mug, code = await shop.sku(999, price=10), await shop.code(10)
    chance, refilled, told_wrong = random.Random(3), 0, 0
    for _ in range(rounds):
        bag = await Bag.of(shop, line(mug))
        _, told = await asyncio.gather(
            somewhen(chance, bag.call("checkout")),
            somewhen(chance, bag.call("applyDiscountCode", code=code)),
        )
        cart, (order,) = await bag.now()
        refilled += cart["items"] != []
        if (total := told["result"]["total"]) != 0:  # 0: it came after the cart was emptied
            told_wrong += total != order["total"]
    assert (refilled, told_wrong) == (0, 0)
