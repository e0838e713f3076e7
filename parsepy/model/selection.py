"""``Selection``: which columns of objects an answer has, under which names, in which order.

It is for answers that are written at once, without the objects between; a page of objects is its
definition (``operations.find``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


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

    def pointers(self) -> dict[str, Selection]:
        """What is selected below each pointer."""
        return {one.column: one.below for one in self.values if one.below is not None}

    def paths(self, above: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
        """The paths of the pointers that are followed."""
        found: set[tuple[str, ...]] = set()
        for column, below in self.pointers().items():
            path = (*above, column)
            found |= {path, *below.paths(path)}
        return found
