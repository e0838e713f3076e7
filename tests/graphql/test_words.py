"""Messages are graphql-js's, and tell a client nothing of the schema that they did not write."""

from typing import Any

import pytest
from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse

from parsepy.config.groups import RequestComplexityOptions
from parsepy.graphql import limits
from parsepy.graphql.sanitising import Sanitiser
from parsepy.graphql.wording import inspected, number, of_value, reworded


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (2.0, "2"),
        (1e21, "1e+21"),
        (1e-7, "1e-7"),
        (0.000001, "0.000001"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        ("é\n", '"é\\n"'),
        ([], "[]"),
        ({}, "{}"),
        ({"a": {"b": {"c": 1}}}, "{ a: { b: [Object] } }"),
        ([[[1]]], "[[[Array]]]"),
        (list(range(11)), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ... 1 more item]"),
        (list(range(13)), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ... 3 more items]"),
    ],
)
def test_values_are_shown_as_javascript_shows_them(value: Any, text: str) -> None:
    assert inspected(value) == text


def test_numbers_have_no_needless_digits() -> None:
    assert [number(10), number(10.0), number(-0.5)] == ["10", "10", "-0.5"]


def test_the_librarys_quotes_become_double_ones() -> None:
    assert reworded("Cannot query field 'a' on type 'B'.") == 'Cannot query field "a" on type "B".'


def test_a_scalars_refusal_shows_the_value() -> None:
    text = of_value("Int cannot represent non-integer value: '3'", "3")
    assert text == 'Int cannot represent non-integer value: "3"'


@pytest.mark.parametrize(
    ("message", "document", "shown"),
    [
        (
            'Cannot query field "nam" on type "Product". Did you mean "name"?',
            "{ products { nam } }",
            'Cannot query field "nam".',
        ),
        (
            'Cannot query field "nam" on type "Product".',
            "fragment F on Product { nam }",
            'Cannot query field "nam" on type "Product".',
        ),
        (
            'Field "price" of required type "Float!" was not provided.',
            "mutation { a }",
            "Field of required type was not provided.",
        ),
        (
            'Expected non-nullable type "SecretInput!" not to be null.',
            "query($x: AnySecretInput) { a }",
            "Expected a non-null value.",
        ),
        (
            'Expected non-nullable type "SecretInput!" not to be null.',
            "query($x: SecretInput!) { a }",
            'Expected non-nullable type "SecretInput!" not to be null.',
        ),
        (
            'Fragment cannot be spread here as objects of type "A" can never be of type "B".',
            "{ ... on B { c } }",
            "Fragment cannot be spread here as objects of the parent type "
            'can never be of type "B".',
        ),
    ],
)
def test_a_client_learns_no_names_that_they_did_not_write(
    message: str, document: str, shown: str
) -> None:
    assert Sanitiser(document)(message) == shown


def size_and_refusal(document: str, depth: int, fields: int) -> tuple[limits.Size, str | None]:
    tree = parse(document)
    fragments = {
        node.name.value: node
        for node in tree.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    operation = next(n for n in tree.definitions if isinstance(n, OperationDefinitionNode))
    size = limits.size_of(operation, fragments)
    options = RequestComplexityOptions(graphql_depth=depth, graphql_fields=fields)
    return size, limits.refusal(size, operation, fragments, options)


def test_a_fragment_counts_as_often_as_it_is_spread() -> None:
    document = "{ a { ...F } b { ...F } } fragment F on T { c d { e } }"
    size, reason = size_and_refusal(document, -1, -1)
    assert (size.depth, size.fields) == (3, 8)
    assert reason is None
    _, reason = size_and_refusal(document, -1, 7)
    assert reason == "Number of GraphQL fields (8) exceeds maximum allowed (7)"
    _, reason = size_and_refusal(document, 2, 7)
    assert reason == "GraphQL query depth of 3 exceeds maximum allowed depth of 2"


def test_fragments_that_double_each_other_are_counted_at_once() -> None:
    chain = "".join(f" fragment F{i} on T {{ a ...F{i + 1} ...F{i + 1} }}" for i in range(60))
    size, _ = size_and_refusal("{ ...F0 }" + chain + " fragment F60 on T { b }", -1, -1)
    assert size.fields == 2**61 - 1
    assert not size.is_bearable
