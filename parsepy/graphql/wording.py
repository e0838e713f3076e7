"""graphql-core's messages in graphql-js's words, which differ in how they show values."""

import re
from decimal import Decimal
from math import inf, isnan
from typing import Any

from parsepy.model.values import dumps

_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'")
_BACKSLASH = r"'\'"
_ITEMS = 10
_LEVELS = 2
_CANNOT = re.compile(
    r"((?:(?:\w+|Enum '\w+') cannot represent (?:a |an )?non[ -].*?value)"
    r"|Int cannot represent non 32-bit signed integer value"
    r"|(?:\w+ cannot represent value)): ",
    re.DOTALL,
)


def reworded(message: str) -> str:
    """A message of the library as graphql-js writes it."""
    text = message.replace(_BACKSLASH, '"\\"')
    text = _QUOTED.sub(_double_quoted, text)
    return text.replace(" to be a mapping.", " to be an object.").replace(
        " not to be None.", " not to be null."
    )


def _double_quoted(match: re.Match[str]) -> str:
    return '"' + match.group(1).replace("\\'", "'") + '"'


def of_value(message: str, value: Any) -> str:
    """A scalar's refusal of a value, with the value as graphql-js shows it."""
    match = _CANNOT.match(message)
    if match is None:
        return reworded(message)
    _, question, hint = message.partition(" Did you mean")
    dot = "." if question or message.startswith("Enum") else ""
    return f"{reworded(match.group(1))}: {inspected(value)}{dot}{reworded(question + hint)}"


def number(value: int | float) -> str:
    """A number as JavaScript prints it."""
    value = float(value)
    if isnan(value):
        return "NaN"
    if value in (inf, -inf):
        return "Infinity" if value > 0 else "-Infinity"
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    text = repr(value)
    if "e" not in text:
        return text
    mantissa, _, power = text.partition("e")
    exponent = int(power)
    if -7 < exponent < 0:
        return format(Decimal(text), "f")
    return f"{mantissa}e{'+' if exponent > 0 else '-'}{abs(exponent)}"


def inspected(value: Any, level: int = 0) -> str:
    """A value as graphql-js shows it in messages: two levels, ten items of a list."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, list):
        return _list(value, level)
    if isinstance(value, dict):
        return _object(value, level)
    return "{}"


def _number(value: int | float) -> str:
    try:
        return number(value)
    except OverflowError:
        return "Infinity" if value > 0 else "-Infinity"


def _quoted(text: str) -> str:
    return dumps(text).decode() if text.isprintable() or text.isascii() else _escaped(text)


def _escaped(text: str) -> str:
    try:
        return dumps(text).decode()
    except TypeError:  # half a surrogate pair
        return '"' + text.encode("utf-8", "replace").decode() + '"'


def _list(value: list[Any], level: int) -> str:
    if not value:
        return "[]"
    if level >= _LEVELS:
        return "[Array]"
    shown = [inspected(item, level + 1) for item in value[:_ITEMS]]
    more = len(value) - _ITEMS
    if more == 1:
        shown.append("... 1 more item")
    elif more > 1:
        shown.append(f"... {more} more items")
    return f"[{', '.join(shown)}]"


def _object(value: dict[str, Any], level: int) -> str:
    if not value:
        return "{}"
    if level >= _LEVELS:
        return "[Object]"
    members = ", ".join(f"{name}: {inspected(item, level + 1)}" for name, item in value.items())
    return f"{{ {members} }}"
