"""REST object to BSON document and back, in one pass each: the hot loop (protocol §6.2)."""

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import NoneType
from typing import Any, Protocol
from urllib.parse import quote

import bson
from bson import Binary, CodecOptions, DatetimeConversion, Decimal128, Int64, ObjectId
from bson import Code as BSONCode
from bson.datetime_ms import DatetimeMS

from parsepy.errors import Code, ParseError
from parsepy.model import acl
from parsepy.model.schema import ClassSchema
from parsepy.model.values import (
    JSONObject,
    check_nested,
    from_bytes,
    from_iso,
    is_number,
    is_pointer,
    normal_pointer,
    pointer_spellings,
    to_bytes,
    to_iso,
)
from parsepy.storage.native import ColumnReading, NativeReader, ReadColumn, reader_of

Document = dict[str, Any]
CODEC: CodecOptions[Document] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_AUTO)
"""How the driver decodes documents: dates that Python has no form for come as numbers."""
Converter = Callable[[Any], Any]


class FileURL(Protocol):
    """Says where a file is downloaded."""

    def __call__(self, name: str, mount_url: str | None = None, /) -> str:
        """The URL of a file for who reaches the server below ``mount_url``.

        None: below the configured address.
        """


_INT32 = 2**31
_EXACT = 2**53
_INT64 = 2**63
_ERA = 146_097 * 86_400_000  # the calendar repeats after 400 years
_JS_DATE_MAX = 8_640_000_000_000_000
_OMIT: Any = object()

# Columns whose document key is not their own name (protocol §6.2)
KEYS: dict[str, str] = {
    "objectId": "_id",
    "createdAt": "_created_at",
    "updatedAt": "_updated_at",
}
CLASS_KEYS: dict[str, dict[str, str]] = {
    "_User": {"sessionToken": "_session_token"},
    "_Session": {"sessionToken": "_session_token"},
    "_Audience": {"lastUsed": "_last_used", "timesUsed": "times_used"},
}
AUTH_DATA = "_auth_data_"
NUMBERED = frozenset(("_GlobalConfig", "_GraphQLConfig"))
"""Classes whose ids are numbers in the database, as that of their one document (§6.9)."""
_NUMBER = re.compile(r"[0-9]{1,15}")


def key_of(schema: ClassSchema, name: str) -> str:
    """The document key (or dotted path) of a column (or dotted path)."""
    key = KEYS.get(name)
    if key is not None:
        return key
    if name in schema.pointers:
        return "_p_" + name
    special = CLASS_KEYS.get(schema.name)
    if special is not None:
        if name in special:
            return special[name]
        if schema.name == "_User" and name.startswith("authData."):
            return AUTH_DATA + name[9:]
    return name


# --- REST to BSON -----------------------------------------------------------------------------


def to_number(value: int | float) -> int | float:
    """A number as it is stored: int32 where it fits, a double up to 2^53, then int64."""
    if isinstance(value, float):
        if not value.is_integer():
            return value
        if -_INT32 <= value < _INT32:
            return int(value)
        return value
    if -_INT32 <= value < _INT32:
        return value
    if -_EXACT <= value <= _EXACT or not -_INT64 <= value < _INT64:
        return float(value)
    return value


