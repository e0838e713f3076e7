"""Custom SDL: an operator's own types and fields, resolved by cloud functions or mocked.

``@resolve(to: "name")`` on a field of an object type calls a cloud function, by default the one
of the field's name; ``@mock(with: value)`` answers a value. A definition of a type that is there
already adds to it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import (
    DefinitionNode,
    DirectiveDefinitionNode,
    DirectiveLocation,
    DocumentNode,
    EnumTypeDefinitionNode,
    EnumTypeExtensionNode,
    FieldDefinitionNode,
    GraphQLArgument,
    GraphQLDirective,
    GraphQLError,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    GraphQLSyntaxError,
    InputObjectTypeDefinitionNode,
    InputObjectTypeExtensionNode,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
    Node,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    ScalarTypeDefinitionNode,
    ScalarTypeExtensionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    TypeSystemDefinitionNode,
    TypeSystemExtensionNode,
    UnionTypeDefinitionNode,
    UnionTypeExtensionNode,
    extend_schema,
    get_directive_values,
    parse,
    print_ast,
    specified_scalar_types,
    validate_schema,
)
from graphql.validation.validate import validate_sdl

from parsepy.config import ConfigError
from parsepy.graphql.schema.markers import Operation
from parsepy.graphql.schema.scalars import ANY

RESOLVE = GraphQLDirective(
    "resolve",
    [DirectiveLocation.FIELD_DEFINITION],
    {"to": GraphQLArgument(GraphQLString, description="The function; else the field's name.")},
    description="A function of cloud code answers this field.",
)
MOCK = GraphQLDirective(
    "mock",
    [DirectiveLocation.FIELD_DEFINITION],
    {"with": GraphQLArgument(GraphQLNonNull(ANY), description="The answer.")},
    description="This field always answers the same.",
)
_EXTENSIONS: dict[type[Node], type[Node]] = {
    ObjectTypeDefinitionNode: ObjectTypeExtensionNode,
    InterfaceTypeDefinitionNode: InterfaceTypeExtensionNode,
    InputObjectTypeDefinitionNode: InputObjectTypeExtensionNode,
    EnumTypeDefinitionNode: EnumTypeExtensionNode,
    UnionTypeDefinitionNode: UnionTypeExtensionNode,
    ScalarTypeDefinitionNode: ScalarTypeExtensionNode,
}
_KINDS: dict[type[Node], str] = {
    ObjectTypeExtensionNode: "GraphQLObjectType",
    InterfaceTypeExtensionNode: "GraphQLInterfaceType",
    InputObjectTypeExtensionNode: "GraphQLInputObjectType",
    EnumTypeExtensionNode: "GraphQLEnumType",
    UnionTypeExtensionNode: "GraphQLUnionType",
    ScalarTypeExtensionNode: "GraphQLScalarType",
}
_PARTS = ("fields", "values", "types", "interfaces")


@dataclass(frozen=True, slots=True)
class CustomTypes:
    """An operator's SDL, read; ``origin`` says in messages where it is from."""

    document: DocumentNode
    origin: str


def load(source: Path | str | None) -> CustomTypes | None:
    """Read what the option ``graphQLSchema`` holds: SDL, or the file that it is in.

    Raises ``ConfigError`` if the file can't be read, or is no SDL.
    """
    if source is None:
        return None
    if isinstance(source, str):
        return read(source, "graphQLSchema")
    origin = f"graphQLSchema: {source}"
    try:
        text = source.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError([f"{origin}: {error.strerror or error}"]) from None
    except UnicodeDecodeError:
        raise ConfigError([f"{origin}: not UTF-8 text"]) from None
    return read(text, origin)


def read(sdl: str, origin: str = "graphQLSchema") -> CustomTypes:
    """Parse SDL; raises ``ConfigError`` where it is none."""
    try:
        document = parse(sdl)
    except GraphQLSyntaxError as error:
        raise _wrong(origin, error) from None
    for definition in document.definitions:
        if not isinstance(definition, TypeSystemDefinitionNode | TypeSystemExtensionNode):
            text = "a schema has no operations and fragments"
            raise _wrong(origin, GraphQLError(text, definition))
        if isinstance(definition, SchemaDefinitionNode | SchemaExtensionNode):
            text = "the schema's operations are Query, Mutation and Subscription: extend these"
            raise _wrong(origin, GraphQLError(text, definition))
    return CustomTypes(document, origin)


