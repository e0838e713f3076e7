"""``Transaction``: several writes of cloud code that happen together or not at all."""

import asyncio
import functools
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial
from types import TracebackType
from typing import Any, TypeVar

from parsepy.cloud import current
from parsepy.cloud.mistakes import tell_unentered
from parsepy.errors import Code, ParseError
from parsepy.storage import Conflict, LockWanted, Storage
from parsepy.storage.transactions import LONGEST_PAUSE, PATIENCE

R = TypeVar("R")


def _refused() -> ParseError:
    return ParseError(Code.SCRIPT_FAILED, "Other transactions changed the same objects; try again.")


class Transaction:
    """See ``Cloud.transaction``."""

    def __init__(self, attempts: int) -> None:
        self._attempts = attempts
        self._open: list[AbstractAsyncContextManager[None]] = []

    async def __aenter__(self) -> None:
        self.__class__ = Transaction
        storage = current.backend().storage
        # inside of another one, this one is part of it
        inner: AbstractAsyncContextManager[None] = nullcontext()
        if not storage.in_transaction:
            inner = storage.transaction(self._attempts)
        await inner.__aenter__()
        self._open.append(inner)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        inner = self._open.pop()
        is_own = not isinstance(inner, nullcontext)
        try:
            handled = bool(await inner.__aexit__(kind, error, trace))
        except Conflict as conflict:
            raise _refused() from conflict
        if is_own and isinstance(error, LockWanted):
            raise RuntimeError(
                "Cloud.lock must be taken before the transaction begins; only a function with "
                "@Cloud.transaction() can be run again with the lock"
            ) from error
        if is_own and isinstance(error, Conflict):
            raise _refused() from error
        return handled

    def __call__(self, function: Callable[..., Awaitable[R]]) -> Callable[..., Awaitable[R]]:
        """As a decorator: the function runs in a transaction, again when another interfered."""
        self.__class__ = Transaction

        @functools.wraps(function)
        async def run(*args: Any, **kwargs: Any) -> R:
            storage = current.backend().storage
            if storage.in_transaction:
                return await function(*args, **kwargs)
            wish = None
            try:
                async with storage.transaction():
                    return await function(*args, **kwargs)
            except LockWanted as error:
                wish = error
            except Conflict:
                pass
            return await storage.locks.around(partial(in_turn, storage, *args, **kwargs), wish)

        async def in_turn(storage: Storage, *args: Any, **kwargs: Any) -> R:
            """From now on one after another, in this process."""
            async with storage.connection.retry_lock:
                attempt, end = 0, time.monotonic() + PATIENCE
                while attempt < self._attempts or time.monotonic() < end:
                    attempt += 1
                    try:
                        async with storage.transaction():
                            return await function(*args, **kwargs)
                    except LockWanted:
                        raise
                    except Conflict:
                        pause = min(LONGEST_PAUSE, 0.002 * 2**attempt)
                        await asyncio.sleep(random.uniform(0, pause))
            raise _refused()

        return run


class NewTransaction(Transaction):
    """One that nobody has entered yet, and that decorates nothing."""

    def __del__(self) -> None:
        tell_unentered("Cloud.transaction()")
