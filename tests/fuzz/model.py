"""Who may do what to which object: a model of its own, written from docs/protocol.md alone.

It imports nothing of parsepy. A `World` holds what the server should hold; rows are never changed
in place, so that a shallow copy of the world is a state to come back to.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

CLASSES = ("Letter", "Box", "Shelf")
"""The classes of the fuzzer; the pointers of each lead to the next."""
NEXT = {"Letter": "Box", "Box": "Shelf", "Shelf": "Letter"}
LIVE = ("Letter", "Box")
"""Classes with events."""
READS = ("find", "count", "get")
UNPROTECTED = ("objectId", "createdAt", "updatedAt", "ACL")
REFUSED, MISSING, OF_USERS = 119, 101, 206


@dataclass(frozen=True, slots=True)
class Row:
    """An object in one state; relations are sets of ids under their names."""

    class_name: str
    id: str
    acl: dict[str, dict[str, bool]] | None
    fields: dict[str, Any]


GONE = object()
"""Stands for the absence of a value."""


@dataclass(frozen=True, slots=True)
class Who:
    """Whose rights a request has: the master key's, a user's by a session, or nobody's."""

    user: str | None = None
    is_master: bool = False


NOBODY, MASTER = Who(), Who(is_master=True)


@dataclass(slots=True)
class World:
    """All that the server should hold."""

    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    permissions: dict[str, dict[str, Any]] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    """Valid tokens, with the id of their user."""
    passwords: dict[str, str] = field(default_factory=dict)
    config: dict[str, tuple[str, bool]] = field(default_factory=dict)
    files: dict[int, str] = field(default_factory=dict)
    """The names of files, by the steps that made them."""

    def copy(self) -> World:
        """This state, which stays when the world goes on."""
        return World(
            dict(self.rows),
            dict(self.permissions),
            dict(self.sessions),
            dict(self.passwords),
            dict(self.config),
            dict(self.files),
        )

    def of(self, class_name: str) -> list[Row]:
        """The rows of a class."""
        return [row for row in self.rows.values() if row.class_name == class_name]

    # --- who somebody is

    def roles(self, user: str | None) -> set[str]:
        """The names of the roles that a user has, also through other roles."""
        roles = self.of("_Role")
        held = {row.id for row in roles if user in row.fields["users"]}
        while True:
            more = {row.id for row in roles if held & row.fields["roles"]} - held
            if not more:
                return {row.fields["name"] for row in roles if row.id in held}
            held |= more

    def names(self, who: Who) -> set[str]:
        """The names by which ACLs and class-level permissions mean somebody."""
        if who.user is None:
            return {"*"}
        return {"*", who.user, *(f"role:{name}" for name in self.roles(who.user))}

    # --- what permissions say

    def refusal(self, class_name: str, operation: str, who: Who) -> int | None:
        """The code by which the class refuses an operation to somebody; None if it does not."""
        rule = self.rule(class_name, operation, who)
        return rule if isinstance(rule, int) else None

    def rule(self, class_name: str, operation: str, who: Who) -> int | tuple[str, ...] | None:
        """A refusal's code, or the columns of which one must lead to the user, or None."""
        permissions = self.permissions.get(class_name)
        if who.is_master:
            return None
        if class_name == "_Installation" and operation in ("find", "count", "delete"):
            return REFUSED
        if permissions is None:
            return None
        entries = permissions.get(operation) or {}
        names = {name for name in entries if name not in ("requiresAuthentication",)}
        if names & self.names(who):
            return None
        columns = list(entries.get("pointerFields") or ())
        shorthand = "readUserFields" if operation in READS else "writeUserFields"
        if operation != "addField" or shorthand == "writeUserFields":
            columns += permissions.get(shorthand) or ()
        if entries.get("requiresAuthentication"):
            if who.user is None:
                return MISSING
            return tuple(columns) or None if operation != "create" else None
        if columns and operation != "create":
            return tuple(columns)
        return REFUSED

    def reaches(self, row: Row, operation: str, who: Who) -> bool:
        """May somebody do this to this very row, by the class's permissions and by its ACL?"""
        if who.is_master:
            return True
        rule = self.rule(row.class_name, operation, who)
        if isinstance(rule, int):
            return False
        if rule is not None and not any(leads_to(row.fields.get(name), who.user) for name in rule):
            return False
        flag = "read" if operation in READS else "write"
        if row.acl is None:
            return True
        names = self.names(who)
        return any(name in names and flags.get(flag) for name, flags in row.acl.items())

    def sees(self, row: Row, who: Who) -> bool:
        """May somebody read this row in any way?"""
        return self.reaches(row, "get", who) or self.reaches(row, "find", who)

    def hidden(self, class_name: str, who: Who, row: Row | None = None) -> set[str]:
        """The columns that are hidden from somebody: of a row, or of any row at all."""
        if who.is_master:
            return set()
        rules: dict[str, list[str]] = dict(
            (self.permissions.get(class_name) or {}).get("protectedFields") or {}
        )
        if class_name == "_User":
            if row is not None and row.id == who.user:
                return set()
            rules["*"] = [*rules.get("*", ()), "email"]
        if not any(rules.values()) and len(rules) < 2:
            return set()
        names = self.names(who) | ({"authenticated"} if who.user is not None else set())
        sets = [set(fields) for name, fields in rules.items() if name in names]
        hidden = set.intersection(*sets) if sets else None
        if hidden is not None and not hidden:
            return set()
        for name, fields in rules.items():
            if not name.startswith("userField:") or who.user is None:
                continue
            if row is None:  # in some rows at least
                hidden = (hidden or set()) | set(fields)
            elif leads_to(row.fields.get(name.removeprefix("userField:")), who.user):
                hidden = set(fields) if hidden is None else hidden & set(fields)
        return hidden or set()

    def shows(self, row: Row, name: str, who: Who) -> bool:
        """May somebody read this column of this row in any way?"""
        return self.sees(row, who) and name not in self.hidden(row.class_name, who, row)

    # --- what happens

    def put(self, row: Row) -> None:
        """Keep a row in its newest state."""
        self.rows[row.class_name, row.id] = row

    def drop(self, row: Row) -> None:
        """Delete a row; a user's sessions go with it."""
        self.rows.pop((row.class_name, row.id), None)
        if row.class_name == "_User":
            self.end_sessions(row.id)

    def end_sessions(self, user: str) -> None:
        """End every session of a user."""
        self.sessions = {token: of for token, of in self.sessions.items() if of != user}


def leads_to(value: Any, user: str | None) -> bool:
    """Is a value a pointer to the user, or an array that has one?"""
    if user is None:
        return False
    if isinstance(value, list):
        return any(leads_to(item, user) for item in value)
    return (
        isinstance(value, dict)
        and value.get("className") == "_User"
        and value.get("objectId") == user
    )
