"""What a query costs, and how large an object is, is known before more is done with it."""

from typing import Any

import pytest

from parsepy.livequery.costs import REGEX, cost_of, size_of

MOST = 1000


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (None, 1),
        ("x" * 640, 11),
        ([1, 2, [3]], 5),
        ({"a": {"b": 1}}, 3),
        ({"x" * 640: 1}, 12),
    ],
    ids=lambda value: str(value)[:20],
)
def test_each_value_counts_and_long_texts_for_more(value: Any, size: int) -> None:
    assert size_of(value, MOST) == size
    assert cost_of(value, MOST) == size


def test_a_regular_expression_costs_more_than_a_value() -> None:
    where = {"$or": [{"name": {"$regex": "a"}}, {"name": {"$regex": "b"}}]}
    assert cost_of(where, MOST) == size_of(where, MOST) + 2 * REGEX


@pytest.mark.parametrize(
    "value", [[0] * 5000, {str(n): n for n in range(5000)}, [[0] * 900] * 2], ids=type
)
def test_counting_ends_above_the_bound(value: Any) -> None:
    assert MOST < size_of(value, MOST) < 2 * MOST
