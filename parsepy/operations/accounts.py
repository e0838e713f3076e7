"""Account flows by mail: reset a password, confirm an e-mail address (protocol §13.11, §16).

Whether an account exists is not told: for an unknown address the same look-ups and writes are made
(CVE-2026-31901). Mails are queued; their tokens are made when they are sent.
"""

from typing import Any

from parsepy.backend import Backend, RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.query import simple
from parsepy.model.values import JSONObject, date, now
from parsepy.operations import mails, save, schemas, users
from parsepy.operations.class_rules import verification
from parsepy.operations.mails.tokens import is_past
from parsepy.operations.writes import ConditionFailed, SaveOptions
from parsepy.storage.options import ReadOptions

_INVALID = "Failed to reset password: username / email / token is invalid"
_EXPIRED = "The password reset link has expired"
_DELETE: JSONObject = {"__op": "Delete"}
_LOCK = ("_failed_login_count", "_account_lockout_expires_at")


async def _user(backend: Backend, where: JSONObject) -> JSONObject | None:
    """The only user that fits, with the server's columns; None if none or several fit."""
    found = await schemas.lookup(backend, "_User", where, ReadOptions(limit=2, internal=True))
    return found[0] if len(found) == 1 else None


def _lowered(backend: Backend, email: str) -> str:
    return email.lower() if backend.config.convert_email_to_lowercase else email


# --- ask for a new password ---------------------------------------------------------------------


async def request_password_reset(context: RequestContext, body: JSONObject) -> None:
    """Mail the link that sets a new password to an address, or to that of an expired link's token.

    Raises what beforePasswordResetRequest raises; OBJECT_NOT_FOUND for an unknown address only
    if ``resetPasswordSuccessOnInvalidEmail`` is off.
    """
    backend = context.backend
    mails.check_set_up(backend)
    email, token = body.get("email"), body.get("token")
    if not email and not token:
        raise ParseError(Code.EMAIL_MISSING, "you must provide an email")
    if token and not isinstance(token, str):
        raise ParseError(Code.INVALID_VALUE, "token must be a string")
    user = None
    if token:
        expired = {"_perishable_token_expires_at": {"$lt": date(now())}}
        user = await _user(backend, {"_perishable_token": token, **expired})
        email = user.get("email") if user else email
    if not isinstance(email, str):
        raise ParseError(Code.INVALID_EMAIL_ADDRESS, "you must provide a valid email string")
    address = _lowered(backend, email)
    user = user or await _at_address(backend, address)
    if user is not None:
        await users.run_trigger(context, "beforePasswordResetRequest", user)
        # Parse: a user without an e-mail address may have one as username
        address = str(user.get("email") or user.get("username"))
    await mails.ask(context, mails.PASSWORD_RESET, address, user)
    policy = backend.config.password_policy
    if user is None and policy is not None and not policy.reset_password_success_on_invalid_email:
        raise ParseError(Code.OBJECT_NOT_FOUND, "A user with that email does not exist.")


async def _at_address(backend: Backend, address: str) -> JSONObject | None:
    """The user of an address; another user whose username it is does not count."""
    # Parse: a username counts as an address where there is no other
    where = {"$or": [{"email": address}, {"username": address, "email": {"$exists": False}}]}
    found = await schemas.lookup(backend, "_User", where, ReadOptions(limit=2, internal=True))
    own = [user for user in found if user.get("email") == address]
    return next(iter(own or found), None)


# --- set it -------------------------------------------------------------------------------------


async def check_reset_token(backend: Backend, token: str) -> JSONObject:
    """The user of a reset link; raises OTHER_CAUSE if it is unknown, used or too old."""
    user = await _user(backend, {"_perishable_token": token})
    if user is None:
        raise ParseError(Code.OTHER_CAUSE, _INVALID)
    policy = backend.config.password_policy
    if policy is not None and policy.reset_token_validity_duration is not None:
        expires = user.get("_perishable_token_expires_at")
        if expires is None or is_past(expires):
            raise ParseError(Code.OTHER_CAUSE, _EXPIRED)
    return user


async def reset_password(context: RequestContext, token: str, password: str) -> None:
    """Set a new password by a reset link, which works once.

    The write itself asks that the token is still there: of two at once, one succeeds
    (GHSA-r3xq-68wh-gwvh). Raises OTHER_CAUSE, or VALIDATION_ERROR for the password policy.
    """
    user = await check_reset_token(context.backend, token)
    condition = simple("_User", {"_perishable_token": token}).where
    master, changes = context.as_master(), {"password": password}
    try:
        await users.update(master, user["objectId"], changes, SaveOptions(condition=condition))
    except ParseError as error:
        if isinstance(error, ConditionFailed) or error.code == Code.OBJECT_NOT_FOUND:
            raise ParseError(Code.OTHER_CAUSE, _INVALID) from error
        raise
    await _unlock(context.backend, user["objectId"])


