"""Friendly values to REST form and back; which Python class stands for which Parse class."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar

from parsepy.cloud.files import File
from parsepy.cloud.values import (
    ACL,
    GeoPoint,
    Polygon,
    from_datetime,
    from_decimal,
    to_datetime,
)
from parsepy.errors import ParseError
from parsepy.model import values as rest
from parsepy.model.values import JSONObject


class Storable:
    """What has an id in the database and a form on the wire: the base of ``Object``."""

    __slots__ = ()

    class_name: str
    id: str | None

    is_data_available: bool

    def _begin(self, class_name: str) -> None:
        """Be a new object without fields."""
        raise NotImplementedError

    def to_pointer(self) -> JSONObject:
        """The Pointer that stands for it; raises MISSING_OBJECT_ID for a new one."""
        raise NotImplementedError

    def to_json(self) -> JSONObject:
        """Every field in Parse's JSON."""
        raise NotImplementedError

    def load(self, item: JSONObject) -> Any:
        """Take over an object in REST form as the stored state."""
        raise NotImplementedError


PLAIN = frozenset((str, int, float, bool, type(None)))
"""The types whose values are the same in cloud code and on the wire."""
S = TypeVar("S", bound=Storable)
CLASSES: dict[str | None, type[Storable]] = {}
"""For a class name, the Python class that stands for it; ``None``: for every other class."""


def make(class_name: str) -> Any:
    """A new object of the Python class that stands for ``class_name``.

    An author's own ``__init__`` is not called: it may ask for anything.
    """
    cls = CLASSES.get(class_name) or CLASSES[None]
    item = cls.__new__(cls)
    item._begin(class_name)
    return item


def pointer(class_name: str, object_id: str) -> Any:
    """An object that is known by its id alone."""
    item = make(class_name)
    item.id = object_id
    item.is_data_available = False
    return item


def from_rest(class_name: str, item: JSONObject) -> Any:
    """Make the friendly object of an object in REST form."""
    return make(class_name).load(item)


def encode(value: Any, *, whole: bool = False) -> Any:
    """A friendly value in REST form.

    Objects become pointers, or with ``whole`` themselves where their data are here. Raises
    ``TypeError`` for what Parse has no form for, MISSING_OBJECT_ID for a new object.
    """
    kind = type(value)
    if kind in PLAIN:  # as most are: no look at what else it might be
        return value
    if kind is dict:
        return _encoded(value, whole)
    match value:
        case None | bool() | int() | float() | str():
            return value.value if isinstance(value, Enum) else value
        case datetime():
            return from_datetime(value)
        case Storable():
            if not whole or not value.is_data_available:
                if value.id is None:
                    return value.to_pointer()  # which refuses it
                return {"__type": "Pointer", "className": value.class_name, "objectId": value.id}
            return {**value.to_json(), "__type": "Object", "className": value.class_name}
        case Mapping():
            return _encoded(value, whole)
        case list() | tuple():
            return [item if type(item) in PLAIN else encode(item, whole=whole) for item in value]
        case ACL():
            return value.to_json()
        case GeoPoint(latitude, longitude):
            return {"__type": "GeoPoint", "latitude": latitude, "longitude": longitude}
        case Polygon():
            return {"__type": "Polygon", "coordinates": [list(p) for p in value.points]}
        case bytes() | bytearray():
            return rest.from_bytes(bytes(value))
        case File():
            return value.to_json()
        case Decimal():
            return from_decimal(value)
    raise TypeError(f"Parse has no type for a {type(value).__name__}")


def _encoded(value: Mapping[Any, Any], whole: bool) -> JSONObject:
    return {
        str(key): item if type(item) in PLAIN else encode(item, whole=whole)
        for key, item in value.items()
    }


def decode(value: Any) -> Any:
    """A value in REST form as a friendly one; lists and dictionaries are new ones."""
    if type(value) is not dict:
        if type(value) is list:
            return [item if type(item) in PLAIN else decode(item) for item in value]
        return value
    kind = value.get("__type")
    decoder = _DECODERS.get(kind) if type(kind) is str else None
    if decoder is not None:
        try:
            return decoder(value)
        except (KeyError, TypeError, ValueError, ParseError):
            return dict(value)  # of no known form: shown as it is
    return {key: item if type(item) in PLAIN else decode(item) for key, item in value.items()}


def _pointer(value: JSONObject) -> Any:
    item = make(str(value["className"]))
    item.id = str(value["objectId"])
    item.is_data_available = False
    return item


def _whole(value: JSONObject) -> Any:
    return from_rest(str(value["className"]), value)


def _geo_point(value: JSONObject) -> GeoPoint:
    return GeoPoint(value["latitude"], value["longitude"])


def _bytes(value: JSONObject) -> bytes:
    content = rest.to_bytes(value) if value["base64"] != "" else b""
    if content is None:
        raise ValueError("no base64")
    return content


def _date(value: JSONObject) -> datetime:
    moment = to_datetime(value["iso"])
    if moment is None:
        raise ValueError("no date")
    return moment


_DECODERS: dict[str, Callable[[JSONObject], Any]] = {
    "Pointer": _pointer,
    "Object": _whole,
    "Date": _date,
    "GeoPoint": _geo_point,
    "Polygon": lambda value: Polygon(value["coordinates"]),
    "Bytes": _bytes,
    "File": lambda value: File(str(value["name"]), url=value.get("url")),
}
