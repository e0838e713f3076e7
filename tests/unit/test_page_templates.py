"""Page templates: what is filled in, and that it is always escaped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsepy.texts import languages, placeholders


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{a}}", "&lt;A&gt;"),
        ("{{ a }}", "&lt;A&gt;"),
        ("{{{a}}}", "&lt;A&gt;"),
        ("{{&a}}", "&lt;A&gt;"),
        ("{{b}}|{{none}}", "|"),
        ("{{#a}}yes{{/a}}{{^a}}no{{/a}}", "yes"),
        ("{{#b}}yes{{/b}}{{^b}}no{{/b}}", "no"),
        ("{{#a}}[{{a}}]{{/a}}", "[&lt;A&gt;]"),
        ("{ {a} } {a}", "{ {a} } {a}"),
    ],
)
def test_placeholders_and_sections(template: str, expected: str) -> None:
    assert placeholders.render(template, {"a": "<A>", "b": None}) == expected


@given(st.text())
def test_a_value_never_becomes_markup_nor_a_placeholder(value: str) -> None:
    page = placeholders.render('<p title="{{a}}">{{#a}}{{a}}{{/a}}</p>', {"a": value, "b": "B"})
    inside = page.removeprefix('<p title="').removesuffix("</p>")
    assert inside.count('"') == 1
    assert inside.count("<") == 0
    assert inside.count(">") == 1


@pytest.mark.parametrize("text", ["en", "pt-BR", "zh-Hans-CN", "deu"])
def test_a_locale(text: str) -> None:
    assert languages.locale(text) == text


@pytest.mark.parametrize(
    "text", ["", "e", "en_US", "../en", "en/..", "en-", "en\n", 5, None, ["en"]]
)
def test_no_locale(text: object) -> None:
    assert languages.locale(text) is None


def test_where_a_page_is_looked_for() -> None:
    assert placeholders.localized("a.html", "de-AT") == ["de-AT/a.html", "de/a.html", "a.html"]
    assert placeholders.localized("a.html", "de") == ["de/a.html", "a.html"]
    assert placeholders.localized("a.html", None) == ["a.html"]
