"""An object matches a where as MongoDB would have it; tests/property proves it on random ones."""

from datetime import UTC, datetime
from typing import Any

import pytest

from parsepy.errors import ParseError
from parsepy.model import match, patterns
from parsepy.model.where import parse

ORDER: dict[str, Any] = {
    "objectId": "o1",
    "createdAt": "2026-01-02T00:00:00.000Z",
    "total": 30,
    "status": "paid",
    "note": None,
    "tags": ["gift", "late"],
    "user": {"__type": "Pointer", "className": "_User", "objectId": "ann"},
    "due": {"__type": "Date", "iso": "2026-02-01T00:00:00.000Z"},
    "address": {"city": "Bonn", "lines": [{"no": 1}, {"no": 7}]},
    "ACL": {"ann": {"read": True}},
}
ANN = {"__type": "Pointer", "className": "_User", "objectId": "ann"}
MARCH = {"__type": "Date", "iso": "2026-03-01T00:00:00.000Z"}


@pytest.mark.parametrize(
    "where",
    [
        {},
        {"total": 30},
        {"total": {"$gt": 29, "$lte": 30}},
        {"total": {"$ne": 31}},
        {"note": None},
        {"missing": None},
        {"missing": {"$exists": False}},
        {"tags": "gift"},
        {"tags": {"$all": ["late", "gift"]}},
        {"tags": {"$containedBy": ["late", "gift", "new"]}},
        {"user": ANN},
        {"user": {"$in": [ANN]}},
        {"due": {"$lt": MARCH}},
        {"due": {"$ne": MARCH}},
        {"due": {"$lt": {"$relativeTime": "in 100 years"}}},
        {"address.city": "Bonn"},
        {"address.lines.no": 7},
        {"address.lines.1.no": 7},
        {"status": {"$regex": "^PA", "$options": "i"}},
        {"status": {"$regex": "\\Qpa\\E"}},
        {"status": {"$nin": ["pending"]}},
        {"createdAt": "2026-01-02T00:00:00.000Z"},
        {"$or": [{"total": 1}, {"status": "paid"}]},
        {"$nor": [{"total": 1}]},
        {"$and": [{"total": 30}, {"status": "paid"}]},
    ],
    ids=str,
)
def test_what_matches(where: dict[str, Any]) -> None:
    assert match.matches(parse(where), ORDER)


@pytest.mark.parametrize(
    "where",
    [
        {"total": 31},
        {"total": "30"},
        {"missing": {"$lt": 5}},
        {"missing": {"$gt": 5}},
        {"status.x": {"$regex": ""}},
        {"user.objectId": "ann"},
        {"tags": {"$containedBy": ["late"]}},
        {"tags": {"$all": []}},
        {"address.city": "Köln"},
        {"total": {"$gt": "1"}},
        {"$nor": [{"total": 30}]},
        {"user": {"$inQuery": {"className": "_User", "where": {}}}},
        {"user": {"$notInQuery": {"className": "_User", "where": {}}}},
        {"$nor": [{"user": {"$inQuery": {"className": "_User", "where": {}}}}]},
        {"$relatedTo": {"object": ANN, "key": "orders"}},
    ],
    ids=str,
)
def test_what_does_not_match(where: dict[str, Any]) -> None:
    assert not match.matches(parse(where), ORDER)


def geo_point(latitude: float, longitude: float) -> dict[str, Any]:
    return {"__type": "GeoPoint", "latitude": latitude, "longitude": longitude}


def data(base64: str) -> dict[str, Any]:
    return {"__type": "Bytes", "base64": base64}


