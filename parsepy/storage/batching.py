"""``Batcher``: calls of one kind that come at the same time share one driver call.

One driver call costs far more than the work that it carries (measured: a find by id 150 µs of
CPU, sixteen in one ``$in`` about 350 µs). So the first call is sent at once, and those that come
while it is in flight are sent together when it has returned: no call waits for others to come,
and the busier the server, the cheaper each call.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Send = Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]]


class Batcher(Generic[Item, Result]):
    """Makes calls of one kind, on one collection, in batches.

    ``send`` takes a batch and answers one result or exception for each item, in order. One batch
    is in flight at a time; after ``patience`` seconds without an answer the next one is sent all
    the same. ``size`` is the most items of a batch.
    """

    __slots__ = ("_flight", "_patience", "_send", "_size", "_tasks", "_waiting")

    def __init__(self, send: Send[Item, Result], size: int = 100, patience: float = 0.1) -> None:
        self._send = send
        self._size = size
        self._patience = patience
        self._flight: _InFlight | None = None
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def call(self, item: Item) -> Result:
        """Return the result for ``item``; raises the exception that ``send`` answers for it."""
        if self._flight is None:
            flight = self._start()
            try:
                (result,) = await self._send([item])
            finally:
                flight.end()
            if isinstance(result, Exception):
                raise result
            return result
        future: asyncio.Future[Result] = self._flight.awaited(self._patience).create_future()
        self._waiting.append((item, future))
        return await future

    def _start(self) -> "_InFlight":
        self._flight = _InFlight(self._send_waiting)
        return self._flight

    def _send_waiting(self) -> None:
        self._flight = None
        if self._waiting:
            batch = self._waiting[: self._size]
            del self._waiting[: self._size]
            flight = self._start()
            if self._waiting:
                flight.awaited(self._patience)
            task = asyncio.create_task(self._send_batch(batch, flight))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _send_batch(
        self, batch: list[tuple[Item, asyncio.Future[Result]]], flight: "_InFlight"
    ) -> None:
        try:
            results = await self._send([item for item, _ in batch])
        except BaseException as error:
            failure = error if isinstance(error, Exception) else ConnectionError("call ended")
            for _, future in batch:
                if not future.done():
                    future.set_exception(failure)
            if not isinstance(error, Exception):
                raise
            return
        finally:
            flight.end()
        for (_, future), result in zip(batch, results, strict=True):
            if future.done():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)


class _InFlight:
    """The one batch in flight; ends once, when it is answered or has taken too long."""

    __slots__ = ("_loop", "_on_end", "_started", "_timer")

    def __init__(self, on_end: Callable[[], None]) -> None:
        self._on_end: Callable[[], None] | None = on_end
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None

    def awaited(self, patience: float) -> asyncio.AbstractEventLoop:
        """End ``patience`` seconds after the begin, since others wait now; the loop."""
        if self._timer is None:
            self._timer = self._loop.call_at(self._started + patience, self.end)
        return self._loop

    def end(self) -> None:
        """Let the next batch be sent, if this one still holds it up."""
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            if self._timer is not None:
                self._timer.cancel()
            on_end()
