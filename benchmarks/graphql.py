"""Scenarios of GraphQL, each beside the same data by REST: eight connections, and one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, overload

import orjson

from benchmarks.browsing import CatalogueScenario
from benchmarks.load import request_bytes
from benchmarks.scenarios import Documents, Scenario
from benchmarks.shop import MOUNT, STAFF, Row, product

GRAPHQL = "/graphql"
PAGE = 10
FIELDS = (
    "objectId",
    "name",
    "description",
    "price",
    "shelf",
    "available",
    "createdAt",
    "updatedAt",
)
"""The eight fields of a page of articles."""
COLUMNS = ",".join(FIELDS[1:-2])
"""What REST calls them in ``keys``, which gives the others anyway."""
FIND = (
    "articles(where: {available: {equalTo: true}, price: {greaterThanOrEqualTo: %s}}, "
    f"order: [price_ASC], first: {PAGE}) {{ edges {{ node {{ {' '.join(FIELDS)} }} }} }}"
)


class GraphQLScenario(CatalogueScenario):
    """One kind of request by GraphQL; ``rest`` are the requests that bring the same by REST."""

    connections: ClassVar[int | None] = 8
    share: ClassVar[float] = 0.5
    promised: ClassVar[float | None] = 5.0
    promised_alone: ClassVar[float] = 5.0
    """The same where its documents are sent one after the other."""

    @property
    @abstractmethod
    def documents(self) -> Sequence[tuple[str, Row]]:
        """The documents that are sent in turn, each with its variables."""

    @property
    @abstractmethod
    def rest(self) -> Sequence[bytes]:
        """The requests by REST for the same data; ``rest_count`` of them for a document."""

    rest_count: ClassVar[int] = 1

    def requests(self) -> Sequence[bytes]:
        return [
            request_bytes("POST", GRAPHQL, self.shop.headers, {"query": text, "variables": given})
            for text, given in self.documents
        ]

    def check(self, number: int, status: int, body: bytes) -> str | None:
        answer = orjson.loads(body)
        if status != 200 or "errors" in answer:
            return "the document was refused"
        wrong = self.wrong(number, answer["data"])
        return None if wrong is None else f"{self.name}: {wrong}"

    @abstractmethod
    def wrong(self, number: int, data: Any) -> str | None:
        """Say what is wrong with the data of an answer, or None."""

    def by_rest(self, number: int, status: int, body: bytes) -> str | None:
        """Say what is wrong with an answer by REST, or None."""
        if status != 200:
            return "the request was refused"
        return None


def nodes(connection: Any) -> list[Row]:
    """The objects of a page."""
    return [edge["node"] for edge in connection["edges"]]


class FindTen(GraphQLScenario):
    """Ten articles of eight fields each, by variables."""

    name = "GraphQL: find 10 x 8 fields"
    promised_alone = 5.6
    floors = range(0, 9000, 100)

    @property
    def expected(self) -> list[list[Row]]:
        """The pages, as they should be."""
        there = sorted(
            (row for row in self.catalogue.articles if row["available"]),
            key=lambda row: row["price"],
        )
        return [
            [{name: row[name] for name in FIELDS} for row in there if row["price"] >= floor][:PAGE]
            for floor in self.floors
        ]

    @property
    def documents(self) -> Sequence[tuple[str, Row]]:
        text = f"query Page($floor: Float!) {{ {FIND % '$floor'} }}"
        return [(text, {"floor": floor}) for floor in self.floors]

    @property
    def rest(self) -> Sequence[bytes]:
        return [
            self.query(
                "Article",
                {"available": True, "price": {"$gte": floor}},
                order="price",
                limit=PAGE,
                keys=COLUMNS,
            )
            for floor in self.floors
        ]

    def requests(self) -> Sequence[bytes]:
        self._expected = self.expected
        return super().requests()

    def wrong(self, number: int, data: Any) -> str | None:
        if nodes(data["articles"]) != self._expected[number % len(self._expected)]:
            return "other articles, or in another order"
        return None

    def by_rest(self, number: int, status: int, body: bytes) -> str | None:
        if status != 200 or body.count(b'"objectId"') != PAGE:
            return "the query did not return a page of articles"
        return None


class Literals(Sequence[bytes]):
    """Requests without end, each with a literal that no other has."""

    def __init__(self, make: Callable[[int], bytes]) -> None:
        self._make = make

    def __len__(self) -> int:
        return 10**12

    @overload
    def __getitem__(self, index: int) -> bytes: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[bytes]: ...

    def __getitem__(self, index: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(index, slice):
            raise TypeError("the requests are made one by one")
        return self._make(index)


class FindByLiterals(FindTen):
    """The same pages with the price in the document, another one every time."""

    name = "GraphQL: find, new literals"
    promised_alone = 5.4

    def requests(self) -> Sequence[bytes]:
        self._expected = self.expected

        def make(number: int) -> bytes:
            floor = self.floors[number % len(self.floors)] + number / 10**9
            body = {"query": f"{{ {FIND % f'{floor:.9f}'} }}"}
            return request_bytes("POST", GRAPHQL, self.shop.headers, body)

        return Literals(make)


class NestedPointer(GraphQLScenario):
    """Ten variants, each with its article."""

    name = "GraphQL: find with a nested pointer"
    promised_alone = 5.7
    skips = range(0, 200, PAGE)

    @property
    def documents(self) -> Sequence[tuple[str, Row]]:
        text = (
            f"query Variants($skip: Int) {{ variants(order: [stock_ASC], first: {PAGE}, "
            "skip: $skip) { edges { node "
            "{ objectId colour stock article { objectId name price } } } } }"
        )
        return [(text, {"skip": skip}) for skip in self.skips]

    @property
    def rest(self) -> Sequence[bytes]:
        keys = "colour,stock,article.name,article.price"
        return [
            self.query(
                "Variant", order="stock", limit=PAGE, skip=skip, include="article", keys=keys
            )
            for skip in self.skips
        ]

    def wrong(self, number: int, data: Any) -> str | None:
        skip = self.skips[number % len(self.skips)]
        names = ("objectId", "name", "price")
        if number % self.full_every:
            return None if len(nodes(data["variants"])) == PAGE else "variants are missing"
        articles = self.catalogue.by_id
        expected = [
            {
                **{name: row[name] for name in ("objectId", "colour", "stock")},
                "article": {name: articles[row["article"]["objectId"]][name] for name in names},
            }
            for row in self.catalogue.variants[skip : skip + PAGE]
        ]
        return None if nodes(data["variants"]) == expected else "other variants or articles"


class GetProduct(GraphQLScenario):
    """One product of eight fields."""

    name = "GraphQL: get"
    promised_alone = 6.3
    names = ("objectId", "name", "description", "sku", "price", "stock", "available", "createdAt")

    @property
    def documents(self) -> Sequence[tuple[str, Row]]:
        text = f"query One($id: ID!) {{ product(id: $id) {{ {' '.join(self.names)} }} }}"
        return [(text, {"id": object_id}) for object_id in self.shop.products]

    @property
    def rest(self) -> Sequence[bytes]:
        keys = ",".join(self.names[1:-1])
        return [
            request_bytes(
                "GET", f"{MOUNT}/classes/Product/{object_id}?keys={keys}", self.shop.headers
            )
            for object_id in self.shop.products
        ]

    def wrong(self, number: int, data: Any) -> str | None:
        rows = list(self.shop.products.values()) if number % self.full_every == 0 else []
        if not rows:
            return None if data["product"] else "no product"
        row = rows[number % len(rows)]
        return None if data["product"] == {n: row[n] for n in self.names} else "another product"


class ThreeRoots(GraphQLScenario):
    """A page of articles, a page of variants with their number, a product."""

    name = "GraphQL: three roots"
    promised_alone = 4.9
    rest_count = 3
    floors = range(0, 9000, 300)

    def _ids(self) -> list[str]:
        return list(self.shop.products)[: len(self.floors)]

    @property
    def documents(self) -> Sequence[tuple[str, Row]]:
        text = (
            f"query Home($floor: Float, $id: ID!) {{ {FIND % '$floor'} "
            f"variants(order: [stock_ASC], first: {PAGE}) "
            "{ count edges { node { objectId colour stock } } } "
            "product(id: $id) { objectId name price } }"
        )
        given = zip(self.floors, self._ids(), strict=True)
        return [(text, {"floor": floor, "id": object_id}) for floor, object_id in given]

    @property
    def rest(self) -> Sequence[bytes]:
        requests: list[bytes] = []
        for floor, object_id in zip(self.floors, self._ids(), strict=True):
            where = {"available": True, "price": {"$gte": floor}}
            requests += [
                self.query("Article", where, order="price", limit=PAGE, keys=COLUMNS),
                self.query("Variant", order="stock", limit=PAGE, count=1, keys="colour,stock"),
                request_bytes(
                    "GET",
                    f"{MOUNT}/classes/Product/{object_id}?keys=name,price",
                    self.shop.headers,
                ),
            ]
        return requests

    def wrong(self, number: int, data: Any) -> str | None:
        there = (len(nodes(data["articles"])), data["variants"]["count"])
        whole = (PAGE, len(self.catalogue.variants))
        is_right = data["product"]["objectId"] == self._ids()[number % len(self.floors)]
        return None if there == whole and is_right else "something is missing"


class RelationPage(GraphQLScenario):
    """A shelf, and the first ten of the articles that its relation has."""

    name = "GraphQL: relation"
    promised_alone = 5.3
    rest_count = 2

    @property
    def documents(self) -> Sequence[tuple[str, Row]]:
        text = (
            f"query Shelf($id: ID!) {{ shelf(id: $id) {{ objectId name articles(first: {PAGE}, "
            "order: [price_ASC]) { edges { node { objectId name price } } } } }"
        )
        return [(text, {"id": row["objectId"]}) for row in self.catalogue.shelves]

    @property
    def rest(self) -> Sequence[bytes]:
        requests: list[bytes] = []
        for row in self.catalogue.shelves:
            owner = {"__type": "Pointer", "className": "Shelf", "objectId": row["objectId"]}
            where = {"$relatedTo": {"object": owner, "key": "articles"}}
            requests += [
                request_bytes("GET", f"{MOUNT}/classes/Shelf/{row['objectId']}", self.shop.headers),
                self.query("Article", where, order="price", limit=PAGE, keys="name,price"),
            ]
        return requests

    def wrong(self, number: int, data: Any) -> str | None:
        row = self.catalogue.shelves[number % len(self.catalogue.shelves)]
        found = nodes(data["shelf"]["articles"])
        if data["shelf"]["name"] != row["name"] or len(found) != PAGE:
            return "not the shelf with its articles"
        return None


class CreateReceipt(GraphQLScenario):
    """A receipt of ten columns, with an ACL of two entries."""

    name = "GraphQL: create"
    promised_alone = 6.0
    count = 64

    def _bodies(self) -> list[Row]:
        acl = {self.shop.user: {"read": True, "write": True}, STAFF: {"read": True}}
        return [product(number, self.shop.seller, acl) for number in range(1, self.count + 1)]

    @property
    def documents(self) -> Sequence[tuple[str, Row]]:
        text = (
            "mutation Create($fields: CreateReceiptFieldsInput!) "
            "{ createReceipt(input: {fields: $fields}) { receipt { objectId createdAt } } }"
        )
        owner = {"userId": self.shop.user, "read": True, "write": True}
        staff = {"roleName": STAFF.removeprefix("role:"), "read": True, "write": False}
        acl = {"users": [owner], "roles": [staff]}
        return [
            (
                text,
                {
                    "fields": {
                        **body,
                        "seller": {"link": body["seller"]["objectId"]},
                        "releasedAt": body["releasedAt"]["iso"],
                        "ACL": acl,
                    }
                },
            )
            for body in self._bodies()
        ]

    @property
    def rest(self) -> Sequence[bytes]:
        target = f"{MOUNT}/classes/Receipt"
        return [request_bytes("POST", target, self.shop.headers, body) for body in self._bodies()]

    def requests(self) -> Sequence[bytes]:
        self._made: list[str] = []
        return super().requests()

    def wrong(self, number: int, data: Any) -> str | None:
        made = data["createReceipt"]["receipt"]
        self._made.append(made["objectId"])
        return None if isinstance(made["createdAt"], str) else "no createdAt"

    def by_rest(self, number: int, status: int, body: bytes) -> str | None:
        if status != 201:
            return "create was refused"
        self._made.append(orjson.loads(body)["objectId"])
        return None

    def settle(self, database: Documents) -> list[str]:
        stored = {row["_id"] for row in database["Receipt"].find({}, {"_id": 1})}
        if len(set(self._made)) != len(self._made) or not stored.issuperset(self._made):
            return ["a receipt was acknowledged and not stored, or two have one objectId"]
        return []


class UpdateBasket(GraphQLScenario):
    """A basket gets another total."""

    name = "GraphQL: update"
    promised_alone = 5.5

    @property
    def documents(self) -> Sequence[tuple[str, Row]]:
        text = (
            "mutation Change($id: ID!, $total: Float!) "
            "{ updateBasket(input: {id: $id, fields: {total: $total}}) { basket { updatedAt } } }"
        )
        baskets = enumerate(self.catalogue.baskets)
        return [(text, {"id": object_id, "total": number + 0.5}) for number, object_id in baskets]

    @property
    def rest(self) -> Sequence[bytes]:
        return [
            request_bytes(
                "PUT",
                f"{MOUNT}/classes/Basket/{object_id}",
                self.shop.headers,
                {"total": number + 0.5},
            )
            for number, object_id in enumerate(self.catalogue.baskets)
        ]

    def wrong(self, number: int, data: Any) -> str | None:
        moment = data["updateBasket"]["basket"]["updatedAt"]
        return None if isinstance(moment, str) else "no updatedAt"


KINDS: tuple[type[GraphQLScenario], ...] = (
    FindTen,
    NestedPointer,
    GetProduct,
    ThreeRoots,
    RelationPage,
    CreateReceipt,
    UpdateBasket,
    FindByLiterals,
)


def by_rest(kind: type[GraphQLScenario]) -> type[Scenario]:
    """The same data as a kind of document brings, by REST; nothing is promised of it."""

    def requests(self: GraphQLScenario) -> Sequence[bytes]:
        kind.requests(self)
        return self.rest

    members = {
        "__doc__": f"The data of {kind.name!r} by REST.",
        "name": kind.name.replace("GraphQL", "REST"),
        "requests": requests,
        "check": kind.by_rest,
        "promised": 0.0,
    }
    return type(f"{kind.__name__}ByREST", (kind,), members)


def at_one(kind: type[GraphQLScenario]) -> type[Scenario]:
    """A kind of document, sent one after the other."""
    members = {
        "__doc__": f"{kind.name}, one after the other.",
        "name": f"{kind.name}, at one",
        "connections": 1,
        "promised": kind.promised_alone,
    }
    return type(f"{kind.__name__}AtOne", (kind,), members)


def _scenarios() -> Iterator[type[Scenario]]:
    for kind in KINDS:
        yield kind
        if kind is not FindByLiterals:  # the data are those of FindTen
            yield by_rest(kind)
        yield at_one(kind)


BY_GRAPHQL: tuple[type[Scenario], ...] = tuple(_scenarios())


def against_rest(cpu: dict[str, float]) -> dict[str, float]:
    """From CPU per request by name: how many times a document costs what REST costs for it."""
    found: dict[str, float] = {}
    for kind in KINDS:
        twin = FindTen if kind is FindByLiterals else kind
        rest = cpu.get(twin.name.replace("GraphQL", "REST"))
        if rest is not None and kind.name in cpu:
            found[kind.name] = cpu[kind.name] / (rest * kind.rest_count)
    return found
