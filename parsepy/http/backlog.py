"""``Backlog``: what waits in all websockets of a process, in and out, and its bounds."""

import logging
from typing import Protocol

log = logging.getLogger("parsepy.http")

MAX_BACKLOG = 64 * 1024 * 1024
"""Bytes that may wait in all sockets together for clients to read them."""
MAX_INCOMING = 64 * 1024 * 1024
"""Bytes of messages in all sockets together of which the rest has still to come."""


class Waiting(Protocol):
    """A socket whose client has not read everything yet."""

    def cut(self) -> None:
        """End the connection now, and let go of what waits in it."""


class Backlog:
    """Counts what waits for clients; a text that waits in many sockets counts once.

    Above ``most`` bytes, who has not read for longest is cut off first.
    """

    def __init__(self, most: int = MAX_BACKLOG, most_incoming: int = MAX_INCOMING) -> None:
        self._most = most
        self._most_incoming = most_incoming
        self._own: dict[Waiting, int] = {}  # in the order in which they fell behind
        self._shared: dict[Waiting, list[bytes]] = {}
        self._texts: dict[int, int] = {}  # how many sockets hold a text, by its identity
        self.size = 0
        """Bytes that wait."""
        self.incoming = 0
        """Bytes of messages that are not complete."""

    @property
    def is_full(self) -> bool:
        """Have so many bytes of half messages come that no large one may go on?"""
        return self.incoming > self._most_incoming

    def put(self, socket: Waiting, waiting: int, shared: list[bytes]) -> None:
        """Note that of what was written ``waiting`` bytes are left, these texts among them."""
        held = self._shared.setdefault(socket, [])
        for text in shared:
            held.append(text)
            count = self._texts.get(id(text), 0)
            self._texts[id(text)] = count + 1
            if not count:
                self.size += len(text)
        own = max(0, waiting - sum(map(len, held)))
        self.size += own - self._own.get(socket, 0)
        self._own[socket] = own
        while self.size > self._most and len(self._own) > 1:
            self._cut(next(other for other in self._own if other is not socket))

    def _cut(self, socket: Waiting) -> None:
        log.warning("%d bytes wait for websocket clients: who is furthest behind is cut", self.size)
        self.remove(socket)
        socket.cut()

    def remove(self, socket: Waiting) -> None:
        """Note that nothing waits in a socket any more."""
        if socket not in self._own:
            return
        self.size -= self._own.pop(socket)
        for text in self._shared.pop(socket):
            count = self._texts[id(text)] - 1
            if count:
                self._texts[id(text)] = count
            else:
                del self._texts[id(text)]
                self.size -= len(text)
