"""Aggregation pipelines in Parse's field names to MongoDB's, and what they yield back."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from bson import Binary, Decimal128, ObjectId, json_util
from bson.datetime_ms import DatetimeMS
from bson.json_util import RELAXED_JSON_OPTIONS

from parsepy.errors import Code, ParseError
from parsepy.model import relative_time
from parsepy.model.schema import ClassSchema
from parsepy.model.values import (
    MOST_VALUES,
    JSONObject,
    dumps,
    from_iso,
    is_pointer,
    loads,
    now,
    type_of,
)
from parsepy.storage.documents import (
    AUTH_DATA,
    KEYS,
    Document,
    Plan,
    from_nested,
    from_timestamp,
    pointer_text,
    to_nested,
    to_number,
)

_EXTENDED = RELAXED_JSON_OPTIONS.with_options(tz_aware=False, tzinfo=None)
_TYPED = ("Date", "Bytes")
_YEAR_OR_MONTH = re.compile(r"(\d{4})(?:-(\d\d))?")
_SHOWN = re.compile("[A-Za-z][0-9A-Za-z_]*")
_TIMES = {
    "_created_at": "createdAt",
    "createdAt": "createdAt",
    "_updated_at": "updatedAt",
    "updatedAt": "updatedAt",
}
_RENAMED = {"_session_token": "sessionToken", "_last_used": "lastUsed", "times_used": "timesUsed"}
_INTERNAL = frozenset(
    (
        "_acl",
        "_rperm",
        "_wperm",
        "_hashed_password",
        "_password_history",
        "_password_changed_at",
        "_email_verify_token",
        "_email_verify_token_expires_at",
        "_perishable_token",
        "_perishable_token_expires_at",
        "_account_lockout_expires_at",
        "_failed_login_count",
        "_tombstone",
    )
)


# --- to MongoDB ---------------------------------------------------------------------------------


def to_pipeline(
    schema: ClassSchema, stages: Sequence[JSONObject], *, raw_values: bool, raw_field_names: bool
) -> list[Document]:
    """The stages as MongoDB takes them (protocol §27).

    Only ``$match``, ``$project``, ``$group`` and the query of ``$geoNear`` are translated.
    Raises INVALID_QUERY for extended JSON that is none, INCORRECT_TYPE for an ill-formed typed
    value.
    """
    names = _Names(schema, raw_values, raw_field_names)
    return [names.stage(stage) for stage in (_extended(stages) if raw_values else stages)]


def _extended(stages: Sequence[JSONObject]) -> list[Document]:
    try:
        read: list[Document] = json_util.loads(dumps(list(stages)), json_options=_EXTENDED)
    except (TypeError, ValueError, OverflowError) as error:
        raise ParseError(Code.INVALID_QUERY, f"bad extended JSON: {error}") from error
    return read


class _Names:
    """Translates the parts of a pipeline by the columns of a class."""

    def __init__(self, schema: ClassSchema, raw_values: bool, raw_field_names: bool) -> None:
        self._schema = schema
        self._raw_values = raw_values
        self._raw_names = raw_field_names
        self._stages: dict[str, Callable[[Any], Any]] = {
            "$match": self._conditions,
            "$project": self._project,
            "$group": self._group,
            "$geoNear": self._geo_near,
        }

    def stage(self, stage: Document) -> Document:
        ((name, specification),) = stage.items()
        return {name: self._stages.get(name, self._plain)(specification)}

    def _plain(self, value: Any) -> Any:
        """A value that is not translated; its numbers are of the types that Parse stores."""
        kind = type(value)
        if kind is dict:
            return {name: self._plain(item) for name, item in value.items()}
        if kind is list:
            return [self._plain(item) for item in value]
        return to_number(value) if kind is int or kind is float else value

    def _key(self, name: str) -> str:
        return name if self._raw_names else KEYS.get(name, name)

    def _conditions(self, value: Any) -> Any:
        kind = type(value)
        if kind is list:
            return [self._conditions(item) for item in value]
        if kind is not dict:
            return self._plain(value)
        typed = self._typed(value)
        if typed is not value:
            return typed
        result: Document = {}
        for name, item in value.items():
            target = self._schema.pointers.get(name)
            column = self._schema.types.get(name)
            if target is not None and not self._raw_names:
                result["_p_" + name] = self._pointer(target, item)
            elif column is not None and column.name == "Date" and not self._raw_values:
                result[self._key(name)] = self._date(item)
            else:
                result[self._key(name)] = self._conditions(item)
        return result

    def _typed(self, value: Document) -> Any:
        """A Date or Bytes as BSON has it, a Pointer as arrays keep it."""
        kind = value.get("__type")
        if self._raw_values or not isinstance(kind, str):
            return value
        if kind in _TYPED:
            type_of(value)
            return to_nested(value)
        return dict(value) if kind == "Pointer" else value

    def _pointer(self, target: str, value: Any) -> Any:
        if is_pointer(value):
            return pointer_text(value)
        if isinstance(value, dict):
            return {operator: self._pointers(item) for operator, item in value.items()}
        if value is None or type(value) is list or self._raw_values:
            return self._pointers(value)
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return f"{target}${text}"

    def _pointers(self, value: Any) -> Any:
        if is_pointer(value):
            return pointer_text(value)
        if type(value) is list:
            return [self._pointers(item) for item in value]
        return self._plain(value)

    def _date(self, value: Any) -> Any:
        if isinstance(value, str):
            return _moment(value) or value
        if type(value) is list:
            return [self._date(item) for item in value]
        if type(value) is not dict:
            return self._plain(value)
        typed = self._typed(value)
        if typed is not value:
            return typed
        if list(value) == ["$relativeTime"]:
            return _relative(value["$relativeTime"])
        return {name: self._date(item) for name, item in value.items()}

    def _project(self, value: Any) -> Any:
        if type(value) is not dict:
            return self._plain(value)
        result: Document = {}
        for name, item in value.items():
            if name in self._schema.pointers and not self._raw_names:
                result["_p_" + name] = self._plain(item)
            else:
                result[self._key(name)] = self._conditions(item)
        return result

    def _group(self, value: Any) -> Any:
        if type(value) is dict:
            return {name: self._group(item) for name, item in value.items()}
        if type(value) is list:
            return [self._group(item) for item in value]
        if isinstance(value, str) and value[:1] == "$" and not self._raw_names:
            name = value[1:]
            if name in self._schema.pointers:
                return f"$_p_{name}"
            # Parse: of the three columns, an expression names objectId as "$_id" only
            return "$" + KEYS[name] if name in ("createdAt", "updatedAt") else value
        return self._plain(value)

    def _geo_near(self, value: Any) -> Any:
        plain = self._plain(value)
        if isinstance(plain, dict) and plain.get("query"):
            plain["query"] = self._conditions(value["query"])
        return plain


def _moment(text: str) -> datetime | None:
    """What JavaScript reads as a date: ISO 8601, a year or month alone, or as mails write it."""
    found = from_iso(text)
    if found is None and (short := _YEAR_OR_MONTH.fullmatch(text)):
        found = from_iso(f"{short[1]}-{short[2] or '01'}-01")
    if found is None and len(text) > 10 and text[:1].isalnum():
        try:
            found = parsedate_to_datetime(text)
        except ValueError:
            return None
        if found.tzinfo is not None:
            found = found.astimezone(UTC).replace(tzinfo=None)
    return found


def _relative(text: Any) -> datetime:
    try:
        return relative_time.parse(text, now())
    except ValueError as error:
        raise ParseError(Code.INVALID_JSON, f"bad $relativeTime value. {error}") from error


# --- from MongoDB -------------------------------------------------------------------------------


def from_results(
    schema: ClassSchema,
    plan: Plan,
    pipeline: Sequence[Document],
    found: Sequence[Document],
    *,
    raw_values: bool,
    raw_field_names: bool,
) -> list[JSONObject]:
    """What a translated pipeline yielded, as it is answered (protocol §27).

    ``plan`` is the reader of the class's documents.
    Raises INVALID_QUERY for a field whose name begins with ``_``, which Parse can't show.
    """
    if not raw_field_names and _groups_by_pointer(pipeline):
        found = [_grouped(document) for document in found]
    if raw_values:
        shown = found if raw_field_names else [_identified(document) for document in found]
        text = json_util.dumps(list(shown), json_options=_EXTENDED)
        extended: list[JSONObject] = loads(text, MOST_VALUES)
        return extended
    if raw_field_names:
        return [_bare(document) for document in found]
    read = _Reader(schema, plan)
    return [read(document) for document in found]


def _groups_by_pointer(pipeline: Sequence[Document]) -> bool:
    for stage in pipeline:
        group = stage.get("$group")
        by = group.get("_id") if isinstance(group, dict) else None
        if isinstance(by, str) and "$_p_" in by:
            return True
    return False


def _grouped(document: Document) -> Document:
    """A group of pointers by the id alone."""
    by = document.get("_id")
    if not isinstance(by, str):
        return document
    return {**document, "_id": by.split("$", 2)[1] if "$" in by else None}


def _identified(document: Document) -> Document:
    """``_id`` as objectId."""
    if "_id" not in document:
        return document
    rest = dict(document)
    by = rest.pop("_id")
    return {**rest, "objectId": None if by in _EMPTY else by}


def _bare(value: Any) -> Any:
    """A BSON value as plain JSON, the way the JavaScript driver's values write themselves."""
    kind = type(value)
    if kind is dict:
        return {name: _bare(item) for name, item in value.items()}
    if kind is list:
        return [_bare(item) for item in value]
    if kind is datetime or kind is DatetimeMS:
        return from_timestamp(value)
    if kind is bytes or isinstance(value, Binary):
        return from_nested(bytes(value))["base64"]
    if kind is Decimal128:
        return {"$numberDecimal": str(value)}
    return str(value) if kind is ObjectId else from_nested(value)


