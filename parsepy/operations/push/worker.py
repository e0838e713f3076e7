"""``run``: send queued pushes when they are due, each in one process of all."""

import logging
import time
from functools import partial

from parsepy.backend import Backend
from parsepy.errors import Interruption
from parsepy.model.values import new_id
from parsepy.operations import queues
from parsepy.operations.push.sending import Sending
from parsepy.operations.queues import LEASE
from parsepy.storage import pushes

log = logging.getLogger("parsepy.push")
_PUSHES = 4  # at once in one process


async def run(backend: Backend) -> None:
    """Send what is due until cancelled, then wait for the messages that are being sent."""
    await queues.run(backend.push_queued, partial(take_next, backend), _PUSHES)


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
