"""The manual names what there is: operators, field operations, parameters, tables, files."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from parsepy.cli.tables import TABLES
from parsepy.config import OPTIONS
from parsepy.model.ops import FIELD_OPS
from parsepy.model.query import FIND_PARAMETERS
from parsepy.model.where import GROUPS, OPERATORS, RELATED_TO
from parsepy.rest import routes

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/queries.md")


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
    assert listed == expected | {("GET", "/health")}


def test_every_table_that_can_be_shown_is_named() -> None:
    text = page("ARCHITECTURE.md")
    assert [table for table in TABLES if f"`{table}`" not in text] == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_names_only_files_that_exist(name: str) -> None:
    folders = (ROOT, ROOT / "parsepy", ROOT / "parsepy" / "operations")
    named = set(re.findall(r"`((?:[a-z_]+/)*[a-z_]+\.(?:py|toml|json|md))\b[^`]*`", page(name)))
    own = {"config.json", "shop.json", "server.json", "keys.json"}  # the reader's
    missing = [
        file for file in named - own if not any((folder / file).exists() for folder in folders)
    ]
    assert missing == []


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
