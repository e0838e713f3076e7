"""``include``: fetch pointed-to objects, one query per level and class.

The reading itself is handed in (``read``): what is included passes the same read spine, with
the caller's rights, as what is asked for.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from parsepy.backend import RequestContext
from parsepy.model.query import Path, Query, narrowed
from parsepy.model.schema import ClassSchema
from parsepy.model.values import JSONObject
from parsepy.model.where import Constraint, by_id

Read = Callable[[RequestContext, Query], Awaitable[list[JSONObject]]]


def followed(schema: ClassSchema) -> Iterable[str]:
    """The columns that "include all" means: what holds pointers, or may do so."""
    return [name for name, kind in schema.types.items() if kind.name in ("Pointer", "Array")]


def paths_of(schema: ClassSchema, query: Query) -> tuple[Path, ...]:
    """The paths to follow, parents first; "include all" means each pointer and array column."""
    if not query.include_all:
        return query.include
    every = {(name,) for name in followed(schema)}
    excluded = {(key,) for key in query.exclude_keys}
    paths = (every - excluded) | set(query.include)
    return tuple(sorted(paths, key=lambda path: (len(path), path)))


async def fetch(
    context: RequestContext,
    objects: list[JSONObject],
    paths: Iterable[Path],
    query: Query,
    read: Read,
) -> None:
    """Put the objects that the pointers along ``paths`` name in place of these pointers.

    A pointer to what is gone or unreadable is removed (protocol §10.3).
    """
    for path in paths:
        pointers: dict[str, dict[str, None]] = {}
        for item in objects:
            _collect(item, path, pointers)
        found: dict[tuple[str, str], JSONObject] = {}
        for class_name, ids in pointers.items():
            for target in await read(context, _query(class_name, list(ids), path, query)):
                target["__type"] = "Object"
                target["className"] = class_name
                found[class_name, target["objectId"]] = target
        if pointers:
            for item in objects:
                _replace(item, path, found)


def _query(class_name: str, ids: list[str], path: Path, query: Query) -> Query:
    one = by_id(ids[0]) if len(ids) == 1 else Constraint("objectId", (("$in", ids),))
    keys = narrowed(query.keys, path, last_only=False) if query.keys is not None else ()
    return Query(
        class_name,
        where=(one,),
        limit=None,
        keys=keys or None,
        exclude_keys=narrowed(query.exclude_keys, path, last_only=True),
    )


def _collect(value: Any, path: Path, pointers: dict[str, dict[str, None]]) -> None:
    """Gather the pointers that ``path`` leads to."""
    if isinstance(value, list):
        for item in value:
            _collect(item, path, pointers)
    elif isinstance(value, dict):
        if path:
            _collect(value.get(path[0]), path[1:], pointers)
        elif value.get("__type") == "Pointer":
            name, object_id = value.get("className"), value.get("objectId")
            if isinstance(name, str) and isinstance(object_id, str):
                pointers.setdefault(name, {})[object_id] = None


_GONE: Any = object()


def _replace(value: Any, path: Path, found: dict[tuple[str, str], JSONObject]) -> Any:
    """The value with the pointers at the end of ``path`` replaced, in place where possible."""
    if isinstance(value, list):
        replaced = [_replace(item, path, found) for item in value]
        value[:] = [item for item in replaced if item is not _GONE]
    elif isinstance(value, dict):
        if not path:
            if value.get("__type") != "Pointer":
                return value
            name, object_id = value.get("className"), value.get("objectId")
            if not (isinstance(name, str) and isinstance(object_id, str)):
                return value
            return found.get((name, object_id), _GONE)
        inner = value.get(path[0])
        if inner is not None:
            replacement = _replace(inner, path[1:], found)
            if replacement is _GONE:
                del value[path[0]]
            else:
                value[path[0]] = replacement
    return value
