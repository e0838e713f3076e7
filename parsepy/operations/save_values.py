"""The values of a save: operations, defaults, required columns, relations; what is answered."""

from collections.abc import Mapping
from typing import Any

from parsepy.errors import Code, ParseError
from parsepy.model import acl, ops
from parsepy.model.bounds import save_exceeds
from parsepy.model.geo import closed
from parsepy.model.schema import SYSTEM_REQUIRED, VOLATILE_CLASSES
from parsepy.model.values import FieldType, JSONObject, check_nested
from parsepy.operations.class_rules.user import default_acl
from parsepy.operations.redaction import redact
from parsepy.operations.writes import Write

_EMPTY = (None, "")
_COMPARING = ("AddUnique", "Remove")
_FEW = 10  # elements, which MongoDB compares quickly with all that a document can hold
_MISSING: Any = object()


# --- before the storage -------------------------------------------------------------------------


def check_new(write: Write, new: Mapping[str, FieldType]) -> None:
    """Refuse what the storage would refuse, before it leaves a column behind."""
    if not new:
        return
    if write.class_name in VOLATILE_CLASSES:
        raise ParseError(Code.INVALID_JSON, f"Could not add field {next(iter(new))}")
    for name, value in write.values.items():
        kind = new.get(name.partition(".")[0])
        op = ops.op_of(value)
        if op is not None and write.is_create:
            value = op.initial(value)
        elif op is not None:
            value = value.get("objects")
        if kind is not None and kind.name in ("Object", "Array"):
            check_nested(value)


def split_relations(write: Write) -> JSONObject:
    """Take relation operations out of the values: they write join rows, not columns."""
    relations: JSONObject = {}
    count = 0
    for name, value in list(write.values.items()):
        if type(value) is not dict:
            continue
        op = ops.op_of(value)
        if op is not None and op.is_relation:
            relations[name] = write.values.pop(name)
            count += sum(len(ids) for _, ids in ops.relation_changes(value))
        elif value.get("__type") == "Relation":
            del write.values[name]  # sent back as it was read, it changes nothing
    if count > write.context.bounds.relation_objects:
        raise save_exceeds("objects of relations", write.context.bounds.relation_objects)
    return relations


def start(write: Write) -> None:
    """Turn the operations of a create into the values that they start with."""
    for name, value in list(write.values.items()):
        op = ops.op_of(value) if type(value) is dict else None
        if op is None:
            continue
        if value["__op"] == "Delete":
            if write.schema.defaults.get(name) is None:
                del write.values[name]
            continue
        write.values[name] = op.initial(value)
        if op.echoes:
            write.echo[name] = write.values[name]


def fill(write: Write) -> None:
    """Put in what is missing: defaults, the class's default ACL; refuse empty required columns.

    Raises VALIDATION_ERROR.
    """
    schema, values = write.schema, write.values
    if "ACL" not in values and schema.permissions.default_acl is not None:
        defaulted = default_acl(schema.permissions.default_acl, write.context.principal.user_id)
        if schema.permissions.default_acl != {"*": {"read": True, "write": True}}:
            values["ACL"] = acl.clean(defaulted)
            write.echo["ACL"] = defaulted  # Parse: with the flags that are false
    if not schema.has_constraints:
        return
    for name, default in schema.defaults.items():
        value = values.get(name, _MISSING)
        if value is _MISSING or ops.is_delete(value):
            values[name] = default
            write.echo[name] = closed(default) if type(default) is dict else default
    for name in schema.required:
        if values.get(name) in _EMPTY:
            raise ParseError(Code.VALIDATION_ERROR, f"{name} is required")


def check_system_columns(write: Write) -> None:
    """Refuse a new object of a system class that lacks a column of its own (INCORRECT_TYPE)."""
    for name in SYSTEM_REQUIRED.get(write.schema.name, ()):
        value = write.values.get(name)
        if value in _EMPTY or ops.is_delete(value):
            raise ParseError(Code.INCORRECT_TYPE, f"{name} is required.")


