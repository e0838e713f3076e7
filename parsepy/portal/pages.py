"""``Pages``: the templates of the portal, and what they need beside the facts."""

import json
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from parsepy.descriptions import ClassEntry, Snippets, names_only, origin_of, snippets
from parsepy.portal.facts import Facts
from parsepy.portal.questions import example, questions
from parsepy.portal.words import Guide, docs_folder, guides_in, localized, read, to_html
from parsepy.sites import WebBuild
from parsepy.version import __version__

SECTIONS = (
    ("overview", "Overview"),
    ("takeaways", "Key takeaways"),
    ("stack", "Stack"),
    ("diagram", "ER diagram"),
    ("flow", "Integration flow"),
    ("dictionary", "Data dictionary"),
    ("security", "Security"),
    ("schema", "Schema JSON"),
    ("agent", "AI agent"),
    ("playground", "Playground"),
    ("technologies", "Technologies"),
    ("faq", "FAQ"),
)
"""The sections of the portal, in their order: anchor, title."""
_CODE = {
    **dict.fromkeys(
        ("javascript", "react", "react-native", "nextjs", "vue", "angular"), "JavaScript"
    ),
    "flutter": "Flutter",
    "ios": "Swift",
    "android": "Kotlin",
    "graphql": "GraphQL",
    "rest": "REST",
    "dotnet": "C#",
}
"""In which of the technologies of `snippets` a guide's code is written."""
_FIRST = {
    "php": "$found = ask('GET', '/classes/CLASS?' . http_build_query(['limit' => 10]));",
    "python": 'found = ask("GET", "/classes/CLASS", params={"limit": 10})["results"]',
    "unity": """ParseObject.GetQuery("CLASS").Limit(10).FindAsync().ContinueWith(task => {
    foreach (var found in task.Result) Debug.Log(found.ObjectId);
});""",
    "embedded-c": 'if (ask("GET", "/classes/CLASS?limit=10", "")) return -1;',
}
"""The first query of a guide whose code is its own, of a class ``CLASS``."""
_NAME = re.compile(r"[\w-]+")
_HTML = Path(__file__).parent / "html"


class Pages:
    """Renders pages; finds the built islands by the manifest of their build."""

    def __init__(self, islands: Path, build: WebBuild | None) -> None:
        self._islands = islands
        self._build = build
        self._environment = Environment(
            loader=FileSystemLoader(_HTML),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {"markdown": to_html, "pretty": _pretty}

    @cached_property
    def guides(self) -> tuple[Guide, ...]:
        """The guides of the manual."""
        return guides_in(docs_folder() / "clients")

    def render(self, name: str, **values: Any) -> str:
        """Fill a template."""
        return self._environment.get_template(name).render(
            **values,
            sections=SECTIONS,
            version=__version__,
            guides=self.guides,
            questions=questions,
            first_query=_first_query,
            island=self._island,
            build=self._build,
            localized=localized,
            origin=origin_of(values["url"]),
        )

    def code_of(self, entry: ClassEntry, facts: Facts) -> Mapping[str, Snippets]:
        """Write the code for a class in every technology."""
        is_live = entry.name in facts.live_classes
        return snippets(entry, facts.url, facts.app_id, is_live=is_live)

    def guide_html(self, name: str, url: str, app_id: str) -> tuple[Guide, Markup] | None:
        """Write a guide for this server, as HTML; None if there is none of that name."""
        for guide in self.guides:
            if guide.name == name:
                return guide, to_html(localized(guide.text, url, app_id), folder="clients")
        return None

    def manual_html(self, name: str) -> Markup | None:
        """Write a page of the manual as HTML; None if there is none of that name."""
        text = read(docs_folder() / f"{name}.md") if _NAME.fullmatch(name) else ""
        return to_html(text) if text else None

    def _island(self, entry: str) -> dict[str, Any] | None:
        """Find the files of a built entry: its script, and its styles; None if not built."""
        try:
            text = (self._islands / ".vite" / "manifest.json").read_text(encoding="utf-8")
            known = json.loads(text)[f"src/{entry}.ts"]
            return {"file": known["file"], "css": known.get("css", [])}
        except (OSError, ValueError, KeyError):
            return None


def _first_query(guide: Guide, facts: Facts) -> str:
    """Take a guide's first query, or one of an own class where the app lacks the guide's."""
    if names_only(guide.first_query, facts.entries):
        return localized(guide.first_query, facts.url, facts.app_id)
    if not facts.own:
        return ""
    entry = example(facts.own)
    if guide.name in _FIRST:
        return _FIRST[guide.name].replace("CLASS", entry.name)
    technology = _CODE[guide.name]
    return snippets(entry, facts.url, facts.app_id, is_live=False)[technology].query


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
