"""What a step of a trace means: the request, the codes that may refuse it, and what it changes.

A step is a JSON object. Other steps are named by their numbers (`id`), never by what a server made,
so that a trace can be played again, by another server, and with steps left out: `{"$ref": 3,
"class": "Box"}` is a pointer to what step 3 made, `#3` its id in an ACL, `role#4` the role of step
4. What is not there any more gets an id that nobody has.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fuzz import questions
from tests.fuzz.model import (
    CLASSES,
    GONE,
    MASTER,
    MISSING,
    NOBODY,
    OF_USERS,
    REFUSED,
    Row,
    Who,
    World,
)

Step = dict[str, Any]
BAD_TOKEN = 209
ROUTES = {"_User": "/users", "_Role": "/roles", "_Session": "/sessions"}
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

    def __init__(self, world: World) -> None:
        self.world = world
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


# --- the steps


def ask(slots: Slots, step: Step) -> Asked:
    """Make the request of a step, and ask the model about it."""
    token, who = slots.who(step)
    asked = _STEPS[step["do"]](slots, step, who)
    asked.token, asked.who = token, who
    if token is not None and who.user is None:
        asked.codes, asked.may_succeed = {BAD_TOKEN}, False
    return asked


def _sign_up(slots: Slots, step: Step, who: Who) -> Asked:
    number, world = step["id"], slots.world
    body = {
        "username": f"u{number}",
        "password": PASSWORD.format(number),
        "email": f"e{number}z@fuzz.test",
        "s": f"c{number}z",
        **({"ACL": slots.filled(step["acl"])} if step.get("acl") is not None else {}),
    }

    def done(answer: Any) -> None:
        user = answer["objectId"]
        own = {"read": True, "write": True}
        acl = {**slots.filled(step.get("acl") or {}), user: own}
        fields = {"s": body["s"], "email": body["email"], "username": body["username"]}
        world.put(Row("_User", user, acl, fields))
        world.passwords[user] = body["password"]
        slots.rows[number] = ("_User", user)
        if "sessionToken" in answer:
            slots.tokens[number] = answer["sessionToken"]
            world.sessions[answer["sessionToken"]] = user

    return Asked("POST", "/users", body, done=done)


def _log_in(slots: Slots, step: Step, who: Who) -> Asked:
    number, user = step["user"], slots.id_of(step["user"])
    password = slots.world.passwords.get(user, "none")
    given = "wrong" if step.get("wrong") else password
    row = slots.world.rows.get(("_User", user))
    fails = row is None or bool(step.get("wrong"))

    def done(answer: Any) -> None:
        slots.tokens[step["id"]] = answer["sessionToken"]
        slots.world.sessions[answer["sessionToken"]] = user

    body = {"username": f"u{number}", "password": given}
    codes = {MISSING} if fails or (row is not None and row.acl == {}) else set()
    asked = Asked("POST", "/login", body, codes=codes, may_succeed=not fails, done=done)
    asked.reader = Who(user)
    return asked


def _log_out(slots: Slots, step: Step, who: Who) -> Asked:
    token = slots.who(step)[0]

    def done(answer: Any) -> None:
        slots.world.sessions.pop(token or "", None)

    return Asked("POST", "/logout", {}, done=done)


def _create(slots: Slots, step: Step, who: Who) -> Asked:
    name, world = step["class"], slots.world
    body = slots.filled(step["fields"])
    if name == "_Role":
        body = {"name": f"r{step['id']}", **body}
    acl = slots.filled(step["acl"]) if step.get("acl") is not None else None
    code = world.refusal(name, "create", who)

    def done(answer: Any) -> None:
        start: dict[str, Any] = {"users": frozenset(), "roles": frozenset()}
        fields = changed(start if name == "_Role" else {}, body)
        world.put(Row(name, answer["objectId"], acl, fields))
        slots.rows[step["id"]] = (name, answer["objectId"])

    sent = body if acl is None else {**body, "ACL": acl}
    codes = {code} if code else set()
    return Asked("POST", path_of(name), sent, codes=codes, may_succeed=not codes, done=done)


def _refused(world: World, name: str, row: Row | None, operation: str, who: Who) -> set[int]:
    """The codes by which a write to a row may be refused."""
    codes = set()
    code = world.refusal(name, operation, who)
    if code is not None:
        codes.add(code)
    if row is None or not world.reaches(row, operation, who):
        codes.add(MISSING)
    if name == "_User" and codes and not who.is_master:
        codes.add(OF_USERS)
    if name == "_User" and who == NOBODY:
        codes.add(OF_USERS)
    return codes


def _change(slots: Slots, step: Step, who: Who) -> Asked:
    name, world = step["class"], slots.world
    object_id = slots.id_of(step["object"])
    row = world.rows.get((name, object_id))
    body = slots.filled(step["fields"])
    acl = slots.filled(step["acl"]) if step.get("acl") is not None else None
    codes = _refused(world, name, row, "update", who)

    def done(answer: Any) -> None:
        assert row is not None
        after = row.acl if acl is None else acl
        if name == "_User" and acl is not None and not who.is_master:
            after = {**acl, object_id: {"read": True, "write": True}}
        fields = changed(world.rows[name, object_id].fields, body)
        world.put(Row(name, object_id, after, fields))

    sent = body if acl is None else {**body, "ACL": acl}
    path = path_of(name, object_id)
    return Asked("PUT", path, sent, codes=codes, may_succeed=not codes, done=done)


def _password(slots: Slots, step: Step, who: Who) -> Asked:
    world, user = slots.world, slots.id_of(step["object"])
    row = world.rows.get(("_User", user))
    codes = _refused(world, "_User", row, "update", who)
    password = PASSWORD.format(step["id"])

    def done(answer: Any) -> None:
        world.passwords[user] = password
        world.end_sessions(user)
        if "sessionToken" in answer:
            slots.tokens[step["id"]] = answer["sessionToken"]
            world.sessions[answer["sessionToken"]] = user

    path = path_of("_User", user)
    body = {"password": password}
    return Asked("PUT", path, body, codes=codes, may_succeed=not codes, done=done)


def _delete(slots: Slots, step: Step, who: Who) -> Asked:
    name, world = step["class"], slots.world
    object_id = slots.id_of(step["object"])
    row = world.rows.get((name, object_id))
    codes = _refused(world, name, row, "delete", who)

    def done(answer: Any) -> None:
        if row is not None:
            world.drop(row)

    path = path_of(name, object_id)
    return Asked("DELETE", path, codes=codes, may_succeed=not codes, done=done)


def _get(slots: Slots, step: Step, who: Who) -> Asked:
    name, world = step["class"], slots.world
    object_id = slots.id_of(step["object"])
    row = world.rows.get((name, object_id))
    codes = set()
    code = world.refusal(name, "get", who)
    if code is not None:
        codes.add(code)
    elif row is None or not world.reaches(row, "get", who):
        codes.add(MISSING)
    may_succeed = not codes
    if step.get("include"):
        codes |= _refused_includes(world, name, who)

    def look(answer: Any) -> list[str]:
        assert row is not None
        return objections(world, row, answer, who)

    query = {"include": step["include"]} if step.get("include") else {}
    path = path_of(name, object_id)
    return Asked("GET", path, query=query, codes=codes, may_succeed=may_succeed, look=look)


def _refused_includes(world: World, name: str, who: Who) -> set[int]:
    """The codes by which an include from a class may be refused."""
    codes = {
        world.refusal(other, operation, who)
        for other in (*CLASSES, "_User")
        for operation in ("get", "find")
    }
    return {code for code in codes if code is not None}


def _find(slots: Slots, step: Step, who: Who) -> Asked:
    name, world = step["class"], slots.world
    where = slots.filled(step["where"])
    counts = bool(step.get("count"))
    operation = "count" if counts else questions.operation_of(where)
    codes = questions.refusals(world, name, operation, where, who)
    may_succeed = not codes
    if counts:  # a query by id alone asks to get, one for a number to count as well
        codes |= questions.refusals(world, name, questions.operation_of(where), where, who)
    order = step.get("order")
    if order and order.lstrip("-") in world.hidden(name, who):
        codes, may_succeed = codes | {REFUSED}, False
    if step.get("include"):
        codes |= _refused_includes(world, name, who)
    if any(_owner_refuses(world, one["object"], who) for one in questions.relations_of(where)):
        codes |= {REFUSED, MISSING}

    def look(answer: Any) -> list[str]:
        expected = {row.id: row for row in questions.answers(world, name, where, who, operation)}
        if counts:
            found = answer.get("count")
            return [] if found == len(expected) else [f"counted {found}, not {len(expected)}"]
        found = {shown["objectId"]: shown for shown in answer["results"]}
        wrong = [f"found {one}, which it should not" for one in found.keys() - expected.keys()]
        wrong += [f"did not find {one}" for one in expected.keys() - found.keys()]
        for one in found.keys() & expected.keys():
            wrong += objections(world, expected[one], found[one], who)
        return wrong

    query: dict[str, Any] = {"where": json.dumps(where), "limit": "0" if counts else "1000"}
    if counts:
        query["count"] = "1"
    query.update({key: step[key] for key in ("include", "order") if step.get(key)})
    asked = Asked("GET", path_of(name), query=query, codes=codes, may_succeed=may_succeed)
    asked.look = look
    return asked


def _owner_refuses(world: World, owner: dict[str, Any], who: Who) -> bool:
    row = world.rows.get((owner["className"], owner["objectId"]))
    return row is None or not world.reaches(row, "get", who)


def _seek(slots: Slots, step: Step, who: Who) -> Asked:
    """A query in cloud code, with the rights of who calls the function."""
    asked = _find(slots, {**step, "include": None, "order": None, "count": False}, who)
    found = asked.look
    body = {"className": step["class"], "where": slots.filled(step["where"])}
    asked.method, asked.path, asked.query = "POST", "/functions/seek", {}
    asked.body, asked.look = body, lambda answer: found({"results": answer["result"]})
    return asked


def _permit(slots: Slots, step: Step, who: Who) -> Asked:
    given = slots.filled(step["permissions"])

    def done(answer: Any) -> None:
        slots.world.permissions[step["class"]] = given

    body = {"classLevelPermissions": given}
    return Asked("PUT", f"/schemas/{step['class']}", body, done=done)


def _aggregate(slots: Slots, step: Step, who: Who) -> Asked:
    path = f"/aggregate/{step['class']}"
    codes = set() if who.is_master else {403}
    return Asked("GET", path, query=step["query"], codes=codes, may_succeed=not codes)


def _me(slots: Slots, step: Step, who: Who) -> Asked:
    codes = set() if who.user is not None else {BAD_TOKEN}
    row = slots.world.rows.get(("_User", who.user or ""))

    def look(answer: Any) -> list[str]:
        return [] if row and answer["objectId"] == row.id else ["is somebody else"]

    return Asked("GET", "/users/me", codes=codes, may_succeed=not codes, look=look)


def _sessions(slots: Slots, step: Step, who: Who) -> Asked:
    own = {token for token, user in slots.world.sessions.items() if user == who.user}
    codes = set() if who != NOBODY else {BAD_TOKEN}

    def look(answer: Any) -> list[str]:
        found = {one["sessionToken"] for one in answer["results"]}
        expected = set(slots.world.sessions) if who.is_master else own
        return [] if found == expected else [f"shows {len(found)} sessions, not {len(expected)}"]

    query = {"limit": "1000"}
    return Asked("GET", "/sessions", query=query, codes=codes, may_succeed=not codes, look=look)


def _configure(slots: Slots, step: Step, who: Who) -> Asked:
    name, value, hides = f"p{step['name']}", f"k{step['id']}z", bool(step["hidden"])
    codes = set() if who.is_master else {403}

    def done(answer: Any) -> None:
        slots.world.config[name] = (value, hides)

    body = {"params": {name: value}, "masterKeyOnly": {name: hides}}
    return Asked("PUT", "/config", body, codes=codes, may_succeed=not codes, done=done)


def _configuration(slots: Slots, step: Step, who: Who) -> Asked:
    def look(answer: Any) -> list[str]:
        seen = {
            name: value
            for name, (value, hides) in slots.world.config.items()
            if who.is_master or not hides
        }
        found = answer["params"]
        return [] if found == seen else [f"shows {found}, not {seen}"]

    return Asked("GET", "/config", look=look)


def _upload(slots: Slots, step: Step, who: Who) -> Asked:
    codes = {130} if who == NOBODY else set()
    path = f"/files/f{step['id']}.txt"
    return Asked("POST", path, {"text": "a file"}, codes=codes, may_succeed=not codes)


_STEPS: dict[str, Callable[[Slots, Step, Who], Asked]] = {
    "sign up": _sign_up,
    "log in": _log_in,
    "log out": _log_out,
    "create": _create,
    "change": _change,
    "password": _password,
    "delete": _delete,
    "get": _get,
    "find": _find,
    "seek": _seek,
    "permit": _permit,
    "aggregate": _aggregate,
    "me": _me,
    "sessions": _sessions,
    "configure": _configure,
    "configuration": _configuration,
    "upload": _upload,
}

PUBLIC: dict[str, Any] = {
    **{
        name: {"*": True}
        for name in ("find", "count", "get", "create", "update", "delete", "addField")
    },
    "protectedFields": {"*": []},
}
"""Class-level permissions that let everybody do everything."""
