"""``create`` and ``update``: the write spine (protocol §9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model import acl, ops
from parsepy.model.permissions import refusal
from parsepy.model.schema import SYSTEM_REQUIRED
from parsepy.model.scope import EVERYTHING, scope_of
from parsepy.model.values import (
    MAX_DEPTH,
    STRING,
    FieldType,
    JSONObject,
    check_nested,
    from_iso,
    is_position,
    new_id,
    stamp,
    to_iso,
    type_of,
)
from parsepy.model.where import Where, by_id
from parsepy.operations import access, class_rules, hooks, schemas
from parsepy.operations.class_rules.base import ClassRules, Write
from parsepy.operations.class_rules.user import default_acl
from parsepy.operations.redaction import redact
from parsepy.triggers import CustomResponse

_EMPTY = (None, "")
_LAST_POSITION = 9999
# what a body may bring, since SDKs send objects back as they came, and what is not taken from it
_IGNORED = ("objectId", "createdAt", "updatedAt", "className", "__type")


@dataclass(slots=True)
class Saved:
    """The answer of a save: the object's id, and what the client is told.

    ``values`` is the stored state, as far as it was read. ``replaced`` is an afterSave's answer
    in place of ours; ``finished``: a beforeSave gave ``answer``, and nothing was stored.
    """

    object_id: str
    answer: JSONObject
    values: JSONObject
    replaced: Any = None
    finished: bool = False
    status: int = 200

    @property
    def told(self) -> Any:
        """The answer for the client."""
        return self.answer if self.replaced is None else self.replaced


class ConditionFailed(ParseError):
    """A conditional save met an object of which its condition does not hold (any more)."""

    def __init__(self, class_name: str, object_id: str) -> None:
        super().__init__(
            Code.VALIDATION_ERROR,
            f"The condition of this save does not hold for {class_name} {object_id}.",
        )


async def create(
    context: RequestContext,
    class_name: str,
    body: JSONObject,
    facts: dict[str, Any] | None = None,
) -> Saved:
    """Store a new object.

    ``facts`` is what a caller above the spine knows of this write: ``auth_data`` (a sign-up
    that providers vouch for), ``object_id`` (the id that it shall have).
    Raises the refusals of the write pipeline in its order.
    """
    access.check_internal(context, class_name, "create")
    values = _creation(context, class_name, body)
    access.check_keywords(context, body)
    access.check_file_urls(context, body)
    schema = await schemas.writable(context, class_name)
    rules = class_rules.of(class_name)
    facts = facts or {}
    object_id = facts.get("object_id") or _chosen_id(context, class_name, body)
    write = Write(context, schema, values, object_id, True, stamp(), facts=facts)
    await rules.check(write)
    hooked = context.backend.triggers.has("beforeSave", class_name)
    if hooked:
        await _check_create(write)
        answered = await _before_save(write, None)
        if answered is not None:
            return answered
    new, narrowing = schemas.check_types(context, schema, write.values)
    if narrowing:
        # pointer rules tell of an object that is there; a new one can't satisfy them
        raise refusal("addField", class_name)
    if not hooked:
        await _check_create(write)
    _check_new(write, new)
    write.schema = await schemas.add_columns(context.backend, schema, new)
    _check_system_columns(write)
    relations = _split_relations(write)
    _initial_values(write)
    _fill(write)
    await rules.prepare(write)
    created_at, updated_at = _stamps(write, body)
    try:
        await context.backend.storage.insert(
            write.schema,
            {
                **write.values,
                "objectId": write.object_id,
                "createdAt": created_at,
                "updatedAt": updated_at,
            },
        )
    except ParseError as error:
        raise rules.translate(context, error) from error
    await _relate(write, relations)
    await rules.after_save(write)
    stored, replaced = write.values, None
    if hooks.needs_stored(context, class_name):
        stored = hooks.created(write, created_at, updated_at)
        replaced = await hooks.after_save(write, stored, None)
    answer = {"objectId": write.object_id, "createdAt": created_at, **_shown(write, write.echo)}
    return Saved(write.object_id, answer, stored, replaced)


async def update(
    context: RequestContext,
    class_name: str,
    object_id: str,
    body: JSONObject,
    facts: dict[str, Any] | None = None,
) -> Saved:
    """Change an object; OBJECT_NOT_FOUND if it is not there or not the caller's to write.

    With ``facts["condition"]``, a parsed where, it changes only while that holds; raises
    ``ConditionFailed`` otherwise, and nothing is stored.
    """
    access.check_internal(context, class_name, "update")
    schema = await schemas.writable(context, class_name)
    rules = class_rules.of(class_name)
    values = _changes(context, class_name, object_id, body)
    access.check_keywords(context, body)
    access.check_file_urls(context, body)
    write = Write(context, schema, values, object_id, False, stamp(), facts=facts or {})
    await rules.check(write)
    original = None
    if hooks.needs_original(context, class_name):
        original = await _original(write, rules)
        if context.backend.triggers.has("beforeSave", class_name):
            answered = await _before_save(write, original)
            if answered is not None:
                return answered
    new, narrowing = schemas.check_types(context, schema, write.values)
    scope = EVERYTHING
    if not write.facts.get("opened"):
        scope = scope_of(schema, "update", context.principal, narrowing)
    if scope.is_nothing:
        raise rules.not_found(context)
    for value in write.values.values():
        op = ops.op_of(value)
        if op is not None:
            op.check(value)
    _check_new(write, new)
    write.schema = await schemas.add_columns(context.backend, schema, new)
    relations = _split_relations(write)
    _check_required(write)
    await rules.prepare(write)
    write.values["updatedAt"] = write.stamp
    condition: Where = write.facts.get("condition", ())
    is_told = hooks.needs_stored(context, class_name)
    try:
        stored = await context.backend.storage.update(
            write.schema,
            (by_id(object_id), *condition),
            write.values,
            scope,
            returning=None if is_told else _echoed(write.values),
            mount_url=context.mount_url,
        )
    except ParseError as error:
        raise rules.translate(context, error) from error
    if stored is None:
        if condition and await context.backend.storage.get(schema, object_id, scope):
            raise ConditionFailed(class_name, object_id)
        raise rules.not_found(context)
    await _relate(write, relations)
    await rules.after_save(write)
    replaced = await hooks.after_save(write, stored, original) if is_told else None
    told = {**_op_results(write.values, stored), **write.echo}
    answer = {"updatedAt": write.stamp, **_shown(write, told)}
    return Saved(object_id, answer, stored, replaced)


async def _check_create(write: Write) -> None:
    """Refuse who may not create in this class, unless cloud code opens this one create."""
    context = write.context
    try:
        write.schema.permissions.decide(write.class_name, "create", context.principal)
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
        write.facts["opened"] = found is not None
    if found is None:
        raise rules.not_found(context)
    return found


async def _before_save(write: Write, original: JSONObject | None) -> Saved | None:
    """Let cloud code look at the values; what it changes goes the same way as a body's."""
    context, before = write.context, dict(write.values)
    answer = await hooks.before_save(write, original)
    if isinstance(answer, CustomResponse):
        object_id = "" if write.is_create else write.object_id
        return Saved(object_id, answer.content, {}, finished=True, status=answer.status)
    if answer is None:
        return None
    if write.is_create:
        write.values = _creation(context, write.class_name, answer)
    else:
        write.values = _changes(context, write.class_name, write.object_id, answer)
    access.check_keywords(context, write.values)
    for name, value in write.values.items():
        if (name not in before or before[name] != value) and _is_told(value):
            write.echo[name] = value
    return None


