"""authData of users: whose it is, what a log-in and an update make of it (protocol §15)."""

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.query import simple
from parsepy.model.values import JSONObject
from parsepy.operations import class_rules, principals, schemas
from parsepy.operations.class_rules import auth_data
from parsepy.storage.options import FIRST, ReadOptions


async def owners(context: RequestContext, ids: dict[str, str]) -> list[JSONObject]:
    """The users, at most two, who have linked one of these provider ids."""
    if not ids:
        return []
    choices = [{f"authData.{provider}.id": value} for provider, value in ids.items()]
    return await schemas.lookup(
        context.backend,
        "_User",
        {"$or": choices},
        ReadOptions(limit=2, mount_url=context.mount_url),
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
    auth_data.check_second_factor(context, given, stored)
    required = auth_data.second_factors(context, stored)
    providers = {n: data for n, data in given.items() if data is not None or n not in required}
    checked = await auth_data.check(context, providers)
    for owner in await owners(context, auth_data.named(providers)):
        if owner["objectId"] != user["objectId"]:
            raise auth_data.already_used()
    return checked


async def store(context: RequestContext, user: JSONObject, checked: auth_data.Providers) -> None:
    """Store what providers answered at a log-in, unless authData has changed meanwhile (§15.7).

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


async def link(context: RequestContext, user_id: str, values: JSONObject) -> JSONObject | None:
    """Check the authData of an update, and leave of it in ``values`` only what changes (§15.4).

    Returns what the providers answer the client; None if none was asked.
    """
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
    for owner in await owners(context, auth_data.named(changed)):
        if owner["objectId"] != user_id:
            raise auth_data.already_used()
    checked = await auth_data.check(context, changed)
    values["authData"] = checked.save
    return checked.response
