"""What cloud code is told of users who log in or ask for a new password."""

from parsepy.backend import RequestContext
from parsepy.model.values import JSONObject
from parsepy.operations import class_rules, schemas
from parsepy.triggers import UserEvent


async def run_trigger(context: RequestContext, kind: str, user: JSONObject) -> None:
    """Run a trigger about a user; what it raises is answered, also when a session is there."""
    if not context.backend.triggers.has(kind, "_User"):
        return
    schema = await schemas.existing(context.backend, "_User")
    shown = {name: value for name, value in user.items() if name in schema.types}
    if "sessionToken" in user and kind == "afterLogin":
        shown["sessionToken"] = user["sessionToken"]
    class_rules.of("_User").mask(context, shown)
    event = UserEvent(kind=kind, class_name="_User", request=context, object=shown)
    await context.backend.triggers.run(event)
