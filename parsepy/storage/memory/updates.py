"""What must be known of an update before mongomock makes it."""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo.errors import WriteError

from parsepy.storage.documents import Document

_MISSING: Any = object()
_NEEDS: dict[str, tuple[type | tuple[type, ...], str, int]] = {
    "$inc": ((int, float), "a number", 14),
    "$push": (list, "an array", 2),
    "$addToSet": (list, "an array", 2),
    "$pullAll": (list, "an array", 2),
}
_CREATES = ("$set", "$inc", "$push", "$addToSet")


def check_update(document: Document, update: Mapping[str, Any]) -> None:
    """Refuse, with MongoDB's numbers, a change that a document's values don't allow."""
    for operator, changes in update.items():
        for path in changes:
            parts = path.split(".")
            if not all(parts):
                raise WriteError(f"The path {path!r} contains an empty field name", 56)
            parent, value = _at(document, parts)
            if parent is not _MISSING and not isinstance(parent, dict | list):
                if operator in _CREATES:
                    raise WriteError(f"Cannot create field {parts[-1]!r} in {path!r}", 28)
                continue
            kind, name, code = _NEEDS.get(operator, (object, "", 0))
            if value is not _MISSING and (
                not isinstance(value, kind) or (operator == "$inc" and isinstance(value, bool))
            ):
                raise WriteError(f"Cannot apply {operator} to {path!r}, which is not {name}", code)


def _at(document: Document, parts: Sequence[str]) -> tuple[Any, Any]:
    """The nearest parent of a path that is there, and the value at the path."""
    parent: Any = document
    value: Any = document
    for part in parts:
        parent = value
        if isinstance(parent, dict):
            value = parent.get(part, _MISSING)
        elif isinstance(parent, list) and part.isascii() and part.isdigit():
            value = parent[int(part)] if int(part) < len(parent) else _MISSING
        elif isinstance(parent, list):
            return None, _MISSING  # an array has no field of that name
        else:
            return parent, _MISSING
        if value is _MISSING:
            return parent, _MISSING
    return parent, value


def without_repeats(update: Mapping[str, Any]) -> Document:
    """The update with the values of each ``$addToSet`` once, as MongoDB adds them."""
    result = dict(update)
    if "$addToSet" in update:
        result["$addToSet"] = changes = dict(update["$addToSet"])
        for path, change in changes.items():
            once: list[Any] = []
            for value in change["$each"]:
                if value not in once:
                    once.append(value)
            changes[path] = {"$each": once}
    return result
