"""Names: the package knows no shop, and a class name means one thing."""

from __future__ import annotations

import ast
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PARTS = ("parsepy", "cloud", "benchmarks")

# Public names that must be Parse's own words for authors of cloud code, beside what they wrap.
FOR_AUTHORS = {"Config", "Push", "Query", "Role"}
# What a module offers that an option of adapters names, and what it declares of its options.
FOR_ADAPTERS = {"adapter", "Options"}


def sources(part: str) -> Iterator[tuple[Path, str]]:
    """Each Python file of a part of the project, with its text."""
    for path in sorted((ROOT / part).rglob("*.py")):
        yield path.relative_to(ROOT), path.read_text(encoding="utf-8")


def classes_of_the_shop() -> set[str]:
    """The classes that the shop's templates define, beside Parse's own."""
    templates = [json.loads(path.read_text()) for path in (ROOT / "schema").glob("*.json")]
    return {entry["className"] for template in templates for entry in template["classes"]} - {
        "User"
    }


def test_the_package_names_no_class_of_the_shop() -> None:
    names = classes_of_the_shop()
    assert {"Order", "FlashSale"} <= names
    # a class's name with a word behind it, as GraphQL's types have it, names no class of the shop
    word = re.compile(rf"(?<![}}\w])({'|'.join(sorted(names))})\b")
    found = [
        f"{path}: {line.strip()}"
        for path, text in sources("parsepy")
        for line in text.splitlines()
        if word.search(line)
    ]
    assert found == []


def test_the_package_knows_no_payments() -> None:
    words = re.compile(r"payment|stripe", re.IGNORECASE)
    assert [str(path) for path, text in sources("parsepy") if words.search(text)] == []


def test_a_class_name_means_one_thing() -> None:
    places = defaultdict(list)
    for part in PARTS:
        for path, text in sources(part):
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.ClassDef):
                    places[node.name].append(str(path))
    assert len(places) > 200
    known = FOR_AUTHORS | FOR_ADAPTERS
    doubled = {name: where for name, where in places.items() if len(where) > 1}
    assert {name: where for name, where in doubled.items() if name not in known} == {}
    assert doubled.keys() >= FOR_ADAPTERS


def test_a_question_answers_and_never_raises() -> None:
    question = re.compile(r"_?(is|has|may|can)_")
    asked, raising = 0, []
    for part in PARTS:
        for path, text in sources(part):
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    asked += bool(question.match(node.name))
                    if question.match(node.name) and any(
                        isinstance(step, ast.Raise) for step in ast.walk(node)
                    ):
                        raising.append(f"{path}: {node.name}")
    assert asked > 60
    assert raising == []
