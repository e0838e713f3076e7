"""``SocketClient``: one websocket, its credentials and its operations."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from parsepy.backend import Backend
from parsepy.errors import ParseError
from parsepy.graphql import messages
from parsepy.graphql.executor import Result
from parsepy.graphql.failures import error_of, with_code
from parsepy.graphql.following import FollowedOperation, LiveSource
from parsepy.graphql.messages import (
    ACKNOWLEDGED,
    PONG,
    CloseCode,
    ConnectionInit,
    EndOperation,
    MessageError,
    Ping,
    StartOperation,
)
from parsepy.graphql.processor import CheckedOperation, RequestFailed, RequestProcessor
from parsepy.graphql.runs import SIDE_BY_SIDE
from parsepy.graphql.socket_requests import SocketRequests, credential_headers
from parsepy.graphql.transport import BadRequest, GraphQLRequest, encoded
from parsepy.http.exchange import Exchange
from parsepy.http.failures import failure_of
from parsepy.http.message_queue import MessageQueue
from parsepy.http.refusals import HTTPRefusal
from parsepy.http.websocket import TRY_LATER, Socket

LONGEST_MESSAGE = 100 * 1024
"""Bytes of one message, as of a request in JSON over HTTP."""
MOST_OPERATIONS = 1000
"""Operations that a connection may have at a time, most of them subscriptions."""
MOST_READING = 100
"""Subscriptions of a connection for whose events something has to be read."""
MOST_HELD = 1024 * 1024
"""Bytes of messages that a connection's operations may have come in, since these are kept."""
INIT_SECONDS = 10.0
"""How long a client may take to send its keys."""


@dataclass(frozen=True, slots=True)
class Serving:
    """What the connections of an application share; ``gone`` is told of each that has ended."""

    backend: Backend
    processor: RequestProcessor
    requests: SocketRequests
    live: LiveSource | None
    gone: Callable[["SocketClient"], None]


class _Running:
    """An operation of a client; ``size`` are the bytes of its message."""

    def __init__(self, operation_id: str, size: int) -> None:
        self.id = operation_id
        self.size = size
        self.followed: FollowedOperation | None = None
        self.subscription: Any = None


