"""The basic scenarios: a class for each kind of request, with the check of its answers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import quote

import orjson
from pymongo.database import Database

from benchmarks.load import request_bytes
from benchmarks.shop import MOUNT, STAFF, Row, Shop, product

Documents = Database[dict[str, Any]]


class Scenario:
    """One kind of request to one server, with what that server has answered so far."""

    name: ClassVar[str]
    connections: ClassVar[int | None] = None
    """How many connections it is sent over; None: as many as the run's."""
    share: ClassVar[float] = 1.0
    """How long its slices are, beside those of the others."""
    promised: ClassVar[float | None] = None
    """How many times better by CPU parsepy has to be; None: as the run promises."""

    promised_at_one: ClassVar[float | None] = None
    """The same where its requests are sent one after the other, beside the run's connections."""

    def __init__(self, shop: Shop) -> None:
        """Build the requests; they are sent in turn, with the session token of the shop's user."""
        self.shop = shop
        self.payloads: Sequence[bytes] = self.requests()

    def requests(self) -> Sequence[bytes]:
        """Build the requests, as the bytes that are sent."""
        raise NotImplementedError

    def check(self, number: int, status: int, body: bytes) -> str | None:
        """Say what is wrong with the answer to request `number`, or None; called for each."""
        raise NotImplementedError

    def settle(self, database: Documents) -> list[str]:
        """List what is wrong in the database after the run; empty for requests that only read."""
        return []


class GetById(Scenario):
    """One product by its id."""

    name = "get by id"
    promised = 11.0
    promised_at_one = 5.0

    def requests(self) -> Sequence[bytes]:
        self._rows = list(self.shop.products.values())
        return [
            request_bytes("GET", f"{MOUNT}/classes/Product/{row['objectId']}", self.shop.headers)
            for row in self._rows
        ]

    def check(self, number: int, status: int, body: bytes) -> str | None:
        if status != 200:
            return "get was refused"
        if orjson.loads(body) != self._rows[number % len(self._rows)]:
            return "get did not return the product asked for"
        return None


class QueryHundred(Scenario):
    """A hundred products by a number column, filtered by the ACLs of a user and their role."""

    name = "query 100"
    promised = 17.0
    promised_at_one = 10.0
    full_every = 15
    """Of so many answers, one is compared row by row; of all, the rows are counted."""

    def requests(self) -> Sequence[bytes]:
        self._floors = range(20, 60, 5)
        wheres = (orjson.dumps({"stock": {"$gte": floor}}) for floor in self._floors)
        return [
            request_bytes(
                "GET",
                f"{MOUNT}/classes/Product?limit=100&where={quote(where)}",
                self.shop.headers,
            )
            for where in wheres
        ]

    def check(self, number: int, status: int, body: bytes) -> str | None:
        if status != 200:
            return "query was refused"
        if body.count(b'"createdAt"') != 100 or body.count(b'"releasedAt"') != 100:
            return "query did not return 100 whole products"
        if number % self.full_every:
            return None
        floor = self._floors[number % len(self._floors)]
        rows: list[Row] = orjson.loads(body)["results"]
        if len({row["objectId"] for row in rows}) != 100:
            return "query did not return 100 different products"
        for row in rows:
            if row["stock"] < floor or row != self.shop.products.get(row["objectId"]):
                return f"query returned a wrong or forbidden row: {row}"
        return None


