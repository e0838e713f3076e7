"""``RunningTransaction``: a transaction that can be repeated when another one interferes.

MongoDB aborts a transaction that meets the change of another one. So each call is remembered with
its result: after an abort all calls are made again, and if their results are the same, the
transaction goes on. If not, decisions were made by results that are no longer true: ``Conflict``.

Transactions of one process that have met a conflict are made again one after another, so that
many buyers of one thing are all served and none is turned away.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, TypeVar

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from parsepy.errors import Interruption

Result = TypeVar("Result")
Call = Callable[[AsyncClientSession | None], Awaitable[Result]]
LONGEST_PAUSE = 0.2  # seconds
PATIENCE = 10.0
"""Seconds for which attempts go on beyond their number: other processes heed no lock of ours."""


class Conflict(Interruption):
    """Another transaction changed the same objects: this one can be tried again."""


def is_transient(error: PyMongoError) -> bool:
    """Was the transaction ended by something that may not happen the next time?"""
    return error.has_error_label("TransientTransactionError")


class RunningTransaction:
    """The calls of one transaction on one session, which carries one of them at a time."""

    def __init__(
        self, session: AsyncClientSession, retry_lock: asyncio.Lock, attempts: int
    ) -> None:
        self.session = session
        self.postponed: list[Callable[[], Awaitable[None]]] = []
        self.committed: list[Callable[[], None]] = []
        self.lasting: list[Callable[[], Awaitable[None]]] = []
        self.ended: list[Callable[[], None]] = []
        self.undone: list[Callable[[], None]] = []
        self._retry_lock = retry_lock
        self._holds = AsyncExitStack()
        self._left = attempts - 1
        self._repeats = attempts > 1
        self._tried = 0
        self._until = 0.0
        self._done: list[tuple[Call[Any], Any]] = []
        self._one_at_a_time = asyncio.Lock()

    async def call(self, do: Call[Result]) -> Result:
        """Make a call in the transaction; raises ``Conflict`` when no attempt is left."""
        async with self._one_at_a_time:
            try:
                result = await do(self.session)
            except PyMongoError as error:
                if not is_transient(error):
                    raise
                result = await self._again(do, error)
            if self._repeats:
                self._done.append((do, result))
            return result

    async def commit(self) -> None:
        """Commit; raises ``Conflict`` when no attempt is left."""
        try:
            await self.session.commit_transaction()
        except PyMongoError as error:
            if not is_transient(error):
                raise
            await self._again(_commit, error)

    async def close(self) -> None:
        """Let the next transaction that is made again begin."""
        await self._holds.aclose()

    async def _again(self, do: Call[Result], error: PyMongoError) -> Result:
        """Repeat every call so far, and then this one, until no other transaction interferes."""
        if not self._repeats:
            raise Conflict(str(error)) from error
        self._until = self._until or time.monotonic() + PATIENCE
        while self._left > 0 or time.monotonic() < self._until:
            self._left -= 1
            self._tried += 1
            if self.session.in_transaction:
                await self.session.abort_transaction()
            if self._tried == 1:
                await self._holds.enter_async_context(self._retry_lock)
            else:
                pause = min(LONGEST_PAUSE, 0.002 * 2**self._tried)
                await asyncio.sleep(random.uniform(0, pause))
            await self.session.start_transaction()
            try:
                for earlier, result in self._done:
                    if await earlier(self.session) != result:
                        raise Conflict("what the transaction had read was changed meanwhile")
                return await do(self.session)
            except PyMongoError as failure:
                if not is_transient(failure):
                    raise
                error = failure
        raise Conflict(str(error)) from error


async def _commit(session: AsyncClientSession | None) -> None:
    assert session is not None
    await session.commit_transaction()
