"""The extension writes what is selected of documents as their REST form has it, or leaves it."""

import math
from base64 import b64encode
from datetime import datetime
from typing import Any

import bson
import pytest
from bson import Int64, ObjectId
from hypothesis import example, given, settings
from hypothesis import strategies as st

from parsepy.model.schema import ClassSchema, Field, make_schema
from parsepy.model.selection import SelectedValue, Selection, ValueKind
from parsepy.model.values import PLAIN_TYPES, FieldType, JSONObject, dumps, loads
from parsepy.storage.documents import plan_of
from parsepy.storage.native import is_used
from parsepy.storage.raw_pages import RawPage
from tests.property.test_native_reader import (
    FILE_URL,
    NAMES,
    by_the_twin,
    classes,
    read_again,
    reply,
    stored,
)

pytestmark = pytest.mark.skipif(not is_used(), reason="the extension is not used")

JOINED = {name: {"abc": b'{"x":1}', "x": b"[]"} for name in NAMES}


class Odd(Exception):
    """A value that a selection does not have."""


def value_of(one: SelectedValue, item: JSONObject) -> Any:
    """What a selected value is of an object in REST form."""
    found = item.get(one.column)
    if one.kind == ValueKind.OBJECT:
        target = None if found is None else JOINED[one.column].get(found.get("objectId"))
        found = None if target is None else loads(target)
    if found is None:
        if one.is_required:
            raise Odd
        return None
    if one.kind == ValueKind.DATE and isinstance(found, dict) and found.get("__type") == "Date":
        found = found["iso"]
    types: dict[ValueKind, tuple[type, ...]] = {
        ValueKind.NUMBER: (int, float),
        ValueKind.TRUTH: (bool,),
        ValueKind.OBJECT: (dict, list),
    }
    if type(found) not in types.get(one.kind, (str,)):
        raise Odd
    if one.kind == ValueKind.NUMBER and not math.isfinite(found):
        raise Odd
    if one.kind == ValueKind.GLOBAL_ID:
        return b64encode(f"Shop:{found}".encode()).decode()
    return found


def selected(values: tuple[SelectedValue, ...], item: JSONObject) -> JSONObject:
    """What is selected of an object in REST form; raises ``Odd``."""
    return {
        loads(one.label.removesuffix(b":")): value_of(one, item)
        for one in values
        if one.kind != ValueKind.CONSTANT
    }


@st.composite
def selections(draw: st.DrawFn) -> Selection:
    """Some columns, each under a name of its own."""
    values: list[SelectedValue] = []
    names = [*NAMES, "objectId", "createdAt", "updatedAt", "nosuch"]
    for number in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from([kind for kind in ValueKind if kind != ValueKind.CONSTANT]))
        column = draw(st.sampled_from(names if kind != ValueKind.OBJECT else NAMES))
        values.append(
            SelectedValue(
                kind,
                dumps(f"{column}{number}") + b":",
                column,
                draw(st.booleans()),
                b"Shop:" if kind == ValueKind.GLOBAL_ID else None,
                Selection(()) if kind == ValueKind.OBJECT else None,
            )
        )
    return Selection(tuple(values), b'{"node":', b"}")


@settings(max_examples=500, deadline=None)
@given(classes, st.lists(stored, max_size=3), selections())
@example(
    make_schema("Shop", {"a": Field(PLAIN_TYPES["String"])}),
    [{"a": 'quo"te\t\\ü', "_id": "x"}],
    Selection((SelectedValue(ValueKind.TEXT, b'"a0":', "a"),), b'{"node":', b"}"),
)
@example(  # a column twice
    make_schema("Shop", {"a": Field(FieldType("Pointer", "_User"))}),
    [{"_p_a": "_User$abc", "a": None, "_id": "x"}],
    Selection(
        (SelectedValue(ValueKind.OBJECT, b'"a0":', "a", below=Selection(())),), b'{"node":', b"}"
    ),
)
def test_what_is_selected_is_what_the_objects_have(
    schema: ClassSchema, rows: list[dict[str, Any]], selection: Selection
) -> None:
    plan = plan_of(schema, FILE_URL)
    assert plan.native is not None
    encoded = [bson.encode({**row, "_id": str(n)}) for n, row in enumerate(rows)]
    page = RawPage(plan, plan.native, reply(*encoded))
    made, by_id = page.selected(selection, JOINED), page.selected_by_id(selection, JOINED)
    assert (made is None) == (by_id is None)
    if made is not None and by_id is not None:
        expected = [selected(selection.values, by_the_twin(plan, row)) for row in encoded]
        assert made[1] == len(rows)
        assert read_again(made[0]) == read_again(dumps([{"node": item} for item in expected]))
        assert [read_again(text) for text in by_id.values()] == [
            read_again(dumps(item)) for item in expected
        ]


