"""``_Session``: clients see and change their own sessions only, and only extra fields."""

from dataclasses import replace

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError, denied
from parsepy.model.query import Query
from parsepy.model.values import new_token, pointer
from parsepy.model.where import DIRECT, Constraint
from parsepy.operations import principals, schemas
from parsepy.operations.class_rules.base import ClassRules, Write

_FIXED = ("user", "installationId", "sessionToken", "expiresAt", "createdWith")


def _no_session() -> ParseError:
    return denied(Code.INVALID_SESSION_TOKEN, "Session token required.")


class SessionRules(ClassRules):
    """Sessions (protocol §14)."""

    async def check(self, write: Write) -> None:
        """Refuse what a client may not set; give a session made by hand its own columns."""
        principal = write.context.principal
        if "ACL" in write.values:
            raise ParseError(Code.INVALID_KEY_NAME, "Cannot set ACL on a Session.")
        if principal.is_privileged:
            return
        if principal.user_id is None:
            raise _no_session()
        if write.is_create:
            for name in _FIXED:
                write.values.pop(name, None)
            write.values |= {
                "sessionToken": new_token(),
                "user": pointer("_User", principal.user_id),
                "createdWith": {"action": "create"},
                "expiresAt": schemas.expiry(write.context.config),
            }
            if write.context.installation_id:
                write.values["installationId"] = write.context.installation_id
            return
        for name in write.values:
            if name.partition(".")[0] in _FIXED:
                raise ParseError(Code.INVALID_KEY_NAME, f"Invalid key name: {name}")
        if await _owner(write.context, write.object_id) != principal.user_id:
            raise ParseError(Code.OBJECT_NOT_FOUND, "Object not found.")

    async def prepare(self, write: Write) -> None:
        """A session made by hand is answered whole."""
        if write.is_create and not write.context.principal.is_privileged:
            write.echo |= write.values

    async def after_save(self, write: Write) -> None:
        """A changed session must not live on in the cache."""
        if not write.is_create:
            await _forget(write.context, write.object_id)

    async def narrow(self, context: RequestContext, query: Query) -> Query:
        """Only the caller's own sessions; nobody has none."""
        principal = context.principal
        if principal.is_privileged:
            return query
        if principal.user_id is None:
            raise denied(Code.INVALID_SESSION_TOKEN, "Invalid session token")
        own = Constraint("user", ((DIRECT, pointer("_User", principal.user_id)),))
        return replace(query, where=(*query.where, own))

    async def check_delete(self, context: RequestContext, object_id: str) -> None:
        """A client deletes only his own session; drop it from the cache."""
        if context.principal.user_id is None and not context.principal.is_privileged:
            raise denied(Code.INVALID_SESSION_TOKEN, "Invalid session token")
        token = await _forget(context, object_id)
        if token is None and not context.principal.is_privileged:
            raise ParseError(Code.OBJECT_NOT_FOUND, "Object not found for delete.")


async def _forget(context: RequestContext, object_id: str) -> str | None:
    """Drop a session from the cache; its token, unless it is not the caller's."""
    rows = await schemas.lookup(context.backend, "_Session", {"objectId": object_id}, limit=1)
    principal = context.principal
    if not rows:
        return None
    owner = (rows[0].get("user") or {}).get("objectId")
    if not principal.is_privileged and owner != principal.user_id:
        return None
    token = str(rows[0].get("sessionToken"))
    principals.forget_token(context.backend, token)
    return token


async def _owner(context: RequestContext, object_id: str) -> str | None:
    """The id of a session's user."""
    rows = await schemas.lookup(context.backend, "_Session", {"objectId": object_id}, limit=1)
    owner = (rows[0].get("user") or {}).get("objectId") if rows else None
    return owner if isinstance(owner, str) else None
