"""Page templates: ``{{name}}`` placeholders, ``{{#name}}…{{/name}}`` sections; all is escaped."""

import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

BUILT_IN = Path(__file__).parent / "html"
_SECTION = re.compile(r"\{\{([#^])\s*([\w.]+)\s*\}\}(.*?)\{\{/\s*\2\s*\}\}", re.DOTALL)
_PLACEHOLDER = re.compile(r"\{?\{\{[{&]?\s*([\w.]+)\s*\}?\}\}")
_LOCALE = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*")


def render(template: str, values: Mapping[str, Any]) -> str:
    """The template with its placeholders filled; what has no value is left out.

    A ``{{#name}}`` section stays if the name has a value, a ``{{^name}}`` one if it has none.
    """

    def section(found: re.Match[str]) -> str:
        kind, name, inner = found.groups()
        return inner if bool(values.get(name)) is (kind == "#") else ""

    def fill(found: re.Match[str]) -> str:
        value = values.get(found[1])
        return "" if value is None else escape(str(value))

    return _PLACEHOLDER.sub(fill, _SECTION.sub(section, template))


def read(folder: Path, name: str) -> bytes | None:
    """A file below a folder, or ``None``; nothing outside of it is ever read."""
    root = folder.resolve()
    try:
        path = (root / name).resolve()
        if not path.is_relative_to(root) or not path.is_file():
            return None
        return path.read_bytes()
    except (OSError, ValueError):  # a name that the file system can't have
        return None


def page(name: str) -> str | None:
    """One of our own pages, in our layout; ``None`` if there is none of that name."""
    content = read(BUILT_IN, name)
    if content is None or "/" in name or name == "layout.html":
        return None
    title, _, body = content.decode().partition("\n")
    layout = (BUILT_IN / "layout.html").read_text(encoding="utf-8")
    return layout.replace("<!-- title -->", title).replace("<!-- body -->", body.strip())


def locale(text: object) -> str | None:
    """A locale such as ``de`` or ``pt-BR``; ``None`` for what is none (§16.5)."""
    return text if isinstance(text, str) and _LOCALE.fullmatch(text) else None


def localized(name: str, wanted: str | None) -> list[str]:
    """Where to look for a page: in the locale's folder, the language's, then none."""
    if wanted is None:
        return [name]
    language = wanted.partition("-")[0]
    return list(dict.fromkeys((f"{wanted}/{name}", f"{language}/{name}", name)))
