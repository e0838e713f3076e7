"""Discount codes: who may try them, how often, and whose goods they are good for (S3, S5, S6)."""

import asyncio
import importlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.rest.shop import Shopper, create, item_of_batch, ok, pointer, refused, unique
from tests.shop.conftest import Shop, line
from tests.shop.test_attacks import EVER, NEVER

NOT_VALID = "This code is not valid."


def rules() -> Any:
    """The module of the rules, as the server has loaded it."""
    return importlib.import_module("cloud.codes")


async def apply(user: Shopper, code: str) -> Any:
    return await user.client.post("/functions/applyDiscountCode", json={"code": code})


async def with_cart(shop: Shop, *lines: dict[str, Any]) -> Shopper:
    """A shopper with a cart of these lines."""
    user = await shop.shopper()
    await create(user.client, "Cart", items=list(lines))
    return user


@pytest.fixture(autouse=True)
async def no_tries_yet(shop: Shop) -> AsyncIterator[None]:
    """Each test begins a minute of its own: all of them share one address."""
    yield
    await shop.application.backend.storage.connection.collection("DiscountTry").delete_many({})


# --- trying (S3) --------------------------------------------------------------------------------


async def test_s3_an_anonymous_account_can_not_try_codes(shop: Shop) -> None:
    code = await shop.code()
    body = {"authData": {"anonymous": {"id": unique("id")}}}
    made = ok(await shop.client.post("/users", json=body), 201)
    client = shop.client.as_user(made["sessionToken"])
    await create(client, "Cart", items=[line(await shop.sku(5))])
    for text in (code, "WRONG"):
        answer = await client.post("/functions/applyDiscountCode", json={"code": text})
        assert "Sign up first" in refused(answer, 119)
        refused(await client.post("/classes/DiscountCode", json={"code": text}), 119)


async def test_s3_without_a_cart_a_right_code_is_refused_like_a_wrong_one(shop: Shop) -> None:
    ann, code = await shop.shopper(), await shop.code()
    right, wrong = await apply(ann, code), await apply(ann, "WRONG")
    assert (right.status_code, right.json()) == (wrong.status_code, wrong.json())


async def test_s3_tries_count_per_address_whoever_makes_them(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules(), "MOST_OF_ADDRESS", 4)
    guessers = [await with_cart(shop) for _ in range(6)]
    answers = [await apply(guesser, "WRONG") for guesser in guessers]
    assert [answer.json()["code"] for answer in answers] == [142] * 4 + [155] * 2


async def test_s3_tries_count_in_all_from_wherever_they_come(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules(), "MOST_IN_ALL", 3)
    addresses = iter(f"198.51.100.{n}" for n in range(9))
    monkeypatch.setattr(rules(), "_network", lambda ip: next(addresses))
    guessers = [await with_cart(shop) for _ in range(5)]
    answers = [await apply(guesser, "WRONG") for guesser in guessers]
    assert [answer.json()["code"] for answer in answers] == [142] * 3 + [155] * 2


async def test_s3_many_accounts_at_once_try_no_more_than_in_turn(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules(), "MOST_OF_ADDRESS", 4)
    guessers = [await with_cart(shop) for _ in range(12)]
    answers = await asyncio.gather(*(apply(guesser, "WRONG") for guesser in guessers))
    told = [answer.json()["code"] for answer in answers]
    assert set(told) <= {142, 155}
    assert told.count(142) <= 4


async def test_s3_right_codes_are_no_tries(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules(), "MOST_TRIES", 1)
    ann, code = await with_cart(shop), await shop.code()
    for _ in range(3):
        ok(await apply(ann, code))


async def test_s3_a_transaction_that_is_rolled_back_undoes_no_try(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules(), "MOST_TRIES", 2)
    ann = await with_cart(shop)
    guess = item_of_batch("POST", "/classes/DiscountCode", {"code": "WRONG"})
    batch = {"requests": [guess], "transaction": True}
    told = [(await ann.client.post("/batch", json=batch)).json()["code"] for _ in range(4)]
    assert told == [142, 142, 155, 155]


@pytest.mark.parametrize(
    ("ip", "counted"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (None, "unknown"),
    ],
)
def test_s3_an_address_is_counted_as_one_customer_has_it(ip: str | None, counted: str) -> None:
    assert rules()._network(ip) == counted


# --- whose goods (S5) ---------------------------------------------------------------------------


async def goods_of(seller: Shopper, price: float) -> str:
    """A SKU of a seller's own product."""
    product = await create(seller.client, "Product", name=unique("Mug"), price=price)
    of = {"product": pointer("Product", product), "variation": "blue", "stock": 5}
    return await create(seller.client, "SKU", **of)


