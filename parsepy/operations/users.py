"""Sign up, log in, log out, become, verify a password, change and delete a user (§13, §15)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError, denied
from parsepy.model.principal import Principal
from parsepy.model.query import Query, simple
from parsepy.model.values import JSONObject, now
from parsepy.operations import class_rules, hooks, principals, save, schemas, sessions
from parsepy.operations.class_rules import auth_data, verification
from parsepy.operations.class_rules.user import (
    delete_sessions,
    password_matches,
)
from parsepy.operations.find import get
from parsepy.operations.redaction import redact
from parsepy.operations.writes import PLAIN, Saved, SaveOptions
from parsepy.storage.options import FIRST, ReadOptions
from parsepy.triggers import UserEvent

_WRONG = "Invalid username/password."
# compared with when there is no such user, so that the answer takes as long (CVE-2026-39321)
_NO_HASH = "$2b$10$" + "." * 22 + "u" * 31


def wrong_credentials() -> ParseError:
    """The one answer to an unknown user, a wrong password and values that are no texts."""
    return ParseError(Code.OBJECT_NOT_FOUND, _WRONG)


# --- sign up ------------------------------------------------------------------------------------


async def sign_up(context: RequestContext, body: JSONObject, options: SaveOptions = PLAIN) -> Saved:
    """Create a user and a session; with the authData of a known user: log them in."""
    providers = auth_data.read(body.get("authData")) if "authData" in body else {}
    if not any(data is not None for data in providers.values()):
        return await _sign_up_with_password(context, body, options)
    if not auth_data.named(providers):
        # nobody vouches for whom: without a name and password of his own he is nobody
        if not body.get("username") or not body.get("password"):
            return await _sign_up_with_password(context, body, options)
        raise auth_data.unsupported()
    known = await _owners(context, auth_data.named(providers))
    if known:
        return await _log_in_with(context, body, providers, known)
    checked = await auth_data.check(context, providers)
    stored = {name: data for name, data in checked.save.items() if data is not None}
    vouched = replace(options, is_vouched_for=True)
    saved = await save.create(context, "_User", {**body, "authData": stored}, vouched)
    if saved.is_finished:
        return saved
    answer = saved.answer
    provider = ",".join(name for name, data in providers.items() if data is not None)
    # Parse: who signs up by a provider is written down as one who logs in
    answer |= await _start_session(
        context, saved.object_id, {"action": "login", "authProvider": provider}
    )
    answer["authDataResponse"] = checked.response
    return saved


async def _sign_up_with_password(
    context: RequestContext, body: JSONObject, options: SaveOptions
) -> Saved:
    if "authData" in body and body["authData"] is None and body.get("username"):
        raise auth_data.unsupported()
    values = {name: value for name, value in body.items() if name != "authData"}
    saved = await save.create(context, "_User", values, options)
    if saved.is_finished:
        return saved
    config = context.config
    asked = verification.about(
        context,
        {**values, "objectId": saved.object_id},
        created_with={"action": "signup", "authProvider": "password"},
    )
    if await verification.may_not_log_in(context, asked):
        if config.prevent_signup_with_unverified_email:
            raise ParseError(Code.EMAIL_NOT_FOUND, "User email is not verified.")
        return saved
    if context.installation_id == "cloud" or (
        context.principal.is_privileged and context.installation_id is None
    ):
        # Parse: no session for cloud code, nor for the master key; but one for the installation
        # that a client tells along with it, as the SDKs and the dashboard do
        return saved
    saved.answer |= await _start_session(
        context, saved.object_id, {"action": "signup", "authProvider": "password"}
    )
    return saved


async def _start_session(
    context: RequestContext, user_id: str, created_with: JSONObject | None
) -> JSONObject:
    session = await sessions.create(context.backend, user_id, created_with, context.installation_id)
    return {"sessionToken": session["sessionToken"]}


async def _owners(context: RequestContext, ids: dict[str, str]) -> list[JSONObject]:
    """The users that hold one of these provider ids."""
    if not ids:
        return []
    choices = [{f"authData.{provider}.id": value} for provider, value in ids.items()]
    return await schemas.lookup(context.backend, "_User", {"$or": choices}, ReadOptions(limit=2))


async def _log_in_with(
    context: RequestContext,
    body: JSONObject,
    providers: auth_data.Providers,
    known: list[JSONObject],
) -> Saved:
    """Log in the one user who holds the provider's id; the provider is always asked."""
    given: auth_data.Providers = {n: data for n, data in providers.items() if data is not None}
    checked = await auth_data.check(context, given)
    user = known[0]
    user_id = user["objectId"]
    caller = context.principal.user_id
    if len(known) > 1 or (caller is not None and caller != user_id):
        raise auth_data.already_used()
    if user.get("ACL") == {} and not context.principal.is_master:
        raise auth_data.already_used()  # locked out, as by /login
    auth_data.check_second_factor(context, given, user.get("authData") or {})
    await run_trigger(context, "beforeLogin", user)
    await _store_auth_data(context, user, checked.save)
    created_with = {"action": "login", "authProvider": ",".join(given)}
    token = await _start_session(context, user_id, created_with)
    shown = await _shown(context, user_id)
    answer = {**shown, **token, "authDataResponse": checked.response}
    return Saved(user_id, answer, has_location=True)


