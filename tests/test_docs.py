"""The manual names what there is, and cites only what is there: tables, files, sections, links."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from parsepy.cli.tables import TABLES
from parsepy.config import OPTIONS
from parsepy.errors import Code
from parsepy.model.ops import FIELD_OPS
from parsepy.model.query import FIND_PARAMETERS
from parsepy.model.where import GROUPS, OPERATORS, RELATED_TO
from parsepy.rest import routes
from tests.docs import GENERATED

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    str(path.relative_to(ROOT))
    for folder in (".", "docs", "docs/clients", "benchmarks")
    for path in (ROOT / folder).glob("*.md")
)
CITING = {".py", ".md", ".toml", ".mjs", ".js"}
CITED = re.compile(r"(?<!RFC \d{4} )§(\d+(?:\.\d+)?)(?: step (\d+)| ([a-g])\b)?")
LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def rows(text: str) -> list[str]:
    """What stands in the first column of a page's tables."""
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)


def test_every_operator_and_field_operation_has_its_line() -> None:
    names = [*OPERATORS, *GROUPS, RELATED_TO, *FIELD_OPS]
    assert rows(page("docs/queries.md")) == names


@pytest.mark.parametrize("name", sorted(FIND_PARAMETERS))
def test_every_parameter_of_a_find_is_named(name: str) -> None:
    assert f"`{name}`" in page("docs/queries.md")


def test_every_route_is_in_the_table_of_routes() -> None:
    listed = set(re.findall(r"`([A-Z]+) (/[^` ?]*)`", page("ARCHITECTURE.md")))
    aliases = ("/users", "/roles", "/sessions", "/installations")
    plain = {(route.method, route.path) for route in routes()}
    expected = {
        (method, path)
        for method, path in plain
        if path not in aliases and path not in {f"{alias}/:objectId" for alias in aliases}
    }
    assert listed == expected


def test_every_table_that_can_be_shown_is_named() -> None:
    text = page("ARCHITECTURE.md")
    assert [table for table in TABLES if f"`{table}`" not in text] == []


# These are about files that the reader writes.
OF_THE_READER = ("docs/cloud-code.md", "docs/migrate.md", "docs/tutorial.md")


@pytest.mark.parametrize("name", [name for name in PAGES if name not in OF_THE_READER])
def test_a_page_names_only_files_that_exist(name: str) -> None:
    folders = (ROOT, ROOT / "parsepy", ROOT / "parsepy" / "operations", (ROOT / name).parent)
    named = set(re.findall(r"`((?:[a-z_]+/)*[a-z_]+\.(?:py|toml|json|md))\b[^`]*`", page(name)))
    own = {"config.json", "shop.json", "server.json", "keys.json", "dashboard.json"}  # the reader's
    own |= {"backup.json", "claude_desktop_config.json", "mcp.json"}
    own |= {"path/to/file.py", "results/latest.json", "cloud/classes.py", "export.json"}
    missing = [
        file for file in named - own if not any((folder / file).exists() for folder in folders)
    ]
    assert missing == []


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_a_page_that_is_made_from_tables_is_up_to_date(name: str) -> None:
    assert page(f"docs/{name}") == GENERATED[name](), "run `make docs`"


def test_every_error_code_has_its_meaning_in_one_sentence() -> None:
    assert [code.name for code in Code if not code.meaning.endswith(".")] == []


def test_every_page_of_the_manual_is_in_its_index() -> None:
    index = page("docs/README.md")
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert set(re.findall(r"^\| \[([^\]/]+)\]\(\1\)", index, re.MULTILINE)) == pages


