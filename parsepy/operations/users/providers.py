"""authData of users: whose it is, what a log-in and an update make of it (protocol §15)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.values import JSONObject, from_iso, now
from parsepy.model.where import Where
from parsepy.operations import principals, schemas
from parsepy.operations.class_rules import auth_data
from parsepy.operations.class_rules.provider_requests import request_of
from parsepy.operations.class_rules.shown_auth_data import is_echo
from parsepy.operations.users import asking
from parsepy.storage.options import ReadOptions

FRESH = 600
"""Seconds after a log-in in which a user with a second factor may link what opens alone."""
_UNLINK = "unlink"
"""What authData says that is a proof for unlinking, where a provider asks for one."""


@dataclass(frozen=True, slots=True)
class Linked:
    """What the providers answer to an update, and what must hold of the user when it is made."""

    response: JSONObject = field(default_factory=dict)
    condition: Where = ()


async def owners(
    context: RequestContext, providers: Mapping[str, JSONObject | None]
) -> list[JSONObject]:
    """The users, at most two, whom this authData names; ``identify`` it first.

    Only ids of providers that are there are looked for: those have an index.
    """
    choices: list[JSONObject] = [
        {f"authData.{name}.id": value}
        for name, value in auth_data.named(providers).items()
        if name in context.backend.auth
    ]
    for name, data in providers.items():
        provider = context.backend.auth.get(name)
        if data is not None and provider is not None and provider.has("find_user"):
            request = request_of(context, name, None)
            found = await asking.refusing(context, name, provider.find_user(data, request))
            if found is not None:
                choices.append({"objectId": found})
    if not choices:
        return []
    return await schemas.lookup(
        context.backend,
        "_User",
        {"$or": choices},
        ReadOptions(limit=2, internal=True, mount_url=context.mount_url),
    )


async def check_beside_password(
    context: RequestContext, parameters: JSONObject, user: JSONObject
) -> auth_data.Checked:
    """Check the authData that a log-in brings beside a password; it may not be another user's.

    A second factor that the user has set up must be there (§15.6); ``None`` unlinks other
    providers.
    """
    stored = user.get("authData") or {}
    given = auth_data.read(parameters.get("authData"))
    required = auth_data.second_factors(context, stored)
    providers = {n: data for n, data in given.items() if data is not None or n not in required}
    for name, data in providers.items():
        if data is None:
            await asking.check_unlink(context, name, {}, user)
    providers = await asking.identify(context, providers, user)
    auth_data.check_second_factor(context, providers, stored)
    checked = await asking.check(context, providers, user)
    await refuse_others(context, providers, checked, user["objectId"])
    return checked


async def refuse_others(
    context: RequestContext,
    providers: auth_data.Providers,
    checked: auth_data.Checked,
    user_id: str | None,
) -> None:
    """Refuse identities that are not this user's: those given, and those that validators told."""
    given = auth_data.named(providers)
    told = auth_data.named(checked.save)
    others = {name: {"id": value} for name, value in told.items() if given.get(name) != value}
    asked: list[Mapping[str, JSONObject | None]] = [others]
    if user_id is not None:  # who signs up has been looked for by these
        asked.insert(0, providers)
    for identities in asked:
        for owner in await owners(context, identities):
            if owner["objectId"] != user_id:
                raise auth_data.already_used()


async def link(context: RequestContext, user_id: str, values: JSONObject) -> Linked | None:
    """Check the authData of an update, and leave of it in ``values`` only what changes (§15.4).

    None if no provider was asked.
    """
    providers = auth_data.read(values["authData"])
    principal = context.principal
    if not principal.is_privileged and principal.user_id != user_id:
        del values["authData"]
        return None
    found = await schemas.lookup(
        context.backend, "_User", {"objectId": user_id}, ReadOptions(limit=1, internal=True)
    )
    user: JSONObject = found[0] if found else {"objectId": user_id}
    changed = await _changes(context, providers, user)
    if not changed:
        del values["authData"]
        return None
    if _opens_alone(context, changed) and auth_data.second_factors(context, _stored(user)):
        await _check_fresh(context)
    changed = await asking.identify(context, changed, user)
    checked = await asking.check(context, changed, user, is_update=True)
    await refuse_others(context, changed, checked, user_id)
    _keep_last(context, user, values, checked.save)
    values["authData"] = checked.save
    unchanged = auth_data.unchanged(user.get("authData") or {}, checked.save)
    return Linked(checked.response, unchanged)


def _stored(user: JSONObject) -> JSONObject:
    return user.get("authData") or {}


def _opens_alone(context: RequestContext, changed: auth_data.Providers) -> bool:
    """Does an update link or change a provider that needs no second factor beside it?"""
    return any(
        auth_data.policy(context, name, data) == "solo"
        for name, data in changed.items()
        if data is not None
    )


async def _check_fresh(context: RequestContext) -> None:
    """Refuse, with OTHER_CAUSE, a session that its user did not begin by a log-in just now.

    A session that was stolen, or one made by such, would make a way in that asks for no second
    factor. The log-in has shown one.
    """
    if context.principal.is_privileged:
        return
    token = context.principal.session_token
    session = await principals.find_session(context.backend, token) if token else None
    made = (session or {}).get("createdWith") or {}
    began = from_iso((session or {}).get("createdAt"))
    is_own = made.get("action") in ("login", "signup") and made.get("authProvider") != "masterkey"
    if not is_own or began is None or (now() - began).total_seconds() > FRESH:
        raise ParseError(Code.OTHER_CAUSE, "Log in again before you change how you sign in.")


def _keep_last(
    context: RequestContext, user: JSONObject, values: JSONObject, changes: auth_data.Providers
) -> None:
    """Refuse to unlink what a user could not log in without, where the option asks for that."""
    config = context.config
    if not config.prevent_unlink_of_last_login or context.principal.is_privileged:
        return
    if None not in changes.values() or user.get("_hashed_password") or values.get("password"):
        return
    left = {n: d for n, d in {**(user.get("authData") or {}), **changes}.items() if d is not None}
    if not auth_data.named(left).keys() - set(auth_data.second_factors(context, left)):
        raise ParseError(Code.OPERATION_FORBIDDEN, "The last way to log in can't be unlinked.")


async def by_email(context: RequestContext, checked: auth_data.Checked) -> JSONObject | None:
    """The user with the address that a provider with ``linkByEmail`` has verified, as they have."""
    for name, email in checked.emails.items():
        configured = context.config.auth.get(name)
        if configured is None or not configured.link_by_email:
            continue
        if context.config.convert_email_to_lowercase:
            email = email.lower()
        verified = {"email": email, "emailVerified": True}
        options = ReadOptions(limit=1, internal=True, mount_url=context.mount_url)
        found = await schemas.lookup(context.backend, "_User", verified, options)
        if found:
            return found[0]
    return None


async def _changes(
    context: RequestContext, providers: auth_data.Providers, user: JSONObject
) -> auth_data.Providers:
    """What of authData is no echo; what is to be unlinked as None, once its provider agrees."""
    changed: auth_data.Providers = {}
    for name, data in providers.items():
        provider = context.backend.auth.get(name)
        asks = provider is not None and provider.has("validate_unlink")
        if data is None or (asks and data.get(_UNLINK) is True):
            proof = {key: value for key, value in (data or {}).items() if key != _UNLINK}
            await asking.check_unlink(context, name, proof, user)
            changed[name] = None
        elif not await is_echo(context, name, data, user):
            changed[name] = data
    return changed
