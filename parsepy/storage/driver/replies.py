"""``Pool``: PyMongo's, with connections that await a reply without starting two tasks for it.

PyMongo starts one task to read a reply and one to look, every half second, whether the pool has
cancelled the connection. That is an eighth of a request's CPU time (`make bench`). Here the
caller reads by itself, and a timer looks. Where there is more to heed, a deadline or a reply
that nobody asked for, the driver does it its own way.

PyMongo also reads each reply in two pieces and stops reading in between, which are four system
calls more. Our protocol reads what has come at once, and never stops: MongoDB sends nothing but
replies.
"""

import asyncio
from struct import Struct
from typing import Any

from pymongo import _csot
from pymongo.asynchronous import pool
from pymongo.errors import AutoReconnect, ProtocolError, _OperationCancelled
from pymongo.message import _UNPACK_REPLY, _OpMsg
from pymongo.network_layer import PyMongoProtocol

from parsepy.storage.driver.pulse import ASK_SECONDS, PINGING, Pulse
from parsepy.storage.driver.received import received
from parsepy.storage.driver.reserve import CONNECTIONS, IS_RESERVED

NEEDED = (
    pool.AsyncConnection.receive_message,
    pool.AsyncConnection._raise_connection_failure,
    PyMongoProtocol._resolve_pending_messages,
)
"""What is used of PyMongo beside the names above: a version without it ends the import."""
_LOOK_SECONDS = 0.5
_CONNECT_SECONDS = 5.0
"""How long a new connection may take with greeting and log-in."""
_INBOX = 16 * 1024  # bytes that are read at once; a longer reply is given a place of its own
_HEADER = 16
_UNPACK_HEADER = Struct("<4i").unpack_from
"""Of a message: its length, its number, the number that it answers, its kind."""
_BODY = _HEADER + 5  # of a message: after its flags and the kind of its one section
_OP_MSG = 2013


class Pool(pool.Pool):
    """A pool for ``AsyncMongoClient``'s ``_pool_class``; ``pulse`` tells whether all is lost."""

    pulse: Pulse | None = None
    fewest: float = 0
    """How many connections any work may take."""

    @property
    def max_pool_size(self) -> float:
        """How many connections this work may take; reserved work may take a few more."""
        return self.fewest + CONNECTIONS if IS_RESERVED.get() else self.fewest

    @max_pool_size.setter
    def max_pool_size(self, most: float) -> None:
        self.fewest = most

    async def connect(self, handler: Any = None) -> pool.AsyncConnection:
        """Return a new connection, greeted and logged in; raises ConnectionFailure."""
        if self.is_sdam:  # those of the monitors wait for long, and cost nothing
            return await super().connect(handler)
        pulse = self.pulse
        if pulse is not None and pulse.is_silent and not PINGING.get():
            raise AutoReconnect("the database does not answer")
        try:
            made: Any = await asyncio.wait_for(super().connect(handler), _CONNECT_SECONDS)
        except TimeoutError as error:
            raise AutoReconnect("the database does not answer a new connection") from error
        made.__class__ = PooledConnection
        made.home, made.pulse, made.protocol = self, pulse, made.conn.get_conn
        made.is_watched = has_watchers(made)
        if made.compression_context is None:
            _read_at_once(made.protocol)
        connection: pool.AsyncConnection = made
        return connection


def has_watchers(connection: pool.AsyncConnection) -> bool:
    """Does anybody but the log hear of commands, or has the driver to add the API's version?"""
    listeners = connection.listeners
    is_heard = listeners is not None and listeners.enabled_for_commands
    return is_heard or connection.opts.server_api is not None


def pool_with(pulse: Pulse) -> type[Pool]:
    """Make the class of a client's pool, whose connections end when the database is silent."""
    return type("Pool", (Pool,), {"pulse": pulse})


