"""The REST form of typed values: recognise, check and make them; decode and encode JSON.

No other module but ``long_json`` imports the JSON library.
"""

import base64
import binascii
import math
import os
import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import permutations
from typing import Any, TypeGuard

import orjson

from parsepy.errors import Code, ParseError
from parsepy.model.bounds import RequestBounds

JSONObject = dict[str, Any]

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_CHARACTERS = bytes(ord(_ALPHABET[byte % 62]) for byte in range(256))
_ABOVE = bytes(range(248, 256))
_EPOCH = datetime(1970, 1, 1)
_MANY = 20  # keys of an object
_BASE64_PIECE = 1024 * 1024  # a multiple of four characters
MAX_DEPTH = 100  # BSON itself stops at 180 levels; two are spent on the document and the ACL
MOST_VALUES = 1_500_000
"""The most values of any JSON text, whoever sends it: more of them fill no object of 16 MB."""
_OBJECT = 4  # values that take as much time as an object by itself
_MOST_MENDED = 1_000_000
"""The longest text, in bytes, whose cut characters are mended."""
_HIGH = rb"\\u[dD][89abAB][0-9a-fA-F]{2}"
_LOW = rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_HALF = re.compile(rb"%b(?!%b)|(?<!%b)%b" % (_HIGH, _LOW, _HIGH, _LOW))
USUAL_VALUES = RequestBounds().body_values
"""The most values of JSON text of which nothing else is said."""
MAX_TEXT_DEPTH = 2 * MAX_DEPTH  # a batch and its requests lie around the objects


def new_id(size: int = 10) -> str:
    """Make a random objectId of ``size`` characters from ``[A-Za-z0-9]`` (protocol §4.2)."""
    # 248 = 4 * 62: bytes above are dropped so that every character is equally likely
    text = ""
    while len(text) < size:
        text += _random_bytes(size + 6).translate(_CHARACTERS, _ABOVE).decode("ascii")
    return text[:size]


_random: list[bytes] = []


def _random_bytes(size: int) -> bytes:
    """Take random bytes; the system is asked for many at once, as asking costs microseconds."""
    try:
        rest = _random.pop()
    except IndexError:  # the first time, or another thread has it
        rest = b""
    if len(rest) < size:
        rest = secrets.token_bytes(max(size, 4096))
    _random.append(rest[size:])
    return rest[:size]


# two processes must not make the same ids
if hasattr(os, "register_at_fork"):  # pragma: no branch
    os.register_at_fork(after_in_child=_random.clear)


def new_token() -> str:
    """Make a random session token: ``r:`` and 32 lower-case hex digits."""
    return "r:" + secrets.token_hex(16)


# --- JSON bytes -----------------------------------------------------------------------------


def loads(data: bytes | bytearray | str, most: int = USUAL_VALUES) -> Any:
    """Decode JSON text.

    Raises INVALID_JSON if it is invalid or nested too deep, OBJECT_TOO_LARGE if it holds more
    than ``most`` values, of which an object counts as many as it takes time, four; they are
    counted before it is decoded, which can't be interrupted.
    """
    if isinstance(data, str):
        brackets = data.count("[") + data.count("{")
    else:
        brackets = data.count(b"[") + data.count(b"{")
    if _OBJECT * len(data) > most:  # no value is shorter than a character
        check_number(data.encode("utf-8", "replace") if isinstance(data, str) else data, most)
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        value = _loads_cut(data, error)
    if brackets > MAX_TEXT_DEPTH:  # as deep as that only if it has so many
        _check_depth(value)
    return value


def _loads_cut(data: bytes | bytearray | str, error: orjson.JSONDecodeError) -> Any:
    """Decode JSON with texts that a client has cut in the middle of a character.

    Halves of surrogate pairs and bytes that are no UTF-8 are read as U+FFFD, which is what the
    database would keep of them. Raises INVALID_JSON.
    """
    text = data.encode("utf-8", "replace") if isinstance(data, str) else bytes(data)
    try:
        if len(text) > _MOST_MENDED:
            raise error
        if b"\0" in text:  # no JSON has one: it may stand for an escaped backslash meanwhile
            raise error
        marked = _HALF.sub(rb"\\ufffd", text.replace(rb"\\", b"\0"))
        return orjson.loads(marked.replace(b"\0", rb"\\").decode("utf-8", "replace"))
    except orjson.JSONDecodeError:
        raise ParseError(Code.INVALID_JSON, f"Malformed JSON: {error}") from error


