"""The recipes of docs/cookbook.md work as they stand, each with the test that stands below it."""

import io
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image, ImageFile

from parsepy.testing import MakeApp

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


def test_there_are_twenty_two_and_each_is_in_the_contents() -> None:
    assert len(RECIPES) == 22
    linked = set(re.findall(r"\(#(.*?)\)", PAGE.partition("\n## ")[0]))
    assert linked == {name.lower().replace(" ", "-") for name in RECIPES}


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_works_as_it_stands(name: str, outcomes: dict[str, str]) -> None:
    assert outcomes.get(name) == "PASSED", outcomes[""]


async def test_pictures_are_unpacked_in_threads(
    parse_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _ = RECIPES["Smaller pictures"]
    (tmp_path / "main.py").write_text(code)
    app = await parse_app(
        cloud=str(tmp_path / "main.py"), fileUpload={"enableForAuthenticatedUser": True}
    )
    threads = []
    unpack = ImageFile.ImageFile.load

    def load(self: ImageFile.ImageFile) -> object:
        threads.append(threading.current_thread())
        return unpack(self)

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    picture = io.BytesIO()
    Image.new("RGB", (640, 480)).save(picture, "PNG")
    await (await app.user("ann")).upload("a.png", picture.getvalue())
    assert threads
    assert threading.main_thread() not in threads
