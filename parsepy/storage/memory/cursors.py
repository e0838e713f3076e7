"""What a reading answers: ``AsyncCursor`` and ``AsyncCommandCursor``."""

from collections.abc import Awaitable, Callable

from parsepy.storage.documents import Document
from parsepy.storage.memory.projections import Tree, projected


class MemoryCursor:
    """As ``AsyncCursor``: the documents, found when they are fetched."""

    def __init__(
        self,
        fetch: Callable[..., Awaitable[list[Document]]],
        query: Document,
        options: Document,
        tree: Tree | None,
        distance: Callable[[Document], float] | None = None,
    ) -> None:
        self._fetch = fetch
        self._query = query
        self._options = options
        self._tree = tree
        self._distance = distance  # by which to sort, in place of ``sort``

    async def to_list(self, length: int | None = None) -> list[Document]:
        """The documents; at most ``length``."""
        if self._distance is None:
            found = await self._fetch(self._query, **self._options)
        else:
            skip, limit = self._options["skip"], self._options["limit"]
            found = sorted(await self._fetch(self._query), key=self._distance)
            found = found[skip : skip + limit if limit else None]
        return [projected(item, self._tree) for item in found[:length]]


class Rows:
    """As ``AsyncCommandCursor``: what has been found already."""

    def __init__(self, rows: list[Document]) -> None:
        self._rows = rows

    async def to_list(self, length: int | None = None) -> list[Document]:
        """The documents; at most ``length``."""
        return self._rows[:length]
