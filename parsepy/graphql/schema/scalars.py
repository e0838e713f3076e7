"""The scalar types: how they read variables and literals, and write results.

Their errors have the reference's words, which show values as JavaScript does.
"""

import math
from collections.abc import Callable
from typing import Any

from graphql import (
    BooleanValueNode,
    EnumValueNode,
    FloatValueNode,
    GraphQLError,
    GraphQLScalarType,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
)

from parsepy.graphql.schema.dates import to_iso_date
from parsepy.model.javascript import number_of, shown
from parsepy.model.values import JSONObject


class Upload:
    """What a variable of type ``Upload`` must be: a file of a multipart request."""

    __slots__ = ()


class ScalarError(ValueError):
    """A value or literal that a scalar type does not take."""

    def __init__(self, value: Any, type_name: str) -> None:
        super().__init__(f"{shown(value)} is not a valid {type_name}")


def _same(value: Any) -> Any:
    return value


def _kind(node: ValueNode) -> str:
    return _KINDS.get(node.kind, node.kind)


_KINDS = {
    "int_value": "IntValue",
    "float_value": "FloatValue",
    "string_value": "StringValue",
    "boolean_value": "BooleanValue",
    "null_value": "NullValue",
    "enum_value": "EnumValue",
    "list_value": "ListValue",
    "object_value": "ObjectValue",
    "variable": "Variable",
}


def literal(node: ValueNode) -> Any:
    """The value of a literal of any type.

    Parse: variables and null inside of it are lost (``None`` in a list, no member of an object),
    and the value of an enum is its name.
    """
    if isinstance(node, StringValueNode | BooleanValueNode | EnumValueNode):
        return node.value
    if isinstance(node, IntValueNode):
        return _number(node.value, "Int")
    if isinstance(node, FloatValueNode):
        return _number(node.value, "Float")
    if isinstance(node, ListValueNode):
        return [literal(item) for item in node.values]
    if isinstance(node, ObjectValueNode):
        return _members(node)
    return None


def _number(text: str, type_name: str) -> int | float:
    value = number_of(text)
    if type_name == "Int" and not math.isfinite(value):
        raise ScalarError(text, type_name)
    return value


def _members(node: ObjectValueNode) -> JSONObject:
    members = ((field.name.value, literal(field.value)) for field in node.fields)
    return {name: value for name, value in members if value is not None}


def _parse_any(node: ValueNode, _variables: Any = None) -> Any:
    return literal(node)


def _object(value: Any) -> Any:
    if isinstance(value, dict | list):
        return value
    raise ScalarError(value, "Object")


def _parse_object(node: ValueNode, _variables: Any = None) -> Any:
    if isinstance(node, ObjectValueNode):
        return _members(node)
    raise ScalarError(_kind(node), "Object")


def _typed(value: Any, type_name: str) -> JSONObject | None:
    """A value with this ``__type``; ``None`` for anything else."""
    return value if isinstance(value, dict) and value.get("__type") == type_name else None


def _given(node: ValueNode, type_name: str) -> dict[str, ValueNode] | None:
    """The members of a literal with this ``__type``, the first of each name."""
    if not isinstance(node, ObjectValueNode):
        return None
    members: dict[str, ValueNode] = {}
    for field in node.fields:
        members.setdefault(field.name.value, field.value)
    kind = members.get("__type")
    return members if getattr(kind, "value", None) == type_name else None


def _date(value: Any) -> JSONObject:
    text = value if isinstance(value, str) else None
    typed = _typed(value, "Date")
    if typed is not None and typed.get("iso"):
        value = text = typed["iso"]
    iso = to_iso_date(text) if isinstance(text, str) else None
    if iso is None:
        raise ScalarError(value, "Date")
    return {"__type": "Date", "iso": iso}


def _write_date(value: Any) -> str:
    typed = _typed(value, "Date")
    if typed is not None and typed.get("iso"):
        value = typed["iso"]
    if isinstance(value, str):
        return value
    raise ScalarError(value, "Date")


def _parse_date(node: ValueNode, _variables: Any = None) -> JSONObject:
    members = _given(node, "Date")
    if members is not None and "iso" in members:
        node = members["iso"]
    if isinstance(node, StringValueNode):
        return _date(node.value)
    raise ScalarError(_kind(node), "Date")


def _bytes(value: Any) -> JSONObject:
    if isinstance(value, str):
        return {"__type": "Bytes", "base64": value}
    typed = _typed(value, "Bytes")
    if typed is not None and isinstance(typed.get("base64"), str):
        return typed
    raise ScalarError(value, "Bytes")


def _write_bytes(value: Any) -> str:
    text: str = _bytes(value)["base64"]
    return text


def _parse_bytes(node: ValueNode, _variables: Any = None) -> JSONObject:
    if isinstance(node, StringValueNode):
        return _bytes(node.value)
    members = _given(node, "Bytes") or {}
    base64 = getattr(members.get("base64"), "value", None)
    if isinstance(base64, str):
        return _bytes(base64)
    raise ScalarError(_kind(node), "Bytes")


def _file(value: Any) -> JSONObject:
    if isinstance(value, str):
        return {"__type": "File", "name": value}
    typed = _typed(value, "File")
    if typed is not None and isinstance(typed.get("name"), str):
        has_address = isinstance(typed.get("url", ""), str)
        if has_address:
            return typed
    raise ScalarError(value, "File")


def _write_file(value: Any) -> str:
    name: str = _file(value)["name"]
    return name


def _parse_file(node: ValueNode, _variables: Any = None) -> JSONObject:
    if isinstance(node, StringValueNode):
        return _file(node.value)
    members = _given_any(node)
    if members is not None:
        given = {key: getattr(members[key], "value", None) for key in members}
        return _file({key: value for key, value in given.items() if value is not None})
    raise ScalarError(_kind(node), "File")


def _given_any(node: ValueNode) -> dict[str, ValueNode] | None:
    """The members of a literal that says a ``__type`` and a name."""
    if not isinstance(node, ObjectValueNode):
        return None
    members: dict[str, ValueNode] = {}
    for field in node.fields:
        if field.name.value in ("__type", "name", "url"):
            members.setdefault(field.name.value, field.value)
    return members if "__type" in members and "name" in members else None


def _upload(value: Any) -> Upload:
    if isinstance(value, Upload):
        return value
    raise GraphQLError("Upload value invalid.")


def _parse_upload(node: ValueNode, _variables: Any = None) -> Any:
    raise GraphQLError("Upload literal unsupported.", node)


def _write_upload(_value: Any) -> Any:
    raise GraphQLError("Upload serialization unsupported.")


def _scalar(
    name: str,
    description: str,
    read: Callable[[Any], Any],
    write: Callable[[Any], Any],
    parse: Callable[..., Any],
) -> GraphQLScalarType:
    return GraphQLScalarType(
        name, description=description, parse_value=read, serialize=write, parse_literal=parse
    )


ANY = _scalar("Any", "A value of any type, as JSON.", _same, _same, _parse_any)
OBJECT = _scalar("Object", "An object or list, as JSON.", _object, _object, _parse_object)
DATE = _scalar(
    "Date", "A moment, as ISO 8601: `2024-05-01T12:00:00.000Z`.", _date, _write_date, _parse_date
)
BYTES = _scalar("Bytes", "Binary data, as base64.", _bytes, _write_bytes, _parse_bytes)
FILE = _scalar("File", "The name of a file that is stored.", _file, _write_file, _parse_file)
UPLOAD = _scalar(
    "Upload",
    "A file that comes with the request, as `multipart/form-data`.",
    _upload,
    _write_upload,
    _parse_upload,
)
