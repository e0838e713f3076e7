"""Pending changes of a field: what each does to a value, how two become one, how it travels."""

from __future__ import annotations

from typing import Any

import pytest

from parsepy.cloud.ops import (
    Add,
    AddUnique,
    Increment,
    Op,
    Relate,
    Remove,
    Set,
    Unset,
    apply,
    from_rest,
    merge,
    to_rest,
)


def same(value: Any) -> Any:
    return value


APPLIED: list[tuple[Op, Any, Any]] = [
    (Set(5), 1, 5),
    (Unset(), 1, None),
    (Increment(2), None, 2),
    (Increment(2), 1.5, 3.5),
    (Add((1, 1)), [1], [1, 1, 1]),
    (AddUnique((1, 2, 2)), [1], [1, 2]),
    (Remove((1,)), [1, 2, 1], [2]),
    (Remove((1,)), None, []),
]


@pytest.mark.parametrize(("op", "value", "expected"), APPLIED)
def test_an_operation_changes_a_value(op: Op, value: Any, expected: Any) -> None:
    assert apply(op, value, same) == expected


@pytest.mark.parametrize(
    ("op", "value"), [(Increment(1), "x"), (Increment(1), True), (Add((1,)), "x")]
)
def test_an_operation_refuses_a_value_that_it_does_not_fit(op: Op, value: Any) -> None:
    with pytest.raises(TypeError, match="can't"):
        apply(op, value, same)


OPS: tuple[Op, ...] = (
    Set([3]),
    Unset(),
    Add((1, 2)),
    AddUnique((2, 3)),
    Remove((2,)),
)


@pytest.mark.parametrize("base", [None, [], [1, 2, 2]])
@pytest.mark.parametrize("second", OPS)
@pytest.mark.parametrize("first", OPS)
def test_two_operations_merge_to_one_that_does_both(first: Op, second: Op, base: Any) -> None:
    merged = merge(first, second, base, same)
    one_by_one = apply(second, apply(first, base, same), same)
    assert apply(merged, base, same) == one_by_one


def test_increments_merge_to_one_increment() -> None:
    assert merge(Increment(2), Increment(3), None, same) == Increment(5)


def test_a_member_that_is_added_and_removed_is_removed() -> None:
    merged = merge(Relate(added=("a", "b")), Relate(removed=("a",)), None, same)
    assert merged == Relate(added=("b",), removed=("a",))


@pytest.mark.parametrize(
    "op", [*OPS, Increment(2), Relate(("a",), ("b",)), Relate(("a",)), Relate((), ("b",))]
)
def test_an_operation_comes_back_from_its_form_on_the_wire(op: Op) -> None:
    assert from_rest(to_rest(op, same), same) == op


@pytest.mark.parametrize("value", [5, {"__op": "Explode"}, {"__op": "Add", "objects": 5}, {}])
def test_what_is_no_operation_is_set_as_it_is(value: Any) -> None:
    assert from_rest(value, same) == Set(value)
