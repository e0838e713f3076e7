"""What a user is told of by mail when the account changes, and addresses that wait (§16.2).

The option ``mail.notices`` says of which changes. With ``"emailChange": "confirm"`` an address that
users give themselves waits until it is confirmed, and the old one is always told.
"""

from typing import Any

from parsepy.auth import second_factors
from parsepy.backend import Backend, RequestContext
from parsepy.model.ops import is_delete
from parsepy.model.values import JSONObject, new_id
from parsepy.operations import mails, schemas
from parsepy.operations.mails.tokens import TOKEN_SIZE
from parsepy.operations.writes import Write
from parsepy.storage.options import ReadOptions

_INTERNAL = ReadOptions(limit=1, internal=True)
_VOLATILE = frozenset(("recovery", "lastStep", "token", "expiry", "counter", "lastUsed", "status"))
"""Parts of a second factor that change by its use."""
_DAY = 86_400.0


async def prepare(write: Write) -> None:
    """Remember the user as stored, if there may be something to tell; hold an address back."""
    values, config = write.values, write.context.config
    if write.is_create or not _concerns(write):
        return
    found = await schemas.lookup(
        write.context.backend, "_User", {"objectId": write.object_id}, _INTERNAL
    )
    write.before = found[0] if found else None
    if config.email_change == "confirm" and write.before is not None:
        email = values.get("email")
        if isinstance(email, str) and email and _must_wait(write, write.before, email):
            del values["email"]
            write.new_email = email
            write.echo.pop("email", None)
            if write.before.get("email"):
                write.echo["email"] = write.before["email"]


def _concerns(write: Write) -> bool:
    config, values = write.context.config, write.values
    notices = config.mail.notices
    return (
        ("email" in values and ("email" in notices or config.email_change == "confirm"))
        or ("_hashed_password" in values and "password" in notices)
        or ("authData" in values and "secondFactor" in notices)
    )


def _must_wait(write: Write, before: JSONObject, email: str) -> bool:
    """Does a new address wait? Who has only been anonymous so far signs up with it."""
    if write.context.principal.is_privileged or before.get("email") == email:
        return False
    return not _is_only_anonymous(before)


def _is_only_anonymous(user: JSONObject) -> bool:
    """Has nobody signed up yet? Anybody may link an anonymous id to a full account."""
    auth = user.get("authData") or {}
    linked = {name for name, data in auth.items() if data is not None}
    is_full = user.get("_hashed_password") or user.get("email")
    return linked == {"anonymous"} and not is_full


async def after_save(write: Write) -> None:
    """Queue the mails about what has changed; what waits ends with a new password or address."""
    context, values, config = write.context, write.values, write.context.config
    if write.is_create:
        return
    if config.email_change == "confirm":
        await _settle(write)
    before = write.before
    old = None if before is None else _told(before)
    if before is None or old is None:
        return
    user_id, notices = write.object_id, config.mail.notices
    if "email" in values and ("email" in notices or config.email_change == "confirm"):
        email = None if is_delete(values["email"]) else values["email"] or None
        if email != old:
            told = {"newEmail": email}
            await mails.send(context, mails.EMAIL_CHANGED, old, user_id, told)
    if "_hashed_password" in values and "password" in notices:
        await mails.send(context, mails.PASSWORD_CHANGED, old, user_id)
    if "authData" in values and "secondFactor" in notices:
        change = await _second_factor_change(write, before)
        if change is not None:
            told = {"isSetUp": change}
            await mails.send(context, mails.SECOND_FACTOR_CHANGED, old, user_id, told)


def _told(user: JSONObject) -> str | None:
    """The address to tell of changes: one that is not known to be unconfirmed."""
    email = user.get("email")
    if not isinstance(email, str) or not email or user.get("emailVerified") is False:
        return None
    return email


async def _settle(write: Write) -> None:
    """Store the address that waits and mail its link; or end one that waits."""
    context, backend, user_id = write.context, write.context.backend, write.object_id
    changes = backend.storage.email_changes
    if write.new_email is None:
        if "email" in write.values or "_hashed_password" in write.values:
            await changes.drop(user_id)
        return
    seconds = context.config.email_verify_token_validity_duration or _DAY
    await changes.store(user_id, write.new_email, new_id(TOKEN_SIZE), seconds)
    await mails.send(context, mails.EMAIL_CHANGE, write.new_email, user_id)
    old = _told(write.before or {})
    if old is not None:
        told = {"newEmail": write.new_email}
        await mails.send(context, mails.EMAIL_CHANGE_REQUESTED, old, user_id, told)


async def _second_factor_change(write: Write, before: JSONObject) -> bool | None:
    """Has a second factor changed by this write: is one set up now? None: it has not."""
    backend = write.context.backend
    found = await schemas.lookup(backend, "_User", {"objectId": write.object_id}, _INTERNAL)
    old, new = before.get("authData") or {}, (found[0] if found else {}).get("authData") or {}
    for name in sorted({*old, *new}):
        if _is_second_factor(backend, name) and _lasting(old, name) != _lasting(new, name):
            return new.get(name) is not None
    return None


def _is_second_factor(backend: Backend, name: str) -> bool:
    provider = backend.auth.get(name)
    return name in second_factors.NAMES or (provider is not None and provider.policy != "default")


def _lasting(auth: JSONObject, name: str) -> Any:
    """The part of a provider's data that its use does not change; None: it is not set up."""
    data = auth.get(name)
    if not isinstance(data, dict):
        return data
    kept = {key: value for key, value in data.items() if key not in _VOLATILE}
    # a number that is not confirmed yet protects nothing
    return kept if set(kept) != {"pending"} else None


async def forget(context: RequestContext, user_id: str) -> None:
    """Forget the address that waits for a user who is deleted."""
    if context.config.email_change == "confirm":
        await context.backend.storage.email_changes.drop(user_id)
