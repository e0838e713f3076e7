"""Log in by password, by provider or with the master key; verify a password; log out."""

from typing import Any

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError, denied
from parsepy.model.values import JSONObject
from parsepy.operations import principals, schemas, sessions
from parsepy.operations.class_rules import auth_data
from parsepy.operations.class_rules.provider_requests import store
from parsepy.operations.redaction import redact
from parsepy.operations.users import asking, credentials, lockout, providers
from parsepy.operations.users.answers import is_for_another, shown, start_session
from parsepy.operations.users.events import run_trigger
from parsepy.operations.writes import Saved
from parsepy.storage.options import ReadOptions
from parsepy.triggers import UserEvent


async def log_in(context: RequestContext, parameters: JSONObject) -> JSONObject:
    """Check a password and make a session; the user as they may read themselves, with its token."""
    user = await credentials.check(context, parameters)
    user_id = user["objectId"]
    checked = await providers.check_beside_password(context, parameters, user)
    await credentials.check_age(context, user)
    await run_trigger(context, "beforeLogin", user)
    await store(context, user, checked.save)
    await lockout.forget(context, user)
    token = await start_session(context, user_id, {"action": "login", "authProvider": "password"})
    await run_trigger(context, "afterLogin", {**user, **token})
    answer = {**await shown(context, user_id), **token}
    if parameters.get("authData") is not None:
        answer["authDataResponse"] = checked.response
    return answer


async def log_in_by_provider(
    context: RequestContext, asked: auth_data.Providers, known: list[JSONObject]
) -> Saved:
    """Log in the one user whom authData names, which has been identified; it is always checked."""
    given: auth_data.Providers = {n: data for n, data in asked.items() if data is not None}
    user = known[0]
    checked = await asking.check(context, given, user)
    user_id = user["objectId"]
    caller = context.principal.user_id
    if len(known) > 1 or (caller is not None and caller != user_id):
        raise auth_data.already_used()
    if user.get("ACL") == {} and not context.principal.is_master:
        raise auth_data.already_used()  # locked out, as by /login
    stored = user.get("authData") or {}
    if auth_data.linked(given, stored) <= set(auth_data.second_factors(context, stored)):
        raise auth_data.already_used()  # a second factor alone opens nothing
    auth_data.check_second_factor(context, given, stored)
    return await _logged_in(context, given, checked, user)


async def log_in_by_email(
    context: RequestContext,
    given: auth_data.Providers,
    checked: auth_data.Checked,
    user: JSONObject,
) -> Saved:
    """Link proven identities to the user of the same verified address, and log them in.

    Who has a second factor, or another identity of the same provider, links while signed in.
    """
    stored = user.get("authData") or {}
    if user.get("ACL") == {} or any(stored.get(name) is not None for name in given):
        raise auth_data.already_used()
    auth_data.check_second_factor(context, {}, stored)
    return await _logged_in(context, given, checked, user)


async def _logged_in(
    context: RequestContext,
    given: auth_data.Providers,
    checked: auth_data.Checked,
    user: JSONObject,
) -> Saved:
    """What a log-in by providers makes of a user who may: hooks, what is stored, a session."""
    user_id = user["objectId"]
    await run_trigger(context, "beforeLogin", user)
    await store(context, user, checked.save)
    await lockout.forget(context, user)
    created_with = {"action": "login", "authProvider": ",".join(given)}
    token: JSONObject = {}
    if not is_for_another(context) and context.principal.user_id is None:
        token = await start_session(context, user_id, created_with)  # Parse: else one is kept
    answer = {**await shown(context, user_id), **token, "authDataResponse": checked.response}
    return Saved(user_id, answer, has_location=True)


async def verify_password(context: RequestContext, parameters: JSONObject) -> JSONObject:
    """Make the checks of a log-in without a session (§13.7); the user as they may read themselves.

    A second factor is asked for as well, except from the master key and from the user's own
    session, which has seen it already.
    """
    user = await credentials.check(context, parameters)
    principal = context.principal
    has_shown_it = principal.is_privileged or principal.user_id == user["objectId"]
    if not has_shown_it and auth_data.second_factors(context, user.get("authData") or {}):
        checked = await providers.check_beside_password(context, parameters, user)
        await store(context, user, checked.save)  # a code counts once, whatever for
        await lockout.forget(context, user)
    return await shown(context, user["objectId"])


async def log_in_as(context: RequestContext, user_id: Any) -> JSONObject:
    """Make a session of any user, for the master key (§13.7); the user, with its token."""
    principal = context.principal
    if not principal.is_master:
        raise denied(Code.OPERATION_FORBIDDEN, "master key is required")
    if principal.is_read_only:
        raise denied(
            Code.OPERATION_FORBIDDEN,
            "read-only masterKey isn't allowed to login as another user.",
        )
    if not user_id or not isinstance(user_id, str):
        raise ParseError(Code.INVALID_VALUE, "userId must not be empty, null, or undefined")
    found = await schemas.lookup(
        context.backend,
        "_User",
        {"objectId": user_id},
        ReadOptions(limit=1, mount_url=context.mount_url),
    )
    if not found:
        raise ParseError(Code.OBJECT_NOT_FOUND, "user not found")
    redact(context, await schemas.existing(context.backend, "_User"), found)
    token = await start_session(context, user_id, {"action": "login", "authProvider": "masterkey"})
    return {**found[0], **token}


async def log_out(context: RequestContext) -> None:
    """Delete the session of the request; without a token nothing is done."""
    token = context.principal.session_token
    if token is None:
        return
    backend = context.backend
    session = None
    if backend.triggers.has("afterLogout", "_Session"):
        session = await principals.find_session(backend, token)
    await sessions.revoke(backend, token)
    if session is not None:
        event = UserEvent(
            kind="afterLogout", class_name="_Session", request=context, object=session
        )
        await backend.triggers.run(event)
