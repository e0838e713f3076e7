"""authData: which providers it names, whether they are known, what it may replace."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from parsepy.auth import second_factors as stored_factors
from parsepy.auth.base import AuthProvider
from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.schema import is_field_name
from parsepy.model.values import JSONObject
from parsepy.model.where import DIRECT, Constraint, Where

Providers = dict[str, JSONObject | None]
MOST = 100
"""Providers that one request may name; each costs a look-up, or a question to its server."""


@dataclass(slots=True)
class Checked:
    """What the providers answered: what to store, and what to tell the client."""

    save: Providers = field(default_factory=dict)
    response: JSONObject = field(default_factory=dict)
    emails: dict[str, str] = field(default_factory=dict)
    """The addresses that providers have verified, by provider."""


def read(value: Any) -> Providers:
    """The authData of a body; raises UNSUPPORTED_SERVICE or INVALID_VALUE if it is none (§15.3)."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise unsupported()
    if len(value) > MOST:
        raise ParseError(Code.INVALID_VALUE, f"authData names more than {MOST} providers.")
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


def provider(context: RequestContext, name: str) -> AuthProvider:
    """The provider of this name; UNSUPPORTED_SERVICE if there is none, or it is switched off."""
    configured = context.config.auth.get(name)
    if configured is not None and not configured.enabled:
        raise unsupported()
    if name == "anonymous" and not context.config.enable_anonymous_users:
        raise unsupported()
    found = context.backend.auth.get(name)
    if found is None:
        raise unsupported()
    return found


def already_used() -> ParseError:
    """The refusal of a provider's identity that another user has linked."""
    return ParseError(Code.ACCOUNT_ALREADY_LINKED, "this auth is already used")


def unchanged(stored: JSONObject, changed: Providers) -> Where:
    """A condition on what is replaced: two may not use up the same code (protocol §15.7).

    A key that is new must not have been set meanwhile, nor a provider that is.
    """
    replaced: JSONObject = {}
    for name, new in changed.items():
        old = stored.get(name)
        if not isinstance(old, dict):
            if new is not None:
                replaced[name] = None
            continue
        for key in dict.fromkeys((*old, *(new or ()))):
            value = old.get(key)
            is_same = new is not None and new.get(key) == value
            is_plain = value is None or isinstance(value, str | int | float | bool | list)
            if is_plain and is_field_name(key) and not is_same:
                replaced[f"{name}.{key}"] = value
    return tuple(Constraint(f"authData.{k}", ((DIRECT, value),)) for k, value in replaced.items())


def second_factors(context: RequestContext, stored: JSONObject) -> list[str]:
    """The second factors that a user has set up, one of which a log-in must bring (§15.6)."""
    return [name for name, data in stored.items() if policy(context, name, data) == "additional"]


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
        policy(context, name, data) in enough and _is_given(given, name, data)
        for name, data in stored.items()
    ):
        raise ParseError(Code.OTHER_CAUSE, f"Missing additional authData {','.join(missing)}")


def policy(context: RequestContext, name: str, data: Any) -> str:
    """What a provider counts for, of which a user has stored ``data`` (§15.6)."""
    if data is None:
        return "default"
    if name in stored_factors.NAMES:
        return "additional" if stored_factors.is_required(name, data) else "default"
    # of a provider that is switched off, too: what its user asked for is not off
    found = context.backend.auth.get(name)
    return "default" if found is None else found.policy


def _is_given(given: Providers, name: str, stored: Any) -> bool:
    """Does a log-in bring this provider, and for the identity that the user has linked?"""
    data = given.get(name)
    if data is None:
        return False
    linked = stored.get("id") if isinstance(stored, dict) else None
    return linked is None or data.get("id") == linked
