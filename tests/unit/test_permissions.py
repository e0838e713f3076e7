"""Class-level permissions: who may do what, what is hidden from whom, what a class may say."""

from typing import Any

import pytest

from parsepy.errors import Code, ParseError
from parsepy.model import permissions
from parsepy.model.permissions import OPERATIONS, check_permissions, compile_permissions
from parsepy.model.principal import MAINTENANCE, MASTER, NOBODY, Principal
from parsepy.model.values import ARRAY, STRING, FieldType

ANNA = Principal(user_id="anna", roles=frozenset({"owners"}))
BEN = Principal(user_id="ben")
FIELDS = {
    "name": STRING,
    "email": STRING,
    "objectId": STRING,
    "staff": ARRAY,
    "owner": FieldType("Pointer", "_User"),
    "shop": FieldType("Pointer", "Shop"),
}
FORBIDDEN = Code.OPERATION_FORBIDDEN


def decide(raw: Any, operation: str, principal: Principal) -> Any:
    """None: allowed; names of fields: allowed where they point at him; a number: refused."""
    try:
        return compile_permissions(raw).decide("Order", operation, principal)
    except ParseError as error:
        return error.code if error.sanitize else "the client is told too much"


# --- who may ----------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_class_without_permissions_is_open_to_all(operation: str) -> None:
    assert decide(None, operation, NOBODY) is None


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("raw", [{}, {"find": {}, "ACL": {}}])
def test_an_operation_that_is_not_mentioned_is_for_the_keys_alone(raw: Any, operation: str) -> None:
    assert decide(raw, operation, ANNA) == FORBIDDEN
    assert decide(raw, operation, MASTER) is None
    assert decide(raw, operation, MAINTENANCE) is None


@pytest.mark.parametrize(
    ("name", "principal", "decision"),
    [
        ("*", NOBODY, None),
        ("anna", ANNA, None),
        ("anna", BEN, FORBIDDEN),
        ("role:owners", ANNA, None),
        ("role:owners", NOBODY, FORBIDDEN),
        ("requiresAuthentication", BEN, None),
        ("requiresAuthentication", NOBODY, Code.OBJECT_NOT_FOUND),
    ],
)
def test_a_name_opens_an_operation(name: str, principal: Principal, decision: Any) -> None:
    assert decide({"find": {name: True}}, "find", principal) == decision


def test_a_user_may_not_pose_as_a_keyword() -> None:
    poser = Principal(user_id="requiresAuthentication")
    raw = {"find": {"pointerFields": ["owner"], "role:owners": True}}
    assert decide(raw, "find", poser) == ("owner",)


def test_the_refusal_names_operation_and_class() -> None:
    with pytest.raises(ParseError) as refused:
        compile_permissions({}).decide("Order", "find", NOBODY)
    assert refused.value.message == "Permission denied for action find on class Order."


@pytest.mark.parametrize(
    ("raw", "narrowed"),
    [
        (
            {op: {"pointerFields": ["owner"]} for op in OPERATIONS},
            ("find", "count", "get", "update", "delete", "addField"),
        ),
        ({"readUserFields": ["owner"]}, ("find", "count", "get")),
        ({"writeUserFields": ["owner"]}, ("update", "delete", "addField")),
    ],
)
def test_pointer_fields_narrow_all_but_create(raw: Any, narrowed: tuple[str, ...]) -> None:
    for operation in OPERATIONS:
        expected = ("owner",) if operation in narrowed else FORBIDDEN
        assert decide(raw, operation, ANNA) == expected, operation


def test_pointer_fields_of_all_kinds_are_joined() -> None:
    raw = {"get": {"pointerFields": ["owner", "staff"]}, "readUserFields": ["staff", "buyer"]}
    assert decide(raw, "get", ANNA) == ("owner", "staff", "buyer")


def test_a_name_that_is_listed_is_not_narrowed() -> None:
    raw = {"get": {"pointerFields": ["owner"], "role:owners": True}}
    assert decide(raw, "get", ANNA) is None
    assert decide(raw, "get", BEN) == ("owner",)