def check_number(data: bytes | bytearray, most: int) -> None:
    """Raise OBJECT_TOO_LARGE for JSON of more than ``most`` values, as ``loads`` counts them."""
    most = min(most, MOST_VALUES)
    if number_of_values(data) <= most:
        return
    # texts may hold any mark: what lies between their quotes does not count
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    if data.count(b'"') <= 4 * most:  # a key and its value are two texts
        data = b"".join(data.split(b'"')[::2])
        if number_of_values(data) <= most:
            return
    raise values_exceed(most)


def values_exceed(most: int) -> ParseError:
    """Make the refusal of JSON of more than ``most`` values."""
    return ParseError(Code.OBJECT_TOO_LARGE, f"JSON of more than {most} values.")


def number_of_values(bare: bytes | bytearray) -> int:
    """Count the values of a JSON text, and with them marks inside its texts."""
    return bare.count(b",") + bare.count(b"[") + _OBJECT * bare.count(b"{")


def _check_depth(value: Any) -> None:
    """Raise INVALID_JSON for nesting that is too deep for recursive functions."""
    level = [value]
    for _ in range(MAX_TEXT_DEPTH):
        level = [
            item
            for outer in level
            if type(outer) is dict or type(outer) is list
            for item in (outer.values() if type(outer) is dict else outer)
        ]
    if any(type(item) is dict or type(item) is list for item in level):
        raise nesting_exceeds()


def nesting_exceeds() -> ParseError:
    """Make the refusal of JSON that is nested too deep."""
    return ParseError(Code.INVALID_JSON, f"Nesting deeper than {MAX_TEXT_DEPTH} levels.")


def dumps(value: Any) -> bytes:
    """Encode a value in REST form as JSON."""
    return orjson.dumps(value)


def encoded(text: bytes) -> Any:
    """Make a value for ``dumps`` of what is JSON already."""
    return orjson.Fragment(text)


# --- dates ----------------------------------------------------------------------------------


