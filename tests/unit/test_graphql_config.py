"""The configuration of GraphQL: what is valid, and what it shows of a class."""

import pytest

from parsepy.model import graphql_config
from parsepy.model.graphql_config import ALL_OF_A_CLASS, DEFAULT, SortField
from tests.graphql.recorded import CONFIGS, answers


@pytest.mark.parametrize("number", range(len(CONFIGS)))
def test_a_configuration_is_valid_or_refused_in_the_references_words(number: int) -> None:
    expected = answers()["configs"][number]
    problems = graphql_config.problems(CONFIGS[number])
    text = f"Invalid graphQLConfig: {'; '.join(problems)}"
    assert ({"error": text} if problems else {}) == expected


def test_without_a_configuration_everything_is_shown() -> None:
    assert DEFAULT.shows("Product")
    assert DEFAULT.of("Product") is ALL_OF_A_CLASS
    assert graphql_config.from_json({}).enabled is None


def test_a_class_is_shown_if_it_is_enabled_and_not_disabled() -> None:
    config = graphql_config.from_json(
        {"enabledForClasses": ["Product", "SKU"], "disabledForClasses": ["SKU"]}
    )
    assert [config.shows(name) for name in ("Product", "SKU", "Order")] == [True, False, False]


def test_a_class_has_the_fields_the_order_and_the_names_that_it_is_given() -> None:
    config = graphql_config.from_json(
        {
            "classConfigs": [
                {
                    "className": "Product",
                    "type": {
                        "inputFields": {"create": ["name"], "update": []},
                        "outputFields": ["name", "price"],
                        "constraintFields": ["price"],
                        "sortFields": [{"field": "price", "asc": True, "desc": False}],
                    },
                    "query": {"get": False, "findAlias": "wares"},
                    "mutation": {"destroy": None, "createAlias": "addWare"},
                },
                {"className": "Product", "query": {"find": False}},
            ]
        }
    )
    shown = config.of("Product")
    assert (shown.create_fields, shown.update_fields) == (frozenset({"name"}), frozenset())
    assert shown.output_fields == frozenset({"name", "price"})
    assert shown.constraint_fields == frozenset({"price"})
    assert shown.sort_fields == (SortField("price", True, False),)
    assert (shown.has_get, shown.has_find, shown.find_alias) == (False, True, "wares")
    assert (shown.has_create, shown.has_destroy, shown.create_alias) == (True, False, "addWare")


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ([], "must be a valid object"),
        (
            {"classConfigs": [1]},
            "classConfig:undefined is invalid because it must be a valid object",
        ),
        (
            {"classConfigs": [{"className": "A", "type": 1}]},
            'classConfig:A is invalid because "type" must be a valid object',
        ),
        (
            {"classConfigs": [{"className": "A", "type": {"sortFields": 1}}]},
            'classConfig:A is invalid because "sortFields" must be a valid array.',
        ),
        (
            {"classConfigs": [{"className": "A", "type": {"inputFields": 1}}]},
            'classConfig:A is invalid because "inputFields" must be a valid object',
        ),
        (
            {"classConfigs": [{"className": "A", "query": 1}]},
            'classConfig:A is invalid because "query" must be a valid object',
        ),
    ],
)
def test_each_part_must_have_its_kind(given: object, problem: str) -> None:
    assert graphql_config.problems(given) == [problem]


def test_of_two_sorts_the_second_is_looked_at_too() -> None:
    sorts = [{"field": "a", "asc": True, "desc": True}, {"field": "", "asc": True, "desc": True}]
    (problem,) = graphql_config.problems(
        {"classConfigs": [{"className": "A", "type": {"sortFields": sorts}}]}
    )
    assert '"sortField" at index 1 did not provide the "field"' in problem


def test_a_class_needs_no_input_fields() -> None:
    config = {"classConfigs": [{"className": "A", "type": {"outputFields": ["a"]}}]}
    assert graphql_config.problems(config) == []
