"""Places: values and types, every geo operator with every odd operand, order, counts, groups."""

from typing import Any

from tests.differential.scenario import (
    Scenario,
    Step,
    create,
    date,
    find,
    get,
    pointer,
    post,
    put,
    sign_up,
)


def at(latitude: Any, longitude: Any) -> dict[str, Any]:
    """Make a GeoPoint in REST form."""
    return {"__type": "GeoPoint", "latitude": latitude, "longitude": longitude}


def area(*points: Any) -> dict[str, Any]:
    """Make a Polygon in REST form."""
    return {"__type": "Polygon", "coordinates": list(points)}


def asked(class_name: str, wheres: dict[str, Any], **options: Any) -> list[Step]:
    """Send each where clause once, by its name."""
    return [find(class_name, where, name=name, **options) for name, where in wheres.items()]


TOWNS = {
    "Ulm": (48.4, 10),
    "Bonn": (50.7, 7.1),
    "Oslo": (59.9, 10.7),
    "Quito": (-0.18, -78.47),
    "Suva": (-18.14, 178.44),
    "Apia": (-13.83, -171.77),
    "Perth": (-31.95, 115.86),
    "Alert": (82.5, -62.35),
    "Null": (0, 0),
}


def towns(class_name: str) -> list[Step]:
    """Make the towns of a class, and one that is nowhere."""
    made = [
        create(class_name, {"name": name, "at": at(*place), "n": n}, name=name, save=f"id{name}")
        for n, (name, place) in enumerate(TOWNS.items())
    ]
    return [*made, create(class_name, {"name": "Atlantis", "n": 99}, name="Atlantis")]


