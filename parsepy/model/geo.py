"""Places: the operands of geo operators, and what they contain by MongoDB's rules.

Boxes and polygons of a query are flat (degrees as x and y); circles, and polygons in objects,
are on the sphere. A position is (longitude, latitude), as it is stored.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from parsepy.errors import Code, ParseError
from parsepy.model.values import check_range, is_number

MILES = 3959  # the Earth's radius, as Parse Server divides by it
KILOMETERS = 6371
_NEAR = 1e-9  # MongoDB takes a point for a cell of a centimetre, in radians of the Earth
_MOST_CORNERS = 10_000  # Live Query walks around them with each change
Vector = tuple[float, float, float]


class Position(NamedTuple):
    """Longitude and latitude in degrees."""

    longitude: float
    latitude: float


def _refuse(message: str) -> ParseError:
    return ParseError(Code.INVALID_JSON, message)


# --- operands -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Near:
    """``$nearSphere``: the nearest first, and at most ``farthest`` radians away."""

    center: Position
    farthest: float | None = None

    def holds(self, element: Any) -> bool:
        """Is it a position, or an area, that is near enough?"""
        far = distance_to(element, self.center)
        return far is not None and (self.farthest is None or far <= self.farthest)


@dataclass(frozen=True, slots=True)
class Box:
    """``$within`` with a ``$box`` between two opposite corners, edges included."""

    corner: Position
    opposite: Position

    def holds(self, element: Any) -> bool:
        """Is it a position in the box?"""
        position = position_of(element)
        if position is None:
            return False
        sides = zip(position, self.corner, self.opposite, strict=True)
        return all(min(one, other) <= value <= max(one, other) for value, one, other in sides)


@dataclass(frozen=True, slots=True)
class Ring:
    """``$geoWithin`` with a ``$polygon``, which is flat."""

    corners: tuple[Position, ...]

    def holds(self, element: Any) -> bool:
        """Is it a position in the polygon? Of its edges, horizontal and vertical ones belong to it.

        Of a sloping edge, only one side does, as in MongoDB.
        """
        position = position_of(element)
        if position is None:
            return False
        inside = False
        for one, other in pairwise((*self.corners, self.corners[0])):
            if _is_on_straight(position, one, other):
                return True
            inside ^= _is_left_of(position, one, other)
        return inside


def _is_on_straight(position: Position, one: Position, other: Position) -> bool:
    """Is it a corner, or on an edge that runs along a meridian or a parallel?"""
    (x, y), (x1, y1), (x2, y2) = position, one, other
    if x == x1 == x2:
        return min(y1, y2) <= y <= max(y1, y2)
    if y == y1 == y2:
        return min(x1, x2) <= x <= max(x1, x2)
    return position in (one, other)


def _is_left_of(position: Position, one: Position, other: Position) -> bool:
    """Does the parallel eastward from a position meet the edge?"""
    (x, y), (x1, y1), (x2, y2) = position, one, other
    if not min(y1, y2) < y <= max(y1, y2):
        return False
    return x <= (x1 if x1 == x2 else (y - y1) * (x2 - x1) / (y2 - y1) + x1)


@dataclass(frozen=True, slots=True)
class Circle:
    """``$geoWithin`` with a ``$centerSphere``: at most ``radius`` radians away."""

    center: Position
    radius: float

    def holds(self, element: Any) -> bool:
        """Is it a position, or an area with all its corners, in the circle?"""
        position = on_earth(element)
        if position is not None:
            return angle(position, self.center) <= self.radius
        area = _ring_of(element)
        return area is not None and all(angle(c, self.center) <= self.radius for c in area)


@dataclass(frozen=True, slots=True)
class Spot:
    """``$geoIntersects`` with a ``$point``."""

    point: Position

    def holds(self, element: Any) -> bool:
        """Is it an area that contains the point, or the same point?"""
        position = on_earth(element)
        if position is not None:
            return angle(position, self.point) <= _NEAR
        area = _ring_of(element)
        return area is not None and encloses(area, self.point)


Region = Box | Ring | Circle | Spot


def near(point: Any, farthest: float | None = None) -> Near:
    """Read the operand of ``$nearSphere``: a GeoPoint, or an object with latitude and longitude."""
    center = _place(point)
    if center is None:
        raise _refuse("bad $nearSphere value; should be a GeoPoint")
    check_range(center.latitude, center.longitude)
    return Near(center, farthest)


def distance(operator: str, value: Any) -> float:
    """Read the operand of one of ``DISTANCES``, in radians."""
    if not is_number(value) or value < 0:
        raise _refuse(f"bad {operator} value; should be a number that is not negative")
    return float(value) / DISTANCES[operator]


DISTANCES = {
    "$maxDistance": 1,
    "$maxDistanceInKilometers": KILOMETERS,
    "$maxDistanceInMiles": MILES,
    "$maxDistanceInRadians": 1,
}
"""Options beside ``$nearSphere`` → their units in a radian; of several, the first here counts."""


def within(operand: Any) -> Box:
    """Read the operand of ``$within``: ``{"$box": [southwest, northeast]}``."""
    box = operand.get("$box") if isinstance(operand, dict) else None
    corners = [_place(corner) for corner in box] if isinstance(box, list) else []
    if len(corners) != 2 or corners[0] is None or corners[1] is None:
        raise _refuse("malformatted $within arg")
    return Box(corners[0], corners[1])


def geo_within(operand: Any) -> Ring | Circle:
    """Read the operand of ``$geoWithin``: a ``$polygon`` or a ``$centerSphere``."""
    if isinstance(operand, dict) and "$polygon" in operand:
        return _polygon(operand["$polygon"])
    if isinstance(operand, dict) and "$centerSphere" in operand:
        return _center_sphere(operand["$centerSphere"])
    raise _refuse("bad $geoWithin value; should have $polygon or $centerSphere")


def closed(value: Any) -> Any:
    """A Polygon of the wire with its first corner at the end as well, as it is stored."""
    if not isinstance(value, dict) or value.get("__type") != "Polygon":
        return value
    corners = value.get("coordinates")
    if not isinstance(corners, list) or not corners or corners[0] == corners[-1]:
        return value
    return {**value, "coordinates": [*corners, corners[0]]}


def _polygon(operand: Any) -> Ring:
    corners = operand
    least = "$polygon should contain at least 3 GeoPoints"
    if isinstance(operand, dict) and operand.get("__type") == "Polygon":
        # Parse: the coordinates of a Polygon in a query are read as (longitude, latitude)
        corners = operand.get("coordinates", [])
        least = "Polygon.coordinates should contain at least 3 lon/lat pairs"
    if not isinstance(corners, list):
        raise _refuse(
            "bad $geoWithin value; $polygon should be Polygon object or Array of Parse.GeoPoint's"
        )
    if len(corners) < 3:
        raise _refuse(f"bad $geoWithin value; {least}")
    if len(corners) > _MOST_CORNERS:
        raise _refuse(f"bad $geoWithin value; $polygon has more than {_MOST_CORNERS} corners")
    return Ring(tuple(_corner(corner, "bad $geoWithin value") for corner in corners))


def _corner(value: Any, refusal: str) -> Position:
    """Read a GeoPoint, or a pair of longitude and latitude."""
    if isinstance(value, list) and len(value) == 2 and all(map(is_number, value)):
        position: Position | None = Position(*value)
    else:
        position = _geo_point(value)
    if position is None:
        raise _refuse(refusal)
    check_range(position.latitude, position.longitude)
    return position


def _center_sphere(operand: Any) -> Circle:
    if not isinstance(operand, list) or len(operand) < 2:
        raise _refuse(
            "bad $geoWithin value; $centerSphere should be an array of Parse.GeoPoint and distance"
        )
    center = _corner(operand[0], "bad $geoWithin value; $centerSphere geo point invalid")
    if not is_number(operand[1]) or operand[1] < 0:
        raise _refuse("bad $geoWithin value; $centerSphere distance invalid")
    return Circle(center, float(operand[1]))


def geo_intersects(operand: Any) -> Spot:
    """Read the operand of ``$geoIntersects``: ``{"$point": GeoPoint}``."""
    point = _geo_point(operand.get("$point")) if isinstance(operand, dict) else None
    if point is None:
        raise _refuse("bad $geoIntersect value; $point should be GeoPoint")
    check_range(point.latitude, point.longitude)
    return Spot(point)


REGIONS: dict[str, Callable[[Any], Region]] = {
    "$within": within,
    "$geoWithin": geo_within,
    "$geoIntersects": geo_intersects,
}
"""Operator → the function that reads its operand; it raises INVALID_JSON."""


def _geo_point(value: Any) -> Position | None:
    is_typed = isinstance(value, dict) and value.get("__type") == "GeoPoint"
    return _place(value) if is_typed else None


def _place(value: Any) -> Position | None:
    if not isinstance(value, dict):
        return None
    longitude, latitude = value.get("longitude"), value.get("latitude")
    if is_number(longitude) and is_number(latitude):
        return Position(longitude, latitude)
    return None


# --- what is stored -----------------------------------------------------------------------------


def position_of(element: Any) -> Position | None:
    """Read a stored value as a position: a pair, or an object that begins with two numbers."""
    if isinstance(element, dict):
        if element.get("type") == "Point":
            element = element.get("coordinates")
        else:
            element = [*element.values()]
    if isinstance(element, list) and len(element) >= 2 and all(map(is_number, element[:2])):
        return Position(element[0], element[1])
    return None


def on_earth(element: Any) -> Position | None:
    """Read a stored value as a position on Earth; None if it is none."""
    position = position_of(element)
    if position is None or abs(position.longitude) > 180 or abs(position.latitude) > 90:
        return None
    return position


def _ring_of(element: Any) -> list[Position] | None:
    if not isinstance(element, dict) or element.get("type") != "Polygon":
        return None
    rings = element.get("coordinates")
    ring = rings[0] if isinstance(rings, list) and rings else None
    if not isinstance(ring, list):
        return None
    found = [on_earth(pair) for pair in ring]
    return [corner for corner in found if corner is not None] if all(found) else None


# --- the sphere ---------------------------------------------------------------------------------


def angle(one: Position, other: Position) -> float:
    """Compute the distance of two places on the sphere, in radians."""
    return _angle(_vector(one), _vector(other))


def distance_to(element: Any, place: Position) -> float | None:
    """Compute the distance of a stored position or area in radians; None if it is neither."""
    position = on_earth(element)
    if position is not None:
        return angle(position, place)
    area = _ring_of(element)
    if area is None:
        return None
    if encloses(area, place):
        return 0.0
    point, corners = _vector(place), [_vector(corner) for corner in area]
    return min(_distance_to(point, *edge) for edge in pairwise([*corners, corners[0]]))


def encloses(ring: Sequence[Position], place: Position) -> bool:
    """Is the place in the smaller of the two areas that a ring of great circles bounds?

    Edges belong to it, and places nearer to one than MongoDB's precision.
    """
    point = _vector(place)
    corners = [_vector(corner) for corner in ring]
    if corners[0] == corners[-1]:
        del corners[-1]
    edges = list(pairwise([*corners, corners[0]]))
    if any(_distance_to(point, *edge) <= _NEAR for edge in edges):
        return True
    turns = round(sum(_turn(point, *edge) for edge in edges) / math.tau)
    return turns * _signed_area(corners) > 0


def _vector(position: Position) -> Vector:
    longitude, latitude = math.radians(position.longitude), math.radians(position.latitude)
    flat = math.cos(latitude)
    return flat * math.cos(longitude), flat * math.sin(longitude), math.sin(latitude)


def _dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _cross(a: Vector, b: Vector) -> Vector:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def _angle(a: Vector, b: Vector) -> float:
    return math.atan2(math.hypot(*_cross(a, b)), _dot(a, b))


def _turn(center: Vector, a: Vector, b: Vector) -> float:
    """Compute the angle at ``center`` from ``a`` to ``b``, anticlockwise."""
    to_a, to_b = _cross(center, a), _cross(center, b)
    return math.atan2(_dot(center, _cross(to_a, to_b)), _dot(to_a, to_b))


def _signed_area(corners: Sequence[Vector]) -> float:
    """Compute the area of the smaller side of a ring; negative if it is on the right side."""
    first, total = corners[0], 0.0
    for a, b in pairwise(corners[1:]):
        volume = _dot(first, _cross(a, b))
        total += 2 * math.atan2(volume, 1 + _dot(first, a) + _dot(a, b) + _dot(b, first))
    return math.remainder(total, 2 * math.tau)  # the whole sphere has 4 pi


def _distance_to(point: Vector, a: Vector, b: Vector) -> float:
    """Compute the distance of a point to an edge, in radians."""
    normal = _cross(a, b)
    size = math.hypot(*normal)
    if size and _dot(_cross(normal, a), point) >= 0 >= _dot(_cross(normal, b), point):
        return abs(math.asin(max(-1.0, min(1.0, _dot(normal, point) / size))))
    return min(_angle(point, a), _angle(point, b))
