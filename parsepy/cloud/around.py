"""``Proceed``: the write that an around-hook stands around."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from parsepy.cloud.codec import encode
from parsepy.cloud.objects import Object
from parsepy.cloud.requests import DeleteRequest, SaveRequest
from parsepy.model import where as wheres
from parsepy.model.where import Where
from parsepy.triggers import AroundDeleteEvent, AroundSaveEvent


class Proceed:
    """``await proceed()`` makes the whole write: before-hook, database, after-hook.

    It can be called once. Only when it was part of a transaction that came to nothing may it be
    called again, as ``@Cloud.transaction()`` does when another transaction interfered.
    """

    def __init__(self, write: Callable[[Where], Awaitable[Object]]) -> None:
        self._write = write

    async def __call__(self, *, where: Mapping[str, Any] | None = None) -> Object:
        """Make the write; the object as it was stored (or deleted).

        With ``where`` it is made only while the stored object matches; raises
        ``ConditionFailed`` (code 142) if it does not. Raises what the write is refused with.
        """
        condition: Where = ()
        if where is not None:
            condition = wheres.parse(encode(dict(where)), privileged=True)
        return await self._write(condition)


def of_save(event: AroundSaveEvent, request: SaveRequest) -> Proceed:
    """Proceed with a save, of what ``request.object`` holds by then."""

    async def write(condition: Where) -> Object:
        if condition and event.original is None:
            raise ValueError("a condition is for an object that is stored already")
        item = request.object
        return item.as_saved(await event.proceed(request.changes(item), condition))

    return Proceed(write)


def of_deletion(event: AroundDeleteEvent, request: DeleteRequest) -> Proceed:
    """Proceed with a deletion."""

    async def write(condition: Where) -> Object:
        await event.proceed(condition)
        return request.object

    return Proceed(write)
