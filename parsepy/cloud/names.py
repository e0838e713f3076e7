"""What an author's error means: the name that was meant, the word that is missing."""

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches

_KEYWORD = re.compile(r"unexpected keyword argument '(\w+)'")
_ATTRIBUTE = re.compile(r"'(\w+)' object has no attribute '(\w+)'$")
_CAPITAL = re.compile(r"[A-Z]")
_RIGHTS = ("use_master_key", "session_token")
"""The keywords that all calls to the database take."""
_TEXTS = (
    (
        re.compile(r"\bcoroutine\b"),
        "; a call was not awaited: write `await` before it",
    ),
    (
        re.compile(r"^'dict' object has no attribute '(\w+)'$"),
        '; a key is read by ["{0}"], or .get("{0}")',
    ),
    (
        re.compile(r"^'(?:Query|\w*Query)' object is not iterable$"),
        "; write `await query.find()`, or `async for … in query.iterate()`",
    ),
    (
        re.compile(r"^Parse has no type for a (?:set|frozenset|generator)$"),
        "; write a list",
    ),
    (
        re.compile(r"^Parse has no type for a date$"),
        "; write a datetime with a time zone",
    ),
    (
        re.compile(r"^'\w+' object is not callable$"),
        "; what is a method in JavaScript may be a property here, without ()",
    ),
    (
        re.compile(r"does not support the context manager protocol"),
        "; write `async with`",
    ),
    (
        re.compile(r"does not support the asynchronous context manager protocol"),
        "; write `with`, without async",
    ),
)
"""What Python says of a slip that is common in cloud code, and what to write instead."""


def snake_case(name: str) -> str:
    """The name as Python writes it: ``equalTo`` becomes ``equal_to``."""
    return _CAPITAL.sub(lambda capital: f"_{capital[0].lower()}", name)


def hint_of(name: str, known: Iterable[str], *, likeness: float = 0.7) -> str:
    """``; in Python it is …`` for a name from JavaScript.

    Or ``; did you mean …?`` for one that is so like a known one; 1 asks for no such guess.
    """
    names = [one for one in known if one[:1] != "_"]
    snake = name if name.isupper() else snake_case(name)
    for meant in (snake, f"{name}_"):
        if meant != name and meant in names:
            return f"; in Python it is {meant}"
    found = get_close_matches(snake, names, 1, likeness) if likeness < 1 else []
    return f"; did you mean {found[0]}?" if found else ""


def explain(error: BaseException, classes: Callable[[str], bool]) -> None:
    """Add to an error's text what should have been written, where that can be told.

    ``classes`` says whether a Python class of that name is one of Parse objects.
    """
    if not isinstance(error, TypeError | AttributeError) or len(error.args) != 1:
        return
    text = str(error)
    if "; in Python it is" in text or "; did you mean" in text or "; a field is" in text:
        return  # said already
    hint = _hint_in(error, text, classes)
    if hint:
        error.args = (f"{text}{hint}",)


def _hint_in(error: TypeError | AttributeError, text: str, classes: Callable[[str], bool]) -> str:
    if isinstance(error, TypeError) and (found := _KEYWORD.search(text)):
        snake = snake_case(found[1])
        return f"; in Python it is {snake}" if snake != found[1] else hint_of(snake, _RIGHTS)
    if isinstance(error, AttributeError):
        if (found := _ATTRIBUTE.search(text)) and classes(found[1]):
            return field_hint(found[2])
        of = error.obj if isinstance(error.obj, type) else type(error.obj)
        if error.name and of.__module__.partition(".")[0] == "parsepy":
            return hint_of(error.name, dir(error.obj))
    for pattern, hint in _TEXTS:
        if found := pattern.search(text):
            return hint.format(*found.groups())
    return ""


def field_hint(name: str) -> str:
    """How the field is read and set that was written as an attribute."""
    return f'; a field is read by .get("{name}") and set by ["{name}"] = …'
