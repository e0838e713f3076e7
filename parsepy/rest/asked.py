"""Queries and aggregations as requests ask them; what comes again is remembered by its text.

Clients ask the same again and again: to read a query string takes a fifth of a count. What it
means depends on nothing but the text, who asks, and the server's bounds.
"""

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import TypeVar

from parsepy.cache import LONGEST, Memory
from parsepy.errors import Code, ParseError
from parsepy.http.bodies import decoded
from parsepy.http.requests import Request, parameters_of
from parsepy.model import aggregation
from parsepy.model import query as queries
from parsepy.model.aggregation import Aggregation
from parsepy.model.long_json import LONG
from parsepy.model.query import Query, QueryLimits
from parsepy.model.values import JSONObject
from parsepy.model.where import kept

Value = TypeVar("Value")


def asked_query(request: Request, class_name: str) -> Query:
    """Return the query of a find of a class; raises as ``from_parameters``."""
    text, limits = request.query_string, request.limits
    privileged = request.context.principal.is_privileged
    if not request.body and _is_short(class_name, text):
        return _query(class_name, text, privileged, limits)
    return queries.from_parameters(
        class_name, request.parameters(), privileged=privileged, limits=limits
    )


async def asked_long_query(request: Request, class_name: str) -> Query:
    """Return what ``asked_query`` returns, in a thread: others go on meanwhile."""
    parameters = request.parameters()
    await _read_where(parameters, request.context.bounds.body_values)
    return await asyncio.to_thread(
        queries.from_parameters,
        class_name,
        parameters,
        privileged=request.context.principal.is_privileged,
        limits=request.limits,
    )


async def _read_where(parameters: JSONObject, most_values: int) -> None:
    """Read a long where that comes as text, so that nobody else waits."""
    where = parameters.get("where")
    if isinstance(where, str) and len(where) > LONG:
        text = where.encode("utf-8", "replace")
        try:
            parameters["where"] = await decoded(text, most_values)
        except ParseError as error:
            if error.code == Code.OBJECT_TOO_LARGE:
                raise
            raise queries.bad_where() from None


def asked_aggregation(request: Request, class_name: str) -> Aggregation:
    """Return the aggregation of a class; raises as ``from_parameters``."""
    text, limits = request.query_string, request.limits
    options = request.context.config.query
    raw = (options.aggregation_raw_values, options.aggregation_raw_field_names)
    if not request.body and _is_short(class_name, text):
        return _aggregation(class_name, text, limits, *raw)
    return aggregation.from_parameters(
        class_name,
        request.parameters(),
        limits=limits,
        raw_values=raw[0],
        raw_field_names=raw[1],
    )


def _is_short(class_name: str, text: bytes) -> bool:
    return len(class_name) + len(text) <= LONGEST


class TextMemory(Memory[Value]):
    """What ``read`` makes of texts that have come twice, as ``keep`` wants it kept."""

    def __init__(self, read: Callable[..., Value], keep: Callable[[Value], Value]) -> None:
        super().__init__(keep)
        self._read = read

    def __call__(self, *asked: Hashable) -> Value:
        """Return what was made of a text and what it depends on, or make it; raises as ``read``."""
        found = self.get(asked)
        return self.put(asked, self._read(*asked)) if found is None else found


def _read_query(class_name: str, text: bytes, privileged: bool, limits: QueryLimits) -> Query:
    return queries.from_parameters(
        class_name, parameters_of(text), privileged=privileged, limits=limits
    )


def _read_aggregation(
    class_name: str, text: bytes, limits: QueryLimits, raw_values: bool, raw_field_names: bool
) -> Aggregation:
    return aggregation.from_parameters(
        class_name,
        parameters_of(text),
        limits=limits,
        raw_values=raw_values,
        raw_field_names=raw_field_names,
    )


_query = TextMemory(_read_query, lambda query: replace(query, where=kept(query.where)))
_aggregation = TextMemory(
    _read_aggregation, lambda read: replace(read, pipeline=kept(read.pipeline))
)
