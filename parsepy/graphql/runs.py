"""``Run``: one execution of an operation, and what its steps know of it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from parsepy.backend import RequestContext
from parsepy.graphql.members import MANY, number_of_members
from parsepy.graphql.paging import FoundPage
from parsepy.graphql.wheres import Wheres
from parsepy.model.bounds import query_exceeds
from parsepy.model.schema import ClassSchema
from parsepy.model.values import JSONObject
from parsepy.operations.side_by_side import side_by_side

SIDE_BY_SIDE = 16
"""So many reads of one document are under way at a time."""


class Anomaly(Exception):
    """A value that GraphQL has to report: the library completes the answer, and words it."""


@dataclass(slots=True)
class Later:
    """The page of a relation, which is read when the objects around it are complete.

    ``has_arrays`` as in ``Step``.
    """

    fetch: Callable[["Run", JSONObject], Awaitable[FoundPage]]
    complete: "Complete"
    owner: JSONObject
    place: JSONObject
    has_arrays: bool


Complete = Callable[[Any, list[Later]], Any]
"""Makes of a value what is answered; raises ``Anomaly``. Relations are put on the list."""


@dataclass(slots=True)
class Run:
    """One execution: who asks, and with which variables and literals.

    ``shown`` are the classes that the interface has. ``context`` changes when a mutation logs
    somebody in, as in the reference; so does ``session_token``, which ``viewer`` answers.
    ``may_encode``: pages may come as JSON, since nobody has to look at their objects.
    ``members`` are those of arrays that the answer has so far.
    """

    context: RequestContext
    wheres: Wheres
    variables: JSONObject = field(default_factory=dict)
    literals: list[Any] = field(default_factory=list)
    shown: frozenset[str] = frozenset()
    session_token: str | None = None
    may_encode: bool = True
    members: int = 0

    @property
    def classes(self) -> Mapping[str, ClassSchema]:
        """The classes of the schema that the plan was made for."""
        return self.wheres.classes

    def count(self, value: Any) -> int:
        """Count the members of the arrays of what is answered.

        Raises INVALID_QUERY if the answer then has more than ``requestComplexity.graphQLMembers``.
        """
        values = value.objects if isinstance(value, FoundPage) else (value,)
        bound = self.context.bounds.graphql_members
        number = number_of_members(values, bound - self.members)
        self.members += number
        if self.members > bound:
            raise query_exceeds("members of arrays in its answer", bound)
        return number

    async def settle(self, later: list[Later]) -> None:
        """Read the relations of complete objects, and the relations of what is in these."""
        while later:
            now, later = later, []
            for some in batched(now):
                await side_by_side([self._settle(one, later) for one in some])

    async def _settle(self, one: Later, later: list[Later]) -> None:
        page = await one.fetch(self, one.owner)
        if one.has_arrays and self.count(page) > MANY:
            made = await asyncio.to_thread(one.complete, page, later)
        else:
            made = one.complete(page, later)
        one.place.update(made)


T = TypeVar("T")


def batched(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items in groups of as many as are read side by side."""
    for begin in range(0, len(items), SIDE_BY_SIDE):
        yield items[begin : begin + SIDE_BY_SIDE]
