"""Live Query: clients, their messages and subscriptions over websockets (protocol §30)."""

import asyncio
import logging
import re
import time
from collections.abc import Mapping
from typing import Any

from websockets.http11 import Request

from parsepy.backend import Backend
from parsepy.config import LiveQueryServerOptions
from parsepy.errors import Code, ParseError
from parsepy.http.addresses import forwarded
from parsepy.http.failures import failure_of
from parsepy.http.turns import Turns
from parsepy.http.websocket import Socket, WebsocketDoor
from parsepy.livequery import protocol
from parsepy.livequery.clients import (
    Follower,
    LiveClient,
    require_connected,
    subscription_of,
)
from parsepy.livequery.costs import CostLimits, checked_cost
from parsepy.livequery.delivery import Delivery
from parsepy.livequery.protocol import (
    Connect,
    FrameError,
    Message,
    Subscribe,
    Unsubscribe,
)
from parsepy.livequery.resuming import Resumptions
from parsepy.livequery.rights import Principals
from parsepy.livequery.subscribing import SubscriptionChecks
from parsepy.livequery.subscriptions import Compile, Observer, Subscription, SubscriptionIndex
from parsepy.livequery.transports import transport_of
from parsepy.model.principal import NOBODY, Principal
from parsepy.model.query import Query
from parsepy.model.schema import is_class_name
from parsepy.model.values import JSONObject
from parsepy.operations import find
from parsepy.triggers import CONNECT, ConnectEvent

log = logging.getLogger("parsepy.livequery")

