"""How JavaScript shows values and reads numbers."""

import math
from typing import Any

import pytest

from parsepy.model.javascript import number_of, shown, shown_number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (3, "3"),
        ("text", "text"),
        ([1, None, "a", [2, [3]]], "1,,a,2,3"),
        ({"a": 1}, "[object Object]"),
    ],
)
def test_a_value_in_a_text(value: Any, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (10.0, "10"),
        (-1.5, "-1.5"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (0.000001, "0.000001"),
        (0.0000015, "0.0000015"),
        (1e-7, "1e-7"),
        (1.25e-9, "1.25e-9"),
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (10**400, "Infinity"),
        (-(10**400), "-Infinity"),
    ],
)
def test_a_number_has_the_shortest_digits(number: float, text: str) -> None:
    assert shown_number(number) == text


@pytest.mark.parametrize(
    ("text", "number"), [("1", 1), ("1.0", 1), ("1.5", 1.5), ("9007199254740993", 2.0**53)]
)
def test_a_literal_is_read_with_the_precision_of_a_double(text: str, number: float) -> None:
    assert number_of(text) == number
    assert isinstance(number_of("1.0"), int)
    assert isinstance(number_of("1e300"), float)
