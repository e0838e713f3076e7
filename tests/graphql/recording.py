"""The recorded examples: what the reference's database held, and the requests in their order.

``examples.jsonl`` was recorded from Parse Server 9.10. Every fifth request was kept apart: those
that change what later ones see are made up for here (``BETWEEN``).
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from pymongo import MongoClient

from parsepy.app import Application
from tests.conftest import APP_ID, MASTER_KEY, MOUNT, Client, database_in

HERE = Path(__file__).parent
FUNCTIONS = HERE / "functions.py"
FILE = "37c8c113fadb6f5937ade9ec2008c78b_hello.txt"
PRODUCTS = (
    *("EHv1kMClCF", "TwT6hEcG30", "h2x9SUOyPH", "BlTzgHrjwZ", "c2PvPJ7w7A", "ziP8t2WhL1"),
    *("Fy2Mg4HdTf", "prod000007", "prod000008", "prod000009", "prod000010", "prod000011"),
)
KNOWN = frozenset((*PRODUCTS, "NNejdVF7mJ", "yqG9o0YXLA", "noreq00001", "nosuch1234", "u123456789"))

DEFAULT = "default"
SERVERS: Mapping[str, dict[str, Any]] = {
    DEFAULT: {},
    "graphQLSchema": {"graphQLSchema": "…"},
    "enableSanitizedErrorResponse": {
        "enableSanitizedErrorResponse": False,
        "graphQLPublicIntrospection": True,
    },
    "requestComplexity": {"requestComplexity": {"graphQLDepth": 4, "graphQLFields": 10}},
}

PRODUCT_FIELDS = {
    "name": {"type": "String", "required": True},
    "price": {"type": "Number", "required": True},
    "description": {"type": "String"},
    "imageUrl": {"type": "String"},
}
EVERY_TYPE = {
    "aString": {"type": "String"},
    "aNumber": {"type": "Number"},
    "aBoolean": {"type": "Boolean"},
    "aDate": {"type": "Date"},
    "anObject": {"type": "Object"},
    "anArray": {"type": "Array"},
    "aGeoPoint": {"type": "GeoPoint"},
    "aPolygon": {"type": "Polygon"},
    "aFile": {"type": "File"},
    "aBytes": {"type": "Bytes"},
    "aPointer": {"type": "Pointer", "targetClass": "Product"},
    "aRelation": {"type": "Relation", "targetClass": "Product"},
    "userPointer": {"type": "Pointer", "targetClass": "_User"},
    "danglingPointer": {"type": "Pointer", "targetClass": "_Role"},
    "req": {"type": "String", "required": True},
}
CLASSES: Mapping[str, Mapping[str, Any]] = {
    "Product": PRODUCT_FIELDS,
    "SKU": {
        "product": {"type": "Pointer", "targetClass": "Product", "required": True},
        "stock": {"type": "Number", "required": True},
        "variation": {"type": "String", "required": True},
    },
    "Cart": {
        "user": {"type": "Pointer", "targetClass": "_User", "required": True},
        "items": {"type": "Array", "required": True},
        "total": {"type": "Number"},
    },
    "DiscountCode": {
        "code": {"type": "String", "required": True},
        "percentage": {"type": "Number", "required": True},
        "validUntil": {"type": "Date", "required": True},
    },
    "AllTypes": EVERY_TYPE,
    "Sample": EVERY_TYPE,
}
SIGNED_IN = {"requiresAuthentication": True}
OPEN = {"*": True}
PERMISSIONS = dict.fromkeys(
    ("find", "get", "count", "create", "update", "delete", "addField"), OPEN
)
REFUSING = {
    **PERMISSIONS,
    "find": {},
    "count": {},
    "create": {},
    "get": SIGNED_IN,
    "protectedFields": {"*": ["description"]},
}
FULL: dict[str, Any] = {
    "aString": "text é",
    "aNumber": 3,
    "aBoolean": False,
    "aDate": {"__type": "Date", "iso": "2024-01-02T03:04:05.678Z"},
    "anObject": {
        "a": {"b": [1, 2.5, None]},
        "d": {"__type": "Date", "iso": "2024-01-02T03:04:05.678Z"},
    },
    "aGeoPoint": {"__type": "GeoPoint", "latitude": 40.5, "longitude": -30},
    "aPolygon": {"__type": "Polygon", "coordinates": [[0, 0], [0, 1], [1, 1], [1, 0]]},
    "aFile": {"__type": "File", "name": FILE},
    "aBytes": {"__type": "Bytes", "base64": "aGVsbG8="},
    "req": "x",
}


def pointer(class_name: str, object_id: str) -> dict[str, str]:
    return {"__type": "Pointer", "className": class_name, "objectId": object_id}


def added(*numbers: int) -> dict[str, Any]:
    return {
        "__op": "AddRelation",
        "objects": [pointer("Product", PRODUCTS[number]) for number in numbers],
    }


@dataclass(frozen=True)
class Example:
    """One recorded request with its answer."""

    number: int
    name: str
    server: str
    method: str
    path: str
    headers: str
    extra_headers: Mapping[str, str]
    request: Any
    status: int
    response_headers: Mapping[str, str]
    response: Any

    @property
    def configuration(self) -> str:
        """Which of ``SERVERS`` it was asked of."""
        named = self.server.partition(":")[0].partition(" ")[0]
        return named if named in SERVERS else DEFAULT


def examples() -> list[Example]:
    """All recorded requests, in their order."""
    lines = (HERE / "examples.jsonl").read_text(encoding="utf-8").splitlines()
    found = []
    for line in lines:
        row = json.loads(line)
        row["number"] = row.pop("n")
        row["extra_headers"] = row["extra_headers"] or {}
        found.append(Example(**row))
    return found


def options_of(example: Example) -> dict[str, Any]:
    """The options of the server that an example was recorded from."""
    options = dict(SERVERS[example.configuration])
    if "graphQLSchema" in options:
        options["graphQLSchema"] = example.server.partition(": ")[2]
    return options


async def prepare(master: httpx.AsyncClient, uri: str) -> None:
    """Fill a database with what the reference's held."""
    for name, fields in CLASSES.items():
        body: dict[str, Any] = {"fields": fields}
        if name == "DiscountCode":
            body["classLevelPermissions"] = {**PERMISSIONS, "create": SIGNED_IN}
        (await master.post(f"/schemas/{name}", json=body)).raise_for_status()
    columns = {name: {"type": "String"} for name in ("address", "role")}
    (await master.put("/schemas/_User", json={"fields": columns})).raise_for_status()
    for number, object_id in enumerate(PRODUCTS):
        product = {
            "objectId": object_id,
            "name": f"product {number:02}",
            "price": 10 + 1.5 * number,
            "description": f"d{number}",
        }
        (await master.post("/classes/Product", json=product)).raise_for_status()
    for object_id, product_id, stock in (("sku1", PRODUCTS[0], 5), ("sku2", "gone000000", 1)):
        await make(
            master,
            "SKU",
            objectId=object_id,
            product=pointer("Product", product_id),
            stock=stock,
            variation=object_id,
        )
    array = [1, "two", {"three": 3}, None, pointer("Product", PRODUCTS[1])]
    acl = {
        "*": {"read": True},
        "role:admin": {"write": True},
        PRODUCTS[0]: {"read": True, "write": True},
    }
    await make(
        master,
        "AllTypes",
        **FULL,
        objectId="NNejdVF7mJ",
        anArray=array,
        aPointer=pointer("Product", PRODUCTS[2]),
        userPointer=pointer("_User", "nobody0000"),
        danglingPointer=pointer("_Role", "norole0000"),
        aRelation=added(0, 1, 2, 3),
        ACL=acl,
    )
    products = [pointer("Product", PRODUCTS[number]) for number in (1, 2)]
    await make(master, "AllTypes", objectId="yqG9o0YXLA", req="y", aNumber=1e21, anArray=products)
    sample = {**FULL, "aString": "spec", "anObject": {"a": {"b": 1}}, "anArray": [1, "two"]}
    await make(
        master,
        "Sample",
        **sample,
        objectId="sample1",
        aPointer=pointer("Product", PRODUCTS[2]),
        aRelation=added(1),
    )
    await make(master, "Sample", objectId="sample2", req="z")
    with MongoClient[dict[str, Any]](uri) as mongo:
        # an object from before its class had a required column
        row = {"_id": "noreq00001", "aNumber": 0.1}
        database = mongo[uri.rpartition("/")[2].partition("?")[0]]
        database["AllTypes"].insert_one(row)
        database["Product"].create_index([("name", "text")])


