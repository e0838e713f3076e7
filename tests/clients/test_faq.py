"""The questions of docs/faq.md: the blocks of each answer run, in order, against the demo shop."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.blocks import RUNNERS, blocks
from tests.clients.demo import demo_serving

PAGE = Path(__file__).parents[2] / "docs" / "faq.md"
REPLAYED = {"dart", "kotlin"}


@pytest.fixture(scope="module")
def url(mongo_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with the demo shop."""
    with demo_serving(mongo_uri, tmp_path_factory.mktemp("faq")) as address:
        yield address


def test_every_answer_has_a_block_that_runs_or_is_replayed() -> None:
    text = PAGE.read_text(encoding="utf-8")
    answers = text.split("\n## ")[1:]
    assert len(answers) >= 10
    for answer in answers:
        languages = set(re.findall(r"^```(\w+)", answer, re.MULTILINE))
        assert languages & RUNNERS.keys(), answer[:60]
        assert languages <= RUNNERS.keys() | REPLAYED


@pytest.mark.node
def test_the_javascript_answers_run(url: str, tmp_path: Path) -> None:
    said = RUNNERS["js"]("\n".join(blocks(PAGE, "js")), url, tmp_path)
    assert "orders of ann and bob: 1 0" in said
    assert "then: only the last" in said
    assert "placed: pending true" in said
    assert "followed: cancelled" in said


def test_the_python_answers_run(url: str, tmp_path: Path) -> None:
    said = RUNNERS["python"]("\n".join(blocks(PAGE, "python")), url, tmp_path)
    assert "'codes': True" in said


def test_the_answers_by_curl_run(url: str, tmp_path: Path) -> None:
    found = [RUNNERS["sh"](block, url, tmp_path) for block in blocks(PAGE, "sh")]
    assert len(found) >= 3
    assert all('"results"' in said and '"objectId"' in said for said in found)
