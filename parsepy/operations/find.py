"""``find``, ``get``, ``count``: the read spine."""

import asyncio
from dataclasses import dataclass, replace

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.query import ALWAYS_SELECTED, SCORE, Query
from parsepy.model.schema import ClassSchema, is_class_name
from parsepy.model.scope import scope_of
from parsepy.model.values import JSONObject
from parsepy.model.where import Constraint, by_id, equals_id
from parsepy.operations import access, class_rules, hooks, includes, schemas, subqueries
from parsepy.operations.redaction import deciding_columns, redact, redact_included
from parsepy.storage.options import ReadOptions
from parsepy.triggers import ReplacementResults


@dataclass(slots=True)
class Found:
    """The answer of a find: the page, the number of all matches, or only the query's plan."""

    objects: list[JSONObject]
    count: int | None = None
    plan: JSONObject | None = None


async def find(context: RequestContext, query: Query) -> Found:
    """The objects that match and that the caller may read (protocol §10)."""
    access.check_internal(context, query.class_name, "find")
    if not is_class_name(query.class_name):
        schemas.check_unknown(context, query.class_name)
        return Found([], 0 if query.count else None)
    asked = await hooks.before_find(context, query)
    if isinstance(asked, ReplacementResults):
        return Found(await _in_place(context, query, asked))
    query, redirected = await _redirect(context, asked)
    if redirected is not None:
        access.check_internal(context, redirected, "find")
    schema = await schemas.readable(context, query.class_name)
    query = await class_rules.of(schema.name).narrow(context, query)
    access.check_query(context, schema, query)
    query = await resolved(context, schema, query)
    if not schema.exists:  # the database is asked for no name that a client made up
        return Found([], 0 if query.count else None)
    await access.check_search(context, schema, query.where)
    if query.explain is not None:
        return Found([], plan=await _plan(context, schema, query))
    if not query.count:
        return Found(await _page(context, schema, query, redirected))
    if query.limit == 0:
        return Found([], await _count(context, schema, query))
    if context.backend.storage.in_transaction:  # whose session carries one call at a time
        page = await _page(context, schema, query, redirected)
        return Found(page, await _count(context, schema, query))
    page, count = await asyncio.gather(
        _page(context, schema, query, redirected), _count(context, schema, query)
    )
    return Found(page, count)


async def get(context: RequestContext, query: Query, object_id: str) -> JSONObject:
    """One object (``query`` says its class, keys and includes); OBJECT_NOT_FOUND if none."""
    class_name = query.class_name
    access.check_internal(context, class_name, "get")
    if not is_class_name(class_name):
        raise ParseError(Code.OBJECT_NOT_FOUND, "Object not found.")
    schema = await schemas.existing(context.backend, class_name)
    if not schema.exists:
        await schemas.readable(context, class_name)
        raise ParseError(Code.OBJECT_NOT_FOUND, "Object not found.")
    rules = class_rules.RULES.get(class_name)
    if rules is not None:
        query = await rules.narrow(context, query)
    if context.backend.triggers.has("beforeFind", class_name):
        one = replace(query, where=(by_id(object_id), *query.where), limit=1)
        asked = await hooks.before_find(context, one, is_get=True)
        if isinstance(asked, ReplacementResults):
            return _first(await _in_place(context, query, asked, is_get=True))
        return _first(await _page(context, schema, asked, None, is_get=True))
    item = await _one(context, schema, query, object_id)
    if item is None:
        raise ParseError(Code.OBJECT_NOT_FOUND, "Object not found.")
    page = [item]
    await _complete(context, schema, query, page)
    page = await hooks.after_find(context, query, page, is_get=True)
    item = _first(page)
    principal = context.principal
    if class_name == "_User" and object_id == principal.user_id and principal.session_token:
        item["sessionToken"] = principal.session_token
    return item


def _first(page: list[JSONObject]) -> JSONObject:
    if not page:
        raise ParseError(Code.OBJECT_NOT_FOUND, "Object not found.")
    return page[0]


async def _in_place(
    context: RequestContext, query: Query, given: ReplacementResults, *, is_get: bool = False
) -> list[JSONObject]:
    """The objects that a beforeFind gave in place of the database's (protocol §10.4).

    For all but the master key they are read again, so that nobody sees what he may not.
    """
    page = given.objects
    if not context.principal.is_privileged:
        ids = [item["objectId"] for item in page if isinstance(item.get("objectId"), str)]
        schema = await schemas.readable(context, query.class_name)
        where = (Constraint("objectId", (("$in", ids),)),)
        again = replace(Query(query.class_name, where=where, limit=None), keys=query.keys)
        found = {item["objectId"]: item for item in await _raw_page(context, schema, again, "find")}
        page = [found[object_id] for object_id in ids if object_id in found]
    return await hooks.after_find(context, query, page, is_get=is_get)


async def read(context: RequestContext, query: Query) -> list[JSONObject]:
    """The objects of a subquery or an include, with the caller's rights."""
    return (await find(context, query)).objects