class CreateOrder(Scenario):
    """An order of ten columns, with an ACL of two entries."""

    name = "create"
    promised = 7.5
    promised_at_one = 3.2
    class_name = "Order"
    sampled = 200

    def requests(self) -> Sequence[bytes]:
        acl = {self.shop.user: {"read": True, "write": True}, STAFF: {"read": True}}
        self._bodies = [product(n, self.shop.seller, acl) for n in range(1, 65)]
        self._made: dict[str, int] = {}
        self._acknowledged = 0
        target = f"{MOUNT}/classes/{self.class_name}"
        return [request_bytes("POST", target, self.shop.headers, body) for body in self._bodies]

    def check(self, number: int, status: int, body: bytes) -> str | None:
        if status != 201:
            return "create was refused"
        answer = orjson.loads(body)
        if not isinstance(answer.get("createdAt"), str):
            return "create did not say createdAt"
        self._acknowledged += 1
        self._made[answer["objectId"]] = number % len(self._bodies)
        return None

    def settle(self, database: Documents) -> list[str]:
        faults = []
        if len(self._made) != self._acknowledged:
            faults.append("create answered the same objectId twice")
        collection = database[self.class_name]
        stored = {document["_id"] for document in collection.find({}, {"_id": 1})}
        # The one row more is the order that made the class.
        if not self._made.keys() <= stored or len(stored) != self._acknowledged + 1:
            faults.append(f"{self._acknowledged} orders acknowledged, {len(stored) - 1} stored")
        for order in list(self._made)[:: max(1, len(self._made) // self.sampled)]:
            document = collection.find_one({"_id": order}) or {}
            if not _same_order(document, self._bodies[self._made[order]]):
                faults.append(f"order {order} was stored as {document}")
                break
        return faults


def _same_order(document: dict[str, Any], body: Row) -> bool:
    """Does the stored document say what was sent?"""
    plain = ("name", "description", "sku", "price", "stock", "sold", "available", "tags")
    released = datetime.fromisoformat(body["releasedAt"]["iso"])
    stored = document.get("releasedAt")
    return (
        all(document.get(column) == body[column] for column in plain)
        and document.get("_p_seller") == f"_User${body['seller']['objectId']}"
        and isinstance(stored, datetime)
        and stored.replace(tzinfo=UTC) == released
        and sorted(document.get("_rperm", [])) == sorted(body["ACL"])
        and document.get("_wperm") == [name for name, may in body["ACL"].items() if "write" in may]
    )


class IncrementCart(Scenario):
    """An update of a cart: one Increment and one plain column."""

    name = "update with Increment"
    promised = 6.3
    promised_at_one = 3.0

    def requests(self) -> Sequence[bytes]:
        self._totals: defaultdict[str, Counter[int]] = defaultdict(Counter)
        body = {"sold": {"__op": "Increment", "amount": 1}, "description": "Taken from the shelf."}
        return [
            request_bytes("PUT", f"{MOUNT}/classes/Cart/{cart}", self.shop.headers, body)
            for cart in self.shop.carts
        ]

    def check(self, number: int, status: int, body: bytes) -> str | None:
        if status != 200:
            return "update was refused"
        answer = orjson.loads(body)
        if not isinstance(answer.get("updatedAt"), str) or not isinstance(answer.get("sold"), int):
            return "update did not say updatedAt and the new total"
        self._totals[self.shop.carts[number % len(self.shop.carts)]][answer["sold"]] += 1
        return None

    def settle(self, database: Documents) -> list[str]:
        faults = []
        stored = {document["_id"]: document["sold"] for document in database["Cart"].find()}
        for cart in self.shop.carts:
            answered = self._totals[cart]
            acknowledged = answered.total()
            if stored.get(cart) != acknowledged:
                faults.append(f"cart {cart}: {acknowledged} increments, total {stored.get(cart)}")
            if set(answered) != set(range(1, acknowledged + 1)):
                faults.append(f"cart {cart}: a total was answered twice or left out")
        return faults


class CreateInvoice(CreateOrder):
    """The same create in a class with a before-save hook, which adds a column."""

    name = "create with a hook"
    promised = 6.6
    promised_at_one = 3.9
    class_name = "Invoice"

    def check(self, number: int, status: int, body: bytes) -> str | None:
        fault = super().check(number, status, body)
        price = self._bodies[number % len(self._bodies)]["price"]
        if fault is None and orjson.loads(body).get("gross") != price * 2:
            return "the hook's column was not answered"
        return fault


class FunctionCall(Scenario):
    """A cloud function that multiplies two numbers."""

    name = "function call"
    promised = 4.0
    promised_at_one = 3.4
    counts = range(1, 33)

    def requests(self) -> Sequence[bytes]:
        target = f"{MOUNT}/functions/quote"
        return [
            request_bytes("POST", target, self.shop.headers, {"price": 2.5, "count": count})
            for count in self.counts
        ]

    def check(self, number: int, status: int, body: bytes) -> str | None:
        total = 2.5 * self.counts[number % len(self.counts)]
        if status != 200 or orjson.loads(body) != {"result": {"total": total}}:
            return "the function was refused, or miscounted"
        return None


BASIC: tuple[type[Scenario], ...] = (
    GetById,
    QueryHundred,
    CreateOrder,
    IncrementCart,
    CreateInvoice,
    FunctionCall,
)
