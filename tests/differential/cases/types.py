"""Values: every type stored, read back and refused; type changes are refused."""

from typing import Any

from tests.differential.scenario import Scenario, Step, create, date, find, get, pointer, put

GOOD: dict[str, Any] = {
    "text": "Größe 42 — ☂ 𝄞",
    "empty": "",
    "yes": True,
    "no": False,
    "integer": 42,
    "negative": -7,
    "float": 19.99,
    "whole": 5.0,
    "million": 12345678901,
    "largest": 9007199254740991,
    "tiny": 1e-7,
    "huge": 1e21,
    "object": {"a": 1, "b": {"c": [1, "two", None]}},
    "emptyObject": {},
    "array": [1, "two", 3.5, None, True, {"x": 1}, [1, 2]],
    "emptyArray": [],
    "nothing": None,
    "date": date("2020-01-02T03:04:05.678Z"),
    "pointer": pointer("Supplier", "aaaaaaaaaa"),
    "file": {
        "__type": "File",
        "name": "pic.png",
        "url": "http://localhost:1337/parse/files/pic.png",
    },
    "bytes": {"__type": "Bytes", "base64": "AAECAwQ="},
    "point": {"__type": "GeoPoint", "latitude": 40.5, "longitude": -30.25},
    "polygon": {"__type": "Polygon", "coordinates": [[0, 0], [0, 10], [10, 10], [10, 0]]},
    "nestedDate": {"when": date("2021-05-06T07:08:09.010Z")},
    "nestedPointer": {"to": pointer("Supplier", "bbbbbbbbbb")},
    "pointers": [pointer("Supplier", "aaaaaaaaaa"), pointer("Depot", "bbbbbbbbbb")],
    "dates": [date("2020-01-02T03:04:05.678Z")],
    "nestedPoint": {"at": {"__type": "GeoPoint", "latitude": 1, "longitude": 2}},
    "points": [{"__type": "GeoPoint", "latitude": 1, "longitude": 2}],
    "closedPolygon": {"__type": "Polygon", "coordinates": [[0, 0], [0, 1], [1, 1], [0, 0]]},
    "nestedFile": {"pic": {"__type": "File", "name": "a.png", "url": "http://x.test/a.png"}},
}

ODD: dict[str, Any] = {
    "date only": {"d": date("2020-01-02")},
    "date with an offset": {"d": date("2020-01-02T03:04:05.678+02:00")},
    "date without fraction": {"d": date("2020-01-02T03:04:05Z")},
    "date from a number": {"d": date(1577934245678)},
    "unreadable date": {"d": date("bad")},
    "date without iso": {"d": {"__type": "Date"}},
    "date with a null iso": {"d": date(None)},
    "pointer without class": {"p": {"__type": "Pointer", "objectId": "x"}},
    "pointer without id": {"p": {"__type": "Pointer", "className": "Supplier"}},
    "pointer with a number as id": {
        "p": {"__type": "Pointer", "className": "Supplier", "objectId": 5}
    },
    "file without name": {"f": {"__type": "File"}},
    "file with a name only": {"f": {"__type": "File", "name": "a.txt"}},
    "point without longitude": {"g": {"__type": "GeoPoint", "latitude": 1}},
    "point with null": {"g": {"__type": "GeoPoint", "latitude": 1, "longitude": None}},
    "bytes without base64": {"b": {"__type": "Bytes"}},
    "bytes with an empty base64": {"b": {"__type": "Bytes", "base64": ""}},
    "bytes with an invalid base64": {"b": {"__type": "Bytes", "base64": "***"}},
    "polygon without coordinates": {"y": {"__type": "Polygon"}},
    "polygon of two points": {"y": {"__type": "Polygon", "coordinates": [[0, 0], [1, 1]]}},
    "polygon of text": {"y": {"__type": "Polygon", "coordinates": "round"}},
    "relation as input": {"r": {"__type": "Relation", "className": "Supplier"}},
    "relation without class": {"r2": {"__type": "Relation"}},
    "unknown type": {"u": {"__type": "Shape", "sides": 3}},
    "type that is no string": {"u": {"__type": 5}},
    "included object as value": {
        "i": {"__type": "Object", "className": "Supplier", "objectId": "x"}
    },
    "bytes in an object": {"n": {"b": {"__type": "Bytes", "base64": "AAEC"}}},
    "unknown type in an object": {"n": {"u": {"__type": "Shape"}}},
    "unknown type in an array": {"l": [{"__type": "Shape"}]},
    "date without iso in an array": {"l": [{"__type": "Date"}]},
    "minus zero": {"m": -0.0},
    "integer beyond 2^53": {"m": 12345678901234567890},
    "largest 64 bit integer": {"m": 9223372036854775807},
    "two points in one object": {
        "a": {"__type": "GeoPoint", "latitude": 1, "longitude": 1},
        "b": {"__type": "GeoPoint", "latitude": 1, "longitude": 1},
    },
}