def to_nested(value: Any) -> Any:
    """A value inside an array or object: dates and bytes become BSON's, pointers normal."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is int or kind is float:
        return to_number(value)
    if kind is list:
        if len(value) > _MANY and are_plain(value):
            return list(value)
        return [to_nested(item) for item in value]
    typed = value.get("__type")
    if typed == "Date":
        return from_iso(value.get("iso"))
    if typed == "Bytes":
        content = to_bytes(value)
        return Binary(content) if content is not None else None
    if typed == "Pointer":
        value = normal_pointer(value)
    if len(value) > _MANY and are_plain(value.values()):
        return dict(value)
    return {key: to_nested(item) for key, item in value.items()}


_MANY = 20  # values of which it pays to look whether they are all of one kind
_AS_THEY_ARE = frozenset((str, bool, NoneType))


def are_plain(values: Collection[Any]) -> bool:
    """Are these values of one kind, all of which are stored as they are?"""
    kinds = set(map(type, values))
    return kinds <= _AS_THEY_ARE or (
        kinds == {int} and min(values) >= -_INT32 and max(values) < _INT32
    )


_MOST_SPELLED = 5_000


def is_nested_pointer(value: Any) -> bool:
    """Is this a normal pointer as it lies inside an array or object?"""
    return (
        type(value) is dict
        and len(value) == 3
        and value.get("__type") == "Pointer"
        and "className" in value
        and "objectId" in value
    )


def spelled(values: list[Any]) -> list[Any]:
    """Put other orders of their keys beside pointers: older versions stored them as sent.

    Of very long lists the normal order alone is taken; all of them would fill no request.
    """
    if len(values) > _MOST_SPELLED or not any(map(is_nested_pointer, values)):
        return values
    found: list[Any] = []
    for value in values:
        found += pointer_spellings(value) if is_nested_pointer(value) else [value]
    return found


def to_checked(value: Any, depth: int = 0) -> Any:
    """A value that will lie ``depth`` levels inside an array or object.

    Raises what ``check_nested`` does.
    """
    check_nested(value, depth)
    return to_nested(value)


def to_column(value: Any) -> Any:
    """The value of a top-level column; a Pointer becomes ``Class$objectId``."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is int or kind is float:
        return to_number(value)
    if kind is list:
        check_nested(value)
        return to_nested(value)
    typed = value.get("__type")
    if not typed:
        check_nested(value)
        return to_nested(value)
    return _COLUMNS[typed](value)


def _polygon(value: JSONObject) -> Document:
    points = [[to_number(p[1]), to_number(p[0])] for p in value["coordinates"]]
    if points and points[0] != points[-1]:
        points.append(points[0])
    if len({tuple(point) for point in points}) < 3:
        raise ParseError(
            Code.INCORRECT_TYPE,
            "GeoJSON: Loop must have at least 3 different vertices",
        )
    return {"type": "Polygon", "coordinates": [points]}


def _to_binary(value: JSONObject) -> Binary:
    return Binary(to_bytes(value) or b"")


_COLUMNS: dict[str, Converter] = {
    "Pointer": lambda v: f"{v['className']}${v['objectId']}",
    "Object": lambda v: f"{v['className']}${v['objectId']}",
    "Date": lambda v: from_iso(v["iso"]),
    "GeoPoint": lambda v: [to_number(v["longitude"]), to_number(v["latitude"])],
    "Polygon": _polygon,
    "Bytes": _to_binary,
    "File": lambda v: v["name"],
    "Relation": lambda v: _OMIT,
}


def to_document(schema: ClassSchema, values: JSONObject) -> Document:
    """A new object as a document."""
    document = to_columns(schema, values)
    for name in schema.pointers:
        # Parse: a pointer column that starts as null is kept under its plain name
        if values.get(name, _OMIT) is None:
            del document["_p_" + name]
            document[name] = None
    return document


def to_numbered_id(object_id: str) -> int | str:
    """The `_id` of an object whose class is one of ``NUMBERED``; a text if it is no number."""
    return int(object_id) if _NUMBER.fullmatch(object_id) else object_id


def to_columns(schema: ClassSchema, values: JSONObject) -> Document:
    """The document keys and values of columns that are set (no operations in them).

    Keys that start with ``_`` are the house's own and pass as they are.
    """
    document: Document = {}
    pointers, has_own_keys = schema.pointers, schema.name in CLASS_KEYS
    for name, value in values.items():
        if name[0] == "_":
            document[name] = value
        elif name == "ACL":
            if value is not None:
                document.update(to_acl(value))
        elif name == "objectId":
            document["_id"] = value
        elif name == "createdAt" or name == "updatedAt":
            document[KEYS[name]] = from_iso(value)
        elif name == "authData" and schema.name == "_User":
            for provider, data in (value or {}).items():
                if data is not None:
                    document[AUTH_DATA + provider] = to_checked(data)
        else:
            kind = type(value)
            converted = value if kind is str or kind is bool else to_column(value)
            if converted is not _OMIT:
                if name in pointers:
                    name = "_p_" + name
                document[key_of(schema, name) if has_own_keys else name] = converted
    return document


def to_acl(entries: JSONObject) -> Document:
    """A clean ACL as the three document keys that hold it."""
    readers: list[str] = []
    writers: list[str] = []
    short: Document = {}
    for name, flags in entries.items():
        flagged = short[name] = {}
        if "read" in flags:
            readers.append(name)
            flagged["r"] = True
        if "write" in flags:
            writers.append(name)
            flagged["w"] = True
    return {"_wperm": writers, "_rperm": readers, "_acl": short}


