"""Plays a trace on one server, and says what the model has against the answers."""

from __future__ import annotations

import copy
import http.client
import json
import re
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from pymongo.database import Database

from tests.fuzz import graphql, junk, steps
from tests.fuzz.asking import ask
from tests.fuzz.live import Listeners
from tests.fuzz.model import CLASSES, LIVE, MASTER, NEXT, Row, Who, World
from tests.fuzz.steps import COLUMNS, Answer, Asked, Slots, Step
from tests.hostile.shapes import shaped

MARKS = re.compile(r"(?<![A-Za-z0-9])[cxek]\d+z(?![A-Za-z0-9])")
"""Texts that occur once: who sees one has seen the column where it was put."""
TOKENS = re.compile(r"r:[0-9a-f]{32}")
PATIENCE = 60.0
WRITES = ("create", "change", "delete")
EMPTIED = ("_User", "_Role", "_Session", "_Installation", *CLASSES)


@dataclass(slots=True)
class Target:
    """A server: its mount, its master key, and what it can do."""

    url: str
    app_id: str
    master_key: str
    database: Database[dict[str, Any]]
    """Where its relations are looked up, past the server."""
    is_ours: bool = True
    dump: str = "none"
    """The id of an object that hostile requests may change."""
    kept: threading.local = field(default_factory=threading.local)

    def send(self, asked: Asked) -> Answer:
        """Send one request, on a connection that this thread keeps."""
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        headers = {"X-Parse-Application-Id": self.app_id, "Content-Type": "application/json"}
        if asked.who.is_master:
            headers["X-Parse-Master-Key"] = self.master_key
        if asked.token is not None:
            headers["X-Parse-Session-Token"] = asked.token
        path = parts.path + quote(asked.path, safe="/?=&%")
        if path.startswith(parts.path + "/../"):
            path = path.removeprefix(parts.path + "/..")
        if asked.query:
            path += "?" + urlencode(asked.query)
        content = asked.body
        if content is not None and not isinstance(content, bytes):
            content = json.dumps(content).encode()
        connection = self._connection(parts.hostname, parts.port or 80)
        connection.request(asked.method, path, body=content, headers=headers)
        response = connection.getresponse()
        text = response.read().decode("utf-8", "replace")
        if not self.is_ours:  # Node may close a connection just as it is used again
            self.close()
        try:
            return Answer(response.status, text, json.loads(text))
        except ValueError:
            return Answer(response.status, text)

    def _connection(self, host: str, port: int) -> http.client.HTTPConnection:
        held = getattr(self.kept, "connection", None)
        if held is None:
            held = http.client.HTTPConnection(host, port, timeout=PATIENCE)
            self.kept.connection = held
        assert isinstance(held, http.client.HTTPConnection)
        return held

    def close(self) -> None:
        """Close this thread's connection."""
        held = getattr(self.kept, "connection", None)
        if held is not None:
            held.close()
            self.kept.connection = None

    def as_master(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Send a request with the master key, which must succeed."""
        answer = self.send(Asked(method, path, body, query, who=MASTER))
        assert answer.status < 300, (method, path, answer)
        return answer.body

    def prepare(self) -> None:
        """Make the classes of the fuzzer."""
        for name in CLASSES:
            target = {"targetClass": NEXT[name]}
            fields = {
                **COLUMNS,
                "friend": {"type": "Pointer", **target},
                "rel": {"type": "Relation", **target},
            }
            self.as_master("POST", f"/schemas/{name}", {"className": name, "fields": fields})
        self.as_master("POST", "/classes/Fence", {"k": 0})
        self.as_master("PUT", "/config", {"params": {"p0": "none"}})
        self.empty()

    def empty(self) -> None:
        """Remove what a trace has left."""
        for name in EMPTIED:
            self.as_master("DELETE", f"/purge/{name}")
        for name in CLASSES:
            self.as_master("PUT", f"/schemas/{name}", {"classLevelPermissions": steps.PUBLIC})
        params = {f"p{number}": {"__op": "Delete"} for number in range(3)}
        self.as_master("PUT", "/config", {"params": params})


@dataclass(slots=True)
class Played:
    """One trace on one server: what was answered, and what is wrong with it."""

    target: Target
    world: World = field(default_factory=World)
    answers: list[list[int | None]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    count: int = 0
    """Steps that were played."""
    slots: Slots = field(init=False)
    listeners: Listeners = field(init=False)

    def __post_init__(self) -> None:
        self.slots = Slots(self.world, self.target.app_id)
        self.listeners = Listeners(self.target)
        for name in CLASSES:
            self.world.permissions[name] = steps.PUBLIC

    def play(self, step: Step) -> None:
        """Play one step."""
        before = self.world.copy()
        self.count += 1
        try:
            found = self._step(step, before)
        except Exception as error:
            error.add_note(f"at {json.dumps(step)}")
            raise
        self.wrong += [f"step {step.get('id')} ({step['do']}): {one}" for one in found]

    def close(self) -> None:
        """End what the trace has opened, and remove what it has left."""
        self.listeners.close()
        self.target.empty()

    def _step(self, step: Step, before: World) -> list[str]:
        kind = step["do"]
        if kind == "subscribe":
            return self._subscribe(step)
        if kind == "batch":
            found = self._batch(step, before)
        elif kind == "together":
            found = self._together(step, before)
        elif kind == "junk":
            found = self._junk(step, before)
        elif kind == "hostile":
            found = self._hostile(step)
        else:
            asked = graphql.ask(self.slots, step) if kind == "graphql" else ask(self.slots, step)
            found = self._one(asked, before)
        writes = kind in WRITES and step["class"] in LIVE
        exact = step if writes else None
        return found + self.listeners.settle(self.slots, before, exact)

    def _one(self, asked: Asked, before: World) -> list[str]:
        answer = self.target.send(asked)
        self.answers.append([answer.status, answer.code])
        found = self._judged(asked, answer)
        if asked.unsure:
            self.read_again()
        return found + self.leaks(answer.text, asked, [before, self.world])

    def _judged(self, asked: Asked, answer: Answer) -> list[str]:
        """Hold an answer to what was said of it, and let the world go on."""
        said = f"{asked.method} {asked.path} {asked.query or ''} {json.dumps(asked.body)}"[:600]
        if answer.status >= 500 and self.target.is_ours:
            return [f"{answer.status} {answer.text[:200]} to {said}"]
        if answer.code is None:
            wrong = [] if asked.may_succeed else [f"succeeded, not {sorted(asked.codes)}"]
            if asked.may_succeed:
                wrong += asked.look(answer.body) if self.target.is_ours else []
                asked.done(answer.body)
            else:
                self.read_again()
            return [f"{one}: {said}" for one in wrong]
        if answer.code in asked.codes:
            return []
        expected = sorted(asked.codes) + (["success"] if asked.may_succeed else [])
        return [f"refused by {answer.status} {answer.text[:200]}, not {expected}: {said}"]

    def leaks(self, text: str, asked: Asked, states: list[World]) -> list[str]:
        """What stands in an answer that its reader may not see in any of these states."""
        if asked.who.is_master:
            return []
        reader = asked.reader or asked.who
        sent = json.dumps([asked.body, asked.query])
        marks = {mark for mark in MARKS.findall(text) if mark not in sent}
        wrong = [
            f"shows {mark} to {asked.who}: {asked.method} {asked.path} {asked.query} {sent[:300]}"
            for mark in marks
            if not any(may_see(state, mark, reader) for state in states)
        ]
        made = asked.method != "GET" and asked.path.startswith(("/users", "/login", "/batch"))
        for token in TOKENS.findall(text):
            known = states[:1] if made else states  # what was made now is for who asked
            owners = {state.sessions.get(token) for state in known} - {None}
            if owners and reader.user not in owners:
                wrong.append(f"shows a token of {owners} to {reader}: {asked.path}")
        return wrong

    def read_again(self) -> None:
        """Take from the server, with the master key, what there is now."""
        world = self.world
        for name in (*CLASSES, "_User", "_Role", "_Installation"):
            relations = RELATIONS.get(name, ("rel",))
            shown = self.target.as_master("GET", steps.path_of(name), limit="1000")["results"]
            for key in [key for key in world.rows if key[0] == name]:
                if key[1] not in {one["objectId"] for one in shown}:
                    world.drop(world.rows[key])
            related = {relation: self._related(name, relation) for relation in relations}
            for one in shown:
                fields = {key: value for key, value in one.items() if key not in NO_FIELDS}
                for relation, members in related.items():
                    fields[relation] = frozenset(members[one["objectId"]])
                world.put(Row(name, one["objectId"], one.get("ACL"), fields))
        held = self.target.as_master("GET", "/sessions", limit="1000")["results"]
        world.sessions.clear()
        world.sessions.update({one["sessionToken"]: one["user"]["objectId"] for one in held})
        for name in CLASSES:
            schema = self.target.as_master("GET", f"/schemas/{name}")
            world.permissions[name] = schema["classLevelPermissions"]
        shown = self.target.as_master("GET", "/config")
        hides = shown.get("masterKeyOnly") or {}
        world.config.clear()
        for key, value in shown["params"].items():
            world.config[key] = (value, bool(hides.get(key)))

    def _related(self, name: str, relation: str) -> dict[str, set[str]]:
        """The members of a relation by owner; also those that were deleted since."""
        members: dict[str, set[str]] = defaultdict(set)
        for row in self.target.database[f"_Join:{relation}:{name}"].find():
            members[row["owningId"]].add(row["relatedId"])
        return members

    # --- steps of several requests

    def _subscribe(self, step: Step) -> list[str]:
        if not self.target.is_ours:
            return []
        token, who = self.slots.who(step)
        return self.listeners.subscribe(self.slots, step, token, who)

    def _batch(self, step: Step, before: World) -> list[str]:
        token, who = self.slots.who(step)
        mount = urlsplit(self.target.url).path
        inner = [ask(self.slots, {**one, "who": step.get("who")}) for one in step["steps"]]
        requests = [
            {"method": one.method, "path": mount + one.path, "body": one.body or {}}
            for one in inner
        ]
        body: dict[str, Any] = {"requests": requests}
        if step.get("transaction"):
            body["transaction"] = True
        asked = Asked("POST", "/batch", body, token=token, who=who)
        answer = self.target.send(asked)
        self.answers.append([answer.status, answer.code])
        found = self.leaks(answer.text, asked, [before])
        if answer.status >= 500 and self.target.is_ours:
            return [*found, f"{answer.status} {answer.text[:200]} to {body}"]
        if answer.code is not None:
            codes = set().union(*(one.codes for one in inner))
            if not step.get("transaction") and token is None:
                codes = set()
            if answer.code not in codes and self.target.is_ours:
                found.append(f"refused by {answer.text[:200]}, not {codes}: {body}")
            return found
        for one, shown in zip(inner, answer.body, strict=True):
            error = shown.get("error")
            part = Answer(400 if error else 200, json.dumps(shown), error or shown.get("success"))
            self.answers.append([None, part.code])
            found += self._judged(one, part)
        if step.get("transaction") and any("error" in shown for shown in answer.body):
            found.append("a part of a transaction failed alone")
        return found

    def _together(self, step: Step, before: World) -> list[str]:
        """Several requests at once: what comes of them is read afterwards."""
        asked = [
            graphql.ask(self.slots, one) if one["do"] == "graphql" else ask(self.slots, one)
            for one in step["steps"]
        ]
        with ThreadPoolExecutor(len(asked)) as pool:
            answers = list(pool.map(self._apart, asked))
        self.read_again()
        found = []
        for one, answer in zip(asked, answers, strict=True):
            if answer.status >= 500 and self.target.is_ours:
                found.append(f"{answer.status} {answer.text[:200]} to {one.method} {one.path}")
            if answer.code is None and one.method == "POST" and isinstance(answer.body, dict):
                self._remember(one, answer.body)
        for one, part in zip(step["steps"], answers, strict=True):
            if part.code is None and one["do"] in ("create", "sign up"):
                name = one.get("class", "_User")
                self.slots.rows[one["id"]] = (name, part.body["objectId"])
        return found

    def _apart(self, asked: Asked) -> Answer:
        """Send a request on a connection of its own."""
        try:
            return self.target.send(asked)
        finally:
            self.target.close()

    def _remember(self, asked: Asked, body: dict[str, Any]) -> None:
        if asked.path == "/users" and "objectId" in body:
            self.world.passwords[body["objectId"]] = asked.body["password"]

    def _junk(self, step: Step, before: World) -> list[str]:
        """A request of another step, with something in it made into something else."""
        inner = step["step"]
        asked = graphql.ask(self.slots, inner) if inner["do"] == "graphql" else None
        asked = asked or ask(self.slots, inner)
        junk.spoil(asked, step["seed"])
        answer = self.target.send(asked)
        self.answers.append([answer.status, answer.code])
        found = []
        if answer.status >= 500 and self.target.is_ours:
            said = f"{asked.method} {asked.path} {asked.query} {json.dumps(asked.body)}"
            found.append(f"{answer.status} {answer.text[:200]} to {said[:1500]}")
        if asked.method != "GET":
            self.read_again()
        return found + self.leaks(answer.text, asked, [before, copy.copy(self.world)])

    def _hostile(self, step: Step) -> list[str]:
        if not self.target.is_ours:
            return []
        hostile = shaped(step["name"], step["size"])
        assert hostile is not None
        path = hostile.path.format(dump=self.target.dump)
        answer = self.target.send(Asked(hostile.method, path, hostile.body))
        return [f"{answer.status} to {hostile.name}"] if answer.status >= 500 else []


RELATIONS: dict[str, tuple[str, ...]] = {
    "_Role": ("users", "roles"),
    "_User": (),
    "_Installation": (),
}
NO_FIELDS = ("objectId", "createdAt", "updatedAt", "ACL", "rel", "users", "roles")


def may_see(world: World, mark: str, who: Who) -> bool:
    """May somebody see this mark, wherever it stands in this state?"""
    if mark.startswith("k"):
        return any(value == mark and not hides for value, hides in world.config.values())
    for row in world.rows.values():
        for name, value in row.fields.items():
            if isinstance(value, frozenset):
                continue
            if mark in json.dumps(value) and world.shows(row, name, who):
                return True
    return False