async def _as_user(context: RequestContext, user_id: str) -> RequestContext:
    """The request as that user would make it; with the master key it stays so."""
    if context.principal.is_privileged:
        return context
    roles = await principals.roles_of(context.backend, user_id)
    user = {"objectId": user_id}  # what hooks see of who asks, until the session is made
    return replace(context, principal=Principal(user_id=user_id, roles=roles, user=user))


# --- log in -------------------------------------------------------------------------------------


async def _check_credentials(context: RequestContext, parameters: JSONObject) -> JSONObject:
    """The user behind username/email and password, hidden columns included (§13.5)."""
    username, email = parameters.get("username"), parameters.get("email")
    password = parameters.get("password")
    if not username and not email:
        raise ParseError(Code.USERNAME_MISSING, "username/email is required.")
    if not password:
        raise ParseError(Code.PASSWORD_MISSING, "password is required.")
    if not isinstance(password, str) or not all(
        isinstance(name, str) for name in (username, email) if name
    ):
        raise wrong_credentials()
    user = await _find_user(context, username, email)
    if user is None:
        await password_matches(password, _NO_HASH)
        raise wrong_credentials()
    matches = await password_matches(password, str(user.get("_hashed_password") or _NO_HASH))
    if matches or context.config.account_lockout is not None:
        user = await _read_again(context, user)
    await _check_lockout(context, user, matches)
    if not matches:
        raise wrong_credentials()
    if not context.principal.is_master and user.get("ACL") == {}:
        raise wrong_credentials()
    is_ignored = parameters.get("ignoreEmailVerification") in (True, "true")
    if not (context.principal.is_privileged and is_ignored) and not user.get("emailVerified"):
        await _check_email(context, parameters, user)
    return user


async def _check_email(context: RequestContext, parameters: JSONObject, user: JSONObject) -> None:
    """Refuse a log-in before the e-mail address is confirmed, where that is asked for."""
    given = parameters.get("authData")
    provider = (",".join(given) if isinstance(given, dict) else "") or "password"
    created_with = {"action": "login", "authProvider": provider}
    request = verification.about(context, user, created_with=created_with)
    if await verification.may_not_log_in(context, request):
        raise ParseError(Code.EMAIL_NOT_FOUND, "User email is not verified.")


async def _find_user(context: RequestContext, username: Any, email: Any) -> JSONObject | None:
    config = context.config
    if username and config.convert_username_to_lowercase:
        username = username.lower()
    if email and config.convert_email_to_lowercase:
        email = email.lower()
    if username and email:
        where: JSONObject = {"username": username, "email": email}
    elif email:
        where = {"email": email}
    else:
        # Parse: what stands in username may be an email as well; the username wins
        where = {"$or": [{"username": username}, {"email": username}]}
    found = await schemas.lookup(
        context.backend,
        "_User",
        where,
        ReadOptions(limit=2, internal=True, mount_url=context.mount_url),
    )
    if len(found) > 1:
        found = [user for user in found if user.get("username") == username]
    return found[0] if found else None


async def _read_again(context: RequestContext, user: JSONObject) -> JSONObject:
    """The user as he is when his password has been compared, which takes its time.

    Meanwhile others' guesses may have locked him, or he has chosen another password.
    """
    where = {"objectId": user["objectId"]}
    found = await schemas.lookup(
        context.backend,
        "_User",
        where,
        ReadOptions(limit=1, internal=True, mount_url=context.mount_url),
    )
    if not found or found[0].get("_hashed_password") != user.get("_hashed_password"):
        raise wrong_credentials()
    return found[0]


