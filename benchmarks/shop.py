"""The shop that both servers are measured on: its users, role and rows, written once over REST."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from benchmarks.load import HOST

APP_ID = "bench"
MASTER_KEY = "bench-master"
REST_KEY = "bench-rest"
MOUNT = "/parse"
PRODUCTS = 300
CARTS = 100
BATCH = 50
STAFF = "role:staff"

Row = dict[str, Any]


class WrongAnswer(Exception):
    """A server gave a wrong answer to a request that prepares or checks the benchmark."""


@dataclass(slots=True)
class Catalogue:
    """The rows of the large catalogue, as a client should see them (``catalogue.py``)."""

    articles: list[Row] = field(default_factory=list)
    variants: list[Row] = field(default_factory=list)
    baskets: list[str] = field(default_factory=list)
    shelves: list[Row] = field(default_factory=list)

    @property
    def by_id(self) -> dict[str, Row]:
        """The articles by their ids."""
        return {row["objectId"]: row for row in self.articles}


@dataclass(slots=True)
class Shop:
    """What was written: the users of the benchmark, and the rows as a client should see them."""

    user: str
    """The id of the user who makes every measured request; a member of `staff`."""
    session: str
    seller: str
    """The id of another user, who owns what the first one must not see."""
    products: dict[str, Row] = field(default_factory=dict)
    """The products `user` may read, by objectId, in REST form."""
    hidden: list[str] = field(default_factory=list)
    """The ids of products nobody but `seller` may read."""
    carts: list[str] = field(default_factory=list)
    catalogue: Catalogue | None = None
    """The large catalogue, written when a scenario needs it."""

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a request by the signed-in user."""
        return {**CLIENT, "X-Parse-Session-Token": self.session}


CLIENT: Mapping[str, str] = {
    "X-Parse-Application-Id": APP_ID,
    "X-Parse-REST-API-Key": REST_KEY,
}
MASTER: Mapping[str, str] = {**CLIENT, "X-Parse-Master-Key": MASTER_KEY}


