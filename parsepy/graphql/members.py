"""How many members of arrays an answer has: GraphQL makes each by itself, which takes its time."""

from collections.abc import Iterable, Mapping
from typing import Any

MANY = 2_000
"""Members that are made beside the event loop: of so many, others would wait for 2 ms, and where
the library makes them for 30."""


def number_of_members(values: Iterable[Any], most: int) -> int:
    """Count the members of all arrays in values in REST form; of more than ``most``, some."""
    number = 0
    left = list(values)
    while left:
        item = left.pop()
        if isinstance(item, Mapping):
            left += [inner for inner in item.values() if inner.__class__ in (list, dict)]
        elif isinstance(item, list):
            number += len(item)
            if number > most:
                break
            left += [inner for inner in item if inner.__class__ in (list, dict)]
    return number
