"""The ``rate_limit`` of a decorator, as an entry of the option ``rateLimit``."""

from collections.abc import Iterable, Mapping
from typing import Any

from parsepy.config.paths import escape_path
from parsepy.model.values import JSONObject
from parsepy.triggers import CONFIG, FILE

_METHODS = {
    "beforeSave": ["POST", "PUT"],
    "afterSave": ["POST", "PUT"],
    "aroundSave": ["POST", "PUT"],
    "beforeDelete": ["DELETE"],
    "aroundDelete": ["DELETE"],
    "afterDelete": ["DELETE"],
    "beforeFind": ["GET"],
    "afterFind": ["GET"],
}
_PATHS = {
    "beforeLogin": "/login",
    "afterLogin": "/login",
    "afterLogout": "/logout",
    "beforePasswordResetRequest": "/requestPasswordReset",
}


def limit_of_trigger(given: Mapping[str, Any], kind: str, class_name: str) -> JSONObject:
    """The limit of the requests that lead to a trigger."""
    return limit_of(given, _PATHS.get(kind) or _path_of(class_name), _METHODS.get(kind))


def _path_of(class_name: str) -> str:
    """The path of a rate limit: that of the class and, as in Parse, of each of its objects."""
    if class_name == CONFIG:
        return "/config"
    names = {
        "_User": "/users",
        "_Role": "/roles",
        "_Installation": "/installations",
        FILE: "/files",
    }
    path = names.get(class_name) or f"/classes/{escape_path(class_name)}"
    return f"{path}{{/*id}}"


_LIMIT_NAMES = {
    "request_time_window": "requestTimeWindow",
    "request_count": "requestCount",
    "error_response_message": "errorResponseMessage",
    "include_internal_requests": "includeInternalRequests",
    "include_master_key": "includeMasterKey",
    "redis_url": "redisUrl",
    "zone": "zone",
}


def limit_of(
    given: Mapping[str, Any], path: str, methods: Iterable[str] | None = None
) -> JSONObject:
    """A rate limit in the terms of the option ``rateLimit``; ``TypeError`` for an unknown name."""
    limit: JSONObject = {"requestPath": path}
    for name, value in given.items():
        wire = _LIMIT_NAMES.get(name, name)
        if wire not in _LIMIT_NAMES.values():
            raise TypeError(f"rate_limit has no {name}; it takes {', '.join(_LIMIT_NAMES)}")
        limit[wire] = value
    for name in ("request_count", "request_time_window"):
        value = limit.get(_LIMIT_NAMES[name])
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            given_as = "is missing" if value is None else f"is {value!r}"
            raise TypeError(f"rate_limit: {name} {given_as}; it takes a number above 0")
    if methods is not None:
        limit["requestMethods"] = list(methods)
    return limit
