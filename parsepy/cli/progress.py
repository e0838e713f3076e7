"""How far a long command is: bars and a line that turns, on a terminal only.

They are written to standard error, by `rich` (the extra `cli`); without it, or where standard
error is no terminal, nothing is shown.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from parsepy.app import Application

Told = Callable[[int], None]
_PAUSE = 0.2  # seconds between two looks at what is being done


def is_shown() -> bool:
    """Is there a terminal, and `rich`?"""
    return sys.stderr.isatty() and importlib.util.find_spec("rich") is not None


@contextlib.contextmanager
def bar(name: str, total: int | None, unit: str = "") -> Iterator[Told]:
    """A bar for the block; it is told how far the work is. Without a ``total`` it only counts.

    ``unit``: ``bytes`` for sizes, else numbers are shown.
    """
    if not is_shown():
        yield _untold
        return
    from rich import progress
    from rich.console import Console

    amount: progress.ProgressColumn = progress.MofNCompleteColumn()
    if unit == "bytes":
        amount = progress.DownloadColumn()
    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        amount,
        progress.TimeRemainingColumn(),
    )
    shown = progress.Progress(*columns, console=Console(stderr=True), transient=True)
    with shown:
        task = shown.add_task(name, total=total)
        yield lambda done: shown.update(task, completed=done)


def _untold(done: int) -> None:
    """Nobody is there to be told."""


@contextlib.asynccontextmanager
async def telling(application: Application, what: str) -> AsyncIterator[None]:
    """A line for the block that says what is being done: a class, an index and its percents."""
    if not is_shown():
        yield
        return
    from rich.console import Console

    backend = application.backend
    backend.doing = what  # what an apply tells of itself begins with it
    with Console(stderr=True).status(what) as status:

        async def follow() -> None:
            while True:
                status.update(backend.storage.doing or backend.doing)
                await asyncio.sleep(_PAUSE)

        task = asyncio.create_task(follow())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