# --- BSON to REST -----------------------------------------------------------------------------


def from_nested(value: Any) -> Any:
    """Any BSON value in REST form."""
    kind = type(value)
    if kind is str or kind is bool or kind is int or value is None:
        return value
    convert = _FROM.get(kind)
    if convert is not None:
        return convert(value)
    return str(value)


def _from_float(value: float) -> int | float | None:
    if value.is_integer():
        return int(value) if -_INT64 <= value < _INT64 else value
    return value if math.isfinite(value) else None


def from_date(value: Any) -> Any:
    """A BSON date as a Date value; what is none is shown as it is (exports hold the REST form)."""
    if type(value) is datetime:
        return {"__type": "Date", "iso": to_iso(value)}
    if not isinstance(value, DatetimeMS):
        return from_nested(value)
    text = _far_timestamp(int(value))
    return None if text is None else {"__type": "Date", "iso": text}


def _from_moment(value: Any) -> JSONObject | None:
    """A date, or what can be read as one, as a Date value."""
    text = from_timestamp(value)
    return None if text is None else {"__type": "Date", "iso": text}


def from_timestamp(value: Any) -> str | None:
    """A BSON date, or what can be read as one, as a bare ISO text."""
    if type(value) is datetime:
        return to_iso(value)
    if isinstance(value, DatetimeMS) or is_number(value) or isinstance(value, Int64):
        return _far_timestamp(int(value))
    if isinstance(value, str):
        text = str(value)  # BSON's code is a str without a hash
        moment = from_iso(text)
        return to_iso(moment) if moment else text
    return None


def _far_timestamp(milliseconds: int) -> str | None:
    """A moment outside the years 1 to 9999 as JavaScript writes it, if it can."""
    if abs(milliseconds) > _JS_DATE_MAX:
        return None
    eras, rest = divmod(milliseconds, _ERA)
    text = to_iso(datetime(1970, 1, 1) + timedelta(milliseconds=rest))
    year = int(text[:4]) + 400 * eras
    return (f"{year:04d}" if 0 <= year <= 9999 else f"{year:+07d}") + text[4:]


def _from_object(value: Document) -> JSONObject:
    shown = {key: from_nested(item) for key, item in value.items()}
    if shown.get("__type") == "Date" and isinstance(shown.get("iso"), dict):
        shown["iso"] = shown["iso"].get("iso")  # Parse: a Date of a date, as some imports made it
    return shown


_FROM: dict[type, Converter] = {
    float: _from_float,
    datetime: from_date,
    DatetimeMS: from_date,
    dict: _from_object,
    list: lambda value: [from_nested(item) for item in value],
    bytes: from_bytes,
    Binary: from_bytes,
    ObjectId: str,
    Int64: int,  # which is no plain number to whatever asks for a value's type
    BSONCode: str,
    Decimal128: lambda value: _from_float(float(value.to_decimal())),
}


def _from_pointer(target: str) -> Converter:
    prefix = target + "$"
    size = len(prefix)

    def convert(value: Any) -> Any:
        if isinstance(value, str) and value.startswith(prefix):
            return {"__type": "Pointer", "className": target, "objectId": value[size:]}
        # Parse: a pointer to another class than the column's target is not shown
        return _OMIT

    return convert


def _from_geo_point(value: Any) -> Any:
    if isinstance(value, list) and len(value) == 2:
        longitude, latitude = map(from_nested, value)
        return {"__type": "GeoPoint", "latitude": latitude, "longitude": longitude}
    return from_nested(value)


def _from_polygon(value: Any) -> Any:
    if isinstance(value, dict) and value.get("type") == "Polygon":
        rings = value.get("coordinates")
        ring = rings[0] if isinstance(rings, list) and rings else None
        if isinstance(ring, list) and all(isinstance(p, list) and len(p) == 2 for p in ring):
            points = [[from_nested(p[1]), from_nested(p[0])] for p in ring]
            return {"__type": "Polygon", "coordinates": points}
    return from_nested(value)


def _from_bytes_column(value: Any) -> Any:
    if type(value) is str and _BASE64.fullmatch(value):
        return {"__type": "Bytes", "base64": value}  # Parse: as an export of JSON holds them
    return from_nested(value)


_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", re.ASCII)


def _from_id(value: Any) -> Any:
    return value if type(value) is str else str(from_nested(value))