def _reading(preference: str | None, *, included: bool = False) -> subqueries.Read:
    """``read`` with the read preference that subqueries or includes inherit."""

    async def preferring(context: RequestContext, query: Query) -> list[JSONObject]:
        found = await read(context, replace(query, read_preference=preference))
        if included:
            redact_included(context, query.class_name, found)
        return found

    return preferring


async def _redirect(context: RequestContext, query: Query) -> tuple[Query, str | None]:
    """Parse: a query may name a relation whose target class it is meant for."""
    if query.redirect_key is None:
        return query, None
    schema = await schemas.existing(context.backend, query.class_name)
    target = schema.relations.get(query.redirect_key, query.class_name)
    return replace(query, class_name=target), target


async def resolved(context: RequestContext, schema: ClassSchema, query: Query) -> Query:
    """The query with its subqueries and relations answered, by the caller's rights."""
    if query.where and subqueries.is_needed(schema, query.where):
        preference = query.subquery_read_preference or query.read_preference
        where = await subqueries.resolve(context, schema, query.where, _reading(preference))
        return replace(query, where=where)
    return query


async def _one(
    context: RequestContext, schema: ClassSchema, query: Query, object_id: str
) -> JSONObject | None:
    scope = scope_of(schema, "get", context.principal)
    storage = context.backend.storage
    if not query.where and query.read_preference is None:
        return await storage.get(schema, object_id, scope, mount_url=context.mount_url)
    found = await storage.find(
        schema,
        (by_id(object_id), *query.where),
        scope,
        ReadOptions(
            limit=1,
            keys=_needed(context, schema, query),
            read_preference=query.read_preference,
            mount_url=context.mount_url,
        ),
    )
    return found[0] if found else None


def _roots(schema: ClassSchema, query: Query) -> frozenset[str] | None:
    """The columns that a query selects; ``None``: whatever there is."""
    if not query.exclude_keys:
        return query.root_keys
    columns = query.root_keys if query.root_keys is not None else frozenset(schema.types)
    return columns.difference(query.exclude_keys).union(ALWAYS_SELECTED)


def _needed(context: RequestContext, schema: ClassSchema, query: Query) -> frozenset[str] | None:
    """The columns to read: those selected, and those by which others are hidden."""
    roots = _roots(schema, query)
    return None if roots is None else roots | deciding_columns(context, schema)


def _select(schema: ClassSchema, page: list[JSONObject], query: Query) -> None:
    """Reduce objects to the columns of a query, in place; relations always stay."""
    roots = _roots(schema, query)
    if roots is None:
        return
    for item in page:
        for name in [n for n in item if n not in roots and n not in schema.relations]:
            del item[name]
        for name in schema.pointers:
            # Parse: a pointer that is null is not there when columns are selected
            if name in item and item[name] is None:
                del item[name]


async def _page(
    context: RequestContext,
    schema: ClassSchema,
    query: Query,
    redirected: str | None,
    *,
    is_get: bool = False,
) -> list[JSONObject]:
    if query.limit == 0:
        return await hooks.after_find(context, query, [], is_get=is_get)
    operation = "find" if equals_id(query.where) is None and not is_get else "get"
    page = await _raw_page(context, schema, query, operation)
    if redirected is not None:
        for item in page:
            item["className"] = redirected
    return await hooks.after_find(context, query, page, is_get=is_get)


async def _raw_page(
    context: RequestContext, schema: ClassSchema, query: Query, operation: str
) -> list[JSONObject]:
    scope = scope_of(schema, operation, context.principal)
    if scope.is_nothing:
        return []
    object_id = equals_id(query.where)
    if object_id is not None and not query.skip and query.read_preference is None:
        item = await context.backend.storage.get(
            schema, object_id, scope, mount_url=context.mount_url
        )
        page = [item] if item is not None else []
    else:
        page = await context.backend.storage.find(
            schema,
            query.where,
            scope,
            ReadOptions(
                order=_order(schema, query),
                limit=query.limit,
                skip=query.skip,
                keys=_needed(context, schema, query),
                hint=query.hint,
                comment=query.comment,
                read_preference=query.read_preference,
                mount_url=context.mount_url,
            ),
        )
    await _complete(context, schema, query, page)
    return page


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


async def _complete(
    context: RequestContext, schema: ClassSchema, query: Query, page: list[JSONObject]
) -> None:
    """Redaction, selection and includes of a page, in place."""
    redact(context, schema, page)
    _select(schema, page, query)
    if query.include or query.include_all:
        paths = includes.paths_of(schema, query)
        preference = query.include_read_preference or query.read_preference
        await includes.fetch(context, page, paths, query, _reading(preference, included=True))


async def _count(context: RequestContext, schema: ClassSchema, query: Query) -> int:
    scope = scope_of(schema, "count", context.principal)
    if scope.is_nothing:
        return 0
    return await context.backend.storage.count(
        schema,
        query.where,
        scope,
        ReadOptions(hint=query.hint, comment=query.comment, read_preference=query.read_preference),
    )
