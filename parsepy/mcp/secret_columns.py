"""Refuse questions about columns that no tool may show, which would answer bit by bit."""

import re
from collections.abc import Iterator
from typing import Any

from parsepy.errors import Code, ParseError
from parsepy.logs import is_secret_name

_REFUSED = frozenset(
    (
        *("$objectToArray", "$getField", "$setField"),
        *("$function", "$accumulator", "$where", "$out", "$merge"),
    )
)
"""Operators that read a column by a name that is made up, run programs, or write."""
_JOINING = {"$lookup": "from", "$graphLookup": "from", "$unionWith": "coll"}
_NAMING = frozenset(
    (
        *("localField", "foreignField", "connectFromField", "connectToField"),
        *("field", "partitionByFields", "key", "path", "$unset"),
    )
)
"""Members of stages whose texts are columns, without a dollar."""
_PLAIN = frozenset(("_id", "__type"))


def check_where(where: Any) -> None:
    """Refuse a where that names a secret column, at any depth, with OPERATION_FORBIDDEN."""
    for name in _names(where):
        _check(name)


def check_names(names: str) -> None:
    """Refuse a comma-separated list of columns (order, keys) that has a secret one."""
    for name in names.split(","):
        _check(name.strip().lstrip("-"))


def check_pipeline(class_name: str, pipeline: Any) -> None:
    """Refuse a pipeline that could show what is secret, with OPERATION_FORBIDDEN.

    The server's own classes are left out whole: users and sessions hold hashes and tokens.
    """
    _check_class(class_name)
    for key, value in _pairs(pipeline):
        if key in _REFUSED:
            raise ParseError(Code.OPERATION_FORBIDDEN, f"{key} is not offered here.")
        if key in _JOINING:
            joined = value.get(_JOINING[key]) if isinstance(value, dict) else value
            _check_class(str(joined))
        if not key.startswith("$"):
            _check(key)
        if key in _NAMING:
            for name in _texts(value):
                _check(name.lstrip("$"))
    for text in _texts(pipeline):
        if text.startswith("$"):
            _check(text.lstrip("$"))


def _check_class(name: str) -> None:
    if name[:1] == "_":
        raise ParseError(
            Code.OPERATION_FORBIDDEN,
            f"Pipelines over {name} are not offered here: query or count its objects.",
        )


def _check(path: str) -> None:
    for name in re.split(r"[.$]", path):
        if name not in _PLAIN and (name[:1] == "_" or is_secret_name(name)):
            raise ParseError(Code.OPERATION_FORBIDDEN, f"The column {name} is not shown here.")


def _names(where: Any) -> Iterator[str]:
    """The columns that a where names: keys that are no operators, and the keys of subqueries."""
    for key, value in _pairs(where):
        if key == "key" and isinstance(value, str):  # of $select: it names a column
            yield value
        elif not key.startswith("$"):
            yield key


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key, item
            yield from _pairs(item)
    elif isinstance(value, list):
        for item in value:
            yield from _pairs(item)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