def merge(schema: GraphQLSchema, custom: CustomTypes) -> GraphQLSchema:
    """Make a schema with an operator's types and fields in addition.

    Raises ``ConfigError`` where they don't fit: unknown types and directives, a field that is
    there with another type, and whatever else GraphQL's rules forbid.
    """
    try:
        additions, resolved = _additions(schema, custom.document)
        with_directives = _with_directives(schema, custom.document)
        document = DocumentNode(definitions=tuple(additions))
        problems = validate_sdl(document, with_directives)
        if problems:
            raise ConfigError([_place(custom.origin, error) for error in problems])
        merged = extend_schema(with_directives, document, assume_valid_sdl=True)
        for type_name, node in resolved:
            _mark(merged, type_name, node)
    except GraphQLError as error:
        raise _wrong(custom.origin, error) from None
    except TypeError as error:  # so does graphql-core report names that are none
        raise ConfigError([f"{custom.origin}: {error}"]) from None
    parts: dict[str, Any] = {**merged.to_kwargs(), "assume_valid": False}
    errors = validate_schema(GraphQLSchema(**parts))
    if errors:
        raise ConfigError([_place(custom.origin, error) for error in errors])
    return merged


def _wrong(origin: str, error: GraphQLError) -> ConfigError:
    return ConfigError([_place(origin, error)])


def _place(origin: str, error: GraphQLError) -> str:
    where = "".join(f", line {place.line}" for place in (error.locations or ())[:1])
    return f"{origin}{where}: {error.message}"


def _with_directives(schema: GraphQLSchema, document: DocumentNode) -> GraphQLSchema:
    """The schema with ``@resolve`` and ``@mock``, unless the SDL declares its own."""
    declared = {
        node.name.value
        for node in document.definitions
        if isinstance(node, DirectiveDefinitionNode)
    }
    own = [made for made in (RESOLVE, MOCK) if made.name not in declared]
    parts: dict[str, Any] = {**schema.to_kwargs(), "directives": [*schema.directives, *own]}
    return GraphQLSchema(**parts)


def _additions(
    schema: GraphQLSchema, document: DocumentNode
) -> tuple[list[DefinitionNode], list[tuple[str, FieldDefinitionNode]]]:
    """What to extend the schema with, and the fields of object types, whose directives count."""
    additions: list[DefinitionNode] = []
    resolved: list[tuple[str, FieldDefinitionNode]] = []
    seen: set[str] = set()
    for node in document.definitions:
        name = getattr(getattr(node, "name", None), "value", "")
        if isinstance(node, ObjectTypeDefinitionNode | ObjectTypeExtensionNode):
            resolved += [(name, member) for member in node.fields or ()]
        is_type = type(node) in _EXTENSIONS or type(node) in _KINDS
        if is_type and (name in schema.type_map or name in specified_scalar_types):
            additions += _extension(schema, name, node)
        elif type(node) in _EXTENSIONS and name in seen:
            additions.append(_as_extension(node))
        else:
            additions.append(node)
        if type(node) in _EXTENSIONS:
            seen.add(name)
    return additions, resolved


def _extension(schema: GraphQLSchema, name: str, node: DefinitionNode) -> Iterator[DefinitionNode]:
    """The extension of a type that is there; none if nothing in it is new."""
    extension = _as_extension(node)
    known = schema.type_map.get(name) or specified_scalar_types[name]
    if type(known).__name__ != _KINDS[type(extension)]:
        raise GraphQLError(f"{name} is there already, and of another kind", node)
    given: dict[str, Any] = {key: getattr(extension, key, None) for key in extension.keys}
    for part in _PARTS:
        if given.get(part):
            there = _members(known, part)
            given[part] = tuple(m for m in given[part] if not _repeats(name, m, there))
    if given.get("directives") or any(given.get(part) for part in _PARTS):
        made: Any = type(extension)(**given)
        yield made


def _as_extension(node: DefinitionNode) -> Any:
    kind = _EXTENSIONS.get(type(node))
    if kind is None:
        return node
    return kind(**{key: getattr(node, key, None) for key in kind.keys})


def _members(known: Any, part: str) -> dict[str, str]:
    """The names that a type has already, with the types of fields."""
    found: Any = getattr(known, part, None) or {}
    if isinstance(found, dict):
        return {name: str(getattr(member, "type", "")) for name, member in found.items()}
    return {member.name: "" for member in found}


def _repeats(type_name: str, member: Any, there: dict[str, str]) -> bool:
    """Whether a type has this member already; raises ``GraphQLError`` if with another type."""
    name = member.name.value
    if name not in there:
        return False
    kind = getattr(member, "type", None)
    if kind is not None and print_ast(kind) != there[name]:
        text = f"{type_name}.{name} is there already, with the type {there[name]}"
        raise GraphQLError(text, member)
    return True


def _mark(schema: GraphQLSchema, type_name: str, node: FieldDefinitionNode) -> None:
    """Say in a field's extensions what its directives ask for."""
    resolve = get_directive_values(schema.get_directive("resolve") or RESOLVE, node)
    mock = get_directive_values(schema.get_directive("mock") or MOCK, node)
    operation = None
    if mock is not None:  # Parse: the mock wins over the function
        operation = Operation("mock", value=mock.get("with"))
    elif resolve is not None:
        operation = Operation("custom", function=resolve.get("to") or node.name.value)
    owner = schema.type_map[type_name]
    if operation is not None and isinstance(owner, GraphQLObjectType):
        made = owner.fields[node.name.value]
        made.extensions = {**made.extensions, "operation": operation}
