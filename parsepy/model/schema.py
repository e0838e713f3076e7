"""``ClassSchema``: a class's fields, permissions and indexes; the system classes; name rules."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from parsepy.errors import Code, ParseError
from parsepy.model.ops import column_type, op_of
from parsepy.model.permissions import (
    OPERATIONS,
    PUBLIC,
    ClassPermissions,
    compile_permissions,
)
from parsepy.model.values import (
    ACL,
    ARRAY,
    BOOLEAN,
    DATE,
    FILE,
    NUMBER,
    OBJECT,
    PLAIN_TYPES,
    STRING,
    FieldType,
    JSONObject,
)

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_JOIN = re.compile(r"_Join:[A-Za-z0-9_]+:[A-Za-z0-9_]+")
_LONGEST = 180
INDEX_KINDS = ("text", "2d", "2dsphere", "hashed")
"""The values that a key of an index may have instead of a direction."""
MISSING: Any = object()
_FIELD_KEYS = ("type", "targetClass", "defaultValue", "__op")


@dataclass(frozen=True, slots=True)
class Field:
    """A column: its type, whether it must have a value, and its default value.

    ``more`` is what else its record holds, kept and shown as it was given.
    """

    type: FieldType
    required: bool | None = None
    default: Any = MISSING
    more: JSONObject = field(default_factory=dict)

    def to_json(self) -> JSONObject:
        """Make the column's form in the schema API."""
        shown: JSONObject = {"type": self.type.name}
        if self.type.target:
            shown["targetClass"] = self.type.target
        if self.required is not None:
            shown["required"] = self.required
        if self.default is not MISSING:
            shown["defaultValue"] = self.default
        return {**shown, **self.more} if self.more else shown


def _pointer(target: str) -> FieldType:
    return FieldType("Pointer", target)


def _relation(target: str) -> FieldType:
    return FieldType("Relation", target)


DEFAULT_COLUMNS: dict[str, FieldType] = {
    "objectId": STRING,
    "createdAt": DATE,
    "updatedAt": DATE,
    "ACL": ACL,
}

SYSTEM_COLUMNS: dict[str, dict[str, FieldType]] = {
    "_User": {
        "username": STRING,
        "password": STRING,
        "email": STRING,
        "emailVerified": BOOLEAN,
        "authData": OBJECT,
    },
    "_Installation": {
        "installationId": STRING,
        "deviceToken": STRING,
        "channels": ARRAY,
        "deviceType": STRING,
        "pushType": STRING,
        "GCMSenderId": STRING,
        "timeZone": STRING,
        "localeIdentifier": STRING,
        "appVersion": STRING,
        "appName": STRING,
        "appIdentifier": STRING,
        "parseVersion": STRING,
        "badge": NUMBER,
    },
    "_Role": {"name": STRING, "users": _relation("_User"), "roles": _relation("_Role")},
    "_Session": {
        "user": _pointer("_User"),
        "installationId": STRING,
        "sessionToken": STRING,
        "expiresAt": DATE,
        "createdWith": OBJECT,
    },
    "_Product": {
        "productIdentifier": STRING,
        "download": FILE,
        "downloadName": STRING,
        "icon": FILE,
        "order": NUMBER,
        "title": STRING,
        "subtitle": STRING,
    },
    "_PushStatus": {
        "pushTime": STRING,
        "source": STRING,
        "query": STRING,
        "payload": STRING,
        "title": STRING,
        "expiry": NUMBER,
        "expiration_interval": NUMBER,
        "status": STRING,
        "numSent": NUMBER,
        "numFailed": NUMBER,
        "pushHash": STRING,
        "errorMessage": OBJECT,
        "sentPerType": OBJECT,
        "failedPerType": OBJECT,
        "sentPerUTCOffset": OBJECT,
        "failedPerUTCOffset": OBJECT,
        "count": NUMBER,
    },
    "_JobStatus": {
        "jobName": STRING,
        "source": STRING,
        "status": STRING,
        "message": STRING,
        "params": OBJECT,
        "finishedAt": DATE,
    },
    "_JobSchedule": {
        "jobName": STRING,
        "description": STRING,
        "params": STRING,
        "startAfter": STRING,
        "daysOfWeek": ARRAY,
        "timeOfDay": STRING,
        "lastRun": NUMBER,
        "repeatMinutes": NUMBER,
    },
    "_Hooks": {
        "functionName": STRING,
        "className": STRING,
        "triggerName": STRING,
        "url": STRING,
    },
    "_GlobalConfig": {"objectId": STRING, "params": OBJECT, "masterKeyOnly": OBJECT},
    "_GraphQLConfig": {"objectId": STRING, "config": OBJECT},
    "_Audience": {
        "objectId": STRING,
        "name": STRING,
        "query": STRING,
        "lastUsed": DATE,
        "timesUsed": NUMBER,
    },
    "_Idempotency": {"reqId": STRING, "expire": DATE},
}

