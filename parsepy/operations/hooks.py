"""Fire the triggers and publish the events of the spines.

Each function is a step of a spine (protocol §9 to §11) and costs nothing for a class that
nobody has hooks for.
"""

from dataclasses import replace
from typing import Any

from parsepy.backend import RequestContext
from parsepy.errors import ParseError
from parsepy.model.query import Query
from parsepy.model.schema import ClassSchema
from parsepy.model.scope import Scope
from parsepy.model.values import JSONObject
from parsepy.operations import class_rules
from parsepy.operations.redaction import told
from parsepy.operations.writes import Write
from parsepy.pubsub import ObjectEvent, Operation
from parsepy.triggers import (
    CustomResponse,
    DeleteEvent,
    Event,
    FindEvent,
    FoundEvent,
    ReplacementResults,
    SavedEvent,
    SaveEvent,
    WriteEvent,
)


def needs_stored(context: RequestContext, class_name: str) -> bool:
    """Does anybody want to know the whole state of a stored object?"""
    backend = context.backend
    return backend.triggers.has("afterSave", class_name) or backend.events.wants(class_name)


def needs_original(context: RequestContext, class_name: str) -> bool:
    """Does anybody want to know the state before an update?"""
    has = context.backend.triggers.has
    return (
        has("beforeSave", class_name)
        or has("aroundSave", class_name)
        or has("mayWrite", class_name)
        or needs_stored(context, class_name)
    )


def needs_doomed(context: RequestContext, class_name: str) -> bool:
    """Does anybody want to know the object that is deleted?"""
    has = context.backend.triggers.has
    return (
        has("beforeDelete", class_name)
        or has("aroundDelete", class_name)
        or has("afterDelete", class_name)
        or has("mayWrite", class_name)
        or context.backend.events.wants(class_name)
    )


def as_told(context: RequestContext, schema: ClassSchema, item: JSONObject) -> JSONObject:
    """An object as a trigger may see it: without what is hidden from the caller (§9.1)."""
    if context.config.protected_fields_trigger_exempt:
        shown = dict(item)
        class_rules.of(schema.name).mask(context, shown)
        return shown
    return told(context, schema, item)


def original_as_told(write: Write, original: JSONObject | None) -> JSONObject | None:
    """The state before a write as a trigger may see it; None for a create."""
    if original is None:
        return None
    return as_told(write.context, write.schema, original)


async def opens(
    context: RequestContext,
    schema: ClassSchema,
    found: JSONObject | None,
    changes: JSONObject | None,
) -> bool:
    """Does cloud code open this one write to the caller?

    ``found`` None: a create; ``changes`` None: a deletion.
    """
    shown = found
    if found is not None:
        shown = dict(found)
        class_rules.of(schema.name).mask(context, shown)
    answer = await context.backend.triggers.run(
        WriteEvent(
            kind="mayWrite",
            class_name=schema.name,
            request=context,
            object=shown,
            changes=changes,
        )
    )
    return answer is True


def readable(scope: Scope) -> Scope:
    """What a caller reaches by a write that cloud code has opened: what they may still read."""
    return replace(scope, flag="read")


async def opened(
    context: RequestContext,
    schema: ClassSchema,
    object_id: str,
    scope: Scope,
    changes: JSONObject | None,
) -> JSONObject | None:
    """The object, if cloud code opens this write to a caller who may only read it."""
    if scope.principal is None or not context.backend.triggers.has("mayWrite", schema.name):
        return None
    found = await context.backend.storage.get(
        schema, object_id, readable(scope), mount_url=context.mount_url
    )
    if found is not None and await opens(context, schema, found, changes):
        return found
    return None


def announce(context: RequestContext, class_name: str, object_id: str) -> None:
    """Have the event of a write wait for the answer of the request that it is made for."""
    unanswered = context.backend.unanswered
    if unanswered is not None and context.is_answered:
        unanswered.begin(context.request_id, class_name, object_id)


# --- save ---------------------------------------------------------------------------------------


async def before_save(
    write: Write, original: JSONObject | None
) -> CustomResponse | JSONObject | None:
    """Let cloud code change or refuse a write: its changes, its own answer, or None."""
    context = write.context
    answer = await context.backend.triggers.run(
        SaveEvent(
            kind="beforeSave",
            class_name=write.class_name,
            request=context,
            original=original_as_told(write, original),
            changes=write.values,
            object_id=write.chosen_id,
        )
    )
    if answer is None or isinstance(answer, CustomResponse):
        return answer
    changes: JSONObject = answer
    return changes


