"""Live Query: clients, their messages and subscriptions over websockets (protocol §30)."""

import asyncio
import logging
import re
import time
from typing import Any

from websockets.http11 import Request

from parsepy.backend import Backend
from parsepy.errors import DENIED, Code, ParseError, denied
from parsepy.http.addresses import forwarded
from parsepy.http.failures import failure_of
from parsepy.http.websocket import Socket, WebsocketDoor
from parsepy.livequery import protocol
from parsepy.livequery.clients import LiveClient, require_connected
from parsepy.livequery.delivery import Delivery, Principals
from parsepy.livequery.protocol import (
    Connect,
    Fetch,
    FrameError,
    Message,
    Subscribe,
    Unsubscribe,
)
from parsepy.livequery.subscriptions import Compile, Subscription, SubscriptionIndex
from parsepy.livequery.transports import transport_of
from parsepy.model import match
from parsepy.model.permissions import is_hidden
from parsepy.model.query import Query, column_keys, parse_where
from parsepy.model.schema import is_class_name
from parsepy.model.scope import scope_of
from parsepy.model.where import Where, equals_id, fields_of
from parsepy.operations import access, class_rules, find, schemas
from parsepy.triggers import CONNECT, ConnectEvent, SubscribeEvent

log = logging.getLogger("parsepy.livequery")

HEARTBEAT_MS = 10_000
MAX_SUBSCRIPTIONS = 1000
BEHIND_SECONDS = 10.0
"""How old an event may be that has not been delivered yet, before ``/health`` tells of it."""
_MOST_NAMES = 1000
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0


