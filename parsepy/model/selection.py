"""``Selection``: which columns of objects an answer has, under which names, in which order.

It is for answers that are written at once, without the objects between; a page of objects is its
definition (``operations.find``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

SelectedColumn = tuple[int, str, bytes, bool, bytes | dict[str, bytes] | None]
"""A value: its kind, column and label, whether it must be there, and what a global id begins with
or what stands in place of pointers."""


class ValueKind(IntEnum):
    """What a value has to be; of anything else the objects are read (as in ``selected.h``)."""

    CONSTANT = 0
    TEXT = 1
    NUMBER = 2
    TRUTH = 3
    DATE = 4
    """A date, answered as its ISO text."""
    GLOBAL_ID = 5
    """The object's id with a text before it, in base64."""
    OBJECT = 6
    """What a pointer leads to, or null."""


@dataclass(frozen=True, slots=True)
class SelectedValue:
    """One value: its ``label`` is the JSON before it, of a constant with the value.

    ``is_required``: null may not be answered. ``prefix`` is what a global id begins with, ``below``
    what is selected of the object that a pointer leads to.
    """

    kind: ValueKind
    label: bytes
    column: str = ""
    is_required: bool = False
    prefix: bytes | None = None
    below: Selection | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """The values of an object, and the texts between which each object of a page stands."""

    values: tuple[SelectedValue, ...]
    opening: bytes = b""
    closing: bytes = b""
    pointers: Mapping[str, Selection] = field(init=False, compare=False)
    """What is selected below each pointer."""
    paths: frozenset[tuple[str, ...]] = field(init=False, compare=False)
    """The paths of the pointers that are followed."""
    rows: tuple[SelectedColumn, ...] = field(init=False, compare=False)
    """The values, as the native reader takes them."""

    def __post_init__(self) -> None:
        below = {one.column: one.below for one in self.values if one.below is not None}
        object.__setattr__(self, "pointers", below)
        paths: set[tuple[str, ...]] = {(column,) for column in below}
        for column, inner in below.items():
            paths |= {(column, *path) for path in inner.paths}
        object.__setattr__(self, "paths", frozenset(paths))
        rows = [
            (int(one.kind), one.column, one.label, one.is_required, one.prefix)
            for one in self.values
        ]
        object.__setattr__(self, "rows", tuple(rows))

    def joined(self, found: Mapping[str, dict[str, bytes]]) -> tuple[SelectedColumn, ...]:
        """The values as ``rows`` has them, with what was ``found`` in place of pointers."""
        if not self.pointers:
            return self.rows
        return tuple(
            (*row[:4], found.get(row[1], {})) if one.below is not None else row
            for one, row in zip(self.values, self.rows, strict=True)
        )
