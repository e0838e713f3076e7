"""``run``: send queued pushes when they are due, each in one process of all."""

import asyncio
import logging
import time

from parsepy.backend import Backend
from parsepy.errors import Interruption
from parsepy.model.values import new_id
from parsepy.operations.push.sending import LEASE, Sending
from parsepy.storage import pushes

log = logging.getLogger("parsepy.push")
_POLL = 1.0  # seconds between reads of the queue
_PUSHES = 4  # at once in one process
_PATIENCE = 8.0  # seconds for messages that are being sent when the server stops


async def run(backend: Backend) -> None:
    """Send what is due until cancelled, then wait for the messages that are being sent."""
    room = asyncio.Semaphore(_PUSHES)
    running: dict[asyncio.Task[None], Sending] = {}

    def ended(task: asyncio.Task[None]) -> None:
        del running[task]
        room.release()

    try:
        while True:
            backend.push_queued.clear()
            await room.acquire()
            sending = await take_next(backend)
            if sending is None:
                room.release()
                await _wait(backend.push_queued)
                continue
            task = asyncio.create_task(sending.run())
            running[task] = sending
            task.add_done_callback(ended)
    finally:
        for sending in running.values():
            sending.stop()
        if running:
            _, late = await asyncio.wait(list(running), timeout=_PATIENCE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


async def take_next(backend: Backend) -> Sending | None:
    """Become the owner of a push that is due; None if there is none. Never raises."""
    owner, moment = new_id(20), time.monotonic()
    try:
        work = await pushes.take(backend.storage, owner, LEASE)
    except Interruption as error:
        log.error("the queue of pushes can't be read: %s", error)
        return None
    except Exception:  # a push that can't be read must not stop the others
        log.exception("the queue of pushes can't be read")
        return None
    return None if work is None else Sending(backend, work, owner, moment + LEASE)


async def _wait(queued: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(_POLL):
            await queued.wait()
    except TimeoutError:
        pass
