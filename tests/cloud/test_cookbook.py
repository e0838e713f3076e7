"""The recipes of docs/cookbook.md work as they stand, each with the test that stands below it."""

import io
import re
import threading
from pathlib import Path

import pytest
from PIL import Image, ImageFile

from parsepy.testing import MakeApp
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
