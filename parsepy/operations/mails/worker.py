"""``run``: send queued mails, each by one process of all, and try again what failed."""

import asyncio
import logging
import time
from datetime import timedelta
from functools import partial

from parsepy.backend import Backend
from parsepy.errors import Interruption
from parsepy.mail.base import MailRefused, ask
from parsepy.model.values import new_id, now
from parsepy.operations import queues
from parsepy.operations.mails.composing import compose
from parsepy.operations.mails.kinds import KINDS
from parsepy.operations.queues import LEASE, Lease
from parsepy.storage import mails
from parsepy.storage.mails import MailWork

log = logging.getLogger("parsepy.mail")
RETRY_AFTER = 2.0
"""Seconds from the first attempt to the second; then twice as many each time."""
LONGEST_WAIT = 1800.0
MOST_ATTEMPTS = 50
_MAILS = 4  # at once in one process: a server that hangs holds up mail, and nothing else
_TIMEOUT = 60.0  # seconds that a mailer has for one mail
_HOUSEKEEPING = 10.0  # seconds


class SendingMail:
    """Sends one mail that this process owns, until ``until`` on the monotonic clock or longer."""

    def __init__(self, backend: Backend, work: MailWork, owner: str, until: float) -> None:
        self._backend = backend
        self._work = work
        self._owner = owner
        renew = partial(mails.hold, backend.storage, work.id, owner, LEASE)
        self._lease = Lease(f"mail {work.id}", renew, until, log)

    def stop(self) -> None:
        """Nothing further is begun: it is one mail."""

    async def run(self) -> None:
        """Send it, or have it tried again; never raises."""
        try:
            async with self._lease.renewed():
                await self._run()
        except Interruption as error:
            log.error("mail %s is interrupted: %s", self._work.id, error)
        except Exception:  # a mail that fails must not stop the others
            log.exception("mail %s failed", self._work.id)

    async def _run(self) -> None:
        figures = self._backend.mail_figures
        kind = KINDS.get(self._work.kind)
        if kind is None:  # of a later version
            return await self._give_up("its kind is unknown here")
        if self._work.begun < now() - timedelta(seconds=kind.max_age):
            return await self._give_up("it is too old")
        try:
            is_sent = await self._send()
        except MailRefused as error:
            return await self._give_up(str(error))
        except Exception as error:  # noqa: BLE001 - whatever an operator's mailer may raise
            return await self._try_again(error)
        if is_sent:
            figures.sent += 1
            figures.is_failing = False
        return await self._finish()

    async def _send(self) -> bool:
        """Write the mail and hand it to the mailer; False if it has become pointless."""
        composed = await compose(self._backend, self._work)
        if composed is None:
            return False
        if self._work.is_fresh and not await mails.keep_made(
            self._backend.storage, self._work, self._owner
        ):
            log.info("mail %s: it was asked for again, or another process sends it", self._work.id)
        async with asyncio.timeout(_TIMEOUT):
            await ask(composed.method, composed.message)
        return True

    async def _try_again(self, error: Exception) -> None:
        figures, work = self._backend.mail_figures, self._work
        figures.failed += 1
        if not isinstance(error, Interruption):
            figures.is_failing = True
        if work.attempts + 1 >= MOST_ATTEMPTS:
            return await self._give_up(f"{type(error).__name__}: {error}")
        wait = min(RETRY_AFTER * 2**work.attempts, LONGEST_WAIT)
        log.warning(
            "a mail could not be sent (%s, attempt %d, again in %g s): %s: %s",
            work.kind,
            work.attempts + 1,
            wait,
            type(error).__name__,
            error,
            exc_info=error if work.attempts == 0 else None,
        )
        await mails.retry(self._backend.storage, work, self._owner, wait)
        figures.waiting = await mails.waiting(self._backend.storage)
        return None

    async def _give_up(self, reason: str) -> None:
        self._backend.mail_figures.given_up += 1
        log.error("a mail is given up (%s): %s", self._work.kind, reason)
        await self._finish()

    async def _finish(self) -> None:
        distance = self._backend.config.mail.cooldown
        await mails.finish(self._backend.storage, self._work, self._owner, distance)


class MailQueueReader:
    """Takes mails out of the queue, and keeps it in order."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._next = 0.0
        self._is_prepared = False

    async def take(self) -> SendingMail | None:
        """Become the owner of a mail that is due; None if there is none. Never raises."""
        owner, moment = new_id(20), time.monotonic()
        try:
            if moment >= self._next:
                self._next = moment + _HOUSEKEEPING
                await self._keep_order()
            work = await mails.take(self._backend.storage, owner, LEASE)
        except Interruption as error:
            log.error("the queue of mails can't be read: %s", error)
            return None
        except Exception:  # a mail that can't be read must not stop the others
            log.exception("the queue of mails can't be read")
            return None
        return None if work is None else SendingMail(self._backend, work, owner, moment + LEASE)

    async def _keep_order(self) -> None:
        storage, figures = self._backend.storage, self._backend.mail_figures
        forgotten = await mails.forget_done(storage)
        figures.waiting = await mails.waiting(storage)
        if not self._is_prepared and (forgotten or figures.waiting):  # a queue that nobody uses
            await mails.prepare(storage)  # is not made
            self._is_prepared = True
        if not figures.waiting:  # another process may have sent what this one could not
            figures.is_failing = False


async def run(backend: Backend) -> None:
    """Send what is due until cancelled, then wait for the mails that are being sent."""
    await queues.run(backend.mail_queued, MailQueueReader(backend).take, _MAILS)
