"""What the read-only master key is not shown, in objects and in pipelines."""

from typing import Any

import pytest

from parsepy.errors import Code, ParseError
from parsepy.model import credentials
from parsepy.model.credentials import Pipelines
from parsepy.model.schema import ClassSchema, make_schema, read_field

SHOWN = {"username": 1, "_id": 1}
PIPELINES = Pipelines({"_User": SHOWN, "_Session": {"_id": 1}}, prefix="shop_")
PROJECT = {"$project": SHOWN}


def made(name: str) -> ClassSchema:
    """A class with a pointer and a relation."""
    own = {
        "shop": {"type": "Pointer", "targetClass": "Shop"},
        "friends": {"type": "Relation", "targetClass": "_User"},
    }
    return make_schema(name, {column: read_field(name, column, own[column]) for column in own})


def refusal(call: Any, *arguments: Any) -> str:
    with pytest.raises(ParseError) as refused:
        call(*arguments)
    assert refused.value.code == Code.OPERATION_FORBIDDEN
    return refused.value.message


@pytest.mark.parametrize(
    ("class_name", "path", "is_withheld"),
    [
        ("_User", "authData.facebook.access_token", True),
        ("_User", "_auth_data_facebook", True),
        ("_User", "_hashed_password", True),
        ("_Session", "sessionToken", True),
        ("_Session", "_session_token", True),
        ("_Session", "_p_user", False),
        ("_Session", "_created_at", False),
        ("_User", "email", False),
        ("Product", "sessionToken", False),
        ("Product", "_rperm", False),
    ],
)
def test_what_one_signs_in_by_is_withheld(class_name: str, path: str, is_withheld: bool) -> None:
    assert credentials.is_withheld(class_name, path) is is_withheld


def test_of_authdata_there_stays_which_providers_a_user_has() -> None:
    user = {"objectId": "a", "authData": {"mfa": {"secret": "x"}}, "sessionToken": "r:1"}
    odd: dict[str, Any] = {"objectId": "b", "authData": "odd"}
    product = {"sessionToken": "of a game"}
    credentials.withhold("_User", [user, odd])
    credentials.withhold("Product", [product])
    assert user == {"objectId": "a", "authData": {"mfa": {}}}
    assert odd == {"objectId": "b"}
    assert product == {"sessionToken": "of a game"}


def test_a_question_about_a_credential_is_refused() -> None:
    assert "_hashed_password" in refusal(credentials.check, "_User", ["email", "_hashed_password"])
    credentials.check("_User", ["email", "createdAt"])


def test_the_columns_that_are_shown_are_the_classs_own() -> None:
    shown = credentials.shown_columns(made("_User"))
    assert {"_id", "_created_at", "_rperm", "username", "_p_shop"} <= set(shown)
    assert not {"authData", "friends", "_p_friends", "shop", "_hashed_password"} & set(shown)
    assert credentials.shown_columns(made("Product")) == {}


def test_a_pipeline_begins_with_what_is_shown() -> None:
    assert PIPELINES.of("_User", [{"$limit": 1}]) == [PROJECT, {"$limit": 1}]
    assert PIPELINES.of("Product", [{"$limit": 1}]) == [{"$limit": 1}]


@pytest.mark.parametrize(
    ("stage", "rewritten"),
    [
        (
            {"$lookup": {"from": "shop__User", "localField": "a", "foreignField": "_id"}},
            {"$lookup": {"from": "shop__User", "localField": "a", "foreignField": "_id"}
             | {"pipeline": [PROJECT]}},
        ),
        (
            {"$lookup": {"from": "shop_Product", "as": "a"}},
            {"$lookup": {"from": "shop_Product", "as": "a"}},
        ),
        (
            {"$lookup": {"from": "shop_Product", "pipeline": [{"$unionWith": "shop__User"}]}},
            {"$lookup": {"from": "shop_Product"}
             | {"pipeline": [{"$unionWith": {"coll": "shop__User", "pipeline": [PROJECT]}}]}},
        ),
        (
            {"$unionWith": {"coll": "shop__User", "pipeline": [{"$limit": 1}]}},
            {"$unionWith": {"coll": "shop__User", "pipeline": [PROJECT, {"$limit": 1}]}},
        ),
        (
            {"$facet": {"all": [{"$unionWith": "shop__Session"}]}},
            {"$facet": {"all": [{"$unionWith": {"coll": "shop__Session"}
                                 | {"pipeline": [{"$project": {"_id": 1}}]}}]}},
        ),
        ({"$facet": 7}, {"$facet": 7}),
        ({"$graphLookup": {"from": "shop_Product"}}, {"$graphLookup": {"from": "shop_Product"}}),
    ],
)  # fmt: skip
def test_what_joins_another_class_gets_what_is_shown_of_it(
    stage: dict[str, Any], rewritten: dict[str, Any]
) -> None:
    assert PIPELINES.of("Product", [stage]) == [rewritten]


@pytest.mark.parametrize(
    "stage",
    [
        {"$lookup": {"from": "shop__User", "foreignField": "_hashed_password"}},
        {"$lookup": {"from": "shop__User", "foreignField": "authData.mfa", "pipeline": []}},
        {"$lookup": {"from": "shop_Product", "pipeline": {}}},
        {"$lookup": {"from": "shop__SignInCode"}},
        {"$lookup": {"from": "_User"}},
        {"$lookup": {"from": {"db": "local", "coll": "oplog.rs"}}},
        {"$lookup": {"pipeline": [{"$documents": []}]}},
        {"$lookup": 7},
        {"$graphLookup": {"from": "shop__User", "startWith": "$a"}},
        {"$unionWith": "shop__MailQueue"},
        {"$unionWith": "shop_fs.chunks"},
        {"$unionWith": {"pipeline": []}},
        {"$facet": {"all": [{"$lookup": {"from": "shop__EmailChange"}}]}},
        {"$facet": {"all": [7]}},
        {"$facet": {"all": [{}]}},
        {"$facet": {"all": [{"$limit": 1, "$lookup": {}}]}},
        {"$facet": {"all": 7}},
        {"$newStageOfTheDatabase": {}},
    ],
)
def test_what_would_read_more_is_refused(stage: dict[str, Any]) -> None:
    assert refusal(PIPELINES.of, "Product", [stage]).startswith("read-only masterKey isn't")
