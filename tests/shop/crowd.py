"""Customers and staff who do everything that the shop offers, at random and at once, over HTTP.

What they are told is kept in a ``Story``; ``test_books`` holds it against what is stored.
"""

import asyncio
import hashlib
import hmac
import itertools
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.rest.shop import item_of_batch, ok, pointer
from tests.sdk.test_js_sdk import APP_ID, MASTER_KEY
from tests.shop.conftest import line

Row = dict[str, Any]

REFUSALS = frozenset([101, 142, 155, 159])
"""What a customer may be told who does what they may do, at the wrong moment."""
SECRET, CURRENCY = "whsec_of_the_crowd", "usd"
STOCK, PRICE = 40, 10
NEVER = {"__type": "Date", "iso": "2099-01-01T00:00:00.000Z"}
DELETE = {"__op": "Delete"}


@dataclass
class Story:
    """What everybody has been told."""

    refused: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)
    orders: dict[str, Row] = field(default_factory=dict)
    """As their customers were told when they were placed, by id."""
    applied: list[Row] = field(default_factory=list)
    requests: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The orders that were told for one request id."""
    restocked: Counter[str] = field(default_factory=Counter)
    tokens: set[str] = field(default_factory=set)
    """Products of which the customer who removes nothing has put one into the cart."""
    paid: dict[str, str] = field(default_factory=dict)
    """Payments that the gateway has told of: intent → order."""


@dataclass
class World:
    """The goods, codes and clients that the crowd has."""

    url: str
    chance: random.Random
    story: Story = field(default_factory=Story)
    skus: list[str] = field(default_factory=list)
    products: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    users: dict[str, Row] = field(default_factory=dict)
    orders: list[str] = field(default_factory=list)
    numbers: Any = field(default_factory=itertools.count)

    def client(self, **headers: str) -> httpx.AsyncClient:
        base = {"X-Parse-Application-Id": APP_ID, **headers}
        made = httpx.AsyncClient(base_url=self.url, headers=base, timeout=60, verify=False)
        self.clients[f"client {next(self.numbers)}"] = made
        return made

    async def open(self) -> None:
        """Fill the shop, and let its people in."""
        master = self.clients["master"] = self.client(**{"X-Parse-Master-Key": MASTER_KEY})
        for name in ("ann", "bob", "cy", "staff", "seller"):
            body = {"username": name, "password": "p", "email": f"{name}@example.com"}
            user = ok(await master.post("/users", json=body), 201)
            login = ok(await master.post("/login", json={"username": name, "password": "p"}))
            self.users[name] = user
            self.clients[name] = self.client(**{"X-Parse-Session-Token": login["sessionToken"]})
        for role in ("staff", "seller"):
            found = ok(await master.get("/roles", params={"where": json.dumps({"name": role})}))
            joined = {
                "__op": "AddRelation",
                "objects": [pointer("_User", self.users[role]["objectId"])],
            }
            path = f"/roles/{found['results'][0]['objectId']}"
            ok(await master.put(path, json={"users": joined}))
        for number in range(4):
            owner = self.clients["seller" if number % 2 else "staff"]
            mug = {"name": f"Mug {number}", "price": PRICE}
            product = ok(await owner.post("/classes/Product", json=mug), 201)["objectId"]
            self.products.append(product)
            of = {"product": pointer("Product", product), "variation": "blue", "stock": STOCK}
            self.skus.append(ok(await owner.post("/classes/SKU", json=of), 201)["objectId"])
        for number, maker in enumerate(("staff", "seller")):
            text = f"CODE-{number}"
            code: Row = {"code": text, "percentage": 10 + 15 * number, "validUntil": NEVER}
            ok(await self.clients[maker].post("/classes/DiscountCode", json=code), 201)
            self.codes.append(text)

    async def close(self) -> None:
        for client in self.clients.values():
            await client.aclose()

    async def token(self) -> str:
        """A product that nobody else has ever put into a cart."""
        body = {"name": f"Token {next(self.numbers)}", "price": 1}
        made = ok(await self.clients["master"].post("/classes/Product", json=body), 201)
        return str(made["objectId"])

    # --- asking -------------------------------------------------------------------------------

    async def ask(
        self, who: str, what: str, method: str, path: str, body: Any = None, **headers: str
    ) -> Row | None:
        """The answer to a request; None if it was refused as it may be."""
        answer = await self.clients[who].request(method, path, json=body, headers=headers)
        return self.heard(what, answer.status_code, answer.json())

    def heard(self, what: str, status: int, content: Row) -> Row | None:
        if status < 300:
            self.story.done[what] += 1
            return content
        self.story.refused[f"{what} {content.get('code')}"] += 1
        if content.get("code") not in REFUSALS:
            self.story.unexpected.append(f"{what}: {status} {content}")
        return None

    def placed(self, order: Row | None, request_id: str | None = None) -> None:
        """An order was told to its customer."""
        if order is None:
            return
        self.story.orders.setdefault(order["objectId"], order)
        self.orders.append(order["objectId"])
        if request_id:
            self.story.requests[request_id].add(order["objectId"])


Deed = Callable[[], Awaitable[None]]


class Customer:
    """Does what a customer can do. One who is careful only adds to the cart and checks out."""

    def __init__(self, world: World, name: str, *, careful: bool) -> None:
        self.world, self.name, self.careful = world, name, careful
        self.mine: list[str] = []
        often: list[Deed] = [self.add, self.add, self.checkout, self.apply]
        more: list[Deed] = [
            *(self.put, self.change, self.drop, self.empty, self.order, self.batch),
            *(self.cancel, self.delete, self.take_off, self.pay, self.again, self.throw_away),
        ]
        self.deeds = often if careful else often + more

    async def act(self) -> None:
        await self.world.chance.choice(self.deeds)()

    async def ask(self, what: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        return await self.world.ask(self.name, what, method, path, body, **headers)

    async def call(self, function: str, **params: Any) -> Any:
        told = await self.ask(function, "POST", f"/functions/{function}", params)
        return None if told is None else told.get("result")

    def some(self) -> list[Row]:
        chance = self.world.chance
        return [
            line(sku, chance.randint(1, 3))
            for sku in chance.sample(self.world.skus, chance.randint(1, 3))
        ]

    async def cart(self) -> Row | None:
        found = await self.ask("look", "GET", "/classes/Cart")
        rows = found["results"] if found else []
        return rows[0] if rows else None

    # --- the cart -----------------------------------------------------------------------------

    async def add(self) -> None:
        token = await self.world.token()
        lines = [{"product": pointer("Product", token), "quantity": 1}]
        cart = await self.cart()
        if cart is None:
            if self.careful:  # a create replaces what another one has put there meanwhile
                return
            await self.ask("create", "POST", "/classes/Cart", {"items": lines})
            return
        if self.world.chance.random() < 0.3:
            lines += self.some()
        body = {"items": {"__op": "Add", "objects": lines}}
        done = await self.ask("add", "PUT", f"/classes/Cart/{cart['objectId']}", body)
        if done is not None and self.careful:
            self.world.story.tokens.add(token)

    async def _change(self, what: str, body: Row) -> None:
        cart = await self.cart()
        if cart is not None:
            await self.ask(what, "PUT", f"/classes/Cart/{cart['objectId']}", body)

    async def put(self) -> None:
        await self._change("put", {"items": self.some()})

    async def change(self) -> None:
        await self._change("change", {"items.0.quantity": self.world.chance.randint(1, 5)})

    async def empty(self) -> None:
        await self._change("empty", {"items": []})

    async def drop(self) -> None:
        cart = await self.cart()
        if cart is not None and cart["items"]:
            gone = {"__op": "Remove", "objects": [cart["items"][0]]}
            await self.ask("drop", "PUT", f"/classes/Cart/{cart['objectId']}", {"items": gone})

    async def throw_away(self) -> None:
        cart = await self.cart()
        if cart is not None:
            await self.ask("throw away", "DELETE", f"/classes/Cart/{cart['objectId']}")

    async def apply(self) -> None:
        code = self.world.chance.choice([*self.world.codes, "WRONG"])
        told = await self.call("applyDiscountCode", code=code)
        if told is not None:
            self.world.story.applied.append(told)

    async def take_off(self) -> None:
        await self.call("removeDiscountCode")

    # --- orders -------------------------------------------------------------------------------

    def _has(self, order: Row | None, request_id: str | None = None) -> None:
        self.world.placed(order, request_id)
        if order is not None:
            self.mine.append(order["objectId"])

    async def checkout(self) -> None:
        key = f"request {next(self.world.numbers)}"
        if self.world.chance.random() < 0.5:
            self._has(await self.call("checkout", requestId=key), key)
            return
        for order in await asyncio.gather(*(self.call("checkout", requestId=key) for _ in "ab")):
            self._has(order, key)

    async def order(self) -> None:
        body = {"products": self.some()}
        self._has(await self.ask("order", "POST", "/classes/Order", body))

    async def again(self) -> None:
        key, body = f"request {next(self.world.numbers)}", {"products": self.some()}
        headers = {"X-Parse-Request-Id": key}
        sent = (self.ask("again", "POST", "/classes/Order", body, **headers) for _ in "ab")
        for order in await asyncio.gather(*sent):
            self._has(order, key)

    async def batch(self) -> None:
        items = [item_of_batch("POST", "/classes/Order", {"products": self.some()}) for _ in "ab"]
        body = {"requests": items, "transaction": self.world.chance.random() < 0.5}
        headers = {"X-Parse-Request-Id": f"request {next(self.world.numbers)}"}
        told = await self.ask("batch", "POST", "/batch", body, **headers)
        for item in told or []:
            if "success" in item:
                self._has(item["success"])
            else:
                self.world.heard("batch", 400, item["error"])

    def _one(self) -> str | None:
        return self.world.chance.choice(self.mine[-6:]) if self.mine else None

    async def cancel(self) -> None:
        if (order := self._one()) is not None:
            await self.ask("cancel", "PUT", f"/classes/Order/{order}", {"status": "cancelled"})

    async def delete(self) -> None:
        if (order := self._one()) is not None:
            await self.ask("delete", "DELETE", f"/classes/Order/{order}")

    async def pay(self) -> None:
        """Begin a payment; the gateway tells of it, sometimes twice, when it likes."""
        if (order := self._one()) is None:
            return
        told = await self.call("createPayment", order=order)
        if told is None:
            return
        amount = round(told["amount"] * 100)
        for _ in range(self.world.chance.randint(1, 2)):
            await hear(self.world, order, f"pi_{order}", amount)


async def hear(world: World, order: str, intent: str, amount: int) -> None:
    """Tell the shop of a payment, as the gateway does."""
    paid = {"id": intent, "amount_received": amount, "currency": CURRENCY}
    data = {"object": {**paid, "metadata": {"order": order}}}
    text = json.dumps({"type": "payment_intent.succeeded", "data": data})
    moment = int(time.time())
    signed = hmac.new(SECRET.encode(), f"{moment}.{text}".encode(), hashlib.sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={moment},v1={signed}"}
    answer = await world.clients["master"].post("/webhooks/stripe", content=text, headers=headers)
    if answer.status_code == 200:
        world.story.paid[intent] = order
    else:
        world.story.unexpected.append(f"webhook: {answer.status_code} {answer.text}")


class Staff:
    """Moves orders on, fills the shelves, changes prices, makes sales."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.deeds: list[Deed] = [
            *(self.step, self.step, self.step, self.restock, self.reprice, self.sale),
        ]

    async def act(self) -> None:
        await self.world.chance.choice(self.deeds)()

    async def step(self) -> None:
        if not self.world.orders:
            return
        order = self.world.chance.choice(self.world.orders[-12:])
        status = self.world.chance.choice(["shipped", "delivered", "cancelled", "refunded"])
        await self.world.ask("staff", status, "PUT", f"/classes/Order/{order}", {"status": status})

    async def restock(self) -> None:
        sku, amount = self.world.chance.choice(self.world.skus), self.world.chance.randint(1, 9)
        body = {"stock": {"__op": "Increment", "amount": amount}}
        done = await self.world.ask("staff", "restock", "PUT", f"/classes/SKU/{sku}", body)
        if done is not None:
            self.world.story.restocked[sku] += amount

    async def reprice(self) -> None:
        product = self.world.chance.choice(self.world.products)
        body = {"price": self.world.chance.choice([8, 9.99, 10, 12.5])}
        await self.world.ask("staff", "reprice", "PUT", f"/classes/Product/{product}", body)

    async def sale(self) -> None:
        times = {"startTime": {"__type": "Date", "iso": "2020-01-01T00:00:00.000Z"}}
        product = pointer("Product", self.world.chance.choice(self.world.products))
        body = {"product": product, "discountPrice": 7.5, "endTime": NEVER, **times}
        made = await self.world.ask("staff", "sale", "POST", "/classes/FlashSale", body)
        if made is not None:
            await self.world.ask("staff", "end", "DELETE", f"/classes/FlashSale/{made['objectId']}")


async def rush(world: World, *, until: float, most: int) -> None:
    """Let them all act at once, each in two sessions, until the time is over; at most so often."""

    async def busy(actor: Customer | Staff) -> None:
        for _ in range(most):
            if time.monotonic() > until:
                return
            await actor.act()

    ann = Customer(world, "ann", careful=True)
    ok(await world.clients["ann"].post("/classes/Cart", json={"items": []}), 201)
    others = [Customer(world, name, careful=False) for name in ("bob", "cy")]
    actors: list[Customer | Staff] = [ann, ann, *others, *others, Staff(world), Staff(world)]
    await asyncio.gather(*map(busy, actors))
