"""Everything that is read back from a written shop, and the answers in comparable form."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.interchange.servers import Server
from tests.interchange.shop import DATES, MASTER, PHONE, Shop, date, pointer

AT_A_TIME = 6
ASKING = {"master", "anna", "bert"}
CLASSES = {
    "Product": ("mug", "lamp", "chair"),
    "Place": ("market", "empty", "nothing", "edges"),
    "Figures": ("numbers", "dates"),
    "Learned": ("mixed",),
    "Bare": ("in a batch", "liked"),
    "Purged": ("gone",),
    "Order": (
        "of anna",
        "public",
        "master only",
        "for staff",
        "with false flags",
        "without ACL",
        "doomed",
    ),
    "_Role": ("Admins", "Staff"),
    "_User": ("anna", "bert", "guest", "cora", "zoe", "visitor", "wim"),
    "_Installation": ("phone", "tablet", "radio", "new radio"),
    "_Session": ("restricted session",),
}
ROUTES = {
    "_Role": "/roles",
    "_User": "/users",
    "_Installation": "/installations",
    "_Session": "/sessions",
}


@dataclass(frozen=True, slots=True)
class Read:
    """One GET: who asks for what."""

    name: str
    path: str
    who: str | None = None
    query: Mapping[str, Any] = field(default_factory=dict)


def readers(shop: Shop) -> dict[str, str | None]:
    """Those who read, by name: the master key, people with their tokens, nobody."""
    people = ("anna", "bert", "cora", "guest", "wim")
    return {"master": MASTER, "nobody": None} | {name: shop.tokens[name] for name in people}


def reads(shop: Shop) -> Iterator[Read]:
    """Every read of the shop."""
    for reader, who in readers(shop).items():
        for class_name, names in CLASSES.items():
            route = ROUTES.get(class_name, f"/classes/{class_name}")
            yield Read(f"{class_name} as {reader}", route, who)
            for name in names:
                yield Read(f"{class_name} {name} as {reader}", f"{route}/{shop.ids[name]}", who)
        # The rest of them see in classes and by ids what permissions do; these suffice for queries.
        for name, path, query in queries(shop) if reader in ASKING else ():
            yield Read(f"{name} as {reader}", path, who, query)
        yield Read(f"own account of {reader}", "/users/me", who)
        yield Read(f"schemas as {reader}", "/schemas", who)
    for name, token in shop.tokens.items():
        yield Read(f"session of {name}", "/sessions/me", token)
        yield Read(f"account by session of {name}", "/users/me", token)
        yield Read(f"sessions of {name}", "/sessions", token)
    for class_name in (*CLASSES, "Forgotten", "_Hooks", "_JobStatus", "_Idempotency", "_Product"):
        yield Read(f"schema {class_name}", f"/schemas/{class_name}", MASTER)


def queries(shop: Shop) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Queries over what was written: name, path, parameters."""
    ids = shop.ids

    def where(name: str, class_name: str, /, **where: Any) -> tuple[str, str, dict[str, Any]]:
        return name, f"/classes/{class_name}", {"where": where}

    def members(owner: str, name: str, key: str, target: str) -> tuple[str, str, dict[str, Any]]:
        related = {"object": pointer(owner, ids[name]), "key": key}
        return where(f"members of {owner} {name}.{key}", target, **{"$relatedTo": related})

    yield "orders with all included", "/classes/Order", {"include": "*", "order": "total,objectId"}
    yield (
        "orders with nested includes",
        "/classes/Order",
        {"include": "customer,main.owner,products,lines.product", "order": "-createdAt"},
    )
    yield (
        "some keys of orders",
        "/classes/Order",
        {"keys": "total,main.name", "order": "status", "count": 1, "limit": 3, "skip": 1},
    )
    yield "one order included", f"/classes/Order/{ids['of anna']}", {"include": "main,customer"}
    yield (
        "places without lists",
        "/classes/Place",
        {"excludeKeys": "list,things", "include": "keeper"},
    )
    yield "installations with users", "/installations", {"include": "user"}
    yield "sessions with users", "/sessions", {"include": "user"}
    yield (
        "product of a relation",
        "/classes/Learned",
        {"redirectClassNameForKey": "fans", "where": {"objectId": ids["anna"]}},
    )

    yield members("_Role", "Staff", "users", "_User")
    yield members("_Role", "Staff", "roles", "_Role")
    yield members("_Role", "Admins", "users", "_User")
    yield members("Order", "of anna", "history", "Product")
    yield members("Learned", "mixed", "fans", "_User")
    yield members("Place", "market", "goods", "Product")
    yield members("Product", "lamp", "similar", "Product")
    yield where("owners of a relation", "Learned", fans=pointer("_User", ids["cora"]))
    yield where("no owners of a relation", "Learned", fans=pointer("_User", ids["bert"]))
    yield where("roles of Anna", "_Role", users=pointer("_User", ids["anna"]))

    yield where("by pointer", "Order", main=pointer("Product", ids["mug"]))
    yield where("by pointer in an array", "Order", products=pointer("Product", ids["lamp"]))
    yield where("by pointer in objects", "Order", **{"lines.product.objectId": ids["lamp"]})
    yield where(
        "by a pointed-to object",
        "Order",
        main={"$inQuery": {"className": "Product", "where": {"price": {"$gt": 20}}}},
    )
    yield where("by date", "Place", moment=date(DATES["usual"]))
    yield where("by range of dates", "Figures", before_1970={"$lt": date("1970-01-01")})
    yield where("by nested date", "Place", **{"things.moment": {"$gte": date(DATES["usual"])}})
    yield where("by int as double", "Figures", negative=-7.0, five_point_zero=5)
    yield where("by large number", "Figures", largest_exact={"$gte": 9007199254740991})
    yield where("by Boolean", "Place", flag=True)
    yield where("by null", "Place", text=None)
    yield where("by presence", "Place", text={"$exists": True})
    yield where("by text", "Product", name={"$regex": "^l", "$options": "i"})
    yield where("by bytes", "Place", raw={"__type": "Bytes", "base64": "AAECAwT/"})
    yield where("by file", "Place", picture={"__type": "File", "name": "plain.txt"})
    here = {"__type": "GeoPoint", "latitude": 52, "longitude": 13}
    corner = {"__type": "GeoPoint", "latitude": 0, "longitude": -3}
    yield where("by circle", "Place", where={"$geoWithin": {"$centerSphere": [here, 0.1]}})
    yield where("by box", "Place", where={"$within": {"$box": [corner, here]}})
    yield where(
        "by polygon", "Place", where={"$geoWithin": {"$polygon": [[-3, 0], [-1, 0], [-1, 3]]}}
    )
    inside = {"__type": "GeoPoint", "latitude": 0.4, "longitude": 0.6}
    yield where("by a point in an area", "Place", area={"$geoIntersects": {"$point": inside}})
    yield where("by all", "Learned", unique={"$all": [1, 3]})
    yield where("by installation", "_Session", installationId=PHONE)
    yield where("by username", "_User", username="Anna")