def sources() -> Iterator[tuple[str, str]]:
    """The text of every file that may cite the protocol."""
    for folder in ("parsepy", "cloud", "tests", "docs", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in CITING and "node_modules" not in path.parts:
                yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
    for name in PAGES:
        yield name, page(name)


def sections(protocol: str) -> dict[str, str]:
    """The protocol's sections by number, `9` and `9.1`, each with its text."""
    found: dict[str, str] = {}
    parts = re.split(r"^## (\d+)\. ", protocol, flags=re.MULTILINE)
    for number, text in zip(parts[1::2], parts[2::2], strict=True):
        found[number] = text
        inner = re.split(rf"^(?:\| )?({number}\.\d+) ", text, flags=re.MULTILINE)
        found |= dict(zip(inner[1::2], inner[2::2], strict=True))
    return found


def dangling(text: str, protocol: dict[str, str]) -> list[str]:
    """The citations of a text whose section, or step of it, is not in the protocol."""
    wrong = []
    for cited in CITED.finditer(text):
        section, step, letter = cited.groups()
        inner = protocol.get(section)
        mark = rf"^ *{step or letter}\. "
        if inner is None or ((step or letter) and not re.search(mark, inner, re.MULTILINE)):
            wrong.append(cited[0])
    return wrong


def test_every_section_of_the_protocol_that_is_cited_exists() -> None:
    protocol = sections(page("docs/protocol.md"))
    cited = {name: dangling(text, protocol) for name, text in sources()}
    assert len(cited) > 300
    assert {name: wrong for name, wrong in cited.items() if wrong} == {}


def test_a_section_that_is_not_there_is_noticed() -> None:
    protocol = sections("## 2. Keys\n2.5 Who asks:\n d. a key\n## 9. Writes\n10. last\n9.1 more\n")
    fine = "§2, §2.5, §2.5 d, §9 step 10, §9.1 and RFC 6455 §5.2"
    assert dangling(fine, protocol) == []
    assert dangling("§3 §2.6 §2.5 e §9 step 11", protocol) == ["§3", "§2.6", "§2.5 e", "§9 step 11"]


def anchors(text: str) -> set[str]:
    """What the headings of a page can be linked by."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken(name: str, text: str) -> list[str]:
    """The links of a page to files or headings of this repository that are not there."""
    wrong = []
    for link in LINK.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        target, _, anchor = link.partition("#")
        path = (ROOT / name).parent / target if target else ROOT / name
        if "://" in link or link.startswith("mailto:"):
            continue
        there = path.exists() and path.resolve().is_relative_to(ROOT)
        if not there or (anchor and anchor not in anchors(path.read_text(encoding="utf-8"))):
            wrong.append(link)
    return wrong


@pytest.mark.parametrize("name", PAGES)
def test_a_page_links_only_to_what_is_there(name: str) -> None:
    assert broken(name, page(name)) == []


def test_a_link_to_what_is_not_there_is_noticed() -> None:
    text = "[a](nosuch.md) [b](../README.md) [c](README.md#nosuch) [d](../../shared/x.md)"
    assert broken("docs/README.md", text) == ["nosuch.md", "README.md#nosuch", "../../shared/x.md"]


def test_nothing_cites_a_folder_beside_the_repository() -> None:
    own = "tests/test_docs.py"
    outside = re.compile(r"\.\./shared\b|/work/shared\b")
    assert [name for name, text in sources() if name != own and outside.search(text)] == []


def test_an_option_that_a_page_sets_exists() -> None:
    flags = {option.flag for option in OPTIONS} | {"--config", "--set", "--version"}
    used = set(re.findall(r"parsepy serve[^\n`]*?(--[a-z-]+)", page("README.md")))
    assert used
    assert used <= flags


def test_the_webhook_of_the_page_reads_its_body_and_no_further() -> None:
    block = re.findall(r"```python\n(.*?)```", page("docs/webhooks.md"), re.DOTALL)[-1]
    names: dict[str, Any] = {}
    exec(block, names)
    body = b'{"object": {"total": 10}}'
    environ = {
        "HTTP_X_PARSE_WEBHOOK_KEY": names["WEBHOOK_KEY"],
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body + b"the next request"),
    }
    answer = names["app"](environ, lambda status, headers: None)
    assert json.loads(b"".join(answer)) == {"success": {"total": 10, "checked": True}}
