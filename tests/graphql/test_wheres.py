"""Conditions of GraphQL in REST's form."""

from typing import Any

import pytest

from parsepy.errors import Code, ParseError
from parsepy.graphql.schema.naming import to_global_id
from parsepy.graphql.wheres import to_rest
from tests.graphql.interface import shop_classes

CLASSES = shop_classes()
POINT = {"latitude": 1.0, "longitude": 2.0}
GEO = {"__type": "GeoPoint", **POINT}


@pytest.mark.parametrize(
    ("where", "rest"),
    [
        ({"aString": {"equalTo": "a"}}, {"aString": {"$eq": "a"}}),
        ({"aNumber": {"in": [1, 2], "lessThan": 3}}, {"aNumber": {"$in": [1, 2], "$lt": 3}}),
        (
            {"OR": [{"req": {"exists": True}}, {"AND": []}]},
            {"$or": [{"req": {"$exists": True}}, {"$and": []}]},
        ),
        ({"id": {"equalTo": to_global_id("Sample", "x1")}}, {"objectId": {"$eq": "x1"}}),
        ({"id": {"in": ["x1", to_global_id("Sample", "x2")]}}, {"objectId": {"$in": ["x1", "x2"]}}),
        (
            {"id": {"equalTo": to_global_id("Other", "x1")}},
            {"objectId": {"$eq": to_global_id("Other", "x1")}},
        ),
        (
            {"aPointer": {"have": {"name": {"equalTo": "a"}}}},
            {"aPointer": {"$inQuery": {"where": {"name": {"$eq": "a"}}, "className": "Product"}}},
        ),
        (
            {"aRelation": {"haveNot": {}}},
            {"aRelation": {"$notInQuery": {"where": {}, "className": "Product"}}},
        ),
        ({"aPointer": {"exists": False}}, {"aPointer": {"$exists": False}}),
        (
            {"aRelation": {"exists": False}},
            {
                "aRelation": {
                    "$notInQuery": {
                        "where": {"objectId": {"$exists": True}},
                        "className": "Product",
                    }
                }
            },
        ),
        (
            {"anObject": {"equalTo": {"key": "a.b", "value": 1}}},
            {"anObject.a.b": {"$eq": 1}},
        ),
        (
            {"anObject": {"lessThan": {"key": "a", "value": 9}, "exists": True}},
            {"anObject.a": {"$lt": 9}},
        ),
        (
            {"aString": {"text": {"search": {"term": "mug"}}}},
            {"aString": {"$text": {"$search": {"$term": "mug"}}}},
        ),
        (
            {"aGeoPoint": {"nearSphere": POINT, "maxDistance": 0.1}},
            {"aGeoPoint": {"$nearSphere": GEO, "$maxDistance": 0.1}},
        ),
        (
            {"aGeoPoint": {"within": {"box": {"bottomLeft": POINT, "upperRight": POINT}}}},
            {"aGeoPoint": {"$within": {"$box": [GEO, GEO]}}},
        ),
        (
            {"aGeoPoint": {"geoWithin": {"centerSphere": {"center": POINT, "distance": 1.0}}}},
            {"aGeoPoint": {"$geoWithin": {"$centerSphere": [GEO, 1.0]}}},
        ),
        (
            {"aGeoPoint": {"geoWithin": {"polygon": [POINT, POINT, POINT]}}},
            {"aGeoPoint": {"$geoWithin": {"$polygon": [GEO, GEO, GEO]}}},
        ),
        (
            {"aPolygon": {"geoIntersects": {"point": POINT}}},
            {"aPolygon": {"$geoIntersects": {"$point": GEO}}},
        ),
        (
            {
                "aString": {
                    "inQueryKey": {
                        "query": {"className": "SKU", "where": {"stock": {"$gt": 1}}},
                        "key": "variation",
                    }
                }
            },
            {
                "aString": {
                    "$select": {
                        "query": {"className": "SKU", "where": {"stock": {"$gt": 1}}},
                        "key": "variation",
                    }
                }
            },
        ),
    ],
)
def test_conditions_are_translated(where: dict[str, Any], rest: dict[str, Any]) -> None:
    assert to_rest(where, "Sample", CLASSES) == rest


@pytest.mark.parametrize(
    "where",
    [
        {"aString": None},
        {"aString": {"equalTo": None}},
        {"aString": {"in": ["a", None]}},
        {"OR": None},
        {"aPointer": {"have": None}},
    ],
)
def test_a_null_in_conditions_is_an_internal_error_as_in_the_reference(
    where: dict[str, Any],
) -> None:
    with pytest.raises(ParseError) as caught:
        to_rest(where, "Sample", CLASSES)
    assert caught.value.code == Code.INTERNAL_SERVER_ERROR


def test_the_given_conditions_are_left_as_they_are() -> None:
    where = {"anObject": {"equalTo": {"key": "a", "value": 1}}, "id": {"equalTo": "x"}}
    to_rest(where, "Sample", CLASSES)
    assert where == {"anObject": {"equalTo": {"key": "a", "value": 1}}, "id": {"equalTo": "x"}}
