"""Requests that are meant to do harm: each kind of thing that a client can bring much of.

A shape makes a request of a number: of keys, names, elements, whatever it is about. The table is
multiplied by sizes up to the limit of a body.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

BODY_LIMIT = 20 * 1024 * 1024
SIZES = (6_000, 24_000, 95_000, 600_000)
"""About most bounds, within, at, and far beyond the bound of a body's values."""


@dataclass(frozen=True, slots=True)
class Hostile:
    """One request, ready to be sent; what stands in braces in its path are ids of objects."""

    name: str
    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def _find(**parameters: Any) -> tuple[str, str, Any]:
    return "POST", "/classes/Note", {"_method": "GET", **parameters}


def _where(value: Any) -> tuple[str, str, Any]:
    return _find(where=value)


def _create(body: Any) -> tuple[str, str, Any]:
    return "POST", "/classes/Dump", body


def _install(body: Any) -> tuple[str, str, Any]:
    return "POST", "/installations", {"deviceType": "ios", "installationId": "evil", **body}


def _change(body: Any) -> tuple[str, str, Any]:
    return "PUT", "/classes/Dump/{dump}", body


def _call(body: Any) -> tuple[str, str, Any]:
    return "POST", "/functions/longestTurnOfNobody", body


def _batch(count: int, method: str, path: str, body: Any = None) -> tuple[str, str, Any]:
    item = {"method": method, "path": f"/parse{path}", "body": body or {}}
    return "POST", "/batch", {"requests": [item] * count}


def _graphql(query: str, **variables: Any) -> tuple[str, str, Any]:
    return "POST", "/../graphql", {"query": query, "variables": variables}


def _pointer(index: int) -> dict[str, str]:
    return {"__type": "Pointer", "className": "Note", "objectId": f"n{index}"}


def _names(count: int, prefix: str = "a") -> list[str]:
    return [f"{prefix}{i}" for i in range(count)]