async def _check_lockout(context: RequestContext, user: JSONObject, matches: bool) -> None:
    """Count failures and refuse a locked account (§13.8)."""
    lockout = context.config.account_lockout
    if lockout is None:
        return
    expires = user.get("_account_lockout_expires_at")
    if expires is not None and expires > now():
        minutes = f"{lockout.duration:g}"
        raise ParseError(
            Code.OBJECT_NOT_FOUND,
            "Your account is locked due to multiple failed login attempts. "
            f"Please try again after {minutes} minute(s)",
        )
    backend = context.backend
    schema = await schemas.existing(backend, "_User")
    where = simple("_User", {"objectId": user["objectId"]}).where
    if matches:
        if user.get("_failed_login_count"):
            await backend.storage.update(schema, where, {"_failed_login_count": 0})
        return
    threshold, duration = lockout.threshold, timedelta(minutes=lockout.duration)
    one_more = {"_failed_login_count": {"__op": "Increment", "amount": 1}}

    async def count() -> None:
        changed = await backend.storage.update(schema, where, one_more, internal=True)
        if changed is not None and changed.get("_failed_login_count", 0) >= threshold:
            lock = {"_account_lockout_expires_at": now() + duration, "_failed_login_count": 0}
            await backend.storage.update(schema, where, lock)

    # a batch that is a transaction would take its failure back
    await backend.storage.after_transaction(count)


async def _check_age(context: RequestContext, user: JSONObject) -> None:
    """Refuse a password that is too old; one from before the policy counts from now on (§13.10)."""
    policy = context.config.password_policy
    if policy is None or not policy.max_password_age:
        return
    changed = user.get("_password_changed_at")
    if changed is None:
        schema = await schemas.existing(context.backend, "_User")
        unmarked = {"objectId": user["objectId"], "_password_changed_at": None}
        where = simple("_User", unmarked).where
        await context.backend.storage.update(schema, where, {"_password_changed_at": now()})
    elif now() > changed + timedelta(days=policy.max_password_age):
        raise ParseError(
            Code.OBJECT_NOT_FOUND, "Your password has expired. Please reset your password."
        )


async def log_in(context: RequestContext, parameters: JSONObject) -> JSONObject:
    """Check a password and make a session; the user as he may see himself, with its token."""
    user = await _check_credentials(context, parameters)
    user_id = user["objectId"]
    checked = await _log_in_auth_data(context, parameters, user)
    await _check_age(context, user)
    await run_trigger(context, "beforeLogin", user)
    await _store_auth_data(context, user, checked.save)
    token = await _start_session(context, user_id, {"action": "login", "authProvider": "password"})
    await run_trigger(context, "afterLogin", {**user, **token})
    answer = {**await _shown(context, user_id), **token}
    if parameters.get("authData") is not None:
        answer["authDataResponse"] = checked.response
    return answer


async def run_trigger(context: RequestContext, kind: str, user: JSONObject) -> None:
    """Run a trigger that is about a user; after the fact its errors are only logged."""
    if not context.backend.triggers.has(kind, "_User"):
        return
    schema = await schemas.existing(context.backend, "_User")
    shown = {name: value for name, value in user.items() if name in schema.types}
    if "sessionToken" in user and kind == "afterLogin":
        shown["sessionToken"] = user["sessionToken"]
    class_rules.of("_User").mask(context, shown)
    event = UserEvent(kind=kind, class_name="_User", request=context, object=shown)
    if kind == "afterLogin":
        await hooks.run_after(context, event)
    else:
        await context.backend.triggers.run(event)


async def _log_in_auth_data(
    context: RequestContext, parameters: JSONObject, user: JSONObject
) -> auth_data.Checked:
    """authData beside a password is checked, and may not be another user's.

    A second factor that the user has set up must be there (§15.6); ``None`` unlinks others.
    """
    stored = user.get("authData") or {}
    given = auth_data.read(parameters.get("authData"))
    auth_data.check_second_factor(context, given, stored)
    required = auth_data.second_factors(context, stored)
    providers = {n: data for n, data in given.items() if data is not None or n not in required}
    checked = await auth_data.check(context, providers)
    for owner in await _owners(context, auth_data.named(providers)):
        if owner["objectId"] != user["objectId"]:
            raise auth_data.already_used()
    return checked


