"""``find`` and ``get``: the read spine (protocol §10); a get is a find of one."""

import asyncio
from collections.abc import Coroutine
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Literal

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model import credentials
from parsepy.model.query import ALWAYS_SELECTED, SCORE, Query
from parsepy.model.schema import ClassSchema, is_class_name
from parsepy.model.scope import Scope, scope_of
from parsepy.model.selection import Selection
from parsepy.model.values import JSONObject
from parsepy.model.where import Constraint, equals_id
from parsepy.operations import access, class_rules, hooks, includes, joins, schemas, subqueries
from parsepy.operations.redaction import deciding_columns, hides_nothing, redact, redact_included
from parsepy.operations.side_by_side import side_by_side
from parsepy.storage import receive_at_most
from parsepy.storage.options import ReadOptions
from parsepy.triggers import ReplacementResults

ReadOperation = Literal["find", "get"]
_Page = list[JSONObject] | bytes | tuple[bytes, int]
_SLICE = 1000  # objects that are worked on at once


@dataclass(slots=True)
class FindResult:
    """The outcome of a find: the page or only the query's plan, and the number of all matches.

    ``encoded`` is the page as a JSON array, in place of ``objects``; of a selection ``number``
    says how many objects are in it.
    """

    objects: list[JSONObject]
    count: int | None = None
    plan: JSONObject | None = None
    encoded: bytes | None = None
    number: int = 0


def find(context: RequestContext, query: Query) -> Coroutine[Any, Any, FindResult]:
    """Find the objects that match and that the caller may read (protocol §10)."""
    return _find(context, query, "find")


def find_encoded(
    context: RequestContext, query: Query, selection: Selection | None = None
) -> Coroutine[Any, Any, FindResult]:
    """Find as ``find`` does; where no step needs the objects, the page comes ``encoded``.

    With a ``selection`` of the query's keys and includes, as that says.
    """
    return _find(context, query, "find", encodes=True, selection=selection)


async def get(context: RequestContext, query: Query, known: JSONObject | None = None) -> JSONObject:
    """Find the one object that a query names by its id (``query.one``).

    ``known`` is its whole state, if a save has just told it (``Saved.stored``): the same rules
    hold, but it is not read. Raises OBJECT_NOT_FOUND if there is none, or none that the caller
    may read.
    """
    page = (await _find(context, query, "get", known)).objects
    if not page:
        raise ParseError(Code.OBJECT_NOT_FOUND, "Object not found.")
    item, principal = page[0], context.principal
    # Parse: users who read themselves by id are answered the token that they came with
    own = query.class_name == "_User" and item.get("objectId") == principal.user_id
    if own and principal.session_token:
        item["sessionToken"] = principal.session_token
    return item


async def _find(
    context: RequestContext,
    query: Query,
    operation: ReadOperation,
    known: JSONObject | None = None,
    *,
    encodes: bool = False,
    selection: Selection | None = None,
) -> FindResult:
    """The read spine: each read takes these steps, whichever way it came."""
    is_get = operation == "get"
    if not is_get:
        receive_at_most(context.bounds.answer_bytes)
    access.check_internal(context, query.class_name, operation)
    if not is_class_name(query.class_name):
        schemas.check_unknown(context, query.class_name)
        return _nothing(query)
    if context.backend.triggers.has("beforeFind", query.class_name):
        asked = await hooks.before_find(context, query, is_get=is_get)
        if isinstance(asked, ReplacementResults):
            page = await _replaced(context, query, asked.objects, operation)
            return FindResult(await hooks.after_find(context, query, page, is_get=is_get))
        query, known = asked, None
        encodes = encodes and selection is None  # which is of what was asked before
    if query.redirect_key is not None:
        query = await _redirected(context, query, query.redirect_key)
        access.check_internal(context, query.class_name, operation)
    schema, query = await _prepared(context, query)
    if not schema.exists and query.explain is None:
        return _nothing(query)  # the database is asked for no name that a client made up
    if encodes and _only_passes(context, schema, query, selection):
        return await _passed(context, schema, query, selection)
    if is_get or not (query.count or query.explain):
        page, count = await _fetch(context, schema, query, operation, known), None
    elif query.limit == 0:  # Parse: then no plan is made, either
        return FindResult([], await _count(context, schema, query) if query.count else None)
    elif query.explain is not None:
        count = await _count(context, schema, query) if query.count else None
        return FindResult([], count, await _plan(context, schema, query))
    else:
        page, count = await _counted(context, schema, query)
    if context.backend.triggers.has("afterFind", query.class_name):
        page = await hooks.after_find(context, query, page, is_get=is_get)
    return FindResult(page, count)


