"""What a document selects: fields by their response keys, and the columns that they need."""

from collections.abc import Iterable, Mapping

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLAbstractType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    is_abstract_type,
)
from graphql.language import BooleanValueNode, DirectiveNode, VariableNode

Flags = Mapping[str, bool]
"""The variables of ``@skip`` and ``@include``."""
Groups = dict[str, list[FieldNode]]
"""The fields of an object by their response keys; what has one key is merged."""


class Unsuited(Exception):
    """A document that plans do not know how to execute: it is left to the library."""


def _condition(directive: DirectiveNode, flags: Flags) -> bool:
    value = directive.arguments[0].value
    if isinstance(value, VariableNode):
        return bool(flags[value.name.value])
    if isinstance(value, BooleanValueNode):
        return value.value
    raise Unsuited


def is_left_out(node: SelectionNode, flags: Flags) -> bool:
    """Do the directives of a selection leave it out?"""
    for directive in node.directives:
        name = directive.name.value
        if name == "skip" and _condition(directive, flags):
            return True
        if name == "include" and not _condition(directive, flags):
            return True
    return False


class Selections:
    """The selections of one operation, for one setting of the variables of its directives."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        flags: Flags,
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._flags = flags
        self._named: dict[str, tuple[str, ...]] = {}

    def fields(self, of: GraphQLObjectType, nodes: Iterable[FieldNode]) -> Groups:
        """The fields that are selected of an object type below the given fields."""
        groups: Groups = {}
        seen: set[str] = set()
        for node in nodes:
            if node.selection_set is not None:
                self._collect(of, node.selection_set, groups, seen)
        return groups

    def roots(self, of: GraphQLObjectType, operation: OperationDefinitionNode) -> Groups:
        """The root fields of the operation."""
        groups: Groups = {}
        self._collect(of, operation.selection_set, groups, set())
        return groups

    def _collect(
        self,
        of: GraphQLObjectType,
        selections: SelectionSetNode,
        groups: Groups,
        seen: set[str],
    ) -> None:
        for node in selections.selections:
            if is_left_out(node, self._flags):
                continue
            if isinstance(node, FieldNode):
                key = (node.alias or node.name).value
                groups.setdefault(key, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if self._applies(node.type_condition, of):
                    self._collect(of, node.selection_set, groups, seen)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                fragment = self._fragments[node.name.value]
                if self._applies(fragment.type_condition, of):
                    self._collect(of, fragment.selection_set, groups, seen)

    def _applies(self, condition: NamedTypeNode | None, of: GraphQLObjectType) -> bool:
        if condition is None:
            return True
        named = self._schema.type_map[condition.name.value]
        if named is of:
            return True
        if is_abstract_type(named):
            abstract: GraphQLAbstractType = named  # type: ignore[assignment]
            return self._schema.is_sub_type(abstract, of)
        return False

    def names(self, nodes: Iterable[FieldNode]) -> tuple[str, ...]:
        """The dotted names of the leaves below the given fields, of every type condition.

        Parse: names, not aliases; so does the reference find out which columns are needed.
        """
        found: dict[str, None] = {}
        for node in nodes:
            found.update(dict.fromkeys(self._below(node.selection_set)))
        return tuple(found)

    def _below(self, selections: SelectionSetNode | None) -> Iterable[str]:
        if selections is None:
            return
        for node in selections.selections:
            if is_left_out(node, self._flags):
                continue
            if isinstance(node, FieldNode):
                name = node.name.value
                if node.selection_set is None:
                    yield name
                else:
                    for inner in dict.fromkeys(self._below(node.selection_set)):
                        yield f"{name}.{inner}"
            elif isinstance(node, InlineFragmentNode):
                yield from self._below(node.selection_set)
            elif isinstance(node, FragmentSpreadNode):
                yield from self._in_fragment(node.name.value)

    def _in_fragment(self, name: str) -> tuple[str, ...]:
        if name not in self._named:
            below = self._below(self._fragments[name].selection_set)
            self._named[name] = tuple(dict.fromkeys(below))
        return self._named[name]


def flags_of(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> tuple[str, ...]:
    """The variables that ``@skip`` and ``@include`` of an operation look at."""
    found: set[str] = set()
    seen: set[str] = set()

    def look(selections: SelectionSetNode | None) -> None:
        for node in selections.selections if selections is not None else ():
            for directive in node.directives:
                for argument in directive.arguments:
                    if isinstance(argument.value, VariableNode):
                        found.add(argument.value.name.value)
            if isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name not in seen:
                    seen.add(name)
                    look(fragments[name].selection_set)
            elif isinstance(node, FieldNode | InlineFragmentNode):
                look(node.selection_set)

    look(operation.selection_set)
    return tuple(sorted(found))