def exact(text: str) -> Any:
    """JSON in which numbers keep their spelling, so that 5 is not 5.0."""
    return json.loads(
        text,
        parse_int=lambda spelled: f"<number {spelled}>",
        parse_float=lambda spelled: f"<number {spelled}>",
    )


def by_identity(item: Any) -> str:
    """Order of results that the query left undefined."""
    return str(item.get("objectId") or item.get("className"))


Answers = dict[str, Any]


async def answers(server: Server, shop: Shop) -> Answers:
    """Send all reads of `shop` to `server`, a few at a time, and return the answers by name."""
    places = asyncio.Semaphore(AT_A_TIME)

    async def answer(read: Read) -> tuple[str, Any]:
        async with places:
            response = await server.send("GET", read.path, who=read.who, query=read.query)
        body = exact(response.text)
        if "order" not in read.query and isinstance(body.get("results"), list):
            body["results"].sort(key=by_identity)
        return read.name, {"status": response.status_code, "body": body}

    sent = list(reads(shop))
    found = dict(await asyncio.gather(*map(answer, sent)))
    assert len(found) == len(sent), "two reads have one name"
    return found


Path = tuple[str, ...]


def differences(ours: Any, theirs: Any, at: Path = ()) -> Iterator[str]:
    """Say where two JSON-like values differ, one line for each place."""
    here = " / ".join(at)
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            if key not in theirs:
                yield f"{here}: only the first has {key!r}: {short(ours[key])}"
            elif key not in ours:
                yield f"{here}: only the second has {key!r}: {short(theirs[key])}"
            else:
                yield from differences(ours[key], theirs[key], (*at, str(key)))
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(mine, other, (*at, str(index)))
    elif type(ours) is not type(theirs) or ours != theirs:
        yield f"{here}: {short(ours)} is not {short(theirs)}"


def short(value: Any) -> str:
    """A value as one line of bearable length."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 300 else f"{text[:300]}… ({len(text)} characters)"