def _nothing(query: Query) -> FindResult:
    """The outcome where there is no such class."""
    return FindResult([], 0 if query.count else None)


async def _prepared(context: RequestContext, query: Query) -> tuple[ClassSchema, Query]:
    """The class, and the query as this caller may ask it, in plain constraints.

    Raises the refusals of what may not be asked.
    """
    schema = await schemas.readable(context, query.class_name)
    rules = class_rules.RULES.get(schema.name)
    if rules is not None:
        query = await rules.narrow(context, query)
    if equals_id(query.where) is None or query.order:  # an id alone is nobody's secret
        access.check_query(context, schema, query)
        if context.is_large:
            await asyncio.sleep(0)
        query = await resolved(context, schema, query)
        if context.is_large:
            await asyncio.sleep(0)
        if schema.exists:
            await access.check_search(context, schema, query.where)
    if query.hint is not None:
        await access.check_hint(context, schema, query.hint)
    return schema, query


async def _replaced(
    context: RequestContext, query: Query, page: list[JSONObject], operation: ReadOperation
) -> list[JSONObject]:
    """The objects that a beforeFind gave in place of the database's (protocol §10.4).

    For all but the master key they are read again, so that nobody sees what they may not.
    """
    if context.principal.is_privileged:
        if context.principal.is_read_only:
            credentials.withhold(query.class_name, page)
        return page
    ids = [item["objectId"] for item in page if isinstance(item.get("objectId"), str)]
    if operation == "get":
        ids = ids[:1]
    where = (Constraint("objectId", (("$in", ids),)),)
    again = replace(query, where=where, order=(), limit=None, skip=0, redirect_key=None)
    schema, again = await _prepared(context, again)
    if not schema.exists:
        return []
    found = {item["objectId"]: item for item in await _fetch(context, schema, again, operation)}
    return [found[object_id] for object_id in ids if object_id in found]


async def read(context: RequestContext, query: Query) -> list[JSONObject]:
    """Find the objects of a subquery or an include, with the caller's rights."""
    return (await find(context, query)).objects


async def include(context: RequestContext, objects: list[JSONObject], query: Query) -> None:
    """Put into objects, in place, what their pointers along the query's ``include`` name.

    For objects that come from elsewhere than a find: those of an event. The caller's rights count.
    """
    await includes.fetch(context, objects, query.include, query, _reading(None, included=True))


def _reading(preference: str | None, *, included: bool = False) -> subqueries.Read:
    """``read`` with the read preference that subqueries or includes inherit."""

    async def preferring(context: RequestContext, query: Query) -> list[JSONObject]:
        found = await read(context, replace(query, read_preference=preference))
        if included:
            redact_included(context, query.class_name, found)
        return found

    return preferring


async def _redirected(context: RequestContext, query: Query, key: str) -> Query:
    """The query for the target class of the relation ``key``, or as it is if that is none."""
    schema = await schemas.existing(context.backend, query.class_name)
    return replace(query, class_name=schema.relations.get(key, query.class_name))


async def resolved(context: RequestContext, schema: ClassSchema, query: Query) -> Query:
    """The query with its subqueries and relations answered, by the caller's rights."""
    if query.where and subqueries.is_needed(schema, query.where):
        subqueries.check_number(context, query.where)
        preference = query.subquery_read_preference or query.read_preference
        where = await subqueries.resolve(context, schema, query.where, _reading(preference))
        return replace(query, where=where)
    return query


def _roots(schema: ClassSchema, query: Query) -> frozenset[str] | None:
    """The columns that a query selects; ``None``: whatever there is."""
    selected = query.root_keys
    if selected is None:
        if not query.exclude_keys:
            return None
        return frozenset(schema.types).difference(query.exclude_keys).union(ALWAYS_SELECTED)
    if query.include_all:
        return selected.union(frozenset(includes.followed(schema)).difference(query.exclude_keys))
    return selected


