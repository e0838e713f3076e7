"""From a column's type to the GraphQL types of its values, of its input and of its conditions."""

from collections.abc import Mapping
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLFloat,
    GraphQLList,
    GraphQLNonNull,
    GraphQLString,
    GraphQLUnionType,
)

from parsepy.graphql.schema import conditions, types
from parsepy.graphql.schema.records import ClassTypes
from parsepy.graphql.schema.scalars import ANY, BYTES, DATE, OBJECT
from parsepy.model.values import FieldType

_NONE = ClassTypes()

_INPUTS: dict[str, Any] = {
    "String": GraphQLString,
    "Number": GraphQLFloat,
    "Boolean": GraphQLBoolean,
    "Array": GraphQLList(ANY),
    "Object": OBJECT,
    "Date": DATE,
    "File": types.FILE_INPUT,
    "GeoPoint": types.GEO_POINT_INPUT,
    "Polygon": types.POLYGON_INPUT,
    "Bytes": BYTES,
    "ACL": types.ACL_INPUT,
}
_OUTPUTS: dict[str, Any] = {
    "String": GraphQLString,
    "Number": GraphQLFloat,
    "Boolean": GraphQLBoolean,
    "Object": OBJECT,
    "Date": DATE,
    "File": types.FILE_INFO,
    "GeoPoint": types.GEO_POINT,
    "Polygon": types.POLYGON,
    "Bytes": BYTES,
    "ACL": GraphQLNonNull(types.ACL),
}
_WHERES: dict[str, Any] = {
    "String": conditions.STRING_WHERE,
    "Number": conditions.NUMBER_WHERE,
    "Boolean": conditions.BOOLEAN_WHERE,
    "Array": conditions.ARRAY_WHERE,
    "Object": conditions.OBJECT_WHERE,
    "Date": conditions.DATE_WHERE,
    "File": conditions.FILE_WHERE,
    "GeoPoint": conditions.GEO_POINT_WHERE,
    "Polygon": conditions.POLYGON_WHERE,
    "Bytes": conditions.BYTES_WHERE,
    "ACL": conditions.OBJECT_WHERE,
}


def input_of(kind: FieldType, known: Mapping[str, ClassTypes]) -> Any:
    """The input type of a column's values; ``None`` for a column that has none."""
    if kind.name == "Pointer":
        return _target(kind, known).pointer_input or OBJECT
    if kind.name == "Relation":
        return _target(kind, known).relation_input or OBJECT
    return _INPUTS.get(kind.name)


def output_of(
    kind: FieldType, known: Mapping[str, ClassTypes], array_result: GraphQLUnionType
) -> Any:
    """The type of a column's values; ``None`` for a column that has none."""
    if kind.name == "Pointer":
        return _target(kind, known).output or OBJECT
    if kind.name == "Relation":
        return GraphQLNonNull(_target(kind, known).connection or OBJECT)
    if kind.name == "Array":
        return GraphQLList(array_result)
    return _OUTPUTS.get(kind.name)


def where_of(kind: FieldType, known: Mapping[str, ClassTypes]) -> Any:
    """The input type of conditions on a column; ``None`` for a column that has none."""
    if kind.name in ("Pointer", "Relation"):
        return _target(kind, known).relation_where or OBJECT
    return _WHERES.get(kind.name)


def _target(kind: FieldType, known: Mapping[str, ClassTypes]) -> ClassTypes:
    return known.get(kind.target or "", _NONE)
