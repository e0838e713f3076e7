"""``ConnectionTable``: how many connections there may be, and how long each may keep us waiting.

One timer looks at all connections once a second; they themselves only note what they wait for.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address
from typing import Any, Protocol

log = logging.getLogger("parsepy.http")

SECOND = 1.0
"""Between two looks at all connections: what a tick is."""
RATE_TICKS = 30
"""In so many ticks a body must have grown by the least rate, and an answer have been read on."""
MAX_UNREAD = 256 * 1024 * 1024
"""Bytes of answers that may wait for all clients together."""
_SHARE = 20  # to make room, one of so many connections is closed at once


class Phase(Enum):
    """What a connection waits for."""

    HEAD = "the headers of a request"
    BODY = "the rest of a request's body"
    ANSWER = "the application, or the client to read"
    IDLE = "the next request"


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """The bounds: numbers of connections, ticks, and bytes a second."""

    connections: int
    per_address: int
    headers: float
    body: float
    idle: float
    least_rate: int


class Watched(Protocol):
    """A connection as the table sees it."""

    phase: Phase
    ticks: int
    """How often the table has looked since the phase began."""
    content: int
    """Bytes of the body that have come."""
    mark: int
    """What had come, or was waiting, when progress was last looked for."""
    number: int
    """Which connection it is: later ones have higher numbers."""

    @property
    def is_held_up(self) -> bool:
        """Is it the server that does not read on?"""
        ...

    @property
    def is_upload(self) -> bool:
        """Is the body one of a file, which is not kept in memory and may take its time?"""
        ...

    @property
    def unread(self) -> int:
        """Bytes that wait for the client to read them."""
        ...

    def time_out(self) -> None:
        """Answer that the request took too long, and close."""

    def end(self) -> None:
        """Close the connection, which waits for nothing that was promised."""

    def abort(self) -> None:
        """Cut the connection off."""


def counts(address: str) -> bool:
    """Does this address count for itself? One of a private network may stand for many clients."""
    try:
        return ip_address(address.partition("%")[0]).is_global
    except ValueError:
        return False


class ConnectionTable:
    """All connections of a process.

    ``connections`` are all that are open, also those that are no longer HTTP; ``is_proxy`` tells
    the addresses of trusted proxies, which count for their clients and not for themselves.
    """

    def __init__(
        self,
        limits: ConnectionLimits,
        connections: Collection[Any],
        is_proxy: Callable[[str], bool] = lambda address: False,
    ) -> None:
        self.limits = limits
        self._connections = connections
        self._is_proxy = is_proxy
        self._watched: set[Watched] = set()
        self._by_address: Counter[str] = Counter()
        self._number = 0
        self.refused = 0
        """Connections that were not taken, or closed to make room."""

    def __len__(self) -> int:
        return len(self._connections)

    # --- coming and going -----------------------------------------------------------------------

    def admit(self, connection: Watched, address: str) -> bool:
        """Count a new connection of an address; False if there is no room for it.

        Where there are too many, those that have been idle for longest are closed.
        """
        self._number += 1
        connection.number = self._number
        if counts(address) and not self._is_proxy(address):
            if self._by_address[address] >= self.limits.per_address:
                self.refused += 1
                return False
            self._by_address[address] += 1
        if len(self._connections) > self.limits.connections and not self._make_room(connection):
            self.refused += 1
            self.release(address)
            return False
        self._watched.add(connection)
        return True

    def release(self, address: str) -> None:
        """Count a connection of an address no more."""
        if address in self._by_address:
            self._by_address[address] -= 1
            if self._by_address[address] <= 0:
                del self._by_address[address]

    def forget(self, connection: Watched) -> None:
        """Watch a connection no more: it has ended, or is no longer HTTP."""
        self._watched.discard(connection)

    def _make_room(self, but: Watched) -> bool:
        idle = [
            each
            for each in self._watched
            if each.phase in (Phase.IDLE, Phase.HEAD) and each is not but
        ]
        if not idle:
            return False
        idle.sort(key=lambda each: (-each.ticks, each.number))
        room = max(1, self.limits.connections // _SHARE)
        for each in idle[:room]:
            self.refused += 1
            self.forget(each)
            each.end()
        log.warning("too many connections: %d idle ones were closed", min(room, len(idle)))
        return True

    # --- time -----------------------------------------------------------------------------------

    async def watch(self) -> None:
        """Look at all connections once a second, until cancelled."""
        while True:
            await asyncio.sleep(SECOND)
            self.look()

    def look(self) -> None:
        """Close what has kept us waiting for too long, or lets too much wait."""
        waiting = 0
        for each in list(self._watched):
            each.ticks += 1
            waiting += each.unread
            self._look_at(each)
        if waiting > MAX_UNREAD:
            self._cut_slow_readers(waiting)

    def _look_at(self, each: Watched) -> None:
        limits, ticks = self.limits, each.ticks
        if each.phase is Phase.IDLE:
            if ticks > limits.idle:
                each.abort() if each.unread else each.end()
        elif each.phase is Phase.HEAD:
            if ticks > limits.headers:
                each.time_out()
        elif ticks % RATE_TICKS == 0:
            self._look_at_progress(each)

    def _look_at_progress(self, each: Watched) -> None:
        if each.phase is Phase.ANSWER:
            unread = each.unread
            if unread and unread == each.mark:
                each.abort()
            each.mark = unread
            return
        grown, each.mark = each.content - each.mark, each.content
        is_late = grown < self.limits.least_rate * RATE_TICKS or (
            each.ticks > self.limits.body and not each.is_upload
        )
        if is_late and not each.is_held_up:
            each.time_out()

    def _cut_slow_readers(self, waiting: int) -> None:
        log.warning("%d bytes of answers wait for clients: the largest are cut off", waiting)
        for each in sorted(self._watched, key=lambda one: -one.unread):
            if waiting <= MAX_UNREAD:
                return
            waiting -= each.unread
            each.abort()