def _needed(context: RequestContext, schema: ClassSchema, query: Query) -> frozenset[str] | None:
    """The columns to read: those selected, and those by which others are hidden."""
    roots = _roots(schema, query)
    return None if roots is None else roots | deciding_columns(context, schema)


def _select(schema: ClassSchema, page: list[JSONObject], roots: frozenset[str]) -> None:
    """Reduce objects to the columns that are selected, in place; relations always stay."""
    for item in page:
        for name in [n for n in item if n not in roots and n not in schema.relations]:
            del item[name]
        for name in schema.pointers:
            # Parse: a pointer that is null is not there when columns are selected
            if name in item and item[name] is None:
                del item[name]


async def _counted(
    context: RequestContext, schema: ClassSchema, query: Query
) -> tuple[list[JSONObject], int]:
    """A page, and the number of all that match."""
    if context.backend.storage.in_transaction:  # whose session carries one call at a time
        page = await _fetch(context, schema, query, "find")
        return page, await _count(context, schema, query)
    page, count = await side_by_side(
        (_fetch(context, schema, query, "find"), _count(context, schema, query))
    )
    return page, count


async def _fetch(
    context: RequestContext,
    schema: ClassSchema,
    query: Query,
    operation: ReadOperation,
    known: JSONObject | None = None,
) -> list[JSONObject]:
    """The objects of a page as the caller may see them, with what they include."""
    if query.limit == 0:
        return []
    object_id = equals_id(query.where)
    # Parse: a find that names nothing but an id asks for the right to get
    scope = scope_of(schema, operation if object_id is None else "get", context.principal)
    if scope.is_nothing:
        return []
    storage = context.backend.storage
    internal = context.principal.is_maintenance and schema.name == "_User"
    plain = not query.skip and query.read_preference is None and not internal
    if known is not None:
        # a copy: what follows takes out of it what is not to be seen
        copied = deepcopy(known) if query.include else dict(known)
        page = [copied] if scope.allows(known) else []
    elif object_id is not None and plain:
        item = await storage.get(schema, object_id, scope, mount_url=context.mount_url)
        page = [item] if item is not None else []
    else:
        page = await storage.find(
            schema,
            query.where,
            scope,
            _read_options(context, schema, query, internal=internal),
        )
    return await _completed(context, schema, query, page)


async def _completed(
    context: RequestContext, schema: ClassSchema, query: Query, page: list[JSONObject]
) -> list[JSONObject]:
    """The objects that were found as the caller may see them, with what they include."""
    if page:
        roots = _roots(schema, query)
        for start in range(0, len(page), _SLICE):
            some = page[start : start + _SLICE] if len(page) > _SLICE else page
            redact(context, schema, some)
            if some is not page:
                await asyncio.sleep(0)  # others have their turn
        rules = class_rules.RULES.get(schema.name)
        if rules is not None and rules.shows(context):
            await rules.show(context, page)
        if roots is not None:
            for start in range(0, len(page), _SLICE):
                some = page[start : start + _SLICE] if len(page) > _SLICE else page
                _select(schema, some, roots)
                if some is not page:
                    await asyncio.sleep(0)
        if query.include or query.include_all:
            paths = includes.paths_of(schema, query)
            preference = query.include_read_preference or query.read_preference
            read = _reading(preference, included=True)
            await includes.fetch(context, page, paths, query, read)
        if query.redirect_key is not None:
            # Parse: what may be of another class than was asked tells its className
            for item in page:
                item["className"] = query.class_name
    return page


def _read_options(
    context: RequestContext, schema: ClassSchema, query: Query, *, internal: bool = False
) -> ReadOptions:
    return ReadOptions(
        order=_order(schema, query),
        limit=query.limit,
        skip=query.skip,
        keys=_needed(context, schema, query),
        hint=query.hint,
        comment=query.comment,
        read_preference=query.read_preference,
        internal=internal,
        mount_url=context.mount_url,
        max_time_ms=None if context.principal.is_privileged else context.backend.query_time,
        is_large=context.is_large,
    )


def _only_passes(
    context: RequestContext, schema: ClassSchema, query: Query, selection: Selection | None
) -> bool:
    """Does the page go to the caller as the database has it, with no step in between?"""
    return (
        query.limit != 0
        and query.explain is None
        and equals_id(query.where) is None  # which shares a read with others
        and (query.root_keys is None or selection is not None)
        and not (query.exclude_keys or query.redirect_key)
        and query.include_read_preference is None
        and hides_nothing(context, schema)
        and not context.backend.triggers.has("afterFind", query.class_name)
    )


