"""``Lock``: one at a time, over every process that serves the database."""

from types import TracebackType

from parsepy.cloud import current
from parsepy.cloud.mistakes import RUNNING, tell_unentered
from parsepy.storage import locks
from parsepy.triggers import label_of


class Lock:
    """See ``Cloud.lock``."""

    def __init__(self, name: str, seconds: float, patience: float) -> None:
        self._asked = (name, seconds, patience)

    async def __aenter__(self) -> None:
        self.__class__ = Lock
        name, seconds, patience = self._asked
        self._lock = locks.LockRequest(name, _who(), seconds, patience, f"lock:{name}")
        storage = current.backend().storage
        self._locks = storage.locks
        await self._locks.enter(self._lock, in_transaction=storage.in_transaction)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._locks.leave(self._lock)


class NewLock(Lock):
    """One that nobody has entered yet."""

    def __del__(self) -> None:
        tell_unentered("Cloud.lock(…)")


def _who() -> str:
    """Who holds or waits, for the log: the hook and its request."""
    running, request_id = RUNNING.get(), current.request().request_id
    label = "cloud code" if running is None else label_of(running.event)
    return f"request {request_id}: {label}" if request_id else label