async def make(master: httpx.AsyncClient, class_name: str, **fields: Any) -> None:
    """Create an object with the master key."""
    (await master.post(f"/classes/{class_name}", json=fields)).raise_for_status()


async def between(number: int, master: httpx.AsyncClient) -> None:
    """Do what the requests did that were kept apart, before that of a number."""
    if number == 109:
        fields = {
            "s": {"type": "String"},
            "n": {"type": "Number"},
            "g": {"type": "GeoPoint"},
            "p": {"type": "Pointer", "targetClass": "Product"},
            "r": {"type": "Relation", "targetClass": "Product"},
        }
        (await master.post("/schemas/Made", json={"fields": fields})).raise_for_status()
    elif number == 209:
        config = {
            "disabledForClasses": ["DiscountCode"],
            "classConfigs": [
                {
                    "className": "Product",
                    "type": {"outputFields": ["name"]},
                    "query": {"get": False, "findAlias": "goods"},
                }
            ],
        }
        body = {"params": config}
        (await master.put("/graphql-config", json=body)).raise_for_status()
    elif number == 214:
        await make(master, "Product", name="g", price=20)
    elif number == 219:
        hidden: dict[str, Any] = {"name": "hidden2", "price": 1, "ACL": {}}
        await make(master, "Product", **hidden)
    elif number == 275:
        body = {"classLevelPermissions": REFUSING}
        (await master.put("/schemas/Product", json=body)).raise_for_status()


