"""Who listens to what: the index finds exactly the queries that a change can match."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsepy.errors import ParseError
from parsepy.livequery.subscriptions import (
    Subscription,
    SubscriptionIndex,
    index_key_of,
    is_watched,
    outcome,
)
from parsepy.model.match import compile as compile_where
from parsepy.model.match import matches
from parsepy.model.where import parse

ANN = {"__type": "Pointer", "className": "_User", "objectId": "ann"}
PHOTO = {"__type": "File", "name": "a.png", "url": "http://shop/a.png"}


def listener(where: dict[str, Any], class_name: str = "Order") -> Subscription:
    """A subscription to the orders that match."""
    return Subscription(object(), 1, class_name, parse(where))


def found(
    index: SubscriptionIndex, item: dict[str, Any], original: dict[str, Any] | None = None
) -> list[Any]:
    """The listeners that a change of an order reaches, with the states that match."""
    return [
        (subscription, match.was, match.now)
        for query in index.candidates("Order", item, original)
        if (match := query.match(item, original)) is not None
        for subscription in query.listeners
    ]


def test_both_states_of_an_order_are_looked_up() -> None:
    index = SubscriptionIndex(compile_where)
    pending, paid = listener({"status": "pending"}), listener({"status": "paid"})
    for one in (pending, paid, listener({"status": "shipped"})):
        index.add(one)
    moved = found(index, {"status": "paid"}, {"status": "pending"})
    assert sorted(moved, key=lambda each: each[1]) == [(paid, False, True), (pending, True, False)]


def test_a_query_that_many_share_is_matched_once() -> None:
    calls: list[Any] = []

    def counting(item: Any) -> bool:
        calls.append(item)
        return True

    index = SubscriptionIndex(lambda where: counting)
    for _ in range(100):
        index.add(listener({"total": {"$gt": 5}}))
    assert len(found(index, {"total": 6})) == 100
    assert len(calls) == 1


def test_a_query_of_another_value_is_not_even_matched() -> None:
    index = SubscriptionIndex(lambda where: lambda item: pytest.fail("it was matched"))
    index.add(listener({"status": "paid"}))
    assert found(index, {"status": "pending"}) == []
    assert found(index, {}) == []


@pytest.mark.parametrize(
    ("where", "item"),
    [
        ({"user": ANN}, {"user": dict(ANN)}),
        ({"user": {"$eq": ANN}}, {"user": [dict(ANN)]}),
        ({"photo": PHOTO["name"]}, {"photo": PHOTO}),
        ({"user": "ann"}, {"user": ANN}),
        ({"tags": "sale"}, {"tags": ["new", "sale"]}),
        ({"total": 5}, {"total": 5.0}),
        ({"paid": True}, {"paid": True}),
        ({"when": {"__type": "Date", "iso": "x"}}, {"when": 1}),
        ({"address.city": "Bern"}, {"address": {"city": "Bern"}}),
        ({"createdAt": "2026"}, {"createdAt": "2026"}),
        ({"$or": [{"total": 1}]}, {"total": 1}),
    ],
)
def test_whatever_can_equal_an_operand_is_found(where: Any, item: Any) -> None:
    index = SubscriptionIndex(lambda where: lambda item: True)
    one = listener(where)
    index.add(one)
    assert [each[0] for each in found(index, item)] == [one]


def test_the_most_selective_equality_is_the_place() -> None:
    where = parse({"paid": True, "total": 5, "status": "x", "user": ANN, "objectId": "o"})
    assert index_key_of(where) == ("objectId", ("text", "o"))
    assert index_key_of(where[:-1]) == ("user", ("pointer", ("_User", "ann")))
    assert index_key_of(parse({"status": "x", "total": 5})) == ("status", ("text", "x"))
    assert index_key_of(parse({"user": {"__type": "Pointer", "className": 5}})) is None


def test_who_has_gone_leaves_nothing_behind() -> None:
    index = SubscriptionIndex(compile_where)
    many = [
        listener({"status": "paid"}),
        listener({"status": "paid"}),
        listener({"status": "pending"}),
        listener({"total": 5}),
        listener({"total": {"$gt": 5}}),
    ]
    for one in many:
        index.add(one)
    assert (len(index), index.listens("Order"), index.listens("Cart")) == (5, True, False)
    for one in many:
        index.remove(one)
    assert (len(index), index.listens("Order"), index._classes) == (0, False, {})
    assert found(index, {"status": "paid"}) == []


@pytest.mark.parametrize(
    ("was", "now", "is_new", "is_deletion", "event"),
    [
        (True, True, False, False, "update"),
        (True, False, False, False, "leave"),
        (False, True, False, False, "enter"),
        (False, True, True, False, "create"),
        (False, False, False, False, None),
        (False, True, False, True, "delete"),
        (True, False, False, True, None),
    ],
)
def test_the_event_follows_from_the_two_states(
    was: bool, now: bool, is_new: bool, is_deletion: bool, event: str | None
) -> None:
    assert outcome(was=was, now=now, is_new=is_new, is_deletion=is_deletion) == event


def test_only_creates_and_updates_are_kept_back_by_watched_fields() -> None:
    watch = frozenset(["address.city"])
    old, moved = {"address": {"city": "Bern"}}, {"address": {"city": "Basel"}}
    assert is_watched("update", watch, moved, old)
    assert not is_watched("update", watch, {**old, "total": 1}, old)
    assert not is_watched("create", watch, {"total": 1}, None)
    assert is_watched("create", watch, old, None)
    assert is_watched("leave", watch, old, old)
    assert is_watched("update", None, old, old)


@given(
    st.lists(st.fixed_dictionaries({"total": st.integers(0, 3)}), max_size=8),
    st.fixed_dictionaries({"total": st.integers(0, 3)}),
    st.none() | st.fixed_dictionaries({"total": st.integers(0, 3)}),
)
def test_the_index_finds_what_matching_every_query_finds(
    wheres: list[Any], item: Any, original: Any
) -> None:
    index = SubscriptionIndex(compile_where)
    listeners = [listener(where) for where in wheres]
    for one in listeners:
        index.add(one)
    expected = {
        id(one)
        for one in listeners
        if matches(one.where, item) or (original is not None and matches(one.where, original))
    }
    assert {id(each[0]) for each in found(index, item, original)} == expected


def test_a_subscription_is_removed_once() -> None:
    index = SubscriptionIndex(compile_where)
    one = listener({"total": 1})
    one.cost = 7
    index.add(one)
    assert index.spent == 7
    index.remove(one)
    assert (index.spent, len(index), index.listens("Order")) == (0, 0, False)
    with pytest.raises(KeyError):
        index.remove(one)


def test_queries_that_are_equal_are_kept_once() -> None:
    index = SubscriptionIndex(compile_where)
    first, second = listener({"status": "paid"}), listener({"status": "paid"})
    index.add(first)
    index.add(second)
    assert first.where is second.where
    assert first.query is second.query


def test_a_query_that_can_not_be_compiled_leaves_its_class_alone() -> None:
    index = SubscriptionIndex(compile_where)
    with pytest.raises(ParseError):
        index.add(listener({"name": {"$regex": "["}}))
    assert not index.listens("Order")
