"""Sessions: create, show, upgrade, revoke (protocol §14)."""

from parsepy.backend import Backend, RequestContext, master_context
from parsepy.errors import Code, ParseError
from parsepy.model.query import Query, simple
from parsepy.model.values import JSONObject, new_token, pointer
from parsepy.operations import principals, save, schemas
from parsepy.operations.find import find
from parsepy.operations.redaction import redact


async def create(
    backend: Backend,
    user_id: str,
    created_with: JSONObject | None,
    installation_id: str | None,
) -> JSONObject:
    """Make a session; delete the older one of the same user and installation.

    Returns the whole `_Session` object, its token included.
    """
    values: JSONObject = {
        "sessionToken": new_token(),
        "user": pointer("_User", user_id),
    }
    if created_with is not None:
        values["createdWith"] = created_with
    if backend.config.expire_inactive_sessions:
        values["expiresAt"] = principals.expiry(backend.config)
    if installation_id:
        values["installationId"] = installation_id
        await _replace(backend, user_id, installation_id)
    saved = await save.create(master_context(backend), "_Session", values)
    return {**values, **saved.answer, "updatedAt": saved.answer["createdAt"]}


async def _replace(backend: Backend, user_id: str, installation_id: str) -> None:
    where = {"user": pointer("_User", user_id), "installationId": installation_id}
    for session in await schemas.lookup(backend, "_Session", where):
        await revoke(backend, str(session.get("sessionToken")))


async def revoke(backend: Backend, token: str) -> None:
    """Delete the session of a token, if there is one."""
    schema = await schemas.existing(backend, "_Session")
    where = simple("_Session", {"sessionToken": token}).where
    await backend.storage.delete(schema, where)
    principals.forget_token(backend, token)


async def current(context: RequestContext) -> JSONObject:
    """The session of the request's token, as its user may see it (`/sessions/me`)."""
    token = context.principal.session_token
    if token is None:
        raise ParseError(Code.INVALID_SESSION_TOKEN, "Session token required.")
    query = Query("_Session", where=simple("_Session", {"sessionToken": token}).where, limit=1)
    found = (await find(context.as_master(), query)).objects
    if not found:
        raise ParseError(Code.INVALID_SESSION_TOKEN, "Session token not found.")
    schema = await schemas.existing(context.backend, "_Session")
    redact(context, schema, found)
    return found[0]


async def upgrade(context: RequestContext) -> JSONObject:
    """Turn a legacy token of the user's own column into a session (§14.4)."""
    principal = context.principal
    if principal.user_id is None or principal.session_token is None:
        raise ParseError(Code.OBJECT_NOT_FOUND, "invalid session")
    backend = context.backend
    session = await create(
        backend, principal.user_id, {"action": "upgrade"}, context.installation_id
    )
    if not principal.session_token.startswith("r:"):
        schema = await schemas.existing(backend, "_User")
        where = simple("_User", {"objectId": principal.user_id}).where
        await backend.storage.update_many(schema, where, {"sessionToken": {"__op": "Delete"}})
    return session
