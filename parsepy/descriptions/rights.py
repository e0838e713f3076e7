"""Class-level permissions in sentences that an owner understands."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from parsepy.model.permissions import OPERATIONS, compile_permissions
from parsepy.model.values import JSONObject

_VERBS = {
    "find": "list",
    "get": "open",
    "count": "count",
    "create": "create",
    "update": "change",
    "delete": "delete",
    "addField": "add columns",
}
_TOGETHER = (
    (("find", "get", "count"), "read"),
    (("create", "update", "delete"), "write"),
)


def joined(names: Sequence[str], word: str = "and") -> str:
    """Join names as a sentence does: ``a, b and c``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {word} {names[-1]}"


def sentences(one: JSONObject) -> list[str]:
    """Say who may do what with a class, from its permissions as `/schemas` shows them."""
    raw = one.get("classLevelPermissions")
    rules = compile_permissions(raw if isinstance(raw, dict) else None)
    by_who: dict[str, list[str]] = {}
    for operation in OPERATIONS:
        if rules.raw is None:
            who = "Anyone"
        else:
            who = _who(raw.get(operation) or {} if raw else {}, rules.rules[operation])
        by_who.setdefault(who, []).append(operation)
    made = [f"{who} may {_verbs(operations)}." for who, operations in by_who.items()]
    return [
        *made,
        *_of_new_objects(rules.default_acl),
        *_hidden(one),
    ]


def _who(entry: Mapping[str, Any], rule: Any) -> str:
    if rule.is_public:
        return "Anyone"
    people = []
    if rule.requires_authentication:
        people.append("whoever is signed in")
    roles = sorted(name[5:] for name in rule.names if name.startswith("role:"))
    if roles:
        people.append(f"the role{'s' if len(roles) > 1 else ''} {joined(roles)}")
    users = sorted(name for name in rule.names if not name.startswith("role:"))
    if users:
        people.append(f"the user{'s' if len(users) > 1 else ''} {joined(users)}")
    if rule.pointer_fields:
        people.append(f"the one in its field {joined(list(rule.pointer_fields), 'or')}")
    if not people:
        return "Only the master key"
    text = joined(people)
    return text[0].upper() + text[1:]


def _verbs(operations: Iterable[str]) -> str:
    left, words = list(operations), []
    for group, word in _TOGETHER:
        if all(operation in left for operation in group):
            words.append(word)
            left = [operation for operation in left if operation not in group]
    return joined([*words, *(_VERBS[operation] for operation in left)])


def _of_new_objects(acl: JSONObject | None) -> list[str]:
    """Say who may read and write an object that brings no ACL of its own."""
    if not acl:
        return []
    readers = [name for name, flags in acl.items() if flags.get("read")]
    writers = [name for name, flags in acl.items() if flags.get("write")]
    if "*" in readers:
        readers = ["*"]
    if "*" in writers:
        writers = ["*"]
    if set(readers) == set(writers):
        told = [f"{_names(readers)} may read and change it"] if readers else []
    else:
        told = [
            f"{_names(people)} may {verb} it"
            for people, verb in ((readers, "read"), (writers, "change"))
            if people
        ]
    return [f"Of a new object: {'; '.join(told)}."] if told else []


def _names(acl_names: Iterable[str]) -> str:
    return joined([_name(name) for name in acl_names])


def _name(name: str) -> str:
    known = {"*": "everybody", "currentUser": "its maker"}
    return known.get(name, name.removeprefix("role:"))


def _hidden(one: JSONObject) -> list[str]:
    """Say which fields are hidden from whom who may read an object, by those who see them."""
    protected = _protected(one)
    by_audience: dict[str, list[str]] = {}
    for field in dict.fromkeys(field for fields in protected.values() for field in fields):
        seen_by = who_sees(one, field)
        if seen_by != EVERYBODY:
            by_audience.setdefault(seen_by, []).append(field)
    told = []
    for who, fields in by_audience.items():
        people = who.capitalize() if who.startswith(EVERYBODY) else f"Only {who}"
        told.append(f"{people} may see {joined(fields)}.")
    return told


EVERYBODY = "all readers"
_OWNERS = {"_User": ("its owner",)}
"""Who sees all of an object whatever is protected, by class."""


def who_sees(one: JSONObject, field: str) -> str:
    """Say in a few words who sees a field of objects that they may read.

    A field is hidden from a caller if every list that applies to them has it; ``*`` applies to all.
    The owner of a user sees all of it, as ``protectedFieldsOwnerExempt`` says by default.
    """
    protected = _protected(one)
    hidden = [name for name, fields in protected.items() if field in fields]
    shown = [name for name, fields in protected.items() if field not in fields]
    if not hidden or "*" in shown:
        return EVERYBODY
    if "*" not in hidden:
        return f"{EVERYBODY} but {joined([_group(name) for name in sorted(hidden)])}"
    owner = _OWNERS.get(one["className"], ())
    return joined([*owner, *(_group(name) for name in sorted(shown))]) or "the master key"


def _protected(one: JSONObject) -> Mapping[str, Sequence[str]]:
    protected = (one.get("classLevelPermissions") or {}).get("protectedFields")
    return protected if isinstance(protected, dict) else {}


def _group(name: str) -> str:
    """Name those for whom a list of protected fields is."""
    if name == "authenticated":
        return "whoever is signed in"
    if name.startswith("userField:"):
        return f"the one in its field {name.removeprefix('userField:')}"
    return name.removeprefix("role:") if name.startswith("role:") else f"the user {name}"
