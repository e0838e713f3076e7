"""Sign up by password or by provider (protocol §13.1, §15.3)."""

from dataclasses import replace

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.values import JSONObject
from parsepy.operations import save
from parsepy.operations.class_rules import auth_data, verification
from parsepy.operations.users import asking
from parsepy.operations.users.answers import is_for_another, start_session
from parsepy.operations.users.logging_in import log_in_by_email, log_in_by_provider
from parsepy.operations.users.providers import by_email, owners, refuse_others
from parsepy.operations.writes import PLAIN, Saved, SaveOptions


async def sign_up(context: RequestContext, body: JSONObject, options: SaveOptions = PLAIN) -> Saved:
    """Create a user and a session; with the authData of a known user: log them in."""
    providers = auth_data.read(body.get("authData")) if "authData" in body else {}
    has_password = body.get("username") and body.get("password")
    if not any(data if not has_password else data is not None for data in providers.values()):
        return await _sign_up_with_password(context, body, options)
    providers = await asking.identify(context, providers)
    known = await owners(context, providers)
    if known:
        return await log_in_by_provider(context, providers, known)
    if not has_password:
        _refuse_unnamed(context, body, providers)
    checked = await asking.check(context, providers, None)
    await refuse_others(context, providers, checked, None)
    stored = {name: data for name, data in checked.save.items() if data is not None}
    known_user = await by_email(context, checked) if context.principal.user_id is None else None
    if known_user is not None:
        return await log_in_by_email(context, dict(stored), checked, known_user)
    if not auth_data.named(stored).keys() - set(auth_data.second_factors(context, stored)):
        # nobody vouches for who it is: the rules of a sign-up by password hold
        saved = await _created(context, {**body, "authData": stored}, options)
        if not saved.is_finished:
            saved.answer["authDataResponse"] = checked.response
        return saved
    vouched = replace(options, is_vouched_for=True)
    try:
        saved = await save.create(context, "_User", {**body, "authData": stored}, vouched)
    except ParseError as error:
        if error.code != Code.ACCOUNT_ALREADY_LINKED:
            raise
        # the same identity has signed up meanwhile: the second of them logs in
        known = await owners(context, stored)
        if not known:
            raise
        return await log_in_by_provider(context, providers, known)
    if saved.is_finished:
        return saved
    if is_for_another(context) or context.principal.user_id is not None:
        saved.answer["authDataResponse"] = checked.response
        return saved
    answer = saved.answer
    provider = ",".join(name for name, data in providers.items() if data is not None)
    # Parse: who signs up by a provider is written down as one who logs in
    answer |= await start_session(
        context, saved.object_id, {"action": "login", "authProvider": provider}
    )
    answer["authDataResponse"] = checked.response
    return saved


def _refuse_unnamed(
    context: RequestContext, body: JSONObject, providers: auth_data.Providers
) -> None:
    """Refuse a sign-up without a password by which nobody could log in again."""
    named = auth_data.named(providers).keys()
    if not named:  # no provider says who this is, so only a name and a password could
        for name, data in providers.items():
            if data:
                auth_data.provider(context, name)  # one that is not there can't say it, either
        if not body.get("username"):
            raise ParseError(Code.USERNAME_MISSING, "bad or missing username")
        raise ParseError(Code.PASSWORD_MISSING, "password is required")
    if named <= set(auth_data.second_factors(context, providers)):
        raise auth_data.unsupported()


async def _sign_up_with_password(
    context: RequestContext, body: JSONObject, options: SaveOptions
) -> Saved:
    if "authData" in body and body["authData"] is None and body.get("username"):
        raise auth_data.unsupported()
    values = {name: value for name, value in body.items() if name != "authData"}
    return await _created(context, values, options)


async def _created(context: RequestContext, values: JSONObject, options: SaveOptions) -> Saved:
    """Store a user who signs up by password, and start a session unless the address comes first."""
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
    if is_for_another(context):
        return saved
    saved.answer |= await start_session(
        context, saved.object_id, {"action": "signup", "authProvider": "password"}
    )
    return saved
