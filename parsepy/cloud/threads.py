"""Plain ``def`` hooks run in threads of their own, so that they never hold up the event loop.

Daemon threads and not an executor: a hook that never returns must neither take a worker away
from others for good nor keep the process from ending.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextvars import ContextVar, copy_context
from typing import Any, TypeVar

from parsepy.errors import Code, ParseError

T = TypeVar("T")
MOST = 64
"""Threads at once; a hook beyond that is refused rather than queued behind hooks that hang."""

_LOOP: ContextVar[asyncio.AbstractEventLoop | None] = ContextVar("parsepy_loop", default=None)
_running = 0
_lock = threading.Lock()


async def run(call: Callable[..., T], *arguments: Any) -> T:
    """``call(*arguments)`` in a thread; raises SCRIPT_FAILED when too many are under way."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    context = copy_context()
    context.run(_LOOP.set, loop)

    def work() -> None:
        result: Any = None
        failure: BaseException | None = None
        try:
            result = context.run(call, *arguments)
        except BaseException as error:  # noqa: BLE001  # handed to who waits for it
            failure = error
        _count(-1)
        try:
            loop.call_soon_threadsafe(_settle, future, result, failure)
        except RuntimeError:  # the loop is closed: nobody waits any more
            return

    if not _count(+1):
        raise ParseError(Code.SCRIPT_FAILED, f"More than {MOST} hooks are running in threads.")
    threading.Thread(target=work, name="parsepy-hook", daemon=True).start()
    return await future


def _count(change: int) -> bool:
    global _running
    with _lock:
        if change > 0 and _running >= MOST:
            return False
        _running += change
        return True


def _settle(future: "asyncio.Future[Any]", result: Any, failure: BaseException | None) -> None:
    if future.done():  # who asked has given up
        return
    if failure is None:
        future.set_result(result)
    elif isinstance(failure, StopIteration):  # a future can't carry it
        future.set_exception(RuntimeError("the hook raised StopIteration"))
    else:
        future.set_exception(failure)


def wait(awaitable: Awaitable[T]) -> T:
    """In a plain ``def`` hook: run something async on the server's loop and wait for it.

    Raises ``RuntimeError`` in an ``async def`` hook, which has ``await``.
    """
    loop = _LOOP.get()
    if loop is None:
        raise RuntimeError("Cloud.wait is for plain def hooks; in an async def one, use await")

    async def waiting() -> T:
        return await awaitable

    return asyncio.run_coroutine_threadsafe(waiting(), loop).result()
