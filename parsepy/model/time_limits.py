"""``TimeLimit``: how long a test of an object may compute, as the thread's processor counts it.

The clock is the thread's own, so that a machine that is busy with other work ends nothing.
"""

from contextvars import ContextVar
from time import sleep, thread_time

_AT_A_TIME = 0.002
"""Seconds of computing after which a test in a thread lets others have the processor."""


class TookTooLong(Exception):
    """A test computed longer than its limit; it has no result."""


class TimeLimit:
    """The limit of what is tested in this context, begun anew for each query.

    With ``pauses`` it is that of a thread beside the event loop, which rests as long as it has
    computed: the loop takes several turns for a request, and would wait at each.
    """

    __slots__ = ("_pauses", "_rested", "_until")

    def __init__(self, *, pauses: bool = False) -> None:
        self._until = self._rested = 0.0
        self._pauses = pauses

    def begin(self, seconds: float) -> None:
        """Allow so many seconds from now on."""
        self._rested = thread_time()
        self._until = self._rested + seconds

    def check(self) -> None:
        """Raise ``TookTooLong`` when the time is over."""
        now = thread_time()
        if now > self._until:
            raise TookTooLong
        if self._pauses and now - self._rested > _AT_A_TIME:
            sleep(now - self._rested)
            self._rested = now


limit: ContextVar[TimeLimit | None] = ContextVar("limit", default=None)
"""The limit under which this context tests; None: as long as it takes."""


def check() -> None:
    """Raise ``TookTooLong`` if the limit of this context is over."""
    found = limit.get()
    if found is not None:
        found.check()