def _is_told(value: Any) -> bool:
    """Is a value that cloud code set told as it is? The results of operations are told later."""
    return not (isinstance(value, dict) and "__op" in value) or ops.is_delete(value)


def _shown(write: Write, told: JSONObject) -> JSONObject:
    """What the answer tells of the object, without what a find would hide, if so configured."""
    if told and not write.context.config.protected_fields_save_response_exempt:
        item = {**told, "objectId": write.object_id}
        redact(write.context, write.schema, [item])
        return {name: value for name, value in told.items() if name in item}
    return told


# --- the body -----------------------------------------------------------------------------------


def _creation(context: RequestContext, class_name: str, body: JSONObject) -> JSONObject:
    """The columns of a create's body; dotted keys become nested objects."""
    custom = context.config.allow_custom_object_id
    if custom:
        if "objectId" in body and not body["objectId"]:
            raise ParseError(
                Code.MISSING_OBJECT_ID, "objectId must not be empty, null or undefined"
            )
    elif body.get("objectId"):
        raise ParseError(Code.INVALID_KEY_NAME, "objectId is an invalid field name.")
    if body.get("id"):
        raise ParseError(Code.INVALID_KEY_NAME, "id is an invalid field name.")
    values: JSONObject = {}
    for name, value in body.items():
        if name in _IGNORED:
            continue
        _check_name(name)
        if name == "ACL":
            _put_acl(context, class_name, None, values, value)
        elif "." in name:
            _put_nested(values, name, value)
        else:
            values[name] = value
    return values


