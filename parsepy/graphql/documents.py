"""``Documents``: texts to valid documents and plans; what is known is not read again."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLScalarType,
    GraphQLSyntaxError,
    IntValueNode,
    ListValueNode,
    Node,
    ObjectValueNode,
    OperationDefinitionNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    parse,
    validate,
    visit,
)

from parsepy.graphql.caches import Recent
from parsepy.graphql.limits import (
    MOST_FIELDS,
    MOST_LEVELS,
    MOST_REPEATED,
    MOST_WORDS,
    has_too_many_words,
    repeats_itself,
    size_of,
)
from parsepy.graphql.literals import NO_SLOTS, Coercer, Slots, Unfit, converter_of, itself
from parsepy.graphql.plans import Compilation, OperationPlan
from parsepy.graphql.schema.markers import ObjectOf, marker_of
from parsepy.graphql.schema.scalars import ANY, OBJECT
from parsepy.graphql.selections import Unsuited
from parsepy.graphql.shapes import DocumentShape, sample_of, shape_of
from parsepy.graphql.variables import reworded_errors

_LONG = 2_000
"""Texts longer than this are parsed and validated in a thread."""
_LONGEST_KEPT = 16_000
_MOST_ERRORS = 100
_TYPE = re.compile(r"__type\b")


class Invalid(Exception):
    """A document that can't be executed: its errors, and the code that each of them bears."""

    def __init__(self, errors: list[GraphQLError], code: str) -> None:
        super().__init__(code)
        self.errors = errors
        self.code = code


