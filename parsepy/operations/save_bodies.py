"""From the body of a save to the columns that it writes: names, ACL, dotted keys, id and stamps."""

from typing import Any

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model import acl, ops
from parsepy.model.bounds import save_exceeds
from parsepy.model.schema import INTERNAL_COLUMNS
from parsepy.model.values import (
    DATE,
    LAST_POSITION,
    MAX_DEPTH,
    STRING,
    JSONObject,
    check_nested,
    from_iso,
    is_position,
    new_id,
    to_iso,
    type_of,
)
from parsepy.operations import schemas
from parsepy.operations.writes import Write

# what a body may bring, since SDKs send objects back as they came, and what is not taken from it
_FEW = 50  # so many keys are not counted by what they are
_LONG = 20
_STAMPS = ("createdAt", "updatedAt")
_IGNORED = ("objectId", *_STAMPS, "className", "__type")


def creation(context: RequestContext, class_name: str, body: JSONObject) -> JSONObject:
    """The columns of a create's body; dotted keys become nested objects (protocol §7.5).

    Raises INVALID_KEY_NAME, MISSING_OBJECT_ID, INVALID_ACL.
    """
    if context.backend.config.allow_custom_object_id:
        if "objectId" in body and not body["objectId"]:
            raise ParseError(
                Code.MISSING_OBJECT_ID, "objectId must not be empty, null or undefined"
            )
    elif body.get("objectId"):
        raise ParseError(Code.INVALID_KEY_NAME, "objectId is an invalid field name.")
    if body.get("id"):
        raise ParseError(Code.INVALID_KEY_NAME, "id is an invalid field name.")
    if len(body) > _FEW or context.is_large:
        _check_number(context, body)
    values: JSONObject = {}
    for name, value in body.items():
        if name in _IGNORED:
            if name in _STAMPS:
                _check_stamp(context, class_name, name, value)
            continue
        if not name.isalnum():
            _check_column(context, class_name, name, value)
        if name == "ACL":
            _put_acl(context, class_name, None, values, value)
        elif "." in name:
            _put_nested(values, name, value)
        else:
            values[name] = value
    return values


def changes(
    context: RequestContext, class_name: str, object_id: str, body: JSONObject
) -> JSONObject:
    """The columns of an update's body; the server's own are ignored.

    Raises INVALID_KEY_NAME, INVALID_ACL.
    """
    if len(body) > _FEW or context.is_large:
        _check_number(context, body)
    values: JSONObject = {}
    for name, value in body.items():
        if name in _IGNORED:
            if name in _STAMPS:
                _check_stamp(context, class_name, name, value)
            continue
        if not name.isalnum():
            _check_column(context, class_name, name, value)
        if name == "ACL":
            _put_acl(context, class_name, object_id, values, value)
        elif "." in name and not _is_path(name):
            raise ParseError(Code.INVALID_KEY_NAME, f"Invalid field name for update: {name}")
        else:
            values[name] = value
    return values


def changed(write: Write, body: JSONObject) -> tuple[JSONObject, JSONObject]:
    """The columns of a write whose body cloud code has changed, and those among them that are new.

    The others are the very values of before, which have been checked. Raises as ``creation`` and
    ``changes``.
    """
    context, before, given = write.context, write.values, body
    is_plain = len(body) <= _FEW and not context.is_large and "." not in "".join(body)
    if is_plain:  # else the keys are looked at together
        given = {n: v for n, v in body.items() if n not in before or before[n] is not v}
    if write.is_create:
        fresh = creation(context, write.class_name, given)
    else:
        fresh = changes(context, write.class_name, write.object_id, given)
    if not is_plain:
        return fresh, fresh
    known, ignored = {**before, **fresh}, given.keys() - fresh.keys()
    return {name: known[name] for name in body if name not in ignored}, fresh


