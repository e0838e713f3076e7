"""Ask providers for what a log-in by them needs, such as a code that is sent (protocol §15.11)."""

from typing import Any

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.values import JSONObject
from parsepy.operations import schemas
from parsepy.operations.class_rules import auth_data
from parsepy.operations.class_rules.provider_requests import request_of
from parsepy.operations.users import asking, credentials
from parsepy.operations.users.providers import owners
from parsepy.storage.options import FIRST


async def challenge(context: RequestContext, parameters: JSONObject) -> JSONObject:
    """What each provider of ``challengeData`` answers, or True where it answers nothing.

    The user whom it is about is proven by name and password, by the authData of one provider, or
    by the request's session; or there is none. Raises the refusals of a log-in, OTHER_CAUSE, and
    OBJECT_NOT_FOUND for authData that is not proven.
    """
    user = await _with_password(context, parameters)
    asked = parameters.get("challengeData")
    if not _is_there(asked):
        raise _other("Nothing to challenge.")
    if not isinstance(asked, dict | list):
        raise _other("challengeData should be an object.")
    given = parameters.get("authData")
    if _is_there(given):
        _check_form(given, user)
        user = await _by_auth_data(context, given)
    elif user is None:
        user = await _signed_in(context)
    answers: JSONObject = {}
    for name in sorted(asked) if isinstance(asked, dict) else ():
        if _has_challenge(context, name):
            data = given.get(name) if isinstance(given, dict) else None
            answers[name] = await _ask(context, name, asked[name], data, user)
    return {"challengeData": answers}


def _is_there(value: Any) -> bool:
    # Parse: as JavaScript has it, empty objects and lists are something
    return bool(value) or isinstance(value, dict | list)


async def _with_password(context: RequestContext, parameters: JSONObject) -> JSONObject | None:
    if not parameters.get("username") and not parameters.get("email"):
        return None
    if not parameters.get("password"):
        raise _other("You provided username or email, you need to also provide password.")
    return await credentials.check(context, parameters)


def _check_form(given: Any, user: JSONObject | None) -> None:
    """Refuse authData that names nobody, or somebody beside the user of the password."""
    if not isinstance(given, dict | list):
        raise _other("authData should be an object.")
    if user is not None:
        raise _other(
            "You cannot provide username/email and authData, only use one identification method."
        )
    items = dict(enumerate(given)) if isinstance(given, list) else given
    for name, data in items.items():
        if data is not None and not isinstance(data, dict):
            raise _other(f"authData.{name} should be an object.")
    if sum(1 for data in items.values() if data and data.get("id")) > 1:
        raise _other("You cannot provide more than one authData provider with an id.")


async def _by_auth_data(context: RequestContext, given: Any) -> JSONObject:
    """The user whom authData names and proves; one refusal for all others (guessed ids)."""
    try:
        providers = auth_data.read(given)
        present: auth_data.Providers = {n: data for n, data in providers.items() if data}
        identified = await asking.identify(context, present)
        # what names nobody is for the challenge itself
        named: auth_data.Providers = {
            name: data for name, data in identified.items() if data is not None and "id" in data
        }
        found = await owners(context, named)
        if len(named) == 1 and len(found) == 1:
            await asking.check(context, named, found[0])
            return found[0]
    except ParseError as error:
        context.backend.log.info("challenge refused: %s", error.message)
    raise ParseError(Code.OBJECT_NOT_FOUND, "User not found.")


async def _signed_in(context: RequestContext) -> JSONObject | None:
    if context.principal.user_id is None:
        return None
    found = await schemas.lookup(
        context.backend, "_User", {"objectId": context.principal.user_id}, FIRST
    )
    return found[0] if found else None


def _has_challenge(context: RequestContext, name: str) -> bool:
    try:
        return auth_data.provider(context, name).has("challenge")
    except ParseError:
        return False


async def _ask(
    context: RequestContext,
    name: str,
    asked: Any,
    data: JSONObject | None,
    user: JSONObject | None,
) -> Any:
    provider = auth_data.provider(context, name)
    request = request_of(context, name, user, is_challenge=True)
    answer = provider.challenge(asked, data, request)
    neutral = "Challenge failed. Unknown error."
    return await asking.refusing(context, name, answer, neutral) or True


def _other(message: str) -> ParseError:
    return ParseError(Code.OTHER_CAUSE, message)
