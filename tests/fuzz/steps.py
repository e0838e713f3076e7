"""What a step of a trace means: the request, the codes that may refuse it, and what it changes.

A step is a JSON object. Other steps are named by their numbers (`id`), never by what a server made,
so that a trace can be played again, by another server, and with steps left out: `{"$ref": 3,
"class": "Box"}` is a pointer to what step 3 made, `#3` its id in an ACL, `role#4` the role of step
4. What is not there any more gets an id that nobody has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fuzz.model import (
    GONE,
    MASTER,
    NOBODY,
    Row,
    Who,
    World,
)

Step = dict[str, Any]
BAD_TOKEN = 209
ROUTES = {"_User": "/users", "_Role": "/roles", "_Installation": "/installations"}
COLUMNS: dict[str, Any] = {
    "s": {"type": "String"},
    "secret": {"type": "String"},
    "n": {"type": "Number"},
    "o": {"type": "Object"},
    "owner": {"type": "Pointer", "targetClass": "_User"},
    "owners": {"type": "Array"},
    "list": {"type": "Array"},
}
PASSWORD = "letmein-{}"
PUBLIC: dict[str, Any] = {
    **{
        name: {"*": True}
        for name in ("find", "count", "get", "create", "update", "delete", "addField")
    },
    "protectedFields": {"*": []},
}
"""Class-level permissions that let everybody do everything."""


@dataclass(slots=True)
class Answer:
    """What came back: the status, and the body as JSON if it is some."""

    status: int
    text: str
    body: Any = None

    @property
    def code(self) -> int | None:
        """The error's code, else the status of a refusal; None of a success."""
        errors = self.body.get("errors") if isinstance(self.body, dict) else None
        if errors:
            code = (errors[0].get("extensions") or {}).get("code")
            return code if isinstance(code, int) else self.status
        if self.status < 300:
            return None
        code = self.body.get("code") if isinstance(self.body, dict) else None
        return code if isinstance(code, int) else self.status


@dataclass(slots=True)
class Asked:
    """A request, and what the model says of its answer."""

    method: str
    path: str
    body: Any = None
    query: dict[str, Any] = field(default_factory=dict)
    token: str | None = None
    who: Who = NOBODY
    reader: Who | None = None
    """Who reads the answer, if it is not who asked."""
    codes: set[int] = field(default_factory=set)
    """By these it may be refused."""
    may_succeed: bool = True
    done: Callable[[Any], None] = lambda answer: None
    """Told the body of a success: changes the world."""
    look: Callable[[Any], list[str]] = lambda answer: []
    """What is wrong with the body of a success."""
    unsure: bool = False
    """The world has to be read again afterwards."""


class Slots:
    """What the steps of a trace made on one server."""

    def __init__(self, world: World, app_id: str) -> None:
        self.world, self.app_id = world, app_id
        self.rows: dict[int, tuple[str, str]] = {}
        self.tokens: dict[int, str] = {}
        self.listeners: dict[int, Any] = {}

    def id_of(self, number: int) -> str:
        """The id of what a step made."""
        return self.rows.get(number, ("", f"none{number:06}"))[1]

    def filled(self, value: Any) -> Any:
        """A value with every name of a step replaced by what it stands for here."""
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        if isinstance(value, str):
            return self._name(value)
        if not isinstance(value, dict):
            return value
        if "$ref" in value:
            kept = self.rows.get(value["$ref"])
            name = kept[0] if kept else value["class"]
            pointer = {"__type": "Pointer", "className": name}
            return {**pointer, "objectId": self.id_of(value["$ref"])}
        return {self._name(key): self.filled(item) for key, item in value.items()}

    def _name(self, text: str) -> str:
        if text.startswith("#") and text[1:].isdigit():
            return self.id_of(int(text[1:]))
        if text.startswith("role#"):
            return f"role:r{text[5:]}"
        return text

    def who(self, step: Step) -> tuple[str | None, Who]:
        """The token that a step is sent with, and whose rights it has."""
        given = step.get("who", "nobody")
        if given == "master":
            return None, MASTER
        token = self.tokens.get(given)
        if token is None:
            return None, NOBODY
        return token, Who(self.world.sessions.get(token))


def changed(row_fields: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """The fields of a row after a body was written."""
    fields = dict(row_fields)
    for name, value in body.items():
        operation = value.get("__op") if isinstance(value, dict) else None
        held = fields.get(name)
        if operation is None:
            fields[name] = value
        elif operation == "Delete":
            fields[name] = GONE
        elif operation == "Increment":
            fields[name] = (held or 0) + value["amount"]
        elif operation == "AddRelation":
            fields[name] = frozenset(held or ()) | {one["objectId"] for one in value["objects"]}
        elif operation == "RemoveRelation":
            fields[name] = frozenset(held or ()) - {one["objectId"] for one in value["objects"]}
        elif operation == "Remove":
            fields[name] = [one for one in held or [] if one not in value["objects"]]
        else:
            more = list(held or [])
            for one in value["objects"]:
                if operation == "Add" or one not in more:
                    more.append(one)
            fields[name] = more
    return {name: value for name, value in fields.items() if value is not GONE}


def path_of(class_name: str, object_id: str = "") -> str:
    """The route of a class or of an object."""
    route = ROUTES.get(class_name, f"/classes/{class_name}")
    return f"{route}/{object_id}" if object_id else route


def objections(world: World, row: Row, shown: Any, who: Who) -> list[str]:
    """What is wrong with an object as it is shown to somebody."""
    hidden = world.hidden(row.class_name, who, row)
    wrong = []
    for name in ("s", "secret", "n"):
        expected = None if name in hidden else row.fields.get(name)
        if shown.get(name) != expected:
            said = "is hidden" if name in hidden else f"is {expected!r}"
            wrong.append(f"{row.class_name}.{name} {said}, shown as {shown.get(name)!r}")
    return wrong
