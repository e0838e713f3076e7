"""What cloud code imports: ``Cloud`` and the friendly objects (docs/cloud-code.md)."""

from parsepy.cloud.around import Proceed
from parsepy.cloud.config import Config
from parsepy.cloud.decorators import Answer, Cloud
from parsepy.cloud.files import File
from parsepy.cloud.objects import Object, Pointer, Relation
from parsepy.cloud.push import Push
from parsepy.cloud.query import Query
from parsepy.cloud.requests import (
    ConfigRequest,
    ConnectRequest,
    DeleteRequest,
    FileRequest,
    FindRequest,
    FoundRequest,
    FunctionRequest,
    JobRequest,
    LiveEventRequest,
    ReceivedRequest,
    SaveRequest,
    SubscribeRequest,
    TriggerRequest,
    UserRequest,
    WriteRequest,
)
from parsepy.cloud.users import Installation, Role, Session, User
from parsepy.cloud.values import ACL, GeoPoint, Polygon
from parsepy.errors import Code, ParseError
from parsepy.operations.writes import ConditionFailed

Request = TriggerRequest
"""What cloud code written for earlier versions calls it."""

__all__ = [
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