ULM = at(48.4, 10)
NEAR: dict[str, Any] = {
    "in Europe": {"at": {"$nearSphere": at(50, 9), "$maxDistance": 0.2}},
    "at the very place": {"at": {"$nearSphere": ULM, "$maxDistance": 0}},
    "within 1 radian": {"at": {"$nearSphere": ULM, "$maxDistance": 1}},
    "in kilometres": {"at": {"$nearSphere": ULM, "$maxDistanceInKilometers": 400}},
    "in few kilometres": {"at": {"$nearSphere": ULM, "$maxDistanceInKilometers": 300}},
    "in miles": {"at": {"$nearSphere": ULM, "$maxDistanceInMiles": 250}},
    "in few miles": {"at": {"$nearSphere": ULM, "$maxDistanceInMiles": 180}},
    "in radians": {"at": {"$nearSphere": ULM, "$maxDistanceInRadians": 0.06}},
    "radians and kilometres": {
        "at": {"$nearSphere": ULM, "$maxDistanceInRadians": 1, "$maxDistanceInKilometers": 1}
    },
    "miles and kilometres": {
        "at": {"$nearSphere": ULM, "$maxDistanceInMiles": 1, "$maxDistanceInKilometers": 500}
    },
    "all units": {
        "at": {
            "$nearSphere": ULM,
            "$maxDistance": 0.06,
            "$maxDistanceInRadians": 3,
            "$maxDistanceInMiles": 1,
            "$maxDistanceInKilometers": 1,
        }
    },
    "distance first": {"at": {"$maxDistance": 0.06, "$nearSphere": ULM}},
    "a place without type": {
        "at": {"$nearSphere": {"latitude": 48.4, "longitude": 10}, "$maxDistance": 0.06}
    },
    "and a column": {"at": {"$nearSphere": ULM, "$maxDistance": 0.3}, "n": {"$gt": 0}},
    "in $and": {"$and": [{"at": {"$nearSphere": ULM, "$maxDistance": 0.3}}, {"n": {"$gt": 0}}]},
    "in a lone $or": {"$or": [{"at": {"$nearSphere": ULM, "$maxDistance": 0.3}}]},
    "beside $or": {
        "at": {"$nearSphere": ULM, "$maxDistance": 0.3},
        "$or": [{"name": "Bonn"}, {"name": "Oslo"}, {"name": "Perth"}],
    },
    "in whole numbers": {"at": {"$nearSphere": at(0, 0), "$maxDistance": 0.1}},
    "at the pole": {"at": {"$nearSphere": at(90, 0), "$maxDistance": 0.2}},
    "at an edge of the map": {"at": {"$nearSphere": at(-18, 180), "$maxDistance": 0.05}},
    "across the edge of the map": {"at": {"$nearSphere": at(-15, -180), "$maxDistance": 0.3}},
}
PAGES: dict[str, dict[str, Any]] = {
    "limit": {"limit": 2},
    "skip": {"skip": 1},
    "skip and limit": {"skip": 1, "limit": 1},
    "count": {"count": 1},
    "count and limit": {"count": 1, "limit": 1},
    "keys": {"keys": "n"},
    "keys of the place": {"keys": "at"},
    "excludeKeys": {"excludeKeys": "at,name"},
    "order": {"order": "name"},
    "order descending": {"order": "-n"},
    "order by the place": {"order": "at,name"},
    "comment": {"comment": "near Ulm"},
    "hint": {"hint": "_id_"},
    "readPreference": {"readPreference": "NEAREST"},
}
NOT_NEAR: dict[str, Any] = {
    "text": {"at": {"$nearSphere": "here"}},
    "null": {"at": {"$nearSphere": None}},
    "a list": {"at": {"$nearSphere": [1, 2]}},
    "nothing": {"at": {"$nearSphere": {}}},
    "no longitude": {"at": {"$nearSphere": {"__type": "GeoPoint", "latitude": 1}}},
    "latitude of text": {"at": {"$nearSphere": at("1", 2)}},
    "latitude 91": {"at": {"$nearSphere": at(91, 2)}},
    "longitude -181": {"at": {"$nearSphere": at(1, -181)}},
    "negative distance": {"at": {"$nearSphere": ULM, "$maxDistance": -1}},
    "distance of text": {"at": {"$nearSphere": ULM, "$maxDistance": "far"}},
    "miles of text": {"at": {"$nearSphere": ULM, "$maxDistanceInMiles": "far"}},
    "distance alone": {"at": {"$maxDistance": 1}},
    "kilometres alone": {"at": {"$maxDistanceInKilometers": 1}},
    "a least distance": {"at": {"$nearSphere": ULM, "$minDistance": 1}},
    "a least distance in miles": {"at": {"$nearSphere": ULM, "$minDistanceInMiles": 1}},
    "$near": {"at": {"$near": ULM}},
    "$geoNear": {"at": {"$geoNear": ULM}},
    "with $exists": {"at": {"$nearSphere": ULM, "$maxDistance": 0.06, "$exists": True}},
    "with $geoWithin": {"at": {"$nearSphere": ULM, "$geoWithin": {"$centerSphere": [ULM, 0.06]}}},
    "in $or": {"$or": [{"at": {"$nearSphere": ULM}}, {"n": 1}]},
    "in $nor": {"$nor": [{"at": {"$nearSphere": ULM}}]},
    "twice": {"$and": [{"at": {"$nearSphere": ULM}}, {"at": {"$nearSphere": at(1, 1)}}]},
    "a column of text": {"name": {"$nearSphere": ULM}},
    "an unknown column": {"nosuch": {"$nearSphere": ULM}},
    "a path": {"name.place": {"$nearSphere": ULM}},
    "a plain key beside": {"at": {"$nearSphere": ULM, "x": 1}},
}
COUNTS: dict[str, Any] = {
    "within radians": {"at": {"$nearSphere": ULM, "$maxDistance": 0.06}},
    "within 0": {"at": {"$nearSphere": ULM, "$maxDistance": 0}},
    "within a radian": {"at": {"$nearSphere": ULM, "$maxDistance": 1}},
    "within kilometres": {"at": {"$nearSphere": ULM, "$maxDistanceInKilometers": 400}},
    "however far": {"at": {"$nearSphere": ULM}},
    "in $or": {"$or": [{"at": {"$nearSphere": ULM, "$maxDistance": 0.06}}, {"name": "Null"}]},
    "in $nor": {"$nor": [{"at": {"$nearSphere": ULM, "$maxDistance": 0.06}}]},
    "across the edge of the map": {"at": {"$nearSphere": at(-15, -180), "$maxDistance": 0.3}},
    "within a circle": {"at": {"$geoWithin": {"$centerSphere": [ULM, 0.06]}}},
    "within a box": {"at": {"$within": {"$box": [at(0, 0), at(60, 11)]}}},
}
EUROPE = [at(40, 0), at(40, 20), at(65, 20), at(65, 0)]
WITHIN: dict[str, Any] = {
    "box": {"at": {"$within": {"$box": [at(40, 0), at(60, 12)]}}},
    "box with its edges": {"at": {"$within": {"$box": [at(48.4, 7.1), at(50.7, 10)]}}},
    "box of a point": {"at": {"$within": {"$box": [ULM, ULM]}}},
    "box upside down": {"at": {"$within": {"$box": [at(60, 12), at(40, 0)]}}},
    "box mirrored": {"at": {"$within": {"$box": [at(40, 12), at(60, 0)]}}},
    "box beyond the map": {"at": {"$within": {"$box": [at(-200, -200), at(200, 200)]}}},
    "box across the edge": {"at": {"$within": {"$box": [at(-20, 170), at(-10, -170)]}}},
    "box without types": {
        "at": {
            "$within": {
                "$box": [{"latitude": 40, "longitude": 0}, {"latitude": 60, "longitude": 12}]
            }
        }
    },
    "box in $or": {
        "$or": [{"at": {"$within": {"$box": [at(40, 0), at(49, 12)]}}}, {"name": "Null"}]
    },
    "box in $nor": {"$nor": [{"at": {"$within": {"$box": [at(40, 0), at(60, 12)]}}}]},
    "box and a column": {"at": {"$within": {"$box": [at(40, 0), at(60, 12)]}}, "n": {"$lt": 2}},
    "box and not a point": {"at": {"$within": {"$box": [at(40, 0), at(60, 12)]}, "$ne": ULM}},
    "polygon": {"at": {"$geoWithin": {"$polygon": EUROPE}}},
    "polygon that is closed": {"at": {"$geoWithin": {"$polygon": [*EUROPE, EUROPE[0]]}}},
    "polygon turned": {"at": {"$geoWithin": {"$polygon": EUROPE[::-1]}}},
    "triangle": {"at": {"$geoWithin": {"$polygon": [at(40, 0), at(40, 20), at(60, 10)]}}},
    "polygon that crosses itself": {
        "at": {"$geoWithin": {"$polygon": [at(40, 0), at(65, 20), at(40, 20), at(65, 0)]}}
    },
    "polygon of pairs": {
        "at": {"$geoWithin": {"$polygon": [[0, 40], [20, 40], [20, 65], [0, 65]]}}
    },
    "Polygon": {"at": {"$geoWithin": {"$polygon": area([0, 40], [20, 40], [20, 65], [0, 65])}}},
    "Polygon in its own order": {
        "at": {"$geoWithin": {"$polygon": area([40, 0], [40, 20], [65, 20], [65, 0])}}
    },
    "polygon across the edge": {
        "at": {"$geoWithin": {"$polygon": [at(-20, 170), at(-20, -170), at(-10, -170)]}}
    },
    "polygon in $or": {"$or": [{"at": {"$geoWithin": {"$polygon": EUROPE}}}, {"name": "Null"}]},
    "polygon in $nor": {"$nor": [{"at": {"$geoWithin": {"$polygon": EUROPE}}}]},
    "circle": {"at": {"$geoWithin": {"$centerSphere": [ULM, 0.06]}}},
    "circle of a pair": {"at": {"$geoWithin": {"$centerSphere": [[10, 48.4], 0.06]}}},
    "circle of nothing": {"at": {"$geoWithin": {"$centerSphere": [ULM, 0]}}},
    "circle around the Earth": {"at": {"$geoWithin": {"$centerSphere": [ULM, 4]}}},
    "circle with more": {"at": {"$geoWithin": {"$centerSphere": [ULM, 0.06, 7]}}},
    "circle across the edge": {"at": {"$geoWithin": {"$centerSphere": [at(-15, 180), 0.3]}}},
    "circle over the pole": {"at": {"$geoWithin": {"$centerSphere": [at(89, 117), 0.2]}}},
    "circle in $or": {
        "$or": [{"at": {"$geoWithin": {"$centerSphere": [ULM, 0.01]}}}, {"name": "Null"}]
    },
    "circle in $nor": {"$nor": [{"at": {"$geoWithin": {"$centerSphere": [ULM, 0.06]}}}]},
    "circle and polygon": {
        "$and": [
            {"at": {"$geoWithin": {"$centerSphere": [ULM, 0.06]}}},
            {"at": {"$geoWithin": {"$polygon": EUROPE}}},
        ]
    },
    "polygon and circle at once": {
        "at": {"$geoWithin": {"$polygon": EUROPE, "$centerSphere": [ULM, 0.01]}}
    },
    "the very point": {"at": {"$geoIntersects": {"$point": ULM}}},
    "another point": {"at": {"$geoIntersects": {"$point": at(48, 10)}}},
    "equal": {"at": ULM},
    "$eq": {"at": {"$eq": ULM}},
    "$ne": {"at": {"$ne": ULM}},
    "$in": {"at": {"$in": [ULM, at(0, 0)]}},
    "$nin": {"at": {"$nin": [ULM, at(0, 0)]}},
    "$exists": {"at": {"$exists": True}},
    "not $exists": {"at": {"$exists": False}},
    "null": {"at": None},
    "a column of text": {"name": {"$geoWithin": {"$polygon": EUROPE}}},
    "an unknown column": {"nosuch": {"$geoWithin": {"$centerSphere": [ULM, 1]}}},
    "a path": {"at.0": {"$within": {"$box": [at(0, 0), at(1, 1)]}}},
}
NOT_WITHIN: dict[str, Any] = {
    "$within of nothing": {"at": {"$within": {}}},
    "$within of null": {"at": {"$within": None}},
    "$within of text": {"at": {"$within": "Europe"}},
    "box of none": {"at": {"$within": {"$box": []}}},
    "box of three": {"at": {"$within": {"$box": [ULM, ULM, ULM]}}},
    "box of text": {"at": {"$within": {"$box": "ab"}}},
    "box of pairs": {"at": {"$within": {"$box": [[1, 2], [3, 4]]}}},
    "box of nulls": {"at": {"$within": {"$box": [None, None]}}},
    "box without latitude": {"at": {"$within": {"$box": [{"longitude": 1}, ULM]}}},
    "$within with $polygon": {"at": {"$within": {"$polygon": EUROPE}}},
    "$geoWithin of null": {"at": {"$geoWithin": None}},
    "$geoWithin of text": {"at": {"$geoWithin": "Europe"}},
    "$geoWithin with $box": {"at": {"$geoWithin": {"$box": [ULM, ULM]}}},
    "$geoWithin with $geometry": {"at": {"$geoWithin": {"$geometry": {"type": "Point"}}}},
    "polygon of none": {"at": {"$geoWithin": {"$polygon": []}}},
    "polygon of null": {"at": {"$geoWithin": {"$polygon": None}}},
    "polygon of a point": {"at": {"$geoWithin": {"$polygon": ULM}}},
    "polygon of texts": {"at": {"$geoWithin": {"$polygon": ["a", "b", "c"]}}},
    "polygon of triples": {"at": {"$geoWithin": {"$polygon": [[1, 2, 3], [3, 4, 5], [5, 6, 7]]}}},
    "polygon of pairs of text": {
        "at": {"$geoWithin": {"$polygon": [["a", "b"], ["c", "d"], ["e", "f"]]}}
    },
    "polygon of places without type": {
        "at": {"$geoWithin": {"$polygon": [{"latitude": 1, "longitude": 2}] * 3}}
    },
    "polygon with longitude 181": {
        "at": {"$geoWithin": {"$polygon": [at(1, 181), at(1, 2), at(2, 2)]}}
    },
    "pairs with latitude 91": {"at": {"$geoWithin": {"$polygon": [[1, 91], [1, 2], [2, 2]]}}},
    "Polygon of two": {"at": {"$geoWithin": {"$polygon": area([1, 2], [3, 4])}}},
    "Polygon of nothing": {"at": {"$geoWithin": {"$polygon": {"__type": "Polygon"}}}},
    "Polygon with a longitude for a latitude": {
        "at": {"$geoWithin": {"$polygon": area([40, 100], [40, 20], [65, 20])}}
    },
    "circle of text": {"at": {"$geoWithin": {"$centerSphere": "round"}}},
    "circle of none": {"at": {"$geoWithin": {"$centerSphere": []}}},
    "circle of null": {"at": {"$geoWithin": {"$centerSphere": None}}},
    "circle of a number": {"at": {"$geoWithin": {"$centerSphere": [5, 1]}}},
    "circle of null and 1": {"at": {"$geoWithin": {"$centerSphere": [None, 1]}}},
    "circle of texts": {"at": {"$geoWithin": {"$centerSphere": [["a", "b"], 1]}}},
    "circle without type": {
        "at": {"$geoWithin": {"$centerSphere": [{"latitude": 1, "longitude": 2}, 1]}}
    },
    "circle at latitude 91": {"at": {"$geoWithin": {"$centerSphere": [at(91, 2), 1]}}},
    "circle at a pair with latitude 91": {"at": {"$geoWithin": {"$centerSphere": [[2, 91], 1]}}},
    "circle with a radius of text": {"at": {"$geoWithin": {"$centerSphere": [ULM, "far"]}}},
    "circle with a radius of digits": {"at": {"$geoWithin": {"$centerSphere": [ULM, "1"]}}},
    "circle with a radius of null": {"at": {"$geoWithin": {"$centerSphere": [ULM, None]}}},
    "$geoIntersects of null": {"at": {"$geoIntersects": None}},
    "$geoIntersects of a polygon": {"at": {"$geoIntersects": {"$polygon": EUROPE}}},
    "$geoIntersects of a pair": {"at": {"$geoIntersects": {"$point": [1, 2]}}},
    "$geoIntersects of null inside": {"at": {"$geoIntersects": {"$point": None}}},
    "$geoIntersects at longitude 181": {"at": {"$geoIntersects": {"$point": at(1, 181)}}},
    "$geoIntersects without latitude": {
        "at": {"$geoIntersects": {"$point": {"__type": "GeoPoint", "longitude": 1}}}
    },
    "$geometry": {"at": {"$geometry": {"type": "Point", "coordinates": [1, 2]}}},
    "$box alone": {"at": {"$box": [ULM, ULM]}},
    "$centerSphere alone": {"at": {"$centerSphere": [ULM, 1]}},
}
SQUARE = area([0, 0], [0, 10], [10, 10], [10, 0])
ZONES: dict[str, Any] = {
    "in the square": {"zone": {"$geoIntersects": {"$point": at(5, 5)}}},
    "in the wide one": {"zone": {"$geoIntersects": {"$point": at(5, 30)}}},
    "above an edge, which is curved": {"zone": {"$geoIntersects": {"$point": at(40.5, 30)}}},
    "at a corner": {"zone": {"$geoIntersects": {"$point": at(0, 0)}}},
    "in the hole of the bend": {"zone": {"$geoIntersects": {"$point": at(-15, 5)}}},
    "across the edge of the map": {"zone": {"$geoIntersects": {"$point": at(5, 180)}}},
    "nowhere": {"zone": {"$geoIntersects": {"$point": at(80, 80)}}},
    "not in $nor": {"$nor": [{"zone": {"$geoIntersects": {"$point": at(5, 5)}}}]},
    "in $or": {"$or": [{"zone": {"$geoIntersects": {"$point": at(5, 5)}}}, {"name": "pacific"}]},
    "equal": {"zone": SQUARE},
    "equal, closed": {"zone": area([0, 0], [0, 10], [10, 10], [10, 0], [0, 0])},
    "not equal": {"zone": {"$ne": SQUARE}},
    "$in": {"zone": {"$in": [SQUARE]}},
    "$exists": {"zone": {"$exists": True}},
    "within a flat polygon": {
        "zone": {"$geoWithin": {"$polygon": [at(-1, -1), at(-1, 11), at(11, 11), at(11, -1)]}}
    },
    "within a circle": {"zone": {"$geoWithin": {"$centerSphere": [at(5, 5), 0.2]}}},
    "within a small circle": {"zone": {"$geoWithin": {"$centerSphere": [at(5, 5), 0.1]}}},
    "within a box": {"zone": {"$within": {"$box": [at(-1, -1), at(11, 11)]}}},
    "near": {"zone": {"$nearSphere": at(5, 5)}},
}
VALUES: dict[str, Any] = {
    "whole numbers": {"at": at(1, 2)},
    "fractions": {"at": at(1.5, -2.25)},
    "the corners of the map": {"at": at(90, 180)},
    "the other corners": {"at": at(-90, -180)},
    "zero": {"at": at(0, 0)},
    "with more": {"at": {**at(1, 2), "altitude": 500}},
    "a point in an object": {"box": {"at": at(1, 2)}},
    "a point in an object, beyond the map": {"box": {"at": at(100, 200)}},
    "points in an array": {"list": [at(1, 2), at(3, 4)]},
    "polygon": {"zone": SQUARE},
    "polygon that is closed": {"zone": area([0, 0], [0, 1], [1, 1], [0, 0])},
    "polygon in whole and broken numbers": {"zone": area([0, 0.5], [0, 1], [1.25, 1])},
    "polygon in an object": {"box": {"zone": SQUARE}},
    "second polygon": {"zone2": SQUARE},
    "null": {"at": None},
}
NO_VALUES: dict[str, Any] = {
    "latitude 91": {"at": at(91, 0)},
    "latitude -90.5": {"at": at(-90.5, 0)},
    "longitude 181": {"at": at(0, 181)},
    "longitude -180.5": {"at": at(0, -180.5)},
    "latitude of text": {"at": at("1", 2)},
    "no latitude": {"at": {"__type": "GeoPoint", "longitude": 1}},
    "a pair": {"at": [1, 2]},
    "text": {"at": "here"},
    "a second point": {"at2": at(1, 2)},
    "polygon of two corners": {"zone": area([0, 0], [0, 1])},
    "polygon of one corner thrice": {"zone": area([0, 0], [0, 0], [0, 0])},
    "polygon of two corners, closed": {"zone": area([0, 0], [0, 1], [0, 0])},
    "polygon of none": {"zone": area()},
    "polygon that crosses itself": {"zone": area([0, 0], [10, 10], [0, 10], [10, 0])},
    "polygon beyond the map": {"zone": area([0, 0], [0, 200], [10, 10])},
    "polygon of points": {"zone": area(at(0, 0), at(0, 1), at(1, 1))},
    "polygon of texts": {"zone": area(["a", "b"], ["c", "d"], ["e", "f"])},
    "polygon of triples": {"zone": area([0, 0, 1], [0, 1, 1], [1, 1, 1])},
    "polygon of text": {"zone": {"__type": "Polygon", "coordinates": "round"}},
    "polygon that is a point": {"zone": at(1, 2)},
}