# --- asking -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """What was answered, in a form to compare; ``kind`` is empty where none was recorded."""

    status: int
    kind: str
    body: Any


class Replay:
    """Sends recorded requests in their order; ids and tokens of then become those of now."""

    def __init__(self) -> None:
        self._session = ""
        self._now: dict[str, str] = {}

    async def send(self, example: Example, application: Application) -> Answer:
        """The answer to a recorded request."""
        headers = self._headers(example)
        content: Any = None
        if isinstance(example.request, str):
            content = example.request
        elif example.request is not None:
            content = json.dumps(example.request)
        for then, now in self._now.items():
            content = content.replace(then, now) if content else content
        async with Client(application) as client:
            client.headers.pop("X-Parse-Application-Id")
            client.headers.pop("Accept")
            url = MOUNT.removesuffix("/parse") + example.path
            response = await client.request(
                example.method,
                url,
                headers=headers,
                content=None if content is None else content.replace("\\udc00", "").encode(),
            )
        self._learn(example, response.text)
        is_told = "content-type" in example.response_headers
        kind = response.headers.get("content-type", "") if is_told else ""
        try:
            body = response.json()
        except json.JSONDecodeError:
            body = response.text
        return Answer(response.status_code, kind, normalised(body))

    def _headers(self, example: Example) -> dict[str, str]:
        kinds = example.headers.split()
        headers: dict[str, str] = {}
        if "app" in kinds:
            headers["X-Parse-Application-Id"] = APP_ID
        if "json" in kinds:
            headers["Content-Type"] = "application/json"
        if "master" in kinds:
            headers["X-Parse-Master-Key"] = MASTER_KEY
        if "ann" in kinds:
            headers["X-Parse-Session-Token"] = self._session
        headers.update(example.extra_headers)
        return headers

    def _learn(self, example: Example, text: str) -> None:
        """Remember the ids that this server has given."""
        if example.number == 54:
            self._now["DZJHmnhzbH"] = json.loads(text)["data"]["createProduct"]["product"][
                "objectId"
            ]
        elif example.number == 70:
            self._session = json.loads(text)["data"]["signUp"]["viewer"]["sessionToken"]


_TOKEN = re.compile(r"r:[0-9a-f]{32}")
_RANDOM = re.compile(r"[0-9a-f]{32}_")
# Parse: without `NODE_ENV` the address of files ends in what is left of GraphQL's own path
_HOST = re.compile(r"http://(127\.0\.0\.1:\d+|testserver)/(parse|graphq)/files/(app|parsepy)/")
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_ID = re.compile(r"[A-Za-z0-9]{10}")


def normalised(value: Any, key: str = "") -> Any:
    """A body without what differs from run to run."""
    if isinstance(value, dict):
        return {name: normalised(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [normalised(item, key) for item in value]
    if isinstance(value, int) and abs(value) > 2**53:
        return float(value)  # JavaScript writes more digits of it than it knows
    if not isinstance(value, str):
        return value
    if key in ("createdAt", "updatedAt") and _DATE.fullmatch(value):
        return "<date>"
    if key == "objectId" and value not in KNOWN and _ID.fullmatch(value):
        return "<objectId>"
    if key in ("id", "userId"):
        return _of_relay(value)
    if key == "username" and len(value) == 25:
        return "<username>"
    text = _HOST.sub("<files>/", _TOKEN.sub("<token>", value))
    return text if FILE in text else _RANDOM.sub("<random>_", text)


def _of_relay(value: str) -> str:
    try:
        class_name, _, object_id = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return value
    return value if object_id in KNOWN else f"<id of {class_name}>"


def expected(example: Example) -> Answer:
    """What the reference answered."""
    kind = example.response_headers.get("content-type", "")
    return Answer(example.status, kind, normalised(example.response))


def uri_of(mongo_uri: str, name: str) -> str:
    """The connection string of a database of that name."""
    return database_in(mongo_uri, name)