async def _store_auth_data(
    context: RequestContext, user: JSONObject, checked: auth_data.Providers
) -> None:
    """Keep what providers said at a log-in, unless another log-in has used it up meanwhile (§15.7).

    Parse: no hook of a save runs for it.
    """
    stored = user.get("authData") or {}
    changed = {name: data for name, data in checked.items() if data != stored.get(name)}
    if not changed:
        return
    schema = await schemas.existing(context.backend, "_User")
    unchanged = auth_data.unchanged(stored, changed)
    where = simple("_User", {"objectId": user["objectId"], **unchanged}).where
    try:
        found = await context.backend.storage.update(schema, where, {"authData": changed})
    except ParseError as error:
        raise class_rules.of("_User").translate(context, error) from error
    if found is None:
        raise ParseError(Code.SCRIPT_FAILED, "Invalid auth data")
    principals.forget_user(context.backend, user["objectId"])


async def _shown(context: RequestContext, user_id: str) -> JSONObject:
    """The user as they may read themselves; only the id where permissions or hooks forbid it.

    The read spine decides, so that what an afterFind hides from GET is hidden here as well.
    """
    try:
        return await get(await _as_user(context, user_id), Query("_User"), user_id)
    except ParseError:
        return {"objectId": user_id}


async def verify_password(context: RequestContext, parameters: JSONObject) -> JSONObject:
    """The checks of a log-in without a session (§13.7).

    A second factor is asked for as well, but of the master key and of the user themselves, who
    have shown theirs already.
    """
    user = await _check_credentials(context, parameters)
    principal = context.principal
    has_shown_it = principal.is_privileged or principal.user_id == user["objectId"]
    if not has_shown_it and auth_data.second_factors(context, user.get("authData") or {}):
        await _log_in_auth_data(context, parameters, user)
    return await _shown(context, user["objectId"])


async def log_out(context: RequestContext) -> None:
    """Delete the session of the request; without a token there is nothing to do."""
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
        await hooks.run_after(context, event)


async def log_in_as(context: RequestContext, user_id: Any) -> JSONObject:
    """A session of any user, for the master key (§13.7)."""
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
    token = await _start_session(context, user_id, {"action": "login", "authProvider": "masterkey"})
    return {**found[0], **token}


async def me(context: RequestContext) -> JSONObject:
    """The user of the session token, with the token."""
    principal = context.principal
    if principal.session_token is None or principal.user_id is None:
        raise denied(Code.INVALID_SESSION_TOKEN, "Invalid session token")
    try:
        shown = await get(context, Query("_User"), principal.user_id)
    except ParseError as error:
        if error.code == Code.OBJECT_NOT_FOUND:
            raise denied(Code.INVALID_SESSION_TOKEN, "Invalid session token") from error
        raise
    return {**shown, "sessionToken": principal.session_token}


# --- change -------------------------------------------------------------------------------------


async def update(
    context: RequestContext, object_id: str, body: JSONObject, options: SaveOptions = PLAIN
) -> Saved:
    """Change a user; link and unlink providers; a new password ends the old sessions."""
    values = dict(body)
    response: JSONObject | None = None
    if values.get("authData") is not None:
        response = await _link(context, object_id, values)
    saved = await save.update(context, "_User", object_id, values, options)
    if saved.is_finished:
        return saved
    if "password" in body:
        saved.answer |= await _renew(context, object_id)
    if response is not None:
        saved.answer["authDataResponse"] = response
    return saved


async def _link(context: RequestContext, user_id: str, values: JSONObject) -> JSONObject | None:
    """Check what an update does to authData; only changed providers are asked (§15.4)."""
    providers = auth_data.read(values["authData"])
    principal = context.principal
    if not principal.is_privileged and principal.user_id != user_id:
        del values["authData"]
        return None
    found = await schemas.lookup(context.backend, "_User", {"objectId": user_id}, FIRST)
    stored = (found[0].get("authData") or {}) if found else {}
    changed = {
        name: data
        for name, data in providers.items()
        if data is None or not auth_data.is_echo(name, data, stored.get(name))
    }
    if providers and not changed:
        del values["authData"]
        return None
    for owner in await _owners(context, auth_data.named(changed)):
        if owner["objectId"] != user_id:
            raise auth_data.already_used()
    checked = await auth_data.check(context, changed)
    values["authData"] = checked.save
    return checked.response


async def _renew(context: RequestContext, user_id: str) -> JSONObject:
    """Sessions after a password change: all are revoked, the client gets a new one (§13.9)."""
    if context.config.revoke_session_on_password_reset:
        await delete_sessions(context.backend, user_id)
    if context.principal.is_privileged:
        return {}
    return await _start_session(context, user_id, None)
