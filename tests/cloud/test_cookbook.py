"""The recipes of docs/cookbook.md work as they stand, each with the test that stands below it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "cookbook.md").read_text(encoding="utf-8")
RECIPES = {
    part.partition("\n")[0]: re.findall(r"```python\n(.*?)```", part, re.DOTALL)
    for part in PAGE.split("\n## ")[1:]
}
IN_ITS_FOLDER = """
import pytest


@pytest.fixture(autouse=True)
def in_its_folder(request, monkeypatch):
    monkeypatch.chdir(request.path.parents[2])
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What pytest says of each recipe's test; all run in one process, each in its own folder."""
    home = tmp_path_factory.mktemp("cookbook")
    (home / "conftest.py").write_text(IN_ITS_FOLDER)
    for name, (code, test) in RECIPES.items():
        tests = home / name / "cloud" / "tests"
        tests.mkdir(parents=True)
        (tests.parent / "main.py").write_text(code)
        (tests / "test_recipe.py").write_text(test)
    command = [sys.executable, "-m", "pytest", "-rA", "--tb=short", "-p", "no:cacheprovider"]
    command += ["--import-mode=importlib", "--rootdir", str(home), str(home)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, env=environment)
    lines = re.findall(r"^(PASSED|FAILED|ERROR) (.*?)/cloud/tests", done.stdout, re.M)
    return {name: outcome for outcome, name in lines} | {"": done.stdout}


def test_there_are_twenty_and_each_is_in_the_contents() -> None:
    assert len(RECIPES) >= 20
    linked = set(re.findall(r"\(#(.*?)\)", PAGE.partition("\n## ")[0]))
    assert linked == {name.lower().replace(" ", "-") for name in RECIPES}


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_works_as_it_stands(name: str, outcomes: dict[str, str]) -> None:
    assert outcomes.get(name) == "PASSED", outcomes[""]