def _changes(
    context: RequestContext, class_name: str, object_id: str, body: JSONObject
) -> JSONObject:
    """The columns of an update's body; the server's own are ignored."""
    values: JSONObject = {}
    for name, value in body.items():
        if name in _IGNORED:
            continue
        _check_name(name)
        if name == "ACL":
            _put_acl(context, class_name, object_id, values, value)
        elif "." in name and not _is_path(name):
            raise ParseError(Code.INVALID_KEY_NAME, f"Invalid field name for update: {name}")
        else:
            values[name] = value
    return values


def _is_path(name: str) -> bool:
    """May an update reach into a column by this dotted key?"""
    parts = name.split(".")
    return parts[0] != "authData" and len(parts) <= MAX_DEPTH and not any(map(_is_far, parts))


def _is_far(part: str) -> bool:
    """Is this an array position so high that MongoDB would fill the way there with nulls?"""
    return is_position(part) and (len(part) > 5 or int(part) > _LAST_POSITION)


def _check_name(name: str) -> None:
    """Refuse a key that can be no column before anything is looked at."""
    if not name or name[0] == "_" or name[0] == "." or "\0" in name or "$" in name:
        raise ParseError(Code.INVALID_KEY_NAME, f"Invalid field name: {name}.")


def _put_acl(
    context: RequestContext,
    class_name: str,
    object_id: str | None,
    values: JSONObject,
    value: Any,
) -> None:
    if value is None:
        return  # Parse: a null ACL changes nothing
    if isinstance(value, dict) and "__op" in value and not ops.is_delete(value):
        raise ParseError(Code.INVALID_ACL, "Invalid ACL.")
    if ops.is_delete(value):
        # Parse: unsetting an ACL locks the object for all but the master key; turning it
        # public instead would be a silent leak
        context.backend.log.warning(
            "the ACL of %s %s was unset: only the master key reaches it now",
            class_name,
            object_id or "(new)",
        )
        value = {}
    values["ACL"] = acl.clean(value)


def _put_nested(values: JSONObject, path: str, value: Any) -> None:
    parts = path.split(".")
    # authData and the ACL have checks of their own, which a dotted key must not pass by
    if "" in parts or parts[0] in ("authData", "ACL"):
        raise ParseError(Code.INVALID_KEY_NAME, f"Invalid field name: {path}.")
    inner = values
    for part in parts[:-1]:
        inner = inner.setdefault(part, {})
        if not isinstance(inner, dict):
            raise ParseError(Code.INVALID_KEY_NAME, f"Invalid field name: {path}.")
    inner[parts[-1]] = value


def _chosen_id(context: RequestContext, class_name: str, body: JSONObject) -> str:
    config = context.config
    chosen = body.get("objectId") if config.allow_custom_object_id else None
    if chosen is None:
        return new_id(config.object_id_size)
    if not isinstance(chosen, str):
        raise schemas.mismatch(class_name, "objectId", STRING, type_of(chosen) or "null")
    if chosen.startswith("role:"):
        # an id like a role's ACL name would hold that role's rights
        raise ParseError(Code.OPERATION_FORBIDDEN, "Invalid object ID.")
    return chosen


def _stamps(write: Write, body: JSONObject) -> tuple[str, str]:
    """createdAt and updatedAt of a new object; the maintenance key may say them (§7.5)."""
    if not write.context.principal.is_maintenance:
        return write.stamp, write.stamp
    given = []
    for name in ("createdAt", "updatedAt"):
        value = body.get(name)
        moment = from_iso(value.get("iso")) if isinstance(value, dict) else None
        given.append(to_iso(moment) if moment is not None else None)
    created_at, updated_at = given
    if created_at is None:
        return write.stamp, write.stamp
    if updated_at is not None and updated_at < created_at:
        raise ParseError(Code.VALIDATION_ERROR, "updatedAt cannot occur before createdAt")
    return created_at, updated_at or created_at


# --- values -------------------------------------------------------------------------------------


