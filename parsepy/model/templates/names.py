"""Classes, columns and types that a template may name, and suggestions for wrong names."""

from collections.abc import Iterable
from difflib import get_close_matches

from parsepy.model.schema import DEFAULT_COLUMNS, SYSTEM_COLUMNS
from parsepy.model.values import PLAIN_TYPES

TYPES = (*PLAIN_TYPES, "Pointer", "Relation")
ALIASES = {"User": "_User"}  # Parse: the one alias; a class named Role or Session is one's own
MEANT = {name: f"_{name}" for name in ("User", "Role", "Session", "Installation")}
"""System classes by the names under which cloud code may miss them."""
DEFAULTS = {name: str(kind) for name, kind in DEFAULT_COLUMNS.items()}
SYSTEM = {
    class_name: {name: str(kind) for name, kind in columns.items()}
    for class_name, columns in SYSTEM_COLUMNS.items()
}
_MOST_COMPARED, _LONGEST = 300, 200
"""Of more names, and longer ones, the most similar is not looked for: it would take seconds."""
SIGN_UP = ("username", "password", "email")


def stored_name(name: str) -> str:
    """Return ``_User`` for ``User``; any other name unchanged."""
    return ALIASES.get(name, name)


def is_comment(key: str) -> bool:
    """Is a key of a JSON object there for people, or for an editor?"""
    return key.startswith(("_comment", "$", "//", "#"))


def suggest(name: str, known: Iterable[str]) -> str:
    """Write ``"; did you mean 'x'?"`` with the most similar known name; "" if none is similar."""
    by_lower = {word.lower(): word for word in known}
    if len(by_lower) > _MOST_COMPARED or len(name) > _LONGEST:
        return ""
    near = get_close_matches(name.lower(), by_lower, n=1)
    return f"; did you mean {by_lower[near[0]]!r}?" if near else ""
