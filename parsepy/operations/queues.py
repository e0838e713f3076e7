"""Queues of work that survives its process: ``Lease`` keeps the ownership, ``run`` works them off.

Pushes and mails wait in such queues (``storage/queues.py``).
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol

from parsepy.errors import Interruption

LEASE = 10.0
"""Seconds of ownership; if a process does not renew it, another process takes the work."""
_POLL = 1.0  # seconds between reads of a queue
_PATIENCE = 8.0  # seconds for work that is under way when the server stops


class QueuedWork(Protocol):
    """One piece of work that this process owns."""

    async def run(self) -> None:
        """Do it; never raises."""

    def stop(self) -> None:
        """Begin nothing further: what is left is for another process."""


class Lease:
    """The ownership of one document, until ``until`` on the monotonic clock or longer."""

    def __init__(
        self, name: str, renew: Callable[[], Awaitable[bool]], until: float, log: logging.Logger
    ) -> None:
        self._name = name
        self._renew = renew
        self._until = until
        self._log = log

    @property
    def is_over(self) -> bool:
        """Does another process own the document, or may it?"""
        return time.monotonic() >= self._until

    def end(self) -> None:
        """Another process owns the document."""
        self._until = 0.0

    @asynccontextmanager
    async def renewed(self) -> AsyncIterator[None]:
        """Renew the ownership inside of the block."""
        holding = asyncio.create_task(self._hold())
        try:
            yield
        finally:
            holding.cancel()
            await asyncio.gather(holding, return_exceptions=True)

    async def _hold(self) -> None:
        while True:
            await asyncio.sleep(LEASE / 4)
            moment = time.monotonic()
            try:
                if not await self._renew():
                    self.end()
                    return
            except Interruption as error:
                self._log.warning("%s: its ownership can't be renewed: %s", self._name, error)
                continue
            self._until = moment + LEASE


async def run(
    queued: asyncio.Event, take: Callable[[], Awaitable[QueuedWork | None]], at_once: int
) -> None:
    """Do what is due, until cancelled; then wait for what is under way.

    ``take`` returns the next piece of work, or None, and never raises; ``queued`` is set when
    there may be one. So many pieces are done ``at_once``.
    """
    room = asyncio.Semaphore(at_once)
    running: dict[asyncio.Task[None], QueuedWork] = {}

    def ended(task: asyncio.Task[None]) -> None:
        del running[task]
        room.release()

    try:
        while True:
            queued.clear()
            await room.acquire()
            work = await take()
            if work is None:
                room.release()
                await _wait(queued)
                continue
            task = asyncio.create_task(work.run())
            running[task] = work
            task.add_done_callback(ended)
    finally:
        for work in running.values():
            work.stop()
        if running:
            _, late = await asyncio.wait(list(running), timeout=_PATIENCE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


async def _wait(queued: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(_POLL):
            await queued.wait()
    except TimeoutError:
        pass
