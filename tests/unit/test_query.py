"""Reading the parameters of a find: limits, order, keys, includes, hint."""

from typing import Any

import pytest

from parsepy.errors import Code, ParseError
from parsepy.model import query
from parsepy.model.query import Query, QueryLimits
from parsepy.model.where import DIRECT, Constraint


def read(limits: QueryLimits | None = None, privileged: bool = False, **parameters: Any) -> Query:
    return query.from_parameters(
        "Product", parameters, privileged=privileged, limits=limits or QueryLimits()
    )


def refusal(limits: QueryLimits | None = None, **parameters: Any) -> tuple[int, str]:
    with pytest.raises(ParseError) as refused:
        read(limits, **parameters)
    return refused.value.code, refused.value.message


def test_without_parameters_the_first_hundred_are_read() -> None:
    assert read() == Query("Product", limit=100, skip=0)


def test_an_unknown_parameter_is_refused_by_name() -> None:
    assert refusal(find="x") == (Code.INVALID_QUERY, "Invalid parameter for query: find")


# --- limit, skip, count -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "limit"), [(0, 0), (5, 5), ("5", 5), (" 5 ", 5), (5.0, 5), (None, 100)]
)
def test_a_whole_number_is_a_limit(value: Any, limit: int) -> None:
    assert read(limit=value).limit == limit


@pytest.mark.parametrize(
    "value", [-1, "-1", 1.5, "1.5", "x", "", "²", "9" * 5000, True, [], {}, 2**31, float("inf")]
)
def test_any_other_limit_or_skip_is_refused(value: Any) -> None:
    assert refusal(limit=value) == (Code.INVALID_QUERY, "bad limit")
    assert refusal(skip=value) == (Code.INVALID_QUERY, "bad skip")


def test_the_server_caps_the_limit_silently() -> None:
    limits = QueryLimits(default_limit=20, max_limit=50)
    assert read(limits).limit == 20
    assert read(limits, limit=1000).limit == 50
    assert read(limits, limit=50).limit == 50


def test_a_truthy_count_asks_for_the_number_of_matches() -> None:
    assert read(count=1).count
    assert not read(count=0).count


# --- where --------------------------------------------------------------------------------------

FREE = (Constraint("price", ((DIRECT, 0),)),)


@pytest.mark.parametrize("value", [{"price": 0}, '{"price":0}'])
def test_a_where_may_be_json_text(value: Any) -> None:
    assert read(where=value).where == FREE


def test_broken_json_in_where_is_named() -> None:
    assert refusal(where="{") == (Code.INVALID_JSON, "where parameter is not valid JSON")


def test_the_nesting_of_a_where_is_limited_for_clients_only() -> None:
    limits, deep = QueryLimits(query_depth=1), {"$or": [{"$or": [{"price": 0}]}]}
    assert refusal(limits, where=deep)[0] == Code.INVALID_QUERY
    assert len(read(limits, privileged=True, where=deep).where) == 1


def test_a_simple_query_is_privileged() -> None:
    made = query.simple("_User", {"_session_token": "t"}, limit=1)
    assert (made.class_name, made.limit) == ("_User", 1)
    assert made.where == (Constraint("_session_token", ((DIRECT, "t"),)),)


# --- order --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "order"),
    [
        (None, ()),
        ("", ()),
        ("price", (("price", 1),)),
        ("-price, name", (("price", -1), ("name", 1))),
        (["-price", "box.size"], (("price", -1), ("box.size", 1))),
        ("price,-price", (("price", -1),)),
    ],
)
def test_an_order_is_a_list_of_columns(value: Any, order: Any) -> None:
    assert read(order=value).order == order


@pytest.mark.parametrize("name", ["1x", "_rperm", "-", "--price", "a b", "box.", "box..size", ".a"])
def test_an_order_by_what_is_no_column_is_refused(name: str) -> None:
    code, message = refusal(order=name)
    assert code == Code.INVALID_KEY_NAME
    assert message == f"Invalid field name: {name.removeprefix('-')}."


def test_provider_ids_are_not_sorted_by() -> None:
    wrong = (Code.INVALID_KEY_NAME, "Cannot sort by authData.anonymous.id")
    assert refusal(order="-authData.anonymous.id") == wrong


def test_an_order_that_is_no_text_is_refused() -> None:
    assert refusal(order={"price": 1}) == (Code.INVALID_QUERY, "Invalid parameter for query: order")


# --- keys, excludeKeys, include -------------------------------------------------------------------


