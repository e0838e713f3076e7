"""``Request``, as a handler sees it, and ``Route``, a line of a route table."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError, denied
from parsepy.http.responses import Answer, master_required
from parsepy.model.query import QueryLimits
from parsepy.model.values import JSONObject, loads


@dataclass(slots=True)
class Request:
    """One request as a handler sees it.

    ``path`` are the decoded segments below the mount; ``arguments`` the named ones of the
    route; ``body`` the JSON object without credentials; ``query`` the raw query parameters.
    ``stream`` is the body of an upload, which the door has not read; ``form`` that of a
    multipart form elsewhere, as it came.
    """

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    body: JSONObject
    context: RequestContext
    arguments: Mapping[str, str]
    headers: Mapping[bytes, bytes]
    find_route: "FindRoute"
    stream: object = None
    admit_item: "AdmitItem | None" = None
    form: bytes = b""

    @property
    def limits(self) -> QueryLimits:
        """The server's bounds on queries."""
        return self.context.backend.limits

    def parameters(self) -> JSONObject:
        """Body and query string merged; a query value is JSON if it can be read so (§7.1)."""
        merged = dict(self.body)
        for name, text in self.query.items():
            merged[name] = _value(text)
        return merged

    def require_master(self, to: str | None = None) -> None:
        """Refuse all but the master key; the read-only one as well if it is ``to`` write."""
        principal = self.context.principal
        if not principal.is_master:
            raise master_required(self.context.config)
        if to is not None and principal.is_read_only:
            raise denied(Code.OPERATION_FORBIDDEN, f"read-only masterKey isn't allowed to {to}.")


def _value(text: str) -> Any:
    first = text[:1]
    if first and (first in '{["-0123456789' or text in ("true", "false", "null")):
        try:
            return loads(text)
        except ParseError:
            return text
    return text


Handler = Callable[[Request], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Route:
    """A line of a route table: method, path below the mount, handler.

    A path's ``:name`` segments become the request's arguments; ``*name`` at its end is all that
    follows, one segment or more.
    """

    method: str
    path: str
    handler: Handler


class RouteMatch(NamedTuple):
    """A handler found for a request, the arguments in its path, and the route's pattern."""

    handler: Handler
    arguments: Mapping[str, str]
    route: str = ""


FindRoute = Callable[[str, tuple[str, ...]], RouteMatch | None]
AdmitItem = Callable[[RequestContext, str, tuple[str, ...]], Awaitable[None]]
