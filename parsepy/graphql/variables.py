"""Variables and arguments: compiled coercers for what fits; the library words what does not."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    Undefined,
    VariableDefinitionNode,
    coerce_input_value,
    is_input_type,
    type_from_ast,
)
from graphql.pyutils import print_path_list

from parsepy.graphql.failures import FieldError
from parsepy.graphql.literals import (
    Coercer,
    Getter,
    Literals,
    Slots,
    Unfit,
    Variables,
    getter_of,
)
from parsepy.graphql.wording import inspected, of_value, reworded
from parsepy.model.values import JSONObject


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
            exact = _exact_class(kind)
            inner = self.of(kind.of_type)
            return _required(inner) if exact is None else _given(exact, inner)
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
        if kind is GraphQLFloat:
            return _float_or_parsed
        return _parsed(kind.parse_value)

    def _object(self, kind: GraphQLInputObjectType) -> Coercer:
        places: dict[str, int] = {}
        coercers: dict[str, Coercer] = {}
        exact: dict[str, type | None] = {}
        needed: list[str] = []
        given: list[tuple[str, Any]] = []

        def prepare() -> None:
            for place, (name, field) in enumerate(kind.fields.items()):
                coercers[name] = self.of(field.type)
                exact[name] = _exact_class(field.type)
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
                names: Iterable[str] = value
                if len(value) > 1:  # in the type's order, as the reference has it
                    if len(places) <= 2 * len(value):  # quicker than to sort
                        names = [name for name in places if name in value]
                        if len(names) != len(value):
                            raise Unfit
                    else:
                        names = sorted(value, key=places.__getitem__)
                made: JSONObject = {}
                for name in names:
                    item = value[name]
                    # most are what they have to be: no call for each
                    made[name] = item if item.__class__ is exact[name] else coercers[name](item)
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


_EXACT: Mapping[str, type] = {"String": str, "ID": str, "Boolean": bool, "Float": float}
"""The Python types whose values these scalars take as they are; JSON has no other floats."""


def _exact_class(kind: Any) -> type | None:
    """The class whose values an input type takes as they are."""
    bare = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    return _EXACT.get(bare.name) if isinstance(bare, GraphQLScalarType) else None


def _given(exact: type, inner: Coercer) -> Coercer:
    def coerce(value: Any) -> Any:
        if value.__class__ is exact:
            return value
        if value is None:
            raise Unfit
        return inner(value)

    return coerce


def _parsed(parse: Coercer) -> Coercer:
    return lambda value: None if value is None else parse(value)


def _id_or_parsed(value: Any) -> Any:
    return value if value.__class__ is str or value is None else GraphQLID.parse_value(value)


def _float_or_parsed(value: Any) -> Any:
    kind = value.__class__
    if kind is float or value is None:
        return value
    if kind is int and (number := float(value)) == value:
        return number
    return GraphQLFloat.parse_value(value)


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
