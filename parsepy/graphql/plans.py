"""``OperationPlan``: one operation of a valid document, compiled."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
)

from parsepy.graphql.completion import Completer
from parsepy.graphql.limits import Size, size_of
from parsepy.graphql.literals import Slots
from parsepy.graphql.reads import Classes
from parsepy.graphql.roots import Fetch, Followed, fetch_of, followed_of
from parsepy.graphql.runs import Complete
from parsepy.graphql.schema.markers import operation_of
from parsepy.graphql.selections import Selections, Unsuited, flags_of
from parsepy.graphql.variables import Arguments, Coercers, VariableTable
from parsepy.graphql.wheres import Wheres
from parsepy.model.query import QueryLimits

_MOST_VARIANTS = 16
_INTROSPECTION = ("__schema", "__type")


@dataclass(frozen=True, slots=True)
class Step:
    """A root field; for ``__typename`` and ``health`` the answer is known: ``constant``.

    ``complete`` is ``None`` where the library completes the value. A field of a subscription
    fetches nothing: ``follows`` says what its values are about. ``has_arrays``: members of arrays
    are selected, each of which is made by itself.
    """

    key: str
    fetch: Fetch | None = None
    arguments: Arguments | None = None
    complete: Complete | None = None
    constant: str | bool | None = None
    is_required: bool = False
    follows: Followed | None = None
    has_arrays: bool = False


@dataclass(frozen=True, slots=True)
class Variant:
    """The steps of a plan for one setting of the variables of ``@skip`` and ``@include``.

    ``is_compiled``: the library need not complete anything. ``introspects``: types are asked for.
    """

    steps: tuple[Step, ...]
    is_compiled: bool
    introspects: bool


@dataclass(frozen=True, slots=True)
class Compilation:
    """What plans are compiled against."""

    schema: GraphQLSchema
    wheres: Wheres
    limits: QueryLimits
    coercers: Coercers

    @property
    def classes(self) -> Classes:
        """The classes that there are."""
        return self.wheres.classes


class OperationPlan:
    """One operation of a valid document."""

    def __init__(
        self,
        compilation: Compilation,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        slots: Slots,
    ) -> None:
        self._compilation = compilation
        self._slots = slots
        self.operation = operation
        self.kind: OperationType = operation.operation
        """Query, mutation or subscription."""
        self.fragments: Mapping[str, FragmentDefinitionNode] = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self.size: Size = size_of(operation, self.fragments)
        self.variables = VariableTable(
            compilation.schema, operation.variable_definitions, slots, compilation.coercers
        )
        self._flags = flags_of(operation, self.fragments)
        self._variants: dict[tuple[bool, ...], Variant] = {}

    def variant(self, variables: Mapping[str, Any]) -> Variant:
        """The steps for the given variables."""
        setting = tuple(bool(variables.get(name)) for name in self._flags)
        found = self._variants.get(setting)
        if found is None:
            found = self._compile(dict(zip(self._flags, setting, strict=True)))
            if len(self._variants) < _MOST_VARIANTS:
                self._variants[setting] = found
        return found

    def _compile(self, flags: Mapping[str, bool]) -> Variant:
        made = self._compilation
        selections = Selections(made.schema, self.fragments, flags)
        completer = Completer(made.schema, made.classes, made.limits, selections, self._slots)
        root = made.schema.get_root_type(self.kind)
        if root is None:
            return Variant((), is_compiled=False, introspects=False)
        steps: list[Step] = []
        introspects = False
        for key, nodes in selections.roots(root, self.operation).items():
            name = nodes[0].name.value
            if name == "__typename":
                steps.append(Step(key, constant=root.name))
            elif name in _INTROSPECTION:
                introspects = True
            else:
                steps.append(self._step(root, key, nodes, selections, completer))
        is_compiled = not introspects and all(
            step.complete is not None or step.constant is not None for step in steps
        )
        return Variant(tuple(steps), is_compiled, introspects)

    def _step(
        self,
        root: GraphQLObjectType,
        key: str,
        nodes: Any,
        selections: Selections,
        completer: Completer,
    ) -> Step:
        made = self._compilation
        field = root.fields[nodes[0].name.value]
        operation = operation_of(field)
        if operation is None:
            return Step(key)  # a field of custom SDL that nothing resolves: null
        if operation.kind == "health":
            return Step(key, constant=True)
        follows = followed_of(operation, nodes, selections, made.classes, made.limits)
        fetch = None
        try:
            if follows is None:
                fetch = fetch_of(field, operation, nodes, selections, made.classes, made.limits)
            arguments = Arguments(field, nodes[0], self._slots)
        except Unsuited:
            return Step(key)
        completer.has_arrays = False
        try:
            complete = completer.value(field.type, nodes, is_read=operation.kind == "get")
        except Unsuited:
            complete = None
        is_required = isinstance(field.type, GraphQLNonNull)
        return Step(
            key,
            fetch,
            arguments,
            complete,
            is_required=is_required,
            follows=follows,
            has_arrays=completer.has_arrays,
        )
