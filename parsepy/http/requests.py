"""``Request``, as a handler sees it, and ``Route``, a line of a route table with its policy."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError, denied
from parsepy.http.asgi import Receive
from parsepy.http.paths import nested, read_query
from parsepy.http.refusals import master_required
from parsepy.http.responses import Answer
from parsepy.http.uploads import FileBody
from parsepy.model.query import QueryLimits
from parsepy.model.values import JSONObject, loads


@dataclass(slots=True)
class Request:
    """One request as a handler sees it.

    ``path`` are the decoded segments below the mount; ``arguments`` the named ones of the
    route; ``body`` the JSON object without credentials; ``query_string`` what follows the ``?``;
    ``raw`` the body as it came. ``upload`` is the body of a route that streams it: nothing of it
    has been read, and ``raw`` is empty then. ``receive`` is ASGI's, for what comes after the body.
    """

    method: str
    path: tuple[str, ...]
    query_string: bytes
    body: JSONObject
    context: RequestContext
    route: "Route"
    arguments: Mapping[str, str]
    headers: Mapping[bytes, bytes]
    find_route: "FindRoute"
    admit_item: "AdmitItem"
    receive: Receive
    raw: bytes = b""
    upload: FileBody | None = None

    @property
    def limits(self) -> QueryLimits:
        """The server's bounds on queries."""
        return self.context.backend.limits

    @property
    def query(self) -> Mapping[str, str]:
        """The raw query parameters, read anew each time."""
        return read_query(self.query_string)

    def parameters(self) -> JSONObject:
        """Merge body and query string; a query value that reads as JSON is JSON (§7.1)."""
        return {**self.body, **parameters_of(self.query_string)}

    def require_master(self, to: str | None = None) -> None:
        """Refuse all but the master key; with ``to``, a write in words, the read-only one, too."""
        principal = self.context.principal
        if not principal.is_master:
            raise master_required()
        if to is not None and principal.is_read_only:
            raise denied(Code.OPERATION_FORBIDDEN, f"read-only masterKey isn't allowed to {to}.")


def parameters_of(query_string: bytes) -> JSONObject:
    """Read the parameters of a query string; a value that reads as JSON is JSON (§7.1)."""
    query: Mapping[str, Any] = read_query(query_string)
    if "]" in "".join(query):  # cheaper than to ask each name
        query = nested(query)
    return {name: _value(value) if type(value) is str else value for name, value in query.items()}


def _value(text: str) -> Any:
    first = text[:1]
    if first and (first in '{["-0123456789' or text in ("true", "false", "null")):
        try:
            return loads(text)
        except ParseError:
            return text
    return text


Handler = Callable[[Request], Awaitable[Answer]]

ANY = "ANY"
"""The method of a route that answers all of them."""
ANY_CLASS = ":className"
"""``Route.of_class`` where the path names the class."""


class KeyRule(Enum):
    """Which keys a route asks for before anything else."""

    ASKED = "keys"
    """The application's id, and a client key if one is configured (protocol §2.5)."""
    OPTIONAL = "no keys"
    """None: the path names the application. A key or session that is sent counts all the same."""
    IGNORED = "open"
    """None; credentials are not read at all, so that everybody is nobody."""


class SessionRule(Enum):
    """What a route makes of a session token."""

    USUAL = "usual"
    """Its user asks, unless a privileged key comes with it."""
    FIRST = "first"
    """Its user asks, whatever key comes with it."""
    LOOKED_UP = "looked up"
    """As ``FIRST``; a token that has no session is answered in words of its own."""
    LEGACY = "legacy"
    """As ``USUAL``; a token from before there were sessions is good, too."""
    IGNORED = "ignored"
    """Nothing: a token, good or bad, is not looked at."""


class BodyRule(Enum):
    """How the door reads the body of a request."""

    JSON = "json"
    RAW = "raw"
    STREAMED = "streamed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Route:
    """A line of a route table: method, path below the mount, handler, and policy.

    A path's ``:name`` segments become the request's arguments; ``*name`` at its end is all that
    follows, one segment or more. ``of_class`` is the class whose objects the route serves.
    ``body_limit`` in bytes replaces the option ``maxUploadSize``. ``is_idempotent``: a request id
    makes a request count once. ``changes`` names what no transaction may change. ``is_probe``:
    answered whatever state the server is in, and never limited.
    """

    method: str
    path: str
    handler: Handler
    of_class: str | None = None
    keys: KeyRule = KeyRule.ASKED
    session: SessionRule = SessionRule.USUAL
    body: BodyRule = BodyRule.JSON
    body_limit: int | None = None
    in_batch: bool = True
    changes: str | None = None
    is_idempotent: bool = False
    is_probe: bool = False

    @property
    def in_transaction(self) -> bool:
        """May a transaction contain it?"""
        return self.changes is None or self.method == "GET"

    @property
    def writes_object(self) -> bool:
        """Does it create, change or delete one object of the class that its path names?"""
        return self.of_class == ANY_CLASS and self.method != "GET"


class RouteMatch(NamedTuple):
    """The route of a request, and the arguments in the request's path."""

    route: Route
    arguments: Mapping[str, str]


FindRoute = Callable[[str, tuple[str, ...]], RouteMatch | None]
AdmitItem = Callable[[RequestContext, str, tuple[str, ...], RouteMatch], Awaitable[None]]