CORNERS = [[0, 0], [0, 10], [10, 10], [10, 0]]
BRANCH: dict[str, Any] = {
    "objectId": "b1",
    "place": geo_point(50.7, 7.1),
    "area": {"__type": "Polygon", "coordinates": CORNERS},
    "photo": {"__type": "File", "name": "front.png", "url": "http://shop.test/front.png"},
    "staff": {"__type": "Relation", "className": "_User"},
    "manager": {"__type": "Object", "className": "_User", "objectId": "ann", "username": "ann"},
    "seats": [[1, 2], [3, [4]], {"no": [5]}],
    "log": [MARCH, data("AAEC"), {"a": 1, "b": "x"}],
    "seal": data("AAEC"),
    "opening": {},
    "note": None,
    "tags": ["gift", "late"],
    "ACL": {"ann": {"read": True}, "bob": {"write": True}},
}
POLYGON = {"$polygon": [geo_point(50, 7), geo_point(51, 7), geo_point(51, 8)]}


@pytest.mark.parametrize(
    "where",
    [
        {"place": BRANCH["place"]},
        {"place": {"$nearSphere": geo_point(50, 7), "$maxDistanceInKilometers": 100}},
        {"place": {"$within": {"$box": [geo_point(50, 7), geo_point(51, 8)]}}},
        {"place": {"$geoWithin": POLYGON}},
        {"area": BRANCH["area"]},
        {"area": {"__type": "Polygon", "coordinates": [*CORNERS, CORNERS[0]]}},
        {"area": {"$geoIntersects": {"$point": geo_point(5, 5)}}},
        {"photo": BRANCH["photo"]},
        {"photo": "front.png"},
        {"manager": ANN},
        {"manager": "_User$ann"},
        {"manager": {"$in": ["ann"]}},
        {"manager": {"$in": [["bob", "ann"]]}},
        {"seats.0.1": 2},
        {"seats.1.1.0": 4},
        {"seats.no": 5},
        {"seats.2.no": 5},
        {"log": {"$eq": BRANCH["log"]}},
        {"log": MARCH},
        {"log": data("AAEC")},
        {"log": {"$gt": [MARCH, data("AAEB")]}},
        {"log": {"$lt": [MARCH, data("AAEC"), {"a": 1, "b": "y"}]}},
        {"seats": {"$gt": [[1, 2], [3, [4]]]}},
        {"seal": data("AAEC")},
        {"seal": {"$gt": data("//8=")}},
        {"opening": {"$eq": {}}},
        {"note": {"$lte": None}},
        {"missing": {"$gte": None}},
        {"tags": {"$all": [{"$regex": "^g"}, {"$regex": "^l"}]}},
    ],
    ids=str,
)
def test_what_of_a_branch_matches(where: dict[str, Any]) -> None:
    assert match.matches(parse(where), BRANCH)


@pytest.mark.parametrize(
    "where",
    [
        {"place": geo_point(50.7, 7.2)},
        {"area": {"__type": "Polygon", "coordinates": [[0, 0], [0, 10], [10, 10]]}},
        {"staff": ANN},
        {"manager": "ann"},
        {"seats.0.x": 1},
        {"seats.0.1.0": 2},
        {"seats.9": 2},
        {"tags.0.x": "gift"},
        {"note": {"$lt": None}},
        {"tags": {"$lt": {"$relativeTime": "now"}}},
    ],
    ids=str,
)
def test_what_of_a_branch_does_not_match(where: dict[str, Any]) -> None:
    assert not match.matches(parse(where), BRANCH)


@pytest.mark.parametrize(
    ("where", "does"),
    [({"_rperm": "ann"}, True), ({"_rperm": "bob"}, False), ({"_wperm": {"$in": ["bob"]}}, True)],
)
def test_the_master_key_asks_for_the_names_in_an_acl(where: dict[str, Any], does: bool) -> None:
    tested = match.compile(parse(where, privileged=True))
    assert tested(BRANCH) is does
    assert not tested({"objectId": "b2"})


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"total": {"$gt": {"a": 1}}}, 'bad atom: {"a":1}'),
        (
            {"due": {"$eq": {"$relativeTime": "now"}}},
            "$relativeTime can only be used with the $lt, $lte, $gt, and $gte operators",
        ),
        ({"due": {"$lt": {"$relativeTime": "some day"}}}, "bad $relativeTime ($lt) value. "),
    ],
)
def test_what_is_no_operand_is_refused(where: dict[str, Any], message: str) -> None:
    with pytest.raises(ParseError) as refusal:
        match.compile(parse(where))
    assert str(refusal.value).startswith(message)


