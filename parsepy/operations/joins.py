"""``include`` where nobody needs the objects: from MongoDB's replies straight to the answer's JSON.

What comes out is what ``includes`` makes of the same objects, which is its definition: whatever is
out of the ordinary (arrays of pointers, hooks, hidden fields, system classes, rare values) is left
to it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from parsepy.backend import RequestContext
from parsepy.model.bounds import query_exceeds
from parsepy.model.query import Path, Query
from parsepy.model.schema import ClassSchema
from parsepy.model.scope import scope_of
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
    below: "Joins" = field(default_factory=dict)


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
            node, inside = node[name].below, node[name].schema
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


@dataclass(slots=True)
class _Walk:
    """One walk along all joins, which counts what the caller's bounds limit."""

    context: RequestContext
    options: Options
    reads: int = 0
    size: int = 0

    async def follow(self, page: RawPage, joins: Joins) -> dict[str, dict[str, bytes]] | None:
        """The objects in place of each joined column's pointers, by their ids."""
        found: dict[str, dict[str, bytes]] = {}
        for name, join in joins.items():
            ids = page.pointers(name)
            if ids is None:
                return None
            if not ids:
                continue
            targets = await self._read(join, ids)
            if targets is None:
                return None
            found[name] = targets
        return found

    async def _read(self, join: Join, ids: dict[str, int]) -> dict[str, bytes] | None:
        context, schema = self.context, join.schema
        self.reads += 1
        if self.reads > context.bounds.include_reads:
            raise query_exceeds("reads for include", context.bounds.include_reads)
        query = includes.query_for(schema.name, list(ids), join.path, None, {})
        scope = scope_of(schema, "get" if len(ids) == 1 else "find", context.principal)
        if scope.is_nothing:
            return {}
        page = await context.backend.storage.find_page(
            schema, query.where, scope, self.options(context, schema, query), shares=False
        )
        if not isinstance(page, RawPage):
            return None
        below = await self.follow(page, join.below)
        targets = None if below is None else page.included(schema.name, below)
        if targets is not None and max(ids.values()) > includes.OFTEN:
            places = ((ids.get(one, 0), text) for one, text in targets.items())
            self.size += sum(count * len(text) for count, text in places if count > includes.OFTEN)
            includes.check_size(context, self.size)
        return targets
