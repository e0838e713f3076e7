"""Parsed wheres as MongoDB filters, within what the caller may see."""

from datetime import datetime
from typing import Any

import pytest
from bson import Binary, Regex

from parsepy.errors import Code, ParseError
from parsepy.model.principal import NOBODY, Principal
from parsepy.model.schema import Field, make_schema
from parsepy.model.scope import EVERYTHING, NOTHING, Scope
from parsepy.model.values import PLAIN_TYPES, FieldType, pointer, pointer_spellings
from parsepy.model.where import Constraint, Group, RelatedTo, parse
from parsepy.storage.filters import has_regex, to_filter, to_projection

PRODUCT = make_schema(
    "Product",
    {
        "name": Field(PLAIN_TYPES["String"]),
        "price": Field(PLAIN_TYPES["Number"]),
        "since": Field(PLAIN_TYPES["Date"]),
        "tags": Field(PLAIN_TYPES["Array"]),
        "box": Field(PLAIN_TYPES["Object"]),
        "place": Field(PLAIN_TYPES["GeoPoint"]),
        "owner": Field(FieldType("Pointer", "_User")),
    },
)
ANNA = pointer("_User", "anna")
DATE = {"__type": "Date", "iso": "2020-01-02T00:00:00.000Z"}
MOMENT = datetime(2020, 1, 2)
ANY_ORDER = {"$in": pointer_spellings(ANNA)}
POINT = {"__type": "GeoPoint", "latitude": 1, "longitude": 2}


def filtered(raw: Any, scope: Scope = EVERYTHING) -> Any:
    return to_filter(PRODUCT, parse(raw, privileged=True), scope)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({}, {}),
        ({"name": "cup"}, {"name": "cup"}),
        ({"price": 5.0}, {"price": 5}),
        ({"name": None}, {"name": None}),
        ({"name": True}, {"name": True}),
        ({"objectId": "cup"}, {"_id": "cup"}),
        ({"createdAt": DATE["iso"]}, {"_created_at": MOMENT}),
        ({"createdAt": "bad"}, {"_created_at": "bad"}),
        ({"since": DATE}, {"since": MOMENT}),
        ({"since": DATE["iso"]}, {"since": DATE["iso"]}),
        ({"tags": "red"}, {"tags": {"$all": ["red"]}}),
        ({"tags": ANNA}, {"tags": ANY_ORDER}),
        ({"tags": DATE}, {"tags": {"$all": [MOMENT]}}),
        ({"owner": ANNA}, {"_p_owner": "_User$anna"}),
        ({"owner": "anna"}, {"_p_owner": "anna"}),
        ({"owner": DATE}, {"_p_owner": MOMENT}),
        ({"box.owner": ANNA}, {"box.owner": ANY_ORDER}),
        ({"place": POINT}, {"place": [2, 1]}),
        ({"box.place": POINT}, {"box.place": POINT}),
        ({"name": {"__type": "File", "name": "cup.png"}}, {"name": "cup.png"}),
        ({"name": {"__type": "Bytes", "base64": "AGN1cA=="}}, {"name": Binary(b"\0cup")}),
        ({"_session_token": "r:1"}, {"_session_token": "r:1"}),
        ({"box": {}}, {"box": {}}),
    ],
)
def test_a_plain_value_is_equality_in_the_columns_encoding(raw: Any, expected: Any) -> None:
    assert filtered(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"price": {"$gt": 1, "$lte": 9.0}}, {"price": {"$gt": 1, "$lte": 9}}),
        ({"owner": {"$eq": "anna"}}, {"_p_owner": {"$eq": "_User$anna"}}),
        ({"owner": {"$in": [ANNA, "ben"]}}, {"_p_owner": {"$in": ["_User$anna", "_User$ben"]}}),
        ({"tags": {"$eq": ["red", DATE]}}, {"tags": {"$eq": ["red", MOMENT]}}),
        ({"name": {"$nin": ["a", ["b", ["c"]]]}}, {"name": {"$nin": ["a", "b", ["c"]]}}),
        (
            {"tags": {"$all": ["red", ANNA]}},
            {"tags": {"$all": ["red"]}, "$and": [{"tags": ANY_ORDER}]},
        ),
        ({"tags": {"$ne": ANNA}}, {"tags": {"$nin": ANY_ORDER["$in"]}}),
        ({"tags": {"$nin": ["red", ANNA]}}, {"tags": {"$nin": ["red", *ANY_ORDER["$in"]]}}),
        ({"tags": {"$all": []}}, {"tags": {"$all": []}}),
        ({"tags": {"$all": [{"$regex": "^re"}]}}, {"tags": {"$all": [Regex("^re")]}}),
        (
            {"tags": {"$containedBy": ["red"]}},
            {"tags": {"$not": {"$elemMatch": {"$nin": ["red"]}}}},
        ),
        ({"name": {"$regex": "^cup"}}, {"name": {"$regex": "^cup"}}),
        (
            {"name": {"$regex": "cup", "$options": "i"}},
            {"name": {"$regex": "cup", "$options": "i"}},
        ),
        ({"name": {"$exists": 1}}, {"name": {"$exists": True}}),
        ({"name": {"$ne": None}}, {"name": {"$ne": None}}),
    ],
)
def test_an_operator_becomes_mongos(raw: Any, expected: Any) -> None:
    assert filtered(raw) == expected


