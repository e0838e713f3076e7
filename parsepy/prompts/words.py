"""The words of a prompt: plurals, verbs, types, technologies."""

from collections.abc import Iterable
from difflib import get_close_matches

TYPES = {
    name.lower(): name
    for name in (
        *("String", "Number", "Boolean", "Date", "Object", "Array"),
        *("File", "GeoPoint", "Polygon", "Bytes"),
    )
}
OPERATIONS = {
    "create": ("create",),
    "add": ("create",),
    "make": ("create",),
    "update": ("update",),
    "edit": ("update",),
    "change": ("update",),
    "delete": ("delete",),
    "remove": ("delete",),
    "write": ("create", "update", "delete"),
    "manage": ("create", "update", "delete"),
    "read": ("find", "get", "count"),
    "view": ("find", "get", "count"),
    "see": ("find", "get", "count"),
    "list": ("find", "get", "count"),
    "browse": ("find", "get", "count"),
    "find": ("find", "get", "count"),
    "search": ("find", "get", "count"),
}
"""What a verb of Security allows."""
DOING = {*OPERATIONS, "process", "track", "book", "cancel", "place", "apply"}
"""The verbs of Behavior that hold for a class."""
AUTH = {
    "sign-up": "sign-up",
    "signup": "sign-up",
    "sign up": "sign-up",
    "register": "sign-up",
    "login": "login",
    "log-in": "login",
    "log in": "login",
    "sign-in": "login",
    "logout": "logout",
    "log-out": "logout",
    "log out": "logout",
    "password reset": "password reset",
    "email verification": "email verification",
    "anonymous users": "anonymous users",
}
TECHNOLOGIES = {
    "flutter": "dart",
    "dart": "dart",
    "react": "typescript",
    "react native": "typescript",
    "next.js": "typescript",
    "vue": "typescript",
    "angular": "typescript",
    "svelte": "typescript",
    "javascript": "typescript",
    "typescript": "typescript",
    "node.js": "typescript",
    "ionic": "typescript",
    "ios": "swift",
    "swift": "swift",
    "swiftui": "swift",
    "android": "kotlin",
    "kotlin": "kotlin",
    "python": "python",
}
"""By technology, the language of ``parsepy types``."""


def singulars(word: str) -> set[str]:
    """What a word may be the plural of, in lower case, and the word itself."""
    word = word.lower()
    found = {word}
    if word.endswith("ies"):
        found.add(word[:-3] + "y")
    if word.endswith("es"):
        found.add(word[:-2])
    if word.endswith("s"):
        found.add(word[:-1])
    return found


def class_in(phrase: str, names: Iterable[str]) -> str | None:
    """The class that a phrase names, in the plural or not: ``order items`` is ``OrderItem``."""
    folded = {name.lower(): name for name in names}
    joined = "".join(phrase.split())
    return next((folded[one] for one in singulars(joined) if one in folded), None)


def nearest(word: str, known: Iterable[str]) -> str:
    """``; is … meant?`` with the nearest known word; nothing if none is near."""
    folded = {one.lower(): one for one in known}
    near = get_close_matches(word.lower(), folded, 1)
    return f"; is {folded[near[0]]} meant?" if near else ""
