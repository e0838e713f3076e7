"""Classes to make schemas of, and how an interface is written down to be compared."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLSchema,
    Node,
    Visitor,
    parse,
    print_ast,
    print_schema,
    validate_schema,
    visit,
)

from parsepy.model import templates
from parsepy.model.schema import DEFAULT_COLUMNS, ClassSchema, Field, make_schema, read_field
from parsepy.model.values import PLAIN_TYPES, FieldType, JSONObject

SHOP = Path(__file__).parents[2] / "schema"
REFERENCE = Path(__file__).with_name("reference.graphql")

EVERY_TYPE: dict[str, Field] = {
    "aBoolean": Field(PLAIN_TYPES["Boolean"]),
    "aBytes": Field(PLAIN_TYPES["Bytes"]),
    "aDate": Field(PLAIN_TYPES["Date"]),
    "aFile": Field(PLAIN_TYPES["File"]),
    "aGeoPoint": Field(PLAIN_TYPES["GeoPoint"]),
    "aNumber": Field(PLAIN_TYPES["Number"]),
    "aPointer": Field(FieldType("Pointer", "Product")),
    "aPolygon": Field(PLAIN_TYPES["Polygon"]),
    "aRelation": Field(FieldType("Relation", "Product")),
    "aString": Field(PLAIN_TYPES["String"]),
    "anArray": Field(PLAIN_TYPES["Array"]),
    "anObject": Field(PLAIN_TYPES["Object"]),
    "danglingPointer": Field(FieldType("Pointer", "_Role")),
    "req": Field(PLAIN_TYPES["String"], required=True),
    "userPointer": Field(FieldType("Pointer", "_User")),
}


def classes_of(definitions: Sequence[JSONObject]) -> dict[str, ClassSchema]:
    """Make classes from definitions as the schema API takes them; the system's own are added."""
    made = {name: make_schema(name, {}) for name in ("_Role", "_User")}
    for item in definitions:
        name = item["className"]
        columns = {
            key: read_field(name, key, value)
            for key, value in item["fields"].items()
            if key not in DEFAULT_COLUMNS
        }
        made[name] = make_schema(name, columns)
    return made


def shop_classes() -> dict[str, ClassSchema]:
    """The classes of the two templates, and two with a column of every type."""
    files = [SHOP / "ecommerce.json", SHOP / "shopping.json"]
    made = classes_of(templates.load(files).classes)
    return made | {name: make_schema(name, EVERY_TYPE) for name in ("AllTypes", "Sample")}


class _Undescribed(Visitor):
    def enter(self, node: Node, *_: Any) -> None:
        if getattr(node, "description", None) is not None:
            setattr(node, "description", None)  # noqa: B010  # only some nodes have it


def without_descriptions(sdl: str) -> str:
    """An interface in one manner of writing, without descriptions and comments."""
    return print_ast(visit(parse(sdl), _Undescribed()))


def written(schema: GraphQLSchema) -> str:
    """The interface of a schema, without descriptions."""
    return without_descriptions(print_schema(schema))


def invalid_parts(schema: GraphQLSchema) -> list[str]:
    """What GraphQL's own rules find wrong with a schema, although it is taken for valid."""
    parts: dict[str, Any] = {**schema.to_kwargs(), "assume_valid": False}
    return [error.message for error in validate_schema(GraphQLSchema(**parts))]


def undescribed(schema: GraphQLSchema) -> list[str]:
    """The types, fields, arguments and values of a schema that nothing is said of."""
    found = []
    for name, kind in schema.type_map.items():
        if name.startswith("__"):
            continue
        if not kind.description:
            found.append(name)
        members: Mapping[str, Any] = getattr(kind, "fields", None) or {}
        for field, made in members.items():
            arguments: Mapping[str, Any] = getattr(made, "args", None) or {}
            named = {field: made} | {f"{field}({key})": arguments[key] for key in arguments}
            found += [f"{name}.{key}" for key, item in named.items() if not item.description]
    return found