class LiveQuery:
    """The Live Query server of one application, in one process.

    ``compile_where`` turns a where into a function of an object (``model/match.py``).
    """

    def __init__(self, backend: Backend, compile_where: Compile) -> None:
        options = backend.config.live_query
        names = options.class_names if options is not None else ()
        self._backend = backend
        self._live = re.compile("|".join(f"(?:{name})" for name in names)) if names else None
        self._index = SubscriptionIndex(compile_where)
        self._who = Principals(backend)
        self._clients: set[LiveClient] = set()
        self._delivery = Delivery(backend, self._index, self._who, self._clients)
        self._transport = transport_of(backend, self._index.listens, self.is_live)
        self._running: asyncio.Task[None] | None = None
        self._not_live: set[str] = set()
        self.slow_clients = 0
        """Clients that were closed because they could not keep up."""
        self.restarts = 0
        """How often the delivery of events broke off, and was taken up again."""
        server = backend.config.live_query_server_options
        milliseconds = (server.websocket_timeout if server else None) or HEARTBEAT_MS
        self._heartbeat = milliseconds / 1000

    def is_live(self, class_name: str) -> bool:
        """Is this class one of ``liveQuery.classNames``?

        A join table is none, although a pattern may fit its name.
        """
        return (
            self._live is not None
            and self._live.fullmatch(class_name) is not None
            and is_class_name(class_name)
            and ":" not in class_name
        )

    def listens(self, class_name: str) -> bool:
        """Does any client subscribe to this class?"""
        return self._index.listens(class_name)

    @property
    def connections(self) -> int:
        """How many clients are connected now."""
        return len(self._clients)

    @property
    def subscriptions(self) -> int:
        """How many subscriptions they have."""
        return len(self._index)

    @property
    def delivered(self) -> int:
        """How many events were sent, counted for each subscription."""
        return self._delivery.sent

    @property
    def behind(self) -> float:
        """The age in seconds of what has not been delivered yet; up to a second if all is well."""
        return self._transport.behind

    @property
    def missed(self) -> int:
        """How often events were lost for good."""
        return self._transport.missed

    @property
    def trouble(self) -> str | None:
        """What is wrong: ``restarting`` or ``behind``; None if all is well."""
        if self._running is not None and self._running.done():
            return "restarting"
        return "behind" if self.behind > BEHIND_SECONDS else None

    async def open(self) -> None:
        """Start to receive changes: what is stored after this returns will be delivered."""
        await self._transport.open()

    async def run(self) -> None:
        """Deliver events until cancelled; what breaks off is logged and taken up again."""
        pause = _FIRST_PAUSE
        try:
            while True:
                began = time.monotonic()
                self._running = asyncio.create_task(self._transport.run(self._delivery.deliver))
                try:
                    await asyncio.wait([self._running])
                finally:
                    if not self._running.done():
                        await cancelled(self._running)
                is_killed = self._running.cancelled()
                error = None if is_killed else self._running.exception()
                log.error("Live Query broke off, and is taken up again", exc_info=error)
                self.restarts += 1
                if time.monotonic() - began > _LONGEST_PAUSE:
                    pause = _FIRST_PAUSE
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        finally:
            await self._transport.close()

    @property
    def door(self) -> WebsocketDoor:
        """Where clients connect: Parse's SDKs may be told any path, and offer no subprotocol."""
        return WebsocketDoor("", None, self._connected, self._heartbeat)

    def _connected(self, socket: Socket, request: Request) -> LiveClient:
        headers = {
            name.lower().encode("latin-1"): value.encode("latin-1", "replace")
            for name, value in request.headers.raw_items()
        }
        told = request.headers.get_all("X-Forwarded-For")
        socket.ip = forwarded(socket.ip, told, self._backend.config.trust_proxy)
        client = LiveClient(socket, self._handle, self._gone, self._slow, headers)
        self._clients.add(client)
        return client

    def _gone(self, client: LiveClient) -> None:
        self._clients.discard(client)
        for subscription in client.subscriptions.values():
            self._drop(subscription)
        client.subscriptions.clear()

    def _slow(self) -> None:
        self.slow_clients += 1

    def _drop(self, subscription: Subscription) -> None:
        self._index.remove(subscription)

    # --- messages -------------------------------------------------------------------------------

    async def _handle(self, client: LiveClient, text: bytes) -> None:
        request_id: Any = None
        try:
            message = protocol.decode(text)
            request_id = getattr(message, "request_id", None)
            answer = await self._answer(client, message)
        except FrameError as error:
            answer = protocol.error(error.code, error.message, error.request_id)
        except Exception as error:  # noqa: BLE001 - around each message: the others go on
            failure = failure_of(self._backend, error, f"a message of client {client.id}")
            answer = protocol.error(failure.code, failure.message, request_id)
        client.socket.send(answer)

    async def _answer(self, client: LiveClient, message: Message) -> bytes:
        if isinstance(message, Connect):
            return await self._connect(client, message)
        if isinstance(message, Subscribe):
            require_connected(client, "subscribing")
            return await self._subscribe(client, message)
        if isinstance(message, Unsubscribe):
            require_connected(client, "unsubscribing")
            subscription = _subscription_of(client, message)
            del client.subscriptions[message.request_id]
            self._drop(subscription)
            return protocol.acknowledged("unsubscribed", subscription.address)
        require_connected(client, "querying")
        return await self._fetch(_subscription_of(client, message))

    async def _connect(self, client: LiveClient, message: Connect) -> bytes:
        if client.id:
            raise FrameError("This client is connected already")
        client.connect(message, self._backend)
        if self._backend.triggers.has("beforeConnect", CONNECT):
            await self._before_connect(client)
        return protocol.acknowledged("connected", client.address())

    async def _before_connect(self, client: LiveClient) -> None:
        token = client.token
        who = await self._who.of_token(token) if token is not None else None
        principal = await self._who.of(Subscription(client, 0, "", ())) if who is None else who
        event = ConnectEvent(
            kind="beforeConnect",
            class_name=CONNECT,
            request=self._who.context(client, principal),
            client_id=client.id,
            live=self._delivery.live_state(client, client.token),
        )
        try:
            await self._backend.triggers.run(event)
        except ParseError:
            client.id = ""
            client.is_master = False
            raise

    async def _subscribe(self, client: LiveClient, message: Subscribe) -> bytes:
        known = client.subscriptions.get(message.request_id)
        if known is None and len(client.subscriptions) >= MAX_SUBSCRIPTIONS:
            raise FrameError(
                f"More than {MAX_SUBSCRIPTIONS} subscriptions", request_id=message.request_id
            )
        made = await self._checked(client, message)
        self._require_live(made.class_name)
        await self._transport.follow(made.class_name)
        if client.is_lost:
            return b""
        self._index.add(made)  # first, since it refuses invalid patterns
        # looked up again: another message may have replaced it while this one waited
        known = client.subscriptions.pop(message.request_id, None)
        if known is not None:
            self._drop(known)
        client.subscriptions[message.request_id] = made
        return protocol.acknowledged("subscribed", made.address)

    def _require_live(self, class_name: str) -> None:
        """Raise ``ParseError`` for a class without events: Parse Server is silent about it."""
        if self.is_live(class_name):
            return
        if class_name not in self._not_live and len(self._not_live) < _MOST_NAMES:
            self._not_live.add(class_name)
            log.warning(
                "a client subscribes to %s, which is none of liveQuery.classNames: it is refused",
                class_name,
            )
        raise ParseError(
            Code.OPERATION_FORBIDDEN,
            f"{class_name} is not live: liveQuery.classNames does not name it.",
        )

    async def _checked(self, client: LiveClient, message: Subscribe) -> Subscription:
        """Make the subscription that a client asks for; raises its refusal (protocol §30.6)."""
        backend = self._backend
        made = Subscription(
            client,
            message.request_id,
            message.class_name,
            (),
            message.keys,
            message.watch,
            message.session_token,
            address=client.address(message.request_id),
            asked=frozenset(message.watch or ()),
        )
        principal = await self._who.of(made)
        context = self._who.context(client, principal)
        access.check_internal(context, made.class_name, "find")
        where = parse_where(
            message.where, privileged=principal.is_privileged, limits=backend.limits
        )
        made.asked = made.asked.union(fields_of(where))
        keys = None if message.keys is None else column_keys(message.keys)
        query = Query(made.class_name, where=where, limit=None, keys=keys)
        schema = await schemas.existing(backend, made.class_name)
        access.check_query(context, schema, query)
        _check_watch(context, schema, message.watch)
        query = await self._before_subscribe(context, client, made, query)
        made.keys = None if query.keys is None else frozenset(query.keys)
        made.operation = "find" if equals_id(query.where) is None else "get"
        scope_of(schema, made.operation, principal)  # refuses who may not read the class
        query = await class_rules.of(made.class_name).narrow(context, query)
        _check_decidable(query.where)
        made.where = query.where
        return made

    async def _before_subscribe(
        self, context: Any, client: LiveClient, made: Subscription, query: Query
    ) -> Query:
        triggers = self._backend.triggers
        if not triggers.has("beforeSubscribe", query.class_name):
            return query
        event = SubscribeEvent(
            kind="beforeSubscribe",
            class_name=query.class_name,
            request=context,
            query=query,
            client_id=client.id,
            subscription_id=made.request_id,
            live=self._delivery.live_state(client, made.token or client.token),
        )
        answer = await triggers.run(event)
        changed = answer if isinstance(answer, Query) else event.query
        if changed.class_name != query.class_name:
            raise ParseError(Code.SCRIPT_FAILED, "beforeSubscribe may not change the class.")
        return changed

    async def _fetch(self, subscription: Subscription) -> bytes:
        principal = await self._who.of(subscription)
        context = self._who.context(subscription.client, principal)
        keys = None if subscription.keys is None else tuple(subscription.keys)
        limit = self._backend.limits.default_limit
        query = Query(subscription.class_name, where=subscription.where, keys=keys, limit=limit)
        found = await find.find(context, query)
        objects = [{**item, "className": subscription.class_name} for item in found.objects]
        return protocol.results(subscription.address, objects)


def _subscription_of(client: LiveClient, message: Unsubscribe | Fetch) -> Subscription:
    found = client.subscriptions.get(message.request_id)
    if found is None:
        raise FrameError(
            f"Cannot find subscription with clientId {client.id} subscriptionId "
            f"{message.request_id}. Make sure you subscribe to live query server before "
            "unsubscribing.",
            code=protocol.NOT_KNOWN,
            request_id=message.request_id,
        )
    return found


def _check_decidable(where: Where) -> None:
    """Refuse what an object alone can't decide: it would never match.

    Parse: such a subscription is acknowledged and silent.
    """
    operator = match.beyond(where)
    if operator is not None:
        raise ParseError(
            Code.INVALID_QUERY, f"{operator} can't be followed live: ask for it by a query."
        )


def _check_watch(context: Any, schema: Any, watch: frozenset[str] | None) -> None:
    """Refuse to watch hidden fields, since each event would tell that one has changed."""
    hidden = schema.permissions.hidden_fields(context.principal)
    if watch and any(is_hidden(name, hidden) for name in watch):
        raise denied(Code.OPERATION_FORBIDDEN, DENIED)


async def cancelled(task: "asyncio.Task[None]") -> None:
    """Cancel a task and wait until it has ended."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
