"""``Deadlines``: calls that must end in time, with one timer of the event loop for all of them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator
from types import TracebackType, coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Overdue(TimeoutError):
    """A call did not end in time."""


class Deadlines:
    """The calls under way that have a deadline.

    A timer for each call would cost more than most calls do: one is set, for the call that has to
    end first; when it goes off, it is set for the next one.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._calls: set[Deadline] = set()
        self._timer: asyncio.TimerHandle | None = None

    @coroutine
    def bounded(
        self, call: Coroutine[Any, Any, T], label: str, seconds: float
    ) -> Generator[Any, Any, T]:
        """Make a call that must end in time, as ``within``; most need none, as they never wait."""
        begun = time.monotonic()
        try:
            waits_for = call.send(None)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # a T
        with self.within(seconds, label, time.monotonic() - begun):
            while True:
                try:
                    yield waits_for
                except BaseException as error:  # noqa: BLE001 - for the call to see to
                    try:
                        waits_for = call.throw(error)
                    except StopIteration as end:
                        return end.value  # type: ignore[no-any-return]
                else:
                    return (yield from call)  # type: ignore[no-any-return]

    def within(self, seconds: float, label: str, spent: float = 0.0) -> "Deadline":
        """What stands around code of the current task, as ``asyncio.timeout(seconds)`` does.

        It is left with ``Overdue`` where the time was over and the task was cancelled for it;
        ``label`` is what that calls it, ``spent`` are the seconds since it began.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # tests run one loop after the other
            self._loop, self._timer = loop, None
            self._calls.clear()
        task = asyncio.current_task(loop)
        assert task is not None
        late = f"{label} did not end within {seconds:g} s."
        call = Deadline(self, loop.time() + seconds - spent, task, late)
        self.add(call)
        return call

    def now(self) -> float:
        """The time by the clock of the event loop."""
        assert self._loop is not None
        return self._loop.time()

    def add(self, call: "Deadline") -> None:
        """Have a call end in time."""
        self._calls.add(call)
        if self._timer is None or call.end < self._timer.when():
            self._set_timer(call.end)

    def remove(self, call: "Deadline") -> None:
        """Forget a call: it has ended, or its time stands still."""
        self._calls.discard(call)

    def _set_timer(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        assert self._loop is not None
        self._timer = self._loop.call_at(when, self._look)

    def _look(self) -> None:
        """End the calls whose time is over, and set the timer for the next one."""
        self._timer = None
        now = self.now()
        for call in [each for each in self._calls if each.end <= now]:
            self._calls.discard(call)
            call.expire()
        if self._calls:
            self._set_timer(min(call.end for call in self._calls))


class Deadline:
    """The deadline of one call, whose task it cancels; as ``asyncio.Timeout``.

    ``has_passed``: the time was over, and the task was cancelled for it.
    """

    __slots__ = (
        "_cancelling",
        "_is_open",
        "_is_still",
        "_late",
        "_table",
        "_task",
        "end",
        "has_passed",
    )

    def __init__(
        self, table: Deadlines, end: float, task: "asyncio.Task[object]", late: str
    ) -> None:
        self._table = table
        self._task = task
        self._late = late
        self._cancelling = task.cancelling()
        self._is_open = True
        self._is_still = False
        self.end = end
        self.has_passed = False

    def __enter__(self) -> "Deadline":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_open = False
        self._table.remove(self)
        if self.has_passed:
            was_it = self._task.uncancel() <= self._cancelling
            if isinstance(error, TimeoutError) or (was_it and kind is asyncio.CancelledError):
                raise Overdue(self._late) from error

    def expire(self) -> None:
        """The time is over: cancel the task."""
        self._is_open, self.has_passed = False, True
        self._task.cancel()

    async def standing_still(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call, during which the time stands still; ``RuntimeError`` if it is over."""
        if self._is_still:  # another such call is under way
            return await call()
        if not self._is_open:
            raise RuntimeError("The time of this call is over.")
        left = self.end - self._table.now()
        self._table.remove(self)
        self._is_still = True
        try:
            return await call()
        finally:
            self._is_still = False
            if self._is_open:  # else nobody has waited for this call
                self.end = self._table.now() + left
                self._table.add(self)