class PooledConnection(pool.AsyncConnection):
    """A connection of our pool, its ``home``."""

    home: Any
    protocol: Any
    is_watched: bool
    """As ``has_watchers`` says."""
    pulse: Pulse | None = None
    _timer: asyncio.TimerHandle | None = None
    _awaits = False
    _asks = False  # the primary; else it may be any server that the driver has chosen
    _looks = 0

    @property
    def reads_at_once(self) -> bool:
        """May a command be sent by ``ask``? It heeds no deadline."""
        protocol = self.protocol
        return (
            protocol.__class__ is _Protocol
            and not protocol.gettimeout
            and not self.closed
            and not protocol.transport.is_closing()
        )

    async def ask(self, message: bytes, request_id: int) -> bytes:
        """The document of the primary's reply to a message that ``reads_at_once`` allows to send.

        Raises ConnectionFailure, and closes, where none comes.
        """
        protocol = self.protocol
        if self._timer is None:
            self._look_later()
        self._awaits = self._asks = True
        self._looks = 0
        try:
            waiter = protocol.expect()
            protocol.transport.write(message)
            response_to, document = await waiter
            if response_to != request_id:
                raise ProtocolError(f"Got the reply to {response_to!r}, not to {request_id!r}.")
            answer: bytes = document
            return answer
        except BaseException as error:  # noqa: BLE001 (the driver's: none in mid-reply is used again)
            await self._raise_connection_failure(error)
        finally:
            self._awaits = self._asks = False

    async def receive_message(self, request_id: int | None) -> _OpMsg:
        """The reply to a request; raises ConnectionFailure, and closes, where none comes."""
        if request_id is None or self.conn.gettimeout or _csot.get_timeout():
            return await super().receive_message(request_id)
        if self._timer is None:
            self._look_later()
        self._awaits = True
        self._looks = 0
        try:
            data, op_code = await self.conn.get_conn.read(request_id, self.max_message_size)
            counted = received.get()
            if counted is not None:
                counted.size += len(data)
            unpack = _UNPACK_REPLY.get(op_code)
            if unpack is None:
                raise ProtocolError(f"Got opcode {op_code!r}, which is no reply's.")
            return unpack(data)
        except BaseException as error:  # noqa: BLE001 (the driver's: none in mid-reply is used again)
            await self._raise_connection_failure(error)
        finally:
            self._awaits = False

    def _look_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._look)

    def _look(self) -> None:
        """One timer goes on over many replies, and ends when none is awaited."""
        self._timer = None
        if not self._awaits:
            return
        self._looks += 1
        pulse = self.pulse
        if self.cancel_context.cancelled:
            self.conn.get_conn.close(_OperationCancelled("operation cancelled"))
        elif pulse is not None and pulse.is_silent:
            self.conn.get_conn.close(TimeoutError("the database does not answer"))
        elif pulse is not None and self._looks * _LOOK_SECONDS >= ASK_SECONDS:
            if pulse.has_moved(self.address, is_primary=self._asks):
                self.conn.get_conn.close(OSError("another server is the primary now"))
                return
            pulse.ask()
            self._look_later()
        else:
            self._look_later()


class _Protocol(PyMongoProtocol):
    """Reads as much as has come; a reply goes to who expects it, or to the driver's ``read``."""

    _home: asyncio.AbstractEventLoop  # the loop that reads
    _inbox: memoryview
    _filled = 0  # bytes of the inbox
    _expected: asyncio.Future[tuple[int, bytes]] | None = None

    def expect(self) -> asyncio.Future[tuple[int, bytes]]:
        """What will be the next reply: which request it answers, and its document."""
        expected = self._expected = self._home.create_future()
        return expected

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where to put what comes."""
        if self._message is not None:
            return self._message[self._message_index :]
        return self._inbox[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        """Take what has come."""
        if nbytes == 0:
            self.close(OSError("connection closed"))
            return
        if self._connection_lost:
            return
        if self._message is not None:
            self._message_index += nbytes
            if self._message_index == len(self._message):
                whole, self._message = self._message, None
                _, _, response_to, op_code = _UNPACK_HEADER(whole)
                self._deliver(whole, response_to, op_code)
            return
        self._filled += nbytes
        while self._filled >= _HEADER:
            length, _, response_to, op_code = _UNPACK_HEADER(self._inbox)
            if not _BODY < length <= self._max_message_size:
                self.close(ProtocolError(f"A reply of {length} bytes."))
                return
            have = self._filled
            if have < length:
                if length > len(self._inbox):
                    self._message = memoryview(bytearray(length))
                    self._message[:have] = self._inbox[:have]
                    self._message_index, self._filled = have, 0
                return
            whole = self._inbox[:length]
            if have > length:  # the begin of another one
                whole = memoryview(bytes(whole))
                self._inbox[: have - length] = self._inbox[length:have]
            self._filled = have - length
            self._deliver(whole, response_to, op_code)

    def _deliver(self, whole: memoryview, response_to: int, op_code: int) -> None:
        """Give a reply, header and all, to who waits for it."""
        waiter, self._expected = self._expected, None
        if waiter is None:
            self._leave(op_code, response_to, memoryview(bytes(whole[_HEADER:])))
        elif waiter.done() or op_code != _OP_MSG or whole[_BODY - 1]:
            self.close(None if waiter.done() else ProtocolError(f"Got opcode {op_code!r}."))
        else:
            waiter.set_result((response_to, bytes(whole[_BODY:])))

    def _leave(self, op_code: int, response_to: int, message: memoryview) -> None:
        """Leave a reply where the driver's ``read`` takes it."""
        if self._pending_messages:
            result = self._pending_messages.popleft()
        else:
            result = asyncio.get_running_loop().create_future()
        if result.done():
            self.close(None)
            return
        result.set_result((op_code, None, response_to, message))
        self._done_messages.append(result)

    def _resolve_pending_messages(self, exc: Exception | None = None) -> None:
        waiter, self._expected = self._expected, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(OSError("connection closed") if exc is None else exc)
        super()._resolve_pending_messages(exc)


def _read_at_once(protocol: Any) -> None:
    """Have a driver's protocol, which waits for nothing, read our way from now on."""
    kind: type = type(protocol)
    if kind is not PyMongoProtocol or protocol._pending_messages:
        return
    protocol.__class__ = _Protocol
    protocol._home = asyncio.get_running_loop()
    protocol._inbox = memoryview(bytearray(_INBOX))
    protocol.transport.set_protocol(protocol)  # which looks up the methods anew
    protocol.transport.resume_reading()
