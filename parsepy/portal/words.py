"""Markdown of guides, questions and the app's own words, as HTML that can carry no script."""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

FACTS = ("title", "order", "minutes", "sdk", "version", "proven")
FAQ = "FAQ"
"""The section of ``portal.md`` with an app's questions, or a link to a page that has them."""
SDKS = ("typed SDK", "SDK", "GraphQL", "REST")
LARGEST = 200_000
"""Bytes of a file that are read at most."""
_FRONT = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_FIRST = re.compile(r"^## First query\n.*?^```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE)
_TITLE = re.compile(r"\A\s*# (.+)\n")
_PAGE = re.compile(r"(?P<folder>clients/)?(?P<name>[\w-]+)\.md")
_LINK = re.compile(r"\[[^\]]*\]\((?P<path>(?:[\w.-]+/)*(?P<name>[\w-]+)\.md)\)")
_SECTION = re.compile(r"^## (.+)\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Guide:
    """A guide for a technology (docs/clients): its facts, and its text as Markdown."""

    name: str
    title: str
    order: int
    minutes: int
    sdk: str
    version: str
    proven: str
    text: str

    @property
    def first_query(self) -> str:
        """The code block that its card shows."""
        found = _FIRST.search(self.text)
        return found[1].rstrip() if found else ""


def docs_folder() -> Path:
    """Find the manual's part that pages show: in an installed package, else of a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "_docs"
    return inside if inside.is_dir() else package.parent / "docs"


def read(path: Path) -> str:
    """Read a text, as far as it is bounded; "" if it is not there."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(LARGEST)
    except OSError:
        return ""


def guide_of(name: str, text: str) -> Guide:
    """Read a guide; raises ``ValueError`` that says which fact is missing or wrong."""
    front = _FRONT.match(text)
    if front is None:
        raise ValueError("it does not begin with facts between two lines of ---")
    pairs = [line.partition(":") for line in front[1].splitlines()]
    facts = {key.strip(): value.strip() for key, _, value in pairs}
    for fact in FACTS:
        if not facts.get(fact):
            raise ValueError(f"{fact} is missing")
    if odd := facts.keys() - set(FACTS):
        raise ValueError(f"{min(odd)} is no fact")
    if facts["sdk"] not in SDKS:
        raise ValueError(f"sdk is one of {', '.join(SDKS)}")
    order, minutes = int(facts.pop("order")), int(facts.pop("minutes"))
    return Guide(name, order=order, minutes=minutes, text=text[front.end() :], **facts)


def guides_in(folder: Path) -> tuple[Guide, ...]:
    """Read all guides of a folder, in their order; a file that is none is left out."""
    found = []
    for file in sorted(folder.glob("*.md")) if folder.is_dir() else ():
        if file.name == "README.md":
            continue
        try:
            found.append(guide_of(file.stem, read(file)))
        except ValueError:
            continue
    return tuple(sorted(found, key=lambda guide: (guide.order, guide.title)))


@dataclass(frozen=True, slots=True)
class AppWords:
    """What an app says of itself (``portal.md``): title, first paragraph, sections by title."""

    title: str
    lead: str
    sections: Mapping[str, str]


def app_words(text: str, folder: Path = Path()) -> AppWords:
    """Split ``portal.md`` at its headings of the second level.

    Where the questions are a link, they are the page that it leads to, from the ``folder`` in which
    the text lies; one that is not there is a page of the manual.
    """
    title = _TITLE.match(text)
    rest = text[title.end() :] if title else text
    first, *parts = _SECTION.split(rest)
    sections = {
        name.strip(): body.strip() for name, body in zip(parts[::2], parts[1::2], strict=True)
    }
    if FAQ in sections:
        sections[FAQ] = _questions(sections[FAQ], folder)
    return AppWords(title[1].strip() if title else "", first.strip(), sections)


def _questions(text: str, folder: Path) -> str:
    """Return the questions below headings of the second level, wherever they stand."""
    link = _LINK.fullmatch(text)
    if link is None:
        return re.sub(r"^###(?= )", "##", text, flags=re.MULTILINE)
    return read(folder / link["path"]) or read(docs_folder() / f"{link['name']}.md")


@cache
def _reader() -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table")


def to_html(text: str, *, level: int = 0, folder: str = "") -> Markup:
    """Turn Markdown into HTML; tags in it are shown, not run. Headings sink by ``level``.

    Links between pages of the manual become links between pages of the portal; ``folder`` is the
    one of the manual that the text stands in. On a page of its own headings can be linked to.
    """
    reader = _reader()
    tokens = reader.parse(text)
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + level)}"
            if following is not None and token.type == "heading_open" and level == 0:
                token.attrSet("id", _anchor(following.content))
        if token.type == "fence":
            token.attrSet("tabindex", "0")
        for child in token.children or ():
            if child.type == "link_open":
                _lead(child, folder)
    return Markup(reader.renderer.render(tokens, reader.options, {}))


def _anchor(title: str) -> str:
    """Make the anchor of a heading as forges of code do."""
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", title.lower()))


def _lead(link: Any, folder: str) -> None:
    """Lead a link of the manual to the portal's page; one that leads out of both leads nowhere."""
    target, mark, anchor = str(link.attrGet("href") or "").partition("#")
    if not target or "://" in target or target.startswith(("/", "mailto:")):
        return
    place = posixpath.normpath(posixpath.join(folder, target))
    page = _PAGE.fullmatch(place)
    if page is None:
        del link.attrs["href"]
    elif page["folder"]:
        is_list = page["name"] == "README"
        to = "/portal#technologies" if is_list else f"/portal/guides/{page['name']}{mark}{anchor}"
        link.attrSet("href", to)
    else:
        link.attrSet("href", f"/portal/manual/{page['name']}{mark}{anchor}")


def localized(text: str, url: str, app_id: str) -> str:
    """Put this server's address and id in the place of those that guides are written for."""
    origin, socket = url.rpartition("/")[0], re.sub(r"^http", "ws", url)
    for given, own in (
        ("http://localhost:1337/parse", url),
        ("ws://localhost:1337/parse", socket),
        ("http://localhost:1337", origin or url),
        ('"parsepy"', f'"{app_id}"'),
        ("'parsepy'", f"'{app_id}'"),
        ("Application-Id: parsepy", f"Application-Id: {app_id}"),
    ):
        text = text.replace(given, own)
    return text
