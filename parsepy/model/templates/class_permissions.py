"""Check the class-level permissions of templates against the columns, and merge them."""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from parsepy.model.permissions import KEYS, POINTER_SHORTHANDS
from parsepy.model.templates.complaints import KINDS, Complaints
from parsepy.model.templates.declarations import ClassDeclaration
from parsepy.model.templates.names import DEFAULTS, suggest
from parsepy.model.templates.nodes import Node
from parsepy.model.values import JSONObject

_GRANTEES = ("requiresAuthentication", "pointerFields", "currentUser", "authenticated")
_USER_ID = re.compile(r"[A-Za-z0-9]{10,}")


def merge(
    group: list[ClassDeclaration], types: dict[str, str], complaints: Complaints
) -> JSONObject | None:
    """Merge the permissions of a class with these columns; None if no file has any."""
    check = _Check(types, complaints)
    first: Node | None = None
    operations: JSONObject = {}
    protected: list[dict[str, list[str]]] = []
    for declared in group:
        node = declared.part("classLevelPermissions")
        where = f"{declared.written}.classLevelPermissions"
        if node is None or not check.permissions(node, where):
            continue
        rules = _cleaned(node)
        if "protectedFields" in rules:
            protected.append(rules.pop("protectedFields"))
        if first is None:
            first, operations = node, rules
        for key in sorted({*rules, *operations}):
            if rules.get(key) != operations.get(key):
                place = node.value.get(key, node)
                other = first.value.get(key, first)
                complaints.conflict(place, f"{where}.{key}", other, "is not the same as in")
    if first is None:
        return None
    if protected:
        operations["protectedFields"] = _unite_protected(protected)
    return operations


def _cleaned(node: Node) -> JSONObject:
    """Take the permissions without comments, unknown keys, and grants that are switched off."""
    rules: JSONObject = {}
    for key, rule in node.plain().items():
        if key not in KEYS or rule is None:
            continue
        if key not in (*POINTER_SHORTHANDS, "ACL", "protectedFields"):
            # an empty list is an empty object, as PHP writes it
            rule = {name: permit for name, permit in dict(rule).items() if permit is not False}
        rules[key] = rule
    return rules


class _Check:
    """Checks the permissions of one class in all files; keeps every problem."""

    def __init__(self, types: dict[str, str], complaints: Complaints) -> None:
        self._types = types
        self._complaints = complaints

    def permissions(self, node: Node, where: str) -> bool:
        """Check the permissions of one file; true if there is no problem."""
        before = len(self._complaints.problems)
        for key, rule in node.value.items():
            at = f"{where}.{key}"
            if key not in KEYS:
                self._complaints.unknown_key(key, rule, where, KEYS)
            elif rule.value is None or (rule.value == [] and key != "protectedFields"):
                continue
            elif key in POINTER_SHORTHANDS:
                self._user_fields(rule, at)
            elif not isinstance(rule.value, dict):
                self._complaints.at(rule, at, f"must be an object, not {KINDS[type(rule.value)]}")
            elif key == "protectedFields":
                self._protected(rule, at)
            elif key == "ACL":
                self._default_acl(rule, at)
            else:
                self._operation(rule, at)
        return len(self._complaints.problems) == before

    def _operation(self, rule: Node, at: str) -> None:
        for key, permit in rule.value.items():
            self._grantee(key, permit, ("*", "requiresAuthentication", "pointerFields"), at)
            if key == "pointerFields":
                self._user_fields(permit, f"{at}.{key}")
            elif permit.value is False:
                self._complaints.warn(permit, at, f"{key!r} is false: it is left out")
            elif permit.value is not True:
                self._complaints.at(permit, at, f"the value of {key!r} must be true")

    def _default_acl(self, rule: Node, at: str) -> None:
        for key, flags in rule.value.items():
            self._grantee(key, flags, ("*", "currentUser"), at)
            if self._complaints.check_record(flags, at, f"the entry of {key!r}", ("read", "write")):
                for flag in ("read", "write"):
                    self._complaints.member(flags, flag, bool, at)

    def _protected(self, rule: Node, at: str) -> None:
        for key, fields in rule.value.items():
            kind, _, field = key.partition(":")
            if kind == "userField":
                self._user_column(field, fields, at)
            else:
                self._grantee(key, fields, ("*", "authenticated"), at)
            if not isinstance(fields.value, list):
                self._complaints.at(
                    fields, at, f"the value of {key!r} must be a list of field names"
                )
                continue
            for name in fields.value:
                self._protected_field(name, at)

    def _protected_field(self, name: Node, at: str) -> None:
        if not isinstance(name.value, str):
            self._complaints.at(name, at, f"a field name must be a string, not {name.plain()!r}")
        elif name.value in DEFAULTS:
            self._complaints.at(name, at, f"the default column {name.value!r} can't be protected")
        elif name.value not in self._types:
            hint = suggest(name.value, self._types)
            self._complaints.warn(name, at, f"there is no field {name.value!r}{hint}")

    def _grantee(self, key: str, node: Node, words: Sequence[str], at: str) -> None:
        if key in words or (key.startswith("role:") and key != "role:"):
            return
        # A misspelt word looks like a user id, so what is near to a word is taken as one.
        near = get_close_matches(key, _GRANTEES, n=1, cutoff=0.8)
        if near:
            reason = f"{key!r} is neither {', '.join(words)}, a role nor a user id"
            self._complaints.at(node, at, reason + suggest(key, words))
        elif not _USER_ID.fullmatch(key):  # ids may be made by clients, of anything
            self._complaints.warn(node, at, f"{key!r} is taken for the id of a user")

    def _user_fields(self, node: Node, at: str) -> None:
        if not isinstance(node.value, list):
            self._complaints.at(node, at, "must be a list of field names")
            return
        for name in node.value:
            if isinstance(name.value, str):
                self._user_column(name.value, name, at)
            else:
                self._complaints.at(
                    name, at, f"a field name must be a string, not {name.plain()!r}"
                )

    def _user_column(self, name: str, node: Node, at: str) -> None:
        if name not in self._types:
            hint = suggest(name, self._types)
            self._complaints.warn(node, at, f"there is no field {name!r}{hint}")
        elif self._types[name] not in ("Pointer<_User>", "Array", ""):
            reason = f"{name!r} is {self._types[name]}, but must be Pointer<_User> or Array"
            self._complaints.at(node, at, reason)


def _unite_protected(files: list[dict[str, list[str]]]) -> dict[str, list[str]]:
    """Unite the protected fields by key; a file without the key counts with its ``*``."""
    keys = dict.fromkeys(key for lists in files for key in lists)
    return {
        key: list(dict.fromkeys(f for lists in files for f in lists.get(key, lists.get("*", ()))))
        for key in keys
    }