@pytest.mark.parametrize(
    "ascending",
    [
        [None, 1, "a", {"a": 1}, [1], b"a", False, datetime(2026, 1, 1, tzinfo=UTC)],
        [1, 1.5, 2],
        ["a", "b", "ba"],
        [[1], [1, 2], [2], [3, 0]],
        [b"z", b"aa", b"ab"],
        [{}, {"a": 1}, {"a": 1, "b": 1}, {"a": 2}, {"b": 1}, {"a": "x"}],
    ],
    ids=str,
)
def test_elements_are_in_mongodbs_order(ascending: list[Any]) -> None:
    for place, one in enumerate(ascending):
        for other_place, other in enumerate(ascending):
            wanted = (place > other_place) - (place < other_place)
            assert match.compare(one, other) == wanted, (one, other)


def test_a_pattern_that_must_stand_first_is_tried_at_each_position() -> None:
    occurs = patterns.compile("(*UCP)b+")
    assert occurs("a" * 5000 + "b")
    assert not occurs("a" * 5000)


def test_a_pattern_that_would_take_for_ever_matches_nothing() -> None:
    assert not patterns.compile("^(a+)+$")("a" * 5000 + "b")


@pytest.mark.parametrize("pattern", ["[", "(", "a" * 40_000])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ParseError) as refusal:
        match.compile(parse({"status": {"$regex": pattern}}))
    assert refusal.value.code == 102


@pytest.mark.parametrize(
    ("where", "name"),
    [
        ({"status": "new"}, None),
        ({"$or": [{"a": 1}, {"b": {"$gt": 2}}]}, None),
        ({"customer": {"$inQuery": {"className": "Customer", "where": {}}}}, "$inQuery"),
        (
            {
                "$or": [
                    {"a": 1},
                    {"b": {"$select": {"query": {"className": "B", "where": {}}, "key": "k"}}},
                ]
            },
            "$select",
        ),
        (
            {
                "$relatedTo": {
                    "object": {"__type": "Pointer", "className": "A", "objectId": "1"},
                    "key": "k",
                }
            },
            "$relatedTo",
        ),
    ],
)
def test_a_condition_that_only_a_database_decides_is_named(
    where: dict[str, Any], name: str | None
) -> None:
    assert match.beyond(parse(where)) == name


THINGS: list[Any] = [1, 1.0, True, None, "1", [1], [True], {"a": 1}, {"b": 1}, {"a": 1, "b": 2}]
ONE_OF: list[tuple[Any, list[int]]] = [
    (1, [0, 1, 5]),  # an array by its items, too
    (True, [2, 6]),
    ("1", [4]),
    ([True], [2, 6]),
    (None, [3, 10]),
    (MARCH, []),
    ([[1]], [5]),  # an array among the operands counts as its items
]


@pytest.mark.parametrize(("wanted", "found"), ONE_OF, ids=str)
def test_one_of_several_is_found_as_equality_finds_it(wanted: Any, found: list[int]) -> None:
    test = match.compile(parse({"value": {"$in": [wanted, "never", ["never"]]}}))
    items = [*({"value": thing} for thing in THINGS), {}]
    assert [number for number, item in enumerate(items) if test(item)] == found


def test_an_object_among_several_is_found_by_the_order_of_its_members() -> None:
    ann = {"__type": "Pointer", "className": "_User", "objectId": "ann"}
    test = match.compile(parse({"users": {"$in": [ann]}}))
    assert test({"users": [{"objectId": "ann", "__type": "Pointer", "className": "_User"}]})
    assert not test({"users": [{"a": 1}, [1], "ann"]})