def test_no_keys_select_everything() -> None:
    assert read().keys is None
    assert read(keys=None).keys is None
    assert read().root_keys is None


def test_empty_keys_select_the_defaults_alone() -> None:
    assert read(keys="").root_keys == frozenset(query.ALWAYS_SELECTED)


def test_keys_select_their_roots_and_the_defaults() -> None:
    found = read(keys=" name , box.size,,1")
    assert found.keys == ("name", "box.size")
    roots = {"objectId", "createdAt", "updatedAt", "ACL", "name", "box"}
    assert found.root_keys == frozenset(roots)


@pytest.mark.parametrize("name", ["$name", "a\0", "box..size", "_hashed_password"])
def test_what_can_be_no_column_selects_nothing(name: str) -> None:
    assert read(keys=name).keys == ()


def test_a_dotted_key_includes_its_parents() -> None:
    assert read(keys="user.shop.name,price").include == (("user",), ("user", "shop"))


def test_an_include_includes_its_parents_once_and_first() -> None:
    assert read(include="user.shop.owner,user,items").include == (
        ("items",),
        ("user",),
        ("user", "shop"),
        ("user", "shop", "owner"),
    )


@pytest.mark.parametrize("parameters", [{"include": "*"}, {"includeAll": True}])
def test_everything_may_be_included(parameters: Any) -> None:
    found = read(**parameters)
    assert found.include_all
    assert found.include == ()


def test_excluded_keys_are_names() -> None:
    assert read(excludeKeys=["name", 5]).exclude_keys == ("name", "5")


def test_the_depth_and_number_of_a_clients_includes_are_limited() -> None:
    limits = QueryLimits(include_depth=1, include_count=2)
    assert refusal(limits, include="user.shop") == (
        Code.INVALID_QUERY,
        "Include depth of 2 exceeds maximum allowed depth of 1",
    )
    assert refusal(limits, include="a,b,c") == (
        Code.INVALID_QUERY,
        "Number of include fields (3) exceeds maximum allowed (2)",
    )
    assert refusal(limits, keys="a.b.c")[1].startswith("Include depth of 2")
    assert refusal(limits, include="a", keys="b.x,c.x")[1].startswith("Number of include fields")
    assert refusal(QueryLimits(include_count=2), include="a.b.c")[1] == (
        "Number of include fields (3) exceeds maximum allowed (2)"
    )
    assert len(read(limits, include="a,b").include) == 2
    assert len(read(limits, privileged=True, include="a.b.c").include) == 3


def test_an_order_an_include_and_keys_have_a_bounded_length() -> None:
    many = ",".join(f"a{n}" for n in range(2000))
    assert len(read(keys=many).keys or ()) == 2000
    assert refusal(keys=",".join((many, many, many)))[0] == Code.INVALID_QUERY
    assert refusal(order=many)[0] == Code.INVALID_QUERY
    assert refusal(include=many)[0] == Code.INVALID_QUERY
    assert refusal(include=".".join("a" * 500))[0] == Code.INVALID_QUERY


# --- hint, comment, redirect, read preference -----------------------------------------------------


@pytest.mark.parametrize("value", [None, "price_1", {"price": 1, "name": -1}, {"place": "2d"}])
def test_a_hint_names_or_describes_an_index(value: Any) -> None:
    assert read(hint=value).hint == value


@pytest.mark.parametrize("value", ["", 5, True, [], {}, {"price": [1]}, {"price": True}, {"a": 2}])
def test_any_other_hint_is_refused(value: Any) -> None:
    wrong = (Code.INVALID_QUERY, "hint must be a string or an index specification")
    assert refusal(hint=value) == wrong


def test_a_comment_is_a_text() -> None:
    assert read(comment="why").comment == "why"
    assert read(comment=5).comment == "5"
    assert read(comment="").comment is None


def test_a_redirect_names_a_relation() -> None:
    assert read(redirectClassNameForKey="products").redirect_key == "products"
    assert read(redirectClassNameForKey=5).redirect_key is None


def test_read_preferences_are_known_words_in_any_case() -> None:
    found = read(readPreference="secondary", subqueryReadPreference="NEAREST")
    assert found.read_preference == "SECONDARY"
    assert found.subquery_read_preference == "NEAREST"
    assert found.include_read_preference is None


@pytest.mark.parametrize("value", ["slowest", 5, ""])
def test_another_read_preference_is_refused(value: Any) -> None:
    wrong = (Code.INVALID_QUERY, "Not supported read preference.")
    assert refusal(includeReadPreference=value) == wrong


