"""Name and password: who is meant, whether it is right, not locked, confirmed and not too old."""

from datetime import timedelta
from typing import Any

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.query import simple
from parsepy.model.values import JSONObject, now
from parsepy.operations import schemas
from parsepy.operations.class_rules import auth_data, verification
from parsepy.operations.class_rules.user import password_matches
from parsepy.operations.users import lockout
from parsepy.storage.options import ReadOptions

_WRONG = "Invalid username/password."
# compared with when there is no such user, so that the answer takes as long (CVE-2026-39321)
_NO_HASH = "$2b$10$" + "." * 22 + "u" * 31


async def check(context: RequestContext, parameters: JSONObject) -> JSONObject:
    """The user whose username or email and password these are, with the server's columns (§13.5).

    Raises the refusals of a log-in, in their order; the same one for an unknown user and a wrong
    password, after the same work.
    """
    username, email = parameters.get("username"), parameters.get("email")
    password = parameters.get("password")
    if not username and not email:
        raise ParseError(Code.USERNAME_MISSING, "username/email is required.")
    if not password:
        raise ParseError(Code.PASSWORD_MISSING, "password is required.")
    if not isinstance(password, str) or not all(
        isinstance(name, str) for name in (username, email) if name
    ):
        raise _wrong_credentials()
    user = await _find(context, username, email)
    if user is None:
        await password_matches(password, _NO_HASH)
        raise _wrong_credentials()
    async with lockout.one_at_a_time(context, user["objectId"]):
        user = await _compared(context, user, password)
    if not auth_data.second_factors(context, user.get("authData") or {}):
        await lockout.forget(context, user)  # else once the second factor is shown, too
    if not context.principal.is_master and user.get("ACL") == {}:
        raise _wrong_credentials()
    is_ignored = parameters.get("ignoreEmailVerification") in (True, "true")
    if not (context.principal.is_privileged and is_ignored) and not user.get("emailVerified"):
        await _check_email(context, parameters, user)
    return user


async def _compared(context: RequestContext, user: JSONObject, password: str) -> JSONObject:
    """The user as stored now, if the password is right and the account is not locked."""
    matches = await password_matches(password, str(user.get("_hashed_password") or _NO_HASH))
    if matches or context.config.account_lockout is not None:
        user = await _read_again(context, user)
    await lockout.check_again(context, user["objectId"])
    if not matches:
        await lockout.count(context, user["objectId"])
        raise _wrong_credentials()
    return user


def _wrong_credentials() -> ParseError:
    """The one refusal of an unknown user, a wrong password and values that are no texts."""
    return ParseError(Code.OBJECT_NOT_FOUND, _WRONG)


async def _find(context: RequestContext, username: Any, email: Any) -> JSONObject | None:
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
    """The user as stored now: to compare a password takes time.

    Meanwhile wrong guesses may have locked the account, or its password has been changed.
    """
    where = {"objectId": user["objectId"]}
    found = await schemas.lookup(
        context.backend,
        "_User",
        where,
        ReadOptions(limit=1, internal=True, mount_url=context.mount_url),
    )
    if not found or found[0].get("_hashed_password") != user.get("_hashed_password"):
        raise _wrong_credentials()
    return found[0]


async def _check_email(context: RequestContext, parameters: JSONObject, user: JSONObject) -> None:
    """Refuse a log-in before the e-mail address is confirmed, where the options ask for that."""
    given = parameters.get("authData")
    provider = (",".join(given) if isinstance(given, dict) else "") or "password"
    created_with = {"action": "login", "authProvider": provider}
    request = verification.about(context, user, created_with=created_with)
    if await verification.may_not_log_in(context, request):
        raise ParseError(Code.EMAIL_NOT_FOUND, "User email is not verified.")


async def check_age(context: RequestContext, user: JSONObject) -> None:
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
