"""``create`` and ``update``: the write spine (protocol §9)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from parsepy.backend import RequestContext
from parsepy.errors import ParseError
from parsepy.model import ops
from parsepy.model.permissions import refusal
from parsepy.model.schema import SYSTEM_SHOWN, ClassSchema
from parsepy.model.scope import scope_of
from parsepy.model.values import FieldType, JSONObject, stamp
from parsepy.model.where import Where, by_id
from parsepy.operations import access, class_rules, hooks, save_bodies, save_values, schemas
from parsepy.operations.around import Decision, around_save
from parsepy.operations.class_rules.base import ClassRules
from parsepy.operations.writes import PLAIN, ConditionFailed, Saved, SaveOptions, Write
from parsepy.triggers import CustomResponse


async def create(
    context: RequestContext, class_name: str, body: JSONObject, options: SaveOptions = PLAIN
) -> Saved:
    """Store a new object; raises the refusals of the write pipeline in its order."""
    write, rules = await _begin(context, class_name, body, options)
    has = context.backend.triggers.has
    if has("aroundSave", class_name) or has("beforeSave", class_name):
        await _check_create(write)
        if has("aroundSave", class_name):
            return await _around(
                write, rules, lambda inner, _: _create(inner, rules, body, None), None
            )
        return await _create(write, rules, body, None)
    # Parse: without cloud code before it, a new column is refused before the create is
    new = await _new_columns_of_large(write) if context.is_huge else _new_columns(write)
    await _check_create(write)
    return await _create(write, rules, body, new)


async def create_together(
    context: RequestContext, class_name: str, bodies: Sequence[JSONObject]
) -> list[Saved | Exception]:
    """Store new objects of a class that ``may_create_together``, each for itself, at once.

    For each body, in their order, what ``create`` answers or raises for it.
    """
    outcomes: list[Saved | Exception] = []
    places: list[int] = []
    ready: list[_Ready] = []
    rules, schema, moment = class_rules.of(class_name), None, stamp()
    for body in bodies:
        try:
            write, rules = await _begin(context, class_name, body, PLAIN, schema, moment)
            new = _new_columns(write)
            await _check_create(write)
            ready.append(await _make_ready(write, rules, body, new))
        except Exception as error:  # noqa: BLE001 (each body has an outcome of its own)
            outcomes.append(error)
            schema = None
            continue
        schema = write.schema  # with the columns that this one has brought
        places.append(len(outcomes))
        outcomes.append(_NOT_YET)
    if not ready:
        return outcomes
    rows = [(one.write.schema, one.stored) for one in ready]
    failures = await context.backend.storage.insert_together(class_name, rows)
    for place, one, failure in zip(places, ready, failures, strict=True):
        try:
            if failure is not None:
                raise failure
            outcomes[place] = await _finish(one, rules)
        except ParseError as error:
            outcomes[place] = rules.translate(context, error) if error is failure else error
        except Exception as error:  # noqa: BLE001 (as above)
            outcomes[place] = error
    return outcomes


_NOT_YET = AssertionError("the outcome is not known yet")


def may_create_together(context: RequestContext, class_name: str) -> bool:
    """Is a create of the class nothing but a row, of which nobody wants to hear?"""
    backend = context.backend
    return (
        class_name[:1] != "_"
        and backend.telemetry is None  # which tells of each operation
        and not backend.storage.in_transaction
        and not any(backend.triggers.has(kind, class_name) for kind in _BY_CLOUD_CODE)
        and not hooks.needs_stored(context, class_name)
    )


_BY_CLOUD_CODE = ("aroundSave", "beforeSave", "mayWrite")


async def _begin(
    context: RequestContext,
    class_name: str,
    body: JSONObject,
    options: SaveOptions,
    schema: ClassSchema | None = None,
    moment: str | None = None,
) -> tuple[Write, ClassRules]:
    """A create as its body says it; raises what can be refused without looking at columns.

    ``schema`` and ``moment``: the class and the time, where somebody knows them.
    """
    access.check_internal(context, class_name, "create")
    values = save_bodies.creation(context, class_name, body)
    if context.is_huge:
        await access.check_keywords_of_large(context, body)
    else:
        access.check_keywords(context, body)
    access.check_file_urls(context, body)
    if context.is_large:
        await asyncio.sleep(0)  # others have their turn
    if schema is None:
        schema = schemas.known(context.backend, class_name)
        schema = schema or await schemas.writable(context, class_name)
    rules = class_rules.of(class_name)
    object_id = options.object_id or save_bodies.chosen_id(context, class_name, body)
    write = Write(context, schema, values, object_id, True, moment or stamp(), options)
    if body.get("objectId") == object_id:
        write.chosen_id = object_id
    if rules.has_steps:
        await rules.check(write)
    return write, rules


@dataclass(slots=True)
class _Ready:
    """A create that lacks nothing but the storage: the object, and its relations."""

    write: Write
    relations: JSONObject
    stored: JSONObject


async def _create(
    write: Write, rules: ClassRules, body: JSONObject, new: Mapping[str, FieldType] | None
) -> Saved:
    """Make a create whose caller may make it: beforeSave to afterSave.

    ``new`` are the columns that the class lacks, where no cloud code can change the values.
    """
    context = write.context
    if new is None:
        if context.backend.triggers.has("beforeSave", write.class_name):
            answered = await _before_save(write, None)
            if answered is not None:
                return answered
        new = await _new_columns_of_large(write) if context.is_huge else _new_columns(write)
    if context.is_large:
        await asyncio.sleep(0)
    ready = await _make_ready(write, rules, body, new)
    if context.is_large:
        await asyncio.sleep(0)
    try:
        await context.backend.storage.insert(write.schema, ready.stored, is_large=context.is_huge)
    except ParseError as error:
        raise rules.translate(context, error) from error
    return await _finish(ready, rules)


async def _make_ready(
    write: Write, rules: ClassRules, body: JSONObject, new: Mapping[str, FieldType]
) -> _Ready:
    """Add new columns, and make of the values what is stored."""
    context, class_name = write.context, write.schema.name
    if new:
        save_values.check_new(write, new)
        write.schema = await schemas.add_columns(context, write.schema, new)
    if class_name[:1] == "_":
        save_values.check_system_columns(write)
    relations = save_values.split_relations(write)
    save_values.start(write)
    save_values.fill(write)
    if rules.has_steps:
        await rules.prepare(write)
    created_at = updated_at = write.stamp
    if context.principal.is_maintenance:
        created_at, updated_at = save_bodies.stamps(write, body)
    if context.is_answered:
        hooks.announce(context, class_name, write.object_id)
    stored = {
        **write.values,
        "objectId": write.object_id,
        "createdAt": created_at,
        "updatedAt": updated_at,
    }
    return _Ready(write, relations, stored)


async def _finish(ready: _Ready, rules: ClassRules) -> Saved:
    """What follows when an object is stored, and its answer."""
    write, relations = ready.write, ready.relations
    context, object_id = write.context, write.object_id
    created_at, updated_at = ready.stored["createdAt"], ready.stored["updatedAt"]
    if relations:
        await save_values.relate(write, relations)
    if rules.has_steps:
        await rules.after_save(write)
    replacement = None
    if hooks.needs_stored(context, write.schema.name):
        stored = hooks.created(write, created_at, updated_at)
        replacement = await hooks.after_save(write, stored, None)
    shown = save_values.shown(write, write.echo)
    answer = {"objectId": object_id, "createdAt": created_at, **shown}
    saved = Saved(object_id, answer, 201, has_location=True, replacement=replacement)
    if write.options.wants_stored and _may_tell_stored(write):
        saved.stored = ready.stored
    return saved


async def update(
    context: RequestContext,
    class_name: str,
    object_id: str,
    body: JSONObject,
    options: SaveOptions = PLAIN,
) -> Saved:
    """Change an object; OBJECT_NOT_FOUND if it is not there or not the caller's to write.

    Raises ``ConditionFailed`` if the condition of ``options`` does not hold; then nothing is
    stored.
    """
    access.check_internal(context, class_name, "update")
    known = schemas.known(context.backend, class_name)
    schema = known or await schemas.writable(context, class_name)
    rules = class_rules.of(class_name)
    values = save_bodies.changes(context, class_name, object_id, body)
    if context.is_huge:
        await access.check_keywords_of_large(context, body)
    else:
        access.check_keywords(context, body)
    access.check_file_urls(context, body)
    if context.is_large:
        await asyncio.sleep(0)
    write = Write(context, schema, values, object_id, False, stamp(), options)
    if rules.has_steps:
        await rules.check(write)
    original = None
    if hooks.needs_original(context, class_name):
        original = await _original(write, rules)
        if context.backend.triggers.has("aroundSave", class_name):
            make = partial(_update, rules=rules)
            return await _around(write, rules, make, original)
    return await _update(write, original, rules)


async def _update(write: Write, original: JSONObject | None, rules: ClassRules) -> Saved:
    """Make an update of an object that the caller may write: beforeSave to afterSave."""
    context, schema, class_name = write.context, write.schema, write.schema.name
    object_id, condition = write.object_id, write.options.condition
    if original is not None and context.backend.triggers.has("beforeSave", class_name):
        answered = await _before_save(write, original)
        if answered is not None:
            return answered
    if context.is_huge:
        types = await asyncio.to_thread(schemas.check_types, context, schema, write.values)
    else:
        types = schemas.check_types(context, schema, write.values)
    new, narrowing = types
    if context.is_large:
        await asyncio.sleep(0)
    if write.is_opened:
        scope = hooks.readable(scope_of(schema, "update", context.principal))
    else:
        scope = scope_of(schema, "update", context.principal, narrowing)
    if scope.is_nothing:
        raise rules.not_found(context)
    longest = save_values.check_operations(write)
    if new:
        save_values.check_new(write, new)
        write.schema = await schemas.add_columns(context, schema, new)
    relations = save_values.split_relations(write)
    save_values.check_kept(write)
    if rules.has_steps:
        await rules.prepare(write)
    write.values["updatedAt"] = write.stamp
    is_wanted = hooks.needs_stored(context, class_name)
    if context.is_answered:
        hooks.announce(context, class_name, object_id)
    if context.is_large:
        await asyncio.sleep(0)
    returning: frozenset[str] | None = None
    if not is_wanted:
        returning = save_values.echoed(write.values)
        if write.options.wants_stored:
            returning = _told(write, returning)
    try:
        stored = await context.backend.storage.update(
            write.schema,
            (by_id(object_id), *condition),
            write.values,
            scope,
            returning=returning,
            internal=context.principal.is_maintenance and not is_wanted,
            mount_url=context.mount_url,
            longest=longest,
            is_large=context.is_huge,
        )
    except ParseError as error:
        raise rules.translate(context, error) from error
    if stored is None:
        if longest and await context.backend.storage.get(schema, object_id, scope):
            raise save_values.too_much_work(write)
        if condition and await context.backend.storage.get(schema, object_id, scope):
            raise ConditionFailed(class_name, object_id)
        raise rules.not_found(context)
    if relations:
        await save_values.relate(write, relations)
    if rules.has_steps:
        await rules.after_save(write)
    replacement = await hooks.after_save(write, stored, original) if is_wanted else None
    shown = {**save_values.results(write.values, stored), **write.echo}
    answer = {"updatedAt": write.stamp, **save_values.shown(write, shown)}
    saved = Saved(object_id, answer, replacement=replacement)
    if write.options.wants_stored and _may_tell_stored(write):
        saved.stored = stored
    return saved


def _told(write: Write, echoed: frozenset[str]) -> frozenset[str] | None:
    """The columns that the storage tells of an object, if it is wanted; ``None``: all."""
    columns, permissions = write.options.columns, write.schema.permissions
    getting = permissions.rules.get("get")
    if columns is None or permissions.protected or (getting and getting.pointer_fields):
        return None  # others may decide who reads them
    return columns | echoed


def _may_tell_stored(write: Write) -> bool:
    """Is the state as the storage has told it? Cloud code after a save may change it."""
    has = write.context.backend.triggers.has
    return write.class_name not in class_rules.RULES and not has("afterSave", write.class_name)


def _new_columns(write: Write) -> Mapping[str, FieldType]:
    """Check the types of a create's values; the columns that its class does not have yet."""
    new, narrowing = schemas.check_types(write.context, write.schema, write.values)
    if narrowing:
        # pointer rules tell of an object that is there; a new one can't satisfy them
        raise refusal("addField", write.class_name)
    return new


