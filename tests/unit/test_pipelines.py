"""Pipelines in Parse's names to MongoDB's, and their results back."""

from datetime import datetime
from typing import Any

import pytest
from bson import Binary, Decimal128, Int64, ObjectId, Regex

from parsepy.errors import Code, ParseError
from parsepy.model.schema import ClassSchema, Field, make_schema
from parsepy.model.values import DATE, FILE, GEO_POINT, NUMBER, POLYGON, FieldType
from parsepy.storage import pipelines
from parsepy.storage.documents import file_url_of, plan_of

FILE_URL = file_url_of("http://shop/parse", "shop")
DAY = datetime(2026, 1, 1)
ISO = "2026-01-01T00:00:00.000Z"
POINTER = {"__type": "Pointer", "className": "Maker", "objectId": "m1"}


def schema() -> ClassSchema:
    columns = {
        "maker": FieldType("Pointer", "Maker"),
        "due": DATE,
        "price": NUMBER,
        "photo": FILE,
        "place": GEO_POINT,
        "area": POLYGON,
        "skus": FieldType("Relation", "SKU"),
    }
    return make_schema("Order", {name: Field(kind) for name, kind in columns.items()})


def sent(stage: Any, *, raw_values: bool = False, raw_field_names: bool = False) -> Any:
    (told,) = pipelines.to_pipeline(
        schema(), [stage], raw_values=raw_values, raw_field_names=raw_field_names
    )
    return told


def matched(conditions: Any, **raw: bool) -> Any:
    return sent({"$match": conditions}, **raw)["$match"]


def results(*found: Any, pipeline: Any = (), **raw: bool) -> list[Any]:
    options = {"raw_values": False, "raw_field_names": False, **raw}
    return pipelines.from_results(schema(), plan_of(schema(), FILE_URL), pipeline, found, **options)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"objectId": "a"}, {"_id": "a"}),
        (
            {"$or": [{"createdAt": ISO}, {"updatedAt": ISO}]},
            {"$or": [{"_created_at": DAY}, {"_updated_at": DAY}]},
        ),
        ({"maker": "m1"}, {"_p_maker": "Maker$m1"}),
        ({"maker": True}, {"_p_maker": "Maker$true"}),
        ({"maker": None}, {"_p_maker": None}),
        ({"maker": POINTER}, {"_p_maker": "Maker$m1"}),
        (
            {"maker": {"$in": [POINTER, "Maker$m2", 5]}},
            {"_p_maker": {"$in": ["Maker$m1", "Maker$m2", 5]}},
        ),
        ({"list": POINTER}, {"list": POINTER}),
        ({"due": {"$gt": ISO}}, {"due": {"$gt": DAY}}),
        ({"due": {"$in": [ISO, None]}}, {"due": {"$in": [DAY, None]}}),
        ({"due": {"__type": "Date", "iso": ISO}}, {"due": DAY}),
        ({"due": "2026"}, {"due": DAY}),
        ({"due": "2026-01"}, {"due": DAY}),
        ({"due": "Thu, 01 Jan 2026 00:00:00 GMT"}, {"due": DAY}),
        ({"due": "Thu, 01 Jan 2026 00:00:00"}, {"due": DAY}),
        ({"due": "not a date at all"}, {"due": "not a date at all"}),
        ({"due": "never"}, {"due": "never"}),
        ({"a.b": {"__type": "Date", "iso": ISO}}, {"a.b": DAY}),
        ({"a": {"__type": "Bytes", "base64": "aGk="}}, {"a": Binary(b"hi")}),
        ({"a": {"__type": 5}}, {"a": {"__type": 5}}),
        ({"a": 2.0}, {"a": 2}),
        ("text", "text"),
    ],
)
def test_conditions_are_translated(given: Any, told: Any) -> None:
    assert matched(given) == told


def test_a_relative_time_counts_from_now() -> None:
    told = matched({"due": {"$lt": {"$relativeTime": "now"}}})
    assert isinstance(told["due"]["$lt"], datetime)
    with pytest.raises(ParseError, match=r"bad \$relativeTime value") as refusal:
        matched({"due": {"$lt": {"$relativeTime": "soon"}}})
    assert refusal.value.code == Code.INVALID_JSON


def test_an_ill_formed_date_is_refused() -> None:
    with pytest.raises(ParseError, match="valid Date"):
        matched({"due": {"__type": "Date", "iso": "never"}})


def test_raw_values_are_extended_json() -> None:
    given = {
        "due": {"$date": ISO},
        "maker": "m1",
        "x": {"$regularExpression": {"pattern": "a", "options": ""}},
    }
    assert matched(given, raw_values=True) == {"due": DAY, "_p_maker": "m1", "x": Regex("a")}
    with pytest.raises(ParseError, match="bad extended JSON") as refusal:
        matched({"due": {"$date": "never"}}, raw_values=True)
    assert refusal.value.code == Code.INVALID_QUERY


def test_raw_names_stay() -> None:
    assert matched({"objectId": 1, "maker": "m1", "due": ISO}, raw_field_names=True) == {
        "objectId": 1,
        "maker": "m1",
        "due": DAY,
    }
    group = {"$group": {"_id": "$maker"}}
    assert sent(group, raw_field_names=True) == group


