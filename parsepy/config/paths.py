"""Request paths as options write them: ``/functions/*path``, ``/classes/:name{/:id}``."""

import re

_TOKEN = re.compile(
    r"\\(?P<escaped>.)|(?P<kind>[:*])(?P<name>[A-Za-z_$][\w$]*|\"[^\"]+\")|(?P<brace>[{}])"
    r"|(?P<reserved>[()\[\]+?!:*\\])|(?P<plain>[^\\:*{}()\[\]+?!]+)",
    re.DOTALL,
)
_SPECIAL = re.compile(r"([\\:*{}()\[\]+?!])")


def path_pattern(text: str) -> re.Pattern[str]:
    """The paths that a pattern stands for: any case, with or without a slash at the end.

    ``:name`` is one segment, ``*name`` everything that follows, ``{...}`` may be missing, a
    backslash takes the next character as it is. Raises ValueError for what means nothing.
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
    """A pattern that stands for exactly this path."""
    return _SPECIAL.sub(r"\\\1", text)
