"""``http_protocol``: uvicorn's HTTP protocol with the bounds of a ``ConnectionTable``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from httptools import HttpParserError, HttpParserUpgrade, parse_url
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from parsepy.cli.connections import ConnectionTable, Phase
from parsepy.cli.listener import has_come
from parsepy.cli.one_write import OneWriteCycle
from parsepy.http.websocket import Socket

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

HEAD_SIZE = 256 * 1024
_RETRY = "retry-after: 5\r\n"


def http_protocol(table: ConnectionTable) -> type[HttpToolsProtocol]:
    """Make the class of the connections that a table watches."""

    class BoundedHttpProtocol(HttpToolsProtocol):
        """Notes what it waits for; refuses a request with too many bytes of headers."""

        phase = Phase.HEAD
        ticks = mark = number = 0
        received = content = 0  # bytes of the request under way, and those of its body
        address = ""
        is_admitted = False
        is_upgrade = False
        is_last = False
        """Is the next answer the last one, because the server stops?"""

        # --- what the table asks ----------------------------------------------------------------

        @property
        def is_held_up(self) -> bool:
            return self.flow.read_paused

        @property
        def is_upload(self) -> bool:
            return "/files/" in self.scope["path"]

        @property
        def unread(self) -> int:
            transport = self.transport
            return 0 if transport.is_closing() else transport.get_write_buffer_size()

        @property
        def is_busy(self) -> bool:
            """Has a request come that is not answered yet, and perhaps not even read?"""
            if self.phase in (Phase.BODY, Phase.ANSWER):
                return True
            return has_come(self.transport.get_extra_info("socket"))

        def time_out(self) -> None:
            if self.phase is Phase.BODY and self.cycle.response_started:
                self.abort()  # the application hears that the client has gone
            else:
                self._say(408, "Request Timeout", "The request took too long.")

        def end(self) -> None:
            if not self.transport.is_closing():
                self.transport.close()

        def abort(self) -> None:
            self.transport.abort()

        def _say(self, status: int, reason: str, error: str, more: str = "") -> None:
            if self.transport.is_closing():
                return
            body = f'{{"error":"{error}"}}'
            self.transport.write(
                f"HTTP/1.1 {status} {reason}\r\ncontent-type: application/json; charset=utf-8\r\n"
                f"content-length: {len(body)}\r\n{more}connection: close\r\n\r\n{body}".encode()
            )
            self.transport.close()

        # --- the connection ---------------------------------------------------------------------

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
            super().connection_made(transport)
            self.address = self.client[0] if self.client else ""
            self.is_admitted = table.admit(self, self.address)
            if not self.is_admitted:
                self._say(
                    503,
                    "Service Unavailable",
                    "There are too many connections.",
                    _RETRY,
                )

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            table.forget(self)
            if self.is_admitted:
                table.release(self.address)

        def handle_websocket_upgrade(self) -> None:
            table.forget(self)
            super().handle_websocket_upgrade()
            socket: Any = self.transport.get_protocol()
            if isinstance(socket, Socket):
                socket.released = lambda: table.release(self.address)

        # --- the requests -----------------------------------------------------------------------

        # These are uvicorn's, with less to make for each request: no event of the body that comes
        # (`OneWriteCycle`), no call for each task that ends, no upgrade looked for with each piece.

        def on_message_begin(self) -> None:
            self.received = self.content = self.mark = self.ticks = 0
            self.phase = Phase.HEAD
            self.url = b""
            self.expect_100_continue = False
            self.headers = []

        def on_headers_complete(self) -> None:
            self.phase = Phase.BODY
            self.ticks = 0
            parser = self.parser
            version = parser.get_http_version()
            scope: Any = {
                "type": "http",
                "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
                "http_version": version,
                "server": self.server,
                "client": self.client,
                "scheme": self.scheme,
                "root_path": self.root_path,
                "headers": self.headers,
                "state": self.app_state.copy(),
                "method": parser.get_method().decode("ascii"),
            }
            self.scope = scope
            self.is_upgrade = parser.should_upgrade() and self._should_upgrade()
            if self.is_upgrade:
                return
            url = parse_url(self.url)
            raw_path, root = url.path, self.root_path
            path = raw_path.decode("ascii")
            if "%" in path:
                path = unquote(path)
            scope["path"] = root + path if root else path
            scope["raw_path"] = root.encode("ascii") + raw_path if root else raw_path
            scope["query_string"] = url.query or b""
            before = self.cycle
            keeps_alive = version != "1.0" and not self.is_last and parser.should_keep_alive()
            self.cycle = cycle = OneWriteCycle(self, keeps_alive)
            if before is None or before.response_complete:
                self._start_asgi_task(cycle, self.app)
            else:  # it comes before the last one is answered
                self.flow.pause_reading()
                self.pipeline.appendleft((cycle, self.app))

        def _start_asgi_task(self, cycle: Any, app: ASGI3Application) -> None:
            cycle.task = task = self.loop.create_task(cycle.run_asgi(app))
            self.tasks.add(task)

        def on_body(self, body: bytes) -> None:
            self.content += len(body)
            cycle = self.cycle
            if self.is_upgrade or cycle.response_complete:
                return
            cycle.body += body
            if len(cycle.body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()
            cycle.message_event.set()

        def on_message_complete(self) -> None:
            self.phase = Phase.ANSWER
            self.ticks = self.mark = 0
            cycle = self.cycle
            if not (self.is_upgrade or cycle.response_complete):
                cycle.more_body = False
                cycle.message_event.set()

        def on_response_complete(self) -> None:
            # In uvicorn's each answer makes a timer and cancels the last one; the table has one.
            self.server_state.total_requests += 1
            if self.transport.is_closing():
                return
            self.flow.resume_reading()
            if self.pipeline:
                cycle, app = self.pipeline.pop()
                self._start_asgi_task(cycle, app)
            else:
                self.phase = Phase.IDLE
                self.ticks = 0

        def data_received(self, data: bytes) -> None:
            request = self.headers
            try:
                self.parser.feed_data(data)
            except HttpParserError:
                self.logger.warning("Invalid HTTP request received.")
                self.send_400_response("Invalid HTTP request received.")
            except HttpParserUpgrade:
                if self._should_upgrade():
                    self.handle_websocket_upgrade()
                else:
                    self._unsupported_upgrade_warning()
            if self.headers is request:  # else another one has begun
                self.received += len(data)
                # a body of tiny chunks has several times its size around it
                if self.received > HEAD_SIZE + 16 * self.content:
                    self.send_400_response("The headers are too large.")

        def shutdown(self) -> None:
            """Answer what has come, and what is on its way: then the connection is closed."""
            self.is_last = True
            if self.cycle is not None and not self.cycle.response_complete:
                self.cycle.keep_alive = False

    return BoundedHttpProtocol
