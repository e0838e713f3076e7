"""Class-level permissions, pointer permissions and protected fields as pure decisions."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from parsepy.errors import DENIED, Code, ParseError, denied
from parsepy.model.principal import Principal
from parsepy.model.values import FieldType, JSONObject

READS = ("find", "count", "get")
WRITES = ("create", "update", "delete")
OPERATIONS = (*READS, *WRITES, "addField")
POINTER_SHORTHANDS = {"readUserFields": READS, "writeUserFields": ("update", "delete")}
KEYS = (*OPERATIONS, "ACL", "protectedFields", *POINTER_SHORTHANDS)
_UNPROTECTABLE = ("objectId", "createdAt", "updatedAt", "ACL")
_NAME = re.compile(r"role:.*|\*|requiresAuthentication|[a-zA-Z0-9]+")
_PROTECTED_NAME = re.compile(r"role:.*|\*|authenticated|userField:.*|[a-zA-Z0-9]+")

PUBLIC: JSONObject = {
    "ACL": {"*": {"read": True, "write": True}},
    **{operation: {"*": True} for operation in OPERATIONS},
    "protectedFields": {"*": []},
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may do one operation on a class."""

    is_public: bool
    names: frozenset[str] = frozenset()
    requires_authentication: bool = False
    pointer_fields: tuple[str, ...] = ()


_EVERYBODY = Rule(is_public=True)


@dataclass(frozen=True, slots=True)
class ClassPermissions:
    """The compiled class-level permissions of a class.

    ``raw`` is what the schema API shows and `_SCHEMA` keeps (None: never set, all public).
    """

    raw: JSONObject | None
    rules: Mapping[str, Rule]
    default_acl: JSONObject | None
    protected: tuple[tuple[str, frozenset[str]], ...]

    def decide(
        self, class_name: str, operation: str, principal: Principal
    ) -> tuple[str, ...] | None:
        """Decide an operation: None if allowed, field names if only where one points at the user.

        Raises OBJECT_NOT_FOUND if a user is needed, OPERATION_FORBIDDEN otherwise
        (protocol §12.3, §12.4).
        """
        rule = self.rules.get(operation, _EVERYBODY)
        if rule.is_public or principal.is_privileged:
            return None
        if not rule.names.isdisjoint(principal.name_set):
            return None
        if rule.requires_authentication:
            if principal.user_id is None:
                raise denied(Code.OBJECT_NOT_FOUND, f"{DENIED}, user needs to be authenticated.")
            # Parse: being signed in is enough, and pointer rules narrow the objects all the same
            return rule.pointer_fields or None if operation != "create" else None
        if rule.pointer_fields and operation != "create":
            return rule.pointer_fields
        raise refusal(operation, class_name)

    def hidden_from(
        self, principal: Principal
    ) -> tuple[frozenset[str], tuple[tuple[str, frozenset[str]], ...]]:
        """Find the fields hidden from ``principal``, and rules (user field, hidden fields).

        A rule applies to objects whose user field points at the principal (protocol §12.5).
        There, only fields in both are hidden; if the first set is empty, those of the rule.
        """
        if not self.protected or principal.is_privileged:
            return _NOTHING
        sets = []
        by_field = []
        for name, fields in self.protected:
            if name.startswith("userField:"):
                if principal.user_id:
                    by_field.append((name[10:], fields))
            elif name in principal.name_set or (
                name == "authenticated" and principal.user_id is not None
            ):
                sets.append(fields)
        # Parse: the sets that apply are intersected, so a specific empty list reveals everything
        hidden = frozenset.intersection(*sets) if sets else frozenset()
        if sets and not hidden:
            return _NOTHING  # and no rule by field can hide more
        return hidden, tuple(by_field)

    def hidden_fields(self, principal: Principal) -> frozenset[str]:
        """Find every field that is hidden from ``principal`` in all objects or in some."""
        hidden, by_field = self.hidden_from(principal)
        return hidden.union(*(fields for _, fields in by_field)) if by_field else hidden


def refusal(operation: str, class_name: str) -> ParseError:
    """Make the refusal of an operation on a class."""
    return denied(
        Code.OPERATION_FORBIDDEN,
        f"{DENIED} for action {operation} on class {class_name}.",
    )


_NOTHING: tuple[frozenset[str], tuple[tuple[str, frozenset[str]], ...]] = (frozenset(), ())


def compile_permissions(
    raw: JSONObject | None, server_protected: Mapping[str, Sequence[str]] | None = None
) -> ClassPermissions:
    """Compile stored class-level permissions, with the server's own protected fields added."""
    protected = {
        name: set(fields) for name, fields in ((raw or {}).get("protectedFields") or {}).items()
    }
    for name, fields in (server_protected or {}).items():
        protected.setdefault(name, set()).update(fields)
    # Parse: an operation that is absent from stored permissions is for the master key alone
    rules = {} if raw is None else {name: _rule(raw, name) for name in OPERATIONS}
    return ClassPermissions(
        raw,
        rules,
        (raw or {}).get("ACL"),
        tuple(
            (name, frozenset(fields))
            for name, fields in protected.items()
            if fields or len(protected) > 1
        ),
    )


