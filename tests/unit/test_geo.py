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
        ("$within", 5, "malformatted $within arg"),
        ("$within", {"$box": "all"}, "malformatted $within arg"),
        ("$within", {"$box": ["a", "b"]}, "malformatted $within arg"),
        (
            "$geoWithin",
            {"$polygon": "round"},
            "bad $geoWithin value; $polygon should be Polygon object or Array of Parse.GeoPoint's",
        ),
        (
            "$geoWithin",
            {"$polygon": [point(1, 2), point(1, 3)]},
            "bad $geoWithin value; $polygon should contain at least 3 GeoPoints",
        ),
        (
            "$geoWithin",
            {"$polygon": {"__type": "Polygon"}},
            "bad $geoWithin value; Polygon.coordinates should contain at least 3 lon/lat pairs",
        ),
        ("$geoWithin", {"$polygon": [[1, 2], [1, 3], "x"]}, "bad $geoWithin value"),
        (
            "$geoWithin",
            {"$centerSphere": [point(1, 2)]},
            "bad $geoWithin value; $centerSphere should be an array of Parse.GeoPoint and distance",
        ),
        (
            "$geoWithin",
            {"$centerSphere": ["here", 1]},
            "bad $geoWithin value; $centerSphere geo point invalid",
        ),
        ("$geoIntersects", "here", "bad $geoIntersect value; $point should be GeoPoint"),
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


# --- what operators hold of stored values ---------------------------------------------------------

AREA = {"type": "Polygon", "coordinates": [[list(corner) for corner in SQUARE]]}
NO_AREAS: list[Any] = [
    "Ulm",
    {"type": "Polygon"},
    {"type": "Polygon", "coordinates": []},
    {"type": "Polygon", "coordinates": ["ring"]},
    {"type": "Polygon", "coordinates": [[[0, 0], [10, 0], [10, 91]]]},
]


def test_what_is_near_enough_is_a_position_or_an_area() -> None:
    close = geo.near(point(0, 5), math.radians(3))
    assert close.holds([5, 2])
    assert not close.holds([5, 4])
    assert close.holds(AREA)
    assert geo.near(point(0, 5)).holds([-175, 0])


@pytest.mark.parametrize("element", [[181, 0], [0, 91], *NO_AREAS])
def test_what_is_no_place_on_earth_is_near_to_nothing(element: Any) -> None:
    assert not geo.near(point(0, 5)).holds(element)


@pytest.mark.parametrize(
    ("element", "is_inside"),
    [([5, 5], True), ([0, 10], True), ([10, 0], True), ([11, 5], False), ("Ulm", False)],
)
def test_a_box_lies_between_any_two_opposite_corners(element: Any, is_inside: bool) -> None:
    for corner, opposite in ((point(0, 0), point(10, 10)), (point(10, 0), point(0, 10))):
        assert geo.within({"$box": [corner, opposite]}).holds(element) is is_inside


# A house: a square with a roof of two sloping edges.
HOUSE = [point(0, 0), point(0, 10), point(10, 10), point(15, 5), point(10, 0)]


@pytest.mark.parametrize(
    ("element", "is_inside"),
    [
        ([5, 5], True),
        ([5, 14], True),
        ([1, 14], False),
        ([0, 5], True),  # on a wall
        ([5, 0], True),  # on the floor
        ([0, 11], False),  # above the wall
        ([12, 0], False),  # beside the floor
        ([5, 15], True),  # the top itself
        ([-1, 5], False),
        ([11, 5], False),
        ([5, -1], False),
        ("Ulm", False),
    ],
)
def test_a_polygon_of_a_query_is_flat(element: Any, is_inside: bool) -> None:
    assert geo.geo_within({"$polygon": HOUSE}).holds(element) is is_inside


def test_of_a_sloping_edge_the_western_side_belongs_to_a_polygon() -> None:
    house = geo.geo_within({"$polygon": HOUSE})
    assert house.holds([7.5, 12.5])
    assert house.holds([2.5, 12.5]) is False


@pytest.mark.parametrize(
    ("element", "is_inside"),
    [
        ([5, 3], True),
        ([5, 9], False),
        (AREA, False),
        ({"type": "Polygon", "coordinates": [[[4, 0], [6, 0], [5, 1]]]}, True),
        *((element, False) for element in NO_AREAS),
    ],
)
def test_a_circle_holds_positions_and_whole_areas(element: Any, is_inside: bool) -> None:
    circle = geo.geo_within({"$centerSphere": [point(0, 5), math.radians(4)]})
    assert circle.holds(element) is is_inside


@pytest.mark.parametrize(
    ("element", "meets"),
    [(AREA, True), ([5, 5], True), ([5, 5.1], False), *((element, False) for element in NO_AREAS)],
)
def test_a_point_meets_areas_around_it_and_itself(element: Any, meets: bool) -> None:
    assert geo.geo_intersects({"$point": point(5, 5)}).holds(element) is meets
    assert not geo.geo_intersects({"$point": point(-5, 5)}).holds(element)


def test_a_polygon_value_in_a_query_is_read_as_longitude_and_latitude() -> None:
    value = {"__type": "Polygon", "coordinates": [[0, 0], [20, 0], [20, 5], [0, 5]]}
    area = geo.geo_within({"$polygon": value})
    assert (area.holds([19, 1]), area.holds([1, 19])) == (True, False)


@pytest.mark.parametrize(
    ("text", "radians"),
    [
        ("$maxDistance", 1.0),
        ("$maxDistanceInKilometers", 1 / 6371),
        ("$maxDistanceInMiles", 1 / 3959),
    ],
)
def test_distances_have_units(text: str, radians: float) -> None:
    assert geo.distance(text, 1) == radians


@pytest.mark.parametrize("value", [-1, "far", True, None])
def test_what_is_no_distance_is_refused(value: Any) -> None:
    with pytest.raises(ParseError, match=r"bad \$maxDistance value"):
        geo.distance("$maxDistance", value)


@pytest.mark.parametrize(
    "value", ["Ulm", None, {}, {"latitude": 1}, {"latitude": "1", "longitude": 2}]
)
def test_only_a_place_is_near(value: Any) -> None:
    with pytest.raises(ParseError, match=r"bad \$nearSphere value"):
        geo.near(value)


OPEN = [[0, 0], [0, 2], [2, 2]]


@pytest.mark.parametrize("corners", [OPEN, [*OPEN, [0, 0]]])
def test_a_polygon_is_shown_with_its_first_corner_at_the_end_too(corners: Any) -> None:
    shown = geo.closed({"__type": "Polygon", "coordinates": corners})
    assert shown == {"__type": "Polygon", "coordinates": [*OPEN, [0, 0]]}


@pytest.mark.parametrize(
    "value",
    ["Ulm", {"coordinates": OPEN}, {"__type": "Polygon"}, {"__type": "Polygon", "coordinates": []}],
)
def test_what_is_no_polygon_stays_as_it_is(value: Any) -> None:
    assert geo.closed(value) == value
