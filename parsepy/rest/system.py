"""``/serverInfo``, ``/security``, ``/metrics``: what this server can do, and how it fares."""

from parsepy.http.refusals import HTTPRefusal
from parsepy.http.requests import Request, Route
from parsepy.http.responses import Answer
from parsepy.model.values import JSONObject
from parsepy.operations import push, security
from parsepy.version import __version__

PARSE_LEVEL = "9.10.0"
"""The Parse Server whose protocol is spoken; clients decide by it what they may use."""

_LOG = ("GET", "scriptlog")
_PUSH = ("POST", "push")
_HOOKS = "hooks/functions"
_SCHEMA = ("PUT", "schemas/Any")
FEATURES: dict[str, dict[str, tuple[str, str] | None]] = {
    "globalConfig": {
        "create": ("PUT", "config"),
        "read": ("GET", "config"),
        "update": ("PUT", "config"),
        "delete": ("PUT", "config"),
    },
    "hooks": {
        "create": ("POST", _HOOKS),
        "read": ("GET", _HOOKS),
        "update": ("PUT", f"{_HOOKS}/total"),
        "delete": ("PUT", f"{_HOOKS}/total"),
    },
    "cloudCode": {"jobs": ("GET", "cloud_code/jobs")},
    "logs": {"level": _LOG, "size": _LOG, "order": _LOG, "until": _LOG, "from": _LOG},
    "push": {
        "immediatePush": _PUSH,
        "scheduledPush": _PUSH,
        "storedPushData": _PUSH,
        "pushAudiences": ("GET", "push_audiences"),
        "localization": _PUSH,
    },
    "schemas": {
        "addField": _SCHEMA,
        "removeField": _SCHEMA,
        "addClass": ("POST", "schemas/Any"),
        "removeClass": ("DELETE", "schemas/Any"),
        "clearAllDataFromClass": ("DELETE", "purge/Any"),
        "exportClass": None,
        "editClassLevelPermissions": _SCHEMA,
        "editPointerPermissions": _SCHEMA,
    },
}
"""What a dashboard asks for, and the request that must have a route for it to be there."""


def features(request: Request) -> JSONObject:
    """Return the table of features: true where this server has the route that is needed."""
    find = request.find_route
    shown: JSONObject = {
        group: {
            name: needed is not None and find(needed[0], tuple(needed[1].split("/"))) is not None
            for name, needed in members.items()
        }
        for group, members in FEATURES.items()
    }
    for name, is_on in _push_features(request).items():
        shown["push"][name] &= is_on
    return shown | {"settings": {"securityCheck": request.context.config.security.enable_check}}


def _push_features(request: Request) -> dict[str, bool]:
    """Return the features of pushes that depend on the configuration."""
    can_send = push.is_configured(request.context)
    return {
        "immediatePush": can_send,
        "scheduledPush": can_send and request.context.config.scheduled_push,
        "storedPushData": can_send,
    }


async def server_info(request: Request) -> Answer:
    """Answer the features of this server and the level of Parse's protocol that it has."""
    request.require_master()
    return Answer(
        {
            "features": features(request),
            "parseServerVersion": PARSE_LEVEL,
            "parsepyVersion": __version__,
        }
    )


async def security_report(request: Request) -> Answer:
    """Answer which settings are weak."""
    request.require_master()
    if not request.context.config.security.enable_check:
        message = "Enable Parse Server option `security.enableCheck` to run security check."
        raise HTTPRefusal(409, message)
    return Answer({"report": await security.report(request.context.backend)})


async def metrics(request: Request) -> Answer:
    """Answer the metrics for Prometheus, if they are kept; with the master key."""
    request.require_master()
    kept = request.context.backend.metrics
    if kept is None:
        raise HTTPRefusal(404, "Metrics are off: set the option metrics.enabled.")
    return Answer(kept.text())


routes = [
    Route("GET", "/serverInfo", server_info),
    Route("GET", "/security", security_report),
    Route("GET", "/metrics", metrics),
]
