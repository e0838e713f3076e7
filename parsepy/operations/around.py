"""Around-triggers: cloud code that stands around a whole write, and makes it by ``proceed``.

They are fired once the caller's right to the write is known, before beforeSave or beforeDelete.
The write inside is made once. Only when it was part of a transaction that came to nothing may it
be made again, so that a transaction around ``proceed`` can be tried again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.schema import ClassSchema
from parsepy.model.values import JSONObject
from parsepy.model.where import Where
from parsepy.operations.hooks import as_told, original_as_told
from parsepy.operations.writes import Write
from parsepy.storage import Storage
from parsepy.triggers import AroundDeleteEvent, AroundSaveEvent, CustomResponse

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class Decision(Generic[Outcome]):
    """What an around-trigger came to: its own response, what its write came to, or both."""

    response: CustomResponse | None
    outcome: Outcome | None


class _Inner(Generic[Outcome]):
    """The write that an around-trigger stands around, and what came of it."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._is_begun = False
        self.is_over = False
        """Has the hook ended? What it has left behind, such as a task, writes nothing then."""
        self.outcome: Outcome | None = None

    async def make(self, write: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """Make the write; ``RuntimeError`` if it was made or tried, or if the hook is over."""
        if self.is_over:
            raise RuntimeError("the hook is over: proceed() would write what it has answered for")
        if self._is_begun:
            raise RuntimeError("proceed() makes the write once, and was called already")
        self._is_begun = True
        await self._storage.after_rollback(self._undo)
        outcome = self.outcome = await write()
        return outcome

    def _undo(self) -> None:
        self._is_begun, self.outcome = False, None


async def around_save(
    write: Write,
    original: JSONObject | None,
    make: Callable[[JSONObject | None, Where, bool], Awaitable[Outcome]],
    answer_of: Callable[[Outcome], JSONObject],
    again: Callable[[], Awaitable[JSONObject | None]],
) -> Decision[Outcome]:
    """Run aroundSave with ``make`` as what it proceeds with.

    ``again`` reads the stored object anew, for cloud code that has waited for a lock.
    Raises what cloud code or the write raises, and SCRIPT_FAILED if cloud code neither let the
    write be made nor answered in its place.
    """
    context = write.context
    inner: _Inner[Outcome] = _Inner(context.backend.storage)

    async def proceed(
        changes: JSONObject | None, condition: Where, *, as_master: bool
    ) -> JSONObject:
        return answer_of(await inner.make(lambda: make(changes, condition, as_master)))

    async def refresh() -> JSONObject | None:
        return original_as_told(write, await again())

    event = AroundSaveEvent(
        class_name=write.class_name,
        request=context,
        original=original_as_told(write, original),
        changes=write.values,
        proceed=proceed,
        refresh=refresh,
        object_id=write.chosen_id,
    )
    try:
        answer = await context.backend.triggers.run(event)
    finally:
        inner.is_over = True
    return _decided(context, answer, "around_save", write.class_name, inner)


async def around_delete(
    context: RequestContext,
    schema: ClassSchema,
    doomed: JSONObject,
    make: Callable[[Where, bool], Awaitable[Outcome]],
    again: Callable[[], Awaitable[JSONObject]],
) -> Decision[Outcome]:
    """Run aroundDelete with ``make`` as what it proceeds with; as ``around_save``."""
    inner: _Inner[Outcome] = _Inner(context.backend.storage)

    async def proceed(condition: Where, *, as_master: bool) -> None:
        await inner.make(lambda: make(condition, as_master))

    async def refresh() -> JSONObject:
        return as_told(context, schema, await again())

    event = AroundDeleteEvent(
        class_name=schema.name,
        request=context,
        object=as_told(context, schema, doomed),
        proceed=proceed,
        refresh=refresh,
    )
    try:
        answer = await context.backend.triggers.run(event)
    finally:
        inner.is_over = True
    return _decided(context, answer, "around_delete", schema.name, inner)


def _decided(
    context: RequestContext,
    answer: object,
    decorator: str,
    class_name: str,
    inner: _Inner[Outcome],
) -> Decision[Outcome]:
    if isinstance(answer, CustomResponse):
        return Decision(answer, inner.outcome)
    if inner.outcome is None:
        told = f"{decorator} of {class_name} neither awaited proceed() nor returned an answer."
        context.backend.log.error("request %s: %s", context.request_id, told)
        raise ParseError(Code.SCRIPT_FAILED, told)
    return Decision(None, inner.outcome)
