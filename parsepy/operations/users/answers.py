"""What a user is answered: themselves as they may read it, and the token of a new session."""

from dataclasses import replace

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError, denied
from parsepy.model.principal import Principal
from parsepy.model.query import one
from parsepy.model.values import JSONObject
from parsepy.operations import principals, sessions
from parsepy.operations.find import get


async def start_session(
    context: RequestContext, user_id: str, created_with: JSONObject | None
) -> JSONObject:
    """Make a session for the installation of the request; its token, as an answer carries it."""
    session = await sessions.create(context.backend, user_id, created_with, context.installation_id)
    return {"sessionToken": session["sessionToken"]}


def is_for_another(context: RequestContext) -> bool:
    """Is a user made, or logged in by a provider, by somebody else, who gets no session?

    Parse: no session for cloud code, nor for the master key; but one for the installation that a
    client tells along with it, as the SDKs and the dashboard do.
    """
    by_master = context.principal.is_privileged and context.installation_id is None
    return context.installation_id == "cloud" or by_master


async def shown(context: RequestContext, user_id: str) -> JSONObject:
    """The user as they may read themselves; only the id where permissions or hooks forbid that.

    The read spine decides, so that what an afterFind hides from GET is hidden here as well.
    """
    try:
        return await get(await _as_user(context, user_id), one("_User", user_id))
    except ParseError:
        return {"objectId": user_id}


async def _as_user(context: RequestContext, user_id: str) -> RequestContext:
    """The request as if that user made it; one with the master key keeps its rights."""
    if context.principal.is_privileged:
        return context
    roles = await principals.roles_of(context.backend, user_id)
    user = {"objectId": user_id}  # what hooks see of who asks, until the session is made
    return replace(context, principal=Principal(user_id=user_id, roles=roles, user=user))


async def me(context: RequestContext) -> JSONObject:
    """The user of the request's session token, with the token; raises INVALID_SESSION_TOKEN."""
    principal = context.principal
    if principal.session_token is None or principal.user_id is None:
        raise denied(Code.INVALID_SESSION_TOKEN, "Invalid session token")
    try:
        shown = await get(context, one("_User", principal.user_id))
    except ParseError as error:
        if error.code == Code.OBJECT_NOT_FOUND:
            raise denied(Code.INVALID_SESSION_TOKEN, "Invalid session token") from error
        raise
    return {**shown, "sessionToken": principal.session_token}
