"""``SharedFinds``: equal reads that come at the same time share one driver call and its outcome.

The first is made at once. Those that come while it is under way are answered together by the next
one, which begins when it has ended: what they are told was read after they had asked. Two reads
are equal if MongoDB would be sent the same for both, and so by the same rights.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")
Read = Callable[[], Awaitable[Value]]
Key = tuple[object, ...]


class SharedFinds(Generic[Value]):
    """Makes reads whose outcome nobody changes; of equal ones, one at a time.

    After ``patience`` seconds without an answer the next one is made all the same.
    """

    __slots__ = ("_patience", "_tasks", "_under_way")

    def __init__(self, patience: float = 0.1) -> None:
        self._patience = patience
        self._under_way: dict[Key, _Flight[Value]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def call(self, key: Key, read: Read[Value]) -> Value:
        """Return what ``read``, or an equal one, answers; raises what it raises."""
        flight = self._under_way.get(key)
        if flight is not None:
            return await self._waiting(key, flight, read)
        flight = self._under_way[key] = _Flight(asyncio.get_running_loop())
        try:
            return await read()
        finally:
            self._end(key, flight)

    def _waiting(
        self, key: Key, flight: "_Flight[Value]", read: Read[Value]
    ) -> "asyncio.Future[Value]":
        """What the next flight will answer."""
        if flight.timer is None:
            end = flight.started + self._patience
            flight.timer = flight.loop.call_at(end, self._end, key, flight)
        flight.next = read
        future = flight.loop.create_future()
        flight.waiting.append(future)
        return future

    def _end(self, key: Key, flight: "_Flight[Value]") -> None:
        """Let the next flight begin, if this one still holds it up."""
        if flight.timer is not None:
            flight.timer.cancel()
        if self._under_way.get(key) is not flight:
            return
        read = flight.next
        if read is None:
            del self._under_way[key]
            return
        following = self._under_way[key] = _Flight(flight.loop)
        task = flight.loop.create_task(self._fly(key, following, read, flight.waiting))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _fly(
        self,
        key: Key,
        flight: "_Flight[Value]",
        read: Read[Value],
        waiting: "list[asyncio.Future[Value]]",
    ) -> None:
        """Make a read for all who wait for it."""
        try:
            outcome = await read()
        except BaseException as error:
            failure = error if isinstance(error, Exception) else ConnectionError("call ended")
            for future in waiting:
                if not future.done():
                    future.set_exception(failure)
            if not isinstance(error, Exception):
                raise
        else:
            for future in waiting:
                if not future.done():
                    future.set_result(outcome)
        finally:
            self._end(key, flight)


class _Flight(Generic[Value]):
    """A read that is under way, and who waits for the next one, which is made by ``next``."""

    __slots__ = ("loop", "next", "started", "timer", "waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.started = loop.time()
        self.timer: asyncio.TimerHandle | None = None
        self.next: Read[Value] | None = None
        self.waiting: list[asyncio.Future[Value]] = []
