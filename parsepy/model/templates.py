"""Schema templates: JSON class definitions, read with their line numbers, checked and merged.

Every problem of every file is collected before ``TemplateError`` is raised. How files merge:

* classes, fields, indexes and roles unite; two types (or targets), default values or key sets
  for one name are a conflict that names both files;
* a field is required only if every file that defines the class (that has ``fields`` for it)
  requires it. The shop's two templates document two flows: one stores a cart with its total,
  the other has carts without; loaded together, both must keep working. The other side of the
  rule: a file that adds a field to a class repeats the required ones it wants to keep;
* class-level permissions in one file are used; in several, they must be equal, except
  ``protectedFields``, whose lists unite, because a file can only name the fields it knows. A
  file that lacks a key counts with its ``*`` list there: merging never shows what one file hides.
"""

import base64
import json
import math
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

JSONObject = dict[str, Any]

_TYPES = (
    *("String", "Number", "Boolean", "Date", "Object", "Array", "GeoPoint", "File", "Bytes"),
    *("Polygon", "Pointer", "Relation"),
)
ALIASES = {name: f"_{name}" for name in ("User", "Role", "Session", "Installation")}


def _columns(text: str) -> dict[str, str]:
    """``"name other:Number"`` as ``{"name": "String", "other": "Number"}``."""
    pairs = (word.partition(":") for word in text.split())
    return {name: spelled or "String" for name, _, spelled in pairs}