SHOP = make_schema(
    "Shop",
    {
        "name": Field(PLAIN_TYPES["String"]),
        "size": Field(PLAIN_TYPES["Number"]),
        "open": Field(PLAIN_TYPES["Boolean"]),
        "since": Field(PLAIN_TYPES["Date"]),
        "owner": Field(FieldType("Pointer", "_User")),
    },
)
SELECTION = Selection(
    (
        SelectedValue(ValueKind.CONSTANT, b'"__typename":"Shop"'),
        SelectedValue(ValueKind.GLOBAL_ID, b'"id":', "objectId", True, b"Shop:"),
        SelectedValue(ValueKind.NUMBER, b'"size":', "size"),
        SelectedValue(ValueKind.TEXT, b'"title":', "name"),
        SelectedValue(ValueKind.TEXT, b'"again":', "name"),
        SelectedValue(ValueKind.TRUTH, b'"open":', "open"),
        SelectedValue(ValueKind.DATE, b'"since":', "since"),
        SelectedValue(ValueKind.OBJECT, b'"owner":', "owner", below=Selection(())),
    ),
    b"<",
    b">",
)


def test_plain_documents_are_written_in_the_order_of_the_selection() -> None:
    plan = plan_of(SHOP, FILE_URL)
    assert plan.native is not None
    rows = [
        {
            "_id": "x",
            "name": "a",
            "size": 2.0,
            "open": True,
            "_p_owner": "_User$abc",
            "since": datetime(2024, 2, 29, 8, 30),
        },
        {"_id": ObjectId("0123456789ab0123456789ab"), "size": Int64(3), "_p_owner": "_User$no"},
    ]
    page = RawPage(plan, plan.native, reply(*map(bson.encode, rows)))
    joined = {"owner": {"abc": b'{"username":"ann"}'}}
    first, second = (
        b'{"__typename":"Shop","id":"U2hvcDp4","size":2,"title":"a","again":"a","open":true,'
        b'"since":"2024-02-29T08:30:00.000Z","owner":{"username":"ann"}}',
        b'{"__typename":"Shop","id":"U2hvcDowMTIzNDU2Nzg5YWIwMTIzNDU2Nzg5YWI=","size":3,'
        b'"title":null,"again":null,"open":null,"since":null,"owner":null}',
    )
    assert page.selected(SELECTION, joined) == (b"[<%b>,<%b>]" % (first, second), 2)
    page = RawPage(plan, plan.native, reply(bson.encode(rows[0])))
    assert page.selected_by_id(SELECTION, joined) == {"x": first}


@pytest.mark.parametrize(
    "values",
    [
        SelectedValue(ValueKind.TEXT, b'"a":', "name", is_required=True),
        SelectedValue(ValueKind.TEXT, b'"a":', "size"),
        SelectedValue(ValueKind.TEXT, b'"a":', "nosuch"),
        SelectedValue(ValueKind.OBJECT, b'"a":', "owner", True, below=Selection(())),
    ],
)
def test_what_does_not_fit_is_left_alone(values: SelectedValue) -> None:
    plan = plan_of(SHOP, FILE_URL)
    assert plan.native is not None
    row = {"_id": "x", "size": 1, "_p_owner": "_User$gone"}
    page = RawPage(plan, plan.native, reply(bson.encode(row)))
    assert page.selected(Selection((values,)), {}) is None
