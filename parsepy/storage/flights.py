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

    ``send`` takes a batch and answers one result or exception for each item, in order.
    """

    __slots__ = ("_aloft", "_send", "_size", "_tasks", "_waiting")

    def __init__(self, send: Send[Item, Result], size: int = 100) -> None:
        self._send = send
        self._size = size
        self._aloft = False
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def call(self, item: Item) -> Result:
        """The result for ``item``, or the exception that befell it."""
        if not self._aloft:
            self._aloft = True
            try:
                (result,) = await self._send([item])
            finally:
                self._next()
            if isinstance(result, Exception):
                raise result
            return result
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        return await future

    def _next(self) -> None:
        self._aloft = False
        if self._waiting:
            self._aloft = True
            batch = self._waiting[: self._size]
            del self._waiting[: self._size]
            task = asyncio.create_task(self._fly(batch))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _fly(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
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
            self._next()
        for (_, future), result in zip(batch, results, strict=True):
            if future.done():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
