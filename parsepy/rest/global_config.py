"""``/config``: the global config's parameters."""

from typing import Any

from parsepy.errors import Code, ParseError
from parsepy.http.requests import Request, Route
from parsepy.http.responses import Answer
from parsepy.model.values import JSONObject
from parsepy.operations import global_config


async def read(request: Request) -> Answer:
    """Answer the parameters that the caller may see."""
    return Answer(await global_config.read(request.context))


async def change(request: Request) -> Answer:
    """Set or remove parameters, with the master key."""
    request.require_master("update the config")
    params = _object(request.body, "params")
    await global_config.change(request.context, params, _object(request.body, "masterKeyOnly"))
    return Answer({"result": True})


def _object(body: JSONObject, name: str) -> JSONObject:
    value: Any = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ParseError(Code.INVALID_JSON, f"{name} must be an object")
    return value


routes = [Route("GET", "/config", read), Route("PUT", "/config", change)]
