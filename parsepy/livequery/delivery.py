"""Deliver stored changes to the subscriptions whose users may read them now (protocol §30.5)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, TypeVar

from parsepy.backend import Backend, RequestContext
from parsepy.cache import Cache
from parsepy.errors import ParseError
from parsepy.livequery import protocol
from parsepy.livequery.clients import Follower, LiveClient
from parsepy.livequery.subscriptions import (
    EventName,
    QueryMatch,
    Subscription,
    SubscriptionIndex,
    is_watched,
    outcome,
)
from parsepy.model.permissions import is_hidden
from parsepy.model.principal import NOBODY, Principal
from parsepy.model.query import Query
from parsepy.model.schema import ClassSchema
from parsepy.model.scope import NOTHING, scope_of
from parsepy.model.values import JSONObject
from parsepy.operations import access, class_rules, principals, schemas
from parsepy.operations.class_rules import RULES
from parsepy.operations.redaction import redacted
from parsepy.pubsub import ObjectEvent
from parsepy.storage import Unavailable
from parsepy.triggers import LiveEvent, LiveState

log = logging.getLogger("parsepy.livequery")
T = TypeVar("T")
_PAUSES = (0.1, 0.3, 1, 3, 10)  # seconds between tries while the database is away
# After so much work on one event, other tasks may run:
_MATCHING_SECONDS = 0.01
_LISTENERS_AT_ONCE = 2000  # takes some milliseconds
_OBSERVER = 10  # so many listeners take as long as an observer, for whom each event is completed


class Principals:
    """Finds the user behind a subscription; asked for each event, so that rights are current.

    Valid tokens are in the application's cache (``cacheTTL``; a log-out drops them at once),
    invalid ones in a cache of this object (protocol §30.12).
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._invalid: Cache[bool] = Cache(backend.config.cache_ttl / 1000, 10_000)

    def known(self, subscription: Subscription) -> Principal | None:
        """Return the principal of a subscription if it is cached, else None."""
        client: LiveClient | Follower = subscription.client
        if subscription.token is not None:
            own = self._cached(subscription.token)
            if own is not NOBODY:
                return own
        if client.privileged is not None:
            return client.privileged
        return NOBODY if client.token is None else self._cached(client.token)

    def _cached(self, token: str) -> Principal | None:
        known = self._backend.principals.get(token)
        if known is not None:
            return known
        return NOBODY if self._invalid.get(token) else None

    async def of(self, subscription: Subscription) -> Principal:
        """Find the user of the subscription's own token, else of the connection's, else nobody."""
        client: LiveClient | Follower = subscription.client
        if subscription.token is not None:
            own = await self.of_token(subscription.token)
            if own is not NOBODY:
                return own
        if client.privileged is not None:
            return client.privileged
        return NOBODY if client.token is None else await self.of_token(client.token)

    async def of_token(self, token: str) -> Principal:
        """Find the user of a session token; ``NOBODY`` if it is not (or no longer) valid."""
        known = self._cached(token)
        if known is not None:
            return known
        try:
            return await retry_while_unavailable(lambda: principals.of_token(self._backend, token))
        except ParseError:
            self._invalid.put(token, True)
            return NOBODY

    def context(self, client: LiveClient | Follower, principal: Principal) -> RequestContext:
        """Make the request context in which a client's messages and events are handled."""
        return RequestContext(
            self._backend,
            principal,
            client.installation_id,
            client.ip,
            client.id,
            headers=client.headers,
        )


async def retry_while_unavailable(call: Callable[[], Awaitable[T]]) -> T:
    """Await a call, again while the database is away; after 14 seconds raises ``Unavailable``."""
    for pause in _PAUSES:
        try:
            return await call()
        except Unavailable as error:
            log.warning("an event waits for the database: %s", error)
            await asyncio.sleep(pause)
    return await call()


@dataclass(slots=True, eq=False)
class View:
    """What one principal may see of one change: its states, None where they may not read one.

    ``hidden`` are the names of all fields that are hidden from them in some object.
    """

    context: RequestContext
    item: JSONObject | None
    original: JSONObject | None
    hidden: frozenset[str]

    def allows(self, subscription: Subscription) -> bool:
        """May the principal still query all fields that the subscription names?

        Since it subscribed, it may have lost a role that showed it one of them.
        """
        return not self.hidden or not any(
            is_hidden(name, self.hidden) for name in subscription.asked
        )

    @property
    def states(self) -> tuple[int, int]:
        """Identify the two states; equal for principals from whom nothing is hidden in them."""
        return id(self.item), id(self.original)