def _check_number(context: RequestContext, body: JSONObject) -> None:
    """Refuse more keys than a class has columns, many dotted ones, and endless names.

    MongoDB's time for an update grows with the square of its dotted keys. Raises
    OBJECT_TOO_LARGE and INVALID_KEY_NAME.
    """
    bounds = context.bounds
    if len(body) > bounds.columns_per_class + bounds.dotted_keys:
        raise save_exceeds("columns", bounds.columns_per_class)
    if any(len(name) > _LONG * bounds.column_name_length for name in body):
        # longer than any path into a column that may be there
        raise ParseError(Code.INVALID_KEY_NAME, "Invalid field name: it is too long.")
    if sum("." in name for name in body) > bounds.dotted_keys:
        raise save_exceeds("dotted keys", bounds.dotted_keys)


def _check_name(name: str) -> None:
    """Refuse a key that can be no column before anything is looked at."""
    if not name or name[0] == "_" or name[0] == "." or "\0" in name or "$" in name:
        raise ParseError(Code.INVALID_KEY_NAME, f"Invalid field name: {name}.")


def _is_internal(context: RequestContext, class_name: str, name: str) -> bool:
    """Is this a column of the server's own, which the caller may write?"""
    return context.principal.is_maintenance and name in INTERNAL_COLUMNS.get(class_name, ())


def _check_column(context: RequestContext, class_name: str, name: str, value: Any) -> None:
    """Refuse what can be no column, and a value that does not fit one of the server's own."""
    if not _is_internal(context, class_name, name):
        _check_name(name)
        return
    wanted, found = INTERNAL_COLUMNS[class_name][name], ops.column_type(value)
    if found is not None and found != wanted:
        raise schemas.mismatch(class_name, name, wanted, found)
    check_nested(value)


def _check_stamp(context: RequestContext, class_name: str, name: str, value: Any) -> None:
    """Refuse a time of another type, which an import would lose without a word.

    As text it comes with objects that are sent back as they were read: it is ignored, but not
    of the maintenance key, which sets times.
    """
    if isinstance(value, str) and not context.principal.is_maintenance and from_iso(value):
        return
    found = ops.column_type(value)
    if found is not None and found != DATE:
        raise schemas.mismatch(class_name, name, DATE, found)


def _is_path(name: str) -> bool:
    """May an update reach into a column by this dotted key?"""
    parts = name.split(".")
    return parts[0] != "authData" and len(parts) <= MAX_DEPTH and not any(map(_is_far, parts))


def _is_far(part: str) -> bool:
    """Is this an array position so high that MongoDB would fill the way there with nulls?"""
    return is_position(part) and (len(part) > 5 or int(part) > LAST_POSITION)


def _put_acl(
    context: RequestContext,
    class_name: str,
    object_id: str | None,
    values: JSONObject,
    value: Any,
) -> None:
    if value is None:
        return  # Parse: a null ACL changes nothing
    if isinstance(value, dict) and "__op" in value:
        if not ops.is_delete(value):
            raise ParseError(Code.INVALID_ACL, "Invalid ACL.")
        # Parse: unsetting an ACL locks the object for all but the master key; turning it
        # public instead would be a silent leak
        context.backend.log.warning(
            "the ACL of %s %s was unset: only the master key reaches it now",
            class_name,
            object_id or "(new)",
        )
        value = {}
    if isinstance(value, dict) and len(value) > context.bounds.acl_entries:
        raise save_exceeds("entries in an ACL", context.bounds.acl_entries)
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


def chosen_id(context: RequestContext, class_name: str, body: JSONObject) -> str:
    """The id of a new object: the client's where ``allowCustomObjectId`` is on, or a new one.

    Raises INCORRECT_TYPE for what is no text, OPERATION_FORBIDDEN for one like a role's name.
    """
    config = context.backend.config
    chosen = body.get("objectId") if config.allow_custom_object_id else None
    if chosen is None:
        return new_id(config.object_id_size)
    if not isinstance(chosen, str):
        raise schemas.mismatch(class_name, "objectId", STRING, type_of(chosen) or "null")
    if chosen.startswith("role:"):
        # an id like a role's ACL name would hold that role's rights
        raise ParseError(Code.OPERATION_FORBIDDEN, "Invalid object ID.")
    return chosen


def stamps(write: Write, body: JSONObject) -> tuple[str, str]:
    """createdAt and updatedAt of a new object; the maintenance key may say them (§7.5).

    Raises VALIDATION_ERROR if the update lies before the creation.
    """
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
