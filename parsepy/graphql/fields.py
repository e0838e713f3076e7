"""What the fields of object types read: shared by plans and by the library's execution."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import GraphQLObjectType

from parsepy.graphql.schema.markers import ObjectOf, column_of, marker_of
from parsepy.graphql.schema.naming import to_global_id
from parsepy.model.values import JSONObject

Reader = Callable[[Mapping[str, Any]], Any]

_EVERYBODY: JSONObject = {"*": {"read": True, "write": True}}


def reader_of(of: GraphQLObjectType, name: str) -> Reader:
    """A function that reads a field of a value of an object type; relations it does not know."""
    marker = marker_of(of)
    if isinstance(marker, ObjectOf):
        return _column_reader(of, marker.class_name, name)
    if of.name == "ACL":
        return _ACL.get(name) or (lambda value: value.get(name))
    return lambda value: value.get(name)


def _column_reader(of: GraphQLObjectType, class_name: str, name: str) -> Reader:
    if name == "id":
        return lambda value: to_global_id(class_name, value["objectId"])
    if name == "ACL":
        return _acl
    column = column_of(of.fields[name])
    if column is None:
        return lambda value: value.get(name)
    stored = column.name
    if column.type.name == "Polygon":
        return lambda value: _corners(value.get(stored))
    return lambda value: value.get(stored)


def _acl(value: Mapping[str, Any]) -> Any:
    acl = value.get("ACL")
    return _EVERYBODY if acl is None else acl


def _corners(value: Any) -> list[JSONObject] | None:
    if not isinstance(value, dict) or not value.get("coordinates"):
        return None
    return [
        {"latitude": latitude, "longitude": longitude}
        for latitude, longitude in value["coordinates"]
    ]


def _rights(entry: Mapping[str, Any]) -> JSONObject:
    return {"read": bool(entry.get("read")), "write": bool(entry.get("write"))}


def _public(acl: Mapping[str, Any]) -> JSONObject | None:
    entry = acl.get("*")
    return _rights(entry) if entry is not None else None


def _users(acl: Mapping[str, Any]) -> list[JSONObject] | None:
    found = [
        {"userId": to_global_id("_User", name), **_rights(entry)}
        for name, entry in acl.items()
        if name != "*" and not name.startswith("role:")
    ]
    return found or None


def _roles(acl: Mapping[str, Any]) -> list[JSONObject] | None:
    found = [
        {"roleName": name.removeprefix("role:"), **_rights(entry)}
        for name, entry in acl.items()
        if name.startswith("role:")
    ]
    return found or None


_ACL: dict[str, Reader] = {"public": _public, "users": _users, "roles": _roles}


def class_of_member(value: Any) -> str | None:
    """The class of an array's member that is an object; ``None`` for any other value."""
    if isinstance(value, dict) and value.get("__type") == "Object" and value.get("objectId"):
        class_name = value.get("className")
        return class_name if isinstance(class_name, str) and class_name else None
    return None


def schema_field_type(field: Mapping[str, Any]) -> str:
    """The type of a column that ``class`` shows."""
    return f"Schema{field['type']}Field"
