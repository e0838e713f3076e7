"""Field operations to MongoDB update document."""

from collections.abc import Callable
from typing import Any

from parsepy.model.ops import op_of
from parsepy.model.schema import ClassSchema
from parsepy.model.values import JSONObject, is_position
from parsepy.storage.documents import (
    AUTH_DATA,
    Document,
    is_nested_pointer,
    key_of,
    spelled,
    to_checked,
    to_columns,
    to_number,
)


def _increment(op: JSONObject) -> tuple[str, Any]:
    return "$inc", to_number(op["amount"])


def _each(operator: str) -> Callable[[JSONObject], tuple[str, Any]]:
    def convert(op: JSONObject) -> tuple[str, Any]:
        return operator, {"$each": to_checked(op["objects"])}

    return convert


def _remove(op: JSONObject) -> tuple[str, Any]:
    return "$pullAll", spelled(to_checked(op["objects"]))


def _delete(op: JSONObject) -> tuple[str, Any]:
    return "$unset", ""


def _set_on_insert(op: JSONObject) -> tuple[str, Any]:
    return "$setOnInsert", to_checked(op.get("amount"))


_OPS: dict[str, Callable[[JSONObject], tuple[str, Any]]] = {
    "Increment": _increment,
    "SetOnInsert": _set_on_insert,
    "Add": _each("$push"),
    "AddUnique": _each("$addToSet"),
    "Remove": _remove,
    "Delete": _delete,
}


def op_to_update(op: JSONObject) -> tuple[str, Any]:
    """MongoDB's operator and operand for a field operation that writes a column."""
    return _OPS[op["__op"]](op)


def to_update(schema: ClassSchema, changes: JSONObject) -> Document:
    """The MongoDB update of changes: plain values are set, operations become Mongo's.

    Relation operations are not among them (they write join rows).
    """
    update: Document = {}
    values: JSONObject = {}
    nested: Document = {}
    for name, value in changes.items():
        op = op_of(value)
        if op is not None:
            operator, operand = op_to_update(value)
            update.setdefault(operator, {})[key_of(schema, name)] = operand
        elif name == "authData" and schema.name == "_User":
            for provider, data in (value or {}).items():
                if data is None:
                    update.setdefault("$unset", {})[AUTH_DATA + provider] = ""
                else:
                    nested[AUTH_DATA + provider] = to_checked(data)
        elif "." in name:
            # what lies inside an object or array keeps its REST form there
            nested[key_of(schema, name)] = to_checked(value, name.count("."))
        else:
            values[name] = value
    if values or nested:
        update["$set"] = {**to_columns(schema, values), **nested}
    return update


def doubles(update: Document, document: Document) -> Document:
    """The pointers that ``$addToSet`` added beside themselves, by the paths of their arrays.

    An older version may have stored them with their keys in another order, which MongoDB takes
    for another value.
    """
    found: Document = {}
    for path, added in update["$addToSet"].items():
        pointers = [item for item in added["$each"] if is_nested_pointer(item)]
        if not pointers:
            continue
        others = {
            (item["className"], item["objectId"])
            for item in _at(document, path)
            if is_nested_pointer(item) and list(item) != list(pointers[0])
        }
        if twice := [item for item in pointers if (item["className"], item["objectId"]) in others]:
            found[path] = twice
    return found


def _at(document: Document, path: str) -> list[Any]:
    """The array at a dotted path; an empty one if there is none."""
    value: Any = document
    for part in path.split("."):
        if isinstance(value, list):
            value = value[int(part)] if is_position(part) and int(part) < len(value) else None
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value if isinstance(value, list) else []
