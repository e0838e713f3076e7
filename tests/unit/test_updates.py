"""Changes of an object as a MongoDB update."""

from datetime import datetime
from typing import Any

import pytest

from parsepy.errors import Code, ParseError
from parsepy.model.schema import Field, make_schema
from parsepy.model.values import FieldType, pointer
from parsepy.storage.updates import to_update

PRODUCT = make_schema("Product", {"owner": Field(FieldType("Pointer", "_User"))})
USER = make_schema("_User", {})
DATE = {"__type": "Date", "iso": "2020-01-02T00:00:00.000Z"}
MOMENT = datetime(2020, 1, 2)
ANNA = pointer("_User", "anna")
POINT = {"__type": "GeoPoint", "latitude": 1, "longitude": 2}


def op(name: str, **members: Any) -> dict[str, Any]:
    return {"__op": name, **members}


@pytest.mark.parametrize(
    ("changes", "update"),
    [
        ({}, {}),
        ({"name": "cup", "price": 5.0}, {"$set": {"name": "cup", "price": 5}}),
        ({"owner": ANNA}, {"$set": {"_p_owner": "_User$anna"}}),
        ({"updatedAt": DATE["iso"]}, {"$set": {"_updated_at": MOMENT}}),
        ({"stock": op("Increment", amount=2.0)}, {"$inc": {"stock": 2}}),
        ({"tags": op("Add", objects=["a", DATE])}, {"$push": {"tags": {"$each": ["a", MOMENT]}}}),
        ({"tags": op("AddUnique", objects=[ANNA])}, {"$addToSet": {"tags": {"$each": [ANNA]}}}),
        ({"tags": op("Remove", objects=[1.0])}, {"$pullAll": {"tags": [1]}}),
        ({"name": op("Delete"), "owner": op("Delete")}, {"$unset": {"name": "", "_p_owner": ""}}),
        ({"name": op("SetOnInsert", amount="x")}, {"$setOnInsert": {"name": "x"}}),
        ({"box.size": 5, "name": "cup"}, {"$set": {"name": "cup", "box.size": 5}}),
        ({"box.n": op("Increment", amount=1)}, {"$inc": {"box.n": 1}}),
        ({"box.place": POINT, "tags.0": ANNA}, {"$set": {"box.place": POINT, "tags.0": ANNA}}),
        ({"ACL": {}}, {"$set": {"_rperm": [], "_wperm": [], "_acl": {}}}),
    ],
)
def test_changes_become_mongos_operators(changes: Any, update: Any) -> None:
    assert to_update(PRODUCT, changes) == update


def test_a_provider_is_set_or_with_null_unset() -> None:
    changes = {"authData": {"anonymous": {"id": "1"}, "github": None}}
    assert to_update(USER, changes) == {
        "$set": {"_auth_data_anonymous": {"id": "1"}},
        "$unset": {"_auth_data_github": ""},
    }
    assert to_update(USER, {"authData": None}) == {}
    assert to_update(PRODUCT, changes) == {"$set": changes}


@pytest.mark.parametrize(
    "changes",
    [
        {"tags": op("Add", objects=[{"$set": 1}])},
        {"tags": op("AddUnique", objects=[{"a.b": 1}])},
        {"tags": op("Remove", objects=[[{"a\0": 1}]])},
        {"name": op("SetOnInsert", amount={"$set": 1})},
        {"box.size": {"$set": 1}},
        {"box": {"$set": 1}},
    ],
)
def test_nested_keys_are_checked_wherever_they_come_in(changes: Any) -> None:
    with pytest.raises(ParseError) as refused:
        to_update(PRODUCT, changes)
    assert refused.value.code == Code.INVALID_NESTED_KEY


def test_keys_of_auth_data_are_checked() -> None:
    with pytest.raises(ParseError, match="Nested keys"):
        to_update(USER, {"authData": {"anonymous": {"id": {"$gt": ""}}}})
