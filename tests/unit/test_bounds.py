"""What the data language refuses by its size: JSON, constraints, names, operands."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from parsepy.errors import Code, ParseError
from parsepy.model import ops, query, where
from parsepy.model.bounds import RequestBounds, query_exceeds, save_exceeds
from parsepy.model.query import QueryLimits
from parsepy.model.values import loads


def code_of(call: Callable[[], Any]) -> Code:
    with pytest.raises(ParseError) as refused:
        call()
    return Code(refused.value.code)


def test_a_refusal_says_what_there_are_too_many_of() -> None:
    assert query_exceeds("constraints", 5).message == "A query has at most 5 constraints."
    assert save_exceeds("new columns", 5).code == Code.OBJECT_TOO_LARGE


def test_json_of_too_many_values_is_not_decoded() -> None:
    text = b"[" + b"1," * 30 + b"1]"
    assert len(loads(text, 40)) == 31
    assert code_of(lambda: loads(text, 20)) == Code.OBJECT_TOO_LARGE


def test_marks_inside_of_texts_are_no_values() -> None:
    assert loads(b'{"note": "' + b"," * 50 + b'"}', 20) == {"note": "," * 50}


def test_a_long_text_that_is_cut_in_a_character_is_not_mended() -> None:
    cut = b'"\\ud83d' + b"a" * 1_000_000 + b'"'
    assert code_of(lambda: loads(cut, 10_000_000)) == Code.INVALID_JSON


def test_a_where_of_too_many_values_says_so_rather_than_that_it_is_invalid() -> None:
    limits = QueryLimits(bounds=RequestBounds(body_values=20))
    raw = '{"n": {"$in": [' + "1," * 30 + "1]}}"
    for text, code in ((raw, Code.OBJECT_TOO_LARGE), ("{", Code.INVALID_JSON)):
        assert code_of(partial(query.parse_where, text, privileged=False, limits=limits)) == code


def test_an_order_names_no_more_fields_than_mongodb_sorts_by() -> None:
    names = ",".join(f"f{n}" for n in range(33))
    read = partial(query.from_parameters, privileged=False, limits=QueryLimits())
    assert code_of(lambda: read("Product", {"order": names})) == Code.INVALID_QUERY


@pytest.mark.parametrize(
    "raw",
    [
        {"tags": {"$all": list(range(1_001))}},
        {f"f{n}": n for n in range(10_001)},
        {"$or": [{"a": n} for n in range(10_001)]},
    ],
    ids=["$all", "fields", "branches"],
)
def test_a_where_has_a_bound_in_each_place(raw: Any) -> None:
    assert code_of(lambda: where.parse(raw)) == Code.INVALID_QUERY


def test_the_constraints_of_all_places_count_together() -> None:
    raw = {"$or": [{"a": 1, "b": 2}, {"c": 3, "d": 4}]}
    assert where.parse(raw, most=5)
    assert code_of(lambda: where.parse(raw, most=4)) == Code.INVALID_QUERY


def test_equal_items_of_a_list_are_found_by_what_they_hold() -> None:
    item, other = {"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}
    remove = {"__op": "Remove", "objects": [{"a": [1, {"b": 2}]}]}
    add = {"__op": "AddUnique", "objects": [[1], other, 1]}
    assert ops.apply(remove, [item, other]) == [other]
    assert ops.apply(add, [item, [1], True]) == [item, [1], True, other, 1]
