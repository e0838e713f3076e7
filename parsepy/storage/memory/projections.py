"""What a projection leaves of a document."""

from collections.abc import Mapping
from typing import Any

from parsepy.storage.documents import Document

Tree = tuple[bool, Document]
"""Is it what to take (or what to leave out)? And the dotted paths as nested keys."""


def tree_of(projection: Mapping[str, Any] | None) -> Tree | None:
    """A projection's paths as a tree; ``None``: it leaves everything."""
    if not projection:
        return None
    takes = any(bool(wanted) for key, wanted in projection.items() if key != "_id")
    root: Document = {"_id": {}} if takes else {}
    for path in projection:
        branch = root
        for part in path.split("."):
            branch = branch.setdefault(part, {})
    return takes, root


def projected(value: Any, tree: Tree | None) -> Any:
    """What a projection leaves of a document, or of a value in it."""
    if tree is None:
        return value
    takes, keys = tree
    if isinstance(value, list):
        return [projected(x, tree) for x in value if not takes or isinstance(x, dict | list)]
    if not isinstance(value, dict):
        return value
    result: Document = {}
    for key, item in value.items():
        inner = keys.get(key)
        if inner:
            if not takes or isinstance(item, dict | list):
                result[key] = projected(item, (takes, inner))
        elif (inner is not None) == takes:
            result[key] = item
    return result
