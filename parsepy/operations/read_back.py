"""``read_back``: what a save has just stored, as a get of it would answer, without the get."""

import math
from collections.abc import Sequence
from typing import Any

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.scope import scope_of
from parsepy.model.values import JSONObject
from parsepy.operations import schemas

_EXACT = 2**53
"""Numbers below are stored and read without loss, whatever BSON type they get."""


async def read_back(
    context: RequestContext, class_name: str, state: JSONObject, names: Sequence[str]
) -> JSONObject | None:
    """The columns ``names`` of an object whose ``state`` a save has just told (``Saved.stored``).

    They are what ``find.get`` answers for these ``keys`` with the caller's rights: raises
    OBJECT_NOT_FOUND, and the refusals of the right to get. ``None`` where the object has to be
    read: of a class of the server's own, where cloud code sees reads, where a column is hidden
    from the caller, and for values that may be stored in another form than they were sent.
    """
    has = context.backend.triggers.has
    if class_name[:1] == "_" or has("beforeFind", class_name) or has("afterFind", class_name):
        return None
    known = schemas.known(context.backend, class_name)
    schema = known or await schemas.readable(context, class_name)
    hidden = schema.permissions.hidden_fields(context.principal)
    if not schema.exists or not hidden.isdisjoint(names):
        return None
    found: JSONObject = {}
    for name in names:
        if name == "ACL" or name in schema.relations or "." in name:
            return None
        value = state.get(name)
        if value is not None:
            found[name] = value = _as_read(value)
            if value is None:
                return None
    if not scope_of(schema, "get", context.principal).allows(state):
        raise ParseError(Code.OBJECT_NOT_FOUND, "Object not found.")
    return found


def _as_read(value: Any) -> Any:
    """A text, truth value or number as it is read again; ``None`` for any other value."""
    kind = value.__class__
    if kind is str or kind is bool:
        return value
    if kind is int:
        return value if -_EXACT < value < _EXACT else None
    if kind is not float or not math.isfinite(value):
        return None
    if not value.is_integer():
        return value
    return int(value) if -_EXACT < value < _EXACT else None
