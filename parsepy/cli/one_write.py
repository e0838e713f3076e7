"""``OneWriteCycle``: uvicorn's cycle of request and response, with one write for a whole answer.

uvicorn writes the head of an answer, then its body: two system calls, and of each header it looks
up every letter. Most of ours are whole when they are sent and carry the same dozen headers, so
head and body are joined, and a header that was found well-formed is not looked at again. What is
sent in pieces goes uvicorn's own way.
"""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

_ILL_FORMED = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_MOST_JOINED = 64 * 1024  # bytes of a body: of more, a second write costs less than copying
_MOST_LINES = 1000
_MOST_BYTES = 1024  # of a value that is kept
_CHANGING = frozenset((b"content-length", b"location", b"x-request-id", b"date"))
"""Headers that are new each time: their lines are not kept."""
_LEFT = frozenset((b"connection", b"transfer-encoding"))
"""Headers that say more than their text: an answer that has one goes uvicorn's way."""
_NAME = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


class _Done:
    """What is awaited where nothing is left to wait for; cheaper than a coroutine."""

    def __await__(self) -> Iterator[None]:
        return iter(())


_DONE = _Done()


def _nothing() -> None:
    """What is called where a response is complete already."""


def _ended(result: Any) -> Any:
    """An application that has come to this result, or has raised it."""

    async def application(*_: Any) -> Any:
        if isinstance(result, BaseException):
            raise result
        return result

    return application


_lines: dict[tuple[bytes, bytes], bytes] = {}
_names: dict[bytes, bytes] = {}


class _Arrival:
    """What ``asyncio.Event`` is, which is made here when somebody waits for it: few do."""

    __slots__ = ("_event", "has_come")

    def __init__(self) -> None:
        self.has_come = False
        self._event: asyncio.Event | None = None

    def set(self) -> None:
        self.has_come = True
        if self._event is not None:
            self._event.set()

    def clear(self) -> None:
        self.has_come = False
        if self._event is not None:
            self._event.clear()

    async def wait(self) -> None:
        if not self.has_come:
            if self._event is None:
                self._event = asyncio.Event()
            await self._event.wait()


class OneWriteCycle(RequestResponseCycle):
    """One request and its response on a connection of ``http_protocol``.

    ``task`` runs the application for it, and is one of the connection's ``tasks`` until it ends.
    """

    # What uvicorn's cycle sets for each request, most of which never changes.
    disconnected = response_started = response_complete = False
    more_body = True
    chunked_encoding: bool | None = None
    expected_content_length = 0
    _start: Any = None
    task: "asyncio.Task[None]"

    def __init__(self, connection: HttpToolsProtocol, keep_alive: bool) -> None:
        self.scope = connection.scope
        self.transport = connection.transport
        self.flow = connection.flow
        self.logger = connection.logger
        self.access_logger = connection.access_logger
        self.access_log = connection.access_log
        self.default_headers = connection.server_state.default_headers
        self.message_event: Any = _Arrival()
        self.waiting_for_100_continue = connection.expect_100_continue
        self.keep_alive = keep_alive
        self.on_response = connection.on_response_complete
        self.body = bytearray()
        self._tasks = connection.tasks

    async def run_asgi(self, app: Any) -> None:
        """Run the application; whatever it raises is answered, in uvicorn's way."""
        try:
            try:
                result = await app(self.scope, self.receive, self.send)
            except BaseException as error:  # noqa: BLE001 - uvicorn looks at it
                result = error
            if result is None and self.response_complete:
                self.on_response = _nothing
            else:
                await super().run_asgi(_ended(result))
        finally:
            self._tasks.discard(self.task)
            del self.task  # which holds this

    async def receive(self) -> Any:
        """The body, or its next piece; at once where it has come."""
        if self.message_event.has_come and not (
            self.disconnected or self.response_complete or self.waiting_for_100_continue
        ):
            self.flow.resume_reading()
            self.message_event.clear()
            body, self.body = bytes(self.body), bytearray()
            return {"type": "http.request", "body": body, "more_body": self.more_body}
        return await super().receive()

    def send(self, message: Any) -> Any:
        """Send a message; the start of a response waits for the first piece of its body."""
        if message["type"] == "http.response.start" and not self.response_started:
            self._start = message  # in place of another one, if what followed it has failed
            return _DONE
        start, self._start = self._start, None
        if (
            start is None
            or message.get("more_body")
            or self.disconnected
            or self.flow.write_paused
            or not self.keep_alive
            or self.access_log
            or self.scope["method"] == "HEAD"
            or not self._send_whole(start, message.get("body", b""))
        ):
            return self._send_as_uvicorn(start, message)
        return _DONE

    async def _send_as_uvicorn(self, start: Any, message: Any) -> None:
        if start is not None:
            await super().send(start)
        await super().send(message)

    def _send_whole(self, start: Any, body: bytes) -> bool:
        """Write a response at once; false, and nothing is written, if it is out of the ordinary."""
        lines = [STATUS_LINE[start["status"]]]
        length = -1
        for pairs in (self.default_headers, start["headers"]):
            for pair in pairs:
                line = _lines.get(pair)
                if line is None:
                    name, value = pair
                    line = _line(name, value)
                    if line is None:
                        return False
                    if name == b"content-length" and value.isdigit():
                        length = int(value)
                lines.append(line)
        if length != len(body):
            return False
        lines.append(b"\r\n")
        is_joined = length <= _MOST_JOINED
        if is_joined:
            lines.append(body)
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        self.transport.write(b"".join(lines))
        if not is_joined:
            self.transport.write(body)
        self.message_event.set()
        self.on_response()
        return True


def _line(name: bytes, value: bytes) -> bytes | None:
    """A header as it is written; ``None`` for one that is for uvicorn to write, or to refuse."""
    begin = _names.get(name)
    if begin is None:
        lowered = name.lower()
        if lowered in _LEFT or lowered != name or not _NAME.fullmatch(name):
            return None
        begin = name + b": "
        if len(_names) < _MOST_LINES:
            _names[name] = begin
    if _ILL_FORMED.search(value):
        return None
    line = begin + value + b"\r\n"
    if name not in _CHANGING and len(value) <= _MOST_BYTES and len(_lines) < _MOST_LINES:
        _lines[name, value] = line
    return line
