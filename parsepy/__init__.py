"""parsepy: a Parse-compatible backend server; from here cloud code imports what it uses."""

from typing import TYPE_CHECKING, Any

from parsepy.version import __version__ as __version__

if TYPE_CHECKING:
    from parsepy.cloud import *  # noqa: F403  # the names of its __all__

# Named here, since looking into the package itself would import it for every other name as well.
CLOUD_NAMES = frozenset(
    [
        "ACL",
        "Answer",
        "Cloud",
        "Code",
        "ConditionFailed",
        "Config",
        "ConfigRequest",
        "ConnectRequest",
        "DeleteRequest",
        "File",
        "FileRequest",
        "FindRequest",
        "FoundRequest",
        "FunctionRequest",
        "GeoPoint",
        "Installation",
        "JobRequest",
        "LiveEventRequest",
        "Object",
        "ParseError",
        "Pointer",
        "Polygon",
        "Proceed",
        "Push",
        "Query",
        "ReceivedRequest",
        "Relation",
        "Request",
        "Role",
        "SaveRequest",
        "Session",
        "SubscribeRequest",
        "TriggerRequest",
        "User",
        "UserRequest",
        "WriteRequest",
    ]
)
"""What cloud code imports from ``parsepy``: the names of ``parsepy.cloud``."""


def __getattr__(name: str) -> Any:
    """A name of ``parsepy.cloud``, imported when it is asked for."""
    if name in CLOUD_NAMES:
        from parsepy import cloud

        return getattr(cloud, name)
    raise AttributeError(f"module 'parsepy' has no attribute {name!r}")
