"""``/serverInfo``: what this server can do."""

from parsepy.rest.requests import Request, Route
from parsepy.rest.responses import Answer
from parsepy.version import __version__

PARSE_LEVEL = "9.10.0"
"""The Parse Server whose protocol is spoken; clients decide by it what they may use."""

FEATURES = {
    "globalConfig": {"create": False, "read": False, "update": False, "delete": False},
    "hooks": {"create": False, "read": False, "update": False, "delete": False},
    "cloudCode": {"jobs": False},
    "logs": {"level": False, "size": False, "order": False, "until": False, "from": False},
    "push": {
        "immediatePush": False,
        "scheduledPush": False,
        "storedPushData": False,
        "pushAudiences": False,
        "localization": False,
    },
    "schemas": {
        "addField": True,
        "removeField": True,
        "addClass": True,
        "removeClass": True,
        "clearAllDataFromClass": True,
        "exportClass": False,
        "editClassLevelPermissions": True,
        "editPointerPermissions": True,
    },
    "settings": {"securityCheck": False},
}


async def server_info(request: Request) -> Answer:
    """The features of this server and the protocol's level."""
    request.require_master()
    return Answer(
        {
            "features": FEATURES,
            "parseServerVersion": PARSE_LEVEL,
            "parsepyVersion": __version__,
        }
    )


routes = [Route("GET", "/serverInfo", server_info)]
