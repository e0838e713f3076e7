"""MCP over this process's standard input and output."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple, TextIO

import anyio
from mcp.server.mcpserver import Context
from mcp.server.stdio import stdio_server

from parsepy.backend import RequestContext, master_context
from parsepy.mcp.callers import Caller, principal_of
from parsepy.mcp.desk import Desk
from parsepy.mcp.server import make_server


class StandardStreams(NamedTuple):
    """What the client writes and reads, out of everybody else's reach."""

    incoming: TextIO
    outgoing: TextIO


def claim() -> StandardStreams:
    """Take standard input and output for the client alone, before anybody can print or read.

    From now on what is printed goes to standard error, and standard input is empty: cloud code may
    print as early as it is loaded, and a line of it would be no message.
    """
    incoming = os.fdopen(os.dup(0), "r", encoding="utf-8", errors="replace")
    outgoing = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return StandardStreams(incoming, outgoing)


async def serve(desk: Desk, username: str | None, streams: StandardStreams) -> None:
    """Answer messages until the client goes; with the rights of a user, or of the master key.

    Raises OBJECT_NOT_FOUND if there is no such user.
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
    lines: Any = _lines(streams.incoming)
    async with stdio_server(lines, anyio.wrap_file(streams.outgoing)) as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


async def _lines(file: TextIO) -> AsyncIterator[str]:
    """The lines of a file, read by a thread that nobody waits for.

    A read can't be broken off: the process must be able to end while the client says nothing.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[str | None] = asyncio.Queue()

    def read() -> None:
        with suppress(RuntimeError, OSError):  # the loop, or the file, is closed
            for line in file:
                loop.call_soon_threadsafe(queue.put_nowait, line)
            loop.call_soon_threadsafe(queue.put_nowait, None)

    threading.Thread(target=read, name="mcp-stdin", daemon=True).start()
    while (line := await queue.get()) is not None:
        yield line
