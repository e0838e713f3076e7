"""Variables and arguments: compiled coercers for what fits; the library words what does not."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    coerce_input_value,
    is_input_type,
    type_from_ast,
    value_from_ast,
)
from graphql.pyutils import print_path_list

from parsepy.graphql.failures import FieldError
from parsepy.graphql.schema.scalars import ANY, OBJECT
from parsepy.graphql.selections import Unsuited
from parsepy.graphql.shapes import Literal
from parsepy.graphql.wording import inspected, of_value, reworded
from parsepy.model.values import JSONObject

Coercer = Callable[[Any], Any]
Literals = Sequence[Any]
Variables = Mapping[str, Any]
Getter = Callable[[Literals, Variables], Any]
"""The value of a place in a document, from the lifted literals and the variables."""


class Unfit(Exception):
    """A value that its type does not take; the library says why."""


# --- values of variables ------------------------------------------------------------------------


class Coercers:
    """Compiled coercers of input types, each made once."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[Any, Coercer]] = {}

    def of(self, kind: Any) -> Coercer:
        """The coercer of a type."""
        known = self._made.get(id(kind))
        if known is not None:
            return known[1]
        box: list[Coercer] = []
        self._made[id(kind)] = (kind, lambda value: box[0](value))  # types may hold themselves
        made = self._make(kind)
        box.append(made)
        self._made[id(kind)] = (kind, made)
        return made

    def _make(self, kind: Any) -> Coercer:
        if isinstance(kind, GraphQLNonNull):
            return _required(self.of(kind.of_type))
        if isinstance(kind, GraphQLList):
            return _listed(self.of(kind.of_type))
        if isinstance(kind, GraphQLInputObjectType):
            return self._object(kind)
        if isinstance(kind, GraphQLEnumType):
            return _one_of({name: value.value for name, value in kind.values.items()})
        assert isinstance(kind, GraphQLScalarType)
        if kind.name == "String":
            return _exactly(str)
        if kind.name == "Boolean":
            return _exactly(bool)
        if kind is GraphQLID:
            return _id_or_parsed
        return _parsed(kind.parse_value)

    def _object(self, kind: GraphQLInputObjectType) -> Coercer:
        places: dict[str, int] = {}
        coercers: dict[str, Coercer] = {}
        needed: list[str] = []
        given: list[tuple[str, Any]] = []

        def prepare() -> None:
            for place, (name, field) in enumerate(kind.fields.items()):
                coercers[name] = self.of(field.type)
                places[name] = place
                if field.default_value is not Undefined:
                    given.append((name, field.default_value))
                elif isinstance(field.type, GraphQLNonNull):
                    needed.append(name)

        def coerce(value: Any) -> Any:
            if value is None:
                return None
            if value.__class__ is not dict:
                raise Unfit
            if not coercers:
                prepare()
            try:
                # in the type's order, as the reference has it
                names = sorted(value, key=places.__getitem__) if len(value) > 1 else value
                made = {name: coercers[name](value[name]) for name in names}
            except KeyError:
                raise Unfit from None
            for name in needed:
                if name not in made:
                    raise Unfit
            for name, default in given:
                if name not in made:
                    made[name] = default
            return made

        return coerce


def _parsed(parse: Coercer) -> Coercer:
    return lambda value: None if value is None else parse(value)


def _id_or_parsed(value: Any) -> Any:
    return value if value.__class__ is str or value is None else GraphQLID.parse_value(value)


def _required(inner: Coercer) -> Coercer:
    def coerce(value: Any) -> Any:
        if value is None:
            raise Unfit
        return inner(value)

    return coerce


def _listed(inner: Coercer) -> Coercer:
    def coerce(value: Any) -> Any:
        if value is None:
            return None
        return [inner(item) for item in value] if value.__class__ is list else [inner(value)]

    return coerce


def _one_of(values: Mapping[str, Any]) -> Coercer:
    def coerce(value: Any) -> Any:
        if value is None:
            return None
        if value.__class__ is not str or value not in values:
            raise Unfit
        return values[value]

    return coerce


def _exactly(kind: type) -> Coercer:
    def coerce(value: Any) -> Any:
        if value.__class__ is kind or value is None:
            return value
        raise Unfit

    return coerce


