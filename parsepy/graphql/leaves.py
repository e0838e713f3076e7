"""Leaves: the completion of values that have no fields, texts, numbers, dates and enums."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import GraphQLEnumType, GraphQLScalarType

from parsepy.graphql.runs import Anomaly, Complete, Later
from parsepy.graphql.selections import Unsuited


def text_at(name: str, *, is_required: bool) -> Complete:
    """The completion of a text of this name in an object, read without a second call."""

    def complete(value: Any, later: list[Later]) -> Any:
        text = value.get(name)
        if text.__class__ is str or (text is None and not is_required):
            return text
        raise Anomaly

    return complete


def enum(kind: GraphQLEnumType) -> Complete:
    """The completion of a value of an enum: its name."""
    names = {member.value: name for name, member in kind.values.items()}

    def complete(value: Any, later: list[Later]) -> Any:
        if value is None:
            return None
        if value.__class__ is str and value in names:
            return names[value]
        raise Anomaly

    return complete


def scalar(kind: GraphQLScalarType) -> Complete:
    """The completion of a scalar; raises ``Unsuited`` for one that custom SDL has made."""
    convert = _SCALARS.get(kind.name)
    if convert is None:
        raise Unsuited

    def complete(value: Any, later: list[Later]) -> Any:
        return None if value is None else convert(value)

    return complete


def _text(value: Any) -> Any:
    if value.__class__ is str:
        return value
    raise Anomaly


def _number(value: Any) -> Any:
    if value.__class__ is int or (value.__class__ is float and value - value == 0):
        return value
    raise Anomaly


def _whole(value: Any) -> Any:
    if value.__class__ is int and -(2**31) <= value < 2**31:
        return value
    raise Anomaly


def _yes_or_no(value: Any) -> Any:
    if value is True or value is False:
        return value
    raise Anomaly


def _date(value: Any) -> Any:
    if value.__class__ is str:
        return value
    if value.__class__ is dict and value.get("__type") == "Date":
        return _text(value.get("iso"))
    raise Anomaly


def _object(value: Any) -> Any:
    if value.__class__ is dict or value.__class__ is list:
        return value
    raise Anomaly


def _base64(value: Any) -> Any:
    if value.__class__ is dict and value.get("__type") == "Bytes":
        return _text(value.get("base64"))
    raise Anomaly


def _any(value: Any) -> Any:
    return value


_SCALARS: Mapping[str, Callable[[Any], Any]] = {
    "String": _text,
    "ID": _text,
    "Float": _number,
    "Int": _whole,
    "Boolean": _yes_or_no,
    "Date": _date,
    "Object": _object,
    "Any": _any,
    "Bytes": _base64,
}
