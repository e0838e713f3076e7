"""Ask sign-in providers about authData, and turn what they raise into refusals (protocol §15.2)."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from parsepy.auth import second_factors
from parsepy.auth.base import CodeSent, Step
from parsepy.backend import RequestContext
from parsepy.errors import Code, Interruption, ParseError
from parsepy.model.values import JSONObject
from parsepy.operations import access
from parsepy.operations.class_rules import auth_data
from parsepy.operations.class_rules.provider_requests import (
    ProviderRequest,
    request_of,
    stored_of,
)
from parsepy.operations.users import lockout

R = TypeVar("R")


class ProviderFailed(ParseError):
    """An adapter raised what nobody had foreseen; no client is to blame for it."""

    def __init__(self, message: str) -> None:
        super().__init__(Code.SCRIPT_FAILED, message)


async def identify(
    context: RequestContext, providers: auth_data.Providers, user: JSONObject | None = None
) -> auth_data.Providers:
    """The authData with the ids that the providers tell, in place of those that clients say.

    ``user`` is whose authData it is said to be, if that is known. A log-in stores authData without
    a save, so what no save may hold is refused here.
    """
    access.check_keywords(context, {"authData": providers})
    access.check_file_urls(context, providers)
    found: auth_data.Providers = dict(providers)
    for name in _in_order(context, providers):
        data = providers[name]
        provider = context.backend.auth.get(name)
        if data is not None and provider is not None and provider.has("before_find"):
            auth_data.provider(context, name)  # refuses one that is switched off
            request = request_of(context, name, user)
            found[name] = await refusing(context, name, provider.identify(data, request))
    return found


async def check(
    context: RequestContext,
    providers: auth_data.Providers,
    user: JSONObject | None,
    *,
    is_update: bool = False,
) -> auth_data.Checked:
    """Ask every provider whether the authData is true; ``None`` (unlink) needs no asking.

    ``user`` is whom it is about, None at a sign-up. One after the other, second factors last, so
    that none of them sends or uses up a code before the others are proven.
    """
    checked = auth_data.Checked()
    for name in _in_order(context, providers):
        data = providers[name]
        if data is None:
            checked.save[name] = None
            continue
        provider = auth_data.provider(context, name)
        step: Step = "set_up"
        if ((user or {}).get("authData") or {}).get(name) is not None:
            step = "update" if is_update else "login"
        request = request_of(context, name, user, step=step)
        found = await _counted(request, partial(provider.validate, data, request, step))
        if found.save is not None:
            checked.save[name] = found.save
        if found.response is not None:
            checked.response[name] = found.response
        if found.verified_email is not None:
            checked.emails[name] = found.verified_email
    return checked


async def check_unlink(
    context: RequestContext, name: str, data: JSONObject, user: JSONObject
) -> None:
    """Refuse to unlink a provider that asks for a proof which ``data`` does not give.

    A second factor that nobody here can check can't be proven, so it stays.
    """
    provider = context.backend.auth.get(name)
    if context.principal.is_privileged:
        return
    if provider is None:
        if second_factors.is_required(name, (user.get("authData") or {}).get(name)):
            raise auth_data.unsupported()
        return
    if not stored_of(user, name):
        return
    request = request_of(context, name, user, step="update")
    await _counted(request, partial(provider.may_unlink, data, request))


async def _counted(request: ProviderRequest, ask: Callable[[], Awaitable[R]]) -> R:
    """Ask; a wrong code of a second factor counts as a wrong password does (§13.8)."""
    user, name = request.original, request.provider
    is_second = request.backend.auth[name].policy == "additional"
    if user is None or not is_second or request.step == "set_up":
        return await refusing(request, name, ask())
    await lockout.check_again(request, user["objectId"])
    try:
        found = await refusing(request, name, ask())
    except (CodeSent, ProviderFailed):
        raise
    except ParseError:
        await lockout.count(request, user["objectId"])
        raise
    # while this one was asked, others may have guessed too often
    await lockout.check_again(request, user["objectId"])
    return found


def _in_order(context: RequestContext, providers: auth_data.Providers) -> list[str]:
    """The names of providers in a steady order, second factors last."""
    auth = context.backend.auth

    def place(name: str) -> tuple[bool, str]:
        return name in auth and auth[name].policy == "additional", name

    return sorted(providers, key=place)


async def refusing(
    context: RequestContext,
    name: str,
    answer: Awaitable[R],
    neutral: str = "Auth failed. Unknown error.",
) -> R:
    """Await what an adapter answers; whatever it raises is a refusal.

    A ``ParseError`` passes as it is, of a ``ValueError`` the text; what nobody has foreseen is
    logged, and told as ``ProviderFailed`` in a neutral text.
    """
    try:
        return await answer
    except (ParseError, Interruption):
        raise
    except Exception as error:
        if type(error) is ValueError and str(error):
            raise ParseError(Code.SCRIPT_FAILED, str(error)) from error
        context.backend.log.warning("auth provider %s failed", name, exc_info=error)
        raise ProviderFailed(neutral) from error
