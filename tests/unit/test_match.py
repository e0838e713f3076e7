"""An object matches a where as MongoDB would have it; tests/property proves it on random ones."""

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


def test_a_pattern_that_would_take_for_ever_matches_nothing() -> None:
    assert not patterns.compile("^(a+)+$")("a" * 5000 + "b")


@pytest.mark.parametrize("pattern", ["[", "(", "a" * 40_000])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ParseError) as refusal:
        match.compile(parse({"status": {"$regex": pattern}}))
    assert refusal.value.code == 102
