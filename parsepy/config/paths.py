"""Patterns of request paths in options: ``/functions/*path``, ``/classes/:name{/:id}``."""

import re

_TOKEN = re.compile(
    r"\\(?P<escaped>.)|(?P<kind>[:*])(?P<name>[A-Za-z_$][\w$]*|\"[^\"]+\")|(?P<brace>[{}])"
    r"|(?P<reserved>[()\[\]+?!:*\\])|(?P<plain>[^\\:*{}()\[\]+?!]+)",
    re.DOTALL,
)
_SPECIAL = re.compile(r"([\\:*{}()\[\]+?!])")


def path_pattern(text: str) -> re.Pattern[str]:
    """Compile a pattern; it matches in any case, with or without a slash at the end.

    ``:name`` is one segment, ``*name`` everything that follows, ``{...}`` may be missing, a
    backslash takes the next character literally. Raises ValueError for any other sign.
    """
    parts = []
    depth = 0
    for token in _TOKEN.finditer(text):
        if token["reserved"]:
            raise ValueError(f"{token['reserved']} at {token.start()} means nothing")
        if token["kind"]:
            parts.append("[^/]+" if token["kind"] == ":" else ".+")
        elif token["brace"]:
            depth += 1 if token["brace"] == "{" else -1
            if depth < 0:
                raise ValueError("a brace is closed that was not opened")
            parts.append("(?:" if token["brace"] == "{" else ")?")
        else:
            parts.append(re.escape(token["escaped"] or token["plain"]))
    if depth:
        raise ValueError("a brace is not closed")
    return re.compile("".join(parts) + "/?", re.IGNORECASE | re.DOTALL)


def escape_path(text: str) -> str:
    """Make the pattern that matches exactly this path."""
    return _SPECIAL.sub(r"\\\1", text)
