"""``Desk``: what the tools of one server may do and know; ``Call``: one call of a tool."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from mcp.server.mcpserver import Context

from parsepy.backend import Backend, RequestContext
from parsepy.mcp.callers import Caller
from parsepy.mcp.confirming import Tokens
from parsepy.model.values import JSONObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One MCP server's view of an application.

    ``caller_of``: who makes a call; ``writes``: are the tools offered that change something?
    ``graphql_sdl``: makes the GraphQL schema's text, None where GraphQL can't be had;
    ``openapi``: makes the OpenAPI document, likewise;
    ``project``: the folder whose cloud tests may be run, None where none may.
    """

    backend: Backend
    caller_of: Callable[[Context], Awaitable[Caller]]
    writes: bool = False
    graphql_sdl: Callable[[], Awaitable[str]] | None = None
    openapi: Callable[[], Awaitable[JSONObject]] | None = None
    project: Path | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a tool."""

    desk: Desk
    caller: Caller
    mcp: Context

    @property
    def context(self) -> RequestContext:
        """The context in which the operations act."""
        return self.caller.context

    @property
    def backend(self) -> Backend:
        """The application."""
        return self.desk.backend

    @property
    def tokens(self) -> Tokens:
        """What makes and checks the tokens that confirm a change."""
        return Tokens(self.backend.config.master_key)
