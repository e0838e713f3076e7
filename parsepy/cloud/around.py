"""``Proceed``: the write that an around-hook stands around."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from parsepy.cloud import current
from parsepy.cloud.objects import Object, condition_of
from parsepy.cloud.requests import DeleteRequest, SaveRequest
from parsepy.model.where import Where
from parsepy.triggers import AroundDeleteEvent, AroundSaveEvent


class Proceed:
    """``await proceed()`` makes the whole write: before-hook, database, after-hook.

    It can be called once. Only when it was part of a transaction that came to nothing may it be
    called again, as ``@Cloud.transaction()`` does when another transaction interfered.
    """

    def __init__(self, write: Callable[[Where, bool], Awaitable[Object]]) -> None:
        self._write = write

    async def __call__(
        self, *, where: Mapping[str, Any] | None = None, use_master_key: bool = False
    ) -> Object:
        """Make the write; the object as it was stored (or deleted).

        With ``where`` it is made only while the stored object matches; raises
        ``ConditionFailed`` (code 142) if it does not. The write has the caller's rights, or with
        ``use_master_key`` those of the master key: so may fields that the hook sets be new
        columns, where clients may add none. Raises what the write is refused with.
        """
        is_privileged = use_master_key or current.request().principal.is_privileged
        condition = condition_of(where, privileged=is_privileged)
        return await self._write(condition, use_master_key)


def of_save(event: AroundSaveEvent, request: SaveRequest) -> Proceed:
    """Proceed with a save, of what ``request.object`` holds by then."""

    async def write(condition: Where, as_master: bool) -> Object:
        if condition and event.original is None:
            raise ValueError("a condition is for an object that is stored already")
        item = request.object
        changes = request.changes(item)
        answer = await event.proceed(changes, condition, as_master=as_master)
        return item.as_saved(answer, event.changes if changes is None else changes)

    return Proceed(write)


def of_deletion(event: AroundDeleteEvent, request: DeleteRequest) -> Proceed:
    """Proceed with a deletion."""

    async def write(condition: Where, as_master: bool) -> Object:
        await event.proceed(condition, as_master=as_master)
        return request.object

    return Proceed(write)
