"""Literals are lifted out of documents, so that those that differ in them share a plan."""

import pytest
from graphql import parse

from parsepy.graphql.shapes import sample_of, shape_of


def test_documents_that_differ_in_literals_have_one_shape() -> None:
    one = shape_of('{ a(name: "mug", first: 3, at: 1.5) { b } }')
    other = shape_of('{ a(name: "cup", first: -12, at: 2e3) { b } }')
    assert one is not None
    assert other is not None
    assert one.text == other.text
    assert one.literals == ["mug", 3, 1.5]
    assert other.literals == ["cup", -12, 2000.0]


def test_names_variables_and_comments_are_no_literals() -> None:
    shape = shape_of('query Q1($v2: Int) { a1: b2(first: $v2) { c } } # "3" and 4')
    assert shape is not None
    assert shape.literals == []


def test_escapes_are_read() -> None:
    shape = shape_of(r'{ a(name: "\u00e9\n\"x\"") }')
    assert shape is not None
    assert shape.literals == ['é\n"x"']


@pytest.mark.parametrize(
    "text",
    [
        '{ a(name: """block""") }',
        r'{ a(name: "\u{1F600}") }',
        r'{ a(name: "\ud83d") }',
        "{ a(first: 1e999) }",
        "{ a(first: " + "9" * 500 + ") }",
    ],
)
def test_a_literal_of_a_rare_form_is_left_in_its_place(text: str) -> None:
    assert shape_of(text) is None


@pytest.mark.parametrize("text", ["{ a(first: 007) }", '{ a(name: "open) }'])
def test_what_is_no_literal_is_not_taken_for_one(text: str) -> None:
    shape = shape_of(text)
    assert shape is None or shape.text == text


def test_the_sample_of_a_shape_has_different_literals_in_its_places() -> None:
    shape = shape_of('{ a(name: "x", first: 1) b(name: "x", first: 1) }')
    assert shape is not None
    sample = shape_of(sample_of(shape.text))
    assert sample is not None
    assert sample.text == shape.text
    assert len(set(map(str, sample.literals))) == 4
    parse(sample_of(shape.text))
