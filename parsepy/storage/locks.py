"""``Locks``: names that one request at a time holds, over every process of the database.

A lock is a claim (``storage/claims.py``) with a random owner. Who waits for one queues in the
process, in the order of arrival; the first of the queue alone looks at the database, with growing
pauses, and only while the holder is of another process. Who gives a lock back hands it to the next
of the queue by one write. A process that others wait for hands it on among its own for a bounded
time only; then the others have their turn.
"""

import asyncio
import logging
import random
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from parsepy.errors import Code, ParseError
from parsepy.model.values import now
from parsepy.storage.claims import Claim, Claims
from parsepy.storage.transactions import Conflict

log = logging.getLogger("parsepy.cloud")

Result = TypeVar("Result")

MOST_WAITING = 1000
"""How many of a process wait for one name; more are refused at once."""
_FIRST_PAUSE, _GROWTH, _LONGEST_PAUSE = 0.005, 1.6, 0.1
"""Seconds between two looks of the first in the queue, and by what they grow."""
_MOST_WANTED = 20  # locks of a transaction, which is made once more for each
_TURN = 0.25
"""Seconds for which a process hands a lock on among its own while other processes wait."""


class LockWanted(Conflict):
    """A transaction needs a lock that it does not hold: what it has read may be old by then.

    It is to be rolled back and made again, with the lock taken before it begins.
    """

    def __init__(self, lock: "LockRequest") -> None:
        super().__init__(f"the lock {lock.name} must be taken before the transaction begins")
        self.lock = lock


@dataclass(slots=True)
class _Held:
    """A lock that a request holds: what it starts meanwhile holds it too, but not for longer."""

    owner: str
    depth: int = 1


_HELD: ContextVar[dict[str, _Held] | None] = ContextVar("parsepy_locks_held", default=None)
"""By name, the locks of this request; hooks that its writes lead to are part of it."""


@dataclass(frozen=True, slots=True)
class LockRequest:
    """What somebody asks for: a name, for how long at most, and how long they would wait."""

    name: str
    who: str
    """Who asks, in words: others are told whom they wait for."""
    seconds: float
    patience: float
    key: str
    """The id of its claim."""


@dataclass(eq=False, slots=True)
class _Waiter:
    lock: LockRequest
    owner: str
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    is_offered: bool = False
    """The lock is being handed over just now."""
    has_it: bool = False
    is_gone: bool = False


@dataclass(slots=True)
class _Queue:
    """Those of this process who wait for a name, and who of it has it."""

    waiting: deque[_Waiter] = field(default_factory=deque)
    claim: Claim | None = None
    """Of the holder, if it is of this process."""
    since: float = 0.0
    turn_began: float = 0.0
    others_wait: bool = False
    """Do other processes wait for the name?"""
    not_before: float = 0.0
    """When the first in the queue may try again: until then it is the others' turn."""


