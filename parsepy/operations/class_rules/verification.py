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
from parsepy.storage.options import FIRST, ReadOptions

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
    """Give a write that sets an address the token that confirms it; or say that none has."""
    values = write.values
    if write.options.verifies_email:
        values |= dict.fromkeys(COLUMNS, _DELETE)
        return
    email = values.get("email")
    if not email or is_delete(email):
        return
    columns: JSONObject = {}
    if await _is_to_be_confirmed(write):
        columns = verification_columns(write.context.config)
    elif await _was_confirmed(write, email):
        columns = {**dict.fromkeys(COLUMNS, _DELETE), "emailVerified": False}
    if "emailVerified" in write.echo:  # cloud code knows better
        columns.pop("emailVerified", None)
    values |= columns


async def _is_to_be_confirmed(write: Write) -> bool:
    if not write.context.config.verify_user_emails:
        return False
    # Parse: who signs up by another provider than the anonymous one has been looked at there.
    # Of a change that holds for nobody: authData beside it says nothing of the address.
    if write.is_create and set(write.values.get("authData") or ()) - {"anonymous"}:
        return False
    return await must_confirm(write.context, await _about(write))


async def _was_confirmed(write: Write, email: str) -> bool:
    """Has a client's user confirmed, or been asked to confirm, another address than the new one?

    Codes by mail and ``linkByEmail`` trust in ``emailVerified``: it must not stand beside an
    address that nobody has looked at, even where addresses need not be confirmed any more.
    """
    if write.is_create or write.context.principal.is_privileged or "emailVerified" in write.values:
        return False
    by_id = {"objectId": write.object_id}
    options = ReadOptions(limit=1, internal=True)
    found = await schemas.lookup(write.context.backend, "_User", by_id, options)
    before = found[0] if found else {}
    is_marked = before.get("emailVerified") or before.get("_email_verify_token")
    return bool(is_marked) and before.get("email") != email


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