def _nested(count: int, inner: Any = 1) -> Any:
    """Many towers of twenty levels."""
    tower = inner
    for _ in range(20):
        tower = {"a": tower}
    return [tower] * (count // 20)


def _ring(count: int) -> list[list[float]]:
    half = max(count // 2, 2)
    up = [[i * 60 / half, 0.0] for i in range(half)]
    return [*up, *([x, 10.0] for x, _ in reversed(up)), [0.0, 0.0]]


Made = tuple[str, str, Any]
SHAPES: dict[str, Callable[[int], Made]] = {
    # --- questions
    "where: keys": lambda n: _where(dict.fromkeys(_names(n), 1)),
    "where: $or": lambda n: _where({"$or": [{"a": i} for i in range(n)]}),
    "where: $or of regexes": lambda n: _where(
        {"$or": [{"text": {"$regex": f"x{i}$"}} for i in range(n // 2)]}
    ),
    "where: $and in $and": lambda n: _where({"$and": [{"$and": [{"a": 1}] * (n // 50)}] * 50}),
    "where: $in of numbers": lambda n: _where({"a": {"$in": list(range(n))}}),
    "where: $in of texts": lambda n: _where({"text": {"$in": _names(n)}}),
    "where: $in of pointers": lambda n: _where(
        {"p": {"$in": [_pointer(i) for i in range(n // 4)]}}
    ),
    "where: $nin of objects": lambda n: _where({"a": {"$nin": [{"b": i} for i in range(n // 2)]}}),
    "where: $all": lambda n: _where({"list": {"$all": list(range(n))}}),
    "where: $containedBy": lambda n: _where({"list": {"$containedBy": list(range(n))}}),
    "where: a list": lambda n: _where({"a": list(range(n))}),
    "where: a list as text": lambda n: _find(where=json.dumps({"a": {"$in": list(range(n))}})),
    "where: one long key": lambda n: _where({"a." * n + "a": 1}),
    "where: subqueries": lambda n: _where(
        {
            "$or": [
                {"p": {"$inQuery": {"className": "Note", "where": {"a": i}}}} for i in range(n // 6)
            ]
        }
    ),
    "where: a polygon": lambda n: _where(
        {
            "place": {
                "$geoWithin": {
                    "$polygon": [
                        {"__type": "GeoPoint", "latitude": x % 80, "longitude": y}
                        for x, y in _ring(n // 4)
                    ]
                }
            }
        }
    ),
    "where: an object": lambda n: _where(
        {"o": {"__type": "Object", **dict.fromkeys(_names(n), 1)}}
    ),
    "order: text": lambda n: _find(order=",".join(_names(n))),
    "order: list": lambda n: _find(order=_names(n)),
    "order: one name": lambda n: _find(order="a," * n),
    "keys: text": lambda n: _find(keys=",".join(_names(n))),
    "keys: list": lambda n: _find(keys=_names(n)),
    "keys: list of objects": lambda n: _find(keys=[{"a": 1}] * (n // 2)),
    "keys: dotted": lambda n: _find(keys=[f"a{i}.b.c" for i in range(n)]),
    "excludeKeys": lambda n: _find(excludeKeys=_names(n), include="p,list"),
    "include: names": lambda n: _find(include=_names(n)),
    "include: names in a list": lambda n: _find(include=[f"list.x{i}" for i in range(min(n, 900))]),
    "include: one deep": lambda n: _find(include=".".join(["a"] * n)),
    "include: many deep": lambda n: _find(
        include=[".".join([f"a{i}"] * 90) for i in range(n // 90)]
    ),
    "include: what repeats": lambda n: _find(include="pointers", limit=100),
    "unknown parameters": lambda n: _find(**dict.fromkeys(_names(n), 1)),
    # --- objects
    "save: columns": lambda n: _create(dict.fromkeys(_names(n, "col"), 1)),
    "save: long names of columns": lambda n: _install({f"{'x' * n}{i}": 1 for i in range(20)}),
    "save: dotted keys": lambda n: _change({f"o.k{i}": 1 for i in range(n)}),
    "save: ACL": lambda n: _create({"ACL": {name: {"read": True} for name in _names(n // 2)}}),
    "save: numbers": lambda n: _create({"list": list(range(n))}),
    "save: texts": lambda n: _create({"list": _names(n)}),
    "save: empty objects": lambda n: _create({"list": [{}] * n}),
    "save: objects": lambda n: _create({"list": [{"a": i} for i in range(n // 2)]}),
    "save: pointers": lambda n: _create({"list": [_pointer(i) for i in range(n // 4)]}),
    "save: dates": lambda n: _create(
        {"list": [{"__type": "Date", "iso": "2026-01-01T00:00:00.000Z"}] * (n // 3)}
    ),
    "save: an object": lambda n: _create({"o": dict.fromkeys(_names(n), 1)}),
    "save: towers": lambda n: _create({"list": _nested(n)}),
    "save: a polygon": lambda n: _create(
        {"area": {"__type": "Polygon", "coordinates": _ring(n // 3)}}
    ),
    "save: bytes": lambda n: _create({"raw": {"__type": "Bytes", "base64": "AAAA" * (n * 5)}}),
    "save: a text": lambda n: _create({"text": "x" * (n * 20)}),
    "save: a text of commas": lambda n: _create({"text": "," * (n * 20)}),
    "save: a text of quotes": lambda n: _create({"text": '"\\' * (n * 5)}),
    "save: a wide text": lambda n: _create({"text": "\U0001f600" + "x" * (n * 20)}),
    "save: long texts": lambda n: _create({"list": [f"{i:0140}" for i in range(n)]}),
    "save: long keys": lambda n: _create({"o": {f"{i:0140}": i for i in range(n)}}),
    "save: channels": lambda n: _install({"channels": _names(n)}),
    "save: AddUnique": lambda n: _change(
        {"list": {"__op": "AddUnique", "objects": list(range(n))}}
    ),
    "save: Add": lambda n: _change({"other": {"__op": "Add", "objects": list(range(n))}}),
    "save: Remove": lambda n: _change({"list": {"__op": "Remove", "objects": list(range(n))}}),
    "save: Increment": lambda n: _change(
        {name: {"__op": "Increment", "amount": 1} for name in _names(n // 3)}
    ),
    "save: AddRelation": lambda n: _change(
        {"related": {"__op": "AddRelation", "objects": [_pointer(i) for i in range(n // 4)]}}
    ),
    "save: sign up": lambda n: (
        "POST",
        "/users",
        {"username": "u", "password": "p", "list": list(range(n))},
    ),
    "save: authData": lambda n: (
        "POST",
        "/users",
        {"authData": {name: {"id": "1"} for name in _names(n // 2)}},
    ),
    # --- other routes
    "log in": lambda n: ("POST", "/login", {"username": "u", "password": "p" * (n * 20)}),
    "function": lambda n: _call({"list": [{"a": i} for i in range(n // 2)]}),
    "function: a wide text": lambda n: _call({"text": "\U0001f600" + "x" * (n * 20)}),
    "function: keys": lambda n: _call(dict.fromkeys(_names(n), 1)),
    "a context": lambda n: _call({"_context": json.dumps(list(range(n)))}),
    "event": lambda n: ("POST", "/events/x", {"dimensions": dict.fromkeys(_names(n), "1")}),
    "batch: /config": lambda n: _batch(n // 4, "GET", "/config"),
    "batch: creates": lambda n: _batch(n // 5, "POST", "/classes/Dump", {"a": 1}),
    "batch: long texts": lambda n: _batch(
        20, "POST", "/classes/Dump", {"text": '"' * (n // 2), "list": ["x" * 100] * (n // 200)}
    ),
    "batch: a where as text": lambda n: _batch(
        2, "GET", "/classes/Note", {"where": json.dumps({"a": {"$in": list(range(n // 2))}})}
    ),
    "batch: finds": lambda n: _batch(n // 4, "GET", "/classes/Note?limit=1"),
    "batch: unknown": lambda n: _batch(n // 4, "GET", "/nothing"),
    # --- GraphQL
    "graphql: aliases": lambda n: _graphql("{" + " ".join(f"a{i}: health" for i in range(n)) + "}"),
    "graphql: depth": lambda n: _graphql("{" * n + "health" + "}" * n),
    "graphql: variables": lambda n: _graphql("{health}", **dict.fromkeys(_names(n), 1)),
    "graphql: a list": lambda n: _graphql(
        "query($l: [Any]) { notes(where: {text: {in: $l}}) { count } }", l=_names(n)
    ),
}


def shaped(name: str, size: int) -> Hostile | None:
    """The shape of this name in a size; None if that is more than a body may hold."""
    method, path, body = SHAPES[name](size)
    raw = json.dumps(body, separators=(",", ":")).encode()
    return Hostile(f"{name} of {size}", method, path, raw) if len(raw) <= BODY_LIMIT else None


CLAUSES = 9_900
"""As many as a query may have."""


def requests() -> Iterator[Hostile]:
    """Every shape in every size that fits into a body."""
    for name in ("where: keys", "where: $or", "where: $and in $and"):
        if (made := shaped(name, CLAUSES)) is not None:
            yield made
    if (made := shaped("where: $or of regexes", 2 * CLAUSES)) is not None:
        yield made
    for name in SHAPES:
        for size in SIZES:
            if (made := shaped(name, size)) is not None:
                yield made
    for name, raw in _texts():
        yield Hostile(name, "POST", "/classes/Dump", raw)
    named = {"X-Parse-Application-Id": ""}
    for size in SIZES:
        # the JavaScript SDK's way, which names the application in the body
        file = {"_ApplicationId": "parsepy", "base64": "A_-9" * (size * 5)}
        raw = json.dumps(file).encode()
        yield Hostile(f"file of {size}", "POST", "/files/a.txt", raw, named)
    # K0: paths that are no columns, into an array of many empty objects
    paths = ",".join(f"channels.x{i}" for i in range(949))
    yield Hostile("K0", "GET", f"/installations/{{phone}}?include={paths}")
    for name, query in _queries():
        yield Hostile(name, "GET", f"/classes/Note?{query}")


def _texts() -> Iterator[tuple[str, bytes]]:
    """Bodies that are no JSON, or hardly."""
    half = BODY_LIMIT // 2
    yield "no JSON: brackets", b"[" * half
    yield "no JSON: objects", b'{"a":' * (half // 5)
    yield "no JSON: quotes", b'"' * half
    yield "no JSON: backslashes", b'{"a":"' + b"\\" * half
    yield "no JSON: bytes", b'{"a":"' + b"\xff" * half + b'"}'
    yield "no JSON: half surrogates", b'{"a":"' + rb"\ud800" * (half // 6) + b'"}'
    yield "no JSON: NUL", b"\0" * half
    yield "a form", b"a=1&" * 200_000
    yield "spaces", b" " * half
    yield "one number", b'{"a":' + b"1" * half + b"}"
    yield "an array", b"[" + b"1," * (half // 2) + b"1]"


def _queries() -> Iterator[tuple[str, str]]:
    """Query strings as long as the server takes them."""
    yield "query: include", "include=" + ",".join(_names(900))
    yield "query: include in a list", "include=" + ",".join(f"list.x{i}" for i in range(900))
    yield "query: keys", "keys=" + ",".join(_names(8_000))
    yield "query: parameters", "&".join(f"a{i}=1" for i in range(6_000))
    yield "query: brackets", "&".join(f"a[b{i}]=1" for i in range(4_000))
    yield "query: where", "where=" + quote(json.dumps(dict.fromkeys(_names(2000), 1)))
    yield "query: $in", "where=" + quote(json.dumps({"a": {"$in": list(range(8_000))}}))
    yield "query: rows", "limit=100000&include=" + ",".join(_names(900))
    yield "query: everything", "limit=100000&count=1&include=p,list,pointers"
