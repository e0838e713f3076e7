"""Classes and columns: names, system classes, and the JSON of the schema API."""

from typing import Any

import pytest

from parsepy.errors import Code, ParseError
from parsepy.model import schema
from parsepy.model.permissions import PUBLIC
from parsepy.model.schema import MISSING, Field, make_schema, read_field, read_type
from parsepy.model.values import NUMBER, STRING, FieldType

TO_USER, TO_PRODUCTS = FieldType("Pointer", "_User"), FieldType("Relation", "Product")
ORDER = make_schema(
    "Order",
    {
        "total": Field(NUMBER, required=True),
        "status": Field(STRING, required=False, default="new"),
        "user": Field(TO_USER),
        "products": Field(TO_PRODUCTS),
    },
    {"find": {"*": True}},
    {"total_1": {"total": 1}},
)


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Product", "p", "SKU_2", "_User", "_Join:users:_Role", "x" * 180])
def test_a_class_may_have_this_name(name: str) -> None:
    assert schema.is_class_name(name)


@pytest.mark.parametrize(
    "name",
    ["", "length", "1st", "_Own", "a b", "a.b", "a$", "é", "Product\n", "x" * 181, "_Join:a"],
)
def test_a_class_may_not_have_this_name(name: str) -> None:
    assert not schema.is_class_name(name)


@pytest.mark.parametrize(
    ("name", "is_good"),
    [
        ("price", True),
        ("p_1", True),
        ("length", False),
        ("className", False),
        ("_rperm", False),
        ("a.b", False),
        ("", False),
        ("price\n", False),
    ],
)
def test_column_names_are_letters_digits_and_underscores(name: str, is_good: bool) -> None:
    assert schema.is_field_name(name) is is_good


@pytest.mark.parametrize(
    ("class_name", "field", "is_reserved"),
    [
        ("Product", "objectId", True),
        ("Product", "ACL", True),
        ("Product", "username", False),
        ("_User", "username", True),
        ("_User", "address", False),
    ],
)
def test_default_and_system_columns_are_reserved(
    class_name: str, field: str, is_reserved: bool
) -> None:
    assert schema.is_reserved(class_name, field) is is_reserved


# --- a class --------------------------------------------------------------------------------------


def test_a_class_has_the_default_columns_before_its_own() -> None:
    names = ["objectId", "createdAt", "updatedAt", "ACL", "total", "status", "user", "products"]
    assert list(ORDER.fields) == names


def test_the_default_columns_cannot_be_redefined() -> None:
    assert make_schema("Order", {"ACL": Field(STRING)}).types["ACL"].name == "ACL"


def test_a_system_class_has_its_columns() -> None:
    assert make_schema("_Session", {}).pointers == {"user": "_User"}
    assert make_schema("_Role", {}).relations == {"users": "_User", "roles": "_Role"}


def test_what_a_request_asks_of_a_class_is_derived_once() -> None:
    assert ORDER.types["total"] == NUMBER
    assert ORDER.pointers == {"user": "_User"}
    assert ORDER.relations == {"products": "Product"}
    assert ORDER.defaults == {"status": "new"}
    assert ORDER.required == ("total",)
    assert ORDER.has_constraints
    assert not make_schema("Product", {"name": Field(STRING)}).has_constraints


def test_the_schema_api_shows_columns_permissions_and_indexes() -> None:
    shown = ORDER.to_json()
    assert shown["className"] == "Order"
    assert shown["fields"] == {
        "objectId": {"type": "String"},
        "createdAt": {"type": "Date"},
        "updatedAt": {"type": "Date"},
        "ACL": {"type": "ACL"},
        "total": {"type": "Number", "required": True},
        "status": {"type": "String", "required": False, "defaultValue": "new"},
        "user": {"type": "Pointer", "targetClass": "_User"},
        "products": {"type": "Relation", "targetClass": "Product"},
    }
    assert shown["indexes"] == {"total_1": {"total": 1}}


def test_an_operation_that_permissions_leave_out_is_shown_as_nobodys() -> None:
    shown = ORDER.to_json()["classLevelPermissions"]
    assert shown["find"] == {"*": True}
    assert shown["delete"] == shown["addField"] == shown["protectedFields"] == {}


def test_the_servers_own_protected_fields_are_shown() -> None:
    user = make_schema("_User", {}, {"protectedFields": {"anna": []}}, protected={"*": ["email"]})
    shown = user.to_json()["classLevelPermissions"]["protectedFields"]
    assert shown == {"anna": [], "*": ["email"]}


def test_a_class_without_permissions_is_shown_as_public() -> None:
    shown = make_schema("Product", {}).to_json()
    assert shown["classLevelPermissions"] == PUBLIC
    assert "indexes" not in shown


def test_what_is_shown_of_permissions_is_a_copy() -> None:
    make_schema("Product", {}).to_json()["classLevelPermissions"]["find"]["anna"] = True
    assert PUBLIC["find"] == {"*": True}