async def _new_columns_of_large(write: Write) -> Mapping[str, FieldType]:
    """Do what ``_new_columns`` does in a thread, so that others go on meanwhile."""
    return await asyncio.to_thread(_new_columns, write)


async def _check_create(write: Write) -> None:
    """Refuse who may not create in this class, unless cloud code opens this one create."""
    context = write.context
    try:
        write.schema.permissions.decide(write.schema.name, "create", context.principal)
    except ParseError:
        if not context.backend.triggers.has("mayWrite", write.class_name):
            raise
        if not await hooks.opens(context, write.schema, None, write.values):
            raise


async def _original(write: Write, rules: ClassRules) -> JSONObject:
    """The object as it is, if the caller may change it: before cloud code hears of it (§9)."""
    context, schema = write.context, write.schema
    scope = scope_of(schema, "update", context.principal)
    found = await context.backend.storage.get(
        schema, write.object_id, scope, mount_url=write.context.mount_url
    )
    if found is None:
        found = await hooks.opened(context, schema, write.object_id, scope, write.values)
        write.is_opened = found is not None
    if found is None:
        raise rules.not_found(context)
    return found


async def _before_save(write: Write, original: JSONObject | None) -> Saved | None:
    """Let cloud code look at the values; what it changes goes the same way as a body's."""
    answer = await hooks.before_save(write, original)
    if isinstance(answer, CustomResponse):
        object_id = "" if write.is_create else write.object_id
        return Saved(object_id, answer.content, answer.status, is_finished=True)
    if answer is not None:
        _take_changes(write, answer)
        for name in SYSTEM_SHOWN.get(write.class_name, ()):
            known = write.values.get(name, (original or {}).get(name))
            if isinstance(known, str):
                write.echo[name] = known
    return None


