"""``Run``: one execution of an operation, and what its steps know of it."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from parsepy.backend import RequestContext
from parsepy.graphql.paging import FoundPage
from parsepy.model.schema import ClassSchema
from parsepy.model.values import JSONObject
from parsepy.operations.side_by_side import side_by_side

SIDE_BY_SIDE = 16
"""So many reads of one document are under way at a time."""


class Anomaly(Exception):
    """A value that GraphQL has to report: the library completes the answer, and words it."""


@dataclass(slots=True)
class Later:
    """The page of a relation, which is read when the objects around it are complete."""

    fetch: Callable[["Run", JSONObject], Awaitable[FoundPage]]
    complete: "Complete"
    owner: JSONObject
    place: JSONObject


Complete = Callable[[Any, list[Later]], Any]
"""Makes of a value what is answered; raises ``Anomaly``. Relations are put on the list."""


@dataclass(slots=True)
class Run:
    """One execution: who asks, and with which variables and literals.

    ``shown`` are the classes that the interface has. ``context`` changes when a mutation logs
    somebody in, as in the reference; so does ``session_token``, which ``viewer`` answers.
    ``may_encode``: pages may come as JSON, since nobody has to look at their objects.
    """

    context: RequestContext
    classes: Mapping[str, ClassSchema]
    variables: JSONObject = field(default_factory=dict)
    literals: list[Any] = field(default_factory=list)
    shown: frozenset[str] = frozenset()
    session_token: str | None = None
    may_encode: bool = True

    async def settle(self, later: list[Later]) -> None:
        """Read the relations of complete objects, and the relations of what is in these."""
        while later:
            now, later = later, []
            for some in batched(now):
                await side_by_side([self._settle(one, later) for one in some])

    async def _settle(self, one: Later, later: list[Later]) -> None:
        page = await one.fetch(self, one.owner)
        one.place.update(one.complete(page, later))


T = TypeVar("T")


def batched(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items in groups of as many as are read side by side."""
    for begin in range(0, len(items), SIDE_BY_SIDE):
        yield items[begin : begin + SIDE_BY_SIDE]
