"""``Pulse``: does the database still answer? Who waits long for a reply asks.

A server that is stopped, or cut off without a word, keeps its connections open: PyMongo waits for
its replies until the monitors give it up, half a minute later. A slow reply by itself says
nothing, since some work takes long. So when one is awaited for ``ASK_SECONDS``, the database is
asked for a sign of life by another connection; when it gives none, all who wait for
replies are told that the connection is lost, and those who come are, within half a second.

In a replica set another server may give the sign of life, which has become the primary meanwhile:
then those who wait for the former one are told so, and what can be made again is made there.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import ContextVar

from pymongo.errors import PyMongoError
from pymongo.topology_description import TopologyDescription

from parsepy.storage.driver.reserve import IS_RESERVED

log = logging.getLogger("parsepy.storage")

ASK_SECONDS = 1.5
"""How long a reply may be awaited before the database is asked for a sign of life."""
ANSWER_SECONDS = 1.25
"""How long it may take to give it."""
PAUSE_SECONDS = 0.25
SIGNS = 2
"""So many signs in a row must be missing."""

PINGING: ContextVar[bool] = ContextVar("parsepy_pinging", default=False)
"""Is it the one that asks for a sign of life, and must go through?"""


class Pulse:
    """Whether the database of one client answers; ``ping`` asks it by another connection.

    ``topology`` is what the client's monitors know of the servers.
    """

    def __init__(self) -> None:
        self.is_silent = False
        self.ping: Callable[[], Awaitable[object]] | None = None
        self.topology: Callable[[], TopologyDescription] | None = None
        self._task: asyncio.Task[None] | None = None

    def ask(self) -> None:
        """Begin to ask for a sign of life, unless that is done already."""
        if self.ping is not None and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._listen(self.ping))
            self._task.add_done_callback(self._ended)

    def has_moved(self, address: tuple[str, int], *, is_primary: bool) -> bool:
        """Is another server the primary now, so that this one need not be waited for?

        ``is_primary``: it was asked as the primary; else it must not be known to be there at all.
        """
        if self.topology is None:
            return False
        servers = self.topology().server_descriptions()
        own = servers[address].server_type_name if address in servers else "Unknown"
        if own != "Unknown" and not is_primary:
            return False
        others = (server for place, server in servers.items() if place != address)
        return any(server.server_type_name == "RSPrimary" for server in others)

    def close(self) -> None:
        """Ask no more."""
        if self._task is not None:
            self._task.cancel()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._task = None
        self.is_silent = False
        if not task.cancelled() and task.exception() is not None:
            log.error("the database's pulse", exc_info=task.exception())

    async def _listen(self, ping: Callable[[], Awaitable[object]]) -> None:
        """Ask until there is a sign of life."""
        missing = 0
        PINGING.set(True)
        IS_RESERVED.set(True)
        while True:
            try:
                await asyncio.wait_for(ping(), ANSWER_SECONDS)
            except (TimeoutError, PyMongoError):
                missing += 1
            else:
                break
            if missing == SIGNS:
                self.is_silent = True
                log.error("the database does not answer: requests are refused until it does")
            await asyncio.sleep(PAUSE_SECONDS)
        if self.is_silent:
            log.warning("the database answers again")