SCENARIOS = [
    Scenario(
        "near",
        [
            *towns("Near"),
            *asked("Near", NEAR, keys="name", ordered=True),
            *(
                find(
                    "Near",
                    {"at": {"$nearSphere": ULM, "$maxDistance": 0.3}},
                    name=name,
                    **{"ordered": True, **options},
                )
                for name, options in PAGES.items()
            ),
            find(
                "Near",
                {"at": {"$nearSphere": at(10, 10)}},
                name="however far",
                keys="name",
                ordered=True,
            ),
        ],
    ),
    Scenario(
        "near what is no place",
        [*towns("Nears"), *asked("Nears", NOT_NEAR, keys="name", ordered=True)],
    ),
    Scenario(
        "how many are near",
        [*towns("Counted"), *asked("Counted", COUNTS, count=1, limit=0)],
    ),
    Scenario("within areas", [*towns("Within"), *asked("Within", WITHIN, keys="name", order="n")]),
    Scenario(
        "within what is no area",
        [*towns("Withins"), *asked("Withins", NOT_WITHIN, keys="name", order="n")],
    ),
    Scenario(
        "areas that hold a point",
        [
            create("Zone", {"name": "square", "zone": SQUARE}),
            create("Zone", {"name": "turned", "zone": area([0, 0], [10, 0], [10, 10], [0, 10])}),
            create("Zone", {"name": "wide", "zone": area([0, 0], [0, 60], [40, 60], [40, 0])}),
            create(
                "Zone",
                {
                    "name": "bend",
                    "zone": area([0, 0], [-20, 0], [-20, 10], [0, 10], [0, 8], [-18, 8], [-18, 2]),
                },
            ),
            create(
                "Zone",
                {"name": "pacific", "zone": area([0, 170], [0, -170], [10, -170], [10, 170])},
            ),
            create("Zone", {"name": "none"}),
            *asked("Zone", ZONES, keys="name", order="name"),
            find("Zone", order="name", keys="zone", name="read back"),
            find("Zone", ZONES["in the square"], count=1, limit=0, name="counted"),
        ],
    ),
    Scenario(
        "places and areas as values",
        [
            create("Geo", {"name": "first"}, save="geo"),
            *(
                step
                for name, value in VALUES.items()
                for step in (
                    create("Geo", value, name=name),
                    put("/classes/Geo/{geo}", value, name=f"{name}, changed"),
                )
            ),
            get("/classes/Geo/{geo}", name="read back"),
            find("Geo", order="createdAt", keys="at,zone,zone2,box,list", name="read them all"),
            get("/schemas/Geo", who="master", name="the schema"),
            find("Geo", {"at": at(1, 2)}, keys="at", name="found"),
            find("Geo", {"at": at(91, 2)}, keys="at", name="found beyond the map"),
            find("Geo", {"at": at("1", 2)}, keys="at", name="found by text"),
        ],
    ),
    Scenario(
        "what is no place and no area",
        [
            create("Globe", {"at": at(1, 2), "zone": SQUARE}, save="globe", name="a good one"),
            *(
                step
                for name, value in NO_VALUES.items()
                for step in (
                    create("Globe", value, name=name),
                    put("/classes/Globe/{globe}", value, name=f"{name}, changed"),
                )
            ),
            create("Globe2", {"a": at(1, 2), "b": at(1, 2)}, name="two points at once"),
        ],
    ),
    Scenario(
        "places of others",
        [
            *towns("Flat"),
            create("Tenant", {"name": "Tom", "flat": pointer("Flat", "{idUlm}")}),
            create("Tenant", {"name": "Una", "flat": pointer("Flat", "{idPerth}")}),
            *asked(
                "Tenant",
                {
                    "of a flat near": {
                        "flat": {
                            "$inQuery": {
                                "className": "Flat",
                                "where": {"at": {"$nearSphere": ULM, "$maxDistance": 0.3}},
                            }
                        }
                    },
                    "of a flat within": {
                        "flat": {
                            "$inQuery": {
                                "className": "Flat",
                                "where": {"at": {"$geoWithin": {"$polygon": EUROPE}}},
                            }
                        }
                    },
                    "of a flat not within": {
                        "flat": {
                            "$notInQuery": {
                                "className": "Flat",
                                "where": {"at": {"$geoWithin": {"$polygon": EUROPE}}},
                            }
                        }
                    },
                },
                keys="name",
                order="name",
            ),
        ],
    ),
    Scenario(
        "places that are hidden",
        [
            post(
                "/schemas/Den",
                {
                    "fields": {"at": {"type": "GeoPoint"}, "zone": {"type": "Polygon"}},
                    "classLevelPermissions": {
                        "find": {"*": True},
                        "get": {"*": True},
                        "create": {"*": True},
                        "count": {"*": True},
                        "protectedFields": {"*": ["at"]},
                    },
                },
                who="master",
            ),
            create("Den", {"at": ULM, "zone": SQUARE}),
            sign_up("gerda", "gerda"),
            *(
                find("Den", where, who=who, name=f"{name} as {who or 'nobody'}")
                for who in (None, "gerda", "master")
                for name, where in {
                    "near": {"at": {"$nearSphere": ULM}},
                    "within": {"at": {"$geoWithin": {"$centerSphere": [ULM, 1]}}},
                    "in $or": {"$or": [{"at": {"$within": {"$box": [ULM, ULM]}}}]},
                    "intersects": {"zone": {"$geoIntersects": {"$point": at(5, 5)}}},
                }.items()
            ),
        ],
        configuration="detailed",
    ),
    Scenario(
        "relative times",
        [
            create("Era", {"name": "past", "when": date("2001-01-01T00:00:00.000Z")}),
            create("Era", {"name": "future", "when": date("2999-01-01T00:00:00.000Z")}),
            *asked(
                "Era",
                {
                    f"{operator} {text}": {"when": {operator: {"$relativeTime": text}}}
                    for operator in ("$lt", "$lte", "$gt", "$gte")
                    for text in ("now", "in 3 days", "1 year 2 weeks ago", "in 1 hr 5 mins 3 secs")
                },
                keys="name",
                order="name",
            ),
            find("Era", {"when": {"$gt": {"$relativeTime": ""}}}, name="empty"),
            find("Era", {"name": {"$gt": {"$relativeTime": "now"}}}, name="of a text"),
        ],
    ),
]
