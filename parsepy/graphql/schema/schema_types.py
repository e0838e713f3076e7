"""The types of classes themselves: what ``class``, ``createClass`` and their kin speak of."""

from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
)

from parsepy.graphql.schema.types import NAME, Described, list_of, make_input, make_object

_COLUMN: dict[str, Described] = {"name": (NAME, "The column's name.")}
_TARGETED: dict[str, Described] = {
    **_COLUMN,
    "targetClassName": (NAME, "The class that it refers to."),
}

SCHEMA_FIELD_INPUT = make_input("SchemaFieldInput", "A column, by its name.", _COLUMN)
SCHEMA_FIELD = GraphQLInterfaceType(
    "SchemaField",
    {"name": GraphQLField(NAME, description="The column's name.")},
    description="A column of a class.",
)
_PLAIN = (
    *("String", "Number", "Boolean", "Array", "Object", "Date", "File", "GeoPoint"),
    *("Polygon", "Bytes"),
)
_INPUTS: dict[str, GraphQLInputObjectType] = {
    kind: make_input(f"Schema{kind}FieldInput", f"A new column of type {kind}.", _COLUMN)
    for kind in _PLAIN
} | {
    kind: make_input(f"{kind}FieldInput", f"A new column of type {kind}.", _TARGETED)
    for kind in ("Pointer", "Relation")
}
COLUMN_TYPES: dict[str, GraphQLObjectType] = {
    kind: make_object(
        f"Schema{kind}Field",
        f"A column of type {kind}.",
        _TARGETED if kind in ("Pointer", "Relation") else _COLUMN,
        (SCHEMA_FIELD,),
    )
    for kind in (*_PLAIN, "Pointer", "Relation", "ACL")
}
"""The object type for each type of column."""


def _added(kind: str) -> Any:
    return list_of(_INPUTS[kind])


SCHEMA_FIELDS_INPUT = make_input(
    "SchemaFieldsInput",
    "The columns to add to a class, and those to remove.",
    {
        "addStrings": (_added("String"), "New columns of type String."),
        "addNumbers": (_added("Number"), "New columns of type Number."),
        "addBooleans": (_added("Boolean"), "New columns of type Boolean."),
        "addArrays": (_added("Array"), "New columns of type Array."),
        "addObjects": (_added("Object"), "New columns of type Object."),
        "addDates": (_added("Date"), "New columns of type Date."),
        "addFiles": (_added("File"), "New columns of type File."),
        "addGeoPoint": (_INPUTS["GeoPoint"], "A new column of type GeoPoint: a class has one."),
        "addPolygons": (_added("Polygon"), "New columns of type Polygon."),
        "addBytes": (_added("Bytes"), "New columns of type Bytes."),
        "addPointers": (_added("Pointer"), "New columns of type Pointer."),
        "addRelations": (_added("Relation"), "New columns of type Relation."),
        "remove": (list_of(SCHEMA_FIELD_INPUT), "The columns to remove, with their values."),
    },
)
CLASS = make_object(
    "Class",
    "A class and its columns.",
    {
        "name": (NAME, "The class's name."),
        "schemaFields": (GraphQLNonNull(list_of(SCHEMA_FIELD)), "Its columns."),
    },
)


def _in_order() -> tuple[GraphQLNamedType, ...]:
    found: list[GraphQLNamedType] = [SCHEMA_FIELD_INPUT]
    for kind, column_type in COLUMN_TYPES.items():
        found += (_INPUTS[kind], column_type) if kind in _INPUTS else (column_type,)
    return (*found, SCHEMA_FIELDS_INPUT, CLASS)


FIXED = _in_order()
