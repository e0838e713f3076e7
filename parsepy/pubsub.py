"""After-commit events: what was stored or deleted, for whoever listens (Live Query).

An event may only react: it is published when the write is done. `save` and `delete` do not know
who listens; they ask ``wants`` so that nobody's events cost nothing.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from parsepy.model.values import JSONObject

log = logging.getLogger("parsepy")

Operation = Literal["create", "update", "delete"]


@dataclass(frozen=True, slots=True)
class ObjectEvent:
    """A stored change: the new state (of a delete: the last one), and the one before it."""

    operation: Operation
    class_name: str
    object: JSONObject
    original: JSONObject | None = None


class Listener(Protocol):
    """Whoever is to be notified of stored changes; its methods neither block nor raise."""

    def wants(self, class_name: str) -> bool:
        """Is a change of this class to be published to this listener?"""
        ...

    def publish(self, event: ObjectEvent) -> None:
        """Take the event of a class that it wants."""
        ...

    def forget(self, user_id: str | None) -> None:
        """Drop what is cached of a user (None: of everybody): their sessions or roles changed."""
        ...


class EventTransport(Protocol):
    """Brings the changes that any process has stored to the listeners of this process."""

    async def open(self) -> None:
        """Start to receive: ``run`` delivers every change that is stored after this returns."""

    async def follow(self, class_name: str) -> None:
        """Prepare for events of this class; awaited before a client subscribes to it."""

    async def run(self, deliver: Callable[[ObjectEvent], Awaitable[None]]) -> None:
        """Await ``deliver`` for one event after the other, in their order, until cancelled."""


class Events:
    """The bus of one process: listeners are notified in the order in which they were added.

    What fails in one of them is logged and keeps nothing from the others, nor from the writer.
    """

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()

    def add(self, listener: Listener) -> None:
        """Notify this listener, too, from now on."""
        self._listeners = (*self._listeners, listener)

    def remove(self, listener: Listener) -> None:
        """Notify this listener no more; one that is not there is no error."""
        self._listeners = tuple(other for other in self._listeners if other is not listener)

    def wants(self, class_name: str) -> bool:
        """Does anybody listen to this class?"""
        listeners = self._listeners
        return bool(listeners) and any(listener.wants(class_name) for listener in listeners)

    def publish(self, event: ObjectEvent) -> None:
        """Give an event to every listener that wants its class."""
        for listener in self._listeners:
            try:
                if listener.wants(event.class_name):
                    listener.publish(event)
            except Exception:  # around each listener: the write is done, and the others wait
                log.exception("a listener failed at an event of %s", event.class_name)

    def forget(self, user_id: str | None) -> None:
        """Say that a user's sessions or roles have changed; without an id, everybody's."""
        for listener in self._listeners:
            try:
                listener.forget(user_id)
            except Exception:  # as above
                log.exception("a listener failed to forget a user")
