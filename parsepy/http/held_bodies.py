"""``HeldBodies``: the bytes of bodies that wait in memory for their rest, bounded in all."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from parsepy.errors import Code
from parsepy.http.refusals import HTTPRefusal

log = logging.getLogger("parsepy.http")

MOST_HELD = 256 * 1024 * 1024
"""Bytes of unfinished bodies in all requests together."""
MOST_OF_STRANGERS = 64 * 1024 * 1024
"""Bytes of those that did not name the application in their headers."""
STALLED_SECONDS = 1.0
"""A body of which nothing has come for so long makes room for others."""


@dataclass(eq=False, slots=True)
class HeldBody:
    """An unfinished body; ``task`` reads it."""

    task: "asyncio.Task[object] | None"
    size: int = 0
    grown_at: float = field(default_factory=time.monotonic)
    is_ended: bool = False
    """Has it been ended to make room?"""


class HeldBodies:
    """The unfinished bodies of this process, up to ``most`` bytes together.

    Where there is no room the one that has stalled for longest ends with 408; if none has, the
    one that grows is refused with 503.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = 0
        self._bodies: dict[HeldBody, None] = {}

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[HeldBody]:
        """Count a body while it is read; raises ``HTTPRefusal`` 408 if it is ended meanwhile."""
        body = HeldBody(asyncio.current_task())
        self._bodies[body] = None
        try:
            yield body
        except asyncio.CancelledError:
            if body.is_ended and body.task is not None and not body.task.uncancel():
                raise _stalled() from None
            raise
        finally:
            del self._bodies[body]
            self.size -= body.size

    def grow(self, body: HeldBody, size: int) -> None:
        """Count more bytes of a body; raises ``HTTPRefusal`` 503 if there is no room for them."""
        body.size += size
        self.size += size
        body.grown_at = time.monotonic()
        while self.size > self.most:
            others = [each for each in self._bodies if each is not body and not each.is_ended]
            oldest = min(others, key=lambda each: each.grown_at, default=None)
            if oldest is None or body.grown_at - oldest.grown_at < STALLED_SECONDS:
                raise _no_room()
            log.warning("%d bytes of unfinished bodies wait: the oldest is ended", self.size)
            oldest.is_ended = True
            self.size -= oldest.size
            oldest.size = 0
            if oldest.task is not None:
                oldest.task.cancel()


known = HeldBodies(MOST_HELD)
"""Those whose headers name the application."""
strangers = HeldBodies(MOST_OF_STRANGERS)
"""All others."""


def _stalled() -> HTTPRefusal:
    return HTTPRefusal(408, "The request took too long.", code=Code.TIMEOUT)


def _no_room() -> HTTPRefusal:
    message = "There are too many unfinished requests; try again."
    headers = [(b"retry-after", b"5")]
    return HTTPRefusal(503, message, code=Code.CONNECTION_FAILED, headers=headers)
