"""MCP over this process's standard input and output."""

from dataclasses import replace
from typing import TextIO

import anyio
from mcp.server.mcpserver import Context
from mcp.server.stdio import stdio_server

from parsepy.backend import RequestContext, master_context
from parsepy.mcp.callers import Caller, principal_of
from parsepy.mcp.desk import Desk
from parsepy.mcp.server import make_server


async def serve(desk: Desk, username: str | None, wire: TextIO) -> None:
    """Answer messages until the client goes; with the rights of a user, or of the master key.

    ``wire`` is where answers are written. Raises OBJECT_NOT_FOUND if there is no such user.
    """
    backend = desk.backend
    if username is not None:
        await principal_of(backend, username)  # a slip is told at once

    async def caller_of(_ctx: Context) -> Caller:
        if username is None:
            return Caller(master_context(backend), "stdio")
        # as they are now: a role may have been taken away since
        principal = await principal_of(backend, username)
        return Caller(RequestContext(backend, principal), "stdio")

    server = make_server(replace(desk, caller_of=caller_of))._lowlevel_server
    async with stdio_server(stdout=anyio.wrap_file(wire)) as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())