def test_signing_in_opens_the_door_and_pointer_fields_narrow_all_the_same() -> None:
    raw = {op: {"requiresAuthentication": True, "pointerFields": ["owner"]} for op in OPERATIONS}
    assert decide(raw, "find", ANNA) == ("owner",)
    assert decide(raw, "create", ANNA) is None


# --- what is hidden -----------------------------------------------------------------------------


def hidden(protected: Any, principal: Principal, *, server: Any = None, **item: Any) -> list[str]:
    """The fields of an order that this principal does not see."""
    raw = None if protected is None else {"protectedFields": protected}
    rules = compile_permissions(raw, server)
    order = {"name": "first", "email": "e", "secret": 1, **item}
    seen = dict(order)
    permissions.drop_hidden([seen], *rules.hidden_from(principal), principal.user_id)
    return [name for name in order if name not in seen]


@pytest.mark.parametrize(
    ("protected", "principal", "fields"),
    [
        (None, NOBODY, []),
        ({"*": []}, NOBODY, []),
        ({"*": ["email"]}, NOBODY, ["email"]),
        ({"*": ["email"]}, ANNA, ["email"]),
        ({"*": ["email"]}, MASTER, []),
        ({"*": ["email"]}, MAINTENANCE, []),
        ({"*": ["email", "secret"], "authenticated": ["email"]}, ANNA, ["email"]),
        ({"*": ["email", "secret"], "authenticated": ["email"]}, NOBODY, ["email", "secret"]),
        ({"*": ["email", "secret"], "role:owners": []}, ANNA, []),
        ({"*": ["email", "secret"], "role:owners": []}, BEN, ["email", "secret"]),
        ({"*": ["email"], "anna": ["secret"]}, ANNA, []),
        ({"role:owners": ["email"]}, ANNA, ["email"]),
        ({"role:owners": ["email"]}, NOBODY, []),
    ],
)
def test_the_protected_sets_that_apply_are_intersected(
    protected: Any, principal: Principal, fields: list[str]
) -> None:
    assert hidden(protected, principal) == fields


def test_the_servers_own_protected_fields_are_added() -> None:
    server = {"*": ["email"]}
    assert hidden(None, NOBODY, server=server) == ["email"]
    assert hidden({"*": ["secret"]}, NOBODY, server=server) == ["email", "secret"]
    assert hidden({"anna": []}, ANNA, server=server) == []


TO_ANNA = {"__type": "Pointer", "className": "_User", "objectId": "anna"}
BY_OWNER = {"*": ["email", "secret"], "userField:owner": ["secret"]}


@pytest.mark.parametrize(
    ("owner", "principal", "fields"),
    [
        (TO_ANNA, ANNA, ["secret"]),
        ([TO_ANNA], ANNA, ["secret"]),
        (TO_ANNA, BEN, ["email", "secret"]),
        (TO_ANNA, NOBODY, ["email", "secret"]),
        (None, ANNA, ["email", "secret"]),
        ("anna", ANNA, ["email", "secret"]),
        ([], ANNA, ["email", "secret"]),
    ],
)
def test_an_object_that_points_at_the_user_hides_less_from_him(
    owner: Any, principal: Principal, fields: list[str]
) -> None:
    assert hidden(BY_OWNER, principal, owner=owner) == fields


def test_a_rule_by_field_alone_hides_what_it_says_from_that_user() -> None:
    alone = {"userField:owner": ["secret"]}
    assert hidden(alone, ANNA, owner=TO_ANNA) == ["secret"]
    assert hidden(alone, BEN, owner=TO_ANNA) == []


def test_a_rule_by_field_hides_nothing_that_others_reveal() -> None:
    assert hidden({"*": [], "userField:owner": ["secret"]}, ANNA, owner=TO_ANNA) == []


