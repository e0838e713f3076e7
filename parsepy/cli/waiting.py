"""Answers on the port while a long start goes on: the server is alive, and what it does."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable

PATIENCE = 1.0
"""Seconds for which whoever connects simply waits: most starts are over by then."""
_MOST = 64 * 1024  # bytes of a request that are read before the answer


@contextlib.asynccontextmanager
async def answering(listener: socket.socket, doing: Callable[[], str]) -> AsyncIterator[None]:
    """Answer every request with 503 and what is being done, until the block ends.

    Connections that come later stay in the port's queue, for the server itself.
    """
    task = asyncio.create_task(_serve(listener, doing))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _serve(listener: socket.socket, doing: Callable[[], str]) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError, TimeoutError):
            async with asyncio.timeout(10):
                await reader.readuntil(b"\r\n\r\n")
                writer.write(_response(doing()))
                await writer.drain()
        writer.close()

    await asyncio.sleep(PATIENCE)
    server = await asyncio.start_server(answer, sock=listener.dup(), limit=_MOST)
    async with server:
        await server.serve_forever()


def _response(doing: str) -> bytes:
    content = {"status": "starting", "doing": doing, "error": f"The server is starting: {doing}."}
    body = json.dumps(content).encode()
    head = (
        "HTTP/1.1 503 Service Unavailable\r\n"
        "content-type: application/json; charset=utf-8\r\n"
        f"content-length: {len(body)}\r\n"
        "access-control-allow-origin: *\r\n"
        "retry-after: 1\r\n"
        "connection: close\r\n\r\n"
    )
    return head.encode() + body
