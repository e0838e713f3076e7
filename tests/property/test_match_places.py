"""What lies in an area, and how near, the house tells as MongoDB does, all over the Earth.

Places are drawn at random, so none lies nearer to an edge than the two can tell (a centimetre on
the sphere); on corners and upright edges of flat polygons, drawn from whole degrees, both agree.
"""

import math
from itertools import pairwise
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from parsepy.backend import Backend
from parsepy.model import geo, match
from parsepy.model.schema import ClassSchema
from parsepy.model.where import parse
from parsepy.storage.documents import to_document
from parsepy.storage.filters import to_filter

seeds = st.integers(0, 2**48)
CENTERS = [(0, 0), (50, 9), (-18, 179.5), (10, -179.9), (89, 30), (-89.5, 7), (0, 180)]


def point(latitude: float, longitude: float) -> dict[str, Any]:
    return {"__type": "GeoPoint", "latitude": latitude, "longitude": longitude}


def place(random: Random) -> tuple[float, float]:
    """Latitude and longitude: anywhere, in whole degrees, or near one of the centers."""
    kind = random.random()
    if kind < 0.3:
        return math.degrees(math.asin(random.uniform(-1, 1))), random.uniform(-180, 180)
    if kind < 0.5:
        return random.randint(-3, 3), random.randint(-3, 3)
    return around(random.choice(CENTERS), random.uniform(0, math.tau), random.uniform(0, 0.4))


def around(center: tuple[float, float], bearing: float, distance: float) -> tuple[float, float]:
    """Where one comes who walks from a place, over the Earth."""
    latitude, longitude = map(math.radians, center)
    up = math.sin(latitude) * math.cos(distance)
    there = math.asin(up + math.cos(latitude) * math.sin(distance) * math.cos(bearing))
    east = math.sin(bearing) * math.sin(distance) * math.cos(latitude)
    turned = longitude + math.atan2(east, math.cos(distance) - math.sin(latitude) * math.sin(there))
    return math.degrees(there), math.degrees(math.remainder(turned, math.tau))


def star(random: Random, center: tuple[float, float]) -> list[list[float]]:
    """The corners of an area around a place, none of whose edges cross, either way round."""
    corners = random.randint(3, 9)
    start = random.uniform(0, 1)
    bearings = [math.tau * (n + start) / corners for n in range(corners)]
    reach = random.choice([0.05, 0.3, 1.2])
    ring = [list(around(center, b, random.uniform(reach / 3, reach))) for b in bearings]
    return ring[:: random.choice([1, -1])]


def an_item(random: Random, number: int) -> dict[str, Any]:
    area = star(random, random.choice([place(random), random.choice(CENTERS)]))
    return {
        "objectId": f"{number}",
        "aGeoPoint": point(*place(random)),
        "aPolygon": {"__type": "Polygon", "coordinates": area},
    }


def a_region(random: Random) -> dict[str, Any]:
    """A test of places, or of areas."""
    kind = random.randrange(5)
    if kind == 0:
        return {"aGeoPoint": {"$within": {"$box": [point(*place(random)) for _ in "ab"]}}}
    if kind == 1:
        corners = [point(*place(random)) for _ in range(random.randint(3, 7))]
        return {"aGeoPoint": {"$geoWithin": {"$polygon": corners}}}
    if kind == 2:
        ring = [point(*corner) for corner in star(random, random.choice(CENTERS))]
        return {"aGeoPoint": {"$geoWithin": {"$polygon": ring}}}
    if kind == 3:
        radius = random.choice([random.uniform(0, 0.3), random.uniform(0, 3.2)])
        circle = {"$geoWithin": {"$centerSphere": [point(*place(random)), radius]}}
        return {"aGeoPoint": circle}
    return {"aPolygon": {"$geoIntersects": {"$point": point(*place(random))}}}


@settings(max_examples=20, deadline=None)
@given(seeds)
async def test_what_lies_in_an_area_is_what_mongodb_finds(
    shop: Backend, thing: ClassSchema, seed: int
) -> None:
    random = Random(seed)
    items = [an_item(random, number) for number in range(60)]
    wheres = {f"w{n}": a_region(random) for n in range(60)}
    collection = shop.storage.connection.collection("Thing")
    try:
        await collection.insert_many([to_document(thing, item) for item in items])
        facets = {
            name: [{"$match": to_filter(thing, parse(raw))}, {"$project": {"_id": 1}}]
            for name, raw in wheres.items()
        }
        (answer,) = await (await collection.aggregate([{"$facet": facets}])).to_list(None)
    finally:
        await collection.delete_many({})
    for name, raw in wheres.items():
        test = match.compile(parse(raw))
        found = {row["_id"] for row in answer[name]}
        for item in items:
            assert test(item) == (item["objectId"] in found), (raw, item)


@settings(max_examples=10, deadline=None)
@given(seeds, st.sampled_from(["aGeoPoint", "aPolygon"]))
async def test_what_is_near_is_what_mongodb_finds_and_in_its_order(
    shop: Backend, thing: ClassSchema, seed: int, column: str
) -> None:
    random = Random(seed)
    items = {f"{n}": an_item(random, n) for n in range(40)}
    collection = shop.storage.connection.collection("Thing")
    await collection.create_index([("aGeoPoint", "2dsphere")])
    try:
        await collection.insert_many([to_document(thing, item) for item in items.values()])
        for _ in range(8):
            center = place(random)
            farthest = random.choice([{}, {"$maxDistance": random.uniform(0, 2)}])
            where = parse({column: {"$nearSphere": point(*center), **farthest}})
            documents = await collection.find(to_filter(thing, where)).to_list(None)
            test = match.compile(where)
            found = [document["_id"] for document in documents]
            assert set(found) == {name for name, item in items.items() if test(item)}, where
            here = geo.Position(center[1], center[0])
            far = [geo.distance_to(document[column], here) or 0 for document in documents]
            assert all(one <= other + 1e-9 for one, other in pairwise(far))
    finally:
        await collection.delete_many({})
        await collection.drop_index("aGeoPoint_2dsphere")