async def code_of(maker: Shopper, percentage: float = 100, **fields: Any) -> str:
    text = unique("C-").upper()
    body = {"code": text, "percentage": percentage, "validUntil": NEVER, **fields}
    await create(maker.client, "DiscountCode", **body)
    return text


async def test_s5_a_sellers_code_takes_off_his_own_goods_only(shop: Shop) -> None:
    eve, bob = await shop.shopper("seller"), await shop.shopper("seller")
    hers, his = await goods_of(eve, 8), await goods_of(bob, 1500)
    code = await code_of(eve, 50)
    ann = await with_cart(shop, line(hers), line(his, 2))
    told = ok(await apply(ann, code))["result"]
    assert (told["subtotal"], told["discount"], told["total"]) == (3008, 4, 3004)
    assert ok(await ann.client.post("/functions/checkout", json={}))["result"]["total"] == 3004


async def test_s5_a_sellers_code_is_none_for_a_cart_without_his_goods(shop: Shop) -> None:
    eve, bob = await shop.shopper("seller"), await shop.shopper("seller")
    code = await code_of(eve)
    ann = await with_cart(shop, line(await goods_of(bob, 1500)))
    assert refused(await apply(ann, code), 142) == NOT_VALID


async def test_s5_a_code_on_a_cart_counts_for_what_is_in_it_when_it_is_ordered(
    shop: Shop,
) -> None:
    eve, bob = await shop.shopper("seller"), await shop.shopper("seller")
    hers, his = await goods_of(eve, 8), await goods_of(bob, 1500)
    ann = await shop.shopper()
    cart = await create(ann.client, "Cart", items=[line(hers)])
    assert ok(await apply(ann, await code_of(eve)))["result"]["total"] == 0
    ok(await ann.client.put(f"/classes/Cart/{cart}", json={"items": [line(his)]}))
    assert ok(await ann.client.post("/functions/checkout", json={}))["result"]["total"] == 1500


@pytest.mark.parametrize("maker", ["staff", "admin"])
async def test_s5_a_code_of_the_staff_is_good_for_everything(shop: Shop, maker: str) -> None:
    staff, bob = await shop.shopper(maker, "seller"), await shop.shopper("seller")
    code = await code_of(staff, 10)
    ann = await with_cart(shop, line(await goods_of(bob, 100)))
    assert ok(await apply(ann, code))["result"]["total"] == 90


async def test_s5_no_seller_makes_a_code_good_for_more_than_his_own(shop: Shop) -> None:
    eve, bob = await shop.shopper("seller"), await shop.shopper("seller")
    his = await goods_of(bob, 1500)
    body = {"code": unique("C-").upper(), "percentage": 100, "validUntil": NEVER}
    mine = {**body, "seller": bob.pointer}
    refused(await eve.client.post("/classes/DiscountCode", json=mine), 142)
    # an ACL is the maker's to set: it opens the code to others, not their goods to the code
    shared = {bob.id: {"read": True, "write": True}, eve.id: {"read": True, "write": True}}
    made = ok(await eve.client.post("/classes/DiscountCode", json={**body, "ACL": shared}), 201)
    path = f"/classes/DiscountCode/{made['objectId']}"
    for seller in (bob.pointer, None, {"__op": "Delete"}):
        refused(await eve.client.put(path, json={"seller": seller}), 142)
    ok(await eve.client.put(path, json={"ACL": shared}))
    ann = await with_cart(shop, line(his))
    assert refused(await apply(ann, str(body["code"])), 142) == NOT_VALID


# --- prices (S6) --------------------------------------------------------------------------------


async def test_s6_a_price_lowered_below_the_live_sales_is_what_is_asked(shop: Shop) -> None:
    product = await shop.product(50_000)
    of = {"product": pointer("Product", product)}
    sku = await create(shop.master, "SKU", **of, variation="blue", stock=5)
    times = {"startTime": EVER, "endTime": NEVER}
    await create(shop.master, "FlashSale", **of, discountPrice=40_000, **times)
    ann = await shop.shopper()
    cart = await create(ann.client, "Cart", items=[line(sku)])
    assert ok(await ann.client.get(f"/classes/Cart/{cart}"))["total"] == 40_000
    ok(await shop.master.put(f"/classes/Product/{product}", json={"price": 100}))
    body = {"products": [line(sku)]}
    assert ok(await ann.client.post("/classes/Order", json=body), 201)["total"] == 100