def _from_file(file_url: FileURL, mount_url: str | None) -> Converter:
    def convert(value: Any) -> Any:
        if type(value) is not str:
            return from_nested(value)
        # Parse: a name that is itself a URL is its own address (files of hosted Parse)
        url = value if value.startswith(("http://", "https://")) else file_url(value, mount_url)
        return {"__type": "File", "name": value, "url": url}

    return convert


def file_url_of(
    base: str,
    app_id: str,
    file_key: str | None = None,
    direct: Callable[[str], str | None] | None = None,
) -> FileURL:
    """Where a stored file is downloaded: ``{base}/files/{appId}/{name}``.

    ``base`` is the configured address, for what belongs to no request. ``file_key`` is the key
    of the hosted Parse that the data come from; ``direct`` asks the file store.
    """
    kept = "!'()*/"  # what JavaScript's encodeURIComponent leaves alone, and the slash

    def url(name: str, mount_url: str | None = None, /) -> str:
        if file_key is not None:
            # Parse: by their names, files of hosted Parse are where they always were
            for host, pattern in _HOSTED:
                if pattern.match(name):
                    return f"http://{host}/{file_key}/{quote(name, safe=kept[:-1])}"
        own = direct(name) if direct is not None else None
        return own or f"{mount_url or base}/files/{app_id}/{quote(name, safe=kept)}"

    return url


_HOSTED = (
    ("files.parsetfss.com", re.compile(r"tfss-")),
    (
        "files.parse.com",
        re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}-"),
    ),
)


_MOST_MOUNTS = 16
"""How many addresses of a server one class's readers are kept for."""


@dataclass(slots=True)
class Plan:
    """How a class's documents are read: document key → (column, converter or None).

    ``computed`` is for what pipelines yield: key → what puts its values into a result, or the
    name under which they stand as they are.
    ``files`` are the keys of File columns, ``by_mount`` the plans for callers who reach the
    server by another address than the configured one. ``native`` is the extension's reader of the
    same columns, if it is there.
    """

    entries: dict[str, tuple[str, Converter | None]]
    relations: tuple[tuple[str, str], ...]
    file_url: FileURL
    files: tuple[str, ...] = ()
    targets: Mapping[str, str] = field(default_factory=dict)
    """The class that each pointer column points to, by the column's key."""
    computed: dict[str, str | Callable[[JSONObject, Any], None]] = field(default_factory=dict)
    by_mount: dict[str, "Plan"] = field(default_factory=dict)
    native: NativeReader | None = None
    projections: dict[frozenset[str], Document] = field(default_factory=dict)
    """Projections of columns that were selected before."""

    def __post_init__(self) -> None:
        columns = (
            ReadColumn(key, name, _reading(key, convert, self), self.targets.get(key), convert)
            for key, (name, convert) in self.entries.items()
        )
        self.native = reader_of(columns, self.relations)

    def at(self, mount_url: str) -> "Plan":
        """The plan whose files are below ``mount_url``."""
        plan = self.by_mount.get(mount_url)
        if plan is None:
            if len(self.by_mount) >= _MOST_MOUNTS:
                self.by_mount.clear()  # a client may reach the server by any name
            convert = _from_file(self.file_url, mount_url)
            changed = {key: (self.entries[key][0], convert) for key in self.files}
            entries = self.entries | changed
            plan = Plan(entries, self.relations, self.file_url, self.files, self.targets)
            self.by_mount[mount_url] = plan
        return plan


def plan_of(schema: ClassSchema, file_url: FileURL, mount_url: str | None = None) -> Plan:
    """The compiled reader of a class, made once for each version of its schema.

    ``mount_url``: the address below which the caller reaches the server; None: the configured.
    """
    plan = schema.plan
    if not isinstance(plan, Plan):
        plan = schema.plan = _compile(schema, file_url)
    return plan.at(mount_url) if mount_url and plan.files else plan