HEARTBEAT_MS = 10_000
CONNECT_SECONDS = 30.0
"""How long a client may take to send its connect message."""
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
        server = backend.config.live_query_server_options or LiveQueryServerOptions()
        names = options.class_names if options is not None else ()
        self._backend = backend
        self._live = re.compile("|".join(f"(?:{name})" for name in names)) if names else None
        self._index = SubscriptionIndex(compile_where)
        self._who = Principals(backend)
        self._clients: set[LiveClient | Follower] = set()
        self._delivery = Delivery(backend, self._index, self._who, self._clients, self._end)
        self._most = server.max_subscriptions
        self._limits = CostLimits(
            server.max_query_cost, server.max_connection_cost, server.max_total_cost
        )
        self._beginning = 0  # what the subscriptions cost that are being checked
        self._checks = SubscriptionChecks(backend, self._who, self._delivery.live_state)
        self._transport = transport_of(backend, self._index.listens, self.is_live)
        self._resumptions = Resumptions(
            backend, self._transport, compile_where, self._who, self._clients, server.resume_window
        )
        bounds = backend.bounds
        self.turns = Turns(bounds.requests_under_way, bounds.requests_waiting)
        """Those of all doors, in whose place an application puts its own."""
        self._running: asyncio.Task[None] | None = None
        self._not_live: set[str] = set()
        self.slow_clients = 0
        """Clients that were closed because they could not keep up."""
        self.restarts = 0
        """How often the delivery of events broke off, and was taken up again."""
        self._heartbeat = (server.websocket_timeout or HEARTBEAT_MS) / 1000

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
        self._resumptions.open()
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
            await self._resumptions.close()
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
        client.expect(CONNECT_SECONDS)
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

    def _end(self, subscription: Subscription, error: ParseError) -> None:
        """End a subscription for a reason, of which its client is told."""
        client: LiveClient | Follower = subscription.client
        self._drop(subscription)
        if subscription.observer is not None:
            subscription.observer.refused(error)
        elif isinstance(client, LiveClient):
            client.end(subscription, error)

    # --- followers: the clients of other doors --------------------------------------------------

    async def join(
        self,
        privileged: Principal | None,
        token: str | None,
        installation_id: str | None,
        *,
        ip: str,
        headers: Mapping[bytes, bytes],
    ) -> Follower:
        """Let in a client of another door, which has checked its keys; ``leave`` ends it.

        ``privileged`` is the principal of a privileged key, ``token`` a session token. Raises the
        refusal of cloud code (beforeConnect).
        """
        follower = Follower(privileged, token, installation_id, ip, headers)
        if self._backend.triggers.has("beforeConnect", CONNECT):
            await self._before_connect(follower)
        self._clients.add(follower)
        return follower

    def leave(self, follower: Follower, *, is_slow: bool = False) -> None:
        """Count a follower no more; its subscriptions have been ended by ``unfollow``."""
        self._clients.discard(follower)
        if is_slow:
            self._slow()

    async def follow(
        self,
        follower: Follower,
        name: str,
        class_name: str,
        *,
        where: JSONObject,
        observer: Observer,
    ) -> Subscription:
        """Hand a follower the events of the objects of a class that meet ``where``, in REST's form.

        ``name`` is what the client calls its subscription. Raises ``ParseError`` where a client
        of Live Query would be refused.
        """
        made = Subscription(follower, name, class_name, (), observer=observer)
        await self._prepare(made, where, held=follower.cost)
        self._index.add(made)
        follower.cost += made.cost
        return made

    def unfollow(self, subscription: Subscription) -> None:
        """End what ``follow`` began, unless it has ended already."""
        subscription.client.cost -= subscription.cost
        if subscription.query is not None:
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
            subscription = subscription_of(client, message)
            del client.subscriptions[message.request_id]
            self._drop(subscription)
            return protocol.acknowledged("unsubscribed", subscription.address)
        require_connected(client, "querying")
        return await self._fetch(subscription_of(client, message))

    async def _connect(self, client: LiveClient, message: Connect) -> bytes:
        if client.id:
            raise FrameError("This client is connected already")
        client.connect(message, self._backend)
        if self._backend.triggers.has("beforeConnect", CONNECT):
            try:
                async with self.turns.held(client.privileged or NOBODY, client.ip):
                    await self._before_connect(client)
            except ParseError:
                client.id = ""
                client.is_master = False
                raise
        return protocol.acknowledged("connected", client.address())

    async def _before_connect(self, client: LiveClient | Follower) -> None:
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
        await self._backend.triggers.run(event)

    async def _subscribe(self, client: LiveClient, message: Subscribe) -> bytes:
        known = client.subscriptions.get(message.request_id)
        if known is None and len(client.subscriptions) >= self._most:
            raise FrameError(f"More than {self._most} subscriptions", request_id=message.request_id)
        made = Subscription(
            client,
            message.request_id,
            message.class_name,
            (),
            message.keys,
            message.watch,
            message.session_token,
            address=client.address(message.request_id),
        )
        held = sum(each.cost for each in client.subscriptions.values() if each is not known)
        replaced = 0 if known is None else known.cost
        async with self.turns.held(await self._who.of(made), client.ip):
            if not client.is_lost:
                await self._prepare(made, message.where, held=held, replaced=replaced)
        if client.is_lost:
            return b""
        self._index.add(made)  # first, since it refuses invalid patterns
        # looked up again: another message may have replaced it while this one waited
        known = client.subscriptions.pop(message.request_id, None)
        if known is not None:
            self._drop(known)
        client.subscriptions[message.request_id] = made
        more = self._resumptions.begin(made, message.since)
        return protocol.acknowledged("subscribed", made.address, more)

    async def _prepare(
        self, made: Subscription, where: JSONObject, *, held: int, replaced: int = 0
    ) -> None:
        """Check a subscription, and see that events of its class come; raises its refusal.

        ``held`` is what its client's others cost, ``replaced`` what the one does that it replaces.
        """
        names = (made.keys or frozenset()) | (made.watch or frozenset())
        together = self._index.spent + self._beginning - replaced
        made.cost = checked_cost(self._limits, where, names, held=held, together=together)
        self._beginning += made.cost
        try:
            await self._checks.check(made, where)
            self._require_live(made.class_name)
            await self._transport.follow(made.class_name)
        finally:
            self._beginning -= made.cost

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

    async def _fetch(self, subscription: Subscription) -> bytes:
        principal = await self._who.of(subscription)
        context = self._who.context(subscription.client, principal)
        keys = None if subscription.keys is None else tuple(subscription.keys)
        limit = self._backend.limits.default_limit
        query = Query(subscription.class_name, where=subscription.where, keys=keys, limit=limit)
        async with self.turns.held(principal, subscription.client.ip):
            found = await find.find(context, query)
        objects = [{**item, "className": subscription.class_name} for item in found.objects]
        return protocol.results(subscription.address, objects)


async def cancelled(task: "asyncio.Task[None]") -> None:
    """Cancel a task and wait until it has ended."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
