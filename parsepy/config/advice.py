"""The line to write instead of one that a configuration can't have."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from parsepy.config.table import Option

_PLACE = re.compile(r"([A-Za-z]\w*(?:\.\w+)*): (?:expected|required)")
_SLIP = re.compile(r'unknown option "[^"]+": did you mean "([^"]+)"\?')
_EXAMPLES = {
    "a URL that": "https://example.com/parse",
    '"mongodb://': "mongodb://localhost:27017/parse",
    "text": "...",
    "true or false": True,
    "a list": [],
    "a path": "path/to/file",
    "an object": {},
    "a regular": "^.{8,}$",
    "a size": "20mb",
    "IP addresses": ["127.0.0.1"],
}


def line_instead(problem: str, options: Sequence[Option]) -> str | None:
    """Return the line of JSON to write; None where the problem says it, or nothing can be said."""
    slip = _SLIP.fullmatch(problem)
    place = _PLACE.match(problem)
    path = (slip or place or [None, None])[1]
    found = None if path is None else _find(path.split("."), options)
    if found is None or path is None:
        return None
    if isinstance(found.default, bool):
        # who writes the line wants another value than the default
        value: object = not found.default
    elif slip:
        value = ...  # the value may be right, and is not ours to show: it may be a key
    else:
        value = _example(found)
    if value is None:
        return None
    written = "..." if value is ... else json.dumps(value, ensure_ascii=False)
    first, *inner = path.split(".")
    for name in reversed(inner):
        written = f"{{{json.dumps(name)}: {written}}}"
    return f"{json.dumps(first)}: {written}"


def _find(path: Sequence[str], options: Sequence[Option]) -> Option | None:
    found = next((option for option in options if option.name == path[0]), None)
    if found is None or len(path) == 1:
        return found
    return _find(path[1:], found.members)


def _example(option: Option) -> object:
    if option.default is not None:
        return option.default
    expected = option.check.expected
    start = next((start for start in _EXAMPLES if expected.startswith(start)), None)
    if start is not None:
        return _EXAMPLES[start]
    number = re.search(r"(\d+)", expected)
    if expected.startswith("one of "):
        return expected.removeprefix("one of ").split(", ")[0]
    return int(number[1]) if number and "number" in expected else None
