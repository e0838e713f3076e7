"""Every kind of query that the SDKs can write, asked of the objects of a replay."""

from typing import Any

from tests.clients.replay.sdks import Sdk

PLACES = (41, 42, 43)


def date(iso: str) -> dict[str, Any]:
    """A date as it is sent."""
    return {"__type": "Date", "iso": iso}


def point(latitude: float, longitude: float) -> dict[str, Any]:
    """A place as it is sent."""
    return {"__type": "GeoPoint", "latitude": latitude, "longitude": longitude}


def pointer(name: str, key: str) -> dict[str, Any]:
    """A pointer as it is sent."""
    return {"__type": "Pointer", "className": name, "objectId": key}


def simple(first: str) -> dict[str, Any]:
    """Conditions on one class."""
    return {
        "all": {},
        "equal": {"playerName": "Sean Plott"},
        "equal by operator": {"playerName": {"$eq": "p1"}},
        "equal to null": {"nothing": None},
        "unequal": {"score": {"$ne": 1}},
        "between": {"score": {"$gte": 0, "$lt": 3}},
        "one of": {"score": {"$in": [0, 1]}},
        "none of": {"score": {"$nin": [0, 1]}},
        "without a field": {"cheatMode": {"$exists": False}},
        "with all of": {"tags": {"$all": ["b", "c"]}},
        "within a list": {"tags": {"$containedBy": ["t0", "t1", "x"]}},
        "by pattern": {"playerName": {"$regex": "^p", "$options": "i"}},
        "by a quoted beginning": {"playerName": {"$regex": "^\\Qp1\\E"}},
        "after a date": {"when": {"$gt": date("2026-01-15T00:00:00.000Z")}},
        "created before": {"createdAt": {"$lt": date("2099-01-01T00:00:00.000Z")}},
        "by id": {"objectId": first},
        "by ids": {"objectId": {"$in": [first]}},
        "by words": {"playerName": {"$text": {"$search": {"$term": "Sean"}}}},
        "or": {"$or": [{"score": 0}, {"score": {"$gt": 1000}}]},
        "and": {"$and": [{"score": {"$gt": -1}}, {"playerName": "p1"}]},
        "nor": {"$nor": [{"score": 0}]},
    }


def places() -> dict[str, Any]:
    """Conditions on places and areas."""
    near = {"$nearSphere": point(40, -30)}
    corners = [point(39, -31), point(42.5, -31), point(42.5, -29), point(39, -29)]
    return {
        "near": {"place": near},
        "near in miles": {"place": {**near, "$maxDistanceInMiles": 100}},
        "near in kilometres": {"place": {**near, "$maxDistanceInKilometers": 120}},
        "near in radians": {"place": {**near, "$maxDistanceInRadians": 0.02}},
        "near, the old way": {"place": {**near, "$maxDistance": 0.02}},
        "in a box": {"place": {"$within": {"$box": [point(39, -31), point(42, -29)]}}},
        "in a polygon": {"place": {"$geoWithin": {"$polygon": corners}}},
        "in a circle": {"place": {"$geoWithin": {"$centerSphere": [point(40, -30), 0.02]}}},
        "around a point": {"area": {"$geoIntersects": {"$point": point(0.5, 0.5)}}},
    }


def across(team: str, teams: tuple[str, str]) -> dict[str, Any]:
    """Conditions that reach into another class; the SDKs write options into the inner query."""
    all_of_it = {"limit": "1", "order": "-n", "skip": "0", "keys": "n", "include": "x"}
    androids = {"limit": 1, "skip": 0, "order": "n", "include": "x", "fields": "n", "trace": 1}
    chosen = {"key": "n", "query": {"className": team, "where": {"n": 1}}}
    some = {"where": {"n": {"$gt": 1}}, "className": team}
    return {
        "by pointer": {"team": pointer(team, teams[1])},
        "by pointers": {"team": {"$in": [pointer(team, teams[0])]}},
        "in a query": {"team": {"$inQuery": some}},
        "in an empty query": {"team": {"$inQuery": {"where": {}, "className": team}}},
        "in a query without where": {"team": {"$inQuery": {"className": team}}},
        "in a query with texts": {"team": {"$inQuery": {**some, **all_of_it}}},
        "in Android's query": {"team": {"$inQuery": {**some, **androids}}},
        "not in a query": {"team": {"$notInQuery": some}},
        "selected": {"score": {"$select": chosen}},
        "not selected": {"score": {"$dontSelect": chosen}},
    }


def ask_everything(
    sdk: Sdk, game: str, team: str, first: str, teams: tuple[str, str], token: str
) -> None:
    """Ask every query; how many objects each found goes into the journal as well."""
    for what, where in {**simple(first), **places(), **across(team, teams)}.items():
        found = sdk.find(f"find {what}", game, where, token).get("results") or []
        sdk.journal.steps.append((f"found {what}", len(found), sorted(map(name_of, found))))
    related = {"$relatedTo": {"object": pointer(game, first), "key": "members"}}
    sdk.find("find what is related", team, related, token)
    if sdk.selects_relations:
        key = "members"
        sdk.find("find by relation", game, related, token, redirectClassNameForKey=key)
    keys = "score,playerName,team,owner"
    order, include = "-score,playerName", "team,owner"
    sdk.find(
        "find with options",
        *(game, {}, token),
        limit=2,
        skip=1,
        order=order,
        include=include,
        keys=keys,
    )
    sdk.find("find without", game, {}, token, excludeKeys="meta,area", limit=1, order="createdAt")
    ordered = sdk.find("find in order", game, {}, token, order="-score", keys="score")
    scores = [row.get("score") for row in ordered.get("results") or []]
    sdk.journal.steps.append(("the order", len(scores), scores))
    sdk.find("find in no class", f"Nowhere{game}", {}, token)
    sdk.count(game, {"score": {"$gte": 0}}, token)
    sdk.find("find by what is no operator", game, {"score": {"$bad": 1}}, token, "error")
    sdk.find("find users", "_User", {}, token, limit=1, order="-createdAt")
    sdk.find("find sessions", "_Session", {}, token, limit=1)


def name_of(row: dict[str, Any]) -> str:
    """What a row is told apart by."""
    return str(row.get("playerName"))
