"""``Turns``: how many requests of one client are under way at once; more wait for their turn."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

from parsepy.errors import Code
from parsepy.http.refusals import HTTPRefusal
from parsepy.model.principal import Principal

MOST_OF_SOCKETS = 20_000
"""Messages over websockets that may wait for one client: as many as there may be connections."""


class Turns:
    """Counts the requests under way by client, whatever tells clients apart.

    ``under_way`` of one client are worked on at once, ``waiting`` more wait in the order in which
    they came; what is beyond is refused with 429. Both may be as large as one likes.
    """

    def __init__(self, under_way: int, waiting: int) -> None:
        self.most = under_way
        self.counts: dict[str, int] = {}
        """Requests under way by client, of those that have any."""
        self._most_waiting = waiting
        self.queues: dict[str, deque[asyncio.Future[None]]] = {}
        """Those that wait, by client."""

    def take(self, client: str) -> Awaitable[None] | None:
        """Begin a request: at once (``None``), or when what is returned has been awaited.

        Raises ``HTTPRefusal`` 429. Each request that has begun must ``end``.
        """
        count = self.counts.get(client, 0)
        if count < self.most:
            self.counts[client] = count + 1
            return None
        return self.wait(client)

    def end(self, client: str) -> None:
        """End a request; the one of this client that has waited longest begins."""
        queue = self.queues.get(client)
        while queue:
            turn = queue.popleft()
            if not queue:
                del self.queues[client]
            if not turn.done():
                turn.set_result(None)
                return
        count = self.counts[client] - 1
        if count:
            self.counts[client] = count
        else:
            del self.counts[client]

    async def begin(self, principal: Principal, ip: str) -> str | None:
        """Return when the turn of a message over a websocket has come, and whose turn it is.

        None: it needs none. It waits behind nearly any number of others, since each connection has
        one that waits; a refused subscription would not be tried again. Raises ``HTTPRefusal`` 429
        where those who have hung up meanwhile are among very many.
        """
        if principal.is_privileged:
            return None
        client = principal.user_id or ip
        count = self.counts.get(client, 0)
        if count < self.most:
            self.counts[client] = count + 1
        else:
            await self.wait(client, refuses=False)
        return client

    @asynccontextmanager
    async def held(self, principal: Principal, ip: str) -> AsyncIterator[None]:
        """Do what a message over a websocket asks for in its turn; as ``begin``."""
        client = await self.begin(principal, ip)
        try:
            yield
        finally:
            if client is not None:
                self.end(client)

    async def wait(self, client: str, *, refuses: bool = True) -> None:
        """Return when the turn of a request has come; raises ``HTTPRefusal`` 429."""
        queue = self.queues.setdefault(client, deque())
        if len(queue) >= (self._most_waiting if refuses else MOST_OF_SOCKETS):
            raise HTTPRefusal(
                429,
                "Too many requests at once.",
                code=Code.REQUEST_LIMIT_EXCEEDED,
                headers=[(b"retry-after", b"1")],
            )
        turn = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.end(client)  # it had got its turn just now
            raise
