"""Remove from objects what the caller may not see: protected fields, and what class rules hide.

Every way out passes here, so that none can do half of it.
"""

from collections.abc import Iterable, Sequence

from parsepy.backend import RequestContext
from parsepy.model import credentials
from parsepy.model.permissions import drop_hidden
from parsepy.model.schema import ClassSchema
from parsepy.model.values import JSONObject
from parsepy.operations.class_rules import RULES

_NO_COLUMNS: frozenset[str] = frozenset()


def redact(
    context: RequestContext,
    schema: ClassSchema,
    objects: Sequence[JSONObject],
    *,
    for_trigger: bool = False,
) -> None:
    """Remove what is hidden from the caller from each object, in place (protocol §12.5).

    ``for_trigger``: what class rules hide from the caller is told, but for secrets.
    """
    principal = context.principal
    hidden, by_field = schema.permissions.hidden_from(principal)
    if hidden or by_field:
        shown: Iterable[JSONObject] = objects
        exempt = context.config.protected_fields_owner_exempt
        if schema.name == "_User" and principal.user_id and exempt:
            shown = [item for item in objects if item.get("objectId") != principal.user_id]
        drop_hidden(shown, hidden, by_field, principal.user_id)
    rules = RULES.get(schema.name)
    if rules is not None:
        for item in objects:
            if for_trigger:
                rules.mask(context, item)
            else:
                rules.redact(context, item)
    if principal.is_read_only:
        credentials.withhold(schema.name, objects)


def hides_nothing(context: RequestContext, schema: ClassSchema) -> bool:
    """May the caller see all of every object of the class that they may read?"""
    return schema.name not in RULES and not schema.permissions.hidden_fields(context.principal)


def redacted(context: RequestContext, schema: ClassSchema, item: JSONObject) -> JSONObject:
    """The object as the caller may see it: itself if nothing can be hidden, else a copy."""
    if hides_nothing(context, schema):
        return item
    shown = dict(item)
    redact(context, schema, (shown,))
    return shown


def told(context: RequestContext, schema: ClassSchema, item: JSONObject) -> JSONObject:
    """The object as a trigger may see it: itself if nothing can be hidden, else a copy.

    Parse: protected fields are hidden as from the caller, what class rules hide is told.
    """
    if schema.name not in RULES and not schema.permissions.hidden_fields(context.principal):
        return item
    shown = dict(item)
    redact(context, schema, (shown,), for_trigger=True)
    return shown


def redact_included(
    context: RequestContext, class_name: str, objects: Iterable[JSONObject]
) -> None:
    """Remove what others' objects may not show of those that they include (protocol §10.3)."""
    rules = RULES.get(class_name)
    if rules is not None:
        for item in objects:
            rules.redact_included(context, item)


def deciding_columns(context: RequestContext, schema: ClassSchema) -> frozenset[str]:
    """The user fields by which ``redact`` decides what of an object is hidden."""
    _, by_field = schema.permissions.hidden_from(context.principal)
    return frozenset(name for name, _ in by_field) if by_field else _NO_COLUMNS
