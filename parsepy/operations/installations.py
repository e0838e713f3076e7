"""Installations: one row for one device, however often its app says hello (protocol §28.1)."""

from dataclasses import dataclass, replace
from typing import Any

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.query import simple
from parsepy.model.schema import ClassSchema
from parsepy.model.scope import EVERYTHING, NOTHING, Scope, scope_of
from parsepy.model.values import JSONObject
from parsepy.model.where import Where, by_id
from parsepy.operations import access, save, schemas
from parsepy.operations.writes import PLAIN, ConditionFailed, Saved, SaveOptions
from parsepy.storage.options import FIRST

_CLASS = "_Installation"
_FIXED = ("installationId", "deviceType")


@dataclass(slots=True)
class _Rows:
    """The stored rows that a request may mean."""

    by_object: JSONObject | None
    by_installation: JSONObject | None
    by_token: list[JSONObject]


async def create_or_update(
    context: RequestContext, body: JSONObject, options: SaveOptions = PLAIN
) -> Saved:
    """Make an installation, or change the row that the device has already."""
    access.check_internal(context, _CLASS, "create")
    for name in _FIXED:
        value = body.get(name)
        if isinstance(value, dict) and "__op" in value:  # on a row that is there, too
            raise _unchangeable(name)
    target = await _target(context, body, None)
    if target is None:
        return await save.create(context, _CLASS, body, options)
    return await save.update(context, _CLASS, target, body, options)


async def update(
    context: RequestContext, object_id: str, body: JSONObject, options: SaveOptions = PLAIN
) -> Saved:
    """Change an installation, merging rows that turn out to be the same device's.

    Raises ``ConditionFailed`` if the condition does not hold; then no row is merged either.
    """
    access.check_internal(context, _CLASS, "update")
    for name in _FIXED:
        if isinstance(body.get(name), dict):  # an operation, such as Delete
            raise _unchangeable(name)
    if any(body.get(name) for name in ("deviceToken", *_FIXED)):
        await _check_condition(context, object_id, options.condition)
        target = await _target(context, body, object_id)
        if target is not None and target != object_id:
            # the row that was named, of which the condition held, has yielded to this one
            object_id, options = target, replace(options, condition=())
    return await save.update(context, _CLASS, object_id, body, options)


async def _check_condition(context: RequestContext, object_id: str, condition: Where) -> None:
    """Refuse a condition that does not hold of a stored row, before others give way to it."""
    if not condition:
        return
    storage = context.backend.storage
    schema = await schemas.existing(context.backend, _CLASS)
    fits = await storage.find(schema, (by_id(object_id), *condition), options=FIRST)
    if not fits and await storage.get(schema, object_id) is not None:
        raise ConditionFailed(_CLASS, object_id)


async def _target(context: RequestContext, body: JSONObject, object_id: str | None) -> str | None:
    """The id of the row to write; ``None``: a new one. Clears away rows that lose to it."""
    installation_id = _text(body.get("installationId"))
    token = body.get("deviceToken") if isinstance(body.get("deviceToken"), str) else None
    if token is not None and len(token) == 64:
        token = token.lower()
    named = installation_id
    if named is None and not context.principal.is_privileged:
        named = _text(context.installation_id)
    rows = await _rows(context, object_id, named, token)
    if object_id is not None:
        _check_unchanged(rows.by_object, installation_id, token, body.get("deviceType"))
    match = rows.by_installation or rows.by_object
    if match is None:
        return await _without_match(context, rows, body, named, token)
    others = [row for row in rows.by_token if row["objectId"] != match["objectId"]]
    if len(rows.by_token) == 1 and others and not others[0].get("installationId"):
        return await _merge(context, match, others[0])
    if token is not None and match.get("deviceToken") != token:
        if installation_id is not None:
            await _clear(context, body, token, {"installationId": {"$ne": installation_id}})
        elif body.get("objectId") == match["objectId"]:
            # Parse: SDKs send a row's id with it, which names it as well
            await _clear(context, body, token, {"objectId": {"$ne": match["objectId"]}})
    return str(match["objectId"])


def _text(value: Any) -> str | None:
    return value.lower() if isinstance(value, str) and value else None