def errors_of(
    schema: GraphQLSchema,
    definitions: Sequence[VariableDefinitionNode],
    given: Mapping[str, Any],
) -> list[GraphQLError]:
    """What is wrong with the variables of a request, in graphql-js's words and order."""
    errors: list[GraphQLError] = []
    for definition in definitions:
        name, kind = definition.variable.name.value, type_from_ast(schema, definition.type)
        if not is_input_type(kind):
            continue
        input_type: GraphQLInputType = kind  # type: ignore[assignment]
        if name not in given:
            if definition.default_value is None and isinstance(kind, GraphQLNonNull):
                text = f'Variable "${name}" of required type "{kind}" was not provided.'
                errors.append(GraphQLError(text, definition))
            continue
        value = given[name]
        if value is None and isinstance(kind, GraphQLNonNull):
            text = f'Variable "${name}" of non-null type "{kind}" must not be null.'
            errors.append(GraphQLError(text, definition))
            continue
        _coerce_with_words(definition, name, value, input_type, errors)
    return errors


def _coerce_with_words(
    definition: VariableDefinitionNode,
    name: str,
    value: Any,
    kind: GraphQLInputType,
    errors: list[GraphQLError],
) -> None:
    def add(path: list[str | int], wrong: Any, error: GraphQLError) -> None:
        text = f'Variable "${name}" got invalid value {inspected(wrong)}'
        if path:
            text += f' at "{name}{print_path_list(path)}"'
        text = f"{text}; {of_value(error.message, wrong)}"
        errors.append(GraphQLError(text, definition, original_error=error.original_error))

    coerce_input_value(value, kind, add)


# --- values in documents ------------------------------------------------------------------------


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


class Arguments:
    """The arguments of one field of a document."""

    def __init__(self, definition: GraphQLField, node: FieldNode, slots: Slots) -> None:
        given = {argument.name.value: argument.value for argument in node.arguments}
        self._getters: list[tuple[str, Getter, Any]] = []
        self._defaults: JSONObject = {}
        for name, argument in definition.args.items():
            if name in given:
                getter = getter_of(given[name], argument.type, slots)
                self._getters.append((name, getter, argument.default_value))
            elif argument.default_value is not Undefined:
                self._defaults[name] = argument.default_value

    def __call__(self, literals: Literals, variables: Variables) -> JSONObject:
        """Their values by name; one that is not given is not there. Raises ``Unfit``."""
        values: JSONObject = {**self._defaults} if self._defaults else {}
        for name, getter, default in self._getters:
            value = getter(literals, variables)
            if value is Undefined:
                value = default
            if value is not Undefined:
                values[name] = value
        return values


class VariableTable:
    """The variables of one operation."""

    def __init__(
        self,
        schema: GraphQLSchema,
        definitions: Sequence[VariableDefinitionNode],
        slots: Slots,
        coercers: Coercers,
    ) -> None:
        self.definitions = definitions
        self._schema = schema
        self._table: list[tuple[str, Coercer, bool, Getter | None]] = []
        for definition in definitions:
            kind = type_from_ast(schema, definition.type)
            default = definition.default_value
            self._table.append(
                (
                    definition.variable.name.value,
                    coercers.of(kind),
                    isinstance(kind, GraphQLNonNull),
                    None if default is None else getter_of(default, kind, slots),
                )
            )

    def read(self, given: Mapping[str, Any], literals: Literals) -> JSONObject:
        """The coerced values; raises ``Unfit``."""
        values: JSONObject = {}
        try:
            for name, coerce, is_required, default in self._table:
                if name in given:
                    values[name] = coerce(given[name])
                elif default is not None:
                    values[name] = default(literals, {})
                elif is_required:
                    raise Unfit
        except (GraphQLError, ValueError, OverflowError):
            raise Unfit from None
        return values

    def errors(self, given: Mapping[str, Any]) -> list[GraphQLError]:
        """What is wrong with the given values."""
        return errors_of(self._schema, self.definitions, given)


def reworded_errors(errors: Sequence[GraphQLError]) -> list[GraphQLError]:
    """The errors of an execution, the library's own in graphql-js's words."""
    for error in errors:
        if not isinstance(error.original_error, FieldError):
            error.message = reworded(error.message)
    return list(errors)