def _take_changes(write: Write, changes: JSONObject) -> None:
    """Write what cloud code made of the values; the answer shows what it set."""
    before = write.values
    write.values, fresh = save_bodies.changed(write, changes)
    access.check_keywords(write.context, fresh)
    for name, value in fresh.items():
        if name in before and before[name] == value:
            continue
        # the results of operations come later
        if not isinstance(value, dict) or "__op" not in value or ops.is_delete(value):
            write.echo[name] = value


async def _around(
    write: Write,
    rules: ClassRules,
    make: Callable[[Write, JSONObject | None], Awaitable[Saved]],
    original: JSONObject | None,
) -> Saved:
    """Let cloud code stand around a save; ``make`` makes it, each time of a write of its own.

    It is given the original: as it was read, or as cloud code has read it again meanwhile.
    """

    async def again() -> JSONObject | None:
        nonlocal original
        if not write.is_create:
            write.is_opened = False
            original = await _original(write, rules)
        return original

    async def proceed(changes: JSONObject | None, condition: Where, as_master: bool) -> Saved:
        # the moment of the write, not of the request, which may have waited for a lock
        inner = write.again()
        if as_master:
            inner.context = write.context.as_master()
        if condition:
            both = (*write.options.condition, *condition)
            inner.options = replace(write.options, condition=both)
        if changes is not None:
            _take_changes(inner, changes)
        saved = await make(inner, original)
        if as_master and not saved.is_finished:  # the answer is for the caller's eyes
            saved.answer = save_values.shown(write, saved.answer)
        return saved

    decision: Decision[Saved] = await around_save(write, original, proceed, _answer_of, again)
    response, saved = decision.response, decision.outcome
    if response is None:
        assert saved is not None
        saved.stored = None  # cloud code may have changed it since
        return saved
    if saved is not None:  # as an afterSave does, it answers for what was stored
        return replace(saved, replacement=response.content)
    object_id = "" if write.is_create else write.object_id
    return Saved(object_id, response.content, response.status, is_finished=True)


def _answer_of(saved: Saved) -> JSONObject:
    """The object as far as the answer of a save shows it; nothing if none was stored."""
    return {} if saved.is_finished else {**saved.answer, "objectId": saved.object_id}
