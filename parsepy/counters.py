"""``Counters``: count events in windows of time, in this process or shared through Redis."""

import logging
import time
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

log = logging.getLogger("parsepy")
_MOST = 100_000
_PREFIX = "parsepy:count:"


class Count(NamedTuple):
    """The number of events in the current window, and the seconds until the window ends."""

    times: int
    rest: float


class Counters(Protocol):
    """Counts events by key; the window of a key begins with its first event."""

    async def hit(self, key: str, window: float) -> Count:
        """Count one event of ``key``, in a window of ``window`` seconds."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class LocalCounters:
    """Counts in this process; when there are too many keys, the oldest are dropped."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = _MOST) -> None:
        self._clock = clock
        self._most = most
        self._counts: dict[str, tuple[int, float]] = {}

    async def hit(self, key: str, window: float) -> Count:
        """Count one event of ``key``."""
        now = self._clock()
        times, end = self._counts.pop(key, (0, 0.0))
        if end <= now:
            times, end = 0, now + window
        if len(self._counts) >= self._most:
            self._forget(now)
        self._counts[key] = (times + 1, end)
        return Count(times + 1, end - now)

    def _forget(self, now: float) -> None:
        """Drop the keys whose window has ended; if there are none, the oldest tenth of all."""
        over = [key for key, (_, end) in self._counts.items() if end <= now]
        for key in over or list(self._counts)[: max(1, self._most // 10)]:
            del self._counts[key]

    async def close(self) -> None:
        """Do nothing: there is no connection."""

    def __len__(self) -> int:
        return len(self._counts)


class RedisCounters:
    """Counts in Redis, for several servers; while Redis is away, each counts by itself."""

    def __init__(self, url: str) -> None:
        """Make the client, without connecting; raises ImportError without the extra ``redis``."""
        from redis.asyncio import Redis
        from redis.exceptions import RedisError

        self._redis: Any = Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
        self._failures: tuple[type[Exception], ...] = (RedisError, OSError)
        self._own = LocalCounters()
        self._away_until = 0.0

    async def hit(self, key: str, window: float) -> Count:
        """Count one event of ``key``."""
        name, milliseconds = _PREFIX + key, max(1, round(window * 1000))
        if time.monotonic() < self._away_until:
            return await self._own.hit(key, window)
        try:
            async with self._redis.pipeline(transaction=True) as together:
                together.set(name, 0, px=milliseconds, nx=True)
                together.incr(name)
                together.pttl(name)
                _, times, rest = await together.execute()
        except self._failures as error:
            log.error("rate limits: Redis can't be reached, counting here: %s", error)
            self._away_until = time.monotonic() + 5
            return await self._own.hit(key, window)
        return Count(times, max(0, rest) / 1000)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()