def call(
    port: int, method: str, path: str, body: object | None, headers: Mapping[str, str]
) -> tuple[int, Any]:
    """Make one request outside the measurement; return status and parsed JSON."""
    request = urllib.request.Request(
        f"http://{HOST}:{port}{MOUNT}/{path}",
        data=None if body is None else orjson.dumps(body),
        headers={**headers, "Content-Type": "application/json"},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, orjson.loads(answer.read())
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, orjson.loads(refusal.read())


def _expect(status: int, answer: tuple[int, Any]) -> Any:
    if answer[0] != status:
        raise WrongAnswer(f"expected status {status}, got {answer}")
    return answer[1]


def product(number: int, seller: str, acl: Mapping[str, Mapping[str, bool]]) -> Row:
    """Make the body of one row: ten columns of the common types, and its ACL."""
    return {
        "name": f"Product {number}",
        "description": "A sturdy thing for house and garden, delivered in two days. " * 2,
        "sku": f"SKU-{number:05d}",
        "price": 9.5 + number,
        "stock": number,
        "sold": 0,
        "available": number % 2 == 0,
        "tags": ["garden", "sale", f"shelf-{number % 7}"],
        "seller": {"__type": "Pointer", "className": "_User", "objectId": seller},
        "releasedAt": {"__type": "Date", "iso": f"2024-03-{number % 28 + 1:02d}T08:30:00.000Z"},
        "ACL": {name: dict(rights) for name, rights in acl.items()},
    }


def open_shop(port: int) -> Shop:
    """Write users, the role and all rows through the REST API of the server at `port`.

    Raises WrongAnswer when the server does not take them.
    """
    users = {}
    for name in ("mara", "otto"):
        body = {"username": name, "password": f"secret of {name}"}
        users[name] = _expect(201, call(port, "POST", "users", body, CLIENT))
    mara, otto = users["mara"]["objectId"], users["otto"]["objectId"]
    member = {"__type": "Pointer", "className": "_User", "objectId": mara}
    for name, members in (("staff", [member]), ("admins", [])):
        role = {
            "name": name,
            "ACL": {"*": {"read": True}},
            "users": {"__op": "AddRelation", "objects": members},
        }
        if not members:
            del role["users"]
        _expect(201, call(port, "POST", "roles", role, MASTER))
    shop = Shop(user=mara, session=users["mara"]["sessionToken"], seller=otto)
    _stock_products(port, shop)
    mine = {mara: _RW, STAFF: _R}
    carts = create_all(port, "Cart", [product(n, otto, mine) for n in range(CARTS)])
    shop.carts = [row["objectId"] for row in carts]
    # One order makes the class, so that no measured request has to change the schema.
    create_all(port, "Order", [product(0, otto, mine)])
    create_all(port, "Invoice", [product(0, otto, mine)])
    create_all(port, "Receipt", [product(0, otto, mine)])
    return shop


_R = {"read": True}
_RW = {"read": True, "write": True}


def _stock_products(port: int, shop: Shop) -> None:
    """Write products that the user may read by id or role; every fourth they may not read."""
    rights: tuple[Mapping[str, Mapping[str, bool]], ...] = (
        {shop.user: _RW, STAFF: _R},
        {shop.seller: _RW, STAFF: _R},
        {shop.user: _RW, "role:admins": _R},
        {shop.seller: _RW, "role:admins": _R},
    )
    bodies = [product(n, shop.seller, rights[n % len(rights)]) for n in range(PRODUCTS)]
    for number, row in enumerate(create_all(port, "Product", bodies)):
        if number % len(rights) == 3:
            shop.hidden.append(row["objectId"])
        else:
            shop.products[row["objectId"]] = row


def create_all(port: int, class_name: str, bodies: list[Row]) -> list[Row]:
    """Create rows with the master key; return them in REST form."""
    # The first alone, so that the class exists before a batch writes to it.
    path = f"classes/{class_name}"
    made = [_expect(201, call(port, "POST", path, bodies[0], MASTER))]
    for start in range(1, len(bodies), BATCH):
        requests = [
            {"method": "POST", "path": f"{MOUNT}/{path}", "body": body}
            for body in bodies[start : start + BATCH]
        ]
        answers = _expect(200, call(port, "POST", "batch", {"requests": requests}, MASTER))
        made += [answer["success"] for answer in answers]
    return [
        {**body, **answer, "updatedAt": answer["createdAt"]}
        for body, answer in zip(bodies, made, strict=True)
    ]


def check_permissions(port: int, shop: Shop) -> list[str]:
    """List the forbidden requests that the server at `port` allows; empty if it is right."""
    readable, hidden = next(iter(shop.products)), shop.hidden[0]
    keyless = {"X-Parse-Application-Id": APP_ID}
    cases = {
        "a product of another customer": (f"classes/Product/{hidden}", shop.headers, 404),
        "a product without a session": (f"classes/Product/{readable}", CLIENT, 404),
        "a forged session": (
            f"classes/Product/{readable}",
            {**CLIENT, "X-Parse-Session-Token": "r:0123456789abcdef0123456789abcdef"},
            400,
        ),
        "a request without the REST key": (f"classes/Product/{readable}", keyless, 403),
    }
    faults = []
    for name, (path, headers, status) in cases.items():
        answer = call(port, "GET", path, None, headers)
        if answer[0] != status:
            faults.append(f"{name}: expected status {status}, got {answer}")
    return faults


def copy_database(client: MongoClient[dict[str, Any]], source: str, target: str) -> None:
    """Give `target` the same documents and indexes as `source`, byte for byte."""
    raw = CodecOptions(document_class=RawBSONDocument)
    for name in client[source].list_collection_names():
        old = client[source].get_collection(name, codec_options=raw)
        new = client[target].get_collection(name, codec_options=raw)
        documents = list(old.find())
        if documents:
            new.insert_many(documents)
        for index, spec in client[source][name].index_information().items():
            if index == "_id_":
                continue
            options = {key: value for key, value in spec.items() if key not in _INDEX_INTERNALS}
            try:
                client[target][name].create_index(spec["key"], name=index, **options)
            except OperationFailure as error:
                raise WrongAnswer(f"index {name}.{index} could not be copied: {error}") from error


_INDEX_INTERNALS = {"v", "key", "ns", "textIndexVersion", "2dsphereIndexVersion", "background"}