def test_a_moment_may_be_relative_to_now() -> None:
    found = filtered({"since": {"$lt": {"$relativeTime": "in 1 day"}}})["since"]["$lt"]
    assert found > datetime.now()


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"name": {"$lt": {"$relativeTime": "now"}}}, "only be used with Date field"),
        ({"since": {"$eq": {"$relativeTime": "now"}}}, "the $lt, $lte, $gt, and $gte operators"),
        ({"since": {"$gt": {"$relativeTime": "soon"}}}, "bad $relativeTime ($gt) value. Time"),
        ({"name": {"$eq": {"size": 1}}}, 'bad atom: {"size":1}'),
        ({"name": {"$eq": {"__type": "", "$gt": 1}}}, 'bad atom: {"__type":"","$gt":1}'),
        ({"tags": {"$in": [{"size": 1}]}}, 'bad atom: {"size":1}'),
    ],
)
def test_a_wrong_operand_is_invalid_json(raw: Any, message: str) -> None:
    with pytest.raises(ParseError) as refused:
        filtered(raw)
    assert refused.value.code == Code.INVALID_JSON
    assert message in refused.value.message


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ({"name": {"__type": "Moon"}}, Code.INCORRECT_TYPE),
        ({"owner": {"__type": "Moon", "$gt": 1}}, Code.INCORRECT_TYPE),
        ({"since": {"$gt": {"__type": "Date", "iso": "bad"}}}, Code.INCORRECT_TYPE),
        ({"box.place": {**POINT, "$where": "1"}}, Code.INVALID_JSON),
        ({"tags": {"$eq": [{"$where": "1"}]}}, Code.INVALID_NESTED_KEY),
    ],
)
def test_no_broken_value_and_no_operator_in_a_value_reaches_mongodb(raw: Any, code: int) -> None:
    with pytest.raises(ParseError) as refused:
        filtered(raw)
    assert refused.value.code == code


def test_groups_keep_their_operator_and_repeat_below_and() -> None:
    branches = [{"name": "cup"}, {}]
    assert filtered({"$or": branches}) == {"$or": branches}
    assert filtered({"$and": branches, "$nor": [{"price": 1}]}) == {
        "$and": branches,
        "$nor": [{"price": 1}],
    }


def test_conditions_on_one_key_never_overwrite_each_other() -> None:
    twice = tuple(Constraint("objectId", (("$in", [name]),)) for name in ("cup", "mug"))
    both = to_filter(PRODUCT, (*twice, Group("$and", (parse({"price": 1}),))))
    assert both == {
        "_id": {"$in": ["cup"]},
        "$and": [{"_id": {"$in": ["mug"]}}, {"price": 1}],
    }
    doubled = Constraint("price", (("$gt", 1), ("$lt", 9), ("$gt", 2)))
    assert to_filter(PRODUCT, (doubled,)) == {
        "price": {"$gt": 1, "$lt": 9},
        "$and": [{"price": {"$gt": 2}}],
    }


def test_a_scope_is_joined_to_what_the_client_asks() -> None:
    assert filtered({"name": "cup"}, Scope(Principal(user_id="anna"))) == {
        "name": "cup",
        "_rperm": {"$in": [None, "*", "anna"]},
    }
    assert filtered({}, Scope(NOBODY, "write")) == {"_wperm": {"$in": [None, "*"]}}


