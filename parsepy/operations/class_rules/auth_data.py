"""authData: which providers it names, whether they are known, and whether they vouch for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from parsepy.auth import second_factors as stored_factors
from parsepy.auth.base import AuthProvider, Validation
from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.schema import is_field_name
from parsepy.model.values import JSONObject

Providers = dict[str, JSONObject | None]


@dataclass(slots=True)
class Checked:
    """What the providers answered: what to store, and what to tell the client."""

    save: Providers = field(default_factory=dict)
    response: JSONObject = field(default_factory=dict)


def read(value: Any) -> Providers:
    """The authData of a body; raises UNSUPPORTED_SERVICE or INVALID_VALUE if it is none (§15.3)."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise unsupported()
    for provider, data in value.items():
        if not is_field_name(provider):
            raise unsupported()
        if data is None:
            continue
        if not isinstance(data, dict):
            raise unsupported()
        if "id" in data and not (isinstance(data["id"], str) and data["id"]):
            raise ParseError(Code.INVALID_VALUE, f"Invalid authData id for provider '{provider}'.")
    return value


def named(providers: Mapping[str, JSONObject | None]) -> dict[str, str]:
    """The ids that identify a user, by provider."""
    return {
        provider: data["id"]
        for provider, data in providers.items()
        if data is not None and "id" in data
    }


def linked(providers: Mapping[str, JSONObject | None], stored: JSONObject) -> set[str]:
    """The providers that name a user by the very id that the user has linked."""
    return {
        name
        for name, given in named(providers).items()
        if isinstance(data := stored.get(name), dict) and data.get("id") == given
    }


def unsupported() -> ParseError:
    """The refusal of a provider that is neither built in nor configured."""
    return ParseError(Code.UNSUPPORTED_SERVICE, "This authentication method is unsupported.")


def _provider(context: RequestContext, name: str) -> AuthProvider:
    configured = context.config.auth.get(name)
    if configured is not None and not configured.enabled:
        raise unsupported()
    if name == "anonymous" and not context.config.enable_anonymous_users:
        raise unsupported()
    provider = context.backend.auth.get(name)
    if provider is None:
        raise unsupported()
    return provider


def already_used() -> ParseError:
    """The refusal of a provider's identity that another user has linked."""
    return ParseError(Code.ACCOUNT_ALREADY_LINKED, "this auth is already used")


def is_echo(name: str, data: JSONObject, stored: Any) -> bool:
    """Does a client only send back what it was shown of stored authData, or a part of it?

    Nothing is proven and nothing changed by that, so the provider is not asked again (§15.4).
    """
    if not isinstance(stored, dict) or not data:
        return False
    if all(key in stored and stored[key] == value for key, value in data.items()):
        return True
    return bool(data == stored_factors.masked({name: stored})[name])


def unchanged(stored: JSONObject, changed: Providers) -> JSONObject:
    """A condition on what a log-in replaces: two may not use up the same code (protocol §15.7)."""
    condition: JSONObject = {}
    for name, new in changed.items():
        old = stored.get(name)
        if not isinstance(old, dict):
            continue
        for key, value in old.items():
            is_same = new is not None and new.get(key) == value
            is_plain = isinstance(value, str | int | float | bool | list) and is_field_name(key)
            if is_plain and not is_same:
                condition[f"authData.{name}.{key}"] = value
    return condition


def second_factors(context: RequestContext, stored: JSONObject) -> list[str]:
    """The second factors that a user has set up, one of which a log-in must bring (§15.6)."""
    return [name for name, data in stored.items() if _policy(context, name, data) == "additional"]


def check_second_factor(context: RequestContext, given: Providers, stored: JSONObject) -> None:
    """Refuse a log-in without a second factor that its user has set up, with OTHER_CAUSE.

    What is ``given`` must be checked by its provider besides. A provider with the policy "solo"
    needs no second factor; of several second factors one is enough.
    """
    missing = second_factors(context, stored)
    if not missing:
        return
    enough = ("solo", "additional")
    if not any(
        _policy(context, name, data) in enough and _is_given(given, name, data)
        for name, data in stored.items()
    ):
        raise ParseError(Code.OTHER_CAUSE, f"Missing additional authData {','.join(missing)}")


def _policy(context: RequestContext, name: str, data: Any) -> str:
    if data is None:
        return "default"
    if name in stored_factors.NAMES:
        return "additional" if stored_factors.is_required(name, data) else "default"
    # of a provider that is switched off, too: what its user asked for is not off
    provider = context.backend.auth.get(name)
    return "default" if provider is None else provider.policy


def _is_given(given: Providers, name: str, stored: Any) -> bool:
    """Does a log-in bring this provider, and for the identity that the user has linked?"""
    data = given.get(name)
    if data is None:
        return False
    linked = stored.get("id") if isinstance(stored, dict) else None
    return linked is None or data.get("id") == linked


async def check(context: RequestContext, providers: Providers) -> Checked:
    """Ask every provider whether the authData is true; ``None`` (unlink) needs no asking."""
    checked = Checked()
    for name, data in providers.items():
        if data is None:
            checked.save[name] = None
            continue
        found = await _ask(context, name, _provider(context, name), data)
        if found.save is not None:
            checked.save[name] = found.save
        if found.response is not None:
            checked.response[name] = found.response
    return checked


async def _ask(
    context: RequestContext, name: str, provider: AuthProvider, data: JSONObject
) -> Validation:
    try:
        return await provider.validate(data, context)
    except ParseError:
        raise
    except Exception as error:
        context.backend.log.warning("auth provider %s refused: %s", name, error)
        raise ParseError(Code.SCRIPT_FAILED, str(error) or "Auth data is invalid.") from error
