"""``Matching``: which queries an event concerns, so that nobody else waits long for the answer.

Most queries are answered at once. What takes longer, and every query of a large object, is
tested in a thread, which gives way to the event loop; a query that computes too long is given up.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

from parsepy.livequery.costs import size_of
from parsepy.livequery.subscriptions import QueryMatch, SharedQuery
from parsepy.model.time_limits import TimeLimit, TookTooLong, limit
from parsepy.model.values import JSONObject
from parsepy.pubsub import ObjectEvent

log = logging.getLogger("parsepy.livequery")

LARGE = 2000
"""Values in an object from which on it is tested in a thread."""
COSTLY = 1000
"""What a query costs from which on it is tested in a thread: its first test prepares much."""
AT_ONCE_SECONDS = 0.005
"""Processor time after which the test of one query goes on in a thread."""
LONGEST_SECONDS = 0.5
"""Processor time after which a query is given up."""
_TURN = 0.01
"""Seconds of matching after which other tasks may run."""


@dataclass(slots=True)
class Matches:
    """The queries that match an event, and those that were given up."""

    found: list[QueryMatch] = field(default_factory=list)
    given_up: list[SharedQuery] = field(default_factory=list)


async def match_all(queries: Sequence[SharedQuery], event: ObjectEvent) -> Matches:
    """Test an event with queries, in slices."""
    matches = Matches()
    if not queries:
        return matches
    if is_large(event):
        await asyncio.to_thread(_match_in_thread, queries, event, matches)
        return matches
    own_limit = TimeLimit()
    token = limit.set(own_limit)
    try:
        slow, began = [], perf_counter()
        for query in queries:
            if query.cost > COSTLY:
                slow.append(query)
                continue
            own_limit.begin(AT_ONCE_SECONDS)
            try:
                _match(query, event, matches)
            except TookTooLong:
                slow.append(query)
            if perf_counter() - began > _TURN:
                await asyncio.sleep(0)
                began = perf_counter()
        if slow:
            await asyncio.to_thread(_match_in_thread, slow, event, matches)
    finally:
        limit.reset(token)
    return matches


def is_large(event: ObjectEvent) -> bool:
    """Does the object of an event have so many values that they are tested in a thread?"""
    states: tuple[JSONObject | None, ...] = (event.object, event.original)
    return any(state is not None and size_of(state, LARGE) > LARGE for state in states)


def _match_in_thread(queries: Sequence[SharedQuery], event: ObjectEvent, matches: Matches) -> None:
    own_limit = TimeLimit(pauses=True)
    limit.set(own_limit)  # in the copy of the context that belongs to this call
    for query in queries:
        own_limit.begin(LONGEST_SECONDS)
        try:
            _match(query, event, matches)
        except TookTooLong:
            matches.given_up.append(query)


def _match(query: SharedQuery, event: ObjectEvent, matches: Matches) -> None:
    try:
        match = query.match(event.object, event.original)
    except TookTooLong:
        raise
    except Exception:  # around each query: the others still get the event
        log.exception("an event of %s could not be matched", event.class_name)
        return
    if match is not None:
        matches.found.append(match)