VOLATILE_CLASSES = frozenset(
    (
        "_JobStatus",
        "_PushStatus",
        "_Hooks",
        "_GlobalConfig",
        "_GraphQLConfig",
        "_JobSchedule",
        "_Audience",
        "_Idempotency",
    )
)
"""Classes without a row in `_SCHEMA`; only the master key may use them."""
PRIVATE_CLASSES = frozenset(("_Hooks", "_GlobalConfig", "_GraphQLConfig"))
"""Of these the ones that the schema API does not delete: it takes their names for invalid."""
SYSTEM_CLASSES = tuple(SYSTEM_COLUMNS)
INTERNAL_USER_COLUMNS = {
    "_failed_login_count": NUMBER,
    "_account_lockout_expires_at": DATE,
    "_email_verify_token": STRING,
    "_email_verify_token_expires_at": DATE,
    "_perishable_token": STRING,
    "_perishable_token_expires_at": DATE,
    "_password_changed_at": DATE,
    "_password_history": ARRAY,
}
"""What the server keeps of a user beside the columns; the maintenance key reads and writes it."""
INTERNAL_COLUMNS = {"_User": INTERNAL_USER_COLUMNS}
"""The columns of the server's own that the maintenance key writes, by class."""

SYSTEM_SHOWN = {"_User": ("username",)}
"""Columns that a save shows, changed or not, where a beforeSave has changed something."""
SYSTEM_REQUIRED = {
    "_Product": ("productIdentifier", "icon", "order", "title", "subtitle"),
    "_Role": ("name", "ACL"),
}


def is_class_name(name: str) -> bool:
    """May a class have this name (protocol §4.3)?"""
    # MongoDB takes 255 bytes for database and collection together
    return len(name) <= _LONGEST and (
        name in SYSTEM_COLUMNS
        or (name != "length" and _NAME.fullmatch(name) is not None)
        or _JOIN.fullmatch(name) is not None
    )


def is_field_name(name: str) -> bool:
    """May a column have this name (protocol §4.3)?"""
    return name not in ("length", "className") and _NAME.fullmatch(name) is not None


def is_reserved(class_name: str, field_name: str) -> bool:
    """Is this column the system's own, not to be added, changed or dropped (protocol §4.4)?"""
    return field_name in DEFAULT_COLUMNS or field_name in SYSTEM_COLUMNS.get(class_name, ())


def default_permissions() -> JSONObject:
    """Make the class-level permissions of a class for which none were set."""
    return {key: dict(value) for key, value in PUBLIC.items()}


@dataclass(slots=True)
class ClassSchema:
    """A class: its columns, permissions and indexes.

    ``fields`` holds every column, with the default and system columns. The other attributes are
    derived from it once, so that requests need not compute them.
    """

    name: str
    fields: dict[str, Field]
    permissions: ClassPermissions
    indexes: JSONObject = field(default_factory=dict)
    exists: bool = True
    types: dict[str, FieldType] = field(init=False)
    pointers: dict[str, str] = field(init=False)
    relations: dict[str, str] = field(init=False)
    defaults: dict[str, Any] = field(init=False)
    required: tuple[str, ...] = field(init=False)
    has_constraints: bool = field(init=False)
    plan: Any = None  # the storage's compiled reader of documents

    def __post_init__(self) -> None:
        self.types = {name: column.type for name, column in self.fields.items()}
        self.pointers = {
            n: t.target for n, t in self.types.items() if t.name == "Pointer" and t.target
        }
        self.relations = {
            n: t.target for n, t in self.types.items() if t.name == "Relation" and t.target
        }
        self.defaults = {
            name: column.default
            for name, column in self.fields.items()
            if column.default is not MISSING
        }
        self.required = tuple(name for name, column in self.fields.items() if column.required)
        self.has_constraints = bool(self.defaults or self.required)

    def to_json(self) -> JSONObject:
        """Make the class's form in the schema API (protocol §18)."""
        permissions = self.permissions.raw
        shown = dict(permissions) if permissions is not None else default_permissions()
        if permissions is not None:
            for operation in OPERATIONS:
                shown.setdefault(operation, {})
            given = shown.get("protectedFields") or {}
            hidden = {
                name: [*(own := given.get(name) or ()), *sorted(fields.difference(own))]
                for name, fields in self.permissions.protected
            }
            shown["protectedFields"] = {**given, **hidden}
        result: JSONObject = {
            "className": self.name,
            "fields": {name: column.to_json() for name, column in self.fields.items()},
            "classLevelPermissions": shown,
        }
        if self.indexes:
            result["indexes"] = self.indexes
        return result