@dataclass(slots=True, eq=False)
class Document:
    """A valid document, and the plans of its operations as far as they were asked for."""

    tree: DocumentNode
    operations: Mapping[str | None, OperationDefinitionNode]
    asks_for_type: bool
    slots: Slots = NO_SLOTS
    plans: dict[str | None, OperationPlan] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document, and the literals of a text where the document is of its shape only."""

    document: Document
    text: str
    literals: list[Any] = field(default_factory=list)

    def own_tree(self) -> DocumentNode:
        """The tree of the very text, for the library."""
        if self.document.slots is NO_SLOTS:
            return self.document.tree
        return parse(self.text)


class Documents:
    """The documents of one schema; ``shown`` are the classes that have a type in it."""

    def __init__(self, compilation: Compilation) -> None:
        self.compilation = compilation
        self.shown = frozenset(
            marker.class_name
            for kind in compilation.schema.type_map.values()
            if isinstance(marker := marker_of(kind), ObjectOf)
        )
        self._by_text: Recent[Prepared] = Recent()
        self._by_shape: Recent[Document | None] = Recent()
        self._odd_shapes: Recent[bool] = Recent()

    @property
    def has_subscriptions(self) -> bool:
        """Does the schema have any?"""
        return self.compilation.schema.subscription_type is not None

    def known(self, text: str) -> Prepared | None:
        """The document of a text that was asked for before, if it is kept."""
        return self._by_text.get(text)

    async def prepare(self, text: str) -> Prepared:
        """The document of a text; raises ``Invalid``."""
        if len(text) > _LONG:
            found = await asyncio.to_thread(self._prepare, text)
        else:
            found = self._prepare(text)
        if len(text) <= _LONGEST_KEPT:
            self._by_text.put(text, found, len(text))
        return found

    @staticmethod
    def is_long(prepared: Prepared) -> bool:
        """Is a document so long that its plan's steps should be compiled in a thread?"""
        return len(prepared.text) > _LONG

    def plan(self, document: Document, name: str | None) -> OperationPlan | None:
        """The plan of an operation; ``None`` if there is none of the name, or several without."""
        if name in document.plans:
            return document.plans[name]
        operations = document.operations
        if name is None and len(operations) == 1:
            operation = next(iter(operations.values()))
        elif name is not None and name in operations:
            operation = operations[name]
        else:
            return None
        plan = OperationPlan(self.compilation, document.tree, operation, document.slots)
        document.plans[name] = plan
        return plan

    def _prepare(self, text: str) -> Prepared:
        shape = shape_of(text) if len(text) <= _LONGEST_KEPT else None
        if shape is not None and shape.literals:
            found = self._of_shape(shape, text)
            if found is not None:
                return found
        return Prepared(self._read(text), text)

    def _of_shape(self, shape: DocumentShape, text: str) -> Prepared | None:
        """The document of a text's shape with its literals; ``None`` if it is not to be lifted."""
        document = self._by_shape.get(shape.text)
        if document is None:
            if self._odd_shapes.get(shape.text):
                return None
            try:
                document = self._read(sample_of(shape.text))
                document.slots = self._slots(document, len(shape.literals))
            except (Invalid, Unsuited):
                self._odd_shapes.put(shape.text, True)
                return None
            self._by_shape.put(shape.text, document, len(shape.text))
        try:
            return Prepared(document, text, document.slots.convert(shape.literals))
        except Unfit:
            return None

    def _slots(self, document: Document, count: int) -> Slots:
        if len(document.operations) != 1:
            raise Unsuited
        finder = _Literals(TypeInfo(self.compilation.schema))
        visit(document.tree, TypeInfoVisitor(finder.types, finder))
        if len(finder.found) != count:
            raise Unsuited
        finder.found.sort(key=lambda found: found[0])
        places = {id(node): place for place, (_, node, _) in enumerate(finder.found)}
        return Slots(places, [convert for _, _, convert in finder.found])

    def _read(self, text: str) -> Document:
        if has_too_many_words(text):
            raise _too_large(f"The document has more than {MOST_WORDS} words.")
        try:
            tree = parse(text)
        except GraphQLSyntaxError as error:
            raise Invalid(reworded_errors([error]), "GRAPHQL_PARSE_FAILED") from None
        except RecursionError:
            deep = GraphQLError("Syntax Error: The document is nested too deep.")
            raise Invalid([deep], "GRAPHQL_PARSE_FAILED") from None
        self._check_size(tree)
        try:
            errors = validate(self.compilation.schema, tree, max_errors=_MOST_ERRORS)
        except RecursionError:
            errors = [GraphQLError("The document is nested too deep.")]
        if errors:
            raise Invalid(reworded_errors(errors), "GRAPHQL_VALIDATION_FAILED")
        operations = {
            None if definition.name is None else definition.name.value: definition
            for definition in tree.definitions
            if isinstance(definition, OperationDefinitionNode)
        }
        asks = _TYPE.search(text) is not None and _asks_for_type(tree)
        return Document(tree, operations, asks)

    def _check_size(self, tree: DocumentNode) -> None:
        """Refuse what would hold everybody up, before it is validated."""
        if repeats_itself(tree):
            raise _too_large(f"The document repeats a field more than {MOST_REPEATED} times.")
        fragments = {
            definition.name.value: definition
            for definition in tree.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        for definition in tree.definitions:
            if isinstance(definition, OperationDefinitionNode):
                try:
                    is_bearable = size_of(definition, fragments).is_bearable
                except RecursionError:
                    is_bearable = False
                if not is_bearable:
                    raise _too_large(
                        f"The document asks for more than {MOST_FIELDS} fields, "
                        f"or deeper than {MOST_LEVELS} levels."
                    )


def _too_large(message: str) -> Invalid:
    return Invalid([GraphQLError(message)], "GRAPHQL_VALIDATION_FAILED")


class _Literals(Visitor):
    """Finds the literals of a document: where they stand, and what makes values of them."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.types = types
        self.found: list[tuple[int, Node, Coercer]] = []
        self._json: set[int] = set()

    def enter_list_value(self, node: ListValueNode, *_: Any) -> None:
        self._container(node)

    def enter_object_value(self, node: ObjectValueNode, *_: Any) -> None:
        self._container(node)

    def enter_int_value(self, node: IntValueNode, *_: Any) -> None:
        self._leaf(node)

    def enter_float_value(self, node: FloatValueNode, *_: Any) -> None:
        self._leaf(node)

    def enter_string_value(self, node: StringValueNode, *_: Any) -> None:
        self._leaf(node)

    def _container(self, node: ListValueNode | ObjectValueNode) -> None:
        kind = get_named_type(self.types.get_input_type())
        if id(node) not in self._json:
            if not isinstance(kind, GraphQLScalarType):
                return
            if isinstance(node, ListValueNode) and not _is_json_list(self.types):
                return
            if kind not in (ANY, OBJECT):
                raise Unsuited
        if isinstance(node, ListValueNode):
            self._json.update(map(id, node.values))
        else:
            self._json.update(id(field.value) for field in node.fields)

    def _leaf(self, node: IntValueNode | FloatValueNode | StringValueNode) -> None:
        if node.loc is None:
            raise Unsuited
        if id(node) in self._json:
            self.found.append((node.loc.start, node, itself))
            return
        kind = self.types.get_input_type()
        if kind is None:
            raise Unsuited
        self.found.append((node.loc.start, node, converter_of(kind)))


def _is_json_list(types: TypeInfo) -> bool:
    """Is a list literal the value of a JSON scalar, rather than a list of values?"""
    kind = types.get_input_type()
    while kind is not None and hasattr(kind, "of_type"):
        if kind.__class__.__name__ == "GraphQLList":
            return False
        kind = kind.of_type
    return True


def _asks_for_type(tree: DocumentNode) -> bool:
    """Does a document ask ``__type`` for a type, anywhere?"""

    class Finder(Visitor):
        found = False

        def enter_field(self, node: FieldNode, *_: Any) -> None:
            if node.name.value == "__type" and node.arguments:
                self.found = True

    finder = Finder()
    visit(tree, finder)
    return finder.found
