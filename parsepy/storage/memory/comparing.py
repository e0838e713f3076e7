"""When two values are the same to an index or a filter, and what lies at a path."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import bson


def values_at(value: Any, path: Sequence[str]) -> list[Any]:
    """What lies at a path; of an array its elements."""
    if isinstance(value, list):
        return [found for item in value for found in (values_at(item, path) if path else [item])]
    if not path:
        return [value]
    if isinstance(value, dict) and path[0] in value:
        return values_at(value[path[0]], path[1:])
    return []


def comparable(value: Any, any_case: bool) -> Any:
    """What stands for a value in a dictionary; texts that differ in case only may be one."""
    if isinstance(value, str):
        return folded(value) if any_case else value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return bson.encode({"": value})  # hashable, and true is not 1
    return value


def folded(text: str) -> str:
    """A text without what a comparison in any case leaves aside."""
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())


def ignores_case(collation: Mapping[str, Any] | None) -> bool:
    """Does a collation compare texts in any case?"""
    return collation is not None and collation.get("strength", 3) <= 2
