"""``delete``: the delete spine (protocol §11)."""

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.schema import is_class_name
from parsepy.model.scope import EVERYTHING, scope_of
from parsepy.model.values import JSONObject
from parsepy.model.where import Where, by_id
from parsepy.operations import access, class_rules, hooks, schemas
from parsepy.operations.around import around_delete
from parsepy.operations.writes import ConditionFailed
from parsepy.triggers import CustomResponse


async def delete(context: RequestContext, class_name: str, object_id: str) -> CustomResponse | None:
    """Delete an object; the answer that an aroundDelete gave, if it gave one.

    Raises OBJECT_NOT_FOUND if the object is not there or not the caller's to delete.
    """
    access.check_internal(context, class_name, "delete")
    if not is_class_name(class_name):
        raise ParseError(Code.OBJECT_NOT_FOUND, "Object not found.")
    schema = await schemas.existing(context.backend, class_name)
    rules = class_rules.of(class_name)
    await rules.check_delete(context, object_id)
    storage = context.backend.storage
    scope = scope_of(schema, "delete", context.principal)
    doomed: JSONObject | None = None
    allowed = scope

    async def look() -> JSONObject:
        """The object as it is, if the caller may delete it."""
        nonlocal doomed, allowed
        allowed = scope
        doomed = await storage.get(schema, object_id, scope, mount_url=context.mount_url)
        if doomed is None:
            doomed = await hooks.opened(context, schema, object_id, scope, None)
            allowed = hooks.readable(scope)
        if doomed is None:
            raise ParseError(Code.OBJECT_NOT_FOUND, "Object not found for delete.")
        return doomed

    if hooks.needs_doomed(context, class_name):
        await look()

    async def proceed(condition: Where, as_master: bool) -> bool:
        """Make a deletion that the caller may make: beforeDelete to afterDelete."""
        acting = context.as_master() if as_master else context
        reach = EVERYTHING if as_master else allowed
        if doomed is not None:
            await hooks.before_delete(acting, schema, doomed)
        if context.is_answered:
            hooks.announce(context, class_name, object_id)
        if not await storage.delete(schema, (by_id(object_id), *condition), reach):
            if condition and await storage.get(schema, object_id, reach):
                raise ConditionFailed(class_name, object_id)
            raise rules.not_found(context)
        await rules.after_delete(acting, object_id)
        if doomed is not None:
            await hooks.after_delete(acting, schema, doomed)
        return True

    if doomed is not None and context.backend.triggers.has("aroundDelete", class_name):
        return (await around_delete(context, schema, doomed, proceed, look)).response
    await proceed((), as_master=False)
    return None
