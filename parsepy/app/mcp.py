"""``MCPDoors``: the way in for agents, whose SDK is loaded when it is first needed."""

import asyncio
import importlib.util
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from parsepy.app.doors import Door
from parsepy.app.graphql import sdl_of
from parsepy.backend import Backend
from parsepy.config import ConfigError
from parsepy.http.asgi import ASGIScope, Receive, Send
from parsepy.http.limits import Limits
from parsepy.model.values import JSONObject
from parsepy.rest import described_routes

if TYPE_CHECKING:
    from pathlib import Path

    from parsepy.mcp.desk import Desk
    from parsepy.mcp.door import MCPDoor

MISSING = "mcp: needs the extra: pip install 'parsepy-server[mcp]'"
Background = Callable[[Coroutine[Any, Any, None]], None]


class MCPDoors:
    """MCP's door, if the option ``mcp.enabled`` asks for it.

    ``background`` runs what lasts as long as the application. Raises ``ConfigError`` without the
    extra.
    """

    def __init__(self, backend: Backend, limits: Limits, background: Background) -> None:
        self._backend = backend
        self._limits = limits
        self._background = background
        self._door: MCPDoor | None = None
        self._opening = asyncio.Lock()
        if backend.config.mcp.enabled and importlib.util.find_spec("mcp") is None:
            raise ConfigError([MISSING])

    @property
    def doors(self) -> tuple[Door, ...]:
        """The doors for HTTP."""
        config = self._backend.config
        return (Door(config.mcp.path, self),) if config.mcp.enabled else ()

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        door = self._door or await self._opened()
        await door(scope, receive, send)

    async def _opened(self) -> "MCPDoor":
        async with self._opening:
            if self._door is None:
                await asyncio.to_thread(_import_library)
                from parsepy.mcp.door import MCPDoor

                desk = desk_of(self._backend, writes=self._backend.config.mcp.write)
                door = MCPDoor(self._backend, self._limits, desk)
                self._background(door.run())
                self._door = door
            return self._door


def desk_of(backend: Backend, *, writes: bool, project: "Path | None" = None) -> "Desk":
    """What the tools of an application may do; who calls them is for the way in to say."""
    from parsepy.mcp.desk import Desk

    async def nobody(_context: object) -> Any:
        raise AssertionError("the way in says who calls")

    return Desk(
        backend=backend,
        caller_of=nobody,
        writes=writes,
        graphql_sdl=sdl_of(backend),
        openapi=_openapi_of(backend),
        project=project,
    )


def _openapi_of(backend: Backend) -> "Callable[[], Coroutine[Any, Any, JSONObject]]":
    """What makes the OpenAPI document."""

    async def make() -> JSONObject:
        from parsepy.portal.facts import FactFinder

        config = backend.config
        finder = FactFinder(backend, described_routes(), listeners=lambda: 0)
        return await finder.openapi(config.public_server_url or config.server_url)

    return make


def _import_library() -> None:
    import parsepy.mcp.door  # noqa: F401 - for what it loads
