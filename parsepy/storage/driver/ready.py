"""``PrimaryPool``: the connections to a client's primary that lie ready in the driver's pool.

To choose the server and to take a connection costs PyMongo some forty calls and a dozen locks,
each time with the same outcome. Between two reports of the monitors the choice is the same; and
where a connection lies ready and nobody waits for one, taking it and giving it back needs no lock,
as nothing else runs in between. Whatever is not so goes the driver's way: the counts that we keep
are the pool's own.
"""

import logging
import os
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.asynchronous import pool, topology

# where every version has them
from pymongo.asynchronous.pool import PoolState  # type: ignore[attr-defined]
from pymongo.asynchronous.topology import _ErrorContext  # type: ignore[attr-defined]
from pymongo.logger import _CONNECTION_LOGGER

from parsepy.storage.documents import Document
from parsepy.storage.driver.replies import Pool, PooledConnection

NEEDED = (
    topology.Topology.handle_error,
    pool.Pool.checkin,
    pool.AsyncConnection.idle_time_seconds,
    pool.AsyncConnection.update_last_checkin_time,
    pool.AsyncConnection.update_is_writable,
)
"""What is used of PyMongo beside the names above: a version without it ends the import."""
_MOST_IDLE = 0.9  # seconds: after one the driver looks whether a connection still stands
_process = os.getpid()


def _forked() -> None:
    global _process
    _process = os.getpid()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


class PrimaryPool:
    """The primary of a client's deployment, as the driver has last chosen it."""

    def __init__(self, client: AsyncMongoClient[Document]) -> None:
        self.client = client
        self.preference: Any = None
        """The read preference by which commands are sent there."""
        self.has_sessions = False
        """Does it know sessions, and so writes that may be tried again?"""
        self.counts_truly = False
        """Does its ``count`` tell what there is? A router's counts what is being moved twice."""
        self._chosen: Any = None  # the description of the deployment by which it was chosen
        self._pool: Any = None

    @property
    def is_known(self) -> bool:
        """Has the driver chosen one, to which we may send writes?"""
        return self._pool is not None

    def seen(self) -> Any:
        """What the driver knows of the deployment now: the same as long as nothing is reported."""
        known = self.client._topology
        return None if known is None else known._description

    def learn(self, seen: Any, connection: Any, preference: Any) -> None:
        """Remember what the driver has chosen when it knew what was ``seen``."""
        self.counts_truly = not connection.is_mongos
        if seen is None or seen is not self.seen():
            return
        server = self.client._topology._servers.get(connection.address)
        if server is None or not isinstance(server.pool, Pool):
            return
        if not hasattr(server.pool.gen, "get"):
            return  # another version's
        options = server.pool.opts
        listeners = options._event_listeners
        if options.max_idle_time_seconds is not None or (
            listeners is not None and listeners.enabled_for_cmap
        ):
            return  # the driver has more to do
        self.preference = preference
        self.has_sessions = bool(server.description.retryable_writes_supported)
        self._chosen, self._pool = seen, server.pool

    def take(self) -> PooledConnection | None:
        """A connection that lies ready; ``None`` where the driver has to see to it."""
        found = self._pool
        known = self.client._topology
        if (
            found is None
            or known is None
            or known._description is not self._chosen
            or found.state != PoolState.READY
            or not found.conns
            # the second costs more, as it may depend on who asks
            or (found.requests >= found.fewest and found.requests >= found.max_pool_size)
            or found.pid != _process
            or _CONNECTION_LOGGER.isEnabledFor(logging.DEBUG)
        ):
            return None
        connection: PooledConnection = found.conns[0]
        if (
            connection.__class__ is not PooledConnection
            or not connection.reads_at_once
            or connection.cancel_context.cancelled
            or connection.idle_time_seconds() > _MOST_IDLE
            or connection.generation != found.gen.get(connection.service_id)
        ):
            return None
        found.conns.popleft()
        found.operation_count += 1
        found.requests += 1
        found.active_sockets += 1
        found.active_contexts.add(connection.cancel_context)
        connection.active = True
        return connection

    async def give_back(
        self, connection: PooledConnection, failure: BaseException | None = None
    ) -> None:
        """Put a connection back that ``take`` gave, and tell the driver of a failure."""
        if failure is None:
            if not self.put_back(connection):
                await connection.home.checkin(connection)
            return
        context = _ErrorContext(
            failure,
            connection.max_wire_version,
            connection.generation,
            True,
            connection.service_id,
        )
        try:
            await self.client._topology.handle_error(connection.address, context)
        finally:
            await connection.home.checkin(connection)

    def put_back(self, connection: PooledConnection) -> bool:
        """Put a connection back that ``take`` gave; false where the driver has to see to it."""
        found = connection.home
        if (
            connection.closed
            or found.state != PoolState.READY
            or found.size_cond._waiters
            or found._max_connecting_cond._waiters
            or connection.generation != found.gen.get(connection.service_id)
        ):
            return False
        found.active_contexts.discard(connection.cancel_context)
        found.requests -= 1
        found.active_sockets -= 1
        found.operation_count -= 1
        connection.active = False
        connection.update_last_checkin_time()
        connection.update_is_writable(bool(found.is_writable))
        found.conns.appendleft(connection)
        return True
