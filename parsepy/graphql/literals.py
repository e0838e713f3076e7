"""Values in documents: compiled to getters, with the literals that were lifted out of a text."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    value_from_ast,
)

from parsepy.graphql.schema.scalars import ANY, OBJECT
from parsepy.graphql.selections import Unsuited
from parsepy.graphql.shapes import Literal
from parsepy.model.values import JSONObject

Coercer = Callable[[Any], Any]
Literals = Sequence[Any]
Variables = Mapping[str, Any]
Getter = Callable[[Literals, Variables], Any]
"""The value of a place in a document, from the lifted literals and the variables."""


class Unfit(Exception):
    """A value that its type does not take; the library says why."""


class Slots:
    """The literals of a sample document that stand for lifted ones: their nodes and types."""

    def __init__(self, places: Mapping[int, int], converters: Sequence[Coercer]) -> None:
        self._places = places
        self._converters = converters

    def place_of(self, node: ValueNode) -> int | None:
        """The number of a literal, if it was lifted."""
        return self._places.get(id(node))

    def convert(self, literals: Sequence[Literal]) -> list[Any]:
        """The literals as their places want them; raises ``Unfit``."""
        try:
            return [
                convert(value) for convert, value in zip(self._converters, literals, strict=True)
            ]
        except (GraphQLError, ValueError):  # a scalar's refusal
            raise Unfit from None


NO_SLOTS = Slots({}, ())


def getter_of(node: ValueNode, kind: Any, slots: Slots) -> Getter:
    """A function for the value of a place; it raises ``Unfit`` for a null that may not be."""
    if isinstance(kind, GraphQLNonNull):
        inner = getter_of(node, kind.of_type, slots)
        if not isinstance(node, VariableNode):
            return inner
        return _never_null(inner)
    if isinstance(node, VariableNode):
        name = node.name.value
        return lambda literals, variables: variables.get(name, Undefined)
    place = slots.place_of(node)
    if place is not None:
        return lambda literals, variables: literals[place]
    if isinstance(node, NullValueNode):
        return lambda literals, variables: None
    if isinstance(kind, GraphQLList):
        return _list_getter(node, kind, slots)
    if isinstance(kind, GraphQLInputObjectType) and isinstance(node, ObjectValueNode):
        return _object_getter(node, kind, slots)
    if kind in (ANY, OBJECT) and isinstance(node, ListValueNode | ObjectValueNode):
        return _json_getter(node, slots)
    if isinstance(node, ListValueNode | ObjectValueNode) and _has_slot(node, slots):
        raise Unsuited
    fixed = value_from_ast(node, kind)
    return lambda literals, variables: fixed


def _never_null(inner: Getter) -> Getter:
    def get(literals: Literals, variables: Variables) -> Any:
        value = inner(literals, variables)
        if value is None or value is Undefined:
            raise Unfit
        return value

    return get


def _list_getter(node: ValueNode, kind: GraphQLList[Any], slots: Slots) -> Getter:
    nodes = node.values if isinstance(node, ListValueNode) else (node,)
    items = [getter_of(item, kind.of_type, slots) for item in nodes]

    def get(literals: Literals, variables: Variables) -> Any:
        made = [item(literals, variables) for item in items]
        return [None if value is Undefined else value for value in made]

    return get


def _object_getter(node: ObjectValueNode, kind: GraphQLInputObjectType, slots: Slots) -> Getter:
    given = {field.name.value: field.value for field in node.fields}
    getters = [
        (name, getter_of(given[name], field.type, slots), field.default_value)
        for name, field in kind.fields.items()
        if name in given
    ]
    defaults = [
        (name, field.default_value)
        for name, field in kind.fields.items()
        if name not in given and field.default_value is not Undefined
    ]
    order = {name: place for place, name in enumerate(kind.fields)}

    def get(literals: Literals, variables: Variables) -> Any:
        made: JSONObject = {}
        for name, getter, default in getters:
            value = getter(literals, variables)
            if value is Undefined:
                value = default
            if value is not Undefined:
                made[name] = value
        if not defaults:
            return made
        made.update(defaults)
        return {name: made[name] for name in sorted(made, key=order.__getitem__)}

    return get


def _json_getter(node: ValueNode, slots: Slots) -> Getter:
    """A literal of a JSON scalar; variables and null in it are lost, as in the scalar's parser."""
    place = slots.place_of(node)
    if place is not None:
        return lambda literals, variables: literals[place]
    if isinstance(node, ListValueNode):
        items = [_json_getter(item, slots) for item in node.values]
        return lambda literals, variables: [item(literals, variables) for item in items]
    if isinstance(node, ObjectValueNode):
        members = [(field.name.value, _json_getter(field.value, slots)) for field in node.fields]

        def get(literals: Literals, variables: Variables) -> Any:
            made = {name: member(literals, variables) for name, member in members}
            return {name: value for name, value in made.items() if value is not None}

        return get
    fixed = ANY.parse_literal(node)
    return lambda literals, variables: fixed


def _has_slot(node: ValueNode, slots: Slots) -> bool:
    if isinstance(node, ListValueNode):
        return any(_has_slot(item, slots) for item in node.values)
    if isinstance(node, ObjectValueNode):
        return any(_has_slot(field.value, slots) for field in node.fields)
    return slots.place_of(node) is not None


def itself(value: Any) -> Any:
    """A literal of a JSON scalar, as it is."""
    return value


def converter_of(kind: Any) -> Coercer:
    """What makes of a lifted literal the value of its type; raises ``Unfit``."""
    if isinstance(kind, GraphQLNonNull):
        return converter_of(kind.of_type)
    if isinstance(kind, GraphQLList):
        inner = converter_of(kind.of_type)
        return lambda value: [inner(value)]
    name = getattr(kind, "name", "")
    convert = _BUILT_IN.get(name)
    if convert is not None:
        return convert
    if kind is ANY:
        return itself
    if isinstance(kind, GraphQLScalarType):
        parse = kind.parse_value

        def of_text(value: Any) -> Any:
            if value.__class__ is not str:
                raise Unfit
            return parse(value)

        return of_text
    return _unfit


def _unfit(value: Any) -> Any:
    raise Unfit


def _int(value: Any) -> Any:
    if value.__class__ is int and -(2**31) <= value < 2**31:
        return value
    raise Unfit


def _float(value: Any) -> Any:
    if value.__class__ is str:
        raise Unfit
    return value


def _string(value: Any) -> Any:
    if value.__class__ is str:
        return value
    raise Unfit


def _id(value: Any) -> Any:
    if value.__class__ is float:
        raise Unfit
    return str(value)


_BUILT_IN: dict[str, Coercer] = {
    "Int": _int,
    "Float": _float,
    "String": _string,
    "ID": _id,
    "Boolean": _unfit,
}
