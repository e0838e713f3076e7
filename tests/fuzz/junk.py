"""Spoils a request: one or two of its values, keys or parameters become something else."""

from __future__ import annotations

import json
import random
from typing import Any

from tests.fuzz.steps import Asked

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), 1e308, -0.0, 0.1),
    *("", " ", "a.b", "$where", "__proto__", "constructor", "\u0000", "\ud800", "role:", "*"),
    *("é" * 50, "a" * 2_000, "0" * 40, "[", "{}", "null", "r:0", "../x", "%00", "\r\nX: y"),
    *([], [[]], [None], [[[]]], {}, {"": 1}, {"$gt": ""}, {"$where": "1"}, {"a.b": 1}, {"$": 1}),
    *({"__op": "Increment", "amount": 1}, {"__op": "Delete"}, {"__op": "Nothing"}, {"__op": 1}),
    *({"__op": "Increment"}, {"__op": "Increment", "amount": "x"}, {"__op": "Add"}),
    *({"__op": "AddUnique", "objects": [1, None, {}]}, {"__op": "Remove", "objects": {}}),
    *({"__op": "Batch", "ops": [{"__op": "AddRelation", "objects": []}]}, {"__op": "Batch"}),
    *({"__op": "AddRelation", "objects": []}, {"__op": "AddRelation", "objects": [{}]}),
    *({"__op": "RemoveRelation", "objects": [1]}, {"__op": "SetOnInsert", "amount": 1}),
    *({"__type": "Date", "iso": "x"}, {"__type": "Date"}, {"__type": "Bytes", "base64": "!"}),
    *({"__type": "Date", "iso": "0000-00-00T00:00:00.000Z"}, {"__type": "Date", "iso": 1e20}),
    *({"__type": "Pointer"}, {"__type": "Pointer", "className": "_User", "objectId": {"$gt": ""}}),
    *({"__type": "Pointer", "className": "_Session", "objectId": "x"}, {"__type": 1}),
    *({"__type": "Relation", "className": "_User"}, {"__type": "Object", "className": "Box"}),
    *({"__type": "GeoPoint", "latitude": 1e9, "longitude": 0}, {"__type": "GeoPoint"}),
    *({"__type": "File", "name": "a"}, {"__type": "File"}, {"__type": "Polygon"}),
    *({"__type": "Polygon", "coordinates": [[0, 0], [0, 0]]}, {"__type": "Bytes"}),
    *({"$in": []}, {"$in": 1}, {"$nin": [[]]}, {"$all": []}, {"$regex": "("}, {"$regex": 1}),
    *({"$regex": "a", "$options": "z"}, {"$exists": "x"}, {"$inQuery": {}}, {"$select": {}}),
    *({"$inQuery": {"className": "_Session", "where": {}}}, {"$text": {"$search": 1}}),
    *({"$inQuery": {"className": "Nothing", "where": {"$or": []}}}, {"$nearSphere": 1}),
    *({"$dontSelect": {"query": {"className": "_User", "where": {}}, "key": "email"}},),
    *({"$within": {"$box": []}}, {"$geoWithin": {"$polygon": []}}, {"$geoIntersects": {}}),
    *({"$containedBy": 1}, {"$relativeTime": "now"}, {"$gt": {"$relativeTime": "in x"}}),
    *({"$or": []}, {"$eq": None}, {"$ne": [None]}, {"$gt": None}, {"$lt": True}),
)
KEYS = (
    *("", "$or", "$and", "$nor", "$relatedTo", "$where", "a.b", "n.x", "s.0", "o.k.l", "owner.s"),
    *("__proto__", "constructor", "_id", "_rperm", "_wperm", "_acl", "_hashed_password", "id"),
    *("ACL", "objectId", "createdAt", "updatedAt", "className", "__type", "__op", "password"),
    *("authData", "authData.x.id", "email", "sessionToken", "users", "roles", "rel", "list"),
    *("secret", "_session_token", "emailVerified", "role:x", "*", "\ud800", "é", "a" * 200),
)
PARAMETERS = (
    *("where", "order", "keys", "excludeKeys", "include", "limit", "skip", "count", "hint"),
    *("explain", "redirectClassNameForKey", "includeAll", "readPreference", "comment", "x"),
)


def spoil(asked: Asked, seed: int) -> None:
    """Change a request in place, the same way for the same seed."""
    chance = random.Random(seed)
    if asked.query and chance.random() < 0.8:
        _spoil_query(asked, chance)
        return
    if asked.body is None:
        asked.body = _any(chance)
        return
    asked.body = json.loads(json.dumps(asked.body))
    for _ in range(chance.choice((1, 1, 2))):
        asked.body = _spoiled(asked.body, chance)


def _spoil_query(asked: Asked, chance: random.Random) -> None:
    if "where" in asked.query and chance.random() < 0.7:
        asked.query["where"] = json.dumps(_spoiled(json.loads(asked.query["where"]), chance))
        return
    value = _any(chance)
    name = chance.choice(PARAMETERS)
    asked.query[name] = value.replace("\ud800", "") if isinstance(value, str) else json.dumps(value)


def _any(chance: random.Random) -> Any:
    return json.loads(json.dumps(chance.choice(VALUES)))


def _spoiled(value: Any, chance: random.Random) -> Any:
    """A copy of a JSON value with one place of it changed."""
    inner = isinstance(value, dict | list) and len(value) > 0
    if not inner or chance.random() < 0.15:
        return _any(chance)
    if isinstance(value, list):
        place = chance.randrange(len(value))
        return [_spoiled(one, chance) if n == place else one for n, one in enumerate(value)]
    key = chance.choice(sorted(value))
    made = dict(value)
    what = chance.random()
    if what < 0.2:
        made[chance.choice(KEYS)] = made.pop(key)
    elif what < 0.4:
        made[chance.choice(KEYS)] = _any(chance)
    elif what < 0.45:
        del made[key]
    else:
        made[key] = _spoiled(made[key], chance)
    return made
