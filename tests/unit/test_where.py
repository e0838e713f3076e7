"""Reading a raw `where`: what is understood, and how each mistake is answered."""

from copy import deepcopy
from typing import Any

import pytest

from parsepy.errors import Code, ParseError
from parsepy.model import where
from parsepy.model.values import pointer
from parsepy.model.where import (
    DIRECT,
    OPERATORS,
    Constraint,
    Group,
    Kept,
    RelatedTo,
    kept,
    parse,
    to_json,
)

ANNA = pointer("_User", "anna")
ORDERS = {"className": "Order", "where": {}}


def constraint(raw: Any) -> Any:
    """The tests of a where on one field."""
    (node,) = parse({"price": raw})
    assert isinstance(node, Constraint)
    return node.tests


def refusal(raw: Any, **options: Any) -> tuple[int, str]:
    with pytest.raises(ParseError) as refused:
        parse(raw, **options)
    return refused.value.code, refused.value.message


# --- what is understood -----------------------------------------------------------------------


@pytest.mark.parametrize("raw", [{}, []])
def test_an_empty_where_asks_nothing(raw: Any) -> None:
    assert parse(raw) == ()


@pytest.mark.parametrize("value", [5, "cup", None, True, {}, ANNA, {"__type": "Date", "iso": "x"}])
def test_a_plain_or_typed_value_is_a_direct_test(value: Any) -> None:
    assert constraint(value) == ((DIRECT, value),)


def test_conditions_beside_a_typed_value_hold_with_it() -> None:
    assert constraint({**ANNA, "$exists": True}) == (("$exists", True), ("$eq", ANNA))


def test_the_typed_value_is_the_equality_that_counts() -> None:
    ben = pointer("_User", "ben")
    assert constraint({"$eq": ben, **ANNA, "$ne": 5}) == (("$eq", ANNA), ("$ne", 5))


def test_an_unknown_operator_beside_a_typed_value_is_refused() -> None:
    assert refusal({"price": {**ANNA, "$nosuch": 1}}) == (
        Code.INVALID_JSON,
        "bad constraint: $nosuch",
    )


def test_several_operators_on_a_field_must_all_hold() -> None:
    assert constraint({"$gt": 1, "$lte": 9}) == (("$gt", 1), ("$lte", 9))


def test_a_regex_takes_its_options_with_it_wherever_they_stand() -> None:
    assert constraint({"$regex": "^cup"}) == (("$regex", ("^cup", "")),)
    assert constraint({"$options": "i", "$ne": "x", "$regex": "cup"}) == (
        ("$ne", "x"),
        ("$regex", ("cup", "i")),
    )


@pytest.mark.parametrize(
    ("operator", "operand"),
    [
        ("$in", []),
        ("$nin", [1, [2]]),
        ("$all", ["red", "blue"]),
        ("$all", []),
        ("$all", [{"$regex": "^\\Qre\\E"}]),
        ("$containedBy", ["red"]),
        ("$exists", False),
        ("$inQuery", ORDERS),
        ("$notInQuery", {**ORDERS, "redirectClassNameForKey": "products"}),
        ("$select", {"query": ORDERS, "key": "total"}),
        ("$dontSelect", {"query": {"className": "Order"}, "key": "user.name"}),
    ],
)
def test_an_operator_takes_a_fitting_operand(operator: str, operand: Any) -> None:
    assert constraint({operator: operand}) == ((operator, operand),)


@pytest.mark.parametrize("operator", ["$or", "$and", "$nor"])
def test_a_logical_operator_groups_wheres(operator: str) -> None:
    (group,) = parse({operator: [{"price": 1}, {}]})
    assert group == Group(operator, ((Constraint("price", ((DIRECT, 1),)),), ()))


def test_related_to_names_an_owner_and_a_relation() -> None:
    owner = pointer("Order", "first")
    assert parse({"$relatedTo": {"object": owner, "key": "products"}}) == (
        RelatedTo(owner, "products"),
    )


# --- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize("raw", [None, 5, "x", True, [1]])
def test_a_where_is_an_object(raw: Any) -> None:
    assert refusal(raw) == (Code.INVALID_QUERY, "where must be an object")


@pytest.mark.parametrize("key", ["", "1x", "_x", ".a", "a b", "a$", "é", "_hashed_password", "a\n"])
def test_a_key_must_be_a_column_or_path(key: str) -> None:
    wrong = (Code.INVALID_KEY_NAME, f"Invalid key name: {key}")
    assert refusal({key: 1}) == refusal({key: 1}, privileged=True) == wrong


