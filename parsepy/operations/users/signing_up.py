"""Sign up by password or by provider (protocol §13.1, §15.3)."""

from dataclasses import replace

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.values import JSONObject
from parsepy.operations import save
from parsepy.operations.class_rules import auth_data, verification
from parsepy.operations.users.answers import is_for_another, start_session
from parsepy.operations.users.logging_in import log_in_by_provider
from parsepy.operations.users.providers import owners
from parsepy.operations.writes import PLAIN, Saved, SaveOptions


async def sign_up(context: RequestContext, body: JSONObject, options: SaveOptions = PLAIN) -> Saved:
    """Create a user and a session; with the authData of a known user: log them in."""
    providers = auth_data.read(body.get("authData")) if "authData" in body else {}
    if not any(data is not None for data in providers.values()):
        return await _sign_up_with_password(context, body, options)
    if not auth_data.named(providers):
        # no provider says who this is, so only a name and a password could
        if not body.get("username") or not body.get("password"):
            return await _sign_up_with_password(context, body, options)
        raise auth_data.unsupported()
    known = await owners(context, auth_data.named(providers))
    if known:
        return await log_in_by_provider(context, providers, known)
    has_password = body.get("username") and body.get("password")
    second_factors = set(auth_data.second_factors(context, providers))
    if not has_password and auth_data.named(providers).keys() <= second_factors:
        raise auth_data.unsupported()  # nobody could log in to such an account again
    checked = await auth_data.check(context, providers)
    stored = {name: data for name, data in checked.save.items() if data is not None}
    vouched = replace(options, is_vouched_for=True)
    saved = await save.create(context, "_User", {**body, "authData": stored}, vouched)
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
    if is_for_another(context):
        return saved
    saved.answer |= await start_session(
        context, saved.object_id, {"action": "signup", "authProvider": "password"}
    )
    return saved
