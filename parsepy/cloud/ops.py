"""Pending changes of an object's fields: how each applies to a value, merges, and is written."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from parsepy.model.values import JSONObject

Encode = Callable[[Any], Any]
Identify = Callable[[Any], Any]


@dataclass(slots=True)  # not frozen, which makes making one four times as long
class Set:
    """The field becomes ``value``."""

    value: Any


SENT = Set(None)
"""In place of ``Set``: the field becomes what the object holds of it, as a client has sent it."""


@dataclass(frozen=True, slots=True)
class Unset:
    """The field goes away."""


@dataclass(frozen=True, slots=True)
class Increment:
    """The number grows by ``amount``."""

    amount: int | float


@dataclass(frozen=True, slots=True)
class Add:
    """``objects`` are appended to the array."""

    objects: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class AddUnique:
    """Those of ``objects`` that are not in the array are appended to it."""

    objects: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Remove:
    """Every occurrence of ``objects`` leaves the array."""

    objects: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Relate:
    """``added`` become members of the relation, ``removed`` stop being so (pointers)."""

    added: tuple[Any, ...] = ()
    removed: tuple[Any, ...] = ()


Op = Set | Unset | Increment | Add | AddUnique | Remove | Relate


def apply(op: Op, value: Any, same: Identify) -> Any:
    """The value of a field after ``op``; ``same`` gives what tells two elements apart.

    Raises ``TypeError`` where the operation does not fit the value.
    """
    match op:
        case Set(new):
            return new
        case Unset():
            return None
        case Increment(amount):
            if value is not None and (
                isinstance(value, bool) or not isinstance(value, int | float)
            ):
                raise TypeError(f"can't increment {type(value).__name__}")
            return (value or 0) + amount
        case Relate():
            return value
    if value is not None and not isinstance(value, list):
        raise TypeError(f"can't add to or remove from {type(value).__name__}")
    items = list(value or ())
    if isinstance(op, Add):
        return [*items, *op.objects]
    if isinstance(op, AddUnique):
        known = [same(item) for item in items]
        for item in op.objects:
            if same(item) not in known:
                known.append(same(item))
                items.append(item)
        return items
    gone = [same(item) for item in op.objects]
    return [item for item in items if same(item) not in gone]


def merge(earlier: Op | None, op: Op, base: Any, same: Identify) -> Op:
    """One operation that does what ``earlier`` and then ``op`` do to ``base``."""
    if earlier is None or isinstance(op, Set | Unset):
        return op
    if isinstance(earlier, Increment) and isinstance(op, Increment):
        return Increment(earlier.amount + op.amount)
    if isinstance(earlier, Add) and isinstance(op, Add):
        return Add((*earlier.objects, *op.objects))
    if isinstance(earlier, AddUnique) and isinstance(op, AddUnique):
        return AddUnique(tuple(apply(op, list(earlier.objects), same)))
    if isinstance(earlier, Remove) and isinstance(op, Remove):
        return Remove((*earlier.objects, *op.objects))
    if isinstance(earlier, Relate) and isinstance(op, Relate):
        return _merge_relations(earlier, op, same)
    # any other two make a plain value
    return Set(apply(op, apply(earlier, base, same), same))


def _merge_relations(earlier: Relate, op: Relate, same: Identify) -> Relate:
    def without(items: Iterable[Any], others: Iterable[Any]) -> list[Any]:
        gone = [same(item) for item in others]
        return [item for item in items if same(item) not in gone]

    added = [*without(earlier.added, op.removed), *without(op.added, earlier.added)]
    removed = [*without(earlier.removed, op.added), *without(op.removed, earlier.removed)]
    return Relate(tuple(added), tuple(removed))


def to_rest(op: Op, encode: Encode) -> Any:
    """The value or ``__op`` of a request body (protocol §5)."""
    match op:
        case Set(value):
            return encode(value)
        case Unset():
            return {"__op": "Delete"}
        case Increment(amount):
            return {"__op": "Increment", "amount": amount}
        case Relate(added, removed):
            changes: list[JSONObject] = []
            if added:
                changes.append({"__op": "AddRelation", "objects": [encode(i) for i in added]})
            if removed:
                changes.append({"__op": "RemoveRelation", "objects": [encode(i) for i in removed]})
            return changes[0] if len(changes) == 1 else {"__op": "Batch", "ops": changes}
    return {"__op": type(op).__name__, "objects": [encode(item) for item in op.objects]}


_ARRAY_OPS: dict[str, type[Add] | type[AddUnique] | type[Remove]] = {
    "Add": Add,
    "AddUnique": AddUnique,
    "Remove": Remove,
}


def from_rest(value: Any, decode: Callable[[Any], Any]) -> Op:
    """The operation that a body's value stands for; what has no known shape is set as it is."""
    name = value.get("__op") if isinstance(value, dict) else None
    match name:
        case "Delete":
            return Unset()
        case "Increment" if isinstance(value.get("amount"), int | float):
            return Increment(value["amount"])
        case "Add" | "AddUnique" | "Remove" if isinstance(value.get("objects"), list):
            return _ARRAY_OPS[name](tuple(decode(item) for item in value["objects"]))
        case "AddRelation" | "RemoveRelation" | "Batch":
            return _relate(value, decode)
    return Set(decode(value))


def _relate(value: JSONObject, decode: Callable[[Any], Any]) -> Op:
    added: list[Any] = []
    removed: list[Any] = []
    ops = value.get("ops") if value["__op"] == "Batch" else [value]
    for op in ops if isinstance(ops, list) else ():
        if isinstance(op, dict) and isinstance(op.get("objects"), list):
            target = added if op.get("__op") == "AddRelation" else removed
            target.extend(decode(item) for item in op["objects"])
    return Relate(tuple(added), tuple(removed))
