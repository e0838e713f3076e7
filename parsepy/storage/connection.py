"""``Connection``: a MongoDB database, its collections and transactions."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from functools import partial

import pymongo
from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import (
    AutoReconnect,
    NotPrimaryError,
    PyMongoError,
    ServerSelectionTimeoutError,
    WriteConcernError,
)

from parsepy.storage.building import Building
from parsepy.storage.documents import CODEC, Document
from parsepy.storage.driver import Collection, Pulse, Reads, Writes, reserved
from parsepy.storage.failures import Unavailable, guard, loss_of, no_transactions, translated
from parsepy.storage.transactions import Call, Result, RunningTransaction

RUNNING: ContextVar[RunningTransaction | None] = ContextVar("parsepy_transaction", default=None)
_MOST_COLLECTIONS = 10_000
_PING_SECONDS = 6.0
_RETRY_SECONDS = 8.0
"""How long a read is tried again while the database changes its primary."""
_RETRY_PAUSE = 0.25
CLOSE_SECONDS = 1.0
"""How long closing waits for a database that may be dead."""
_NO_PRIMARY = (10107, 13435)  # NotWritablePrimary, NotPrimaryNoSecondaryOk


def _is_refusal(error: AutoReconnect) -> bool:
    """Has the server refused, so that certainly nothing has happened?"""
    details = error.details if isinstance(error, NotPrimaryError) else None
    return isinstance(details, Mapping) and details.get("code") in _NO_PRIMARY


class Connection:
    """One database, and the transaction that the code may run in.

    The parts of a storage share it. ``reads`` and ``writes`` are how documents are read and
    written; ``in_memory`` says that the database is one of this process, without MongoDB. ``pulse``
    tells whether the database answers at all.
    """

    def __init__(
        self,
        client: AsyncMongoClient[Document],
        database: str,
        *,
        prefix: str = "",
        reads: Reads | None = None,
        writes: Writes | None = None,
        in_memory: bool = False,
        pulse: Pulse | None = None,
    ) -> None:
        self.client = client
        self.database = client.get_database(database, codec_options=CODEC)
        self.prefix = prefix
        self.reads = reads or Reads()
        self.writes = writes or Writes()
        self.in_memory = in_memory
        self.retry_lock = asyncio.Lock()
        """Held by a transaction that has met another one: such follow one another."""
        self.building = Building(self.database)
        self.is_standalone = False
        """Is it a MongoDB alone, that has neither transactions nor change streams?"""
        self._collections: dict[str, Collection] = {}
        self._pulse = pulse
        if pulse is not None:
            pulse.ping = partial(self.database.command, "ping")
            pulse.topology = lambda: client.topology_description

    async def ping(self) -> None:
        """Return when the database has answered; raise ``Unavailable`` otherwise."""
        try:
            with reserved():
                await asyncio.wait_for(self.database.command("ping"), _PING_SECONDS)
        except (PyMongoError, TimeoutError) as error:
            raise Unavailable(str(error) or "no answer") from error

    async def look(self) -> None:
        """Find out what kind of MongoDB it is; raises ``Unavailable``."""
        if self.in_memory:
            return
        try:
            hello = await self.database.command("hello")
        except PyMongoError as error:
            raise Unavailable(str(error)) from error
        self.is_standalone = "setName" not in hello and hello.get("msg") != "isdbgrid"

    async def version(self) -> str:
        """Tell MongoDB's version; "" for the stand-in in memory. Raises ``Unavailable``."""
        if self.in_memory:
            return ""
        try:
            with reserved():
                told = await asyncio.wait_for(self.database.command("buildInfo"), _PING_SECONDS)
        except (PyMongoError, TimeoutError) as error:
            raise Unavailable(str(error) or "no answer") from error
        return str(told["version"])

    async def close(self) -> None:
        """Close the connections."""
        if self._pulse is not None:
            self._pulse.close()
        with pymongo.timeout(CLOSE_SECONDS):
            await self.client.close()

    async def drop_database(self) -> None:
        """Delete everything (for tests)."""
        await self.client.drop_database(self.database.name)

    def collection(self, name: str) -> Collection:
        """The MongoDB collection of a class or join table."""
        found = self._collections.get(name)
        if found is None:
            if len(self._collections) >= _MOST_COLLECTIONS:
                self._collections.clear()  # a client may ask for what was never there
            found = self._collections[name] = self.database[self.prefix + name]
        return found

    @property
    def in_transaction(self) -> bool:
        """Is this code inside ``transaction``?"""
        return RUNNING.get() is not None

    @property
    def current_transaction(self) -> object | None:
        """What is the same as long as this code is inside of one ``transaction``."""
        return RUNNING.get()

    @contextmanager
    def outside_transaction(self) -> Iterator[None]:
        """Read what others have written by now, whatever transaction this code is in."""
        token = RUNNING.set(None)
        try:
            yield
        finally:
            RUNNING.reset(token)

    @asynccontextmanager
    async def transaction(self, attempts: int = 1) -> AsyncIterator[None]:
        """All calls inside commit together or, on an exception, not at all.

        What belongs to the schema (columns, indexes) stays either way; indexes are made when
        the transaction is over. Calls inside follow one another: a session carries one at a
        time. When another transaction comes in between, the calls are made again, up to
        ``attempts`` times in all; raises ``Conflict`` when that does not help, and
        OPERATION_FORBIDDEN on a MongoDB that has no transactions.
        """
        if self.is_standalone:
            raise no_transactions()
        lasting: list[Callable[[], Awaitable[None]]] = []
        undone: list[Callable[[], None]] = []
        ended: list[Callable[[], None]] = []
        is_committed = False
        try:
            async with self.client.start_session() as session:
                running = RunningTransaction(session, self.retry_lock, attempts)
                running.lasting, running.undone, running.ended = lasting, undone, ended
                try:
                    await session.start_transaction()
                    token = RUNNING.set(running)
                    try:
                        yield
                    finally:
                        RUNNING.reset(token)
                    await running.commit()
                    is_committed = True
                except PyMongoError as error:
                    raise translated(error) from error
                finally:  # the end of the session aborts what was not committed
                    await running.close()
        finally:
            if not is_committed:
                for call in undone:
                    call()
            try:
                for write in lasting:
                    await write()
            finally:
                for call in ended:
                    call()
        for make_index in running.postponed:
            await make_index()
        for call in running.committed:
            call()

    async def after_commit(self, call: Callable[[], None]) -> None:
        """Call when what was written is there to stay: now, or when the transaction commits."""
        running = RUNNING.get()
        if running is None:
            call()
        else:
            running.committed.append(call)

    async def after_rollback(self, call: Callable[[], None]) -> None:
        """Call when the current transaction, if there is one, was not committed."""
        running = RUNNING.get()
        if running is not None:
            running.undone.append(call)

    async def after_transaction(self, write: Callable[[], Awaitable[None]]) -> None:
        """Write what no rollback may undo: now, or when the transaction is over, either way."""
        running = RUNNING.get()
        if running is None:
            await write()
        else:
            running.lasting.append(write)

    def at_end(self, call: Callable[[], None]) -> None:
        """Call when the current transaction is over, either way, and all is written for it."""
        running = RUNNING.get()
        assert running is not None
        running.ended.append(call)

    async def read(self, call: Call[Result]) -> Result:
        """Make a driver call that reads, or may be made twice; raises PyMongo's errors.

        Outside a transaction it is made again, for some seconds, while connections are lost: the
        driver itself tries once more, which is too soon while a new primary is elected.
        """
        running = RUNNING.get()
        if running is not None:
            return await running.call(call)
        if self._pulse is not None and self._pulse.is_silent:
            raise AutoReconnect("the database does not answer")
        try:
            return await call(None)
        except AutoReconnect as error:
            return await self.again(call, error)

    async def do(self, call: Call[Result]) -> Result:
        """Make a driver call, in the transaction if there is one; raises PyMongo's errors.

        Outside one it is made again only after a server has refused it for being no primary.
        """
        running = RUNNING.get()
        if running is not None:
            return await running.call(call)
        if self._pulse is not None and self._pulse.is_silent:
            raise AutoReconnect("the database does not answer")
        try:
            return await call(None)
        except AutoReconnect as error:
            return await self.again(call, error, is_harmless=False)

    async def write(self, call: Callable[[], Awaitable[Result]]) -> Result:
        """Make a driver call outside any transaction, as often as ``read`` does."""

        async def made(_: AsyncClientSession | None = None) -> Result:
            try:
                return await call()
            except WriteConcernError as error:
                lost = loss_of(error)
                if lost is None:
                    raise
                raise lost from error

        try:
            return await made()
        except AutoReconnect as error:
            return await self.again(made, error)

    async def again(
        self, call: Call[Result], failure: AutoReconnect, *, is_harmless: bool = True
    ) -> Result:
        """Make a call that has failed again, while that may help.

        Unless it is harmless to make it twice, only while it was refused. Raises PyMongo's errors.
        """
        until = time.monotonic() + _RETRY_SECONDS
        while (is_harmless or _is_refusal(failure)) and not self._is_lost(failure):
            if time.monotonic() > until:
                break
            await asyncio.sleep(_RETRY_PAUSE)
            try:
                return await call(None)
            except AutoReconnect as error:
                failure = error
        raise failure

    def _is_lost(self, failure: AutoReconnect) -> bool:
        """Is there no use in trying again soon?"""
        if isinstance(failure, ServerSelectionTimeoutError):
            return True  # it has waited long enough for a primary
        return self._pulse is not None and self._pulse.is_silent

    async def run(self, call: Call[Result]) -> Result:
        """Make a driver call, in the transaction if there is one; raises the storage's errors."""
        with guard():
            return await self.do(call)
