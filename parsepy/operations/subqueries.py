"""Replace ``$inQuery``, ``$select``, ``$relatedTo`` and relation constraints by plain ones.

The reading itself is handed in (``read``), so that a subquery goes through the same read
spine, with the caller's rights, as any other query.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError, denied
from parsepy.model.bounds import query_exceeds
from parsepy.model.permissions import is_hidden
from parsepy.model.query import Query, parse_where
from parsepy.model.schema import ClassSchema, is_class_name, is_field_name
from parsepy.model.scope import scope_of
from parsepy.model.values import JSONObject, is_pointer, pointer
from parsepy.model.where import (
    DIRECT,
    RELATED_TO,
    SUBQUERIES,
    Constraint,
    Group,
    Kept,
    Node,
    RelatedTo,
    Where,
    by_id,
    operators_of,
)
from parsepy.operations import access, schemas

Read = Callable[[RequestContext, Query], Awaitable[list[JSONObject]]]
Test = tuple[str, Any]

_NEGATED = {"$ne": "$nin", "$nin": "$nin"}


def is_needed(schema: ClassSchema, where: Where) -> bool:
    """Does a where hold anything that must be resolved first?"""
    if type(where) is Kept:
        return where.once_with("subqueries", schema, lambda: _is_needed(schema, where))
    return _is_needed(schema, where)


def _is_needed(schema: ClassSchema, where: Where) -> bool:
    for node in where:
        if isinstance(node, Constraint):
            if node.field in schema.relations:
                return True
            if any(operator in SUBQUERIES for operator, _ in node.tests):
                return True
        elif isinstance(node, RelatedTo) or any(is_needed(schema, b) for b in node.branches):
            return True
    return False


def check_number(context: RequestContext, where: Where) -> None:
    """Refuse more subqueries than a query may have, those within them among them.

    Raises INVALID_QUERY.
    """
    most = context.bounds.subqueries
    if _count(where) > most:
        raise query_exceeds("subqueries", most)


def _count(where: Where) -> int:
    count = 0
    for node in where:
        if isinstance(node, Group):
            count += sum(map(_count, node.branches))
        elif isinstance(node, RelatedTo):
            count += 1
        else:
            for operator, operand in node.tests:
                if operator in SUBQUERIES:
                    within = operators_of(operand)
                    count += 1 + sum(name in SUBQUERIES or name == RELATED_TO for name, _ in within)
    return count


async def resolve(context: RequestContext, schema: ClassSchema, where: Where, read: Read) -> Where:
    """The same where in plain constraints.

    Raises what the subqueries raise, and OPERATION_FORBIDDEN for a hidden relation
    (protocol §8.3, §8.4).
    """
    nodes: list[Node] = []
    for node in where:
        if isinstance(node, Group):
            branches = [await resolve(context, schema, b, read) for b in node.branches]
            nodes.append(Group(node.operator, tuple(branches)))
        elif isinstance(node, RelatedTo):
            nodes.append(await _related_to(context, node, read))
        else:
            resolved = Constraint(node.field, await _resolve_tests(context, node.tests, read))
            if node.field in schema.relations:
                nodes += await _relation(context, schema, resolved)
            else:
                nodes.append(resolved)
    return tuple(nodes)


async def _resolve_tests(
    context: RequestContext, tests: tuple[Test, ...], read: Read
) -> tuple[Test, ...]:
    if not any(operator in SUBQUERIES for operator, _ in tests):
        return tests
    plain: dict[str, Any] = {}
    for operator, operand in tests:
        if operator in ("$in", "$nin"):
            plain[operator] = [*plain.get(operator, ()), *operand]
        elif operator in SUBQUERIES:
            target = "$in" if operator in ("$inQuery", "$select") else "$nin"
            found = (
                await _pointers(context, operand, read)
                if operator in ("$inQuery", "$notInQuery")
                else await _selected(context, operand, read)
            )
            # Parse: what a subquery finds joins a list that is there already
            plain[target] = [*plain.get(target, ()), *found]
        else:
            plain[operator] = operand
    return tuple(plain.items())


def _subquery(context: RequestContext, raw: JSONObject) -> Query:
    limit = context.config.request_complexity.subquery_limit
    privileged = context.principal.is_privileged
    redirect = raw.get("redirectClassNameForKey")
    return Query(
        raw["className"],
        where=parse_where(
            raw.get("where", {}), privileged=privileged, limits=context.backend.limits
        ),
        limit=None if limit < 0 or privileged else limit,
        redirect_key=redirect if isinstance(redirect, str) else None,
    )


async def _pointers(context: RequestContext, raw: JSONObject, read: Read) -> list[JSONObject]:
    query = _subquery(context, raw)
    found = await read(context, query)
    return [pointer(item.get("className", query.class_name), item["objectId"]) for item in found]


async def _selected(context: RequestContext, raw: JSONObject, read: Read) -> list[Any]:
    path = raw["key"].split(".")
    values = []
    for item in await read(context, _subquery(context, raw["query"])):
        value: Any = item
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None:
            values.append(value)
    return values


async def _related_to(context: RequestContext, node: RelatedTo, read: Read) -> Constraint:
    """Membership in a relation, if the caller may read its owner."""
    class_name, object_id = node.owner["className"], node.owner["objectId"]
    if not is_class_name(class_name) or not is_field_name(node.key):
        return Constraint("objectId", (("$in", []),))
    if not context.principal.is_privileged:
        access.check_internal(context, class_name, "get")
        schema = await schemas.existing(context.backend, class_name)
        if is_hidden(node.key, schema.permissions.hidden_fields(context.principal)):
            raise denied(
                Code.OPERATION_FORBIDDEN,
                f"This user is not allowed to query {node.key} on class {class_name}",
            )
        if not (node.is_owner_read and _is_gettable(context, schema)):
            owner = Query(class_name, where=(by_id(object_id),), limit=1)
            try:
                readable = await read(context, owner)
            except ParseError:
                readable = []
            if not readable:
                return Constraint("objectId", (("$in", []),))
    ids = await context.backend.storage.relations.members(class_name, node.key, object_id)
    return Constraint("objectId", (("$in", ids),))


def _is_gettable(context: RequestContext, schema: ClassSchema) -> bool:
    """May who was given an object of a class by a find or a get also get it by its id?

    That is to be asked anew of the server's own classes, where cloud code sees reads, and where
    the rights to find and to get differ.
    """
    name, has = schema.name, context.backend.triggers.has
    if name[:1] == "_" or has("beforeFind", name) or has("afterFind", name):
        return False
    try:
        scopes = [scope_of(schema, right, context.principal) for right in ("find", "get")]
    except ParseError:
        return False
    return scopes[0] == scopes[1]


async def _relation(
    context: RequestContext, schema: ClassSchema, node: Constraint
) -> list[Constraint]:
    """A constraint on a relation column selects the owners of what it names."""
    constraints = []
    for operator, operand in node.tests:
        if operator in (DIRECT, "$eq", "$ne"):
            wanted = [operand]
        elif operator in ("$in", "$nin"):
            wanted = operand
        else:
            wanted = []
        ids = [item["objectId"] for item in wanted if is_pointer(item) and item.get("objectId")]
        relations = context.backend.storage.relations
        owners = await relations.owners(schema.name, node.field, ids) if ids else []
        constraints.append(Constraint("objectId", ((_NEGATED.get(operator, "$in"), owners),)))
    return constraints