@pytest.mark.parametrize("key", ["_rperm", "_wperm", "_session_token", "_perishable_token"])
def test_only_the_master_may_name_hidden_columns(key: str) -> None:
    assert refusal({key: 1})[0] == Code.INVALID_KEY_NAME
    assert len(parse({key: 1}, privileged=True)) == 1


@pytest.mark.parametrize("key", ["$where", "$expr", "$comment", "$"])
def test_an_unknown_top_level_operator_is_an_invalid_key(key: str) -> None:
    assert refusal({key: 1}) == (Code.INVALID_KEY_NAME, f"Invalid key name: {key}")


def test_the_acl_is_not_queried() -> None:
    assert refusal({"ACL": {}}) == (Code.INVALID_QUERY, "Cannot query on ACL.")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ([1, "a"], "You cannot use 1,a as a query parameter."),
        ({"size": 1}, "You cannot use [object Object] as a query parameter."),
        ({"$gt": 1, "size": 1}, 'bad atom: {"size":1}'),
        ({"$near": 1}, "bad constraint: $near"),
        ({"$in": 5}, "bad $in value"),
        ({"$nin": {}}, "bad $nin value"),
        ({"$all": "red"}, "bad $all value"),
        ({"$containedBy": 5}, "bad $containedBy: should be an array"),
        (
            {"$all": [{"$regex": "^a"}, "b"]},
            "All $all values must be of regex type or none: /^a/,b",
        ),
        ({"$all": [{"$regex": "a"}]}, "All $all values must be of regex type or none: /a/"),
        ({"$all": [{"$regex": 5}]}, "All $all values must be of regex type or none: /5/"),
    ],
)
def test_a_wrong_constraint_is_invalid_json(raw: Any, message: str) -> None:
    assert refusal({"price": raw}) == (Code.INVALID_JSON, message)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"$regex": 5}, "$regex value must be a string"),
        ({"$regex": "a\0"}, "$regex value must not contain NUL"),
        ({"$all": [{"$regex": "^a\0"}]}, "$regex value must not contain NUL"),
        ({"$regex": "a", "$options": 5}, "$options value must be a string"),
        ({"$regex": "a", "$options": "g"}, "Bad $options value for query: g"),
        ({"$regex": "a", "$options": ""}, "Bad $options value for query: "),
        ({"$options": "i"}, "$options needs a $regex"),
    ],
)
def test_a_wrong_regular_expression_is_an_invalid_query(raw: Any, message: str) -> None:
    assert refusal({"name": raw}) == (Code.INVALID_QUERY, message)


@pytest.mark.parametrize(
    ("operator", "operand"),
    [
        ("$inQuery", 5),
        ("$inQuery", {"where": {}}),
        ("$notInQuery", {"className": 5, "where": {}}),
        ("$select", 5),
        ("$select", {"query": 5, "key": "total"}),
        ("$select", {"query": ORDERS}),
        ("$select", {"query": ORDERS, "key": ""}),
        ("$dontSelect", {"query": {"where": {}}, "key": "total"}),
        ("$dontSelect", {"query": {"className": "Order", "where": 5}, "key": "total"}),
        ("$select", {"query": ORDERS, "key": "total", "more": 1}),
    ],
)
def test_a_subquery_needs_its_parts(operator: str, operand: Any) -> None:
    wrong = (Code.INVALID_QUERY, f"improper usage of {operator}")
    assert refusal({"user": {operator: operand}}) == wrong


@pytest.mark.parametrize(
    "operand",
    [
        5,
        {},
        {"object": ANNA},
        {"object": {"className": "_User", "objectId": "anna"}, "key": "orders"},
        {"object": pointer("", "anna"), "key": "orders"},
        {"object": pointer("a\0", "anna"), "key": "orders"},
        {"object": {**ANNA, "objectId": 5}, "key": "orders"},
        {"object": ANNA, "key": "$orders"},
        {"object": ANNA, "key": 5},
    ],
)
def test_related_to_needs_an_owner_and_the_name_of_a_relation(operand: Any) -> None:
    wrong = (Code.INVALID_QUERY, "improper usage of $relatedTo")
    assert refusal({"$relatedTo": operand}) == wrong


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"$and": []}, "Bad $and format - use an array value with at least 1 item."),
        ({"$nor": []}, "Bad $nor format - use an array of at least 1 value."),
        ({"$or": [5]}, "where must be an object"),
    ],
)
def test_a_logical_operator_takes_wheres(raw: Any, message: str) -> None:
    assert refusal(raw) == (Code.INVALID_QUERY, message)


