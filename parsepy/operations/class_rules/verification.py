"""A user's e-mail address is confirmed: who must, the token of a write, its mail (§16.2)."""

from dataclasses import dataclass
from typing import Any

from parsepy.auth import second_factors
from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.ops import is_delete, op_of
from parsepy.model.values import JSONObject
from parsepy.operations import mails, schemas
from parsepy.operations.mails.tokens import verification_columns
from parsepy.operations.writes import Write
from parsepy.storage.options import FIRST

_DELETE: JSONObject = {"__op": "Delete"}
COLUMNS = ("_email_verify_token", "_email_verify_token_expires_at")


# --- the operator's own rules -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AccountRequest:
    """What the functions of ``verifyUserEmails`` and its like are asked about.

    ``object`` is the user in REST form without secrets, ``original`` the state before an update.
    ``created_with`` is ``{"action", "authProvider"}`` of a sign-up or log-in; ``resend_request``
    says that somebody asks for the mail again.
    """

    object: JSONObject
    original: JSONObject | None = None
    master: bool = False
    ip: str | None = None
    installation_id: str | None = None
    created_with: JSONObject | None = None
    resend_request: bool = False

    @property
    def user(self) -> JSONObject:
        """The user, by the name that ``sendUserEmailVerification`` has for them."""
        return self.object


def about(
    context: RequestContext,
    user: JSONObject,
    original: JSONObject | None = None,
    *,
    created_with: JSONObject | None = None,
    resend_request: bool = False,
) -> AccountRequest:
    """The question about a user for the operator's functions."""
    return AccountRequest(
        object=_without_secrets(user),
        original=None if original is None else _without_secrets(original),
        master=context.principal.is_master,
        ip=context.ip,
        installation_id=context.installation_id,
        created_with=created_with,
        resend_request=resend_request,
    )


def _without_secrets(user: JSONObject) -> JSONObject:
    shown = {n: v for n, v in user.items() if n[0] != "_" and n not in ("password", "sessionToken")}
    if isinstance(shown.get("authData"), dict):
        shown["authData"] = second_factors.masked(shown["authData"])
    return shown


async def must_confirm(context: RequestContext, request: AccountRequest) -> bool:
    """Must this user confirm the e-mail address (the option ``verifyUserEmails``)?"""
    value = context.config.verify_user_emails
    # Parse: of these two functions only True itself means yes
    return await _decided(context, "verifyUserEmails", value, request) is True


async def may_not_log_in(context: RequestContext, request: AccountRequest) -> bool:
    """Must they have done so before they log in (with ``preventLoginWithUnverifiedEmail``)?"""
    if not await must_confirm(context, request):
        return False
    value = context.config.prevent_login_with_unverified_email
    return await _decided(context, "preventLoginWithUnverifiedEmail", value, request) is True


async def is_mailed(context: RequestContext, request: AccountRequest) -> bool:
    """Does the server send them the mail (the option ``sendUserEmailVerification``)?"""
    value = context.config.send_user_email_verification
    return bool(await _decided(context, "sendUserEmailVerification", value, request))


async def _decided(
    context: RequestContext, option: str, value: bool | str, request: AccountRequest
) -> Any:
    if isinstance(value, bool):
        return value
    try:
        return await context.backend.account_rules[option](request)
    except ParseError:
        raise
    except Exception as error:  # whatever an operator's function may raise
        context.backend.log.exception("%s: %s failed", option, value)
        raise ParseError(Code.SCRIPT_FAILED, f"{option} failed.") from error


# --- the steps of a write -----------------------------------------------------------------------


async def prepare(write: Write) -> None:
    """Give a write that sets an address the token that confirms it."""
    values, config = write.values, write.context.config
    if write.options.verifies_email:
        values |= dict.fromkeys(COLUMNS, _DELETE)
        return
    email = values.get("email")
    if not config.verify_user_emails or not email or is_delete(email):
        return
    # Parse: who signs up by another provider than the anonymous one has been looked at there
    if set(values.get("authData") or ()) - {"anonymous"}:
        return
    if not await must_confirm(write.context, await _about(write)):
        return
    columns = verification_columns(config)
    if "emailVerified" in write.echo:  # cloud code knows better
        del columns["emailVerified"]
    values |= columns


async def _about(write: Write) -> AccountRequest:
    """The question about the user of a write; of a plain boolean nobody needs to know more."""
    if "verifyUserEmails" not in write.context.backend.account_rules:
        return AccountRequest({})
    changes = {name: value for name, value in write.values.items() if op_of(value) is None}
    if write.is_create:
        providers = [name for name, data in (changes.get("authData") or {}).items() if data]
        created_with = {"action": "signup", "authProvider": ",".join(providers) or "password"}
        user = {**changes, "objectId": write.object_id}
        return about(write.context, user, created_with=created_with)
    by_id = {"objectId": write.object_id}
    found = await schemas.lookup(write.context.backend, "_User", by_id, FIRST)
    original = found[0] if found else by_id
    return about(write.context, {**original, **changes}, original)


async def after_save(write: Write) -> None:
    """Queue the mail, together with what was written."""
    context, token = write.context, write.values.get("_email_verify_token")
    if not isinstance(token, str) or not context.config.send_user_email_verification:
        return
    if not context.config.verify_user_emails or not write.values.get("email"):
        return  # no address is new: the maintenance key has written the token
    found = await schemas.lookup(context.backend, "_User", {"objectId": write.object_id}, FIRST)
    if found and await is_mailed(context, about(context, found[0])):
        email = found[0].get("email")
        if isinstance(email, str) and email:
            await mails.send(context, mails.VERIFICATION, email, write.object_id)
