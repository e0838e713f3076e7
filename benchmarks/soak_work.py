"""The work of the soak: people of a shop who use every kind of request, one after the other."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.load import HOST
from benchmarks.shop import APP_ID, CLIENT, MASTER, MOUNT, Row
from benchmarks.soak_listeners import Listeners

STOCK = 1_000_000
Deed = Callable[[], Awaitable[None]]
KEPT = 300
"""So many reviews exist at most: what is written is deleted again, so that nothing grows."""
NEVER = {"__type": "Date", "iso": "2099-01-01T00:00:00.000Z"}
REVIEW: Row = {
    "className": "Review",
    "fields": {
        "text": {"type": "String"},
        "stars": {"type": "Number"},
        "product": {"type": "Pointer", "targetClass": "Product"},
        "tags": {"type": "Array"},
    },
    "indexes": {"stars": {"stars": 1}},
}


@dataclass(slots=True)
class Ledger:
    """What was asked and answered since the last look."""

    latencies: list[float] = field(default_factory=list)
    events: list[float] = field(default_factory=list)
    """Seconds from a save to the last listener that was told of it."""
    kinds: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    faults: list[str] = field(default_factory=list)

    def take(self) -> tuple[list[float], list[float]]:
        """The latencies of requests and of events since the last call."""
        taken = self.latencies, self.events
        self.latencies, self.events = [], []
        return taken


class Pace:
    """Lets so many requests pass a second, whoever asks."""

    def __init__(self, rate: float) -> None:
        self._gap = 1 / rate
        self._next = time.monotonic()

    async def turn(self) -> None:
        """Wait until the next request may be sent."""
        now = time.monotonic()
        # what could not be sent in time is not made up for
        self._next = max(self._next + self._gap, now)
        await asyncio.sleep(self._next - now)


class Unexpected(Exception):
    """An answer that should have been another one."""


def pointer(class_name: str, object_id: str) -> Row:
    """A pointer in REST form."""
    return {"__type": "Pointer", "className": class_name, "objectId": object_id}


class Goods:
    """What the shop sells, and the client that fills it; made once for everybody."""

    def __init__(self, port: int, pace: Pace, ledger: Ledger) -> None:
        self.origin = f"http://{HOST}:{port}"
        self.pace, self.ledger = pace, ledger
        self.http = httpx.AsyncClient(base_url=self.origin, timeout=30)
        self.products: list[str] = []
        self.skus: list[str] = []
        self.reviews: list[str] = []

    async def ask(
        self,
        kind: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Any = MASTER,
        status: int = 200,
        mount: str = MOUNT,
        has_turn: bool = False,
    ) -> Any:
        """One request, in its turn; its answer's JSON. Raises Unexpected for another status."""
        if not has_turn:
            await self.pace.turn()
        begin = time.perf_counter()
        given = {"content": body} if isinstance(body, bytes) else {"json": body}
        answer = await self.http.request(
            method, mount + path, headers=headers, **(given if body is not None else {})
        )
        self.ledger.latencies.append(time.perf_counter() - begin)
        self.ledger.kinds[kind][str(answer.status_code)] += 1
        if answer.status_code != status:
            raise Unexpected(f"{kind}: {method} {path} → {answer.status_code} {answer.text[:300]}")
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        return answer.json() if is_json else answer.content

    async def open(self) -> None:
        """Fill the shop."""
        await self.ask("open", "POST", "/schemas/Review", REVIEW)
        for number in range(40):
            fields = {"name": f"Mug {number}", "price": 10 + number % 7, "description": "x" * 200}
            made = await self.ask("open", "POST", "/classes/Product", fields, status=201)
            self.products.append(made["objectId"])
            product = pointer("Product", made["objectId"])
            sku = {"product": product, "variation": "blue", "stock": STOCK}
            made = await self.ask("open", "POST", "/classes/SKU", sku, status=201)
            self.skus.append(made["objectId"])
        code = {"code": "SOAK", "percentage": 10, "validUntil": NEVER}
        await self.ask("open", "POST", "/classes/DiscountCode", code, status=201)