async def after_save(write: Write, stored: JSONObject, original: JSONObject | None) -> Any:
    """Publish a stored write and run its afterSave; what that answers, if it is JSON.

    Parse: errors of an afterSave are logged and never reach the client.
    """
    context, name = write.context, write.class_name
    backend = context.backend
    if backend.events.wants(name):
        operation: Operation = "create" if write.is_create else "update"
        await _publish(context, write.schema, operation, stored, original)
    if not backend.triggers.has("afterSave", name):
        return None
    return await run_after(
        context,
        SavedEvent(
            kind="afterSave",
            class_name=name,
            request=context,
            object=as_told(context, write.schema, stored),
            original=original_as_told(write, original),
        ),
    )


async def _publish(
    context: RequestContext,
    schema: ClassSchema,
    operation: Operation,
    item: JSONObject,
    original: JSONObject | None,
) -> None:
    """Publish a write once it is there to stay.

    Its files have the configured address: where this client found the server is no business of
    those who listen.
    """
    events, storage = context.backend.events, context.backend.storage
    item = storage.with_file_urls(schema, item)
    if original is not None:
        original = storage.with_file_urls(schema, original)
    event = ObjectEvent(operation, schema.name, item, original)
    await storage.after_commit(lambda: events.publish(event))


async def run_after(context: RequestContext, event: Event) -> Any:
    """Run a trigger that can no longer refuse anything; its errors are logged."""
    try:
        return await context.backend.triggers.run(event)
    except ParseError as error:
        if not error.was_logged:
            context.backend.log.error(
                "request %s: %s of %s failed: %s (code %d)",
                context.request_id,
                event.kind,
                event.class_name,
                error.message,
                error.code,
            )
        return None


def created(write: Write, created_at: str, updated_at: str) -> JSONObject:
    """The whole state of a new object, as a find would show it."""
    stored = {name: value for name, value in write.values.items() if name[:1] != "_"}
    for name, target in write.schema.relations.items():
        stored[name] = {"__type": "Relation", "className": target}
    stored |= {
        "objectId": write.object_id,
        "createdAt": created_at,
        "updatedAt": updated_at,
    }
    context = write.context
    # of a file only the name is stored: the url that a client sends along counts for nothing
    return context.backend.storage.with_file_urls(write.schema, stored, context.mount_url)


# --- delete -------------------------------------------------------------------------------------


async def before_delete(context: RequestContext, schema: ClassSchema, doomed: JSONObject) -> None:
    """Let cloud code refuse a deletion."""
    await context.backend.triggers.run(
        DeleteEvent(
            kind="beforeDelete",
            class_name=schema.name,
            request=context,
            object=as_told(context, schema, doomed),
        )
    )


async def after_delete(context: RequestContext, schema: ClassSchema, doomed: JSONObject) -> None:
    """Publish a deletion and run its afterDelete, whose errors are logged."""
    backend = context.backend
    if backend.events.wants(schema.name):
        await _publish(context, schema, "delete", doomed, None)
    if backend.triggers.has("afterDelete", schema.name):
        await run_after(
            context,
            DeleteEvent(
                kind="afterDelete",
                class_name=schema.name,
                request=context,
                object=as_told(context, schema, doomed),
            ),
        )


# --- find ---------------------------------------------------------------------------------------


async def before_find(
    context: RequestContext, query: Query, *, is_get: bool = False
) -> Query | ReplacementResults:
    """Let cloud code rewrite or refuse a query, or answer it itself."""
    triggers = context.backend.triggers
    if not triggers.has("beforeFind", query.class_name):
        return query
    answer = await triggers.run(
        FindEvent(
            kind="beforeFind",
            class_name=query.class_name,
            request=context,
            query=query,
            is_get=is_get,
        )
    )
    if isinstance(answer, Query | ReplacementResults):
        return answer
    return query


async def after_find(
    context: RequestContext, query: Query, page: list[JSONObject], *, is_get: bool = False
) -> list[JSONObject]:
    """Let cloud code change, replace or refuse what was found."""
    triggers = context.backend.triggers
    if not triggers.has("afterFind", query.class_name):
        return page
    answer = await triggers.run(
        FoundEvent(
            kind="afterFind",
            class_name=query.class_name,
            request=context,
            query=query,
            objects=page,
            is_get=is_get,
        )
    )
    return page if answer is None else list(answer)
