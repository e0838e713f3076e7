"""After-commit events: what was stored or deleted, for whoever listens (Live Query).

An event may only react: it is published when the write is done. `save` and `delete` do not know
who listens; they ask ``wants`` so that nobody's events cost nothing.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from parsepy.model.values import JSONObject

Operation = Literal["create", "update", "delete"]


@dataclass(frozen=True, slots=True)
class ObjectEvent:
    """A stored change: the new state (of a delete: the last one), and the one before it."""

    operation: Operation
    class_name: str
    object: JSONObject
    original: JSONObject | None = None


Listener = Callable[[ObjectEvent], None]


class EventTransport(Protocol):
    """Brings the changes that any process has stored to the listeners of this process."""

    async def open(self) -> None:
        """Start to receive: ``run`` delivers every change that is stored after this returns."""

    async def follow(self, class_name: str) -> None:
        """Prepare for events of this class; awaited before a client subscribes to it."""

    async def run(self, deliver: Callable[[ObjectEvent], Awaitable[None]]) -> None:
        """Await ``deliver`` for one event after the other, in their order, until cancelled."""


class Events:
    """The bus of one process: listeners are called in order, right after the write."""

    def __init__(self) -> None:
        self._wants: Callable[[str], bool] | None = None
        self._listener: Listener | None = None
        self._forget: Callable[[str | None], None] | None = None

    def listen(self, listener: Listener, wants: Callable[[str], bool]) -> None:
        """Call ``listener`` for the classes of which ``wants`` is true."""
        self._listener, self._wants = listener, wants

    def wants(self, class_name: str) -> bool:
        """Does anybody listen to this class?"""
        return self._wants is not None and self._wants(class_name)

    def publish(self, event: ObjectEvent) -> None:
        """Tell the listener; it must neither block nor raise."""
        if self._listener is not None and self.wants(event.class_name):
            self._listener(event)

    def on_forget(self, call: Callable[[str | None], None]) -> None:
        """Call when what is cached of a user (None: of everybody) has become untrue."""
        self._forget = call

    def forgotten(self, user_id: str | None) -> None:
        """Say that a user's sessions or roles have changed; of everybody without an id."""
        if self._forget is not None:
            self._forget(user_id)