class Locks:
    """The locks of the process; see the module."""

    def __init__(self, claims: Claims) -> None:
        self._claims = claims
        self._queues: dict[str, _Queue] = {}

    async def enter(self, lock: LockRequest, *, in_transaction: bool) -> None:
        """Take a lock for this request, which may hold it already.

        Raises SCRIPT_FAILED when the patience is over or too many wait, and ``LockWanted`` in a
        transaction, where it can't be taken.
        """
        held = (_HELD.get() or {}).get(lock.name)
        if held is not None and held.depth:
            held.depth += 1
            return
        if in_transaction:
            raise LockWanted(lock)
        owner = secrets.token_hex(8)
        await self._take(lock, owner)
        _HELD.set({**(_HELD.get() or {}), lock.name: _Held(owner)})

    async def leave(self, lock: LockRequest) -> None:
        """Give back what ``enter`` has taken; who held it for too long is told in the log."""
        held = (_HELD.get() or {})[lock.name]
        held.depth -= 1
        if not held.depth and not await asyncio.shield(self._release(lock, held.owner)):
            log.warning(
                "%s held the lock %s for more than its %g s: another may have had it meanwhile",
                lock.who,
                lock.name,
                lock.seconds,
            )

    async def around(
        self, run: Callable[[], Awaitable[Result]], wish: LockWanted | None = None
    ) -> Result:
        """Run what begins a transaction; again, with its lock, each time that it wants one.

        ``wish`` is one that is known already. All that are known by then are taken in the order
        of their names, so that two such do not wait for each other. Raises SCRIPT_FAILED if it
        wants more than 20.
        """
        wanted = {} if wish is None else {wish.lock.name: wish.lock}
        while True:
            async with AsyncExitStack() as stack:
                for _, lock in sorted(wanted.items()):
                    await self.enter(lock, in_transaction=False)
                    stack.push_async_callback(self.leave, lock)
                try:
                    return await run()
                except LockWanted as another:
                    wanted[another.lock.name] = another.lock
            if len(wanted) > _MOST_WANTED:
                raise ParseError(
                    Code.SCRIPT_FAILED, f"A transaction takes at most {_MOST_WANTED} locks."
                )

    # --- taking -------------------------------------------------------------------------------

    async def _take(self, lock: LockRequest, owner: str) -> None:
        queue = self._queues.get(lock.name)
        is_free = queue is None  # as far as this process knows
        if queue is None:
            queue = self._queues[lock.name] = _Queue()
        if len(queue.waiting) >= MOST_WAITING:
            raise _refused()
        me = _Waiter(lock, owner)
        queue.waiting.append(me)
        try:
            if is_free and await self._claims.take(lock.key, owner, lock.who):
                _has_taken(queue, me)
            else:
                await self._wait(queue, me)
        except BaseException:
            me.is_gone = True
            if me.has_it:
                await asyncio.shield(self._release(lock, owner))
            raise
        finally:
            with suppress(ValueError):  # who was handed the lock has left the queue already
                queue.waiting.remove(me)
            if queue.waiting or queue.claim is None:
                self._tidy(lock.name, queue)

    async def _wait(self, queue: _Queue, me: _Waiter) -> None:
        """Return when the lock is this waiter's: handed over, or taken as the first in line."""
        deadline, pause = time.monotonic() + me.lock.patience, _FIRST_PAUSE
        while not me.has_it:
            until = deadline
            if not me.is_offered and queue.waiting[0] is me:
                until = queue.not_before
                if queue.claim is not None:  # who hands it on, unless they overstay
                    until = max(until, queue.since + me.lock.seconds)
                if until <= time.monotonic():
                    if await self._try(queue, me):
                        return
                    until = time.monotonic() + pause * random.uniform(0.5, 1)
                    pause = min(pause * _GROWTH, _LONGEST_PAUSE)
            if not me.is_offered and deadline <= time.monotonic():
                await self._give_up(queue, me)
            me.woken.clear()
            if me.has_it:  # handed over while this one looked
                return
            # what becomes of an offer is known after one write
            left = None if me.is_offered else min(deadline, until) - time.monotonic()
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await me.woken.wait()

    async def _try(self, queue: _Queue, me: _Waiter) -> bool:
        """Take the claim if it is free, or its holder's time is over."""
        lock = me.lock
        found = await self._claims.holder_of(lock.key)
        if found is not None:
            if now() - found.since <= timedelta(seconds=lock.seconds):
                if queue.claim is None and not found.is_wanted:
                    await self._claims.want(lock.key)
                return False
            if await self._claims.drop_older(found, lock.seconds):
                text = "%s took over, after more than %g s, the lock %s, held by %s"
                log.warning(text, lock.who, lock.seconds, lock.name, _told(found))
        if not await self._claims.take(lock.key, me.owner, lock.who):
            return False
        _has_taken(queue, me)
        return True

    async def _give_up(self, queue: _Queue, me: _Waiter) -> None:
        """Refuse who has waited for too long; returns if they have been served meanwhile."""
        lock = me.lock
        found = queue.claim or await self._claims.holder_of(lock.key)
        if me.is_offered or me.has_it:
            return
        text = "%s waited %g s for the lock %s, held by %s"
        log.warning(text, lock.who, lock.patience, lock.name, _told(found))
        raise _refused()

    # --- giving back --------------------------------------------------------------------------

    async def _release(self, lock: LockRequest, owner: str) -> bool:
        """Hand the lock to the next of this process, or give it back; False if it was taken."""
        queue = self._queues.get(lock.name)
        if queue is None or queue.claim is None or queue.claim.owner != owner:
            return await self._claims.release(lock.key, owner)
        try:
            while queue.waiting and (heir := self._next(queue)) is not None:
                before: Claim | None = None
                heir.is_offered = True
                try:
                    before = await self._claims.hand_over(
                        lock.key, owner, heir.owner, heir.lock.who
                    )
                finally:
                    heir.is_offered = False
                    if before is None:
                        self._put_back(queue, heir)
                if before is None:
                    return False
                turn_began = queue.turn_began
                _has_taken(queue, heir)
                heir.woken.set()
                queue.turn_began, queue.others_wait = turn_began, before.is_wanted
                if not heir.is_gone:
                    return True
                owner = heir.owner
            return await self._claims.release(lock.key, owner)
        finally:
            if queue.claim is not None and queue.claim.owner == owner:
                queue.claim = None
            self._tidy(lock.name, queue)

    def _next(self, queue: _Queue) -> _Waiter | None:
        """Who is handed the lock: the first in line, unless it is other processes' turn."""
        if queue.others_wait and time.monotonic() - queue.turn_began > _TURN:
            queue.not_before = time.monotonic() + _LONGEST_PAUSE * 1.2
            return None
        return queue.waiting.popleft()

    def _put_back(self, queue: _Queue, heir: _Waiter) -> None:
        """The lock was not this holder's any more to hand on: who was offered it waits on."""
        if not heir.is_gone and not heir.has_it:
            queue.waiting.appendleft(heir)
            heir.woken.set()

    def _tidy(self, name: str, queue: _Queue) -> None:
        """Let the first in line look; forget a queue that nobody needs."""
        if queue.waiting:
            queue.waiting[0].woken.set()
        elif queue.claim is None and self._queues.get(name) is queue:
            del self._queues[name]


def _has_taken(queue: _Queue, waiter: _Waiter) -> None:
    waiter.has_it = True
    queue.claim = Claim(waiter.lock.key, waiter.owner, now(), waiter.lock.who)
    queue.since = queue.turn_began = time.monotonic()
    queue.others_wait = False


def _refused() -> ParseError:
    return ParseError(Code.SCRIPT_FAILED, "Too many wait for the same; try again.")


def _told(found: Claim | None) -> str:
    """Who holds a claim, for the log."""
    if found is None:
        return "nobody any more"
    holder = found.holder or "a process without a name"
    return f"{holder} (since {found.since.isoformat(timespec='seconds')}Z)"