_DEFAULTS = _columns("objectId createdAt:Date updatedAt:Date ACL:ACL")
_VOLATILE = {  # classes without a stored schema: GET /schemas may list them, nothing to make
    "_PushStatus": _columns(
        "pushTime source query payload title status pushHash expiry:Number numSent:Number"
        " expiration_interval:Number numFailed:Number count:Number errorMessage:Object"
        " sentPerType:Object failedPerType:Object sentPerUTCOffset:Object failedPerUTCOffset:Object"
    ),
    "_JobStatus": _columns("jobName source status message params:Object finishedAt:Date"),
    "_JobSchedule": _columns(
        "jobName description params startAfter timeOfDay daysOfWeek:Array lastRun:Number"
        " repeatMinutes:Number"
    ),
    "_Hooks": _columns("functionName className triggerName url"),
    "_GlobalConfig": _columns("params:Object masterKeyOnly:Object"),
    "_GraphQLConfig": _columns("config:Object"),
    "_Audience": _columns("name query lastUsed:Date timesUsed:Number"),
    "_Idempotency": _columns("reqId expire:Date"),
}
_SYSTEM = _VOLATILE | {
    "_User": _columns("username password email emailVerified:Boolean authData:Object"),
    "_Installation": _columns(
        "installationId deviceToken deviceType pushType GCMSenderId timeZone localeIdentifier"
        " appVersion appName appIdentifier parseVersion channels:Array badge:Number"
    ),
    "_Role": _columns("name users:Relation<_User> roles:Relation<_Role>"),
    "_Session": _columns(
        "user:Pointer<_User> installationId sessionToken expiresAt:Date createdWith:Object"
    ),
    "_Product": _columns(
        "productIdentifier downloadName title subtitle download:File icon:File order:Number"
    ),
}
_SIGN_UP = ("username", "password", "email")
_CLASS_KEYS = ("className", "fields", "classLevelPermissions", "indexes")
_FIELD_KEYS = ("type", "targetClass", "required", "defaultValue")
_OPERATIONS = ("find", "count", "get", "create", "update", "delete", "addField")
_USER_FIELDS = ("readUserFields", "writeUserFields")
_GRANTEES = ("requiresAuthentication", "pointerFields", "currentUser", "authenticated")
_INDEX_KINDS = (1, -1, "text", "2d", "2dsphere", "hashed")
_STORED = {"objectId": "_id", "createdAt": "_created_at", "updatedAt": "_updated_at"}
_OWN_INDEXES = (  # the server makes these itself, some of them unique: never from a template
    *("username_1", "case_insensitive_username", "email_1", "case_insensitive_email"),
    *("name_1", "reqId_1", "ttl"),
)

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_ROLE_NAME = re.compile(r"[0-9A-Za-z_\- ]+")
_USER_ID = re.compile(r"[A-Za-z0-9]{10,}")
_SOLID = re.compile(r"[^ \t\r\n]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_DEPTH = 100
_KINDS = {
    dict: "an object",
    list: "a list",
    str: "a string",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "null",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a template; ``line`` and ``column`` count from 1, 0 is unknown."""

    file: str
    line: int
    where: str
    reason: str
    column: int = 0

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        # Names come from the file: control characters must not reach a terminal.
        where = "".join(c if c.isprintable() else repr(c)[1:-1] for c in self.where)
        return ": ".join(part for part in (place, where, self.reason) if part)


class TemplateError(Exception):
    """The templates can't be used; ``problems`` says why, in file and line order."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Role:
    """A role made at first start; members of ``roles`` inherit it."""

    name: str
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """What the files ask for: REST schema JSON per class, roles, columns a sign-up must bring."""

    classes: tuple[JSONObject, ...]
    roles: tuple[Role, ...] = ()
    sign_up_required: tuple[str, ...] = ()


def load(paths: Sequence[Path]) -> Template:
    """Read, check and merge template files; ``TemplateError`` lists every problem of all."""
    assembly = _Assembly()
    for path in paths:
        file = str(path)
        data = b""
        try:
            data = path.read_bytes()
            assembly.read(file, data.decode("utf-8-sig"))
        except OSError as error:
            assembly.fail(Problem(file, 0, "", error.strerror or str(error)))
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            assembly.fail(Problem(file, line, "", "not UTF-8 text"))
    return assembly.template()


def parse(sources: Sequence[tuple[str, str]]) -> Template:
    """Check and merge templates given as (file name, JSON text); raises ``TemplateError``."""
    assembly = _Assembly()
    for file, text in sources:
        assembly.read(file, text)
    return assembly.template()


# --- JSON with places -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Node:
    """A JSON value (of nodes, if it is an object or list) and the place where it begins.

    The place of an object's member is that of its name.
    """

    value: Any
    file: str
    line: int

    def plain(self) -> Any:
        """The value without places; pointers to ``User`` and the like point to ``_User``."""
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        if not isinstance(self.value, dict):
            return self.value
        members = {name: node.plain() for name, node in self.value.items()}
        if members.get("__type") == "Pointer" and isinstance(members.get("className"), str):
            members["className"] = _stored_name(members["className"])
        return members


class _Malformed(Exception):
    def __init__(self, reason: str, position: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position


def _real(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("number out of range")
    return number


def _integer(text: str) -> float:
    number = _real(text)
    return int(text) if abs(number) < 2.0**63 else number


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


_SCALARS = json.JSONDecoder(parse_int=_integer, parse_float=_real, parse_constant=_refuse_constant)


class _Reader:
    """JSON text to nodes: ``json`` reads the scalars, this reads what encloses them."""

    def __init__(self, file: str, text: str, fail: Callable[[Problem], None]) -> None:
        self._file = file
        self._text = text
        self._fail = fail
        self._ends = [match.start() for match in re.finditer("\n", text)]

    def read(self) -> _Node | None:
        """The whole text as one node, or None after a syntax error was reported."""
        try:
            node, end = self._value(self._solid(0), 0)
            if self._solid(end) < len(self._text):
                raise _Malformed("text after the end of the JSON value", self._solid(end))
        except _Malformed as error:
            line = self._line(error.position)
            column = error.position - (self._ends[line - 2] if line > 1 else -1)
            self._fail(Problem(self._file, line, "", error.reason, column))
            return None
        return node

    def _line(self, position: int) -> int:
        return bisect_left(self._ends, position) + 1

    def _solid(self, position: int) -> int:
        match = _SOLID.search(self._text, position)
        return match.start() if match else len(self._text)

    def _at(self, position: int, character: str) -> bool:
        return self._text.startswith(character, position)

    def _after(self, position: int, character: str) -> int:
        position = self._solid(position)
        if not self._at(position, character):
            raise _Malformed(f"expected {character!r}", position)
        return self._solid(position + 1)

    def _value(self, start: int, depth: int) -> tuple[_Node, int]:
        if depth > _MAX_DEPTH:
            raise _Malformed(f"nested deeper than {_MAX_DEPTH} levels", start)
        value: Any
        if self._at(start, "{"):
            value, end = self._object(start, depth + 1)
        elif self._at(start, "["):
            value, end = self._list(start, depth + 1)
        else:
            value, end = self._scalar(start)
        return _Node(value, self._file, self._line(start)), end

    def _object(self, start: int, depth: int) -> tuple[dict[str, _Node], int]:
        members: dict[str, _Node] = {}
        position = self._solid(start + 1)
        while not self._at(position, "}"):
            if members:
                position = self._after(position, ",")
            if not self._at(position, '"'):
                raise _Malformed("expected a name in double quotes", position)
            line = self._line(position)
            name, position = self._scalar(position)
            node, position = self._value(self._after(position, ":"), depth)
            if name in members:
                reason = f"{name!r} stands twice in one object (line {members[name].line} too)"
                self._fail(Problem(self._file, line, "", reason))
            members[name] = _Node(node.value, self._file, line)
            position = self._solid(position)
        return members, position + 1

    def _list(self, start: int, depth: int) -> tuple[list[_Node], int]:
        items: list[_Node] = []
        position = self._solid(start + 1)
        while not self._at(position, "]"):
            if items:
                position = self._after(position, ",")
            node, position = self._value(position, depth)
            items.append(node)
            position = self._solid(position)
        return items, position + 1

    def _scalar(self, start: int) -> tuple[Any, int]:
        try:
            value, end = _SCALARS.raw_decode(self._text, start)
            if isinstance(value, str) and _SURROGATE.search(value):
                raise ValueError("half of a surrogate pair in a string")
        except json.JSONDecodeError as error:
            raise _Malformed(error.msg[:1].lower() + error.msg[1:], error.pos) from None
        except ValueError as error:
            raise _Malformed(str(error), start) from None
        return value, end


# --- names and values -----------------------------------------------------------------------


def _stored_name(name: str) -> str:
    return ALIASES.get(name, name)


def _suggest(name: str, known: Iterable[str]) -> str:
    """``"; did you mean 'x'?"`` with the nearest known name, or nothing."""
    by_lower = {word.lower(): word for word in known}
    near = get_close_matches(name.lower(), by_lower, n=1)
    return f"; did you mean {by_lower[near[0]]!r}?" if near else ""


def _is_number(value: Any, limit: float = math.inf) -> bool:
    return type(value) in (int, float) and abs(value) <= limit


def _is_iso(value: Any) -> bool:
    try:
        return bool(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def _is_base64(value: Any) -> bool:
    try:
        return bool(value) and base64.b64decode(value, validate=True) is not None
    except (TypeError, ValueError):
        return False


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_loop(value: Any) -> bool:
    points = value if isinstance(value, list) else []
    pairs = [p for p in points if isinstance(p, list) and len(p) == 2 and all(map(_is_number, p))]
    return len(pairs) == len(points) and len({(p[0], p[1]) for p in pairs}) >= 3


_TYPED: dict[str, Callable[[JSONObject], bool]] = {
    "Date": lambda v: _is_iso(v.get("iso")),
    "Bytes": lambda v: _is_base64(v.get("base64")),
    "File": lambda v: _is_text(v.get("name")),
    "GeoPoint": lambda v: _is_number(v.get("latitude"), 90) and _is_number(v.get("longitude"), 180),
    "Polygon": lambda v: _is_loop(v.get("coordinates")),
    "Pointer": lambda v: _is_text(v.get("className")) and _is_text(v.get("objectId")),
}
_SCALAR_TYPES = {bool: "Boolean", str: "String", int: "Number", float: "Number", list: "Array"}


def _type_of(value: Any) -> str:
    """The type a column needs to hold this REST value, or words for what it is instead."""
    if not isinstance(value, dict):
        return _SCALAR_TYPES.get(type(value), "null")
    if "__op" in value:
        return "an operation"
    if "__type" not in value:
        return "Object"
    named = value["__type"]
    check = _TYPED.get(named) if isinstance(named, str) else None
    if check is None:
        return f"of unknown __type {named!r}"
    if not check(value):
        return f"an invalid {named}"
    return f"Pointer<{value['className']}>" if named == "Pointer" else str(named)


@dataclass(frozen=True, slots=True)
class _Field:
    """A column as one file declares it; ``type`` is ``Pointer<Product>`` style, "" if broken."""

    node: _Node
    type: str = ""
    target: _Node | None = None
    required: bool = False
    built_in: bool = False

    def default(self) -> _Node | None:
        """The declared default value."""
        declared: _Node | None = self.node.value.get("defaultValue") if self.type else None
        return declared

    def as_json(self, required: bool) -> JSONObject:
        """REST schema JSON, without a default value."""
        name, _, target = self.type.rstrip(">").partition("<")
        json_form: JSONObject = {"type": name}
        if target:
            json_form["targetClass"] = target
        if required:
            json_form["required"] = True
        return json_form


@dataclass(frozen=True, slots=True)
class _Class:
    """A class as one file declares it: its name as written and as stored."""

    written: str
    name: str
    node: _Node
    fields: dict[str, _Field]

    def requires(self, field: str) -> bool:
        """Whether this file lets the field stay required."""
        if "fields" not in self.node.value:
            return True
        return field in self.fields and self.fields[field].required

    def part(self, key: str) -> _Node | None:
        """The permissions or indexes, if they have the shape of an object."""
        node: _Node | None = self.node.value.get(key)
        return node if node and isinstance(node.value, dict) else None


# --- checking and merging -------------------------------------------------------------------


class _Assembly:
    """One loading: the files' classes and roles so far, and every problem found."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._files: dict[str, int] = {}
        self._classes: list[_Class] = []
        self._roles: dict[str, dict[str, _Node]] = {}

    def fail(self, problem: Problem) -> None:
        """Keep a problem for the end."""
        self._files.setdefault(problem.file, len(self._files))
        self._problems.append(problem)

    def _complain(self, node: _Node, where: str, reason: str) -> None:
        self.fail(Problem(node.file, node.line, where, reason))

    # reading one file

    def read(self, file: str, text: str) -> None:
        """Take in one file's classes and roles."""
        self._files.setdefault(file, len(self._files))
        root = _Reader(file, text, self.fail).read()
        if root is None:
            return
        if isinstance(root.value, list):
            self._read_classes(root)
        elif self._is_record(root, "", "a template", ("classes", "results", "roles")):
            found = [key for key in ("classes", "results") if key in root.value]
            if len(found) != 1:
                self._complain(root, "", "a template needs one list 'classes' (or 'results')")
            for key in found:
                classes = self._member(root, key, list, "")
                if classes:
                    self._read_classes(classes)
            roles = self._member(root, "roles", list, "")
            if roles:
                self._read_roles(roles)

    def _is_record(self, node: _Node, where: str, what: str, keys: Sequence[str]) -> bool:
        if not isinstance(node.value, dict):
            kind = _KINDS[type(node.value)]
            self._complain(node, where, f"{what} must be an object, not {kind}")
            return False
        for key, member in node.value.items():
            if key not in keys:
                self._complain(member, where, f"unknown key {key!r}{_suggest(key, keys)}")
        return True

    def _member(self, record: _Node, key: str, kind: type, where: str) -> _Node | None:
        member: _Node | None = record.value.get(key)
        if member is None or isinstance(member.value, kind):
            return member
        kinds = _KINDS[kind], _KINDS[type(member.value)]
        self._complain(member, where, f"{key!r} must be {kinds[0]}, not {kinds[1]}")
        return None

    def _needed(self, record: _Node, key: str, where: str, what: str) -> str | None:
        if key not in record.value:
            self._complain(record, where, f"{what} needs {key!r}")
            return None
        member = self._member(record, key, str, where)
        return member.value if member else None

    def _read_roles(self, roles: _Node) -> None:
        seen: dict[str, _Node] = {}
        for node in roles.value:
            if not self._is_record(node, "roles", "a role", ("name", "roles")):
                continue
            name = self._needed(node, "name", "roles", "a role")
            if name is None:
                continue
            where = f"roles.{name}"
            if not _ROLE_NAME.fullmatch(name):
                self._complain(node, where, "a role name has letters, digits, _, - and blanks only")
            self._once(seen, name, node, where)
            heirs = self._roles.setdefault(name, {})
            members = self._member(node, "roles", list, where)
            for heir in members.value if members else ():
                if isinstance(heir.value, str) and heir.value != name:
                    heirs.setdefault(heir.value, heir)
                else:
                    self._complain(heir, where, "'roles' lists the names of other roles")

    def _once(self, seen: dict[str, _Node], name: str, node: _Node, where: str) -> None:
        if name in seen:
            self._complain(node, where, f"defined twice in this file (line {seen[name].line} too)")
        seen.setdefault(name, node)

    def _read_classes(self, classes: _Node) -> None:
        seen: dict[str, _Node] = {}
        for node in classes.value:
            record = node.value if isinstance(node.value, dict) else {}
            named = record["className"].value if "className" in record else ""
            label = named if isinstance(named, str) else ""
            if not self._is_record(node, label, "a class", _CLASS_KEYS):
                continue
            written = self._needed(node, "className", "", "a class")
            name = _stored_name(written or "")
            if written is not None:
                self._check_class_name(name, node, written)
                self._once(seen, name, node, written)
            for key in ("classLevelPermissions", "indexes"):
                self._member(node, key, dict, written or "")
            fields = self._member(node, "fields", dict, written or "")
            columns = {
                field: self._read_field(name, field, member, f"{written or '?'}.{field}")
                for field, member in (fields.value.items() if fields else ())
            }
            if written is not None:
                self._classes.append(_Class(written, name, node, columns))

    def _check_class_name(self, name: str, node: _Node, where: str) -> None:
        if name in _SYSTEM or (_NAME.fullmatch(name) and name != "length"):
            return
        if name.startswith("_"):
            reason = f"there is no system class {name!r}{_suggest(name, _SYSTEM)}"
        elif name == "length":
            reason = "'length' is a reserved name"
        else:
            reason = "a class name has letters, digits and _ only and starts with a letter"
        self._complain(node, where, reason)

    def _read_field(self, class_name: str, name: str, node: _Node, where: str) -> _Field:
        built_in = (_DEFAULTS | _SYSTEM.get(class_name, {})).get(name)
        if built_in is None and name in ("length", "className"):
            self._complain(node, where, f"{name!r} is a reserved name")
        elif built_in is None and not _NAME.fullmatch(name):
            reason = "a field name has letters, digits and _ only and starts with a letter"
            self._complain(node, where, reason)
        if not self._is_record(node, where, "a field", _FIELD_KEYS):
            return _Field(node)
        target = self._member(node, "targetClass", str, where)
        spelled = self._spelled_type(node, target, where, built_in)
        flag = self._member(node, "required", bool, where)
        required = flag is not None and flag.value
        if not spelled:
            return _Field(node)
        if built_in is not None:
            self._check_built_in(class_name, name, node, where, (built_in, spelled, required))
            return _Field(node, built_in, None, required, True)
        if required and spelled.startswith("Relation"):
            self._complain(node.value["required"], where, "a Relation can't be required")
        field = _Field(node, spelled, target if "<" in spelled else None, required)
        default = field.default()
        if default is not None and _type_of(default.plain()) != spelled:
            found = _type_of(default.plain())
            self._complain(default, where, f"default value is {found}, not {spelled}")
        return field

    def _spelled_type(
        self, node: _Node, target: _Node | None, where: str, built_in: str | None
    ) -> str:
        """``Number`` or ``Pointer<Product>``; "" after a problem was reported."""
        name = self._needed(node, "type", where, "a field")
        if name is None:
            return ""
        if name not in _TYPES and name != built_in:
            hint = _suggest(name, _TYPES) or f" (types: {', '.join(_TYPES)})"
            self._complain(node.value["type"], where, f"unknown type {name!r}{hint}")
            return ""
        if name in ("Pointer", "Relation"):
            if target:
                return f"{name}<{_stored_name(target.value)}>"
            if "targetClass" not in node.value:
                self._complain(node, where, f"a {name} needs 'targetClass'")
            return ""
        if target:
            self._complain(node.value["targetClass"], where, f"a {name} has no 'targetClass'")
        return name

    def _check_built_in(
        self, class_name: str, name: str, node: _Node, where: str, found: tuple[str, str, bool]
    ) -> None:
        built_in, spelled, required = found
        if spelled != built_in:
            reason = f"is {spelled} here, but this built-in column is {built_in}"
            self._complain(node, where, reason)
        if "defaultValue" in node.value:
            reason = "a built-in column takes no default value"
            self._complain(node.value["defaultValue"], where, reason)
        at_sign_up = class_name == "_User" and name in _SIGN_UP
        if required and name not in _DEFAULTS and not at_sign_up:
            reason = "a built-in column can't be made required"
            self._complain(node.value["required"], where, reason)

    # putting the files together

    def template(self) -> Template:
        """Everything read so far as one template; raises ``TemplateError``."""
        by_name: dict[str, list[_Class]] = {}
        for declared in self._classes:
            by_name.setdefault(declared.name, []).append(declared)
        self._check_targets({*by_name, *_SYSTEM})
        merged = [self._merge(name, group) for name, group in by_name.items()]
        for name, heirs in self._roles.items():
            for heir, node in heirs.items():
                if heir not in self._roles:
                    hint = _suggest(heir, self._roles)
                    self._complain(node, f"roles.{name}", f"there is no role {heir!r}{hint}")
        if self._problems:
            self._problems.sort(key=lambda p: (self._files[p.file], p.line, p.column))
            raise TemplateError(self._problems)
        users = by_name.get("_User", [])
        named = {field for declared in users for field in declared.fields}
        return Template(
            classes=tuple(c for c in merged if c["className"] not in _VOLATILE),
            roles=tuple(Role(name, tuple(heirs)) for name, heirs in self._roles.items()),
            # Parse: the required check runs before the random username is made, and sign-ups
            # through a provider have no password, so these three are no column options.
            sign_up_required=tuple(
                field
                for field in _SIGN_UP[2:]
                if field in named and all(declared.requires(field) for declared in users)
            ),
        )

    def _check_targets(self, known: set[str]) -> None:
        for declared in self._classes:
            for name, field in declared.fields.items():
                if field.target and _stored_name(field.target.value) not in known:
                    hint = _suggest(field.target.value, {*known, *ALIASES})
                    reason = f"there is no class {field.target.value!r}{hint}"
                    self._complain(field.target, f"{declared.written}.{name}", reason)

    def _conflict(self, node: _Node, where: str, first: _Node, difference: str) -> None:
        self._complain(node, where, f"{difference} {first.file}:{first.line}")

    def _merge(self, name: str, group: list[_Class]) -> JSONObject:
        columns: dict[str, _Field] = {}
        defaults: dict[str, _Node] = {}
        for declared in group:
            for field_name, field in declared.fields.items():
                where = f"{declared.written}.{field_name}"
                first = columns.setdefault(field_name, field)
                if first.type and field.type and first.type != field.type:
                    difference = f"is {field.type} here, but {first.type} in"
                    self._conflict(field.node, where, first.node, difference)
                default = field.default()
                if default is not None:
                    other = defaults.setdefault(field_name, default)
                    if other.plain() != default.plain():
                        self._conflict(default, where, other, "another default value than in")
        json_form: JSONObject = {"className": name, "fields": {}}
        for field_name, field in columns.items():
            if not field.built_in:
                required = all(declared.requires(field_name) for declared in group)
                json_form["fields"][field_name] = field.as_json(required)
                if field_name in defaults:
                    json_form["fields"][field_name]["defaultValue"] = defaults[field_name].plain()
        own = {field_name: field.type for field_name, field in columns.items()}
        types = _DEFAULTS | _SYSTEM.get(name, {}) | own
        permissions = self._merge_permissions(group, types)
        if permissions is not None:
            json_form["classLevelPermissions"] = permissions
        indexes = self._merge_indexes(group, types)
        if indexes:
            json_form["indexes"] = indexes
        return json_form

    # class-level permissions

    def _merge_permissions(self, group: list[_Class], types: dict[str, str]) -> JSONObject | None:
        first: _Node | None = None
        operations: JSONObject = {}
        protected: list[dict[str, list[str]]] = []
        for declared in group:
            node = declared.part("classLevelPermissions")
            where = f"{declared.written}.classLevelPermissions"
            if node is None or not self._check_permissions(node, types, where):
                continue
            rules: JSONObject = node.plain()
            if "protectedFields" in rules:
                protected.append(rules.pop("protectedFields"))
            if first is None:
                first, operations = node, rules
            for key in sorted({*rules, *operations}):
                if rules.get(key) != operations.get(key):
                    place = node.value.get(key, node)
                    other = first.value.get(key, first)
                    self._conflict(place, f"{where}.{key}", other, "is not the same as in")
        if first is None:
            return None
        if protected:
            operations["protectedFields"] = _unite_protected(protected)
        return operations

    def _check_permissions(self, node: _Node, types: dict[str, str], where: str) -> bool:
        before = len(self._problems)
        known = (*_OPERATIONS, *_USER_FIELDS, "ACL", "protectedFields")
        for key, rule in node.value.items():
            at = f"{where}.{key}"
            if key not in known:
                hint = _suggest(key, known)
                self._complain(rule, at, f"not an operation of class-level permissions{hint}")
            elif key in _USER_FIELDS:
                self._check_user_fields(rule, types, at)
            elif not isinstance(rule.value, dict):
                self._complain(rule, at, f"must be an object, not {_KINDS[type(rule.value)]}")
            elif key == "protectedFields":
                self._check_protected(rule, types, at)
            elif key == "ACL":
                self._check_default_acl(rule, at)
            else:
                self._check_operation(rule, types, at)
        return len(self._problems) == before

    def _check_operation(self, rule: _Node, types: dict[str, str], at: str) -> None:
        for key, permit in rule.value.items():
            self._check_grantee(key, permit, ("*", "requiresAuthentication", "pointerFields"), at)
            if key == "pointerFields":
                self._check_user_fields(permit, types, f"{at}.{key}")
            elif permit.value is not True:
                self._complain(permit, at, f"the value of {key!r} must be true")

    def _check_default_acl(self, rule: _Node, at: str) -> None:
        for key, flags in rule.value.items():
            self._check_grantee(key, flags, ("*", "currentUser"), at)
            if self._is_record(flags, at, f"the entry of {key!r}", ("read", "write")):
                for flag in ("read", "write"):
                    self._member(flags, flag, bool, at)

    def _check_protected(self, rule: _Node, types: dict[str, str], at: str) -> None:
        for key, fields in rule.value.items():
            kind, _, field = key.partition(":")
            if kind == "userField":
                self._check_user_column(field, fields, types, at)
            else:
                self._check_grantee(key, fields, ("*", "authenticated"), at)
            if not isinstance(fields.value, list):
                self._complain(fields, at, f"the value of {key!r} must be a list of field names")
                continue
            for name in fields.value:
                self._check_protected_field(name, types, at)

    def _check_protected_field(self, name: _Node, types: dict[str, str], at: str) -> None:
        if not isinstance(name.value, str):
            self._complain(name, at, f"a field name must be a string, not {name.plain()!r}")
        elif name.value in _DEFAULTS:
            self._complain(name, at, f"the default column {name.value!r} can't be protected")
        elif name.value not in types:
            hint = _suggest(name.value, types)
            self._complain(name, at, f"there is no field {name.value!r}{hint}")

    def _check_grantee(self, key: str, node: _Node, words: Sequence[str], at: str) -> None:
        if key in words or (key.startswith("role:") and key != "role:"):
            return
        # A misspelt word looks like a user id, so what is near to a word is taken as one.
        near = get_close_matches(key, _GRANTEES, n=1, cutoff=0.8)
        if near or not _USER_ID.fullmatch(key):
            reason = f"{key!r} is neither {', '.join(words)}, a role nor a user id"
            self._complain(node, at, reason + _suggest(key, words))

    def _check_user_fields(self, node: _Node, types: dict[str, str], at: str) -> None:
        if not isinstance(node.value, list):
            self._complain(node, at, "must be a list of field names")
            return
        for name in node.value:
            if isinstance(name.value, str):
                self._check_user_column(name.value, name, types, at)
            else:
                self._complain(name, at, f"a field name must be a string, not {name.plain()!r}")

    def _check_user_column(self, name: str, node: _Node, types: dict[str, str], at: str) -> None:
        if name not in types:
            hint = _suggest(name, types)
            self._complain(node, at, f"there is no field {name!r}{hint}")
        elif types[name] not in ("Pointer<_User>", "Array", ""):
            reason = f"{name!r} is {types[name]}, but must be Pointer<_User> or Array"
            self._complain(node, at, reason)

    # indexes

    def _merge_indexes(self, group: list[_Class], types: dict[str, str]) -> JSONObject:
        merged: JSONObject = {}
        places: dict[str, _Node] = {}
        for declared in group:
            node = declared.part("indexes")
            for name, index in node.value.items() if node else ():
                where = f"{declared.written}.indexes.{name}"
                if _is_own_index(declared.name, name, index):
                    continue
                keys = self._index_keys(index, types, where)
                first = places.setdefault(name, index)
                if list(merged.setdefault(name, keys).items()) != list(keys.items()):
                    self._conflict(index, where, first, "other keys than in")
        return merged

    def _index_keys(self, index: _Node, types: dict[str, str], where: str) -> JSONObject:
        keys: JSONObject = {}
        if not isinstance(index.value, dict) or not index.value:
            self._complain(index, where, "an index is an object of field names and directions")
            return keys
        named: dict[str, _Node] = index.value
        for name, direction in named.items():
            field = name.removeprefix("_p_")
            spelled = types.get(field, "")
            if field in types and spelled.startswith("Pointer"):
                keys[f"_p_{field}"] = direction.value
            elif name in _STORED.values() or (name in types and not spelled.startswith("Relation")):
                keys[_STORED.get(name, name)] = direction.value
            else:
                reason = f"there is no field {name!r} to index{_suggest(name, types)}"
                self._complain(direction, where, reason)
            if type(direction.value) not in (int, str) or direction.value not in _INDEX_KINDS:
                kinds = ", ".join(map(str, _INDEX_KINDS))
                self._complain(direction, where, f"the direction of {name!r} is none of {kinds}")
        return keys


def _unite_protected(files: list[dict[str, list[str]]]) -> dict[str, list[str]]:
    """Per key the fields that any file protects; a file without the key brings its ``*``."""
    keys = dict.fromkeys(key for lists in files for key in lists)
    return {
        key: list(dict.fromkeys(f for lists in files for f in lists.get(key, lists.get("*", ()))))
        for key in keys
    }


def _is_own_index(class_name: str, name: str, index: _Node) -> bool:
    """Whether the server makes this index itself, as GET /schemas lists it."""
    if name == "_id_":
        return True
    keys = index.value if isinstance(index.value, dict) else ()
    internal = (key for key in keys if key.startswith("_") and not key.startswith("_p_"))
    return class_name in _SYSTEM and (
        name in _OWN_INDEXES or any(key not in _STORED.values() for key in internal)
    )