@pytest.mark.parametrize(
    ("stage", "told"),
    [
        (
            {"$project": {"maker": 1, "createdAt": 0, "x": "$maker"}},
            {"$project": {"_p_maker": 1, "_created_at": 0, "x": "$maker"}},
        ),
        ({"$project": "x"}, {"$project": "x"}),
        (
            {
                "$group": {
                    "_id": ["$maker", "$objectId"],
                    "x": {"$max": "$createdAt"},
                    "n": {"$sum": 1.0},
                }
            },
            {
                "$group": {
                    "_id": ["$_p_maker", "$objectId"],
                    "x": {"$max": "$_created_at"},
                    "n": {"$sum": 1},
                }
            },
        ),
        (
            {"$geoNear": {"near": [2.0, 1], "query": {"objectId": "a"}}},
            {"$geoNear": {"near": [2, 1], "query": {"_id": "a"}}},
        ),
        ({"$geoNear": 5}, {"$geoNear": 5}),
        ({"$sort": {"createdAt": 1.0}}, {"$sort": {"createdAt": 1}}),
    ],
)
def test_stages_are_translated(stage: Any, told: Any) -> None:
    assert sent(stage) == told


def test_columns_and_computed_values_are_shown_by_their_form() -> None:
    (shown,) = results(
        {
            "_id": "a",
            "_created_at": DAY,
            "_updated_at": DAY,
            "_p_maker": "Maker$m1",
            "due": DAY,
            "photo": "a.png",
            "place": [2, 1],
            "price": Int64(3),
            "a-b": 1,
            "_rperm": ["*"],
            "area": {"type": "Polygon", "coordinates": [[[1, 0], [1, 1], [0, 0], [1, 0]]]},
            "_session_token": "r:1",
            "_auth_data_x": {"id": 1},
            "_hashed_password": "h",
            "_p_none": "B$c",
        }
    )
    assert shown == {
        "objectId": "a",
        "createdAt": ISO,
        "updatedAt": ISO,
        "maker": POINTER,
        "due": {"__type": "Date", "iso": ISO},
        "price": 3,
        "sessionToken": "r:1",
        "authData": {"x": {"id": 1}},
        "photo": {"__type": "File", "name": "a.png", "url": FILE_URL("a.png")},
        "place": {"__type": "GeoPoint", "latitude": 1, "longitude": 2},
        "area": {"__type": "Polygon", "coordinates": [[0, 1], [1, 1], [0, 0], [0, 1]]},
        "skus": {"__type": "Relation", "className": "SKU"},
    }


def test_a_columns_name_may_carry_something_computed() -> None:
    (shown,) = results({"due": 2026, "photo": 1, "place": 1.5, "area": "x", "_p_maker": None})
    shown.pop("skus")
    assert shown == {"due": 2026, "photo": 1, "place": 1.5, "area": "x"}


@pytest.mark.parametrize("document", [{"_total": 1}, {"_p_maker": "Other$m1"}, {"_p_maker": 5}])
def test_what_can_not_be_shown_is_refused(document: Any) -> None:
    with pytest.raises(ParseError) as refusal:
        results(document)
    assert refusal.value.code == Code.INVALID_QUERY


@pytest.mark.parametrize(
    ("by", "shown"),
    [({}, None), ("", None), ([], None), (0, 0), (DAY, {"__type": "Date", "iso": ISO})],
)
def test_the_id_of_a_group(by: Any, shown: Any) -> None:
    assert results({"_id": by})[0]["objectId"] == shown


def test_a_group_by_a_pointer_has_its_id() -> None:
    group = [{"$group": {"_id": "$_p_maker"}}]
    shown = results({"_id": "Maker$m1"}, {"_id": None}, {"_id": "odd"}, pipeline=group)
    assert [row["objectId"] for row in shown] == ["m1", None, None]


def test_raw_results() -> None:
    document = {"_id": ObjectId("5" * 24), "_created_at": DAY, "n": Int64(5)}
    assert results(document, raw_values=True, raw_field_names=True) == [
        {"_id": {"$oid": "5" * 24}, "_created_at": {"$date": "2026-01-01T00:00:00Z"}, "n": 5}
    ]
    assert results({"_id": "a"}, raw_values=True) == [{"objectId": "a"}]
    document |= {"b": b"hi", "d": Decimal128("1.5"), "l": [DAY, {"x": 1.0}], "c": Binary(b"hi", 5)}
    assert results(document, raw_field_names=True) == [
        {
            "_id": "5" * 24,
            "_created_at": ISO,
            "n": 5,
            "b": "aGk=",
            "c": "aGk=",
            "d": {"$numberDecimal": "1.5"},
            "l": [ISO, {"x": 1}],
        }
    ]


def test_distinct_values() -> None:
    assert pipelines.from_distinct(schema(), "maker", ["Maker$m1", None]) == [POINTER]
    assert pipelines.from_distinct(schema(), "x", [1, DAY, {"a": DAY, "a-b": 1}]) == [
        1,
        {"__type": "Date", "iso": ISO},
        {"a": {"__type": "Date", "iso": ISO}},
    ]
    with pytest.raises(ParseError, match="no pointer"):
        pipelines.from_distinct(schema(), "maker", ["Other$m1"])
