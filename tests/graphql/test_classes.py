"""What a class's types say to those who execute them, and what becomes of names that are taken."""

from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLObjectType, GraphQLSchema

from parsepy.graphql.schema import build, draft
from parsepy.graphql.schema.markers import (
    Column,
    ConnectionOf,
    EdgeOf,
    FieldsOf,
    ObjectOf,
    Operation,
    OrderOf,
    PayloadOf,
    PointerInputOf,
    RelationInputOf,
    RelationWhereOf,
    WhereOf,
    column_of,
    marker_of,
    operation_of,
)
from parsepy.model import graphql_config
from parsepy.model.schema import Field, make_schema
from parsepy.model.values import STRING, FieldType, JSONObject
from tests.graphql.interface import invalid_parts, shop_classes


@pytest.fixture(scope="module")
def shop() -> GraphQLSchema:
    """The schema of the shop, where orders can be followed."""
    return build(shop_classes(), functions=["total"], subscriptions=frozenset({"Order"}))


def operations(root: GraphQLObjectType | None) -> dict[str, Operation | None]:
    assert root is not None
    return {name: operation_of(field) for name, field in root.fields.items()}


def test_every_root_field_says_what_it_does(shop: GraphQLSchema) -> None:
    queries, mutations = operations(shop.query_type), operations(shop.mutation_type)
    assert queries["node"] == Operation("node")
    assert queries["sKU"] == Operation("get", "SKU")
    assert queries["users"] == Operation("find", "_User")
    assert mutations["deleteRole"] == Operation("delete", "_Role")
    assert mutations["callCloudCode"] == Operation("callCloudCode")
    assert operations(shop.subscription_type) == {"order": Operation("follow", "Order")}
    assert None not in {*queries.values(), *mutations.values()}


@pytest.mark.parametrize(
    ("name", "marker"),
    [
        ("User", ObjectOf("_User")),
        ("OrderConnection", ConnectionOf("Order")),
        ("OrderEdge", EdgeOf("Order")),
        ("OrderWhereInput", WhereOf("Order")),
        ("OrderRelationWhereInput", RelationWhereOf("Order")),
        ("OrderPointerInput", PointerInputOf("Order")),
        ("OrderRelationInput", RelationInputOf("Order")),
        ("CreateOrderFieldsInput", FieldsOf("Order", is_create=True)),
        ("UpdateOrderFieldsInput", FieldsOf("Order", is_create=False)),
        ("UserLoginWithInput", FieldsOf("_User", is_create=True)),
        ("OrderOrder", OrderOf("Order")),
        ("CreateOrderPayload", PayloadOf(Operation("create", "Order"))),
        ("OrderSubscriptionPayload", PayloadOf(Operation("follow", "Order"))),
        ("GeoPoint", None),
    ],
)
def test_every_type_says_what_it_stands_for(shop: GraphQLSchema, name: str, marker: Any) -> None:
    assert marker_of(shop.type_map[name]) == marker


def test_every_field_of_a_class_says_which_column_it_is_about(shop: GraphQLSchema) -> None:
    output, where = shop.type_map["AllTypes"], shop.type_map["AllTypesWhereInput"]
    assert isinstance(output, GraphQLObjectType)
    assert isinstance(where, GraphQLInputObjectType)
    pointer = Column("userPointer", FieldType("Pointer", "_User"))
    assert column_of(output.fields["userPointer"]) == pointer
    assert column_of(where.fields["userPointer"]) == pointer
    assert column_of(output.fields["id"]) == column_of(where.fields["id"])
    assert column_of(where.fields["id"]) == Column("objectId", STRING)
    assert column_of(where.fields["OR"]) is None


def test_an_order_is_what_rest_calls_it(shop: GraphQLSchema) -> None:
    order = shop.type_map["OrderOrder"]
    assert isinstance(order, GraphQLEnumType)
    assert order.values["total_DESC"].value == "-total"
    assert order.values["id_ASC"].value == "objectId"