@dataclass(slots=True, eq=False)
class _EventFrame:
    """An event as subscriptions with equal views, keys and watch get it.

    It is encoded, but for the address, when the first client of Live Query is to get it.
    """

    name: EventName
    item: JSONObject
    original: JSONObject | None
    opening: bytes = b""
    rest: bytes = b""


@dataclass(slots=True)
class _Fanout:
    """The delivery of one event: views by principal, frames by what they show."""

    event: ObjectEvent
    schema: ClassSchema
    has_trigger: bool
    views: dict[tuple[Any, str], View] = field(default_factory=dict)
    frames: dict[tuple[Any, ...], _EventFrame | None] = field(default_factory=dict)


class Delivery:
    """Sends each event to the subscriptions that match it; ``sent`` counts frames."""

    def __init__(
        self,
        backend: Backend,
        index: SubscriptionIndex,
        who: Principals,
        clients: Collection[LiveClient | Follower],
    ) -> None:
        self._backend = backend
        self._index = index
        self._who = who
        self._clients = clients
        self.sent = 0

    def live_state(self, client: LiveClient | Follower, token: str | None) -> LiveState:
        """What cloud code is told of the client that an event is about, and of all of them."""
        is_master = client.privileged is not None and client.privileged.is_master
        return LiveState(len(self._clients), len(self._index), token, is_master)

    async def deliver(self, event: ObjectEvent) -> None:
        """Send one event to all subscriptions that match and may read it; never raises."""
        try:
            await self._deliver(event)
        except Exception:  # around each event: one that fails must not stop the next ones
            log.exception("an event of %s could not be delivered", event.class_name)

    async def _deliver(self, event: ObjectEvent) -> None:
        name = event.class_name
        if not self._index.listens(name):
            return
        if self._backend.unanswered is not None:
            await self._backend.unanswered.wait(name, str(event.object.get("objectId")))
        schema = await retry_while_unavailable(lambda: schemas.existing(self._backend, name))
        fanout = _Fanout(event, schema, self._backend.triggers.has("afterEvent", name))
        matches = await self._matches(event)
        work = 0
        for match, subscription in _listeners(matches):
            try:
                # the rights of most are known already, so that nothing is awaited
                view = self._known_view(fanout, subscription)
                if view is None:
                    view = await self._view(fanout, subscription)
                frame = self._frame(fanout, match, subscription, view)
                if frame is None or not view.allows(subscription):
                    pass
                elif fanout.has_trigger:
                    await self._through_trigger(fanout, subscription, view.context, frame)
                else:
                    self._send(fanout, subscription, view.context, frame)
            except Exception:  # around each subscription: the others still get the event
                log.exception("an event of %s could not be sent to one subscription", name)
            work += 1 if subscription.observer is None else _OBSERVER
            if work >= _LISTENERS_AT_ONCE:
                work = 0
                await asyncio.sleep(0)

    async def _matches(self, event: ObjectEvent) -> list[QueryMatch]:
        """Find the queries that match, letting other tasks run: queries may be costly."""
        item, original = event.object, event.original
        found, began = [], perf_counter()
        for query in self._index.candidates(event.class_name, item, original):
            try:
                match = query.match(item, original)
            except Exception:  # around each query: the others still get the event
                log.exception("an event of %s could not be matched", event.class_name)
                continue
            if match is not None:
                found.append(match)
            if perf_counter() - began > _MATCHING_SECONDS:
                await asyncio.sleep(0)
                began = perf_counter()
        return found

    def _known_view(self, fanout: _Fanout, subscription: Subscription) -> View | None:
        principal = self._who.known(subscription)
        if principal is None:
            return None
        return fanout.views.get(_view_key(principal, subscription))

    async def _view(self, fanout: _Fanout, subscription: Subscription) -> View:
        principal = await self._who.of(subscription)
        key = _view_key(principal, subscription)
        found = fanout.views.get(key)
        if found is None:
            context = self._who.context(subscription.client, principal)
            may_read = await _reader(context, fanout.schema, subscription.operation)
            event = fanout.event
            item = event.object if may_read(event.object) else None
            original = event.original
            if original is not None and not may_read(original):
                original = None
            found = fanout.views[key] = View(
                context,
                self._shown(fanout, context, item),
                self._shown(fanout, context, original),
                fanout.schema.permissions.hidden_fields(principal),
            )
        return found

    def _frame(
        self, fanout: _Fanout, match: QueryMatch, subscription: Subscription, view: View
    ) -> _EventFrame | None:
        """Find or encode the frame of a subscription; None if it gets no event."""
        keys, watch = subscription.keys, subscription.watch
        key = (match.was, match.now, view.states, keys, watch)
        try:
            return fanout.frames[key]
        except KeyError:
            frame = fanout.frames[key] = _event_frame(fanout, match, subscription, view)
            return frame

    def _shown(
        self, fanout: _Fanout, context: RequestContext, item: JSONObject | None
    ) -> JSONObject | None:
        """Remove what is hidden from the principal; the same dict if nothing is."""
        if item is None:
            return None
        shown = redacted(context, fanout.schema, item)
        rules = RULES.get(fanout.schema.name)
        return shown if rules is None else rules.withhold(context, shown)

    async def _through_trigger(
        self,
        fanout: _Fanout,
        subscription: Subscription,
        context: RequestContext,
        frame: _EventFrame,
    ) -> None:
        """Run afterEvent, which may change or drop the event, on copies for one subscription."""
        name, item, original = frame.name, frame.item, frame.original
        client: LiveClient | Follower = subscription.client
        class_name = fanout.event.class_name
        event = LiveEvent(
            kind="afterEvent",
            class_name=class_name,
            request=context,
            object=dict(item),
            original=None if original is None else dict(original),
            outcome=name,
            client_id=client.id,
            subscription_id=subscription.request_id,
            live=self.live_state(client, subscription.token or client.token),
        )
        try:
            await self._backend.triggers.run(event)
        except ParseError as error:
            if subscription.observer is not None:
                subscription.observer.refused(error)
            else:
                told = protocol.error(error.code, error.message, subscription.request_id)
                subscription.client.socket.send(told)
            return
        if not event.is_sent:
            return
        # cloud code may have added what its receiver may not see
        shown = self._shown(fanout, context, event.object)
        before = self._shown(fanout, context, event.original)
        assert shown is not None
        self._send(fanout, subscription, context, _EventFrame(name, shown, before))

    def _send(
        self,
        fanout: _Fanout,
        subscription: Subscription,
        context: RequestContext,
        frame: _EventFrame,
    ) -> None:
        if subscription.observer is not None:
            item, original, keys = frame.item, frame.original, subscription.keys
            if keys is not None:  # which cloud code has set
                class_name = fanout.event.class_name
                item = protocol.shape(item, class_name, keys)
                original = original and protocol.shape(original, class_name, keys)
            subscription.observer.changed(frame.name, item, original, context)
        else:
            if not frame.rest:
                _encode(fanout.event.class_name, subscription.keys, frame)
            client: LiveClient = subscription.client
            client.socket.send(frame.opening + subscription.address + frame.rest)
        self.sent += 1


