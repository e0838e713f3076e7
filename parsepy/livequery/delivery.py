"""Deliver stored changes to the subscriptions whose users may read them now (protocol §30.5)."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from parsepy.backend import Backend, RequestContext
from parsepy.config import LiveQueryServerOptions
from parsepy.errors import Code, ParseError
from parsepy.livequery import protocol
from parsepy.livequery.clients import Follower, LiveClient
from parsepy.livequery.matching import match_all
from parsepy.livequery.rights import Principals, retry_while_unavailable
from parsepy.livequery.subscriptions import (
    EventName,
    QueryMatch,
    SharedQuery,
    Subscription,
    SubscriptionIndex,
    is_watched,
    outcome,
)
from parsepy.model.permissions import is_hidden
from parsepy.model.principal import Principal
from parsepy.model.query import Query
from parsepy.model.schema import ClassSchema
from parsepy.model.scope import NOTHING, scope_of
from parsepy.model.values import JSONObject
from parsepy.operations import access, class_rules, schemas
from parsepy.operations.class_rules import RULES
from parsepy.operations.redaction import redacted
from parsepy.pubsub import ObjectEvent
from parsepy.triggers import LiveEvent, LiveState

log = logging.getLogger("parsepy.livequery")
_TURN = 0.005
"""Seconds of telling listeners of one event after which other tasks may run."""
_MOST_KEPT = 16 * 1024 * 1024
"""Bytes of encoded frames that are kept for further listeners of an event that show the same."""


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
    rest: bytes = b""


@dataclass(slots=True)
class _Fanout:
    """The delivery of one event: views by principal, frames by what they show."""

    event: ObjectEvent
    schema: ClassSchema
    has_trigger: bool
    views: dict[tuple[Any, str], View] = field(default_factory=dict)
    frames: dict[tuple[Any, ...], _EventFrame | None] = field(default_factory=dict)
    encoded: deque[_EventFrame] = field(default_factory=deque)
    """Frames that are kept encoded."""
    kept: int = 0
    """Bytes of these."""

    def keep(self, frame: _EventFrame, rest: bytes) -> None:
        """Keep what a frame is encoded to; with many bytes, former ones are forgotten."""
        frame.rest = rest
        self.kept += len(rest)
        self.encoded.append(frame)
        while self.kept > _MOST_KEPT and len(self.encoded) > 1:
            former = self.encoded.popleft()
            self.kept -= len(former.rest)
            former.rest = b""


class Delivery:
    """Sends each event to the subscriptions that match it; ``sent`` counts frames.

    ``end`` ends a subscription whose query takes too long to match, and tells its client.
    """

    def __init__(
        self,
        backend: Backend,
        index: SubscriptionIndex,
        who: Principals,
        clients: Collection[LiveClient | Follower],
        end: Callable[[Subscription, ParseError], None],
    ) -> None:
        self._end = end
        server = backend.config.live_query_server_options or LiveQueryServerOptions()
        self._tells_since = server.resume_window > 0
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
        queries = self._index.candidates(name, event.object, event.original)
        matches = await match_all(queries, event)
        for query in matches.given_up:
            self._give_up(query, name)
        began = perf_counter()
        place = event.position
        for match, subscription in _listeners(matches.found):
            if place is not None and subscription.after is not None and place <= subscription.after:
                continue
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
            if perf_counter() - began > _TURN:
                await asyncio.sleep(0)
                began = perf_counter()

    def _give_up(self, query: SharedQuery, class_name: str) -> None:
        log.warning("a query of %s took too long to match an event: it is ended", class_name)
        error = ParseError(
            Code.TIMEOUT, "The query takes too long to match: it is followed no more."
        )
        for subscription in list(query.listeners):
            self._end(subscription, error)

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
            rest = frame.rest
            if not rest:
                rest = _encoded(fanout.event, subscription.keys, frame, self._tells_since)
                fanout.keep(frame, rest)
            client: LiveClient = subscription.client
            head = protocol.opening(frame.name) + subscription.address
            if subscription.held is not None:
                subscription.held.put(fanout.event.position, head, rest)
                return
            client.socket.send_shared(head, rest)
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


def _encoded(
    event: ObjectEvent, keys: frozenset[str] | None, frame: _EventFrame, tells_since: bool
) -> bytes:
    original, class_name = frame.original, event.class_name
    before = None if original is None else protocol.shape(original, class_name, keys)
    place = event.position if tells_since else None
    since = None if place is None else protocol.since_of(place)
    return protocol.state(protocol.shape(frame.item, class_name, keys), before, since)


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