# --- names that are taken ---------------------------------------------------------------------


def made(*names: str, config: JSONObject | None = None, **columns: Field) -> GraphQLSchema:
    """A schema of users, roles and these classes, which is valid."""
    classes = {name: make_schema(name, columns) for name in ("_User", "_Role", *names)}
    schema = build(classes, config=graphql_config.from_json(config or {}))
    assert invalid_parts(schema) == []
    return schema


@pytest.mark.parametrize(
    "name",
    [
        *("ConfigValue", "SchemaField", "CloudConfig", "UserLoginWithInput", "ChallengeInput"),
        *("LogInWithPayload", "ResetPasswordInput", "SendVerificationEmailPayload"),
    ],
)
def test_a_class_that_breaks_the_reference_only_misses_a_type(name: str) -> None:
    types = made(name, "Product").type_map
    assert made("Product").type_map.keys() <= types.keys()


def test_a_class_whose_create_input_is_taken_creates_from_plain_json() -> None:
    schema = made("CreateProductFieldsInput", "Product")
    pointer = schema.type_map["ProductPointerInput"]
    assert isinstance(pointer, GraphQLInputObjectType)
    assert str(pointer.fields["createAndLink"].type) == "Object"


def test_of_two_classes_that_differ_in_case_the_first_has_the_types() -> None:
    schema = made("Product", "product", price=Field(FieldType("Pointer", "product")))
    product = schema.type_map["Product"]
    assert isinstance(product, GraphQLObjectType)
    assert marker_of(product) == ObjectOf("Product")
    assert str(product.fields["price"].type) == "Object"


def test_what_is_left_out_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    draft.warn.cache_clear()
    made("Sheep")
    made("Sheep")
    assert [record.message for record in caplog.records] == [
        "GraphQL: query sheep is left out: the name is taken"
    ]


def test_an_alias_that_is_no_name_leaves_its_field_out() -> None:
    parts = {"query": {"getAlias": "a ware"}, "mutation": {"createAlias": "1st"}}
    schema = made("Ware", config={"classConfigs": [{"className": "Ware", **parts}]})
    assert schema.query_type is not None
    assert schema.mutation_type is not None
    assert {"wares"} == {name for name in schema.query_type.fields if "ware" in name}
    assert "createWare" not in schema.mutation_type.fields


@pytest.mark.parametrize(
    "sorts", [[], [{"field": "name", "asc": False, "desc": False}], [{"field": "a b"}]]
)
def test_a_class_that_nothing_sorts_is_sorted_by_id(sorts: list[JSONObject]) -> None:
    full = [{"asc": True, "desc": True, **sort} for sort in sorts]
    config = {"classConfigs": [{"className": "Ware", "type": {"sortFields": full}}]}
    order = made("Ware", config=config).type_map["WareOrder"]
    assert isinstance(order, GraphQLEnumType)
    assert list(order.values) == ["id_ASC", "id_DESC"]


def test_functions_whose_names_are_no_enum_values_are_left_out() -> None:
    classes = {name: make_schema(name, {}) for name in ("_User", "_Role")}
    schema = build(classes, functions=["true", "__x", "a.b", "fine"])
    names = schema.type_map["CloudCodeFunction"]
    assert isinstance(names, GraphQLEnumType)
    assert list(names.values) == ["fine"]
    assert "CloudCodeFunction" not in build(classes, functions=["true"]).type_map


def test_the_payload_of_a_subscription_gives_way_to_a_class_of_its_name() -> None:
    names = ("_User", "Cart", "Order", "OrderSubscriptionPayload", "SubscriptionEvent")
    classes = {name: make_schema(name, {}) for name in names}
    schema = build(classes, subscriptions=frozenset({"Cart", "Order", "Gone"}))
    assert invalid_parts(schema) == []
    assert operations(schema.subscription_type) == {"cart": Operation("follow", "Cart")}
    taken = "OrderSubscriptionPayload"
    assert marker_of(schema.type_map[taken]) == ObjectOf(taken)