def _listeners(matches: list[QueryMatch]) -> Iterator[tuple[QueryMatch, Subscription]]:
    for match in matches:
        # a list: subscriptions may come and go while the rights of one are awaited
        for subscription in list(match.query.listeners):
            if subscription in match.query.listeners:
                yield match, subscription


def _view_key(principal: Principal, subscription: Subscription) -> tuple[Any, str]:
    """Name a view: principals and subscriptions with an equal key share it."""
    who = principal.user_id or (principal.is_master, principal.is_maintenance)
    return who, subscription.operation


def _event_frame(
    fanout: _Fanout, match: QueryMatch, subscription: Subscription, view: View
) -> _EventFrame | None:
    event = fanout.event
    name = outcome(
        was=match.was and view.original is not None,
        now=match.now and view.item is not None,
        is_new=event.operation == "create",
        is_deletion=event.operation == "delete",
    )
    if name is None or not is_watched(name, subscription.watch, event.object, event.original):
        return None
    # Parse: a user who may no longer read an object gets `leave` with the state they could read
    item = view.item if view.item is not None else view.original
    assert item is not None
    original = None if name in ("create", "delete") else view.original
    return _EventFrame(name, item, original)


def _encode(class_name: str, keys: frozenset[str] | None, frame: _EventFrame) -> None:
    original = frame.original
    before = None if original is None else protocol.shape(original, class_name, keys)
    frame.opening = protocol.opening(frame.name)
    frame.rest = protocol.state(protocol.shape(frame.item, class_name, keys), before)


async def _reader(
    context: RequestContext, schema: ClassSchema, operation: str
) -> Callable[[JSONObject], bool]:
    """Make a function: may the principal read this object, by class, pointers and ACL?"""
    try:
        rules = class_rules.RULES.get(schema.name)
        if rules is not None:
            await rules.narrow(context, Query(schema.name))
        access.check_internal(context, schema.name, operation)
        scope = scope_of(schema, operation, context.principal)
    except ParseError:
        scope = NOTHING
    return scope.allows
