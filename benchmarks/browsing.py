"""Scenarios of the large catalogue: includes, sorted pages, counts, batches, sums, and the mix."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import orjson

from benchmarks.catalogue import SHELVES, line, pointer, purchase
from benchmarks.load import request_bytes
from benchmarks.scenarios import Documents, Scenario
from benchmarks.shop import BATCH, MASTER, MOUNT, STAFF, Catalogue, Row


class CatalogueScenario(Scenario):
    """A scenario of the large catalogue."""

    full_every = 15
    """Every answer is looked at; one in so many is compared row by row."""

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue of the shop."""
        assert self.shop.catalogue is not None
        return self.shop.catalogue

    def query(self, class_name: str, where: Any = None, **options: Any) -> bytes:
        """A query as the user."""
        words = {**({} if where is None else {"where": orjson.dumps(where).decode()}), **options}
        target = f"{MOUNT}/classes/{class_name}?{urlencode(words)}"
        return request_bytes("GET", target, self.shop.headers)

    def acl(self) -> Row:
        """The ACL of what the user writes."""
        return {self.shop.user: {"read": True, "write": True}, STAFF: {"read": True}}


class Include(CatalogueScenario):
    """Fifty variants, each with its article."""

    name = "query with include"
    promised = 9.5
    promised_at_one = 6.5
    page = 50

    def requests(self) -> Sequence[bytes]:
        self._articles = self.catalogue.by_id
        self._skips = range(0, len(self.catalogue.variants) - self.page, self.page)
        return [
            self.query("Variant", order="stock", limit=self.page, skip=skip, include="article")
            for skip in self._skips
        ]

    def check(self, number: int, status: int, body: bytes) -> str | None:
        if status != 200 or body.count(b'"__type":"Object"') != self.page:
            return "the query did not return its variants with their articles"
        if number % self.full_every:
            return None
        skip = self._skips[number % len(self._skips)]
        expected = self.catalogue.variants[skip : skip + self.page]
        for row, variant in zip(orjson.loads(body)["results"], expected, strict=True):
            whole = self._articles[variant["article"]["objectId"]]
            if row != {**variant, "article": {**whole, "__type": "Object", "className": "Article"}}:
                return f"a variant is not as it was written: {row}"
        return None


class FilteredSorted(CatalogueScenario):
    """The twenty dearest of the articles that are there, within a range of prices."""

    name = "filtered and sorted, of 10,000"
    promised = 5.5
    promised_at_one = 5.8
    page = 20
    floors = range(0, 9000, 300)

    def requests(self) -> Sequence[bytes]:
        self._floors = self.floors
        there = sorted(
            (row for row in self.catalogue.articles if row["available"]),
            key=lambda row: -row["price"],
        )
        self._expected = [
            [row for row in there if floor <= row["price"] < floor + 1000][: self.page]
            for floor in self._floors
        ]
        return [
            self.query(
                "Article",
                {"available": True, "price": {"$gte": floor, "$lt": floor + 1000}},
                order="-price",
                limit=self.page,
            )
            for floor in self._floors
        ]

    def check(self, number: int, status: int, body: bytes) -> str | None:
        if status != 200 or body.count(b'"objectId"') != self.page:
            return "the query did not return a page of articles"
        if number % self.full_every:
            return None
        if orjson.loads(body)["results"] != self._expected[number % len(self._floors)]:
            return "the query returned other articles, or in another order"
        return None


class EqualPages(FilteredSorted):
    """The same page for everybody, as a shop's first page is asked for."""

    name = "equal pages, of 10,000"
    promised = 14.0
    promised_at_one = 5.5
    floors = range(0, 300, 300)


class CountArticles(CatalogueScenario):
    """How many articles cost less."""

    name = "count"
    promised = 5.3
    promised_at_one = 4.4
    prices: Sequence[float] = range(50, 550, 50)

    def requests(self) -> Sequence[bytes]:
        there = [row["price"] for row in self.catalogue.articles if row["available"]]
        self._expected = [sum(price < limit for price in there) for limit in self.prices]
        return [
            self.query("Article", {"available": True, "price": {"$lt": limit}}, count=1, limit=0)
            for limit in self.prices
        ]

    def check(self, number: int, status: int, body: bytes) -> str | None:
        expected = {"results": [], "count": self._expected[number % len(self.prices)]}
        if status != 200 or orjson.loads(body) != expected:
            return f"the count is not {expected['count']}"
        return None


class DistinctCounts(CountArticles):
    """Counts that are all different, so that none shares another's."""

    name = "distinct counts"
    promised = 2.7
    promised_at_one = 3.4
    prices = tuple(50 + number / 2 for number in range(1000))


