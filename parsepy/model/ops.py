"""The ``__op`` field operations: a table of operations with their check and first value."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from parsepy.errors import Code, ParseError
from parsepy.model.values import (
    ARRAY,
    GONE,
    NATIVE,
    NUMBER,
    FieldType,
    JSONObject,
    is_number,
    type_of,
)


@dataclass(frozen=True, slots=True)
class FieldOp:
    """One field operation (protocol §5).

    ``result_type`` is the type of the column that it writes (None: none to check),
    ``check`` refuses a wrong operand of an update, ``initial`` is the value on create.
    """

    result_type: Callable[[JSONObject], FieldType | None]
    check: Callable[[JSONObject], None]
    initial: Callable[[JSONObject], Any]
    is_relation: bool = False
    echoes: bool = True


def _amount(op: JSONObject) -> None:
    if not is_number(op.get("amount")):
        raise ParseError(Code.INVALID_JSON, "incrementing must provide a number")


def _objects(verb: str) -> Callable[[JSONObject], None]:
    def check(op: JSONObject) -> None:
        if not isinstance(op.get("objects"), list):
            raise ParseError(Code.INVALID_JSON, f"objects to {verb} must be an array")

    return check


def _first_amount(op: JSONObject) -> Any:
    if not is_number(op.get("amount")):
        # Parse: on create the words of the array operations are used for a number as well
        raise ParseError(Code.INVALID_JSON, "objects to add must be an array")
    return op["amount"]


def _first_objects(op: JSONObject) -> Any:
    if not isinstance(op.get("objects"), list):
        raise ParseError(Code.INVALID_JSON, "objects to add must be an array")
    return op["objects"]


def _first_removed(op: JSONObject) -> Any:
    _first_objects(op)
    return []


def _relation(op: JSONObject) -> FieldType | None:
    objects = op.get("objects")
    if not isinstance(objects, list):
        raise ParseError(Code.INVALID_JSON, "objects to add must be an array")
    if not objects:
        return None
    for item in objects:
        kind = type_of(item)
        if kind is None or kind.name != "Pointer":
            raise ParseError(Code.INVALID_JSON, "a relation holds pointers only")
    return FieldType("Relation", objects[0]["className"])


def _batch(op: JSONObject) -> FieldType | None:
    ops = op.get("ops")
    if not isinstance(ops, list) or not all(
        isinstance(inner, dict) and inner.get("__op") in ("AddRelation", "RemoveRelation")
        for inner in ops
    ):
        raise ParseError(Code.INVALID_JSON, "a Batch holds relation operations only")
    kinds = [kind for inner in ops if (kind := _relation(inner)) is not None]
    return kinds[0] if kinds else None


def _set_on_insert(op: JSONObject) -> FieldType | None:
    return type_of(op.get("amount"))


def _fine(op: JSONObject) -> None:
    """Accept any operand: parsing has checked it."""


def _none(op: JSONObject) -> Any:
    return None


FIELD_OPS: dict[str, FieldOp] = {
    "Increment": FieldOp(lambda op: NUMBER, _amount, _first_amount),
    "SetOnInsert": FieldOp(_set_on_insert, _fine, lambda op: op.get("amount")),
    "Add": FieldOp(lambda op: ARRAY, _objects("add"), _first_objects),
    "AddUnique": FieldOp(lambda op: ARRAY, _objects("add"), _first_objects),
    "Remove": FieldOp(lambda op: ARRAY, _objects("remove"), _first_removed),
    "Delete": FieldOp(lambda op: None, _fine, _none, echoes=False),
    "AddRelation": FieldOp(_relation, _fine, _none, is_relation=True, echoes=False),
    "RemoveRelation": FieldOp(_relation, _fine, _none, is_relation=True, echoes=False),
    "Batch": FieldOp(_batch, _fine, _none, is_relation=True, echoes=False),
}


def op_of(value: Any) -> FieldOp | None:
    """Find the operation of a body's value; None for a plain value.

    Raises COMMAND_UNAVAILABLE for an unknown operation.
    """
    if type(value) is not dict or "__op" not in value:
        return None
    name = value["__op"]
    op = FIELD_OPS.get(name) if isinstance(name, str) else None
    if op is None:
        raise ParseError(Code.COMMAND_UNAVAILABLE, f"The {name} operator is not supported yet.")
    return op


def is_delete(value: Any) -> bool:
    """Is this the Delete operation?"""
    return type(value) is dict and value.get("__op") == "Delete"


def apply(change: Any, value: Any) -> Any:
    """Say what a body's value, plain or operation, makes of the ``value`` that is there.

    ``GONE`` for a removal; ``value`` itself where the operation does not fit it.
    """
    if op_of(change) is None:
        return change
    name, objects = change["__op"], change.get("objects")
    if name == "Delete":
        return GONE
    if name == "Increment" and is_number(change.get("amount")):
        if value is None:
            return change["amount"]
        return value + change["amount"] if is_number(value) else value
    if not isinstance(objects, list) or not (value is None or isinstance(value, list)):
        return value
    items = value or []
    match name:
        case "Add":
            return [*items, *objects]
        case "AddUnique":
            return [*items, *_once(objects, items)]
        case "Remove":
            gone = {_key(item) for item in objects}
            return [item for item in items if _key(item) not in gone]
    return value


def _once(objects: list[Any], known: list[Any]) -> list[Any]:
    """List each of the objects once, without those that are known."""
    seen = {_key(item) for item in known}
    found: list[Any] = []
    for item in objects:
        key = _key(item)
        if key not in seen:
            seen.add(key)
            found.append(item)
    return found


def _key(item: Any) -> Any:
    """What equal values have in common, and only these: many are looked up at once by it."""
    if isinstance(item, dict):
        return frozenset((name, _key(value)) for name, value in item.items())
    if isinstance(item, list):
        return tuple(map(_key, item))
    return isinstance(item, bool), item


def column_type(value: Any) -> FieldType | None:
    """Find the column type that a body's value (plain or operation) needs; None for none."""
    kind = type(value)
    if kind is not dict:
        return NATIVE.get(kind)
    op = op_of(value)
    return type_of(value) if op is None else op.result_type(value)


def relation_changes(op: JSONObject) -> list[tuple[bool, list[str]]]:
    """List the changes of a relation operation in order: (is it an addition, the related ids)."""
    if op["__op"] == "Batch":
        return [change for inner in op["ops"] for change in relation_changes(inner)]
    return [(op["__op"] == "AddRelation", [item["objectId"] for item in op["objects"]])]
