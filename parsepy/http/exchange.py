"""``Exchange``: one request and its answer, as far as they are known on the way through a door."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from parsepy.http.asgi import ASGIScope, Headers, Receive
from parsepy.http.credentials import Credentials
from parsepy.http.requests import Route, RouteMatch
from parsepy.http.responses import Answer
from parsepy.http.uploads import FileBody
from parsepy.model.principal import NOBODY, Principal
from parsepy.model.values import JSONObject

_KEY = "parsepy.exchange"


async def _none(request: object) -> Answer:
    raise AssertionError("a door answers by itself where it has no route")


NO_ROUTE = RouteMatch(Route("", "", _none), {})
"""The route of a request that has none: asked for credentials like any other, then refused."""


class Exchange:
    """One request on its way through a door.

    Given with it are the ASGI ``scope`` and ``receive``, the ``headers``, an id for logs, the
    client's address ``ip``, the ``method``, and ``mount_url``, the address by which the client
    reaches the server. The rest is filled in by the steps of the door.
    """

    # Defaults of the class, since a request sets few of them.
    path: tuple[str, ...] = ()
    match: RouteMatch = NO_ROUTE
    raw: bytes = b""
    upload: FileBody | None = None
    turn: str | None = None
    """Whose turn this request has taken (``Turns``), and must end."""
    is_large: bool = False
    """Is the body so large that others need a turn between the steps of its work?"""
    is_huge: bool = False
    """Is it so large that its values are worked on in threads, too?"""
    credentials: Credentials
    principal: Principal = NOBODY
    answer_headers: Sequence[tuple[bytes, bytes]] = ()
    """Headers that the answer gets, whoever makes it."""
    page: str | None = None
    """The pattern of a page's path: what ``route`` is where no ``match`` is made."""
    started: float = 0.0
    """When the request came, by ``time.perf_counter``, where somebody wants to know."""
    status: int = 0
    code: int | None = None

    def __init__(
        self,
        scope: ASGIScope,
        receive: Receive,
        headers: Mapping[bytes, bytes],
        request_id: str,
        ip: str,
        mount_url: str,
    ) -> None:
        self.scope = scope
        self.receive = receive
        self.headers = headers
        self.request_id = request_id
        self.ip = ip
        self.mount_url = mount_url
        self.method: str = scope["method"]
        self.body: JSONObject = {}

    @property
    def route(self) -> str | None:
        """The pattern of the path, for metrics; ``None`` if no route was found."""
        return self.match.route.path or self.page

    def add_headers(self, headers: Headers) -> None:
        """Give the answer more headers."""
        if headers:
            self.answer_headers = (*self.answer_headers, *headers)


Step = Callable[[Exchange], Answer | Awaitable[Answer | None] | None]
"""A step of a door: answers, or lets the exchange pass with ``None``, or waits for either."""


def needed(steps: Sequence[Step], idle: Collection[Step]) -> tuple[Step, ...]:
    """Return the steps without the idle ones, in their order."""
    return tuple(step for step in steps if step not in idle)


async def run(steps: Sequence[Step], exchange: Exchange) -> Answer:
    """Take the steps in their order until one answers, and return its answer."""
    for step in steps:
        outcome = step(exchange)
        if outcome is None:
            continue
        answer = outcome if isinstance(outcome, Answer) else await outcome
        if answer is not None:
            return answer
    raise AssertionError("no step answered")


def attach(exchange: Exchange) -> None:
    """Make the exchange known to the ASGI applications that get its scope."""
    exchange.scope[_KEY] = exchange


def detach(exchange: Exchange) -> None:
    """Undo ``attach``, so that exchange and scope, which refer to each other, are freed at once."""
    del exchange.scope[_KEY]


def exchange_of(scope: ASGIScope) -> Exchange:
    """Return the exchange of a request, as ``ExchangeLayer`` has begun it."""
    exchange: Exchange = scope[_KEY]
    return exchange