def odd_values() -> list[Step]:
    """Create one object of a class of its own from each odd value, and read what was stored."""
    steps = []
    for number, (name, body) in enumerate(ODD.items()):
        class_name = f"Odd{number}"
        steps += [create(class_name, body, name=name), find(class_name, name=f"{name}, read back")]
    return steps


KINDS: dict[str, Any] = {
    "String": "text",
    "Number": 5,
    "Boolean": True,
    "Object": {"a": 1},
    "Array": [1],
    "Date": date("2020-01-02T03:04:05.678Z"),
    "Pointer": pointer("Supplier", "aaaaaaaaaa"),
    "OtherPointer": pointer("Depot", "aaaaaaaaaa"),
    "GeoPoint": {"__type": "GeoPoint", "latitude": 1, "longitude": 2},
    "File": {"__type": "File", "name": "a.png", "url": "http://x.test/a.png"},
    "Bytes": {"__type": "Bytes", "base64": "AAEC"},
    "Polygon": {"__type": "Polygon", "coordinates": [[0, 0], [0, 1], [1, 1]]},
    "Relation": {"__op": "AddRelation", "objects": [pointer("Supplier", "aaaaaaaaaa")]},
}


def wrong_kinds() -> list[Step]:
    """For each kind of column, send three values of other kinds."""
    names = list(KINDS)
    steps = [create("Typed", {f"f{name}": value for name, value in KINDS.items()}, save="t")]
    for place, name in enumerate(names):
        for distance in (1, 4, 7):
            other = names[(place + distance) % len(names)]
            steps.append(
                put("/classes/Typed/{t}", {f"f{name}": KINDS[other]}, name=f"{name} given {other}")
            )
    steps.append(get("/classes/Typed/{t}", name="unchanged by all that"))
    steps.append(create("Typed", {"fNumber": "5"}, name="creation with text for a number"))
    steps.append(get("/schemas/Typed", who="master"))
    return steps


SCENARIOS = [
    Scenario(
        "every type, stored and read back",
        [
            *(
                create("Kept", {field: value}, name=f"create with {field}")
                for field, value in GOOD.items()
            ),
            find("Kept", order="createdAt", limit=100),
            create("Whole", {k: v for k, v in GOOD.items() if k != "nestedPoint"}, save="w"),
            get("/classes/Whole/{w}"),
            put("/classes/Whole/{w}", {k: v for k, v in GOOD.items() if k.startswith("nested")}),
            get("/classes/Whole/{w}", name="after the update"),
            *(
                put("/classes/Whole/{w}", {k: None}, name=f"{k} to null")
                for k in ("date", "pointer")
            ),
            get("/classes/Whole/{w}", name="after the nulls"),
            get("/schemas/Whole", who="master"),
        ],
    ),
    Scenario("odd values", odd_values()),
    Scenario("values of the wrong kind", wrong_kinds()),
]