@pytest.mark.parametrize(
    ("value", "level"),
    [
        (None, None),
        (False, None),
        (True, "allPlansExecution"),
        ("queryPlanner", "queryPlanner"),
        ("executionStats", "executionStats"),
        ("queryPlannerExtended", "allPlansExecution"),
    ],
)
def test_the_master_may_ask_for_the_plan_of_a_query(value: Any, level: str | None) -> None:
    assert read(privileged=True, explain=value).explain == level
    assert read(QueryLimits(public_explain=True), explain=value).explain == level


@pytest.mark.parametrize("value", ["slowly", 5, [], {}])
def test_another_depth_of_a_plan_is_refused(value: Any) -> None:
    wrong = (Code.INVALID_QUERY, "Invalid value for explain")
    assert refusal(QueryLimits(public_explain=True), explain=value) == wrong


def test_a_client_is_not_shown_the_plan() -> None:
    wrong = "Using the explain query parameter requires the master key"
    assert refusal(explain=True) == (Code.INVALID_QUERY, wrong)


# --- what dotted keys say of included objects -------------------------------------------------

KEYS = ("user.name", "user.shop.city", "price", "user.shop")


@pytest.mark.parametrize(
    ("path", "last_only", "names"),
    [
        (("user",), False, ("name", "shop")),
        (("user", "shop"), False, ("city",)),
        (("user",), True, ("name", "shop")),
        (("price",), False, ()),
        (("order",), False, ()),
    ],
)
def test_dotted_keys_are_narrowed_to_an_included_object(
    path: tuple[str, ...], last_only: bool, names: tuple[str, ...]
) -> None:
    assert query.below(KEYS, last_only=last_only).get(path, ()) == names


def test_an_excluded_path_drops_only_where_it_ends() -> None:
    assert query.below(("user.shop.city",), last_only=True).get(("user",), ()) == ()


# --- what an operator may cost ------------------------------------------------------------------

NESTED = {
    "user": {
        "$inQuery": {
            "className": "_User",
            "where": {"cart": {"$notInQuery": {"className": "Cart", "where": {}}}},
        }
    }
}


def test_subqueries_may_be_nested_so_deep() -> None:
    message = "Subquery nesting depth exceeds maximum allowed depth of 1"
    assert refusal(QueryLimits(subquery_depth=1), where=NESTED) == (Code.INVALID_QUERY, message)
    assert read(QueryLimits(subquery_depth=2), where=NESTED).where
    assert read(QueryLimits(subquery_depth=0), privileged=True, where=NESTED).where


@pytest.mark.parametrize("where", [{"name": {"$regex": "mug"}}, {"$or": [{"a": {"$regex": "b"}}]}])
def test_regular_expressions_may_be_forbidden(where: dict[str, Any]) -> None:
    limits = QueryLimits(allow_regex=False)
    assert refusal(limits, where=where) == (Code.INVALID_QUERY, "$regex operator is not allowed")
    assert read(limits, privileged=True, where=where).where
    assert read(limits, where={"name": "mug"}).where


# --- back to a request ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parameters",
    [
        {"where": {"price": {"$lt": 9}}},
        {"where": {}, "order": "-price,name", "limit": 5, "skip": 10, "count": True},
        {"where": {}, "keys": "name,price", "excludeKeys": "stock", "include": "shop,shop.owner"},
        {"where": {}, "includeAll": True, "readPreference": "SECONDARY", "comment": "evening"},
        {"where": {}, "limit": 0, "redirectClassNameForKey": "shop", "hint": "by_price"},
    ],
    ids=str,
)
def test_a_query_is_written_as_it_can_be_read(parameters: Any) -> None:
    asked = read(privileged=True, **parameters)
    written = query.to_parameters(asked)
    assert read(privileged=True, **written) == asked
    assert set(written) >= set(parameters)


def test_a_query_of_all_has_no_limit_to_write() -> None:
    assert query.to_parameters(query.simple("Product", {}, limit=None)) == {"where": {}}


def test_a_query_for_one_names_its_id() -> None:
    assert query.to_parameters(query.one("Product", "abc", keys=("name",))) == {
        "where": {"objectId": "abc"},
        "keys": "name",
        "limit": 1,
    }


def test_the_fit_of_a_search_sorts_best_first_and_is_kept_if_it_is_asked_for() -> None:
    asked = read(order="-$score", keys="$score")
    assert asked.order == (("$score", 1),)
    assert asked.root_keys is not None
    assert {"$score", "score"} <= asked.root_keys
