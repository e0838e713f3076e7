"""The guides of docs/clients: what they say was proven, is; their blocks run as they stand."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.blocks import RUNNERS, blocks
from tests.clients.demo import demo_serving

GUIDES = Path(__file__).parents[2] / "docs" / "clients"
RUN = {
    "react": "js",
    "vue": "js",
    "angular": "js",
    "nextjs": "js",
    "react-native": "js",
    "python": "python",
    "php": "php",
    "embedded-c": "c",
}
REPLAYED = ("flutter", "android", "ios", "dotnet", "unity")
ELSEWHERE = ("javascript", "rest", "graphql")  # tests/web/test_guides.py
FACTS = ("title", "order", "minutes", "sdk", "version", "proven")


@pytest.fixture(scope="module")
def url(mongo_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with the demo shop, one for all guides; its address."""
    with demo_serving(mongo_uri, tmp_path_factory.mktemp("guides")) as address:
        yield address


def facts(name: str) -> dict[str, str]:
    """What stands at the top of a guide."""
    text = (GUIDES / f"{name}.md").read_text(encoding="utf-8")
    head = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    assert head is not None
    return dict(line.split(": ", 1) for line in head[1].split("\n"))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.node] if language == "js" else [])
        for name, language in RUN.items()
    ],
)
def test_the_blocks_of_a_guide_run_as_they_stand(url: str, name: str, tmp_path: Path) -> None:
    language = RUN[name]
    said = RUNNERS[language]("\n".join(blocks(GUIDES / f"{name}.md", language)), url, tmp_path)
    assert "cancelled" in said  # the order was placed, changed, and the change was seen
    assert "undefined" not in said


@pytest.mark.parametrize("name", [*RUN, *REPLAYED])
def test_a_guide_says_how_it_was_proven(name: str) -> None:
    found = facts(name)
    assert tuple(found) == FACTS
    assert found["proven"].startswith("wire replay:" if name in REPLAYED else "every ")


def test_every_guide_is_proven_in_one_of_these_ways() -> None:
    names = {page.stem for page in GUIDES.glob("*.md")} - {"README"}
    assert names - {*RUN, *REPLAYED} <= set(ELSEWHERE)


def test_what_is_called_replayed_has_its_replay() -> None:
    replays = (Path(__file__).parent / "test_wire_replay.py").read_text(encoding="utf-8")
    for name in ("flutter", "android", "swift", "objective_c", "dotnet", "unity"):
        assert f"def test_{name}_reads_every_answer(" in replays
