"""``include``: fetch pointed-to objects, one query per path and class.

The reading itself is handed in (``read``): what is included passes the same read spine, with
the caller's rights, as what is asked for.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.bounds import query_exceeds
from parsepy.model.query import Path, Query, below
from parsepy.model.schema import ClassSchema
from parsepy.model.values import JSONObject, dumps
from parsepy.model.where import Constraint, by_id

Read = Callable[[RequestContext, Query], Awaitable[list[JSONObject]]]
Tree = dict[str, Any]
"""Paths of one length by their components; at each end stands the path itself, a tuple."""
Ids = dict[str, int]
"""How often each id is pointed to."""

_SLICE = 10_000  # values that are looked at before others have their turn
OFTEN = 10
"""Places of an object beyond which the answer's size is counted."""
_GONE: Any = object()


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

    A pointer to what is gone or unreadable is removed (protocol §10.3). All paths of one length
    are followed in one walk, whose work grows with the objects, not with the number of paths.
    Raises INVALID_QUERY for more reads, or a larger answer, than a client may ask for.
    """
    keys = None if query.keys is None else below(query.keys, last_only=False)
    excluded = below(query.exclude_keys, last_only=True)
    repeated: dict[Path, int] = {(): 1}
    reads = size = 0
    for _, level in groupby(paths, len):
        pointers: dict[Path, dict[str, Ids]] = {path: {} for path in level}
        await _collect(objects, pointers)
        found: dict[Path, dict[tuple[str, str], JSONObject]] = {}
        for path, classes in pointers.items():
            for class_name, ids in classes.items():
                reads += 1
                if reads > context.bounds.include_reads:
                    raise query_exceeds("reads for include", context.bounds.include_reads)
                asked = query_for(class_name, list(ids), path, keys, excluded)
                targets = await read(context, asked)
                for target in targets:
                    target["__type"] = "Object"
                    target["className"] = class_name
                    found.setdefault(path, {})[class_name, target["objectId"]] = target
                often = max(ids.values()) * repeated.get(path[:-1], 1)
                if often > OFTEN:
                    repeated[path] = max(often, repeated.get(path, 1))
                    size += _repeated_size(targets, ids, repeated.get(path[:-1], 1))
                    check_size(context, size)
            if classes:
                found.setdefault(path, {})
        if found:
            await _replace(objects, found)


def query_for(
    class_name: str,
    ids: list[str],
    path: Path,
    keys: Mapping[Path, tuple[str, ...]] | None,
    excluded: Mapping[Path, tuple[str, ...]],
) -> Query:
    """The query for the objects of a class that pointers at the end of a path name."""
    one = by_id(ids[0]) if len(ids) == 1 else Constraint("objectId", (("$in", ids),))
    return Query(
        class_name,
        where=(one,),
        limit=None,
        keys=None if keys is None else keys.get(path),
        exclude_keys=excluded.get(path, ()),
    )


def _repeated_size(targets: list[JSONObject], ids: Ids, factor: int) -> int:
    """How many bytes of an answer objects take that stand in many places of it, about."""
    size = 0
    for target in targets:
        places = ids.get(target["objectId"], 0) * factor  # hooks may answer others
        if places > OFTEN:
            size += places * len(dumps(target))
    return size


def check_size(context: RequestContext, size: int) -> None:
    """Refuse an answer to which objects in many places would add so many bytes."""
    most = context.bounds.included_bytes
    if size > most:
        raise ParseError(
            Code.INVALID_QUERY, f"What include repeats makes an answer of more than {most} bytes."
        )


def _tree(paths: Iterable[Path]) -> Tree:
    tree: Tree = {}
    for path in paths:
        node = tree
        for part in path[:-1]:
            node = node.setdefault(part, {})
        node[path[-1]] = path
    return tree


def _steps(value: JSONObject, node: Tree) -> Iterator[tuple[str, Any]]:
    """The columns of an object that paths lead through, by whichever of both is smaller."""
    if len(node) <= len(value):
        return ((name, below) for name, below in node.items() if name in value)
    return ((name, node[name]) for name in [*value] if name in node)


async def _collect(objects: list[JSONObject], pointers: dict[Path, dict[str, Ids]]) -> None:
    """Gather the pointers that paths lead to, by path and class.

    An object that stands in many places is looked at once.
    """
    stack: list[tuple[Any, Any]] = [(objects, _tree(pointers))]
    seen: set[int] = set()
    looked = 0
    while stack:
        value, node = stack.pop()
        if type(value) is list:
            looked += len(value)
            stack += [
                (item, node) for item in reversed(value) if type(item) is dict or type(item) is list
            ]
        elif type(node) is tuple:
            if value.get("__type") == "Pointer":
                name, object_id = value.get("className"), value.get("objectId")
                if isinstance(name, str) and isinstance(object_id, str):
                    ids = pointers[node].setdefault(name, {})
                    ids[object_id] = ids.get(object_id, 0) + 1
        elif id(value) not in seen:
            seen.add(id(value))
            looked += 1
            for name, inner in _steps(value, node):
                reached = value[name]
                if type(reached) is dict or type(reached) is list:
                    stack.append((reached, inner))
        if looked >= _SLICE:
            looked = 0
            await asyncio.sleep(0)


async def _replace(
    objects: list[JSONObject], found: Mapping[Path, Mapping[tuple[str, str], JSONObject]]
) -> None:
    """Put what was found, in place, where paths lead to pointers to it."""
    stack: list[tuple[Any, Any]] = [(objects, _tree(found))]
    seen: set[int] = set()
    looked = 0
    while stack:
        value, node = stack.pop()
        looked += 1
        if type(value) is list:
            looked += len(value)
            if type(node) is tuple:
                items = [_target(item, found[node]) for item in value]
                value[:] = [item for item in items if item is not _GONE]
                stack += [(item, node) for item in value if type(item) is list]
            else:
                stack += [
                    (item, node) for item in value if type(item) is dict or type(item) is list
                ]
        elif id(value) not in seen:
            seen.add(id(value))
            for name, inner in _steps(value, node):
                reached = value[name]
                if type(reached) is list or (type(reached) is dict and type(inner) is not tuple):
                    stack.append((reached, inner))
                elif type(reached) is dict:
                    target = _target(reached, found[inner])
                    if target is _GONE:
                        del value[name]
                    else:
                        value[name] = target
        if looked >= _SLICE:
            looked = 0
            await asyncio.sleep(0)


def _target(value: Any, found: Mapping[tuple[str, str], JSONObject]) -> Any:
    """The object that a pointer names, ``_GONE`` if it was not found; what is no pointer as is."""
    if type(value) is not dict or value.get("__type") != "Pointer":
        return value
    name, object_id = value.get("className"), value.get("objectId")
    if not (isinstance(name, str) and isinstance(object_id, str)):
        return value
    return found.get((name, object_id), _GONE)