def test_a_client_is_told_otherwise_than_the_master_that_a_list_is_missing() -> None:
    assert refusal({"$or": 5}) == (Code.INVALID_QUERY, "$or must be an array")
    for operator, wanted in (("$or", "an array value."), ("$nor", "an array of at least 1 value.")):
        message = f"Bad {operator} format - use {wanted}"
        assert refusal({operator: 5}, privileged=True) == (Code.INVALID_QUERY, message)


def test_logical_operators_nest_as_deep_as_the_server_allows() -> None:
    raw = {"$or": [{"$and": [{"price": 1}]}]}
    assert len(parse(raw, max_depth=2)) == 1
    assert "exceeds maximum allowed depth of 1" in refusal(raw, max_depth=1)[1]
    deep: Any = {"price": 1}
    for _ in range(101):
        deep = {"$or": [deep]}
    assert "exceeds maximum allowed depth of 100" in refusal(deep)[1]


# --- questions about a where ------------------------------------------------------------------


def test_the_fields_of_a_where_are_those_at_every_depth() -> None:
    raw = {
        "name": "cup",
        "$or": [{"price": 1}, {"$nor": [{"box.size": 2}]}],
        "$relatedTo": {"object": ANNA, "key": "orders"},
    }
    assert list(where.fields_of(parse(raw))) == ["name", "price", "box.size"]


@pytest.mark.parametrize(
    ("raw", "object_id"),
    [
        ({"objectId": "cup"}, "cup"),
        ({}, None),
        ({"objectId": 5}, None),
        ({"objectId": {"$in": ["cup"]}}, None),
        ({"objectId": {"$gt": "a", "$lt": "z"}}, None),
        ({"name": "cup"}, None),
        ({"$or": [{"objectId": "cup"}]}, None),
        ({"objectId": "cup", "price": 1}, None),
    ],
)
def test_a_where_that_is_just_an_id_is_seen(raw: Any, object_id: str | None) -> None:
    assert where.equals_id(parse(raw)) == object_id


def test_every_subquery_is_an_operator() -> None:
    assert set(where.SUBQUERIES) <= set(OPERATORS)


# --- how much is asked ------------------------------------------------------------------------


def test_a_where_of_too_many_fields_or_branches_is_refused() -> None:
    wide = {f"f{number}": 1 for number in range(10_001)}
    assert refusal(wide)[0] == Code.INVALID_QUERY
    assert refusal({"$or": [{"price": 1}] * 10_001})[0] == Code.INVALID_QUERY


def test_every_operator_is_found_with_the_subqueries_around_it() -> None:
    inner = {"className": "Order", "where": {"total": {"$gt": 5}}}
    raw = {"$or": [{"price": {"$lt": 3}}, {"order": {"$inQuery": inner}}], "name": "mug"}
    assert list(where.operators_of(raw)) == [("$or", 0), ("$lt", 0), ("$inQuery", 0), ("$gt", 1)]


POINT = {"__type": "GeoPoint", "latitude": 48.4, "longitude": 10}


@pytest.mark.parametrize(
    ("test", "radians"),
    [
        ({}, None),
        ({"$maxDistance": 0.5}, 0.5),
        ({"$maxDistanceInRadians": 0.5}, 0.5),
        ({"$maxDistanceInKilometers": 637.1}, 0.1),
        ({"$maxDistanceInMiles": 395.9}, 0.1),
        ({"$maxDistanceInMiles": 1, "$maxDistanceInKilometers": 637.1}, 0.1),
        ({"$maxDistanceInMiles": 1, "$maxDistanceInRadians": 2, "$maxDistance": 0.2}, 0.2),
    ],
)
def test_a_near_place_takes_its_distance_with_it(test: Any, radians: float | None) -> None:
    ((operator, near),) = constraint({**test, "$nearSphere": POINT})
    assert operator == "$nearSphere"
    assert near.center == (10, 48.4)
    assert near.farthest == (None if radians is None else pytest.approx(radians))


def test_a_near_place_is_written_as_it_can_be_read() -> None:
    where = parse({"at": {"$nearSphere": POINT, "$maxDistanceInMiles": 395.9}})
    assert parse(to_json(where)) == where


def test_a_distance_stands_beside_a_near_place() -> None:
    code, message = refusal({"at": {"$maxDistance": 1}})
    assert (code, message) == (Code.INVALID_QUERY, "$maxDistance needs a $nearSphere")


