"""``GraphQLDoors``: the ways in to GraphQL, whose library is loaded when it is first needed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from websockets.http11 import Request

from parsepy.app.doors import Door
from parsepy.backend import Backend
from parsepy.graphql import HEARTBEAT_SECONDS, SUBPROTOCOL
from parsepy.graphql.playground import PlaygroundDoor
from parsepy.http.asgi import ASGIApplication, ASGIScope, Receive, Send
from parsepy.http.limits import Limits
from parsepy.http.message_queue import MAX_WAITING
from parsepy.http.websocket import Owner, Socket, WebsocketDoor
from parsepy.livequery import LiveQuery

if TYPE_CHECKING:
    from parsepy.graphql.sockets import GraphQLSockets
    from parsepy.graphql.stamps import SchemaKeeper

log = logging.getLogger("parsepy")

INTERNAL_ERROR = 1011
WARM_UP_SECONDS = 1.0
"""How long after the start the library is loaded, if nobody has asked before."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What needs the library."""

    door: ASGIApplication
    sockets: "GraphQLSockets"
    keeper: "SchemaKeeper"


class GraphQLDoors:
    """GraphQL's doors, as the options ask for them; none unless it is mounted.

    Raises ``ConfigError`` for custom SDL that can't be read.
    """

    def __init__(self, backend: Backend, limits: Limits, live: LiveQuery | None) -> None:
        self._backend = backend
        self._limits = limits
        self._live = live
        self._loaded: _Loaded | None = None
        self._loading: asyncio.Task[_Loaded] | None = None
        if backend.config.mount_graphql and backend.config.graphql_schema is not None:
            self._loaded = self._load()  # what is wrong with the SDL is told at the start

    @property
    def doors(self) -> tuple[Door, ...]:
        """The doors for HTTP."""
        config = self._backend.config
        found = []
        if config.mount_graphql:  # Parse: not below the mount, and in whatever case
            found.append(Door(config.graphql_path, self, ignores_case=True))
        if config.mount_playground:
            page = PlaygroundDoor(self._backend)
            found.append(Door(config.playground_path, page, ignores_case=True))
        return tuple(found)

    @property
    def websocket_doors(self) -> tuple[WebsocketDoor, ...]:
        """The doors for websockets."""
        config = self._backend.config
        if not (config.mount_graphql and config.graphql_subscriptions):
            return ()
        path, connected = config.graphql_path, self._connected
        return (WebsocketDoor(path, SUBPROTOCOL, connected, HEARTBEAT_SECONDS, ignores_case=True),)

    async def check(self) -> None:
        """Make the schema where there is SDL; raises ``ConfigError`` if it does not fit."""
        if self._loaded is not None:
            await self._loaded.keeper.current()

    async def warm_up(self) -> None:
        """Load the library and make the schema a little after the start."""
        if not self._backend.config.mount_graphql:
            return
        await asyncio.sleep(WARM_UP_SECONDS)
        loaded = self._loaded or await self._opened()
        await loaded.keeper.current()

    def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer one HTTP request."""
        if self._loaded is not None:
            return self._loaded.door(scope, receive, send)
        return self._open_and_answer(scope, receive, send)

    async def _open_and_answer(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        await (await self._opened()).door(scope, receive, send)

    async def _opened(self) -> _Loaded:
        """Load the library in a thread, once for all who wait."""
        if self._loading is None or (self._loading.done() and self._loaded is None):
            self._loading = asyncio.create_task(self._open())
        return await asyncio.shield(self._loading)

    async def _open(self) -> _Loaded:
        await asyncio.to_thread(_import_library)
        if self._loaded is None:
            self._loaded = self._load()
        return self._loaded

    def _load(self) -> _Loaded:
        from parsepy.graphql.door import GraphQLDoor
        from parsepy.graphql.processor import RequestProcessor
        from parsepy.graphql.sockets import GraphQLSockets
        from parsepy.graphql.stamps import open_keeper

        keeper = open_keeper(self._backend)
        processor = RequestProcessor(self._backend, self._limits, keeper)
        sockets = GraphQLSockets(self._backend, processor, self._live)
        return _Loaded(GraphQLDoor(self._backend, processor), sockets, keeper)

    def _connected(self, socket: Socket, request: Request) -> Owner:
        if self._loaded is not None:
            return self._loaded.sockets.connected(socket, request)
        owner = _LateOwner(socket)
        task = asyncio.create_task(self._connect(owner, request))
        owner.task = task
        return owner

    async def _connect(self, owner: "_LateOwner", request: Request) -> None:
        try:
            loaded = await self._opened()
        except BaseException:
            owner.socket.close(INTERNAL_ERROR, "the server failed")
            raise
        if not owner.is_lost:
            owner.become(loaded.sockets.connected(owner.socket, request))


class _LateOwner:
    """Keeps what a socket receives until its owner is there."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.task: asyncio.Task[None] | None = None
        self.is_lost = False
        self._owner: Owner | None = None
        self._waiting: list[bytes] = []

    def become(self, owner: Owner) -> None:
        """Hand everything to the owner."""
        self._owner = owner
        waiting, self._waiting = self._waiting, []
        self.socket.resume()
        for text in waiting:
            owner.received(text)

    def received(self, text: bytes) -> None:
        """Keep a message; reading pauses when many wait."""
        if self._owner is not None:
            self._owner.received(text)
            return
        self._waiting.append(text)
        if len(self._waiting) >= MAX_WAITING:
            self.socket.pause()

    def lost(self) -> None:
        """Forget what waits: the connection has ended."""
        self.is_lost = True
        self._waiting.clear()
        if self._owner is not None:
            self._owner.lost()

    def too_slow(self) -> None:
        """Tell the owner, if there is one."""
        if self._owner is not None:
            self._owner.too_slow()


def _import_library() -> None:
    import parsepy.graphql.door
    import parsepy.graphql.sockets  # noqa: F401 - for what they load


def sdl_of(backend: Backend) -> Callable[[], Coroutine[Any, Any, str]]:
    """What makes the text of the GraphQL schema, as it is then."""
    keepers: list[Any] = []

    async def make() -> str:
        from graphql import print_schema

        from parsepy.graphql.stamps import open_keeper

        if not keepers:
            keepers.append(open_keeper(backend))
        schema = await keepers[0].current()
        return await asyncio.to_thread(print_schema, schema)

    return make
