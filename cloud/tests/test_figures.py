"""The back office's figures, reckoned once more from the orders themselves."""

import random
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from cloud.tests.test_back_office import person, shop_of, staff_of
from parsepy import Object, Pointer
from parsepy.testing import App, MakeApp, UserClient

SOLD = ("paid", "shipped", "delivered")
WAYS: tuple[tuple[str, ...], ...] = (
    (),
    ("paid",),
    ("paid", "shipped"),
    ("paid", "shipped", "delivered"),
    ("cancelled",),
    ("paid", "refunded"),
)
DAYS = 10


async def filled(shop: App, buyers: list[UserClient], seed: int) -> None:
    """Orders of all kinds, over twenty days, of which the reports look at ten."""
    chance = random.Random(seed)
    async with shop.acting():
        skus = []
        for price in (9.5, 20, 0.99):
            product = await Object("Product", name=f"Product {price}", price=price).save()
            skus.append(await Object("SKU", product=product, variation="one", stock=900).save())
    for number in range(18):
        lines = [
            {"sku": Pointer("SKU", str(sku.id)), "quantity": chance.randint(1, 4)}
            for sku in chance.sample(skus, chance.randint(1, 3))
        ]
        placed = await chance.choice(buyers).create("Order", {"products": lines})
        for status in WAYS[number % len(WAYS)]:
            await shop.master.update("Order", placed["objectId"], {"status": status})
        age = chance.randint(0, 2 * DAYS - 1)
        await happened(shop, placed["objectId"], age, paid=chance.randint(0, age))


async def happened(shop: App, order: str, placed: int, paid: int) -> None:
    """Have an order placed and paid so many days ago, as no client could."""
    collection = shop.application.backend.storage.connection.collection("Order")
    now = datetime.now(UTC)
    await collection.update_one(
        {"_id": order}, {"$set": {"_created_at": now - timedelta(days=placed)}}
    )
    await collection.update_one(
        {"_id": order, "paidAt": {"$exists": True}},
        {"$set": {"paidAt": now - timedelta(days=paid)}},
    )


def cents(amount: Any) -> int:
    return round(float(amount) * 100)


def is_sold(row: dict[str, Any]) -> bool:
    return row["status"] in SOLD


def day_of(row: dict[str, Any], field: str = "createdAt") -> str:
    moment = row[field]
    return str(moment["iso"] if isinstance(moment, dict) else moment)[:10]


async def test_reports_say_what_the_orders_say(parse_app: MakeApp) -> None:
    shop = await shop_of(parse_app, "ecommerce", "shopping")
    sam = await staff_of(shop)
    buyers = [await person(shop, name) for name in ("ann", "bob", "eve")]
    await filled(shop, buyers, seed=4)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begin = today - timedelta(days=DAYS - 1)
    every = await shop.master.find("Order", limit=1000)
    recent = [row for row in every if day_of(row) >= f"{begin:%Y-%m-%d}"]
    sold = [row for row in every if is_sold(row) and day_of(row, "paidAt") >= f"{begin:%Y-%m-%d}"]
    before = [row for row in sold if row not in recent]  # ordered earlier, paid in these days
    assert len(sold) > 3
    assert len(recent) < len(every)
    assert before

    sales = await sam.call("salesReport", {"from": begin})
    assert sales["orders"] == len(recent)
    assert cents(sales["revenue"]) == sum(cents(row["total"]) for row in sold)
    assert sales["byStatus"] == Counter(row["status"] for row in recent)
    by_day: Counter[str] = Counter()
    for row in sold:
        by_day[day_of(row, "paidAt")] += cents(row["total"])
    assert {row["date"]: cents(row["revenue"]) for row in sales["byDay"]} == by_day
    units: Counter[str] = Counter()
    taken: Counter[str] = Counter()
    for line in (line for row in sold for line in row["products"]):
        units[line["name"]] += line["quantity"]
        taken[line["name"]] += cents(line["price"]) * line["quantity"]
    best = sales["byProduct"]
    assert {row["name"]: row["units"] for row in best} == units
    assert [(row["name"], cents(row["revenue"])) for row in best] == taken.most_common()

    report = await sam.call("customerReport", {"from": begin})
    value: Counter[str] = Counter()
    days: dict[str, set[str]] = defaultdict(set)
    first: dict[str, str] = {}
    for row in every:
        buyer = row["user"]["objectId"]
        first[buyer] = min(first.get(buyer, "9"), day_of(row))
    for row in recent:
        days[day_of(row)].add(row["user"]["objectId"])
        value[row["user"]["objectId"]] += 0
    for row in sold:
        value[row["user"]["objectId"]] += cents(row["total"])
    assert report["count"] == len(value)
    assert {row["customer"]: cents(row["value"]) for row in report["customers"]} == value
    assert sum(cents(row["value"]) for row in report["customers"]) == cents(sales["revenue"])
    assert report["byDay"] == [
        {
            "date": day,
            "new": sum(first[buyer] == day for buyer in those),
            "returning": sum(first[buyer] != day for buyer in those),
        }
        for day, those in sorted(days.items())
    ]


async def test_reports_of_a_time_that_is_over_count_what_was_paid_in_it(
    parse_app: MakeApp,
) -> None:
    shop = await shop_of(parse_app, "ecommerce")
    sam, ann = await staff_of(shop), await person(shop, "ann")
    async with shop.acting():
        mug = await Object("Product", name="Mug", price=10).save()
        sku = await Object("SKU", product=mug, variation="blue", stock=9).save()
    lines = [{"sku": Pointer("SKU", str(sku.id)), "quantity": 1}]
    for placed, paid in ((9, 4), (6, 1), (6, 5)):  # days ago
        order = (await ann.create("Order", {"products": lines}))["objectId"]
        await shop.master.update("Order", order, {"status": "paid"})
        await happened(shop, order, placed, paid)
    now = datetime.now(UTC)
    asked = {"from": now - timedelta(days=7), "to": now - timedelta(days=2)}
    sales = await sam.call("salesReport", asked)
    # two were ordered in that time; two were paid in it, one of them ordered before
    assert (sales["orders"], sales["revenue"]) == (2, 20)
    assert [row["orders"] for row in sales["byDay"]] == [1, 1]
    report = await sam.call("customerReport", asked)
    (row,) = report["customers"]
    assert (row["orders"], row["value"]) == (2, 20)
    # who only paid in that time is a customer of it, without an order
    asked = {"from": now - timedelta(days=2), "to": now}
    (row,) = (await sam.call("customerReport", asked))["customers"]
    assert (row["orders"], row["value"]) == (0, 10)