def now() -> datetime:
    """Return the current time as naive UTC, cut to the milliseconds of BSON dates."""
    moment = datetime.now(UTC).replace(tzinfo=None)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def stamp() -> str:
    """Return the current time in the form of createdAt and updatedAt."""
    seconds, milliseconds = divmod(time.time_ns() // 1_000_000, 1000)
    return f"{_second(seconds)}{milliseconds:03d}Z"


@lru_cache(2)
def _second(seconds: int) -> str:
    """Begin an ISO 8601 text with a second since 1970: many saves share it."""
    return to_iso(_EPOCH + timedelta(seconds=seconds))[:20]


def to_iso(moment: datetime) -> str:
    """Convert naive UTC to ISO 8601 with exactly three digits of milliseconds and ``Z``."""
    # the JSON library writes a date in a quarter of the time that isoformat takes
    text = orjson.dumps(moment)
    return text[1:24].decode() + "Z" if len(text) == 28 else text[1:20].decode() + ".000Z"


def from_iso(value: Any) -> datetime | None:
    """Convert an ISO text or milliseconds since 1970 to naive UTC; None if it is no date."""
    # Parse: a date without a time, and a number of milliseconds, are accepted as input
    try:
        if isinstance(value, str):
            return _from_short_text(value) if len(value) <= _SHORT else _from_text(value)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            moment = _EPOCH + timedelta(milliseconds=value)
        else:
            return None
    except (ValueError, OverflowError):
        return None
    beyond = moment.microsecond % 1000
    return moment.replace(microsecond=moment.microsecond - beyond) if beyond else moment


def _from_text(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is UTC:
        moment = moment.replace(tzinfo=None)
    elif moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    beyond = moment.microsecond % 1000
    return moment.replace(microsecond=moment.microsecond - beyond) if beyond else moment


_SHORT = 32  # characters
_from_short_text = lru_cache(128)(_from_text)  # of a save, createdAt is updatedAt


def date(moment: datetime) -> JSONObject:
    """Make a Date value in REST form."""
    return {"__type": "Date", "iso": to_iso(moment)}


def pointer(class_name: str, object_id: str) -> JSONObject:
    """Make a Pointer value in REST form."""
    return {"__type": "Pointer", "className": class_name, "objectId": object_id}


def is_pointer(value: Any) -> TypeGuard[JSONObject]:
    """Is this a Pointer, or an included object that may stand for one?"""
    return isinstance(value, dict) and value.get("__type") in ("Pointer", "Object")


_POINTER_KEYS = ("__type", "className", "objectId")


def normal_pointer(value: JSONObject) -> JSONObject:
    """Rewrite a Pointer with its three keys in the one order in which they are stored.

    MongoDB compares objects key by key, so that another order, or a key more, would make
    another value of it. What names no object stays as it is.
    """
    class_name, object_id = value.get("className"), value.get("objectId")
    if isinstance(class_name, str) and isinstance(object_id, str):
        return {"__type": "Pointer", "className": class_name, "objectId": object_id}
    return value


def pointer_spellings(value: JSONObject) -> list[JSONObject]:
    """List a normal Pointer with its keys in every order, the normal one first."""
    return [{key: value[key] for key in keys} for keys in permutations(_POINTER_KEYS)]


# --- types ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FieldType:
    """The type of a column: its name, and the target class of a Pointer or Relation."""

    name: str
    target: str | None = None

    def __str__(self) -> str:
        return f"{self.name}<{self.target}>" if self.target else self.name


STRING = FieldType("String")
NUMBER = FieldType("Number")
BOOLEAN = FieldType("Boolean")
DATE = FieldType("Date")
OBJECT = FieldType("Object")
ARRAY = FieldType("Array")
GEO_POINT = FieldType("GeoPoint")
FILE = FieldType("File")
BYTES = FieldType("Bytes")
POLYGON = FieldType("Polygon")
ACL = FieldType("ACL")
PLAIN_TYPES = {
    t.name: t
    for t in (STRING, NUMBER, BOOLEAN, DATE, OBJECT, ARRAY, GEO_POINT, FILE, BYTES, POLYGON)
}
NATIVE = {str: STRING, bool: BOOLEAN, int: NUMBER, float: NUMBER, list: ARRAY}
"""The types of the values that JSON has itself; null has none."""


def type_of(value: Any) -> FieldType | None:
    """Infer the column type of a REST value that is no operation; ``None`` for null.

    Raises INCORRECT_TYPE for an unknown or ill-formed ``__type`` (protocol §4.1).
    """
    native = NATIVE.get(type(value))
    if native is not None:
        return native
    if value is None:
        return None
    kind = value.get("__type")
    if not kind:
        return OBJECT
    if isinstance(kind, str):
        checker = _TYPED.get(kind)
        if checker is not None:
            found = checker(value)
            if found is not None:
                return found
    raise invalid(kind)


def invalid(kind: object) -> ParseError:
    """Make the refusal of an ill-formed typed value."""
    return ParseError(Code.INCORRECT_TYPE, f"This is not a valid {kind}")


def _pointer_type(value: JSONObject) -> FieldType | None:
    name, object_id = value.get("className"), value.get("objectId")
    if isinstance(name, str) and name and isinstance(object_id, str) and object_id:
        return FieldType("Pointer", name)
    if value["__type"] == "Pointer" and isinstance(name, str) and name and object_id is None:
        raise ParseError(Code.INCORRECT_TYPE, "This is not a valid Pointer")
    return None


def _relation_type(value: JSONObject) -> FieldType | None:
    name = value.get("className")
    return FieldType("Relation", name) if isinstance(name, str) and name else None


def _file_type(value: JSONObject) -> FieldType | None:
    name = value.get("name")
    return FILE if isinstance(name, str) and name else None


def _date_type(value: JSONObject) -> FieldType | None:
    return DATE if from_iso(value.get("iso")) is not None else None


def is_number(value: Any) -> TypeGuard[float]:
    """Is this a finite JSON number? A boolean is not."""
    return type(value) is int or (type(value) is float and math.isfinite(value))


def _geo_point_type(value: JSONObject) -> FieldType | None:
    latitude, longitude = value.get("latitude"), value.get("longitude")
    if not is_number(latitude) or not is_number(longitude):
        return None
    check_range(latitude, longitude, Code.INCORRECT_TYPE)
    return GEO_POINT


def check_range(latitude: float, longitude: float, code: Code = Code.INVALID_JSON) -> None:
    """Raise ``code`` for degrees that are no place on Earth (protocol §8.2)."""
    for name, value, most in (("latitude", latitude, 90), ("longitude", longitude, 180)):
        if abs(value) > most:
            shown = f"{value} < -{most}.0" if value < 0 else f"{value} > {most}.0"
            raise ParseError(code, f"GeoPoint {name} out of bounds: {shown}.")


def _bytes_type(value: JSONObject) -> FieldType | None:
    return BYTES if to_bytes(value) is not None else None


def _polygon_type(value: JSONObject) -> FieldType | None:
    points = value.get("coordinates")
    if not isinstance(points, list):
        return None
    for point in points:
        if not (isinstance(point, list) and len(point) == 2 and all(map(is_number, point))):
            return None
    for latitude, longitude in points:
        check_range(latitude, longitude, Code.INCORRECT_TYPE)
    return POLYGON


_TYPED = {
    "Pointer": _pointer_type,
    "Object": _pointer_type,  # Parse: an included object sent back stands for its pointer
    "Relation": _relation_type,
    "File": _file_type,
    "Date": _date_type,
    "GeoPoint": _geo_point_type,
    "Bytes": _bytes_type,
    "Polygon": _polygon_type,
}


def to_bytes(value: JSONObject) -> bytes | None:
    """Decode the content of a Bytes value; None if it is not valid base64."""
    text = value.get("base64")
    if not isinstance(text, str) or not text:
        return None
    try:
        if len(text) <= _BASE64_PIECE:
            return base64.b64decode(text, validate=True)
        return _long_bytes(text)
    except (binascii.Error, ValueError):
        return None


def _long_bytes(text: str) -> bytes | None:
    """Decode long base64 in pieces, between which other threads have their turn."""
    size = len(text)
    if text.find("=", 0, (size - 1) // _BASE64_PIECE * _BASE64_PIECE) >= 0:
        return None  # it ends before the last piece
    pieces = (text[start : start + _BASE64_PIECE] for start in range(0, size, _BASE64_PIECE))
    return b"".join([base64.b64decode(piece, validate=True) for piece in pieces])


def from_bytes(content: bytes) -> JSONObject:
    """Make a Bytes value in REST form."""
    return {"__type": "Bytes", "base64": base64.b64encode(content).decode()}


def is_position(part: str) -> bool:
    """Is this component of a dotted path a position in an array?"""
    return part.isascii() and part.isdigit()  # "²" is a digit as well, but no number


GONE: Any = object()
"""What ``placed`` finds where there is nothing, and takes for a removal."""

LAST_POSITION = 9999
"""The highest array position that a dotted path may name: the way there is filled with nulls."""


def placed(value: Any, path: Sequence[str], change: Callable[[Any], Any]) -> Any:
    """Return a copy of ``value`` with what lies at a path changed, as MongoDB would store it.

    ``change`` gets what is there (None if nothing is) and returns the new value, or ``GONE``.
    Objects that are missing on the way are made, arrays are filled with nulls.
    """
    if not path:
        return change(None if value is GONE else value)
    part, rest = path[0], path[1:]
    if isinstance(value, list):
        index = int(part) if is_position(part) and len(part) <= 5 else LAST_POSITION + 1
        if index > LAST_POSITION:
            return value  # the database refuses it
        before = value[index] if index < len(value) else GONE
        new = placed(before, rest, change)
        if new is GONE and before is GONE:
            return value
        filled = [*value, *[None] * (index + 1 - len(value))]
        filled[index] = None if new is GONE else new
        return filled
    known = value if isinstance(value, dict) else {}
    new = placed(known.get(part, GONE), rest, change)
    if new is not GONE:
        return {**known, part: new}
    return {key: item for key, item in known.items() if key != part} if known else value


# --- shape of untrusted values ---------------------------------------------------------------


def check_nested(value: Any, depth: int = 0) -> None:
    """Refuse nested keys with ``$``, ``.`` or NUL, invalid typed values, and too deep nesting.

    Raises INVALID_NESTED_KEY, INCORRECT_TYPE or INVALID_JSON (protocol §4).
    """
    if depth > MAX_DEPTH:
        raise ParseError(Code.INVALID_JSON, f"Nesting deeper than {MAX_DEPTH} levels.")
    if type(value) is list:
        for item in value:
            kind = type(item)
            if kind is dict or kind is list:
                check_nested(item, depth + 1)
    elif type(value) is dict:
        kind_name = value.get("__type")
        if kind_name in ("Date", "Bytes"):
            type_of(value)
        # many keys are looked at together, which takes a tenth of the time
        for key in ("".join(value),) if len(value) > _MANY else value:
            if "$" in key or "." in key or "\0" in key:
                raise ParseError(
                    Code.INVALID_NESTED_KEY,
                    "Nested keys should not contain the '$' or '.' characters",
                )
        for item in value.values():
            kind = type(item)
            if kind is dict or kind is list:
                check_nested(item, depth + 1)
