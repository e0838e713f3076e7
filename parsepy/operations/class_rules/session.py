"""``_Session``: clients see and change their own sessions only, and only extra fields."""

from dataclasses import replace
from typing import Any

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError, denied
from parsepy.model.query import Query
from parsepy.model.values import new_token, pointer
from parsepy.model.where import DIRECT, Constraint
from parsepy.operations import principals, schemas
from parsepy.operations.class_rules.base import ClassRules
from parsepy.operations.writes import Write
from parsepy.storage.options import FIRST

_FIXED = ("user", "installationId", "sessionToken", "expiresAt", "createdWith")


def _no_session() -> ParseError:
    return denied(Code.INVALID_SESSION_TOKEN, "Session token required.")


class SessionRules(ClassRules):
    """Sessions (protocol §14)."""

    async def check(self, write: Write) -> None:
        """Refuse what a client may not set; give a session made by hand its own columns."""
        principal = write.context.principal
        if principal.user_id is None and not principal.is_privileged:
            raise _no_session()
        if "ACL" in write.values:
            raise ParseError(Code.INVALID_KEY_NAME, "Cannot set ACL on a Session.")
        if principal.is_privileged or principal.user_id is None:
            return
        if write.is_create:
            for name in _FIXED:
                write.values.pop(name, None)
            write.values |= {
                "sessionToken": new_token(),
                "user": pointer("_User", principal.user_id),
                "createdWith": {"action": "create"},
            }
            if write.context.config.expire_inactive_sessions:
                write.values["expiresAt"] = principals.expiry(write.context.config)
            if write.context.installation_id:
                write.values["installationId"] = write.context.installation_id
            return
        for name, value in write.values.items():
            if name.partition(".")[0] in _FIXED and not _is_own(principal.user_id, name, value):
                raise ParseError(Code.INVALID_KEY_NAME, f"Invalid key name: {name}")
        if await _owner(write.context, write.object_id) != principal.user_id:
            raise ParseError(Code.OBJECT_NOT_FOUND, "Object not found.")

    async def prepare(self, write: Write) -> None:
        """Answer a session that a client made whole, since it has no other way to its token."""
        if write.is_create and not write.context.principal.is_privileged:
            write.echo |= write.values

    async def after_save(self, write: Write) -> None:
        """Forget a changed session, which must not live on in the cache."""
        if not write.is_create:
            principals.forget_sessions(write.context)

    async def narrow(self, context: RequestContext, query: Query) -> Query:
        """Narrow to the caller's own sessions; refuse a caller without a user."""
        principal = context.principal
        if principal.is_privileged:
            return query
        if principal.user_id is None:
            raise denied(Code.INVALID_SESSION_TOKEN, "Invalid session token")
        own = Constraint("user", ((DIRECT, pointer("_User", principal.user_id)),))
        return replace(query, where=(*query.where, own))

    async def check_delete(self, context: RequestContext, object_id: str) -> None:
        """Refuse a client the deletion of any session but one of its own user."""
        principal = context.principal
        if principal.is_privileged:
            return
        if principal.user_id is None:
            raise denied(Code.INVALID_SESSION_TOKEN, "Invalid session token")
        if await _owner(context, object_id) != principal.user_id:
            raise ParseError(Code.OBJECT_NOT_FOUND, "Object not found for delete.")

    async def after_delete(self, context: RequestContext, object_id: str) -> None:
        """Forget a deleted session, which must not live on in the cache."""
        principals.forget_sessions(context)


def _is_own(user_id: str, name: str, value: Any) -> bool:
    """Is this the session's user, sent back as it was read? (Its type is looked at later.)"""
    is_whole = name == "user" and isinstance(value, dict) and "__op" not in value
    return is_whole and value.get("objectId") == user_id


async def _owner(context: RequestContext, object_id: str) -> str | None:
    """The id of a session's user."""
    rows = await schemas.lookup(context.backend, "_Session", {"objectId": object_id}, FIRST)
    owner = (rows[0].get("user") or {}).get("objectId") if rows else None
    return owner if isinstance(owner, str) else None