class Person:
    """A customer with a session; `act` does one thing, and everything is done sooner or later."""

    def __init__(self, goods: Goods, listeners: Listeners, name: str, seed: int) -> None:
        self.goods, self.listeners, self.name = goods, listeners, name
        self.chance = random.Random(f"{seed} {name}")
        self.numbers = itertools.count()
        self.headers: Row = {}
        self.cart = ""
        often: list[Deed] = [self.get, self.find, self.include, self.count]
        often += [self.write, self.increment]
        seldom: list[Deed] = [self.aggregate, self.batch, self.function, self.graphql]
        seldom += [self.file, self.watched, self.order, self.report]
        self.deeds = [*often * 4, *seldom * 2, self.sign_in, self.leave_and_listen]

    async def ask(self, kind: str, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """One request as this customer."""
        given = {"headers": self.headers, **more}
        return await self.goods.ask(kind, method, path, body, **given)

    async def open(self) -> None:
        """Sign up, and take a cart."""
        body = {"username": self.name, "password": "p", "email": f"{self.name}@example.com"}
        made = await self.goods.ask("open", "POST", "/users", body, headers=CLIENT, status=201)
        self.headers = {**CLIENT, "X-Parse-Session-Token": made["sessionToken"]}
        cart = await self.ask("open", "POST", "/classes/Cart", {"items": []}, status=201)
        self.cart = cart["objectId"]

    async def act(self) -> None:
        """One thing, by chance."""
        await self.chance.choice(self.deeds)()

    # --- reading ------------------------------------------------------------------------------

    async def get(self) -> None:
        """A product by its id."""
        product = self.chance.choice(self.goods.products)
        found = await self.ask("get", "GET", f"/classes/Product/{product}")
        if found["objectId"] != product:
            raise Unexpected(f"get: another product: {found}")

    async def find(self) -> None:
        """A page of products, filtered and sorted."""
        where = json.dumps({"price": {"$gte": self.chance.randint(10, 16)}})
        path = str(httpx.URL("/classes/Product", params={"where": where, "order": "-price,name"}))
        found = await self.ask("find", "GET", path)
        prices = [row["price"] for row in found["results"]]
        if not prices or prices != sorted(prices, reverse=True):
            raise Unexpected(f"find: not in order: {prices}")

    async def include(self) -> None:
        """SKUs with their products."""
        path = f"/classes/SKU?include=product&limit=20&skip={self.chance.randint(0, 20)}"
        for row in (await self.ask("include", "GET", path))["results"]:
            if row["product"]["__type"] != "Object":
                raise Unexpected(f"include: {row}")

    async def count(self) -> None:
        """How many products there are."""
        found = await self.ask("count", "GET", "/classes/Product?count=1&limit=0")
        if found["count"] != len(self.goods.products):
            raise Unexpected(f"count: {found}")

    async def aggregate(self) -> None:
        """Products by price, with the master key."""
        pipeline = json.dumps([{"$group": {"_id": "$price", "count": {"$sum": 1}}}])
        path = str(httpx.URL("/aggregate/Product", params={"pipeline": pipeline}))
        found = await self.ask("aggregate", "GET", path, headers=MASTER)
        if sum(row["count"] for row in found["results"]) != len(self.goods.products):
            raise Unexpected(f"aggregate: {found}")

    # --- writing ------------------------------------------------------------------------------

    def review(self) -> Row:
        """A review's fields."""
        return {
            "text": "Sturdy. " * self.chance.randint(1, 40),
            "stars": self.chance.randint(1, 5),
            "product": pointer("Product", self.chance.choice(self.goods.products)),
            "tags": [self.chance.choice("abc")],
        }

    async def write(self) -> None:
        """Write a review, change it; the oldest goes when there are many."""
        made = await self.ask("create", "POST", "/classes/Review", self.review(), status=201)
        path = f"/classes/Review/{made['objectId']}"
        body = {"stars": 5, "tags": {"__op": "AddUnique", "objects": ["read"]}}
        if self.chance.random() < 0.5:
            await self.ask("update", "PUT", path, body)
        self.goods.reviews.append(made["objectId"])
        while len(self.goods.reviews) > KEPT:
            old = self.goods.reviews.pop(0)
            await self.ask("delete", "DELETE", f"/classes/Review/{old}")

    async def increment(self) -> None:
        """Count a SKU's stock up and down, as its staff."""
        path = f"/classes/SKU/{self.chance.choice(self.goods.skus)}"
        for amount in (1, -1):
            body = {"stock": {"__op": "Increment", "amount": amount}}
            await self.ask("Increment", "PUT", path, body, headers=MASTER)

    async def batch(self) -> None:
        """Ten reviews by one batch, and their deletion by another, all or nothing."""
        made = await self.ask(
            "batch",
            "POST",
            "/batch",
            {
                "requests": [
                    {"method": "POST", "path": f"{MOUNT}/classes/Review", "body": self.review()}
                    for _ in range(10)
                ]
            },
        )
        ids = [item["success"]["objectId"] for item in made]
        deletions = [
            {"method": "DELETE", "path": f"{MOUNT}/classes/Review/{one}", "body": {}} for one in ids
        ]
        await self.ask("batch", "POST", "/batch", {"requests": deletions, "transaction": True})

    # --- functions and orders -----------------------------------------------------------------

    async def function(self) -> None:
        """What the shop offers."""
        for name in ("storefront", "liveFlashSales"):
            await self.ask("function", "POST", f"/functions/{name}", {})

    async def order(self) -> None:
        """Fill the cart, order with a code; cancel the order, or have it paid and delivered."""
        lines = [
            {"sku": pointer("SKU", sku), "quantity": self.chance.randint(1, 3)}
            for sku in self.chance.sample(self.goods.skus, 2)
        ]
        await self.ask("cart", "PUT", f"/classes/Cart/{self.cart}", {"items": lines})
        await self.ask("code", "POST", "/functions/applyDiscountCode", {"code": "SOAK"})
        body = {"requestId": f"{self.name} {next(self.numbers)}"}
        told = await self.ask("order", "POST", "/functions/checkout", body)
        order = f"/classes/Order/{told['result']['objectId']}"
        again = await self.ask("order", "POST", "/functions/checkout", body)
        if again["result"]["objectId"] not in order:
            raise Unexpected(f"order: placed twice: {again}")
        if self.chance.random() < 0.5:
            await self.ask("cancel", "PUT", order, {"status": "cancelled"})
        else:
            for status in ("paid", "shipped", "delivered"):
                await self.ask("steps", "PUT", order, {"status": status}, headers=MASTER)
        await self.ask("order", "GET", order)
        await self.ask("forget", "DELETE", order, headers=MASTER)

    async def report(self) -> None:
        """What was sold, for the staff."""
        await self.ask("report", "POST", "/functions/salesReport", {}, headers=MASTER)

    # --- other doors --------------------------------------------------------------------------

    async def graphql(self) -> None:
        """Find, create and delete by GraphQL."""

        async def send(text: str, variables: Row | None = None) -> Row:
            body = {"query": text, "variables": variables or {}}
            answer = await self.ask("GraphQL", "POST", "/graphql", body, mount="")
            if "errors" in answer:
                raise Unexpected(f"GraphQL: {answer['errors']}")
            data: Row = answer["data"]
            return data

        page = "order: [price_DESC], first: 10) { count edges { node { objectId name price } } }"
        price = self.chance.randint(8, 12)
        found = await send(f"{{ products(where: {{price: {{greaterThan: {price}}}}}, {page} }}")
        if not found["products"]["edges"]:
            raise Unexpected(f"GraphQL: {found}")
        made = await send(
            "mutation($input: CreateReviewInput!) "
            "{ createReview(input: $input) { review { objectId } } }",
            {"input": {"fields": {"text": "by GraphQL", "stars": 4}}},
        )
        review = made["createReview"]["review"]["objectId"]
        await send(
            "mutation($input: DeleteReviewInput!) { deleteReview(input: $input) "
            "{ review { objectId } } }",
            {"input": {"id": review}},
        )

    async def file(self) -> None:
        """Store a file, read it whole and a part of it, delete it."""
        content = self.chance.randbytes(self.chance.randint(10, 200_000))
        kind = {"Content-Type": "text/plain"}
        told = await self.ask(
            "file", "POST", "/files/soak.txt", content, headers={**self.headers, **kind}, status=201
        )
        path = f"/files/{told['name']}"
        url = f"/files/{APP_ID}/{told['name']}"
        if await self.ask("file", "GET", url) != content:
            raise Unexpected("file: another content")
        part = {**CLIENT, "Range": "bytes=3-9"}
        if await self.ask("file", "GET", url, headers=part, status=206) != content[3:10]:
            raise Unexpected("file: another part")
        await self.ask("file", "DELETE", path, headers=MASTER)

    async def sign_in(self) -> None:
        """Sign up, fail to log in, log in, log out, be deleted."""
        name = f"{self.name}-guest-{next(self.numbers)}"
        body = {"username": name, "password": "p", "email": f"{name}@example.com"}
        made = await self.ask("sign up", "POST", "/users", body, headers=CLIENT, status=201)
        wrong = {"username": name, "password": "q"}
        await self.ask("wrong password", "POST", "/login", wrong, headers=CLIENT, status=404)
        right = {"username": name, "password": "p"}
        user = await self.ask("log in", "POST", "/login", right, headers=CLIENT)
        for token in (user["sessionToken"], made["sessionToken"]):
            signed = {**CLIENT, "X-Parse-Session-Token": token}
            await self.ask("me", "GET", "/users/me", headers=signed)
            await self.ask("log out", "POST", "/logout", {}, headers=signed)
            await self.ask("logged out", "GET", "/users/me", headers=signed, status=400)
        await self.ask("forget", "DELETE", f"/users/{made['objectId']}", headers=MASTER)

    # --- Live Query ---------------------------------------------------------------------------

    async def watched(self) -> None:
        """Change a product; every listener has to be told."""
        product = self.chance.choice(self.goods.products)
        text = f"{self.name} {next(self.numbers)}"
        path, body = f"/classes/Product/{product}", {"description": text}
        await self.goods.pace.turn()
        begin = time.perf_counter()
        async with self.listeners.all_told(text):
            await self.ask("watched", "PUT", path, body, headers=MASTER, has_turn=True)
        self.goods.ledger.events.append(time.perf_counter() - begin)

    async def leave_and_listen(self) -> None:
        """One listener goes, another one comes."""
        await self.listeners.replace(self.headers["X-Parse-Session-Token"])
        self.goods.ledger.kinds["listener"]["replaced"] += 1