async def _rows(
    context: RequestContext, object_id: str | None, named: str | None, token: str | None
) -> _Rows:
    wanted = (("objectId", object_id), ("installationId", named), ("deviceToken", token))
    choices: list[JSONObject] = [{name: value} for name, value in wanted if value is not None]
    found = await schemas.lookup(context.backend, _CLASS, {"$or": choices}) if choices else []

    def first(name: str, value: str | None) -> JSONObject | None:
        return next((r for r in found if value is not None and r.get(name) == value), None)

    return _Rows(
        first("objectId", object_id),
        first("installationId", named),
        [row for row in found if token is not None and row.get("deviceToken") == token],
    )


def _check_unchanged(
    row: JSONObject | None, installation_id: str | None, token: str | None, kind: Any
) -> None:
    """What identifies a device may be filled in, not changed."""
    if row is None:
        raise ParseError(Code.OBJECT_NOT_FOUND, "Object not found for update.")
    stored = row.get("installationId")
    if installation_id and stored and installation_id != stored:
        raise _unchangeable("installationId")
    known = row.get("deviceToken")
    if token and known and token != known and not installation_id and not stored:
        raise _unchangeable("deviceToken")
    if kind and kind != row.get("deviceType"):
        raise _unchangeable("deviceType")


def _unchangeable(name: str) -> ParseError:
    return ParseError(Code.UNCHANGEABLE_FIELD, f"{name} may not be changed in this operation")


async def _without_match(
    context: RequestContext,
    rows: _Rows,
    body: JSONObject,
    named: str | None,
    token: str | None,
) -> str | None:
    """No row of this id: the token may tell which device it is."""
    if not rows.by_token:
        return None
    if len(rows.by_token) == 1 and not (rows.by_token[0].get("installationId") and named):
        return str(rows.by_token[0]["objectId"])
    if not body.get("installationId"):
        raise ParseError(
            Code.INSTALLATION_AMBIGUOUS,
            "Must specify installationId when deviceToken matches multiple Installation objects",
        )
    if not body.get("deviceType"):
        raise ParseError(
            Code.MISSING_REQUIRED_FIELD, "deviceType must be specified in this operation"
        )
    await _clear(context, body, str(token), {"installationId": {"$ne": named}})
    return None


async def _merge(context: RequestContext, match: JSONObject, other: JSONObject) -> str:
    """Two rows of one device become one; the option says which survives."""
    options = context.config.installation
    keeps_token = options.duplicate_device_token_merge_priority == "deviceToken"
    survivor, loser = (other, match) if keeps_token else (match, other)
    column = "installationId" if keeps_token else "deviceToken"
    await _yield_to(context, {"objectId": loser["objectId"]}, column)
    return str(survivor["objectId"])


async def _clear(context: RequestContext, body: JSONObject, token: str, others: JSONObject) -> None:
    """Take the token from every other row."""
    where: JSONObject = {"deviceToken": token, **others}
    if isinstance(body.get("appIdentifier"), str) and body["appIdentifier"]:
        where["appIdentifier"] = body["appIdentifier"]
    await _yield_to(context, where, "deviceToken")


async def _yield_to(context: RequestContext, raw_where: JSONObject, column: str) -> None:
    """Delete rows that lost, or only take ``column`` from them; failing that is no error."""
    options = context.config.installation
    backend = context.backend
    schema = await schemas.existing(backend, _CLASS)
    where = simple(_CLASS, raw_where).where
    action = options.duplicate_device_token_action
    scope = EVERYTHING
    if options.duplicate_device_token_action_enforce_auth:
        scope = _own_scope(context, schema, "delete" if action == "delete" else "update")
    if action == "delete":
        await backend.storage.delete(schema, where, scope, many=True)
    else:
        await backend.storage.update_many(schema, where, {column: {"__op": "Delete"}}, scope)


def _own_scope(context: RequestContext, schema: ClassSchema, operation: str) -> Scope:
    """The rows that the caller may delete or update by their own rights."""
    try:
        access.check_internal(context, _CLASS, operation)
        return scope_of(schema, operation, context.principal)
    except ParseError:
        return NOTHING
