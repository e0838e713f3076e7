"""The manual of cloud code names every decorator, and its tutorial works as it stands."""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import fields
from pathlib import Path

import pytest

from parsepy.cloud.decorators import DECORATORS
from parsepy.cloud.query import Query
from parsepy.cloud.validators import Validator
from tests.cloud.pages import outcomes_of

PAGE = (Path(__file__).parents[2] / "docs" / "cloud-code.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("name", sorted(DECORATORS))
def test_every_decorator_is_named(name: str) -> None:
    assert f"`@Cloud.{name}" in PAGE


@pytest.mark.parametrize("name", [f.name for f in fields(Validator) if f.name != "custom"])
def test_every_rule_of_a_validator_is_named(name: str) -> None:
    assert f"`{name}`" in PAGE


METHODS = [name for name in vars(Query) if not name.startswith("_") and name != "related"]


@pytest.mark.parametrize("name", METHODS)
def test_every_method_of_a_query_is_named(name: str) -> None:
    assert re.search(rf"\b{name}\b", PAGE)


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_is_python(block: str) -> None:
    ast.parse(f"async def page():\n{textwrap.indent(block, '    ')}")


def pair(heading: str) -> tuple[str, str]:
    """The first two blocks below a heading: cloud code, and its test."""
    section = PAGE.partition(f"\n## {heading}\n")[2]
    code, test = re.findall(r"```python\n(.*?)```", section, re.DOTALL)[:2]
    return code, test


EXAMPLES = (
    "Ten lines to a tested hook",
    "The rights of a call",
    "Classes made at the start",
    "Accounts by mail, and the configuration",
    "Around a save",
)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What pytest says of each example's test."""
    examples = {heading: pair(heading) for heading in EXAMPLES}
    return outcomes_of(tmp_path_factory.mktemp("manual"), examples)


@pytest.mark.parametrize("heading", EXAMPLES)
def test_an_example_works_as_it_stands(heading: str, outcomes: dict[str, str]) -> None:
    assert outcomes.get(heading) == "PASSED", outcomes[""]
