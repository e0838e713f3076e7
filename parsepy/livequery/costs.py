"""What a subscription costs to keep and to match, and how much of that may be had.

One unit is a value in the query: some 100 bytes of memory once it is compiled.
"""

from dataclasses import dataclass
from typing import Any

from parsepy.errors import Code, ParseError

TEXT = 64
"""Bytes of text that cost as much as a value."""
REGEX = 100
"""A regular expression costs as much as so many values: it may take milliseconds to match."""


def size_of(value: Any, most: int) -> int:
    """Count the values in a value, and one more for every ``TEXT`` characters; ends above ``most``.

    So it takes no longer for a value of any size.
    """
    return _count(value, most, 0)


def cost_of(where: Any, most: int) -> int:
    """Count what a raw where costs; ends above ``most``."""
    return _count(where, most, REGEX)


def _count(value: Any, most: int, regex: int) -> int:
    waiting, found = [value], 0
    while waiting and found <= most:
        item = waiting.pop()
        found += 1
        kind = type(item)
        if kind is str:
            found += len(item) // TEXT
        elif kind is dict or kind is list:
            if len(item) > most:
                return most + 1
            if kind is dict:
                found += sum(map(len, item)) // TEXT
                if "$regex" in item:
                    found += regex
                item = item.values()
            waiting.extend(item)
    return found


@dataclass(frozen=True, slots=True)
class CostLimits:
    """What one query, the subscriptions of one connection, and those of all may cost."""

    query: int
    connection: int
    together: int


def checked_cost(
    limits: CostLimits, where: Any, names: frozenset[str], *, held: int, together: int
) -> int:
    """Count what a query with these names of columns costs, before it is looked at further.

    ``held`` is what the client's other subscriptions cost, ``together`` what those of all clients
    do. Raises REQUEST_LIMIT_EXCEEDED.
    """
    found = cost_of(where, limits.query) + size_of(list(names), limits.query)
    if found > limits.query:
        raise _too_much(f"A query may have a cost of {limits.query}")
    if held + found > limits.connection:
        raise _too_much(f"The queries of a connection may cost {limits.connection} together")
    if together + found > limits.together:
        raise _too_much("This server follows as many conditions as it can")
    return found


def _too_much(reason: str) -> ParseError:
    return ParseError(Code.REQUEST_LIMIT_EXCEEDED, f"{reason}.")
