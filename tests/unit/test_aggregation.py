"""Aggregations as requests ask for them: both forms of a pipeline, options, refusals."""

from typing import Any

import pytest

from parsepy.errors import Code, ParseError
from parsepy.model.aggregation import Aggregation, from_parameters
from parsepy.model.query import QueryLimits

GROUP = {"$group": {"_id": "$kind"}}


def read(**parameters: Any) -> Aggregation:
    return from_parameters("Order", parameters, limits=QueryLimits())


def refusal(**parameters: Any) -> str:
    with pytest.raises(ParseError) as refused:
        read(**parameters)
    assert refused.value.code == Code.INVALID_QUERY
    return refused.value.message


@pytest.mark.parametrize(
    "parameters",
    [
        {"pipeline": [GROUP, {"$limit": 1}]},
        {"pipeline": {**GROUP, "$limit": 1}},
        {**GROUP, "$limit": 1},
        {**GROUP, "$limit": 1, "hint": "_id_", "rawValues": True},
        {"pipeline": [GROUP, {"$limit": 1}], "$match": {"n": 1}, "where": {"n": 1}},
    ],
)
def test_stages_come_in_several_forms(parameters: dict[str, Any]) -> None:
    assert read(**parameters).pipeline == (GROUP, {"$limit": 1})


def test_no_stage_at_all_is_every_object() -> None:
    assert read().pipeline == read(pipeline=[]).pipeline == read(pipeline={}).pipeline == ()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"group": {"_id": 1}}, "Invalid aggregate stage 'group'."),
        ({"pipeline": "[{"}, "Invalid aggregate stage '0'."),
        ({"pipeline": 5}, "pipeline must be an array or an object of stages."),
        ({"pipeline": [{}]}, "Pipeline stages should only have one key but found ."),
        ({"pipeline": [5]}, "Pipeline stages should only have one key but found ."),
        ({"pipeline": ["ab"]}, "Pipeline stages should only have one key but found 0, 1."),
        (
            {"pipeline": [{"$a": 1, "$b": 2}]},
            "Pipeline stages should only have one key but found $a, $b.",
        ),
        ({"$group": {"x": 1}}, "Invalid parameter for query: group. Missing key _id"),
        ({"$group": None}, "Invalid parameter for query: group. Missing key _id"),
        (
            {"$group": {"objectId": 1, "_id": 1}},
            "Cannot use 'objectId' in aggregation stage $group.",
        ),
        ({"$project": {"x": [{"$function": {}}]}}, "$function is not allowed in a pipeline."),
        (
            {"$project": {"x": {"$regexMatch": {"input": {"$function": {}}}}}},
            "$function is not allowed in a pipeline.",
        ),
        ({"$changeStream": {}}, "$changeStream is not allowed in a pipeline."),
        ({"$limit": 1, "where": {}}, "where belongs to distinct; a pipeline has $match for it."),
        ({"distinct": ""}, "where belongs to distinct; a pipeline has $match for it."),
        ({"$limit": 1, "explain": "much"}, "Invalid value for explain"),
        ({"$limit": 1, "readPreference": "nearby"}, "Not supported read preference."),
        ({"$limit": 1, "hint": 5}, "hint must be a string or an index specification"),
        ({"$limit": 1, "hint": ""}, "Invalid aggregate stage 'hint'."),
    ],
)
def test_what_is_no_aggregation_is_refused(parameters: dict[str, Any], message: str) -> None:
    assert refusal(**parameters) == message


def test_distinct_has_a_where_of_its_own() -> None:
    asked = read(distinct="kind", where='{"n": 1}')
    assert (asked.distinct, asked.pipeline, len(asked.where)) == ("kind", (), 1)
    assert read(distinct=["a", 5]).distinct == "a,5"


@pytest.mark.parametrize(
    ("given", "level"),
    [
        (None, None),
        (False, None),
        (True, "allPlansExecution"),
        ("queryPlanner", "queryPlanner"),
        ("queryPlannerExtended", "allPlansExecution"),
    ],
)
def test_explain_has_levels(given: Any, level: str | None) -> None:
    assert read(pipeline=[], explain=given).explain == level


def test_what_is_raw_is_asked_for_or_the_servers_default() -> None:
    raw = from_parameters("Order", {}, limits=QueryLimits(), raw_values=True, raw_field_names=True)
    assert (raw.raw_values, raw.raw_field_names) == (True, True)
    mixed = from_parameters("Order", {"rawValues": False}, limits=QueryLimits(), raw_values=True)
    assert (mixed.raw_values, mixed.raw_field_names) == (False, False)


def test_options_are_kept() -> None:
    asked = read(pipeline=[], comment="why", hint={"a": 1}, readPreference="nearest")
    assert (asked.comment, asked.hint, asked.read_preference) == ("why", {"a": 1}, "NEAREST")


def test_a_pipeline_that_writes_is_known() -> None:
    assert read(pipeline=[GROUP, {"$out": "x"}]).writes
    assert read(pipeline=[{"$merge": {"into": "x"}}]).writes
    assert not read(pipeline=[GROUP, {"$project": {"x": ["$a", 1]}}]).writes


@pytest.mark.parametrize(
    ("stage", "found"),
    [
        ({"$match": {"a": {"$regex": "x"}}}, True),
        ({"$facet": {"a": [{"$project": {"b": {"$regexMatch": {}}}}]}}, True),
        ({"$match": {"a": {"$regularExpression": {"pattern": "x", "options": ""}}}}, True),
        ({"$match": {"$or": [{"a": 1}, {"$and": [{"b": {"$regex": "x"}}, {"c": 1}]}]}}, True),
        (GROUP, False),
    ],
)
def test_regular_expressions_are_found(stage: Any, found: bool) -> None:
    assert read(pipeline=[GROUP, stage]).has_regex is found
