"""A way to MongoDB that can be cut."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from pymongo import MongoClient


@contextlib.asynccontextmanager
async def between(
    mongo: MongoClient[dict[str, Any]],
) -> AsyncIterator[tuple[str, Callable[[], Awaitable[None]]]]:
    """Its address, and what cuts the connections there are."""
    assert mongo.address is not None
    host, port = mongo.address
    writers: list[asyncio.StreamWriter] = []
    tasks: set[asyncio.Task[None]] = set()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(host, port)
        writers.append(writer)
        for way in (pass_on(reader, back), pass_on(there, writer)):
            task = asyncio.create_task(way)
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    async def cut() -> None:
        for writer in writers:
            writer.transport.abort()
        writers.clear()

    async with await asyncio.start_server(accept, "127.0.0.1") as server:
        own = server.sockets[0].getsockname()[1]
        yield f"mongodb://127.0.0.1:{own}/?directConnection=true", cut
        await cut()
        await asyncio.gather(*tasks, return_exceptions=True)
