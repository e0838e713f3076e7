"""The recipes of docs/cookbook.md work as they stand, each with the test that stands below it."""

import re
from pathlib import Path

import pytest

from tests.cloud.pages import outcomes_of

PAGE = (Path(__file__).parents[2] / "docs" / "cookbook.md").read_text(encoding="utf-8")
RECIPES = {
    part.partition("\n")[0]: re.findall(r"```python\n(.*?)```", part, re.DOTALL)
    for part in PAGE.split("\n## ")[1:]
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What pytest says of each recipe's test."""
    return outcomes_of(tmp_path_factory.mktemp("cookbook"), RECIPES)


def test_there_are_twenty_and_each_is_in_the_contents() -> None:
    assert len(RECIPES) >= 20
    linked = set(re.findall(r"\(#(.*?)\)", PAGE.partition("\n## ")[0]))
    assert linked == {name.lower().replace(" ", "-") for name in RECIPES}


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_works_as_it_stands(name: str, outcomes: dict[str, str]) -> None:
    assert outcomes.get(name) == "PASSED", outcomes[""]
