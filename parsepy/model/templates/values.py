"""Find the type that a column needs for a default value."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from parsepy.model.values import JSONObject, is_number, to_bytes


def _is_iso(value: Any) -> bool:
    try:
        return bool(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def _is_degree(value: Any, limit: int) -> bool:
    return is_number(value) and abs(value) <= limit


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_loop(value: Any) -> bool:
    points = value if isinstance(value, list) else []
    pairs = [p for p in points if isinstance(p, list) and len(p) == 2 and all(map(is_number, p))]
    return len(pairs) == len(points) and len({(p[0], p[1]) for p in pairs}) >= 3


_TYPED: dict[str, Callable[[JSONObject], bool]] = {
    "Date": lambda v: _is_iso(v.get("iso")),
    "Bytes": lambda v: to_bytes(v) is not None,
    "File": lambda v: _is_text(v.get("name")),
    "GeoPoint": lambda v: _is_degree(v.get("latitude"), 90) and _is_degree(v.get("longitude"), 180),
    "Polygon": lambda v: _is_loop(v.get("coordinates")),
    "Pointer": lambda v: _is_text(v.get("className")) and _is_text(v.get("objectId")),
}
_SCALAR_TYPES = {bool: "Boolean", str: "String", int: "Number", float: "Number", list: "Array"}


def type_of(value: Any) -> str:
    """Find the column type of a REST value, or words for what else the value is."""
    if not isinstance(value, dict):
        return _SCALAR_TYPES.get(type(value), "null")
    if "__op" in value:
        return "an operation"
    if "__type" not in value:
        return "Object"
    named = value["__type"]
    check = _TYPED.get(named) if isinstance(named, str) else None
    if check is None:
        return f"of unknown __type {named!r}"
    if not check(value):
        return f"an invalid {named}"
    return f"Pointer<{value['className']}>" if named == "Pointer" else str(named)
