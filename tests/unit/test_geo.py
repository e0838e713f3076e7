"""Places: distances, areas on the map and on the sphere, and operands that are none."""

import math
from typing import Any

import pytest

from parsepy.errors import Code, ParseError
from parsepy.model import geo
from parsepy.model.geo import Position

ULM, BONN = Position(10, 48.4), Position(7.1, 50.7)
SQUARE = [Position(0, 0), Position(10, 0), Position(10, 10), Position(0, 10)]
PACIFIC = [Position(170, 0), Position(-170, 0), Position(-170, 10), Position(170, 10)]
POLE = [Position(longitude, 80) for longitude in (0, 90, 180, -90)]


def point(latitude: Any, longitude: Any) -> dict[str, Any]:
    return {"__type": "GeoPoint", "latitude": latitude, "longitude": longitude}


def test_distances_are_those_of_the_sphere() -> None:
    assert geo.angle(ULM, BONN) * geo.KILOMETERS == pytest.approx(330, abs=2)
    assert geo.angle(ULM, ULM) == 0
    assert geo.angle(Position(179, 0), Position(-179, 0)) == pytest.approx(math.radians(2))
    assert geo.angle(Position(0, 90), Position(77, -90)) == pytest.approx(math.pi)


@pytest.mark.parametrize("ring", [SQUARE, SQUARE[::-1], [*SQUARE, SQUARE[0]]])
def test_an_area_holds_its_inside_edges_and_corners_either_way_round(ring: list[Position]) -> None:
    for inside in (Position(5, 5), Position(0, 0), Position(0, 5), Position(5, 10.01)):
        assert geo.encloses(ring, inside)
    for outside in (Position(-5, 5), Position(5, 10.1), Position(-175, -5), Position(185 - 360, 5)):
        assert not geo.encloses(ring, outside)


def test_an_area_may_lie_across_the_180th_meridian_or_around_a_pole() -> None:
    assert geo.encloses(PACIFIC, Position(180, 5))
    assert not geo.encloses(PACIFIC, Position(0, 5))
    assert geo.encloses(POLE, Position(33, 89))
    assert not geo.encloses(POLE, Position(33, -89))


def test_how_far_an_area_is_counts_from_its_edge() -> None:
    area = {"type": "Polygon", "coordinates": [[list(corner) for corner in SQUARE]]}
    assert geo.distance_to(area, Position(5, 5)) == 0
    assert geo.distance_to(area, Position(5, -3)) == pytest.approx(math.radians(3))
    assert geo.distance_to("Ulm", Position(5, 5)) is None


@pytest.mark.parametrize(
    ("element", "position"),
    [
        ([1, 2], (1, 2)),
        ([1, 2, "x"], (1, 2)),
        ({"x": 1.5, "y": 2}, (1.5, 2)),
        ({"type": "Point", "coordinates": [1, 2]}, (1, 2)),
        ([1], None),
        ([1, True], None),
        ({"__type": "GeoPoint", "latitude": 2, "longitude": 1}, None),
        ("1,2", None),
        (None, None),
    ],
)
def test_a_stored_pair_is_a_position(element: Any, position: Any) -> None:
    assert geo.position_of(element) == position


@pytest.mark.parametrize(
    ("operator", "operand", "message"),
    [
        ("$within", {"$box": [point(1, 2)]}, "malformatted $within arg"),
        ("$geoWithin", {}, "bad $geoWithin value; should have $polygon or $centerSphere"),
        (
            "$geoWithin",
            {"$polygon": [point(1, 2)] * 10_001},
            "bad $geoWithin value; $polygon has more than 10000 corners",
        ),
        (
            "$geoWithin",
            {"$polygon": [point(1, 2), point(1, 3), point(-91, 2)]},
            "GeoPoint latitude out of bounds: -91 < -90.0.",
        ),
        (
            "$geoWithin",
            {"$centerSphere": [point(1, 2), -1]},
            "bad $geoWithin value; $centerSphere distance invalid",
        ),
        (
            "$geoIntersects",
            {"$point": [1, 2]},
            "bad $geoIntersect value; $point should be GeoPoint",
        ),
    ],
)
def test_an_operand_that_is_no_area_is_refused(operator: str, operand: Any, message: str) -> None:
    with pytest.raises(ParseError) as refusal:
        geo.REGIONS[operator](operand)
    assert (refusal.value.code, str(refusal.value)) == (Code.INVALID_JSON, message)