# --- what a class may say -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        {},
        permissions.PUBLIC,
        {"find": {"role:owners": True, "anna": True, "requiresAuthentication": True}},
        {"get": {"pointerFields": ["owner", "staff"]}},
        {"readUserFields": ["owner"], "writeUserFields": ["staff"]},
        {"ACL": {"*": {"read": True, "write": False}}},
        {"protectedFields": {"*": ["email"], "authenticated": [], "userField:owner": ["name"]}},
    ],
)
def test_well_formed_permissions_pass(raw: Any) -> None:
    check_permissions(raw, FIELDS)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (5, "'5' is not a valid value for class level permissions"),
        ({"steal": {}}, "steal is not a valid operation for class level permissions"),
        ({"find": "*"}, "'*' is not a valid value for class level permissions find"),
        ({"find": {"*": 1}}, "'1' is not a valid value for class level permissions acl find:*"),
        ({"find": {"*": False}}, "'false' is not a valid value for class level"),
        ({"find": {"*": None}}, "'null' is not a valid value for class level"),
        ({"find": {"*": [True, {}]}}, "'true,[object Object]' is not a valid value for class"),
        ({"find": {"a b": True}}, "'a b' is not a valid key for class level permissions"),
        ({"find": {"Role:x": True}}, "'Role:x' is not a valid key for class level permissions"),
        (
            {"get": {"pointerFields": "owner"}},
            "'owner' is not a valid value for get[pointerFields]",
        ),
        (
            {"get": {"pointerFields": ["name"]}},
            "'name' is not a valid column for class level pointer permissions get",
        ),
        ({"get": {"pointerFields": ["shop"]}}, "'shop' is not a valid column"),
        ({"get": {"pointerFields": ["nothing"]}}, "'nothing' is not a valid column"),
        ({"readUserFields": [5]}, "'5' is not a valid column"),
        (
            {"readUserFields": "owner"},
            "'owner' is not a valid value for class level permissions readUserFields",
        ),
        ({"ACL": []}, "'' is not a valid value for class level permissions ACL"),
        ({"ACL": {"a b": {}}}, "'a b' is not a valid key"),
        ({"ACL": {"*": True}}, "'true' is not a valid value for class level permissions acl"),
        (
            {"ACL": {"*": {"read": 1}}},
            "'1' is not a valid value for class level permissions acl",
        ),
        (
            {"ACL": {"*": {"delete": True}}},
            "'delete' is not a valid key for class level permissions",
        ),
        ({"protectedFields": {"!": []}}, "'!' is not a valid key"),
        (
            {"protectedFields": {"*": {}}},
            "'[object Object]' is not a valid value for protectedFields[*] - expected an array.",
        ),
        ({"protectedFields": {"*": ["objectId"]}}, "Default field 'objectId' can not be protected"),
        ({"protectedFields": {"*": ["age"]}}, "Field 'age' in protectedFields:* does not exist"),
        ({"protectedFields": {"*": [5]}}, "Field '5' in protectedFields:* does not exist"),
    ],
)
def test_ill_formed_permissions_are_refused_with_the_place(raw: Any, message: str) -> None:
    with pytest.raises(ParseError) as refused:
        check_permissions(raw, FIELDS)
    assert refused.value.code == Code.INVALID_JSON
    assert refused.value.message.startswith(message)


def test_the_fields_hidden_somewhere_are_those_of_every_rule() -> None:
    raw = {"protectedFields": {"*": ["cost", "note"], "userField:owner": ["note"]}}
    rules = permissions.compile_permissions(raw)
    assert rules.hidden_fields(ANNA) == {"cost", "note"}
    assert rules.hidden_fields(MASTER) == frozenset()
    alone = permissions.compile_permissions({"protectedFields": {"userField:owner": ["margin"]}})
    assert alone.hidden_fields(ANNA) == {"margin"}


@pytest.mark.parametrize(
    ("path", "is_hidden"),
    [("cost", True), ("cost.net", True), ("costs", False), ("box", True), ("box.b", False)],
)
def test_a_path_is_hidden_in_and_above_a_hidden_field(path: str, is_hidden: bool) -> None:
    assert permissions.is_hidden(path, {"cost", "box.a"}) is is_hidden
