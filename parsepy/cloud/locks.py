"""``Lock``: one at a time, over every process that serves the database."""

import asyncio
import logging
import random
import secrets
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType

from parsepy.cloud import current
from parsepy.cloud.mistakes import RUNNING
from parsepy.errors import Code, ParseError
from parsepy.storage.claims import Claim
from parsepy.triggers import label_of

log = logging.getLogger("parsepy.cloud")

_PAUSE = 0.01  # seconds between two looks


@dataclass(slots=True)
class _Held:
    """A lock that a request holds: what it starts meanwhile holds it too, but not for longer."""

    owner: str
    depth: int = 1


_HELD: ContextVar[dict[str, _Held] | None] = ContextVar("parsepy_locks_held", default=None)
"""By name, the locks of this request; hooks that its writes lead to are part of it."""


class Lock:
    """See ``Cloud.lock``."""

    def __init__(self, name: str, seconds: float, patience: float) -> None:
        self._shown = name
        self._name = f"lock:{name}"
        self._seconds = seconds
        self._patience = patience

    async def __aenter__(self) -> None:
        held = (_HELD.get() or {}).get(self._name)
        if held is not None and held.depth:
            held.depth += 1
            return
        storage = current.backend().storage
        if storage.in_transaction:
            raise RuntimeError("Cloud.lock must be taken before the transaction begins")
        owner = secrets.token_hex(8)
        await self._take(owner)
        _HELD.set({**(_HELD.get() or {}), self._name: _Held(owner)})

    async def _take(self, owner: str) -> None:
        claims, clock = current.backend().storage.claims, asyncio.get_running_loop().time
        deadline = clock() + self._patience
        while not await claims.take(self._name, owner, _who()):
            found = await claims.holder_of(self._name)
            if clock() > deadline:
                self._log("waited %g s for the lock %s, held by %s", self._patience, found)
                raise ParseError(Code.SCRIPT_FAILED, "Too many wait for the same; try again.")
            if found is not None and await claims.drop_older(found, self._seconds):
                self._log("took over, after more than %g s, the lock %s, held by %s", None, found)
                continue
            await asyncio.sleep(_PAUSE * random.uniform(0.5, 1.5))

    def _log(self, text: str, seconds: float | None, found: Claim | None) -> None:
        holder = "nobody any more" if found is None else found.holder or "a process without a name"
        since = "" if found is None else f" (since {found.since.isoformat(timespec='seconds')}Z)"
        seconds = self._seconds if seconds is None else seconds
        log.warning(f"%s {text}", _who(), seconds, self._shown, f"{holder}{since}")

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        held = (_HELD.get() or {})[self._name]
        held.depth -= 1
        if held.depth:
            return
        claims = current.backend().storage.claims
        if not await asyncio.shield(claims.release(self._name, held.owner)):
            log.warning(
                "%s held the lock %s for more than its %g s: another may have had it meanwhile",
                _who(),
                self._shown,
                self._seconds,
            )


def _who() -> str:
    """Who holds or waits, for the log: the hook and its request."""
    running, request_id = RUNNING.get(), current.request().request_id
    label = "cloud code" if running is None else label_of(running.event)
    return f"request {request_id}: {label}" if request_id else label
