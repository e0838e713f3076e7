"""Live Query in a trace: every event that a subscription should get, and no other."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from websockets.sync.client import ClientConnection, connect

from tests.fuzz import questions
from tests.fuzz.model import Row, Who, World
from tests.fuzz.steps import Slots, Step, objections

MARKS = re.compile(r"(?<![A-Za-z0-9])[cxek]\d+z(?![A-Za-z0-9])")
SECONDS = 30.0
FENCE, OWN = 1, 2
"""The subscriptions of each connection: to the class that marks the end of a step, and its own."""


class Server(Protocol):
    """What is needed of a server here."""

    url: str
    app_id: str

    def as_master(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Send a request with the master key, which must succeed."""


@dataclass(slots=True)
class Listener:
    """One connection with one subscription."""

    connection: ClientConnection
    token: str | None
    class_name: str
    where: dict[str, Any]
    events: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, **message: Any) -> dict[str, Any]:
        """Send a message; the frame that answers it."""
        self.connection.send(json.dumps(message))
        while True:
            frame = self.frame()
            if frame["op"] in ("connected", "subscribed", "error"):
                return frame

    def frame(self) -> dict[str, Any]:
        """The next frame, in time."""
        found: dict[str, Any] = json.loads(self.connection.recv(SECONDS))
        return found

    def until(self, number: int) -> list[dict[str, Any]]:
        """Every event up to that of the fence of this number."""
        events = []
        while True:
            frame = self.frame()
            if frame.get("requestId") != FENCE:
                events.append(frame)
            elif frame["object"].get("k") == number:
                return events

    def who(self, world: World) -> Who:
        """Whose rights it has in a state of the world: nobody's without a valid session."""
        return Who(world.sessions.get(self.token or ""))


class Listeners:
    """All connections of one trace."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._open: list[Listener] = []
        self._fence = 0

    def subscribe(self, slots: Slots, step: Step, token: str | None, who: Who) -> list[str]:
        """Connect and subscribe; what is wrong with the answer."""
        parts = urlsplit(self._server.url)
        address = f"ws://{parts.netloc}{parts.path}"
        where = slots.filled(step["where"])
        made = Listener(
            connect(address, compression=None, max_size=None), token, step["class"], where
        )
        answer = made.ask(op="connect", applicationId=self._server.app_id)
        assert answer["op"] == "connected", answer
        query = {"className": "Fence", "where": {}}
        assert made.ask(op="subscribe", requestId=FENCE, query=query)["op"] == "subscribed"
        query = {"className": step["class"], "where": where}
        own = {"sessionToken": token} if token is not None else {}
        answer = made.ask(op="subscribe", requestId=OWN, query=query, **own)
        operation = questions.operation_of(where)
        codes = questions.refusals(slots.world, step["class"], operation, where, who)
        if answer["op"] == "error":
            made.connection.close()
            if answer["code"] in codes:
                return []
            return [f"refused by {answer}, not {sorted(codes) or 'subscribed'}"]
        self._open.append(made)
        return [f"subscribed, not {sorted(codes)}"] if codes else []

    def settle(self, slots: Slots, before: World, step: Step | None) -> list[str]:
        """Wait for every event of a step, and hold them to what the model says.

        `step` is the write if it was a single one; else events are only held to who may see them.
        """
        if not self._open:
            return []
        self._fence += 1
        self._server.as_master("POST", "/classes/Fence", {"k": self._fence})
        wrong = []
        for listener in self._open:
            events = listener.until(self._fence)
            wrong += self._leaks(listener, events, [before, slots.world])
            if step is not None:
                wrong += self._unexpected(listener, events, slots, before, step)
        return wrong

    def _leaks(
        self, listener: Listener, events: list[dict[str, Any]], states: list[World]
    ) -> list[str]:
        wrong = []
        for event in events:
            for mark in set(MARKS.findall(json.dumps(event))):
                if not any(_may_see(state, mark, listener.who(state)) for state in states):
                    who = listener.who(states[-1])
                    wrong.append(f"an event shows {mark} to {who}: {event}")
        return wrong

    def _unexpected(
        self,
        listener: Listener,
        events: list[dict[str, Any]],
        slots: Slots,
        before: World,
        step: Step,
    ) -> list[str]:
        world, name = slots.world, step["class"]
        number = step["id"] if step["do"] == "create" else step["object"]
        key = (name, slots.id_of(number))
        old, new = before.rows.get(key), world.rows.get(key)
        if old is new or listener.class_name != name:
            return [f"got {event}, but nothing happened" for event in events]
        who = listener.who(world)
        if isinstance(_rule(world, listener, who), tuple):
            return []  # what a pointer permission says of the older state is left open
        was = old is not None and _reached(world, listener, old, who)
        does = new is not None and _reached(world, listener, new, who)
        expected = _event(old, new, was, does)
        operation = questions.operation_of(listener.where)
        if questions.refusals(world, name, operation, listener.where, who):
            expected = None  # what it asks for was hidden since it was let in
        found = [event["op"] for event in events]
        if found != ([expected] if expected else []):
            said = f"{listener.class_name} {listener.where} of {who}"
            return [f"got {found}, not {expected}, by {said}: {old} became {new}, {events}"]
        if expected in ("create", "update", "enter"):
            assert new is not None
            return objections(world, new, events[0]["object"], who)
        return []

    def close(self) -> None:
        """Close every connection."""
        for listener in self._open:
            listener.connection.close()
        self._open.clear()


def _event(old: Row | None, new: Row | None, was: bool, does: bool) -> str | None:
    if new is None:
        return "delete" if was else None
    if was:
        return "update" if does else "leave"
    if does:
        return "create" if old is None else "enter"
    return None


def _rule(world: World, listener: Listener, who: Who) -> int | tuple[str, ...] | None:
    operation = questions.operation_of(listener.where)
    return world.rule(listener.class_name, operation, who)


def _reached(world: World, listener: Listener, row: Row, who: Who) -> bool:
    operation = questions.operation_of(listener.where)
    return world.reaches(row, operation, who) and questions.matches(world, row, listener.where, who)


def _may_see(world: World, mark: str, who: Who) -> bool:
    return any(
        mark in json.dumps(value) and world.shows(row, name, who)
        for row in world.rows.values()
        for name, value in row.fields.items()
        if not isinstance(value, frozenset)
    )
