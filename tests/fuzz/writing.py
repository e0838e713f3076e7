"""Steps that write: the request, the codes that may refuse it, and what it changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.fuzz.model import MISSING, NOBODY, OF_USERS, Row, Who, World
from tests.fuzz.steps import PASSWORD, Asked, Slots, Step, changed, path_of

WILD = ("Wild0", "Wild1", "Wild2")
"""Classes that come and go."""


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
    if name == "_Installation":
        body = {"deviceType": "ios", "installationId": f"i{step['id']}", **body}
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


def _permit(slots: Slots, step: Step, who: Who) -> Asked:
    given = slots.filled(step["permissions"])

    def done(answer: Any) -> None:
        slots.world.permissions[step["class"]] = given

    body = {"classLevelPermissions": given}
    return Asked("PUT", f"/schemas/{step['class']}", body, done=done)


def _configure(slots: Slots, step: Step, who: Who) -> Asked:
    name, value, hides = f"p{step['name']}", f"k{step['id']}z", bool(step["hidden"])
    codes = set() if who.is_master else {403}

    def done(answer: Any) -> None:
        slots.world.config[name] = (value, hides)

    body = {"params": {name: value}, "masterKeyOnly": {name: hides}}
    return Asked("PUT", "/config", body, codes=codes, may_succeed=not codes, done=done)


def _upload(slots: Slots, step: Step, who: Who) -> Asked:
    codes = {130} if who == NOBODY else set()
    path = f"/files/f{step['id']}.txt"

    def done(answer: Any) -> None:
        slots.world.files[step["id"]] = answer["name"]

    return Asked("POST", path, {"text": "a file"}, codes=codes, may_succeed=not codes, done=done)


def _unlink(slots: Slots, step: Step, who: Who) -> Asked:
    name = slots.world.files.get(step["file"])
    codes = {153} if who.is_master else {403}

    def done(answer: Any) -> None:
        del slots.world.files[step["file"]]

    may_succeed = who.is_master and name is not None
    codes = set() if may_succeed else codes
    return Asked("DELETE", f"/files/{name}", codes=codes, may_succeed=may_succeed, done=done)


def _class(slots: Slots, step: Step, who: Who) -> Asked:
    """A class that comes and goes: what all else is must not be moved by it."""
    name = WILD[step["name"]]
    codes = {103} if who.is_master else {403}
    if step["drops"]:
        codes = set() if who.is_master else {403}
        return Asked("DELETE", f"/schemas/{name}", codes=codes, may_succeed=who.is_master)
    body = {"className": name, "fields": {"text": {"type": "String"}}}
    return Asked("POST", f"/schemas/{name}", body, codes=codes, may_succeed=who.is_master)


STEPS: dict[str, Callable[[Slots, Step, Who], Asked]] = {
    "sign up": _sign_up,
    "log in": _log_in,
    "log out": _log_out,
    "create": _create,
    "change": _change,
    "password": _password,
    "delete": _delete,
    "permit": _permit,
    "configure": _configure,
    "upload": _upload,
    "unlink": _unlink,
    "class": _class,
}
