"""What providers show of the authData that is stored (``after_find``, protocol §15.8)."""

from collections.abc import Iterable
from typing import Any

from parsepy.auth import second_factors
from parsepy.backend import RequestContext
from parsepy.model.values import JSONObject
from parsepy.operations.class_rules.provider_requests import request_of


async def show(context: RequestContext, users: Iterable[JSONObject]) -> None:
    """Put what providers show of authData in its place, in users as they are answered."""
    for user in users:
        auth = user.get("authData")
        if isinstance(auth, dict):
            shown = {name: await _shown(context, user, name, data) for name, data in auth.items()}
            user["authData"] = shown


async def is_echo(context: RequestContext, name: str, data: JSONObject, user: JSONObject) -> bool:
    """Does a client only send back what it was shown of stored authData, or a part of it?

    Nothing is proven and nothing changed by that, so the provider is not asked again (§15.4).
    """
    stored = (user.get("authData") or {}).get(name)
    if not isinstance(stored, dict) or not data:
        return False
    if all(key in stored and stored[key] == value for key, value in data.items()):
        return True
    masked = second_factors.masked({name: stored})[name]
    return bool(data == await _shown(context, user, name, masked))


async def _shown(context: RequestContext, user: JSONObject, name: str, data: Any) -> Any:
    provider = context.backend.auth.get(name)
    if provider is None or not isinstance(data, dict) or not provider.has("after_find"):
        return data
    try:
        return await provider.show(data, request_of(context, name, user))
    except Exception:  # whatever an adapter may raise: what it would have hidden stays hidden
        context.backend.log.exception("auth provider %s: after_find failed", name)
        return {}