def _compile(schema: ClassSchema, file_url: FileURL) -> Plan:
    converters: dict[str, Converter] = {
        "Date": from_date,
        "GeoPoint": _from_geo_point,
        "Polygon": _from_polygon,
        "Bytes": _from_bytes_column,
        "File": _from_file(file_url, None),
    }
    entries: dict[str, tuple[str, Converter | None]] = {
        "_id": ("objectId", _from_id),
        "_created_at": ("createdAt", from_timestamp),
        "_updated_at": ("updatedAt", from_timestamp),
        "createdAt": ("createdAt", from_timestamp),
        "updatedAt": ("updatedAt", from_timestamp),
    }
    targets = {}
    for name, kind in schema.types.items():
        if name in KEYS or name == "ACL" or kind.name == "Relation":
            continue
        if kind.name == "Pointer" and kind.target:
            targets["_p_" + name] = kind.target
            entries["_p_" + name] = (name, _from_pointer(kind.target))
        else:
            entries[key_of(schema, name)] = (name, converters.get(kind.name))
    if "expiresAt" in schema.types:
        entries["expiresAt"] = ("expiresAt", _from_moment)
    if schema.name == "_Audience":
        # Parse: when an audience was used is told as bare text, not as a Date
        entries["_last_used"] = ("lastUsed", from_timestamp)
    files = tuple(
        key_of(schema, name) for name, kind in schema.types.items() if kind.name == "File"
    )
    return Plan(entries, tuple(schema.relations.items()), file_url, files, targets)


_READINGS: dict[Converter | None, ColumnReading] = {
    None: ColumnReading.PLAIN,
    from_date: ColumnReading.PLAIN,  # which every value is asked for
    from_timestamp: ColumnReading.MOMENT_TEXT,
    _from_moment: ColumnReading.MOMENT,
    _from_id: ColumnReading.ID,
    _from_geo_point: ColumnReading.GEO_POINT,
    _from_bytes_column: ColumnReading.BYTES,
    _from_polygon: ColumnReading.LEFT_ALONE,
}
"""How the extension reads what a converter makes; those of one column alone are not among them."""


def _reading(key: str, convert: Converter | None, plan: "Plan") -> ColumnReading:
    if convert is None and key.startswith("_p_"):  # a pointer to no class that the schema names
        return ColumnReading.LEFT_ALONE
    if convert in _READINGS:
        return _READINGS[convert]
    return ColumnReading.POINTER if key in plan.targets else ColumnReading.FILE_NAME


def to_object(plan: Plan, document: Document, *, internal: bool = False) -> JSONObject:
    """A document in REST form. ``internal`` keeps the house's own ``_`` columns as they are."""
    result: JSONObject = {}
    entries = plan.entries
    readers = writers = None
    has_acl = False
    for key, value in document.items():
        entry = entries.get(key)
        if entry is not None:
            name, convert = entry
            if convert is not None and value is not None:
                value = convert(value)
                if value is _OMIT:
                    continue
            else:
                kind = type(value)
                if kind is not str and kind is not bool and kind is not int:
                    if value is None and key[:3] == "_p_":
                        continue
                    value = from_nested(value)
            result[name] = value
        elif key == "_rperm":
            readers, has_acl = value, True
        elif key == "_wperm":
            writers, has_acl = value, True
        elif key[:1] == "_":
            if key.startswith(AUTH_DATA):
                result.setdefault("authData", {})[key[11:]] = from_nested(value)
            elif internal:
                result[key] = int(value) if type(value) is Int64 else value
        else:
            result[key] = from_nested(value)
    if has_acl:
        result["ACL"] = acl.from_names(readers, writers)
    for name, target in plan.relations:
        result[name] = {"__type": "Relation", "className": target}
    return result


def with_names(
    plan: Plan, document: Document | bytes, key: str
) -> tuple[JSONObject, list[str] | None]:
    """A document (or its bytes) in REST form, and the list of names that it has at ``key``."""
    if isinstance(document, bytes):
        read = plan.native.object_with(document, key) if plan.native is not None else None
        if read is not None:
            return read
        document = bson.decode(document, CODEC)
    return to_object(plan, document), document.get(key)


def with_file_urls(plan: Plan, item: JSONObject) -> JSONObject:
    """An object with the URLs that ``plan`` gives its files, whatever URLs they came with."""
    changed: JSONObject = {}
    for key in plan.files:
        name, convert = plan.entries[key]
        value = item.get(name)
        if convert is not None and type(value) is dict and value.get("__type") == "File":
            changed[name] = convert(value["name"])
    return {**item, **changed} if changed else item


def pointer_text(value: Any, target: str | None = None) -> Any:
    """A pointer operand of a query as stored text; a bare id gets the column's target."""
    if is_pointer(value):
        return f"{value.get('className')}${value.get('objectId')}"
    if isinstance(value, str) and target is not None:
        return f"{target}${value}"
    return value
