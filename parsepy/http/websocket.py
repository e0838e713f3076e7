"""A websocket on uvicorn's port: frames in and out, pings, and limits for slow clients.

What comes in goes through the `websockets` library's protocol without I/O, which knows the RFC.
What goes out is the hot path: a text frame is its header and the text, written as bytes.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, NamedTuple, Protocol, cast

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from parsepy.http.backlog import Backlog

log = logging.getLogger("parsepy.http")
# The library would log each connection, and each frame with the keys and tokens in it.
_wire = logging.getLogger("parsepy.http.wire")
_wire.setLevel(logging.WARNING)

MAX_FRAME = 1024 * 1024
MAX_PENDING = 4 * 1024 * 1024
"""Bytes that may wait for a client to read them; with more, it is closed as too slow."""
FLUSH = 64 * 1024
"""Bytes that are gathered in one turn of the loop before they are written."""
AT_ONCE = 4 * 1024
"""Bytes of frames that are read at once: there may be 700 of them in so many."""
_TURN = 0.002
"""Seconds for which frames of one client are read before others have their turn."""
SHARED = 16 * 1024
"""Bytes from which on a text that many clients get is not copied for each."""
MAX_HEAD = 32 * 1024
"""Bytes of headers that an upgrade may have: they are kept as long as the connection."""
MAX_CONTROL = 64 * 1024
"""Bytes of answers to pings that may wait for a client to read them; with more, it is cut off."""
_LARGE = 64 * 1024  # bytes; what is less is always taken
_MOST_BEATS = 6  # a message that takes longer than so many heartbeats to come is none
TRY_LATER = 1013
GOING_AWAY = 1001
CLOSE_SECONDS = 5.0
HANDSHAKE_SECONDS = 10.0


class Owner(Protocol):
    """Handles what happens on one socket."""

    def received(self, text: bytes) -> None:
        """Handle a whole text message."""

    def lost(self) -> None:
        """Clean up: the connection has ended."""

    def too_slow(self) -> None:
        """Note that the connection is being closed because its client reads too slowly."""


Connected = Callable[["Socket", Request], Owner]


class WebsocketDoor(NamedTuple):
    """A way in by websocket, at ``path`` and below; at ``""`` it is everywhere.

    ``subprotocol`` is the one that it speaks; ``None`` asks for none. ``connected`` makes the
    owner of a socket; ``heartbeat`` are the seconds between pings. ``ignores_case``: of letters
    in the path.
    """

    path: str
    subprotocol: str | None
    connected: Connected
    heartbeat: float
    ignores_case: bool = False

    def is_at(self, path: str) -> bool:
        """Does this path belong to the door?"""
        own, asked = (self.path, path)
        if self.ignores_case:
            own, asked = own.lower(), asked.lower()
        return not own or asked == own or asked.startswith(f"{own}/")


def door_for(
    doors: Sequence[WebsocketDoor], path: str, offered: Sequence[str]
) -> WebsocketDoor | None:
    """Find the first door at this path whose subprotocol is offered, or that asks for none."""
    for door in doors:
        if door.is_at(path) and (door.subprotocol is None or door.subprotocol in offered):
            return door
    return None


def frame(text: bytes) -> bytes:
    """Encode a whole text message as one unmasked frame (RFC 6455 §5.2)."""
    size = len(text)
    if size < 126:
        return b"\x81%c%b" % (size, text)
    return _header(size) + text


def _header(size: int) -> bytes:
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2, "big")
    return b"\x81\x7f" + size.to_bytes(8, "big")


class Socket(asyncio.Protocol):
    """One connection, from the HTTP upgrade on; one of ``doors`` makes its owner after it.

    ``connections`` is uvicorn's set of open connections, ``backlog`` counts what waits in all.
    """

    def __init__(
        self,
        doors: Sequence[WebsocketDoor],
        connections: set[Any],
        backlog: Backlog | None = None,
    ) -> None:
        self._doors = doors
        self._door: WebsocketDoor | None = None
        self._path = ""
        self._connections = connections
        self._backlog = backlog or Backlog()
        self._partial = 0  # bytes of a message that is not complete
        self._beats = 0  # heartbeats since it began
        self._protocol = ServerProtocol(
            max_size=MAX_FRAME,
            logger=_wire,
            select_subprotocol=lambda _, names: self._choose(names),
        )
        self._transport: asyncio.Transport | None = None
        self._owner: Owner | None = None
        self._text = bytearray()  # of fragments, of which a client may send any number
        self._is_text = True
        self._unread = bytearray()
        self._is_paused = False
        self._out: list[bytes] = []
        self._shared: list[bytes] = []  # those of `_out` that other sockets have as well
        self._gathered = 0
        self._control = 0  # bytes of control frames since the client has read everything
        self._heartbeat = 0.0
        self._is_alive = True
        self._closing = False
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self.ip = ""  # the peer's, until the owner knows better
        self.released: Callable[[], None] | None = None  # called at the end of the connection

    # --- asyncio's calls ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the connection; the upgrade's request has yet to arrive as data."""
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)
        peer = transport.get_extra_info("peername")
        self.ip = str(peer[0]) if isinstance(peer, tuple) and peer else ""
        self._transport.set_write_buffer_limits(high=0)  # so that `resume_writing` means: all read
        self._timer = self._loop.call_later(HANDSHAKE_SECONDS, self._abort)

    def data_received(self, data: bytes) -> None:
        """Handle the handshake and the frames in the data, in several turns if there is much."""
        self._is_alive = True
        if len(data) <= AT_ONCE and not self._unread:
            self._read(data)
            return
        if not self._unread:
            self._loop.call_soon(self._read_on)
            if self._transport is not None:
                self._transport.pause_reading()
        self._unread += data

    def _read_on(self) -> None:
        """Handle a part of what has come; what is left waits for the next turn."""
        begun = perf_counter()
        while self._unread and self._transport is not None and perf_counter() - begun < _TURN:
            part = bytes(self._unread[:AT_ONCE])
            del self._unread[:AT_ONCE]
            self._read(part)
        if self._transport is None:
            return
        if self._unread:
            self._loop.call_soon(self._read_on)
        elif self._transport is not None and (self._closing or not self._is_paused):
            self._transport.resume_reading()

    def _read(self, data: bytes) -> None:
        self._count(len(data))
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._accept(event)
            elif not self._closing:
                self._on_frame(cast(Frame, event))
        self._flush_control()
        if self._protocol.parser_exc is not None or self._protocol.close_expected():
            self._closing = True
            self._finish()
        elif self._partial > _LARGE and self._backlog.is_full:
            log.warning("too many half messages wait: a websocket client at %s is closed", self.ip)
            self.close(TRY_LATER, "too much at once")

    def _count(self, size: int) -> None:
        """Count bytes of a message that is not complete yet."""
        self._partial += size
        self._backlog.incoming += size

    def eof_received(self) -> bool:
        """Close the connection, since the client has closed its side."""
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """Release everything, and call the owner's ``lost``."""
        self._connections.discard(self)
        if self.released is not None:
            self.released()
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()
        owner, self._owner = self._owner, None
        self._transport = None
        self._unread.clear()
        self._text.clear()
        self._out.clear()
        self._shared.clear()
        self._count(-self._partial)
        self._backlog.remove(self)
        if owner is not None:
            owner.lost()

    def pause_writing(self) -> None:
        """Do nothing: ``_flush`` has noted what waits."""

    def resume_writing(self) -> None:
        """Note that the client has read everything."""
        self._control = 0
        self._backlog.remove(self)

    def cut(self) -> None:
        """End the connection at once, since too much waits in all sockets together."""
        self._closing = True
        self._abort()
        if self._owner is not None:
            self._owner.too_slow()

    def shutdown(self) -> None:
        """Close with code 1001; uvicorn calls this when it stops."""
        self.close(GOING_AWAY, "the server stops")

    # --- in -------------------------------------------------------------------------------------

    def _choose(self, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        """Choose the door; return the subprotocol for the handshake's answer."""
        self._door = door_for(self._doors, self._path, offered)
        spoken = None if self._door is None else self._door.subprotocol
        return None if spoken is None else Subprotocol(spoken)

    def _accept(self, request: Request) -> None:
        self._path = request.path.partition("?")[0]
        self._count(-self._partial)
        response = self._protocol.accept(request)
        if sum(len(name) + len(value) for name, value in request.headers.raw_items()) > MAX_HEAD:
            response = self._protocol.reject(431, "The headers are too large.\n")
        if response.status_code == 101 and self._door is None:
            response = self._protocol.reject(404, "There is no websocket here.\n")
        self._protocol.send_response(response)
        self._flush_control()
        if response.status_code != 101 or self._door is None:
            self._closing = True
            self._finish()
            return
        self._owner = self._door.connected(self, request)
        self._heartbeat = self._door.heartbeat
        self._restart_timer(self._heartbeat, self._beat)

    def _on_frame(self, event: Frame) -> None:
        if event.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._is_text, self._text = event.opcode is Opcode.TEXT, bytearray()
        elif event.opcode is not Opcode.CONT:
            self._count(len(self._text) - self._partial)
            return  # the protocol answers pings and closes itself
        self._text += event.data
        if event.fin:
            self._count(-self._partial)
            self._beats = 0
            text, self._text = bytes(self._text), bytearray()
            if not self._is_text:
                self.close(1003, "only text is understood")
            elif self._owner is not None:
                self._owner.received(text)

    def pause(self) -> None:
        """Stop reading from the client until ``resume``."""
        self._is_paused = True
        if self._transport is not None and not self._closing:
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read from the client again."""
        self._is_paused = False
        if self._transport is not None and not self._closing and not self._unread:
            self._transport.resume_reading()

    # --- out ------------------------------------------------------------------------------------

    def send(self, text: bytes) -> None:
        """Queue a message; those of one turn of the event loop are written together."""
        if self._closing or self._transport is None:
            return
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(frame(text))
        self._gathered += len(text)
        if self._gathered > FLUSH:
            self._flush()

    def send_shared(self, head: bytes, rest: bytes) -> None:
        """Queue the message ``head + rest``, of which others get ``rest``, too."""
        if len(rest) < SHARED:
            self.send(head + rest)
            return
        if self._closing or self._transport is None:
            return
        size = len(head) + len(rest)
        self._out += (_header(size) + head, rest)
        self._shared.append(rest)
        self._gathered += size
        self._flush()

    def _flush(self) -> None:
        transport, out, shared = self._transport, self._out, self._shared
        if transport is None or not out:
            return
        size = self._gathered
        self._out, self._shared, self._gathered = [], [], 0
        waiting = transport.get_write_buffer_size()
        # a client that has read everything gets a message of any size
        if waiting and waiting + size > MAX_PENDING:
            self._drop_slow()
            return
        if shared:
            transport.writelines(out)
        else:
            transport.write(out[0] if len(out) == 1 else b"".join(out))
        waiting = transport.get_write_buffer_size()
        if waiting:
            self._backlog.put(self, waiting, shared)

    def _drop_slow(self) -> None:
        log.warning("a websocket client at %s can't keep up: closed", self.ip)
        self.close(TRY_LATER, "too slow")
        if self._owner is not None:
            self._owner.too_slow()

    def _flush_control(self) -> None:
        if self._transport is None:
            return
        data = b"".join(self._protocol.data_to_send())
        sent = len(data)
        if sent:
            self._transport.write(data)
        waiting = self._transport.get_write_buffer_size() if sent else 0
        if not waiting:
            return
        self._control += sent
        if self._control > MAX_CONTROL:  # it sends pings, and reads no answers
            log.warning("a websocket client at %s reads no answers to its pings: cut", self.ip)
            self.cut()
        else:
            self._backlog.put(self, waiting, [])

    def close(self, code: int, reason: str) -> None:
        """Send a close frame; end when the client answers it, at the latest after CLOSE_SECONDS."""
        if self._closing:
            return
        if self._out:
            self._flush()
        self._closing = True
        if self._transport is None:
            return
        self._protocol.send_close(code, reason)
        self._flush_control()
        self._transport.resume_reading()
        self._restart_timer(CLOSE_SECONDS, self._abort)

    def _finish(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._restart_timer(CLOSE_SECONDS, self._abort)

    def _abort(self) -> None:
        self._unread.clear()  # nobody is left to answer it to
        if self._transport is not None:
            self._transport.abort()

    # --- the heartbeat --------------------------------------------------------------------------

    def _restart_timer(self, seconds: float, call: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, call)

    def _beat(self) -> None:
        """Ping the client; end the connection if nothing arrived since the last ping."""
        if self._closing:
            return
        self._beats += 1
        if not self._partial:
            self._beats = 0
        if not self._is_alive or self._beats > _MOST_BEATS:
            self._abort()
            return
        self._is_alive = False
        self._protocol.send_ping(b"")
        self._flush_control()
        self._restart_timer(self._heartbeat, self._beat)
