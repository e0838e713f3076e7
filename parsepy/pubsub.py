"""After-commit events: what was stored or deleted, for whoever listens (Live Query).

An event may only react: it is published when the write is done. `save` and `delete` do not know
who listens; they ask ``wants`` so that nobody's events cost nothing.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from parsepy.model.values import JSONObject

log = logging.getLogger("parsepy")

HOLD_SECONDS = 0.5
"""How long after its write began an event waits for the answer of a slow request."""

LEAD_SECONDS = 0.01
"""How long before the event of a write its answer is handed over.

The two come by different sockets: a client that finds both in the same moment may read the event
first, and SDKs take some turns of their loop from an answer to what waits for it.
"""

Operation = Literal["create", "update", "delete"]
Position = tuple[int, int, int]
"""A place among the changes of a database: the cluster's time (seconds, and a number within the
second), and which of the changes of that time it is."""


@dataclass(frozen=True, slots=True)
class ObjectEvent:
    """A stored change: the new state (of a delete: the last one), and the one before it."""

    operation: Operation
    class_name: str
    object: JSONObject
    original: JSONObject | None = None
    position: Position | None = None
    """Where it stands among all changes of the database, where that is known."""


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


class Unanswered:
    """Requests whose answers are still to be handed over, by the objects that they write.

    Parse: who saves hears of it by the answer first, and by an event after it.
    """

    def __init__(self, wants: Callable[[str], bool]) -> None:
        """``wants``: does anybody listen to a class?"""
        self._wants = wants
        self._requests: dict[str, _Writing] = {}
        self._writers: dict[tuple[str, str], list[_Writing]] = {}

    def begin(self, request_id: str, class_name: str, object_id: str) -> None:
        """Note that a request is about to write an object."""
        if not self._wants(class_name):
            return
        writing = self._requests.get(request_id)
        if writing is None:
            writing = self._requests[request_id] = _Writing(time.monotonic() + HOLD_SECONDS)
        key = class_name, object_id
        writing.objects.append(key)
        self._writers.setdefault(key, []).append(writing)

    def end(self, request_id: str) -> None:
        """Note that the answer of a request is out, or will never be."""
        writing = self._requests.pop(request_id, None)
        if writing is None:
            return
        if LEAD_SECONDS:
            asyncio.get_running_loop().call_later(LEAD_SECONDS, self._release, writing)
        else:
            self._release(writing)

    def _release(self, writing: "_Writing") -> None:
        for key in writing.objects:
            writers = self._writers[key]
            writers.remove(writing)
            if not writers:
                del self._writers[key]
        writing.has_led.set()

    async def wait(self, class_name: str, object_id: str) -> None:
        """Return when nobody who writes this object waits for an answer, or has waited long."""
        for writing in list(self._writers.get((class_name, object_id), ())):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(writing.until - time.monotonic()):
                    await writing.has_led.wait()


@dataclass(slots=True, eq=False)
class _Writing:
    """A request that writes: what it writes, and until when events wait for its answer.

    ``has_led``: the answer is out, and long enough for a client to have read it.
    """

    until: float
    objects: list[tuple[str, str]] = field(default_factory=list)
    has_led: asyncio.Event = field(default_factory=asyncio.Event)


class EventTransport(Protocol):
    """Brings the changes that any process has stored to the listeners of this process."""

    async def open(self) -> None:
        """Start to receive: ``run`` delivers every change that is stored after this returns."""

    async def follow(self, class_name: str) -> None:
        """Prepare for events of this class; awaited before a client subscribes to it."""

    async def run(self, deliver: Callable[[ObjectEvent], Awaitable[None]]) -> None:
        """Await ``deliver`` for one event after the other, in their order, until cancelled.

        Run again, it goes on with the event that was being delivered.
        """

    async def close(self) -> None:
        """Receive no more."""

    @property
    def begun(self) -> Position | None:
        """The place of the last change whose delivery has begun; None where there are no places."""
        return None

    @property
    def position(self) -> Position | None:
        """The place up to which all changes have been delivered; None where there are none."""
        return None

    def history(self, start: Position, end: Position) -> AsyncIterator[ObjectEvent]:
        """Yield the events after one place, up to another one; none where there are no places."""
        return _no_events()

    @property
    def behind(self) -> float:
        """The age in seconds of what has not been delivered yet."""
        ...

    @property
    def missed(self) -> int:
        """How often events were lost for good."""
        ...


async def _no_events() -> AsyncIterator[ObjectEvent]:
    nothing: tuple[ObjectEvent, ...] = ()
    for event in nothing:
        yield event


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