def check_kept(write: Write) -> None:
    """Refuse to empty a required column, also one with a default, which only a create puts in.

    Raises INCORRECT_TYPE for a column of a system class, VALIDATION_ERROR for others.
    """
    schema, values = write.schema, write.values
    for name in SYSTEM_REQUIRED.get(schema.name, ()):
        if name in values and ops.is_delete(values[name]):
            raise ParseError(Code.INCORRECT_TYPE, f"{name} is required.")
    for name in schema.required:
        if name in values and (ops.is_delete(values[name]) or values[name] in _EMPTY):
            raise ParseError(Code.VALIDATION_ERROR, f"{name} is required")


def check_operations(write: Write) -> dict[str, int]:
    """Refuse operations of an update whose operands make no sense.

    Answers the arrays that must not be longer than so many elements: MongoDB compares each that
    AddUnique or Remove names with each that is stored, and can't be stopped meanwhile. Raises
    OBJECT_TOO_LARGE for those that would be too many whatever is stored.
    """
    longest: dict[str, int] = {}
    for name, value in write.values.items():
        if type(value) is dict:
            op = ops.op_of(value)
            if op is not None:
                op.check(value)
                if value["__op"] in _COMPARING and len(value["objects"]) > _FEW:
                    longest[name] = _longest(write, value["__op"], len(value["objects"]))
    return longest


def _longest(write: Write, op: str, count: int) -> int:
    """How many elements may be stored where an operation names so many."""
    most = write.context.bounds.array_work
    if count * (count if op == "AddUnique" else 1) > most:
        raise too_much_work(write, op)
    return most // count


def too_much_work(write: Write, op: str = "AddUnique or Remove") -> ParseError:
    """Make the refusal of an array operation that would compare too many elements."""
    most = write.context.bounds.array_work
    return ParseError(
        Code.OBJECT_TOO_LARGE, f"{op} would compare more than {most} pairs of elements."
    )


# --- after the storage --------------------------------------------------------------------------


async def relate(write: Write, relations: JSONObject) -> None:
    """Write the join rows of relation operations."""
    storage = write.context.backend.storage
    for name, op in relations.items():
        for is_addition, ids in ops.relation_changes(op):
            change = storage.relations.add if is_addition else storage.relations.remove
            await change(write.class_name, name, write.object_id, ids)


def shown(write: Write, columns: JSONObject) -> JSONObject:
    """What the answer shows of some columns: without those that a find would hide, if so set."""
    if columns and not write.context.backend.config.protected_fields_save_response_exempt:
        item = {**columns, "objectId": write.object_id}
        redact(write.context, write.schema, [item])
        return {name: item[name] for name in columns if name in item}
    return columns


def echoed(values: JSONObject) -> frozenset[str]:
    """The columns whose new state the answer of an update shows."""
    return frozenset(
        [
            name.partition(".")[0]
            for name, value in values.items()
            if type(value) is dict and (op := ops.op_of(value)) is not None and op.echoes
        ]
    )


def results(values: JSONObject, stored: JSONObject) -> JSONObject:
    """The resulting value of each operation of an update (protocol §5)."""
    found: JSONObject = {}
    for name, value in values.items():
        op = ops.op_of(value) if type(value) is dict else None
        if op is None or not op.echoes:
            continue
        root, _, rest = name.partition(".")
        if rest:
            _copy_path(found, stored, name.split("."))
        elif root in stored:
            found[root] = stored[root]
    return found


def _copy_path(target: JSONObject, stored: Any, path: list[str]) -> None:
    """Copy the value at a dotted path with nothing beside it; an array on the way comes whole."""
    value, inner = stored, target
    for position, part in enumerate(path):
        value = value.get(part) if isinstance(value, dict) else None
        # Parse: clients take an answer for the column, and would make an object of the array
        if position == len(path) - 1 or isinstance(value, list):
            inner[part] = value
            return
        inner = inner.setdefault(part, {})