# --- the schema API's JSON ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ({"type": "String"}, "String"),
        ({"type": "Polygon"}, "Polygon"),
        ({"type": "Pointer", "targetClass": "_User"}, "Pointer<_User>"),
        ({"type": "Relation", "targetClass": "Product"}, "Relation<Product>"),
        ({"type": "Number", "targetClass": "Product"}, "Number"),
    ],
)
def test_a_record_is_read_as_a_type(record: Any, name: str) -> None:
    assert str(read_type(record)) == name


@pytest.mark.parametrize(
    ("record", "code", "message"),
    [
        ("String", Code.INVALID_JSON, "invalid JSON"),
        ({}, Code.INVALID_JSON, "invalid JSON"),
        ({"type": 5}, Code.INVALID_JSON, "invalid JSON"),
        ({"type": ["Pointer"]}, Code.INVALID_JSON, "invalid JSON"),
        ({"type": "Moon"}, Code.INCORRECT_TYPE, "invalid field type: Moon"),
        ({"type": "ACL"}, Code.INCORRECT_TYPE, "invalid field type: ACL"),
        ({"type": "Pointer"}, Code.MISSING_REQUIRED_FIELD, "type Pointer needs a class name"),
        ({"type": "Relation", "targetClass": 5}, Code.INVALID_JSON, "invalid JSON"),
        (
            {"type": "Pointer", "targetClass": "a$"},
            Code.INVALID_CLASS_NAME,
            "Invalid classname: a$, classnames can only have alphanumeric characters and _, "
            "and must start with an alpha character ",
        ),
    ],
)
def test_a_wrong_type_record_is_refused(record: Any, code: int, message: str) -> None:
    with pytest.raises(ParseError) as refused:
        read_type(record)
    assert (refused.value.code, refused.value.message) == (code, message)


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({"type": "Number"}, Field(NUMBER)),
        ({"type": "Number", "required": True}, Field(NUMBER, True)),
        ({"type": "Number", "required": False}, Field(NUMBER, False)),
        ({"type": "Number", "defaultValue": 0}, Field(NUMBER, None, 0)),
        ({"type": "Number", "defaultValue": None}, Field(NUMBER, None, MISSING)),
        ({"type": "Relation", "targetClass": "Product"}, Field(TO_PRODUCTS)),
        (
            {"type": "Number", "required": "yes", "note": "net"},
            Field(NUMBER, True, more={"required": "yes", "note": "net"}),
        ),
        ({"type": "Number", "required": None}, Field(NUMBER, more={"required": None})),
    ],
)
def test_a_record_is_read_as_a_column(record: Any, field: Field) -> None:
    assert read_field("Order", "total", record) == field


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (
            {"type": "Number", "defaultValue": "5"},
            "schema mismatch for Order.total default value; expected Number but got String",
        ),
        (
            {
                "type": "Pointer",
                "targetClass": "_User",
                "defaultValue": {"__type": "Pointer", "className": "Product", "objectId": "cup"},
            },
            "schema mismatch for Order.total default value; "
            "expected Pointer<_User> but got Pointer<Product>",
        ),
        (
            {"type": "Relation", "targetClass": "Product", "required": True},
            "The 'required' option is not applicable for Relation<Product>",
        ),
        ({"type": "Date", "defaultValue": {"__type": "Date"}}, "This is not a valid Date"),
        (
            {"type": "String", "defaultValue": {"__op": "Increment", "amount": 1}},
            "schema mismatch for Order.total default value; expected String but got Number",
        ),
        (
            {"type": "Number", "defaultValue": {"__op": "Increment", "amount": 1}},
            "schema mismatch for Order.total default value; expected Number but got an operation",
        ),
        (
            {"type": "Number", "defaultValue": {"__op": "Delete"}},
            "schema mismatch for Order.total default value; expected Number but got an operation",
        ),
        (
            {"type": "Relation", "targetClass": "Product", "defaultValue": "cup"},
            "schema mismatch for Order.total default value; expected Relation<Product> but got "
            "String",
        ),
    ],
)
def test_a_column_with_wrong_options_is_refused(record: Any, message: str) -> None:
    with pytest.raises(ParseError) as refused:
        read_field("Order", "total", record)
    assert (refused.value.code, refused.value.message) == (Code.INCORRECT_TYPE, message)


def test_what_else_a_record_holds_is_shown_as_it_was_given() -> None:
    record = {"type": "Number", "required": 1, "note": {"tax": "net"}}
    assert read_field("Order", "total", record).to_json() == record


def test_a_relation_has_no_default() -> None:
    pointer = {"__type": "Relation", "className": "Product"}
    record = {"type": "Relation", "targetClass": "Product", "defaultValue": pointer}
    with pytest.raises(ParseError, match="'default value' option is not applicable"):
        read_field("Order", "products", record)