def test_an_area_is_checked_where_it_is_read() -> None:
    ((operator, box),) = constraint({"$within": {"$box": [POINT, POINT]}})
    assert (operator, box) == ("$within", {"$box": [POINT, POINT]})
    assert refusal({"at": {"$within": {}}}) == (Code.INVALID_JSON, "malformatted $within arg")


@pytest.mark.parametrize(
    ("search", "message"),
    [
        ("mug", "bad $text: $search, should be object"),
        ([], "bad $text: $term, should be string"),
        ({}, "bad $text: $term, should be string"),
        ({"$term": ""}, "bad $text: $term, should be string"),
        ({"$term": "mug", "$language": 5}, "bad $text: $language, should be string"),
        ({"$term": "mug", "$caseSensitive": 1}, "bad $text: $caseSensitive, should be boolean"),
    ],
)
def test_a_text_search_needs_a_term(search: Any, message: str) -> None:
    assert refusal({"name": {"$text": {"$search": search}}}) == (Code.INVALID_JSON, message)


def test_what_is_empty_in_a_text_search_counts_as_not_given() -> None:
    search = {"$term": "mug", "$language": "", "$caseSensitive": 0}
    assert constraint({"$text": {"$search": search}}) == (("$text", {"$search": search}),)


def test_the_tests_with_an_operator_are_found_at_every_depth() -> None:
    raw = {
        "price": {"$lt": 9, "$gt": 1},
        "$or": [{"stock": {"$lt": 2}}, {"$and": [{"name": {"$ne": "mug"}}]}],
        "$relatedTo": {"object": ANNA, "key": "cart"},
    }
    assert list(where.tests_of(parse(raw), "$lt")) == [("price", 9), ("stock", 2)]


@pytest.mark.parametrize(
    "raw",
    [
        {"price": 5, "name": {"$ne": "mug", "$exists": True}},
        {"name": {"$regex": "^m"}, "color": {"$regex": "blue", "$options": "i"}},
        {"at": {"$nearSphere": POINT}},
        {"$or": [{"price": 1}, {"price": 2}], "$and": [{"stock": 1}, {"stock": {"$lt": 3}}]},
        {"$relatedTo": {"object": ANNA, "key": "cart"}, "price": 5},
        {},
    ],
    ids=str,
)
def test_a_where_is_written_as_it_was_sent(raw: Any) -> None:
    assert to_json(parse(raw)) == raw


def test_two_conditions_of_one_name_are_written_as_a_conjunction() -> None:
    both = (*parse({"price": {"$gt": 1}}), *parse({"price": {"$lt": 9}}))
    assert to_json(both) == {"$and": [{"price": {"$gt": 1}}, {"price": {"$lt": 9}}]}


def test_a_where_by_id_asks_for_that_id_alone() -> None:
    assert where.equals_id((where.by_id("abc"),)) == "abc"


@pytest.mark.parametrize(
    "raw",
    [
        {"shelf": {"__type": "Pointer", "className": "Shelf", "objectId": "s1"}},
        {"size": {"$in": [1, 2]}},
        {"$relatedTo": {"object": dict(ANNA), "key": "goods"}},
    ],
)
def test_who_changes_the_raw_form_does_not_change_the_where(raw: Any) -> None:
    where = parse(deepcopy(raw))
    for value in to_json(where).values():
        inner = next(iter(value.values())) if "__type" not in value else value
        inner.clear()
    assert to_json(where) == raw


# --- what is kept with a where ----------------------------------------------------------------


def test_what_was_found_out_about_a_where_is_asked_once() -> None:
    where = kept(parse({"price": {"$lt": 5}}))
    assert isinstance(where, Kept)
    assert where == parse({"price": {"$lt": 5}})
    asked: list[Any] = []

    def find(one: Any) -> int:
        asked.append(one)
        return len(asked)

    assert [where.once("number", find) for _ in range(3)] == [1, 1, 1]


def test_what_depends_on_something_is_asked_again_where_that_is_another() -> None:
    where = Kept(parse({"price": 5}))
    first, second = object(), object()
    assert where.once_with("class", first, lambda: 1) == 1
    assert where.once_with("class", first, lambda: 2) == 1
    assert where.once_with("class", second, lambda: 3) == 3


@pytest.mark.parametrize("raw", [{}, {"due": {"$lt": {"$relativeTime": "in 1 day"}}}])
def test_nothing_is_kept_with_what_changes_by_itself_or_says_nothing(raw: Any) -> None:
    assert type(kept(parse(raw))) is tuple