def make_schema(
    class_name: str,
    fields: Mapping[str, Field],
    permissions: JSONObject | None = None,
    indexes: JSONObject | None = None,
    *,
    protected: Mapping[str, Sequence[str]] | None = None,
    exists: bool = True,
) -> ClassSchema:
    """Make a class from its own columns; the default and system columns are added."""
    columns: dict[str, Field] = {n: Field(t) for n, t in DEFAULT_COLUMNS.items()}
    for name, kind in SYSTEM_COLUMNS.get(class_name, {}).items():
        columns[name] = Field(kind)
    for name, column in fields.items():
        if name not in DEFAULT_COLUMNS:
            columns[name] = column
    return ClassSchema(
        class_name,
        columns,
        compile_permissions(permissions, protected),
        indexes or {},
        exists,
    )


# --- the schema API's JSON --------------------------------------------------------------------


def invalid_class_name(name: str) -> ParseError:
    """Make the schema API's refusal of a class name (protocol §18)."""
    return ParseError(
        Code.INVALID_CLASS_NAME,
        f"Invalid classname: {name}, classnames can only have alphanumeric characters and _, "
        "and must start with an alpha character ",
    )


def read_type(record: Any) -> FieldType:
    """Read the type of a column record ``{"type", "targetClass"?}``.

    Raises INVALID_JSON, MISSING_REQUIRED_FIELD, INVALID_CLASS_NAME or INCORRECT_TYPE.
    """
    invalid_json = ParseError(Code.INVALID_JSON, "invalid JSON")
    if not isinstance(record, dict):
        raise invalid_json
    kind, target = record.get("type"), record.get("targetClass")
    if kind in ("Pointer", "Relation"):
        if not target:
            raise ParseError(Code.MISSING_REQUIRED_FIELD, f"type {kind} needs a class name")
        if not isinstance(target, str):
            raise invalid_json
        if not is_class_name(target):
            raise invalid_class_name(target)
        return FieldType(kind, target)
    if not isinstance(kind, str):
        raise invalid_json
    if kind not in PLAIN_TYPES:
        raise ParseError(Code.INCORRECT_TYPE, f"invalid field type: {kind}")
    return PLAIN_TYPES[kind]


def read_field(class_name: str, name: str, record: JSONObject) -> Field:
    """Read a column from its record and check its options (protocol §18)."""
    kind = read_type(record)
    default = record.get("defaultValue", MISSING)
    if default is None:
        default = MISSING
    required = bool(record["required"]) if record.get("required") is not None else None
    if default is not MISSING:
        _check_default(class_name, name, kind, default)
    elif required and kind.name == "Relation":
        raise ParseError(Code.INCORRECT_TYPE, f"The 'required' option is not applicable for {kind}")
    return Field(kind, required, default, more_options(record))


def more_options(record: JSONObject) -> JSONObject:
    """Find what a column's record holds beside type, class, default and a plain ``required``."""
    return {
        key: value
        for key, value in record.items()
        if key not in _FIELD_KEYS and (key != "required" or not isinstance(value, bool))
    }


def _check_default(class_name: str, name: str, kind: FieldType, default: Any) -> None:
    found = column_type(default)
    if kind.name == "Relation" and (found is None or found.target):
        raise ParseError(
            Code.INCORRECT_TYPE, f"The 'default value' option is not applicable for {kind}"
        )
    if found is not None and found != kind:
        raise ParseError(
            Code.INCORRECT_TYPE,
            f"schema mismatch for {class_name}.{name} default value; "
            f"expected {kind} but got {found}",
        )
    if op_of(default) is not None:  # it would be stored as it is, or act on each new object
        raise ParseError(
            Code.INCORRECT_TYPE,
            f"schema mismatch for {class_name}.{name} default value; "
            f"expected {kind} but got an operation",
        )
