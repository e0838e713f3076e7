"""``ReadOptions``: how a read is made, beside what it looks for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ANY_CASE = {"locale": "en_US", "strength": 2}
"""The collation of texts that may differ in case: an index helps only if it has the same."""


@dataclass(slots=True, kw_only=True)  # not frozen, which makes making one four times as long
class ReadOptions:
    """The options that ``find``, ``count``, ``explain``, ``aggregate`` and ``distinct`` share.

    A method reads those that mean something to it and passes over the others: a count has no
    order. ``hint`` is the name of an index or its key specification.
    """

    order: Sequence[tuple[str, int]] = ()
    """Columns to sort by, each with 1 or -1."""
    limit: int | None = None
    """At most so many objects; None or 0: all."""
    skip: int = 0
    keys: frozenset[str] | None = None
    """The columns to read; None: all of them."""
    hint: str | Mapping[str, Any] | None = None
    comment: Any = None
    read_preference: str | None = None
    """As REST names it, such as ``SECONDARY``; None: the connection's own."""
    ignore_case: bool = False
    """Compare texts as equal that differ in case alone."""
    max_time_ms: int | None = None
    """For how many milliseconds MongoDB may work on it; None: as it is configured."""
    internal: bool = False
    """Answer the server's own columns, which begin with ``_``, too."""
    mount_url: str | None = None
    """Where the caller reaches the server, for the URLs of files; None: as it is configured."""
    is_large: bool = False
    """Is the question so large that it is put into MongoDB's words beside the event loop?"""


ALL = ReadOptions()
"""Every object that matches, whole."""
FIRST = ReadOptions(limit=1)
"""One object that matches."""
