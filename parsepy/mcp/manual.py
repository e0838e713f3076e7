"""The manual's pages, and a search in their sections."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from parsepy.mcp.results import cut

_MOST_SECTION = 4000  # characters of a section that a search answers


class ManualSection(NamedTuple):
    """A section of a page: what stands below one of its titles."""

    page: str
    title: str
    text: str


@cache
def folder() -> Path | None:
    """Where the pages are: inside an installed package, or beside it in a checkout."""
    here = Path(__file__).resolve().parents[1]
    return next((path for path in (here / "_docs", here.parent / "docs") if path.is_dir()), None)


def pages() -> dict[str, Path]:
    """The pages by name, such as ``cloud-code.md``."""
    found = folder()
    return {path.name: path for path in sorted(found.glob("*.md"))} if found is not None else {}


@cache
def sections() -> tuple[ManualSection, ...]:
    """Every section of every page."""
    return tuple(
        section
        for name, path in pages().items()
        for section in _split(name, path.read_text(encoding="utf-8"))
    )


def _split(page: str, text: str) -> Iterator[ManualSection]:
    title, is_code = page, False
    lines: list[str] = []
    for line in text.splitlines():
        is_code ^= line.startswith("```")
        if not is_code and re.match(r"#{1,3} ", line):
            if lines:
                yield ManualSection(page, title, "\n".join(lines).strip())
            title, lines = line.lstrip("# "), []
        else:
            lines.append(line)
    if lines:
        yield ManualSection(page, title, "\n".join(lines).strip())


def search(words: str, limit: int) -> list[ManualSection]:
    """The sections in which the words stand most, those first that have most of the words."""
    wanted = set(re.findall(r"[\w.$-]{2,}", words.lower()))
    found = []
    for section in sections():
        counts = Counter(re.findall(r"[\w.$-]{2,}", section.text.lower()))
        title = section.title.lower()
        hits = [word for word in wanted if counts[word] or word in title]
        if hits:
            often = sum(min(counts[word], 5) for word in hits)
            named = sum(5 for word in hits if word in title)
            found.append(((len(hits), often + named), section))
    found.sort(key=lambda one: one[0], reverse=True)
    return [one._replace(text=cut(one.text, _MOST_SECTION)) for _, one in found[:limit]]
