"""What a principal's rights reach of a class, decided for an object that is at hand."""

from typing import Any

import pytest

from parsepy.errors import ParseError
from parsepy.model.principal import MASTER, NOBODY, Principal
from parsepy.model.schema import ClassSchema, Field, make_schema
from parsepy.model.scope import EVERYTHING, NOTHING, Scope, scope_of
from parsepy.model.values import FieldType, pointer

ANNA = Principal(user_id="anna", roles=frozenset({"owners"}))
ORDER = {"objectId": "o1"}


def order(permissions: Any) -> ClassSchema:
    """The class Order under these class-level permissions."""
    columns = {"customer": Field(FieldType("Pointer", "_User"))}
    return make_schema("Order", columns, permissions=permissions)


# --- what an object's ACL says ---


@pytest.mark.parametrize(
    ("acl", "is_allowed"),
    [
        (None, True),
        ({}, False),
        ({"*": {"read": True}}, True),
        ({"anna": {"read": True}}, True),
        ({"role:owners": {"read": True}}, True),
        ({"anna": {"write": True}}, False),
        ({"ben": {"read": True}}, False),
    ],
)
def test_an_object_is_within_if_its_acl_names_the_principal(acl: Any, is_allowed: bool) -> None:
    item = ORDER if acl is None else {**ORDER, "ACL": acl}
    assert Scope(ANNA).allows(item) is is_allowed


def test_writing_asks_for_the_other_flag() -> None:
    assert Scope(ANNA, "write").allows({"ACL": {"anna": {"write": True}}})
    assert not Scope(ANNA, "write").allows({"ACL": {"anna": {"read": True}}})


@pytest.mark.parametrize(
    ("names", "is_listed"),
    [(None, True), ([], False), (["*"], True), (["role:owners"], True), (["ben"], False)],
)
def test_an_absent_list_has_everybody_and_an_empty_one_nobody(names: Any, is_listed: bool) -> None:
    assert Scope(ANNA).is_listed(names) is is_listed


def test_of_everything_each_object_is_within_and_of_nothing_none() -> None:
    locked = {**ORDER, "ACL": {}}
    assert (EVERYTHING.allows(locked), EVERYTHING.is_listed([])) == (True, True)
    assert (NOTHING.allows(ORDER), NOTHING.is_listed(None)) == (False, False)


# --- pointer permissions ---


@pytest.mark.parametrize(
    ("value", "is_allowed"),
    [
        (pointer("_User", "anna"), True),
        ({**pointer("_User", "anna"), "__type": "Object", "username": "anna"}, True),
        ([pointer("_User", "ben"), pointer("_User", "anna")], True),
        (pointer("_User", "ben"), False),
        (pointer("Product", "anna"), False),
        ([[pointer("_User", "anna")]], False),  # MongoDB looks one level deep, too
        # the keys of a pointer in an array may stand in any order, but there are no others
        ([{"objectId": "anna", "className": "_User", "__type": "Pointer"}], True),
        ([{**pointer("_User", "anna"), "name": "Anna"}], False),
        ([], False),
        (None, False),
        ("anna", False),
    ],
)
def test_a_pointer_field_must_lead_to_the_user(value: Any, is_allowed: bool) -> None:
    scope = Scope(ANNA, "read", (("customer",),))
    assert scope.allows({**ORDER, "customer": value}) is is_allowed


def test_one_field_of_each_group_is_enough_and_every_group_asks() -> None:
    scope = Scope(ANNA, "write", (("customer", "seller"), ("editor",)))
    mine = pointer("_User", "anna")
    assert scope.allows({"seller": mine, "editor": mine})
    assert not scope.allows({"seller": mine, "customer": mine})


def test_who_is_pointed_to_must_pass_the_acl_as_well() -> None:
    scope = Scope(ANNA, "read", (("customer",),))
    assert not scope.allows({"customer": pointer("_User", "anna"), "ACL": {}})


# --- from class-level permissions ---


def test_the_master_key_reaches_everything() -> None:
    assert scope_of(order({}), "find", MASTER) is EVERYTHING


def test_a_public_class_leaves_the_acl_to_decide() -> None:
    schema = order({"find": {"*": True}, "delete": {"*": True}})
    assert scope_of(schema, "find", ANNA) == Scope(ANNA, "read")
    assert scope_of(schema, "delete", ANNA) == Scope(ANNA, "write")


def test_a_pointer_rule_narrows_a_user_and_leaves_nothing_to_nobody() -> None:
    schema = order({"get": {"pointerFields": ["customer"]}})
    assert scope_of(schema, "get", ANNA) == Scope(ANNA, "read", (("customer",),))
    assert scope_of(schema, "get", NOBODY) is NOTHING


def test_columns_that_only_some_may_add_narrow_an_update_besides() -> None:
    schema = order({"update": {"pointerFields": ["customer"]}})
    both = scope_of(schema, "update", ANNA, ("editor",))
    assert both.pointer_fields == (("customer",), ("editor",))
    assert scope_of(order(None), "update", NOBODY, ("editor",)) is NOTHING


def test_who_may_not_is_refused() -> None:
    with pytest.raises(ParseError):
        scope_of(order({}), "find", ANNA)
