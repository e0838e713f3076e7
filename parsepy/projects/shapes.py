"""What the writers of a project ask of a class: names, fields, who may do what."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from parsepy.model.schema import SYSTEM_COLUMNS
from parsepy.model.values import JSONObject


@dataclass(frozen=True, slots=True)
class ProjectField:
    """A field of a class; ``holds`` is the class that the pointers in an array are of."""

    name: str
    type: str
    target: str | None
    required: bool
    holds: str | None = None


@dataclass(frozen=True, slots=True)
class ProjectClass:
    """A class of the schema, with its permissions; ``is_hidden``: clients apply it by a code."""

    name: str
    fields: tuple[ProjectField, ...]
    permissions: JSONObject
    people: tuple[str, ...] = ()
    is_hidden: bool = False

    @property
    def snake(self) -> str:
        """The name as Python writes it: ``OrderItem`` is ``order_item``."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.name).lower()

    @property
    def words(self) -> str:
        """The name as it stands in a sentence."""
        return self.snake.replace("_", " ")

    @property
    def required(self) -> tuple[ProjectField, ...]:
        """The fields that an object must have."""
        return tuple(field for field in self.fields if field.required)

    @property
    def texts(self) -> tuple[ProjectField, ...]:
        """The texts that an object must have."""
        return tuple(field for field in self.required if field.type == "String")

    @property
    def is_private(self) -> bool:
        """Do objects belong to who makes them alone?"""
        acl = self.permissions.get("ACL") or {}
        return "currentUser" in acl and "*" not in acl

    @property
    def owner(self) -> ProjectField | None:
        """The required pointer to the person whose object it is."""
        found = (f for f in self.required if f.type == "Pointer" and f.target in self.people)
        return next(found, None)

    def granted(self, operation: str) -> tuple[bool, bool, str | None]:
        """May anyone do this; anyone signed in; and which role, if it takes one."""
        entry: Mapping[str, object] = self.permissions.get(operation, {"*": True})
        roles = [key[5:] for key in entry if key.startswith("role:")]
        return "*" in entry, "requiresAuthentication" in entry, roles[0] if roles else None


def class_of(one: JSONObject, people: tuple[str, ...], holds: Mapping[str, str]) -> ProjectClass:
    """The class of a template's JSON; ``holds`` says by field what arrays of pointers hold."""
    fields = tuple(
        ProjectField(
            name,
            column["type"],
            _shown(column.get("targetClass")),
            bool(column.get("required")),
            holds.get(name),
        )
        for name, column in (one.get("fields") or {}).items()
        if name not in ("objectId", "createdAt", "updatedAt", "ACL")
    )
    permissions: JSONObject = one.get("classLevelPermissions") or {}
    return ProjectClass(_shown(one["className"]) or "", fields, permissions, people)


def _shown(name: str | None) -> str | None:
    return name.lstrip("_") if name in SYSTEM_COLUMNS else name


def imported(module: str, names: Sequence[str]) -> str:
    """The statement that imports these names, as a formatter writes it."""
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= 100:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")"
