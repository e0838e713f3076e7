"""Session token to ``Principal``; the role graph."""

from datetime import timedelta

from parsepy.auth import second_factors
from parsepy.backend import Backend, RequestContext
from parsepy.config import Config
from parsepy.errors import Code, ParseError
from parsepy.model.principal import Principal
from parsepy.model.query import simple
from parsepy.model.values import JSONObject, date, from_iso, now, stamp
from parsepy.operations import schemas
from parsepy.storage.options import FIRST, ReadOptions


async def of_token(backend: Backend, token: str) -> Principal:
    """The user behind a session token, with their roles; cached for ``cacheTTL`` at most.

    Raises INVALID_SESSION_TOKEN if it is unknown, expired, or its user is gone (protocol §14.2).
    """
    cached = backend.principals.get(token)
    if cached is not None:
        return cached
    mark = backend.principals.mark()
    session = await find_session(backend, token)
    if session is None:
        raise ParseError(Code.INVALID_SESSION_TOKEN, "Invalid session token")
    expires = session.get("expiresAt")
    moment = from_iso(expires.get("iso")) if isinstance(expires, dict) else None
    left = None if moment is None else (moment - now()).total_seconds()
    if left is not None and left <= 0:
        raise ParseError(Code.INVALID_SESSION_TOKEN, "Session token is expired.")
    principal = await of_user(backend, (session.get("user") or {}).get("objectId"), token)
    if principal is None:
        raise ParseError(Code.INVALID_SESSION_TOKEN, "Invalid session token")
    await _extend(backend, session)
    # no longer than the session lasts, which may be extended by now: then it is read again
    backend.principals.put(token, principal, mark, left)
    return principal


async def of_legacy_token(backend: Backend, token: str) -> Principal:
    """The user whose own column holds this token, from before sessions could be revoked.

    Raises INVALID_SESSION_TOKEN if there is none.
    """
    schema = await schemas.existing(backend, "_User")
    found = await backend.storage.find(
        schema, simple("_User", {"_session_token": token}).where, options=FIRST
    )
    principal = await of_user(backend, found[0]["objectId"] if found else None, token)
    if principal is None:
        raise ParseError(Code.INVALID_SESSION_TOKEN, "invalid legacy session token")
    return principal


async def find_session(backend: Backend, token: str) -> JSONObject | None:
    """The `_Session` object of a token; None if there is none."""
    schema = await schemas.existing(backend, "_Session")
    found = await backend.storage.find(
        schema, simple("_Session", {"sessionToken": token}).where, options=FIRST
    )
    return found[0] if found else None


async def of_user(backend: Backend, user_id: str | None, token: str | None) -> Principal | None:
    """The principal of a user id; ``None`` if there is no such user."""
    # a custom id that begins like a role's ACL name would hold that role's rights
    if not user_id or user_id.startswith("role:"):
        return None
    schema = await schemas.existing(backend, "_User")
    user = await backend.storage.get(schema, user_id)
    if user is None:
        return None
    if isinstance(user.get("authData"), dict):
        user = {**user, "authData": second_factors.masked(user["authData"])}
    return Principal(
        user_id=user_id,
        session_token=token,
        roles=await roles_of(backend, user_id),
        user=user,
    )


def expiry(config: Config) -> JSONObject:
    """The moment at which a session that is made or extended now will end."""
    return date(now() + timedelta(seconds=config.session_length))


async def _extend(backend: Backend, session: JSONObject) -> None:
    config = backend.config
    if not (config.extend_session_on_use and config.expire_inactive_sessions):
        return
    updated = from_iso(session.get("updatedAt"))
    if updated is None or (now() - updated).total_seconds() < config.session_length / 2:
        return
    schema = await schemas.existing(backend, "_Session")
    await backend.storage.update(
        schema,
        simple("_Session", {"objectId": session["objectId"]}).where,
        {"expiresAt": expiry(config), "updatedAt": stamp()},
    )


async def roles_of(backend: Backend, user_id: str) -> frozenset[str]:
    """The names of the roles that a user holds, those inherited included (protocol §17)."""
    cached = backend.roles.get(user_id)
    if cached is not None:
        return cached
    mark = backend.roles.mark()
    storage = backend.storage
    found: set[str] = set()
    seen: set[str] = set()
    frontier = await storage.relations.owners("_Role", "users", [user_id])
    while frontier:  # cycles end here: what was seen is not followed again
        seen.update(frontier)
        schema = await schemas.existing(backend, "_Role")
        where = simple("_Role", {"objectId": {"$in": sorted(frontier)}}).where
        # a role that was deleted is still named by its relations, and must lead to no other
        rows = await storage.find(
            schema, where, options=ReadOptions(keys=frozenset(("objectId", "name")))
        )
        found.update(row["name"] for row in rows if isinstance(row.get("name"), str))
        held = [row["objectId"] for row in rows]
        parents = await storage.relations.owners("_Role", "roles", held) if held else []
        frontier = [role for role in parents if role not in seen]
    names = frozenset(found)
    backend.roles.put(user_id, names, mark)
    return names


def forget_user(backend: Backend, user_id: str) -> None:
    """Drop what every process has cached of a user, who has changed or whose sessions have."""
    drop_user(backend, user_id)
    backend.events.forget(user_id)


def drop_user(backend: Backend, user_id: str) -> None:
    """Drop what this process has cached of a user."""
    backend.roles.drop(user_id)
    backend.principals.drop_if(lambda principal: principal.user_id == user_id)


def forget_token(backend: Backend, token: str) -> None:
    """Drop what every process has cached of a session."""
    known = backend.principals.get(token)
    backend.principals.drop(token)
    backend.events.forget(known.user_id if known is not None else None)


def forget_sessions(context: RequestContext) -> None:
    """Drop the cached sessions that this caller may have changed: their own, or all of them."""
    user_id = context.principal.user_id
    if user_id is not None and not context.principal.is_privileged:
        forget_user(context.backend, user_id)
    else:
        context.backend.principals.clear()
        context.backend.events.forget(None)


def forget_everybody(backend: Backend) -> None:
    """Drop every cached user and role, in every process: any of them may have changed."""
    drop_everybody(backend)
    backend.events.forget(None)


def drop_everybody(backend: Backend) -> None:
    """Drop every user and role that this process has cached."""
    backend.roles.clear()
    backend.principals.clear()