def _rule(raw: JSONObject, operation: str) -> Rule:
    entries = raw.get(operation) or {}
    pointer_fields = list(entries.get("pointerFields") or ())
    for shorthand, operations in POINTER_SHORTHANDS.items():
        if operation in operations or (shorthand == "writeUserFields" and operation == "addField"):
            pointer_fields += raw.get(shorthand) or ()
    return Rule(
        is_public="*" in entries,
        names=frozenset(
            name for name in entries if name not in ("requiresAuthentication", "pointerFields")
        ),
        requires_authentication=bool(entries.get("requiresAuthentication")),
        pointer_fields=tuple(dict.fromkeys(pointer_fields)),
    )


def _invalid(message: str) -> ParseError:
    return ParseError(Code.INVALID_JSON, message)


def check_permissions(raw: Any, fields: Mapping[str, FieldType]) -> None:
    """Raise INVALID_JSON for ill-formed class-level permissions (protocol §12.2)."""
    if not isinstance(raw, dict):
        raise _invalid(f"'{_shown(raw)}' is not a valid value for class level permissions")
    for key, value in raw.items():
        if key not in KEYS:
            raise _invalid(f"{key} is not a valid operation for class level permissions")
        if key in POINTER_SHORTHANDS:
            if not isinstance(value, list):
                raise _invalid(
                    f"'{_shown(value)}' is not a valid value for class level permissions {key}"
                    " - must be an array"
                )
            for field in value:
                _check_pointer_field(field, fields, key)
        elif not isinstance(value, dict):
            raise _invalid(
                f"'{_shown(value)}' is not a valid value for class level permissions {key}"
                " - must be an object"
            )
        elif key == "protectedFields":
            _check_protected(value, fields)
        elif key == "ACL":
            _check_default_acl(value)
        else:
            _check_operation(key, value, fields)


def _check_operation(key: str, value: JSONObject, fields: Mapping[str, FieldType]) -> None:
    for name, flag in value.items():
        if name == "pointerFields":
            if not isinstance(flag, list):
                raise _invalid(
                    f"'{_shown(flag)}' is not a valid value for {key}[pointerFields]"
                    " - expected an array."
                )
            for field in flag:
                _check_pointer_field(field, fields, key)
            continue
        _check_name(name, _NAME)
        if flag is not True:
            raise _invalid(
                f"'{_shown(flag)}' is not a valid value for class level permissions"
                f" acl {key}:{name}"
            )


def _check_default_acl(value: JSONObject) -> None:
    for name, flags in value.items():
        _check_name(name, _NAME)
        if not isinstance(flags, dict):
            raise _invalid(
                f"'{_shown(flags)}' is not a valid value for class level permissions acl"
            )
        if odd := [flag for flag in flags if flag not in ("read", "write")]:
            raise _invalid(f"'{','.join(odd)}' is not a valid key for class level permissions acl")
        if odd := [_shown(on) for on in flags.values() if not isinstance(on, bool)]:
            raise _invalid(
                f"'{','.join(odd)}' is not a valid value for class level permissions acl"
            )


def _check_protected(value: JSONObject, fields: Mapping[str, FieldType]) -> None:
    for name, protected in value.items():
        _check_name(name, _PROTECTED_NAME)
        if not isinstance(protected, list):
            raise _invalid(
                f"'{_shown(protected)}' is not a valid value for protectedFields[{name}]"
                " - expected an array."
            )
        for field in protected:
            if field in _UNPROTECTABLE:
                raise _invalid(f"Default field '{field}' can not be protected")
            if not isinstance(field, str) or field not in fields:
                raise _invalid(f"Field '{field}' in protectedFields:{name} does not exist")


def _check_name(name: str, pattern: re.Pattern[str]) -> None:
    if not pattern.fullmatch(name):
        raise _invalid(f"'{name}' is not a valid key for class level permissions")


def _check_pointer_field(field: Any, fields: Mapping[str, FieldType], operation: str) -> None:
    kind = fields.get(field) if isinstance(field, str) else None
    if kind is None or not (
        kind.name == "Array" or (kind.name == "Pointer" and kind.target == "_User")
    ):
        raise _invalid(
            f"'{field}' is not a valid column for class level pointer permissions {operation}"
        )


def _shown(value: Any) -> str:
    """Convert a value to text as JavaScript does."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "[object Object]"
    if isinstance(value, list):
        return ",".join(map(_shown, value))
    return str(value)


def is_hidden(path: str, hidden: Iterable[str]) -> bool:
    """Is a dotted path a hidden field, in one, or above one?"""
    return any(
        path == name or path.startswith(name + ".") or name.startswith(path + ".")
        for name in hidden
    )


def drop_hidden(
    objects: Iterable[JSONObject],
    hidden: frozenset[str],
    by_field: tuple[tuple[str, frozenset[str]], ...],
    user_id: str | None,
) -> None:
    """Remove the hidden fields from each object, in place."""
    for item in objects:
        fields = hidden or None
        for user_field, named in by_field:
            if points_at(item.get(user_field), user_id):
                fields = named if fields is None else fields & named
        for field in fields or ():
            item.pop(field, None)


def points_at(value: Any, user_id: str | None) -> bool:
    """Is this value a pointer to the user, or an array that contains one?"""
    if isinstance(value, list):
        return any(points_at(item, user_id) for item in value)
    return isinstance(value, dict) and value.get("objectId") == user_id
