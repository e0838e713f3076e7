"""How deep a document's operation is and how many fields it asks for, and what is too much."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from parsepy.config.groups import RequestComplexityOptions

MOST_FIELDS = 5_000
"""More fields than this no document may ask for, whoever sends it and whatever the options say."""
MOST_LEVELS = 100
MOST_WORDS = 10_000
MOST_REPEATED = 200
"""So often one key may stand in one selection: validation compares each pair of them."""
_WORD = re.compile(r'"(?:[^"\\\n]|\\.)*"|[_A-Za-z0-9.$-]+')

Fragments = Mapping[str, FragmentDefinitionNode]


@dataclass(frozen=True, slots=True)
class Size:
    """The size of an operation, each fragment counted as often as it is spread."""

    depth: int
    fields: int

    @property
    def is_bearable(self) -> bool:
        """Can it be answered without holding everybody up?"""
        return self.fields <= MOST_FIELDS and self.depth <= MOST_LEVELS


def has_too_many_words(text: str) -> bool:
    """Is a document so long that reading it would take a second? (Found out in a millisecond.)"""
    if len(text) <= MOST_WORDS:
        return False
    return sum(1 for _ in _WORD.finditer(text)) > MOST_WORDS


def repeats_itself(tree: DocumentNode) -> bool:
    """Does one key stand in one selection more often than any client writes it?"""

    def repeats(selections: SelectionSetNode | None) -> bool:
        if selections is None:
            return False
        nodes = selections.selections
        if len(nodes) > MOST_REPEATED:
            keys = Counter(
                (node.alias or node.name).value if isinstance(node, FieldNode) else ""
                for node in nodes
            )
            if max(keys.values()) > MOST_REPEATED:
                return True
        return any(
            repeats(node.selection_set)
            for node in nodes
            if isinstance(node, FieldNode | InlineFragmentNode)
        )

    return any(repeats(getattr(node, "selection_set", None)) for node in tree.definitions)


def size_of(operation: OperationDefinitionNode, fragments: Fragments) -> Size:
    """The size of an operation; every fragment is walked once, however often it is spread.

    A fragment within itself counts nothing there, as it is refused later.
    """
    known: dict[str, Size] = {}

    def walk(selections: SelectionSetNode | None) -> Size:
        depth = fields = 0
        for selection in selections.selections if selections is not None else ():
            if isinstance(selection, FieldNode):
                inner = walk(selection.selection_set)
                inner = Size(inner.depth + 1, inner.fields + 1)
            elif isinstance(selection, InlineFragmentNode):
                inner = walk(selection.selection_set)
            else:
                assert isinstance(selection, FragmentSpreadNode)
                inner = spread(selection.name.value)
            depth, fields = max(depth, inner.depth), fields + inner.fields
        return Size(depth, fields)

    def spread(name: str) -> Size:
        if name not in known:
            known[name] = Size(0, 0)
            fragment = fragments.get(name)
            known[name] = walk(fragment.selection_set if fragment is not None else None)
        return known[name]

    return walk(operation.selection_set)


def refusal(
    size: Size,
    operation: OperationDefinitionNode,
    fragments: Fragments,
    options: RequestComplexityOptions,
) -> str | None:
    """Why an operation is too large for a client by the options; ``None`` if it is not."""
    most_levels, most_fields = options.graphql_depth, options.graphql_fields
    is_deep = 0 <= most_levels < size.depth
    if not is_deep and not 0 <= most_fields < size.fields:
        return None
    depth, fields = _told(operation, fragments, most_levels, most_fields)
    if 0 <= most_levels < depth:
        return f"GraphQL query depth of {depth} exceeds maximum allowed depth of {most_levels}"
    return f"Number of GraphQL fields ({fields}) exceeds maximum allowed ({most_fields})"


def _told(
    operation: OperationDefinitionNode, fragments: Fragments, most_levels: int, most_fields: int
) -> tuple[int, int]:
    """The depth and fields that a message tells.

    Parse: its walk goes no further into selections once a limit is passed, so that what it tells
    may be less than there is.
    """
    depth = fields = 0
    known: dict[str, tuple[int, int]] = {}
    under_way: set[str] = set()

    def is_over() -> bool:
        return 0 <= most_fields < fields or 0 <= most_levels < depth

    def walk(selections: SelectionSetNode | None, level: int) -> None:
        nonlocal depth, fields
        if selections is None or is_over():
            return
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                fields += 1
                depth = max(depth, level + 1)
                walk(selection.selection_set, level + 1)
            elif isinstance(selection, InlineFragmentNode):
                walk(selection.selection_set, level)
            elif isinstance(selection, FragmentSpreadNode):
                spread(selection.name.value, level)

    def spread(name: str, level: int) -> None:
        nonlocal depth, fields
        if name in known:
            more, deeper = known[name]
            fields += more
            depth = max(depth, level + deeper)
            return
        fragment = fragments.get(name)
        if fragment is None or name in under_way or is_over():
            return
        under_way.add(name)
        before, outer = fields, depth
        depth = level
        walk(fragment.selection_set, level)
        known[name] = (fields - before, depth - level)
        depth = max(outer, depth)
        under_way.discard(name)

    walk(operation.selection_set, 0)
    return depth, fields
