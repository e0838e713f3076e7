"""A tiny matcher for tests of Live Query's own parts: equality, $gt and $lt on plain columns."""

from collections.abc import Callable
from functools import partial
from typing import Any

from parsepy.model.values import JSONObject
from parsepy.model.where import Constraint, Where


def matches(where: Where, item: JSONObject) -> bool:
    """Does the object satisfy every constraint?"""
    return all(isinstance(node, Constraint) and _holds(node, item) for node in where)


def compile_where(where: Where) -> Callable[[JSONObject], bool]:
    """The question whether an object satisfies this where."""
    return partial(matches, where)


def _holds(node: Constraint, item: JSONObject) -> bool:
    value = item.get(node.field)
    return all(_test(operator, value, operand) for operator, operand in node.tests)


def _test(operator: str, value: Any, operand: Any) -> bool:
    if operator == "$gt":
        return value is not None and bool(value > operand)
    if operator == "$lt":
        return value is not None and bool(value < operand)
    return bool(value == operand or (isinstance(value, list) and operand in value))