_EMPTY: tuple[Any, ...] = ("", {}, [])
"""Ids that are answered as null."""
_PLAIN = frozenset({str, int, bool, type(None)})
_Read = Callable[[JSONObject, Any], None]
_MOST_KEYS = 1000


class _Reader:
    """One result in Parse's form: columns by their type, what is computed by its own.

    What is to be done with a key is found once for a class, and done for every result.
    """

    def __init__(self, schema: ClassSchema, plan: Plan) -> None:
        self._schema = schema
        self._plan = plan
        self._reads = self._plan.computed
        if len(self._reads) > _MOST_KEYS:
            self._reads.clear()  # a pipeline may name its results as it likes

    def __call__(self, document: Document) -> JSONObject:
        result: JSONObject = {}
        reads = self._reads
        for key, value in document.items():
            read = reads.get(key)
            if read is None:
                read = reads[key] = self._read_of(key)
            if isinstance(read, str):
                result[read] = value if type(value) in _PLAIN else from_nested(value)
            else:
                read(result, value)
        for name, target in self._plan.relations:
            result[name] = {"__type": "Relation", "className": target}
        return result

    def _read_of(self, key: str) -> str | _Read:
        """How a key's values get into a result; a name: as they are, under that name."""
        if key == "_id":
            return _object_id
        if key in _TIMES:
            return _time(_TIMES[key])
        if key in _RENAMED:
            return _RENAMED[key]
        if key[:3] == "_p_":
            return self._pointer(key)
        if key.startswith(AUTH_DATA):
            return _auth_data(key[len(AUTH_DATA) :])
        if key[:1] == "_" and key != "__type":
            if key not in _INTERNAL:
                raise ParseError(Code.INVALID_QUERY, f"A result can't have a field named {key}.")
            return _not_at_all
        return self._column(key) if _is_shown(key) else _not_at_all

    def _pointer(self, key: str) -> _Read:
        name, convert = self._plan.entries.get(key, (key, None))
        if convert is None:
            return _not_at_all  # Parse: a pointer that is no column is not shown
        begin = self._schema.pointers[name] + "$"

        def read(result: JSONObject, value: Any) -> None:
            if value is None:
                return  # Parse: nor is one that is null
            if not isinstance(value, str) or not value.startswith(begin):
                raise ParseError(Code.INVALID_QUERY, f"{name} is no pointer to its class.")
            result[name] = convert(value)

        return read

    def _column(self, name: str) -> str | _Read:
        if name == "objectId":
            return _named_object_id
        column = self._schema.types.get(name)
        _, convert = self._plan.entries.get(name, (name, None))
        if column is None or convert is None:
            return name
        form = column.name

        def read(result: JSONObject, value: Any) -> None:
            result[name] = convert(value) if _has_form_of(form, value) else from_nested(value)

        return read