class SocketClient:
    """One connection; ``headers`` are those of the upgrade, and later the client's credentials."""

    def __init__(self, serving: Serving, socket: Socket, headers: Mapping[bytes, bytes]) -> None:
        self._serving = serving
        self.socket = socket
        self.headers = headers
        self._messages = MessageQueue(socket, self._handle)
        self._operations: dict[str, _Running] = {}
        self._held = 0
        self._room = asyncio.Semaphore(SIDE_BY_SIDE)
        self._reading = asyncio.Semaphore(SIDE_BY_SIDE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._follower: Any = None
        self._is_acknowledged = self._has_begun = self._is_lost = self._is_slow = False
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(INIT_SECONDS, self._expired)

    # --- the socket's calls ---------------------------------------------------------------------

    def received(self, text: bytes) -> None:
        """Handle a message after those before it."""
        if len(text) > LONGEST_MESSAGE:
            self._close(CloseCode.TOO_BIG, f"A message has more than {LONGEST_MESSAGE} bytes")
        elif not self._is_lost:
            self._messages.put(text)

    def lost(self) -> None:
        """End everything: the connection has ended."""
        self._drop()
        self._serving.gone(self)

    def too_slow(self) -> None:
        """Note that the connection is being closed because its client reads too slowly."""
        self._is_slow = True

    def _close(self, code: int, reason: str) -> None:
        self.socket.close(code, reason)
        self._drop()

    def _drop(self) -> None:
        self._is_lost = True
        self._timer.cancel()
        self._messages.close()
        for running in list(self._operations.values()):
            self._end(running)
        live, follower = self._serving.live, self._follower
        self._follower = None
        if live is not None and follower is not None:
            live.leave(follower, is_slow=self._is_slow)

    def _expired(self) -> None:
        if not self._has_begun:
            self._close(CloseCode.INITIALISATION_TIMEOUT, "Connection initialisation timeout")

    # --- messages -------------------------------------------------------------------------------

    async def _handle(self, text: bytes) -> None:
        try:
            message = messages.decode(text)
            if isinstance(message, ConnectionInit):
                await self._init(message)
            elif isinstance(message, StartOperation):
                await self._start(message, len(text))
            elif isinstance(message, EndOperation):
                running = self._operations.get(message.id)
                if running is not None:
                    self._end(running)
            elif isinstance(message, Ping):
                self.socket.send(PONG)
        except MessageError as error:
            self._close(error.code, error.reason)

    async def _init(self, message: ConnectionInit) -> None:
        if self._has_begun:
            raise MessageError(
                CloseCode.TOO_MANY_INITIALISATIONS, "Too many initialisation requests"
            )
        self._has_begun = True
        given = credential_headers(message.payload)
        # the upgrade's own credentials don't count: a browser's page can't choose them
        kept = {
            name: value
            for name, value in self.headers.items()
            if not name.startswith(b"x-parse-") and name != b"authorization"
        }
        self.headers = {**kept, **given}
        exchange = self._begin()
        try:
            await self._serving.requests.admit(exchange)
            await self._join(exchange)
        except Exception as error:
            where = f"request {exchange.request_id}: connection_init"
            failure = failure_of(self._serving.backend, error, where)
            is_refused = isinstance(error, ParseError | HTTPRefusal)
            reason = failure.message if is_refused else "Internal server error"
            raise MessageError(CloseCode.FORBIDDEN, f"Forbidden: {reason}") from error
        finally:
            self._serving.requests.end(exchange)
        if not self._is_lost:
            self._is_acknowledged = True
            self.socket.send(ACKNOWLEDGED)

    async def _join(self, exchange: Exchange) -> None:
        live = self._serving.live
        if live is None:
            return
        who = exchange.principal
        follower = await live.join(
            who if who.is_privileged else None,
            exchange.credentials.session_token or None,
            exchange.credentials.installation_id or None,
            ip=exchange.ip,
            headers=exchange.headers,
        )
        if self._is_lost:
            live.leave(follower)
        else:
            self._follower = follower

    async def _start(self, message: StartOperation, size: int) -> None:
        if not self._is_acknowledged:
            raise MessageError(CloseCode.UNAUTHORIZED, "Unauthorized")
        if message.id in self._operations:
            raise MessageError(
                CloseCode.OPERATION_EXISTS, f"Subscriber for {message.id} already exists"
            )
        if len(self._operations) >= MOST_OPERATIONS or self._held + size > MOST_HELD:
            reason = f"More than {MOST_OPERATIONS} operations, or {MOST_HELD} bytes of them."
            self._refuse(message.id, [{"message": reason, "extensions": {"code": "BAD_REQUEST"}}])
            return
        running = self._operations[message.id] = _Running(message.id, size)
        self._held += size
        # Subscriptions begin in the order of messages, so that the answer to a ping says that all
        # before have begun. What queries and mutations take long for goes on beside them.
        exchange = self._begin()
        goes_on = False
        try:
            async with self._reported(running, exchange, message.asked):
                await self._serving.requests.admit(exchange)
                operation = await self._serving.processor.check(exchange, message.asked)
                if operation.is_subscription:
                    await self._follow(running, exchange, operation)
                else:
                    await self._room.acquire()
                    task = asyncio.create_task(self._execute(running, exchange, operation))
                    goes_on = True
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
        finally:
            if not goes_on:
                self._serving.requests.end(exchange)

    def _begin(self) -> Exchange:
        return self._serving.requests.begin(self.socket.ip, self.headers)

    def _refuse(self, operation_id: str, problems: list[Any]) -> None:
        self.socket.send(messages.errors(operation_id, problems))

    # --- operations -----------------------------------------------------------------------------

    @asynccontextmanager
    async def _reported(
        self, running: _Running, exchange: Exchange, asked: GraphQLRequest
    ) -> AsyncIterator[None]:
        """Tell the client what an operation is refused for; nothing is raised."""
        processor = self._serving.processor
        try:
            yield
        except RequestFailed as failed:
            self._failed(running, processor.shown(exchange, asked, failed.errors))
        except BadRequest as error:
            made = with_code(error.message, "BAD_REQUEST")
            self._failed(running, processor.shown(exchange, asked, [made]))
        except Exception as error:  # noqa: BLE001 - the outermost handler, which logs
            where = f"request {exchange.request_id}: GraphQL over a websocket"
            failure = failure_of(self._serving.backend, error, where)
            code = "FORBIDDEN" if failure.code is None else failure.code
            problem = {"message": failure.message, "extensions": {"code": code}}
            self._failed(running, [problem])

    async def _execute(
        self, running: _Running, exchange: Exchange, operation: CheckedOperation
    ) -> None:
        try:
            async with self._reported(running, exchange, operation.asked):
                if not self._is_current(running):
                    return
                result = await self._serving.processor.execute(exchange, operation)
                if self._is_current(running):
                    self._send(running, exchange, operation.asked, result)
                    self._finish(running)
        finally:
            self._room.release()
            self._serving.requests.end(exchange)
            unanswered = self._serving.backend.unanswered
            if unanswered is not None:
                unanswered.end(exchange.request_id)

    async def _follow(
        self, running: _Running, exchange: Exchange, operation: CheckedOperation
    ) -> None:
        live, follower = self._serving.live, self._follower
        if live is None or follower is None:
            raise RequestFailed([GraphQLError("No class can be followed.")])
        run = self._serving.processor.run(exchange, operation)
        run.context.is_answered = False  # events are no answer of a request

        def tell(result: Result) -> None:
            if self._is_current(running):
                self._send(running, exchange, operation.asked, result)

        followed = FollowedOperation(operation, run, self._reading, tell, self._fall_behind)
        if followed.followed.has_more and self._reading_operations() >= MOST_READING:
            reason = f"More than {MOST_READING} subscriptions that lead to other objects."
            raise RequestFailed([with_code(reason, "BAD_REQUEST")])
        running.followed = followed
        try:
            subscription = await live.follow(
                follower,
                running.id,
                followed.followed.class_name,
                where=followed.where,
                observer=followed,
            )
        except ParseError as error:
            raise RequestFailed([error_of(run.context, error, "GraphQL")]) from error
        if self._is_current(running):
            running.subscription = subscription
        else:
            live.unfollow(subscription)

    def _reading_operations(self) -> int:
        return sum(
            1
            for other in self._operations.values()
            if other.followed is not None and other.followed.followed.has_more
        )

    def _send(
        self,
        running: _Running,
        exchange: Exchange,
        asked: GraphQLRequest,
        result: Result | bytes,
    ) -> None:
        if isinstance(result, bytes):
            payload = result.rstrip()
        elif result.errors:
            shown = self._serving.processor.shown(exchange, asked, result.errors)
            payload = encoded({"errors": shown, "data": result.data})
        else:
            payload = encoded({"data": result.data})
        self.socket.send(messages.next_result(running.id, payload))

    def _is_current(self, running: _Running) -> bool:
        """Does the client still wait for this operation?"""
        return self._operations.get(running.id) is running

    def _failed(self, running: _Running, problems: list[Any]) -> None:
        if self._is_current(running):
            self._refuse(running.id, problems)
            self._end(running)

    def _finish(self, running: _Running) -> None:
        self.socket.send(messages.complete(running.id))
        self._end(running)

    def _end(self, running: _Running) -> None:
        """Forget an operation; what it still does is not told."""
        if not self._is_current(running):
            return
        del self._operations[running.id]
        self._held -= running.size
        if running.followed is not None:
            running.followed.end()
        if running.subscription is not None and self._serving.live is not None:
            self._serving.live.unfollow(running.subscription)

    def end_others(self, fields: frozenset[str]) -> None:
        """End the subscriptions whose fields are not among those that there are now."""
        for running in list(self._operations.values()):
            if running.followed is not None and running.followed.field not in fields:
                self._finish(running)

    def _fall_behind(self) -> None:
        self._is_slow = True
        self._close(TRY_LATER, "too slow")
