"""Field operations: what they ask of a column, what they refuse, what they start with."""

from typing import Any

import pytest

from parsepy.errors import Code, ParseError
from parsepy.model import ops
from parsepy.model.values import GONE, pointer

CUP, MUG = pointer("Product", "cup"), pointer("Product", "mug")


def op(name: str, **members: Any) -> dict[str, Any]:
    return {"__op": name, **members}


def batch(*inner: Any) -> dict[str, Any]:
    return op("Batch", ops=list(inner))


@pytest.mark.parametrize("value", [5, None, "Add", [], {}, {"op": "Add"}, [op("Add")]])
def test_a_plain_value_is_no_operation(value: Any) -> None:
    assert ops.op_of(value) is None


@pytest.mark.parametrize("name", ["Multiply", "", None, 5, ["Add"]])
def test_an_unknown_operation_is_refused(name: Any) -> None:
    with pytest.raises(ParseError, match="operator is not supported yet") as refused:
        ops.op_of({"__op": name})
    assert refused.value.code == Code.COMMAND_UNAVAILABLE


def test_only_delete_is_a_delete() -> None:
    assert ops.is_delete(op("Delete"))
    assert not ops.is_delete(op("Add"))
    assert not ops.is_delete("Delete")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("cup", "String"),
        (CUP, "Pointer<Product>"),
        (None, "None"),
        (op("Increment", amount=1), "Number"),
        (op("Add", objects=[]), "Array"),
        (op("AddUnique", objects=[]), "Array"),
        (op("Remove", objects=[]), "Array"),
        (op("Delete"), "None"),
        (op("SetOnInsert", amount="x"), "String"),
        (op("SetOnInsert"), "None"),
        (op("AddRelation", objects=[CUP, MUG]), "Relation<Product>"),
        (op("RemoveRelation", objects=[]), "None"),
        (
            batch(op("RemoveRelation", objects=[]), op("AddRelation", objects=[CUP])),
            "Relation<Product>",
        ),
        (batch(), "None"),
    ],
)
def test_a_body_value_asks_for_a_column_type(value: Any, kind: str) -> None:
    assert str(ops.column_type(value)) == kind


@pytest.mark.parametrize(
    "value",
    [
        op("AddRelation"),
        op("AddRelation", objects={}),
        op("AddRelation", objects=["cup"]),
        op("AddRelation", objects=[None]),
        op("RemoveRelation", objects=[CUP, {"price": 5}]),
        op("Batch"),
        batch("Add"),
        batch(op("Add", objects=[])),
        batch(op("AddRelation")),
    ],
)
def test_a_relation_operation_takes_a_list_of_pointers(value: Any) -> None:
    with pytest.raises(ParseError) as refused:
        ops.column_type(value)
    assert refused.value.code == Code.INVALID_JSON


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (op("Increment"), "incrementing must provide a number"),
        (op("Increment", amount="1"), "incrementing must provide a number"),
        (op("Increment", amount=True), "incrementing must provide a number"),
        (op("Increment", amount=float("inf")), "incrementing must provide a number"),
        (op("Add"), "objects to add must be an array"),
        (op("AddUnique", objects={}), "objects to add must be an array"),
        (op("Remove", objects="cup"), "objects to remove must be an array"),
    ],
)
def test_a_wrong_operand_of_an_update_is_refused(value: Any, words: str) -> None:
    found = ops.op_of(value)
    assert found is not None
    with pytest.raises(ParseError, match=words) as refused:
        found.check(value)
    assert refused.value.code == Code.INVALID_JSON


@pytest.mark.parametrize(
    ("value", "start"),
    [
        (op("Increment", amount=-2.5), -2.5),
        (op("Add", objects=["red", "red"]), ["red", "red"]),
        (op("AddUnique", objects=["red", "red"]), ["red", "red"]),
        (op("Remove", objects=["red"]), []),
        (op("SetOnInsert", amount="new"), "new"),
        (op("Delete"), None),
    ],
)
def test_an_operation_of_a_new_object_has_a_first_value(value: Any, start: Any) -> None:
    found = ops.op_of(value)
    assert found is not None
    found.check(value)
    assert found.initial(value) == start


@pytest.mark.parametrize("name", ["Increment", "Add", "AddUnique", "Remove"])
def test_a_new_object_refuses_any_wrong_operand_in_the_words_of_add(name: str) -> None:
    with pytest.raises(ParseError, match="objects to add must be an array"):
        ops.FIELD_OPS[name].initial(op(name, amount="1", objects="x"))


def test_relation_operations_and_delete_echo_nothing() -> None:
    silent = {name for name, found in ops.FIELD_OPS.items() if not found.echoes}
    assert silent == {"Delete", "AddRelation", "RemoveRelation", "Batch"}
    relations = {name for name, found in ops.FIELD_OPS.items() if found.is_relation}
    assert relations == silent - {"Delete"}


def test_a_batch_is_its_relation_changes_in_order() -> None:
    both = batch(op("AddRelation", objects=[CUP, MUG]), op("RemoveRelation", objects=[CUP]))
    assert ops.relation_changes(both) == [(True, ["cup", "mug"]), (False, ["cup"])]


@pytest.mark.parametrize(
    ("change", "value", "expected"),
    [
        (7, 1, 7),
        (op("Delete"), 1, GONE),
        (op("Increment", amount=2), 1, 3),
        (op("Increment", amount=2), None, 2),
        (op("Increment", amount=2), "x", "x"),
        (op("Add", objects=[1, 1]), None, [1, 1]),
        (op("AddUnique", objects=[1, 2, 2]), [1], [1, 2]),
        (op("Remove", objects=[1]), [1, 2, 1], [2]),
        (op("Add", objects=[1]), "x", "x"),
        (op("SetOnInsert", amount=1), 5, 5),
        (op("AddRelation", objects=[CUP]), None, None),
    ],
)
def test_what_a_change_makes_of_a_value(change: Any, value: Any, expected: Any) -> None:
    assert ops.apply(change, value) == expected
