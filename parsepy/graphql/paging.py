"""A page's place among all that is found: relay's arguments, cursors, and what a page tells."""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from parsepy.errors import Code, ParseError
from parsepy.graphql.schema.naming import from_global_id
from parsepy.model.frozen import frozen
from parsepy.model.values import JSONObject

_PREFIX = "arrayconnection:"
_WHOLE = re.compile(r"\s*([+-]?[0-9]{1,15})")
DEFAULT_LIMIT = 100


@frozen
class Window:
    """Which objects a page shows; ``is_from_end``: they must be counted before that is known.

    ``skip`` and ``limit`` are ``None`` where the arguments say nothing of them.
    """

    skip: int | None
    limit: int | None
    is_from_end: bool = False


@dataclass(slots=True)
class FoundPage:
    """What was found: the objects, the number of the first, and how many there are in all.

    ``counted_before`` is their number where the page lies at the end, ``count`` where it was
    asked for otherwise. ``edges`` are the page's edges as JSON, in place of ``number`` objects.
    """

    objects: list[JSONObject]
    skip: int | None = None
    counted_before: int | None = None
    count: int | None = None
    edges: bytes | None = None
    number: int = 0

    @property
    def length(self) -> int:
        """How many objects it has."""
        return len(self.objects) or self.number

    @property
    def total(self) -> int | None:
        """How many there are on all pages.

        Parse: unknown where the page lies at the end and there are none.
        """
        return self.counted_before or self.count

    @property
    def first(self) -> int:
        """The number of the page's first object."""
        return self.skip or 0

    def info(self, name: str) -> bool | str | None:
        """A field of ``PageInfo``."""
        if name == "hasNextPage":
            return (self.total or 0) > self.first + self.length
        if name == "hasPreviousPage":
            if not self.counted_before and self.count is None:
                return None
            return bool(self.total) and self.first > 0
        if name == "startCursor":
            return cursor_of(self.first)
        return cursor_of(self.first + (self.length or 1) - 1)


def cursor_of(number: int) -> str:
    """Relay's cursor of an object by its number."""
    return b64encode(b"arrayconnection:%d" % number).decode()


def number_of(cursor: str) -> int | None:
    """The number of an object by its cursor; ``None`` for what is no cursor."""
    kind, rest = from_global_id(cursor)
    text = f"{kind}:{rest}" if kind else rest
    match = _WHOLE.match(text[len(_PREFIX) :])
    return int(match.group(1)) if match else None


def window_of(arguments: Mapping[str, Any], max_limit: int | None) -> Window:
    """Read relay's arguments of a find; raises INVALID_QUERY for one that can't be."""
    skip = _positive(arguments, "skip")
    after = arguments.get("after")
    if after:
        skip = (skip or 0) + _number(after, "After") + 1
    limit = _positive(arguments, "first")
    before = arguments.get("before")
    if before:
        end = _number(before, "Before")
        if (skip or 0) >= end:
            limit = 0
        elif limit is None or (skip or 0) + limit > end:
            limit = end - (skip or 0)
    last = _positive(arguments, "last")
    if last is None:
        return Window(skip, limit)
    if max_limit is not None:
        last = min(last, max_limit)
    if limit is not None:
        if last < limit:
            return Window((skip or 0) + limit - last, last)
        return Window(skip, limit)
    return Window(skip, last, is_from_end=last > 0)


def _positive(arguments: Mapping[str, Any], name: str) -> int | None:
    value = arguments.get(name)
    if value is None:
        return None
    if value < 0:
        raise ParseError(Code.INVALID_QUERY, f"{name.capitalize()} should be a positive number")
    return int(value)


def _number(cursor: str, name: str) -> int:
    number = number_of(cursor)
    if number is None or number < 0:
        raise ParseError(Code.INVALID_QUERY, f"{name} is not a valid cursor")
    return number
