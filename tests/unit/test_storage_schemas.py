"""`_SCHEMA` documents: what the reference wrote is understood, what we write it understands."""

from typing import Any

import pytest

from parsepy.model.schema import MISSING, Field, make_schema
from parsepy.model.values import NUMBER, PLAIN_TYPES, STRING, FieldType
from parsepy.storage.schemas import field_options, from_document, from_text, to_document, to_text

TO_USER = FieldType("Pointer", "_User")
DOCUMENT = {
    "_id": "Order",
    "objectId": "string",
    "updatedAt": "date",
    "createdAt": "date",
    "total": "number",
    "status": "string",
    "user": "*_User",
    "products": "relation<Product>",
    "_metadata": {
        "fields_options": {"total": {"required": True}, "status": {"defaultValue": "new"}},
        "class_permissions": {"find": {"*": True}},
        "indexes": {"total_1": {"total": 1}},
    },
}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *((kind, name.lower()) for name, kind in PLAIN_TYPES.items()),
        (TO_USER, "*_User"),
        (FieldType("Relation", "Product"), "relation<Product>"),
    ],
)
def test_a_type_is_written_in_one_word_and_read_again(kind: FieldType, text: str) -> None:
    assert to_text(kind) == text
    assert from_text(text) == kind


def test_hosted_parse_called_an_object_a_map() -> None:
    assert from_text("map") == PLAIN_TYPES["Object"]


def test_an_unknown_word_is_no_type() -> None:
    assert from_text("moon") is None


def test_a_class_is_read_with_its_options_permissions_and_indexes() -> None:
    order = from_document(DOCUMENT)
    assert order.name == "Order"
    assert order.fields["total"] == Field(NUMBER, True)
    assert order.fields["status"] == Field(STRING, None, "new")
    assert order.pointers == {"user": "_User"}
    assert order.relations == {"products": "Product"}
    assert order.permissions.raw == {"find": {"*": True}}
    assert order.indexes == {"total_1": {"total": 1}}


def test_a_class_without_metadata_is_open_and_has_no_options() -> None:
    order = from_document({"_id": "Order", "total": "number", "_client_permissions": {}})
    assert order.permissions.raw is None
    assert order.fields["total"] == Field(NUMBER)


def test_what_is_no_column_is_skipped() -> None:
    order = from_document({"_id": "Order", "moon": "moon", "odd": 5, "total": "number"})
    assert {"moon", "odd"}.isdisjoint(order.fields)
    assert "total" in order.fields


def test_the_servers_protected_fields_are_those_of_the_class() -> None:
    protected = {"Order": {"*": ["total"]}, "Cart": {"*": ["items"]}}
    assert from_document(DOCUMENT, protected).permissions.protected == (
        ("*", frozenset({"total"})),
    )


def test_a_class_is_written_as_it_was_read() -> None:
    order = from_document(DOCUMENT)
    assert to_document("Order", order.fields, order.permissions.raw, order.indexes) == DOCUMENT


def test_metadata_is_absent_when_there_is_none() -> None:
    fields = {"total": Field(NUMBER)}
    assert to_document("Order", fields, None, None) == {
        "_id": "Order",
        "objectId": "string",
        "updatedAt": "date",
        "createdAt": "date",
        "total": "number",
    }


def test_empty_permissions_are_written_for_they_close_the_class() -> None:
    assert to_document("Order", {}, {}, None)["_metadata"] == {"class_permissions": {}}


def test_the_acl_and_the_users_password_are_no_columns() -> None:
    user = make_schema("_User", {})
    written = to_document("_User", user.fields, None, None)
    assert "username" in written
    assert {"ACL", "password"}.isdisjoint(written)


@pytest.mark.parametrize(
    ("field", "options"),
    [
        (Field(NUMBER), {}),
        (Field(NUMBER, False), {"required": False}),
        (Field(NUMBER, True, 0), {"required": True, "defaultValue": 0}),
        (Field(NUMBER, None, MISSING), {}),
    ],
)
def test_only_what_was_said_of_a_column_is_kept(field: Field, options: Any) -> None:
    assert field_options(field) == options


BROKEN: dict[str, Any] = {
    "find": True,
    "get": 5,
    "create": {"*": True, "pointerFields": "owner"},
    "update": ["*"],
    "protectedFields": {"*": "secret", "role:staff": ["note"]},
    "readUserFields": ["owner"],
    "ACL": "public",
}


def test_what_a_row_says_that_can_not_be_read_grants_nothing() -> None:
    row = {"_id": "Order", "_metadata": {"class_permissions": BROKEN, "indexes": 5}, "": "x"}
    order = from_document({**row, "total": "number"})
    assert order.permissions.raw == {
        "create": {"*": True},
        "protectedFields": {"role:staff": ["note"]},
        "readUserFields": ["owner"],
    }
    assert order.indexes == {}


@pytest.mark.parametrize("metadata", [[1], "x", {"class_permissions": "public"}])
def test_a_row_with_broken_metadata_is_read_all_the_same(metadata: Any) -> None:
    order = from_document({"_id": "Order", "_metadata": metadata, "total": "number"})
    assert order.fields["total"] == Field(NUMBER)
    assert order.permissions.raw in (None, {})