async def _unlock(backend: Backend, user_id: str) -> None:
    lockout = backend.config.account_lockout
    if lockout is None or not lockout.unlock_on_password_reset:
        return
    schema = await schemas.existing(backend, "_User")
    where = simple("_User", {"objectId": user_id}).where
    await backend.storage.update(schema, where, dict.fromkeys(_LOCK, _DELETE))


# --- confirm an address -------------------------------------------------------------------------


async def verify_email(context: RequestContext, token: str) -> bool:
    """Confirm the address that a link was mailed to; False if the link is unknown or too old."""
    return await _verify(context, token) or await _change_email(context, token)


async def _verify(context: RequestContext, token: str) -> bool:
    """Confirm the address that the user of a token has."""
    config = context.config
    if not config.verify_user_emails:
        return False
    where: JSONObject = {"_email_verify_token": token}
    if config.email_verify_token_validity_duration is not None:
        where |= {
            "emailVerified": False,
            "_email_verify_token_expires_at": {"$gt": date(now())},
        }
    user = await _user(context.backend, where)
    if user is None:
        return False
    options = SaveOptions(condition=simple("_User", where).where, verifies_email=True)
    return await _confirm(context, user["objectId"], {}, options)


async def _change_email(context: RequestContext, token: str) -> bool:
    """Give the user of a token the address that has waited for it (``emailChange``)."""
    if context.config.email_change != "confirm":
        return False
    asked = await context.backend.storage.email_changes.asked(token)
    if asked is None:
        return False
    user_id, email = asked
    return await _confirm(context, user_id, {"email": email}, SaveOptions(verifies_email=True))


async def _confirm(
    context: RequestContext, user_id: str, changes: JSONObject, options: SaveOptions
) -> bool:
    confirmed = {**changes, "emailVerified": True}
    try:
        await save.update(context.as_master(), "_User", user_id, confirmed, options)
    except ParseError as error:
        context.backend.log.info("an e-mail address was not confirmed: code %d", error.code)
        return False
    return True


async def request_verification(context: RequestContext, body: JSONObject) -> None:
    """Mail the link that confirms an address again (``/verificationEmailRequest``, §13.11).

    Says which addresses exist only if ``emailVerifySuccessOnInvalidEmail`` is off.
    """
    backend = context.backend
    mails.check_set_up(backend)
    email = body.get("email")
    if not email:
        raise ParseError(Code.EMAIL_MISSING, "you must provide an email")
    if not isinstance(email, str):
        raise ParseError(Code.INVALID_EMAIL_ADDRESS, "you must provide a valid email string")
    email = _lowered(backend, email)
    user = await _user(backend, {"email": email})
    is_sent = await _verify_again(context, user, email)
    if is_sent or backend.config.email_verify_success_on_invalid_email:
        return
    if user is None:
        raise ParseError(Code.EMAIL_NOT_FOUND, f"No user found with email {email}")
    if user.get("emailVerified"):
        raise ParseError(Code.OTHER_CAUSE, f"Email {email} is already verified.")


async def resend_verification(
    context: RequestContext, username: Any, token: Any, locale: str | None = None
) -> bool:
    """Mail the link again to the user of that name or old link (§16.3); False if none is sent.

    ``locale`` is the language of the page that asks.
    """
    given = {"username": username, "_email_verify_token": token}
    where = {name: value for name, value in given.items() if isinstance(value, str) and value}
    if not where or context.backend.mailer is None:
        return False
    user = await _user(context.backend, where)
    address = str((user or {}).get("email") or next(iter(where.values())))
    return await _verify_again(context, user, address, locale)


async def _verify_again(
    context: RequestContext, user: JSONObject | None, address: str, locale: str | None = None
) -> bool:
    """Mail a user who has not confirmed the address a link: the one they have, or a new one.

    False if there is nobody to confirm it; the same is done then. Too early to send another mail
    answers True.
    """
    if not context.config.verify_user_emails:
        return False
    is_waiting = is_mailed = False
    if user is not None:
        asked = verification.about(context, user, resend_request=True)
        is_waiting = await verification.must_confirm(context, asked)
        is_waiting = is_waiting and not user.get("emailVerified")
        if is_waiting and user.get("email"):
            is_mailed = await verification.is_mailed(context, asked)
    about = user if is_mailed else None
    await mails.ask(context, mails.VERIFICATION, address, about, locale=locale)
    return is_waiting
