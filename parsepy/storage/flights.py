"""``Flights``: calls of one kind that are under way together share one driver call.

One driver call costs far more than the work that it carries (measured: a find by id 150 µs of
CPU, sixteen in one ``$in`` about 350 µs). So the first call flies at once, and those that come
while it is in the air fly together when it has landed: nobody waits for luck, and the busier
the server, the cheaper each call.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Send = Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]]


class Flights(Generic[Item, Result]):
    """Shares driver calls of one kind on one collection.

    ``send`` takes a batch and answers one result or exception for each item, in order. A flight
    that is not back after ``patience`` seconds holds up nobody any longer: the next one starts.
    """

    __slots__ = ("_aloft", "_patience", "_send", "_size", "_tasks", "_waiting")

    def __init__(self, send: Send[Item, Result], size: int = 100, patience: float = 0.1) -> None:
        self._send = send
        self._size = size
        self._patience = patience
        self._aloft = False
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def call(self, item: Item) -> Result:
        """The result for ``item``, or the exception that befell it."""
        if not self._aloft:
            slot = self._take_off()
            try:
                (result,) = await self._send([item])
            finally:
                slot.free()
            if isinstance(result, Exception):
                raise result
            return result
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        return await future

    def _take_off(self) -> "_Slot":
        self._aloft = True
        return _Slot(self._next, self._patience)

    def _next(self) -> None:
        self._aloft = False
        if self._waiting:
            batch = self._waiting[: self._size]
            del self._waiting[: self._size]
            task = asyncio.create_task(self._fly(batch, self._take_off()))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _fly(self, batch: list[tuple[Item, asyncio.Future[Result]]], slot: "_Slot") -> None:
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
            slot.free()
        for (_, future), result in zip(batch, results, strict=True):
            if future.done():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)


class _Slot:
    """The right to be the one flight in the air; given back once, by landing or by delay."""

    __slots__ = ("_freed", "_timer")

    def __init__(self, freed: Callable[[], None], patience: float) -> None:
        self._freed: Callable[[], None] | None = freed
        self._timer = asyncio.get_running_loop().call_later(patience, self.free)

    def free(self) -> None:
        """Let the next flight start, if this one still holds it up."""
        freed, self._freed = self._freed, None
        if freed is not None:
            self._timer.cancel()
            freed()
