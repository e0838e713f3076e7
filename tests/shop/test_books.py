"""The shop's books hold, whatever its customers and staff do at once (cases S1, S2, S7, S9)."""

import os
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.database import Database

from tests.conftest import database_in
from tests.sdk.test_js_sdk import parsepy_serving
from tests.shop.conftest import ROOT
from tests.shop.crowd import CURRENCY, SECRET, STOCK, Row, Story, World, rush
from tests.shop.test_payments import Gateway

TEMPLATES = [ROOT / "schema" / "ecommerce.json", ROOT / "schema" / "shopping.json"]
SECONDS = float(os.environ.get("PARSEPY_BOOKS_SECONDS", "20"))
"""How long the long form goes on; each run has a seed of its own, which it prints."""


@dataclass
class History:
    """What became of every order, as MongoDB has committed it."""

    placed: dict[str, Row] = field(default_factory=dict)
    steps: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    gone: set[str] = field(default_factory=set)

    def note(self, change: Row) -> None:
        order = change["documentKey"]["_id"]
        if change["operationType"] == "insert":
            self.placed[order] = change["fullDocument"]
            self.steps[order].append("pending")
        elif change["operationType"] == "update":
            if status := change["updateDescription"]["updatedFields"].get("status"):
                self.steps[order].append(status)
        elif change["operationType"] == "delete":
            self.gone.add(order)

    def holds_stock(self, order: str) -> bool:
        """Are its goods sold? Not if it was cancelled, or refunded before it was shipped."""
        steps = self.steps[order]
        return "cancelled" not in steps and (
            "refunded" not in steps or steps[steps.index("refunded") - 1] == "shipped"
        )


@contextmanager
def watched(orders: Collection[Row]) -> Iterator[History]:
    """The history of all orders until the block ends."""
    history, last = History(), "the last one"
    with orders.watch() as changes:
        yield history
        orders.insert_one({"_id": last})
        for change in changes:
            if change["documentKey"]["_id"] == last:
                break
            history.note(change)
    orders.delete_one({"_id": last})


@contextmanager
def gateway() -> Iterator[str]:
    """A payment gateway; its address."""
    with Gateway() as stripe:
        thread = threading.Thread(target=stripe.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{stripe.server_port}"
        finally:
            stripe.shutdown()
            thread.join()


# --- the books ----------------------------------------------------------------------------------


def items_of(lines: list[Row]) -> Counter[tuple[str, str]]:
    """(class, id) → quantity of lines."""
    found: Counter[tuple[str, str]] = Counter()
    for item in lines:
        thing = item.get("sku") or item["product"]
        found[(thing["className"], thing["objectId"])] += int(item["quantity"])
    return found


def money(value: Any) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def check_stock(shop: Database[Row], story: Story, history: History) -> None:
    """What is in stock and what is sold is what there was, and what came."""
    sold: Counter[str] = Counter()
    for order, document in history.placed.items():
        if history.holds_stock(order):
            for (kind, item), quantity in items_of(document["products"]).items():
                if kind == "SKU":
                    sold[item] += quantity
    for sku in shop["SKU"].find():
        there, came = int(sku["stock"]), STOCK + story.restocked[sku["_id"]]
        assert there >= 0
        assert there + sold[sku["_id"]] == came, sku["_id"]


def check_lines(shop: Database[Row], story: Story, history: History) -> None:
    """What is put into a cart once is in that cart or in one order, and never in two places."""
    places: Counter[str] = Counter()
    kept = [cart["items"] for cart in shop["Cart"].find()]
    for lines in [*kept, *(document["products"] for document in history.placed.values())]:
        places.update(item["product"]["objectId"] for item in lines if "product" in item)
    assert {token: places[token] for token in story.tokens if places[token] != 1} == {}
    assert {item: count for item, count in places.items() if count > 1} == {}


def check_totals(story: Story, history: History) -> None:
    """Each order costs what its lines come to and what its customer was told."""
    assert set(story.orders) == set(history.placed)
    for order, document in history.placed.items():
        told = story.orders[order]
        subtotal = sum(
            (money(item["price"]) * int(item["quantity"]) for item in document["products"]),
            Decimal(0),
        )
        assert money(document["subtotal"]) == subtotal
        assert money(document["total"]) == subtotal - money(document["discount"])
        for name in ("subtotal", "discount", "total"):
            assert money(told[name]) == money(document[name]), order
        assert told.get("code") == document.get("code")
        if document.get("code") is None:
            assert money(document["discount"]) == 0
        if document.get("code") == "CODE-0":  # of the staff: good for everything
            assert money(document["discount"]) == money(subtotal / 10)
    for told in story.applied:
        assert money(told["total"]) == money(told["subtotal"]) - money(told["discount"])
    for key, orders in story.requests.items():
        assert len(orders) <= 1, key


def check_payments(shop: Database[Row], story: Story, history: History) -> None:
    """Every payment has its order, which is paid, or which its staff are told of; no others are."""
    stored = {order["_id"]: order for order in shop["Order"].find()}
    received = {}
    for order, document in stored.items():
        payment = document.get("payment") or {}
        if payment.get("state") == "received":
            received[payment["id"]] = order
        assert ("paid" in history.steps[order]) == (
            payment.get("state") == "received" and not document.get("attention")
        ), order
    assert received == story.paid
    assert not history.gone & set(story.paid.values())


def check(shop: Database[Row], story: Story, history: History) -> None:
    print(f"done: {dict(sorted(story.done.items()))}")
    print(f"refused: {dict(sorted(story.refused.items()))}")
    assert story.unexpected == []
    check_stock(shop, story, history)
    check_lines(shop, story, history)
    check_totals(story, history)
    check_payments(shop, story, history)


@pytest.mark.parametrize(
    ("seconds", "most"),
    [
        pytest.param(60, 8, id="short"),
        pytest.param(SECONDS, 10_000, id="long", marks=pytest.mark.slow),
    ],
)
async def test_whatever_is_done_at_once_the_books_hold(
    seconds: float,
    most: int,
    mongo_uri: str,
    mongo: MongoClient[Row],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = f"test_books_{uuid4().hex[:12]}"
    seed = int(os.environ.get("PARSEPY_BOOKS_SEED", time.time_ns() % 1_000_000))
    print(f"PARSEPY_BOOKS_SEED={seed}")
    monkeypatch.setenv("STRIPE_API_KEY", "sk_test")
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("STRIPE_CURRENCY", CURRENCY)
    uri, cloud = database_in(mongo_uri, name), ROOT / "cloud" / "main.py"
    try:
        with gateway() as address:
            monkeypatch.setenv("STRIPE_API_BASE", address)
            with parsepy_serving(uri, TEMPLATES, tmp_path, cloud) as server:
                world = World(server.url, random.Random(seed))
                try:
                    await world.open()
                    with watched(mongo[name]["Order"]) as history:
                        await rush(world, until=time.monotonic() + seconds, most=most)
                finally:
                    await world.close()
        check(mongo[name], world.story, history)
    finally:
        mongo.drop_database(name)