def _check_new(write: Write, new: Mapping[str, FieldType]) -> None:
    """Refuse what the storage would refuse, before it leaves a column behind."""
    if not new:
        return
    for name, value in write.values.items():
        kind = new.get(name.partition(".")[0])
        op = ops.op_of(value)
        if op is not None and write.is_create:
            value = op.initial(value)
        elif op is not None:
            value = value.get("objects")
        if kind is not None and kind.name in ("Object", "Array"):
            check_nested(value)


def _check_system_columns(write: Write) -> None:
    for name in SYSTEM_REQUIRED.get(write.class_name, ()):
        value = write.values.get(name)
        if value in _EMPTY or ops.is_delete(value):
            raise ParseError(Code.INCORRECT_TYPE, f"{name} is required.")


def _split_relations(write: Write) -> JSONObject:
    """Take relation operations out of the values: they write join rows, not columns."""
    relations: JSONObject = {}
    for name, value in list(write.values.items()):
        op = ops.op_of(value)
        if op is not None and op.is_relation:
            relations[name] = write.values.pop(name)
        elif type(value) is dict and value.get("__type") == "Relation":
            del write.values[name]
    return relations


def _initial_values(write: Write) -> None:
    """Turn the operations of a create into the values that they start with."""
    for name, value in list(write.values.items()):
        op = ops.op_of(value)
        if op is None:
            continue
        if value["__op"] == "Delete":
            if write.schema.defaults.get(name) is None:
                del write.values[name]
            continue
        write.values[name] = op.initial(value)
        if op.echoes:
            write.echo[name] = write.values[name]


def _fill(write: Write) -> None:
    """Defaults for what is missing, the class's default ACL, and required columns."""
    schema, values = write.schema, write.values
    if "ACL" not in values and schema.permissions.default_acl is not None:
        defaulted = default_acl(schema.permissions.default_acl, write.context.principal.user_id)
        if schema.permissions.default_acl != {"*": {"read": True, "write": True}}:
            values["ACL"] = defaulted
            write.echo["ACL"] = defaulted
    if not schema.has_constraints:
        return
    for name, default in schema.defaults.items():
        value = values.get(name, _MISSING)
        if value is _MISSING or ops.is_delete(value):
            values[name] = default
            write.echo[name] = default
    for name in schema.required:
        if values.get(name) in _EMPTY:
            raise ParseError(Code.VALIDATION_ERROR, f"{name} is required")


_MISSING: Any = object()


def _check_required(write: Write) -> None:
    """A required column of an update may not be emptied; one with a default gets it back."""
    schema, values = write.schema, write.values
    for name in SYSTEM_REQUIRED.get(write.class_name, ()):
        if name in values and ops.is_delete(values[name]):
            raise ParseError(Code.INCORRECT_TYPE, f"{name} is required.")
    for name in schema.required:
        if name not in values:
            continue
        deleted = ops.is_delete(values[name])
        if deleted and name in schema.defaults:
            values[name] = schema.defaults[name]
            write.echo[name] = values[name]
        elif deleted or values[name] in _EMPTY:
            raise ParseError(Code.VALIDATION_ERROR, f"{name} is required")


async def _relate(write: Write, relations: JSONObject) -> None:
    storage = write.context.backend.storage
    for name, op in relations.items():
        for is_addition, ids in ops.relation_changes(op):
            change = storage.add_related if is_addition else storage.remove_related
            await change(write.class_name, name, write.object_id, ids)


def _echoed(values: JSONObject) -> frozenset[str]:
    """The columns whose new state the answer tells."""
    return frozenset(
        name.partition(".")[0]
        for name, value in values.items()
        if (op := ops.op_of(value)) is not None and op.echoes
    )


def _op_results(values: JSONObject, stored: JSONObject) -> JSONObject:
    """The resulting value of each operation of an update (protocol §5)."""
    results: JSONObject = {}
    for name, value in values.items():
        op = ops.op_of(value)
        if op is None or not op.echoes:
            continue
        root, _, rest = name.partition(".")
        if rest:
            _copy_path(results, stored, name.split("."))
        elif root in stored:
            results[root] = stored[root]
    return results


def _copy_path(results: JSONObject, stored: Any, path: list[str]) -> None:
    """Copy the value at a dotted path, with nothing beside it."""
    value = stored
    for part in path:
        if isinstance(value, list):
            value = value[int(part)] if is_position(part) and int(part) < len(value) else None
        else:
            value = value.get(part) if isinstance(value, dict) else None
    inner = results
    for part in path[:-1]:
        inner = inner.setdefault(part, {})
    inner[path[-1]] = value
