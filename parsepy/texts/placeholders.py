"""The operator's own texts: where they lie, and the ``{{name}}`` placeholders in them.

``{{#name}}…{{/name}}`` stays where the name has a value; all that is filled in is escaped.
"""

import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

_SECTION = re.compile(r"\{\{([#^])\s*([\w.]+)\s*\}\}(.*?)\{\{/\s*\2\s*\}\}", re.DOTALL)
_SECTION_ENDS = re.compile(r"\{\{[#^/]\s*[\w.]+\s*\}\}")
_PLACEHOLDER = re.compile(r"\{?\{\{[{&]?\s*([\w.]+)\s*\}?\}\}")


def render(template: str, values: Mapping[str, Any], *, escapes: bool = True) -> str:
    """Fill the placeholders of a template; those without a value become empty.

    A ``{{#name}}`` section stays if the name has a value, a ``{{^name}}`` one if it has none.
    Values are escaped for HTML, but for a plain text (``escapes=False``).
    """

    def section(found: re.Match[str]) -> str:
        kind, name, inner = found.groups()
        return inner if bool(values.get(name)) is (kind == "#") else ""

    def fill(found: re.Match[str]) -> str:
        value = values.get(found[1])
        text = "" if value is None else str(value)
        return escape(text) if escapes else text

    return _PLACEHOLDER.sub(fill, _SECTION.sub(section, template))


def names(template: str) -> frozenset[str]:
    """List the names that a template's placeholders and sections have."""
    found = {name for _, name, _ in _SECTION.findall(template)}
    plain = _SECTION_ENDS.sub("", template)
    return frozenset(found | set(_PLACEHOLDER.findall(plain)))


def find(folder: Path, name: str) -> Path | None:
    """Find a file below a folder; ``None`` if there is none, or if it lies outside."""
    root = folder.resolve()
    try:
        path = (root / name).resolve()
        return path if path.is_relative_to(root) and path.is_file() else None
    except (OSError, ValueError):  # a name that the file system can't have
        return None


def localized(name: str, wanted: str | None) -> list[str]:
    """List where a page may lie: in the locale's folder, in the language's, in none."""
    if wanted is None:
        return [name]
    language = wanted.partition("-")[0]
    return list(dict.fromkeys((f"{wanted}/{name}", f"{language}/{name}", name)))
