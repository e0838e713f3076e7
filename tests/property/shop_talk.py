"""Random objects and wheres that meet: few values, many of the same type, from one seed.

A strategy would draw each of the thousands of values for one database call by itself, which
takes longer than the call; what fails is shown as one where and one object anyhow.
"""

from random import Random
from typing import Any

from parsepy.model.values import from_bytes, pointer

TEXTS = ["", "a", "A", "ab", "a.b", "a\nb", "é", "1", "abc", "cup", "p", "q"]
NUMBERS = [0, 1, 1.0, 0.5, -1, 2**40]
DATES = [
    {"__type": "Date", "iso": iso}
    for iso in (
        "2020-01-02T03:04:05.678Z",
        "2020-01-02",
        "2024-02-29T12:00:00+02:00",
        "1969-12-31T00:00:00Z",
    )
]
BYTES = [from_bytes(content) for content in (b"a", b"b", b"ab")]
POINTERS = [pointer("Product", object_id) for object_id in ("p", "q", "abc")]
POINTS = [
    {"__type": "GeoPoint", "latitude": latitude, "longitude": longitude}
    for latitude in (0, 1, 5.5)
    for longitude in (0, 1, -7)
]
INNER = {"__type": "GeoPoint", "latitude": 0.7, "longitude": 0.3}
POLYGONS = [
    {"__type": "Polygon", "coordinates": [[0, 0], [0, n], [n, n], [n, 0]]} for n in (1, 2, 6)
]
FILES = [{"__type": "File", "name": name} for name in ("a", "cup")]
FLAGS = [True, False]
SCALARS: list[Any] = [
    *TEXTS,
    *NUMBERS,
    None,
    *FLAGS,
    *DATES,
    *BYTES,
    *POINTERS,
    *POINTS[:2],
    *FILES,
]
VALUES: dict[str, list[Any]] = {
    "aString": [*TEXTS, None],
    "aNumber": [*NUMBERS, None],
    "aBoolean": FLAGS,
    "aDate": DATES,
    "aGeoPoint": POINTS,
    "aPolygon": POLYGONS,
    "aFile": FILES,
    "aBytes": BYTES,
    "aPointer": POINTERS,
}
PATHS = [
    *("aObject.x", "aObject.x.y", "aObject.x.0", "aObject.0", "aObject.x.0.y", "aArray.0"),
    *("aArray.1", "aArray.x", "aArray.x.y", "aArray.0.x", "aArray.0.0", "aArray.x.0"),
    *("aArray.0.0.x", "aArray.0.x.y", "aObject.x.y.0.x", "aPointer.objectId", "aFile.name"),
    *("aGeoPoint.0", "aGeoPoint.latitude", "aDate.iso", "aString.x", "nothing", "nothing.x"),
    *("aPolygon.type", "createdAt", "objectId"),
]
FIELDS = [*VALUES, *VALUES, *["aObject", "aArray"] * 3, *PATHS]
PATTERNS = ["a", "^a", "b$", "", "^\\Qa.b\\E", "[[:upper:]]", "\\w", "a.b", "^b", "(?i)A", "É"]
COMPARISONS = ["$eq", "$ne", "$lt", "$lte", "$gt", "$gte"]


class Talk:
    """Draws from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.choice = self.random.choice

    def few(self, most: int, make: Any) -> list[Any]:
        return [make() for _ in range(self.random.randint(0, most))]

    def element(self, depth: int = 2) -> Any:
        """Anything that an array or object may hold."""
        kind = self.random.random()
        if depth and kind < 0.2:
            return self.few(3, lambda: self.element(depth - 1))
        if depth and kind < 0.45:
            return self.box(depth)
        pool: list[list[Any]] = [SCALARS, TEXTS[:4], NUMBERS[:4]]
        return self.choice(self.choice(pool))

    def box(self, depth: int) -> dict[str, Any]:
        return {self.choice("xy0"): self.element(depth - 1) for _ in range(self.choice([0, 1, 2]))}

    def column(self, name: str) -> Any:
        """A value of a column."""
        if name == "aObject":
            return self.box(3)
        return self.few(3, self.element) if name == "aArray" else self.choice(VALUES[name])

    def item(self, number: int) -> dict[str, Any]:
        """An object, with most of its columns."""
        columns = [n for n in (*VALUES, "aObject", "aArray") if self.random.random() < 0.8]
        created = {"createdAt": f"2020-01-0{self.choice('12')}T00:00:00.000Z"}
        return {"objectId": f"{number}", **created, **{n: self.column(n) for n in columns}}

    def operand(self, field: str) -> Any:
        """What a field is asked for: mostly of its own type, and no plain object."""
        if field == "createdAt":
            return DATES[1]
        own = field in VALUES or field in ("aObject", "aArray")
        value = self.column(field) if own and self.random.random() < 0.7 else self.element()
        return self.choice(SCALARS) if isinstance(value, dict) and is_plain(value) else value

    def test(self, field: str) -> Any:
        """A value or operators."""
        kind = self.random.random()
        if kind < 0.2:
            value = self.operand(field)
            return None if isinstance(value, list) else value
        if kind < 0.5:
            return {self.choice(COMPARISONS): self.operand(field)}
        if kind < 0.7:
            name = self.choice(["$in", "$nin", "$all", "$containedBy"])
            return {name: self.few(3, lambda: self.operand(field))}
        if kind < 0.75:
            return {"$exists": self.choice(FLAGS)}
        if kind < 0.85:
            return {"$regex": self.choice(PATTERNS), "$options": self.choice("imsxu")}
        if kind < 0.87:
            return self.region()
        if kind < 0.92:
            starts = [pattern for pattern in PATTERNS if pattern[:1] == "^"]
            return {"$all": [{"$regex": self.choice(starts)} for _ in range(self.choice([1, 2]))]}
        return {"$gt": self.operand(field), "$lte": self.operand(field)}

    def region(self) -> dict[str, Any]:
        """An area, or a point that areas hold."""
        some = [self.choice(POINTS) for _ in range(self.choice([3, 4]))]
        radius = self.choice([0, 0.011, 0.05, 0.13, 4])
        return self.choice(
            [
                {"$within": {"$box": some[:2]}},
                {"$geoWithin": {"$polygon": some}},
                {"$geoWithin": {"$centerSphere": [some[0], radius]}},
                {"$geoIntersects": {"$point": self.choice([some[0], INNER])}},
            ]
        )

    def where(self, depth: int = 2) -> dict[str, Any]:
        """One or two constraints, or a group of such."""
        if depth and self.random.random() < 0.2:
            branches = [self.where(depth - 1) for _ in range(self.choice([1, 2]))]
            return {self.choice(["$or", "$and", "$nor"]): branches}
        fields = [self.choice(FIELDS) for _ in range(self.choice([1, 1, 1, 2]))]
        return {field: self.test(field) for field in fields}


def is_plain(value: dict[str, Any]) -> bool:
    """Is this an object that is no typed value?"""
    return bool(value) and "__type" not in value
