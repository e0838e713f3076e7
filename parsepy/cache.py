"""Caches: with a limit of size and time (sessions, roles), and of what comes again (queries)."""

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")
LONGEST = 512
"""Bytes of a text that a ``Memory`` is given, so that nobody can make it keep more than some MB."""
_REMEMBERED = 256


class Cache(Generic[Value]):
    """Keeps at most ``size`` values, each for ``ttl`` seconds; the oldest is dropped first."""

    __slots__ = ("_clock", "_drops", "_entries", "_size", "_ttl")

    def __init__(self, ttl: float, size: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._ttl = ttl
        self._size = size
        self._clock = clock
        self._entries: dict[str, tuple[float, Value]] = {}
        self._drops = 0

    def get(self, key: str) -> Value | None:
        """Return the value of ``key``; None if there is none or it has expired."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry[0] <= self._clock():
            del self._entries[key]
            return None
        return entry[1]

    def mark(self) -> int:
        """Return a mark for ``put``; take it before reading the value that is to be cached."""
        return self._drops

    def put(
        self, key: str, value: Value, since: int | None = None, longest: float | None = None
    ) -> None:
        """Keep ``value`` under ``key``, unless anything was dropped ``since`` that mark.

        Otherwise a slow read would bring back what, for example, a log-out has just dropped.
        ``longest`` is a number of seconds after which the value expires in any case.
        """
        ttl = self._ttl if longest is None else min(self._ttl, longest)
        if ttl <= 0 or self._size <= 0 or (since is not None and since != self._drops):
            return
        self._entries.pop(key, None)
        while len(self._entries) >= self._size:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = (self._clock() + ttl, value)

    def drop(self, key: str) -> None:
        """Drop the value of ``key``."""
        self._drops += 1
        self._entries.pop(key, None)

    def drop_if(self, condition: Callable[[Value], bool]) -> None:
        """Drop every value for which ``condition`` is true."""
        self._drops += 1
        for key in [k for k, (_, value) in self._entries.items() if condition(value)]:
            del self._entries[key]

    def clear(self) -> None:
        """Drop all values."""
        self._drops += 1
        self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)


class Memory(Generic[Value]):
    """What was made of keys that have come twice, as ``keep`` wants it kept; never ``None``.

    To remember costs a third of reading a query: what comes once is not worth it.
    """

    def __init__(self, keep: Callable[[Value], Value]) -> None:
        self._keep = keep
        self._once: set[Hashable] = set()
        self._kept: dict[Hashable, Value] = {}

    def get(self, key: Hashable) -> Value | None:
        """Return what is kept of a key, if anything is."""
        return self._kept.get(key)

    def put(self, key: Hashable, made: Value) -> Value:
        """Return what was made of a key: as it is kept, where the key has come before."""
        if key not in self._once:
            if len(self._once) >= _REMEMBERED:
                self._once.clear()
            self._once.add(key)
            return made
        self._once.discard(key)
        if len(self._kept) >= _REMEMBERED:
            del self._kept[next(iter(self._kept))]
        made = self._kept[key] = self._keep(made)
        return made
