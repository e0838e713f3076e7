"""``SharedFinds``: equal queries that come at the same time share one driver call and its outcome.

The first is made at once. Those that come while it is under way are answered together by the next
one, which begins when it has ended: what they are told was read after they had asked. Two queries
are equal if MongoDB would be sent the same for both, and so by the same rights.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from parsepy.storage.batching import Batcher

Value = TypeVar("Value")
Read = Callable[[], Awaitable[Value]]
Key = tuple[object, ...]


class SharedFinds(Generic[Value]):
    """Makes reads whose outcome nobody changes; of equal ones, one at a time."""

    def __init__(self) -> None:
        self._under_way: dict[Key, tuple[Batcher[Read[Value], Value], list[None]]] = {}

    async def call(self, key: Key, read: Read[Value]) -> Value:
        """Return what ``read``, or an equal one, answers; raises what it raises."""
        entry = self._under_way.get(key)
        if entry is None:
            entry = self._under_way[key] = (Batcher(_once), [])
        batcher, users = entry
        users.append(None)
        try:
            return await batcher.call(read)
        finally:
            users.pop()
            if not users and self._under_way.get(key) is entry:
                del self._under_way[key]


async def _once(reads: Sequence[Read[Value]]) -> list[Value | Exception]:
    return [await reads[0]()] * len(reads)
