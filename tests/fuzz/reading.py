"""Steps that read: the request, the codes that may refuse it, and what it should show."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.fuzz import questions
from tests.fuzz.model import CLASSES, MISSING, NOBODY, REFUSED, Who, World
from tests.fuzz.steps import BAD_TOKEN, Asked, Slots, Step, objections, path_of


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

    owners = [one["object"] for one in questions.relations_of(where)]
    is_open = who.is_master and any(_owner_refuses(world, owner, who) for owner in owners)

    def look(answer: Any) -> list[str]:
        if is_open:  # the master key still finds what a deleted object was related to
            return []
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


def _aggregate(slots: Slots, step: Step, who: Who) -> Asked:
    path = f"/aggregate/{step['class']}"
    codes = set() if who.is_master else {403}
    return Asked("GET", path, query=step["query"], codes=codes, may_succeed=not codes)


def _me(slots: Slots, step: Step, who: Who) -> Asked:
    row = slots.world.rows.get(("_User", who.user or ""))
    # as in Parse Server: who may not read themselves is nobody here
    codes = set() if row is not None and slots.world.reaches(row, "get", who) else {BAD_TOKEN}

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


def _download(slots: Slots, step: Step, who: Who) -> Asked:
    name = slots.world.files.get(step["file"])
    codes = {404} if name is None else set()
    path = f"/files/{slots.app_id}/{name}"
    return Asked("GET", path, codes=codes, may_succeed=not codes)


STEPS: dict[str, Callable[[Slots, Step, Who], Asked]] = {
    "get": _get,
    "find": _find,
    "seek": _seek,
    "aggregate": _aggregate,
    "me": _me,
    "sessions": _sessions,
    "configuration": _configuration,
    "download": _download,
}
