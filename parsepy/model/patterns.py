"""Regular expressions of MongoDB (PCRE2), with a limit on the steps that one test takes."""

from collections.abc import Callable
from typing import Any

import pcre2

from parsepy.errors import Code, ParseError

_LONGEST = 32_764  # bytes; MongoDB takes no longer pattern
_SHORT = 1000  # characters of a text on which the engine may start anywhere
_STEPS_FROM_EACH_START = 10_000
_STEPS_IN_ALL = 5_000_000
_FLAGS = {
    "i": pcre2.I,
    "m": pcre2.M,
    "s": pcre2.S,
    "x": pcre2.X,
    "u": pcre2.NOFLAG,  # texts are Unicode anyway
}

Pattern = Callable[[str], bool]


def compile(pattern: str, options: str = "") -> Pattern:
    r"""Compile a pattern into a test of texts: does the pattern occur in one?

    The engine is MongoDB's, with the same syntax (``\Q..\E`` included). A text that would take
    more than some 30 ms does not match. Raises INVALID_QUERY for an invalid pattern.
    """
    if len(pattern.encode()) > _LONGEST:
        raise ParseError(Code.INVALID_QUERY, "Regular expression is invalid: too long")
    flags = pcre2.A  # as in MongoDB, \w and its like know ASCII only
    for letter in options:
        flags |= _FLAGS[letter]
    try:
        short = pcre2.compile(f"(*LIMIT_MATCH={_STEPS_FROM_EACH_START}){pattern}", flags)
    except pcre2.LibraryError as error:
        raise ParseError(Code.INVALID_QUERY, f"Regular expression is invalid: {error}") from error
    long = _from_one_start(pattern, flags) or short

    def test(text: str) -> bool:
        try:
            return (short if len(text) <= _SHORT else long).search(text) is not None
        except pcre2.LibraryError:  # too many steps
            return False

    return test


def _from_one_start(pattern: str, flags: Any) -> Any:
    """Compile the pattern so that one limit covers all positions of a text; None if impossible."""
    end = "\n)" if flags & pcre2.X else ")"  # with the flag x, a comment ends with its line
    try:
        return pcre2.compile(f"(*LIMIT_MATCH={_STEPS_IN_ALL})\\A(?s:.*?)(?:{pattern}{end}", flags)
    except pcre2.LibraryError:  # such as a verb that must stand first
        return None