def _not_at_all(result: JSONObject, value: Any) -> None:
    """Leave a value out."""


def _object_id(result: JSONObject, value: Any) -> None:
    if value in _EMPTY:
        value = None
    result["objectId"] = value if type(value) in _PLAIN else from_nested(value)


def _named_object_id(result: JSONObject, value: Any) -> None:
    """What a pipeline has named so itself counts where a result has no ``_id``."""
    result.setdefault("objectId", from_nested(value))


def _time(name: str) -> _Read:
    def read(result: JSONObject, value: Any) -> None:
        result[name] = from_timestamp(value) or from_nested(value)

    return read


def _auth_data(provider: str) -> _Read:
    def read(result: JSONObject, value: Any) -> None:
        result.setdefault("authData", {})[provider] = from_nested(value)

    return read


def _is_shown(name: str) -> bool:
    return _SHOWN.fullmatch(name) is not None or name == "__type"


def _has_form_of(column: str, value: Any) -> bool:
    """Is a value, which may be computed, stored as a column of this type would be?"""
    if column == "GeoPoint":
        return isinstance(value, list) and len(value) == 2
    if column == "Polygon":
        return isinstance(value, dict) and value.get("type") == "Polygon"
    return column == "File" and isinstance(value, str)


def from_distinct(schema: ClassSchema, field: str, values: Sequence[Any]) -> list[Any]:
    """The values of ``distinct`` in Parse's form; null is none of them."""
    target = schema.pointers.get(field)
    shown = []
    for value in values:
        if value is None:
            continue
        if target is not None:
            shown.append(_as_pointer(field, target, value))
        elif type(value) is dict:
            shown.append({k: from_nested(v) for k, v in value.items() if _is_shown(k)})
        else:
            shown.append(from_nested(value))
    return shown


def _as_pointer(field: str, target: str, value: Any) -> JSONObject:
    class_name, dollar, object_id = str(value).partition("$")
    if class_name != target or not dollar:
        raise ParseError(Code.INVALID_QUERY, f"{field} is no pointer to its class.")
    return {"__type": "Pointer", "className": class_name, "objectId": object_id}
