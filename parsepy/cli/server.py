"""``StoppingServer``: uvicorn's server, which ends without breaking a connection off."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable

import uvicorn

from parsepy.cli.connections import ConnectionTable
from parsepy.cli.listener import has_come

log = logging.getLogger("parsepy")

QUEUE_SECONDS = 0.05
"""For so long at least those are taken who had connected when the server began to stop."""
LINGER_SECONDS = 2.0
"""For so long a connection that was just used may bring one more request, which is the last."""
_IDLE_TICKS = 2  # a connection that was idle for so long will hardly bring one in this moment
_ANSWER_SECONDS = 2.0  # for requests that are told that the server stops


class StoppingServer(uvicorn.Server):
    """A server that says when it serves, and stops in four steps.

    The queue of the listener is emptied and the listener closed; idle connections may still bring
    a request for a moment; requests under way get ``patience`` seconds; what is left is told to
    come again (``Application`` answers 503). ``stopping`` is called first.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        patience: float,
        started: Callable[[], None],
        stopping: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self.table: ConnectionTable | None = None
        self._patience = patience
        self._started = started
        self._stopping = stopping
        self._watching: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve; then say so."""
        await super().startup(sockets)
        if not self.started:
            return
        if self.table is not None:
            self._watching = asyncio.create_task(self.table.watch())
        self._started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, so that no client that is being answered is cut off."""
        state = self.server_state
        self._stopping()
        await self._drained(QUEUE_SECONDS, lambda: True)  # the loop takes who waits in the queue
        await self._drained(LINGER_SECONDS, lambda: any(map(has_come, sockets or ())))
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        for connection in list(state.connections):
            connection.shutdown()
        for ticks in (_IDLE_TICKS, 0):
            for connection in list(state.connections):
                if getattr(connection, "ticks", -1) >= ticks and not connection.is_busy:  # type: ignore[union-attr]  # ours
                    connection.end()  # type: ignore[union-attr]
            if ticks:
                await self._drained(LINGER_SECONDS, lambda: bool(state.connections))
        await self._drained(self._patience, lambda: bool(state.tasks))
        if state.tasks:
            log.warning("%d requests were told that the server stops", len(state.tasks))
            tasks = list(state.tasks)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=_ANSWER_SECONDS)
        await self._drained(_ANSWER_SECONDS, lambda: bool(state.connections))
        for connection in list(state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        if self._watching is not None:
            self._watching.cancel()

    async def _drained(self, seconds: float, is_waiting: Callable[[], bool]) -> None:
        """Return when nothing waits any more, or the time is over."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        # connections and tasks tell nobody of their end
        while is_waiting() and not self.force_exit and loop.time() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
