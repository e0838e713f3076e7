"""``shape_of``: a document's text without its literals, which many documents share."""

import math
import re
from typing import NamedTuple

import orjson

Literal = str | int | float

_TOKEN = re.compile(
    r'"""(?:[^\\"]|\\"""|\\|"(?!""))*"""'
    r'|"((?:[^"\\\n\r]|\\.)*)"'
    r"|(?<![A-Za-z0-9_$.])(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![A-Za-z0-9_.])"
    r"|#[^\n\r]*"
)
_LONGEST_NUMBER = 400


class DocumentShape(NamedTuple):
    """A text with ``""``, ``1`` or ``1.0`` for each literal, and the literals in their order."""

    text: str
    literals: list[Literal]


class _Unliftable(Exception):
    """A literal that a shape can't stand for."""


def shape_of(text: str) -> DocumentShape | None:
    """Lift the texts and numbers out of a document; ``None`` where one is of a rare form."""
    literals: list[Literal] = []

    def lift(match: re.Match[str]) -> str:
        string, number = match.group(1), match.group(2)
        if number is not None:
            return _lift_number(number, literals)
        if string is not None:
            literals.append(_unescaped(string) if "\\" in string else string)
            return '""'
        found = match.group(0)
        if found[0] == "#":
            return found
        raise _Unliftable  # a block string

    try:
        return DocumentShape(_TOKEN.sub(lift, text), literals)
    except _Unliftable:
        return None


def _lift_number(text: str, literals: list[Literal]) -> str:
    if len(text) > _LONGEST_NUMBER:
        raise _Unliftable
    digits = text[1:] if text[0] == "-" else text
    if digits.isdigit():
        literals.append(int(text))
        return "1"
    value = float(text)
    if not math.isfinite(value):
        raise _Unliftable
    literals.append(value)
    return "1.0"


def _unescaped(text: str) -> str:
    """A text with JSON's escapes read; those of GraphQL alone, and halves of pairs, are rare."""
    try:
        return str(orjson.loads(f'"{text}"'))
    except orjson.JSONDecodeError:
        raise _Unliftable from None


def sample_of(shape: str) -> str:
    """A document of the shape in which every literal is another one.

    What is valid of it is valid of every document of the shape whose literals fit their places:
    of two fields that must have equal arguments to be merged, these have unequal ones.
    """
    count = 0

    def give(match: re.Match[str]) -> str:
        nonlocal count
        found = match.group(0)
        if found[0] == "#":
            return found
        count += 1
        if found[0] == '"':  # a date, since those are the texts that not every scalar takes
            return f'"2000-01-01T00:{count // 60 % 60:02}:{count % 60:02}.{count // 3600:03}Z"'
        return f"{count}.5" if "." in found else str(count)

    return _TOKEN.sub(give, shape)
