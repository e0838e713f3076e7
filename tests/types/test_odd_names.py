"""Names that a language, an SDK or a neighbour has already: what is made has each name once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from parsepy import codegen
from parsepy.codegen import shapes_of
from parsepy.model import templates

SCHEMA = Path(__file__).parent / "odd_names.json"
CLASS = {
    "typescript": r"^export (?:type|class) (\w+)",
    "python": r"^class (\w+)\(",
    "dart": r"^class (\w+) extends",
    "swift": r"^struct (\w+):",
    "kotlin": r"^class (\w+) :",
}
MEMBERS: dict[str, tuple[str, Callable[[str], str]]] = {
    "dart": (r"static const String (\w+)|get (\w+) =>", str),
    "swift": (r"^    var `?(\w+)`?:", str),
    "kotlin": (r"^    va[lr] `?(\w+)`?:", lambda name: name[:1].upper() + name[1:]),
}


def written(language: str) -> str:
    """The file of the schema in a language."""
    template = templates.parse([(SCHEMA.name, SCHEMA.read_text(encoding="utf-8"))])
    return codegen.LANGUAGES[language](shapes_of(template.classes))


def twice(names: list[str]) -> list[str]:
    """The names that are there more than once."""
    return [name for name, count in Counter(names).items() if count > 1]


@pytest.mark.parametrize("language", CLASS)
def test_every_class_has_a_name_of_its_own(language: str) -> None:
    names = re.findall(CLASS[language], written(language), re.MULTILINE)
    assert len(names) > 20
    assert twice(names) == []


@pytest.mark.parametrize("language", MEMBERS)
def test_every_member_of_a_class_has_a_name_of_its_own(language: str) -> None:
    pattern, same = MEMBERS[language]
    parts = re.split(CLASS[language], written(language), flags=re.MULTILINE)[1:]
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        members = re.findall(pattern, body, re.MULTILINE)
        own = [same("".join(one)) for one in members]
        assert twice(own) == [], name
        if language == "dart":
            assert name not in own


def test_members_of_the_sdks_stay_theirs() -> None:
    dart, kotlin, swift = (written(language) for language in ("dart", "kotlin", "swift"))
    assert "get hashCode_ =>" in dart
    assert "get hashCode =>" not in dart
    assert "var isDirtyValue: Boolean?" in kotlin
    assert swift.count("var originalData") == swift.count("struct ")
