"""Custom SDL adds an operator's types and fields, or stops the start with all that is wrong."""

from pathlib import Path

import pytest
from graphql import GraphQLObjectType

from parsepy.config import Config, ConfigError
from parsepy.graphql.schema import build, custom
from parsepy.graphql.schema.markers import Column, ObjectOf, Operation, marker_of, operation_of
from tests.graphql.interface import shop_classes, written

SDL = """
extend type Query {
  hello: String @resolve
  hi: String! @resolve(to: "hello")
  mocked: [Int!] @mock(with: [1, 2])
  topProduct(first: Int = 3): Product @resolve(to: "someProduct")
}
type Mutation { restock(name: String!): Any @resolve }
extend type Product { upper: String @resolve(to: "shout"), name: String! @mock(with: "hidden") }
type Shelf { products: [Product!] @resolve(to: "productsOf") }
type Shelf { height: Int }
extend input ProductWhereInput { nearShelf: ID }
scalar Date
scalar Metres
"""


def operation(type_name: str, field: str, sdl: str = SDL) -> Operation | None:
    made = build(shop_classes(), custom=custom.read(sdl)).type_map[type_name]
    assert isinstance(made, GraphQLObjectType)
    return operation_of(made.fields[field])


def test_a_field_is_resolved_by_the_function_of_its_name() -> None:
    assert operation("Query", "hello") == Operation("custom", function="hello")
    assert operation("Mutation", "restock") == Operation("custom", function="restock")


def test_a_field_is_resolved_by_the_function_that_it_names() -> None:
    assert operation("Query", "topProduct") == Operation("custom", function="someProduct")
    assert operation("Product", "upper") == Operation("custom", function="shout")
    assert operation("Shelf", "products") == Operation("custom", function="productsOf")


def test_a_field_is_mocked_by_a_value() -> None:
    assert operation("Query", "mocked") == Operation("mock", value=[1, 2])


def test_a_field_that_is_there_already_is_answered_otherwise() -> None:
    assert operation("Product", "name") == Operation("mock", value="hidden")


def test_the_auto_made_parts_stay_what_they_are() -> None:
    schema = build(shop_classes(), custom=custom.read(SDL))
    product = schema.type_map["Product"]
    assert isinstance(product, GraphQLObjectType)
    assert marker_of(product) == ObjectOf("Product")
    column = product.fields["price"].extensions["column"]
    assert isinstance(column, Column)
    assert column.name == "price"
    assert operation("Query", "products") == Operation("find", "Product")


def test_parts_of_one_type_are_put_together() -> None:
    lines = written(build(shop_classes(), custom=custom.read(SDL))).splitlines()
    at = lines.index("type Shelf {")
    assert lines[at : at + 4] == ["type Shelf {", "  products: [Product!]", "  height: Int", "}"]


def test_a_schema_without_custom_sdl_has_no_directives_of_its_own() -> None:
    assert "@resolve" not in written(build(shop_classes()))
    assert "directive @mock(with: Any!) on FIELD_DEFINITION" in written(
        build(shop_classes(), custom=custom.read(SDL))
    )


@pytest.mark.parametrize(
    ("sdl", "problem"),
    [
        ("type {", "line 1: Syntax Error: Expected Name, found '{'."),
        ("extend type Nope { a: Int }", "Cannot extend type 'Nope' because it is not defined."),
        ("extend type Query { a: Nope }", "Unknown type 'Nope'."),
        ("extend type Query { a: Int @nope }", "Unknown directive '@nope'."),
        ("extend type Query { a: Int @mock }", "argument 'with' of type 'Any!' is required"),
        ("\nextend type Query { a: Int @resolve(to: 5) }", "line 2: Argument 'to' has invalid"),
        ("extend type Query { health: Int }", "Query.health is there already, with the type Bool"),
        ("type Date { a: Int }", "Date is there already, and of another kind"),
        ("input X { a: Product }", "Input field type must be a GraphQL input type."),
        ("type Y { __a: Int }", "must not begin with '__'"),
        ("type Z implements Node { a: Int }", "Interface field Node.id expected"),
        ("{ health }", "a schema has no operations and fragments"),
        ("schema { query: Query }", "the schema's operations are Query, Mutation and Subscript"),
    ],
)
def test_what_is_wrong_is_told(sdl: str, problem: str) -> None:
    with pytest.raises(ConfigError) as failure:
        build(shop_classes(), custom=custom.read(sdl))
    assert all(text.startswith("graphQLSchema") for text in failure.value.problems)
    assert problem in str(failure.value)


def options(given: str, folder: Path) -> Config:
    named = {"appId": "shop", "masterKey": "key", "databaseURI": "memory:"}
    return Config.from_options({**named, "graphQLSchema": given}, base_dir=folder)


def test_the_option_takes_sdl_or_the_file_that_it_is_in(tmp_path: Path) -> None:
    (tmp_path / "shop.graphql").write_text(SDL, encoding="utf-8")
    from_file = custom.load(options("shop.graphql", tmp_path).graphql_schema)
    from_text = custom.load(options(SDL, tmp_path).graphql_schema)
    assert from_file is not None
    assert from_text is not None
    assert from_file.document == from_text.document


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"graphQLSchema: .*/none\.graphql: No such file"):
        custom.load(options("none.graphql", tmp_path).graphql_schema)
    (tmp_path / "latin.graphql").write_bytes(b"# \xe4\n")
    with pytest.raises(ConfigError, match="not UTF-8 text"):
        custom.load(options("latin.graphql", tmp_path).graphql_schema)