class BatchOfFifty(CatalogueScenario):
    """Fifty creates in one request."""

    name = "batch of 50"
    promised = 8.0
    promised_at_one = 6.5

    def requests(self) -> Sequence[bytes]:
        self._made: set[str] = set()
        self._acknowledged = 0
        acl = self.acl()
        requests = [
            {"method": "POST", "path": f"{MOUNT}/classes/Line", "body": line(number, acl)}
            for number in range(BATCH)
        ]
        body = {"requests": requests}
        return [request_bytes("POST", f"{MOUNT}/batch", self.shop.headers, body)]

    def check(self, number: int, status: int, body: bytes) -> str | None:
        if status != 200:
            return "the batch was refused"
        answers = orjson.loads(body)
        if len(answers) != BATCH or not all("success" in answer for answer in answers):
            return "the batch did not answer fifty successes"
        self._acknowledged += BATCH
        self._made |= {answer["success"]["objectId"] for answer in answers}
        return None

    def settle(self, database: Documents) -> list[str]:
        numbers = Counter(row["number"] for row in database["Line"].find({}, {"number": 1}))
        numbers[0] -= 1  # the one that made the class
        stored = numbers.total()
        if len(self._made) != self._acknowledged or stored != self._acknowledged:
            return [f"{self._acknowledged} lines acknowledged, {stored} stored"]
        if len(set(numbers.values())) > 1:
            return ["the lines of some batch were stored twice, others left out"]
        return []


class Aggregate(CatalogueScenario):
    """Articles and prices by shelf, in one aggregation."""

    name = "aggregate"
    promised = 6.2
    promised_at_one = 3.4
    limits: Sequence[float] = range(100, 600, 100)

    def requests(self) -> Sequence[bytes]:
        targets = [f"{MOUNT}/aggregate/Article?{self._words(limit)}" for limit in self.limits]
        return [request_bytes("GET", target, MASTER) for target in targets]

    def _words(self, limit: float) -> str:
        stages = [
            {"$match": {"available": True, "price": {"$lt": limit}}},
            {"$group": {"_id": "$shelf", "total": {"$sum": "$price"}, "count": {"$sum": 1}}},
            {"$sort": {"_id": 1}},
        ]
        return urlencode({"pipeline": orjson.dumps(stages).decode()})

    def _expected(self, limit: float) -> list[Row]:
        sums: dict[str, Row] = {}
        for row in self.catalogue.articles:
            if row["available"] and row["price"] < limit:
                found = sums.setdefault(row["shelf"], {"total": 0, "count": 0})
                found["total"] += row["price"]
                found["count"] += 1
        return [{"objectId": shelf, **sums[shelf]} for shelf in sorted(sums)]

    def check(self, number: int, status: int, body: bytes) -> str | None:
        limit = self.limits[number % len(self.limits)]
        if status != 200:
            return "the aggregation was refused"
        answer = orjson.loads(body)["results"]
        if number < 5 or number % self.full_every == 0:
            return None if answer == self._expected(limit) else "the sums are wrong"
        return None if 0 < len(answer) <= SHELVES else "shelves are missing"


class DistinctAggregates(Aggregate):
    """Aggregations that are all different, so that none shares another's."""

    name = "distinct aggregates"
    promised = 2.5
    promised_at_one = 2.8
    limits = tuple(100 + number / 2 for number in range(1000))


class ShopMix(CatalogueScenario):
    """What shoppers do: browse 70 %, a product with its SKUs 15 %, cart 10 %, order 5 %."""

    name = "the shop's mix"
    promised = 4.8
    promised_at_one = 5.0
    kinds = ("browse",) * 70 + ("variants",) * 15 + ("cart",) * 10 + ("order",) * 5

    def requests(self) -> Sequence[bytes]:
        shuffled = random.Random(1)
        self._kinds = shuffled.sample(self.kinds, len(self.kinds))
        self._orders: set[str] = set()
        self._acknowledged = 0
        return [self._request(kind, number) for number, kind in enumerate(self._kinds)]

    def _request(self, kind: str, number: int) -> bytes:
        shop, headers = self.catalogue, self.shop.headers
        if kind == "browse":
            # every fourth shelf has only what is not available
            shelf = f"shelf-{number % 5 * 4 + 1 + number % 3}"
            where = {"available": True, "shelf": shelf, "price": {"$gte": 500}}
            return self.query("Article", where, order="-price", limit=20)
        if kind == "variants":
            article = pointer("Article", shop.articles[number])
            return self.query("Variant", {"article": article}, include="article")
        order = purchase(shop, number, self.acl())
        if kind == "cart":
            target = f"{MOUNT}/classes/Basket/{shop.baskets[number % len(shop.baskets)]}"
            cart = {"items": order["items"], "total": order["total"]}
            return request_bytes("PUT", target, headers, cart)
        return request_bytes("POST", f"{MOUNT}/classes/Purchase", headers, order)

    def check(self, number: int, status: int, body: bytes) -> str | None:
        kind = self._kinds[number % len(self._kinds)]
        if status != (201 if kind == "order" else 200):
            return f"{kind} was refused"
        if kind == "browse" and body.count(b'"objectId"') != 20:
            return "a page of articles is not full"
        if kind == "variants" and body.count(b'"__type":"Object"') != 3:
            return "a product has not its three variants"
        if kind == "cart" and b'"updatedAt"' not in body:
            return "a cart was not stored"
        if kind == "order":
            self._acknowledged += 1
            self._orders.add(orjson.loads(body)["objectId"])
        return None

    def settle(self, database: Documents) -> list[str]:
        stored = database["Purchase"].count_documents({}) - 1
        if len(self._orders) != self._acknowledged or stored != self._acknowledged:
            return [f"{self._acknowledged} orders acknowledged, {stored} stored"]
        return []


BROWSING: tuple[type[Scenario], ...] = (
    Include,
    FilteredSorted,
    EqualPages,
    CountArticles,
    DistinctCounts,
    BatchOfFifty,
    Aggregate,
    DistinctAggregates,
    ShopMix,
)
