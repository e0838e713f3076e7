"""``include`` where nobody needs the objects: from MongoDB's replies straight to the answer's JSON.

What comes out is what ``includes`` makes of the same objects, which is its definition: whatever is
out of the ordinary (arrays of pointers, hooks, hidden fields, system classes, rare values) is left
to it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from parsepy.backend import RequestContext
from parsepy.model.bounds import query_exceeds
from parsepy.model.query import Path, Query, below
from parsepy.model.schema import ClassSchema
from parsepy.model.scope import scope_of
from parsepy.model.selection import Selection
from parsepy.operations import includes, schemas
from parsepy.operations.redaction import hides_nothing
from parsepy.storage.options import ReadOptions
from parsepy.storage.raw_pages import RawPage

Options = Callable[[RequestContext, ClassSchema, Query], ReadOptions]


@dataclass(slots=True)
class Join:
    """The objects to put in place of a column's pointers: their class, and what they include."""

    schema: ClassSchema
    path: Path
    inner: "Joins" = field(default_factory=dict)


Joins = dict[str, Join]


async def joins_of(
    context: RequestContext, schema: ClassSchema, paths: Iterable[Path]
) -> Joins | None:
    """What to join along the paths, parents first; ``None`` where a step needs the objects."""
    joins: Joins = {}
    for path in paths:
        node, inside = joins, schema
        for name in path[:-1]:
            if name not in node:
                return None
            node, inside = node[name].inner, node[name].schema
        kind = inside.types.get(path[-1])
        if kind is None or kind.name != "Pointer" or not kind.target:
            return None
        target = await _plain_class(context, kind.target)
        if target is None:
            return None
        node[path[-1]] = Join(target, path)
    return joins


async def _plain_class(context: RequestContext, class_name: str) -> ClassSchema | None:
    """A class of which every object that may be read goes to the caller as it is."""
    has = context.backend.triggers.has
    if class_name[:1] == "_" or has("beforeFind", class_name) or has("afterFind", class_name):
        return None
    schema = await schemas.existing(context.backend, class_name)
    return schema if schema.exists and hides_nothing(context, schema) else None


async def joined(
    context: RequestContext, page: RawPage, joins: Joins, options: Options
) -> bytes | None:
    """A page as a JSON array, with what it includes; ``None`` where that is left to ``includes``.

    Raises the refusals of reading the classes and of too large an answer.
    """
    found = await _Walk(context, options).follow(page, joins)
    return None if found is None else page.json(found)


async def selected(
    context: RequestContext,
    page: RawPage,
    joins: Joins,
    selection: Selection,
    query: Query,
    options: Options,
) -> tuple[bytes, int] | None:
    """What is selected of a page as a JSON array, and how many objects it has; as ``joined``.

    ``joins`` are those of the selection's pointers, ``query`` is what the page was found by.
    """
    if not joins:
        return page.selected(selection, {})
    keys = None if query.keys is None else below(query.keys, last_only=False)
    found = await _Walk(context, options, keys).follow(page, joins, selection)
    return None if found is None else page.selected(selection, found)


@dataclass(slots=True)
class _Walk:
    """One walk along all joins, which counts what the caller's bounds limit.

    ``keys`` are the columns to read of what the joins lead to, ``None``: all.
    """

    context: RequestContext
    options: Options
    keys: Mapping[Path, tuple[str, ...]] | None = None
    reads: int = 0
    size: int = 0

    async def follow(
        self, page: RawPage, joins: Joins, selection: Selection | None = None
    ) -> dict[str, dict[str, bytes]] | None:
        """The objects in place of each joined column's pointers, by their ids."""
        selections = {} if selection is None else selection.pointers
        found: dict[str, dict[str, bytes]] = {}
        for name, join in joins.items():
            ids = page.pointers(name)
            if ids is None:
                return None
            if not ids:
                continue
            targets = await self._read(join, ids, selections.get(name))
            if targets is None:
                return None
            found[name] = targets
        return found

    async def _read(
        self, join: Join, ids: dict[str, int], selection: Selection | None
    ) -> dict[str, bytes] | None:
        context, schema = self.context, join.schema
        self.reads += 1
        if self.reads > context.bounds.include_reads:
            raise query_exceeds("reads for include", context.bounds.include_reads)
        query = includes.query_for(schema.name, list(ids), join.path, self.keys, {})
        scope = scope_of(schema, "get" if len(ids) == 1 else "find", context.principal)
        if scope.is_nothing:
            return {}
        page = await context.backend.storage.find_page(
            schema, query.where, scope, self.options(context, schema, query), shares=False
        )
        if not isinstance(page, RawPage):
            return None
        inner = await self.follow(page, join.inner, selection)
        if inner is None:
            return None
        targets = (
            page.included(schema.name, inner)
            if selection is None
            else page.selected_by_id(selection, inner)
        )
        if targets is not None and max(ids.values()) > includes.OFTEN:
            places = ((ids.get(one, 0), text) for one, text in targets.items())
            self.size += sum(count * len(text) for count, text in places if count > includes.OFTEN)
            includes.check_size(context, self.size)
        return targets
