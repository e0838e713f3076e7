"""What a document selects of a page, where its objects can be written as JSON at once.

``completion`` is its definition: whatever else is selected, and every value of another kind, is
completed there.
"""

from collections.abc import Sequence
from typing import Any

from graphql import (
    FieldNode,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
)

from parsepy.graphql.schema.markers import ObjectOf, column_of, marker_of, operation_of
from parsepy.graphql.selections import Selections, Unsuited
from parsepy.model.selection import SelectedValue, Selection, ValueKind
from parsepy.model.values import dumps

_SCALARS = {
    "String": ValueKind.TEXT,
    "ID": ValueKind.TEXT,
    "Float": ValueKind.NUMBER,
    "Boolean": ValueKind.TRUTH,
    "Date": ValueKind.DATE,
}
_TYPES = {
    ValueKind.TEXT: ("String",),
    ValueKind.NUMBER: ("Number",),
    ValueKind.TRUTH: ("Boolean",),
    ValueKind.DATE: ("Date",),
}
_OWN = {"objectId": ValueKind.TEXT, "createdAt": ValueKind.DATE, "updatedAt": ValueKind.DATE}


def selection_of(
    connection: GraphQLOutputType, nodes: Sequence[FieldNode], selections: Selections
) -> Selection | None:
    """What the fields ``nodes`` of a type of pages select of each object.

    ``None`` where a page has to be completed.
    """
    of = _object_type(connection)
    if of is None:
        return None
    groups = selections.fields(of, nodes).values()
    pages = [group for group in groups if group[0].name.value == "edges"]
    if len(pages) != 1:
        return None
    try:
        return _edges(of, pages[0], selections)
    except Unsuited:
        return None


def _edges(of: GraphQLObjectType, nodes: Sequence[FieldNode], selections: Selections) -> Selection:
    edge = _object_type(of.fields["edges"].type)
    if edge is None:
        raise Unsuited
    before, after = b"{", b""
    values: tuple[SelectedValue, ...] | None = None
    for key, group in selections.fields(edge, nodes).items():
        name = group[0].name.value
        comma = b"," if values is not None or len(before) > 1 else b""
        text = comma + _label(key)
        if name == "__typename":
            text += dumps(edge.name)
        elif name == "node" and values is None:
            values = _object(_object_type(edge.fields["node"].type), group, selections)
            before += text
            continue
        else:
            raise Unsuited  # a cursor is of the page's place among others
        if values is None:
            before += text
        else:
            after += text
    if values is None:
        raise Unsuited
    return Selection(values, before, after + b"}")


def _object(
    of: GraphQLObjectType | None, nodes: Sequence[FieldNode], selections: Selections
) -> tuple[SelectedValue, ...]:
    marker = None if of is None else marker_of(of)
    if of is None or not isinstance(marker, ObjectOf):
        raise Unsuited
    values: list[SelectedValue] = []
    for key, group in selections.fields(of, nodes).items():
        name, label = group[0].name.value, _label(key)
        if name == "__typename":
            values.append(SelectedValue(ValueKind.CONSTANT, label + dumps(of.name)))
        elif name == "id":
            prefix = f"{marker.class_name}:".encode()
            values.append(SelectedValue(ValueKind.GLOBAL_ID, label, "objectId", True, prefix))
        else:
            values.append(_value(of, name, label, group, selections))
    return tuple(values)


def _value(
    of: GraphQLObjectType,
    name: str,
    label: bytes,
    group: Sequence[FieldNode],
    selections: Selections,
) -> SelectedValue:
    field = of.fields[name]
    column, is_required = column_of(field), isinstance(field.type, GraphQLNonNull)
    if operation_of(field) is not None:
        raise Unsuited
    bare: Any = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
    stored = name if column is None else column.name
    if isinstance(bare, GraphQLScalarType):
        kind = _SCALARS.get(bare.name)
        if kind is None or not (
            kind == _OWN.get(stored) or (column is not None and column.type.name in _TYPES[kind])
        ):
            raise Unsuited
        return SelectedValue(kind, label, stored, is_required)
    if column is None or column.type.name != "Pointer":
        raise Unsuited
    below = Selection(_object(_object_type(bare), group, selections))
    return SelectedValue(ValueKind.OBJECT, label, stored, is_required, below=below)


def _label(key: str) -> bytes:
    return dumps(key) + b":"


def _object_type(kind: Any) -> GraphQLObjectType | None:
    while isinstance(kind, GraphQLNonNull | GraphQLList):
        kind = kind.of_type
    return kind if isinstance(kind, GraphQLObjectType) else None
