"""``Pool``: PyMongo's, with connections that await a reply without starting two tasks for it.

PyMongo starts one task to read a reply and one to look, every half second, whether the pool has
cancelled the connection. That is an eighth of a request's CPU time (`make bench`). Here the
caller reads by itself, and a timer looks. Where there is more to heed, a deadline or a reply
that nobody asked for, the driver does it its own way.
"""

import asyncio
from typing import Any

from pymongo import _csot
from pymongo.asynchronous import pool
from pymongo.errors import AutoReconnect, ProtocolError, _OperationCancelled
from pymongo.message import _UNPACK_REPLY, _OpMsg

from parsepy.storage.driver.pulse import ASK_SECONDS, PINGING, Pulse
from parsepy.storage.driver.reserve import CONNECTIONS, IS_RESERVED

NEEDED = (pool.AsyncConnection.receive_message, pool.AsyncConnection._raise_connection_failure)
"""What is used of PyMongo beside the names above: a version without it ends the import."""
_LOOK_SECONDS = 0.5
_CONNECT_SECONDS = 5.0
"""How long a new connection may take with greeting and log-in."""


class Pool(pool.Pool):
    """A pool for ``AsyncMongoClient``'s ``_pool_class``; ``pulse`` tells whether all is lost."""

    pulse: Pulse | None = None
    _most: float = 0

    @property
    def max_pool_size(self) -> float:
        """How many connections this work may take; reserved work may take a few more."""
        return self._most + CONNECTIONS if IS_RESERVED.get() else self._most

    @max_pool_size.setter
    def max_pool_size(self, most: float) -> None:
        self._most = most

    async def connect(self, handler: Any = None) -> pool.AsyncConnection:
        """Return a new connection, greeted and logged in; raises ConnectionFailure."""
        if self.is_sdam:
            return await super().connect(handler)
        pulse = self.pulse
        if pulse is not None and pulse.is_silent and not PINGING.get():
            raise AutoReconnect("the database does not answer")
        try:
            connection = await asyncio.wait_for(super().connect(handler), _CONNECT_SECONDS)
        except TimeoutError as error:
            raise AutoReconnect("the database does not answer a new connection") from error
        # those of the monitors wait for long, and cost nothing
        connection.__class__ = _Connection
        assert isinstance(connection, _Connection)
        connection.pulse = pulse
        return connection


def pool_with(pulse: Pulse) -> type[Pool]:
    """Make the class of a client's pool, whose connections end when the database is silent."""
    return type("Pool", (Pool,), {"pulse": pulse})


class _Connection(pool.AsyncConnection):
    pulse: Pulse | None = None
    _timer: asyncio.TimerHandle | None = None
    _awaits = False
    _looks = 0

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
        else:
            if pulse is not None and self._looks * _LOOK_SECONDS >= ASK_SECONDS:
                pulse.ask()
            self._look_later()