async def _passed(
    context: RequestContext, schema: ClassSchema, query: Query, selection: Selection | None
) -> FindResult:
    """The page of a query of which ``_only_passes`` holds, and the number of matches if asked."""
    scope = scope_of(schema, "find", context.principal)
    if scope.is_nothing:
        return FindResult([], await _count(context, schema, query) if query.count else None)
    storage, options = context.backend.storage, _read_options(context, schema, query)
    reading: Coroutine[Any, Any, _Page]
    if selection is not None:
        reading = _selected(context, schema, query, scope, selection)
    elif query.include or query.include_all:
        reading = _joined(context, schema, query, scope)
    else:
        reading = storage.find_json(schema, query.where, scope, options)
    if not query.count:
        page, count = await reading, None
    elif storage.in_transaction:  # whose session carries one call at a time
        page = await reading
        count = await _count(context, schema, query)
    else:
        page, count = await side_by_side((reading, _count(context, schema, query)))
    if isinstance(page, list):
        return FindResult(page, count)
    encoded, number = (page, 0) if isinstance(page, bytes) else page
    return FindResult([], count, encoded=encoded, number=number)


async def _selected(
    context: RequestContext, schema: ClassSchema, query: Query, scope: Scope, selection: Selection
) -> _Page:
    """What is selected of a page, as JSON and with its length, where no step needs the objects."""
    wanted = None
    if selection.paths == {*query.include} and (not query.include or _may_join(context, query)):
        wanted = await joins.joins_of(context, schema, query.include)
    if wanted is None:
        return await _fetch(context, schema, query, "find")
    options = _read_options(context, schema, query)
    page = await context.backend.storage.find_page(
        schema, query.where, scope, options, shares=False
    )
    if not isinstance(page, list):
        made = await joins.selected(context, page, wanted, selection, query, _read_options)
        if made is not None:
            return made
        page = page.objects()
    return await _completed(context, schema, query, page)


async def _joined(
    context: RequestContext, schema: ClassSchema, query: Query, scope: Scope
) -> bytes | list[JSONObject]:
    """A page with what it includes: as JSON, where no step needs the objects."""
    paths = includes.paths_of(schema, query)
    wanted = await joins.joins_of(context, schema, paths) if _may_join(context, query) else None
    if wanted is None:
        return await _fetch(context, schema, query, "find")
    options = _read_options(context, schema, query)
    page = await context.backend.storage.find_page(schema, query.where, scope, options)
    if not isinstance(page, list):
        encoded = await joins.joined(context, page, wanted, _read_options)
        if encoded is not None:
            return encoded
        page = page.objects()
    await includes.fetch(context, page, paths, query, _reading(None, included=True))
    return page


def _may_join(context: RequestContext, query: Query) -> bool:
    """May included objects be read apart from the read spine?"""
    return query.read_preference is None and not context.backend.storage.in_transaction


async def _plan(context: RequestContext, schema: ClassSchema, query: Query) -> JSONObject:
    scope = scope_of(schema, "find", context.principal)
    if scope.is_nothing:
        return {}
    return await context.backend.storage.explain(
        schema,
        query.where,
        scope,
        ReadOptions(
            order=_order(schema, query),
            limit=query.limit,
            skip=query.skip,
            hint=query.hint,
            comment=query.comment,
        ),
        verbosity=query.explain or "queryPlanner",
    )


def _order(schema: ClassSchema, query: Query) -> list[tuple[str, int]]:
    """What to sort by: columns that there are, and how well a text fits."""
    return [
        (name, way)
        for name, way in query.order
        if name == SCORE or name.partition(".")[0] in schema.types
    ]


async def _count(context: RequestContext, schema: ClassSchema, query: Query) -> int:
    scope = scope_of(schema, "count", context.principal)
    if scope.is_nothing:
        return 0
    return await context.backend.storage.count(
        schema,
        query.where,
        scope,
        ReadOptions(
            hint=query.hint,
            comment=query.comment,
            read_preference=query.read_preference,
            max_time_ms=None if context.principal.is_privileged else context.backend.query_time,
        ),
    )
