"""A small HTTP/2 server over TLS: each request goes to a function, which may see it hang up."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError


@dataclass(slots=True)
class Request:
    """A request; `hung_up` is set when nobody waits for its answer any more."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytearray = field(default_factory=bytearray)
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)


Answer = tuple[int, Any]
Handler = Callable[[Request], Awaitable[Answer | None]]


class Connection:
    """One client's connection."""

    def __init__(self, handler: Handler, writer: asyncio.StreamWriter) -> None:
        self.handler = handler
        self.writer = writer
        self.h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self.requests: dict[int, Request] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    async def run(self, reader: asyncio.StreamReader) -> None:
        """Serve until the client is gone."""
        self.h2.initiate_connection()
        self.flush()
        try:
            while data := await reader.read(65536):
                for event in self.h2.receive_data(data):
                    self.take(event)
                self.flush()
        except (ConnectionError, ProtocolError, ssl.SSLError):
            pass
        finally:
            for request in self.requests.values():
                request.hung_up.set()
            if self.tasks:
                await asyncio.wait(self.tasks)
            self.writer.transport.abort()

    def take(self, event: Any) -> None:
        """Do what an event asks for."""
        if isinstance(event, RequestReceived):
            headers = {str(name): str(value) for name, value in event.headers}
            request = Request(headers[":method"], headers[":path"], headers)
            self.requests[event.stream_id] = request
        elif isinstance(event, DataReceived):
            self.requests[event.stream_id].body += event.data
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, StreamEnded):
            task = asyncio.create_task(self.answer(event.stream_id))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        elif isinstance(event, StreamReset) and event.stream_id in self.requests:
            self.requests[event.stream_id].hung_up.set()

    async def answer(self, stream: int) -> None:
        """Answer one request, unless it has hung up."""
        request = self.requests[stream]
        answer = await self.handler(request)
        del self.requests[stream]
        if answer is None or request.hung_up.is_set():
            return
        status, body = answer
        content = b"" if body is None else json.dumps(body).encode()
        headers = [(":status", str(status)), ("content-type", "application/json")]
        with contextlib.suppress(ProtocolError):
            self.h2.send_headers(stream, headers, end_stream=not content)
            if content:
                self.h2.send_data(stream, content, end_stream=True)
            self.flush()

    def flush(self) -> None:
        """Write what is to be sent."""
        if not self.writer.is_closing():
            self.writer.write(self.h2.data_to_send())


@asynccontextmanager
async def serving(handler: Handler, files: tuple[Path, Path]) -> AsyncIterator[str]:
    """Serve on a free port with this certificate and key; the address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    context.set_alpn_protocols(["h2"])
    connections: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            await Connection(handler, writer).run(reader)
        finally:
            connections.discard(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
    try:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
