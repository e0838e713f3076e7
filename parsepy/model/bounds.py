"""How much of each thing a request may ask for, known before work is done for it.

The numbers are options (``requestComplexity``). Each lies far above what applications ask for, and
below what would make other requests wait. docs/limits.md is their table.
"""

import sys
from dataclasses import dataclass, fields

from parsepy.errors import Code, ParseError


@dataclass(frozen=True, slots=True)
class RequestBounds:
    """The largest numbers that a request of a client may reach; ``UNBOUNDED`` for trusted callers.

    What each counts stands in ``requestComplexity``, which has the same names.
    """

    requests_under_way: int = 64
    requests_waiting: int = 1_000
    query_time: int = 15_000
    body_values: int = 100_000
    where_clauses: int = 10_000
    subqueries: int = 100
    include_reads: int = 1_000
    included_bytes: int = 64_000_000
    answer_bytes: int = 64_000_000
    graphql_members: int = 100_000
    acl_entries: int = 5_000
    relation_objects: int = 10_000
    array_work: int = 10_000_000
    dotted_keys: int = 1_000
    polygon_corners: int = 10_000
    new_columns: int = 500
    columns_per_class: int = 5_000
    column_name_length: int = 256
    class_row_bytes: int = 1_000_000


UNBOUNDED = RequestBounds(**{field.name: sys.maxsize for field in fields(RequestBounds)})
"""No bounds: those of the server's own work, and of who holds the master key."""


def query_exceeds(what: str, most: int) -> ParseError:
    """Make the refusal of a query that asks for more than ``most`` of something."""
    return ParseError(Code.INVALID_QUERY, f"A query has at most {most} {what}.")


def save_exceeds(what: str, most: int) -> ParseError:
    """Make the refusal of a save that brings more than ``most`` of something."""
    return ParseError(Code.OBJECT_TOO_LARGE, f"A save has at most {most} {what}.")