def test_of_nothing_there_is_no_object_whatever_the_client_asks() -> None:
    assert filtered({}, NOTHING) == {"_id": {"$in": []}}
    assert filtered({"objectId": "mug"}, NOTHING) == {
        "_id": "mug",
        "$and": [{"_id": {"$in": []}}],
    }


def test_a_clients_own_condition_on_a_scoped_key_cannot_widen_the_scope() -> None:
    found = filtered({"_rperm": "ben"}, Scope(NOBODY))
    assert found == {"_rperm": "ben", "$and": [{"_rperm": {"$in": [None, "*"]}}]}


def test_pointer_fields_ask_for_a_pointer_at_the_user() -> None:
    scope = Scope(Principal(user_id="anna"), "read", (("owner", "tags"),))
    readable = {"_rperm": {"$in": [None, "*", "anna"]}}
    choices = [{"_p_owner": "_User$anna"}, {"tags": ANY_ORDER}]
    assert filtered({}, scope) == {"$or": choices, **readable}
    mine = [{"price": 1}]
    assert filtered({"$or": mine}, scope) == {"$or": mine, "$and": [{"$or": choices}], **readable}
    both = filtered({"$or": mine, "$and": [{"name": "cup"}]}, scope)
    assert both == {"$or": mine, "$and": [{"name": "cup"}, {"$or": choices}], **readable}


def test_an_unresolved_relation_is_a_mistake_of_the_house() -> None:
    with pytest.raises(AssertionError):
        to_filter(PRODUCT, (RelatedTo(ANNA, "orders"),))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({}, False),
        ({"name": "cup"}, False),
        ({"name": {"$regex": "cup"}}, True),
        ({"tags": {"$all": [{"$regex": "^re"}]}}, True),
        ({"tags": {"$all": ["red"]}}, False),
        ({"$or": [{"price": 1}, {"$and": [{"name": {"$regex": "c"}}]}]}, True),
        ({"$or": [{"price": 1}], "name": {"$regex": "c"}}, True),
        ({"$relatedTo": {"object": ANNA, "key": "orders"}}, False),
    ],
)
def test_a_regular_expression_is_found_at_any_depth(raw: Any, expected: bool) -> None:
    assert has_regex(parse(raw)) is expected


def test_a_projection_keeps_the_acl() -> None:
    assert to_projection(PRODUCT, None) is None
    assert to_projection(PRODUCT, frozenset({"objectId", "ACL", "owner"})) == {
        "_rperm": 1,
        "_wperm": 1,
        "_id": 1,
        "_p_owner": 1,
    }


def test_auth_data_is_read_with_the_whole_user() -> None:
    assert to_projection(make_schema("_User", {}), frozenset({"authData"})) is None
    assert to_projection(PRODUCT, frozenset({"authData"})) is not None


def test_a_bare_id_means_a_pointer_inside_operators_only() -> None:
    assert filtered({"owner": {"$eq": "anna"}}) == {"_p_owner": {"$eq": "_User$anna"}}
    assert filtered({"owner": "anna"}) == {"_p_owner": "anna"}


NEAR = {"place": {"$nearSphere": POINT, "$maxDistance": 0.1}}


def test_a_near_place_and_a_search_stand_apart() -> None:
    raw = {"place": {"$exists": True, **NEAR["place"]}}
    near = {"place": {"$nearSphere": [2, 1], "$maxDistance": 0.1}}
    assert filtered(raw) == {"place": {"$exists": True}, "$and": [near]}
    search = {"name": {"$ne": "tea", "$text": {"$search": {"$term": "tea", "$language": "de"}}}}
    found = {"$search": "tea", "$language": "de"}
    assert filtered(search) == {"name": {"$ne": "tea"}, "$text": found}


def test_a_near_place_that_is_only_counted_is_a_circle() -> None:
    circle = {"$geoWithin": {"$centerSphere": [[2, 1], 0.1]}}
    assert to_filter(PRODUCT, parse(NEAR), unsorted=True) == {"place": circle}


def test_the_score_of_a_search_is_selected() -> None:
    projection = to_projection(PRODUCT, frozenset(("name", "$score", "score")))
    assert projection == {"_rperm": 1, "_wperm": 1, "name": 1, "score": {"$meta": "textScore"}}
