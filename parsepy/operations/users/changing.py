"""Change a user: link and unlink providers, choose another password (protocol §13.9, §15.4)."""

from dataclasses import replace

from parsepy.backend import RequestContext
from parsepy.model.values import JSONObject
from parsepy.operations import save
from parsepy.operations.class_rules import auth_data
from parsepy.operations.class_rules.provider_requests import lost
from parsepy.operations.class_rules.user import delete_sessions
from parsepy.operations.users.answers import start_session
from parsepy.operations.users.providers import Linked, link
from parsepy.operations.writes import PLAIN, ConditionFailed, Saved, SaveOptions


async def update(
    context: RequestContext, object_id: str, body: JSONObject, options: SaveOptions = PLAIN
) -> Saved:
    """Change a user; link and unlink providers; a new password ends the old sessions."""
    values = dict(body)
    linked: Linked | None = None
    if "authData" in values:
        if values["authData"] is None:
            raise auth_data.unsupported()
        linked = await link(context, object_id, values)
        if linked is not None:
            condition = (*options.condition, *linked.condition)
            options = replace(options, condition=condition)
    try:
        saved = await save.update(context, "_User", object_id, values, options)
    except ConditionFailed as error:
        if linked is None or not linked.condition:
            raise
        raise lost() from error
    if saved.is_finished:
        return saved
    if "password" in body:
        saved.answer |= await _renew(context, object_id)
    if linked is not None:
        saved.answer["authDataResponse"] = linked.response
    return saved


async def _renew(context: RequestContext, user_id: str) -> JSONObject:
    """Revoke all sessions after a change of the password; a client gets a new one (§13.9)."""
    if context.config.revoke_session_on_password_reset:
        await delete_sessions(context.backend, user_id)
    if context.principal.is_privileged:
        return {}
    return await start_session(context, user_id, None)
